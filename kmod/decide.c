// SPDX-License-Identifier: GPL-2.0-only
/* What is to become of a packet: the table of verdicts reads off fwl_decide(). */
#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "classify.h"
#include "decision.h"
#include "group.h"
#include "icmp.h"
#include "net.h"
#include "ruleset.h"
#include "tcp.h"

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

/*
 * Who listens to which multicasts of the link (RFC 4890, section 4.4.1)? A switch that is
 * not answered leaves a router's neighbours without its address before long. From a
 * neighbour, as the hop limit proves nothing (RFC 2710, section 3; RFC 3810, section 5).
 */
static bool is_listener_discovery(const struct fwl_packet *pkt)
{
	return pkt->icmp == FWL_ICMP_OTHER && fwl_kind_ipv6(pkt->kind) &&
	       ((pkt->icmp_type >= ICMPV6_MGM_QUERY && pkt->icmp_type <= ICMPV6_MGM_REDUCTION) ||
		pkt->icmp_type == ICMPV6_MLD2_REPORT) &&
	       is_link_local(pkt->ends.addr[pkt->swapped]);
}

/* What a router dies without: from the link to this router, and its own. */
static enum fwl_always always_passes(const struct fwl_context *c)
{
	if (!c->external || c->state->hook == NF_INET_FORWARD)
		return FWL_ALWAYS_NOT;
	/* RFC 4861, section 6.1 and 7.1: 255 proves that no router forwarded it. */
	if (c->pkt.icmp == FWL_ICMP_NEIGHBOUR && c->rs->settings.neighbour &&
	    c->pkt.hop_limit == 255)
		return FWL_ALWAYS_NEIGHBOUR;
	if (c->rs->settings.neighbour && is_listener_discovery(&c->pkt))
		return FWL_ALWAYS_NEIGHBOUR;
	if (c->direction == FLOWWALL_DIRECTION_IN && c->rs->settings.dhcp &&
	    is_dhcp_answer(&c->pkt))
		return FWL_ALWAYS_DHCP;
	return FWL_ALWAYS_NOT;
}

enum opening {
	OPENS,		/* a flow */
	ALONE,		/* passes for itself, without a flow */
	NEVER,		/* not before its flow is there */
};

/* What a packet without a flow can begin. */
static enum opening opening_of(const struct fwl_context *c)
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
static bool spoofed_source(const struct fwl_context *c)
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
static bool impossible_source(const struct fwl_context *c)
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

/* The interface that rules with "on" mean. */
static const char *rule_iface(const struct fwl_context *c)
{
	bool out = c->direction == FLOWWALL_DIRECTION_OUT ||
		   c->direction == FLOWWALL_DIRECTION_LOCAL;

	return (out ? c->state->out : c->state->in)->name;
}

/* The link address that a packet was sent with, or NULL. */
static const u8 *sender_mac(const struct fwl_context *c)
{
	const struct sk_buff *skb = c->skb;

	if (!c->state->in || c->state->in->type != ARPHRD_ETHER ||
	    !skb_mac_header_was_set(skb) || skb_mac_header(skb) + ETH_HLEN > skb->data)
		return NULL;
	return eth_hdr(skb)->h_source;
}

/* The rule about a packet that was sent with link address @mac, or NULL. */
static struct fwl_rule *find_rule(const struct fwl_context *c, const u8 *mac)
{
	const struct nf_hook_state *state = c->state;
	struct fwl_query query = {
		.pkt = &c->pkt,
		.skb = c->skb,
		.iface = rule_iface(c),
		.in = state->in ? state->in->name : NULL,
		.out = state->out ? state->out->name : NULL,
		.mac = mac,
		.generation = c->rs->generation,
		.now = ktime_get_real_seconds(),
	};

	return fwl_classify(c->rs->classifiers[c->direction], &query);
}

/* No flow: the rules decide, then the policy of the direction. */
static void decide_miss(const struct fwl_context *c, struct fwl_decision *d)
{
	struct fwl_rule *rule;

	if (spoofed_source(c)) {
		fwl_decide_drop(d, FLOWWALL_BASIS_PACKET, FLOWWALL_DROP_SPOOFED);
		return;
	}
	d->always = always_passes(c);
	if (d->always) {
		d->basis = FLOWWALL_BASIS_ALWAYS;
		d->deed = FWL_DEED_PASS;
		return;
	}
	/* Not before: a neighbour that has this router's address must be heard. */
	if (impossible_source(c)) {
		fwl_decide_drop(d, FLOWWALL_BASIS_PACKET, FLOWWALL_DROP_SPOOFED);
		return;
	}

	rule = find_rule(c, sender_mac(c));
	d->rule = rule;
	d->basis = rule ? FLOWWALL_BASIS_RULE : FLOWWALL_BASIS_POLICY;
	if (rule && !fwl_rule_allows(rule)) {
		fwl_decide_drop(d, FLOWWALL_BASIS_RULE, FLOWWALL_DROP_RULE);
		d->reject = rule->action == FLOWWALL_ACTION_REJECT;
		return;
	}
	if (!rule && c->direction == FLOWWALL_DIRECTION_IN) {
		fwl_decide_drop(d, FLOWWALL_BASIS_POLICY, FLOWWALL_DROP_POLICY);
		return;
	}

	switch (opening_of(c)) {
	case OPENS:
		d->deed = FWL_DEED_OPEN;
		break;
	case ALONE:
		d->deed = FWL_DEED_PASS;
		break;
	default:
		fwl_decide_drop(d, d->basis, FLOWWALL_DROP_STATE);
		return;
	}
	if (rule && fwl_rule_limited(rule, ktime_get_ns()))
		fwl_decide_drop(d, FLOWWALL_BASIS_RULE, FLOWWALL_DROP_LIMIT);
}

/**
 * fwl_needs_mac() - might another rule decide, if the link address was known?
 * @c: the packet, one that is only asked about
 * @d: what was decided without
 *
 * A rule that it depends on matches either without a link address or with one that is any
 * member: if that makes no other rule the first one, none before it depends on it.
 *
 * Context: RCU, softirqs off.
 */
bool fwl_needs_mac(const struct fwl_context *c, const struct fwl_decision *d)
{
	if (!c->state->in || c->state->in->type != ARPHRD_ETHER || sender_mac(c) ||
	    (d->basis != FLOWWALL_BASIS_RULE && d->basis != FLOWWALL_BASIS_POLICY))
		return false;
	return find_rule(c, fwl_any_mac) != d->rule;
}

/**
 * fwl_still_allowed() - the ruleset changed since: would a flow still be made?
 * @rs: the running ruleset
 * @flow: the flow
 * @iface: name of the interface that rules with "on" mean, or NULL if that is not known
 * @rule: set to the rule that decides about it, or NULL
 *
 * Context: RCU.
 */
enum fwl_still fwl_still_allowed(const struct fwl_ruleset *rs, const struct fwl_flow *flow,
				 const char *iface, const struct fwl_rule **rule)
{
	u8 direction = fwl_flow_direction(flow);
	struct fwl_packet opener;
	bool allowed, unsure = false;
	struct fwl_query query = {
		.pkt = &opener,
		.iface = iface,
		.held = READ_ONCE(flow->rule),
		.unsure = &unsure,
		.policy = direction != FLOWWALL_DIRECTION_IN,
		.generation = rs->generation,
		.now = ktime_get_real_seconds(),
	};

	fwl_flow_opener(flow, &opener);
	*rule = fwl_classify(rs->classifiers[direction], &query);
	allowed = *rule ? fwl_rule_allows(*rule) : query.policy;
	return unsure ? FWL_STILL_UNSURE : allowed ? FWL_STILL_ALLOWED : FWL_STILL_REFUSED;
}

/*
 * The same for a packet of the flow. If nobody can be sure, the next packet of the original
 * direction is to be asked, by which the interface is known.
 */
static enum fwl_still judge_again(const struct fwl_context *c, struct fwl_decision *d,
				  struct fwl_flow *flow, enum fwl_entry entry,
				  enum flowwall_drop *reason)
{
	const struct fwl_rule *rule = NULL;
	enum fwl_still still;

	d->judged = true;
	d->judged_rule = READ_ONCE(flow->rule);
	if (c->rs->settings.on_change != FLOWWALL_ON_CHANGE_REVALIDATE)
		return FWL_STILL_ALLOWED;
	still = fwl_still_allowed(c->rs, flow, entry == FWL_ORIGINAL ? rule_iface(c) : NULL, &rule);
	switch (still) {
	case FWL_STILL_REFUSED:
		*reason = rule ? FLOWWALL_DROP_RULE : FLOWWALL_DROP_POLICY;
		break;
	case FWL_STILL_ALLOWED:
		d->judged_rule = rule ? rule->handle : 0;
		break;
	default:
		d->judged = false;
	}
	return still;
}

/* One packet, and a copy of it for each interface that somebody listens behind? */
static bool is_for_many(const struct fwl_packet *pkt)
{
	__be32 first = pkt->ends.addr[!pkt->swapped][0];

	if (fwl_kind_ipv6(pkt->kind))
		return (first & htonl(0xff000000)) == htonl(0xff000000);
	return ipv4_is_multicast(first) || ipv4_is_lbcast(first);
}

/* The flow is over, and the packet may begin another one. */
static void decide_anew(const struct fwl_context *c, struct fwl_decision *d, struct fwl_flow *flow,
			enum flowwall_end why)
{
	d->flow = NULL;
	d->judged = false;
	decide_miss(c, d);
	/* A connection that is closed stays, unless a new one takes its ports. */
	if (why != FLOWWALL_END_REOPENED || d->deed == FWL_DEED_OPEN) {
		d->ended = flow;
		d->why = why;
	}
}

/*
 * What still comes of a flow that was ended by a new ruleset. A new connection,
 * or one more ruleset that allows it, ends this.
 */
static void decide_revoked(const struct fwl_context *c, struct fwl_decision *d,
			   struct fwl_flow *flow, enum fwl_entry entry)
{
	enum flowwall_drop reason = FLOWWALL_DROP_POLICY;
	enum fwl_still still = FWL_STILL_REFUSED;
	u8 state = READ_ONCE(flow->state);

	if (state == FWL_STATE_REVOKED && READ_ONCE(flow->epoch) != c->epoch)
		still = judge_again(c, d, flow, entry, &reason);
	if (still == FWL_STILL_ALLOWED) {
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
	d->judged = still == FWL_STILL_REFUSED;
	d->judged_rule = READ_ONCE(flow->rule);
	d->next = state;
	fwl_decide_drop(d, FLOWWALL_BASIS_FLOW,
			state == FWL_STATE_KILLED ? FLOWWALL_DROP_STATE : reason);
}

/* Of a TCP flow, a packet must be what the connection is waiting for. */
static void decide_segment(const struct fwl_context *c, struct fwl_decision *d,
			   struct fwl_flow *flow, u8 state)
{
	enum fwl_tcp_fit fit = FWL_TCP_FITS;

	if (c->rs->settings.tcp_window)
		fit = fwl_tcp_fits(&flow->tcp, &c->pkt.tcp, state, d->entry,
				   c->direction != FLOWWALL_DIRECTION_IN);
	if (likely(fit == FWL_TCP_FITS))
		d->next = fwl_tcp_next(state, c->pkt.tcp.flags, d->entry);
	else if (fit == FWL_TCP_APART)
		d->apart = true;
	else if (fit == FWL_TCP_ANEW)
		decide_anew(c, d, flow, FLOWWALL_END_REOPENED);
	else
		fwl_decide_drop(d, FLOWWALL_BASIS_FLOW, FLOWWALL_DROP_WINDOW);
}

static void decide_hit(const struct fwl_context *c, struct fwl_decision *d, struct fwl_flow *flow,
		       enum fwl_entry entry)
{
	u8 state = READ_ONCE(flow->state);

	if (unlikely(fwl_state_ended(state))) {
		decide_revoked(c, d, flow, entry);
		return;
	}
	d->deed = FWL_DEED_HIT;
	d->basis = FLOWWALL_BASIS_FLOW;
	d->flow = flow;
	d->entry = entry;
	/*
	 * Roles or routes have changed, and with them what the flow is; or this is another
	 * copy, for somebody elsewhere, and the flow is that of the first one.
	 */
	if (unlikely(!fwl_goes_its_way(c, flow, entry))) {
		decide_anew(c, d, flow, FLOWWALL_END_REVOKED);
		if (is_for_many(&c->pkt))
			d->ended = NULL;
		return;
	}
	if (unlikely(READ_ONCE(flow->epoch) != c->epoch)) {
		enum flowwall_drop reason;

		if (judge_again(c, d, flow, entry, &reason) == FWL_STILL_REFUSED) {
			d->judged = false;
			d->revoke = true;
			fwl_decide_drop(d, FLOWWALL_BASIS_FLOW, reason);
			return;
		}
	}

	d->from = state;
	d->next = state;
	if (fwl_kind_proto(c->pkt.kind) == IPPROTO_TCP) {
		/* The ports are used again: a new connection, if the rules let it. */
		if (unlikely(state == FLOWWALL_STATE_CLOSED) && fwl_tcp_opens(c->pkt.tcp.flags)) {
			decide_anew(c, d, flow, FLOWWALL_END_REOPENED);
			return;
		}
		decide_segment(c, d, flow, state);
	} else if (entry == FWL_REPLY) {
		d->next = FLOWWALL_STATE_REPLIED;
	}
}

static void decide_error(const struct fwl_context *c, struct fwl_decision *d)
{
	d->basis = FLOWWALL_BASIS_RELATED;
	d->deed = FWL_DEED_PASS;
	if (!c->external)
		return;
	if (spoofed_source(c) || impossible_source(c))
		fwl_decide_drop(d, FLOWWALL_BASIS_PACKET, FLOWWALL_DROP_SPOOFED);
	else if (c->pkt.icmp != FWL_ICMP_ERROR ||
		 !fwl_icmp_related(c->fn, c->rs, c->skb, &c->pkt, c->direction, c->state->out))
		fwl_decide_drop(d, FLOWWALL_BASIS_RELATED, FLOWWALL_DROP_UNRELATED);
}

static void decide_revived(struct fwl_decision *d, struct fwl_flow *flow, enum fwl_entry entry)
{
	d->deed = FWL_DEED_HIT;
	d->flow = flow;
	d->entry = entry;
	d->from = READ_ONCE(flow->state);
	d->next = d->from;
}

/**
 * fwl_decide() - say what is to become of a packet
 * @c: the packet, and what was found in it
 * @d: set to what is to be done; all zero before
 * @err: zero, or -FLOWWALL_DROP_* if it cannot be told a flow
 *
 * Changes nothing but @d.
 *
 * Context: RCU, softirqs off.
 */
void fwl_decide(const struct fwl_context *c, struct fwl_decision *d, int err)
{
	struct fwl_flow *flow = c->flow;
	enum fwl_entry entry;

	if (err) {
		fwl_decide_drop(d, FLOWWALL_BASIS_PACKET, -err);
		return;
	}
	if (fwl_is_error(&c->pkt)) {
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
		if (d->deed == FWL_DEED_OPEN && !fwl_flow_expired(flow, jiffies) &&
		    !fwl_state_ended(READ_ONCE(flow->state)))
			decide_revived(d, flow, entry);
	} else if (likely(fwl_entry_outside(flow, entry) ==
			  (c->direction == FLOWWALL_DIRECTION_IN))) {
		/* An entry matches only on the side that it belongs to. */
		decide_hit(c, d, flow, entry);
	} else if (c->direction == FLOWWALL_DIRECTION_IN) {
		fwl_decide_drop(d, FLOWWALL_BASIS_FLOW, FLOWWALL_DROP_SPOOFED);
	} else if (READ_ONCE(flow->epoch) != c->epoch) {
		/* From inside, that is so only when roles have changed since. */
		decide_anew(c, d, flow, FLOWWALL_END_REVOKED);
	} else {
		decide_miss(c, d);
	}
}
