// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl rule: exceptions and refusals, and their order. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

const char *const rule_verbs[] = {
	"list", "add", "insert", "replace", "del", "move", "zero", NULL
};

static void text(const struct stmt *stmt)
{
	const struct rule *rule = &stmt->rule;
	char line[STMT_TEXT], id[16], bytes[32], when[32] = "never";
	time_t last = rule->last_hit;
	struct tm tm;

	print_stmt(stmt, line, sizeof(line));
	if (last && localtime_r(&last, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
	printf("%s%-12s%s %s\n", paint(BOLD), rule_id(rule, id, sizeof(id)), paint(PLAIN), line);
	printf("%s%12s %llu packets, %s, last hit %s%s\n", paint(DIM), "",
	       (unsigned long long)rule->packets, human_bytes(rule->bytes, bytes, sizeof(bytes)),
	       when, paint(PLAIN));
}

static json_t *json(const struct stmt *stmt)
{
	const struct rule *rule = &stmt->rule;
	char line[STMT_TEXT], id[16];

	print_stmt(stmt, line, sizeof(line));
	return json_pack("{s:s, s:o, s:I, s:I, s:o}", "id", rule_id(rule, id, sizeof(id)),
			 "text", json_text(line), "packets", (json_int_t)rule->packets,
			 "bytes", (json_int_t)rule->bytes,
			 "last_hit", rule->last_hit ? json_integer(rule->last_hit) : json_null());
}

/* A rule by its id or number; its index, or -1 with the error reported. */
static long find(const struct script *rules, const char *id)
{
	struct name *names = calloc(rules->n + 1, sizeof(*names));
	const struct name *const tables[] = { names, NULL };
	char hint[64], own[16];
	const char *near;
	size_t i, n = 0;

	if (!names)
		fail_out_of_memory();
	for (i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->stmt[i].rule;

		snprintf(own, sizeof(own), "%u", rule->handle);
		if ((*rule->name && !strcmp(rule->name, id)) || !strcmp(own, id)) {
			free(names);
			return i;
		}
		if (*rule->name)
			names[n++].name = rule->name;
	}
	near = nearest_name(id, tables);
	snprintf(hint, sizeof(hint), near ? "did you mean `%s`?" : "see: fwctl rule list%s",
		 near ? near : "");
	wrong(hint, "there is no rule `%s`", id);
	free(names);
	return -1;
}

static struct stmt by_handle(const struct stmt *stmt)
{
	return (struct stmt){ .kind = STMT_RULE, .rule.handle = stmt->rule.handle };
}

/* What the module finds a rule by: its number, or its id; false for what is neither. */
static bool by_id(const char *id, struct stmt *stmt)
{
	unsigned long number;
	char *end;

	*stmt = (struct stmt){ .kind = STMT_RULE };
	if (!isdigit((unsigned char)*id)) {
		snprintf(stmt->rule.name, sizeof(stmt->rule.name), "%s", id);
		return !strcmp(stmt->rule.name, id);
	}
	number = strtoul(id, &end, 10);
	stmt->rule.handle = number;
	return number && number <= UINT32_MAX && !*end;
}

/* "del ID": of many rules, only a mistake needs to know them all. */
static int del(int argc, char **argv)
{
	struct script rules = { .n = 0 };
	const struct stmt *bad;
	struct module *module;
	struct stmt stmt;
	struct edit change = { false, &stmt };
	int err = -ENOENT, status;

	if (argc != 1)
		return wrong("see the ids with: fwctl rule list", "`rule del` needs one id");
	status = connect_module(&module);
	if (status)
		return status;
	if (by_id(argv[0], &stmt))
		err = edit_try(module, &change, 1, &bad);
	if (err == -ENOENT && !module_ruleset(module, FLOWWALL_KIND_RULE, NULL, &rules) &&
	    find(&rules, argv[0]) < 0)
		status = REFUSED;
	else if (err)
		status = module_failed(module);
	script_free(&rules);
	module_close(module);
	return status;
}

/* "insert ID RULE", "replace ID RULE" */
static int put(struct module *module, const struct script *rules, bool replace, int argc,
	       char **argv)
{
	struct typed typed;
	struct stmt old;
	struct edit changes[2] = { { true, &typed.stmt }, { false, &old } };
	int status = REFUSED;
	long at;

	if (argc < 2)
		return wrong("fwctl rule --help", "`rule %s` needs an id and a rule",
			     replace ? "replace" : "insert");
	at = find(rules, argv[0]);
	if (at < 0)
		return REFUSED;
	if (type_statement(STMT_RULE, argc - 1, argv + 1, &typed)) {
		old = by_handle(&rules->stmt[at]);
		typed.stmt.rule.before = old.rule.handle;
		if (replace && !*typed.stmt.rule.name)
			strcpy(typed.stmt.rule.name, rules->stmt[at].rule.name);
		status = edit_run(module, changes, replace ? 2 : 1);
	}
	typed_free(&typed);
	return status;
}

/* "move ID before ID", "move ID first", "move ID last" */
static int move(struct module *module, const struct script *rules, int argc, char **argv)
{
	bool before = argc == 3 && !strcmp(argv[1], "before");
	bool first = argc == 2 && !strcmp(argv[1], "first");
	struct stmt stmt;
	struct edit change = { true, &stmt };
	long at, to = -1;

	if (!before && !first && (argc != 2 || strcmp(argv[1], "last")))
		return wrong("fwctl rule move ID before ID|first|last", "where is it to go?");
	at = find(rules, argv[0]);
	if (at < 0)
		return REFUSED;
	if (before) {
		to = find(rules, argv[2]);
		if (to < 0)
			return REFUSED;
	} else if (first) {
		to = 0;
	}
	if (to == at)
		return DONE;
	stmt = by_handle(&rules->stmt[at]);
	if (to >= 0)
		stmt.rule.before = rules->stmt[to].rule.handle;
	return edit_run(module, &change, 1);
}

/* "zero", "zero ID" */
static int zero(struct module *module, const struct script *rules, int argc, char **argv)
{
	uint32_t handle = 0;
	long at;

	if (argc > 1)
		return wrong(NULL, "`rule zero` takes one id, or none for all");
	if (argc) {
		at = find(rules, argv[0]);
		if (at < 0)
			return REFUSED;
		handle = rules->stmt[at].rule.handle;
	}
	return module_zero(module, handle) ? module_failed(module) : DONE;
}

/* What needs to know the rules that there are. */
static int run(const char *verb, int argc, char **argv)
{
	struct script rules = { .n = 0 };
	struct module *module;
	int status = connect_module(&module);

	if (status)
		return status;
	if (module_ruleset(module, FLOWWALL_KIND_RULE, NULL, &rules))
		status = module_failed(module);
	else if (!strcmp(verb, "move"))
		status = move(module, &rules, argc, argv);
	else if (!strcmp(verb, "zero"))
		status = zero(module, &rules, argc, argv);
	else
		status = put(module, &rules, !strcmp(verb, "replace"), argc, argv);
	script_free(&rules);
	module_close(module);
	return status;
}

/**
 * cmd_rule() - fwctl rule [list | add RULE | insert ID RULE | replace ID RULE | del ID |
 *	move ID before ID|first|last | zero [ID] | RULE]
 */
int cmd_rule(int argc, char **argv)
{
	const char *verb = argc ? match_verb(argv[0], rule_verbs) : "list";
	unsigned int action;

	/* "fwctl rule allow ..." is the line of the file. */
	if (!verb && value_of(action_names, argv[0], &action))
		return edit_add(STMT_RULE, argc, argv);
	if (!verb)
		return wrong("fwctl rule --help", "`%s` is not known here", argv[0]);
	if (argc) {
		argc--;
		argv++;
	}
	if (!strcmp(verb, "list"))
		return no_arguments(argc, argv) ?: list_statements(FLOWWALL_KIND_RULE, text, json);
	if (!strcmp(verb, "add"))
		return edit_add(STMT_RULE, argc, argv);
	if (!strcmp(verb, "del"))
		return del(argc, argv);
	return run(verb, argc, argv);
}
