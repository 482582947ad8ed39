// SPDX-License-Identifier: GPL-2.0-or-later
/* The states of a TCP connection, kmod/tcp.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "tcp.h"

#define SYN_SENT	FLOWWALL_STATE_SYN_SENT
#define SYN_RECEIVED	FLOWWALL_STATE_SYN_RECEIVED
#define ESTABLISHED	FLOWWALL_STATE_ESTABLISHED
#define CLOSING		FLOWWALL_STATE_CLOSING
#define CLOSING_REPLY	FWL_STATE_CLOSING_REPLY
#define CLOSED		FLOWWALL_STATE_CLOSED

#define PICKED_UP	FWL_STATE_PICKED_UP

#define OPEN	">S <SA >A "

static const u8 all_states[] = {
	SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSING, CLOSING_REPLY, CLOSED,
	PICKED_UP,
};

/*
 * Segments of a connection, apart by spaces: ">" is one of the original
 * direction, "<" one of the reply direction; then the first letters of its flags.
 */
static const struct {
	const char *segments;
	u8 state;
} connections[] = {
	/* Handshake, with what is sent again. */
	{ ">S", SYN_SENT },
	{ ">S >S", SYN_SENT },
	{ ">S <SA", SYN_RECEIVED },
	{ ">S <SA <SA", SYN_RECEIVED },
	{ ">S <SA >S <SA", SYN_RECEIVED },
	{ ">S <SA >A", ESTABLISHED },
	{ ">S <SA >AP", ESTABLISHED },
	{ ">S <SA >A <SA >A", ESTABLISHED },
	{ OPEN ">AP <A <AP >A", ESTABLISHED },
	{ OPEN ">AU <A", ESTABLISHED },
	/* A lone SYN stays one, whatever else its sender says. */
	{ ">S >A", SYN_SENT },
	{ ">S >A >AP >FA", SYN_SENT },

	/* Simultaneous open, RFC 9293, figure 8. */
	{ ">S <S", SYN_RECEIVED },
	{ ">S <S >SA", SYN_RECEIVED },
	{ ">S <S >SA <SA >A", ESTABLISHED },
	{ ">S <S <SA >SA <A", ESTABLISHED },

	/* Half close by the one that opened it, data goes on, then the other. */
	{ OPEN ">FA", CLOSING },
	{ OPEN ">FA <A", CLOSING },
	{ OPEN ">FA <AP >A <AP >A", CLOSING },
	{ OPEN ">FA <A <FA", CLOSED },
	{ OPEN ">FA <A <FA >A", CLOSED },
	{ OPEN ">FA <FA", CLOSED },
	/* By the other. */
	{ OPEN "<FA", CLOSING_REPLY },
	{ OPEN "<FA >A", CLOSING_REPLY },
	{ OPEN "<FA >AP <A >AP <A", CLOSING_REPLY },
	{ OPEN "<FA >A >FA", CLOSED },
	{ OPEN "<FA >A >FA <A", CLOSED },
	{ OPEN "<FA >FA", CLOSED },
	/* A FIN sent again is still that of one side. */
	{ OPEN ">FA >FA", CLOSING },
	{ OPEN ">FA <A >FA >FA <AP", CLOSING },
	{ OPEN ">FA >FA >FAP <FA", CLOSED },
	{ OPEN "<FA <FA", CLOSING_REPLY },
	{ OPEN "<FA >A <FA <FA >AP", CLOSING_REPLY },
	{ OPEN "<FA <FA >FA", CLOSED },
	{ OPEN ">FA <FA >FA", CLOSED },
	{ OPEN ">FA <FA <FA", CLOSED },
	/* Together with data, and right after the handshake's SYN-ACK. */
	{ OPEN ">FAP", CLOSING },
	{ OPEN ">FAU", CLOSING },
	{ ">S <SA >FA", CLOSING },
	{ ">S <SA <FA", CLOSING_REPLY },
	{ ">S <SA >FA <FA", CLOSED },

	/* Reset. */
	{ ">S <RA", CLOSED },
	{ ">S >R", CLOSED },
	{ ">S <SA >R", CLOSED },
	{ OPEN ">R", CLOSED },
	{ OPEN "<RA >A", CLOSED },
	{ OPEN ">FA <R", CLOSED },

	/* Picked up midway: established once the other side has been heard. */
	{ ">A", PICKED_UP },
	{ ">AP", PICKED_UP },
	{ ">A >A", PICKED_UP },
	{ ">AP >AP >AP", PICKED_UP },
	{ ">A <A", ESTABLISHED },
	{ ">AP <A >AP", ESTABLISHED },
	{ ">AP <FA", CLOSING_REPLY },
	{ ">A <A >FA <FA", CLOSED },
	{ ">A <R", CLOSED },
};

static u8 flags_of(const char **at)
{
	u8 flags = 0;

	for (; **at && **at != ' '; (*at)++) {
		switch (**at) {
		case 'F':
			flags |= FWL_TCP_FIN;
			break;
		case 'S':
			flags |= FWL_TCP_SYN;
			break;
		case 'R':
			flags |= FWL_TCP_RST;
			break;
		case 'P':
			flags |= FWL_TCP_PSH;
			break;
		case 'A':
			flags |= FWL_TCP_ACK;
			break;
		case 'U':
			flags |= FWL_TCP_URG;
			break;
		default:
			ck_abort_msg("no flag: '%c'", **at);
		}
	}
	return flags;
}

static u8 state_after(const char *segments)
{
	const char *at = segments + 1;
	u8 state = fwl_tcp_first(flags_of(&at));

	while (*at) {
		bool reply = at[1] == '<';

		at += 2;
		state = fwl_tcp_next(state, flags_of(&at), reply);
	}
	return state;
}

START_TEST(connection)
{
	u8 state = state_after(connections[_i].segments);

	ck_assert_msg(state == connections[_i].state, "after %s it is %d, not %d",
		      connections[_i].segments, state, connections[_i].state);
}
END_TEST

START_TEST(reset_in_each_state)
{
	u8 state = all_states[_i];

	ck_assert_uint_eq(fwl_tcp_next(state, FWL_TCP_RST, false), CLOSED);
	ck_assert_uint_eq(fwl_tcp_next(state, FWL_TCP_RST, true), CLOSED);
	ck_assert_uint_eq(fwl_tcp_next(state, FWL_TCP_RST | FWL_TCP_ACK, false), CLOSED);
	ck_assert_uint_eq(fwl_tcp_next(state, FWL_TCP_RST | FWL_TCP_ACK, true), CLOSED);
}
END_TEST

/* Nothing but a new connection, which is a new flow, leads out of the end. */
START_TEST(closed_is_the_end)
{
	int flags;

	for (flags = 0; flags < 64; flags++) {
		ck_assert_uint_eq(fwl_tcp_next(CLOSED, flags, false), CLOSED);
		ck_assert_uint_eq(fwl_tcp_next(CLOSED, flags, true), CLOSED);
	}
}
END_TEST

/* From each state, with any flags, it is one of the states that follows. */
START_TEST(any_segment)
{
	u8 state = all_states[_i], next;
	int flags, reply;

	for (flags = 0; flags < 64; flags++) {
		for (reply = 0; reply < 2; reply++) {
			next = fwl_tcp_next(state, flags, reply);
			ck_assert_ptr_nonnull(memchr(all_states, next, sizeof(all_states)));
			ck_assert(!fwl_tcp_closing(state) || fwl_tcp_closing(next));
			ck_assert(next != SYN_SENT || state == SYN_SENT);
		}
	}
}
END_TEST

START_TEST(opens)
{
	int flags;

	for (flags = 0; flags < 64; flags++) {
		/* SYN without ACK, RST and FIN; URG and PSH do not matter. */
		bool want = flags == 0x02 || flags == 0x0a || flags == 0x22 || flags == 0x2a;

		ck_assert_msg(fwl_tcp_opens(flags) == want, "flags 0x%02x", flags);
	}
}
END_TEST

START_TEST(closing)
{
	ck_assert(!fwl_tcp_closing(SYN_SENT));
	ck_assert(!fwl_tcp_closing(SYN_RECEIVED));
	ck_assert(!fwl_tcp_closing(ESTABLISHED));
	ck_assert(fwl_tcp_closing(CLOSING));
	ck_assert(fwl_tcp_closing(CLOSING_REPLY));
	ck_assert(fwl_tcp_closing(CLOSED));
}
END_TEST

static Suite *tcp_suite(void)
{
	Suite *suite = suite_create("tcp");
	TCase *states = tcase_create("states");

	tcase_add_loop_test(states, connection, 0, sizeof(connections) / sizeof(connections[0]));
	tcase_add_loop_test(states, reset_in_each_state, 0, sizeof(all_states));
	tcase_add_test(states, closed_is_the_end);
	tcase_add_loop_test(states, any_segment, 0, sizeof(all_states));
	tcase_add_test(states, opens);
	tcase_add_test(states, closing);
	suite_add_tcase(suite, states);
	return suite;
}

int main(void)
{
	return run_suite(tcp_suite());
}
