// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl set: settings. */
#include <stdio.h>
#include <string.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

static void text(const struct stmt *stmt)
{
	char line[STMT_TEXT];

	print_stmt(stmt, line, sizeof(line));
	puts(line + strlen("set "));
}

static json_t *json(const struct stmt *stmt)
{
	char line[STMT_TEXT];
	const char *key = name_of(setting_names, stmt->setting.key);
	json_t *value;

	print_stmt(stmt, line, sizeof(line));
	value = setting_kind(stmt->setting.key)->values ?
		json_string(line + strlen("set ") + strlen(key) + 1) :
		json_integer(stmt->setting.value);
	return json_pack("{s:s, s:o}", "key", key, "value", value);
}

/**
 * cmd_set() - fwctl set [list | KEY VALUE]
 */
int cmd_set(int argc, char **argv)
{
	if (!argc || (argc == 1 && match_verb(argv[0], list_verbs)))
		return list_statements(FLOWWALL_KIND_SETTING, text, json);
	return edit_line(STMT_SETTING, true, "set", argc, argv);
}
