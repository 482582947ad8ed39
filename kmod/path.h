/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_PATH_H
#define FWL_PATH_H

#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "flow.h"

struct dst_entry;
struct fwl_net;
struct neighbour;
struct sk_buff;

/* Beyond that many at once, flows go the ordinary way. */
#define FWL_PATHS	4096

/**
 * struct fwl_path - a way out of this router, of all flows that take it
 * @dst: the route, held
 * @neigh: the next hop, held
 * @dev: where it leaves
 * @cookie: for dst_check()
 * @mtu: of the route
 * @headroom: what the link's header needs
 * @dead: to be used no more; what it holds is about to be released
 * @index: in struct fwl_paths.slot
 * @refs: flows, and one until it is dead and released
 * @node: in struct fwl_paths.hash until it is dead
 * @paths: of the namespace
 * @rcu: to release what it holds, then to free it
 */
struct fwl_path {
	struct dst_entry *dst;
	struct neighbour *neigh;
	struct net_device *dev;
	u32 cookie;
	u32 mtu;
	u16 headroom;
	bool dead;
	u16 index;
	refcount_t refs;
	struct hlist_node node;
	struct fwl_paths *paths;
	struct rcu_head rcu;
};

/**
 * struct fwl_paths - the paths of a namespace
 * @lock: protects the writing of @hash and @slot
 * @ids: the indexes that are taken
 * @hash: those alive, by route and next hop; read under RCU
 * @slot: by index, which is what flows keep; read under RCU
 */
struct fwl_paths {
	spinlock_t lock;
	struct ida ids;
	DECLARE_HASHTABLE(hash, 8);
	struct fwl_path __rcu *slot[FWL_PATHS];
};

/**
 * fwl_path_get() - the path that an entry's packets take
 * @paths: of the namespace, or NULL
 * @flow: the flow
 * @entry: its entry
 *
 * Context: RCU.
 * Return: a path that was alive just now, or NULL.
 */
static inline struct fwl_path *fwl_path_get(const struct fwl_paths *paths,
					    const struct fwl_flow *flow, enum fwl_entry entry)
{
	u16 index = READ_ONCE(flow->path[entry]);
	struct fwl_path *path;

	if (!index || !paths)
		return NULL;
	path = rcu_dereference(paths->slot[index & (FWL_PATHS - 1)]);
	/* Of a flow that was removed meanwhile, the index is something else. */
	smp_rmb();
	if (!path || READ_ONCE(path->dead) || READ_ONCE(flow->flags) & FWL_FLOW_DEAD)
		return NULL;
	return path;
}

int fwl_paths_init(struct fwl_net *fn);
void fwl_paths_free(struct fwl_net *fn);
void fwl_paths_forget(struct fwl_net *fn, const struct net_device *dev);
u16 fwl_path_learn(struct fwl_net *fn, struct sk_buff *skb, const struct net_device *in,
		   const struct net_device *out);
void fwl_path_kill(struct fwl_path *path);
void fwl_path_put(struct fwl_net *fn, u16 index);

#endif
