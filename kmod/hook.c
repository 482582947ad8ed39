// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks, and what becomes of a packet: the table of verdicts reads off
 * direction_of(), hit() and miss().
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "classify.h"
#include "event.h"
#include "hook.h"
#include "icmp.h"
#include "net.h"
#include "refuse.h"
#include "tcp.h"

/**
 * struct context - one packet on its way through this file
 * @fn: its namespace
 * @rs: the ruleset that judges it
 * @ifaces: the roles of that ruleset
 * @skb: the packet
 * @state: of the hook
 * @direction: enum flowwall_direction
 * @external: an external interface is involved
 * @transit: more than one
 * @closed: a closed connection whose ports the packet uses again, or NULL
 * @pkt: what was found in the packet
 */
struct context {
	struct fwl_net *fn;
	const struct fwl_ruleset *rs;
	const struct fwl_ifaces *ifaces;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	u8 direction;
	bool external;
	bool transit;
	struct fwl_flow *closed;
	struct fwl_packet pkt;
};

static unsigned int drop(const struct context *c, enum flowwall_drop reason)
{
	fwl_count(c->fn, drop[reason]);
	if (reason == FLOWWALL_DROP_TABLE_FULL)
		return NF_DROP_REASON(c->skb, SKB_DROP_REASON_NETFILTER_DROP, ECONNREFUSED);
	return NF_DROP_REASON(c->skb, SKB_DROP_REASON_NETFILTER_DROP, EPERM);
}

/* A packet of a VRF comes with the VRF's device: find the one it came by. */
static int input_ifindex(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (likely(!netif_is_l3_master(state->in)))
		return state->in->ifindex;
	return state->pf == NFPROTO_IPV4 ? IPCB(skb)->iif : IP6CB(skb)->iif;
}

/*
 * Says where the packet goes, by the roles of its interfaces; false if that is
 * not FlowWall's business. The loopback interface has no role.
 */
static bool direction_of(struct context *c)
{
	const struct nf_hook_state *state = c->state;
	u8 in, out;

	switch (state->hook) {
	case NF_INET_FORWARD:
		in = fwl_iface_role(c->ifaces, input_ifindex(c->skb, state));
		out = fwl_iface_role(c->ifaces, state->out->ifindex);
		if (in == FLOWWALL_ROLE_EXTERNAL) {
			c->direction = FLOWWALL_DIRECTION_IN;
			c->external = true;
			c->transit = out == FLOWWALL_ROLE_EXTERNAL;
			return true;
		}
		if (out == FLOWWALL_ROLE_EXTERNAL) {
			c->direction = FLOWWALL_DIRECTION_OUT;
			c->external = true;
			return true;
		}
		c->direction = FLOWWALL_DIRECTION_INSIDE;
		return in == FLOWWALL_ROLE_INTERNAL && out == FLOWWALL_ROLE_INTERNAL;
	case NF_INET_LOCAL_IN:
		in = fwl_iface_role(c->ifaces, input_ifindex(c->skb, state));
		c->external = in == FLOWWALL_ROLE_EXTERNAL;
		c->direction = c->external ? FLOWWALL_DIRECTION_IN : FLOWWALL_DIRECTION_INSIDE;
		return in != FLOWWALL_ROLE_NONE;
	default:
		/* A VRF's device first, the real one after it: judged there. */
		out = fwl_iface_role(c->ifaces, state->out->ifindex);
		c->external = out == FLOWWALL_ROLE_EXTERNAL;
		c->direction = FLOWWALL_DIRECTION_LOCAL;
		return out != FLOWWALL_ROLE_NONE && !netif_is_l3_master(state->out);
	}
}

/* Inside, packets pass without a flow; only rules make a difference. */
static bool indifferent(const struct context *c)
{
	return !c->external && !c->rs->lists[FLOWWALL_DIRECTION_INSIDE].n &&
	       !c->rs->lists[FLOWWALL_DIRECTION_LOCAL].n;
}

/* An answer of DHCP (RFC 2131, section 4.1) or DHCPv6 (RFC 8415, section 7.2)? */
static bool is_dhcp_answer(const struct fwl_packet *pkt)
{
	__be16 from = pkt->ends.port[pkt->swapped], to = pkt->ends.port[!pkt->swapped];

	if (pkt->kind == IPPROTO_UDP)
		return from == htons(67) && to == htons(68);
	if (pkt->kind == (FWL_KIND_IPV6 | IPPROTO_UDP))
		return from == htons(547) && to == htons(546);
	return false;
}

/* What a router dies without, and what is only ever meant for this link. */
static bool always_passes(const struct context *c)
{
	if (c->state->hook != NF_INET_LOCAL_IN)
		return false;
	/* RFC 4861, section 6.1 and 7.1: 255 proves that no router forwarded it. */
	if (c->pkt.icmp == FWL_ICMP_NEIGHBOUR && c->rs->settings.neighbour &&
	    c->pkt.hop_limit == 255) {
		fwl_count(c->fn, neighbour);
		return true;
	}
	if (c->rs->settings.dhcp && is_dhcp_answer(&c->pkt)) {
		fwl_count(c->fn, dhcp);
		return true;
	}
	return false;
}

enum opening {
	OPENS,		/* a flow */
	ALONE,		/* passes for itself, without a flow */
	NEVER,		/* not before its flow is there */
};

/* What a packet without a flow can begin. */
static enum opening opening_of(const struct context *c)
{
	const struct fwl_packet *pkt = &c->pkt;
	bool outside = c->direction == FLOWWALL_DIRECTION_IN;

	switch (pkt->icmp) {
	case FWL_ICMP_NEIGHBOUR:
	case FWL_ICMP_OTHER:
		return ALONE;
	case FWL_ICMP_REPLY:
		return outside ? NEVER : ALONE;
	default:
		break;
	}
	if (fwl_kind_proto(pkt->kind) != IPPROTO_TCP || fwl_tcp_opens(pkt->tcp_flags))
		return OPENS;
	if (outside)
		return NEVER;
	/* An outbound connection is picked up midway, but not from its end. */
	return pkt->tcp_flags & (FWL_TCP_SYN | FWL_TCP_FIN | FWL_TCP_RST) ? ALONE : OPENS;
}

static unsigned int open_flow(struct context *c, const struct fwl_rule *rule)
{
	struct fwl_flow first = {
		.generation = c->rs->generation,
		.rule = rule ? rule->handle : 0,
		.flags = c->direction << 1,
		.state = FLOWWALL_STATE_NEW,
	};
	int err;

	if (c->transit || (c->external && c->direction != FLOWWALL_DIRECTION_IN))
		first.flags |= FWL_FLOW_REPLY_OUTSIDE;
	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP)
		first.state = fwl_tcp_first(c->pkt.tcp_flags);

	if (c->closed)
		fwl_flow_end(c->fn, c->closed, FLOWWALL_END_REOPENED);
	err = fwl_flow_add(c->fn, &c->pkt, &first,
			   &c->rs->ttl[fwl_ttl_class(c->pkt.kind, first.state)]);
	switch (err) {
	case -ENOSPC:
		fwl_refuse(c->skb, c->state);
		fwl_event_table_full(c->fn, &c->pkt, c->direction);
		return drop(c, FLOWWALL_DROP_TABLE_FULL);
	case -ENOMEM:
		return drop(c, FLOWWALL_DROP_NO_MEMORY);
	case 0:
		fwl_count(c->fn, new_flows);
		fallthrough;
	default:
		fwl_count(c->fn, packets);
		return NF_ACCEPT;
	}
}

/* No flow: the rules decide, then the policy of the direction. */
static unsigned int miss(struct context *c)
{
	struct fwl_rule *rule;

	if (c->direction == FLOWWALL_DIRECTION_IN) {
		if (always_passes(c))
			return NF_ACCEPT;
		if (fwl_iface_owns(c->ifaces, fwl_kind_ipv6(c->pkt.kind),
				   c->pkt.ends.addr[c->pkt.swapped]))
			return drop(c, FLOWWALL_DROP_SPOOFED);
	}

	rule = fwl_classify(c->rs, c->direction, &c->pkt);
	if (rule) {
		fwl_rule_count(rule, &c->pkt);
		if (rule->action == FLOWWALL_ACTION_DENY)
			return drop(c, FLOWWALL_DROP_RULE);
	} else if (c->direction == FLOWWALL_DIRECTION_IN) {
		return drop(c, FLOWWALL_DROP_POLICY);
	} else if (!c->external) {
		return NF_ACCEPT;
	}

	switch (opening_of(c)) {
	case OPENS:
		return open_flow(c, rule);
	case ALONE:
		return NF_ACCEPT;
	default:
		return drop(c, FLOWWALL_DROP_STATE);
	}
}

/*
 * The ruleset changed since the flow was last judged: would it still be made?
 * If not, @reason is why.
 */
static bool still_allowed(const struct context *c, struct fwl_flow *flow,
			  enum flowwall_drop *reason)
{
	const struct fwl_rule *rule;
	struct fwl_packet opener;
	u8 direction = fwl_flow_direction(flow);

	if (c->rs->settings.on_change == FLOWWALL_ON_CHANGE_REVALIDATE) {
		fwl_flow_opener(flow, &opener);
		rule = fwl_classify(c->rs, direction, &opener);
		*reason = rule ? FLOWWALL_DROP_RULE : FLOWWALL_DROP_POLICY;
		if (rule ? rule->action == FLOWWALL_ACTION_DENY
			 : direction == FLOWWALL_DIRECTION_IN)
			return false;
		WRITE_ONCE(flow->rule, rule ? rule->handle : 0);
	}
	WRITE_ONCE(flow->generation, c->rs->generation);
	return true;
}

static unsigned int hit(struct context *c, struct fwl_flow *flow, enum fwl_entry entry)
{
	u8 state = READ_ONCE(flow->state), next = state;
	enum flowwall_drop reason;

	if (unlikely(READ_ONCE(flow->generation) != c->rs->generation) &&
	    !still_allowed(c, flow, &reason)) {
		fwl_flow_end(c->fn, flow, FLOWWALL_END_REVOKED);
		return drop(c, reason);
	}

	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP) {
		/* The ports are used again: a new connection, if the rules let it. */
		if (unlikely(state == FLOWWALL_STATE_CLOSED) &&
		    fwl_tcp_opens(c->pkt.tcp_flags)) {
			c->closed = flow;
			return miss(c);
		}
		next = fwl_tcp_next(state, c->pkt.tcp_flags, entry);
	} else if (entry == FWL_REPLY) {
		next = FLOWWALL_STATE_REPLIED;
	}
	if (next != state)
		WRITE_ONCE(flow->state, next);

	fwl_flow_count(flow, entry, &c->pkt, &c->rs->ttl[fwl_ttl_class(flow->kind, next)]);
	fwl_count(c->fn, packets);
	return NF_ACCEPT;
}

static unsigned int judge(struct context *c)
{
	struct fwl_flow *flow;
	enum fwl_entry entry;
	int err;

	err = fwl_parse(c->skb, skb_network_offset(c->skb), false, &c->pkt);
	if (unlikely(err))
		return drop(c, -err);

	if (unlikely(c->pkt.icmp == FWL_ICMP_ERROR)) {
		if (!c->external ||
		    fwl_icmp_related(c->fn, c->rs, c->skb, &c->pkt, c->direction))
			return NF_ACCEPT;
		return drop(c, FLOWWALL_DROP_UNRELATED);
	}

	flow = fwl_flow_lookup(&c->fn->table, &c->pkt);
	if (!flow)
		return miss(c);
	entry = fwl_flow_entry(flow, &c->pkt);
	if (fwl_entry_expired(flow, entry, jiffies))
		return miss(c);

	/* An entry matches only on the side that it belongs to. */
	if (likely(fwl_entry_outside(flow, entry) == (c->direction == FLOWWALL_DIRECTION_IN)))
		return hit(c, flow, entry);
	if (READ_ONCE(flow->generation) != c->rs->generation)
		fwl_flow_end(c->fn, flow, FLOWWALL_END_REVOKED);
	else if (c->direction == FLOWWALL_DIRECTION_IN)
		return drop(c, FLOWWALL_DROP_SPOOFED);
	return miss(c);
}

static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct context c = {
		.fn = fwl_net(state->net),
		.skb = skb,
		.state = state,
	};

	c.rs = rcu_dereference(c.fn->ruleset);
	c.ifaces = rcu_dereference(c.rs->ifaces);
	if (!direction_of(&c) || indifferent(&c))
		return NF_ACCEPT;
	return judge(&c);
}

/* Locally made packets may come in process context: the counters are per CPU. */
static unsigned int hook_local_out(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	unsigned int verdict;

	local_bh_disable();
	verdict = hook(priv, skb, state);
	local_bh_enable();
	return verdict;
}

/*
 * At the filter's priority, after the destination and before the source is
 * translated: both directions of a flow have the same addresses here.
 */
static const struct nf_hook_ops hooks[] = {
	{ .hook = hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_FORWARD,
	  .priority = NF_IP_PRI_FILTER },
	{ .hook = hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP_PRI_FILTER },
	{ .hook = hook_local_out, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT,
	  .priority = NF_IP_PRI_FILTER },
	{ .hook = hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_FORWARD,
	  .priority = NF_IP6_PRI_FILTER },
	{ .hook = hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP6_PRI_FILTER },
	{ .hook = hook_local_out, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT,
	  .priority = NF_IP6_PRI_FILTER },
};

/**
 * fwl_hooks_register() - begin to judge packets
 * @net: the namespace; it has a ruleset and a table
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int fwl_hooks_register(struct net *net)
{
	return nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}

/**
 * fwl_hooks_unregister() - judge no more packets
 * @net: the namespace
 *
 * Context: process. Packets that are being judged may still be; they end with a
 * grace period.
 */
void fwl_hooks_unregister(struct net *net)
{
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}
