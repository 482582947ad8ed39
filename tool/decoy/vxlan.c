// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A VXLAN gateway (RFC 7348) on a bridge with one tunnel port, whose other end and network
 * are up to the flow; see vxlan.h.
 *
 *	from the tunnel		if the end and the network are of a map: to who it is for
 *	to a mapped network	through its tunnel; so do questions for its addresses
 *	all else		as an ordinary switch, not into the tunnel
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "vxlan.h"

#define COOKIE_VXLAN	0x4657000000010001ULL

#define FROM_TUNNEL	400
#define NOT_FROM_TUNNEL	390
#define TO_TUNNEL	200	/* and the length of the prefix: the longest one decides */

static struct of_rule rule_of(unsigned int priority, uint32_t port)
{
	return (struct of_rule){ .command = OF_ADD, .priority = priority, .cookie = COOKIE_VXLAN,
				 .port = port };
}

static void from_tunnel(struct session *session, const struct vxlan_map *map, uint32_t port)
{
	struct of_rule rule = rule_of(FROM_TUNNEL, OF_NORMAL);

	of_field_number(&rule.match, OF_F_IN_PORT, port);
	of_field_number(&rule.match, OF_F_TUNNEL, map->vni);
	of_field(&rule.match, map->end_family == AF_INET ? OF_F_TUN_IPV4_SRC : OF_F_TUN_IPV6_SRC,
		 map->end);
	session_rule(session, &rule);
}

/* @type: of what is matched; @proto: of ICMPv6, for questions, or 0. */
static void to_tunnel(struct session *session, const struct vxlan_map *map, uint32_t port,
		      unsigned int type, unsigned int icmp, enum of_field field)
{
	struct of_rule rule = rule_of(TO_TUNNEL + map->net.bits, port);

	of_field_number(&rule.match, OF_F_ETH_TYPE, type);
	if (icmp) {
		of_field_number(&rule.match, OF_F_IP_PROTO, IPPROTO_ICMPV6);
		of_field_number(&rule.match, OF_F_ICMPV6_TYPE, icmp);
		of_field_number(&rule.match, OF_F_ICMPV6_CODE, 0);
	}
	of_field_masked(&rule.match, field, map->net.addr, map->net.bits);
	of_field(&rule.set, map->end_family == AF_INET ? OF_F_TUN_IPV4_DST : OF_F_TUN_IPV6_DST,
		 map->end);
	of_field_number(&rule.set, OF_F_TUNNEL, map->vni);
	session_rule(session, &rule);
}

static void put_map(struct session *session, const struct vxlan_map *map, uint32_t port)
{
	from_tunnel(session, map, port);
	if (map->net.family == AF_INET) {
		to_tunnel(session, map, port, TYPE_IPV4, 0, OF_F_IPV4_DST);
		to_tunnel(session, map, port, TYPE_ARP, 0, OF_F_ARP_TPA);
	} else {
		to_tunnel(session, map, port, TYPE_IPV6, 0, OF_F_IPV6_DST);
		to_tunnel(session, map, port, TYPE_IPV6, 135, OF_F_ND_TARGET);
	}
}

/* From nothing: what an earlier run made, or what was for a port that has gone, is taken away. */
static void vxlan_up(struct session *session, void *arg)
{
	struct of_rule all = { .command = OF_DELETE, .table = 0xff, .cookie = COOKIE_VXLAN,
			       .cookie_mask = ~0ULL, .out_port = OF_ANY, .port = OF_ANY };
	struct of_rule normal = rule_of(0, OF_NORMAL);

	(void)arg;
	session_rule(session, &all);
	session_barrier(session);
	session_rule(session, &normal);
}

static void vxlan_port(struct session *session, enum of_port_reason reason,
		       const struct of_port *port, void *arg)
{
	const struct vxlan *vxlan = arg;
	struct of_rule drop = rule_of(NOT_FROM_TUNNEL, OF_ANY);
	size_t i;

	if (strcmp(port->name, vxlan->port))
		return;
	/* Another port may get its number: what is for a tunnel must not leave by that. */
	if (reason == OF_PORT_DELETE) {
		session->tunnel = false;
		vxlan_up(session, arg);
	}
	if (reason != OF_PORT_ADD)
		return;
	session->tunnel = true;
	of_field_number(&drop.match, OF_F_IN_PORT, port->number);
	session_rule(session, &drop);
	for (i = 0; i < vxlan->n_maps; i++)
		put_map(session, &vxlan->maps[i], port->number);
}

const struct mode vxlan_mode = { .alone = true, .up = vxlan_up, .port = vxlan_port };
