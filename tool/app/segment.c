// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets of a queue, from the IP header on: taken apart, and answers put together. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "segment.h"

#define EXTENSIONS_MAX	8
#define HOP_LIMIT	64
#define WINDOW		0	/* an answer wants no more data */
#define OPTION_END	0
#define OPTION_NOP	1
#define OPTION_MPTCP	30	/* RFC 8684 */

static unsigned int get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static size_t addr_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

/**
 * ends_reversed() - those of a packet in the other direction
 */
struct ends ends_reversed(const struct ends *ends)
{
	struct ends other = *ends;

	memcpy(other.addr[0], ends->addr[1], 16);
	memcpy(other.addr[1], ends->addr[0], 16);
	other.port[0] = ends->port[1];
	other.port[1] = ends->port[0];
	return other;
}

static uint64_t add_up(const uint8_t *data, size_t n, uint64_t sum)
{
	for (; n > 1; data += 2, n -= 2)
		sum += get16(data);
	return n ? sum + (*data << 8) : sum;
}

/* The Internet checksum with the pseudo header (RFC 9293, section 3.1); 0 if one is right. */
static unsigned int checksum(const struct ends *ends, const uint8_t *data, size_t n)
{
	size_t size = addr_size(ends->family);
	uint64_t sum = add_up(data, n, ends->proto + n);

	sum = add_up(ends->addr[1], size, add_up(ends->addr[0], size, sum));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* --- in --------------------------------------------------------------------- */

/* The transport header of IPv4, or NULL: also for a fragment. */
static const uint8_t *read_ipv4(const uint8_t *packet, size_t *n, struct ends *ends)
{
	size_t header, total;

	if (*n < 20)
		return NULL;
	header = (packet[0] & 0x0f) * 4;
	total = get16(packet + 2);
	if (header < 20 || total < header || total > *n || get16(packet + 6) & 0x3fff)
		return NULL;
	ends->family = AF_INET;
	ends->proto = packet[9];
	memcpy(ends->addr[0], packet + 12, 4);
	memcpy(ends->addr[1], packet + 16, 4);
	*n = total - header;
	return packet + header;
}

/*
 * The same of IPv6, behind extension headers (RFC 8200, section 4): the ones that the
 * module walks. A fragment header may be there if it is the whole (RFC 6946).
 */
static const uint8_t *read_ipv6(const uint8_t *packet, size_t *n, struct ends *ends)
{
	size_t total, at = 40;
	bool fragment_seen = false;
	unsigned int i;

	if (*n < 40)
		return NULL;
	total = 40 + get16(packet + 4);
	if (total > *n)
		return NULL;
	ends->family = AF_INET6;
	ends->proto = packet[6];
	memcpy(ends->addr[0], packet + 8, 16);
	memcpy(ends->addr[1], packet + 24, 16);
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		bool fragment = ends->proto == IPPROTO_FRAGMENT;

		if (!fragment && ends->proto != IPPROTO_HOPOPTS &&
		    ends->proto != IPPROTO_ROUTING && ends->proto != IPPROTO_DSTOPTS) {
			*n = total - at;
			return packet + at;
		}
		if (total - at < 8 ||
		    (fragment && (fragment_seen || get16(packet + at + 2) & 0xfff9)))
			return NULL;
		fragment_seen |= fragment;
		ends->proto = packet[at];
		at += fragment ? 8 : (packet[at + 1] + 1) * 8;
		if (at > total)
			return NULL;
	}
	return NULL;
}

static bool read_tcp(const uint8_t *header, size_t n, struct segment *segment)
{
	size_t length = n < 20 ? 0 : (header[12] >> 4) * 4;

	if (length < 20 || length > n)
		return false;
	segment->seq = get32(header + 4);
	segment->ack = get32(header + 8);
	segment->flags = header[13];
	segment->urgent = header[13] & TCP_URG;
	segment->data = header + length;
	segment->n = n - length;
	return true;
}

static bool read_udp(const uint8_t *header, size_t n, struct segment *segment)
{
	if (n < 8 || get16(header + 4) < 8 || get16(header + 4) > n)
		return false;
	segment->data = header + 8;
	segment->n = get16(header + 4) - 8;
	return true;
}

/**
 * segment_read() - take a packet apart
 * @packet: from the IP header on
 * @n: its length
 * @check: its checksum is there, and has to be right: no server takes a wrong one
 * @segment: set to what it is; points into @packet
 *
 * Return: false if it is neither TCP nor UDP, or broken. The protocol is 0 if what it is
 * cannot be found out.
 */
bool segment_read(const uint8_t *packet, size_t n, bool check, struct segment *segment)
{
	const uint8_t *header = NULL, *begin = packet;

	memset(segment, 0, sizeof(*segment));
	if (n && packet[0] >> 4 == 4)
		header = read_ipv4(packet, &n, &segment->ends);
	else if (n && packet[0] >> 4 == 6)
		header = read_ipv6(packet, &n, &segment->ends);
	if (!header)
		segment->ends.proto = 0;
	if (!header || n < 8)
		return false;
	segment->at = header - begin;
	segment->ends.port[0] = get16(header);
	segment->ends.port[1] = get16(header + 2);
	if (segment->ends.proto == IPPROTO_TCP)
		return read_tcp(header, n, segment) &&
		       (!check || !checksum(&segment->ends, header, n));
	if (segment->ends.proto != IPPROTO_UDP || !read_udp(header, n, segment))
		return false;
	/* Without a checksum (RFC 768), which IPv6 has always. */
	return !check || !get16(header + 6) || !checksum(&segment->ends, header, segment->n + 8);
}

/**
 * segment_single_path() - take out of a TCP segment what asks for MPTCP
 * @segment: what segment_read() has read
 * @packet: all of the packet, to be changed
 *
 * Its checksum is right then.
 *
 * Return: false if there is nothing of that in it.
 */
bool segment_single_path(const struct segment *segment, uint8_t *packet)
{
	uint8_t *tcp = packet + segment->at;
	size_t length = (tcp[12] >> 4) * 4, at = 20, size;
	bool found = false;

	for (; at < length && tcp[at] != OPTION_END; at += size) {
		size = tcp[at] == OPTION_NOP ? 1 : at + 1 < length ? tcp[at + 1] : 0;
		if (tcp[at] == OPTION_NOP)
			continue;
		if (size < 2 || size > length - at)
			break;
		if (tcp[at] != OPTION_MPTCP)
			continue;
		found = true;
		memset(tcp + at, OPTION_NOP, size);
	}
	if (found) {
		put16(tcp + 16, 0);
		put16(tcp + 16, checksum(&segment->ends, tcp, length + segment->n));
	}
	return found;
}

/* --- out -------------------------------------------------------------------- */

/* The IP header; returns where the transport header is to be. */
static uint8_t *begin_answer(struct answer *answer, const struct ends *ends, size_t n)
{
	size_t size = addr_size(ends->family);
	uint8_t *ip = answer->packet;

	memset(answer, 0, sizeof(*answer));
	answer->family = ends->family;
	memcpy(answer->to, ends->addr[1], 16);
	if (ends->family == AF_INET) {
		ip[0] = 0x45;
		put16(ip + 2, 20 + n);
		ip[6] = 0x40;	/* is not to be taken apart */
		ip[8] = HOP_LIMIT;
		ip[9] = ends->proto;
		memcpy(ip + 12, ends->addr[0], size);
		memcpy(ip + 16, ends->addr[1], size);
		answer->n = 20 + n;
		return ip + 20;		/* the kernel sets its checksum */
	}
	ip[0] = 0x60;
	put16(ip + 4, n);
	ip[6] = ends->proto;
	ip[7] = HOP_LIMIT;
	memcpy(ip + 8, ends->addr[0], size);
	memcpy(ip + 24, ends->addr[1], size);
	answer->n = 40 + n;
	return ip + 40;
}

/**
 * answer_tcp() - make a TCP segment
 * @answer: set to it
 * @ends: from whom to whom
 * @data: what it carries, or NULL
 * @n: bytes of that, at most ANSWER_ROOM less the headers
 */
void answer_tcp(struct answer *answer, const struct ends *ends, uint32_t seq, uint32_t ack,
		uint8_t flags, const void *data, size_t n)
{
	uint8_t *tcp = begin_answer(answer, ends, 20 + n);

	put16(tcp, ends->port[0]);
	put16(tcp + 2, ends->port[1]);
	put32(tcp + 4, seq);
	put32(tcp + 8, flags & TCP_ACK ? ack : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, WINDOW);
	if (n)
		memcpy(tcp + 20, data, n);
	put16(tcp + 16, checksum(ends, tcp, 20 + n));
}

/**
 * answer_udp() - make a UDP datagram
 * @answer: set to it
 * @ends: from whom to whom
 * @data: what it carries
 * @n: bytes of that, at most ANSWER_ROOM less the headers
 */
void answer_udp(struct answer *answer, const struct ends *ends, const void *data, size_t n)
{
	uint8_t *udp = begin_answer(answer, ends, 8 + n);
	unsigned int sum;

	put16(udp, ends->port[0]);
	put16(udp + 2, ends->port[1]);
	put16(udp + 4, 8 + n);
	memcpy(udp + 8, data, n);
	sum = checksum(ends, udp, 8 + n);
	put16(udp + 6, sum ? sum : 0xffff);
}
