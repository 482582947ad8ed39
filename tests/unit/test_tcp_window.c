// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sequence numbers against the window, kmod/tcp.c: what two hosts that keep to
 * RFC 9293 say to each other always fits, whatever is lost, late or sent twice;
 * what somebody else says does not.
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "tcp.h"

#define SYN	FWL_TCP_SYN
#define ACK	FWL_TCP_ACK
#define FIN	FWL_TCP_FIN
#define RST	FWL_TCP_RST

static unsigned int seed;

static u32 any(u32 below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 4) % below;
}

/* --- two hosts and what is on its way between them ---------------------------- */

#define FLIGHT	64

/* A segment on its way, first to the firewall, then past it. */
struct packet {
	struct fwl_segment segment;
	bool reply;
	bool passed;
};

struct host {
	u32 first;	/* of its numbers */
	u32 una;	/* sent, not acknowledged */
	u32 nxt;
	u32 edge;	/* how far the other one lets it send */
	u32 rcv;	/* what it waits for */
	u32 window;	/* what it has room for, bytes */
	u8 scale;
	bool scaled;	/* both offered it */
	bool finished;
	u32 promised;	/* how far it has let the other one send */
};

struct world {
	struct host host[2];
	struct fwl_tcp_window window;
	u8 state;
	bool fair;	/* no window is taken back: RFC 9293, section 3.8.6 */
	struct packet flight[FLIGHT];
	int n;
	int strays;
};

static bool after(u32 a, u32 b) { return (s32)(a - b) > 0; }

static void put(struct world *w, bool reply, u32 seq, u32 len, u8 flags)
{
	struct host *h = &w->host[reply];
	struct packet *packet;
	u32 window;

	if (w->n == FLIGHT)
		return;
	if (w->fair && after(h->promised, h->rcv + h->window))
		h->window = h->promised - h->rcv;
	window = h->scaled && !(flags & SYN) ? (h->window >> h->scale) + 1 : h->window;
	if (after(h->rcv + h->window, h->promised))
		h->promised = h->rcv + h->window;
	packet = &w->flight[w->n++];
	*packet = (struct packet){
		.segment = { .seq = seq, .ack = flags & ACK ? h->rcv : 0, .len = len, .flags = flags,
			     .window = window > 65535 ? 65535 : window,
			     .scale = flags & SYN ? h->scale : 0 },
		.reply = reply,
	};
}

static void firewall(struct world *w, struct packet *packet)
{
	enum fwl_tcp_fit fit = fwl_tcp_fits(&w->window, &packet->segment, w->state,
					    packet->reply, true);

	packet->passed = true;
	if (fit == FWL_TCP_STRAY)
		w->strays++;
	if (fit != FWL_TCP_FITS)
		return;
	fwl_tcp_note(&w->window, &packet->segment, w->state, packet->reply);
	w->state = fwl_tcp_next(w->state, packet->segment.flags, packet->reply);
}

static void arrive(struct world *w, const struct packet *packet)
{
	const struct fwl_segment *s = &packet->segment;
	struct host *to = &w->host[!packet->reply];
	u32 end = s->seq + s->len + !!(s->flags & FIN);

	if (s->flags & SYN)
		return;
	if (s->flags & ACK) {
		struct host *from = &w->host[packet->reply];
		u32 room = from->scaled ? (u32)s->window << from->scale : s->window;

		if (after(s->ack, to->una))
			to->una = s->ack;
		if (after(s->ack + room, to->edge))
			to->edge = s->ack + room;
	}
	if (s->seq == to->rcv)
		to->rcv = end;
}

/* Something that a host may do. */
static void act(struct world *w, bool reply)
{
	struct host *h = &w->host[reply];
	u32 len, room = h->edge - h->nxt;

	switch (any(8)) {
	case 0: case 1: case 2: /* more data */
		len = 1 + any(any(4) ? 1460 : 60000);
		if (h->finished || (s32)room <= 0)
			return;
		len = len < room ? len : room;
		put(w, reply, h->nxt, len, ACK);
		h->nxt += len;
		return;
	case 3: /* something again */
		if (h->nxt - h->una - h->finished == 0 || h->nxt == h->una)
			return;
		len = h->nxt - h->una - h->finished;
		put(w, reply, h->una, 1 + any(len > 1460 ? 1460 : len), ACK);
		return;
	case 4: /* keep-alive, RFC 9293, section 3.8.4 */
		put(w, reply, h->nxt - 1, any(2), ACK);
		return;
	case 5: /* the window moves */
		h->window = any(3) ? h->window : any(65536u << (h->scaled ? h->scale : 0));
		put(w, reply, h->nxt, 0, ACK);
		return;
	case 6:
		if (any(400) || h->finished)
			break;
		put(w, reply, h->nxt++, 0, FIN | ACK);
		h->finished = true;
		return;
	default:
		break;
	}
	put(w, reply, h->nxt, 0, ACK);
}

/* Some packet on its way goes on, or is lost, or comes twice. */
static void move(struct world *w)
{
	int at = any(w->n < 8 ? w->n : 8);
	struct packet packet = w->flight[at];

	if (!packet.passed) {
		firewall(w, &packet);
		w->flight[at] = packet;
		if (any(20))
			return;
	} else if (any(30)) {
		arrive(w, &packet);
		if (!any(30))
			return;
	}
	memmove(&w->flight[at], &w->flight[at + 1], (w->n - at - 1) * sizeof(packet));
	w->n--;
}

static void open_connection(struct world *w, bool simultaneously)
{
	int side;

	memset(w, 0, sizeof(*w));
	for (side = 0; side < 2; side++) {
		struct host *h = &w->host[side];

		/* Often right before numbers wrap. */
		h->first = any(2) ? 0u - any(100000) : any(1u << 27) * 32 + any(32);
		h->una = h->first + 1;
		h->nxt = h->una;
		h->scale = any(3) ? any(15) : FWL_TCP_UNSCALED;
		h->window = 1 + any(65535);
	}
	w->state = fwl_tcp_first(SYN);
	for (side = 0; side < 2; side++) {
		w->host[side].scaled = w->host[0].scale <= 14 && w->host[1].scale <= 14;
		w->host[side].rcv = w->host[!side].una;
		w->host[side].edge = w->host[side].una + w->host[!side].window;
	}
	put(w, false, w->host[0].first, 0, SYN);
	fwl_tcp_note(&w->window, &w->flight[0].segment, w->state, false);
	w->n = 0;
	put(w, true, w->host[1].first, 0, simultaneously ? SYN : SYN | ACK);
	firewall(w, &w->flight[0]);
	ck_assert_uint_eq(w->state, FLOWWALL_STATE_SYN_RECEIVED);
	w->n = 0;
	for (side = 0; side < 2; side++)
		w->host[side].window = 1 + any(65536u << (w->host[side].scaled ?
							  w->host[side].scale : 0));
	if (simultaneously) {
		put(w, false, w->host[0].first, 0, SYN | ACK);
		put(w, true, w->host[1].first, 0, SYN | ACK);
	} else {
		put(w, false, w->host[0].nxt, 0, ACK);
	}
}

static void live(struct world *w, int steps)
{
	while (steps--) {
		if (w->n < FLIGHT - 2 && (!w->n || any(2)))
			act(w, any(2));
		if (w->n)
			move(w);
	}
}

START_TEST(all_that_is_honest_fits)
{
	struct world w;
	int i;

	seed = _i;
	for (i = 0; i < 200; i++) {
		open_connection(&w, !any(8));
		live(&w, 3000);
		ck_assert_msg(!w.strays, "seed %d, connection %d: %d strays", _i, i, w.strays);
	}
}
END_TEST

START_TEST(picked_up_midway_fits)
{
	struct world w;
	int i;

	seed = 1000 + _i;
	for (i = 0; i < 200; i++) {
		open_connection(&w, false);
		w.fair = true;
		w.host[0].promised = w.host[0].rcv;
		w.host[1].promised = w.host[1].rcv;
		live(&w, 1000);
		/* The firewall begins here, with a packet from inside; some are on their way. */
		memset(&w.window, 0, sizeof(w.window));
		w.strays = 0;
		w.state = FWL_STATE_PICKED_UP;
		put(&w, false, w.host[0].nxt, 0, ACK);
		fwl_tcp_note(&w.window, &w.flight[w.n - 1].segment, w.state, false);
		w.n--;
		live(&w, 2000);
		ck_assert_msg(!w.strays, "seed %d, connection %d: %d strays", _i, i, w.strays);
	}
}
END_TEST

/* --- somebody else -------------------------------------------------------------- */

/* A connection as most are: 64 KiB at scale 7, some data both ways. */
static void establish(struct fwl_tcp_window *w)
{
	static const struct { struct fwl_segment segment; bool reply; u8 state; } said[] = {
		{ { 1000, 0, 0, 64240, SYN, 7 }, false, FLOWWALL_STATE_SYN_SENT },
		{ { 5000, 1001, 0, 65160, SYN | ACK, 7 }, true, FLOWWALL_STATE_SYN_SENT },
		{ { 1001, 5001, 0, 502, ACK, 0 }, false, FLOWWALL_STATE_SYN_RECEIVED },
		{ { 1001, 5001, 100, 502, ACK, 0 }, false, FLOWWALL_STATE_ESTABLISHED },
		{ { 5001, 1101, 200, 509, ACK, 0 }, true, FLOWWALL_STATE_ESTABLISHED },
		{ { 1101, 5201, 0, 502, ACK, 0 }, false, FLOWWALL_STATE_ESTABLISHED },
	};
	size_t i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < sizeof(said) / sizeof(*said); i++) {
		ck_assert_int_eq(fwl_tcp_fits(w, &said[i].segment, said[i].state, said[i].reply,
					      !said[i].reply), FWL_TCP_FITS);
		fwl_tcp_note(w, &said[i].segment, said[i].state, said[i].reply);
	}
}

static enum fwl_tcp_fit from_outside(const struct fwl_tcp_window *w, u32 seq, u32 ack, u8 flags)
{
	struct fwl_segment segment = { seq, ack, 0, 500, flags, 0 };

	return fwl_tcp_fits(w, &segment, FLOWWALL_STATE_ESTABLISHED, true, false);
}

START_TEST(far_away_is_a_stray)
{
	static const u32 far[] = { 1u << 30, 0u - (1u << 30), 1u << 24, 0u - (1u << 24), 1u << 31 };
	static const u8 flags[] = { RST, RST | ACK, FIN | ACK, SYN, SYN | ACK, ACK };
	struct fwl_tcp_window w;
	size_t i, k;

	establish(&w);
	for (i = 0; i < sizeof(far) / sizeof(*far); i++)
		for (k = 0; k < sizeof(flags); k++) {
			ck_assert_int_eq(from_outside(&w, 5201 + far[i], 1101, flags[k]), FWL_TCP_STRAY);
			if (flags[k] & ACK && !(flags[k] & RST))
				ck_assert_int_eq(from_outside(&w, 5201, 1101 + far[i], flags[k]),
						 FWL_TCP_STRAY);
		}
	/* A SYN right inside the window is none of the connection's, either. */
	ck_assert_int_eq(from_outside(&w, 5201, 0, SYN), FWL_TCP_STRAY);
}
END_TEST

/* Two CPUs: what is known of a side may be a window older than what it has sent. */
START_TEST(what_was_noted_late_fits)
{
	struct fwl_tcp_window w;

	establish(&w);
	ck_assert_int_eq(from_outside(&w, 5201, 1101 + 120000, ACK), FWL_TCP_FITS);
	ck_assert_int_eq(from_outside(&w, 5201 + 120000, 1101, ACK), FWL_TCP_FITS);
	ck_assert_int_eq(from_outside(&w, 5201, 1101 + 300000, ACK), FWL_TCP_STRAY);
	ck_assert_int_eq(from_outside(&w, 5201 + 300000, 1101, ACK), FWL_TCP_STRAY);
}
END_TEST

/* Sent again from the window's beginning, and another window late: still answered. */
START_TEST(what_is_two_windows_late_fits)
{
	struct fwl_tcp_window w;

	establish(&w);
	ck_assert_int_eq(from_outside(&w, 5201 - 300000, 1101, ACK), FWL_TCP_FITS);
	ck_assert_int_eq(from_outside(&w, 5201, 1101 - 300000, ACK), FWL_TCP_FITS);
	ck_assert_int_eq(from_outside(&w, 5201 - 500000, 1101, ACK), FWL_TCP_STRAY);
	ck_assert_int_eq(from_outside(&w, 5201, 1101 - 500000, ACK), FWL_TCP_STRAY);
}
END_TEST

START_TEST(only_the_exact_reset_counts)
{
	struct fwl_tcp_window w;

	establish(&w);
	ck_assert_int_eq(from_outside(&w, 5201, 1101, RST | ACK), FWL_TCP_FITS);
	ck_assert_int_eq(from_outside(&w, 5201, 0, RST), FWL_TCP_FITS);
	/* In the window: the host asks back, RFC 5961. */
	ck_assert_int_eq(from_outside(&w, 5202, 0, RST), FWL_TCP_APART);
	ck_assert_int_eq(from_outside(&w, 5201 + 60000, 0, RST), FWL_TCP_APART);
	/* An answer to something older, too late to do anything. */
	ck_assert_int_eq(from_outside(&w, 5200, 0, RST), FWL_TCP_APART);
	ck_assert_int_eq(from_outside(&w, 5201 - 500000, 0, RST), FWL_TCP_STRAY);
	ck_assert_int_eq(from_outside(&w, 5201 + 70000, 0, RST), FWL_TCP_STRAY);
}
END_TEST

START_TEST(a_handshake_is_answered_by_who_heard_it)
{
	static const struct fwl_segment syn = { 1000, 0, 0, 64240, SYN, 7 };
	static const struct { struct fwl_segment segment; enum fwl_tcp_fit fit; } answers[] = {
		{ { 5000, 1001, 0, 1, SYN | ACK, 7 }, FWL_TCP_FITS },
		{ { 5000, 1000, 0, 1, SYN | ACK, 7 }, FWL_TCP_STRAY },
		{ { 5000, 1002, 0, 1, SYN | ACK, 7 }, FWL_TCP_STRAY },
		{ { 5000, 0, 0, 1, SYN, 7 }, FWL_TCP_FITS },
		{ { 0, 1001, 0, 0, RST | ACK, 0 }, FWL_TCP_FITS },
		{ { 0, 1002, 0, 0, RST | ACK, 0 }, FWL_TCP_STRAY },
		{ { 1001, 0, 0, 0, RST, 0 }, FWL_TCP_STRAY },
		{ { 77, 99, 0, 1, ACK, 0 }, FWL_TCP_APART },
	};
	struct fwl_segment reset = { 99, 0, 0, 0, RST, 0 }, again = { 2000, 0, 0, 1, SYN, 7 };
	struct fwl_tcp_window w = { 0 };
	size_t i;

	fwl_tcp_note(&w, &syn, FLOWWALL_STATE_SYN_SENT, false);
	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		ck_assert_int_eq(fwl_tcp_fits(&w, &answers[i].segment, FLOWWALL_STATE_SYN_SENT, true,
					      false), answers[i].fit);
	/* The RST for an older connection's ACK passes, and ends nothing. */
	ck_assert_int_eq(fwl_tcp_fits(&w, &reset, FLOWWALL_STATE_SYN_SENT, false, true),
			 FWL_TCP_APART);
	/* A second attempt with other numbers counts. */
	ck_assert_int_eq(fwl_tcp_fits(&w, &again, FLOWWALL_STATE_SYN_SENT, false, true),
			 FWL_TCP_FITS);
	fwl_tcp_note(&w, &again, FLOWWALL_STATE_SYN_SENT, false);
	ck_assert_int_eq(fwl_tcp_fits(&w, &answers[0].segment, FLOWWALL_STATE_SYN_SENT, true, false),
			 FWL_TCP_STRAY);
}
END_TEST

/* RFC 7413: data in the SYN; sent again without, the server may have taken it already. */
START_TEST(data_of_a_syn_may_be_acknowledged_later)
{
	static const struct fwl_segment with = { 1000, 0, 500, 64240, SYN, 7 };
	static const struct fwl_segment without = { 1000, 0, 0, 64240, SYN, 7 };
	static const struct fwl_segment took = { 5000, 1501, 0, 64240, SYN | ACK, 7 };
	static const struct fwl_segment left = { 5000, 1001, 0, 64240, SYN | ACK, 7 };
	static const struct fwl_segment beyond = { 5000, 1502, 0, 64240, SYN | ACK, 7 };
	struct fwl_tcp_window w = { 0 };

	fwl_tcp_note(&w, &with, FLOWWALL_STATE_SYN_SENT, false);
	fwl_tcp_note(&w, &without, FLOWWALL_STATE_SYN_SENT, false);
	ck_assert_int_eq(fwl_tcp_fits(&w, &took, FLOWWALL_STATE_SYN_SENT, true, false),
			 FWL_TCP_FITS);
	ck_assert_int_eq(fwl_tcp_fits(&w, &left, FLOWWALL_STATE_SYN_SENT, true, false),
			 FWL_TCP_FITS);
	ck_assert_int_eq(fwl_tcp_fits(&w, &beyond, FLOWWALL_STATE_SYN_SENT, true, false),
			 FWL_TCP_STRAY);
}
END_TEST

/* If its number is one of the connection's; with any other, that is over. */
START_TEST(a_host_that_forgot_is_told)
{
	struct fwl_segment near = { 1101 + 5000, 0, 0, 1, SYN, 7 }, far = { 777777777, 0, 0, 1, SYN, 7 };
	struct fwl_tcp_window w;

	establish(&w);
	ck_assert_int_eq(fwl_tcp_fits(&w, &near, FLOWWALL_STATE_ESTABLISHED, false, true),
			 FWL_TCP_APART);
	ck_assert_int_eq(fwl_tcp_fits(&w, &far, FLOWWALL_STATE_ESTABLISHED, false, true),
			 FWL_TCP_ANEW);
	ck_assert_int_eq(fwl_tcp_fits(&w, &near, FLOWWALL_STATE_ESTABLISHED, false, false),
			 FWL_TCP_STRAY);
	ck_assert_int_eq(fwl_tcp_fits(&w, &far, FLOWWALL_STATE_ESTABLISHED, false, false),
			 FWL_TCP_STRAY);
}
END_TEST

static void say(struct fwl_tcp_window *w, u8 *state, struct fwl_segment segment, bool reply)
{
	ck_assert_int_eq(fwl_tcp_fits(w, &segment, *state, reply, !reply), FWL_TCP_FITS);
	fwl_tcp_note(w, &segment, *state, reply);
	*state = fwl_tcp_next(*state, segment.flags, reply);
}

/*
 * The SYN comes again and is answered with other numbers, as by SYN cookies: whichever of
 * the answers arrives, its ACK says so, and the connection goes on.
 */
START_TEST(a_syn_may_be_answered_twice)
{
	static const u32 answers[] = { 5000, 905000000, 3905000000 };
	static const struct fwl_segment stray = { 2000000000, 1002, 0, 100, SYN | ACK, 7 };
	u8 state = fwl_tcp_first(SYN);
	struct fwl_tcp_window w = { 0 };
	u32 first = answers[_i];
	int i;

	fwl_tcp_note(&w, &(struct fwl_segment){ 1000, 0, 0, 64240, SYN, 7 }, state, false);
	for (i = 0; i < 3; i++) {
		say(&w, &state, (struct fwl_segment){ answers[i], 1001, 0, 64240, SYN | ACK, 7 }, true);
		ck_assert_int_eq(fwl_tcp_fits(&w, &stray, state, true, false), FWL_TCP_STRAY);
		say(&w, &state, (struct fwl_segment){ 1000, 0, 0, 64240, SYN, 7 }, false);
	}
	say(&w, &state, (struct fwl_segment){ 1001, first + 1, 0, 500, ACK, 0 }, false);
	ck_assert_int_eq(state, FLOWWALL_STATE_ESTABLISHED);
	say(&w, &state, (struct fwl_segment){ 1001, first + 1, 100, 500, ACK, 0 }, false);
	ck_assert_int_eq(fwl_tcp_fits(&w, &(struct fwl_segment){ first + 500000000, 1101, 10, 500, ACK, 0 },
				      state, true, false), FWL_TCP_STRAY);
	say(&w, &state, (struct fwl_segment){ first + 1, 1101, 1000, 500, ACK, 0 }, true);
	say(&w, &state, (struct fwl_segment){ 1101, first + 1001, 100, 500, ACK, 0 }, false);
	say(&w, &state, (struct fwl_segment){ first + 1001, 1201, 1000, 500, ACK, 0 }, true);
}
END_TEST

/* Until an answer counts, the other end of the connection is known by its own numbers. */
START_TEST(a_syn_that_is_answered_twice_is_not_open_to_all)
{
	static const struct fwl_segment blind[] = {
		{ 777777777, 0, 0, 0, RST, 0 },
		{ 1000 + (1u << 30), 0, 0, 64240, SYN, 7 },
		{ 1000 + 5000, 0, 0, 64240, SYN, 7 },
		{ 777777777, 905000001, 0, 500, ACK, 0 },
	};
	static const struct fwl_segment syn = { 1000, 0, 0, 64240, SYN, 7 };
	static const struct fwl_segment reset = { 1001, 0, 0, 0, RST, 0 }, near = { 1002, 0, 0, 0, RST, 0 };
	u8 state = fwl_tcp_first(SYN);
	struct fwl_tcp_window w = { 0 };
	unsigned int i;

	fwl_tcp_note(&w, &syn, state, false);
	say(&w, &state, (struct fwl_segment){ 5000, 1001, 0, 64240, SYN | ACK, 7 }, true);
	say(&w, &state, syn, false);
	say(&w, &state, (struct fwl_segment){ 905000000, 1001, 0, 64240, SYN | ACK, 7 }, true);
	for (i = 0; i < sizeof(blind) / sizeof(*blind); i++)
		ck_assert_int_eq(fwl_tcp_fits(&w, &blind[i], state, false, false), FWL_TCP_STRAY);
	ck_assert_int_eq(fwl_tcp_fits(&w, &syn, state, false, false), FWL_TCP_FITS);
	ck_assert_int_eq(fwl_tcp_fits(&w, &reset, state, false, false), FWL_TCP_FITS);
	ck_assert_int_eq(fwl_tcp_fits(&w, &near, state, false, false), FWL_TCP_APART);
	ck_assert_int_eq(fwl_tcp_fits(&w, &(struct fwl_segment){ 1001, 905000001, 0, 500, ACK, 0 },
				      state, false, false), FWL_TCP_FITS);
}
END_TEST

/* Picked up midway and never answered: the ports may be used for a new connection. */
START_TEST(a_syn_ends_what_was_picked_up_in_vain)
{
	static const struct fwl_segment syn = { 3000000000u, 0, 0, 64240, SYN, 7 };
	u8 state = fwl_tcp_first(ACK);
	struct fwl_tcp_window w = { 0 };

	fwl_tcp_note(&w, &(struct fwl_segment){ 1000, 2000, 10, 500, ACK, 0 }, state, false);
	ck_assert_int_eq(fwl_tcp_fits(&w, &syn, state, false, true), FWL_TCP_ANEW);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp_window");
	TCase *tcase = tcase_create("window");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, all_that_is_honest_fits, 0, 10);
	tcase_add_loop_test(tcase, picked_up_midway_fits, 0, 10);
	tcase_add_test(tcase, far_away_is_a_stray);
	tcase_add_test(tcase, what_was_noted_late_fits);
	tcase_add_test(tcase, what_is_two_windows_late_fits);
	tcase_add_test(tcase, only_the_exact_reset_counts);
	tcase_add_test(tcase, a_handshake_is_answered_by_who_heard_it);
	tcase_add_test(tcase, data_of_a_syn_may_be_acknowledged_later);
	tcase_add_test(tcase, a_host_that_forgot_is_told);
	tcase_add_loop_test(tcase, a_syn_may_be_answered_twice, 0, 3);
	tcase_add_test(tcase, a_syn_that_is_answered_twice_is_not_open_to_all);
	tcase_add_test(tcase, a_syn_ends_what_was_picked_up_in_vain);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
