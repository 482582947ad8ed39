// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl: the table of commands, options, dispatch. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kmod/version.h"
#include "fwctl.h"
#include "out.h"

struct options options;

const char *const list_verbs[] = { "list", NULL };
const char *const edit_verbs[] = { "list", "add", "del", NULL };

const struct command commands[] = {
	{ "status", cmd_status, false, NULL, "how the firewall is, on one screen",
	  "fwctl status\n" },
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
	{ "confirm", cmd_confirm, false, NULL, "keep the ruleset that waits for it",
	  "fwctl confirm\n" },
	{ "diff", cmd_diff, false, NULL, "what an apply would change",
	  "fwctl diff FILE\n"
	  "\n"
	  "Lines with - would go, lines with + would come. Exit status 1 if there are any.\n" },
	{ "explain", cmd_explain, false, NULL, "what would become of a packet, and why",
	  "fwctl explain [in|out|inside|local] PROTO from A [port N] to A [port N]\n"
	  "              [type NAME] [id N] [key N] [flags syn,ack] [iif IFACE]\n"
	  "\n"
	  "The kernel judges it as any other, and sends, counts and changes nothing. Exit\n"
	  "status 0 if it would pass, 3 if not.\n" },
	{ "why", cmd_why, false, NULL, "the last drops of a host, each with its reason",
	  "fwctl why HOST\n" },
	{ "save", cmd_save, false, NULL, "print the running ruleset as a file",
	  "fwctl save\n" },
	{ "monitor", cmd_monitor, false, NULL, "events as they happen",
	  "fwctl monitor\n" },
	{ "ovs", cmd_ovs, false, ovs_verbs, "taps, coprocessors and segments on Open vSwitch bridges",
	  "fwctl ovs [show]                 what is in force, in words, with counters\n"
	  "fwctl ovs apply FILE [--dry-run] what the file says of bridges; all or nothing\n"
	  "fwctl ovs diff [FILE]            what that would change, flow by flow\n"
	  "fwctl ovs clear [BRIDGE]         the bridge as it was before\n"
	  "fwctl ovs watch                  follow groups, ports and restarts, until a signal\n"
	  "fwctl ovs setup-host NAME iface IFACE addr ADDRESS/LENGTH mac MAC [vlan N]\n"
	  "                                 a coprocessor's own side, in the namespace NAME\n"
	  "\n"
	  "In the file:\n"
	  "ovs bridge BR [secure] [zone N]\n"
	  "ovs tap BR between P and P to P [before|after] [match [PROTO] [EP]]\n"
	  "ovs mirror BR between P and P to P\n"
	  "ovs coprocessor BR port P for P PROTO port LIST [host A] [vlan N [base N]]\n"
	  "ovs host NAME port P addr A,A [mac M]\n"
	  "ovs segment BR allow|deny EP to EP [PROTO] [port LIST]\n"
	  "ovs segment BR default allow|deny\n" },
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
 * match_verb() - find a verb by its beginning
 * @word: what was typed
 * @verbs: up to a NULL
 *
 * Return: the verb, or NULL if there is none or more than one.
 */
const char *match_verb(const char *word, const char *const *verbs)
{
	const char *found = NULL;

	for (; *word && *verbs; verbs++) {
		if (!strcmp(*verbs, word))
			return *verbs;
		if (strncmp(*verbs, word, strlen(word)))
			continue;
		if (found)
			return NULL;
		found = *verbs;
	}
	return found;
}

/**
 * no_arguments() - refuse what a command has no use for
 *
 * Return: DONE, or REFUSED with the error reported.
 */
int no_arguments(int argc, char **argv)
{
	return argc > 0 ? wrong(NULL, "`%s` is not known here", argv[0]) : DONE;
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

/* The options that every command has; -n takes a word with it. */
const char *const option_words[] = {
	"-j", "--json", "-v", "--verbose", "-n", "--netns", "-h", "--help", "--version", NULL
};

/**
 * take_option() - take the option that the arguments begin with
 *
 * Return: how many words it has, 0 if there is none, -1 after a mistake.
 */
int take_option(int argc, char **argv)
{
	size_t i;

	for (i = 0; option_words[i] && strcmp(option_words[i], argv[0]); i++)
		;
	if (!option_words[i])
		return 0;
	switch (option_words[i][1] == '-' ? option_words[i][2] : option_words[i][1]) {
	case 'j':
		options.json = true;
		report_mistake = report_json;
		return 1;
	case 'n':
		if (argc == 1)
			return wrong(NULL, "%s needs the name of a network namespace", argv[0]), -1;
		options.netns = argv[1];
		return 2;
	case 'h':
		options.help = true;
		return 1;
	default:
		if (strcmp(argv[0], "--version")) {
			options.verbose = true;
			return 1;
		}
		puts("fwctl " FLOWWALL_VERSION);
		exit(DONE);
	}
}

/* Is it an option that nobody knows? A lone "-" is a file. */
static bool unknown_option(const char *word, const struct command *command)
{
	static const char *const own[] = { "--check", "--confirm", "--force", "--sort", "--follow", "--dry-run" };
	size_t i;

	if (word[0] != '-' || !word[1])
		return false;
	for (i = 0; command && i < sizeof(own) / sizeof(*own); i++)
		if (!strcmp(word, own[i]))
			return false;
	/* What begins with "-" is no word of the language: its parser says so. */
	return !command || !command->language;
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
	if (fflush(stdout) || ferror(stdout)) {
		fputs("fwctl: cannot write to standard output\n", stderr);
		return FAILED;
	}
	return status;
}
