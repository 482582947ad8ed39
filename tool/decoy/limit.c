// SPDX-License-Identifier: GPL-2.0-or-later
/* How often each source may come: a bucket of tokens for each, in a table that is as it is. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../lang/lang.h"
#include "decoy.h"

#define PLACES	16384

struct limits {
	struct bucket {
		uint32_t whose;		/* part of the hash */
		uint32_t tokens;	/* thousandths of a packet */
		uint64_t at;
	} bucket[PLACES];
};

/**
 * limits_new() - all buckets are full; to be given to free()
 */
struct limits *limits_new(void)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		fail_out_of_memory();
	return limits;
}

/**
 * limit_take() - may a source send one more packet?
 *
 * A second's worth may come at once. Of IPv6, a whole /64 is one source. Who shares a
 * place with another source begins anew whenever that one came in between.
 */
bool limit_take(struct decoy *decoy, uint8_t family, const uint8_t *source)
{
	uint64_t hash = siphash(decoy->key, source, family == AF_INET ? 4 : 8), full;
	struct bucket *bucket = &decoy->limits->bucket[hash % PLACES];
	uint64_t tokens;

	if (!decoy->setup->rate)
		return true;
	full = decoy->setup->rate * 1000ULL;
	tokens = bucket->tokens + (decoy->now - bucket->at) * decoy->setup->rate;
	if (bucket->whose != hash >> 32 || !bucket->at || tokens > full)
		tokens = full;
	bucket->whose = hash >> 32;
	bucket->at = decoy->now;
	bucket->tokens = tokens >= 1000 ? tokens - 1000 : tokens;
	return tokens >= 1000;
}
