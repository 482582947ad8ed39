/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EDIT_H
#define EDIT_H

#include <jansson.h>

#include "lang/lang.h"

struct module;

/**
 * struct edit - one change of the running ruleset
 * @add: @stmt is added, or takes the place of an earlier one; otherwise taken out
 */
struct edit {
	bool add;
	const struct stmt *stmt;
};

/* A statement of the command line, with the words that its places point to. */
struct typed {
	struct words words;
	struct stmt stmt;
};

bool type_statement(enum stmt_kind kind, int argc, char **argv, struct typed *typed);
void typed_free(struct typed *typed);

int edit_try(struct module *module, const struct edit *edits, size_t n,
	     const struct stmt **bad);
int edit_run(struct module *module, const struct edit *edits, size_t n);
int edit_add(enum stmt_kind kind, int argc, char **argv);
int edit_line(enum stmt_kind kind, bool add, char *keyword, int argc, char **argv);
int edit_del(const struct stmt *stmt);
void statement_lines(struct stmt *stmt, void (*each)(const char *line, void *arg), void *arg);
size_t ruleset_differences(const struct script *running, const struct script *file);
int list_statements(uint32_t kinds, void (*text)(const struct stmt *stmt),
		    json_t *(*json)(const struct stmt *stmt));

#endif
