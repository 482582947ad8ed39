// SPDX-License-Identifier: GPL-2.0-only
/* Is a rule about a packet? Pure: it builds in user space as well. */
#include <linux/in.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "group.h"
#include "match.h"
#include "u32.h"

/* A rule asks for what cannot be seen: is it taken to match? */
static bool believed(u32 handle, const struct fwl_query *query)
{
	return query->believe || query->held == handle;
}

static bool group_matches(const struct fwl_endpoint *point, u32 handle,
			  const struct fwl_query *query, bool source)
{
	bool found = fwl_group_has(point->group, query, source);

	/* Of the packet that made a flow, the link is not known any more. */
	if (!found && !query->skb && fwl_group_sees_links(point->group, query->generation))
		return believed(handle, query);
	return found != point->addr_not;
}

static bool addr_matches(const struct fwl_endpoint *point, u32 handle,
			 const struct fwl_query *query, bool source)
{
	const struct fwl_packet *pkt = query->pkt;
	const __be32 *addr = pkt->ends.addr[source ? pkt->swapped : !pkt->swapped];
	bool ipv6 = fwl_kind_ipv6(pkt->kind), found = false;
	int i;

	if (point->group)
		return group_matches(point, handle, query, source);
	if (!point->n_addrs)
		return true;
	if (!(point->families & (ipv6 ? FWL_IPV6 : FWL_IPV4)))
		return false;
	for (i = 0; i < point->n_addrs && !found; i++)
		found = point->addrs[i].ipv6 == ipv6 &&
			memcmp(addr, point->addrs[i].min, sizeof(point->addrs[i].min)) >= 0 &&
			memcmp(addr, point->addrs[i].max, sizeof(point->addrs[i].max)) <= 0;
	return found != point->addr_not;
}

static bool port_matches(const struct fwl_endpoint *point, const struct fwl_packet *pkt, u8 end)
{
	bool found = false;
	u16 port;
	int i;

	if (!point->n_ports)
		return true;
	if (!fwl_proto_has_ports(fwl_kind_proto(pkt->kind)))
		return false;
	port = ntohs(pkt->ends.port[end]);
	for (i = 0; i < point->n_ports && !found; i++)
		found = port >= point->ports[i].min && port <= point->ports[i].max;
	return found != point->port_not;
}

static bool proto_matches(const struct fwl_match *match, const struct fwl_packet *pkt)
{
	u8 proto = fwl_kind_proto(pkt->kind);
	u32 key;

	if (match->proto >= 0 && match->proto != proto &&
	    !(match->proto == IPPROTO_ICMP && proto == IPPROTO_ICMPV6 &&
	      fwl_kind_ipv6(pkt->kind)))
		return false;
	if (match->icmp_type >= 0 || match->icmpv6_type >= 0)
		return pkt->icmp != FWL_ICMP_NONE &&
		       pkt->icmp_type == (fwl_kind_ipv6(pkt->kind) ? match->icmpv6_type
								   : match->icmp_type);
	if (!match->keyed)
		return true;
	key = ntohl(pkt->ends.id);
	return pkt->kind & FWL_KIND_GRE_KEYED && key >= match->key_min && key <= match->key_max;
}

/**
 * fwl_match_iface() - is this the interface?
 * @pattern: its name, or the beginning of it
 * @prefix: @pattern is a beginning
 * @name: of the interface
 */
bool fwl_match_iface(const char *pattern, bool prefix, const char *name)
{
	return prefix ? !strncmp(pattern, name, strlen(pattern)) : !strcmp(pattern, name);
}

static bool iface_matches(const struct fwl_match *match, u32 handle,
			  const struct fwl_query *query)
{
	if (!match->iface[0])
		return true;
	if (query->iface)
		return fwl_match_iface(match->iface, match->iface_prefix, query->iface);
	if (believed(handle, query))
		return true;
	if (query->unsure)
		*query->unsure = true;
	return false;
}

static bool u32_matches(const struct fwl_match *match, u32 handle, const struct fwl_query *query)
{
	if (!match->n_u32)
		return true;
	if (!query->skb)
		return believed(handle, query);
	return fwl_u32_matches(match->u32, match->n_u32, query->skb,
			       skb_network_offset(query->skb)) != match->u32_not;
}

/**
 * fwl_match() - is a rule about this packet?
 * @match: what the rule asks
 * @handle: the rule's
 * @query: the packet; its @unsure is set to true if it lacks nothing but the interface
 *
 * Context: any, RCU if there are groups.
 */
bool fwl_match(const struct fwl_match *match, u32 handle, const struct fwl_query *query)
{
	const struct fwl_packet *pkt = query->pkt;

	return proto_matches(match, pkt) &&
	       port_matches(&match->dst, pkt, !pkt->swapped) &&
	       port_matches(&match->src, pkt, pkt->swapped) &&
	       addr_matches(&match->dst, handle, query, false) &&
	       addr_matches(&match->src, handle, query, true) &&
	       (!match->until || query->now < match->until) &&
	       u32_matches(match, handle, query) &&
	       iface_matches(match, handle, query);
}
