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

/**
 * fwl_refuse() - tell the sender that there is no way through
 * @skb: the packet, still the caller's
 * @state: of the hook
 *
 * "Port unreachable": the one that a connecting socket takes as ECONNREFUSED
 * (RFC 1122, section 4.2.3.9). The kernel's own limits for ICMP apply, and it
 * answers no ICMP error. Nothing is sent about a multicast or a broadcast
 * (RFC 1122, section 3.2.2; RFC 4443, section 2.4).
 *
 * Context: RCU, softirqs off.
 */
void fwl_refuse(struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (skb->pkt_type == PACKET_BROADCAST || skb->pkt_type == PACKET_MULTICAST)
		return;

	if (state->pf == NFPROTO_IPV4) {
		if (!ipv4_is_multicast(ip_hdr(skb)->daddr) &&
		    !ipv4_is_lbcast(ip_hdr(skb)->daddr))
			nf_send_unreach(skb, ICMP_PORT_UNREACH, state->hook);
	} else if (!ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr)) {
		nf_send_unreach6(state->net, skb, ICMPV6_PORT_UNREACH, state->hook);
	}
}
