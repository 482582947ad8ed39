// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths: the route and the next hop that a forwarded packet took, to be taken by
 * the next ones without looking for them.
 *
 * A path dies when its route or its next hop does, when its interface changes, or
 * with the last flow that has it; a grace period later it releases what it holds.
 * Its place is free when no flow has it any more, and another grace period is over:
 * so a flow's index never comes to mean another path.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "net.h"
#include "path.h"

static u32 path_key(const struct dst_entry *dst, const struct neighbour *neigh)
{
	return hash_long((unsigned long)dst ^ (unsigned long)neigh, 32);
}

/**
 * fwl_paths_init() - make room for paths, unless there is
 * @fn: the namespace, locked
 *
 * Return: 0 or -ENOMEM.
 */
int fwl_paths_init(struct fwl_net *fn)
{
	struct fwl_paths *paths;

	if (rcu_access_pointer(fn->paths))
		return 0;
	paths = kvzalloc(sizeof(*paths), GFP_KERNEL_ACCOUNT);
	if (!paths)
		return -ENOMEM;
	spin_lock_init(&paths->lock);
	ida_init(&paths->ids);
	hash_init(paths->hash);
	rcu_assign_pointer(fn->paths, paths);
	return 0;
}

/**
 * fwl_paths_free() - undo fwl_paths_init(); no flow is left
 * @fn: the namespace
 *
 * Context: process. Waits for those that are being released.
 */
void fwl_paths_free(struct fwl_net *fn)
{
	struct fwl_paths *paths = rcu_dereference_protected(fn->paths, 1);

	if (!paths)
		return;
	/* One callback of a path begins another one. */
	rcu_barrier();
	rcu_barrier();
	RCU_INIT_POINTER(fn->paths, NULL);
	ida_destroy(&paths->ids);
	kvfree(paths);
}

/* A grace period after its last flow. */
static void free_path(struct rcu_head *rcu)
{
	struct fwl_path *path = container_of(rcu, struct fwl_path, rcu);

	ida_free(&path->paths->ids, path->index);
	kfree(path);
}

static void put(struct fwl_path *path)
{
	if (!refcount_dec_and_test(&path->refs))
		return;
	RCU_INIT_POINTER(path->paths->slot[path->index], NULL);
	call_rcu(&path->rcu, free_path);
}

/* A grace period after it died. */
static void release_path(struct rcu_head *rcu)
{
	struct fwl_path *path = container_of(rcu, struct fwl_path, rcu);

	dst_release(path->dst);
	neigh_release(path->neigh);
	put(path);
}

/* Under struct fwl_paths.lock. */
static void kill_path(struct fwl_path *path)
{
	if (path->dead)
		return;
	WRITE_ONCE(path->dead, true);
	hash_del_rcu(&path->node);
	call_rcu(&path->rcu, release_path);
}

/**
 * fwl_path_kill() - let nobody take a path any more
 * @path: the path
 *
 * Context: RCU.
 */
void fwl_path_kill(struct fwl_path *path)
{
	spin_lock_bh(&path->paths->lock);
	kill_path(path);
	spin_unlock_bh(&path->paths->lock);
}

/**
 * fwl_paths_forget() - kill all paths over an interface
 * @fn: the namespace
 * @dev: the interface, or NULL for any
 *
 * Context: process.
 */
void fwl_paths_forget(struct fwl_net *fn, const struct net_device *dev)
{
	struct fwl_paths *paths;
	struct hlist_node *next;
	struct fwl_path *path;
	int at;

	rcu_read_lock();
	paths = rcu_dereference(fn->paths);
	if (paths) {
		spin_lock_bh(&paths->lock);
		hash_for_each_safe(paths->hash, at, next, path, node)
			if (!dev || path->dev == dev)
				kill_path(path);
		spin_unlock_bh(&paths->lock);
	}
	rcu_read_unlock();
}

/**
 * fwl_path_put() - a flow has a path no more
 * @fn: the namespace
 * @index: what fwl_path_learn() returned, or zero
 *
 * The last flow takes the path with it: it would hold on to its next hop.
 *
 * Context: any, but no hard interrupt.
 */
void fwl_path_put(struct fwl_net *fn, u16 index)
{
	struct fwl_path *path;

	if (!index)
		return;
	rcu_read_lock();
	path = rcu_dereference(rcu_dereference(fn->paths)->slot[index]);
	put(path);
	/* Afterwards, or two that are the last ones would each see the other. */
	if (refcount_read(&path->refs) == 1)
		fwl_path_kill(path);
	rcu_read_unlock();
}

/* --- learning ----------------------------------------------------------------- */

static bool is_plain_route(const struct sk_buff *skb, const struct dst_entry *dst,
			   const struct net_device *in, const struct net_device *out)
{
	if (dst->dev != out || in == out || dst->lwtstate || dst->header_len || dst_xfrm(dst))
		return false;
	if (netif_is_l3_slave(in) || netif_is_l3_slave(out) || netif_is_l3_master(out))
		return false;
	if (skb->protocol == htons(ETH_P_IP))
		return ((const struct rtable *)dst)->rt_type == RTN_UNICAST;
	return skb->protocol == htons(ETH_P_IPV6) &&
	       !(((const struct rt6_info *)dst)->rt6i_flags &
		 (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT));
}

/* The next hop, if it is known; not held. */
static struct neighbour *next_hop(struct sk_buff *skb, struct dst_entry *dst)
{
	struct neighbour *neigh;
	bool ipv6_for_ipv4 = false;

	if (skb->protocol == htons(ETH_P_IP))
		neigh = ip_neigh_for_gw((struct rtable *)dst, skb, &ipv6_for_ipv4);
	else
		neigh = ip_neigh_gw6(dst->dev, rt6_nexthop((struct rt6_info *)dst,
							   &ipv6_hdr(skb)->daddr));
	if (IS_ERR_OR_NULL(neigh) || ipv6_for_ipv4 || neigh->dead ||
	    !(READ_ONCE(neigh->nud_state) & NUD_VALID))
		return NULL;
	return neigh;
}

/* One that is alive, for one flow more; zero for none. */
static u16 share_path(const struct fwl_paths *paths, const struct dst_entry *dst,
		      const struct neighbour *neigh)
{
	struct fwl_path *path;

	hash_for_each_possible_rcu(paths->hash, path, node, path_key(dst, neigh))
		if (path->dst == dst && path->neigh == neigh && !READ_ONCE(path->dead) &&
		    refcount_inc_not_zero(&path->refs))
			return path->index;
	return 0;
}

static struct fwl_path *make_path(struct fwl_paths *paths, struct dst_entry *dst,
				  struct neighbour *neigh, bool ipv6)
{
	struct fwl_path *path = kzalloc(sizeof(*path), GFP_ATOMIC);
	int index;

	if (!path)
		return NULL;
	index = ida_alloc_range(&paths->ids, 1, FWL_PATHS - 1, GFP_ATOMIC);
	if (index < 0)
		goto err_path;
	if (!dst_hold_safe(dst))
		goto err_index;
	if (!refcount_inc_not_zero(&neigh->refcnt))
		goto err_dst;
	path->index = index;
	path->paths = paths;
	path->dst = dst;
	path->neigh = neigh;
	path->dev = dst->dev;
	path->cookie = ipv6 ? rt6_get_cookie((const struct rt6_info *)dst) : 0;
	path->mtu = ipv6 ? ip6_dst_mtu_maybe_forward(dst, true)
			 : ip_dst_mtu_maybe_forward(dst, true);
	path->headroom = LL_RESERVED_SPACE(dst->dev);
	refcount_set(&path->refs, 2);
	return path;

err_dst:
	dst_release(dst);
err_index:
	ida_free(&paths->ids, index);
err_path:
	kfree(path);
	return NULL;
}

/**
 * fwl_path_learn() - note the way that a packet goes which is being forwarded
 * @fn: the namespace
 * @skb: the packet, at the forward hook
 * @in: where it came by
 * @out: where it goes
 *
 * What is not just a route to a known next hop is not noted: then packets go the
 * ordinary way. So do those that connection tracking knows: it, and NAT with it,
 * must see them.
 *
 * Context: RCU, softirqs off.
 * Return: the index of a path, for one flow to keep until fwl_path_put(); or zero.
 */
u16 fwl_path_learn(struct fwl_net *fn, struct sk_buff *skb, const struct net_device *in,
		   const struct net_device *out)
{
	struct fwl_paths *paths = rcu_dereference(fn->paths);
	struct dst_entry *dst = skb_dst(skb);
	struct neighbour *neigh;
	struct fwl_path *path;
	u16 index;

	if (!paths || !dst || skb_nfct(skb) || secpath_exists(skb) ||
	    !is_plain_route(skb, dst, in, out))
		return 0;
	neigh = next_hop(skb, dst);
	if (!neigh)
		return 0;
	index = share_path(paths, dst, neigh);
	if (index)
		return index;

	/* Two at once may make the same one twice: no harm. */
	path = make_path(paths, dst, neigh, skb->protocol == htons(ETH_P_IPV6));
	if (!path)
		return 0;
	spin_lock_bh(&paths->lock);
	rcu_assign_pointer(paths->slot[path->index], path);
	hash_add_rcu(paths->hash, &path->node, path_key(dst, neigh));
	spin_unlock_bh(&paths->lock);
	return path->index;
}
