/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_SEGMENT_H
#define APP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_ROOM	1280	/* bytes: what any link takes (RFC 8200, section 5) */

/**
 * struct ends - the two ends of a packet or a flow
 * @addr: source and destination, network byte order; IPv4 has the first 4 bytes
 * @port: source and destination, host byte order
 */
struct ends {
	uint8_t family;
	uint8_t proto;
	uint8_t addr[2][16];
	uint16_t port[2];
};

/**
 * struct segment - a TCP segment or a UDP datagram
 * @at: where its header begins in the packet, bytes
 * @seq: of the first byte, host byte order
 * @data: what it carries
 * @n: bytes of that
 * @urgent: its urgent pointer counts
 */
struct segment {
	struct ends ends;
	size_t at;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	bool urgent;
	const uint8_t *data;
	size_t n;
};

#define TCP_FIN	0x01
#define TCP_SYN	0x02
#define TCP_RST	0x04
#define TCP_PSH	0x08
#define TCP_ACK	0x10
#define TCP_URG	0x20

/**
 * struct answer - a packet in the place of one of the ends
 */
struct answer {
	uint8_t family;
	uint8_t to[16];
	size_t n;
	uint8_t packet[ANSWER_ROOM];
};

struct ends ends_reversed(const struct ends *ends);
bool segment_read(const uint8_t *packet, size_t n, bool check, struct segment *segment);
bool segment_single_path(const struct segment *segment, uint8_t *packet);
void answer_tcp(struct answer *answer, const struct ends *ends, uint32_t seq, uint32_t ack,
		uint8_t flags, const void *data, size_t n);
void answer_udp(struct answer *answer, const struct ends *ends, const void *data, size_t n);

#endif
