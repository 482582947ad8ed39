// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Completion: fwctl __complete WORD... prints what may follow these words, one
 * a line; "<file>" stands for any file. The words of the language come from its
 * parser, so that there is nothing here that could drift from it.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fwctl.h"
#include "out.h"

static void print(const char *word)
{
	puts(word);
}

static void print_all(const char *const *words)
{
	for (; words && *words; words++)
		print(*words);
}

static void print_names(const struct name *names)
{
	for (; names->name; names++)
		print(names->name);
}

/* A name that others gave, and that a shell would take as it is. */
static void print_foreign(const char *name)
{
	const char *c;

	for (c = name; isalnum((unsigned char)*c) || (*c && strchr("-_.@+", *c)); c++)
		;
	if (!*c && *name)
		print(name);
}

static void print_namespaces(void)
{
	DIR *folder = opendir("/run/netns");
	struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)) != NULL)
		if (*entry->d_name != '.')
			print_foreign(entry->d_name);
	closedir(folder);
}

/* The interfaces there are, or, for @kind, the statements; nothing without a module. */
static void print_running(uint32_t kind)
{
	struct module *module;
	struct iface *ifaces = NULL;
	struct script script;
	size_t n = 0, i;
	char id[16];

	if (module_open(&module, options.netns))
		goto out;
	if (!kind && !module_ifaces(module, &ifaces, &n))
		for (i = 0; i < n; i++)
			if (strcmp(ifaces[i].name, "lo"))	/* it never has a role */
				print_foreign(ifaces[i].name);
	free(ifaces);
	if (!kind)
		goto out;
	if (!module_ruleset(module, kind, NULL, &script))
		for (i = 0; i < script.n; i++)
			print_foreign(kind == FLOWWALL_KIND_RULE ?
				      rule_id(&script.stmt[i].rule, id, sizeof(id)) :
				      kind == FLOWWALL_KIND_GROUP ? script.stmt[i].group.name :
				      script.stmt[i].role.iface[0] ? script.stmt[i].role.iface :
				      "default");
	script_free(&script);
out:
	module_close(module);
}

/* What may follow in a statement; @keyword is what its line begins with, or NULL. */
static void print_language(char *keyword, int argc, char **argv)
{
	char **line = calloc(argc + 1, sizeof(*line));
	int n = 0;

	if (!line)
		fail_out_of_memory();
	if (keyword)
		line[n++] = keyword;
	memcpy(line + n, argv, argc * sizeof(*argv));
	possible_words(n + argc, line, print);
	free(line);
}

/* A filter of flows: each word is one by itself, but for what takes a value. */
static void complete_filter(int argc, char **argv, bool list)
{
	static const char *const words[] = {
		"from", "to", "key", "host", "state", "rule", NULL
	};
	static const char *const of_lists[] = { "--sort", "--follow", NULL };
	char *last = argc ? argv[argc - 1] : "";

	if (!strcmp(last, "state")) {
		print_names(state_names);
	} else if (!strcmp(last, "--sort")) {
		print_names(sort_names);
	} else if (!strcmp(last, "rule")) {
		print_running(FLOWWALL_KIND_RULE);
	} else if (!strcmp(last, "from") || !strcmp(last, "to")) {
		print_language("allow", 1, &last);
	} else {
		print_names(direction_names);
		print_names(proto_names);
		print_all(words);
		if (list)
			print_all(of_lists);
	}
}

static void complete_ovs(const char *verb, int argc, char **argv)
{
	static const char *const setup[] = { "iface", "addr", "mac", "vlan", "--dry-run", NULL };

	if (!strcmp(verb, "apply"))
		print("--dry-run");
	if (!strcmp(verb, "apply") || !strcmp(verb, "diff"))
		print("<file>");
	/* Behind the name, each word has a value. */
	if (!strcmp(verb, "setup-host") && argc % 2)
		print_all(setup);
	else if (!strcmp(verb, "setup-host") && argc && !strcmp(argv[argc - 1], "iface"))
		print_running(0);
}

/* What is there to set the machine up, and to see whether it stands. */
static void complete_setup(const char *name, const char *verb)
{
	static const char *const init[] = { "--dry-run", "--confirm", "--force", NULL };

	if (!strcmp(name, "init"))
		print_all(init);
	if (!strcmp(name, "status"))
		print("--prometheus");
	if (!strcmp(name, "monitor")) {
		print_names(event_names);
		print("--journal");
	}
	if (!strcmp(name, "init") || !strcmp(name, "doctor") || !strcmp(name, "diff") ||
	    (!strcmp(name, "failsafe") && verb && strcmp(verb, "off")))
		print("<file>");
}

static void complete_decoy(const char *verb, int argc, char **argv)
{
	static const char *const words[] = {
		"--net", "--http", "--port", "--log", "--ignore", "--block", "--group", "--rate", "--listen",
		"--mode", "--map", "--tunnel", NULL
	};
	static const char *const modes[] = { "decoy", "switch", "vxlan", NULL };
	const char *last = argc ? argv[argc - 1] : "";

	/* Each option has a value. */
	if (verb || !strcmp(last, "--http") || !strcmp(last, "--log"))
		print("<file>");
	else if (!strcmp(last, "--mode"))
		print_all(modes);
	else if (!strcmp(last, "--group"))
		print_running(FLOWWALL_KIND_GROUP);
	else if (argc % 2 == 0)
		print_all(words);
}

/* The options of snoop and report, or what may follow the last one. */
static void complete_options(bool snoop, int argc, char **argv)
{
	static const char *const of_snoop[] = {
		"--read", "--store", "--filter", "--snaplen", "--dedupe", "--key", "--max-size",
		"--max-age", "--rotate-size", "--rotate-age", "--keep-free", "--buffer", "--user", NULL
	};
	static const char *const of_report[] = {
		"--from", "--to", "--host", "--port", "--proto", "--flow", "--html", "--pcapng",
		"--jsonl", "--top", NULL
	};
	static const char *const files[] = { "--read", "--store", "--html", "--pcapng", "--jsonl", NULL };
	const char *last = argc ? argv[argc - 1] : "";
	size_t i;

	for (i = 0; files[i] && strcmp(files[i], last); i++)
		;
	if (!strcmp(last, "--dedupe"))
		print("off");
	if (!strcmp(last, "--key")) {
		print("exact");
		print("ip");
	}
	if (files[i] || (!snoop && !argc))
		print("<file>");
	if (*last != '-')
		print_all(snoop ? of_snoop : of_report);
}

static void complete_command(const struct command *command, int argc, char **argv)
{
	const char *verb = argc && command->verbs ? match_verb(argv[0], command->verbs) : NULL;
	bool role = !strcmp(command->name, "role"), rule = !strcmp(command->name, "rule");
	bool group = !strcmp(command->name, "group");

	if (!argc)
		print_all(command->verbs);
	if (!strcmp(command->name, "apply")) {
		print("--check");
		print("--confirm");
		print("--force");
		print("<file>");
	}
	complete_setup(command->name, verb);
	if (!strcmp(command->name, "app")) {
		print("--queue");
		print("--memory");
		print("--check");
		print("<file>");
	}
	if (!strcmp(command->name, "ovs") && verb)
		complete_ovs(verb, argc - 1, argv + 1);
	if (!strcmp(command->name, "decoy"))
		complete_decoy(verb, argc, argv);
	if (command->run == cmd_snoop || command->run == cmd_report)
		complete_options(command->run == cmd_snoop, argc, argv);
	if (!strcmp(command->name, "flows") || !strcmp(command->name, "top"))
		complete_filter(argc - !!verb, argv + !!verb, command->verbs);
	if (!command->language || (verb && !strcmp(verb, "list")))
		return;
	if (verb && strcmp(verb, "add") && argc == 1) {
		print_running(role ? FLOWWALL_KIND_ROLE :
			      group ? FLOWWALL_KIND_GROUP : FLOWWALL_KIND_RULE);
		return;
	}
	if (group && argc == (verb ? 1 : 0))
		print_running(FLOWWALL_KIND_GROUP);
	if (verb && (!strcmp(verb, "insert") || !strcmp(verb, "replace"))) {
		argc--;
		argv++;
	} else if (verb && !group && strcmp(verb, "add")) {
		return;
	}
	if (verb) {
		argc--;
		argv++;
	}
	if (rule && !argc)
		print_names(action_names);
	else
		print_language(rule ? NULL : (char *)command->name, argc, argv);
	if (role && !argc)
		print_running(0);
}

/**
 * complete() - print the words that may follow
 * @argc: how many words stand before them
 * @argv: those words, without the name of the program
 */
void complete(int argc, char **argv)
{
	const struct command *command = NULL;
	int from = 0, to = 0;

	while (from < argc) {
		int taken;

		if (from == argc - 1 && (!strcmp(argv[from], "-n") || !strcmp(argv[from], "--netns"))) {
			print_namespaces();
			return;
		}
		taken = take_option(argc - from, argv + from);
		if (!taken)
			argv[to++] = argv[from++];
		from += taken;
	}
	if (to) {
		command = find_command(argv[0]);
		if (command)
			complete_command(command, to - 1, argv + 1);
		return;
	}
	for (command = commands; command->name; command++)
		print(command->name);
	print_all(option_words);
}
