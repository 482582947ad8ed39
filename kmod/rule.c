// SPDX-License-Identifier: GPL-2.0-only
/* One rule: its life, what it matches, its counters. */
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "rule.h"

/**
 * fwl_rule_alloc() - get a rule that matches everything
 *
 * Context: process.
 * Return: a rule with one reference, or NULL.
 */
struct fwl_rule *fwl_rule_alloc(void)
{
	struct fwl_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);
	int cpu;

	if (!rule)
		return NULL;
	rule->stats = alloc_percpu_gfp(struct fwl_rule_stats, GFP_KERNEL_ACCOUNT);
	if (!rule->stats) {
		kfree(rule);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(rule->stats, cpu)->sync);
	refcount_set(&rule->refs, 1);
	rule->proto = -1;
	return rule;
}

/**
 * fwl_rule_get() - hold a rule in one ruleset more
 * @rule: the rule
 */
void fwl_rule_get(struct fwl_rule *rule)
{
	refcount_inc(&rule->refs);
}

/**
 * fwl_rule_put() - give back a reference, and the rule with the last one
 * @rule: the rule; no packet can be looking at it for this ruleset's sake
 */
void fwl_rule_put(struct fwl_rule *rule)
{
	if (!refcount_dec_and_test(&rule->refs))
		return;
	free_percpu(rule->stats);
	kfree(rule->src.ports);
	kfree(rule->dst.ports);
	kfree(rule->comment);
	kfree(rule);
}

static bool endpoint_matches(const struct fwl_endpoint *point,
			     const struct fwl_packet *pkt, u8 end)
{
	if (point->family) {
		const __be32 *addr = pkt->ends.addr[end];

		if (fwl_kind_ipv6(pkt->kind) != (point->family == AF_INET6))
			return false;
		if ((memcmp(addr, point->min, sizeof(point->min)) >= 0 &&
		     memcmp(addr, point->max, sizeof(point->max)) <= 0) == point->addr_not)
			return false;
	}
	if (point->n_ports) {
		bool found = false;
		u16 port;
		int i;

		if (!fwl_proto_has_ports(fwl_kind_proto(pkt->kind)))
			return false;
		port = ntohs(pkt->ends.port[end]);
		for (i = 0; i < point->n_ports && !found; i++)
			found = port >= point->ports[i].min && port <= point->ports[i].max;
		if (found == point->port_not)
			return false;
	}
	return true;
}

/**
 * fwl_rule_matches() - is the rule about this packet?
 * @rule: the rule; its direction is not looked at
 * @pkt: the packet
 *
 * Context: any; pure.
 */
bool fwl_rule_matches(const struct fwl_rule *rule, const struct fwl_packet *pkt)
{
	u8 proto = fwl_kind_proto(pkt->kind);

	if (rule->proto >= 0 && rule->proto != proto &&
	    !(rule->proto == IPPROTO_ICMP && proto == IPPROTO_ICMPV6 &&
	      fwl_kind_ipv6(pkt->kind)))
		return false;
	return endpoint_matches(&rule->src, pkt, pkt->swapped) &&
	       endpoint_matches(&rule->dst, pkt, !pkt->swapped);
}

/**
 * fwl_rule_count() - note that a rule decided about a packet
 * @rule: the rule
 * @pkt: the packet
 *
 * Context: RCU, softirqs off.
 */
void fwl_rule_count(struct fwl_rule *rule, const struct fwl_packet *pkt)
{
	struct fwl_rule_stats *stats = this_cpu_ptr(rule->stats);
	time64_t now = ktime_get_real_seconds();

	u64_stats_update_begin(&stats->sync);
	u64_stats_inc(&stats->packets);
	u64_stats_add(&stats->bytes, pkt->len);
	u64_stats_update_end(&stats->sync);
	if (READ_ONCE(rule->last_hit) != now)
		WRITE_ONCE(rule->last_hit, now);
}

/**
 * fwl_rule_read() - add up the counters of all CPUs
 * @rule: the rule
 * @packets: set to the number of packets it decided about
 * @bytes: set to their bytes
 */
void fwl_rule_read(const struct fwl_rule *rule, u64 *packets, u64 *bytes)
{
	unsigned int start;
	int cpu;

	*packets = 0;
	*bytes = 0;
	for_each_possible_cpu(cpu) {
		const struct fwl_rule_stats *stats = per_cpu_ptr(rule->stats, cpu);
		u64 p, b;

		do {
			start = u64_stats_fetch_begin(&stats->sync);
			p = u64_stats_read(&stats->packets);
			b = u64_stats_read(&stats->bytes);
		} while (u64_stats_fetch_retry(&stats->sync, start));
		*packets += p;
		*bytes += b;
	}
}
