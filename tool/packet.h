/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PACKET_H
#define PACKET_H

#include "nl.h"

/**
 * struct packet_words - a packet as it is said in words
 * @family: AF_INET or AF_INET6
 * @proto: IP protocol
 * @src: source
 * @dst: destination
 * @sport: of a protocol that has ports
 * @dport: the same
 * @type: of ICMP or ICMPv6
 * @id: of an ICMP query
 * @keyed: it has a GRE @key
 * @flags: of TCP: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32
 * @mac: link address that it was sent with
 * @has_mac: @mac is said
 */
struct packet_words {
	uint8_t family;
	uint8_t proto;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t type;
	uint16_t id;
	bool keyed;
	uint32_t key;
	uint8_t flags;
	uint8_t mac[6];
	bool has_mac;
};

void packet_build(const struct packet_words *words, struct raw_packet *packet);
/* What packet_route() says of a packet that goes by no interface. */
#define PACKET_HERE	1

int packet_route(const struct packet_words *words, const char *iif, struct raw_packet *packet);

#endif
