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

/**
 * struct command - one object of the command line
 * @words: its arguments are words of the language, and never options
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	bool words;
	const char *summary;
	const char *usage;
};

static const struct command commands[] = {
	{ "status", cmd_status, false, "how the firewall is, on one screen",
	  "fwctl status\n" },
	{ "role", cmd_role, true, "what interfaces are: internal, external, none",
	  "fwctl role [list]\n"
	  "fwctl role add IFACE|PATTERN+|default internal|external|none\n"
	  "fwctl role del IFACE|PATTERN+|default\n"
	  "\n"
	  "An interface may come later: its role waits for it. `ppp+` means all names that\n"
	  "begin with ppp; an exact name goes before a pattern, a longer pattern before a\n"
	  "shorter one, `default` comes last. The loopback interface never has a role.\n" },
	{ "set", cmd_set, true, "settings",
	  "fwctl set [list]\n"
	  "fwctl set max-flows N               the limit of flows\n"
	  "fwctl set neighbour on|off          IPv6 neighbour discovery always passes\n"
	  "fwctl set dhcp on|off               answers of DHCP to this router always pass\n"
	  "fwctl set on-change revalidate|keep what becomes of flows when rules change\n" },
	{ "ttl", cmd_ttl, true, "how long flows live without packets",
	  "fwctl ttl [list]\n"
	  "fwctl ttl CLASS step DURATION max DURATION\n"
	  "\n"
	  "CLASS: tcp-syn, tcp-established, tcp-closing, udp-new, udp-stream, icmp, gre,\n"
	  "other. Each packet adds the step to what a flow still has, up to the maximum.\n"
	  "DURATION: seconds, or 30s, 3m, 2h4m, 1d.\n" },
	{ "rule", cmd_rule, true, "exceptions and refusals",
	  "fwctl rule [list]\n"
	  "fwctl rule add allow|deny [in|out|inside|local] [PROTO] [from EP] [to EP]\n"
	  "               [id WORD] [comment TEXT]\n"
	  "fwctl rule del ID\n"
	  "\n"
	  "EP: any, or [not] 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::/32;\n"
	  "    then port [not] 80,443,8000-8099. The first rule that matches decides about\n"
	  "    the first packet of a flow; all others follow it.\n"
	  "Example: fwctl rule add allow in tcp to 192.0.2.10 port http,https id web\n" },
	{ "flows", cmd_flows, false, "the flow table: both entries of each flow",
	  "fwctl flows\n" },
	{ "apply", cmd_apply, false, "put a file in the place of the running ruleset",
	  "fwctl apply FILE [--check]\n"
	  "\n"
	  "All of the file or nothing. --check: say whether it would be accepted, by the\n"
	  "kernel too, and change nothing. FILE may be - for standard input.\n" },
	{ "save", cmd_save, false, "print the running ruleset as a file",
	  "fwctl save\n" },
	{ "monitor", cmd_monitor, false, "events as they happen",
	  "fwctl monitor\n" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *to)
{
	size_t i;

	fputs("fwctl [OPTIONS] OBJECT [VERB] [ARGUMENTS]\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "  -j         JSON\n"
	      "  -n NETNS   act on a network namespace (see: ip netns)\n"
	      "  -v         say more\n"
	      "  --help     help; behind an object, about it\n"
	      "  --version\n"
	      "\n"
	      "Words may be cut short as long as they are clear. Without an object: status.\n"
	      "Exit status: 0 done, 1 refused or wrong input, 2 the kernel failed.\n", to);
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

static const struct command *find_command(const char *word)
{
	const char *names[COMMANDS + 1] = { NULL };
	const char *name;
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	name = match_verb(word, names);
	for (i = 0; name && i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void report_json(const struct place *place, const char *message, const char *hint)
{
	json_t *object = json_pack("{s:s, s:s?, s:I, s:I, s:s?}", "error", message,
				   "file", place->file, "line", (json_int_t)place->line,
				   "column", (json_int_t)place->column, "hint", hint);

	/* Text that is not UTF-8 cannot be in JSON: the place still can. */
	if (!object)
		object = json_pack("{s:s, s:I, s:I}", "error", "not UTF-8", "line",
				   (json_int_t)place->line, "column", (json_int_t)place->column);
	json_dumpf(object, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(object);
}

/*
 * Takes the options at the beginning of the arguments. Returns how many words
 * they were, or -1 after an error.
 */
static int take_options(int argc, char **argv, bool *help)
{
	int i;

	for (i = 0; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--check"))	/* of apply */
			break;
		if (!strcmp(word, "-j") || !strcmp(word, "--json")) {
			options.json = true;
			report_mistake = report_json;
		} else if (!strcmp(word, "-v") || !strcmp(word, "--verbose")) {
			options.verbose = true;
		} else if (!strcmp(word, "-n") || !strcmp(word, "--netns")) {
			if (++i == argc)
				return wrong(NULL, "%s needs the name of a network namespace",
					     word), -1;
			options.netns = argv[i];
		} else if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
			*help = true;
		} else if (!strcmp(word, "--version")) {
			puts("fwctl " FLOWWALL_VERSION);
			exit(DONE);
		} else {
			return wrong("fwctl --help", "the option `%s` is not known", word), -1;
		}
	}
	return i;
}

/*
 * Takes options from between the arguments, wherever they cannot be words of
 * the language: the first @fixed arguments, or all. Returns the new @argc.
 */
static int strip_options(int argc, char **argv, bool words, bool *help)
{
	int from = 0, to = 0;

	while (from < argc) {
		int taken = words && to > 1 ? 0 : take_options(argc - from, argv + from, help);

		if (taken < 0)
			return -1;
		from += taken;
		if (from < argc)
			argv[to++] = argv[from++];
	}
	return to;
}

int main(int argc, char **argv)
{
	const struct command *command = &commands[0];
	bool help = false;
	int taken, status;

	signal(SIGPIPE, SIG_DFL);
	argc--;
	argv++;
	taken = take_options(argc, argv, &help);
	if (taken < 0)
		return REFUSED;
	argc -= taken;
	argv += taken;
	if (argc) {
		command = find_command(argv[0]);
		if (!command) {
			struct name names[COMMANDS + 1] = { { NULL, 0 } };
			const struct name *const tables[] = { names, NULL };
			const char *near;
			char hint[64];
			size_t i;

			for (i = 0; i < COMMANDS; i++)
				names[i].name = commands[i].name;
			near = nearest_name(argv[0], tables);
			snprintf(hint, sizeof(hint), near ? "did you mean `%s`?" : "fwctl --help%s",
				 near ? near : "");
			return wrong(hint, "`%s` is not an object of fwctl", argv[0]);
		}
		argc = strip_options(argc - 1, argv + 1, command->words, &help);
		if (argc < 0)
			return REFUSED;
		argv++;
	} else if (help) {
		usage(stdout);
		return DONE;
	}
	if (help) {
		printf("%s: %s\n\n%s", command->name, command->summary, command->usage);
		return DONE;
	}
	status = command->run(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		fputs("fwctl: cannot write to standard output\n", stderr);
		return FAILED;
	}
	return status;
}
