/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROPOSAL_H
#define PROPOSAL_H

#include "facts.h"
#include "session.h"

char *proposal(const struct facts *facts, const struct ssh_session *session, unsigned int by);

#endif
