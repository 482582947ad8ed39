// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A store in files of SQLite: one that is written, and, where there are limits, those
 * before it (series.h). In WAL mode, a batch is a transaction: what is committed
 * survives an end of any kind, and readers wait for nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "series.h"
#include "store.h"

#define PAGE_SIZE	16384
#define NEW_FILE	(512 << 10)
#define ROWS		64	/* that one statement adds: much of its cost is to begin and to end */
#define PACKET_COLUMNS	7	/* but for its number */

static const char schema[] =
	"CREATE TABLE capture ("
	" id INTEGER PRIMARY KEY, source TEXT, filter TEXT, dedupe TEXT, link INTEGER,"
	" snaplen INTEGER, start_ns INTEGER, end_ns INTEGER, received INTEGER, stored INTEGER,"
	" dups INTEGER, dropped_kernel INTEGER, dropped_queue INTEGER, lost INTEGER,"
	" ended INTEGER, first_packet INTEGER, first_flow INTEGER);"
	"CREATE TABLE flow ("
	" id INTEGER PRIMARY KEY, net TEXT, proto INTEGER, src TEXT, sport INTEGER, dst TEXT,"
	" dport INTEGER, vlan INTEGER, first_ns INTEGER, last_ns INTEGER, first_packet INTEGER,"
	" last_packet INTEGER, packets INTEGER, bytes INTEGER, packets_back INTEGER,"
	" bytes_back INTEGER, syns INTEGER, retransmissions INTEGER, out_of_order INTEGER,"
	" resets INTEGER, handshake_ns INTEGER);"
	"CREATE TABLE packet ("
	" id INTEGER PRIMARY KEY, flow_id INTEGER, ts_ns INTEGER, len INTEGER, caplen INTEGER,"
	" vlan INTEGER, dups INTEGER, raw BLOB);"
	"CREATE TABLE name ("
	" flow_id INTEGER, kind TEXT, name TEXT, packets INTEGER,"
	" PRIMARY KEY (flow_id, kind, name)) WITHOUT ROWID;"
	"CREATE TABLE traffic ("
	" at_s INTEGER, layers TEXT, packets INTEGER, bytes INTEGER, first_packet INTEGER,"
	" last_packet INTEGER,"
	" PRIMARY KEY (at_s, layers)) WITHOUT ROWID;";

enum statement {
	ADD_PACKET, ADD_PACKETS, ADD_DUP, ADD_FLOW, CHANGE_FLOW, ADD_NAME, ADD_TRAFFIC, ADD_CAPTURE,
	CHANGE_CAPTURE, STATEMENTS
};

static const char *const sql[STATEMENTS] = {
	[ADD_PACKET] = "INSERT INTO packet VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[ADD_DUP] = "UPDATE packet SET dups = dups + 1 WHERE id = ?",
	[ADD_FLOW] = "INSERT INTO flow VALUES (?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?1, ?2, ?21,"
		     " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[CHANGE_FLOW] = "UPDATE flow SET first_ns = ?1, last_ns = ?2, last_packet = ?3,"
			" packets = ?4, bytes = ?5, packets_back = ?6, bytes_back = ?7,"
			" syns = ?8, retransmissions = ?9, out_of_order = ?10, resets = ?11,"
			" handshake_ns = ?12 WHERE id = ?13",
	[ADD_NAME] = "INSERT INTO name VALUES (?, ?, ?, 1)"
		     " ON CONFLICT DO UPDATE SET packets = packets + 1",
	[ADD_TRAFFIC] = "INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
			" packets = packets + excluded.packets, bytes = bytes + excluded.bytes,"
			" last_packet = excluded.last_packet",
	[ADD_CAPTURE] = "INSERT INTO capture VALUES (?14, ?9, ?10, ?11, ?12, ?13, ?15, ?1, ?2, ?3,"
			" ?4, ?5, ?6, ?7, ?8, ?16, ?17)",
	[CHANGE_CAPTURE] = "UPDATE capture SET end_ns = ?1, received = ?2, stored = ?3, dups = ?4,"
			   " dropped_kernel = ?5, dropped_queue = ?6, lost = ?7, ended = ?8"
			   " WHERE id = ?14",
};

/**
 * struct sqlite_store - a store of files
 * @capture: the row of this run in the file, 0 if it has none yet
 * @begun: when the first run began that is in the file, seconds since 1970; 0 if none is
 * @lock: a file beside it that whoever writes has locked. Not the file itself: some file
 *	systems take such a lock for one of those that SQLite has
 */
struct sqlite_store {
	struct store common;
	sqlite3 *db;
	sqlite3_stmt *stmt[STATEMENTS];
	int64_t capture;
	time_t begun;
	int lock;
};

static bool run(struct sqlite_store *s, const char *text)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* A number out of the database, or @missing if there is none. */
static int64_t ask(struct sqlite_store *s, const char *text, int64_t missing)
{
	sqlite3_stmt *stmt;
	int64_t value = missing;

	if (sqlite3_prepare_v2(s->db, text, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static bool failed(struct sqlite_store *s, const char *what)
{
	store_fail(&s->common, STORE_FAILED, "%s: %s: %s", s->common.options.where, what,
		   s->db ? sqlite3_errmsg(s->db) : "out of memory");
	return false;
}

/*
 * Before there is a log, in which they would stand for a while: what the file is is seen by
 * its first bytes, also while others read it.
 */
static bool mark(struct sqlite_store *s)
{
	char text[96];

	snprintf(text, sizeof(text), "PRAGMA page_size=%d; PRAGMA application_id=%d", PAGE_SIZE,
		 STORE_APPLICATION);
	return run(s, text);
}

/* The log of what is not yet in its place is part of the limit. */
static bool set_up(struct sqlite_store *s)
{
	uint64_t limit = s->common.options.max_size ?: s->common.options.rotate_size;
	int pages = limit && limit / 16 < 2000ull * PAGE_SIZE ? limit / 16 / PAGE_SIZE : 2000;
	char text[256];

	sqlite3_busy_timeout(s->db, 5000);
	snprintf(text, sizeof(text),
		 "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
		 "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=%d;"
		 "PRAGMA journal_size_limit=%d", pages, pages * PAGE_SIZE);
	return run(s, text);
}

static bool make_schema(struct sqlite_store *s)
{
	char version[96];

	snprintf(version, sizeof(version), "PRAGMA user_version=%d; COMMIT", STORE_VERSION);
	return run(s, "BEGIN IMMEDIATE") && run(s, schema) && run(s, version);
}

static int64_t ask_of(struct sqlite_store *s, const char *what, const char *database,
		      const char *table, int64_t missing)
{
	char text[96];

	snprintf(text, sizeof(text), "SELECT %s FROM %s.%s", what, database, table);
	return ask(s, text, missing);
}

/* Behind all that a database has, or was to have. */
static void numbers_behind(struct sqlite_store *s, const char *database)
{
	struct store *store = &s->common;
	uint64_t packet = ask_of(s, "max(id) + 1", database, "packet", 1);
	uint64_t flow = ask_of(s, "max(id) + 1", database, "flow", 1);
	uint64_t packet2 = ask_of(s, "max(first_packet)", database, "capture", 1);
	uint64_t flow2 = ask_of(s, "max(first_flow)", database, "capture", 1);

	store->next_packet = packet > packet2 ? packet : packet2;
	store->next_flow = flow > flow2 ? flow : flow2;
	store->link = ask_of(s, "min(link)", database, "capture", -1);
}

/* Where the numbers go on: if nothing is in this file yet, behind the one before it. */
static void read_numbers(struct sqlite_store *s)
{
	struct series series;
	char *attach = NULL;

	series_read(s->common.options.where, &series);
	if (series.n && !s->begun)
		attach = sqlite3_mprintf("ATTACH %Q AS before", series.file[series.n - 1].path);
	if (attach && run(s, attach)) {
		numbers_behind(s, "before");
		run(s, "DETACH before");
	} else {
		numbers_behind(s, "main");
	}
	sqlite3_free(attach);
	series_free(&series);
}

static bool prepare(struct sqlite_store *s)
{
	static const char row[] = ",(NULL,?,?,?,?,?,?,?)";
	char rows[64 + ROWS * sizeof(row)], *to = rows;
	int i;

	to += sprintf(to, "INSERT INTO packet VALUES %s", row + 1);
	for (i = 1; i < ROWS; i++)
		to += sprintf(to, "%s", row);
	for (i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(s->db, i == ADD_PACKETS ? rows : sql[i], -1,
				       SQLITE_PREPARE_PERSISTENT, &s->stmt[i], NULL) != SQLITE_OK)
			return failed(s, "cannot be used");
	return true;
}

static void close_file(struct sqlite_store *s)
{
	int i;

	for (i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(s->stmt[i]);
		s->stmt[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

/* Two that number packets would get in each other's way. */
static bool lock_store(struct sqlite_store *s)
{
	const char *path = s->common.options.where;
	char name[4096];

	/* What else goes by this name ends in less. */
	if ((size_t)snprintf(name, sizeof(name), "%s-lock", path) >= sizeof(name)) {
		store_fail(&s->common, STORE_FAILED, "the name of the file is too long: %s", path);
		return false;
	}
	s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (s->lock < 0)
		store_fail(&s->common, STORE_FAILED, "%s: cannot be made: %s", path, strerror(errno));
	else if (flock(s->lock, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		store_fail(&s->common, STORE_FAILED, "%s: another fwctl records into it; name another file",
			   path);
	else
		return true;	/* or the file system has no such locks */
	return false;
}

static bool open_file(struct sqlite_store *s)
{
	const char *path = s->common.options.where;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (access(path, F_OK))
		series_clear(path);
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		return failed(s, access(path, F_OK) ? "cannot be made" : "cannot be opened");
	if (!ask(s, "SELECT count(*) FROM sqlite_schema", -1)) {
		if (!mark(s) || !set_up(s) || !make_schema(s))
			return failed(s, "cannot be made");
	} else if (ask(s, "PRAGMA application_id", 0) != STORE_APPLICATION) {
		if (sqlite3_errcode(s->db) == SQLITE_OK || sqlite3_errcode(s->db) == SQLITE_ROW ||
		    sqlite3_errcode(s->db) == SQLITE_DONE)
			store_fail(&s->common, STORE_FAILED,
				   "%s is a database of something else; name another file", path);
		else
			failed(s, "cannot be read");
		return false;
	} else if (ask(s, "PRAGMA user_version", 0) != STORE_VERSION) {
		store_fail(&s->common, STORE_FAILED, "%s has version %" PRId64 " of the schema, this "
			   "fwctl writes %d; name another file", path,
			   ask(s, "PRAGMA user_version", 0), STORE_VERSION);
		return false;
	} else if (!set_up(s)) {
		return failed(s, "cannot be written");
	}
	s->capture = 0;
	s->begun = ask(s, "SELECT max(min(start_ns) / 1000000000, 1) FROM capture", 0);
	return prepare(s);
}

/* What was bound is done; the statement is ready for the next. */
static bool step(struct sqlite_store *s, enum statement which)
{
	int result = sqlite3_step(s->stmt[which]);

	sqlite3_reset(s->stmt[which]);
	return result == SQLITE_DONE;
}

static void bind_vlan(sqlite3_stmt *stmt, int at, int vlan)
{
	if (vlan == NO_VLAN)
		sqlite3_bind_null(stmt, at);
	else
		sqlite3_bind_int(stmt, at, vlan);
}

/* @at: the row's first parameter behind its number */
static void bind_packet(sqlite3_stmt *stmt, int at, const struct batch_packet *packet)
{
	sqlite3_bind_int64(stmt, at, packet->flow);
	sqlite3_bind_int64(stmt, at + 1, packet->ts_ns);
	sqlite3_bind_int64(stmt, at + 2, packet->len);
	sqlite3_bind_int64(stmt, at + 3, packet->caplen);
	bind_vlan(stmt, at + 4, packet->vlan);
	sqlite3_bind_int64(stmt, at + 5, packet->dups);
	sqlite3_bind_blob(stmt, at + 6, packet->raw, packet->caplen, SQLITE_STATIC);
}

static bool add_packet(struct sqlite_store *s, const struct batch_packet *packet)
{
	sqlite3_bind_int64(s->stmt[ADD_PACKET], 1, packet->id);
	bind_packet(s->stmt[ADD_PACKET], 2, packet);
	return step(s, ADD_PACKET);
}

/*
 * Their numbers follow each other: behind the first, SQLite gives the same by itself, and
 * need not look whether there is such a row.
 */
static bool add_packets(struct sqlite_store *s, const struct batch *batch)
{
	const struct batch_packet *packet = batch->packet, *end = packet + batch->n_packets;
	size_t i;

	if (packet < end && !add_packet(s, packet++))
		return false;
	for (; packet + ROWS <= end; packet += ROWS) {
		for (i = 0; i < ROWS; i++)
			bind_packet(s->stmt[ADD_PACKETS], 1 + i * PACKET_COLUMNS, &packet[i]);
		if (!step(s, ADD_PACKETS))
			return false;
	}
	for (; packet < end; packet++)
		if (!add_packet(s, packet))
			return false;
	for (i = 0; i < batch->n_late; i++) {
		sqlite3_bind_int64(s->stmt[ADD_DUP], 1, batch->late[i]);
		if (!step(s, ADD_DUP))
			return false;
	}
	return true;
}

static bool add_flow(struct sqlite_store *s, const struct watched *flow)
{
	enum statement which = flow->stored ? CHANGE_FLOW : ADD_FLOW;
	sqlite3_stmt *stmt = s->stmt[which];
	char src[END_TEXT_SIZE], dst[END_TEXT_SIZE], net[16];
	const uint64_t counts[] = {
		flow->first_ns, flow->last_ns, flow->last_packet, flow->packets[FORTH],
		flow->bytes[FORTH], flow->packets[BACK], flow->bytes[BACK], flow->syns,
		flow->retransmissions, flow->out_of_order, flow->resets, flow->handshake_ns, flow->id,
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		sqlite3_bind_int64(stmt, i + 1, counts[i]);
	if (which == ADD_FLOW) {
		end_text(&flow->key, FORTH, src);
		end_text(&flow->key, BACK, dst);
		sqlite3_bind_text(stmt, 14, net_text(&flow->key, net, sizeof(net)), -1, SQLITE_STATIC);
		sqlite3_bind_int(stmt, 15, flow->key.proto);
		sqlite3_bind_text(stmt, 16, src, -1, SQLITE_STATIC);
		sqlite3_bind_int(stmt, 17, flow->key.sport);
		sqlite3_bind_text(stmt, 18, dst, -1, SQLITE_STATIC);
		sqlite3_bind_int(stmt, 19, flow->key.dport);
		bind_vlan(stmt, 20, flow->vlan);
		sqlite3_bind_int64(stmt, 21, flow->first_packet);
	}
	return step(s, which);
}

static bool add_rest(struct sqlite_store *s, const struct batch *batch)
{
	char path[128];
	size_t i;

	for (i = 0; i < batch->n_flows; i++)
		if (!add_flow(s, batch->flow[i]))
			return false;
	for (i = 0; i < batch->n_names; i++) {
		sqlite3_stmt *stmt = s->stmt[ADD_NAME];

		sqlite3_bind_int64(stmt, 1, batch->name[i].flow);
		sqlite3_bind_text(stmt, 2, name_kinds[batch->name[i].kind], -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 3, batch->name[i].name, -1, SQLITE_STATIC);
		if (!step(s, ADD_NAME))
			return false;
	}
	for (i = 0; i < batch->n_traffic; i++) {
		sqlite3_stmt *stmt = s->stmt[ADD_TRAFFIC];

		path_text(batch->traffic[i].path, path, sizeof(path));
		sqlite3_bind_int64(stmt, 1, batch->traffic[i].second);
		sqlite3_bind_text(stmt, 2, path, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 3, batch->traffic[i].packets);
		sqlite3_bind_int64(stmt, 4, batch->traffic[i].bytes);
		sqlite3_bind_int64(stmt, 5, batch->traffic[i].first_packet);
		sqlite3_bind_int64(stmt, 6, batch->traffic[i].last_packet);
		if (!step(s, ADD_TRAFFIC))
			return false;
	}
	return true;
}

static bool add_capture(struct sqlite_store *s, const struct capture_row *row, int64_t id,
			uint64_t first_packet)
{
	enum statement which = s->capture ? CHANGE_CAPTURE : ADD_CAPTURE;
	sqlite3_stmt *stmt = s->stmt[which];
	const uint64_t counts[] = {
		row->end_ns, row->count.received, row->count.stored, row->count.dups,
		row->count.dropped_kernel, row->count.dropped_queue, row->count.lost, row->ended,
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		sqlite3_bind_int64(stmt, i + 1, counts[i]);
	sqlite3_bind_int64(stmt, 14, id);
	if (which == ADD_CAPTURE) {
		sqlite3_bind_text(stmt, 9, row->source, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 10, row->filter, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 11, row->dedupe, -1, SQLITE_STATIC);
		sqlite3_bind_int(stmt, 12, row->link);
		sqlite3_bind_int(stmt, 13, row->snaplen);
		sqlite3_bind_int64(stmt, 15, row->start_ns);
		sqlite3_bind_int64(stmt, 16, first_packet);
		sqlite3_bind_int64(stmt, 17, row->first_flow);
	}
	return step(s, which);
}

static enum store_result write_batch(struct store *store, struct batch *batch)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	uint64_t first = batch->n_packets ? batch->packet[0].id : store->next_packet;
	int64_t id = s->capture ?: ask(s, "SELECT max(id) + 1 FROM capture", 1);
	int error;

	if (run(s, "BEGIN IMMEDIATE") && add_packets(s, batch) && add_rest(s, batch) &&
	    add_capture(s, &batch->capture, id, first) && run(s, "COMMIT")) {
		s->capture = id;
		if (!s->begun)
			s->begun = batch->capture.start_ns / 1000000000;
		store->next_packet = first + batch->n_packets;
		return STORE_DONE;
	}
	error = sqlite3_errcode(s->db);
	failed(s, "cannot be written");
	if (!sqlite3_get_autocommit(s->db))
		run(s, "ROLLBACK");
	switch (error & 0xff) {
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_IOERR:	/* the log cannot grow, or the disk is broken */
		return errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_FAILED;
	case SQLITE_BUSY:
		return STORE_AGAIN;
	default:
		return STORE_FAILED;
	}
}

/* The file that is written becomes one of those that are full, and another is begun. */
static bool rotate(struct sqlite_store *s, struct series *series)
{
	const char *path = s->common.options.where;
	uint64_t number = series_next(path, series);
	char *full, ended[96];
	bool good;

	if (!number) {
		store_fail(&s->common, STORE_FAILED, "%s: no name is left for a file that is full: %s",
			   path, strerror(errno));
		return false;
	}
	full = series_path(path, number);
	snprintf(ended, sizeof(ended), "UPDATE capture SET ended = 1 WHERE id = %" PRId64,
		 s->capture);
	run(s, ended);
	/* Closing it moves all of its log into its place, if nobody else has it open. */
	close_file(s);
	good = series_move(path, full);
	if (!good)
		store_fail(&s->common, STORE_FAILED, "%s cannot be renamed to %s: %s", path, full,
			   strerror(errno));
	free(full);
	return open_file(s) && good;
}

static uint64_t free_on_disk(const char *path)
{
	char *copy = strdup(path);
	struct statvfs fs;
	uint64_t n = UINT64_MAX;

	if (!copy)
		fail_out_of_memory();
	if (!statvfs(dirname(copy), &fs))
		n = (uint64_t)fs.f_bavail * fs.f_frsize;
	free(copy);
	return n;
}

/* What is in the log takes as much again, when it is moved into its place. */
static uint64_t log_size(const char *path)
{
	char name[4096];
	struct stat log;

	snprintf(name, sizeof(name), "%s-wal", path);
	return stat(name, &log) ? 0 : log.st_size;
}

static enum store_result keep(struct store *store, const struct batch *next, bool *next_part)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	const struct store_options *o = &store->options;
	/* Once in the log, once in its place, and what SQLite adds; a new file has pages, too. */
	uint64_t need = NEW_FILE + (next ? 2 * next->bytes + next->n_packets * 64 + next->n_flows * 256 : 0);
	uint64_t size = series_file_size(o->where, NULL), available = free_on_disk(o->where);
	uint64_t log = log_size(o->where);
	time_t now = time(NULL);
	struct series series;
	enum store_result result = STORE_DONE;

	need += log;
	series_read(o->where, &series);
	/* A clock that was set back is not to keep a file for ever. */
	if (s->begun > now)
		s->begun = now;
	/* Not before a batch: its conversations have their numbers. */
	if (!next && s->begun &&
	    ((o->rotate_size && size >= o->rotate_size) ||
	     (o->rotate_age && now - s->begun >= (time_t)o->rotate_age))) {
		if (!rotate(s, &series)) {
			series_free(&series);
			return STORE_FAILED;
		}
		*next_part = true;
		series_free(&series);
		series_read(o->where, &series);
		size = series_file_size(o->where, NULL);
		available = free_on_disk(o->where);
		need -= log;
	}
	while (series.n &&
	       ((o->max_size && series.size + size + need > o->max_size) ||
		(o->max_age && now - series.file[0].modified > (time_t)o->max_age) ||
		(o->max_size && available < o->keep_free + need))) {
		uint64_t gone = series.file[0].size;

		if (!series_remove_oldest(&series)) {
			result = store_fail(store, STORE_FAILED, "%s cannot be deleted: %s",
					    series.file[0].path, strerror(errno));
			break;
		}
		available += gone;
	}
	if (result == STORE_DONE && available < o->keep_free + need)
		result = store_fail(store, STORE_FULL, "%s: the disk has to keep %" PRIu64
				    " MiB free, and has %" PRIu64 " MiB", o->where,
				    o->keep_free >> 20, available >> 20);
	series_free(&series);
	return result;
}

static void close_store(struct store *store)
{
	struct sqlite_store *s = (struct sqlite_store *)store;

	close_file(s);
	if (s->lock >= 0)
		close(s->lock);
	free(s);
}

/**
 * store_open_sqlite() - see store_open()
 */
struct store *store_open_sqlite(const struct store_options *options, char *error, size_t size)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	struct store_options *o = &s->common.options;
	bool next_part = false;

	if (!s)
		fail_out_of_memory();
	s->lock = -1;
	/* What SQLite takes in all is nobody's concern here, and has a lock. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	*o = *options;
	if (!o->rotate_size || (o->max_size && o->rotate_size > o->max_size / 8))
		o->rotate_size = o->max_size / 8;
	if (!o->rotate_age || (o->max_age && o->rotate_age > o->max_age / 8))
		o->rotate_age = (o->max_age + 7) / 8;
	s->common.write = write_batch;
	s->common.keep = keep;
	s->common.close = close_store;
	if (!lock_store(s) || !open_file(s))
		goto failed;
	read_numbers(s);
	if (s->common.keep(&s->common, NULL, &next_part) != STORE_DONE)
		goto failed;
	return &s->common;
failed:
	snprintf(error, size, "%s", s->common.error);
	close_store(&s->common);
	return NULL;
}
