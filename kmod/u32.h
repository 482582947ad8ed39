/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_U32_H
#define FWL_U32_H

#include <linux/types.h>

struct flowwall_u32_op;
struct sk_buff;

const char *fwl_u32_check(const struct flowwall_u32_op *ops, unsigned int n);
bool fwl_u32_matches(const struct flowwall_u32_op *ops, unsigned int n,
		     const struct sk_buff *skb, unsigned int offset);

#endif
