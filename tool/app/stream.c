// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections, and what is kept of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <xxhash.h>

#include "stream.h"

#define BUCKETS		16384
#define SHARES		1024
#define RANGES_FIRST	8
#define FORGET_PART	8		/* if there is no room, so much of all is forgotten at once */
#define SWEEP		100		/* ms: how often to look for those that are idle, */
#define SWEEP_STREAMS	1024		/* at so many at once */
#define IDLE		(2 * 3600 * 1000ull)	/* ms: as long as the module keeps TCP flows */
#define IDLE_HANDSHAKE	(30 * 1000ull)		/* of those that have sent nothing yet */
#define IDLE_UNIT	(60 * 1000ull)		/* within a head: a server waits no longer */
#define IDLE_CLOSING	(30 * 1000ull)
#define IDLE_CROWDED	(10 * 1000ull)		/* if the place is needed */
#define IDLE_RELEASED	(10 * 1000ull)		/* longer than a packet waits in a queue */

enum { LISTENED, RELEASED };

/**
 * streams_init() - begin with none
 * @max: bytes of memory that they may take
 *
 * Return: false without memory.
 */
bool streams_init(struct streams *streams, size_t max)
{
	memset(streams, 0, sizeof(*streams));
	streams->bucket = calloc(BUCKETS, sizeof(*streams->bucket));
	streams->share = calloc(SHARES, sizeof(*streams->share));
	streams->mask = BUCKETS - 1;
	streams->max = max;
	/* Nobody outside is to know which connections or clients fall together. */
	return streams->bucket && streams->share &&
	       getrandom(&streams->seed, sizeof(streams->seed), 0) == sizeof(streams->seed);
}

/**
 * streams_free() - free all
 */
void streams_free(struct streams *streams)
{
	struct stream *stream;
	size_t i;

	for (i = 0; streams->bucket && i < BUCKETS; i++)
		while ((stream = streams->bucket[i]) != NULL)
			stream_free(streams, stream);
	free(streams->bucket);
	free(streams->share);
	streams->bucket = NULL;
	streams->share = NULL;
}

static struct stream **bucket_of(const struct streams *streams, const struct ends *ends)
{
	return &streams->bucket[XXH3_64bits_withSeed(ends, sizeof(*ends), streams->seed) &
				streams->mask];
}

/**
 * stream_find() - the connection from one end to the other, or NULL
 */
struct stream *stream_find(const struct streams *streams, const struct ends *ends)
{
	struct stream *stream = *bucket_of(streams, ends);

	while (stream && memcmp(&stream->ends, ends, sizeof(*ends)))
		stream = stream->next;
	return stream;
}

/* Of IPv6, a client has as many addresses as it likes, with one prefix (RFC 4291, section 2.5.4). */
static struct share *share_of(const struct streams *streams, const struct ends *ends)
{
	return &streams->share[XXH3_64bits_withSeed(ends->addr[0], ends->family == AF_INET ? 4 : 8,
						    streams->seed) % SHARES];
}

/* It takes more memory, or less. */
static void take(struct streams *streams, struct stream *stream, ssize_t bytes)
{
	streams->memory += bytes;
	stream->share->memory += bytes;
}

static struct uses *uses_of(const struct stream *stream)
{
	return &stream->share->uses[stream->phase == PHASE_RELEASED ? RELEASED : LISTENED];
}

static void unlink_use(struct stream *stream)
{
	struct uses *uses = uses_of(stream);

	*(stream->newer ? &stream->newer->older : &uses->newest) = stream->older;
	*(stream->older ? &stream->older->newer : &uses->oldest) = stream->newer;
}

static void link_use(struct streams *streams, struct stream *stream)
{
	struct uses *uses = uses_of(stream);

	stream->used = streams->now;
	stream->newer = NULL;
	stream->older = uses->newest;
	*(uses->newest ? &uses->newest->newer : &uses->oldest) = stream;
	uses->newest = stream;
}

/**
 * stream_use() - a packet of it has come
 */
void stream_use(struct streams *streams, struct stream *stream)
{
	unlink_use(stream);
	link_use(streams, stream);
}

static bool is_idle(const struct streams *streams, const struct stream *stream)
{
	uint64_t idle = streams->now - stream->used;

	if (stream->phase == PHASE_RELEASED)
		return idle > IDLE_RELEASED;
	if (stream->closing)
		return idle > IDLE_CLOSING;
	if (stream->phase == PHASE_BEGIN)
		return idle > IDLE_HANDSHAKE;
	return idle > (stream->n_kept > stream->unit ? IDLE_UNIT : IDLE);
}

static struct share *largest(const struct streams *streams)
{
	struct share *share, *most = streams->share;

	for (share = most; share < streams->share + SHARES; share++)
		if (share->memory > most->memory)
			most = share;
	return most;
}

/*
 * Gives up connections until there is room for @n bytes of @share, but not @but. They are of
 * who has most: those that are released, then those that have said nothing for longest.
 * If that was not long ago, only for the sake of who has less.
 */
static bool make_room(struct streams *streams, const struct share *share, const struct stream *but,
		      size_t n)
{
	while (streams->memory + n > streams->max) {
		struct share *most = largest(streams);
		struct stream *oldest = most->uses[RELEASED].oldest;

		if (!oldest) {
			oldest = most->uses[LISTENED].oldest;
			if (!oldest || oldest == but ||
			    (streams->now - oldest->used < IDLE_CROWDED &&
			     most->memory <= share->memory + n))
				return false;
		}
		stream_free(streams, oldest);
	}
	return true;
}

/**
 * stream_new() - a connection begins
 * @ends: from the client to the server; there is none of these
 * @at: sequence number of its first byte
 *
 * Return: it, or NULL if there is no memory for it.
 */
struct stream *stream_new(struct streams *streams, const struct ends *ends, uint32_t at)
{
	struct stream **bucket = bucket_of(streams, ends), *stream;
	struct share *share = share_of(streams, ends);

	if (!make_room(streams, share, NULL, sizeof(*stream)))
		return NULL;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NULL;
	streams->n++;
	stream->share = share;
	take(streams, stream, sizeof(*stream));
	stream->ends = *ends;
	stream->at = at;
	stream->next = *bucket;
	*bucket = stream;
	link_use(streams, stream);
	return stream;
}

static void drop_early(struct streams *streams, struct stream *stream)
{
	struct early *early;

	while ((early = stream->early) != NULL) {
		stream->early = early->next;
		take(streams, stream, -(ssize_t)(sizeof(*early) + early->n));
		free(early);
	}
	stream->early_bytes = stream->early_n = 0;
}

static size_t ranges_size(const struct stream *stream)
{
	return stream->ranges_room * sizeof(*stream->ranges);
}

static void drop_kept(struct streams *streams, struct stream *stream)
{
	drop_early(streams, stream);
	take(streams, stream, -(ssize_t)(stream->room + ranges_size(stream)));
	free(stream->kept);
	free(stream->ranges);
	stream->kept = NULL;
	stream->ranges = NULL;
	stream->n_kept = stream->room = stream->unit = 0;
	stream->n_ranges = stream->ranges_room = 0;
}

/**
 * stream_release() - a connection is not listened to any more
 *
 * It is known for some seconds yet: its packets that wait in the queue pass. That takes
 * no more memory than a connection that has said nothing.
 */
void stream_release(struct streams *streams, struct stream *stream)
{
	unlink_use(stream);
	drop_kept(streams, stream);
	stream->phase = PHASE_RELEASED;
	link_use(streams, stream);
}

/**
 * stream_free() - forget a connection
 */
void stream_free(struct streams *streams, struct stream *stream)
{
	struct stream **link = bucket_of(streams, &stream->ends);

	while (*link != stream)
		link = &(*link)->next;
	*link = stream->next;
	unlink_use(stream);
	drop_kept(streams, stream);
	take(streams, stream, -(ssize_t)sizeof(*stream));
	streams->n--;
	free(stream);
}

/* Looks at so many at most; returns how many of them are left. */
static unsigned int expire(struct streams *streams, const struct uses *uses, unsigned int looks)
{
	struct stream *stream = uses->oldest, *newer;

	for (; stream && looks; stream = newer, looks--) {
		newer = stream->newer;
		if (is_idle(streams, stream))
			stream_free(streams, stream);
		else if (streams->now - stream->used < IDLE_CLOSING)
			break;
	}
	return looks;
}

/**
 * streams_expire() - forget connections that have said nothing for long
 *
 * Of each client, the longest unused come first, whatever they wait for: a few others wait
 * behind them.
 */
void streams_expire(struct streams *streams)
{
	unsigned int looks = SWEEP_STREAMS, i;

	if (streams->now - streams->swept < SWEEP)
		return;
	streams->swept = streams->now;
	for (i = 0; looks && i < SHARES; i++) {
		const struct share *share = &streams->share[streams->sweep];

		looks = expire(streams, &share->uses[LISTENED], looks);
		looks = expire(streams, &share->uses[RELEASED], looks);
		streams->sweep = (streams->sweep + 1) % SHARES;
	}
}

/* --- what was read ------------------------------------------------------------ */

/**
 * stream_compare() - is what is sent again the same as before?
 * @seq: of the first byte
 * @data: the bytes, all of them before the next one that is to be read
 * @n: how many
 *
 * What was not read, the body of a request, may be anything.
 */
enum same stream_compare(const struct stream *stream, uint32_t seq, const uint8_t *data, size_t n)
{
	size_t i, at = stream->n_kept;

	if (stream->forgot && seq_diff(seq, stream->forgotten) < 0)
		return UNKNOWN;
	/* What is sent again is mostly among the last. */
	for (i = stream->n_ranges; i-- > 0;) {
		const struct range *range = &stream->ranges[i];
		int64_t from = seq_diff(seq, range->seq), to = from + (int64_t)n;
		int64_t skip = from < 0 ? -from : 0;

		if (from >= range->length)
			break;
		at -= range->length;
		if (from < 0)
			from = 0;
		if (to > range->length)
			to = range->length;
		if (from < to && memcmp(stream->kept + at + from, data + skip, to - from))
			return DIFFERENT;
	}
	return SAME;
}

/* Forgets the first bytes that are kept, none of them of the unit. */
static void forget(struct stream *stream, size_t n)
{
	struct range *first = stream->ranges;

	memmove(stream->kept, stream->kept + n, stream->n_kept - n);
	stream->n_kept -= n;
	stream->unit -= n;
	stream->forgot = true;
	for (; n && first->length <= n; first++) {
		n -= first->length;
		stream->forgotten = first->seq + first->length;
	}
	stream->n_ranges -= first - stream->ranges;
	memmove(stream->ranges, first, stream->n_ranges * sizeof(*first));
	if (!n)
		return;
	stream->ranges[0].seq += n;
	stream->ranges[0].length -= n;
	stream->forgotten = stream->ranges[0].seq;
}

static void forget_ranges(struct stream *stream, size_t n)
{
	size_t bytes = 0, i;

	for (i = 0; i < n; i++)
		bytes += stream->ranges[i].length;
	forget(stream, bytes);
}

static bool grow(struct streams *streams, struct stream *stream, size_t n)
{
	size_t room = stream->room ? stream->room : 256;
	uint8_t *kept;

	while (room < stream->n_kept + n)
		room *= 2;
	if (room > KEPT_MAX)
		room = KEPT_MAX;
	if (room == stream->room)
		return true;
	if (!make_room(streams, stream->share, stream, room - stream->room))
		return false;
	kept = realloc(stream->kept, room);
	if (!kept)
		return false;
	take(streams, stream, room - stream->room);
	stream->kept = kept;
	stream->room = room;
	return true;
}

static bool grow_ranges(struct streams *streams, struct stream *stream)
{
	size_t room = stream->ranges_room ? 2 * stream->ranges_room : RANGES_FIRST;
	size_t more = (room - stream->ranges_room) * sizeof(*stream->ranges);
	struct range *ranges;

	if (room > RANGES_MAX || !make_room(streams, stream->share, stream, more))
		return false;
	ranges = realloc(stream->ranges, room * sizeof(*ranges));
	if (!ranges)
		return false;
	take(streams, stream, more);
	stream->ranges = ranges;
	stream->ranges_room = room;
	return true;
}

/* A place for a range that begins at @at, unless the last one goes on there. */
static bool begin_range(struct streams *streams, struct stream *stream)
{
	struct range *last = stream->n_ranges ? &stream->ranges[stream->n_ranges - 1] : NULL;

	if (last && last->seq + last->length == stream->at)
		return true;
	if (stream->n_ranges == stream->ranges_room && !grow_ranges(streams, stream)) {
		if (!stream->n_ranges)
			return false;
		forget_ranges(stream, stream->n_ranges / FORGET_PART);
	}
	stream->ranges[stream->n_ranges++] = (struct range){ .seq = stream->at };
	return true;
}

/**
 * stream_keep() - add bytes to what is read, from @at on
 * @data: the bytes
 * @n: how many: with the unit so far, no more than a unit may have
 *
 * Return: false without memory.
 */
bool stream_keep(struct streams *streams, struct stream *stream, const uint8_t *data, size_t n)
{
	if (!begin_range(streams, stream))
		return false;
	if (stream->n_kept + n > KEPT_MAX) {
		size_t over = stream->n_kept + n - KEPT_MAX, part = KEPT_MAX / FORGET_PART;

		if (over > stream->unit)
			return false;
		if (part > stream->unit)
			part = stream->unit;
		forget(stream, over > part ? over : part);
	}
	if (stream->n_kept + n > stream->room && !grow(streams, stream, n))
		return false;
	memcpy(stream->kept + stream->n_kept, data, n);
	stream->n_kept += n;
	stream->ranges[stream->n_ranges - 1].length += n;
	stream->at += n;
	return true;
}

/**
 * stream_skip() - go past bytes that need not be read
 * @n: how many
 *
 * What is so far behind that its sequence numbers come again soon is forgotten.
 */
void stream_skip(struct stream *stream, size_t n)
{
	size_t old = 0;

	stream->at += n;
	while (old < stream->n_ranges && stream->at - stream->ranges[old].seq > 1u << 30)
		old++;
	if (old)
		forget_ranges(stream, old);
	if (stream->forgot && stream->at - stream->forgotten > 1u << 30)
		stream->forgotten = stream->at - (1u << 29);
}

/**
 * stream_unkeep() - the last bytes are not of the unit after all
 * @n: how many of those that stream_keep() has just added
 */
void stream_unkeep(struct stream *stream, size_t n)
{
	stream->n_kept -= n;
	stream->ranges[stream->n_ranges - 1].length -= n;
	stream->at -= n;
}

/* --- what came too early ------------------------------------------------------ */

/* Do they say the same where they overlap? */
static bool agree(const struct early *early, uint32_t seq, const uint8_t *data, size_t n)
{
	int64_t from = seq_diff(early->seq, seq), to = from + early->n;
	int64_t skip = from < 0 ? -from : 0;

	if (from < 0)
		from = 0;
	if (to > (int64_t)n)
		to = n;
	return from >= to || !memcmp(early->data + skip, data + from, to - from);
}

/**
 * stream_early_agrees() - does a segment say what those say that came early?
 */
bool stream_early_agrees(const struct stream *stream, uint32_t seq, const uint8_t *data, size_t n)
{
	const struct early *early;

	for (early = stream->early; early; early = early->next)
		if (!agree(early, seq, data, n))
			return false;
	return true;
}

/**
 * stream_put_early() - keep a segment until its turn comes
 *
 * Return: false if there is no room for it: it has to be sent again.
 */
bool stream_put_early(struct streams *streams, struct stream *stream, uint32_t seq,
		      const uint8_t *data, size_t n)
{
	struct early **link = &stream->early, *early;

	if (stream->early_n >= EARLY_SEGMENTS || stream->early_bytes + n > EARLY_MAX ||
	    !make_room(streams, stream->share, stream, sizeof(*early) + n))
		return false;
	early = malloc(sizeof(*early) + n);
	if (!early)
		return false;
	early->seq = seq;
	early->n = n;
	memcpy(early->data, data, n);
	while (*link && seq_diff((*link)->seq, seq) < 0)
		link = &(*link)->next;
	early->next = *link;
	*link = early;
	stream->early_n++;
	stream->early_bytes += n;
	take(streams, stream, sizeof(*early) + n);
	return true;
}

/**
 * stream_take_early() - the next segment whose turn has come, to be freed, or NULL
 */
struct early *stream_take_early(struct streams *streams, struct stream *stream)
{
	struct early *early = stream->early;

	if (!early || seq_diff(early->seq, stream->at) > 0)
		return NULL;
	stream->early = early->next;
	stream->early_n--;
	stream->early_bytes -= early->n;
	take(streams, stream, -(ssize_t)(sizeof(*early) + early->n));
	return early;
}
