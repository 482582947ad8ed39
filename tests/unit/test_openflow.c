// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OpenFlow: the bytes of messages, both ways; and the connection to a switch, from its
 * hello on, however the bytes come and whatever is wrong with them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "learn.h"
#include "session.h"
#include "suite.h"
#include "vxlan.h"
#include "wire.h"

/* --- a switch -------------------------------------------------------------- */

/* What a switch says, message after message. */
static struct of_buffer said;

static void begin_saying(void)
{
	free(said.bytes);
	memset(&said, 0, sizeof(said));
	said.limit = 8 << 20;
}

static void say_features(uint64_t datapath)
{
	uint8_t body[24] = { 0 };

	put64(body, datapath);
	of_put(&said, OF_FEATURES_REPLY, 1, body, sizeof(body));
}

static void fill_port(uint8_t *at, uint32_t number, const char *name)
{
	put32(at, number);
	memcpy(at + 16, name, strlen(name));
}

static void say_ports(bool more)
{
	uint8_t body[8 + 2 * 64] = { 0 };

	put16(body, OF_PORT_DESC);
	put16(body + 2, more);
	fill_port(body + 8, 1, "p1");
	fill_port(body + 8 + 64, 2, "p2");
	of_put(&said, OF_MULTIPART_REPLY, 3, body, sizeof(body));
}

static void say_packet_in(uint32_t port, const uint8_t *frame, size_t n)
{
	uint8_t body[1024] = { 0 };

	put32(body, OF_ANY);
	put16(body + 4, n);
	put16(body + 16, 1);
	put16(body + 18, 12);
	put32(body + 20, OF_F_IN_PORT);
	put32(body + 24, port);
	memcpy(body + 34, frame, n);
	of_put(&said, OF_PACKET_IN, 0, body, 34 + n);
}

static void say_port_status(enum of_port_reason reason, uint32_t number, const char *name)
{
	uint8_t body[8 + 64] = { reason };

	fill_port(body + 8, number, name);
	of_put(&said, OF_PORT_STATUS, 0, body, sizeof(body));
}

static void say_aggregate(uint32_t flows)
{
	uint8_t body[8 + 24] = { 0 };

	put16(body, OF_AGGREGATE);
	put32(body + 8 + 16, flows);
	of_put(&said, OF_MULTIPART_REPLY, 3, body, sizeof(body));
}

/* --- a controller ---------------------------------------------------------- */

static struct {
	unsigned int up, packets, ports;
	uint32_t in_port;
	size_t length;
	char name[OF_NAME];
} heard;

static void on_up(struct session *session, void *arg)
{
	(void)session;
	(void)arg;
	heard.up++;
}

static void on_packet(struct session *session, const struct of_packet_in *in, void *arg)
{
	(void)session;
	(void)arg;
	heard.packets++;
	heard.in_port = in->in_port;
	heard.length = in->length;
}

static void on_port(struct session *session, enum of_port_reason reason,
		    const struct of_port *port, void *arg)
{
	(void)session;
	(void)reason;
	(void)arg;
	heard.ports++;
	strcpy(heard.name, port->name);
}

static const struct mode plain = { .up = on_up, .packet = on_packet, .port = on_port };
static const struct mode alone = { .alone = true, .up = on_up };

static struct session session;

static void connect_switch(const struct mode *mode, void *arg)
{
	session_end(&session);
	memset(&session, 0, sizeof(session));
	memset(&heard, 0, sizeof(heard));
	session.mode = mode;
	session.arg = arg;
	session.now = 1000;
	session_begin(&session);
	begin_saying();
}

/* The next message that the switch is told, or -1; its body in *@body. */
static int told(const uint8_t **body, size_t *n)
{
	static uint8_t bytes[OF_LIMIT];
	struct of_message message;
	size_t length;

	if (of_next(session.out.bytes, session.out.n, &message, &length) != OF_WHOLE)
		return -1;
	memcpy(bytes, session.out.bytes, length);
	session.out.n -= length;
	memmove(session.out.bytes, session.out.bytes + length, session.out.n);
	if (body) {
		*body = bytes + OF_HEADER;
		*n = length - OF_HEADER;
	}
	return bytes[1];
}

static void hear_all(void)
{
	ck_assert_uint_eq(session_read(&session, said.bytes, said.n), said.n);
	said.n = 0;
}

static void make_ready(const struct mode *mode, void *arg)
{
	connect_switch(mode, arg);
	of_put_hello(&said);
	say_features(0x1234);
	if (mode->alone)
		say_aggregate(0);
	say_ports(false);
	hear_all();
	ck_assert_int_eq(session.state, SESSION_READY);
	session.out.n = 0;
}

START_TEST(a_switch_is_greeted)
{
	connect_switch(&plain, NULL);
	ck_assert_int_eq(told(NULL, NULL), OF_HELLO);
	ck_assert_int_eq(told(NULL, NULL), -1);
	of_put_hello(&said);
	hear_all();
	ck_assert_int_eq(told(NULL, NULL), OF_FEATURES_REQUEST);
	say_features(0x1234);
	hear_all();
	ck_assert_uint_eq(session.datapath, 0x1234);
	ck_assert_int_eq(told(NULL, NULL), OF_SET_CONFIG);
	ck_assert_int_eq(told(NULL, NULL), OF_MULTIPART_REQUEST);
	say_ports(true);
	hear_all();
	ck_assert(!session_up(&session));
	say_ports(false);
	hear_all();
	ck_assert(session_up(&session));
	ck_assert_uint_eq(heard.up, 1);
	ck_assert_uint_eq(heard.ports, 4);
	ck_assert_uint_eq(session.n_ports, 4);
	ck_assert_str_eq(heard.name, "p2");
}
END_TEST

/* All of it byte by byte, as TCP may bring it. */
START_TEST(parts_become_whole)
{
	const uint8_t frame[60] = { 2 };
	uint8_t waiting[OF_LIMIT];
	size_t n = 0, i;

	connect_switch(&plain, NULL);
	of_put_hello(&said);
	say_features(5);
	say_ports(false);
	say_packet_in(7, frame, sizeof(frame));
	for (i = 0; i < said.n; i++) {
		size_t used;

		waiting[n++] = said.bytes[i];
		used = session_read(&session, waiting, n);
		n -= used;
		memmove(waiting, waiting + used, n);
	}
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(heard.packets, 1);
	ck_assert_uint_eq(heard.in_port, 7);
	ck_assert_uint_eq(heard.length, sizeof(frame));
}
END_TEST

static struct of_message hello_of(uint8_t version, const uint8_t *body, size_t n)
{
	return (struct of_message){ .version = version, .body = body, .length = n };
}

START_TEST(versions_are_agreed_on)
{
	static const uint8_t with_13[] = { 0, 1, 0, 8, 0, 0, 0, 0x12 };
	static const uint8_t without[] = { 0, 1, 0, 8, 0, 0, 0, 0x62 };
	static const uint8_t behind_another[] = { 0, 9, 0, 5, 1, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x10 };
	static const uint8_t too_long[] = { 0, 1, 0, 99, 0, 0, 0, 0x10 };
	struct of_message hello = hello_of(4, NULL, 0);

	ck_assert(of_hello_agrees(&hello));
	hello = hello_of(1, NULL, 0);
	ck_assert(!of_hello_agrees(&hello));
	hello = hello_of(6, NULL, 0);
	ck_assert(of_hello_agrees(&hello));
	hello = hello_of(1, with_13, sizeof(with_13));
	ck_assert(of_hello_agrees(&hello));
	hello = hello_of(6, without, sizeof(without));
	ck_assert(!of_hello_agrees(&hello));
	hello = hello_of(6, behind_another, sizeof(behind_another));
	ck_assert(of_hello_agrees(&hello));
	hello = hello_of(1, too_long, sizeof(too_long));
	ck_assert(!of_hello_agrees(&hello));
}
END_TEST

static const struct {
	const char *why;
	uint8_t bytes[24];
	size_t n;
	int told;	/* the last message, behind hello */
} wrong[] = {
	{ "OpenFlow 1.3", { 1, OF_HELLO, 0, 8 }, 8, OF_ERROR },
	{ "without a hello", { 4, OF_ECHO_REQUEST, 0, 8 }, 8, -1 },
	{ "shorter than its header", { 4, OF_HELLO, 0, 7 }, 8, -1 },
	{ "another version", { 4, OF_HELLO, 0, 8, 0, 0, 0, 0, 1, OF_ECHO_REQUEST, 0, 8 }, 16, -1 },
	{ "contradicts itself", { 4, OF_HELLO, 0, 8, 0, 0, 0, 0, 4, OF_FEATURES_REPLY, 0, 9 }, 17, -1 },
	{ "contradicts itself", { 4, OF_HELLO, 0, 8, 0, 0, 0, 0, 4, OF_ERROR, 0, 10 }, 18, -1 },
};

START_TEST(wrong_beginnings_end)
{
	int type, last = -1;

	connect_switch(&plain, NULL);
	told(NULL, NULL);
	session_read(&session, wrong[_i].bytes, wrong[_i].n);
	ck_assert_int_eq(session.state, SESSION_OVER);
	ck_assert_msg(strstr(session.why, wrong[_i].why), "%s", session.why);
	while ((type = told(NULL, NULL)) >= 0)
		last = type;
	if (wrong[_i].told >= 0)
		ck_assert_int_eq(last, wrong[_i].told);
}
END_TEST

/* A packet-in that is cut, without a port, or with a match that does not fit. */
START_TEST(wrong_packets_end)
{
	const uint8_t frame[60] = { 2 };
	size_t i;

	for (i = 0; i < 5; i++) {
		make_ready(&plain, NULL);
		say_packet_in(7, frame, sizeof(frame));
		if (i == 0)
			put16(said.bytes + OF_HEADER + 4, sizeof(frame) + 1);
		else if (i == 1)
			put32(said.bytes + OF_HEADER + 20, OF_F_TUN_IPV4_DST);
		else if (i == 2)
			put16(said.bytes + OF_HEADER + 18, 5000);
		else if (i == 3)
			said.bytes[OF_HEADER + 23] = 200;
		else
			put16(said.bytes + OF_HEADER + 16, 2);
		session_read(&session, said.bytes, said.n);
		ck_assert_int_eq(session.state, SESSION_OVER);
		ck_assert_uint_eq(heard.packets, 0);
	}
	make_ready(&plain, NULL);
	say_packet_in(7, frame, sizeof(frame));
	hear_all();
	ck_assert_uint_eq(heard.packets, 1);
}
END_TEST

START_TEST(echoes_come_back)
{
	const uint8_t *body;
	size_t n;

	make_ready(&plain, NULL);
	of_put(&said, OF_ECHO_REQUEST, 77, "abc", 3);
	hear_all();
	ck_assert_int_eq(told(&body, &n), OF_ECHO_REPLY);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(body, "abc", 3);
	ck_assert_uint_eq(get32(body - 4), 77);
}
END_TEST

START_TEST(silence_ends)
{
	make_ready(&plain, NULL);
	session.now += 5001;
	session_tick(&session);
	ck_assert_int_eq(told(NULL, NULL), OF_ECHO_REQUEST);
	session_tick(&session);
	ck_assert_int_eq(told(NULL, NULL), -1);
	of_put(&said, OF_ECHO_REPLY, 1, NULL, 0);
	hear_all();
	session.now += 15001;
	session_tick(&session);
	ck_assert_int_eq(session.state, SESSION_OVER);

	connect_switch(&plain, NULL);
	session.now += 10001;
	session_tick(&session);
	ck_assert_msg(strstr(session.why, "in time"), "%s", session.why);
}
END_TEST

START_TEST(a_switch_that_does_not_read)
{
	const uint8_t frame[1000] = { 2 };
	unsigned int i;

	make_ready(&plain, NULL);
	for (i = 0; i < 5000; i++)
		session_send(&session, OF_CONTROLLER, 1, frame, sizeof(frame));
	ck_assert_uint_le(session.out.n, 1 << 20);
	ck_assert_uint_gt(session.lost, 3900);
	ck_assert_int_eq(session.state, SESSION_READY);
	for (i = 0; i < 5000; i++)
		of_put(&said, OF_ECHO_REQUEST, i, frame, sizeof(frame));
	session_read(&session, said.bytes, said.n);
	ck_assert_int_eq(session.state, SESSION_OVER);
	ck_assert_uint_le(session.out.n, 4 << 20);
}
END_TEST

START_TEST(bridges_of_fwctl_are_refused)
{
	connect_switch(&alone, NULL);
	of_put_hello(&said);
	say_features(1);
	say_aggregate(1);
	hear_all();
	ck_assert_int_eq(session.state, SESSION_OVER);
	ck_assert_msg(strstr(session.why, "fwctl ovs"), "%s", session.why);
	ck_assert_uint_eq(heard.up, 0);
	make_ready(&alone, NULL);
	ck_assert_uint_eq(heard.up, 1);
}
END_TEST

/* To the byte, as another implementation has them. */
START_TEST(messages_have_these_bytes)
{
	static const uint8_t out[] = {
		4, OF_PACKET_OUT, 0, 44, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd,
		0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 3, 0xff, 0xff, 0, 0, 0, 0, 0, 0,
		1, 2, 3, 4,
	};
	static const uint8_t flow[] = {
		4, OF_FLOW_MOD, 0, 112, 0, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 7,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0, 1, 0, 22, 0x80, 0, 0x0a, 2, 8, 0, 0x80, 0, 0x19, 8, 10, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 0,
		0, 4, 0, 40, 0, 0, 0, 0,
		0, 25, 0, 16, 0, 1, 0x40, 4, 192, 0, 2, 7, 0, 0, 0, 0,
		0, 0, 0, 16, 0, 0, 0, 4, 0xff, 0xff, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t net[4] = { 10, 2, 3, 4 }, end[4] = { 192, 0, 2, 7 };
	struct of_rule rule = { .command = OF_ADD, .cookie = 5, .idle = 60, .priority = 7, .port = 4 };

	begin_saying();
	of_put_packet_out(&said, 9, OF_CONTROLLER, 3, (const uint8_t *)"\1\2\3\4", 4);
	ck_assert_uint_eq(said.n, sizeof(out));
	ck_assert_mem_eq(said.bytes, out, sizeof(out));
	begin_saying();
	of_field_number(&rule.match, OF_F_ETH_TYPE, 0x800);
	of_field_masked(&rule.match, OF_F_IPV4_DST, net, 16);
	of_field(&rule.set, OF_F_TUN_IPV4_DST, end);
	of_put_rule(&said, 1, &rule);
	ck_assert_uint_eq(said.n, sizeof(flow));
	ck_assert_mem_eq(said.bytes, flow, sizeof(flow));
}
END_TEST

START_TEST(errors_are_told_in_words)
{
	static const uint8_t body[] = { 0, 4, 0, 8, 4, OF_FLOW_MOD, 0, 64, 0, 0, 0, 1 };
	const struct of_message message = { .type = OF_ERROR, .body = body, .length = sizeof(body) };
	struct of_error error;
	char text[128];

	ck_assert(of_read_error(&message, &error));
	ck_assert_str_eq(of_error_text(&error, text, sizeof(text)),
			 "refused a flow-mod: bad match, code 8");
}
END_TEST

/* --- the switch that learns ------------------------------------------------ */

static uint32_t packet_out_port(const uint8_t *body)
{
	return get32(body + 20);
}

static void packet(uint32_t port, uint8_t to, uint8_t from)
{
	const uint8_t frame[60] = { to == 0xff ? 0xff : 2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0 };

	say_packet_in(port, frame, sizeof(frame));
	hear_all();
}

START_TEST(a_switch_learns)
{
	static const uint8_t key[SIPHASH_KEY] = { 1 };
	struct learn *learn = learn_new(key);
	const uint8_t *body;
	size_t n;

	make_ready(&learn_mode, learn);
	packet(1, 2, 1);			/* nobody knows 2 */
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_uint_eq(packet_out_port(body), OF_FLOOD);
	ck_assert_int_eq(told(&body, &n), -1);
	packet(2, 1, 2);			/* 1 is known: a flow, and the packet */
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_int_eq(body[17], OF_ADD);
	ck_assert_uint_eq(get16(body + 18), 60);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_uint_eq(packet_out_port(body), 1);
	ck_assert_int_eq(told(&body, &n), -1);

	packet(3, 0xff, 1);			/* 1 moves: what led to it goes at once */
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_int_eq(body[17], OF_DELETE);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_uint_eq(packet_out_port(body), OF_FLOOD);
	ck_assert_int_eq(told(&body, &n), -1);
	packet(2, 1, 2);
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_uint_eq(packet_out_port(body), 3);
	ck_assert_int_eq(told(&body, &n), -1);

	say_port_status(OF_PORT_DELETE, 3, "p3");
	hear_all();
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_uint_eq(get32(body + 28), 3);
	ck_assert_int_eq(told(&body, &n), -1);
	packet(2, 1, 2);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_uint_eq(packet_out_port(body), OF_FLOOD);
	ck_assert_int_eq(told(&body, &n), -1);

	/* Who is forgotten because of its age is looked for again. */
	packet(1, 2, 1);
	while (told(&body, &n) >= 0)
		;
	session.now += 300001;
	packet(4, 1, 3);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_uint_eq(packet_out_port(body), OF_FLOOD);
	learn_free(learn);
}
END_TEST

/* Sources without end: packets are sent on, but flows are made up to a limit only. */
START_TEST(a_switch_has_so_many_flows)
{
	static const uint8_t key[SIPHASH_KEY] = { 1 };
	struct learn *learn = learn_new(key);
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 9 };
	unsigned int flows = 0, outs = 0, counts = 0, i;
	const uint8_t *body;
	size_t n;
	int type;

	make_ready(&learn_mode, learn);
	packet(1, 0xff, 1);
	for (i = 0; i < 40000; i++) {
		put32(frame + 8, i);
		say_packet_in(2, frame, sizeof(frame));
		hear_all();
		while ((type = told(&body, &n)) >= 0) {
			flows += type == OF_FLOW_MOD;
			outs += type == OF_PACKET_OUT;
			counts += type == OF_MULTIPART_REQUEST;
		}
	}
	ck_assert_uint_eq(flows, 16384);
	ck_assert_uint_eq(outs, 40001);
	ck_assert_uint_eq(counts, 1);
	say_aggregate(16384);			/* all of them are in use */
	packet(1, 0xff, 1);			/* others may have its place */
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	packet(2, 1, 2);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	ck_assert_int_eq(told(&body, &n), -1);
	session.now += 1000;
	packet(2, 1, 2);
	ck_assert_int_eq(told(&body, &n), OF_MULTIPART_REQUEST);
	ck_assert_uint_eq(get64(body + 8 + 16), 0x4657000000010000ULL);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	say_aggregate(100);			/* most of them have gone */
	hear_all();
	packet(2, 1, 2);
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_int_eq(told(&body, &n), OF_PACKET_OUT);
	learn_free(learn);
}
END_TEST

/* What was for the tunnel goes with its port: another one may get its number. */
START_TEST(a_tunnel_may_go)
{
	static struct vxlan_map map = { { AF_INET, 16, { 10, 2 } }, AF_INET, { 192, 0, 2, 7 }, 5001 };
	static struct vxlan vxlan = { &map, 1, "vxlan0" };
	unsigned int flows = 0;
	const uint8_t *body;
	size_t n;

	make_ready(&vxlan_mode, &vxlan);
	say_port_status(OF_PORT_ADD, 3, "vxlan0");
	hear_all();
	ck_assert(session.tunnel);
	while (told(&body, &n) == OF_FLOW_MOD)
		flows++;
	ck_assert_uint_eq(flows, 4);
	say_port_status(OF_PORT_MODIFY, 3, "vxlan0");
	say_port_status(OF_PORT_DELETE, 2, "p2");
	hear_all();
	ck_assert_int_eq(told(&body, &n), -1);
	say_port_status(OF_PORT_DELETE, 3, "vxlan0");
	say_port_status(OF_PORT_ADD, 3, "eth1");
	hear_all();
	ck_assert(!session.tunnel);
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_int_eq(body[17], OF_DELETE);
	ck_assert_uint_eq(get64(body), 0x4657000000010001ULL);
	ck_assert_uint_eq(get64(body + 8), ~0ULL);
	ck_assert_int_eq(told(&body, &n), OF_BARRIER_REQUEST);
	ck_assert_int_eq(told(&body, &n), OF_FLOW_MOD);
	ck_assert_int_eq(body[17], OF_ADD);
	ck_assert_uint_eq(get16(body + 22), 0);		/* the ordinary switch */
	ck_assert_int_eq(told(&body, &n), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("openflow");
	TCase *tcase = tcase_create("openflow");

	tcase_add_test(tcase, a_switch_is_greeted);
	tcase_add_test(tcase, parts_become_whole);
	tcase_add_test(tcase, versions_are_agreed_on);
	tcase_add_loop_test(tcase, wrong_beginnings_end, 0, sizeof(wrong) / sizeof(*wrong));
	tcase_add_test(tcase, wrong_packets_end);
	tcase_add_test(tcase, echoes_come_back);
	tcase_add_test(tcase, silence_ends);
	tcase_add_test(tcase, a_switch_that_does_not_read);
	tcase_add_test(tcase, bridges_of_fwctl_are_refused);
	tcase_add_test(tcase, messages_have_these_bytes);
	tcase_add_test(tcase, errors_are_told_in_words);
	tcase_add_test(tcase, a_switch_learns);
	tcase_add_test(tcase, a_switch_has_so_many_flows);
	tcase_add_test(tcase, a_tunnel_may_go);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
