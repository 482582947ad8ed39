/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_CLASSIFY_H
#define FWL_CLASSIFY_H

#include "ruleset.h"

struct fwl_rule *fwl_classify(const struct fwl_ruleset *rs, u8 direction,
			      const struct fwl_packet *pkt);

#endif
