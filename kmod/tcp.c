// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of a TCP connection as a router in the middle sees them
 * (RFC 9293, section 3.3.2, folded to what the TTL depends on).
 */
#include <linux/compiler.h>
#include <linux/kernel.h>

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

/*
 * Sequence numbers, as Guido van Rooij describes in "Real Stateful TCP Packet
 * Filtering in IP Filter" (2001): with what each side has sent, acknowledged and
 * offered, a firewall knows what the other side may send and acknowledge next.
 *
 * Windows are kept as 12 bits of the header's 16, rounded up, and 4 bits of scale.
 * They only grow: a side that shrinks its window must still take what is on its way.
 */
#define SCALE_SHIFT	12
#define SCALE_MAX	14
#define SCALE_NONE	15	/* of a SYN without the option */
#define UNIT		16	/* of the 12 bits */
#define STEPS_MAX	0xfff

/* Half of what can be told from its opposite, and what is granted to the unknown. */
#define REACH		(1U << 30)
#define UNSEEN		(1U << 28)

/*
 * Slack for what is sent again, reordered, renumbered by a translator behind us, or
 * noted by another CPU at the same moment: one large segment.
 */
#define SLACK		66000

/* Sequence numbers wrap: a is behind b if it is less than half the way ahead. */
static bool behind(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}

static u16 pack(u32 bytes, u8 scale)
{
	u32 steps = bytes ? (bytes - 1) / UNIT + 1 : 1;

	return scale << SCALE_SHIFT | (steps < STEPS_MAX ? steps : STEPS_MAX);
}

/* The window in bytes, never less than what was offered. */
static u32 room(u16 window)
{
	u8 scale = window >> SCALE_SHIFT;

	return ((window & STEPS_MAX) + 1) * UNIT << (scale == SCALE_NONE ? 0 : scale);
}

/*
 * How far ahead of what is known of it a side may be: both windows, and then some. Of
 * two packets of one side at the same moment the earlier one may be noted last, and
 * what is known is old until the next one.
 */
static u32 slack_ahead(u32 mine, u32 others)
{
	return min_t(u32, mine + others + SLACK, REACH);
}

/*
 * And behind: twice that. What is sent again may be a window behind what was sent, and
 * come late by another one; an ACK is good for a window below the oldest byte that is on
 * its way (RFC 5961, section 5). A host throws away what it has, but answers it, and the
 * sender may wait for that.
 */
static u32 slack_behind(u32 mine, u32 others)
{
	return min_t(u32, 2 * slack_ahead(mine, others), REACH);
}

static u32 segment_end(const struct fwl_segment *segment)
{
	return segment->seq + segment->len + !!(segment->flags & FWL_TCP_SYN) +
	       !!(segment->flags & FWL_TCP_FIN);
}

/* The SYN of one side is there, of the other side this is the first. */
static enum fwl_tcp_fit answer_fits(const struct fwl_tcp_window *w,
				    const struct fwl_segment *segment, bool reply)
{
	bool acks = segment->flags & FWL_TCP_ACK && !behind(w->ack[!reply], segment->ack) &&
		    !behind(segment->ack, w->end[!reply]);

	if (!reply) {
		/* The SYN again; RFC 5961: a RST for the ACK of an older connection. */
		if (segment->flags & FWL_TCP_SYN)
			return FWL_TCP_FITS;
		return segment->flags & FWL_TCP_RST && segment->seq == w->end[0] ?
		       FWL_TCP_FITS : FWL_TCP_APART;
	}
	if (segment->flags & FWL_TCP_RST)
		return acks ? FWL_TCP_FITS : FWL_TCP_STRAY;
	if (segment->flags & FWL_TCP_SYN)
		return acks || !(segment->flags & FWL_TCP_ACK) ? FWL_TCP_FITS : FWL_TCP_STRAY;
	/* An older connection that the other side still has: RFC 5961, section 4. */
	return FWL_TCP_APART;
}

/* A SYN-ACK to a SYN that was answered before? */
static bool answers_again(const struct fwl_tcp_window *w, const struct fwl_segment *segment,
			  u8 state, bool reply)
{
	const u8 both = FWL_TCP_SYN | FWL_TCP_ACK;

	return state == FLOWWALL_STATE_SYN_RECEIVED && reply &&
	       (segment->flags & (both | FWL_TCP_RST | FWL_TCP_FIN)) == both &&
	       segment->ack == READ_ONCE(w->end[0]);
}

/* Picked up midway, and not heard of this side so far. */
static enum fwl_tcp_fit other_side_fits(const struct fwl_tcp_window *w,
					const struct fwl_segment *segment, bool reply)
{
	u32 reach = min_t(u32, room(w->window[!reply]), UNSEEN) + SLACK;

	if (segment->flags & FWL_TCP_RST)
		return segment->seq == w->ack[!reply] ? FWL_TCP_FITS : FWL_TCP_STRAY;
	if (behind(segment->ack, w->end[!reply]) ||
	    behind(w->end[!reply] - 2 * reach, segment->ack) ||
	    behind(segment->seq, w->ack[!reply] + reach) ||
	    behind(w->ack[!reply] - reach, segment_end(segment)))
		return FWL_TCP_STRAY;
	return FWL_TCP_FITS;
}

/* The other side was not heard so far, or what was heard of it does not count. */
static enum fwl_tcp_fit unanswered_fits(const struct fwl_tcp_window *w,
					const struct fwl_segment *segment, u8 state, bool reply,
					bool trusted)
{
	u32 end = READ_ONCE(w->end[reply]), reach;
	u16 mine = READ_ONCE(w->window[reply]);

	if (!mine)
		return FWL_TCP_FITS;
	/* What nobody has answered since it was picked up has no say in a new connection. */
	if (state == FWL_STATE_PICKED_UP && fwl_tcp_opens(segment->flags))
		return FWL_TCP_ANEW;
	if (trusted)
		return FWL_TCP_FITS;
	if (fwl_tcp_opens(segment->flags))
		return segment_end(segment) == end ? FWL_TCP_FITS : FWL_TCP_STRAY;
	reach = slack_ahead(room(mine), 0);
	if (behind(segment->seq, end + reach) || behind(end - reach, segment_end(segment)))
		return FWL_TCP_STRAY;
	return segment->flags & FWL_TCP_RST && segment->seq != end ? FWL_TCP_APART : FWL_TCP_FITS;
}

/*
 * RFC 5961, section 3: only the very next number ends a connection at once. One that
 * answers an older segment comes too late to do anything.
 */
static enum fwl_tcp_fit reset_fits(const struct fwl_tcp_window *w,
				   const struct fwl_segment *segment, bool reply, u32 back)
{
	u32 next = w->ack[!reply];

	if (segment->seq == next || segment->seq == w->end[reply])
		return FWL_TCP_FITS;
	if (behind(next - back, segment->seq) ||
	    behind(segment->seq, next + room(w->window[!reply])))
		return FWL_TCP_STRAY;
	return FWL_TCP_APART;
}

/**
 * fwl_tcp_fits() - does a segment belong to its connection?
 * @w: what is known of the connection
 * @segment: the segment, whose flags are a valid combination
 * @state: of the connection
 * @reply: it is of the reply direction
 * @trusted: it comes from the inside
 *
 * Pure: nothing changes.
 */
HOT
enum fwl_tcp_fit fwl_tcp_fits(const struct fwl_tcp_window *w, const struct fwl_segment *segment,
			      u8 state, bool reply, bool trusted)
{
	u16 mine = READ_ONCE(w->window[reply]), others = READ_ONCE(w->window[!reply]);
	u32 ahead, back;

	if (state == FLOWWALL_STATE_SYN_SENT && (mine || others))
		return answer_fits(w, segment, reply);
	if (answers_again(w, segment, state, reply))
		return FWL_TCP_FITS;
	if (!others)
		return unanswered_fits(w, segment, state, reply, trusted);
	if (!mine)
		return other_side_fits(w, segment, reply);
	ahead = slack_ahead(room(mine), room(others));
	back = slack_behind(room(mine), room(others));
	/*
	 * A host that lost its memory: the other side answers with what it expects, and
	 * gets a RST for it (RFC 9293, section 3.5.1); or it has lost its own as well.
	 */
	if (fwl_tcp_opens(segment->flags) && segment_end(segment) != READ_ONCE(w->end[reply])) {
		if (!trusted)
			return FWL_TCP_STRAY;
		return behind(segment->seq, READ_ONCE(w->ack[!reply]) + ahead) ||
		       behind(READ_ONCE(w->end[reply]) - back, segment->seq) ?
		       FWL_TCP_ANEW : FWL_TCP_APART;
	}
	if (segment->flags & FWL_TCP_RST)
		return reset_fits(w, segment, reply, back);

	if (behind(segment->seq, READ_ONCE(w->ack[!reply]) + ahead) ||
	    behind(READ_ONCE(w->end[reply]) - back, segment_end(segment)))
		return FWL_TCP_STRAY;
	if (segment->flags & FWL_TCP_ACK &&
	    (behind(segment->ack, READ_ONCE(w->end[!reply]) + ahead) ||
	     behind(READ_ONCE(w->end[!reply]) - back, segment->ack)))
		return FWL_TCP_STRAY;
	return FWL_TCP_FITS;
}

/* Both SYNs are there: the windows count in their scales from now on, or never. */
static void agree_on_scale(struct fwl_tcp_window *w)
{
	bool both = w->window[0] >> SCALE_SHIFT != SCALE_NONE &&
		    w->window[1] >> SCALE_SHIFT != SCALE_NONE;
	int side;

	for (side = 0; side < 2; side++) {
		u8 scale = both ? w->window[side] >> SCALE_SHIFT : 0;
		u32 bytes = (w->window[side] & STEPS_MAX) * UNIT;

		WRITE_ONCE(w->window[side], pack((bytes + (1 << scale) - 1) >> scale, scale));
	}
}

static void note_syn(struct fwl_tcp_window *w, const struct fwl_segment *segment, bool reply)
{
	bool first = !w->window[reply];
	u8 scale = segment->scale <= SCALE_MAX ? segment->scale : SCALE_NONE;
	u32 end = segment_end(segment);

	/* The same SYN without its data, which may be acknowledged all the same (RFC 7413). */
	if (!first && w->ack[reply] == segment->seq + 1 && behind(w->end[reply], end))
		end = w->end[reply];
	/* Of a SYN, the window is not scaled (RFC 7323, section 2.2). */
	WRITE_ONCE(w->end[reply], end);
	WRITE_ONCE(w->window[reply], pack(segment->window, scale));
	if (!w->window[!reply]) {
		WRITE_ONCE(w->ack[reply], segment->seq + 1);
		return;
	}
	WRITE_ONCE(w->ack[reply], segment->flags & FWL_TCP_ACK ? segment->ack : w->end[!reply]);
	if (first) {
		WRITE_ONCE(w->ack[!reply], segment->seq + 1);
		agree_on_scale(w);
	}
}

/**
 * fwl_tcp_note() - keep what a segment says, which fits and passes
 * @w: what is known of the connection; all zero before the first segment
 * @segment: the segment
 * @state: of the connection before it
 * @reply: it is of the reply direction
 *
 * Context: any. Two packets of one side at the same moment may be noted as one.
 */
HOT
void fwl_tcp_note(struct fwl_tcp_window *w, const struct fwl_segment *segment, u8 state,
		  bool reply)
{
	u32 end = segment_end(segment);
	u16 window;

	/*
	 * Who keeps nothing of a SYN (SYN cookies, several hosts behind one address) answers
	 * it with other numbers when it comes again. Which of the answers counts, the ACK
	 * tells: until then this side was not heard.
	 */
	if (answers_again(w, segment, state, reply) && (!w->window[1] || end != w->end[1])) {
		WRITE_ONCE(w->window[1], 0);
		return;
	}
	if (state == FLOWWALL_STATE_SYN_RECEIVED && !reply && !w->window[1] &&
	    segment->flags & FWL_TCP_ACK)
		WRITE_ONCE(w->ack[0], segment->ack);
	if (!w->window[reply]) {
		if (segment->flags & FWL_TCP_SYN) {
			note_syn(w, segment, reply);
			return;
		}
		/*
		 * Picked up midway: the scale is not known, nor how far this side is ahead of
		 * what is seen. Both are taken to be as large as can be.
		 */
		window = pack(segment->window, SCALE_MAX);
		WRITE_ONCE(w->end[reply], end + min_t(u32, room(window), UNSEEN));
		WRITE_ONCE(w->ack[reply], segment->ack);
		WRITE_ONCE(w->window[reply], window);
		return;
	}
	if (state == FLOWWALL_STATE_SYN_SENT && segment->flags & FWL_TCP_SYN && !reply) {
		note_syn(w, segment, reply);
		return;
	}
	if (behind(end, w->end[reply]))
		WRITE_ONCE(w->end[reply], end);
	if (segment->flags & FWL_TCP_ACK && behind(segment->ack, w->ack[reply]))
		WRITE_ONCE(w->ack[reply], segment->ack);
	if (segment->flags & FWL_TCP_SYN)
		return;
	window = pack(segment->window, w->window[reply] >> SCALE_SHIFT);
	if (window > w->window[reply])
		WRITE_ONCE(w->window[reply], window);
}
