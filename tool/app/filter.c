// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets: which flow, which answer. What a connection says is read in connection.c. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"
#include "dns.h"
#include "filter.h"

#define DNS_PORT	53
#define LINGER		1000		/* ms: until who was told why is reset */
#define FAR		(1 << 20)	/* bytes: further away nobody sends */

/**
 * filter_init() - begin without rules and connections
 * @memory: bytes that connections may take
 *
 * Return: false without memory.
 */
bool filter_init(struct filter *filter, size_t memory)
{
	memset(filter, 0, sizeof(*filter));
	return streams_init(&filter->streams, memory);
}

/**
 * filter_free() - free what filter_init() made
 */
void filter_free(struct filter *filter)
{
	streams_free(&filter->streams);
}

/**
 * filter_time() - say what time it is, before packets and now and then
 * @now: milliseconds
 */
void filter_time(struct filter *filter, uint64_t now)
{
	filter->streams.now = now;
	streams_expire(&filter->streams);
}

/**
 * filter_due() - the next connection that has had its time to read an answer
 * @answer: set to the reset that is to be sent to it
 *
 * Return: false if there is none now.
 */
bool filter_due(struct filter *filter, struct answer *answer)
{
	struct lingering *first = &filter->lingering[filter->first_lingering];

	if (!filter->n_lingering || first->when > filter->streams.now)
		return false;
	answer_tcp(answer, &first->ends, first->seq, 0, TCP_RST, NULL, 0);
	filter->first_lingering = (filter->first_lingering + 1) % LINGERING_MAX;
	filter->n_lingering--;
	return true;
}

static void linger(struct filter *filter, const struct ends *ends, uint32_t seq)
{
	size_t at = (filter->first_lingering + filter->n_lingering) % LINGERING_MAX;

	if (filter->n_lingering == LINGERING_MAX)
		return;
	filter->lingering[at] = (struct lingering){
		.when = filter->streams.now + LINGER, .ends = *ends, .seq = seq
	};
	filter->n_lingering++;
}

static struct answer *next_answer(struct verdict *verdict)
{
	return &verdict->answer[verdict->n_answers++];
}

/* --- no: TCP ---------------------------------------------------------------- */

/* What the segment takes of the sequence numbers. */
static uint32_t segment_end(const struct segment *segment)
{
	return segment->seq + segment->n + !!(segment->flags & TCP_FIN);
}

/*
 * The flow ends. Who gets the segment is reset: it has all before @next; so is who sent
 * it, or told why first.
 */
static void refuse_tcp(struct filter *filter, const struct segment *segment, uint32_t next,
		       const void *text, size_t n, struct verdict *verdict)
{
	struct ends back = ends_reversed(&segment->ends);

	verdict->queue = FLOWWALL_QUEUE_REFUSE;
	answer_tcp(next_answer(verdict), &segment->ends, next, segment->ack, TCP_RST | TCP_ACK,
		   NULL, 0);
	if (!n) {
		answer_tcp(next_answer(verdict), &back, segment->ack, segment_end(segment),
			   TCP_RST | TCP_ACK, NULL, 0);
		return;
	}
	answer_tcp(next_answer(verdict), &back, segment->ack, segment_end(segment),
		   TCP_PSH | TCP_ACK | TCP_FIN, text, n);
	linger(filter, &back, segment->ack + n + 1);
}

static size_t forbidden(char *text, size_t size)
{
	static const char body[] =
		"<!doctype html>\n<title>Forbidden</title>\n"
		"<h1>Forbidden</h1>\n<p>The firewall does not allow this address.</p>\n";

	return snprintf(text, size, "HTTP/1.1 403 Forbidden\r\n"
			"Content-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
			"Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
			sizeof(body) - 1, body);
}

static void deny_tcp(struct filter *filter, struct stream *stream, const struct segment *segment,
		     uint32_t next, const struct heard *heard, struct verdict *verdict)
{
	char text[ANSWER_ROOM - 60];
	size_t n = 0;

	if (heard->proto == APP_HTTP)
		n = forbidden(text, sizeof(text));
	else if (heard->proto == APP_DNS)
		n = connection_refusal(stream, (uint8_t *)text, sizeof(text));
	refuse_tcp(filter, segment, next, text, n, verdict);
	stream_free(&filter->streams, stream);
}

/* --- TCP -------------------------------------------------------------------- */

/* What is said of a connection that passes on. */
static void pass(const struct stream *stream, struct verdict *verdict)
{
	verdict->mark = stream->mark;
	verdict->mask = stream->mask;
	/* Of TLS, what the server has got is heard from it before long. */
	verdict->queue = FLOWWALL_QUEUE_MORE;
	if (stream->judged && (stream->phase < PHASE_TLS || stream->phase == PHASE_DNS))
		verdict->queue = FLOWWALL_QUEUE_REQUESTS;
}

/* Nobody is asked about it any more. */
static void release(struct filter *filter, struct stream *stream, struct verdict *verdict)
{
	pass(stream, verdict);
	verdict->queue = FLOWWALL_QUEUE_DECIDED;
	stream_release(&filter->streams, stream);
}

static void from_server(struct filter *filter, struct stream *stream,
			const struct segment *segment, struct verdict *verdict)
{
	bool telling = segment->n || segment->flags & (TCP_FIN | TCP_RST);
	struct heard heard;

	stream->closing |= !!(segment->flags & (TCP_FIN | TCP_RST));
	if (segment->flags & TCP_SYN && segment->ack == stream->at)
		stream->opened = true;
	if (stream->phase == PHASE_BEGIN && !stream->n_kept && segment->n) {
		if (!connection_other(filter, stream, &heard))
			deny_tcp(filter, stream, segment, segment->seq, &heard, verdict);
		else
			release(filter, stream, verdict);
		return;
	}
	if (stream->phase == PHASE_OVER && segment->flags & TCP_ACK &&
	    seq_diff(segment->ack, stream->over) >= 0)
		stream->acknowledged = true;
	if (stream->acknowledged && telling)
		release(filter, stream, verdict);
	else
		pass(stream, verdict);
}

static void open_connection(struct filter *filter, const struct segment *segment,
			    struct verdict *verdict)
{
	verdict->queue = FLOWWALL_QUEUE_MORE;
	if (stream_new(&filter->streams, &segment->ends, segment->seq + 1))
		return;
	filter->counts.full++;
	verdict->drop = true;
}

/* A SYN for what is there: the same again, another connection, or a trick. */
static void open_again(struct filter *filter, struct stream *stream,
		       const struct segment *segment, struct verdict *verdict)
{
	int32_t ahead = seq_diff(segment->seq + 1, stream->at);

	if (!ahead && stream->phase == PHASE_BEGIN && !stream->n_kept) {
		pass(stream, verdict);
	} else if (!stream->closing && ahead > -FAR && ahead < FAR) {
		filter->counts.broken++;
		verdict->drop = true;
	} else {
		stream_free(&filter->streams, stream);
		open_connection(filter, segment, verdict);
	}
}

static void drop(_Atomic uint64_t *counter, struct verdict *verdict)
{
	(*counter)++;
	verdict->drop = true;
}

/* There are stacks that send a byte of garbage to see who is there (RFC 9293, section 3.8.4). */
static bool is_probe(const struct segment *segment, int32_t ahead)
{
	return segment->n == 1 && ahead == -1 && !segment->urgent &&
	       !(segment->flags & (TCP_FIN | TCP_RST));
}

/* Who does not have the byte yet takes it: it goes on as what it was. */
static void probe(const struct stream *stream, const struct segment *segment,
		  struct verdict *verdict)
{
	verdict->drop = true;
	answer_tcp(next_answer(verdict), &segment->ends, segment->seq, segment->ack, TCP_ACK,
		   stream->kept + stream->n_kept - 1, 1);
}

static void from_client(struct filter *filter, struct stream *stream,
			struct segment *segment, struct verdict *verdict)
{
	struct streams *streams = &filter->streams;
	uint32_t next = stream->at;
	int32_t ahead = seq_diff(segment->seq, next);
	bool ends = segment->flags & TCP_FIN && stream->phase != PHASE_OVER;
	struct heard heard;
	enum same same;
	size_t old;

	stream->closing |= !!(segment->flags & (TCP_FIN | TCP_RST));
	if (!segment->n && !ends) {
		pass(stream, verdict);
		return;
	}
	if (ahead > FAR) {
		drop(&filter->counts.broken, verdict);
		return;
	}
	if (ahead < 0) {
		old = (size_t)-(int64_t)ahead < segment->n ? (size_t)-(int64_t)ahead : segment->n;
		same = stream_compare(stream, segment->seq, segment->data, old);
		if (same == UNKNOWN) {
			drop(&filter->counts.repeated, verdict);
			return;
		}
		if (same == DIFFERENT && is_probe(segment, ahead)) {
			probe(stream, segment, verdict);
			return;
		}
		if (same == DIFFERENT)
			goto bad;
	} else {
		old = 0;
	}
	if (segment->urgent ||
	    !stream_early_agrees(stream, segment->seq, segment->data, segment->n))
		goto bad;
	/* What comes before the end is not known; it is sent again, as the end is. */
	if (ends && ahead > 0) {
		drop(&filter->counts.repeated, verdict);
		return;
	}
	if (ahead > 0 && stream->phase != PHASE_OVER &&
	    !stream_put_early(streams, stream, segment->seq, segment->data, segment->n)) {
		drop(&filter->counts.repeated, verdict);
		return;
	}
	if (ahead <= 0 && old < segment->n &&
	    !connection_hear(filter, stream, segment->data + old, segment->n - old, &heard)) {
		deny_tcp(filter, stream, segment, next, &heard, verdict);
		return;
	}
	/* More was said than this: there is no end. */
	if (ends && seq_diff(segment->seq + segment->n, stream->at) < 0)
		goto bad;
	if (ends && !connection_end(filter, stream, &heard)) {
		deny_tcp(filter, stream, segment, next, &heard, verdict);
		return;
	}
	if (stream->acknowledged)
		release(filter, stream, verdict);
	else
		pass(stream, verdict);
	return;
bad:
	connection_bad(filter, stream, segment->urgent ? "urgent data" :
		       "sent again, and not the same", &heard);
	deny_tcp(filter, stream, segment, next, &heard, verdict);
}

/*
 * Over several connections, or with places of their own within one, bytes come to a server
 * in another order than they are in here (RFC 8684, section 3.3).
 */
static void keep_single_path(struct filter *filter, const struct segment *segment,
			     const uint8_t *packet, struct verdict *verdict)
{
	size_t n = segment->data - packet;

	if (n > sizeof(verdict->instead)) {
		drop(&filter->counts.broken, verdict);
		return;
	}
	memcpy(verdict->instead, packet, n);
	if (segment_single_path(segment, verdict->instead))
		verdict->n_instead = n;
}

static void judge_tcp(struct filter *filter, struct segment *segment, struct verdict *verdict)
{
	struct stream *stream = stream_find(&filter->streams, &segment->ends);
	struct ends back = ends_reversed(&segment->ends);
	bool opens = (segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN, server = false;

	if (!stream)
		server = (stream = stream_find(&filter->streams, &back)) != NULL;
	if (stream && stream->phase == PHASE_RELEASED) {
		if (!opens) {
			release(filter, stream, verdict);
			return;
		}
		/* Another connection, whoever begins it. */
		stream_free(&filter->streams, stream);
		stream = NULL;
	} else if (server) {
		stream_use(&filter->streams, stream);
		from_server(filter, stream, segment, verdict);
		return;
	}
	if (!stream && opens)
		open_connection(filter, segment, verdict);
	else if (stream && segment->flags & TCP_SYN)
		open_again(filter, stream, segment, verdict);
	if (segment->flags & TCP_SYN) {
		/* Data that comes with it (RFC 7413) is sent again if it is not taken. */
		if (segment->n && !verdict->drop)
			drop(&filter->counts.repeated, verdict);
	} else if (stream && (stream->opened || !segment->n)) {
		stream_use(&filter->streams, stream);
		from_client(filter, stream, segment, verdict);
	} else if (segment->n) {
		/*
		 * What was said before is not known, nor is what this means: a SYN alone may
		 * be there to make believe that something begins.
		 */
		filter->counts.midway++;
		refuse_tcp(filter, segment, segment->seq, NULL, 0, verdict);
	} else {
		verdict->queue = FLOWWALL_QUEUE_MORE;
	}
}

/* --- UDP and others --------------------------------------------------------- */

static void judge_query(struct filter *filter, const struct segment *segment,
			struct verdict *verdict)
{
	struct ends back = ends_reversed(&segment->ends);
	uint8_t text[ANSWER_ROOM - 48];
	struct dns_query query;
	struct heard heard;
	size_t n;

	verdict->queue = FLOWWALL_QUEUE_REQUESTS;
	if (heard_query(filter, &segment->ends, segment->data, segment->n, &query, &heard)) {
		verdict->mark = heard.decision.rule->mark;
		verdict->mask = heard.decision.rule->mask;
		return;
	}
	verdict->drop = true;
	n = query.n ? dns_refusal(segment->data, &query, text, sizeof(text)) : 0;
	if (n)
		answer_udp(next_answer(verdict), &back, text, n);
}

static void judge_other(struct filter *filter, const struct ends *ends, struct verdict *verdict)
{
	struct heard heard;

	verdict->queue = FLOWWALL_QUEUE_REFUSE;
	if (!heard_other(filter, ends, &heard))
		return;
	/*
	 * It may be what a server says to a query that was denied: the next queries of that
	 * flow are judged as well.
	 */
	if (ends->proto == IPPROTO_UDP && ends->port[0] == DNS_PORT)
		verdict->queue = FLOWWALL_QUEUE_MORE;
	else
		verdict->queue = FLOWWALL_QUEUE_DECIDED;
	verdict->mark = heard.decision.rule->mark;
	verdict->mask = heard.decision.rule->mask;
}

/**
 * filter_packet() - say what is to become of a packet
 * @packet: from the IP header on
 * @n: its length
 * @check: its checksum is there, as it came
 * @whole: it leaves as it is; else in several that are cut out of it
 * @verdict: set to that
 */
void filter_packet(struct filter *filter, const uint8_t *packet, size_t n, bool check, bool whole,
		   struct verdict *verdict)
{
	struct segment segment;
	bool good = segment_read(packet, n, check, &segment);
	uint8_t proto = segment.ends.proto;

	filter->counts.packets++;
	verdict->drop = false;
	verdict->queue = FLOWWALL_QUEUE_MORE;
	verdict->mark = verdict->mask = 0;
	verdict->n_instead = 0;
	verdict->n_answers = 0;
	/* Of datagrams, nothing says where the next one begins. */
	if ((!good && (!proto || proto == IPPROTO_TCP || proto == IPPROTO_UDP)) ||
	    (proto == IPPROTO_UDP && segment.ends.port[1] == DNS_PORT && !whole))
		drop(&filter->counts.broken, verdict);
	else if (proto == IPPROTO_TCP)
		judge_tcp(filter, &segment, verdict);
	else if (proto == IPPROTO_UDP && segment.ends.port[1] == DNS_PORT)
		judge_query(filter, &segment, verdict);
	else
		judge_other(filter, &segment.ends, verdict);
	/* One that goes on has no data. */
	if (proto == IPPROTO_TCP && segment.flags & TCP_SYN && !segment.n && !verdict->drop)
		keep_single_path(filter, &segment, packet, verdict);
}
