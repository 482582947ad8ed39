/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_PARSE_H
#define FWL_PARSE_H

#include <linux/types.h>

struct sk_buff;

/*
 * For what is written before it is read, if at all: kernels that zero what is on the
 * stack need not do so for each packet.
 */
#if __has_attribute(uninitialized)
#define SCRATCH __attribute__((uninitialized))
#else
#define SCRATCH
#endif

/* Of what nearly every packet runs through: to be together, in few pages of code. */
#define HOT __attribute__((hot))

/**
 * struct fwl_ends - the two endpoints of a flow, in an order of their own
 * @addr: the addresses; IPv4 uses the first word of each, the others are zero
 * @port: their ports, for protocols that have ports
 * @id: what stands for the ports elsewhere: the GRE key, or fwl_icmp_id()
 *
 * The lower (address, port) comes first, so packets of both directions of a
 * flow have the same ends; struct fwl_packet.swapped tells them apart. All in
 * network byte order.
 */
struct fwl_ends {
	__be32 addr[2][4];
	union {
		__be16 port[2];
		__be32 id;
	};
};

/* A flow's kind: the protocol, and what else its ends must have in common. */
#define FWL_KIND_PROTO		0x00ff
#define FWL_KIND_IPV6		0x0100
#define FWL_KIND_GRE_KEYED	0x0200

/* What an ICMP or ICMPv6 message can do for a flow. */
enum fwl_icmp {
	FWL_ICMP_NONE,		/* not ICMP */
	FWL_ICMP_QUERY,		/* opens a flow */
	FWL_ICMP_REPLY,		/* belongs to one, opens none */
	FWL_ICMP_ERROR,		/* quotes a packet of another flow */
	FWL_ICMP_REDIRECT,	/* means something on one link only */
	FWL_ICMP_NEIGHBOUR,	/* IPv6 neighbour or router discovery */
	FWL_ICMP_OTHER,		/* stands alone */
};

#define FWL_TCP_FIN	0x01
#define FWL_TCP_SYN	0x02
#define FWL_TCP_RST	0x04
#define FWL_TCP_PSH	0x08
#define FWL_TCP_ACK	0x10
#define FWL_TCP_URG	0x20

/* A SYN without the window scale option (RFC 7323). */
#define FWL_TCP_UNSCALED	0xff

/**
 * struct fwl_segment - what a TCP header says of the connection's bytes
 * @seq: sequence number of the first one
 * @ack: the next one expected from the other side, if FWL_TCP_ACK is set
 * @len: how many there are; SYN and FIN not counted
 * @window: as the header has it, not scaled
 * @flags: FWL_TCP_*
 * @scale: of a SYN, 0 to 14 or FWL_TCP_UNSCALED
 *
 * Host byte order.
 */
struct fwl_segment {
	u32 seq;
	u32 ack;
	u32 len;
	u16 window;
	u8 flags;
	u8 scale;
};

/**
 * struct fwl_packet - what the dissector found in one packet
 * @ends: its endpoints, in the flow's order
 * @kind: FWL_KIND_*
 * @swapped: 1 if the packet goes from end 1 to end 0, otherwise 0
 * @icmp: enum fwl_icmp
 * @icmp_type: type of the ICMP message
 * @tcp: of TCP, otherwise zero
 * @fragment: it is the first of several
 * @hop_limit: or TTL
 * @l4: offset of the transport header from the network header
 * @len: length of the IP packet in bytes
 */
struct fwl_packet {
	struct fwl_ends ends;
	u16 kind;
	u8 swapped;
	u8 icmp;
	u8 icmp_type;
	bool fragment;
	u8 hop_limit;
	u32 l4;
	u32 len;
	struct fwl_segment tcp;
};

static inline u8 fwl_kind_proto(u16 kind)
{
	return kind & FWL_KIND_PROTO;
}

static inline bool fwl_kind_ipv6(u16 kind)
{
	return kind & FWL_KIND_IPV6;
}

void fwl_packet_set_icmp(struct fwl_packet *pkt);
bool fwl_proto_has_ports(u8 proto);
int fwl_parse(const struct sk_buff *skb, unsigned int offset, bool quoted,
	      struct fwl_packet *pkt);

#endif
