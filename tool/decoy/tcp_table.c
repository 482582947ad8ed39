// SPDX-License-Identifier: GPL-2.0-or-later
/* The connections: found by their ends, and in the order in which they were heard of. */
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "tcp.h"
#include "wire.h"

/**
 * tcp_new() - no connections; to be given to free()
 */
struct tcp *tcp_new(void)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	size_t i;

	if (!tcp)
		fail_out_of_memory();
	for (i = 0; i < BUCKETS; i++)
		tcp->bucket[i] = NONE;
	tcp->free = tcp->oldest = tcp->newest = NONE;
	return tcp;
}

/**
 * tcp_ends_bytes() - both ends as bytes, to be hashed; how many
 */
size_t tcp_ends_bytes(const struct ends *ends, uint8_t bytes[40])
{
	memcpy(bytes, ends->theirs, 16);
	memcpy(bytes + 16, ends->ours, 16);
	put16(bytes + 32, ends->their_port);
	put16(bytes + 34, ends->our_port);
	return 36;
}

static uint16_t *bucket_of(struct decoy *decoy, const struct ends *ends)
{
	uint8_t bytes[40];
	size_t n = tcp_ends_bytes(ends, bytes);

	return &decoy->tcp->bucket[siphash(decoy->key, bytes, n) % BUCKETS];
}

static bool same_ends(const struct ends *a, const struct ends *b)
{
	return a->family == b->family && a->their_port == b->their_port &&
	       a->our_port == b->our_port && !memcmp(a->theirs, b->theirs, 16) &&
	       !memcmp(a->ours, b->ours, 16);
}

/**
 * tcp_find() - the connection between two ends, or NULL
 */
struct connection *tcp_find(struct decoy *decoy, const struct ends *ends)
{
	uint16_t at = *bucket_of(decoy, ends);

	while (at != NONE && !same_ends(&decoy->tcp->connection[at].ends, ends))
		at = decoy->tcp->connection[at].next;
	return at == NONE ? NULL : &decoy->tcp->connection[at];
}

/* Out of the order in which they were heard of. */
static void unlist(struct tcp *tcp, struct connection *c)
{
	*(c->older == NONE ? &tcp->oldest : &tcp->connection[c->older].newer) = c->newer;
	*(c->newer == NONE ? &tcp->newest : &tcp->connection[c->newer].older) = c->older;
}

static void list_newest(struct tcp *tcp, struct connection *c)
{
	uint16_t at = c - tcp->connection;

	c->newer = NONE;
	c->older = tcp->newest;
	*(tcp->newest == NONE ? &tcp->oldest : &tcp->connection[tcp->newest].newer) = at;
	tcp->newest = at;
}

/**
 * tcp_drop() - forget a connection
 */
void tcp_drop(struct decoy *decoy, struct connection *c)
{
	struct tcp *tcp = decoy->tcp;
	uint16_t *at = bucket_of(decoy, &c->ends), self = c - tcp->connection;

	while (*at != self)
		at = &tcp->connection[*at].next;
	*at = c->next;
	unlist(tcp, c);
	c->next = tcp->free;
	tcp->free = self;
}

/**
 * tcp_add() - a new connection; if there is no room, the one that was silent for longest goes
 */
struct connection *tcp_add(struct decoy *decoy, const struct ends *ends)
{
	struct tcp *tcp = decoy->tcp;
	uint16_t *bucket = bucket_of(decoy, ends);
	struct connection *c;

	if (tcp->free == NONE && tcp->never_used < CONNECTIONS) {
		c = &tcp->connection[tcp->never_used++];
	} else {
		if (tcp->free == NONE) {
			tcp_drop(decoy, &tcp->connection[tcp->oldest]);
			decoy->tally.evicted++;
		}
		c = &tcp->connection[tcp->free];
		tcp->free = c->next;
	}
	memset(c, 0, offsetof(struct connection, asked));
	c->ends = *ends;
	c->next = *bucket;
	*bucket = c - tcp->connection;
	list_newest(tcp, c);
	return c;
}

/**
 * tcp_heard() - something came of a connection
 */
void tcp_heard(struct decoy *decoy, struct connection *c)
{
	unlist(decoy->tcp, c);
	list_newest(decoy->tcp, c);
	c->expires = decoy->now + (c->ended && c->ending ? LINGER_MS : IDLE_MS);
}

