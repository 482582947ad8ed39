// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl role: what interfaces are. */
#include <stdio.h>
#include <string.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

static const char *pattern(const struct stmt *stmt)
{
	return stmt->role.iface[0] ? stmt->role.iface : "default";
}

static void text(const struct stmt *stmt)
{
	printf("%-16s %s\n", pattern(stmt), name_of(role_names, stmt->role.role));
}

static json_t *json(const struct stmt *stmt)
{
	return json_pack("{s:o, s:s}", "iface", json_text(pattern(stmt)),
			 "role", name_of(role_names, stmt->role.role));
}

static int del(int argc, char **argv)
{
	struct stmt stmt = { .kind = STMT_ROLE };
	size_t length;

	if (argc != 1)
		return wrong("fwctl role del eth0", "`role del` needs one interface or pattern");
	length = strlen(argv[0]);
	if (!length || length >= sizeof(stmt.role.iface))
		return wrong(NULL, "`%s` is not the name of an interface", argv[0]);
	if (strcmp(argv[0], "default")) {
		memcpy(stmt.role.iface, argv[0], length + 1);
		if (stmt.role.iface[length - 1] == '*')
			stmt.role.iface[length - 1] = '+';
	}
	return edit_del(&stmt);
}

/**
 * cmd_role() - fwctl role [list | add IFACE ROLE | del IFACE | IFACE ROLE]
 */
int cmd_role(int argc, char **argv)
{
	const char *verb = argc ? match_verb(argv[0], edit_verbs) : "list";
	unsigned int role;

	/* "fwctl role eth0 external" is the line of the file; a verb goes before a name. */
	if (argc == 2 && value_of(role_names, argv[1], &role) && verb && strcmp(verb, argv[0]))
		verb = NULL;
	if (!verb)
		return edit_line(STMT_ROLE, true, "role", argc, argv);
	if (!strcmp(verb, "list"))
		return no_arguments(argc ? argc - 1 : 0, argv + 1) ?:
		       list_statements(FLOWWALL_KIND_ROLE, text, json);
	if (!strcmp(verb, "del"))
		return del(argc - 1, argv + 1);
	return edit_line(STMT_ROLE, true, "role", argc - 1, argv + 1);
}
