// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a report is about: a store with its files in order, or a capture. Both give the
 * packets of a selection; a store also gives what it has counted itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "../snoop/capture.h"
#include "../snoop/series.h"
#include "../snoop/tracker.h"
#include "db.h"
#include "source.h"

#define PROGRESS_EACH	65536
#define FLOWS_MOST	1000000
#define NS		((uint64_t)1000000000)

struct source {
	const char *where;
	pcap_t *pcap;
	uint64_t size;		/* of the capture's file */
	struct db **db;		/* the oldest first */
	size_t n_db;
	int link;
	bool failed;
	char error[700];
};

/* The first bytes of a file of SQLite (sqlite.org/fileformat.html). */
static bool is_sqlite(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	char begin[16] = "";
	FILE *file = fopen(path, "r");
	bool found = file && fread(begin, 1, 16, file) == 16 && !memcmp(begin, magic, 16);

	if (file)
		fclose(file);
	return found;
}

static bool keep_error(struct source *source, const char *text)
{
	if (!source->failed)
		snprintf(source->error, sizeof(source->error), "%s", text);
	source->failed = true;
	return false;
}

/* A file that cannot be opened leaves the others to be read. */
static bool add_db(struct source *source, const char *where, char *error, size_t size)
{
	struct db *db = db_open(where, error, size);

	if (!db)
		return keep_error(source, error);
	source->db = realloc(source->db, (source->n_db + 1) * sizeof(*source->db));
	if (!source->db)
		fail_out_of_memory();
	source->db[source->n_db++] = db;
	if (source->link < 0 && db_query(db, "SELECT link FROM capture LIMIT 1") && db_row(db))
		source->link = db_number(db, 0);
	return true;
}

static bool open_store(struct source *source, char *error, size_t size)
{
	struct series series = { .n = 0 };
	size_t i;

	if (!store_is_postgres(source->where))
		series_read(source->where, &series);
	for (i = 0; i < series.n; i++)
		add_db(source, series.file[i].path, error, size);
	series_free(&series);
	add_db(source, source->where, error, size);
	return source->n_db;
}

/**
 * source_open() - open a store or a capture
 *
 * Return: NULL after an error, with a sentence in @error.
 */
struct source *source_open(const char *where, char *error, size_t size)
{
	struct capture_options capture = { .file = where };
	struct source *source = calloc(1, sizeof(*source));
	struct stat file;
	bool good;

	if (!source)
		fail_out_of_memory();
	source->where = where;
	source->link = -1;
	if (store_is_postgres(where) || is_sqlite(where)) {
		good = open_store(source, error, size);
	} else if (stat(where, &file)) {
		good = false;
		snprintf(error, size, "%s: %s", where, strerror(errno));
	} else {
		source->pcap = capture_open(&capture, error, size);
		source->size = file.st_size;
		good = source->pcap;
		if (good)
			source->link = pcap_datalink(source->pcap);
	}
	if (good)
		return source;
	source_close(source);
	return NULL;
}

void source_close(struct source *source)
{
	size_t i;

	for (i = 0; i < source->n_db; i++)
		db_close(source->db[i]);
	free(source->db);
	if (source->pcap)
		pcap_close(source->pcap);
	free(source);
}

/**
 * source_summarised() - whether the source has counted what it has
 */
bool source_summarised(const struct source *source)
{
	return !source->pcap;
}

int source_link(const struct source *source)
{
	return source->link;
}

/**
 * source_error() - what could not be read, in a sentence
 */
const char *source_error(const struct source *source)
{
	return source->failed ? source->error : NULL;
}

/**
 * selects_all() - whether no packet is left out
 */
bool selects_all(const struct selection *s)
{
	return !s->from_ns && s->to_ns == UINT64_MAX && !s->family && s->port < 0 && !s->layer &&
	       s->proto < 0 && !s->flow;
}

static bool has_layer(const struct frame *frame, enum layer layer)
{
	int i;

	for (i = 0; i < FRAME_LAYERS && frame->layers[i]; i++)
		if (frame->layers[i] == layer)
			return true;
	return false;
}

static bool is_selected(const struct selection *s, const struct source_packet *packet)
{
	const struct frame *frame = &packet->frame;
	size_t size = s->family == AF_INET ? 4 : 16;

	if (packet->ts_ns < s->from_ns || packet->ts_ns >= s->to_ns)
		return false;
	if (s->flow && packet->flow != s->flow)
		return false;
	if (s->family && (frame->family != s->family ||
			  (memcmp(frame->src, s->host, size) && memcmp(frame->dst, s->host, size))))
		return false;
	if (s->port >= 0 && (!frame->whole || !has_ports(frame->proto) ||
			     (frame->sport != s->port && frame->dport != s->port)))
		return false;
	if (s->proto >= 0 && (!frame->family || frame->proto != s->proto))
		return false;
	return !s->layer || has_layer(frame, s->layer);
}

static void take_packet(struct source_packet *packet, const struct selection *selection,
			const struct source_reader *reader)
{
	if (is_selected(selection, packet))
		reader->packet(packet, reader->arg);
}

/* Conversations of a capture are counted as snoop would, so that each has a number. */
static bool read_capture(struct source *source, const struct selection *selection,
			 const struct source_reader *reader)
{
	struct tracker *tracker = tracker_new(FLOWS_MOST, 1);
	struct source_packet packet = { .link = source->link };
	struct pcap_pkthdr *head;
	const u_char *bytes;
	char error[512];
	enum way way;
	int result;

	while ((result = pcap_next_ex(source->pcap, &head, &bytes)) == 1) {
		packet.id++;
		packet.ts_ns = capture_ns(head);
		packet.len = head->len;
		packet.caplen = head->caplen;
		packet.raw = bytes;
		frame_dissect(source->link, bytes, head->caplen, &packet.frame);
		packet.flow = tracker_packet(tracker, &packet.frame, packet.ts_ns, packet.len,
					     packet.id, &way)->id;
		tracker_trim(tracker, NULL, NULL);
		take_packet(&packet, selection, reader);
		if (!(packet.id % PROGRESS_EACH) && reader->progress)
			reader->progress(source->size ? (double)ftello(pcap_file(source->pcap)) /
					 source->size : 0, packet.id, reader->arg);
	}
	tracker_free(tracker);
	if (result == PCAP_ERROR_BREAK)
		return true;
	snprintf(error, sizeof(error), "%s: %s; the %" PRIu64 " packets before that could be read",
		 source->where, pcap_geterr(source->pcap), packet.id);
	return keep_error(source, error);
}

/* What the database itself can leave out. */
static void packet_query(const struct selection *s, char *sql, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";
	uint64_t to = s->to_ns < INT64_MAX ? s->to_ns : INT64_MAX;
	size_t n = snprintf(sql, size, "SELECT id, flow_id, ts_ns, len, dups, raw FROM packet WHERE 1=1");

	/* Which numbers the packets of a time have, the traffic of its seconds tells. */
	if (s->from_ns || to < INT64_MAX)
		n += snprintf(sql + n, size - n, " AND ts_ns >= %" PRIu64 " AND ts_ns < %" PRIu64
			      " AND id >= (SELECT min(first_packet) FROM traffic WHERE at_s"
			      " BETWEEN %" PRIu64 " AND %" PRIu64 ")"
			      " AND id <= (SELECT max(last_packet) FROM traffic WHERE at_s"
			      " BETWEEN %" PRIu64 " AND %" PRIu64 ")", s->from_ns, to, s->from_ns / NS,
			      to / NS, s->from_ns / NS, to / NS);
	if (s->flow)
		n += snprintf(sql + n, size - n, " AND flow_id = %" PRIu64
			      " AND id >= (SELECT first_packet FROM flow WHERE id = %" PRIu64 ")"
			      " AND id <= (SELECT last_packet FROM flow WHERE id = %" PRIu64 ")",
			      s->flow, s->flow, s->flow);
	if (s->family && inet_ntop(s->family, s->host, host, sizeof(host)))
		n += snprintf(sql + n, size - n,
			      " AND flow_id IN (SELECT id FROM flow WHERE src = '%s' OR dst = '%s')",
			      host, host);
	if (s->port >= 0)
		n += snprintf(sql + n, size - n,
			      " AND flow_id IN (SELECT id FROM flow WHERE sport = %d OR dport = %d)",
			      s->port, s->port);
	if (s->proto >= 0)
		n += snprintf(sql + n, size - n,
			      " AND flow_id IN (SELECT id FROM flow WHERE proto = %d)", s->proto);
	snprintf(sql + n, size - n, " ORDER BY id");
}

static bool read_packets(struct source *source, struct db *db, size_t nth,
			 const struct selection *selection, const struct source_reader *reader,
			 uint64_t *n)
{
	struct source_packet packet = { .link = source->link };
	uint64_t first = 0, last = 0, begun = *n;
	char sql[2048], error[700];

	/* Asked for both in one, SQLite reads all of the table. */
	if (db_query(db, "SELECT (SELECT min(id) FROM packet), (SELECT max(id) FROM packet)") &&
	    db_row(db)) {
		first = db_number(db, 0);
		last = db_number(db, 1);
	}
	packet_query(selection, sql, sizeof(sql));
	for (db_query(db, sql); !db_failed(db) && db_row(db); ) {
		size_t length;

		packet.id = db_number(db, 0);
		packet.flow = db_number(db, 1);
		packet.ts_ns = db_number(db, 2);
		packet.len = db_number(db, 3);
		packet.dups = db_number(db, 4);
		packet.raw = db_bytes(db, 5, &length);
		packet.caplen = length;
		frame_dissect(source->link, packet.raw, packet.caplen, &packet.frame);
		take_packet(&packet, selection, reader);
		++*n;
		if (!(*n % PROGRESS_EACH) && reader->progress && last > first)
			reader->progress((nth + (double)(packet.id - first) / (last - first)) /
					 source->n_db, *n, reader->arg);
	}
	if (!db_failed(db))
		return true;
	snprintf(error, sizeof(error), "%s; the %" PRIu64 " packets before that could be read",
		 db_error(db), *n - begun);
	return keep_error(source, error);
}

/**
 * source_packets() - read the packets of a selection
 *
 * Return: false if not all could be read: source_error() says why.
 */
bool source_packets(struct source *source, const struct selection *selection,
		    const struct source_reader *reader)
{
	uint64_t n = 0;
	bool good = true;
	size_t i;

	if (source->pcap)
		return read_capture(source, selection, reader);
	for (i = 0; i < source->n_db; i++)
		good = read_packets(source, source->db[i], i, selection, reader, &n) && good;
	return good;
}

static void read_flow(struct db *db, const struct source_reader *reader)
{
	struct flow_row row = {
		.id = db_number(db, 0), .net = db_text(db, 1), .proto = db_number(db, 2),
		.src = db_text(db, 3), .sport = db_number(db, 4), .dst = db_text(db, 5),
		.dport = db_number(db, 6), .vlan = db_null(db, 7) ? NO_VLAN : db_number(db, 7),
		.first_ns = db_number(db, 8), .last_ns = db_number(db, 9),
		.packets = { db_number(db, 10), db_number(db, 12) },
		.bytes = { db_number(db, 11), db_number(db, 13) },
		.syns = db_number(db, 14), .retransmissions = db_number(db, 15),
		.out_of_order = db_number(db, 16), .resets = db_number(db, 17),
		.handshake_ns = db_number(db, 18),
	};

	reader->flow(&row, reader->arg);
}

static void read_name(struct db *db, const struct source_reader *reader)
{
	reader->name(db_text(db, 0), db_text(db, 1), db_number(db, 2), reader->arg);
}

static void read_traffic(struct db *db, const struct source_reader *reader)
{
	reader->traffic(db_number(db, 0), db_text(db, 1), db_number(db, 2), db_number(db, 3),
			reader->arg);
}

static void read_capture_row(struct db *db, const struct source_reader *reader)
{
	struct capture_row row = {
		.source = db_text(db, 0), .dedupe = db_text(db, 1), .start_ns = db_number(db, 2),
		.end_ns = db_number(db, 3),
		.count = {
			.received = db_number(db, 4), .stored = db_number(db, 5),
			.dups = db_number(db, 6), .dropped_kernel = db_number(db, 7),
			.dropped_queue = db_number(db, 8), .lost = db_number(db, 9),
		},
		.ended = db_number(db, 10),
	};

	reader->capture(&row, reader->arg);
}

/* Calls @read for each row that @sql gives, of each file. */
static bool read_rows(struct source *source, const char *sql,
		      void (*read)(struct db *, const struct source_reader *),
		      const struct source_reader *reader)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < source->n_db; i++) {
		struct db *db = source->db[i];

		for (db_query(db, sql); !db_failed(db) && db_row(db); ) {
			read(db, reader);
			if (!(++n % PROGRESS_EACH) && reader->progress)
				reader->progress((double)i / source->n_db, n, reader->arg);
		}
		if (db_failed(db))
			keep_error(source, db_error(db));
	}
	return !source->failed;
}

/**
 * source_name() - what a report says it is on
 */
const char *source_name(const struct source *source)
{
	return store_is_postgres(source->where) ? db_name(source->db[0]) : source->where;
}

/**
 * source_summary() - read what a store has counted: conversations, names, traffic
 *
 * Return: false if not all could be read: source_error() says why.
 */
bool source_summary(struct source *source, const struct source_reader *reader)
{
	read_rows(source, "SELECT id, net, proto, src, sport, dst, dport, vlan, first_ns, last_ns,"
		  " packets, bytes, packets_back, bytes_back, syns, retransmissions, out_of_order,"
		  " resets, handshake_ns FROM flow", read_flow, reader);
	read_rows(source, "SELECT kind, name, sum(packets) FROM name GROUP BY kind, name",
		  read_name, reader);
	return read_rows(source, "SELECT at_s, layers, packets, bytes FROM traffic ORDER BY at_s", read_traffic,
			 reader);
}

/**
 * source_captures() - read which runs of snoop a store is of
 */
bool source_captures(struct source *source, const struct source_reader *reader)
{
	return read_rows(source, "SELECT source, dedupe, start_ns, end_ns, received, stored, dups,"
			 " dropped_kernel, dropped_queue, lost, ended FROM capture ORDER BY id",
			 read_capture_row, reader);
}
