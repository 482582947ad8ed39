// SPDX-License-Identifier: GPL-2.0-or-later
/* What role, set, ttl and rule have in common: one statement, shown or changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fwctl.h"
#include "out.h"
#include "edit.h"

/* Somebody else may commit between our beginning and our end: then again. */
#define TRIES 100

/* @bad: the statement, if it is what the module refused. */
static int transact(struct module *module, const struct stmt *stmt, bool add,
		    const struct stmt **bad)
{
	int tries, err = 0;

	*bad = NULL;
	for (tries = 0; tries < TRIES; tries++) {
		err = module_begin(module, FLOWWALL_MODE_EDIT);
		if (err)
			return err;
		err = add ? module_add(module, stmt, 1, bad) : module_del(module, stmt);
		if (err)
			return err;
		err = module_commit(module, false);
		if (err != -EAGAIN)
			break;
	}
	/* What ran before was right, so it is this statement that makes it wrong. */
	if (err && err != -EAGAIN && add)
		*bad = stmt;
	return err;
}

static int edit(const struct stmt *stmt, bool add)
{
	const struct stmt *bad;
	struct module *module;
	int status = connect_module(&module);

	if (status)
		return status;
	if (transact(module, stmt, add, &bad)) {
		if (bad && module_refused(module)) {
			mistake(&bad->place, NULL, "%s", module_error(module));
			status = REFUSED;
		} else {
			status = module_failed(module);
		}
	}
	module_close(module);
	return status;
}

/**
 * edit_add() - make a statement of words and put it into the running ruleset
 * @kind: what the statement has to be
 *
 * Return: enum status; a mistake has been reported.
 */
int edit_add(enum stmt_kind kind, int argc, char **argv)
{
	struct words words;
	struct stmt stmt;
	int status = REFUSED;

	lex_arguments(argc, argv, &words);
	if (!parse_words(&words, &stmt))
		status = REFUSED;
	else if (stmt.kind != kind)
		mistake(&stmt.place, "fwctl rule --help", "a rule begins with allow or deny");
	else
		status = edit(&stmt, true);
	stmt_free(&stmt);
	words_free(&words);
	return status;
}

/**
 * edit_line() - the same for arguments that lack the word the statement begins with
 * @keyword: that word
 */
int edit_line(enum stmt_kind kind, char *keyword, int argc, char **argv)
{
	char **line = calloc(argc + 1, sizeof(*line));
	int status;

	if (!line)
		fail_out_of_memory();
	line[0] = keyword;
	memcpy(line + 1, argv, argc * sizeof(*argv));
	status = edit_add(kind, argc + 1, line);
	free(line);
	return status;
}

/**
 * edit_del() - take a statement out of the running ruleset
 *
 * Return: enum status; an error has been reported.
 */
int edit_del(const struct stmt *stmt)
{
	return edit(stmt, false);
}

/**
 * list_statements() - show the statements of some kinds
 * @kinds: FLOWWALL_KIND_*
 * @text: prints one for a person
 * @json: makes an object of one
 *
 * Return: enum status; an error has been reported.
 */
int list_statements(uint32_t kinds, void (*text)(const struct stmt *stmt),
		    json_t *(*json)(const struct stmt *stmt))
{
	struct script script;
	struct module *module;
	int status = connect_module(&module);
	size_t i;

	if (status)
		return status;
	if (module_ruleset(module, kinds, &script)) {
		status = module_failed(module);
	} else if (options.json) {
		out_list_begin();
		for (i = 0; i < script.n; i++)
			out_list_item(json(&script.stmt[i]));
		out_list_end();
	} else {
		for (i = 0; i < script.n; i++)
			text(&script.stmt[i]);
	}
	script_free(&script);
	module_close(module);
	return status;
}
