/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_TCP_H
#define FWL_TCP_H

#include <linux/compiler.h>
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

/* The same, but somebody asked for it: no other ruleset gives it its life back. */
#define FWL_STATE_KILLED	(__FLOWWALL_STATE_MAX + 3)

static inline bool fwl_state_ended(u8 state)
{
	return state >= FWL_STATE_REVOKED;
}

/**
 * struct fwl_tcp_window - what both sides of a connection have said so far
 * @end: the highest sequence number sent, plus one
 * @ack: the highest one acknowledged; of a side that has only sent its SYN, the
 *	lowest that the other side may acknowledge
 * @window: the largest window offered, see fwl_tcp_room(); zero for a side that
 *	was not heard
 *
 * By side: that of the original entry, that of the reply entry. Each is written
 * by packets of its own side only, without a lock.
 */
struct fwl_tcp_window {
	u32 end[2];
	u32 ack[2];
	u16 window[2];
};

/* What a segment means to its connection. */
enum fwl_tcp_fit {
	FWL_TCP_FITS,
	FWL_TCP_APART,	/* it may pass, but says nothing certain: nothing changes */
	FWL_TCP_STRAY,	/* it does not belong */
	FWL_TCP_ANEW,	/* it begins another connection: its host knows of this one no more */
};

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

/* Have both sides been heard, and of TCP the first one again? */
static inline bool fwl_state_half_open(u8 state)
{
	return state == FLOWWALL_STATE_NEW || state == FLOWWALL_STATE_SYN_SENT ||
	       state == FLOWWALL_STATE_SYN_RECEIVED || state == FWL_STATE_PICKED_UP;
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

/* What passes unchecked is not followed; checked again, it is picked up midway. */
static inline void fwl_tcp_forget(struct fwl_tcp_window *w)
{
	if (w->window[0] | w->window[1]) {
		WRITE_ONCE(w->window[0], 0);
		WRITE_ONCE(w->window[1], 0);
	}
}

u8 fwl_tcp_first(u8 flags);
u8 fwl_tcp_next(u8 state, u8 flags, bool reply);
enum fwl_tcp_fit fwl_tcp_fits(const struct fwl_tcp_window *w, const struct fwl_segment *segment,
			      u8 state, bool reply, bool trusted);
void fwl_tcp_note(struct fwl_tcp_window *w, const struct fwl_segment *segment, u8 state,
		  bool reply);

#endif
