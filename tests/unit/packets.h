/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets for the dissector's tests, written as the RFCs draw them: in hex; and
 * how they are dissected.
 *
 * A is the lower address, B the higher one, so that a flow's end 0 is A.
 */
#ifndef TEST_PACKETS_H
#define TEST_PACKETS_H

#include <check.h>
#include <ctype.h>
#include <stdio.h>

#include "parse_twice.h"

#define FRAGMENT	(-FLOWWALL_DROP_FRAGMENT)
#define TRUNCATED	(-FLOWWALL_DROP_TRUNCATED)
#define MALFORMED	(-FLOWWALL_DROP_MALFORMED)
#define EXTENSIONS	(-FLOWWALL_DROP_EXTENSIONS)

#define PACKET_MAX 8192

#define A4 "c0000201" /* 192.0.2.1 */
#define B4 "c6336402" /* 198.51.100.2 */
#define A6 "20010db8 00000000 00000000 00000001"
#define B6 "20010db8 00000000 00000000 00000002"

struct packet {
	unsigned int len;
	u8 bytes[PACKET_MAX];
};

/**
 * struct sample - one kind of packet in both directions
 * @name: for a failure's message
 * @proto: IP protocol
 * @header: bytes that the dissector must have to tell the flow
 * @kind: what its kind has besides protocol and family
 * @half: the second half of its ends as it is on the wire: port of A and port
 *	of B, GRE key, or zero; not compared for ICMP
 * @there: transport header and payload from A to B
 * @back: from B to A
 */
struct sample {
	const char *name;
	u8 proto;
	unsigned int header;
	u16 kind;
	const char *half;
	const char *there;
	const char *back;
};

/* What IPv4 and IPv6 have in common. */
static const struct sample samples[] = {
	{ "TCP", 6, 20, 0, "d431 0050",
	  "d4310050 00000001 00000000 5002ffff 00000000",
	  "0050d431 00000009 00000002 5012ffff 00000000" },
	{ "TCP with options and payload", 6, 24, 0, "d431 0050",
	  "d4310050 00000001 00000009 6018ffff 00000000 01010402 6869",
	  "0050d431 00000009 00000003 6010ffff 00000000 01010402" },
	{ "UDP", 17, 8, 0, "1389 0035", "13890035 00080000", "00351389 00080000" },
	{ "UDP-Lite", 136, 8, 0, "1389 0035", "13890035 00000000 6869", "00351389 00080000" },
	{ "SCTP", 132, 12, 0, "0bb8 0b59",
	  "0bb80b59 00000000 11223344 01000014", "0b590bb8 00000001 11223344 02000014" },
	/* Request and response, X = 1. */
	{ "DCCP", 33, 12, 0, "8001 1451",
	  "80011451 05000000 01000000 00000001 00000000",
	  "14518001 07000000 03000000 00000009 00000000 00000001 00000000" },
	{ "GRE", 47, 4, 0, "00000000", "00000800 45", "00000800 60" },
	{ "GRE with checksum", 47, 4, 0, "00000000", "80000800 12340000", "80000800 56780000" },
	{ "GRE with sequence", 47, 4, 0, "00000000", "10000800 00000007", "10000800 00000001" },
	{ "GRE with key", 47, 8, FWL_KIND_GRE_KEYED, "00000016",
	  "20000800 00000016", "20000800 00000016" },
	{ "GRE with key zero", 47, 8, FWL_KIND_GRE_KEYED, "00000000",
	  "20000800 00000000", "20000800 00000000" },
	{ "GRE with key and sequence", 47, 8, FWL_KIND_GRE_KEYED, "deadbeef",
	  "30000800 deadbeef 00000001", "30000800 deadbeef 00000002" },
	{ "GRE with all three", 47, 12, FWL_KIND_GRE_KEYED, "deadbeef",
	  "b0000800 12340000 deadbeef 00000001", "b0000800 43210000 deadbeef 00000002" },
	/* RFC 2637: K is set, but there are a length and a call number. */
	{ "GRE version 1", 47, 4, 0, "00000000",
	  "3001880b 00040007 00000001 ff030021", "3081880b 00040009 00000001 00000001 ff030021" },
	{ "ESP", 50, 0, 0, "00000000", "11111111 00000001 ab", "22222222 00000001 cd" },
	{ "AH", 51, 0, 0, "00000000", "3b040000 11111111 00000001", "3b040000 22222222 00000001" },
	{ "OSPF", 89, 0, 0, "00000000", "0201002c", "0202002c" },
	{ "an unknown protocol", 253, 0, 0, "00000000", "ff", "00" },
};

static const struct sample echo4 = {
	"ICMP echo", 1, 8, 0, NULL, "08000000 12340001 6869", "00000000 12340001 6869",
};

static const struct sample echo6 = {
	"ICMPv6 echo", 58, 8, 0, NULL, "80000000 12340001 6869", "81000000 12340001 6869",
};

#define SAMPLES ((int)(sizeof(samples) / sizeof(samples[0])))

/* What @i stands for: the samples, and as the last the family's ping. */
static inline const struct sample *sample(int i, bool ipv6)
{
	return i < SAMPLES ? &samples[i] : ipv6 ? &echo6 : &echo4;
}

/* Appends bytes given in hex; spaces are for the reader. */
static inline void put(struct packet *p, const char *hex)
{
	unsigned int byte;

	for (; *hex; hex++) {
		if (isspace((unsigned char)*hex))
			continue;
		if (sscanf(hex, "%2x", &byte) != 1 || p->len == PACKET_MAX)
			abort();
		p->bytes[p->len++] = byte;
		hex++;
	}
}

static inline void put_times(struct packet *p, u8 byte, unsigned int times)
{
	while (times--) {
		if (p->len == PACKET_MAX)
			abort();
		p->bytes[p->len++] = byte;
	}
}

static inline void put_u16(struct packet *p, unsigned int at, unsigned int value)
{
	p->bytes[at] = value >> 8;
	p->bytes[at + 1] = value;
}

/* An IP header with TTL or hop limit 64, in an empty packet; see finish(). */
static inline void ip(struct packet *p, bool ipv6, u8 proto, const char *src, const char *dst)
{
	p->len = 0;
	if (ipv6) {
		put(p, "60000000 0000 00 40");
		p->bytes[6] = proto;
	} else {
		put(p, "45000000 00010000 40 00 0000");
		p->bytes[9] = proto;
	}
	put(p, src);
	put(p, dst);
}

/* Makes the length in the IP header right. */
static inline void finish(struct packet *p)
{
	if (p->bytes[0] >> 4 == 6)
		put_u16(p, 4, p->len - 40);
	else
		put_u16(p, 2, p->len);
}

static inline const char *addr_a(bool ipv6)
{
	return ipv6 ? A6 : A4;
}

static inline const char *addr_b(bool ipv6)
{
	return ipv6 ? B6 : B4;
}

/* A whole packet from A to B, or from B to A. */
static inline void build(struct packet *p, bool ipv6, u8 proto, bool back, const char *hex)
{
	ip(p, ipv6, proto, back ? addr_b(ipv6) : addr_a(ipv6),
	   back ? addr_a(ipv6) : addr_b(ipv6));
	put(p, hex);
	finish(p);
}

/*
 * Dissects the first @len bytes of @packet, linear and cut into two and three
 * pieces at every byte. Returns what fwl_parse() did.
 */
static inline int parse_at(const struct packet *packet, unsigned int len,
			   unsigned int offset, bool quoted, struct fwl_packet *found)
{
	const char *broken;
	unsigned int cut;
	int err = 0;

	for (cut = 0; cut <= len; cut++) {
		unsigned int cut2 = cut + 3 < len ? cut + 3 : len;

		broken = shim_parse_twice(packet->bytes, len, offset, quoted, cut, len,
					  found, &err);
		if (!broken)
			broken = shim_parse_twice(packet->bytes, len, offset, quoted, cut,
						  cut2, found, &err);
		ck_assert_msg(!broken, "%s (%u bytes, cut at %u)", broken, len, cut);
	}
	return err;
}

#endif
