// SPDX-License-Identifier: GPL-2.0-or-later
/* What has to be known of a SYN, in 32 bits that come back (RFC 4987, 3.6). */
#include <sys/socket.h>

#include "tcp.h"
#include "wire.h"

#define COOKIE_MS	64000

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

/* 5 bits of the time, 3 of the segment size, 24 that only this program can know. */
static uint32_t cookie_of(const struct decoy *decoy, const struct ends *ends, uint32_t theirs,
			  unsigned int time, unsigned int size)
{
	uint8_t bytes[48];
	size_t n = tcp_ends_bytes(ends, bytes);

	put32(bytes + n, theirs);
	put32(bytes + n + 4, time);
	bytes[n + 8] = size;
	return (time & 31) << 27 | size << 24 |
	       (siphash(decoy->key, bytes, n + 9) & 0xffffff);
}

/**
 * tcp_cookie() - the sequence number that answers a SYN
 * @theirs: its own
 * @size: see tcp_size_of()
 */
uint32_t tcp_cookie(const struct decoy *decoy, const struct ends *ends, uint32_t theirs,
		    unsigned int size)
{
	return cookie_of(decoy, ends, theirs, decoy->now / COOKIE_MS, size);
}

/**
 * tcp_cookie_right() - is this a cookie from here, not older than two minutes?
 * @mss: set to the segment size that it tells
 */
bool tcp_cookie_right(const struct decoy *decoy, const struct ends *ends, uint32_t theirs,
		      uint32_t value, uint16_t *mss)
{
	unsigned int now = decoy->now / COOKIE_MS, size = value >> 24 & 7, age;

	for (age = 0; age < 2; age++)
		if (cookie_of(decoy, ends, theirs, now - age, size) == value) {
			*mss = sizes[size];
			return true;
		}
	return false;
}

