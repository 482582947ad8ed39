// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl rule: exceptions and refusals. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

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

static int del(int argc, char **argv)
{
	struct stmt stmt = { .kind = STMT_RULE };
	unsigned long handle;
	char *end;

	if (argc != 1 || !argv[0][0])
		return wrong("see the ids with: fwctl rule list", "`rule del` needs one id");
	if (isdigit((unsigned char)argv[0][0])) {
		handle = strtoul(argv[0], &end, 10);
		if (*end || !handle || handle > UINT32_MAX)
			return wrong(NULL, "`%s` is not the number of a rule", argv[0]);
		stmt.rule.handle = handle;
	} else if (strlen(argv[0]) >= sizeof(stmt.rule.name)) {
		return wrong(NULL, "there is no rule `%s`", argv[0]);
	} else {
		strcpy(stmt.rule.name, argv[0]);
	}
	return edit_del(&stmt);
}

/**
 * cmd_rule() - fwctl rule [list | add STATEMENT | del ID | STATEMENT]
 */
int cmd_rule(int argc, char **argv)
{
	const char *verb = argc ? match_verb(argv[0], edit_verbs) : "list";
	unsigned int action;

	/* "fwctl rule allow ..." is the line of the file. */
	if (!verb && value_of(action_names, argv[0], &action))
		return edit_add(STMT_RULE, argc, argv);
	if (!verb)
		return wrong("fwctl rule list, rule add STATEMENT, rule del ID",
			     "`%s` is not known here", argv[0]);
	if (argc) {
		argc--;
		argv++;
	}
	if (!strcmp(verb, "list"))
		return no_arguments(argc, argv) ?: list_statements(FLOWWALL_KIND_RULE, text, json);
	if (!strcmp(verb, "del"))
		return del(argc, argv);
	return edit_add(STMT_RULE, argc, argv);
}
