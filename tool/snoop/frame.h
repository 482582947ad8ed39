/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_LAYERS 8

/* Names of protocols, as they stand in "eth:vlan:ip:tcp". */
enum layer {
	LAYER_NONE,
	LAYER_ETH, LAYER_SLL, LAYER_NULL, LAYER_RAW, LAYER_VLAN, LAYER_LLC,
	LAYER_ARP, LAYER_IP, LAYER_IPV6, LAYER_LLDP, LAYER_MPLS, LAYER_OTHER,
	LAYER_TCP, LAYER_UDP, LAYER_UDPLITE, LAYER_ICMP, LAYER_ICMPV6, LAYER_SCTP,
	LAYER_DCCP, LAYER_GRE, LAYER_ESP, LAYER_AH, LAYER_IGMP, LAYER_OSPF,
	LAYER_DNS, LAYER_HTTP, LAYER_TLS,
	LAYER_MAX
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

#define NO_VLAN (-1)

/**
 * struct frame - what one packet is
 * @layers: its protocols from the outside in, up to the first that is LAYER_NONE
 * @vlan: the number of its outer VLAN, or NO_VLAN
 * @net: EtherType of what is behind the link layer and its tags, host byte order;
 *	0 if there is none
 * @family: AF_INET, AF_INET6, or 0 for what is not IP
 * @proto: of IP, behind all extension headers
 * @whole: it has its transport header
 * @src: sender: an address of IP, or six bytes of the link layer
 * @dst: the same of the receiver
 * @sport: if it is a protocol with ports, host byte order
 * @dport: the same
 * @flags: of TCP
 * @seq: of TCP, host byte order
 * @ack: the same
 * @payload: behind the transport header, as far as it was captured
 * @payload_len: how much of that there is
 * @segment_len: how long TCP's payload was on the wire
 * @net_at: where the header of the network layer begins
 * @net_len: how long the packet is from there on, without what Ethernet pads with, as
 *	far as it was captured
 */
struct frame {
	uint8_t layers[FRAME_LAYERS];
	int vlan;
	uint16_t net;
	uint8_t family;
	uint8_t proto;
	bool whole;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	const uint8_t *payload;
	uint32_t payload_len;
	uint32_t segment_len;
	uint32_t net_at;
	uint32_t net_len;
};

bool frame_link_known(int link);
void frame_dissect(int link, const uint8_t *bytes, uint32_t caplen, struct frame *frame);
const char *layer_name(enum layer layer);
enum layer layer_find(const char *name, size_t length);
uint64_t frame_path(const struct frame *frame);
char *path_text(uint64_t path, char *buffer, size_t size);

static inline uint16_t be16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline uint32_t be32(const uint8_t *at)
{
	return (uint32_t)be16(at) << 16 | be16(at + 2);
}

#endif
