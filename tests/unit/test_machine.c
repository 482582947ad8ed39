// SPDX-License-Identifier: GPL-2.0-or-later
/* What is made of facts about the machine: the failsafe's lines, the first ruleset. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failsafe.h"
#include "kernels.h"
#include "proposal.h"
#include "suite.h"

/* The lines of a chain about interfaces, for a file that says this. */
static char *chain_for(const char *rules, bool trusted)
{
	char name[] = "/tmp/test_machine.XXXXXX", *text, *from, *to;
	struct script script;
	int fd = mkstemp(name);

	ck_assert_int_eq(write(fd, rules, strlen(rules)), strlen(rules));
	close(fd);
	ck_assert(parse_file(name, &script) || !trusted);
	unlink(name);
	text = failsafe_text(&script, trusted);
	script_free(&script);
	from = strstr(strstr(text, "chain input"), "accept;\n");
	ck_assert_ptr_nonnull(from);
	to = strstr(from, "\t}");
	*to = '\0';
	memmove(text, from + 8, strlen(from + 8) + 1);
	return text;
}

static const struct {
	const char *rules;
	bool trusted;
	const char *lines;
} chains[] = {
	/* An exact name goes before a pattern, a longer one before a shorter, default last. */
	{ "role default external\nrole p+ internal\nrole ppp+ external\nrole ppp7 internal\n", true,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"ppp7\" accept\n"
	  "\t\tiifname \"ppp*\" goto outside\n"
	  "\t\tiifname \"p*\" accept\n"
	  "\t\tgoto outside\n" },
	{ "role eth0 external\nrole default internal\n", true,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"eth0\" goto outside\n"
	  "\t\taccept\n" },
	/* Who is not trusted is not asked what else is open. */
	{ "role eth0 external\nrole eth1 internal\nrole default internal\n", false,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"eth0\" goto outside\n"
	  "\t\tiifname \"eth1\" accept\n"
	  "\t\tgoto outside\n" },
	/* What nft might take for more than a name is outside. */
	{ "role 'a\"b' external\nrole eth1 internal\n", true,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"eth1\" accept\n"
	  "\t\tgoto outside\n" },
	/* What is none is open only to who is trusted. */
	{ "role eth0 external\nrole eth1 none\nrole default external\n", true,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"eth0\" goto outside\n"
	  "\t\tiifname \"eth1\" accept\n"
	  "\t\tgoto outside\n" },
	/* Of two of one name, a mistake, the one counts that closes. */
	{ "role eth0 internal\nrole eth1 external\nrole eth0 external\nrole eth1 internal\n", false,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"eth0\" goto outside\n"
	  "\t\tiifname \"eth1\" goto outside\n"
	  "\t\tgoto outside\n" },
	{ "role eth1 none\n", false,
	  "\t\tiifname \"lo\" accept\n"
	  "\t\tiifname \"eth1\" goto outside\n"
	  "\t\tgoto outside\n" },
	{ "", false, "\t\tiifname \"lo\" accept\n\t\tgoto outside\n" },
};

START_TEST(failsafe_lines)
{
	char *lines = chain_for(chains[_i].rules, chains[_i].trusted);

	ck_assert_str_eq(lines, chains[_i].lines);
	free(lines);
}
END_TEST

static void add_iface(struct facts *facts, const char *name, bool external, const char *address,
		      uint8_t prefix)
{
	struct fact_iface *iface = &facts->ifaces[facts->n_ifaces++];

	snprintf(iface->name, sizeof(iface->name), "%s", name);
	iface->index = facts->n_ifaces;
	iface->external = external;
	if (!address)
		return;
	iface->n_addresses = 1;
	iface->addresses[0].family = strchr(address, ':') ? AF_INET6 : AF_INET;
	iface->addresses[0].prefix = prefix;
	ck_assert_int_eq(inet_pton(iface->addresses[0].family, address,
				   iface->addresses[0].addr), 1);
}

static void expect(const struct facts *facts, const char *session, unsigned int by,
		   const char *line, bool there)
{
	struct ssh_session read;
	char *text;

	if (session)
		ck_assert(ssh_session_read(session, &read));
	text = proposal(facts, session ? &read : NULL, by);
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(!!strstr(text, line) == there, "%s\n%s: %d", text, line, there);
	free(text);
}

START_TEST(proposals)
{
	struct facts facts = { .n_ifaces = 0 };

	add_iface(&facts, "br0", false, "10.0.1.1", 24);
	ck_assert_ptr_null(proposal(&facts, NULL, 0));
	add_iface(&facts, "ppp0", true, "203.0.113.5", 32);
	facts.ports[0] = 22;
	facts.ports[1] = 53;
	facts.n_ports = 2;
	expect(&facts, NULL, 0, "\nrole ppp0 external\t# 203.0.113.5/32\n", true);
	expect(&facts, NULL, 0, "\nrole br0 internal\t# 10.0.1.1/24\n", true);
	/* Who sits before it needs no way in. */
	expect(&facts, NULL, 0, "\nallow", false);
	expect(&facts, NULL, 0, "\n# allow in tcp to 203.0.113.5 port 22,53 id services\n", true);
	/* Nor does who comes from inside. */
	expect(&facts, "10.0.1.9 5000 10.0.1.1 22", 1, "\nallow", false);
	expect(&facts, "198.51.100.9 5000 203.0.113.7 2222", 2,
	       "\nallow in tcp to 203.0.113.7 port 2222 id ssh\n", true);
	/* Where it comes by is not known: better in than out. */
	expect(&facts, "198.51.100.9 5000 203.0.113.7 2222", 0, " port 2222 id ssh\n", true);
}
END_TEST

START_TEST(proposals_for_a_host)
{
	struct facts facts = { .n_ifaces = 0 };

	add_iface(&facts, "eth0", true, "2001:db8::5", 64);
	add_iface(&facts, "dummy0", false, NULL, 0);
	expect(&facts, NULL, 0, "\nallow", false);
	facts.ports[facts.n_ports++] = 22;
	expect(&facts, NULL, 0, "\nallow in tcp to any port 22 id ssh\n", true);
	expect(&facts, NULL, 0, "dummy0", false);
	expect(&facts, "2001:db8:9::1 5000 2001:db8::5 443", 1,
	       "\nallow in tcp to any port 443 id ssh\n", true);
}
END_TEST

START_TEST(sessions)
{
	static const char *const bad[] = {
		"", "a", "1.2.3.4 1 5.6.7.8", "1.2.3.4 1 5.6.7.8 x", "1.2.3.4 1 ::1 22",
		"1.2.3.4.5 1 5.6.7.8 22", "1.2.3.4 1 5.6.7.8 70000",
		"UNKNOWN 65535 UNKNOWN 65535",
	};
	struct ssh_session session;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!ssh_session_read(bad[i], &session), "%s", bad[i]);
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert(!ssh_session_read(text, &session));
	ck_assert(ssh_session_read("fe80::1%eth0 50000 fe80::2%eth0 22", &session));
	ck_assert_str_eq(session.iface, "eth0");
	ck_assert_int_eq(session.words.family, AF_INET6);
	ck_assert(ssh_session_read("2001:db8::1 65535 2001:db8::2 22", &session));
	ck_assert_str_eq(session.iface, "");
	ck_assert_int_eq(session.words.family, AF_INET6);
	ck_assert_int_eq(session.words.dport, 22);
	ck_assert_int_ne(session.words.sport, 65535);
}
END_TEST

START_TEST(boards)
{
	ck_assert(same_board("6.12.25+rpt-rpi-v8", "6.12.34+rpt-rpi-v8"));
	ck_assert(!same_board("6.12.25+rpt-rpi-2712", "6.12.25+rpt-rpi-v8"));
	ck_assert(!same_board("6.12.25+rpt-rpi-v8", "6.12.34+rpt-rpi-2712"));
	ck_assert(same_board("6.1.0-40-amd64", "6.1.0-41-cloud-amd64"));
	ck_assert(same_board("6.9.1", "6.12.25+rpt-rpi-v8"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("machine");
	TCase *tcase = tcase_create("machine");

	tcase_add_loop_test(tcase, failsafe_lines, 0, sizeof(chains) / sizeof(*chains));
	tcase_add_test(tcase, proposals);
	tcase_add_test(tcase, proposals_for_a_host);
	tcase_add_test(tcase, sessions);
	tcase_add_test(tcase, boards);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
