/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each packet of a known flow needs: how its flow is found, and what it leaves
 * there. Inlined, as all packets pass it.
 */
#ifndef FWL_HIT_H
#define FWL_HIT_H

#include <linux/in.h>
#include <linux/prefetch.h>
#include <net/ipv6.h>

#include "flow.h"
#include "ruleset.h"
#include "tcp.h"

/* An expiry is stored only when it moves by this much. */
#define FWL_LAZY	(HZ / 4)

/*
 * A keyed hash: SipHash-1-3 on 64-bit machines. The kind comes after it: flows of the
 * same ends differ in it, so where there are 1,024 buckets no two of them share one, and
 * which others do nobody knows.
 */
static __always_inline u32 fwl_flow_hash(const struct fwl_table *table,
					 const struct fwl_ends *ends, u16 kind)
{
	if (unlikely(fwl_kind_ipv6(kind)))
		return hsiphash(ends, sizeof(*ends), &table->seed) ^ kind;
	return hsiphash_3u32((__force u32)ends->addr[0][0], (__force u32)ends->addr[1][0],
			     (__force u32)ends->id, &table->seed) ^ kind;
}

static __always_inline bool fwl_flow_matches(const struct fwl_flow *flow,
					     const struct fwl_ends *ends, u16 kind)
{
	/* All other words of IPv4 are zero. */
	if (flow->ends.id != ends->id || flow->kind != kind ||
	    flow->ends.addr[0][0] != ends->addr[0][0] || flow->ends.addr[1][0] != ends->addr[1][0])
		return false;
	return likely(!fwl_kind_ipv6(kind)) ||
	       (ipv6_addr_equal((const struct in6_addr *)flow->ends.addr[0],
				(const struct in6_addr *)ends->addr[0]) &&
		ipv6_addr_equal((const struct in6_addr *)flow->ends.addr[1],
				(const struct in6_addr *)ends->addr[1]));
}

static __always_inline struct fwl_flow *fwl_flow_find(const struct fwl_buckets *buckets, u32 hash,
						      const struct fwl_ends *ends, u16 kind)
{
	struct fwl_flow *flow;

	for (; buckets; buckets = rcu_dereference(buckets->future)) {
		flow = rcu_dereference(buckets->bucket[hash & buckets->mask]);
		for (; flow; flow = rcu_dereference(flow->next)) {
			/* The line of the counters, which a hit needs as well. */
			prefetchw(&flow->packets);
			if (fwl_flow_matches(flow, ends, kind))
				return flow;
		}
		/* A flow that was just moved away: see where to. */
		smp_rmb();
	}
	return NULL;
}

/**
 * fwl_flow_lookup() - find the flow that a packet belongs to
 * @table: of the namespace
 * @pkt: the packet
 *
 * Context: RCU. Takes no lock and no reference.
 * Return: a flow, either entry of which may have expired, or NULL.
 */
static __always_inline struct fwl_flow *fwl_flow_lookup(const struct fwl_table *table,
							const struct fwl_packet *pkt)
{
	return fwl_flow_find(rcu_dereference(table->buckets),
			     fwl_flow_hash(table, &pkt->ends, pkt->kind), &pkt->ends, pkt->kind);
}

/* Most packets find an entry that is at its maximum already. */
static __always_inline void fwl_entry_refresh(struct fwl_flow *flow, enum fwl_entry entry,
					      u32 now, u32 step, u32 latest)
{
	u32 old = READ_ONCE(flow->expires[entry]), expires;

	if (likely(latest - old <= FWL_LAZY))
		return;
	/* Where only one is refreshed, the other one may have expired. */
	expires = ((s32)(old - now) < 0 ? now : old) + step;
	if ((s32)(expires - latest) > 0)
		expires = latest;
	if (expires - old + FWL_LAZY > 2 * FWL_LAZY)
		WRITE_ONCE(flow->expires[entry], expires);
}

/**
 * fwl_flow_count() - count a packet, and let the flow live longer for it
 * @flow: the flow
 * @entry: the packet's
 * @pkt: the packet
 * @ttl: of the flow's class as it is now
 * @refreshes: which entries, bits by enum fwl_entry
 *
 * Each packet adds a step to what these entries still have, up to the maximum.
 *
 * Context: RCU.
 */
static __always_inline void fwl_flow_count(struct fwl_flow *flow, enum fwl_entry entry,
					   const struct fwl_packet *pkt,
					   const struct fwl_ttl *ttl, unsigned int refreshes)
{
	u32 now = jiffies, latest = now + ttl->max;

	if (likely(refreshes & 1 << FWL_ORIGINAL))
		fwl_entry_refresh(flow, FWL_ORIGINAL, now, ttl->step, latest);
	if (likely(refreshes & 1 << FWL_REPLY))
		fwl_entry_refresh(flow, FWL_REPLY, now, ttl->step, latest);
	WRITE_ONCE(flow->packets[entry], flow->packets[entry] + 1);
	WRITE_ONCE(flow->bytes[entry], flow->bytes[entry] + pkt->len);
}

/**
 * fwl_ttl_class() - which TTL a flow has
 * @kind: the flow's
 * @state: the flow's
 */
static __always_inline enum flowwall_ttl_class fwl_ttl_class(u16 kind, u8 state)
{
	u8 proto = fwl_kind_proto(kind);

	/* What there is most of comes first. */
	if (proto == IPPROTO_TCP) {
		if (unlikely(fwl_tcp_closing(state) || fwl_state_ended(state)))
			return FLOWWALL_TTL_TCP_CLOSING;
		return state == FLOWWALL_STATE_ESTABLISHED ? FLOWWALL_TTL_TCP_ESTABLISHED
							   : FLOWWALL_TTL_TCP_SYN;
	}
	if (likely(proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE))
		return state == FLOWWALL_STATE_NEW ? FLOWWALL_TTL_UDP_NEW
						   : FLOWWALL_TTL_UDP_STREAM;
	switch (proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return FLOWWALL_TTL_ICMP;
	case IPPROTO_GRE:
		return FLOWWALL_TTL_GRE;
	default:
		return FLOWWALL_TTL_OTHER;
	}
}

/*
 * Which entries a packet refreshes that comes from outside, or not. Where both sides are
 * outside, the originator's packets are those that keep the flow.
 */
static __always_inline unsigned int fwl_refreshes(const struct fwl_ruleset *rs,
						  const struct fwl_flow *flow,
						  enum fwl_entry entry, bool outside)
{
	switch (rs->settings.refresh) {
	case FLOWWALL_REFRESH_SAME:
		return 1 << entry;
	case FLOWWALL_REFRESH_OUTBOUND:
		if (entry == FWL_ORIGINAL && flow->flags & FWL_FLOW_REPLY_OUTSIDE)
			return FWL_REFRESH_BOTH;
		return outside ? 0 : FWL_REFRESH_BOTH;
	default:
		return FWL_REFRESH_BOTH;
	}
}

/* What a segment tells of its connection. */
static __always_inline void fwl_note_segment(const struct fwl_ruleset *rs, struct fwl_flow *flow,
					     enum fwl_entry entry, const struct fwl_packet *pkt)
{
	if (likely(rs->settings.tcp_window))
		fwl_tcp_note(&flow->tcp, &pkt->tcp, READ_ONCE(flow->state), entry);
	else
		fwl_tcp_forget(&flow->tcp);
}

/**
 * fwl_follow() - let a packet pass as one more of its flow, if nothing else is to be done
 * @rs: the running ruleset
 * @ifaces: the roles of that ruleset
 * @flow: the packet's flow
 * @entry: and its entry
 * @pkt: the packet, which comes from where those of @entry do
 *
 * What pass_flow() does where there is nothing to decide, nothing that a rule asks
 * for, and no other state to come to.
 *
 * Context: RCU, softirqs off.
 * Return: false if it is to be judged; then nothing has changed.
 */
static __always_inline bool fwl_follow(const struct fwl_ruleset *rs,
				       const struct fwl_ifaces *ifaces, struct fwl_flow *flow,
				       enum fwl_entry entry, const struct fwl_packet *pkt)
{
	bool outside = fwl_entry_outside(flow, entry);
	u8 state = READ_ONCE(flow->state);
	enum flowwall_ttl_class class;

	if (flow->profile || READ_ONCE(flow->epoch) != READ_ONCE(ifaces->epoch) ||
	    fwl_entry_expired(flow, entry, jiffies))
		return false;
	if (fwl_kind_proto(flow->kind) != IPPROTO_TCP) {
		if (state != FLOWWALL_STATE_REPLIED)
			return false;
		class = fwl_ttl_class(flow->kind, FLOWWALL_STATE_REPLIED);
	} else {
		if (state != FLOWWALL_STATE_ESTABLISHED ||
		    pkt->tcp.flags & (FWL_TCP_SYN | FWL_TCP_FIN | FWL_TCP_RST))
			return false;
		if (rs->settings.tcp_window &&
		    fwl_tcp_fits(&flow->tcp, &pkt->tcp, state, entry, !outside) != FWL_TCP_FITS)
			return false;
		fwl_note_segment(rs, flow, entry, pkt);
		class = FLOWWALL_TTL_TCP_ESTABLISHED;
	}
	fwl_flow_count(flow, entry, pkt, &rs->ttl[class], fwl_refreshes(rs, flow, entry, outside));
	return true;
}

#endif
