// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fast path: packets of flows that were seen in both directions are forwarded
 * where they come in, by the way that the one before them took. What is unusual in
 * any way goes on to the network stack, untouched, and is judged at the hooks.
 *
 * A gate is the hook of one interface; each that has a role has one.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/gso.h>
#include <net/ip.h>
#include <net/neighbour.h>

#include "fastpath.h"
#include "flow.h"
#include "hit.h"
#include "net.h"
#include "path.h"
#include "ruleset.h"

/* Behind what others have at the ingress. */
#define PRIORITY	100

/**
 * struct fwl_gate - the hook at an interface
 * @list: in struct fwl_net.gates
 * @dev: the interface
 * @ops: the hook
 * @rcu: to free it
 */
struct fwl_gate {
	struct list_head list;
	struct net_device *dev;
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

/*
 * The checks of ip_rcv(): a header without options, whole, right, and not at the
 * end of its life; and no padding behind the packet.
 */
static bool is_plain_ipv4(struct sk_buff *skb)
{
	const struct iphdr *ip;
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(*ip)))
		return false;
	ip = ip_hdr(skb);
	len = ntohs(ip->tot_len);
	if (ip->version != 4 || ip->ihl != 5 || ip->ttl <= 1 || ip_is_fragment(ip) ||
	    len < sizeof(*ip) || len > skb->len || ip_fast_csum(ip, 5))
		return false;
	return skb->len == len || !pskb_trim_rcsum(skb, len);
}

/* Those of ip6_rcv_core(). Extension headers are found by the dissector. */
static bool is_plain_ipv6(struct sk_buff *skb)
{
	const struct ipv6hdr *ip;
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(*ip)))
		return false;
	ip = ipv6_hdr(skb);
	len = sizeof(*ip) + ntohs(ip->payload_len);
	if (ip->version != 6 || ip->hop_limit <= 1 || !ip->payload_len || len > skb->len)
		return false;
	return skb->len == len || !pskb_trim_rcsum(skb, len);
}

/* What only hardware does: forward it, or put segments together for good (LRO). */
static bool is_hardware_made(const struct sk_buff *skb)
{
#ifdef CONFIG_NET_SWITCHDEV
	if (skb->offload_l3_fwd_mark)
		return true;
#endif
	return skb_is_gso(skb) && !skb_shinfo(skb)->gso_type;
}

/* A packet to be forwarded, with nothing unusual about it? */
HOT
static bool is_plain(struct sk_buff *skb, struct fwl_packet *pkt)
{
	unsigned int header;

	if (skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb) || is_hardware_made(skb))
		return false;
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		if (!is_plain_ipv4(skb))
			return false;
		header = sizeof(struct iphdr);
		break;
	case htons(ETH_P_IPV6):
		if (!is_plain_ipv6(skb))
			return false;
		header = sizeof(struct ipv6hdr);
		break;
	default:
		return false;
	}
	return !fwl_parse(skb, skb_network_offset(skb), false, pkt) && pkt->l4 == header &&
	       pkt->icmp == FWL_ICMP_NONE;
}

/* The way out, if the packet came in where those of the other direction go out. */
HOT
static struct fwl_path *way_out(const struct fwl_net *fn, const struct sk_buff *skb,
				const struct fwl_flow *flow, enum fwl_entry entry)
{
	const struct fwl_paths *paths = rcu_dereference(fn->paths);
	struct fwl_path *out = fwl_path_get(paths, flow, entry);
	const struct fwl_path *back = fwl_path_get(paths, flow, !entry);

	if (!out || !back || back->dev != skb->dev)
		return NULL;
	if (!dst_check(out->dst, out->cookie) || READ_ONCE(out->neigh->dead)) {
		fwl_path_kill(out);
		return NULL;
	}
	return out;
}

/*
 * Of IPv6, nothing tells when it is switched off where the packet came in, or when a
 * router announces another MTU.
 */
static bool fits_link(const struct sk_buff *skb, const struct fwl_path *path)
{
	const struct inet6_dev *in, *out;
	u32 mtu = path->mtu;

	if (skb->protocol == htons(ETH_P_IPV6)) {
		in = __in6_dev_get(skb->dev);
		out = __in6_dev_get(path->dev);
		if (!in || !out || READ_ONCE(in->cnf.disable_ipv6))
			return false;
		mtu = min_t(u32, mtu, READ_ONCE(out->cnf.mtu6));
	}
	return skb->len <= mtu || (skb_is_gso(skb) && skb_gso_validate_network_len(skb, mtu));
}

/*
 * What the stack does to a packet between here and its way out, ip_forward() and
 * ip6_forward() above all. Whoever sends it on looks at the control block, a tunnel
 * or an ICMP error; here it still has what was before.
 */
HOT
static void age(struct sk_buff *skb, const struct fwl_packet *pkt)
{
	skb_set_transport_header(skb, skb_network_offset(skb) + pkt->l4);
	if (!fwl_kind_ipv6(pkt->kind)) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->iif = skb->dev->ifindex;
		IPCB(skb)->flags = IPSKB_FORWARDED;
		ip_decrease_ttl(ip_hdr(skb));
		if (READ_ONCE(dev_net(skb->dev)->ipv4.sysctl_ip_fwd_update_priority))
			skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	} else {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = skb->dev->ifindex;
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
		IP6CB(skb)->flags = IP6SKB_FORWARDED;
		ipv6_hdr(skb)->hop_limit--;
	}
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
}

HOT
static unsigned int gate(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct fwl_ruleset *rs;
	struct fwl_net *fn = priv;
	struct fwl_packet pkt SCRATCH;
	struct fwl_path *path;
	struct fwl_flow *flow;
	enum fwl_entry entry;

	if (!is_plain(skb, &pkt))
		return NF_ACCEPT;
	flow = fwl_flow_lookup(&fn->table, &pkt);
	if (!flow)
		return NF_ACCEPT;
	entry = fwl_flow_entry(flow, &pkt);
	path = way_out(fn, skb, flow, entry);
	if (!path || !fits_link(skb, path))
		return NF_ACCEPT;
	if (fwl_kind_ipv6(pkt.kind) && !READ_ONCE(fn->net->ipv6.devconf_all->forwarding))
		return NF_ACCEPT;
	/* Room for the link's header, and a header that nobody else reads. */
	if (skb_cow(skb, path->headroom))
		return NF_ACCEPT;
	rs = rcu_dereference(fn->ruleset);
	if (!fwl_follow(rs, rcu_dereference(rs->ifaces), flow, entry, &pkt))
		return NF_ACCEPT;

	age(skb, &pkt);
	skb->dev = path->dev;
	/* Of a tunnel without a peer of its own, the packet has one: where it came from. */
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, path->dst);
	fwl_count(fn, fast);
	neigh_output(path->neigh, skb, false);
	return NF_STOLEN;
}

static void remove_gate(struct fwl_net *fn, struct fwl_gate *gate)
{
	nf_unregister_net_hook(fn->net, &gate->ops);
	list_del(&gate->list);
	kfree_rcu(gate, rcu);
}

/* The module goes, and does not hear any more of interfaces that go. */
static bool no_more_gates;

/* An interface without one goes the ordinary way: nothing is lost but time. */
static void add_gate(struct fwl_net *fn, struct net_device *dev)
{
	struct fwl_gate *new = no_more_gates ? NULL : kzalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return;
	new->dev = dev;
	new->ops.hook = gate;
	new->ops.priv = fn;
	new->ops.pf = NFPROTO_NETDEV;
	new->ops.hooknum = NF_NETDEV_INGRESS;
	new->ops.priority = PRIORITY;
	new->ops.dev = dev;
	if (nf_register_net_hook(fn->net, &new->ops))
		kfree(new);
	else
		list_add(&new->list, &fn->gates);
}

static bool has_gate(const struct fwl_net *fn, const struct net_device *dev)
{
	const struct fwl_gate *gate;

	list_for_each_entry(gate, &fn->gates, list)
		if (gate->dev == dev)
			return true;
	return false;
}

/**
 * fwl_fastpath_adjust() - have gates where a ruleset wants them
 * @fn: the namespace, locked, under the RTNL
 * @rs: the ruleset
 * @ifaces: its roles
 */
void fwl_fastpath_adjust(struct fwl_net *fn, const struct fwl_ruleset *rs,
			 const struct fwl_ifaces *ifaces)
{
	struct fwl_gate *gate, *next;
	struct net_device *dev;

	ASSERT_RTNL();
	list_for_each_entry_safe(gate, next, &fn->gates, list)
		if (!rs->settings.fastpath ||
		    fwl_iface_role(ifaces, gate->dev->ifindex) == FLOWWALL_ROLE_NONE)
			remove_gate(fn, gate);
	if (!rs->settings.fastpath) {
		fwl_paths_forget(fn, NULL);
		return;
	}
	for_each_netdev(fn->net, dev)
		if (fwl_iface_role(ifaces, dev->ifindex) != FLOWWALL_ROLE_NONE &&
		    !has_gate(fn, dev))
			add_gate(fn, dev);
}

/**
 * fwl_fastpath_forget() - an interface leaves the namespace
 * @fn: the namespace, locked, under the RTNL
 * @dev: the interface
 */
void fwl_fastpath_forget(struct fwl_net *fn, const struct net_device *dev)
{
	struct fwl_gate *gate, *next;

	list_for_each_entry_safe(gate, next, &fn->gates, list)
		if (gate->dev == dev)
			remove_gate(fn, gate);
	fwl_paths_forget(fn, dev);
}

/**
 * fwl_fastpath_end() - the module goes: there are no more gates
 *
 * Context: process.
 */
void fwl_fastpath_end(void)
{
	rtnl_lock();
	no_more_gates = true;
	rtnl_unlock();
}

/**
 * fwl_fastpath_stop() - the namespace goes, or its table
 * @fn: the namespace
 *
 * Context: process, under the RTNL.
 */
void fwl_fastpath_stop(struct fwl_net *fn)
{
	struct fwl_gate *gate, *next;

	list_for_each_entry_safe(gate, next, &fn->gates, list)
		remove_gate(fn, gate);
	fwl_paths_forget(fn, NULL);
}
