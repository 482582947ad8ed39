/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_TCP_H
#define DECOY_TCP_H

/*
 * What the files about TCP share; all others see decoy.h alone.
 *
 *	tcp.c		what comes: segments, and the time
 *	tcp_send.c	what goes out
 *	tcp_cookie.c	how a SYN is known again
 *	tcp_table.c	the connections
 */
#include "decoy.h"
#include "http.h"

#define CONNECTIONS	4096
#define BUCKETS		8192
#define NONE		0xffff

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10

#define TCP_HEADER	20

/* For how long a connection is kept, in ms: without a word, and when all is said. */
#define IDLE_MS		60000
#define LINGER_MS	5000

/* Both ends of a connection; the other one is whoever came. */
struct ends {
	uint8_t family;
	uint8_t theirs[16];
	uint8_t ours[16];
	uint16_t their_port;
	uint16_t our_port;
};

/**
 * struct connection - one that was opened with a right cookie
 * @next: in its bucket
 * @newer: the next one that was heard of later
 * @link: addresses and tags of its frames
 * @opened: the number that opened it, ours
 * @expected: the next byte of theirs
 * @start: sequence number of the first byte of what is being said: @head, then @body, then,
 *	if @ending, the FIN
 * @unacked: ours, the first byte that was not acknowledged
 * @next_out: the next byte that goes out
 * @most_out: the next one that never went out
 * @window: how much the other side takes
 * @allowed: how much the network takes (RFC 5681)
 * @recover: where @next_out was when something was lost (RFC 6582)
 * @again_at: when to send again, 0 for never
 * @sent: the byte whose acknowledgement is timed, sent at @sent_at; 0 there for none
 * @ended: theirs: the FIN came
 * @asked: what came and was not answered yet
 */
struct connection {
	uint16_t next, newer, older;
	struct ends ends;
	struct origin origin;
	uint8_t link[LINK_LIMIT];
	uint8_t n_link;
	const struct service *service;
	uint32_t opened;
	uint32_t expected;
	uint32_t start, unacked, next_out, most_out;
	uint32_t window, allowed, recover;
	uint16_t mss;
	uint8_t duplicates, retries;
	bool recovering, ending, ended;
	uint64_t again_at, expires;
	uint32_t rto, smoothed, variance;
	uint32_t sent;
	uint64_t sent_at;
	size_t n_head;
	struct http_body body;
	char head[HTTP_HEAD];
	size_t n_asked;
	char asked[HTTP_REQUEST];
};

/* Bits for the SYNs that were answered in a period; see tcp_cookie.c. */
#define ANSWERED	(1 << 20)

/**
 * struct tcp - all connections, and what is known of those that may come
 * @bucket: the first ones of the same hash
 * @free: those that were in use
 * @never_used: from here on; their memory has not been touched
 * @period: the last one of @answered
 * @guesses: wrong cookies within a minute from @guessed_since on
 */
struct tcp {
	uint16_t bucket[BUCKETS];
	uint16_t free;
	uint16_t never_used;
	uint16_t oldest, newest;
	uint64_t ticked;
	unsigned int period;
	uint8_t answered[2][ANSWERED / 8];
	unsigned int guesses;
	uint64_t guessed_since;
	struct connection connection[CONNECTIONS];
};

/* A segment that came. */
struct segment {
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t window;
	uint16_t mss;
	const uint8_t *data;
	size_t n;
};

/* a < b, in sequence numbers (RFC 9293, 3.4). */
static inline bool tcp_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* The link and both ends of what is answered. */
struct way {
	const struct ends *ends;
	const struct origin *origin;
	const uint8_t *link;
	size_t n_link;
};

/* tcp_table.c */
size_t tcp_ends_bytes(const struct ends *ends, uint8_t bytes[40]);
struct connection *tcp_find(struct decoy *decoy, const struct ends *ends);
struct connection *tcp_add(struct decoy *decoy, const struct ends *ends);
void tcp_drop(struct decoy *decoy, struct connection *c);
void tcp_heard(struct decoy *decoy, struct connection *c);

/* tcp_cookie.c */
unsigned int tcp_size_of(const struct segment *segment, uint8_t family);
uint32_t tcp_cookie(struct decoy *decoy, const struct ends *ends, uint32_t theirs,
		    unsigned int size);
bool tcp_cookie_right(struct decoy *decoy, const struct ends *ends, uint32_t theirs,
		      uint32_t value, uint16_t *mss);

/* tcp_send.c */
struct way tcp_way_of(const struct connection *c);
uint8_t *tcp_put_segment(struct decoy *decoy, const struct way *way, uint32_t seq, uint32_t ack,
			 uint8_t flags, unsigned int mss, size_t n);
void tcp_send_segment(struct decoy *decoy, const struct way *way, size_t n);
void tcp_refuse(struct decoy *decoy, const struct way *way, const struct segment *segment);
void tcp_acknowledge(struct decoy *decoy, const struct connection *c);
uint32_t tcp_said_length(const struct connection *c);
void tcp_send_said(struct decoy *decoy, struct connection *c, uint32_t most);
void tcp_send_more(struct decoy *decoy, struct connection *c);

#endif
