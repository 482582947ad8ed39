// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads stores of SQLite and of PostgreSQL alike. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "../snoop/store.h"
#include "db.h"

#define VALUE_MAX	(16 << 20)	/* bytes: of a packet with what is around it, by far */

/**
 * struct db - a store of one kind or the other
 * @stmt: the query that runs; or @result, its row
 * @bytes: of the last column that was read as such
 * @text: the same of the last four texts
 */
struct db {
	char *where;
	sqlite3 *sqlite;
	sqlite3_stmt *stmt;
	PGconn *pg;
	PGresult *result;
	unsigned char *bytes;
	char text[4][256];
	unsigned int last_text;
	bool failed;
	char error[512];
};

static bool fail(struct db *db, const char *why)
{
	size_t n;

	db->failed = true;
	snprintf(db->error, sizeof(db->error), "%s: %s", db->where, why);
	/* Of PostgreSQL's several lines, the first. */
	n = strcspn(db->error, "\n");
	db->error[n] = '\0';
	return false;
}

static bool fail_version(struct db *db, int64_t version)
{
	char why[128];

	snprintf(why, sizeof(why), "has version %" PRId64 " of the schema, this fwctl reads %d; "
		 "report on it with the fwctl that made it", version, STORE_VERSION);
	return fail(db, why);
}

static bool open_sqlite(struct db *db, const char *name, int flags)
{
	/* With a query that is not over, it would stay open. */
	sqlite3_finalize(db->stmt);
	db->stmt = NULL;
	sqlite3_close(db->sqlite);
	if (sqlite3_open_v2(name, &db->sqlite, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return fail(db, sqlite3_errmsg(db->sqlite));
	sqlite3_busy_timeout(db->sqlite, 5000);
	/* Who wrote it has seen strangers' packets: it is to be read, and nothing else. */
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(db->sqlite, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_exec(db->sqlite, "PRAGMA mmap_size=8589934592; PRAGMA cache_size=-65536", NULL, NULL,
		     NULL);
	return true;
}

/* Where nothing can be made beside the file, and nothing is there: as it is. */
static bool open_unchanging(struct db *db)
{
	char name[4096 + 32];
	struct stat log;

	snprintf(name, sizeof(name), "%s-wal", db->where);
	if ((!stat(name, &log) && log.st_size) || strchr(db->where, '?') || strchr(db->where, '#') ||
	    strchr(db->where, '%'))
		return false;
	snprintf(name, sizeof(name), "file:%s?immutable=1", db->where);
	return open_sqlite(db, name, SQLITE_OPEN_URI);
}

static bool is_ours(struct db *db)
{
	int64_t version = 0;

	if (!db->sqlite) {
		if (!db_query(db, "SELECT max(version) FROM store"))
			return false;
		if (db_row(db))
			version = db_number(db, 0);
	} else {
		bool good = db_query(db, "PRAGMA application_id");

		if (good && !db_row(db) && db->failed && open_unchanging(db)) {
			db->failed = false;
			good = db_query(db, "PRAGMA application_id") && db_row(db);
		}
		if (db->failed)
			return false;
		if (!good || db_number(db, 0) != STORE_APPLICATION)
			return fail(db, "a database, but not of fwctl snoop");
		if (db_query(db, "PRAGMA user_version") && db_row(db))
			version = db_number(db, 0);
	}
	if (db->failed)
		return false;
	return version == STORE_VERSION || fail_version(db, version);
}

/**
 * db_open() - open a store to be read
 *
 * Return: NULL after an error, with a sentence in @error.
 */
struct db *db_open(const char *where, char *error, size_t size)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		fail_out_of_memory();
	db->where = strdup(where);
	if (!db->where)
		fail_out_of_memory();
	if (store_is_postgres(where)) {
		db->pg = PQconnectdb(where);
		free(db->where);	/* it may hold a password */
		db->where = strdup(PQdb(db->pg) ? PQdb(db->pg) : "postgresql");
		if (!db->where)
			fail_out_of_memory();
		if (PQstatus(db->pg) != CONNECTION_OK)
			fail(db, PQerrorMessage(db->pg));
	} else {
		open_sqlite(db, where, 0);
	}
	if (!db->failed && is_ours(db))
		return db;
	snprintf(error, size, "%s", db->error);
	db_close(db);
	return NULL;
}

/**
 * db_name() - what a store is called: no address, which may hold a password
 */
const char *db_name(const struct db *db)
{
	return db->where;
}

void db_close(struct db *db)
{
	sqlite3_finalize(db->stmt);
	sqlite3_close(db->sqlite);
	PQclear(db->result);
	PQfinish(db->pg);
	PQfreemem(db->bytes);
	free(db->where);
	free(db);
}

/**
 * db_query() - begin a query; one that ran before ends
 */
bool db_query(struct db *db, const char *sql)
{
	PGresult *rest;

	db->failed = false;
	if (db->sqlite) {
		sqlite3_finalize(db->stmt);
		return sqlite3_prepare_v2(db->sqlite, sql, -1, &db->stmt, NULL) == SQLITE_OK ||
		       fail(db, sqlite3_errmsg(db->sqlite));
	}
	PQclear(db->result);
	db->result = NULL;
	while ((rest = PQgetResult(db->pg)) != NULL)
		PQclear(rest);
	return (PQsendQuery(db->pg, sql) && PQsetSingleRowMode(db->pg)) ||
	       fail(db, PQerrorMessage(db->pg));
}

/**
 * db_row() - go to the next row
 *
 * Return: false if there is none, or after an error: db_failed().
 */
bool db_row(struct db *db)
{
	int result;

	if (db->sqlite) {
		result = sqlite3_step(db->stmt);
		if (result != SQLITE_ROW && result != SQLITE_DONE)
			fail(db, sqlite3_errmsg(db->sqlite));
		return result == SQLITE_ROW;
	}
	PQclear(db->result);
	db->result = PQgetResult(db->pg);
	if (!db->result)
		return false;
	switch (PQresultStatus(db->result)) {
	case PGRES_SINGLE_TUPLE:
		return true;
	case PGRES_TUPLES_OK:
		return false;
	default:
		return fail(db, PQresultErrorMessage(db->result));
	}
}

/**
 * db_failed() - whether the query came to its end by an error
 */
bool db_failed(const struct db *db)
{
	return db->failed;
}

/**
 * db_error() - a sentence about what went wrong last
 */
const char *db_error(const struct db *db)
{
	return db->error;
}

/**
 * db_null() - whether a column of the row has no value
 */
bool db_null(const struct db *db, int column)
{
	return db->sqlite ? sqlite3_column_type(db->stmt, column) == SQLITE_NULL :
			    PQgetisnull(db->result, 0, column);
}

/**
 * db_number() - a column of the row as a number, 0 if it has no value
 */
int64_t db_number(const struct db *db, int column)
{
	return db->sqlite ? sqlite3_column_int64(db->stmt, column) :
			    strtoll(PQgetvalue(db->result, 0, column), NULL, 10);
}

/**
 * db_text() - a column of the row as text, "" if it has no value
 *
 * There until four others were read. Who made the database may not write on a terminal:
 * what is not plain becomes '?'.
 */
const char *db_text(struct db *db, int column)
{
	const char *from = db->sqlite ? (const char *)sqlite3_column_text(db->stmt, column) :
					PQgetvalue(db->result, 0, column);
	char *text = db->text[++db->last_text % 4];
	size_t n;

	for (n = 0; from && from[n] && n < sizeof(db->text[0]) - 1; n++)
		text[n] = from[n] >= ' ' && from[n] < 127 ? from[n] : '?';
	text[n] = '\0';
	return text;
}

/**
 * db_bytes() - a column of the row as bytes, none if it has no value; until the next row
 *
 * Return: never NULL.
 */
const uint8_t *db_bytes(struct db *db, int column, size_t *length)
{
	const uint8_t *bytes;

	if (db->sqlite) {
		bytes = sqlite3_column_blob(db->stmt, column);
		*length = sqlite3_column_bytes(db->stmt, column);
	} else {
		PQfreemem(db->bytes);
		bytes = db->bytes = PQunescapeBytea((unsigned char *)PQgetvalue(db->result, 0, column),
						    length);
	}
	if (bytes)
		return bytes;
	*length = 0;
	return (const uint8_t *)"";
}
