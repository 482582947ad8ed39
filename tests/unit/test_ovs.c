// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bridges: what a file says becomes these flows, to the letter (tests/unit/ovs); what
 * OVS prints is read back as the same; differences are the smallest; and the flows of
 * segments say what segments_allow() says.
 *
 * UPDATE=1 writes the expected flows anew, to be read before they are believed.
 */
#include <arpa/inet.h>
#include <check.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge.h"
#include "suite.h"

#define FOLDER	"ovs/"

/* What a file says of br0, which has these ports. */
struct made {
	struct script script;
	struct groups groups;
	struct bridge bridge;
	struct of_flows flows;
};

static const struct bridge_port ports[] = {
	{ .name = "LOCAL", .number = PORT_LOCAL }, { .name = "p1", .number = 1 },
	{ .name = "p2", .number = 2 }, { .name = "p3", .number = 3 },
	{ .name = "p4", .number = 4 }, { .name = "p5", .number = 5 },
};

static void make(const char *file, struct made *made)
{
	size_t i;

	memset(made, 0, sizeof(*made));
	ck_assert(parse_file(file, &made->script));
	made->groups.file = &made->script;
	made->bridge.groups = &made->groups;
	made->bridge.n_ports = sizeof(ports) / sizeof(*ports);
	made->bridge.ports = malloc(sizeof(ports));
	memcpy(made->bridge.ports, ports, sizeof(ports));
	for (i = 0; i < made->script.n; i++) {
		const struct stmt *stmt = &made->script.stmt[i];

		if (stmt->kind == STMT_OVS && stmt->ovs.kind == OVS_BRIDGE)
			made->bridge.declared = &stmt->ovs;
		else if (stmt->kind == STMT_OVS)
			bridge_add(&made->bridge, stmt);
	}
	bridge_flows(&made->bridge, true, &made->flows);
}

static void unmake(struct made *made)
{
	of_free(&made->flows);
	bridge_free(&made->bridge);
	script_free(&made->script);
}

static char *whole_file(const char *name)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(name, "r");

	ck_assert_msg(file, "no %s: UPDATE=1", name);
	ck_assert_uint_lt(fread(text, 1, 1 << 20, file), 1 << 20);
	fclose(file);
	return text;
}

static const char *const golden[] = {
	"tap", "taps", "coprocessor", "hosts", "segments", "denied", "unknown", "decoy",
};

START_TEST(flows_are_these)
{
	char *name = text_of(FOLDER "%s.fw", golden[_i]), *flows = text_of(FOLDER "%s.flows", golden[_i]);
	struct made made;
	char *text, *expected;

	make(name, &made);
	of_print(&made.flows, &text);
	if (getenv("UPDATE")) {
		FILE *out = fopen(flows, "w");

		fputs(text, out);
		fclose(out);
	}
	expected = whole_file(flows);
	/* libcheck has no room for both texts in a message. */
	ck_assert_msg(!strcmp(text, expected), "other flows than %s has: UPDATE=1 writes them", flows);
	free(expected);
	free(text);
	free(name);
	free(flows);
	unmake(&made);
}
END_TEST

/* What the watcher makes anew when groups change, and what it keeps, are all that there is. */
START_TEST(hosts_are_apart)
{
	char *name = text_of(FOLDER "%s.fw", golden[_i]);
	struct of_flows hosts, others;
	struct of_change change;
	struct made made;
	size_t n, i;

	make(name, &made);
	n = made.flows.n;
	bridge_flows(&made.bridge, false, &others);
	of_split(&made.flows, FEATURE_HOST, &hosts);
	ck_assert_uint_eq(hosts.n + others.n, n);
	ck_assert_int_eq(hosts.n > 0, made.bridge.hosts.n > 0);
	for (i = 0; i < hosts.n; i++)
		ck_assert_ptr_null(of_find(&others, hosts.flow[i].key));
	of_diff(&made.flows, &others, &change, NULL, NULL);
	ck_assert_str_eq(change.text, "");
	of_change_free(&change);
	of_free(&hosts);
	of_free(&others);
	free(name);
	unmake(&made);
}
END_TEST

/* As OVS prints it: its own order of fields, counters, and other programs' flows. */
START_TEST(a_dump_is_read)
{
	static const char dump[] =
		"OFPST_FLOW reply (OF1.4) (xid=0x2):\n"
		" cookie=0x5, duration=1.5s, table=0, n_packets=7, n_bytes=70, reset_counts priority=7,arp actions=drop\n"
		" cookie=0x4657000000000003, duration=1s, table=23, n_packets=3, n_bytes=300, idle_age=1, priority=9,tcp,reg7=0x2/0x2,tp_dst=80 actions=ct(commit,zone=7),goto_table:25\n"
		" cookie=0x4657000000000030, duration=1s, table=30, n_packets=0, n_bytes=0, idle_timeout=300, priority=10,dl_dst=02:00:00:00:00:01 actions=load:0x1->NXM_NX_REG2[0..15]\n"
		" cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, actions=NORMAL\n";
	struct of_flows flows, own = { NULL, 0 };
	const struct of_flow *flow;

	ck_assert(of_read(dump, &flows));
	ck_assert_uint_eq(flows.n, 4);
	of_add(&own, FEATURE_SEGMENT, NULL, 23, 9, "reg7=0x2/0x2,,tp_dst=80,tcp,",
	       "ct(commit,zone=%d),goto_table:25", 7);
	ck_assert_str_eq(own.flow[0].match, "reg7=0x2/0x2,tp_dst=80,tcp");
	flow = of_find(&flows, own.flow[0].key);
	ck_assert_ptr_nonnull(flow);
	ck_assert_uint_eq(flow->packets, 3);
	ck_assert_uint_eq(flow->bytes, 300);
	ck_assert_str_eq(flow->actions, own.flow[0].actions);
	ck_assert(of_ours(flow));
	ck_assert_uint_eq(flows.flow[0].priority, 32768);
	ck_assert(!of_ours(&flows.flow[0]) && !of_ours(&flows.flow[1]) && !of_ours(&flows.flow[3]));
	of_free(&flows);
	of_free(&own);
	ck_assert(!of_read("ovs-ofctl: something else\n", &flows));
	of_free(&flows);
}
END_TEST

/* A member more and one less: a flow for each side, nothing else. */
START_TEST(a_change_is_small)
{
	struct of_change change;
	struct made old, new;
	char *text;

	make(FOLDER "denied.fw", &old);
	make(FOLDER "denied.fw", &new);
	of_diff(&old.flows, &new.flows, &change, NULL, NULL);
	ck_assert_str_eq(change.text, "");
	ck_assert_uint_eq(change.added + change.removed, 0);
	of_change_free(&change);

	of_free(&new.flows);
	new.script.stmt[0].group.members[0].addr[2] = 5;	/* 10.0.5.0/24 */
	bridge_flows(&new.bridge, true, &new.flows);
	of_diff(&old.flows, &new.flows, &change, NULL, NULL);
	ck_assert_uint_eq(change.added, 2);
	ck_assert_uint_eq(change.removed, 2);
	ck_assert(!change.ports);
	ck_assert_ptr_nonnull(strstr(change.text, "delete_strict cookie=0x4657000000000003/-1,table=21,"
				     "priority=124,ip,nw_src=10.0.1.0/24\n"));
	ck_assert_ptr_nonnull(strstr(change.text, "add cookie=0x4657000000000003,table=21,"
				     "priority=124,ip,nw_src=10.0.5.0/24,actions="));
	of_change_free(&change);

	/* A port that goes: what was learned of it is forgotten. */
	of_free(&new.flows);
	new.bridge.n_ports--;
	bridge_flows(&new.bridge, true, &new.flows);
	of_diff(&old.flows, &new.flows, &change, NULL, NULL);
	ck_assert(change.ports);
	ck_assert_ptr_nonnull(strstr(change.text, "delete cookie=0x4657000000000030/-1\n"));
	of_change_free(&change);

	/* Others' flows, and learned ones, are not ours to take away. */
	of_free(&old.flows);
	text = strdup(" cookie=0x5, table=0, priority=7,arp actions=drop\n"
		      " cookie=0x4657000000000030, table=30, priority=10,dl_dst=02:00:00:00:00:01 actions=drop\n");
	of_read(text, &old.flows);
	of_diff(&old.flows, &new.flows, &change, NULL, NULL);
	ck_assert_uint_eq(change.removed, 0);
	ck_assert_uint_eq(change.added, new.flows.n);
	of_change_free(&change);
	free(text);
	unmake(&old);
	unmake(&new);
}
END_TEST

/* --- the flows of segments, carried out ------------------------------------ */

struct registers {
	uint32_t reg[12];
};

/* One part of a match. */
static bool part_matches(const char *part, const struct tuple *tuple, const struct registers *r)
{
	bool v6 = tuple->family == AF_INET6;
	unsigned int at, value, mask;
	char address[64];

	if (!strcmp(part, "ip") || !strcmp(part, "ipv6"))
		return v6 == !strcmp(part, "ipv6");
	if (!strcmp(part, "tcp") || !strcmp(part, "tcp6"))
		return tuple->proto == IPPROTO_TCP && v6 == !strcmp(part, "tcp6");
	if (!strcmp(part, "udp") || !strcmp(part, "udp6"))
		return tuple->proto == IPPROTO_UDP && v6 == !strcmp(part, "udp6");
	if (!strcmp(part, "sctp") || !strcmp(part, "sctp6"))
		return tuple->proto == IPPROTO_SCTP && v6 == !strcmp(part, "sctp6");
	if (!strcmp(part, "icmp"))
		return tuple->proto == IPPROTO_ICMP && !v6;
	if (!strcmp(part, "icmp6"))
		return tuple->proto == IPPROTO_ICMPV6 && v6;
	if (sscanf(part, "nw_proto=%u", &value) == 1)
		return tuple->proto == value;
	if (sscanf(part, "reg%u=%x/%x", &at, &value, &mask) == 3)
		return (r->reg[at] & mask) == value;
	if (!strncmp(part, "tp_", 3)) {
		uint16_t port = part[3] == 's' ? tuple->sport : tuple->dport;

		mask = 0xffff;
		if (sscanf(part + 7, "0x%x/0x%x", &value, &mask) != 2)
			ck_assert_int_eq(sscanf(part + 7, "%u", &value), 1);
		return (port & mask) == value;
	}
	if (sscanf(part, "nw_src=%63s", address) == 1 || sscanf(part, "nw_dst=%63s", address) == 1 ||
	    sscanf(part, "ipv6_src=%63s", address) == 1 || sscanf(part, "ipv6_dst=%63s", address) == 1) {
		const uint8_t *own = strstr(part, "src=") ? tuple->src : tuple->dst;
		char *slash = strchr(address, '/');
		uint8_t bytes[16];
		unsigned int bits = v6 ? 128 : 32, i;

		if (v6 != !strncmp(part, "ipv6", 4))
			return false;
		if (slash) {
			bits = atoi(slash + 1);
			*slash = '\0';
		}
		ck_assert_int_eq(inet_pton(tuple->family, address, bytes), 1);
		for (i = 0; i < bits; i++)
			if ((bytes[i / 8] ^ own[i / 8]) >> (7 - i % 8) & 1)
				return false;
		return true;
	}
	ck_abort_msg("what is %s?", part);
}

static const struct of_flow *highest(const struct of_flows *flows, unsigned int table,
				     const struct tuple *tuple, const struct registers *r)
{
	size_t i;

	for (i = 0; i < flows->n; i++) {
		char *match = strdup(flows->flow[i].match), *rest = match, *part;
		bool good = flows->flow[i].table == table;

		while (good && (part = strsep(&rest, ",")) != NULL)
			good = !*part || part_matches(part, tuple, r);
		free(match);
		if (good)	/* they are in order */
			return &flows->flow[i];
	}
	ck_abort_msg("table %u has nothing for it", table);
}

/* "set_field:0x12->xxreg1,..." */
static void set_registers(const char *actions, struct registers *r)
{
	unsigned int which, i;
	char digits[40], padded[40];
	size_t length;

	if (sscanf(actions, "set_field:0x%32[0-9a-f]->xxreg%u", digits, &which) != 2)
		return;
	length = strlen(digits);
	memset(padded, '0', 32);
	memcpy(padded + 32 - length, digits, length);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(sscanf(padded + 8 * i, "%8x", &r->reg[4 * which + i]), 1);
}

static bool flows_allow(const struct of_flows *flows, const struct tuple *tuple)
{
	struct registers r = { { 0 } };

	set_registers(highest(flows, TABLE_SOURCE, tuple, &r)->actions, &r);
	set_registers(highest(flows, TABLE_DESTINATION, tuple, &r)->actions, &r);
	return strcmp(highest(flows, TABLE_RULES, tuple, &r)->actions, "drop");
}

static void some_address(uint8_t family, uint8_t *to)
{
	static const char *const ipv4[] = {
		"10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.1.7", "10.0.2.1", "10.0.7.1", "10.0.7.2",
		"10.0.9.1", "10.0.9.2", "10.1.0.1", "192.0.2.1",
	};
	static const char *const ipv6[] = {
		"2001:db8::10", "2001:db8::11", "2001:db8:9::1", "2001:db8:9:ffff::1", "fe80::1",
	};

	memset(to, 0, 16);
	if (family == AF_INET)
		inet_pton(family, ipv4[rand() % 11], to);
	else
		inet_pton(family, ipv6[rand() % 5], to);
}

START_TEST(flows_and_judgement_agree)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE };
	static const char *const files[] = {
		FOLDER "segments.fw", FOLDER "denied.fw", FOLDER "unknown.fw",
	};
	static const uint16_t some_ports[] = { 22, 53, 500, 9099, 9100, 9103, 9104 };
	unsigned int allowed = 0, i;
	struct segments *segments;
	struct made made;

	make(files[_i], &made);
	segments = segments_of(&made.bridge);
	srand(1);
	for (i = 0; i < 20000; i++) {
		struct tuple tuple = { .family = rand() % 3 ? AF_INET : AF_INET6 };
		bool yes;

		tuple.proto = rand() % 5 ? protos[rand() % 4] :
			      tuple.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		some_address(tuple.family, tuple.src);
		some_address(tuple.family, tuple.dst);
		if (tuple.proto == IPPROTO_TCP || tuple.proto == IPPROTO_UDP ||
		    tuple.proto == IPPROTO_SCTP) {
			tuple.sport = some_ports[rand() % 7];
			tuple.dport = some_ports[rand() % 7];
		}
		yes = segments_allow(segments, &tuple);
		allowed += yes;
		ck_assert_msg(flows_allow(&made.flows, &tuple) == yes, "%u: %d", i, yes);
	}
	ck_assert_uint_gt(allowed, 100);
	ck_assert_uint_lt(allowed, 19900);
	segments_free(segments);
	unmake(&made);
}
END_TEST

START_TEST(sets_have_an_end)
{
	struct made made;
	char *text;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	char name[] = "/tmp/test_ovs.XXXXXX";
	int fd = mkstemp(name);

	fputs("ovs bridge br0 secure\n", out);
	for (i = 0; i < 65; i++)
		fprintf(out, "ovs segment br0 deny 10.0.%zu.1 to 10.1.%zu.1\n", i, i);
	fclose(out);
	ck_assert_int_eq(write(fd, text, size), size);
	close(fd);
	make(name, &made);
	ck_assert_ptr_eq(segments_too_many(&made.bridge), made.bridge.segments.stmt[64]);
	made.bridge.segments.n = 64;
	ck_assert_ptr_null(segments_too_many(&made.bridge));
	unmake(&made);
	unlink(name);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ovs");
	TCase *tcase = tcase_create("ovs");

	tcase_add_loop_test(tcase, flows_are_these, 0, sizeof(golden) / sizeof(*golden));
	tcase_add_loop_test(tcase, hosts_are_apart, 0, sizeof(golden) / sizeof(*golden));
	tcase_add_test(tcase, a_dump_is_read);
	tcase_add_test(tcase, a_change_is_small);
	tcase_add_loop_test(tcase, flows_and_judgement_agree, 0, 3);
	tcase_add_test(tcase, sets_have_an_end);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
