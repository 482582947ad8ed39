/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FWCTL_H
#define FWCTL_H

#include <stdbool.h>

#include "lang.h"

/* Exit statuses: what a script may rely on. */
enum status {
	DONE,
	REFUSED,	/* wrong input, or the kernel said no */
	FAILED,		/* the kernel or another program failed */
	DROPPED,	/* of explain: the packet would not pass */
};

/* The options that every command has. */
struct options {
	bool json;
	bool verbose;
	bool help;
	const char *netns;
};

extern struct options options;

/* Each command: its arguments behind its name, as written; returns enum status. */
int cmd_app(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_confirm(int argc, char **argv);
int cmd_decoy(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_failsafe(int argc, char **argv);
int cmd_flows(int argc, char **argv);
int cmd_group(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_off(int argc, char **argv);
int cmd_ovs(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_role(int argc, char **argv);
int cmd_rule(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_snoop(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_ttl(int argc, char **argv);
int cmd_why(int argc, char **argv);

/* The verbs of the objects, each up to a NULL: of set and ttl, of role, and so on. */
extern const char *const list_verbs[];
extern const char *const decoy_verbs[];
extern const char *const edit_verbs[];
extern const char *const failsafe_verbs[];
extern const char *const flows_verbs[];
extern const char *const group_verbs[];
extern const char *const ovs_verbs[];
extern const char *const rule_verbs[];

extern const struct name sort_names[];	/* of flows --sort */
extern const struct name event_names[];	/* of monitor */

/**
 * struct command - one object of the command line
 * @run: takes its arguments; returns enum status
 * @language: its arguments are words of the language
 * @verbs: or NULL
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	bool language;
	const char *const *verbs;
	const char *summary;
	const char *usage;
};

extern const struct command commands[];	/* up to one without a name */
extern const char *const option_words[];

const struct command *find_command(const char *word);
int take_option(int argc, char **argv);
int end_output(int status);
int no_arguments(int argc, char **argv);
int no_option(const char *hint, const char *word);
const char *match_verb(const char *word, const char *const *verbs);

void complete(int argc, char **argv);

#endif
