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
	const struct net_device *dev;
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
		/* A mark or NAT may have changed the route since state->out was set. */
		dev = skb_dst(c->skb) ? skb_dst(c->skb)->dev : state->out;
		out = fwl_iface_role(c->ifaces, dev->ifindex);
		c->external = out == FLOWWALL_ROLE_EXTERNAL;
		c->direction = FLOWWALL_DIRECTION_LOCAL;
		/* A VRF's device first, the real one after it: judged there. */
		return out != FLOWWALL_ROLE_NONE && !netif_is_l3_master(dev);
	}
}

/*
 * Inside, packets pass without a flow as long as no rule is about them. When
 * there are rules, all have flows: else the answer to a packet that no rule
 * refuses would be judged as if it were the first one.
 */
static bool indifferent(const struct context *c)
{
	return !c->external && !c->rs->lists[FLOWWALL_DIRECTION_INSIDE].n &&
	       !c->rs->lists[FLOWWALL_DIRECTION_LOCAL].n;
}

/* fe80::/10: from this link and no further. */
static bool is_link_local(const __be32 *addr)
{
	return (addr[0] & htonl(0xffc00000)) == htonl(0xfe800000);
}

/* An answer of DHCP (RFC 2131, section 4.1) or DHCPv6 (RFC 8415, section 7.2)? */
static bool is_dhcp_answer(const struct fwl_packet *pkt)
{
	__be16 from = pkt->ends.port[pkt->swapped], to = pkt->ends.port[!pkt->swapped];

	if (pkt->kind == IPPROTO_UDP)
		return from == htons(67) && to == htons(68);
	if (pkt->kind == (FWL_KIND_IPV6 | IPPROTO_UDP))
		return from == htons(547) && to == htons(546) &&
		       is_link_local(pkt->ends.addr[!pkt->swapped]);
	return false;
}

/* What a router dies without: from the link to this router, and its own. */
static bool always_passes(const struct context *c)
{
	if (!c->external || c->state->hook == NF_INET_FORWARD)
		return false;
	/* RFC 4861, section 6.1 and 7.1: 255 proves that no router forwarded it. */
	if (c->pkt.icmp == FWL_ICMP_NEIGHBOUR && c->rs->settings.neighbour &&
	    c->pkt.hop_limit == 255) {
		fwl_count(c->fn, neighbour);
		return true;
	}
	if (c->direction == FLOWWALL_DIRECTION_IN && c->rs->settings.dhcp &&
	    is_dhcp_answer(&c->pkt)) {
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

static bool replies_outside(const struct context *c)
{
	return c->transit || (c->external && c->direction != FLOWWALL_DIRECTION_IN);
}

static unsigned int open_flow(struct context *c, const struct fwl_rule *rule)
{
	struct fwl_flow first = {
		.epoch = c->ifaces->epoch,
		.rule = rule ? rule->handle : 0,
		.flags = c->direction << 1,
		.state = FLOWWALL_STATE_NEW,
	};
	int err;

	if (replies_outside(c))
		first.flags |= FWL_FLOW_REPLY_OUTSIDE;
	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP)
		first.state = fwl_tcp_first(c->pkt.tcp_flags);

	if (c->closed)
		fwl_flow_end(c->fn, c->closed, FLOWWALL_END_REOPENED);
	err = fwl_flow_add(c->fn, &c->pkt, &first,
			   &c->rs->ttl[fwl_ttl_class(c->pkt.kind, first.state)]);
	/* Inside, no packet that no rule is about depends on its flow. */
	if (err && !c->external && !rule)
		return NF_ACCEPT;
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

/* From outside, and says that it is from an inside network? */
static bool spoofed_source(const struct context *c)
{
	return c->direction == FLOWWALL_DIRECTION_IN &&
	       fwl_iface_owns(c->ifaces, fwl_kind_ipv6(c->pkt.kind),
			      c->pkt.ends.addr[c->pkt.swapped]);
}

/* No flow: the rules decide, then the policy of the direction. */
static unsigned int miss(struct context *c)
{
	struct fwl_rule *rule;

	if (spoofed_source(c))
		return drop(c, FLOWWALL_DROP_SPOOFED);
	if (always_passes(c))
		return NF_ACCEPT;

	rule = fwl_classify(c->rs, c->direction, &c->pkt);
	if (rule) {
		fwl_rule_count(rule, &c->pkt);
		if (rule->action == FLOWWALL_ACTION_DENY)
			return drop(c, FLOWWALL_DROP_RULE);
	} else if (c->direction == FLOWWALL_DIRECTION_IN) {
		return drop(c, FLOWWALL_DROP_POLICY);
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
	WRITE_ONCE(flow->epoch, c->ifaces->epoch);
	return true;
}

/* Does a packet of the original direction still go the flow's way? */
static bool same_way(const struct context *c, const struct fwl_flow *flow)
{
	return c->direction == fwl_flow_direction(flow) &&
	       replies_outside(c) == fwl_entry_outside(flow, FWL_REPLY);
}

/*
 * What still comes of a flow that was ended by a new ruleset. A new connection,
 * or one more ruleset that allows it, ends this.
 */
static unsigned int revoked(struct context *c, struct fwl_flow *flow, enum fwl_entry entry)
{
	enum flowwall_drop reason = FLOWWALL_DROP_POLICY;

	if (READ_ONCE(flow->epoch) != c->ifaces->epoch && still_allowed(c, flow, &reason)) {
		fwl_flow_end(c->fn, flow, FLOWWALL_END_REVOKED);
		return miss(c);
	}
	WRITE_ONCE(flow->epoch, c->ifaces->epoch);
	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP && fwl_tcp_opens(c->pkt.tcp_flags)) {
		c->closed = flow;
		return miss(c);
	}
	/* The outside cannot keep it here. */
	if (c->direction != FLOWWALL_DIRECTION_IN)
		fwl_flow_count(flow, entry, &c->pkt,
			       &c->rs->ttl[fwl_ttl_class(flow->kind, FWL_STATE_REVOKED)]);
	return drop(c, reason);
}

static unsigned int hit(struct context *c, struct fwl_flow *flow, enum fwl_entry entry)
{
	u8 state = READ_ONCE(flow->state), next = state;

	if (unlikely(state == FWL_STATE_REVOKED))
		return revoked(c, flow, entry);
	if (unlikely(READ_ONCE(flow->epoch) != c->ifaces->epoch)) {
		enum flowwall_drop reason;

		/* Roles have changed, and with them what the flow is. */
		if (entry == FWL_ORIGINAL && !same_way(c, flow)) {
			fwl_flow_end(c->fn, flow, FLOWWALL_END_REVOKED);
			return miss(c);
		}
		if (!still_allowed(c, flow, &reason)) {
			fwl_flow_revoke(c->fn, flow);
			return drop(c, reason);
		}
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

	if (unlikely(c->pkt.icmp == FWL_ICMP_ERROR || c->pkt.icmp == FWL_ICMP_REDIRECT)) {
		if (!c->external)
			return NF_ACCEPT;
		if (spoofed_source(c))
			return drop(c, FLOWWALL_DROP_SPOOFED);
		if (c->pkt.icmp == FWL_ICMP_ERROR &&
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
	if (c->direction == FLOWWALL_DIRECTION_IN)
		return drop(c, FLOWWALL_DROP_SPOOFED);
	/* From inside, that is so only when roles have changed since. */
	if (READ_ONCE(flow->epoch) != c->ifaces->epoch)
		fwl_flow_end(c->fn, flow, FLOWWALL_END_REVOKED);
	return miss(c);
}

static unsigned int judge_packet(struct sk_buff *skb, const struct nf_hook_state *state)
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

/*
 * Locally made packets, and those that come back from a queue of user space, are
 * here in process context: the counters are per CPU.
 */
static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int verdict;

	local_bh_disable();
	verdict = judge_packet(skb, state);
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
	{ .hook = hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT,
	  .priority = NF_IP_PRI_FILTER },
	{ .hook = hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_FORWARD,
	  .priority = NF_IP6_PRI_FILTER },
	{ .hook = hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP6_PRI_FILTER },
	{ .hook = hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT,
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
