/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_NET_H
#define FWL_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/ratelimit_types.h>
#include <linux/rhashtable.h>
#include <linux/u64_stats_sync.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include <linux/flowwall.h>

#include "flow.h"

struct fwl_counter_block;
struct fwl_member;
struct fwl_paths;
struct fwl_record_table;
struct fwl_ruleset;

/**
 * struct fwl_stats - what happened to packets, counted for each CPU
 * @packets: passed as part of a flow at the hooks
 * @fast: passed as part of a flow by the fast path
 * @new_flows: flows made
 * @neighbour: passed because neighbour discovery always is
 * @dhcp: passed because answers of DHCP always are
 * @drop: dropped, by reason
 * @sync: keeps a reader on a 32-bit machine from half a number
 */
struct fwl_stats {
	u64_stats_t packets;
	u64_stats_t fast;
	u64_stats_t new_flows;
	u64_stats_t neighbour;
	u64_stats_t dhcp;
	u64_stats_t drop[__FLOWWALL_DROP_MAX];
	struct u64_stats_sync sync;
};

/**
 * struct fwl_net - FlowWall in one network namespace
 * @net: the namespace
 * @ruleset: the running one, never NULL while packets flow; written under @lock
 * @table: the flows
 * @stats: counters
 * @lock: protects the writing of @ruleset, @transactions, @next_handle,
 *	@epoch, @hooked, of the members of groups and of @fallback. Taken inside
 *	the RTNL, where both are needed.
 * @transactions: those begun and not ended, struct fwl_transaction
 * @next_handle: for the next rule
 * @epoch: the last one given to a table of roles
 * @hooks: where packets come in
 * @hooked: the hooks are registered; they are only where a role is given
 * @queue_hooked: so are those that hear of the verdicts of queues
 * @fallback: the ruleset that comes back unless the running one is confirmed,
 *	or NULL
 * @confirm: brings it back
 * @confirm_by: jiffies, when
 * @profiles: what rules give to flows, struct fwl_profile by number
 * @counters: where the counters of rules and groups are from
 * @records: the last drops, for each CPU; NULL until a role is given
 * @defrag: packets are reassembled before they are judged
 * @hosts: internal addresses that have flows, while there is a limit, struct fwl_host
 * @resets: limits the RSTs that refuse
 * @members: of all groups, struct fwl_member
 * @n_members: how many the newest ruleset has
 * @next_group: for the next group
 * @timeouts: some members may leave by themselves
 * @leaving: members that the transaction being committed takes out
 * @left: members that are out, to be forgotten
 * @reap: forgets them
 * @gates: hooks of the fast path, struct fwl_gate; under the RTNL
 * @paths: ways out of this router that flows have; NULL until there is a fast path
 * @nets_work: brings the interfaces' own networks up to date
 * @full_at: jiffies of the last table-full event
 * @refused: flows refused since then
 */
struct fwl_net {
	struct net *net;
	struct fwl_ruleset __rcu *ruleset;
	struct fwl_table table;
	struct fwl_stats __percpu *stats;

	struct mutex lock;
	struct list_head transactions;
	u32 next_handle;
	u32 epoch;
	struct nf_hook_ops hooks[6];
	bool hooked;
	bool queue_hooked;
	bool defrag;
	struct fwl_ruleset *fallback;
	struct delayed_work confirm;
	unsigned long confirm_by;
	struct xarray profiles;
	struct fwl_counter_block *counters;
	struct fwl_record_table __percpu *records;

	struct rhashtable hosts;
	struct ratelimit_state resets;
	struct rhltable members;
	u32 n_members;
	u32 next_group;
	bool timeouts;
	struct fwl_member *leaving;
	struct fwl_member *left;
	struct delayed_work reap;
	struct list_head gates;
	struct fwl_paths __rcu *paths;
	struct work_struct nets_work;

	unsigned long full_at;
	atomic_t refused;
};

extern unsigned int fwl_net_id;

static inline struct fwl_net *fwl_net(const struct net *net)
{
	return net_generic(net, fwl_net_id);
}

/* Counts one in @field of struct fwl_stats. Softirqs off, or in one. */
#define fwl_count(fn, field)						\
	do {								\
		struct fwl_stats *stats_ = this_cpu_ptr((fn)->stats);	\
									\
		u64_stats_update_begin(&stats_->sync);			\
		u64_stats_inc(&stats_->field);				\
		u64_stats_update_end(&stats_->sync);			\
	} while (0)

#endif
