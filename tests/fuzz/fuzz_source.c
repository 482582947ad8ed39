// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others have recorded, read for a report. Of the first byte of the input, the lowest
 * bit says what the rest is: a file, a capture above all; or rows of a store, whose columns
 * have values of any type. The other bits, and the second byte, say which packets are
 * asked for.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct { const char *insert; int columns; } tables[] = {
	{ "INSERT INTO packet VALUES (?, ?, ?, ?, ?, ?, ?, ?)", 8 },
	{ "INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", 21 },
	{ "INSERT INTO name VALUES (?, ?, ?, ?)", 4 },
	{ "INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?)", 6 },
	{ "INSERT INTO capture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", 17 },
};

#define TABLES	(sizeof(tables) / sizeof(*tables))

static char folder[] = "/tmp/fuzz-source-XXXXXX", file[64], store[64], lock[64];
static sqlite3 *db;
static sqlite3_stmt *insert[TABLES];
static uint64_t seen;

static void leave(void)
{
	size_t i;

	for (i = 0; i < TABLES; i++)
		sqlite3_finalize(insert[i]);
	sqlite3_close(db);
	unlink(file);
	unlink(store);
	unlink(lock);
	rmdir(folder);
}

/* An empty store, as fwctl snoop makes it. */
static void prepare(void)
{
	struct store_options options = { .where = store };
	char error[700];
	struct store *made;
	size_t i;

	if (!mkdtemp(folder))
		exit(1);
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(store, sizeof(store), "%s/store.db", folder);
	snprintf(lock, sizeof(lock), "%s-lock", store);
	made = store_open(&options, error, sizeof(error));
	if (!made) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	made->close(made);
	if (sqlite3_open(store, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", NULL, NULL,
			 NULL) != SQLITE_OK)
		exit(1);
	for (i = 0; i < TABLES; i++)
		if (sqlite3_prepare_v2(db, tables[i].insert, -1, &insert[i], NULL) != SQLITE_OK)
			exit(1);
	atexit(leave);
}

/* Takes one value from the input, for a column. */
static void take_value(sqlite3_stmt *stmt, int column, const uint8_t **data, size_t *size)
{
	uint8_t type = *size ? **data : 0;
	size_t n = type >> 3;

	if (*size) {
		++*data;
		--*size;
	}
	if (n > *size)
		n = *size;
	switch (type & 7) {
	case 0:
		sqlite3_bind_null(stmt, column);
		return;
	case 1:
	case 2: {
		double real;
		int64_t number = 0;

		n = n > 8 ? 8 : n;
		memcpy(&number, *data, n);
		memcpy(&real, &number, 8);
		if ((type & 7) == 1)
			sqlite3_bind_int64(stmt, column, number);
		else
			sqlite3_bind_double(stmt, column, real);
		break;
	}
	case 3:
		sqlite3_bind_text(stmt, column, (const char *)*data, n, SQLITE_TRANSIENT);
		break;
	case 4:	/* a longer one */
		n = *size < n * 16 ? *size : n * 16;
		sqlite3_bind_blob(stmt, column, *data, n, SQLITE_TRANSIENT);
		break;
	default:
		sqlite3_bind_int64(stmt, column, type >> 3);
		return;
	}
	*data += n;
	*size -= n;
}

static void fill_store(const uint8_t *data, size_t size)
{
	sqlite3_exec(db, "BEGIN; DELETE FROM packet; DELETE FROM flow; DELETE FROM name;"
		     " DELETE FROM traffic; DELETE FROM capture", NULL, NULL, NULL);
	while (size) {
		size_t table = *data % TABLES;
		int i;

		data++;
		size--;
		for (i = 1; i <= tables[table].columns; i++)
			take_value(insert[table], i, &data, &size);
		/* It may be refused. */
		sqlite3_step(insert[table]);
		sqlite3_reset(insert[table]);
	}
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}

/* --- who is told ---------------------------------------------------------------- */

static void see_number(uint64_t number, uint64_t *sum)
{
	*sum += number;
}

static void see_text(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

static void see_packet(const struct source_packet *packet, void *arg)
{
	const struct frame *frame = &packet->frame;
	uint32_t i;

	see_number(packet->id, arg);
	for (i = 0; i < packet->caplen; i++)
		see_number(packet->raw[i], arg);
	if (frame->net_at + frame->net_len > packet->caplen ||
	    (frame->payload_len && (frame->payload < packet->raw ||
				    frame->payload + frame->payload_len > packet->raw + packet->caplen)))
		abort();
}

static void see_flow(const struct flow_row *row, void *arg)
{
	see_number(row->packets[0], arg);
	see_text(row->net);
	see_text(row->src);
	see_text(row->dst);
}

static void see_name(const char *kind, const char *name, uint64_t packets, void *arg)
{
	see_number(packets, arg);
	see_text(kind);
	see_text(name);
}

static void see_traffic(uint64_t second, const char *layers, uint64_t packets, uint64_t bytes, void *arg)
{
	see_number(second, arg);
	see_number(packets, arg);
	see_number(bytes, arg);
	see_text(layers);
}

static void see_capture(const struct capture_row *row, void *arg)
{
	see_number(row->start_ns, arg);
	see_text(row->source);
	see_text(row->dedupe);
}

static void see_all(const char *where, const struct selection *selection)
{
	static const struct source_reader reader = {
		.packet = see_packet, .flow = see_flow, .name = see_name, .traffic = see_traffic,
		.capture = see_capture, .arg = &seen,
	};
	struct source *source;
	char error[700] = "";

	source = source_open(where, error, sizeof(error));
	if (!source) {
		if (!*error)
			abort();
		return;
	}
	source_packets(source, selection, &reader);
	if (source_summarised(source)) {
		source_summary(source, &reader);
		source_captures(source, &reader);
	}
	seen += selects_all(selection) + source_link(source) + strlen(source_name(source));
	source_error(source);
	source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct selection selection = { .to_ns = UINT64_MAX, .port = -1, .proto = -1 };
	const char *where = store;
	uint8_t asked, what;

	if (size < 2)
		return 0;
	if (!db)
		prepare();
	asked = data[0];
	what = data[1];
	data += 2;
	size -= 2;
	selection.from_ns = asked & 2 ? what * 1000000000ull : 0;
	selection.to_ns = asked & 4 ? (what + 1ull) << (what & 31) : UINT64_MAX;
	selection.family = asked & 8 ? what & 1 ? AF_INET6 : AF_INET : 0;
	memset(selection.host, what, sizeof(selection.host));
	selection.port = asked & 16 ? what : -1;
	selection.proto = asked & 32 ? what : -1;
	selection.flow = asked & 64 ? what : 0;
	selection.layer = asked & 128 ? what % 8 : LAYER_NONE;
	if (asked & 1) {
		fill_store(data, size);
	} else {
		int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || write(fd, data, size) != (ssize_t)size)
			exit(1);
		close(fd);
		where = file;
	}
	see_all(where, &selection);
	return 0;
}
