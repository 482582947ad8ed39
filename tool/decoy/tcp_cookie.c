// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has to be known of a SYN, in 32 bits that come back (RFC 4987, 3.6): a hash of both ends,
 * the number of the SYN, the period of time and the segment size. Nothing of it is plain: of what
 * comes back, all sizes are tried, in the periods in which such a SYN was answered.
 *
 * Who forges a source does not hear the answer, and has to guess: of 2^32 numbers eight are
 * right, one for each size. Of each SYN that was answered a bit remains, and a wrong guess takes
 * it away: there are no more guesses than answers, which go to whose address it is. Up to MANY
 * guesses a minute it takes 2^29 / MANY minutes, a year, until one is right. While there are
 * more, one connection within a minute is not enough to believe in an address; see
 * visitor_connected(). The usual rate allows 60,000 guesses as one source a minute: two right ones
 * in the same minute come about once in 300 years.
 */
#include <string.h>
#include <sys/socket.h>

#include "tcp.h"
#include "wire.h"

#define COOKIE_MS	64000

#define MANY		1000
#define MINUTE		60000

/* What a cookie can tell of the other side's segment size; see tcp_size_of(). */
static const uint16_t sizes[8] = { 88, 536, 964, 1220, 1300, 1400, 1440, 1460 };

/**
 * tcp_size_of() - the number of the largest size that a cookie can tell, and that fits
 */
unsigned int tcp_size_of(const struct segment *segment, uint8_t family)
{
	/* Without the option (RFC 9293, 3.7.1; RFC 8200, 8.3); never less than can be sent. */
	unsigned int mss = segment->mss ? segment->mss : family == AF_INET ? 536 : 1220, i = 7;

	if (family == AF_INET6 && mss > 1440)
		mss = 1440;
	while (i && sizes[i] > mss)
		i--;
	return i;
}

/* @size: the byte that makes the hash that of a cookie; BIT for where the bit of a SYN is. */
#define BIT		255
static uint64_t hash_of(const struct decoy *decoy, const struct ends *ends, uint32_t theirs,
			unsigned int period, unsigned int size)
{
	uint8_t bytes[48];
	size_t n = tcp_ends_bytes(ends, bytes);

	put32(bytes + n, theirs);
	put32(bytes + n + 4, period);
	bytes[n + 8] = size;
	return siphash(decoy->key, bytes, n + 9);
}

/* The byte in which the bit of a SYN is, of one of the last two periods. */
static uint8_t *answered(struct decoy *decoy, const struct ends *ends, uint32_t theirs,
			 unsigned int period, uint8_t *mask)
{
	uint64_t bit = hash_of(decoy, ends, theirs, period, BIT) % ANSWERED;

	*mask = 1 << bit % 8;
	return &decoy->tcp->answered[period % 2][bit / 8];
}

/* Which period it is; what was answered before the last one is forgotten. */
static unsigned int period_now(struct decoy *decoy)
{
	struct tcp *tcp = decoy->tcp;
	unsigned int now = decoy->now / COOKIE_MS;

	if (tcp->period == now)
		return now;
	memset(tcp->answered[now % 2], 0, sizeof(tcp->answered[0]));
	if (tcp->period + 1 != now)
		memset(tcp->answered[(now + 1) % 2], 0, sizeof(tcp->answered[0]));
	tcp->period = now;
	return now;
}

/**
 * tcp_cookie() - the sequence number that answers a SYN
 * @theirs: its own
 * @size: see tcp_size_of()
 */
uint32_t tcp_cookie(struct decoy *decoy, const struct ends *ends, uint32_t theirs,
		    unsigned int size)
{
	unsigned int now = period_now(decoy);
	uint8_t mask, *at = answered(decoy, ends, theirs, now, &mask);

	*at |= mask;
	return hash_of(decoy, ends, theirs, now, size);
}

static void count_guess(struct tcp *tcp, uint64_t now)
{
	if (now - tcp->guessed_since >= MINUTE) {
		tcp->guessed_since = now;
		tcp->guesses = 0;
	}
	tcp->guesses++;
}

/**
 * tcp_is_guessed() - are there so many wrong cookies that a right one may be a guess?
 */
bool tcp_is_guessed(const struct decoy *decoy)
{
	return decoy->tcp->guesses > MANY && decoy->now - decoy->tcp->guessed_since < MINUTE;
}

/**
 * tcp_cookie_right() - is this a cookie from here, not older than two minutes?
 * @mss: set to the segment size that it tells
 */
bool tcp_cookie_right(struct decoy *decoy, const struct ends *ends, uint32_t theirs,
		      uint32_t value, uint16_t *mss)
{
	unsigned int now = period_now(decoy), size, age;
	bool asked = false;

	for (age = 0; age < 2; age++) {
		uint8_t mask, *at = answered(decoy, ends, theirs, now - age, &mask);

		if (!(*at & mask))
			continue;
		for (size = 0; size < sizeof(sizes) / sizeof(*sizes); size++)
			if ((uint32_t)hash_of(decoy, ends, theirs, now - age, size) == value) {
				*mss = sizes[size];
				return true;
			}
		asked = true;
		*at &= ~mask;
	}
	if (asked)
		count_guess(decoy->tcp, decoy->now);
	return false;
}
