// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow table as a whole: its size, its limit, and the worker that removes what has
 * expired. See flow.c for who may look at a chain, and who may change it.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "flow.h"
#include "flow_internal.h"
#include "hit.h"
#include "host.h"
#include "net.h"
#include "path.h"
#include "ruleset.h"

/* So many buckets are there without any flow, if there may be as many flows: 32 KiB. */
#define BUCKETS_BEGIN	4096
#define BUCKETS_MIN	64
#define SHRINK_AFTER	(10 * HZ)

/* The worker passes the table in SLICES slices, one each SWEEP_INTERVAL: a second. */
#define SWEEP_INTERVAL	(HZ / 8)
#define SLICES		8
#define SLICE_MIN	1024

/**
 * fwl_table_sweep_soon() - have the worker come, unless it will
 * @table: the table, which has flows
 *
 * Context: any.
 */
void fwl_table_sweep_soon(struct fwl_table *table)
{
	if (READ_ONCE(table->sweeping))
		return;
	WRITE_ONCE(table->sweeping, true);
	queue_delayed_work(system_power_efficient_wq, &table->sweep, SWEEP_INTERVAL);
}

/**
 * fwl_table_grow_soon() - have the worker come at once, but once, if it is to grow
 * @table: the table
 * @buckets: of the table
 *
 * Context: RCU.
 */
void fwl_table_grow_soon(struct fwl_table *table, const struct fwl_buckets *buckets)
{
	if ((u32)atomic_read(&table->count) <= buckets->mask + 1 || READ_ONCE(table->crowded))
		return;
	WRITE_ONCE(table->crowded, true);
	mod_delayed_work(system_power_efficient_wq, &table->sweep, 0);
}

static void free_list(struct llist_node *list)
{
	struct fwl_flow *flow, *next;

	llist_for_each_entry_safe(flow, next, list, dead)
		fwl_flow_free(flow);
}

/* Frees what has rested for a grace period, and lets the next ones rest. */
static void free_dead(struct fwl_table *table)
{
	if (table->resting) {
		if (!poll_state_synchronize_rcu(table->grace))
			return;
		free_list(table->resting);
		table->resting = NULL;
	}
	table->resting = llist_del_all(&table->dead);
	if (table->resting)
		table->grace = start_poll_synchronize_rcu();
}

/*
 * One entry of a flow may live on long after the other one: before half a turn of jiffies is
 * over, which would be the future again, that one has expired just now.
 */
static void stay_expired(struct fwl_flow *flow, enum fwl_entry entry, u32 now)
{
	u32 expires = READ_ONCE(flow->expires[entry]);

	if (fwl_entry_expired(flow, entry, now) && now - expires > 1U << 30)
		cmpxchg(&flow->expires[entry], expires, now);
}

/* Removes the expired flows of one slice of the table. */
static void sweep_slice(struct fwl_net *fn)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets;
	struct fwl_flow *flow;
	u32 at, end, size;

	rcu_read_lock();
	buckets = rcu_dereference(table->buckets);
	size = buckets ? buckets->mask + 1 : 0;
	rcu_read_unlock();

	at = READ_ONCE(table->cursor);
	end = at + min_t(u32, size, max_t(u32, size / SLICES, SLICE_MIN));
	while (at != end) {
		u32 stop = at + min_t(u32, end - at, 256), now = jiffies;

		rcu_read_lock();
		buckets = rcu_dereference(table->buckets);
		for (; buckets && at != stop; at++) {
			flow = rcu_dereference(buckets->bucket[at & buckets->mask]);
			for (; flow; flow = rcu_dereference(flow->next)) {
				if (fwl_flow_expired(flow, now)) {
					fwl_flow_end(fn, flow, FLOWWALL_END_EXPIRED);
					continue;
				}
				stay_expired(flow, FWL_ORIGINAL, now);
				stay_expired(flow, FWL_REPLY, now);
			}
		}
		rcu_read_unlock();
		at = stop;
		cond_resched();
	}
	WRITE_ONCE(table->cursor, end);
}

/*
 * One bucket for each flow, or up to two: what is looked up stays together, in few
 * cache lines and pages.
 */
static u32 buckets_for(u32 flows, u32 max_flows)
{
	u32 begin = clamp_t(u32, max_flows, BUCKETS_MIN, BUCKETS_BEGIN);

	return roundup_pow_of_two(max(flows, begin));
}

/* Empty ones, if there is memory: no process is to be killed for them. */
static struct fwl_buckets *buckets_alloc(u32 size)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	struct fwl_buckets *buckets = kzalloc(sizeof(*buckets), gfp);
	int i;

	if (!buckets)
		return NULL;
	buckets->bucket = kvcalloc(size, sizeof(*buckets->bucket), gfp);
	if (!buckets->bucket) {
		kfree(buckets);
		return NULL;
	}
	buckets->mask = size - 1;
	for (i = 0; i < FWL_BUCKET_LOCKS; i++)
		spin_lock_init(&buckets->lock[i]);
	return buckets;
}

/**
 * fwl_buckets_free() - free buckets that nobody looks at
 * @buckets: with no flow in them; or NULL
 *
 * Context: process.
 */
void fwl_buckets_free(struct fwl_buckets *buckets)
{
	if (!buckets)
		return;
	kvfree(buckets->bucket);
	kfree(buckets);
}

/* Moves the last flow of a chain to the new buckets; false if there is none. */
static bool move_one(const struct fwl_table *table, struct fwl_buckets *old,
		     u32 bucket, struct fwl_buckets *new)
{
	struct fwl_flow __rcu **link = &old->bucket[bucket], **head;
	struct fwl_flow *flow, *next;
	spinlock_t *lock;
	u32 hash;

	flow = rcu_dereference_protected(*link, 1);
	if (!flow)
		return false;
	while ((next = rcu_dereference_protected(flow->next, 1)) != NULL) {
		link = &flow->next;
		flow = next;
	}

	hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	head = &new->bucket[hash & new->mask];
	lock = fwl_bucket_lock(new, hash);
	spin_lock_nested(lock, SINGLE_DEPTH_NESTING);
	/* A reader that stands on the flow goes on in the new chain: no harm. */
	rcu_assign_pointer(flow->next, rcu_dereference_protected(*head, 1));
	rcu_assign_pointer(*head, flow);
	spin_unlock(lock);
	/* Whoever sees it gone here must find it there: a release, not a plain store. */
	smp_store_release((struct fwl_flow **)link, NULL);
	return true;
}

/* Moves all flows to other buckets, empty so far, while packets pass. */
static void resize(struct fwl_table *table, struct fwl_buckets *old, struct fwl_buckets *new)
{
	u32 bucket;

	WRITE_ONCE(table->resizes, table->resizes + 1);
	rcu_assign_pointer(old->future, new);
	for (bucket = 0; bucket <= old->mask; bucket++) {
		spinlock_t *lock = fwl_bucket_lock(old, bucket);

		spin_lock_bh(lock);
		while (move_one(table, old, bucket, new))
			;
		spin_unlock_bh(lock);
		cond_resched();
	}
	rcu_assign_pointer(table->buckets, new);
	WRITE_ONCE(table->resizes, table->resizes + 1);
	synchronize_rcu();
	fwl_buckets_free(old);
}

/*
 * Sees to the size. A table shrinks when it has been large for nothing for a while,
 * since what made it grow may come again; without memory to grow, its chains get longer.
 * False if it is to be seen to again, whether there are flows or not.
 */
static bool fit_buckets(struct fwl_net *fn)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets, *new;
	bool roomy, fits = true;
	struct mem_cgroup *before;
	u32 size, fit;

	/* Not while somebody walks the table; and who ends it waits for this worker. */
	if (!mutex_trylock(&fn->lock))
		return false;
	buckets = rcu_dereference_protected(table->buckets, lockdep_is_held(&fn->lock));
	size = buckets->mask + 1;
	fit = buckets_for(atomic_read(&table->count), READ_ONCE(table->max));
	roomy = fit <= size / 4;
	if (!roomy)
		table->filled = jiffies;
	if (fit > size || time_after(jiffies, table->filled + SHRINK_AFTER)) {
		before = set_active_memcg(table->memcg);
		new = buckets_alloc(fit);
		set_active_memcg(before);
		if (new)
			resize(table, buckets, new);
		fits = new;
	}
	WRITE_ONCE(table->crowded, !fits);
	mutex_unlock(&fn->lock);
	return fits && !roomy;
}

static void sweep_work(struct work_struct *work)
{
	struct fwl_table *table = container_of(to_delayed_work(work), struct fwl_table, sweep);
	struct fwl_net *fn = container_of(table, struct fwl_net, table);
	bool fits;

	sweep_slice(fn);
	free_dead(table);
	fits = fit_buckets(fn);

	/* Without flows nothing wakes up; whoever adds one starts it again. */
	WRITE_ONCE(table->sweeping, false);
	/* Who does not see this has its flow counted before the look below. */
	smp_mb();
	if (atomic_read(&table->count) || table->resting || !llist_empty(&table->dead) ||
	    !fits)
		fwl_table_sweep_soon(table);
}

/**
 * fwl_table_init() - set up a table without buckets
 * @fn: the namespace
 */
void fwl_table_init(struct fwl_net *fn)
{
	struct fwl_table *table = &fn->table;

	get_random_bytes(&table->seed, sizeof(table->seed));
	init_llist_head(&table->dead);
	INIT_DELAYED_WORK(&table->sweep, sweep_work);
	table->full_scan = jiffies - 1;
	table->no_victim = jiffies - 1;
}

/**
 * fwl_buckets_alloc() - get empty buckets for a table that has none
 * @max_flows: the limit of flows
 *
 * Context: process.
 * Return: the buckets, or NULL.
 */
struct fwl_buckets *fwl_buckets_alloc(u32 max_flows)
{
	return buckets_alloc(buckets_for(0, max_flows));
}

/**
 * fwl_table_begin() - have a table keep flows
 * @table: the table, without buckets
 * @buckets: what fwl_buckets_alloc() returned, which become the table's
 *
 * Context: process, whose memory cgroup is charged for flows from now on; or a worker with
 * an active one.
 */
void fwl_table_begin(struct fwl_table *table, struct fwl_buckets *buckets)
{
	struct mem_cgroup *before = table->memcg;

	table->memcg = get_mem_cgroup_from_mm(current->mm);
	mem_cgroup_put(before);
	rcu_assign_pointer(table->buckets, buckets);
}

/**
 * fwl_table_half_open() - how many flows may be half open
 * @settings: of a ruleset
 */
u32 fwl_table_half_open(const struct fwl_settings *settings)
{
	u64 share = (u64)settings->max_flows * settings->half_open;

	return DIV_ROUND_UP_ULL(share, 100);
}

/**
 * fwl_table_limit() - how many flows there may be
 * @table: the table
 * @settings: of the ruleset that is about to run
 */
void fwl_table_limit(struct fwl_table *table, const struct fwl_settings *settings)
{
	WRITE_ONCE(table->max, settings->max_flows);
	WRITE_ONCE(table->half_open_max, fwl_table_half_open(settings));
}

static void count_host(struct fwl_flow *flow, void *arg)
{
	struct fwl_net *fn = arg;
	struct fwl_table *table = &fn->table;
	u32 hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	struct fwl_buckets *buckets = rcu_dereference(table->buckets), *future;

	future = fwl_chain_lock(buckets, hash);
	if (!(flow->flags & (FWL_FLOW_HOST | FWL_FLOW_DEAD)) &&
	    !fwl_host_take(fn, flow, INT_MAX))
		WRITE_ONCE(flow->flags, flow->flags | FWL_FLOW_HOST);
	fwl_chain_unlock(buckets, future, hash);
}

/**
 * fwl_table_count_hosts() - count the flows that are there for their hosts
 * @fn: the namespace, locked, whose packets do so from now on
 *
 * Context: process.
 */
void fwl_table_count_hosts(struct fwl_net *fn)
{
	fwl_table_walk(fn, count_host, fn);
}

/**
 * fwl_table_walk() - go through all flows
 * @fn: the namespace, locked: the table keeps its size
 * @each: called with each; it may end the flow
 * @arg: for @each
 *
 * Context: process.
 */
void fwl_table_walk(struct fwl_net *fn, void (*each)(struct fwl_flow *flow, void *arg), void *arg)
{
	const struct fwl_buckets *buckets;
	struct fwl_flow *flow;
	u32 bucket;

	lockdep_assert_held(&fn->lock);
	buckets = rcu_dereference_protected(fn->table.buckets, 1);
	for (bucket = 0; buckets && bucket <= buckets->mask; bucket++) {
		rcu_read_lock();
		flow = rcu_dereference(buckets->bucket[bucket]);
		for (; flow; flow = rcu_dereference(flow->next))
			each(flow, arg);
		rcu_read_unlock();
		cond_resched();
	}
}

/**
 * fwl_table_flush() - free all flows and the buckets
 * @fn: the namespace; nothing looks at its table any more: the hooks are gone, and
 *	a grace period has passed since
 *
 * Context: process.
 */
void fwl_table_flush(struct fwl_net *fn)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets;
	u32 bucket;

	cancel_delayed_work_sync(&table->sweep);
	buckets = rcu_dereference_protected(table->buckets, 1);
	RCU_INIT_POINTER(table->buckets, NULL);
	for (bucket = 0; buckets && bucket <= buckets->mask; bucket++) {
		struct fwl_flow *flow, *next;

		flow = rcu_dereference_protected(buckets->bucket[bucket], 1);
		for (; flow; flow = next) {
			next = rcu_dereference_protected(flow->next, 1);
			if (flow->flags & FWL_FLOW_HOST)
				fwl_host_give(fn, flow);
			fwl_path_put(fn, flow->path[FWL_ORIGINAL]);
			fwl_path_put(fn, flow->path[FWL_REPLY]);
			fwl_flow_free(flow);
		}
		cond_resched();
	}
	fwl_buckets_free(buckets);
	free_list(table->resting);
	table->resting = NULL;
	free_list(llist_del_all(&table->dead));
	atomic_set(&table->count, 0);
	atomic_set(&table->half_open, 0);
	table->sweeping = false;
	table->crowded = false;
}

/**
 * fwl_table_uninit() - undo fwl_table_init(), and free what is there
 * @fn: the namespace, as for fwl_table_flush()
 *
 * Context: process.
 */
void fwl_table_uninit(struct fwl_net *fn)
{
	fwl_table_flush(fn);
	mem_cgroup_put(fn->table.memcg);
}
