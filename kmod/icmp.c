// SPDX-License-Identifier: GPL-2.0-only
/* ICMP and ICMPv6 errors: do they belong to a flow that is known? */
#include <linux/icmp.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>

#include "classify.h"
#include "hit.h"
#include "icmp.h"
#include "net.h"
#include "ruleset.h"
#include "tcp.h"

/*
 * This router's own answer to a packet that the rules let in, but for which it
 * has no flow: the refusal when the table is full; or to one that they reject. It leaves
 * by @out, which mostly is where the packet came by. What else rules ask for they saw then
 * and nobody sees now: it is enough if the packet was not denied with it, or without.
 */
static bool answers_allowed(const struct fwl_ruleset *rs, const struct fwl_packet *quoted,
			    const struct net_device *out)
{
	struct fwl_query query = {
		.pkt = quoted,
		.iface = out->name,
		.generation = rs->generation,
		.now = ktime_get_real_seconds(),
	};
	const struct fwl_rule *rule;

	rule = fwl_classify(rs->classifiers[FLOWWALL_DIRECTION_IN], &query);
	if (!rule || rule->action == FLOWWALL_ACTION_DENY) {
		query.believe = true;
		rule = fwl_classify(rs->classifiers[FLOWWALL_DIRECTION_IN], &query);
	}
	return rule && rule->action != FLOWWALL_ACTION_DENY;
}

/**
 * fwl_icmp_related() - does an error quote a packet of a known flow?
 * @fn: the namespace
 * @rs: the ruleset
 * @skb: the error
 * @error: what was found in it
 * @direction: where it goes
 * @out: the interface that it leaves by, if it is this router's own
 *
 * The quoted packet must have been sent by the one that the error is for, and
 * the error must come from the side that the quoted packet went to; any router
 * on the way may have sent it. The flow's TTL is not refreshed.
 *
 * Context: RCU.
 */
bool fwl_icmp_related(struct fwl_net *fn, const struct fwl_ruleset *rs,
		      const struct sk_buff *skb, const struct fwl_packet *error,
		      u8 direction, const struct net_device *out)
{
	bool outside = direction == FLOWWALL_DIRECTION_IN;
	struct fwl_packet quoted;
	struct fwl_flow *flow;
	enum fwl_entry entry;

	if (fwl_parse(skb, skb_network_offset(skb) + error->l4 + sizeof(struct icmphdr),
		      true, &quoted))
		return false;
	if (fwl_kind_ipv6(quoted.kind) != fwl_kind_ipv6(error->kind) ||
	    quoted.icmp == FWL_ICMP_ERROR ||
	    memcmp(quoted.ends.addr[quoted.swapped], error->ends.addr[!error->swapped],
		   sizeof(quoted.ends.addr[0])))
		return false;

	flow = fwl_flow_lookup(&fn->table, &quoted);
	if (!flow || fwl_flow_expired(flow, jiffies))
		return direction == FLOWWALL_DIRECTION_LOCAL && answers_allowed(rs, &quoted, out);
	if (fwl_state_ended(READ_ONCE(flow->state)))
		return false;
	/* This router is on both sides. */
	if (direction == FLOWWALL_DIRECTION_LOCAL)
		return true;
	entry = fwl_flow_entry(flow, &quoted);
	return fwl_entry_outside(flow, !entry) == outside;
}
