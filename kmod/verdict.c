// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a packet: the table of verdicts reads off direction_of(),
 * decide() and act().
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "classify.h"
#include "event.h"
#include "hit.h"
#include "icmp.h"
#include "net.h"
#include "path.h"
#include "record.h"
#include "refuse.h"
#include "ruleset.h"
#include "tcp.h"
#include "verdict.h"

/* Flows that a queue has not decided about live no longer without packets. */
#define PENDING_TTL	(30 * HZ)

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
 * @pkt: what was found in the packet
 * @flow: that has its ends, or NULL; of an ICMP error, NULL
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
	struct fwl_packet pkt;
	struct fwl_flow *flow;
};

enum deed {
	PASS,		/* without a flow */
	DROP,
	HIT,		/* as part of a flow */
	OPEN,		/* and make a flow */
};

enum always {
	NOT_ALWAYS,
	NEIGHBOUR,
	DHCP,
};

/**
 * struct decision - what is to become of a packet
 * @deed: see there
 * @basis: enum flowwall_basis
 * @reason: of a drop, enum flowwall_drop
 * @reject: the sender is told
 * @always: why it passes whatever the rules say
 * @rule: that decided, or NULL
 * @flow: that it belongs to, or NULL
 * @entry: of @flow
 * @next: the state that @flow comes to
 * @apart: it passes, but is no sign of life of @flow
 * @judged: @flow was judged anew: by the running ruleset it is of @judged_rule
 * @judged_rule: handle, or zero
 * @revoke: @flow is not allowed any more
 * @ended: a flow that is over, or NULL
 * @why: it ends
 *
 * decide() writes it and changes nothing else; act() does what it says.
 */
struct decision {
	enum deed deed;
	u8 basis;
	u8 reason;
	bool reject;
	enum always always;
	struct fwl_rule *rule;
	struct fwl_flow *flow;
	enum fwl_entry entry;
	u8 next;
	bool apart;
	bool judged;
	u32 judged_rule;
	bool revoke;
	struct fwl_flow *ended;
	enum flowwall_end why;
};

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
static __always_inline bool direction_of(struct context *c)
{
	const struct nf_hook_state *state = c->state;
	const struct net_device *dev;
	u8 in, out;

	c->external = false;
	c->transit = false;
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
		/*
		 * Multicast or broadcast of its own, for those who listen here. A VRF
		 * tells that of IPv4 multicast only.
		 */
		if (c->skb->pkt_type == PACKET_LOOPBACK)
			return false;
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
	return !c->external && !c->rs->classifiers[FLOWWALL_DIRECTION_INSIDE]->n &&
	       !c->rs->classifiers[FLOWWALL_DIRECTION_LOCAL]->n;
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
static enum always always_passes(const struct context *c)
{
	if (!c->external || c->state->hook == NF_INET_FORWARD)
		return NOT_ALWAYS;
	/* RFC 4861, section 6.1 and 7.1: 255 proves that no router forwarded it. */
	if (c->pkt.icmp == FWL_ICMP_NEIGHBOUR && c->rs->settings.neighbour &&
	    c->pkt.hop_limit == 255)
		return NEIGHBOUR;
	if (c->direction == FLOWWALL_DIRECTION_IN && c->rs->settings.dhcp &&
	    is_dhcp_answer(&c->pkt))
		return DHCP;
	return NOT_ALWAYS;
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
	if (fwl_kind_proto(pkt->kind) != IPPROTO_TCP || fwl_tcp_opens(pkt->tcp.flags))
		return OPENS;
	if (outside)
		return NEVER;
	/* An outbound connection is picked up midway, but not from its end. */
	if (pkt->tcp.flags & (FWL_TCP_SYN | FWL_TCP_FIN | FWL_TCP_RST))
		return ALONE;
	return c->rs->settings.tcp_pickup ? OPENS : NEVER;
}

/* From outside, and says that it is from an inside network? */
static bool spoofed_source(const struct context *c)
{
	return c->direction == FLOWWALL_DIRECTION_IN &&
	       fwl_iface_owns(c->ifaces, c->state->in, c->state->out,
			      fwl_kind_ipv6(c->pkt.kind), c->pkt.ends.addr[c->pkt.swapped]);
}

/*
 * From outside, and says that it is from no host there: from this router itself, from a
 * broadcast address, from loopback (RFC 1812, section 5.3.7), or from an IPv4 address
 * within IPv6, which a server takes for IPv4 (RFC 4942, section 2.2). IP drops some of
 * these, by its settings, and others that are never right.
 */
static bool impossible_source(const struct context *c)
{
	const __be32 *addr = c->pkt.ends.addr[c->pkt.swapped];
	bool ipv6 = fwl_kind_ipv6(c->pkt.kind);

	if (c->direction != FLOWWALL_DIRECTION_IN)
		return false;
	if (ipv6 ? ipv6_addr_v4mapped((const struct in6_addr *)addr) : ipv4_is_loopback(addr[0]))
		return true;
	/* A host without an address yet, and one that may have a namesake on another link. */
	if (ipv6 ? is_link_local(addr) : ipv4_is_zeronet(addr[0]))
		return false;
	return fwl_iface_is_here(c->ifaces, c->state->in, c->state->out, ipv6, addr);
}

/* --- what is to become of a packet ----------------------------------------- */

static void decide_drop(struct decision *d, enum flowwall_basis basis, enum flowwall_drop reason)
{
	d->deed = DROP;
	d->basis = basis;
	d->reason = reason;
}

/* The interface that rules with "on" mean. */
static const char *rule_iface(const struct context *c)
{
	bool out = c->direction == FLOWWALL_DIRECTION_OUT ||
		   c->direction == FLOWWALL_DIRECTION_LOCAL;

	return (out ? c->state->out : c->state->in)->name;
}

/* The link address that a packet was sent with, or NULL. */
static const u8 *sender_mac(const struct context *c)
{
	const struct sk_buff *skb = c->skb;

	if (!c->state->in || c->state->in->type != ARPHRD_ETHER ||
	    !skb_mac_header_was_set(skb) || skb_mac_header(skb) + ETH_HLEN > skb->data)
		return NULL;
	return eth_hdr(skb)->h_source;
}

/* No flow: the rules decide, then the policy of the direction. */
static void decide_miss(const struct context *c, struct decision *d)
{
	struct fwl_query query = {
		.pkt = &c->pkt,
		.skb = c->skb,
		.generation = c->rs->generation,
	};
	struct fwl_rule *rule;

	if (spoofed_source(c)) {
		decide_drop(d, FLOWWALL_BASIS_PACKET, FLOWWALL_DROP_SPOOFED);
		return;
	}
	d->always = always_passes(c);
	if (d->always) {
		d->basis = FLOWWALL_BASIS_ALWAYS;
		d->deed = PASS;
		return;
	}
	/* Not before: a neighbour that has this router's address must be heard. */
	if (impossible_source(c)) {
		decide_drop(d, FLOWWALL_BASIS_PACKET, FLOWWALL_DROP_SPOOFED);
		return;
	}

	query.iface = rule_iface(c);
	query.in = c->state->in ? c->state->in->name : NULL;
	query.out = c->state->out ? c->state->out->name : NULL;
	query.mac = sender_mac(c);
	query.now = ktime_get_real_seconds();
	rule = fwl_classify(c->rs->classifiers[c->direction], &query);
	d->rule = rule;
	d->basis = rule ? FLOWWALL_BASIS_RULE : FLOWWALL_BASIS_POLICY;
	if (rule && rule->action != FLOWWALL_ACTION_ALLOW) {
		decide_drop(d, FLOWWALL_BASIS_RULE, FLOWWALL_DROP_RULE);
		d->reject = rule->action == FLOWWALL_ACTION_REJECT;
		return;
	}
	if (!rule && c->direction == FLOWWALL_DIRECTION_IN) {
		decide_drop(d, FLOWWALL_BASIS_POLICY, FLOWWALL_DROP_POLICY);
		return;
	}

	switch (opening_of(c)) {
	case OPENS:
		d->deed = OPEN;
		break;
	case ALONE:
		d->deed = PASS;
		break;
	default:
		decide_drop(d, d->basis, FLOWWALL_DROP_STATE);
		return;
	}
	if (rule && fwl_rule_limited(rule, ktime_get_ns()))
		decide_drop(d, FLOWWALL_BASIS_RULE, FLOWWALL_DROP_LIMIT);
}

/*
 * The ruleset changed since the flow was last judged: would it still be made?
 * @rule is set to the rule that decides about it, or NULL.
 */
static bool still_allowed(const struct fwl_ruleset *rs, const struct fwl_flow *flow,
			  const char *iface, const struct fwl_rule **rule)
{
	u8 direction = fwl_flow_direction(flow);
	struct fwl_packet opener;
	struct fwl_query query = {
		.pkt = &opener,
		.iface = iface,
		.held = READ_ONCE(flow->rule),
		.generation = rs->generation,
		.now = ktime_get_real_seconds(),
	};

	fwl_flow_opener(flow, &opener);
	*rule = fwl_classify(rs->classifiers[direction], &query);
	return *rule ? (*rule)->action == FLOWWALL_ACTION_ALLOW
		     : direction != FLOWWALL_DIRECTION_IN;
}

/* The same for a packet of the flow; false if it is to be dropped. */
static bool judge_again(const struct context *c, struct decision *d, struct fwl_flow *flow,
			enum fwl_entry entry, enum flowwall_drop *reason)
{
	const struct fwl_rule *rule = NULL;

	d->judged = true;
	d->judged_rule = READ_ONCE(flow->rule);
	if (c->rs->settings.on_change != FLOWWALL_ON_CHANGE_REVALIDATE)
		return true;
	if (!still_allowed(c->rs, flow, entry == FWL_ORIGINAL ? rule_iface(c) : NULL, &rule)) {
		*reason = rule ? FLOWWALL_DROP_RULE : FLOWWALL_DROP_POLICY;
		return false;
	}
	d->judged_rule = rule ? rule->handle : 0;
	return true;
}

static bool replies_outside(const struct context *c)
{
	return c->transit || (c->external && c->direction != FLOWWALL_DIRECTION_IN);
}

/* Does a packet of the original direction still go the flow's way? */
static bool same_way(const struct context *c, const struct fwl_flow *flow)
{
	return c->direction == fwl_flow_direction(flow) &&
	       replies_outside(c) == fwl_entry_outside(flow, FWL_REPLY);
}

/* The flow is over, and the packet may begin another one. */
static void decide_anew(const struct context *c, struct decision *d, struct fwl_flow *flow,
			enum flowwall_end why)
{
	d->flow = NULL;
	d->judged = false;
	decide_miss(c, d);
	/* A connection that is closed stays, unless a new one takes its ports. */
	if (why != FLOWWALL_END_REOPENED || d->deed == OPEN) {
		d->ended = flow;
		d->why = why;
	}
}

/*
 * What still comes of a flow that was ended by a new ruleset. A new connection,
 * or one more ruleset that allows it, ends this.
 */
static void decide_revoked(const struct context *c, struct decision *d, struct fwl_flow *flow,
			   enum fwl_entry entry)
{
	enum flowwall_drop reason = FLOWWALL_DROP_POLICY;
	u8 state = READ_ONCE(flow->state);

	if (state == FWL_STATE_REVOKED && READ_ONCE(flow->epoch) != c->ifaces->epoch &&
	    judge_again(c, d, flow, entry, &reason)) {
		decide_anew(c, d, flow, FLOWWALL_END_REVOKED);
		return;
	}
	/*
	 * What the outside sends is judged as if the flow were not there; what the
	 * inside sends would be an opening then, unless it is one.
	 */
	if (c->direction == FLOWWALL_DIRECTION_IN ||
	    (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP && fwl_tcp_opens(c->pkt.tcp.flags))) {
		decide_anew(c, d, flow, FLOWWALL_END_REOPENED);
		return;
	}
	d->flow = flow;
	d->entry = entry;
	d->judged = true;
	d->judged_rule = READ_ONCE(flow->rule);
	d->next = state;
	decide_drop(d, FLOWWALL_BASIS_FLOW,
		    state == FWL_STATE_KILLED ? FLOWWALL_DROP_STATE : reason);
}

/* Of a TCP flow, a packet must be what the connection is waiting for. */
static void decide_segment(const struct context *c, struct decision *d, u8 state)
{
	enum fwl_tcp_fit fit = FWL_TCP_FITS;

	if (c->rs->settings.tcp_window)
		fit = fwl_tcp_fits(&d->flow->tcp, &c->pkt.tcp, state, d->entry,
				   c->direction != FLOWWALL_DIRECTION_IN);
	if (likely(fit == FWL_TCP_FITS))
		d->next = fwl_tcp_next(state, c->pkt.tcp.flags, d->entry);
	else if (fit == FWL_TCP_APART)
		d->apart = true;
	else
		decide_drop(d, FLOWWALL_BASIS_FLOW, FLOWWALL_DROP_WINDOW);
}

static void decide_hit(const struct context *c, struct decision *d, struct fwl_flow *flow,
		       enum fwl_entry entry)
{
	u8 state = READ_ONCE(flow->state);

	if (unlikely(fwl_state_ended(state))) {
		decide_revoked(c, d, flow, entry);
		return;
	}
	d->deed = HIT;
	d->basis = FLOWWALL_BASIS_FLOW;
	d->flow = flow;
	d->entry = entry;
	if (unlikely(READ_ONCE(flow->epoch) != c->ifaces->epoch)) {
		enum flowwall_drop reason;

		/* Roles have changed, and with them what the flow is. */
		if (entry == FWL_ORIGINAL && !same_way(c, flow)) {
			decide_anew(c, d, flow, FLOWWALL_END_REVOKED);
			return;
		}
		if (!judge_again(c, d, flow, entry, &reason)) {
			d->judged = false;
			d->revoke = true;
			decide_drop(d, FLOWWALL_BASIS_FLOW, reason);
			return;
		}
	}

	d->next = state;
	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP) {
		/* The ports are used again: a new connection, if the rules let it. */
		if (unlikely(state == FLOWWALL_STATE_CLOSED) && fwl_tcp_opens(c->pkt.tcp.flags)) {
			decide_anew(c, d, flow, FLOWWALL_END_REOPENED);
			return;
		}
		decide_segment(c, d, state);
	} else if (entry == FWL_REPLY) {
		d->next = FLOWWALL_STATE_REPLIED;
	}
}

static void decide_error(const struct context *c, struct decision *d)
{
	d->basis = FLOWWALL_BASIS_RELATED;
	d->deed = PASS;
	if (!c->external)
		return;
	if (spoofed_source(c) || impossible_source(c))
		decide_drop(d, FLOWWALL_BASIS_PACKET, FLOWWALL_DROP_SPOOFED);
	else if (c->pkt.icmp != FWL_ICMP_ERROR ||
		 !fwl_icmp_related(c->fn, c->rs, c->skb, &c->pkt, c->direction))
		decide_drop(d, FLOWWALL_BASIS_RELATED, FLOWWALL_DROP_UNRELATED);
}

static void decide_revived(struct decision *d, struct fwl_flow *flow, enum fwl_entry entry)
{
	d->deed = HIT;
	d->flow = flow;
	d->entry = entry;
	d->next = READ_ONCE(flow->state);
}

static bool is_error(const struct fwl_packet *pkt)
{
	return pkt->icmp == FWL_ICMP_ERROR || pkt->icmp == FWL_ICMP_REDIRECT;
}

/* Finds out what the packet is; -FLOWWALL_DROP_* if that is nothing. */
static __always_inline int look(struct context *c)
{
	int err = fwl_parse(c->skb, skb_network_offset(c->skb), false, &c->pkt);

	c->flow = unlikely(err || is_error(&c->pkt)) ? NULL :
		  fwl_flow_lookup(&c->fn->table, &c->pkt);
	return err;
}

/* Changes nothing but @d; @err is what look() returned. */
static void decide(const struct context *c, struct decision *d, int err)
{
	struct fwl_flow *flow = c->flow;
	enum fwl_entry entry;

	if (err) {
		decide_drop(d, FLOWWALL_BASIS_PACKET, -err);
		return;
	}
	if (is_error(&c->pkt)) {
		decide_error(c, d);
		return;
	}

	if (!flow) {
		decide_miss(c, d);
		return;
	}
	entry = fwl_flow_entry(flow, &c->pkt);
	if (fwl_entry_expired(flow, entry, jiffies)) {
		decide_miss(c, d);
		/* The other entry lives: this one does again, unless the flow is revoked. */
		if (d->deed == OPEN && !fwl_flow_expired(flow, jiffies) &&
		    !fwl_state_ended(READ_ONCE(flow->state)))
			decide_revived(d, flow, entry);
	} else if (likely(fwl_entry_outside(flow, entry) ==
			  (c->direction == FLOWWALL_DIRECTION_IN))) {
		/* An entry matches only on the side that it belongs to. */
		decide_hit(c, d, flow, entry);
	} else if (c->direction == FLOWWALL_DIRECTION_IN) {
		decide_drop(d, FLOWWALL_BASIS_FLOW, FLOWWALL_DROP_SPOOFED);
	} else if (READ_ONCE(flow->epoch) != c->ifaces->epoch) {
		/* From inside, that is so only when roles have changed since. */
		decide_anew(c, d, flow, FLOWWALL_END_REVOKED);
	} else {
		decide_miss(c, d);
	}
}

/* --- and what becomes of it ------------------------------------------------ */

static unsigned int drop(const struct context *c, const struct decision *d)
{
	fwl_count(c->fn, drop[d->reason]);
	fwl_record_drop(c->fn, &c->pkt, c->state, c->direction, d->reason,
			d->rule ? d->rule->handle : 0);
	if (d->reject)
		fwl_reject(c->skb, c->state);
	if (d->reason == FLOWWALL_DROP_TABLE_FULL || d->reason == FLOWWALL_DROP_HOST_FULL)
		return NF_DROP_REASON(c->skb, SKB_DROP_REASON_NETFILTER_DROP, ECONNREFUSED);
	return NF_DROP_REASON(c->skb, SKB_DROP_REASON_NETFILTER_DROP, EPERM);
}

/* The TTL of a flow: its rule's, or that of its class. */
static struct fwl_ttl ttl_of(const struct context *c, const struct fwl_profile *profile,
			     u8 state, bool pending)
{
	struct fwl_ttl ttl = c->rs->ttl[fwl_ttl_class(c->pkt.kind, state)];

	if (profile && profile->ttl_step) {
		ttl.step = profile->ttl_step * HZ;
		ttl.max = profile->ttl_max * HZ;
	}
	if (pending) {
		ttl.step = min_t(u32, ttl.step, PENDING_TTL);
		ttl.max = min_t(u32, ttl.max, PENDING_TTL);
	}
	return ttl;
}

/* What a rule gives to the packets of its flows. */
static unsigned int pass_with(const struct context *c, const struct fwl_profile *profile,
			      bool pending)
{
	u32 verdict, queues;

	c->skb->mark = (c->skb->mark & ~profile->mark_mask) | profile->mark;
	if (!pending)
		return NF_ACCEPT;
	/* Both directions of a flow come to the same queue. */
	queues = profile->queue_last - profile->queue_first + 1;
	verdict = NF_QUEUE_NR(profile->queue_first +
			      jhash(&c->pkt.ends, sizeof(c->pkt.ends), c->pkt.kind) % queues);
	if (profile->bypass)
		verdict |= NF_VERDICT_FLAG_QUEUE_BYPASS;
	return verdict;
}

/* There is no room: the sender is told. */
static unsigned int refuse(const struct context *c, const struct decision *d)
{
	bool reset = c->rs->settings.refuse == FLOWWALL_REFUSE_TCP_RST &&
		     fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP;

	fwl_refuse(c->fn, c->skb, c->state, reset);
	return drop(c, d);
}

static unsigned int open_flow(const struct context *c, struct decision *d)
{
	const struct fwl_profile *profile = NULL;
	struct fwl_flow first = {
		.epoch = c->ifaces->epoch,
		.rule = d->rule ? d->rule->handle : 0,
		.flags = c->direction << 1,
		.state = FLOWWALL_STATE_NEW,
	};
	struct fwl_ttl ttl;
	int err;

	if (replies_outside(c))
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
	/* Inside, no packet that no rule is about depends on its flow. */
	if (err && !c->external && !d->rule)
		return NF_ACCEPT;
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
		return profile ? pass_with(c, profile, first.pending) : NF_ACCEPT;
	}
}

/* For the fast path: the way of this packet, unless it is known. */
static void learn_path(const struct context *c, struct fwl_flow *flow, enum fwl_entry entry)
{
	u16 path;

	if (c->state->hook != NF_INET_FORWARD || fwl_state_half_open(READ_ONCE(flow->state)) ||
	    fwl_path_get(rcu_dereference(c->fn->paths), flow, entry))
		return;
	path = fwl_path_learn(c->fn, c->skb, c->state->in, c->state->out);
	if (path)
		fwl_flow_set_path(c->fn, flow, entry, path);
}

static unsigned int pass_flow(const struct context *c, const struct decision *d)
{
	const struct fwl_profile *profile = NULL;
	struct fwl_flow *flow = d->flow;
	unsigned int refreshed;
	bool pending = false;
	struct fwl_ttl ttl;

	fwl_count(c->fn, packets);
	if (unlikely(d->apart))
		return NF_ACCEPT;
	if (fwl_kind_proto(flow->kind) == IPPROTO_TCP)
		fwl_note_segment(c->rs, flow, d->entry, &c->pkt);
	if (READ_ONCE(flow->state) != d->next)
		WRITE_ONCE(flow->state, d->next);
	if (unlikely(flow->flags & FWL_FLOW_HALF_OPEN) && !fwl_state_half_open(d->next))
		fwl_flow_opened(c->fn, flow);
	refreshed = fwl_refreshes(c->rs, d->entry, c->direction == FLOWWALL_DIRECTION_IN);
	if (likely(!flow->profile)) {
		fwl_flow_count(flow, d->entry, &c->pkt,
			       &c->rs->ttl[fwl_ttl_class(flow->kind, d->next)], refreshed);
		if (c->rs->settings.fastpath)
			learn_path(c, flow, d->entry);
		return NF_ACCEPT;
	}
	profile = fwl_profile(c->fn, flow->profile);
	pending = READ_ONCE(flow->pending);
	ttl = ttl_of(c, profile, d->next, pending);
	fwl_flow_count(flow, d->entry, &c->pkt, &ttl, refreshed);
	return pass_with(c, profile, pending);
}

/* After a change, each direction is to find its way again. */
static void forget_paths(const struct context *c, struct fwl_flow *flow)
{
	if (flow->path[FWL_ORIGINAL])
		fwl_flow_set_path(c->fn, flow, FWL_ORIGINAL, 0);
	if (flow->path[FWL_REPLY])
		fwl_flow_set_path(c->fn, flow, FWL_REPLY, 0);
}

/* A rule decided: it counts, logs, and keeps to its limit. */
static void act_rule(const struct context *c, struct decision *d)
{
	bool may = fwl_rule_take(d->rule, ktime_get_ns());

	fwl_rule_count(d->rule, &c->pkt);
	if (!may) {
		d->reject = false;
		if (d->deed != DROP)
			decide_drop(d, FLOWWALL_BASIS_RULE, FLOWWALL_DROP_LIMIT);
	} else if (d->rule->log) {
		fwl_event_log(c->fn, &c->pkt, c->state, c->direction, d->rule,
			      d->deed == DROP ? d->reason : -1);
	}
}

static unsigned int act(const struct context *c, struct decision *d)
{
	if (unlikely(d->ended))
		fwl_flow_end(c->fn, d->ended, d->why);
	if (unlikely(d->revoke))
		fwl_flow_revoke(c->fn, d->flow, FLOWWALL_END_REVOKED);
	if (unlikely(d->judged)) {
		WRITE_ONCE(d->flow->rule, d->judged_rule);
		WRITE_ONCE(d->flow->epoch, c->ifaces->epoch);
		forget_paths(c, d->flow);
	}
	if (d->rule)
		act_rule(c, d);

	switch (d->deed) {
	case HIT:
		return pass_flow(c, d);
	case OPEN:
		return open_flow(c, d);
	case DROP:
		/* A revoked flow lives on as long as the inside goes on. */
		if (d->flow && fwl_state_ended(d->next))
			fwl_flow_count(d->flow, d->entry, &c->pkt,
				       &c->rs->ttl[fwl_ttl_class(d->flow->kind, d->next)],
				       FWL_REFRESH_BOTH);
		return drop(c, d);
	default:
		if (d->always == NEIGHBOUR)
			fwl_count(c->fn, neighbour);
		else if (d->always == DHCP)
			fwl_count(c->fn, dhcp);
		return NF_ACCEPT;
	}
}

/*
 * What nearly all packets are: one more of a flow, of which nothing is to be decided.
 * False if this one is not.
 */
static __always_inline bool followed(const struct context *c)
{
	struct fwl_flow *flow = c->flow;
	enum fwl_entry entry;

	if (!flow)
		return false;
	entry = fwl_flow_entry(flow, &c->pkt);
	if (fwl_entry_outside(flow, entry) != (c->direction == FLOWWALL_DIRECTION_IN) ||
	    !fwl_follow(c->rs, c->ifaces, flow, entry, &c->pkt))
		return false;
	fwl_count(c->fn, packets);
	if (unlikely(c->rs->settings.fastpath))
		learn_path(c, flow, entry);
	return true;
}

/* Anything else. */
static noinline unsigned int judge(const struct context *c, int err)
{
	struct decision d = {};

	decide(c, &d, err);
	return act(c, &d);
}

/* False if the packet is none of FlowWall's. */
static __always_inline bool begin(struct context *c)
{
	c->ifaces = rcu_dereference(c->rs->ifaces);
	/* Before the first ruleset there are no roles; only explain comes here then. */
	return c->ifaces && direction_of(c) && !indifferent(c);
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
	struct context c SCRATCH;
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
	struct context c = { .fn = fn, .rs = rs, .skb = skb, .state = &state };
	struct decision d = {};

	memset(answer, 0, sizeof(*answer));
	answer->basis = FLOWWALL_BASIS_NOT_JUDGED;
	if (!begin(&c))
		return;
	decide(&c, &d, look(&c));
	answer->basis = d.basis;
	answer->direction = c.direction;
	answer->rule = d.rule;
	answer->flow = d.flow;
	answer->handle = d.rule ? d.rule->handle : d.judged ? d.judged_rule :
			 d.flow ? READ_ONCE(d.flow->rule) : 0;
	answer->opens = d.deed == OPEN;
	answer->pkt = c.pkt;
	if (d.deed == OPEN && !d.flow &&
	    atomic_read(&fn->table.count) >= (int)READ_ONCE(fn->table.max))
		decide_drop(&d, d.basis, FLOWWALL_DROP_TABLE_FULL);
	answer->reason = d.reason;
	if (d.deed == DROP)
		answer->verdict = d.reject ? FLOWWALL_VERDICT_REJECT : FLOWWALL_VERDICT_DROP;
	else if ((d.deed == OPEN && d.rule && d.rule->profile.queued) ||
		 (d.deed == HIT && READ_ONCE(d.flow->pending)))
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
	    fwl_flow_expired(flow, jiffies) || still_allowed(r->rs, flow, NULL, &rule))
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
