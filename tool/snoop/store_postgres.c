// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A store in PostgreSQL: the same tables as in a file, filled by COPY. A batch is a
 * transaction; while the server is away, it is tried again, and the queue fills up.
 * Packets lie in partitions by number, so that the oldest can go at once.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../lang/lang.h"
#include "store.h"

#define LOCK		"18010"		/* whoever writes holds this lock; any number would do */
#define PART_PACKETS	262144
#define PART_LEAST	1024
#define ROW_BYTES	1700		/* of a full packet, at most, with its indexes */
#define COPY_BYTES	(1 << 20)
#define KEEP_S		5		/* limits are looked at so often, or for each 32nd of them */

#define FLOW_COLUMNS \
	" id bigint PRIMARY KEY, net text, proto integer, src text, sport integer, dst text," \
	" dport integer, vlan integer, first_ns bigint, last_ns bigint, first_packet bigint," \
	" last_packet bigint, packets bigint, bytes bigint, packets_back bigint, bytes_back bigint," \
	" syns bigint, retransmissions bigint, out_of_order bigint, resets bigint, handshake_ns bigint"
#define NAME_COLUMNS " flow_id bigint, kind text, name text, packets bigint"
#define TRAFFIC_COLUMNS \
	" at_s bigint, layers text, packets bigint, bytes bigint, first_packet bigint," \
	" last_packet bigint"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static const char schema[] =
	"SET client_min_messages = warning; BEGIN;"
	"CREATE TABLE IF NOT EXISTS store (version integer);"
	"INSERT INTO store SELECT " TEXT(STORE_VERSION) " WHERE NOT EXISTS (SELECT FROM store);"
	"CREATE TABLE IF NOT EXISTS capture ("
	" id bigint PRIMARY KEY, source text, filter text, dedupe text, link integer,"
	" snaplen integer, start_ns bigint, end_ns bigint, received bigint, stored bigint,"
	" dups bigint, dropped_kernel bigint, dropped_queue bigint, lost bigint, ended integer,"
	" first_packet bigint, first_flow bigint);"
	"CREATE TABLE IF NOT EXISTS flow (" FLOW_COLUMNS ");"
	"CREATE TABLE IF NOT EXISTS packet ("
	" id bigint, flow_id bigint, ts_ns bigint, len integer, caplen integer, vlan integer,"
	" dups integer, raw bytea, PRIMARY KEY (id)) PARTITION BY RANGE (id);"
	"CREATE TABLE IF NOT EXISTS packet_part (first bigint PRIMARY KEY, next bigint);"
	"CREATE TABLE IF NOT EXISTS name (" NAME_COLUMNS ", PRIMARY KEY (flow_id, kind, name));"
	"CREATE TABLE IF NOT EXISTS traffic (" TRAFFIC_COLUMNS ", PRIMARY KEY (at_s, layers));"
	"COMMIT;"
	"CREATE TEMP TABLE new_flow (" FLOW_COLUMNS ") ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE new_name (" NAME_COLUMNS ") ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE new_traffic (" TRAFFIC_COLUMNS ") ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE new_dup (id bigint) ON COMMIT DELETE ROWS;";

static const char merge[] =
	"INSERT INTO flow SELECT * FROM new_flow ON CONFLICT (id) DO UPDATE SET"
	" first_ns = excluded.first_ns, last_ns = excluded.last_ns,"
	" last_packet = excluded.last_packet, packets = excluded.packets, bytes = excluded.bytes,"
	" packets_back = excluded.packets_back, bytes_back = excluded.bytes_back,"
	" syns = excluded.syns, retransmissions = excluded.retransmissions,"
	" out_of_order = excluded.out_of_order, resets = excluded.resets,"
	" handshake_ns = excluded.handshake_ns;"
	"INSERT INTO name SELECT flow_id, kind, name, sum(packets) FROM new_name GROUP BY 1, 2, 3"
	" ON CONFLICT (flow_id, kind, name) DO UPDATE SET packets = name.packets + excluded.packets;"
	"INSERT INTO traffic SELECT * FROM new_traffic ON CONFLICT (at_s, layers) DO UPDATE SET"
	" packets = traffic.packets + excluded.packets, bytes = traffic.bytes + excluded.bytes,"
	" last_packet = excluded.last_packet;"
	"UPDATE packet SET dups = dups + n FROM (SELECT id, count(*)::integer AS n FROM new_dup"
	" GROUP BY 1) AS late WHERE packet.id = late.id;";

/**
 * struct pg_store - a store in PostgreSQL
 * @ready: the connection has the lock, and what belongs to a session
 * @tried: when it was last made again, seconds
 * @capture: the number of this run's row
 * @parts_end: the first number that no partition is for
 * @part_packets: how many numbers a new one is for
 * @copy: what is on its way to the server
 * @socket: of the connection, -1 while it is made; for who abandons the store
 */
struct pg_store {
	struct store common;
	PGconn *conn;
	_Atomic int socket;
	_Atomic bool abandoned;
	bool ready;
	time_t tried;
	uint64_t capture;
	uint64_t parts_end;
	uint64_t part_packets;
	time_t kept;
	uint64_t since;		/* bytes that came since limits were looked at */
	char *copy;
	size_t n;
	bool unsure;		/* the last batch may have been committed */
};

/* What the server, or the way to it, said, and what that means. */
static enum store_result failed(struct pg_store *s)
{
	const char *said = PQerrorMessage(s->conn);

	if (s->abandoned)
		return store_fail(&s->common, STORE_FAILED, "PostgreSQL: the server does not answer");
	store_fail(&s->common, STORE_FAILED, "PostgreSQL: %.*s", (int)strcspn(said, "\n"), said);
	return PQstatus(s->conn) == CONNECTION_OK ? STORE_FAILED : STORE_AGAIN;
}

static bool run(struct pg_store *s, const char *sql)
{
	PGresult *result = PQexec(s->conn, sql);
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN;
}

static __attribute__((format(printf, 2, 3))) bool run_format(struct pg_store *s, const char *format, ...)
{
	char sql[512];
	va_list list;

	va_start(list, format);
	vsnprintf(sql, sizeof(sql), format, list);
	va_end(list);
	return run(s, sql);
}

static int64_t ask(struct pg_store *s, const char *sql, int64_t missing)
{
	PGresult *result = PQexec(s->conn, sql);
	int64_t value = missing;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) &&
	    !PQgetisnull(result, 0, 0))
		value = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return value;
}

/* --- COPY ------------------------------------------------------------------ */

static bool flush(struct pg_store *s)
{
	bool good = !s->n || PQputCopyData(s->conn, s->copy, s->n) == 1;

	s->n = 0;
	return good;
}

/* Adds text of the form that COPY takes: less than 4096 bytes at once. */
static __attribute__((format(printf, 2, 3))) void add(struct pg_store *s, const char *format, ...)
{
	va_list list;
	int n;

	if (s->n > COPY_BYTES - 4096)
		flush(s);
	va_start(list, format);
	n = vsnprintf(s->copy + s->n, 4096, format, list);
	va_end(list);
	s->n += n < 4096 ? n : 4095;
}

static void add_vlan(struct pg_store *s, int vlan)
{
	if (vlan == NO_VLAN)
		add(s, "\t\\N");
	else
		add(s, "\t%d", vlan);
}

static void add_bytes(struct pg_store *s, const uint8_t *bytes, uint32_t n)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t i;

	add(s, "\t\\\\x");
	for (i = 0; i < n; i++) {
		if (s->n > COPY_BYTES - 2)
			flush(s);
		s->copy[s->n++] = digits[bytes[i] >> 4];
		s->copy[s->n++] = digits[bytes[i] & 15];
	}
	add(s, "\n");
}

static bool begin_copy(struct pg_store *s, const char *table)
{
	s->n = 0;
	return run_format(s, "COPY %s FROM STDIN", table);
}

static bool end_copy(struct pg_store *s)
{
	PGresult *result;
	bool good = flush(s) && PQputCopyEnd(s->conn, NULL) == 1;

	while ((result = PQgetResult(s->conn)) != NULL) {
		good = good && PQresultStatus(result) == PGRES_COMMAND_OK;
		PQclear(result);
	}
	return good;
}

static bool copy_packets(struct pg_store *s, const struct batch *batch)
{
	size_t i;

	if (!begin_copy(s, "packet"))
		return false;
	for (i = 0; i < batch->n_packets; i++) {
		const struct batch_packet *packet = &batch->packet[i];

		add(s, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%u\t%u", packet->id, packet->flow,
		    packet->ts_ns, packet->len, packet->caplen);
		add_vlan(s, packet->vlan);
		add(s, "\t%u", packet->dups);
		add_bytes(s, packet->raw, packet->caplen);
	}
	return end_copy(s);
}

static bool copy_flows(struct pg_store *s, const struct batch *batch)
{
	size_t i;

	if (!begin_copy(s, "new_flow"))
		return false;
	for (i = 0; i < batch->n_flows; i++) {
		const struct watched *flow = batch->flow[i];
		char src[END_TEXT_SIZE], dst[END_TEXT_SIZE], net[16];

		end_text(&flow->key, FORTH, src);
		end_text(&flow->key, BACK, dst);
		add(s, "%" PRIu64 "\t%s\t%u\t%s\t%u\t%s\t%u", flow->id,
		    net_text(&flow->key, net, sizeof(net)), flow->key.proto, src, flow->key.sport, dst,
		    flow->key.dport);
		add_vlan(s, flow->vlan);
		add(s, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		    "\t%" PRIu64 "\t%" PRIu64 "\t%u\t%u\t%u\t%u\t%" PRIu64 "\n", flow->first_ns,
		    flow->last_ns, flow->first_packet, flow->last_packet, flow->packets[FORTH],
		    flow->bytes[FORTH], flow->packets[BACK], flow->bytes[BACK], flow->syns,
		    flow->retransmissions, flow->out_of_order, flow->resets, flow->handshake_ns);
	}
	return end_copy(s);
}

static bool copy_rest(struct pg_store *s, const struct batch *batch)
{
	char path[128];
	size_t i;

	if (!begin_copy(s, "new_name"))
		return false;
	for (i = 0; i < batch->n_names; i++)
		add(s, "%" PRIu64 "\t%s\t%s\t1\n", batch->name[i].flow, name_kinds[batch->name[i].kind],
		    batch->name[i].name);
	if (!end_copy(s) || !begin_copy(s, "new_traffic"))
		return false;
	for (i = 0; i < batch->n_traffic; i++)
		add(s, "%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		    batch->traffic[i].second, path_text(batch->traffic[i].path, path, sizeof(path)),
		    batch->traffic[i].packets, batch->traffic[i].bytes,
		    batch->traffic[i].first_packet, batch->traffic[i].last_packet);
	if (!end_copy(s) || !begin_copy(s, "new_dup"))
		return false;
	for (i = 0; i < batch->n_late; i++)
		add(s, "%" PRIu64 "\n", batch->late[i]);
	return end_copy(s);
}

/* --- the capture's row, partitions ----------------------------------------- */

static bool write_capture(struct pg_store *s, const struct batch *batch)
{
	const struct capture_row *row = &batch->capture;
	char numbers[17][24];
	const char *values[17];
	const uint64_t n[] = {
		s->capture, 0, 0, 0, row->link, row->snaplen, row->start_ns, row->end_ns,
		row->count.received, row->count.stored, row->count.dups, row->count.dropped_kernel,
		row->count.dropped_queue, row->count.lost, row->ended,
		batch->n_packets ? batch->packet[0].id : s->common.next_packet, row->first_flow,
	};
	PGresult *result;
	bool good;
	int i;

	for (i = 0; i < 17; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%" PRIu64, n[i]);
		values[i] = numbers[i];
	}
	values[1] = row->source;
	values[2] = row->filter;
	values[3] = row->dedupe;
	result = PQexecParams(s->conn, "INSERT INTO capture VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
		" $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (id) DO UPDATE SET"
		" end_ns = excluded.end_ns, received = excluded.received, stored = excluded.stored,"
		" dups = excluded.dups, dropped_kernel = excluded.dropped_kernel,"
		" dropped_queue = excluded.dropped_queue, lost = excluded.lost, ended = excluded.ended",
		17, NULL, values, NULL, NULL, 0);
	good = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	return good;
}

static bool make_parts(struct pg_store *s, uint64_t last)
{
	while (s->parts_end <= last) {
		uint64_t first = s->parts_end, next = first + s->part_packets;

		if (!run_format(s, "CREATE TABLE packet_%" PRIu64 " PARTITION OF packet FOR VALUES FROM (%"
				PRIu64 ") TO (%" PRIu64 "); INSERT INTO packet_part VALUES (%" PRIu64
				", %" PRIu64 ")", first, first, next, first, next))
			return false;
		s->parts_end = next;
	}
	return true;
}

/* --- the connection -------------------------------------------------------- */

/* Again after each loss of it: what belongs to a session goes with it. */
static bool set_up(struct pg_store *s)
{
	PGresult *lock = PQexec(s->conn, "SELECT pg_try_advisory_lock(" LOCK ")");
	bool mine = PQresultStatus(lock) == PGRES_TUPLES_OK && *PQgetvalue(lock, 0, 0) == 't';

	PQclear(lock);
	if (!mine) {
		if (PQstatus(s->conn) == CONNECTION_OK)
			store_fail(&s->common, STORE_FAILED,
				   "another snoop writes into this database of PostgreSQL");
		return false;
	}
	if (!run(s, schema)) {
		failed(s);
		return false;
	}
	s->parts_end = ask(s, "SELECT max(next) FROM packet_part", s->common.next_packet ?: 1);
	s->ready = true;
	return true;
}

static bool is_ready(const struct pg_store *s)
{
	return s->ready && PQstatus(s->conn) == CONNECTION_OK;
}

/* The server may not know yet that the connection of before has gone, which has the lock. */
static bool reconnect(struct pg_store *s)
{
	time_t now = time(NULL);

	if (now == s->tried)
		return false;
	s->tried = now;
	s->ready = false;
	s->socket = -1;
	PQreset(s->conn);
	s->socket = PQsocket(s->conn);
	return PQstatus(s->conn) == CONNECTION_OK && !s->abandoned && set_up(s);
}

/*
 * No call of libpq has a limit of time for a server that takes and says nothing; but each
 * of them ends with the connection.
 */
static void abandon(struct store *store)
{
	struct pg_store *s = (struct pg_store *)store;

	s->abandoned = true;
	if (s->socket >= 0)
		shutdown(s->socket, SHUT_RDWR);
}

/* Who has gone without a word is noticed in half a minute; what @where says comes first. */
static PGconn *connect_to(const char *where)
{
	static const char *const names[] = {
		"connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "dbname", NULL
	};
	const char *const values[] = { "5", "30000", "15", "5", "3", where, NULL };

	return PQconnectdbParams(names, values, 1);
}

static enum store_result write_batch(struct store *store, struct batch *batch)
{
	struct pg_store *s = (struct pg_store *)store;
	uint64_t last = batch->n_packets ? batch->packet[batch->n_packets - 1].id : 0;
	enum store_result result;
	uint64_t parts_end;
	char sql[96];

	if (!is_ready(s) && (s->abandoned || !reconnect(s)))
		return s->abandoned ? failed(s) : STORE_AGAIN;
	/* The server may have gone between the commit and its answer. */
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM packet WHERE id = %" PRIu64, last);
	if (s->unsure && last && ask(s, sql, 0)) {
		s->unsure = false;
		store->next_packet = last + 1;
		return STORE_DONE;
	}
	s->unsure = true;
	parts_end = s->parts_end;
	if (run(s, "BEGIN") && make_parts(s, last) && copy_packets(s, batch) && copy_flows(s, batch) &&
	    copy_rest(s, batch) && run(s, merge) && write_capture(s, batch) && run(s, "COMMIT")) {
		s->unsure = false;
		if (last)
			store->next_packet = last + 1;
		return STORE_DONE;
	}
	result = failed(s);
	s->parts_end = parts_end;
	/* It may have said why it goes: that it has gone is seen by the next that is asked. */
	run(s, "ROLLBACK");
	return PQstatus(s->conn) == CONNECTION_OK || s->abandoned ? result : STORE_AGAIN;
}

/* The oldest partition, with the conversations and names that have no packet any more. */
static bool drop_oldest(struct pg_store *s)
{
	int64_t first = ask(s, "SELECT min(first) FROM packet_part", -1), newest;
	char sql[96];

	/* What goes of the traffic was in it: so not all of it has to be read. */
	snprintf(sql, sizeof(sql), "SELECT max(ts_ns) / 1000000000 FROM packet_%" PRId64, first);
	newest = first >= 0 ? ask(s, sql, -1) : -1;
	return first >= 0 && run(s, "BEGIN") &&
	       run_format(s, "DROP TABLE packet_%" PRId64 "; DELETE FROM packet_part WHERE first = %" PRId64,
			  first, first) &&
	       run(s, "DELETE FROM flow WHERE last_packet < (SELECT min(first) FROM packet_part);"
		      "DELETE FROM name WHERE NOT EXISTS (SELECT FROM flow WHERE id = flow_id)") &&
	       run_format(s, "DELETE FROM traffic WHERE at_s <= %" PRId64 " AND last_packet <"
			  " (SELECT min(first) FROM packet_part)", newest) &&
	       run(s, "COMMIT");
}

/*
 * What comes from now on lies in another partition, if the last one has had packets for an
 * eighth of the greatest age: it would not be old as a whole before it is full.
 */
static bool end_part(struct pg_store *s, time_t now)
{
	uint64_t next = s->common.next_packet, parts_end = s->parts_end;
	int64_t first = ask(s, "SELECT max(first) FROM packet_part", -1), since;

	since = ask(s, "SELECT ts_ns / 1000000000 FROM packet WHERE id >= (SELECT max(first) FROM"
		       " packet_part) ORDER BY id LIMIT 1", now);
	if (now - since < (time_t)(s->common.options.max_age + 7) / 8)
		return true;
	s->parts_end = next;
	if (run(s, "BEGIN") &&
	    run_format(s, "ALTER TABLE packet DETACH PARTITION packet_%" PRId64 ";"
		       "ALTER TABLE packet ATTACH PARTITION packet_%" PRId64 " FOR VALUES FROM (%" PRId64
		       ") TO (%" PRIu64 "); UPDATE packet_part SET next = %" PRIu64 " WHERE first = %"
		       PRId64, first, first, first, next, next, first) &&
	    make_parts(s, next) && run(s, "COMMIT"))
		return true;
	s->parts_end = parts_end;
	return false;
}

/* A limit that cannot be kept; if it is the server that has gone, the next batch waits for it. */
static enum store_result keep_failed(struct pg_store *s)
{
	enum store_result result = failed(s);

	run(s, "ROLLBACK");
	return result == STORE_AGAIN ? STORE_DONE : result;
}

static enum store_result keep(struct store *store, const struct batch *next, bool *next_part)
{
	struct pg_store *s = (struct pg_store *)store;
	const struct store_options *o = &store->options;
	time_t now = time(NULL);
	uint64_t oldest = now > (time_t)o->max_age ? now - o->max_age : 0;
	char sql[256];

	(void)next_part;
	s->since += next ? next->bytes : 0;
	if ((!o->max_size && !o->max_age) || !is_ready(s) ||
	    (now - s->kept < KEEP_S && (!o->max_size || s->since < o->max_size / 32)))
		return STORE_DONE;
	s->kept = now;
	s->since = 0;
	/* Not while nobody knows which number is the next. */
	if (o->max_age && !s->unsure && !end_part(s, now))
		return keep_failed(s);
	/* The last packet of the oldest partition. */
	snprintf(sql, sizeof(sql), "SELECT ts_ns < %" PRIu64 " FROM packet WHERE id = (SELECT max(id)"
		 " FROM packet WHERE id < (SELECT min(next) FROM packet_part))", oldest * 1000000000);
	while (ask(s, "SELECT count(*) FROM packet_part", 0) > 1) {
		int64_t size = ask(s, "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
				      " WHERE inhparent = 'packet'::regclass", 0);
		PGresult *old = o->max_age ? PQexec(s->conn, sql) : NULL;
		bool too_old = old && PQresultStatus(old) == PGRES_TUPLES_OK && *PQgetvalue(old, 0, 0) == 't';

		PQclear(old);
		if (!too_old && (!o->max_size || size < (int64_t)(o->max_size - o->max_size / 8)))
			break;
		if (!drop_oldest(s))
			return keep_failed(s);
	}
	return STORE_DONE;
}

static void close_store(struct store *store)
{
	struct pg_store *s = (struct pg_store *)store;

	PQfinish(s->conn);
	free(s->copy);
	free(s);
}

static void read_numbers(struct pg_store *s)
{
	struct store *store = &s->common;
	/* Of the last partition, which may be empty, as all before it may have gone. */
	uint64_t packet2 = ask(s, "SELECT greatest((SELECT max(first_packet) FROM capture),"
				  " (SELECT max(first) FROM packet_part))", 1);
	uint64_t flow2 = ask(s, "SELECT max(first_flow) FROM capture", 1);

	store->next_packet = ask(s, "SELECT max(id) + 1 FROM packet", 1);
	store->next_flow = ask(s, "SELECT max(id) + 1 FROM flow", 1);
	if (store->next_packet < packet2)
		store->next_packet = packet2;
	if (store->next_flow < flow2)
		store->next_flow = flow2;
	store->link = ask(s, "SELECT link FROM capture LIMIT 1", -1);
	s->capture = ask(s, "SELECT max(id) + 1 FROM capture", 1);
	s->parts_end = ask(s, "SELECT max(next) FROM packet_part", store->next_packet);
}

/**
 * store_open_postgres() - see store_open()
 */
struct store *store_open_postgres(const struct store_options *options, char *error, size_t size)
{
	struct pg_store *s = calloc(1, sizeof(*s));

	if (!s)
		fail_out_of_memory();
	s->common.options = *options;
	s->common.write = write_batch;
	s->common.keep = keep;
	s->common.abandon = abandon;
	s->common.close = close_store;
	s->copy = malloc(COPY_BYTES + 1);
	if (!s->copy)
		fail_out_of_memory();
	s->part_packets = PART_PACKETS;
	while (options->max_size && s->part_packets > PART_LEAST &&
	       s->part_packets * ROW_BYTES > options->max_size / 8)
		s->part_packets /= 2;
	s->conn = connect_to(options->where);
	s->socket = PQsocket(s->conn);
	if (PQstatus(s->conn) == CONNECTION_OK && set_up(s)) {
		int64_t version = ask(s, "SELECT max(version) FROM store", 0);

		if (version == STORE_VERSION) {
			read_numbers(s);
			return &s->common;
		}
		store_fail(&s->common, STORE_FAILED, "the database has version %" PRId64 " of the schema, "
			   "this fwctl writes %d; name another database", version, STORE_VERSION);
	}
	if (!*s->common.error)
		failed(s);
	snprintf(error, size, "%s", s->common.error);
	close_store(&s->common);
	return NULL;
}
