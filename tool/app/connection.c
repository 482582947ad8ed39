// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client says on a connection: one unit after the other, each judged. */
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "tls.h"

#define DNS_PORT	53

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE		(sizeof(preface) - 1)

/* --- decisions -------------------------------------------------------------- */

/* Counts and tells a decision; false if it denies. */
static bool decided(struct filter *filter, const struct ends *ends, const struct request *request,
		    struct heard *heard)
{
	heard->proto = request->proto;
	if (heard->decision.rule)
		heard->decision.rule->hits++;
	else
		filter->rules->malformed++;
	if (filter->told)
		filter->told(filter->arg, &heard->decision, request, ends);
	return decision_allows(&heard->decision);
}

static bool bad(struct filter *filter, const struct ends *ends, enum app_proto proto,
		const char *why, struct heard *heard)
{
	struct request request = { .proto = proto, .name = "", .method = "" };

	heard->decision = (struct decision){ .why = why };
	return decided(filter, ends, &request, heard);
}

static bool judge(struct filter *filter, const struct ends *ends, const struct request *request,
		  struct heard *heard)
{
	heard->decision = app_decide(filter->rules, request);
	return decided(filter, ends, request, heard);
}

/**
 * heard_other() - judge what is none of what can be read
 * @ends: its ends
 * @heard: set to the decision
 *
 * Return: false if it is denied.
 */
bool heard_other(struct filter *filter, const struct ends *ends, struct heard *heard)
{
	struct request request = { .proto = APP_OTHER, .name = "", .method = "" };

	return judge(filter, ends, &request, heard);
}

/**
 * heard_query() - judge all questions of a DNS message
 * @data: the message
 * @n: its length
 * @query: set to what it says; without questions if it is bad
 * @heard: set to the decision about the first question that is denied, or the last one
 *
 * Return: false if it is denied.
 */
bool heard_query(struct filter *filter, const struct ends *ends, const uint8_t *data, size_t n,
		 struct dns_query *query, struct heard *heard)
{
	size_t i;
	const char *why;

	if (!dns_read_query(data, n, query, &why)) {
		query->n = 0;
		return bad(filter, ends, APP_DNS, why, heard);
	}
	for (i = 0; i < query->n; i++) {
		struct request request = {
			.proto = APP_DNS, .name = query->question[i].name, .method = "",
			.type = query->question[i].type
		};

		if (!judge(filter, ends, &request, heard))
			return false;
	}
	return true;
}

/* --- units ------------------------------------------------------------------ */

/* What of a unit is there. */
static const uint8_t *unit_of(const struct stream *stream, size_t *n)
{
	*n = stream->n_kept - stream->unit;
	return stream->kept + stream->unit;
}

/* As much as a unit may have, with the first byte that makes it too long. */
static size_t unit_max(const struct stream *stream)
{
	switch (stream->phase) {
	case PHASE_CHUNK:
		return HTTP_LINE_MAX;
	case PHASE_DATA_END:
	case PHASE_TRAILER:
		return 2;
	case PHASE_DNS:
		return 2 + DNS_QUERY_MAX;
	case PHASE_TLS:
		return TLS_HELLO_MAX + 1024;
	case PHASE_TLS_NEXT:
		return TLS_NEXT_MAX;
	default:
		return HTTP_HEAD_MAX;
	}
}

/* What is asked for passes. */
static void allowed(struct stream *stream, const struct app_rule *rule)
{
	stream->judged = true;
	stream->mark = rule->mark;
	stream->mask = rule->mask;
}

static void end_reading(struct stream *stream)
{
	stream->phase = PHASE_OVER;
	stream->over = stream->at;
}

/* What kind of protocol it is; sets the phase, so that it is read again as such. */
static enum reading read_begin(struct filter *filter, struct stream *stream, struct heard *heard)
{
	struct request request = { .proto = APP_HTTP2, .name = "", .method = "" };
	const uint8_t *data;
	bool certain;
	size_t n;

	data = unit_of(stream, &n);
	if (stream->ends.port[1] == DNS_PORT)
		stream->phase = PHASE_DNS;
	else if (tls_is_begun(data, n, &certain))
		stream->phase = PHASE_TLS;
	else if (!certain)
		return READ_MORE;
	else if (!memcmp(data, preface, n < PREFACE ? n : PREFACE) && n < PREFACE)
		return READ_MORE;
	else if (http_is_begun(data, n, &stream->seen, &certain) &&
		 memcmp(data, preface, n < PREFACE ? n : PREFACE))
		stream->phase = PHASE_HEAD;
	else if (n >= PREFACE && !memcmp(data, preface, PREFACE))
		stream->phase = PHASE_OVER;
	else if (!certain)
		return READ_MORE;
	else
		request.proto = APP_OTHER;
	if (stream->phase != PHASE_OVER && request.proto != APP_OTHER)
		return READ_DONE;
	if (!judge(filter, &stream->ends, &request, heard))
		return READ_BAD;
	allowed(stream, heard->decision.rule);
	end_reading(stream);
	return READ_DONE;
}

static enum reading read_head(struct filter *filter, struct stream *stream, size_t *length,
			      struct heard *heard)
{
	struct http_head head;
	struct request request = {
		.proto = APP_HTTP, .name = head.host, .method = head.method, .path = head.target
	};
	enum reading reading;
	const uint8_t *data;
	const char *why;
	size_t n;

	data = unit_of(stream, &n);
	reading = http_head_end(data, n, &stream->seen, length, &why);
	if (reading == READ_MORE)
		return READ_MORE;
	if (reading == READ_BAD || !http_read_head(data, *length, &head, &why)) {
		bad(filter, &stream->ends, APP_HTTP, why, heard);
		return READ_BAD;
	}
	heard->decision = app_decide_http(filter->rules, &head);
	if (!decided(filter, &stream->ends, &request, heard))
		return READ_BAD;
	allowed(stream, heard->decision.rule);
	stream->left = head.length;
	if (heard->decision.rule->release)
		stream->phase = PHASE_OVER;
	else if (head.chunked)
		stream->phase = PHASE_CHUNK;
	else
		stream->phase = head.length ? PHASE_BODY : PHASE_HEAD;
	return READ_DONE;
}

static enum reading read_chunk(struct filter *filter, struct stream *stream, size_t *length,
			       struct heard *heard)
{
	const uint8_t *data;
	enum reading reading;
	const char *why;
	size_t n;

	data = unit_of(stream, &n);
	reading = http_read_chunk(data, n, length, &stream->left, &why);
	if (reading == READ_BAD)
		bad(filter, &stream->ends, APP_HTTP, why, heard);
	else if (reading == READ_DONE)
		stream->phase = stream->left ? PHASE_DATA : PHASE_TRAILER;
	return reading;
}

/* The end of a line, and nothing before it. */
static enum reading read_line_end(struct filter *filter, struct stream *stream, size_t *length,
				  struct heard *heard)
{
	const uint8_t *data;
	size_t n;

	data = unit_of(stream, &n);
	if (memcmp(data, "\r\n", n < 2 ? n : 2)) {
		bad(filter, &stream->ends, APP_HTTP, stream->phase == PHASE_TRAILER ?
		    "trailers behind a body" : "a chunk of another length than it says", heard);
		return READ_BAD;
	}
	if (n < 2)
		return READ_MORE;
	*length = 2;
	stream->phase = stream->phase == PHASE_TRAILER ? PHASE_HEAD : PHASE_CHUNK;
	return READ_DONE;
}

static enum reading read_tls(struct filter *filter, struct stream *stream, size_t *length,
			     struct heard *heard)
{
	struct tls_hello hello;
	struct request request = { .proto = APP_TLS, .name = hello.name, .method = "" };
	enum reading reading;
	const uint8_t *data;
	const char *why;
	size_t n;

	data = unit_of(stream, &n);
	reading = tls_read_hello(data, n, length, &hello, &why);
	if (reading == READ_BAD)
		bad(filter, &stream->ends, APP_TLS, why, heard);
	if (reading != READ_DONE)
		return reading;
	request.ech = hello.ech;
	if (!judge(filter, &stream->ends, &request, heard))
		return READ_BAD;
	allowed(stream, heard->decision.rule);
	stream->zero_rtt = hello.early ? TLS_EARLY_MAX : 0;
	stream->phase = hello.retried ? PHASE_TLS_NEXT : PHASE_OVER;
	return READ_DONE;
}

/*
 * A server that cannot do with a ClientHello asks for another one, and may take the name in
 * that one for what is meant.
 */
static enum reading read_tls_next(struct filter *filter, struct stream *stream, size_t *length,
				  struct heard *heard)
{
	enum reading reading;
	enum tls_next next;
	const uint8_t *data;
	const char *why;
	size_t n, size;

	data = unit_of(stream, &n);
	reading = tls_read_next(data, n, &size, &next, &why);
	if (reading == READ_BAD)
		bad(filter, &stream->ends, APP_TLS, why, heard);
	if (reading != READ_DONE)
		return reading;
	if (next == TLS_HELLO) {
		stream->phase = PHASE_TLS;
		return READ_DONE;
	}
	if (next == TLS_EARLY) {
		next = size > stream->zero_rtt ? TLS_OVER : TLS_SKIP;
		stream->zero_rtt -= next == TLS_SKIP ? size : 0;
	}
	stream->phase = next == TLS_OVER ? PHASE_OVER : PHASE_TLS_RECORD;
	*length = n < size ? n : size;
	stream->left = size - *length;
	if (stream->phase == PHASE_TLS_RECORD && !stream->left)
		stream->phase = PHASE_TLS_NEXT;
	return READ_DONE;
}

/* A message behind its length (RFC 1035, section 4.2.2). */
static enum reading read_dns(struct filter *filter, struct stream *stream, size_t *length,
			     struct heard *heard)
{
	struct dns_query query;
	const uint8_t *data;
	size_t n, size;

	data = unit_of(stream, &n);
	if (n < 2)
		return READ_MORE;
	size = data[0] << 8 | data[1];
	if (size > DNS_QUERY_MAX) {
		bad(filter, &stream->ends, APP_DNS, "a query that is too long", heard);
		return READ_BAD;
	}
	if (n < 2 + size)
		return READ_MORE;
	*length = 2 + size;
	if (!heard_query(filter, &stream->ends, data + 2, size, &query, heard))
		return READ_BAD;
	allowed(stream, heard->decision.rule);
	return READ_DONE;
}

/* Reads what there is of a unit; READ_DONE: so much of it was one. */
static enum reading read_unit(struct filter *filter, struct stream *stream, size_t *length,
			      struct heard *heard)
{
	*length = 0;
	switch (stream->phase) {
	case PHASE_BEGIN:
		return read_begin(filter, stream, heard);
	case PHASE_HEAD:
		return read_head(filter, stream, length, heard);
	case PHASE_CHUNK:
		return read_chunk(filter, stream, length, heard);
	case PHASE_TLS:
		return read_tls(filter, stream, length, heard);
	case PHASE_TLS_NEXT:
		return read_tls_next(filter, stream, length, heard);
	case PHASE_DNS:
		return read_dns(filter, stream, length, heard);
	default:
		return read_line_end(filter, stream, length, heard);
	}
}

/*
 * Adds bytes to the unit, and reads it; returns how many were taken, 0 if it is denied.
 * The bytes behind a unit are not of it.
 */
static size_t hear_unit(struct filter *filter, struct stream *stream, const uint8_t *data,
			size_t n, struct heard *heard)
{
	size_t room = unit_max(stream) - (stream->n_kept - stream->unit), length;
	uint8_t begun = stream->phase;

	if (n > room)
		n = room;
	if (!stream_keep(&filter->streams, stream, data, n)) {
		bad(filter, &stream->ends, APP_OTHER, "no memory for it", heard);
		return 0;
	}
	switch (read_unit(filter, stream, &length, heard)) {
	case READ_BAD:
		return 0;
	case READ_MORE:
		return n;
	default:
		break;
	}
	if (!length && stream->phase != PHASE_OVER) {
		/* It is known what it is now: all of it is to be read. */
		stream_unkeep(stream, n);
		stream->seen = 0;
		return hear_unit(filter, stream, data, n, heard);
	}
	if (begun == PHASE_BEGIN)
		length = stream->n_kept - stream->unit;
	room = stream->n_kept - stream->unit - length;
	stream_unkeep(stream, room);
	stream->unit = stream->n_kept;
	stream->seen = 0;
	if (stream->phase == PHASE_OVER)
		end_reading(stream);
	return n - room;
}

/* What comes behind bytes that need not be read. */
static enum phase behind(enum phase phase)
{
	return phase == PHASE_BODY ? PHASE_HEAD : phase == PHASE_DATA ? PHASE_DATA_END : PHASE_TLS_NEXT;
}

static bool hear(struct filter *filter, struct stream *stream, const uint8_t *data, size_t n,
		 struct heard *heard)
{
	while (n) {
		size_t taken = n;

		if (stream->phase == PHASE_BODY || stream->phase == PHASE_DATA ||
		    stream->phase == PHASE_TLS_RECORD) {
			if (stream->left < n)
				taken = stream->left;
			stream->left -= taken;
			if (!stream->left)
				stream->phase = behind(stream->phase);
			stream_skip(stream, taken);
		} else if (stream->phase == PHASE_OVER) {
			stream_skip(stream, taken);
		} else {
			taken = hear_unit(filter, stream, data, n, heard);
			if (!taken)
				return false;
		}
		data += taken;
		n -= taken;
	}
	return true;
}

/**
 * connection_hear() - read what comes next on a connection, and what has come early
 * @stream: the connection
 * @data: what comes next
 * @n: bytes of that
 * @heard: set to what is denied
 *
 * Return: false if something of it is denied.
 */
bool connection_hear(struct filter *filter, struct stream *stream, const uint8_t *data, size_t n,
		     struct heard *heard)
{
	bool good = hear(filter, stream, data, n, heard);
	struct early *early;

	while (good && (early = stream_take_early(&filter->streams, stream)) != NULL) {
		uint32_t old = stream->at - early->seq;

		if (old < early->n)
			good = hear(filter, stream, early->data + old, early->n - old, heard);
		free(early);
	}
	return good;
}

/**
 * connection_other() - judge a connection of which something else is known than what the
 *	client says: the server speaks first
 * @heard: set to the decision
 *
 * Return: false if it is denied.
 */
bool connection_other(struct filter *filter, struct stream *stream, struct heard *heard)
{
	if (!heard_other(filter, &stream->ends, heard))
		return false;
	allowed(stream, heard->decision.rule);
	return true;
}

/**
 * connection_end() - judge what a client has begun when it says that it says no more
 * @heard: set to what is denied
 *
 * There are servers that take the end of a connection for the end of a head.
 *
 * Return: false if it is denied.
 */
bool connection_end(struct filter *filter, struct stream *stream, struct heard *heard)
{
	const uint8_t *data;
	size_t n, i = 0;

	if (stream->n_kept == stream->unit)
		return true;
	if (stream->phase == PHASE_BEGIN)
		return connection_other(filter, stream, heard);
	if (stream->phase != PHASE_HEAD)
		return true;
	data = unit_of(stream, &n);
	/* Some put an empty line behind a body. */
	while (i < n && (data[i] == '\r' || data[i] == '\n'))
		i++;
	return i == n || bad(filter, &stream->ends, APP_HTTP, "it ends within a head", heard);
}

/**
 * connection_bad() - deny a connection for how it is sent
 * @why: what is bad
 * @heard: set to the decision
 */
void connection_bad(struct filter *filter, struct stream *stream, const char *why,
		    struct heard *heard)
{
	enum app_proto proto = stream->phase >= PHASE_HEAD && stream->phase <= PHASE_TRAILER ? APP_HTTP :
			       stream->phase >= PHASE_TLS && stream->phase <= PHASE_TLS_RECORD ? APP_TLS :
			       APP_OTHER;

	bad(filter, &stream->ends, proto, why, heard);
}

/**
 * connection_refusal() - the answer REFUSED to the DNS query that was just denied
 * @answer: set to it, behind its length
 * @room: bytes
 *
 * Return: its length, 0 if there is none.
 */
size_t connection_refusal(const struct stream *stream, uint8_t *answer, size_t room)
{
	struct dns_query query;
	const uint8_t *data;
	const char *why;
	size_t n;

	data = unit_of(stream, &n);
	if (n < 2 || stream->phase != PHASE_DNS || !dns_read_query(data + 2, n - 2, &query, &why))
		return 0;
	n = dns_refusal(data + 2, &query, answer + 2, room - 2);
	answer[0] = n >> 8;
	answer[1] = n;
	return n ? n + 2 : 0;
}
