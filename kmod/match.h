/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_MATCH_H
#define FWL_MATCH_H

#include <linux/types.h>

#include <linux/flowwall.h>

#include "parse.h"

struct fwl_group;
struct sk_buff;

/**
 * struct fwl_ports - an inclusive range, in host byte order
 */
struct fwl_ports {
	u16 min;
	u16 max;
};

/**
 * struct fwl_addrs - an inclusive range of addresses
 * @min: first, network byte order; IPv4 uses the first word
 * @max: last
 * @ipv6: family
 */
struct fwl_addrs {
	__be32 min[4];
	__be32 max[4];
	bool ipv6;
};

/* Families, as bits. */
#define FWL_IPV4	0x1
#define FWL_IPV6	0x2

/**
 * struct fwl_endpoint - what a rule asks of a packet's source or destination
 * @families: those of @addrs; a packet of another one does not match
 * @addr_not: all addresses but these
 * @port_not: all ports but these
 * @n_addrs: how many ranges; zero, without @group, for any address
 * @n_ports: how many ranges; zero for any, and for what has no ports
 * @group: or NULL
 * @addrs: the ranges
 * @ports: the ranges
 */
struct fwl_endpoint {
	u8 families;
	bool addr_not;
	bool port_not;
	u8 n_addrs;
	u8 n_ports;
	struct fwl_group *group;
	struct fwl_addrs *addrs;
	struct fwl_ports *ports;
};

/**
 * struct fwl_match - what a rule asks of a packet
 * @proto: IP protocol, or -1 for any; 1 is ICMPv6 as well
 * @icmp_type: or -1; with both -1, any
 * @icmpv6_type: or -1
 * @keyed: it asks for a GRE key
 * @iface_prefix: @iface is a beginning
 * @u32_not: the program must not match
 * @n_u32: steps of the program
 * @key_min: host byte order
 * @key_max: host byte order
 * @u32: the program, checked, or NULL
 * @src: source
 * @dst: destination
 * @until: seconds since 1970, zero for ever
 * @iface: where it comes by or, going out, goes; empty for any
 */
struct fwl_match {
	s16 proto;
	s16 icmp_type;
	s16 icmpv6_type;
	bool keyed;
	bool iface_prefix;
	bool u32_not;
	u8 n_u32;
	u32 key_min;
	u32 key_max;
	struct flowwall_u32_op *u32;
	struct fwl_endpoint src;
	struct fwl_endpoint dst;
	s64 until;
	char iface[FLOWWALL_IFACE_SIZE];
};

/**
 * struct fwl_query - a packet, as rules look at it
 * @pkt: what the dissector found
 * @skb: its bytes, or NULL if only what is in a flow is known
 * @iface: name of the interface that rules with "on" mean, or NULL if that is not
 *	known
 * @in: name of the one that it comes by, or NULL
 * @out: name of the one that it leaves by, or NULL
 * @mac: link address that it was sent with, or NULL; fwl_any_mac for any that is a member
 * @held: handle of the rule that let its flow in: what cannot be seen any more,
 *	that rule is believed to match
 * @believe: so is every rule
 * @unsure: set to whether a rule before the one found would decide otherwise at some
 *	interface, and @iface is not known; or NULL
 * @policy: with @unsure, whether it is allowed if no rule is found
 * @generation: of the ruleset: which members groups have
 * @now: seconds since 1970
 */
struct fwl_query {
	const struct fwl_packet *pkt;
	const struct sk_buff *skb;
	const char *iface;
	const char *in;
	const char *out;
	const u8 *mac;
	u32 held;
	bool believe;
	bool *unsure;
	bool policy;
	u32 generation;
	s64 now;
};

bool fwl_match(const struct fwl_match *match, u32 handle, const struct fwl_query *query);
bool fwl_match_iface(const char *pattern, bool prefix, const char *name);

#endif
