// SPDX-License-Identifier: GPL-2.0-or-later
/* What role, set, ttl, group and rule have in common: statements, shown or changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fwctl.h"
#include "out.h"
#include "edit.h"

/* Somebody else may commit between our beginning and our end: then again. */
#define TRIES 100

/**
 * edit_try() - change the running ruleset: all of the changes, or nothing
 * @n: how many, at least one
 * @bad: set to the statement, if it is what the module refused
 *
 * Return: 0 or a negative error, which is not reported.
 */
int edit_try(struct module *module, const struct edit *edits, size_t n,
	     const struct stmt **bad)
{
	struct commit commit = { .check = false };
	int tries, err = 0;
	size_t i;

	for (tries = 0; tries < TRIES; tries++) {
		*bad = NULL;
		err = module_begin(module, FLOWWALL_MODE_EDIT);
		for (i = 0; i < n && !err; i++)
			err = edits[i].add ? module_add(module, edits[i].stmt, 1, bad)
					   : module_del(module, edits[i].stmt);
		if (err)
			return err;
		err = module_commit(module, &commit);
		if (err != -EAGAIN)
			break;
	}
	/* What ran before was right, so it is this statement that makes it wrong. */
	if (err && err != -EAGAIN && edits[0].add)
		*bad = edits[0].stmt;
	return err;
}

/**
 * edit_run() - change the running ruleset, and say what is wrong otherwise
 *
 * Return: enum status; an error has been reported.
 */
int edit_run(struct module *module, const struct edit *edits, size_t n)
{
	const struct stmt *bad;

	if (!edit_try(module, edits, n, &bad))
		return DONE;
	if (!bad || !bad->place.text || !module_refused(module))
		return module_failed(module);
	mistake(&bad->place, NULL, "%s", module_error(module));
	return REFUSED;
}

static int edit(const struct edit *edit)
{
	struct module *module;
	int status = connect_module(&module);

	if (status)
		return status;
	status = edit_run(module, edit, 1);
	module_close(module);
	return status;
}

/**
 * type_statement() - make a statement of arguments
 * @kind: what it has to be
 * @typed: set to it; to be freed, also after a mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool type_statement(enum stmt_kind kind, int argc, char **argv, struct typed *typed)
{
	unsigned int action;

	typed->stmt = (struct stmt){ .kind = STMT_NONE };
	lex_arguments(argc, argv, &typed->words);
	/* The parser would tell of statements of which none can stand here. */
	if (kind == STMT_RULE && (!argc || !value_of(action_names, argv[0], &action)))
		return wrong("as in: allow in tcp to any port 443",
			     "a rule begins with allow, deny or reject"), false;
	return parse_words(&typed->words, &typed->stmt) && typed->stmt.kind == kind;
}

/**
 * typed_free() - free what type_statement() made
 */
void typed_free(struct typed *typed)
{
	stmt_free(&typed->stmt);
	words_free(&typed->words);
}

static int edit_typed(enum stmt_kind kind, bool add, int argc, char **argv)
{
	struct typed typed;
	struct edit change = { add, &typed.stmt };
	int status = REFUSED;

	if (type_statement(kind, argc, argv, &typed)) {
		/* Members of which there are none, as of an empty file, do not mean the group. */
		if (!add && kind == STMT_GROUP && argc > 2 && !typed.stmt.group.n_members)
			status = DONE;
		else
			status = edit(&change);
	}
	typed_free(&typed);
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
	return edit_typed(kind, true, argc, argv);
}

/**
 * edit_line() - the same for arguments that lack the word the statement begins with
 * @add: or take it out
 * @keyword: that word
 */
int edit_line(enum stmt_kind kind, bool add, char *keyword, int argc, char **argv)
{
	char **line = calloc(argc + 1, sizeof(*line));
	int status;

	if (!line)
		fail_out_of_memory();
	line[0] = keyword;
	memcpy(line + 1, argv, argc * sizeof(*argv));
	status = edit_typed(kind, add, argc + 1, line);
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
	struct edit change = { false, stmt };

	return edit(&change);
}

/* Hosts and networks by address, groups behind them: always the same order. */
static int by_address(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order;

	if (x->family == MEMBER_GROUP || y->family == MEMBER_GROUP)
		return x->family || y->family ? !x->family - !y->family : strcmp(x->name, y->name);
	if (x->family != y->family)
		return x->family - y->family;
	if (x->family == MEMBER_IFACE)
		return strcmp(x->name, y->name);
	order = memcmp(x->addr, y->addr, sizeof(x->addr));
	return order ? order : x->prefix - y->prefix;
}

/**
 * statement_lines() - the lines of a file for a statement
 * @stmt: the statement; members of a group are put in order
 * @each: called with each line: one, but for groups with many members
 */
void statement_lines(struct stmt *stmt, void (*each)(const char *line, void *arg), void *arg)
{
	char line[STMT_TEXT];
	struct stmt part = *stmt;

	if (stmt->kind == STMT_GROUP && stmt->group.n_members > 1)
		qsort(stmt->group.members, stmt->group.n_members, sizeof(*stmt->group.members),
		      by_address);
	do {
		print_stmt(&part, line, sizeof(line));
		each(line, arg);
		if (part.kind != STMT_GROUP || part.group.n_members <= STMT_MEMBERS)
			return;
		part.group.members += STMT_MEMBERS;
		part.group.n_members -= STMT_MEMBERS;
	} while (true);
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
	if (module_ruleset(module, kinds, NULL, &script)) {
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
