// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames, read and built; see frame.h. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "frame.h"
#include "mac.h"
#include "wire.h"

/* Extension headers before the transport: more than any honest host sends. */
#define EXTENSIONS	8

#define IPV4_OPTION_LSRR	131
#define IPV4_OPTION_SSRR	137

/**
 * address_bytes() - how long an address of a family is
 */
size_t address_bytes(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

/**
 * decoy_mac() - the link address of a decoy: always the same for the same address
 */
void decoy_mac(uint8_t family, const uint8_t *address, uint8_t mac[MAC_BYTES])
{
	static const uint8_t first[] = DECOY_MAC;
	size_t n = address_bytes(family), i;

	memcpy(mac, first, sizeof(first));
	memcpy(mac + 3, address + n - 3, 3);
	for (i = 0; family == AF_INET6 && i < 12; i++)
		mac[3 + i % 3] ^= address[i];
}

/**
 * is_decoy_mac() - is it one of those?
 */
bool is_decoy_mac(const uint8_t *mac)
{
	static const uint8_t first[] = DECOY_MAC;

	return !memcmp(mac, first, sizeof(first));
}

/* --- checksums ------------------------------------------------------------- */

/**
 * sum_add() - add bytes to the sum of the Internet checksum (RFC 1071)
 *
 * Only the last part that is added may have an odd length.
 */
uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t n)
{
	uint64_t wide = sum;

	for (; n > 1; n -= 2, bytes += 2)
		wide += get16(bytes);
	if (n)
		wide += bytes[0] << 8;
	wide = (wide & 0xffffffff) + (wide >> 32);
	return (wide & 0xffffffff) + (wide >> 32);
}

/**
 * sum_fold() - the checksum of a sum; 0 if the checksum was part of it, and right
 */
uint16_t sum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/**
 * sum_transport() - the checksum of TCP, UDP or ICMPv6 with its pseudo header (RFC 9293,
 *	3.1; RFC 8200, 8.1); without one for ICMP
 */
uint16_t sum_transport(uint8_t family, const uint8_t *src, const uint8_t *dst, uint8_t proto,
		       const uint8_t *bytes, size_t n)
{
	uint32_t sum = 0;

	if (proto != IPPROTO_ICMP) {
		sum = sum_add(sum, src, address_bytes(family));
		sum = sum_add(sum, dst, address_bytes(family));
		sum += proto + (n & 0xffff) + (n >> 16);
	}
	return sum_fold(sum_add(sum, bytes, n));
}

/* --- reading --------------------------------------------------------------- */

/* Source routes among the options of IPv4 (RFC 791, 3.1). */
static bool has_route(const uint8_t *option, size_t n)
{
	size_t at = 0;

	while (at < n && option[at]) {
		if (option[at] == IPV4_OPTION_LSRR || option[at] == IPV4_OPTION_SSRR)
			return true;
		if (option[at] == 1)
			at++;
		else if (n - at < 2 || option[at + 1] < 2)
			return true;	/* nobody can tell what it is */
		else
			at += option[at + 1];
	}
	return false;
}

static bool read_ipv4(struct frame *frame, size_t n)
{
	const uint8_t *ip = frame->bytes + frame->network;
	size_t room = n - frame->network, header, total;

	if (room < 20 || ip[0] >> 4 != 4)
		return false;
	header = (ip[0] & 15) * 4;
	total = get16(ip + 2);
	if (header < 20 || total < header || total > room || sum_fold(sum_add(0, ip, header)))
		return false;
	frame->family = AF_INET;
	frame->ident = get16(ip + 4);
	frame->offset = (get16(ip + 6) & 0x1fff) * 8;
	frame->fragment = frame->offset || get16(ip + 6) & 0x2000;
	frame->hops = ip[8];
	frame->proto = ip[9];
	memcpy(frame->src, ip + 12, 4);
	memcpy(frame->dst, ip + 16, 4);
	frame->transport = frame->network + header;
	frame->end = frame->network + total;
	frame->routed = has_route(ip + 20, header - 20);
	return true;
}

/* One extension header; its length, or 0 if it does not fit. */
static size_t read_extension(struct frame *frame, uint8_t proto, size_t at)
{
	const uint8_t *header = frame->bytes + at;
	size_t room = frame->end - at, length;

	if (room < 8)
		return 0;
	length = proto == IPPROTO_FRAGMENT ? 8 : (header[1] + 1) * 8;
	if (length > room)
		return 0;
	if (proto == IPPROTO_ROUTING && header[3])
		frame->routed = true;
	if (proto == IPPROTO_FRAGMENT) {
		if (frame->fragment_header)
			return 0;
		frame->fragment_header = at;
		frame->offset = get16(header + 2) & ~7;
		frame->fragment = frame->offset || header[3] & 1;
		frame->ident = get32(header + 4);
	}
	return length;
}

static bool read_ipv6(struct frame *frame, size_t n)
{
	const uint8_t *ip = frame->bytes + frame->network;
	size_t room = n - frame->network, at, i;
	uint8_t proto;

	if (room < 40 || ip[0] >> 4 != 6 || (size_t)get16(ip + 4) + 40 > room)
		return false;
	frame->family = AF_INET6;
	frame->hops = ip[7];
	memcpy(frame->src, ip + 8, 16);
	memcpy(frame->dst, ip + 24, 16);
	frame->end = frame->network + 40 + get16(ip + 4);
	at = frame->network + 40;
	proto = ip[6];
	for (i = 0; i <= EXTENSIONS; i++) {
		size_t length;

		if (frame->offset || (proto != IPPROTO_HOPOPTS && proto != IPPROTO_ROUTING &&
				      proto != IPPROTO_FRAGMENT && proto != IPPROTO_DSTOPTS)) {
			frame->proto = proto;
			frame->transport = at;
			return true;
		}
		length = read_extension(frame, proto, at);
		if (!length)
			return false;
		proto = frame->bytes[at];
		at += length;
	}
	return false;
}

/**
 * frame_read() - what is in a frame
 * @frame: set to that; points into @bytes
 *
 * Return: false if it contradicts itself, or its addresses are those of a group.
 */
bool frame_read(const uint8_t *bytes, size_t n, struct frame *frame)
{
	unsigned int tags = 0;

	memset(frame, 0, sizeof(*frame));
	frame->bytes = bytes;
	frame->link = 2 * MAC_BYTES;
	if (n > FRAME_LIMIT || n < frame->link + 2 || bytes[MAC_BYTES] & 1)
		return false;
	while (get16(bytes + frame->link) == 0x8100 || get16(bytes + frame->link) == 0x88a8) {
		frame->link += 4;
		if (++tags > 2 || n < frame->link + 2)
			return false;
	}
	frame->type = get16(bytes + frame->link);
	frame->network = frame->link + 2;
	frame->end = n;
	if (frame->type == TYPE_IPV4)
		return read_ipv4(frame, n);
	if (frame->type == TYPE_IPV6)
		return read_ipv6(frame, n);
	return true;
}

/* --- building -------------------------------------------------------------- */

/**
 * reply_room() - room for more bytes, all zero; NULL if a frame is not that long
 */
uint8_t *reply_room(struct reply *reply, size_t n)
{
	uint8_t *at = reply->bytes + reply->n;

	if (n > sizeof(reply->bytes) - reply->n)
		return NULL;
	reply->n += n;
	return memset(at, 0, n);
}

/**
 * reply_link() - begin a frame to who sent another one, with the same VLAN tags
 * @link: the beginning of that frame
 * @n: up to its type
 * @mac: who answers
 */
void reply_link(struct reply *reply, const uint8_t *link, size_t n, const uint8_t *mac,
		uint16_t type)
{
	memcpy(reply->bytes, link + MAC_BYTES, MAC_BYTES);
	memcpy(reply->bytes + MAC_BYTES, mac, MAC_BYTES);
	memcpy(reply->bytes + 2 * MAC_BYTES, link + 2 * MAC_BYTES, n - 2 * MAC_BYTES);
	put16(reply->bytes + n, type);
	reply->n = n + 2;
}

/**
 * reply_ip() - add the header of IP
 * @length: of what will follow
 */
void reply_ip(struct reply *reply, uint8_t family, const uint8_t *src, const uint8_t *dst,
	      uint8_t proto, uint8_t hops, size_t length)
{
	uint8_t *ip = reply_room(reply, family == AF_INET ? 20 : 40);

	if (!ip)
		return;
	if (family == AF_INET6) {
		ip[0] = 0x60;
		put16(ip + 4, length);
		ip[6] = proto;
		ip[7] = hops;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		return;
	}
	ip[0] = 0x45;
	put16(ip + 2, 20 + length);
	put16(ip + 6, 0x4000);	/* not to be fragmented, so it needs no identification (RFC 6864) */
	ip[8] = hops;
	ip[9] = proto;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	put16(ip + 10, sum_fold(sum_add(0, ip, 20)));
}
