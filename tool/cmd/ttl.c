// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl ttl: how long flows live. */
#include <stdio.h>
#include <string.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

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
	if (!argc || (argc == 1 && match_verb(argv[0], list_verbs)))
		return list_statements(FLOWWALL_KIND_TTL, text, json);
	return edit_line(STMT_TTL, true, "ttl", argc, argv);
}
