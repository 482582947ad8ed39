/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EDIT_H
#define EDIT_H

#include <jansson.h>

#include "lang/lang.h"

int edit_add(enum stmt_kind kind, int argc, char **argv);
int edit_line(enum stmt_kind kind, char *keyword, int argc, char **argv);
int edit_del(const struct stmt *stmt);
int list_statements(uint32_t kinds, void (*text)(const struct stmt *stmt),
		    json_t *(*json)(const struct stmt *stmt));

#endif
