// SPDX-License-Identifier: GPL-2.0-only
/* Answers to packets that are refused rather than dropped in silence. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "refuse.h"

/* Nothing is sent about a multicast or a broadcast (RFC 1122, 3.2.2; RFC 4443, 2.4). */
static bool is_answerable(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (skb->pkt_type == PACKET_BROADCAST || skb->pkt_type == PACKET_MULTICAST)
		return false;
	if (state->pf == NFPROTO_IPV4)
		return !ipv4_is_multicast(ip_hdr(skb)->daddr) && !ipv4_is_lbcast(ip_hdr(skb)->daddr);
	return !ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

/**
 * fwl_refuse() - tell the sender that there is no way through
 * @skb: the packet, still the caller's
 * @state: of the hook
 *
 * "Port unreachable": the one that a connecting socket takes as ECONNREFUSED
 * (RFC 1122, section 4.2.3.9). The kernel's own limits for ICMP apply, and it
 * answers no ICMP error.
 *
 * Context: RCU, softirqs off.
 */
void fwl_refuse(struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (!is_answerable(skb, state))
		return;
	if (state->pf == NFPROTO_IPV4)
		nf_send_unreach(skb, ICMP_PORT_UNREACH, state->hook);
	else
		nf_send_unreach6(state->net, skb, ICMPV6_PORT_UNREACH, state->hook);
}

/**
 * fwl_reject() - tell the sender that a rule forbids it
 * @skb: the packet, still the caller's
 * @state: of the hook
 *
 * A RST for TCP, otherwise "administratively prohibited" (RFC 1812, section
 * 5.2.7.1; RFC 4443, section 3.1).
 *
 * Context: RCU, softirqs off.
 */
void fwl_reject(struct sk_buff *skb, const struct nf_hook_state *state)
{
	u8 proto = state->pf == NFPROTO_IPV4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr;

	if (!is_answerable(skb, state))
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
