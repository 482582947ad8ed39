// SPDX-License-Identifier: GPL-2.0-only
/* Where packets come in, and where those that a queue let pass come by again. */
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "decision.h"
#include "hit.h"
#include "hook.h"
#include "net.h"
#include "profile.h"
#include "record.h"
#include "verdict.h"

/*
 * Locally made packets, and those that come back from a queue of user space, are
 * here in process context: the counters are per CPU.
 */
HOT
static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int verdict;

	if (likely(in_softirq()))
		return fwl_judge(priv, skb, state);
	local_bh_disable();
	verdict = fwl_judge(priv, skb, state);
	local_bh_enable();
	return verdict;
}

/*
 * At the filter's priority, after the destination and before the source is
 * translated: both directions of a flow have the same addresses here. Each namespace
 * has its own copy, with itself in it.
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

/*
 * The bits of the mark that the flow's rule leaves to the queue are the flow's from now
 * on. Without memory for that, it keeps those that it has.
 */
static void remember_mark(struct fwl_net *fn, struct fwl_flow *flow, u32 mark)
{
	struct fwl_profile profile = *fwl_profile(fn, READ_ONCE(flow->profile));
	int id;

	if (!((mark ^ profile.mark) & profile.mark_mask))
		return;
	profile.mark = mark & profile.mark_mask;
	id = fwl_profile_get(fn, &profile, GFP_ATOMIC);
	if (id > 0)
		WRITE_ONCE(flow->profile, id);
}

static bool has_queue(const struct fwl_net *fn, const struct fwl_flow *flow)
{
	u16 id = READ_ONCE(flow->profile);

	return id && fwl_profile(fn, id)->queued;
}

/*
 * Behind the other hooks: what comes here of a flow that waits for a queue's verdict has
 * got it, and passes, if it is one that fwl_judge() looks at: inside, a packet may have
 * the flow's ends without being of it. TCP's handshake says nothing yet: its flow is
 * decided about with the first data.
 */
static unsigned int queue_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct fwl_net *fn = fwl_net(state->net);
	struct fwl_packet pkt;
	struct fwl_flow *flow;
	u32 verdict;

	if (state->hook == NF_INET_LOCAL_OUT && unlikely(skb->mark == FLOWWALL_QUEUE_ANSWER)) {
		skb->mark = 0;
		return NF_ACCEPT;
	}
	if (fwl_parse(skb, skb_network_offset(skb), false, &pkt) || fwl_is_error(&pkt))
		return NF_ACCEPT;
	flow = fwl_flow_lookup(&fn->table, &pkt);
	if (!flow || !has_queue(fn, flow) || !fwl_judges(fn, skb, state))
		return NF_ACCEPT;
	verdict = skb->mark & FLOWWALL_QUEUE_VERDICT;
	skb->mark &= ~FLOWWALL_QUEUE_VERDICT;
	/* Another packet's verdict may have decided it meanwhile. */
	if (verdict == FLOWWALL_QUEUE_MORE || !fwl_flow_asks(flow, &pkt))
		return NF_ACCEPT;
	if (verdict == FLOWWALL_QUEUE_REFUSE) {
		local_bh_disable();
		if (!fwl_state_ended(READ_ONCE(flow->state)))
			fwl_flow_revoke(fn, flow, FLOWWALL_END_KILLED);
		fwl_count(fn, drop[FLOWWALL_DROP_RULE]);
		fwl_record_drop(fn, &pkt, state, fwl_flow_direction(flow), FLOWWALL_DROP_RULE,
				READ_ONCE(flow->rule));
		local_bh_enable();
		return NF_DROP_REASON(skb, SKB_DROP_REASON_NETFILTER_DROP, EPERM);
	}
	if (!fwl_is_telling(&pkt))
		return NF_ACCEPT;
	remember_mark(fn, flow, skb->mark);
	WRITE_ONCE(flow->pending,
		   verdict == FLOWWALL_QUEUE_REQUESTS ? FWL_PENDING_REQUESTS : FWL_DECIDED);
	return NF_ACCEPT;
}

/*
 * Before the route is looked for, and with the addresses of the hooks that judge: the
 * mark of its flow may send a packet elsewhere. Not an answer: it goes back to where the
 * flow came from.
 */
static unsigned int mark_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct fwl_net *fn = fwl_net(state->net);
	const struct fwl_profile *profile;
	struct fwl_packet pkt;
	struct fwl_flow *flow;

	if (fwl_parse(skb, skb_network_offset(skb), false, &pkt))
		return NF_ACCEPT;
	flow = fwl_flow_lookup(&fn->table, &pkt);
	if (!flow || fwl_flow_entry(flow, &pkt) != FWL_ORIGINAL ||
	    !READ_ONCE(flow->profile) || fwl_state_ended(READ_ONCE(flow->state)) ||
	    fwl_flow_expired(flow, jiffies))
		return NF_ACCEPT;
	profile = fwl_profile(fn, READ_ONCE(flow->profile));
	skb->mark = (skb->mark & ~profile->mark_mask) | profile->mark;
	return NF_ACCEPT;
}

static const struct nf_hook_ops queue_hooks[] = {
	{ .hook = mark_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_PRE_ROUTING,
	  .priority = NF_IP_PRI_NAT_DST + 1 },
	{ .hook = mark_hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_PRE_ROUTING,
	  .priority = NF_IP6_PRI_NAT_DST + 1 },
	{ .hook = queue_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_FORWARD,
	  .priority = NF_IP_PRI_FILTER + 1 },
	{ .hook = queue_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP_PRI_FILTER + 1 },
	{ .hook = queue_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT,
	  .priority = NF_IP_PRI_FILTER + 1 },
	{ .hook = queue_hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_FORWARD,
	  .priority = NF_IP6_PRI_FILTER + 1 },
	{ .hook = queue_hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP6_PRI_FILTER + 1 },
	{ .hook = queue_hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT,
	  .priority = NF_IP6_PRI_FILTER + 1 },
};

/**
 * fwl_queue_hooks_register() - begin to hear of the verdicts of queues, and to mark
 *	before routing
 * @net: the namespace
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int fwl_queue_hooks_register(struct net *net)
{
	return nf_register_net_hooks(net, queue_hooks, ARRAY_SIZE(queue_hooks));
}

/**
 * fwl_queue_hooks_unregister() - no rule has a queue or a mark any more
 * @net: the namespace
 *
 * Context: process. The kernel drops what is in queues.
 */
void fwl_queue_hooks_unregister(struct net *net)
{
	nf_unregister_net_hooks(net, queue_hooks, ARRAY_SIZE(queue_hooks));
}

/**
 * fwl_defrag_enable() - have packets reassembled before they are judged
 * @net: the namespace
 *
 * By the kernel's own code, as for connection tracking. They leave in fragments of
 * the size in which they came.
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int fwl_defrag_enable(struct net *net)
{
	int err = nf_defrag_ipv4_enable(net);

	if (err)
		return err;
	err = nf_defrag_ipv6_enable(net);
	if (err)
		nf_defrag_ipv4_disable(net);
	return err;
}

/**
 * fwl_defrag_disable() - leave fragments as they are
 * @net: the namespace
 *
 * Context: process.
 */
void fwl_defrag_disable(struct net *net)
{
	nf_defrag_ipv6_disable(net);
	nf_defrag_ipv4_disable(net);
}

/**
 * fwl_hooks_register() - begin to judge packets
 * @net: the namespace; it has a ruleset and a table
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int fwl_hooks_register(struct net *net)
{
	struct fwl_net *fn = fwl_net(net);
	int i;

	BUILD_BUG_ON(sizeof(fn->hooks) != sizeof(hooks));
	memcpy(fn->hooks, hooks, sizeof(hooks));
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		fn->hooks[i].priv = fn;
	return nf_register_net_hooks(net, fn->hooks, ARRAY_SIZE(hooks));
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
	nf_unregister_net_hooks(net, fwl_net(net)->hooks, ARRAY_SIZE(hooks));
}
