/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules and packets for the classifier, and a second opinion on them: the oracle
 * looks at each rule in order, reads it as people do and shares no code with
 * match.c. For unit tests and fuzzing; one file of a program includes it.
 */
#ifndef SHIM_CLASSIFY_ORACLE_H
#define SHIM_CLASSIFY_ORACLE_H

#include <stdlib.h>
#include <string.h>

#include <linux/skbuff.h>
#include <linux/slab.h>

#include "classify.h"
#include "group.h"

/* --- what else match.c asks ------------------------------------------------- */

/* A group of the test: all addresses whose last byte is odd. */
struct fwl_group {
	int unused;
};

static struct fwl_group odd;

bool fwl_group_has(const struct fwl_group *group, const struct fwl_query *query, bool source)
{
	const struct fwl_packet *pkt = query->pkt;

	(void)group;
	return ntohl(pkt->ends.addr[source ? pkt->swapped : !pkt->swapped]
				   [fwl_kind_ipv6(pkt->kind) ? 3 : 0]) & 1;
}

bool fwl_group_sees_links(const struct fwl_group *group, u32 generation)
{
	(void)group;
	(void)generation;
	return false;
}

/* --- rules and packets ---------------------------------------------- */

/* A number below @below; whoever includes this says where it comes from. */
static u32 any(u32 below);

static void random_address(__be32 *addr, bool ipv6)
{
	memset(addr, 0, 16);
	addr[0] = htonl(ipv6 ? 0x20010db8 : 0x0a000000 | any(4) << 16 | any(4) << 8 | any(64));
	if (ipv6) {
		addr[1] = htonl(any(4));
		addr[3] = htonl(any(64));
	}
}

/* Clears the bits of the host, or sets them. */
static void edge(__be32 *addr, bool ipv6, u32 len, bool up)
{
	u32 bit, bits = ipv6 ? 128 : 32;

	for (bit = len; bit < bits; bit++) {
		__be32 one = htonl(1U << (31 - bit % 32));

		addr[bit / 32] = up ? addr[bit / 32] | one : addr[bit / 32] & ~one;
	}
}

static struct fwl_addrs random_addrs(bool ipv6)
{
	static const u32 lens[] = { 8, 16, 24, 26, 31, 32, 32, 32 };
	struct fwl_addrs range = { .ipv6 = ipv6 };
	__be32 other[4];

	random_address(range.min, ipv6);
	memcpy(range.max, range.min, 16);
	if (any(4)) {
		u32 len = lens[any(8)] + (ipv6 ? 96 : 0);

		edge(range.min, ipv6, len, false);
		edge(range.max, ipv6, len, true);
	} else {
		random_address(other, ipv6);
		memcpy(memcmp(other, range.min, 16) < 0 ? range.min : range.max, other, 16);
	}
	return range;
}

static void random_point(struct fwl_endpoint *point, bool addrs, bool ports, bool ipv6)
{
	u32 i;

	if (addrs && !any(16)) {
		point->group = &odd;
		point->addr_not = any(2);
	} else if (addrs) {
		point->n_addrs = any(6) ? 1 : 1 + any(5);
		point->addr_not = !any(8);
		point->addrs = calloc(point->n_addrs, sizeof(*point->addrs));
		for (i = 0; i < point->n_addrs; i++) {
			point->addrs[i] = random_addrs(any(8) ? ipv6 : !ipv6);
			point->families |= point->addrs[i].ipv6 ? FWL_IPV6 : FWL_IPV4;
		}
	}
	if (!ports)
		return;
	point->n_ports = any(4) ? 1 : 1 + any(4);
	point->port_not = !any(8);
	point->ports = calloc(point->n_ports, sizeof(*point->ports));
	for (i = 0; i < point->n_ports; i++) {
		point->ports[i].min = any(128);
		point->ports[i].max = any(2) ? point->ports[i].min : point->ports[i].min + any(64);
		if (!any(32))
			point->ports[i] = (struct fwl_ports){ any(2) ? 0 : 60, 65535 };
	}
}

static const u8 protos[] = { 6, 17, 132, 1, 58, 47 };

/* @mask: which of protocol, addresses and ports matter. */
static struct fwl_rule *random_rule(u32 mask)
{
	struct fwl_rule *rule = calloc(1, sizeof(*rule));
	struct fwl_match *match = &rule->match;
	bool ipv6 = any(2);

	match->proto = mask & 1 ? protos[any(mask & 24 ? 3 : 6)] : -1;
	match->icmp_type = -1;
	match->icmpv6_type = -1;
	random_point(&match->src, mask & 2, mask & 8, ipv6);
	random_point(&match->dst, mask & 4, mask & 16, ipv6);
	return rule;
}

static void free_rule(struct fwl_rule *rule)
{
	free(rule->match.src.addrs);
	free(rule->match.src.ports);
	free(rule->match.dst.addrs);
	free(rule->match.dst.ports);
	free(rule);
}

static void random_packet(struct fwl_packet *pkt)
{
	bool ipv6 = any(2);
	u8 proto = protos[any(6)];

	memset(pkt, 0, sizeof(*pkt));
	pkt->kind = proto | (ipv6 ? FWL_KIND_IPV6 : 0);
	pkt->swapped = any(2);
	random_address(pkt->ends.addr[0], ipv6);
	random_address(pkt->ends.addr[1], ipv6);
	if (fwl_proto_has_ports(proto)) {
		pkt->ends.port[0] = htons(any(128));
		pkt->ends.port[1] = htons(any(128));
	} else {
		pkt->ends.id = any(65536);	/* no ports: it must not be taken for some */
	}
}

/* --- the oracle ------------------------------------------------------------ */

/* One number out of an address, so that addresses compare as numbers do. */
static unsigned __int128 number_of(const __be32 *addr, bool ipv6)
{
	unsigned __int128 number = 0;
	int i;

	for (i = 0; i < (ipv6 ? 4 : 1); i++)
		number = number << 32 | ntohl(addr[i]);
	return number;
}

static bool oracle_point(const struct fwl_endpoint *point, const struct fwl_packet *pkt, int end)
{
	bool ipv6 = pkt->kind & FWL_KIND_IPV6, in = false, family = false;
	unsigned __int128 addr = number_of(pkt->ends.addr[end], ipv6);
	u8 proto = pkt->kind & 0xff;
	u32 i;

	if (point->group && (addr & 1) == point->addr_not)
		return false;
	for (i = 0; i < point->n_addrs; i++) {
		const struct fwl_addrs *range = &point->addrs[i];

		family |= range->ipv6 == ipv6;
		in |= range->ipv6 == ipv6 && addr >= number_of(range->min, ipv6) &&
		      addr <= number_of(range->max, ipv6);
	}
	if (point->n_addrs && (!family || in == point->addr_not))
		return false;
	if (!point->n_ports)
		return true;
	if (proto != 6 && proto != 17 && proto != 132)
		return false;
	for (in = false, i = 0; i < point->n_ports; i++)
		in |= ntohs(pkt->ends.port[end]) >= point->ports[i].min &&
		      ntohs(pkt->ends.port[end]) <= point->ports[i].max;
	return in != point->port_not;
}

static bool oracle_matches(const struct fwl_rule *rule, const struct fwl_packet *pkt)
{
	int proto = pkt->kind & 0xff, want = rule->match.proto;
	bool icmpv6 = proto == 58 && pkt->kind & FWL_KIND_IPV6;

	return (want == -1 || want == proto || (want == 1 && icmpv6)) &&
	       oracle_point(&rule->match.src, pkt, pkt->swapped) &&
	       oracle_point(&rule->match.dst, pkt, !pkt->swapped);
}

static struct fwl_rule *oracle(const struct fwl_ranked *rules, u32 n, const struct fwl_packet *pkt)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (oracle_matches(rules[i].rule, pkt))
			return rules[i].rule;
	return NULL;
}

static struct fwl_rule *ask(const struct fwl_classifier *classifier, const struct fwl_packet *pkt)
{
	struct fwl_query query = { .pkt = pkt };

	return fwl_classify(classifier, &query);
}

#endif
