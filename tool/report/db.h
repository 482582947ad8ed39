/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading a store, wherever it is: a query at a time, row by row. The queries are such as
 * both SQLite and PostgreSQL understand.
 */
struct db;

const char *db_name(const struct db *db);
struct db *db_open(const char *where, char *error, size_t size);
void db_close(struct db *db);
bool db_query(struct db *db, const char *sql);
bool db_row(struct db *db);
bool db_failed(const struct db *db);
const char *db_error(const struct db *db);

bool db_null(const struct db *db, int column);
int64_t db_number(const struct db *db, int column);
const char *db_text(struct db *db, int column);
const uint8_t *db_bytes(struct db *db, int column, size_t *length);

#endif
