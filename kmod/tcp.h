/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_TCP_H
#define FWL_TCP_H

#include <linux/types.h>

#include <linux/flowwall.h>

#include "parse.h"

/*
 * Two states that only the module tells apart: closed by the replying side, and
 * picked up midway with nothing heard from the other side so far.
 */
#define FWL_STATE_CLOSING_REPLY	__FLOWWALL_STATE_MAX
#define FWL_STATE_PICKED_UP	(__FLOWWALL_STATE_MAX + 1)

/*
 * Of a flow of any protocol that a new ruleset has ended. It stays, unseen, to
 * drop what still comes of it: or the next packet from the inside would pass for
 * the first one of a flow of its own.
 */
#define FWL_STATE_REVOKED	(__FLOWWALL_STATE_MAX + 2)

/* May this segment open a connection: a SYN and nothing that contradicts it? */
static inline bool fwl_tcp_opens(u8 flags)
{
	return (flags & (FWL_TCP_SYN | FWL_TCP_ACK | FWL_TCP_RST | FWL_TCP_FIN)) ==
	       FWL_TCP_SYN;
}

static inline bool fwl_tcp_closing(u8 state)
{
	return state >= FLOWWALL_STATE_CLOSING && state <= FWL_STATE_CLOSING_REPLY;
}

/* What others are told. */
static inline u8 fwl_tcp_shown(u8 state)
{
	switch (state) {
	case FWL_STATE_CLOSING_REPLY:
		return FLOWWALL_STATE_CLOSING;
	case FWL_STATE_PICKED_UP:
		return FLOWWALL_STATE_SYN_SENT;
	default:
		return state;
	}
}

u8 fwl_tcp_first(u8 flags);
u8 fwl_tcp_next(u8 state, u8 flags, bool reply);

#endif
