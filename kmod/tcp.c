// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of a TCP connection as a router in the middle sees them
 * (RFC 9293, section 3.3.2, folded to what the TTL depends on).
 */
#include "tcp.h"

/**
 * fwl_tcp_first() - the state after the segment that makes a flow
 * @flags: of the segment
 *
 * A connection may be picked up midway; it counts as established when the
 * other side has been heard.
 */
u8 fwl_tcp_first(u8 flags)
{
	return flags & FWL_TCP_SYN ? FLOWWALL_STATE_SYN_SENT : FWL_STATE_PICKED_UP;
}

/**
 * fwl_tcp_next() - the state after one more segment
 * @state: so far
 * @flags: of the segment, a valid combination
 * @reply: it is of the reply direction
 */
u8 fwl_tcp_next(u8 state, u8 flags, bool reply)
{
	if (flags & FWL_TCP_RST)
		return FLOWWALL_STATE_CLOSED;

	switch (state) {
	case FLOWWALL_STATE_SYN_SENT:
		/* SYN-ACK, or the SYN of a simultaneous open. */
		if (reply && (flags & FWL_TCP_SYN))
			return FLOWWALL_STATE_SYN_RECEIVED;
		return state;
	case FLOWWALL_STATE_SYN_RECEIVED:
		if (flags & FWL_TCP_SYN)
			return state;
		break;
	case FWL_STATE_PICKED_UP:
		if (!reply)
			return state;
		break;
	default:
		break;
	}

	if (flags & FWL_TCP_FIN) {
		u8 mine = reply ? FWL_STATE_CLOSING_REPLY : FLOWWALL_STATE_CLOSING;

		return fwl_tcp_closing(state) && state != mine ? FLOWWALL_STATE_CLOSED : mine;
	}
	return fwl_tcp_closing(state) ? state : FLOWWALL_STATE_ESTABLISHED;
}
