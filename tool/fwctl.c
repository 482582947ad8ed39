// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl: the table of commands, dispatch. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kmod/version.h"
#include "fwctl.h"
#include "machine/failsafe.h"
#include "out.h"

const char *const list_verbs[] = { "list", NULL };
const char *const edit_verbs[] = { "list", "add", "del", NULL };

const struct command commands[] = {
	{ "status", cmd_status, false, NULL, "how the firewall is, on one screen",
	  "fwctl status [--prometheus]\n"
	  "\n"
	  "--prometheus: the counters as Prometheus reads them from a text file.\n" },
	{ "role", cmd_role, true, edit_verbs, "what interfaces are: internal, external, none",
	  "fwctl role [list]\n"
	  "fwctl role [add] IFACE|PATTERN+|default internal|external|none\n"
	  "fwctl role del IFACE|PATTERN+|default\n"
	  "\n"
	  "An interface may come later: its role waits for it. `ppp+` means all names that\n"
	  "begin with ppp; an exact name goes before a pattern, a longer pattern before a\n"
	  "shorter one, `default` comes last. The loopback interface never has a role.\n" },
	{ "set", cmd_set, true, list_verbs, "settings",
	  "fwctl set [list]\n"
	  "fwctl set max-flows N                the limit of flows\n"
	  "fwctl set half-open PERCENT          of it, for flows that are half open\n"
	  "fwctl set max-flows-per-host N       of an internal address, 0 for no limit\n"
	  "fwctl set when-full refuse|evict     what becomes of a new flow then\n"
	  "fwctl set refuse icmp|tcp-rst        how its sender is told\n"
	  "fwctl set refresh both|same|outbound which entries a packet refreshes\n"
	  "fwctl set tcp-window on|off          TCP's sequence numbers are checked\n"
	  "fwctl set tcp-pickup on|off          outbound connections also midway\n"
	  "fwctl set fragments drop|reassemble  what becomes of fragments\n"
	  "fwctl set fastpath on|off            known flows are forwarded where they come in\n"
	  "fwctl set on-change revalidate|keep  of flows when rules change\n"
	  "fwctl set neighbour on|off           IPv6 neighbour discovery always passes\n"
	  "fwctl set dhcp on|off                answers of DHCP to this router always do\n" },
	{ "ttl", cmd_ttl, true, list_verbs, "how long flows live without packets",
	  "fwctl ttl [list]\n"
	  "fwctl ttl CLASS step DURATION max DURATION\n"
	  "\n"
	  "CLASS: tcp-syn, tcp-established, tcp-closing, udp-new, udp-stream, icmp, gre,\n"
	  "other. Each packet adds the step to what a flow still has, up to the maximum.\n"
	  "DURATION: seconds, or 30s, 3m, 2h4m, 1d.\n" },
	{ "group", cmd_group, true, group_verbs, "sets of hosts and networks that rules name",
	  "fwctl group [list]\n"
	  "fwctl group show NAME\n"
	  "fwctl group add NAME [MEMBER...]    makes it, unless it is there\n"
	  "fwctl group del NAME MEMBER...      takes members out\n"
	  "fwctl group del NAME                the group itself; not while a rule names it\n"
	  "fwctl group flush NAME              takes all members out\n"
	  "\n"
	  "MEMBER: host 192.0.2.1, net 192.0.2.0/24, range 192.0.2.1-192.0.2.9, group NAME,\n"
	  "name FQDN, file PATH (one a line); then timeout DURATION, after which it leaves.\n"
	  "The next packet sees it. To add a member again renews it.\n" },
	{ "rule", cmd_rule, true, rule_verbs, "exceptions and refusals",
	  "fwctl rule [list]\n"
	  "fwctl rule [add] allow|deny|reject [in|out|inside|local] [PROTO] [PART...]\n"
	  "fwctl rule insert ID RULE           before the rule ID\n"
	  "fwctl rule replace ID RULE          in its place\n"
	  "fwctl rule move ID before ID|first|last\n"
	  "fwctl rule del ID\n"
	  "fwctl rule zero [ID]                its counters, or all\n"
	  "\n"
	  "PART: on IFACE, from EP, to EP, key N[-N], type NAME, u32 [not] EXPR,\n"
	  "      log [label TEXT], limit N/minute [burst N], queue N[-N] [bypass],\n"
	  "      mark V[/MASK], ttl step DURATION max DURATION, until TIME, id WORD,\n"
	  "      comment TEXT\n"
	  "EP:   any, [not] 192.0.2.1,192.0.2.0/24,192.0.2.1-192.0.2.9,2001:db8::/32, or\n"
	  "      [not] group NAME; then port [not] 80,443,8000-8099\n"
	  "The first rule that matches decides about the first packet of a flow; all others\n"
	  "follow it.\n"
	  "Example: fwctl rule add allow in tcp to 192.0.2.10 port http,https id web\n" },
	{ "flows", cmd_flows, false, flows_verbs, "the flow table: both entries of each flow",
	  "fwctl flows [list] [FILTER]... [--sort bytes|packets|ttl] [--follow]\n"
	  "fwctl flows kill FILTER...|all      ends them\n"
	  "\n"
	  "FILTER: in|out|inside|local, PROTO, from EP, to EP, key N[-N], host ADDRESS,\n"
	  "        state STATE, rule ID|none; from and to are those of the first packet\n"
	  "--follow: the list again each second.\n"
	  "Example: fwctl flows tcp to any port 443 host 192.0.2.10 --sort bytes\n" },
	{ "apply", cmd_apply, false, NULL, "put a file in the place of the running ruleset",
	  "fwctl apply FILE [--check] [--confirm SECONDS] [--force]\n"
	  "\n"
	  "All of the file or nothing. --check: say whether it would be accepted, by the\n"
	  "kernel too, and change nothing. --confirm: the kernel puts the old ruleset back\n"
	  "unless `fwctl confirm` comes in time. Over ssh, what would lock a session like\n"
	  "this one out is refused without --force. FILE may be - for standard input.\n" },
	{ "app", cmd_app, false, NULL, "let pass or deny by what is asked for: HTTP, TLS, DNS",
	  "fwctl app --queue N[-M] [--memory MIB] FILE\n"
	  "fwctl app --check FILE              says whether the file is good\n"
	  "\n"
	  "Judges what rules with `queue N` hand to it, until a signal. SIGHUP reads the file\n"
	  "again, SIGUSR1 shows the counters. Rules with `log` are told, with -v all.\n"
	  "\n"
	  "In the file, the first that matches decides; without a default all else is denied:\n"
	  "allow|deny|mark V[/MASK] http [host NAME|none] [path PATH] [method M] [release]\n"
	  "allow|deny|mark V[/MASK] tls [name NAME|none] [ech]\n"
	  "allow|deny|mark V[/MASK] dns [name NAME] [type TYPE]\n"
	  "allow|deny|mark V[/MASK] http2|other\n"
	  "default allow|deny\n"
	  "\n"
	  "Each may have: log, id WORD. `*` stands for anything: *.example, \"/app/*\".\n"
	  "Example: allow http host app1.example path \"/app1/*\"\n" },
	{ "confirm", cmd_confirm, false, NULL, "keep the ruleset that waits for it",
	  "fwctl confirm\n" },
	{ "diff", cmd_diff, false, NULL, "what an apply would change",
	  "fwctl diff FILE\n"
	  "\n"
	  "Lines with - would go, lines with + would come. Exit status 1 if there are any.\n" },
	{ "init", cmd_init, false, NULL, "a first ruleset for this machine",
	  "fwctl init [FILE] [--dry-run] [--confirm SECONDS] [--force]\n"
	  "\n"
	  "Proposes roles from routes and addresses, and a ruleset that lets in a session\n"
	  "like the one it is run in. It is put in force for SECONDS (60) and comes into FILE\n"
	  "(" RULES_FILE ") once `fwctl confirm` says from a new session, or an answer here,\n"
	  "that the machine can still be reached; else all is as before. --dry-run: only show\n"
	  "it. --force: in the place of a FILE that is there.\n" },
	{ "doctor", cmd_doctor, false, NULL, "what stands in the way, and what to do about it",
	  "fwctl doctor [FILE]\n"
	  "\n"
	  "Looks at the module and its next kernel, Secure Boot, the service, roles, forwarding,\n"
	  "other firewalls, offloads, the clock, and whether the ruleset is that of FILE\n"
	  "(" RULES_FILE "). Exit status 1 if something is wrong.\n" },
	{ "failsafe", cmd_failsafe, false, failsafe_verbs, "lines of nftables while FlowWall does not stand",
	  "fwctl failsafe [show [FILE]]     whether they are in place, and how they read\n"
	  "fwctl failsafe on [FILE]         unless a ruleset with an outside is in force\n"
	  "fwctl failsafe off\n"
	  "\n"
	  "They drop what is new from outside, by the roles in FILE (" RULES_FILE "), and so\n"
	  "need no module for the kernel that is running. flowwall.service sets them before\n"
	  "it loads the ruleset, and takes them away when that is in force.\n" },
	{ "off", cmd_off, false, NULL, "open: every packet passes",
	  "fwctl off\n"
	  "\n"
	  "An empty ruleset, and no failsafe. To stop the service does not open anything.\n" },
	{ "explain", cmd_explain, false, NULL, "what would become of a packet, and why",
	  "fwctl explain [in|out|inside|local] PROTO from A [port N] to A [port N]\n"
	  "              [type NAME] [id N] [key N] [flags syn,ack] [iif IFACE] [mac MAC]\n"
	  "\n"
	  "The kernel judges it as any other, and sends, counts and changes nothing. Exit\n"
	  "status 0 if it would pass, 3 if not.\n" },
	{ "why", cmd_why, false, NULL, "the last drops of a host, each with its reason",
	  "fwctl why HOST\n" },
	{ "save", cmd_save, false, NULL, "print the running ruleset as a file",
	  "fwctl save\n" },
	{ "monitor", cmd_monitor, false, NULL, "events as they happen",
	  "fwctl monitor [EVENT]... [--journal]\n"
	  "\n"
	  "EVENT: flow-new, flow-end, table-full, log, group, ruleset, iface, lost; all of\n"
	  "them if none is named. --journal writes them to the systemd journal, without flows\n"
	  "unless they are named, at most 5 a second of a rule.\n" },
	{ "top", cmd_top, false, NULL, "who uses the line, on a full screen",
	  "fwctl top [FILTER]...\n"
	  "\n"
	  "The busiest flows, hosts and rules, and why packets are dropped; each second.\n"
	  "FILTER as of `fwctl flows`. Keys: Tab or 1-4 view, s sort, / filter, e explain,\n"
	  "k kill, p pause, ? help, q quit. -j prints the busiest once.\n" },
	{ "ovs", cmd_ovs, false, ovs_verbs, "taps, coprocessors and segments on Open vSwitch bridges",
	  "fwctl ovs [show]                 what is in force, in words, with counters\n"
	  "fwctl ovs apply FILE [--dry-run] what the file says of bridges; all or nothing\n"
	  "fwctl ovs diff [FILE]            what that would change, flow by flow\n"
	  "fwctl ovs clear [BRIDGE]         the bridge as it was before\n"
	  "fwctl ovs watch                  follow groups, ports and restarts, until a signal\n"
	  "fwctl ovs setup-host NAME iface IFACE addr ADDRESS/LENGTH mac MAC [vlan N] [--dry-run]\n"
	  "                                 a coprocessor's own side, in the namespace NAME\n"
	  "\n"
	  "In the file:\n"
	  "ovs bridge BR [secure] [zone N]\n"
	  "ovs tap BR between P and P {and P} to P [before|after] [match [PROTO] [EP]]\n"
	  "ovs mirror BR between P and P {and P} to P\n"
	  "ovs coprocessor BR port P for P {and P} PROTO port LIST [host A] [vlan N [base N]]\n"
	  "ovs host NAME port P addr A,A [mac M]\n"
	  "ovs segment BR allow|deny EP to EP [PROTO] [port LIST]\n"
	  "ovs segment BR default allow|deny\n"
	  "ovs decoy BR net PREFIX[,PREFIX] [controller tcp:ADDRESS:PORT]\n" },
	{ "snoop", cmd_snoop, false, NULL, "record what passes a port, into a database",
	  "fwctl snoop IFACE|--read FILE --store FILE.db|postgresql://... [OPTION VALUE]...\n"
	  "\n"
	  "--filter EXPR         only what matches; see pcap-filter(7)\n"
	  "--snaplen BYTES       keep so much of a packet (262144)\n"
	  "--dedupe MS|off       the same packet again within MS (50) is only counted\n"
	  "--key exact|ip        the same: to the byte, or but for link layer and TTL\n"
	  "--max-size SIZE       of all files; the oldest go\n"
	  "--max-age DURATION    that a file is kept\n"
	  "--rotate-size SIZE    a new file then (an eighth of the above, if these are given)\n"
	  "--rotate-age DURATION a new file then\n"
	  "--keep-free SIZE      on the disk (256M, or a twentieth of it)\n"
	  "--buffer SIZE         of the kernel's ring, and twice of the queue (64M)\n"
	  "--user NAME           become NAME (whoever owns the folder of the store)\n"
	  "\n"
	  "Until a signal. SIZE: 500M, 2G; DURATION: 12h, 7d.\n"
	  "Example: fwctl snoop tap0 --store /var/lib/snoop/tap.db --max-size 20G\n" },
	{ "report", cmd_report, false, NULL, "what such a database, or a capture, has in it",
	  "fwctl report FILE.db|postgresql://...|FILE.pcap [SELECTION]... [OUTPUT]...\n"
	  "\n"
	  "SELECTION:\n"
	  "--from TIME, --to TIME  2027-01-01, 2027-01-01T12:00:00Z, or seconds since 1970\n"
	  "--host ADDRESS          of either end\n"
	  "--port N                of either end\n"
	  "--proto NAME            ip, ipv6, arp, tcp, udp, icmp, gre, ... or a number\n"
	  "--flow N                a conversation by its number\n"
	  "OUTPUT, in place of text (-j: JSON):\n"
	  "--html FILE             a page with plots that needs nothing else\n"
	  "--pcapng FILE           the packets, for Wireshark\n"
	  "--jsonl FILE            one object a packet, for mongoimport\n"
	  "--top N                 so many of each list (10)\n"
	  "\n"
	  "FILE - is standard output.\n"
	  "Example: fwctl report tap.db --host 10.0.1.5 --from 2027-01-01 --html day.html\n" },
	{ "decoy", cmd_decoy, false, decoy_verbs, "an OpenFlow controller that answers for hosts that do not exist",
	  "fwctl decoy --net PREFIX[,PREFIX] [--http [PORT=]FILE]... [--port N|any=BANNER|@FILE]...\n"
	  "            [--log FILE] [--ignore ADDR|PREFIX[:PORT]]... [--block SECONDS [--group NAME]]\n"
	  "            [--rate N] [--listen tcp:127.0.0.1:6653]\n"
	  "fwctl decoy --mode switch [--listen ...]\n"
	  "fwctl decoy --mode vxlan --map PREFIX=TUNNEL_END,VNI... [--tunnel PORT] [--listen ...]\n"
	  "fwctl decoy report FILE          what the log says, summed up\n"
	  "\n"
	  "Decoys are asked by the bridge that says: ovs decoy BR net PREFIX. They answer ARP,\n"
	  "neighbour discovery, echo, HTTP and banners, never for an address that a real host\n"
	  "has; other ports are closed. --block puts whoever makes a connection into a group of\n"
	  "the firewall. The modes switch and vxlan are for bridges of their own.\n" },
	{ .name = NULL }
};

static void usage(FILE *to)
{
	const struct command *command;

	fputs("fwctl [OPTIONS] OBJECT [VERB] [ARGUMENTS]\n\n", to);
	for (command = commands; command->name; command++)
		fprintf(to, "  %-10s %s\n", command->name, command->summary);
	fputs("\n"
	      "  -j         JSON\n"
	      "  -n NETNS   act on a network namespace (see: ip netns)\n"
	      "  -v         say more\n"
	      "  -h         help; behind an object, about it\n"
	      "  --version\n"
	      "\n"
	      "Words may be cut short as long as they are clear. Without an object: status.\n"
	      "Exit status: 0 done, 1 refused or wrong input, 2 the kernel failed;\n"
	      "3 of explain: the packet would not pass.\n", to);
}

/**
 * find_command() - find an object by its beginning
 *
 * Return: the object, or NULL if there is none or more than one.
 */
const struct command *find_command(const char *word)
{
	const struct command *command, *found = NULL;

	for (command = commands; *word && command->name; command++) {
		if (!strcmp(command->name, word))
			return command;
		if (strncmp(command->name, word, strlen(word)))
			continue;
		if (found)
			return NULL;
		found = command;
	}
	return found;
}

/* No object, or a beginning of several. */
static int unknown_command(const char *word)
{
	struct name all[sizeof(commands) / sizeof(*commands)] = { { NULL, 0 } };
	struct name some[sizeof(commands) / sizeof(*commands)] = { { NULL, 0 } };
	const struct name *const tables[] = { all, NULL }, *const several[] = { some, NULL };
	const char *near;
	char text[64];
	size_t n = 0, i;

	for (i = 0; commands[i].name; i++) {
		all[i].name = commands[i].name;
		if (*word && !strncmp(commands[i].name, word, strlen(word)))
			some[n++].name = commands[i].name;
	}
	if (n)
		return wrong(NULL, "`%s` is cut too short: %s", word,
			     list_names(several, text, sizeof(text)));
	near = nearest_name(word, tables);
	snprintf(text, sizeof(text), near ? "did you mean `%s`?" : "fwctl --help%s", near ? near : "");
	return wrong(text, "`%s` is not an object of fwctl", word);
}

/* Before the command; behind it, what begins with "-" is for it to read. A lone "-" is a file. */
static bool unknown_option(const char *word, const struct command *command)
{
	return word[0] == '-' && word[1] && !command;
}

/*
 * Takes the options out of the arguments, wherever they stand: only a comment
 * may be anything. Sets *@command to the object, if there is one. Returns the new
 * @argc, or -1 after a mistake.
 */
static int strip_options(int argc, char **argv, const struct command **command)
{
	int from = 0, to = 0;

	while (from < argc) {
		bool comment = to && !strcmp(argv[to - 1], "comment");
		int taken = comment ? 0 : take_option(argc - from, argv + from);

		if (taken < 0)
			return -1;
		from += taken;
		if (taken)
			continue;
		if (!comment && unknown_option(argv[from], *command))
			return wrong("fwctl --help", "the option `%s` is not known", argv[from]), -1;
		if (!to)
			*command = find_command(argv[from]);
		if (!*command)
			return unknown_command(argv[from]), -1;
		argv[to++] = argv[from++];
	}
	return to;
}

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	int status;

	signal(SIGPIPE, SIG_DFL);
	argc--;
	argv++;
	if (argc && !strcmp(argv[0], "__complete")) {
		complete(argc - 1, argv + 1);
		return DONE;
	}
	argc = strip_options(argc, argv, &command);
	if (argc < 0)
		return REFUSED;
	if (options.help) {
		if (command)
			printf("%s: %s\n\n%s", command->name, command->summary, command->usage);
		else
			usage(stdout);
		status = DONE;
	} else if (command) {
		status = command->run(argc - 1, argv + 1);
	} else {
		status = cmd_status(0, NULL);
	}
	return end_output(status);
}
