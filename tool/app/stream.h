/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_STREAM_H
#define APP_STREAM_H

/*
 * What clients have sent over TCP, as far as it matters: bounded for each connection and
 * in all.
 *
 * Segments pass as they come, but for the one that completes what is denied: without it,
 * the server has nothing to answer. So whatever passed must not change any more: what is
 * sent again has to be the same, since nobody knows which of both the server took.
 */
#include "segment.h"

#define KEPT_MAX	24576	/* bytes that were read, of a connection: more than a unit */
#define RANGES_MAX	4096	/* as many as that may be: a chunk's line and the end before it */
#define EARLY_MAX	16384	/* bytes that came before their turn */
#define EARLY_SEGMENTS	16

/* Bytes that were read: @length of the connection from @seq on. */
struct range {
	uint32_t seq;
	uint32_t length;
};

struct early {
	struct early *next;
	uint32_t seq;
	uint32_t n;
	uint8_t data[];
};

/**
 * enum phase - what is read of a connection
 */
enum phase {
	PHASE_BEGIN,		/* its first bytes, to see what it is */
	PHASE_HEAD,		/* of an HTTP request */
	PHASE_BODY,		/* of @left bytes */
	PHASE_CHUNK,		/* the line before a chunk */
	PHASE_DATA,		/* of a chunk, of @left bytes */
	PHASE_DATA_END,		/* the line end behind it */
	PHASE_TRAILER,		/* the line end behind the last one */
	PHASE_TLS,		/* a ClientHello */
	PHASE_TLS_NEXT,		/* what follows it */
	PHASE_TLS_RECORD,	/* that is of @left bytes, and says nothing */
	PHASE_DNS,
	PHASE_OVER,		/* no more: it passes once the server has all of what was read */
	PHASE_RELEASED,		/* it passes: what still waits in the queue may come here */
};

/**
 * struct stream - a TCP connection
 * @ends: from the client to the server
 * @next: in its bucket
 * @share: of its client
 * @newer: the one of @share that was used after it
 * @older: and before it
 * @used: when, milliseconds
 * @phase: enum phase
 * @judged: a request was allowed
 * @opened: the server has agreed to it: before, nothing of it counts
 * @closing: one of the ends said good-bye
 * @acknowledged: when PHASE_OVER, that the server has all of what was read
 * @forgot: ranges before @forgotten are not kept any more
 * @at: sequence number of the next byte to be read
 * @over: of the first byte that nobody reads, when PHASE_OVER
 * @left: bytes that need not be read
 * @zero_rtt: bytes of early data that a server of TLS may still skip
 * @mark: of its packets, @mask the bits of it
 * @kept: the bytes of the ranges, one after the other; from @unit on those of what is
 *	not complete yet, of which @seen were looked at
 * @early: in the order of their sequence numbers
 */
struct stream {
	struct ends ends;
	struct stream *next;
	struct share *share;
	struct stream *newer;
	struct stream *older;
	uint64_t used;
	uint8_t phase;
	bool judged;
	bool opened;
	bool closing;
	bool acknowledged;
	bool forgot;
	uint32_t forgotten;
	uint32_t at;
	uint32_t over;
	uint64_t left;
	uint32_t zero_rtt;
	uint32_t mark;
	uint32_t mask;
	uint8_t *kept;
	size_t n_kept;
	size_t room;
	size_t unit;
	size_t seen;
	struct range *ranges;
	size_t n_ranges;
	size_t ranges_room;
	struct early *early;
	size_t early_bytes;
	size_t early_n;
};

/**
 * struct uses - connections in the order in which they were used
 */
struct uses {
	struct stream *newest;
	struct stream *oldest;
};

/**
 * struct share - the connections of a client, or of a few whose addresses fall together
 * @uses: those that are listened to, and behind them those that are released
 * @memory: bytes that they take
 */
struct share {
	struct uses uses[2];
	size_t memory;
};

/**
 * struct streams - all connections of a queue
 * @memory: bytes that they take, at most @max
 * @now: milliseconds
 * @swept: when those that are idle were last looked for
 * @sweep: the share in which to look next
 */
struct streams {
	struct stream **bucket;
	struct share *share;
	size_t mask;
	uint64_t seed;
	size_t n;
	size_t memory;
	size_t max;
	uint64_t now;
	uint64_t swept;
	size_t sweep;
};

enum same {
	SAME,
	DIFFERENT,	/* from what passed before */
	UNKNOWN,	/* too long ago */
};

bool streams_init(struct streams *streams, size_t max);
void streams_free(struct streams *streams);
struct stream *stream_find(const struct streams *streams, const struct ends *ends);
struct stream *stream_new(struct streams *streams, const struct ends *ends, uint32_t at);
void stream_use(struct streams *streams, struct stream *stream);
void stream_release(struct streams *streams, struct stream *stream);
void stream_free(struct streams *streams, struct stream *stream);
void streams_expire(struct streams *streams);

enum same stream_compare(const struct stream *stream, uint32_t seq, const uint8_t *data, size_t n);
bool stream_keep(struct streams *streams, struct stream *stream, const uint8_t *data, size_t n);
void stream_skip(struct stream *stream, size_t n);
void stream_unkeep(struct stream *stream, size_t n);
bool stream_early_agrees(const struct stream *stream, uint32_t seq, const uint8_t *data, size_t n);
bool stream_put_early(struct streams *streams, struct stream *stream, uint32_t seq,
		      const uint8_t *data, size_t n);
struct early *stream_take_early(struct streams *streams, struct stream *stream);

/* How far @seq is behind @from, negative if it is before it (RFC 9293, section 3.4). */
static inline int32_t seq_diff(uint32_t seq, uint32_t from)
{
	return (int32_t)(seq - from);
}

#endif
