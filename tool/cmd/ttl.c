// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl ttl: how long flows live. */
#include <stdio.h>
#include <string.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

static const char *const verbs[] = { "list", NULL };

static void text(const struct stmt *stmt)
{
	char step[32], max[32];

	print_duration(stmt->ttl.step, step, sizeof(step));
	print_duration(stmt->ttl.max, max, sizeof(max));
	printf("%-16s step %-8s max %s\n", name_of(ttl_names, stmt->ttl.class), step, max);
}

static json_t *json(const struct stmt *stmt)
{
	return json_pack("{s:s, s:I, s:I}", "class", name_of(ttl_names, stmt->ttl.class),
			 "step", (json_int_t)stmt->ttl.step, "max", (json_int_t)stmt->ttl.max);
}

/**
 * cmd_ttl() - fwctl ttl [list | CLASS step DURATION max DURATION]
 */
int cmd_ttl(int argc, char **argv)
{
	char *words[16] = { "ttl" };
	int i;

	if (!argc || (argc == 1 && match_verb(argv[0], verbs)))
		return list_statements(FLOWWALL_KIND_TTL, text, json);
	for (i = 0; i < argc && i < 14; i++)
		words[i + 1] = argv[i];
	return edit_add(STMT_TTL, i + 1, words);
}
