// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl apply: put a file in the place of the running ruleset, or nothing of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../fwctl.h"
#include "../out.h"

#define TRIES 100

/* All statements in one transaction. @bad: the one that the module refused. */
static int load(struct module *module, const struct script *script, bool check,
		const struct stmt **bad)
{
	int tries, err = 0;

	for (tries = 0; tries < TRIES; tries++) {
		*bad = NULL;
		err = module_begin(module, FLOWWALL_MODE_REPLACE);
		if (!err)
			err = module_add(module, script->stmt, script->n, bad);
		if (!err)
			err = module_commit(module, check);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

static int apply(const struct script *script, const char *name, bool check)
{
	struct module *module;
	const struct stmt *bad;
	int status = connect_module(&module);

	if (status)
		return status;
	if (load(module, script, check, &bad)) {
		if (bad && module_refused(module)) {
			mistake(&bad->place, NULL, "%s", module_error(module));
			status = REFUSED;
		} else {
			status = module_failed(module);
		}
	} else if (options.json) {
		out_json(json_pack("{s:i, s:b, s:I}", "schema", JSON_SCHEMA, "applied", !check,
				   "statements", (json_int_t)script->n));
	} else if (options.verbose || check) {
		printf("%s: %zu statements, %s\n", name, script->n,
		       check ? "all would be accepted; nothing was changed" : "in force");
	}
	module_close(module);
	return status;
}

/**
 * cmd_apply() - fwctl apply FILE [--check]
 */
int cmd_apply(int argc, char **argv)
{
	const char *name = NULL;
	struct script script;
	bool check = false;
	int i, status;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--check"))
			check = true;
		else if (argv[i][0] == '-' && argv[i][1])
			return wrong("fwctl apply FILE [--check]", "`%s` is not known here",
				     argv[i]);
		else if (name)
			return wrong("one file may `include` others", "`apply` takes one file");
		else
			name = argv[i];
	}
	if (!name)
		return wrong("fwctl apply FILE [--check]; FILE may be - for standard input",
			     "`apply` needs a file");

	if (parse_file(name, &script)) {
		status = apply(&script, name, check);
	} else {
		if (!options.json)
			fprintf(stderr, "fwctl: %u mistake%s in %s: nothing was changed\n",
				mistakes(), mistakes() == 1 ? "" : "s", name);
		status = REFUSED;
	}
	script_free(&script);
	return status;
}
