// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl save: the running ruleset as a file. */
#include <stdio.h>

#include "../fwctl.h"
#include "../out.h"

/**
 * cmd_save() - fwctl save
 *
 * The same ruleset always gives the same bytes, and applying them gives it back.
 */
int cmd_save(int argc, char **argv)
{
	struct script script;
	struct module *module;
	char line[STMT_TEXT];
	int status = no_arguments(argc, argv);
	size_t i;

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;
	if (module_ruleset(module, FLOWWALL_KIND_ALL, &script)) {
		status = module_failed(module);
	} else if (options.json) {
		json_t *lines = json_array();

		for (i = 0; i < script.n; i++) {
			print_stmt(&script.stmt[i], line, sizeof(line));
			json_array_append_new(lines, json_text(line));
		}
		out_json(json_pack("{s:i, s:i, s:o}", "schema", JSON_SCHEMA, "version", 1,
				   "statements", lines));
	} else {
		puts("version 1");
		for (i = 0; i < script.n; i++) {
			print_stmt(&script.stmt[i], line, sizeof(line));
			puts(line);
		}
	}
	script_free(&script);
	module_close(module);
	return status;
}
