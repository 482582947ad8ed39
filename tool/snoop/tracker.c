// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets -> conversations, with what is to be known of TCP's health. All that are in
 * memory stand in one list, the one that was seen last at its end; who is over the limit
 * has to leave from its beginning.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "../lang/lang.h"
#include "tracker.h"

/* What is late by less was sent before, and came on another way: not sent again. */
#define REORDER_NS	3000000

struct tracker {
	struct watched **bucket;
	size_t n_buckets;	/* a power of two */
	size_t n;
	size_t limit;
	uint64_t next_id;
	uint32_t part;
	uint64_t seed;
	struct watched *oldest, *newest;
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/**
 * tracker_new() - a tracker without conversations
 * @limit: how many tracker_trim() leaves
 * @first_id: the number of the first conversation
 */
struct tracker *tracker_new(size_t limit, uint64_t first_id)
{
	struct tracker *tracker = calloc(1, sizeof(*tracker));

	if (!tracker)
		fail_out_of_memory();
	tracker->limit = limit;
	tracker->next_id = first_id;
	for (tracker->n_buckets = 1024; tracker->n_buckets < limit; tracker->n_buckets *= 2)
		;
	tracker->bucket = calloc(tracker->n_buckets, sizeof(*tracker->bucket));
	if (!tracker->bucket)
		fail_out_of_memory();
	/* Nobody outside is to know which conversations share a bucket. */
	if (getrandom(&tracker->seed, sizeof(tracker->seed), 0) < 0)
		tracker->seed = (uintptr_t)tracker;
	return tracker;
}

void tracker_free(struct tracker *tracker)
{
	struct watched *flow, *newer;

	if (!tracker)
		return;
	for (flow = tracker->oldest; flow; flow = newer) {
		newer = flow->newer;
		free(flow);
	}
	free(tracker->bucket);
	free(tracker);
}

static void turn(struct flow_key *key)
{
	struct flow_key old = *key;

	memcpy(key->src, old.dst, sizeof(key->src));
	memcpy(key->dst, old.src, sizeof(key->dst));
	key->sport = old.dport;
	key->dport = old.sport;
}

static bool lower_end_sends(const struct flow_key *key)
{
	int order = memcmp(key->src, key->dst, sizeof(key->src));

	return order ? order < 0 : key->sport <= key->dport;
}

static void fill_key(const struct frame *frame, struct flow_key *key)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->src, frame->src, sizeof(key->src));
	memcpy(key->dst, frame->dst, sizeof(key->dst));
	key->net = frame->net;
	key->family = frame->family;
	key->proto = frame->proto;
	if (frame->whole) {
		key->sport = frame->sport;
		key->dport = frame->dport;
	}
}

static struct watched **bucket_of(struct tracker *tracker, const struct flow_key *key)
{
	struct flow_key ordered = *key;

	if (!lower_end_sends(&ordered))
		turn(&ordered);
	return &tracker->bucket[XXH3_64bits_withSeed(&ordered, sizeof(ordered), tracker->seed) &
				(tracker->n_buckets - 1)];
}

static void unlist(struct tracker *tracker, struct watched *flow)
{
	*(flow->older ? &flow->older->newer : &tracker->oldest) = flow->newer;
	*(flow->newer ? &flow->newer->older : &tracker->newest) = flow->older;
}

static void list_last(struct tracker *tracker, struct watched *flow)
{
	flow->newer = NULL;
	flow->older = tracker->newest;
	*(tracker->newest ? &tracker->newest->newer : &tracker->oldest) = flow;
	tracker->newest = flow;
}

/* A SYN where a connection has ended, or with another number, begins a new one. */
static bool begins_anew(const struct watched *flow, enum way way, const struct frame *frame)
{
	const struct tcp_side *side = &flow->side[way];

	if (frame->proto != IPPROTO_TCP || !frame->whole ||
	    (frame->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN || !side->known)
		return false;
	return flow->finished || !side->begun || side->begin != frame->seq;
}

static struct watched *find(struct watched *flow, const struct flow_key *key, enum way *way)
{
	struct flow_key turned = *key;

	turn(&turned);
	for (; flow; flow = flow->next) {
		*way = FORTH;
		if (!memcmp(&flow->key, key, sizeof(*key)))
			return flow;
		*way = BACK;
		if (!memcmp(&flow->key, &turned, sizeof(*key)))
			return flow;
	}
	return NULL;
}

static void leave_bucket(struct watched **bucket, struct watched *flow)
{
	while (*bucket != flow)
		bucket = &(*bucket)->next;
	*bucket = flow->next;
	flow->next = NULL;
}

static void forget(struct tracker *tracker, struct watched *flow)
{
	if (!flow->replaced)
		leave_bucket(bucket_of(tracker, &flow->key), flow);
	unlist(tracker, flow);
	tracker->n--;
	free(flow);
}

static struct watched *begin(struct tracker *tracker, struct watched **bucket,
			     const struct flow_key *key)
{
	struct watched *flow = calloc(1, sizeof(*flow));

	if (!flow)
		fail_out_of_memory();
	flow->key = *key;
	flow->part = tracker->part;
	flow->id = tracker->next_id++;
	flow->next = *bucket;
	*bucket = flow;
	list_last(tracker, flow);
	tracker->n++;
	return flow;
}

/* The same conversation in another file: a row of its own, counted from zero. */
static void begin_part(struct tracker *tracker, struct watched *flow)
{
	flow->part = tracker->part;
	flow->id = tracker->next_id++;
	flow->stored = false;
	memset(flow->packets, 0, sizeof(flow->packets));
	memset(flow->bytes, 0, sizeof(flow->bytes));
	flow->retransmissions = flow->out_of_order = flow->resets = flow->syns = 0;
	flow->handshake_ns = 0;
}

static void note_handshake(struct watched *flow, enum way way, const struct frame *frame,
			   uint64_t ts_ns)
{
	uint8_t kind = frame->flags & (TCP_SYN | TCP_ACK | TCP_RST);

	if (kind == TCP_SYN && way == FORTH) {
		flow->syns++;
		if (!flow->syn_ns)
			flow->syn_ns = ts_ns;
	} else if (kind == (TCP_SYN | TCP_ACK) && way == BACK) {
		flow->answered = true;
	} else if (kind == TCP_ACK && way == FORTH && flow->answered && flow->syn_ns) {
		flow->handshake_ns = ts_ns > flow->syn_ns ? ts_ns - flow->syn_ns : 1;
		flow->syn_ns = 0;
		flow->answered = false;
	}
}

/* Whether the numbers from @seq on to @end were passed over; if so, they are not any more. */
static bool fills_hole(struct tcp_side *side, uint32_t seq, uint32_t end)
{
	int i;

	for (i = 0; i < HOLES; i++) {
		uint32_t from = side->hole[i].from, to = side->hole[i].to;

		if (from == to || before(seq, from) || before(to, end))
			continue;
		/* What is left before it is forgotten: it is later still. */
		side->hole[i].from = end;
		return true;
	}
	return false;
}

static void advance(struct tcp_side *side, uint32_t seq, uint32_t end, uint64_t ts_ns)
{
	if (side->known && before(side->next, seq)) {
		side->hole[side->next_hole].from = side->next;
		side->hole[side->next_hole].to = seq;
		side->next_hole = (side->next_hole + 1) % HOLES;
	}
	if (!side->known)
		side->acked = seq;
	side->known = true;
	side->next = end;
	side->next_ns = ts_ns;
}

static void note_acked(struct tcp_side *other, uint32_t ack)
{
	if (other->known && before(other->acked, ack))
		other->acked = ack;
}

/*
 * What was seen before is a retransmission; what was passed over, and comes soon after, is
 * out of order; later, it is a retransmission of what was lost on its way here. A
 * keep-alive, which sends the last byte again, is none of them (RFC 9293, section 3.8.4).
 */
static void note_sequence(struct watched *flow, enum way way, const struct frame *frame,
			  uint64_t ts_ns)
{
	struct tcp_side *side = &flow->side[way];
	uint32_t length = frame->segment_len + !!(frame->flags & TCP_SYN) +
			  !!(frame->flags & TCP_FIN);
	uint32_t end = frame->seq + length;

	if (frame->flags & TCP_ACK)
		note_acked(&flow->side[!way], frame->ack);
	if (frame->flags & TCP_SYN && !side->begun) {
		side->begin = frame->seq;
		side->begun = true;
	}
	if (!side->known || before(side->next, end)) {
		if (side->known && length && before(frame->seq, side->next))
			flow->retransmissions++;	/* and something new behind it */
		advance(side, frame->seq, end, ts_ns);
		return;
	}
	if (!length || !before(frame->seq, side->next))
		return;
	if (fills_hole(side, frame->seq, end) && ts_ns < side->next_ns + REORDER_NS)
		flow->out_of_order++;
	else if (frame->segment_len != 1 || end != side->next || side->acked != side->next ||
		 frame->flags & (TCP_SYN | TCP_FIN))
		flow->retransmissions++;
}

static void note_tcp(struct watched *flow, enum way way, const struct frame *frame, uint64_t ts_ns)
{
	note_handshake(flow, way, frame, ts_ns);
	if (frame->flags & TCP_RST) {
		flow->resets++;
		flow->finished = true;
		return;
	}
	note_sequence(flow, way, frame, ts_ns);
	if (frame->flags & TCP_FIN)
		flow->finished = true;
}

/**
 * tracker_packet() - count a packet to its conversation, which may begin with it
 * @ts_ns: when it was captured, since 1970
 * @len: how long it was on the wire
 * @packet: its number
 * @way: set to whether who began sent it
 *
 * Return: the conversation, which stays until tracker_trim().
 */
struct watched *tracker_packet(struct tracker *tracker, const struct frame *frame, uint64_t ts_ns,
			       uint32_t len, uint64_t packet, enum way *way)
{
	struct watched **bucket, *flow;
	struct flow_key key;
	bool tcp = frame->proto == IPPROTO_TCP && frame->whole;

	fill_key(frame, &key);
	bucket = bucket_of(tracker, &key);
	flow = find(*bucket, &key, way);
	if (flow && begins_anew(flow, *way, frame)) {
		/* The older one is not looked for any more: a bucket is not to grow by it. */
		leave_bucket(bucket, flow);
		flow->replaced = true;
		flow = NULL;
	}
	if (!flow) {
		/* An answer of whom nothing was seen: it was the other who began. */
		bool answer = tcp && (frame->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);

		if (answer)
			turn(&key);
		flow = begin(tracker, bucket, &key);
		*way = answer ? BACK : FORTH;
	} else {
		unlist(tracker, flow);
		list_last(tracker, flow);
		if (flow->part != tracker->part)
			begin_part(tracker, flow);
	}
	if (!flow->packets[FORTH] && !flow->packets[BACK]) {
		flow->vlan = frame->vlan;
		flow->first_ns = flow->last_ns = ts_ns;
		flow->first_packet = packet;
	}
	if (ts_ns > flow->last_ns)
		flow->last_ns = ts_ns;
	if (ts_ns < flow->first_ns)
		flow->first_ns = ts_ns;
	flow->last_packet = packet;
	flow->packets[*way]++;
	flow->bytes[*way] += len;
	if (tcp)
		note_tcp(flow, *way, frame, ts_ns);
	return flow;
}

/**
 * tracker_trim() - forget the conversations that were seen least recently, down to the limit
 * @gone: called for each before, or NULL
 */
void tracker_trim(struct tracker *tracker, void (*gone)(const struct watched *, void *), void *arg)
{
	while (tracker->n > tracker->limit) {
		if (gone)
			gone(tracker->oldest, arg);
		forget(tracker, tracker->oldest);
	}
}

/**
 * tracker_each() - call a function for each conversation
 */
void tracker_each(struct tracker *tracker, void (*each)(const struct watched *, void *), void *arg)
{
	const struct watched *flow;

	for (flow = tracker->oldest; flow; flow = flow->newer)
		each(flow, arg);
}

/**
 * tracker_next_part() - from now on, conversations are counted anew
 *
 * For the next file: a conversation that goes on gets a number and counters of its own in it.
 */
void tracker_next_part(struct tracker *tracker)
{
	tracker->part++;
}

/**
 * tracker_next_id() - the number that the next conversation will have
 */
uint64_t tracker_next_id(const struct tracker *tracker)
{
	return tracker->next_id;
}
