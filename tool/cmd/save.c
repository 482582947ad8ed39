// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl save: the running ruleset as a file. */
#include <stdio.h>
#include <string.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"
#include "../ovs/desired.h"

static void print_line(const char *line, void *arg)
{
	(void)arg;
	puts(line);
}

static void add_line(const char *line, void *arg)
{
	json_array_append_new(arg, json_text(line));
}

static bool has_group(const struct script *script, const char *name)
{
	size_t i;

	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_GROUP && !strcmp(script->stmt[i].group.name, name))
			return true;
	return false;
}

/*
 * What is in force on bridges, behind what the module has: with its groups, but for those
 * that the module has as well, which count.
 */
static void bridge_lines(const struct script *module, void (*each)(const char *line, void *arg),
			 void *arg)
{
	struct script state;
	size_t i;

	state_read(&state);
	for (i = 0; i < state.n; i++)
		if (state.stmt[i].kind == STMT_OVS ||
		    (state.stmt[i].kind == STMT_GROUP && !has_group(module, state.stmt[i].group.name)))
			statement_lines(&state.stmt[i], each, arg);
	script_free(&state);
}

/**
 * cmd_save() - fwctl save
 *
 * The same ruleset always gives the same bytes, and applying them gives it back.
 */
int cmd_save(int argc, char **argv)
{
	struct script script;
	struct module *module;
	int status = no_arguments(argc, argv);
	size_t i;

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;
	if (module_ruleset(module, FLOWWALL_KIND_ALL, NULL, &script)) {
		status = module_failed(module);
	} else if (options.json) {
		json_t *lines = json_array();

		for (i = 0; i < script.n; i++)
			statement_lines(&script.stmt[i], add_line, lines);
		bridge_lines(&script, add_line, lines);
		out_json(json_pack("{s:i, s:i, s:o}", "schema", JSON_SCHEMA, "version", 1,
				   "statements", lines));
	} else {
		puts("version 1");
		for (i = 0; i < script.n; i++)
			statement_lines(&script.stmt[i], print_line, NULL);
		bridge_lines(&script, print_line, NULL);
	}
	script_free(&script);
	module_close(module);
	return status;
}
