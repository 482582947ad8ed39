/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_TCP_H
#define FWL_TCP_H

#include <linux/types.h>

#include <linux/flowwall.h>

#include "parse.h"

/* Within the module, the two half-closed states are kept apart. */
#define FWL_STATE_CLOSING_REPLY	__FLOWWALL_STATE_MAX

/* May this segment open a connection: a SYN and nothing that contradicts it? */
static inline bool fwl_tcp_opens(u8 flags)
{
	return (flags & (FWL_TCP_SYN | FWL_TCP_ACK | FWL_TCP_RST | FWL_TCP_FIN)) ==
	       FWL_TCP_SYN;
}

static inline bool fwl_tcp_closing(u8 state)
{
	return state >= FLOWWALL_STATE_CLOSING;
}

u8 fwl_tcp_first(u8 flags);
u8 fwl_tcp_next(u8 state, u8 flags, bool reply);

#endif
