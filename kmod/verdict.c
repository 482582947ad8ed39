// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a packet: the table of verdicts reads off direction_of(),
 * fwl_decide() and act().
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/ip.h>

#include "classify.h"
#include "decision.h"
#include "event.h"
#include "hit.h"
#include "net.h"
#include "path.h"
#include "record.h"
#include "refuse.h"
#include "ruleset.h"
#include "tcp.h"
#include "verdict.h"

/* Flows that a queue has not decided about live no longer without packets. */
#define PENDING_TTL	(30 * HZ)

/*
 * Nor connections that were reset before they stood: they count as half open for so long,
 * or whoever sends SYNs and RSTs would fill the table with what nothing makes room for.
 */
#define STILLBORN_TTL	(10 * HZ)

/* From here on with these interfaces, where the hook's are not what it is about. */
static noinline void see(struct fwl_context *c, struct net_device *in, struct net_device *out)
{
	c->seen = *c->state;
	c->seen.in = in;
	c->seen.out = out;
	c->state = &c->seen;
}

/*
 * What the router sends to itself within a VRF comes by the VRF's device @vrf, though IPv6 names
 * @in, which has the address (ip6_rcv_core()). A frame from the link of @in that is for the
 * VRF's link address is for another host, and has been dropped; unless both have the same
 * one, when nobody can tell.
 */
static bool is_from_itself(const struct sk_buff *skb, const struct net_device *vrf,
			   const struct net_device *in)
{
	return in->type == ARPHRD_ETHER && skb_mac_header_was_set(skb) &&
	       skb_mac_header(skb) + ETH_HLEN == skb_network_header(skb) &&
	       ether_addr_equal_unaligned(eth_hdr(skb)->h_dest, vrf->dev_addr) &&
	       !ether_addr_equal(in->dev_addr, vrf->dev_addr);
}

/*
 * The role of where a packet comes by. One of a VRF comes with the VRF's device; the one it
 * came by may be on its way out of the namespace.
 */
static __always_inline u8 input_role(struct fwl_context *c)
{
	const struct nf_hook_state *state = c->state;
	struct net_device *in;
	int ifindex;

	if (likely(!netif_is_l3_master(state->in)))
		return fwl_iface_role(c->ifaces, state->in->ifindex);
	ifindex = state->pf == NFPROTO_IPV4 ? IPCB(c->skb)->iif : IP6CB(c->skb)->iif;
	in = dev_get_by_index_rcu(state->net, ifindex);
	if (in && is_from_itself(c->skb, state->in, in))
		return FLOWWALL_ROLE_NONE;
	if (in)
		see(c, in, state->out);
	return fwl_iface_role(c->ifaces, ifindex);
}

/*
 * Says where the packet goes, by the roles of its interfaces; false if that is
 * not FlowWall's business. The loopback interface has no role.
 */
static __always_inline bool direction_of(struct fwl_context *c)
{
	struct net_device *dev;
	u8 in, out;

	c->external = false;
	c->transit = false;
	switch (c->state->hook) {
	case NF_INET_FORWARD:
		in = input_role(c);
		out = fwl_iface_role(c->ifaces, c->state->out->ifindex);
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
		/*
		 * Multicast or broadcast of its own, for those who listen here. A VRF
		 * tells that of IPv4 multicast only.
		 */
		if (c->skb->pkt_type == PACKET_LOOPBACK)
			return false;
		in = input_role(c);
		c->external = in == FLOWWALL_ROLE_EXTERNAL;
		c->direction = c->external ? FLOWWALL_DIRECTION_IN : FLOWWALL_DIRECTION_INSIDE;
		return in != FLOWWALL_ROLE_NONE;
	default:
		if (unlikely(c->skb->mark == FLOWWALL_QUEUE_ANSWER))
			return false;
		dev = skb_dst(c->skb) ? skb_dst(c->skb)->dev : c->state->out;
		if (unlikely(dev != c->state->out)) {
			/* Within a VRF's device, which it leaves to be here once more. */
			if (netif_is_l3_master(c->state->out) && c->skb->dev == c->state->out)
				return false;
			/* A mark or NAT has changed the route. */
			see(c, NULL, dev);
		}
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
static bool indifferent(const struct fwl_context *c)
{
	return !c->external && !c->rs->classifiers[FLOWWALL_DIRECTION_INSIDE]->n &&
	       !c->rs->classifiers[FLOWWALL_DIRECTION_LOCAL]->n;
}

/* Finds out what the packet is; -FLOWWALL_DROP_* if that is nothing. */
static __always_inline int look(struct fwl_context *c)
{
	int err = fwl_parse(c->skb, skb_network_offset(c->skb), false, &c->pkt);

	c->flow = unlikely(err || fwl_is_error(&c->pkt)) ? NULL :
		  fwl_flow_lookup(&c->fn->table, &c->pkt);
	return err;
}

static unsigned int drop(const struct fwl_context *c, const struct fwl_decision *d)
{
	fwl_count(c->fn, drop[d->reason]);
	fwl_record_drop(c->fn, &c->pkt, c->state, c->direction, d->reason,
			d->rule ? d->rule->handle : 0);
	if (d->reject)
		fwl_reject(c->skb, c->state, &c->pkt);
	if (d->reason == FLOWWALL_DROP_TABLE_FULL || d->reason == FLOWWALL_DROP_HOST_FULL)
		return NF_DROP_REASON(c->skb, SKB_DROP_REASON_NETFILTER_DROP, ECONNREFUSED);
	return NF_DROP_REASON(c->skb, SKB_DROP_REASON_NETFILTER_DROP, EPERM);
}

static struct fwl_ttl shorter(struct fwl_ttl ttl, u32 limit)
{
	return (struct fwl_ttl){ min(ttl.step, limit), min(ttl.max, limit) };
}

/* The TTL of a flow: its rule's, or that of its class. */
static struct fwl_ttl ttl_of(const struct fwl_context *c, const struct fwl_profile *profile,
			     u8 state, bool pending)
{
	struct fwl_ttl ttl = c->rs->ttl[fwl_ttl_class(c->pkt.kind, state)];

	if (profile && profile->ttl_step) {
		ttl.step = profile->ttl_step * HZ;
		ttl.max = profile->ttl_max * HZ;
	}
	return pending ? shorter(ttl, PENDING_TTL) : ttl;
}

/* What a rule gives to the packets of its flows. @asks: its queue is to judge this one. */
static unsigned int pass_with(const struct fwl_context *c, const struct fwl_profile *profile,
			      bool asks)
{
	u32 verdict, queues;

	c->skb->mark = (c->skb->mark & ~profile->mark_mask) | profile->mark;
	if (!asks)
		return NF_ACCEPT;
	c->skb->mark &= ~FLOWWALL_QUEUE_VERDICT;
	/* Both directions of a flow come to the same queue, and no sender chooses which. */
	queues = profile->queue_last - profile->queue_first + 1;
	verdict = NF_QUEUE_NR(profile->queue_first +
			      fwl_flow_hash(&c->fn->table, &c->pkt.ends, c->pkt.kind) % queues);
	if (profile->bypass)
		verdict |= NF_VERDICT_FLAG_QUEUE_BYPASS;
	return verdict;
}

/* There is no room: the sender is told. */
static unsigned int refuse(const struct fwl_context *c, const struct fwl_decision *d)
{
	bool reset = c->rs->settings.refuse == FLOWWALL_REFUSE_TCP_RST &&
		     fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP;

	fwl_refuse(c->fn, c->skb, c->state, &c->pkt, reset);
	return drop(c, d);
}

/*
 * Another processor has made such a flow meanwhile, maybe by a rule with a queue, which
 * this packet does not come by: it says so in its mark.
 */
static unsigned int pass_unasked(const struct fwl_context *c)
{
	const struct fwl_flow *flow = fwl_flow_lookup(&c->fn->table, &c->pkt);

	if (flow && fwl_flow_asks(flow, &c->pkt))
		c->skb->mark = (c->skb->mark & ~FLOWWALL_QUEUE_VERDICT) | FLOWWALL_QUEUE_MORE;
	return NF_ACCEPT;
}

/* Inside, no packet that no rule is about depends on its flow. */
static bool needs_flow(const struct fwl_context *c, const struct fwl_decision *d)
{
	return c->external || d->rule;
}

static unsigned int open_flow(const struct fwl_context *c, struct fwl_decision *d)
{
	const struct fwl_profile *profile = NULL;
	struct fwl_flow first = {
		.epoch = c->epoch,
		.rule = d->rule ? d->rule->handle : 0,
		.flags = c->direction << 1,
		.state = FLOWWALL_STATE_NEW,
	};
	unsigned int verdict;
	struct fwl_ttl ttl;
	int err;

	if (fwl_replies_outside(c))
		first.flags |= FWL_FLOW_REPLY_OUTSIDE;
	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP) {
		first.state = fwl_tcp_first(c->pkt.tcp.flags);
		fwl_tcp_note(&first.tcp, &c->pkt.tcp, first.state, false);
	}
	if (d->rule && d->rule->profile_id) {
		profile = &d->rule->profile;
		first.profile = d->rule->profile_id;
		first.pending = profile->queued;
	}

	ttl = ttl_of(c, profile, first.state, first.pending);
	err = fwl_flow_add(c->fn, &c->pkt, &first, &ttl, &c->rs->settings);
	if (err && !needs_flow(c, d))
		return pass_unasked(c);
	switch (err) {
	case -ENOSPC:
		fwl_event_table_full(c->fn, &c->pkt, c->direction);
		d->reason = FLOWWALL_DROP_TABLE_FULL;
		return refuse(c, d);
	case -EDQUOT:
		d->reason = FLOWWALL_DROP_HOST_FULL;
		return refuse(c, d);
	case -ENOMEM:
		d->reason = FLOWWALL_DROP_NO_MEMORY;
		return drop(c, d);
	case 0:
		fwl_count(c->fn, new_flows);
		fallthrough;
	default:
		fwl_count(c->fn, packets);
		verdict = profile ? pass_with(c, profile, first.pending) : NF_ACCEPT;
		return err && verdict == NF_ACCEPT ? pass_unasked(c) : verdict;
	}
}

/* For the fast path: the way of this packet, unless it is known. */
static void learn_path(const struct fwl_context *c, struct fwl_flow *flow, enum fwl_entry entry)
{
	u16 path;

	if (c->state->hook != NF_INET_FORWARD || fwl_state_half_open(READ_ONCE(flow->state)) ||
	    fwl_path_get(rcu_dereference(c->fn->paths), flow, entry))
		return;
	path = fwl_path_learn(c->fn, c->skb, c->state->in, c->state->out);
	if (path)
		fwl_flow_set_path(c->fn, flow, entry, path);
}

/* Where no rule has a queue any more, nobody would hear of its verdict. */
static bool asks(const struct fwl_context *c, const struct fwl_flow *flow)
{
	return c->rs->queues && fwl_flow_asks(flow, &c->pkt);
}

static unsigned int pass_flow(const struct fwl_context *c, const struct fwl_decision *d)
{
	const struct fwl_profile *profile = NULL;
	struct fwl_flow *flow = d->flow;
	unsigned int refreshed;
	struct fwl_ttl ttl;
	int tcp = -1;
	u8 state;

	fwl_count(c->fn, packets);
	if (unlikely(d->apart)) {
		profile = fwl_profile(c->fn, READ_ONCE(flow->profile));
		return asks(c, flow) ? pass_with(c, profile, true) : NF_ACCEPT;
	}
	if (fwl_kind_proto(flow->kind) == IPPROTO_TCP) {
		fwl_note_segment(c->rs, flow, d->entry, &c->pkt);
		tcp = c->pkt.tcp.flags;
	}
	state = fwl_flow_advance(flow, d->from, tcp, d->entry, d->next);
	if (unlikely(flow->profile))
		profile = fwl_profile(c->fn, READ_ONCE(flow->profile));
	ttl = ttl_of(c, profile, state, profile && READ_ONCE(flow->pending) == FWL_PENDING);
	refreshed = fwl_refreshes(c->rs, flow, d->entry, c->direction == FLOWWALL_DIRECTION_IN);
	if (unlikely(flow->flags & FWL_FLOW_HALF_OPEN)) {
		if (state == FLOWWALL_STATE_CLOSED) {
			ttl = shorter(ttl, STILLBORN_TTL);
			refreshed = FWL_REFRESH_BOTH;
		} else if (!fwl_state_half_open(state)) {
			fwl_flow_opened(c->fn, flow);
		}
	}
	fwl_flow_count(flow, d->entry, &c->pkt, &ttl, refreshed);
	if (profile)
		return pass_with(c, profile, asks(c, flow));
	if (c->rs->settings.fastpath)
		learn_path(c, flow, d->entry);
	return NF_ACCEPT;
}

/* After a change, each direction is to find its way again. */
static void forget_paths(const struct fwl_context *c, struct fwl_flow *flow)
{
	if (flow->path[FWL_ORIGINAL])
		fwl_flow_set_path(c->fn, flow, FWL_ORIGINAL, 0);
	if (flow->path[FWL_REPLY])
		fwl_flow_set_path(c->fn, flow, FWL_REPLY, 0);
}

/* A rule decided: it counts, logs, and keeps to its limit. */
static void act_rule(const struct fwl_context *c, struct fwl_decision *d)
{
	bool may = fwl_rule_take(d->rule, ktime_get_ns());

	fwl_rule_count(d->rule, &c->pkt);
	if (!may) {
		d->reject = false;
		if (d->deed != FWL_DEED_DROP)
			fwl_decide_drop(d, FLOWWALL_BASIS_RULE, FLOWWALL_DROP_LIMIT);
	} else if (d->rule->log) {
		fwl_event_log(c->fn, &c->pkt, c->state, c->direction, d->rule,
			      d->deed == FWL_DEED_DROP ? d->reason : -1);
	}
}

static unsigned int act(const struct fwl_context *c, struct fwl_decision *d)
{
	if (unlikely(d->ended))
		fwl_flow_end(c->fn, d->ended, d->why);
	if (unlikely(d->revoke))
		fwl_flow_revoke(c->fn, d->flow, FLOWWALL_END_REVOKED);
	if (unlikely(d->judged)) {
		WRITE_ONCE(d->flow->rule, d->judged_rule);
		WRITE_ONCE(d->flow->epoch, c->epoch);
		forget_paths(c, d->flow);
	}
	if (d->rule)
		act_rule(c, d);

	switch (d->deed) {
	case FWL_DEED_HIT:
		return pass_flow(c, d);
	case FWL_DEED_OPEN:
		return open_flow(c, d);
	case FWL_DEED_DROP:
		/* A revoked flow lives on as long as the inside goes on. */
		if (d->flow && fwl_state_ended(d->next))
			fwl_flow_count(d->flow, d->entry, &c->pkt,
				       &c->rs->ttl[fwl_ttl_class(d->flow->kind, d->next)],
				       FWL_REFRESH_BOTH);
		return drop(c, d);
	default:
		if (d->always == FWL_ALWAYS_NEIGHBOUR)
			fwl_count(c->fn, neighbour);
		else if (d->always == FWL_ALWAYS_DHCP)
			fwl_count(c->fn, dhcp);
		return NF_ACCEPT;
	}
}

/*
 * What nearly all packets are: one more of a flow, of which nothing is to be decided.
 * False if this one is not.
 */
static __always_inline bool followed(const struct fwl_context *c)
{
	struct fwl_flow *flow = c->flow;
	enum fwl_entry entry;

	if (!flow)
		return false;
	entry = fwl_flow_entry(flow, &c->pkt);
	if (!fwl_goes_its_way(c, flow, entry) ||
	    !fwl_follow(c->rs, c->ifaces, flow, entry, &c->pkt))
		return false;
	fwl_count(c->fn, packets);
	if (unlikely(c->rs->settings.fastpath))
		learn_path(c, flow, entry);
	return true;
}

/* Anything else. */
static noinline unsigned int judge(const struct fwl_context *c, int err)
{
	struct fwl_decision d = {};

	fwl_decide(c, &d, err);
	return act(c, &d);
}

/* False if the packet is none of FlowWall's. */
static __always_inline bool begin(struct fwl_context *c)
{
	c->ifaces = rcu_dereference(c->rs->ifaces);
	/* Before the first ruleset there are no roles; only explain comes here then. */
	if (!c->ifaces)
		return false;
	/* A member that leaves meanwhile makes another one: then the flow is judged again. */
	c->epoch = smp_load_acquire(&c->ifaces->epoch);
	return direction_of(c) && !indifferent(c);
}

/**
 * fwl_judge() - decide about a packet and do what that asks for
 * @fn: its namespace
 * @skb: the packet
 * @state: of the hook
 *
 * Context: RCU, softirqs off.
 * Return: what a hook returns.
 */
HOT
unsigned int fwl_judge(struct fwl_net *fn, struct sk_buff *skb,
		       const struct nf_hook_state *state)
{
	struct fwl_context c SCRATCH;
	int err;

	c.fn = fn;
	c.rs = rcu_dereference(fn->ruleset);
	c.skb = skb;
	c.state = state;
	if (!begin(&c))
		return NF_ACCEPT;
	err = look(&c);
	if (likely(followed(&c)))
		return NF_ACCEPT;
	return judge(&c, err);
}

/**
 * fwl_judges() - does fwl_judge() look at a packet at all?
 * @fn: its namespace
 * @skb: the packet
 * @state: of the hook
 *
 * Context: RCU.
 */
bool fwl_judges(struct fwl_net *fn, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct fwl_context c SCRATCH;

	c.fn = fn;
	c.rs = rcu_dereference(fn->ruleset);
	c.skb = skb;
	c.state = state;
	return begin(&c);
}

/**
 * fwl_explain() - say what would become of a packet, and change nothing
 * @fn: the namespace
 * @rs: the ruleset to judge it by
 * @skb: the packet, of which nobody else knows; its network header is set
 * @in: where it comes by, or NULL if it is made here
 * @out: where it leaves, or NULL if it is for this router
 * @answer: set to all of it
 *
 * The same code as for all packets.
 *
 * Context: RCU, softirqs off.
 */
void fwl_explain(struct fwl_net *fn, const struct fwl_ruleset *rs, struct sk_buff *skb,
		 struct net_device *in, struct net_device *out, struct fwl_explanation *answer)
{
	struct nf_hook_state state = {
		.hook = !in ? NF_INET_LOCAL_OUT : !out ? NF_INET_LOCAL_IN : NF_INET_FORWARD,
		.pf = skb->protocol == htons(ETH_P_IPV6) ? NFPROTO_IPV6 : NFPROTO_IPV4,
		.in = in,
		.out = out,
		.net = fn->net,
	};
	struct fwl_context c = { .fn = fn, .rs = rs, .skb = skb, .state = &state };
	struct fwl_decision d = {};
	int err;

	memset(answer, 0, sizeof(*answer));
	answer->basis = FLOWWALL_BASIS_NOT_JUDGED;
	if (!begin(&c))
		return;
	fwl_decide(&c, &d, look(&c));
	answer->basis = d.basis;
	answer->direction = c.direction;
	answer->rule = d.rule;
	answer->flow = d.flow;
	answer->handle = d.rule ? d.rule->handle : d.judged ? d.judged_rule :
			 d.flow ? READ_ONCE(d.flow->rule) : 0;
	answer->pkt = c.pkt;
	answer->needs_mac = fwl_needs_mac(&c, &d);
	if (d.deed == FWL_DEED_OPEN) {
		err = fwl_flow_room(fn, &c.pkt, c.direction, &rs->settings, d.ended);
		answer->opens = !err;
		if (err && needs_flow(&c, &d))
			fwl_decide_drop(&d, d.basis, err == -EDQUOT ? FLOWWALL_DROP_HOST_FULL :
								      FLOWWALL_DROP_TABLE_FULL);
	}
	answer->reason = d.reason;
	if (d.deed == FWL_DEED_DROP)
		answer->verdict = d.reject ? FLOWWALL_VERDICT_REJECT : FLOWWALL_VERDICT_DROP;
	else if ((d.deed == FWL_DEED_OPEN && d.rule && d.rule->profile.queued) ||
		 (d.deed == FWL_DEED_HIT && asks(&c, d.flow)))
		answer->verdict = FLOWWALL_VERDICT_QUEUE;
}

struct revalidation {
	struct fwl_net *fn;
	const struct fwl_ruleset *rs;
	u32 epoch;
	u32 ended;
};

static void revalidate_one(struct fwl_flow *flow, void *arg)
{
	struct revalidation *r = arg;
	const struct fwl_rule *rule;

	if (fwl_state_ended(READ_ONCE(flow->state)) || READ_ONCE(flow->epoch) == r->epoch ||
	    fwl_flow_expired(flow, jiffies) ||
	    fwl_still_allowed(r->rs, flow, NULL, &rule) != FWL_STILL_REFUSED)
		return;
	fwl_flow_revoke(r->fn, flow, FLOWWALL_END_REVOKED);
	r->ended++;
}

/**
 * fwl_revalidate() - end all flows that the running ruleset does not allow
 * @fn: the namespace, locked
 *
 * Their next packets would do so; this is to say how many there are.
 *
 * Context: process.
 * Return: how many were ended.
 */
u32 fwl_revalidate(struct fwl_net *fn)
{
	struct revalidation r = { .fn = fn };

	r.rs = rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
	if (r.rs->settings.on_change != FLOWWALL_ON_CHANGE_REVALIDATE)
		return 0;
	r.epoch = rcu_dereference_protected(r.rs->ifaces, lockdep_is_held(&fn->lock))->epoch;
	fwl_table_walk(fn, revalidate_one, &r);
	return r.ended;
}
