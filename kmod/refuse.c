// SPDX-License-Identifier: GPL-2.0-only
/* Answers to packets that are refused rather than dropped in silence. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/ratelimit.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "net.h"
#include "refuse.h"

/* As many RSTs a second as the kernel sends ICMP errors unless told otherwise. */
#define RESETS	1000

/*
 * Nothing is sent about a multicast, a broadcast or a fragment, or to a sender that
 * is no single host (RFC 1122, section 3.2.2; RFC 4443, section 2.4).
 */
static bool is_answerable(const struct sk_buff *skb, const struct nf_hook_state *state,
			  const struct fwl_packet *pkt)
{
	if (pkt->fragment || skb->pkt_type == PACKET_BROADCAST || skb->pkt_type == PACKET_MULTICAST)
		return false;
	if (state->pf == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);

		return !ipv4_is_multicast(ip->daddr) && !ipv4_is_lbcast(ip->daddr) &&
		       !ipv4_is_multicast(ip->saddr) && !ipv4_is_lbcast(ip->saddr) &&
		       !ipv4_is_zeronet(ip->saddr);
	}
	return !ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr) &&
	       !ipv6_addr_is_multicast(&ipv6_hdr(skb)->saddr) &&
	       !ipv6_addr_any(&ipv6_hdr(skb)->saddr);
}

/**
 * fwl_refuse_init() - begin with nothing sent
 * @fn: the namespace
 */
void fwl_refuse_init(struct fwl_net *fn)
{
	ratelimit_state_init(&fn->resets, HZ, RESETS);
	/* Its own messages are for a log that nobody reads. */
	ratelimit_set_flags(&fn->resets, RATELIMIT_MSG_ON_RELEASE);
}

/**
 * fwl_refuse() - tell the sender that there is no way through
 * @fn: the namespace
 * @skb: the packet, still the caller's
 * @state: of the hook
 * @pkt: what was found in it
 * @reset: it is TCP, and gets a RST
 *
 * "Port unreachable": the one that a connecting socket takes as ECONNREFUSED
 * (RFC 1122, section 4.2.3.9). The kernel's own limits for ICMP apply, and it
 * answers no ICMP error.
 *
 * Context: RCU, softirqs off.
 */
void fwl_refuse(struct fwl_net *fn, struct sk_buff *skb, const struct nf_hook_state *state,
		const struct fwl_packet *pkt, bool reset)
{
	if (!is_answerable(skb, state, pkt))
		return;
	if (reset) {
		if (!__ratelimit(&fn->resets))
			return;
		if (state->pf == NFPROTO_IPV4)
			nf_send_reset(state->net, state->sk, skb, state->hook);
		else
			nf_send_reset6(state->net, state->sk, skb, state->hook);
		return;
	}
	if (state->pf == NFPROTO_IPV4)
		nf_send_unreach(skb, ICMP_PORT_UNREACH, state->hook);
	else
		nf_send_unreach6(state->net, skb, ICMPV6_PORT_UNREACH, state->hook);
}

/**
 * fwl_reject() - tell the sender that a rule forbids it
 * @skb: the packet, still the caller's
 * @state: of the hook
 * @pkt: what was found in it
 *
 * A RST for TCP, otherwise "administratively prohibited" (RFC 1812, section
 * 5.2.7.1; RFC 4443, section 3.1).
 *
 * Context: RCU, softirqs off.
 */
void fwl_reject(struct sk_buff *skb, const struct nf_hook_state *state,
		const struct fwl_packet *pkt)
{
	u8 proto = fwl_kind_proto(pkt->kind);

	if (!is_answerable(skb, state, pkt))
		return;
	if (state->pf == NFPROTO_IPV4) {
		if (proto == IPPROTO_TCP)
			nf_send_reset(state->net, state->sk, skb, state->hook);
		else
			nf_send_unreach(skb, ICMP_PKT_FILTERED, state->hook);
	} else if (proto == IPPROTO_TCP) {
		nf_send_reset6(state->net, state->sk, skb, state->hook);
	} else {
		nf_send_unreach6(state->net, skb, ICMPV6_ADM_PROHIBITED, state->hook);
	}
}
