// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has this packet been seen just now? The 128-bit hashes of the last packets, in sets of
 * a few places each: a new one takes the place of the oldest of its set, so that memory
 * is bounded and nothing has to be taken out. Parts of the hashes stand in a table of
 * their own, which is small enough for the processor's cache: most packets are new, and
 * of their set no more has to be read.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <xxhash.h>

#include "../lang/lang.h"
#include "dedupe.h"

#define WAYS		8
#define SETS_LEAST	(1 << 14)
#define SETS_MOST	(1 << 19)
/* So many packets a second, a window has room for. */
#define RATE		4000000

struct seen {
	XXH128_hash_t hash;
	uint64_t ts_ns;
	uint64_t packet;
};

/* Of a set, what is looked at first; the places are taken in turn, so @next is the oldest. */
struct head {
	uint16_t part[WAYS];
	uint32_t next;
};

/**
 * struct dedupe - what was seen of late
 * @first: what has a lower number is forgotten; a place with 0 is free
 */
struct dedupe {
	enum dedupe_key key;
	uint64_t window_ns;
	uint64_t first;
	uint64_t seed;
	size_t sets;		/* a power of two */
	struct head *head;
	struct seen *seen;
	XXH3_state_t *state;	/* of one hash at a time */
};

/**
 * dedupe_new() - nothing has been seen yet
 * @window_ns: for how long a packet is remembered
 */
struct dedupe *dedupe_new(enum dedupe_key key, uint64_t window_ns)
{
	struct dedupe *dedupe = calloc(1, sizeof(*dedupe));
	double wanted = window_ns / 1e9 * RATE / WAYS;

	if (!dedupe)
		fail_out_of_memory();
	dedupe->key = key;
	dedupe->window_ns = window_ns;
	dedupe->first = 1;
	for (dedupe->sets = SETS_LEAST; dedupe->sets < wanted && dedupe->sets < SETS_MOST;)
		dedupe->sets *= 2;
	dedupe->head = calloc(dedupe->sets, sizeof(*dedupe->head));
	dedupe->seen = calloc(dedupe->sets * WAYS, sizeof(*dedupe->seen));
	dedupe->state = XXH3_createState();
	if (!dedupe->head || !dedupe->seen || !dedupe->state)
		fail_out_of_memory();
	/* Nobody outside is to make two packets look alike. */
	if (getrandom(&dedupe->seed, sizeof(dedupe->seed), 0) < 0)
		dedupe->seed = (uintptr_t)dedupe;
	return dedupe;
}

void dedupe_free(struct dedupe *dedupe)
{
	if (!dedupe)
		return;
	XXH3_freeState(dedupe->state);
	free(dedupe->head);
	free(dedupe->seen);
	free(dedupe);
}

/**
 * dedupe_forget() - what was seen before the packet of a number has not been seen
 */
void dedupe_forget(struct dedupe *dedupe, uint64_t packet)
{
	dedupe->first = packet;
}

/* IP from its header on, with zeroes for what each router changes. */
static void add_ip(XXH3_state_t *state, const struct frame *frame, const uint8_t *at)
{
	uint32_t length = frame->net_len, header = frame->family == AF_INET ? 20 : 40;
	uint8_t copy[40];

	if (header > length)
		header = length;
	memcpy(copy, at, header);
	if (frame->family == AF_INET && header == 20)
		copy[8] = copy[10] = copy[11] = 0;
	else if (header == 40)
		copy[7] = 0;
	XXH3_128bits_update(state, copy, header);
	XXH3_128bits_update(state, at + header, length - header);
}

static XXH128_hash_t hash(const struct dedupe *dedupe, const struct frame *frame,
			  const uint8_t *bytes, uint32_t caplen, uint32_t len)
{
	XXH3_state_t *state = dedupe->state;
	uint16_t net = frame->net;

	if (dedupe->key == DEDUPE_EXACT)
		return XXH3_128bits_withSeed(bytes, caplen, dedupe->seed ^ len);
	XXH3_128bits_reset_withSeed(state, dedupe->seed);
	XXH3_128bits_update(state, &net, sizeof(net));
	if (frame->family) {
		add_ip(state, frame, bytes + frame->net_at);
	} else if (frame->net) {
		XXH3_128bits_update(state, bytes + frame->net_at, frame->net_len);
	} else {
		XXH3_128bits_update(state, bytes, caplen);
	}
	return XXH3_128bits_digest(state);
}

/**
 * dedupe_find() - has the same packet been seen within the window?
 * @packet: its number, not 0; kept if it has not
 *
 * Return: the number of the one that was seen, or 0.
 */
uint64_t dedupe_find(struct dedupe *dedupe, const struct frame *frame, const uint8_t *bytes,
		     uint32_t caplen, uint32_t len, uint64_t ts_ns, uint64_t packet)
{
	XXH128_hash_t this = hash(dedupe, frame, bytes, caplen, len);
	size_t at = this.low64 & (dedupe->sets - 1);
	struct seen *set = dedupe->seen + at * WAYS;
	struct head *head = &dedupe->head[at];
	uint16_t part = this.low64 >> 48;
	int i;

	for (i = 0; i < WAYS; i++) {
		uint64_t apart;

		if (head->part[i] != part || set[i].packet < dedupe->first ||
		    !XXH128_isEqual(set[i].hash, this))
			continue;
		apart = ts_ns > set[i].ts_ns ? ts_ns - set[i].ts_ns : set[i].ts_ns - ts_ns;
		if (apart <= dedupe->window_ns)
			return set[i].packet;
	}
	i = head->next++ % WAYS;
	head->part[i] = part;
	set[i] = (struct seen){ this, ts_ns, packet };
	return 0;
}
