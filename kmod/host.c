// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many flows each internal address has, while there is a limit to that. Only
 * the making and the end of a flow come here, never a packet of one.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "flow.h"
#include "host.h"
#include "net.h"

/**
 * struct fwl_host_key - an address
 * @addr: network byte order
 * @ipv6: family
 */
struct fwl_host_key {
	__be32 addr[4];
	u32 ipv6;
};

/**
 * struct fwl_host - an internal address that has flows
 * @node: in struct fwl_net.hosts
 * @key: see there
 * @flows: how many; with the last one it goes
 * @rcu: frees it
 */
struct fwl_host {
	struct rhash_head node;
	struct fwl_host_key key;
	refcount_t flows;
	struct rcu_head rcu;
};

static const struct rhashtable_params host_params = {
	.head_offset = offsetof(struct fwl_host, node),
	.key_offset = offsetof(struct fwl_host, key),
	.key_len = sizeof(struct fwl_host_key),
	.automatic_shrinking = true,
};

/* The inside end of a flow: who asks, or who is asked from outside. */
static struct fwl_host_key host_of(const struct fwl_flow *flow)
{
	bool outside = fwl_flow_direction(flow) == FLOWWALL_DIRECTION_IN;
	struct fwl_host_key key = { .ipv6 = fwl_kind_ipv6(flow->kind) };

	memcpy(key.addr, flow->ends.addr[fwl_flow_source(flow, outside ? FWL_REPLY : FWL_ORIGINAL)],
	       sizeof(key.addr));
	return key;
}

static bool may_have_more(int flows, u32 max)
{
	return flows < max;
}

/**
 * fwl_host_take() - count one flow more for its internal address
 * @fn: the namespace
 * @flow: the flow, not in the table so far, or with its chain locked
 * @max: how many an address may have
 *
 * Context: RCU, softirqs off.
 * Return: 0, -EDQUOT if it has as many already, or -ENOMEM.
 */
int fwl_host_take(struct fwl_net *fn, const struct fwl_flow *flow, u32 max)
{
	struct fwl_host_key key = host_of(flow);
	struct fwl_host *host, *found;
	int flows;

	host = rhashtable_lookup(&fn->hosts, &key, host_params);
	if (!host) {
		host = kzalloc(sizeof(*host), GFP_ATOMIC | __GFP_NOWARN);
		if (!host)
			return -ENOMEM;
		host->key = key;
		refcount_set(&host->flows, 1);
		found = rhashtable_lookup_get_insert_fast(&fn->hosts, &host->node, host_params);
		if (!found)
			return 0;
		kfree(host);
		/* It is being made larger, or cannot be. */
		if (IS_ERR(found))
			return -ENOMEM;
		host = found;
	}
	flows = refcount_read(&host->flows);
	do {
		/* None: it is about to go, and the next packet finds another one. */
		if (!flows)
			return -ENOMEM;
		if (!may_have_more(flows, max))
			return -EDQUOT;
	} while (!atomic_try_cmpxchg_relaxed(&host->flows.refs, &flows, flows + 1));
	return 0;
}

/**
 * fwl_host_room() - could one flow more be counted for its internal address?
 * @fn: the namespace
 * @flow: the flow, of which the ends and @flags are known
 * @max: how many an address may have
 * @gone: flows that are not to count any more
 * @n: number of @gone
 *
 * Changes nothing.
 *
 * Context: RCU.
 * Return: 0 or -EDQUOT.
 */
int fwl_host_room(struct fwl_net *fn, const struct fwl_flow *flow, u32 max,
		  const struct fwl_flow *const *gone, u32 n)
{
	struct fwl_host_key key = host_of(flow), other;
	struct fwl_host *host = rhashtable_lookup(&fn->hosts, &key, host_params);
	int flows = host ? refcount_read(&host->flows) : 0;
	u32 i;

	for (i = 0; i < n; i++) {
		if (!(READ_ONCE(gone[i]->flags) & FWL_FLOW_HOST))
			continue;
		other = host_of(gone[i]);
		flows -= !memcmp(&key, &other, sizeof(key));
	}
	return may_have_more(max(flows, 0), max) ? 0 : -EDQUOT;
}

/**
 * fwl_host_give() - count one flow less
 * @fn: the namespace
 * @flow: one that was counted
 *
 * Context: any, but no hard interrupt.
 */
void fwl_host_give(struct fwl_net *fn, const struct fwl_flow *flow)
{
	struct fwl_host_key key = host_of(flow);
	struct fwl_host *host;

	rcu_read_lock();
	host = rhashtable_lookup(&fn->hosts, &key, host_params);
	if (host && refcount_dec_and_test(&host->flows)) {
		rhashtable_remove_fast(&fn->hosts, &host->node, host_params);
		kfree_rcu(host, rcu);
	}
	rcu_read_unlock();
}

/**
 * fwl_hosts_init() - begin with none
 * @fn: the namespace
 *
 * Return: 0 or a negative error.
 */
int fwl_hosts_init(struct fwl_net *fn)
{
	return rhashtable_init(&fn->hosts, &host_params);
}

static void free_one(void *ptr, void *arg)
{
	kfree(ptr);
}

/**
 * fwl_hosts_free() - forget all
 * @fn: the namespace, which has no flows any more
 */
void fwl_hosts_free(struct fwl_net *fn)
{
	rhashtable_free_and_destroy(&fn->hosts, free_one, NULL);
}
