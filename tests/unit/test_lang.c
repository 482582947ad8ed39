// SPDX-License-Identifier: GPL-2.0-or-later
/* The language: what is right comes back as it is, what is wrong has its place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang.h"
#include "suite.h"

static struct {
	unsigned int count;
	unsigned int line;
	unsigned int column;
	char message[512];
	char hint[256];
} last;

static void note_mistake(const struct place *place, const char *message, const char *hint)
{
	last.count++;
	last.line = place->line;
	last.column = place->column;
	snprintf(last.message, sizeof(last.message), "%s", message);
	snprintf(last.hint, sizeof(last.hint), "%s", hint ? hint : "");
}

static void (*show_mistake)(const struct place *, const char *, const char *);

static void setup(void)
{
	if (!show_mistake)
		show_mistake = report_mistake;
	memset(&last, 0, sizeof(last));
	report_mistake = note_mistake;
}

/* Parses one line; the text that is printed for it, or NULL after a mistake. */
static const char *canonical(const char *line)
{
	struct place place = { .file = "test", .line = 1, .column = 1, .length = 1, .text = line };
	static char text[STMT_TEXT];
	struct words words;
	struct stmt stmt;
	bool good;

	setup();
	good = lex_line(&place, &words);
	if (good) {
		good = parse_words(&words, &stmt);
		if (good)
			print_stmt(&stmt, text, sizeof(text));
		stmt_free(&stmt);
	}
	words_free(&words);
	ck_assert_msg(good == !last.count, "%s: good %d, mistakes %u", line, good, last.count);
	return good ? text : NULL;
}

/* What is written, and what it is printed as; NULL if that is the same. */
static const struct {
	const char *line;
	const char *text;
} good[] = {
	{ "role eth0 external", NULL },
	{ "role ppp+ external", NULL },
	{ "role ppp* external", "role ppp+ external" },
	{ "role + none", NULL },
	{ "role default internal", NULL },
	{ "  role \t eth0.5   internal # the office", "role eth0.5 internal" },
	{ "set max-flows 1", NULL },
	{ "set max-flows 16777216", NULL },
	{ "set neighbour off", NULL },
	{ "set dhcp on", NULL },
	{ "set on-change keep", NULL },
	{ "set half-open 1", NULL },
	{ "set max-flows-per-host 0", NULL },
	{ "set when-full evict", NULL },
	{ "set refuse tcp-rst", NULL },
	{ "set refresh outbound", NULL },
	{ "set tcp-window off", NULL },
	{ "set tcp-pickup on", NULL },
	{ "set fragments reassemble", NULL },
	{ "set fastpath on", NULL },
	{ "set on-change revalidate", NULL },
	{ "ttl tcp-established step 2h4m max 2h4m", NULL },
	{ "ttl udp-new step 5 max 90", "ttl udp-new step 5s max 1m30s" },
	{ "ttl other step 60s max 120m", "ttl other step 1m max 2h" },
	{ "ttl icmp step 1s max 10d", NULL },
	{ "ttl gre step 1d1h1m1s max 2d", NULL },
	{ "allow in", NULL },
	{ "allow", "allow in" },
	{ "deny out tcp to any port 25", NULL },
	{ "deny inside", NULL },
	{ "allow local udp to 192.0.2.53 port domain", "allow local udp to 192.0.2.53 port 53" },
	{ "allow in tcp from any to any", "allow in tcp" },
	{ "allow in tcp to 192.0.2.10 port http,https,8000-8099",
	  "allow in tcp to 192.0.2.10 port 80,443,8000-8099" },
	{ "allow in tcp to any port http-alt", "allow in tcp to any port 8080" },
	{ "allow in tcp to any port ssh-http", "allow in tcp to any port 22-80" },
	{ "allow in udp from port 53", "allow in udp from any port 53" },
	{ "allow in udp from any port 53 to 192.0.2.53", NULL },
	{ "allow in from 198.51.100.0/24", NULL },
	{ "allow in from 0.0.0.0/0", NULL },
	{ "allow in from 192.0.2.1/32", "allow in from 192.0.2.1" },
	{ "allow in from 192.0.2.0-192.0.2.255", "allow in from 192.0.2.0/24" },
	{ "allow in from 192.0.2.1-192.0.2.9", NULL },
	{ "allow in from not 192.0.2.1-192.0.2.9 port not 1,2-3", NULL },
	{ "allow in to 2001:db8::/32", NULL },
	{ "allow in to 2001:DB8:0:0::1", "allow in to 2001:db8::1" },
	{ "allow in to ::/0", NULL },
	{ "allow in to 2001:db8::1-2001:db8::9", NULL },
	{ "allow in icmp", NULL },
	{ "allow in icmpv6 from 2001:db8::1", NULL },
	{ "allow in proto 47", "allow in gre" },
	{ "allow in proto tcp to any port 0-65535", "allow in tcp to any port 0-65535" },
	{ "allow in proto 255", NULL },
	{ "allow in proto 0", NULL },
	{ "allow in esp from 203.0.113.9", NULL },
	{ "allow in sctp to any port 5060 id voice-2.x_y", NULL },
	{ "allow in tcp id web comment \"it's the shop\"", NULL },
	{ "allow in tcp comment 'say \"hello\"'", NULL },
	{ "allow in tcp comment a#b", "allow in tcp comment \"a#b\"" },
	{ "allow in tcp comment \"\"", NULL },
	{ "allow in tcp comment \"it's \"'\"both\"'", NULL },
	{ "allow in tcp comment '\"'\"'\"", NULL },
	{ "allow in tcp comment \"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\xa5\"", NULL },
	{ "allow in tcp comment port id from", "allow in tcp id from comment \"port\"" },
	{ "deny local ospf", NULL },
	{ "allow in igmp", NULL },
	{ "allow in ah", NULL },
	{ "allow in udplite to any port 1", NULL },
	{ "allow in dccp to any port 1", NULL },
	{ "allow in from not 2001:db8::/32 to 2001:db8::-2001:db8::2", NULL },
	{ "allow in from 128.0.0.0/1", NULL },
	{ "ovs bridge br0 secure", NULL },
	{ "ovs bridge br0", NULL },
	{ "ovs bridge br0 secure zone 7", NULL },
	{ "ovs tap br0 between eth1 and eth3 to eth2", NULL },
	{ "ovs tap br0 between eth1 and eth3 to eth2 before match udp",
	  "ovs tap br0 between eth1 and eth3 to eth2 match udp" },
	{ "ovs tap br0 between eth1 and eth3 and eth5 to eth2 after match tcp port 80,443", NULL },
	{ "ovs tap br0 between eth1 and eth3 to eth2 match group web", NULL },
	{ "ovs tap br0 between eth1 and eth3 to eth2 match udp 10.0.0.0/8 port 53", NULL },
	{ "ovs tap br0 between eth1 and eth3 to eth2 match proto 99", NULL },
	{ "ovs mirror br0 between eth1 and eth3 to eth2", NULL },
	{ "ovs coprocessor br0 port eth4 for eth1 tcp port 22 host 192.168.2.1 vlan 2", NULL },
	{ "ovs coprocessor br0 port eth4 for eth1 and eth2 vlan 2 base 2000 host 2001:db8::1 udp port domain",
	  "ovs coprocessor br0 port eth4 for eth1 and eth2 udp port 53 host 2001:db8::1 vlan 2 base 2000" },
	{ "ovs coprocessor br0 port eth4 for eth1 tcp", NULL },
	{ "ovs host h30 port veth30 addr 10.0.1.30", NULL },
	{ "ovs host h30 port veth30 addr 10.0.1.30,2001:db8::30 mac 02:00:5E:00:00:30",
	  "ovs host h30 port veth30 addr 10.0.1.30,2001:db8::30 mac 02:00:5e:00:00:30" },
	{ "ovs segment br0 deny group guests to group servers", NULL },
	{ "ovs segment br0 deny from group guests to group servers",
	  "ovs segment br0 deny group guests to group servers" },
	{ "ovs segment br0 allow tcp from group web port 5 to group db port 5432",
	  "ovs segment br0 allow group web port 5 to group db tcp port 5432" },
	{ "ovs segment br0 allow group web to group db tcp port 5432", NULL },
	{ "ovs segment br0 allow any to 10.0.0.0/8 icmp", NULL },
	{ "ovs segment br0 allow group a", "ovs segment br0 allow group a to any" },
	{ "ovs segment br0 allow to group a port 80", "ovs segment br0 allow any to group a port 80" },
	{ "ovs segment br0 allow port 53 to any", "ovs segment br0 allow any port 53 to any" },
	{ "ovs segment br0 default allow", NULL },
	{ "ovs decoy br0 net 10.0.9.0/24 controller tcp:127.0.0.1:6653", NULL },
	{ "ovs decoy br0 net 10.0.9.0/24,2001:db8:9::/64 controller tcp:[2001:db8::1]:6633", NULL },
	{ "ovs decoy br0 net 10.0.9.0/24",
	  "ovs decoy br0 net 10.0.9.0/24 controller tcp:127.0.0.1:6653" },
	{ "role \"eth0\" 'none'", "role eth0 none" },
	{ "role '#1' none", "role \"#1\" none" },
	{ "role a#b none", NULL },
	{ "role \"it's\" external", NULL },
	{ "role '\"' external", NULL },
	{ "allow in on '#'", "allow in on \"#\"" },
	{ "allow in on \"'\"'\"+'", NULL },
	{ "allow in to any port 80", NULL },
	{ "reject", "reject in" },
	{ "reject inside from group guests to group servers", NULL },
	{ "allow in tcp to any from any", "allow in tcp" },
	{ "allow in from 10.0.0.1,10.0.0.5-10.0.0.9,2001:db8::/32", NULL },
	{ "allow in from not 10.0.0.1,192.0.2.0/24", NULL },
	{ "allow in from not group web port 53", NULL },
	{ "deny in on eth0 from group banned log label ban limit 10/m", "deny in on eth0 from group banned log label \"ban\" limit 10/minute" },
	{ "deny in on ppp* log", "deny in on ppp+ log" },
	{ "deny in limit 10/second burst 20", NULL },
	{ "deny in limit 1/day burst 5", "deny in limit 1/day" },
	{ "allow in gre from 203.0.113.9 key 22", NULL },
	{ "allow in gre key 0x16-30 from any", "allow in gre key 22-30" },
	{ "allow in icmp type echo-request", NULL },
	{ "allow in icmp type 8", NULL },
	{ "allow in icmp type timestamp-request", NULL },
	{ "allow in icmp type 13", "allow in icmp type timestamp-request" },
	{ "allow in icmp type packet-too-big", NULL },
	{ "allow in icmpv6 type echo-request", NULL },
	{ "allow in icmpv6 type 128", "allow in icmpv6 type echo-request" },
	{ "allow in icmpv6 type 200", NULL },
	{ "allow in proto 47 u32 \"6 & 0xff = 47\"", "allow in gre u32 \"6&0xFF=47\"" },
	{ "allow in u32 not '0=1:2,5 && 4>>3@0=7'", "allow in u32 not \"0=1:2,5&&4>>3@0=7\"" },
	{ "allow in tcp queue 10-13 bypass", NULL },
	{ "allow in tcp queue 0", NULL },
	{ "allow out udp to any port 5060 mark 0x20/0xff ttl step 1m max 5m until 2027-01-01T00:00:00Z", NULL },
	{ "allow out mark 32", "allow out mark 0x20" },
	{ "allow out comment x mark 0", "allow out mark 0x0 comment \"x\"" },
	{ "group web", NULL },
	{ "group web host 192.0.2.10 host 2001:db8::1", NULL },
	{ "group web net 0.0.0.0/0 group other timeout 1d host 192.0.2.1 timeout 90",
	  "group web net 0.0.0.0/0 group other timeout 1d host 192.0.2.1 timeout 1m30s" },
	{ "group web range 192.0.2.1-192.0.2.6 timeout 365d",
	  "group web host 192.0.2.1 timeout 365d net 192.0.2.2/31 timeout 365d "
	  "net 192.0.2.4/31 timeout 365d host 192.0.2.6 timeout 365d" },
	{ "group web range 0.0.0.0-255.255.255.255", "group web net 0.0.0.0/0" },
	{ "group web range ::-::ffff", "group web net ::/112" },
	{ "group web range 255.255.255.254-255.255.255.255", "group web net 255.255.255.254/31" },
	{ "group web name 127.0.0.1", "group web host 127.0.0.1" },
	{ "group web mac 02:00:5E:10:00:ff", "group web mac 02:00:5e:10:00:ff" },
	{ "group web mac 02:00:5e:10:00:01 timeout 1m iface eth0.5", NULL },
	{ "group web iface \"'1\" iface '#1'", "group web iface \"'1\" iface \"#1\"" },
};

START_TEST(good_statements)
{
	const char *expected = good[_i].text ? good[_i].text : good[_i].line;
	const char *text = canonical(good[_i].line);
	char first[STMT_TEXT];

	ck_assert_msg(text != NULL, "%s: %s", good[_i].line, last.message);
	ck_assert_str_eq(text, expected);
	snprintf(first, sizeof(first), "%s", text);
	text = canonical(first);
	ck_assert_msg(text != NULL, "%s: %s", first, last.message);
	ck_assert_str_eq(text, expected);
}
END_TEST

/* What is wrong, in which column, a part of the message, and of the hint. */
static const struct {
	const char *line;
	unsigned int column;
	const char *message;
	const char *hint;
} bad[] = {
	{ "rle eth0 external", 1, "`rle` is not a statement", "role" },
	{ "alow in tcp", 1, "`alow` is not a statement", "allow" },
	{ "rejct in", 1, "`rejct` is not a statement", "reject" },
	{ "allow,in", 1, "not a statement", "" },
	{ "version", 9, "the line ends here", "" },
	{ "version 2", 9, "`2` is not a version", "" },
	{ "version 1 1", 11, "complete before this", "" },
	{ "role", 6, "the name of an interface", "" },
	{ "role eth0", 11, "a role: internal, external or none", "" },
	{ "role eth0 extern", 11, "`extern` is not a role", "external" },
	{ "role lo internal", 6, "loopback", "" },
	{ "role abcdefghijklmnop external", 6, "not the name of an interface", "15" },
	{ "role '' external", 6, "not the name of an interface", "" },
	{ "role et+h external", 6, "not the name of an interface", "beginning" },
	{ "role e/h external", 6, "not the name of an interface", "" },
	{ "role eth0 external now", 20, "complete before this", "" },
	{ "set", 5, "a setting", "" },
	{ "set maxflows 5", 5, "`maxflows` is not a setting", "max-flows" },
	{ "set max-flows", 15, "1 to 16777216", "" },
	{ "set max-flows 0", 15, "1 to 16777216", "" },
	{ "set max-flows 16777217", 15, "1 to 16777216", "" },
	{ "set max-flows -1", 15, "`-1` is not the limit", "" },
	{ "set max-flows 5k", 15, "`5k` is not the limit", "" },
	{ "set max-flows 99999999999999999999999", 15, "1 to 16777216", "" },
	{ "set neighbour yes", 15, "on or off", "" },
	{ "set on-change kep", 15, "revalidate or keep", "keep" },
	{ "set half-open 0", 15, "percentage", "" },
	{ "set half-open 101", 15, "percentage", "" },
	{ "set max-flows-per-host 16777217", 24, "an internal address", "" },
	{ "set when-full drop", 15, "refuse or evict", "" },
	{ "set refuse rst", 12, "icmp or tcp-rst", "" },
	{ "set refresh inbound", 13, "both, same or outbound", "" },
	{ "set fragments on", 15, "drop or reassemble", "" },
	{ "set fastpath yes", 14, "on or off", "" },
	{ "set tcp-window maybe", 16, "on or off", "" },
	{ "ttl", 5, "a class of flows", "" },
	{ "ttl tcp step 5 max 5", 5, "a class of flows", "" },
	{ "ttl udp-stram step 5 max 5", 5, "a class of flows", "udp-stream" },
	{ "ttl icmp 5 max 5", 10, "`step`", "" },
	{ "ttl icmp stp 5 max 5", 10, "`step`", "step" },
	{ "ttl icmp step max 5", 15, "a time", "" },
	{ "ttl icmp step 5", 17, "`max`", "" },
	{ "ttl icmp step 5 max", 21, "a time", "" },
	{ "ttl icmp step 0 max 5", 15, "a time", "" },
	{ "ttl icmp step 6 max 5", 15, "above the maximum", "" },
	{ "ttl icmp step 5m4h max 5", 15, "a time", "" },
	{ "ttl icmp step 5x max 5", 15, "a time", "" },
	{ "ttl icmp step 5 max 11d", 21, "a time", "" },
	{ "ttl icmp step 5 max 864001", 21, "a time", "" },
	{ "ttl icmp step 1m1m max 5m", 15, "a time", "" },
	{ "allow inn tcp", 7, "`inn` is not a direction", "in" },
	{ "allow in tpc", 10, "`tpc` is not", "tcp" },
	{ "allow in port 80", 10, "of which side", "to port" },
	{ "allow in proto", 16, "a protocol", "" },
	{ "allow in proto 256", 16, "0 to 255", "" },
	{ "allow in proto xyz", 16, "0 to 255", "" },
	{ "allow in proto dup", 16, "a name, or a number", "udp" },
	{ "allow in proto 99999999999999999999999", 16, "0 to 255", "" },
	{ "allow in tcp frm any", 14, "`frm` is not known here: on, from, to, key", "from" },
	{ "allow in tcp from any prt 5", 23, "`prt` is not known here: on, to, key", "port" },
	{ "allow in tcp from any port 5 prt 5", 30, "not known here: on, to, key", "" },
	{ "allow in tcp id a idd b", 19, "`idd` is not known here: on, from", "" },
	{ "allow in tcp id a comment b c", 29, "`c` is not known here", "" },
	{ "allow in udp port 5000", 14, "of which side", "to port" },
	{ "allow port 5000", 7, "of which side", "to port" },
	{ "allow tcp in", 11, "before the protocol", "allow out tcp" },
	{ "allow in id x tcp", 15, "said once, before all parts", "as in" },
	{ "allow in tcp udp", 14, "the protocol is said once", "as in" },
	{ "allow in out tcp", 10, "`out` is not a protocol", "" },
	{ "allow in tcp from ayn", 19, "is not an address", "any" },
	{ "allow in tcp from any from any", 23, "said once", "" },
	{ "allow in tcp from", 19, "an address", "" },
	{ "allow in tcp from not", 23, "an address", "" },
	{ "allow in tcp from not any", 23, "`any` is not an address, a prefix, a range or `group` NAME", "" },
	{ "allow in tcp from 192.0.2.256", 19, "is not an address", "" },
	{ "allow in tcp from example.org", 19, "is not an address", "" },
	{ "allow in tcp from 192.0.2.1/24", 19, "bits behind the prefix", "192.0.2.0/24" },
	{ "allow in tcp from 2001:db8::1/32", 19, "bits behind the prefix", "2001:db8::/32" },
	{ "allow in tcp from 192.0.2.0/33", 19, "not a prefix", "0 to 32" },
	{ "allow in tcp from 192.0.2.0/", 19, "not a prefix", "" },
	{ "allow in tcp from 2001:db8::/129", 19, "not a prefix", "0 to 128" },
	{ "allow in tcp from 192.0.2.9-192.0.2.1", 19, "ends before it begins", "lower" },
	{ "allow in tcp from 192.0.2.1-", 19, "two addresses", "" },
	{ "allow in tcp from 192.0.2.1-2001:db8::1", 19, "of one family", "" },
	{ "allow in tcp from 192.0.2.1 to 2001:db8::1", 29, "different families", "" },
	{ "allow in tcp to any port", 26, "a port", "" },
	{ "allow in tcp to any port not", 30, "a port", "" },
	{ "allow in tcp to any port 65536", 26, "not a port", "" },
	{ "allow in tcp to any port 80,,81", 29, "not a port", "" },
	{ "allow in tcp to any port 80,", 29, "not a port", "" },
	{ "allow in tcp to any port 80,htps,22", 29, "not a port", "https" },
	{ "allow in tcp to any port 90-80", 26, "ends before it begins", "" },
	{ "allow in tcp to any port 80-", 26, "not a port", "" },
	{ "allow in tcp to any port -80", 26, "not a port", "" },
	{ "allow in icmp to any port 80", 15, "icmp has no ports", "tcp" },
	{ "allow in proto 99 from port 80", 19, "99 has no ports", "" },
	{ "allow in tcp id", 17, "an id", "" },
	{ "allow in tcp id 9to5", 17, "not an id", "letter" },
	{ "allow in tcp id a/b", 17, "not an id", "" },
	{ "allow in tcp id abcdefghijabcdefghijabcdefghijab", 17, "not an id", "31" },
	{ "allow in tcp id a id b", 19, "said once", "" },
	{ "allow in tcp comment", 22, "the text of the comment", "" },
	{ "allow in tcp comment \"x", 22, "not closed", "" },
	{ "allow in tcp 'comment", 14, "not closed", "" },
	{ "allow in tcp to any to any", 21, "said once", "" },
	{ "allow in tcp comment \"caf\xe9\"", 22, "not UTF-8", "UTF-8" },
	{ "allow in tcp comment \"\xc0\xaf\"", 22, "not UTF-8", "" },
	{ "allow in tcp comment \"\xed\xa0\x80\"", 22, "not UTF-8", "" },
	{ "allow in tcp comment \"\xf4\x90\x80\x80\"", 22, "not UTF-8", "" },
	{ "allow in tcp comment \"\xe2\x82\"", 22, "not UTF-8", "" },
	{ "r\xf6le eth0 external", 1, "not UTF-8", "" },
	{ "allow in tcp comment \"\x1b[31m\"", 22, "not a comment", "one line" },
	{ "role defalt external x", 22, "complete before this", "" },
	{ "role e:h external", 6, "not the name of an interface", "" },
	{ "role eth0 external eth1 internal", 20, "complete before this", "" },
	{ "ttl icmp step 99999999999999999999s max 5", 15, "a time", "" },
	{ "ttl icmp step 5 max 10d1s", 21, "a time", "" },
	{ "ovs", 5, "the line ends here", "" },
	{ "ovs tpa br0", 5, "`tpa` is not bridge, tap", "tap" },
	{ "ovs bridge", 12, "the name of a bridge is missing", "" },
	{ "ovs bridge -x", 12, "not the name of one interface", "" },
	{ "ovs bridge br+", 12, "not the name of one interface", "" },
	{ "ovs bridge br0 secur", 16, "`secur` is not `secure`", "secure" },
	{ "ovs bridge br0 zone 0", 21, "a zone of connection tracking: a number from 1", "" },
	{ "ovs tap br0 between a to b", 23, "a tap is between two ports", "" },
	{ "ovs tap br0 between a and b", 29, "`to` is missing", "" },
	{ "ovs tap br0 between a and a to c", 27, "said once", "" },
	{ "ovs tap br0 between a and b to b", 32, "not copied to itself", "of their own" },
	{ "ovs tap br0 between a and b to c match", 40, "the line ends here", "" },
	{ "ovs tap br0 between a and b to c udp", 34, "`match`", "" },
	{ "ovs tap br0 between a and b to c match icmp port 5", 40, "ports of tcp, udp and sctp", "" },
	{ "ovs tap br0 between a and b to c match not 10.0.0.1", 40, "bridges know no `not`", "" },
	{ "ovs tap br0 between a and b to c match udp port not 5", 44, "bridges know no `not`", "" },
	{ "ovs mirror br0 between a and b to c match udp", 37, "complete before this", "" },
	{ "ovs coprocessor br0 port a for b", 34, "the service", "" },
	{ "ovs coprocessor br0 port a for b icmp", 34, "a service is of tcp, udp or sctp", "" },
	{ "ovs coprocessor br0 port a for b tcp host 10.0.0.1,10.0.0.2", 43, "one host", "" },
	{ "ovs coprocessor br0 port a for b tcp port 22 vlan 5000", 51, "a VLAN: a number", "" },
	{ "ovs coprocessor br0 port a for b tcp port 22 base 5", 46, "without a `vlan`", "" },
	{ "ovs coprocessor br0 port a for b tcp port 22 port 23", 46, "said once", "" },
	{ "ovs host a port p", 19, "`addr` is missing", "" },
	{ "ovs host a port p addr x", 24, "`x` is not the addresses", "" },
	{ "ovs host a port p addr 10.0.0.1 mac 01:00:5e:00:00:01", 37, "multicast", "" },
	{ "ovs host a port p addr 10.0.0.1 at", 33, "`mac`", "" },
	{ "ovs decoy br0 10.0.9.0/24", 15, "is not `net`", "" },
	{ "ovs decoy br0 net 10.0.9.1/24", 19, "", "" },
	{ "ovs decoy br0 net 10.0.9.0/24 via x", 31, "`controller`", "" },
	{ "ovs decoy br0 net 10.0.9.0/24 controller", 42, "where `fwctl decoy` listens", "" },
	{ "ovs decoy br0 net 10.0.9.0/24 controller tcp:::1:6653", 42, "not where a controller", "" },
	{ "ovs decoy br0 net 10.0.9.0/24 controller tcp:127.0.0.1:0", 42, "not where a controller", "" },
	{ "ovs decoy br0 net 10.0.9.0/24 controller tcp:[127.0.0.1]:1", 42, "not where a controller", "" },
	{ "ovs decoy br0 net 10.0.9.0/24 controller ssl:127.0.0.1:1", 42, "not where a controller", "" },
	{ "ovs segment br0 reject any to any", 17, "`reject` is not allow, deny or default", "" },
	{ "ovs segment br0 default reject", 25, "`reject` is not allow or deny", "" },
	{ "ovs segment br0 allow", 23, "whose packets", "" },
	{ "ovs segment br0 allow not group a to group b", 23, "bridges know no `not`", "" },
	{ "ovs segment br0 allow group a to group b gre port 5", 23, "ports of tcp", "" },
	{ "ovs segment br0 allow group a to group b tcp prt 5", 46, "`prt` is not a protocol", "port" },
	{ "group", 7, "the name of a group", "" },
	{ "group 9 host 192.0.2.1", 7, "not the name of a group", "letter" },
	{ "group web hst 192.0.2.1", 11, "not a member", "host" },
	{ "group web host", 16, "the address of a host", "" },
	{ "group web host 192.0.2.0/24", 16, "is not the address of a host", "" },
	{ "group web host example.org", 16, "is not the address of a host", "" },
	{ "group web net 192.0.2.1", 15, "is not a prefix", "" },
	{ "group web net 192.0.2.1/24", 15, "bits behind the prefix", "192.0.2.0/24" },
	{ "group web net 192.0.2.0/99", 15, "not a prefix", "0 to 32" },
	{ "group web range 192.0.2.1", 17, "is not a range", "" },
	{ "group web range 192.0.2.9-192.0.2.1", 17, "ends before it begins", "lower" },
	{ "group web range 192.0.2.9-2001:db8::", 17, "of one family", "" },
	{ "group web group web", 17, "no member of itself", "" },
	{ "group web group", 17, "the name of a group", "" },
	{ "group web name", 16, "the name of a host", "" },
	{ "group web name nowhere.invalid", 16, "has no address", "resolver" },
	{ "group web file", 16, "the name of a file", "" },
	{ "group web mac", 15, "a link address", "" },
	{ "group web mac 02:00:5e:10:00", 15, "a link address", "" },
	{ "group web mac 02:00:5e:10:00:0g", 15, "a link address", "" },
	{ "group web mac 02:00:5e:10:00:-1", 15, "a link address", "" },
	{ "group web mac 02:00:5e:10:00:1 ", 15, "a link address", "" },
	{ "group web mac ff:ff:ff:ff:ff:ff", 15, "multicast", "" },
	{ "group web iface", 17, "the name of an interface", "" },
	{ "group web iface 0123456789abcdef", 17, "at most 15 characters", "" },
	{ "group web iface ppp+", 17, "not a pattern", "`on`" },
	{ "group web iface ppp*", 17, "not a pattern", "`on`" },
	{ "group web iface 'a b'", 17, "the name of an interface", "" },
	{ "group web iface a:b", 17, "the name of an interface", "" },
	{ "group web file /nowhere/at/all", 16, "No such file", "" },
	{ "group web host 192.0.2.1 timeout", 34, "a time from 1s to 365d", "" },
	{ "group web host 192.0.2.1 timeout 366d", 34, "a time from 1s to 365d", "" },
	{ "group web host 192.0.2.1 timeout 0", 34, "a time", "" },
	{ "group web timeout 5", 11, "not a member", "" },
	{ "group web host 192.0.2.1 host", 31, "the address of a host", "" },
	{ "allow in on", 13, "the name of an interface", "" },
	{ "allow in on e/h", 13, "not the name of an interface", "beginning" },
	{ "allow in tcp from group", 25, "the name of a group", "" },
	{ "allow in tcp from group 5", 25, "not the name of a group", "letter" },
	{ "allow in tcp from 192.0.2.1,", 29, "not an address, a prefix or a range", "" },
	{ "allow in tcp from 192.0.2.1,192.0.2.300", 29, "not an address", "" },
	{ "allow in tcp from 192.0.2.1,10.0.0.1/8", 29, "bits behind the prefix", "10.0.0.0/8" },
	{ "allow in gre key", 18, "a key of GRE", "" },
	{ "allow in gre key x", 18, "not a key of GRE", "" },
	{ "allow in gre key 4294967296", 18, "not a key of GRE", "" },
	{ "allow in gre key 0x", 18, "not a key of GRE", "" },
	{ "allow in gre key 9-5", 18, "ends before it begins", "lower" },
	{ "allow in tcp key 5", 14, "keys are of gre", "gre key" },
	{ "allow in key 5", 10, "keys are of gre", "" },
	{ "allow in icmp type", 20, "a type of ICMP", "" },
	{ "allow in icmp type echo", 20, "not a type of ICMP", "" },
	{ "allow in icmp type echo-requst", 20, "not a type of ICMP", "echo-request" },
	{ "allow in icmp type 256", 20, "not a type of ICMP", "" },
	{ "allow in icmpv6 type source-quench", 22, "no such type", "" },
	{ "allow in icmp from 192.0.2.1 type packet-too-big", 30, "a type of the other", "" },
	{ "allow in icmp type 8 to 2001:db8::/32", 15, "a type of the other", "" },
	{ "allow in icmpv6 from 192.0.2.1", 17, "icmpv6 has no addresses of IPv4", "" },
	{ "allow in tcp to \"192.0.2.1,bad\"", 28, "not an address", "" },
	{ "allow in tcp to any port \"80,4x3\"", 30, "not a port", "" },
	{ "allow in tcp id none", 17, "means no rule", "flows rule none" },
	{ "allow in tcp type echo-request", 14, "types are of icmp", "icmp type" },
	{ "allow in u32", 14, "a program", "" },
	{ "allow in u32 \"6&0xFF\"", 21, "u32:", "as in" },
	{ "allow in u32 \"0<<32=0\"", 18, "u32:", "" },
	{ "allow in u32 not", 18, "a program", "" },
	{ "deny in log label", 19, "the text of the label", "" },
	{ "deny in log label \"\x1b\"", 19, "not a label", "63" },
	{ "deny in log log", 13, "said once", "" },
	{ "deny in label x", 9, "is not a protocol", "" },
	{ "deny in tcp limit", 19, "a limit", "" },
	{ "deny in tcp limit 5", 19, "not a limit", "10/minute" },
	{ "deny in tcp limit 5/week", 19, "not a limit", "" },
	{ "deny in tcp limit 0/hour", 19, "not a limit", "" },
	{ "deny in tcp limit 5/hour burst", 32, "a burst", "" },
	{ "deny in tcp limit 5/hour burst 0", 32, "not a burst", "" },
	{ "allow in tcp queue", 20, "a queue's number", "" },
	{ "allow in tcp queue 65536", 20, "not a queue's number", "" },
	{ "allow in tcp queue 5-2", 20, "ends before it begins", "lower" },
	{ "deny in tcp queue 5", 13, "for what is allowed", "" },
	{ "reject in tcp mark 5", 15, "for what is allowed", "" },
	{ "deny in tcp ttl step 5 max 5", 13, "for what is allowed", "" },
	{ "allow in tcp mark", 19, "a mark", "" },
	{ "allow in tcp mark 0xg", 19, "not a mark", "" },
	{ "allow in tcp mark 0x100/0xff", 19, "beyond its mask", "" },
	{ "allow in tcp mark 1/0", 19, "not a mark", "" },
	{ "allow in tcp ttl 5", 18, "`step`", "" },
	{ "allow in tcp ttl step 9 max 5", 23, "above the maximum", "" },
	{ "allow in tcp until", 20, "a time", "" },
	{ "allow in tcp until tomorrow", 20, "not a time", "" },
	{ "allow in tcp until 2027-02-30", 20, "not a time", "" },
	{ "allow in tcp until 2027-13-01", 20, "not a time", "" },
	{ "allow in tcp bypass", 14, "`bypass` is not known here", "" },
};

START_TEST(bad_statements)
{
	const char *text = canonical(bad[_i].line);

	ck_assert_msg(text == NULL, "accepted as %s", text);
	ck_assert_uint_eq(last.count, 1);
	ck_assert_msg(last.column == bad[_i].column, "%s: column %u, not %u: %s", bad[_i].line,
		      last.column, bad[_i].column, last.message);
	ck_assert_msg(strstr(last.message, bad[_i].message) != NULL, "%s: %s", bad[_i].line,
		      last.message);
	ck_assert_msg(strstr(last.hint, bad[_i].hint) != NULL, "%s: hint %s", bad[_i].line,
		      last.hint);
}
END_TEST

/* A shell can put a line's end into a word; what is printed is one line. */
START_TEST(one_line)
{
	static char *const typed[][4] = {
		{ "role", "a\nb", "none", NULL },
		{ "allow", "on", "a\nb", NULL },
		{ "group", "web", "iface", "a\nb" },
	};
	char *argv[4];
	struct words words;
	struct stmt stmt;

	memcpy(argv, typed[_i], sizeof(argv));
	lex_arguments(argv[3] ? 4 : 3, argv, &words);
	ck_assert(!parse_words(&words, &stmt));
	ck_assert_uint_eq(last.count, 1);
	stmt_free(&stmt);
	words_free(&words);
}
END_TEST

START_TEST(arguments_are_words)
{
	char *argv[] = { "allow", "in", "tcp", "comment", "two words", "id", "x" };
	struct words words;
	struct stmt stmt;

	lex_arguments(5, argv, &words);
	ck_assert(parse_words(&words, &stmt));
	ck_assert_str_eq(stmt.rule.comment, "two words");
	stmt_free(&stmt);
	words_free(&words);

	lex_arguments(6, argv, &words);
	ck_assert(!parse_words(&words, &stmt));
	ck_assert_uint_eq(last.column, 35);
	stmt_free(&stmt);
	words_free(&words);
}
END_TEST

/* Writes a file of @size bytes in @folder; its name is to be freed. */
static char *file(const char *folder, const char *name, const char *data, size_t size)
{
	char *path;
	FILE *out;

	ck_assert_int_gt(asprintf(&path, "%s/%s", folder, name), 0);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(data, 1, size, out), size);
	fclose(out);
	return path;
}

static bool parse_text(const char *data, size_t size, struct script *script)
{
	char folder[] = "/tmp/test_lang.XXXXXX", *path;
	bool good;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = file(folder, "rules", data, size);
	setup();
	good = parse_file(path, script);
	unlink(path);
	rmdir(folder);
	free(path);
	return good;
}

START_TEST(all_mistakes_at_once)
{
	static const char text[] = "version 1\nrle a b\nset max-flows 5\nallow in tpc\n\n# x\nset x";
	struct script script;

	ck_assert(!parse_text(text, strlen(text), &script));
	ck_assert_uint_eq(last.count, 3);
	ck_assert_uint_eq(last.line, 7);
	ck_assert_uint_eq(script.n, 1);
	script_free(&script);
}
END_TEST

START_TEST(odd_files)
{
	static const char crlf[] = "version 1\r\nset max-flows 5\r\n";
	static const char zero[] = "set max-flows 5\nallow\0 in\nallow in\n";
	static const char latin[] = "allow in\n# caf\xe9\nallow in tcp comment \"caf\xe9\"\n";
	char *line = malloc(STMT_TEXT + 1);
	struct script script;

	ck_assert(parse_text(crlf, strlen(crlf), &script));
	ck_assert_uint_eq(script.n, 1);
	script_free(&script);
	ck_assert(parse_text("", 0, &script));
	ck_assert_uint_eq(script.n, 0);
	script_free(&script);
	ck_assert(!parse_text(zero, sizeof(zero) - 1, &script));
	ck_assert_uint_eq(last.line, 2);
	ck_assert_uint_eq(last.column, 6);
	ck_assert_uint_eq(script.n, 2);
	script_free(&script);
	ck_assert(!parse_text(latin, strlen(latin), &script));
	ck_assert_uint_eq(last.count, 1);
	ck_assert_uint_eq(last.line, 3);
	ck_assert_uint_eq(last.column, 22);
	script_free(&script);

	memset(line, 'a', STMT_TEXT);
	ck_assert(!parse_text(line, STMT_TEXT, &script));
	ck_assert_ptr_nonnull(strstr(last.message, "longer than"));
	script_free(&script);
	free(line);

	setup();
	ck_assert(!parse_file("/nowhere/at/all", &script));
	ck_assert_ptr_nonnull(strstr(last.message, "No such file"));
	script_free(&script);
	setup();
	ck_assert(!parse_file("/tmp", &script));
	ck_assert_ptr_nonnull(strstr(last.message, "folder"));
	script_free(&script);
}
END_TEST

START_TEST(ids_are_unique)
{
	static const char text[] = "allow in id a\nallow out id b\ndeny in id a\nallow in tcp id a\n";
	struct script script;

	ck_assert(!parse_text(text, strlen(text), &script));
	ck_assert_uint_eq(last.count, 2);
	ck_assert_uint_eq(last.line, 4);
	ck_assert_uint_eq(last.column, 17);
	ck_assert_str_eq(last.message + strlen(last.message) - 2, ":1");
	script_free(&script);
}
END_TEST

/* Files whose statements are right, each by itself; the line of the mistake, and what it says. */
static const struct {
	const char *text;
	unsigned int line;
	unsigned int column;
	const char *message;
} contradictions[] = {
	{ "ovs tap br0 between a and b to c\n", 1, 9, "the bridge `br0` is not declared" },
	{ "ovs bridge br0\novs bridge br0\n", 2, 12, "already" },
	{ "ovs bridge br0\novs tap br0 between a and b to c\novs tap br0 between c and b to d\n",
	  3, 21, "`c` is where traffic goes through here, but gets the copies of a tap" },
	{ "ovs bridge br0\novs tap br0 between a and b to c\novs coprocessor br0 port c for a tcp\n",
	  3, 26, "is that of a coprocessor here" },
	{ "ovs bridge br0\novs tap br0 between a and b to c\novs tap br0 between a and b to c after\n",
	  3, 32, "some twice" },
	{ "ovs bridge br0\novs tap br0 between a and b to c\novs host h port c addr 10.0.0.1\n",
	  3, 17, "is where traffic goes through here" },
	{ "ovs host h port a addr 10.0.0.1\novs host h port b addr 10.0.0.2\n", 2, 1, "already" },
	{ "ovs host h port a addr 10.0.0.0/24\novs host i port b addr 10.0.0.2\n", 2, 17,
	  "have an address in common" },
	{ "ovs bridge br0\novs decoy br0 net 10.0.9.0/24\n", 2, 11, "a bridge that is `secure`" },
	{ "ovs bridge br0 secure\novs decoy br0 net 10.0.9.0/24\n"
	  "ovs decoy br0 net 10.0.8.0/24 controller tcp:[::1]:1\n", 3, 11, "another controller" },
	{ "ovs bridge a zone 5\novs bridge b zone 5\n", 2, 12, "the same zone, 5" },
	{ "role w* internal\nrole eth0 external\nrole eth0 external\nrole w+ none\n", 4, 1,
	  "`w+` has another role" },
	{ "role default none\nrole default internal\n", 2, 1, "`default` has another role" },
};

START_TEST(contradictions_are_found)
{
	const char *text = contradictions[_i].text;
	struct script script;

	ck_assert(!parse_text(text, strlen(text), &script));
	ck_assert_uint_eq(last.count, 1);
	ck_assert_uint_eq(last.line, contradictions[_i].line);
	ck_assert_uint_eq(last.column, contradictions[_i].column);
	ck_assert_msg(strstr(last.message, contradictions[_i].message), "%s", last.message);
	script_free(&script);
}
END_TEST

START_TEST(bridges_without_contradictions)
{
	static const char text[] =
		"ovs tap br0 between a and b to c match udp\novs bridge br0 secure\n"
		"ovs tap br0 between a and b to c match tcp\novs coprocessor br0 port d for a tcp port 1\n"
		"ovs coprocessor br0 port d for b tcp port 2\novs host h port a addr 10.0.0.1\n"
		"ovs host i port a addr 10.0.0.2,2001:db8::1\novs bridge br1\n";
	struct script script;

	ck_assert(parse_text(text, strlen(text), &script));
	ck_assert_uint_eq(script.n, 8);
	script_free(&script);
}
END_TEST

static char possible[1024];

static void note_possible(const char *word)
{
	strcat(strcat(possible, *possible ? " " : ""), word);
}

/* A line up to the cursor, and the words that may follow. */
static const struct {
	const char *line;
	const char *words;
} possibilities[] = {
	{ "", "version role set ttl group include ovs allow deny reject" },
	{ "role", "default" },
	{ "role eth0", "internal external none" },
	{ "role eth0 none", "" },
	{ "rle", "" },
	{ "set", "max-flows half-open max-flows-per-host when-full refuse refresh tcp-window "
	  "tcp-pickup fragments fastpath on-change neighbour dhcp" },
	{ "set dhcp", "on off" },
	{ "set max-flows", "" },
	{ "ttl icmp step 5", "max" },
	{ "allow in tcp", "on from to key type u32 log limit queue mark ttl until id comment" },
	{ "allow in tcp to", "any not group port" },
	{ "allow in tcp to not", "" },
	{ "allow in tcp to any",
	  "on from key type u32 log limit queue mark ttl until id comment port" },
	{ "allow in tcp log", "on from to key type u32 limit queue mark ttl until id comment label" },
	{ "group web", "host net range group name file mac iface" },
	{ "group web host 192.0.2.1", "host net range group name file mac iface timeout" },
	{ "allow in tcp to any port 80 id", "" },
	{ "allow in tcp to any port 80 id x comment y",
	  "on from key type u32 log limit queue mark ttl until" },
	{ "allow in tpc to any", "" },
	{ "ovs", "bridge tap mirror coprocessor host segment decoy" },
	{ "ovs bridge br0", "secure zone" },
	{ "ovs tap br0 between a and b to c", "before after match" },
	{ "ovs segment br0", "allow deny default" },
	{ "ovs host a port p addr 10.0.0.1", "mac" },
};

START_TEST(possible_words_are_known)
{
	char line[128], *argv[16], *word, *rest = line;
	int argc = 0;

	*possible = '\0';
	snprintf(line, sizeof(line), "%s", possibilities[_i].line);
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word)
			argv[argc++] = word;
	possible_words(argc, argv, note_possible);
	ck_assert_str_eq(possible, possibilities[_i].words);
	ck_assert_uint_eq(last.count, 0);
}
END_TEST

START_TEST(names_are_listed)
{
	static const struct name one[] = { { "a", 0 }, { NULL, 0 } }, none[] = { { NULL, 0 } };
	const struct name *const first[] = { one, NULL }, *const two[] = { one, none, one, NULL };
	const struct name *const three[] = { one, one, one, NULL };
	char text[16], small[4];

	ck_assert_str_eq(list_names(three + 3, text, sizeof(text)), "");
	ck_assert_str_eq(list_names(first, text, sizeof(text)), "a");
	ck_assert_str_eq(list_names(two, text, sizeof(text)), "a or a");
	ck_assert_str_eq(list_names(three, text, sizeof(text)), "a, a or a");
	ck_assert_str_eq(list_names(three, small, sizeof(small)), "a, ");
}
END_TEST

/* What a person sees: the line, and the caret under the place. */
START_TEST(mistakes_are_shown)
{
	static const struct {
		struct place place;
		const char *shown;
	} cases[] = {
		{ { "f", 3, 7, 2, "allow tc p" }, "f:3:7: bad\n    allow tc p\n          ^~\n    hint: try\n" },
		{ { "f", 3, 2, 1, "\ta" }, "f:3:2: bad\n    \ta\n    \t^\n    hint: try\n" },
		{ { "f", 1, 4, 3, "\xc3\xa9 \xc3\xa9x" }, "f:1:4: bad\n    \xc3\xa9 \xc3\xa9x\n      ^~\n    hint: try\n" },
		{ { "f", 1, 4, 9, "a\x1b\xff" }, "f:1:4: bad\n    a??\n       ^\n    hint: try\n" },
		{ { NULL, 1, 5, 1, "ab" }, "fwctl: bad\n    ab\n        ^\n    hint: try\n" },
		{ { "f", 0, 1, 1, "" }, "f: bad\n    hint: try\n" },
	};
	char shown[256] = "";
	FILE *real = stderr;

	report_mistake = show_mistake;
	stderr = fmemopen(shown, sizeof(shown), "w");
	mistake(&cases[_i].place, "try", "bad");
	fclose(stderr);
	stderr = real;
	ck_assert_str_eq(shown, cases[_i].shown);
}
END_TEST

START_TEST(includes)
{
	char folder[] = "/tmp/test_lang.XXXXXX";
	struct script script;
	char *a, *b, *loop, *ping, *pong;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	a = file(folder, "a", "set max-flows 1\ninclude b\nallow in\n", 35);
	b = file(folder, "b", "deny in tcp\nset x\n", 18);
	loop = file(folder, "loop", "include loop\n", 13);

	setup();
	ck_assert(!parse_file(a, &script));
	ck_assert_uint_eq(last.count, 1);
	ck_assert_uint_eq(last.line, 2);
	ck_assert_uint_eq(script.n, 3);
	ck_assert_int_eq(script.stmt[1].rule.action, FLOWWALL_ACTION_DENY);
	ck_assert_str_eq(script.stmt[1].place.file, b);
	script_free(&script);

	setup();
	ck_assert(!parse_file(loop, &script));
	ck_assert_uint_eq(last.count, 1);
	ck_assert_ptr_nonnull(strstr(last.message, "include itself"));
	script_free(&script);

	ping = file(folder, "ping", "allow in id x\ninclude pong\n", 27);
	pong = file(folder, "pong", "\ninclude ./ping\ninclude -\n", 26);
	setup();
	ck_assert(!parse_file(ping, &script));
	ck_assert_uint_eq(last.count, 2);
	ck_assert_uint_eq(last.line, 3);	/* "-" is the name of a file here */
	ck_assert_ptr_nonnull(strstr(last.message, "No such file"));
	ck_assert_uint_eq(script.n, 1);
	script_free(&script);

	unlink(ping);
	unlink(pong);
	free(ping);
	free(pong);
	unlink(a);
	unlink(b);
	unlink(loop);
	rmdir(folder);
	free(a);
	free(b);
	free(loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lang");
	TCase *tcase = tcase_create("lang");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, good_statements, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(tcase, bad_statements, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_loop_test(tcase, one_line, 0, 3);
	tcase_add_test(tcase, arguments_are_words);
	tcase_add_test(tcase, all_mistakes_at_once);
	tcase_add_test(tcase, odd_files);
	tcase_add_test(tcase, ids_are_unique);
	tcase_add_loop_test(tcase, contradictions_are_found, 0,
			    sizeof(contradictions) / sizeof(*contradictions));
	tcase_add_test(tcase, bridges_without_contradictions);
	tcase_add_loop_test(tcase, possible_words_are_known, 0,
			    sizeof(possibilities) / sizeof(*possibilities));
	tcase_add_test(tcase, names_are_listed);
	tcase_add_loop_test(tcase, mistakes_are_shown, 0, 6);
	tcase_add_test(tcase, includes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
