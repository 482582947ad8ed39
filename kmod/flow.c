// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow table: lookup, insertion, TTL, limit, removal.
 *
 * Readers (packets, dumps) hold RCU and nothing else. A chain is changed under
 * the lock of its bucket, softirqs off. There are about as many buckets as flows:
 * to change their number, the worker moves flows one by one from the tail of an old
 * chain to the head of a new one; who does not find a flow in the old buckets looks
 * in the new ones, and who inserts or removes holds the old bucket's lock first, then
 * the new one's.
 *
 * A removed flow keeps its next pointer for those who stand on it, and is freed
 * by the worker once a grace period has passed.
 */
#include <linux/in.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/prefetch.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "event.h"
#include "flow.h"
#include "hit.h"
#include "host.h"
#include "net.h"
#include "path.h"
#include "ruleset.h"
#include "tcp.h"

/* So many buckets are there without any flow, if there may be as many flows: 32 KiB. */
#define BUCKETS_BEGIN	4096
#define BUCKETS_MIN	64
#define SHRINK_AFTER	(10 * HZ)

/* The worker passes the table in SLICES slices, one each SWEEP_INTERVAL: a second. */
#define SWEEP_INTERVAL	(HZ / 8)
#define SLICES		8
#define SLICE_MIN	1024

/* What a packet may look at to find a flow that makes room. */
#define EVICT_BUCKETS	64
#define EVICT_FLOWS	128

/* And to find the oldest of a few that are half open; more only as long as none is. */
#define VICTIM_BUCKETS	32
#define VICTIM_SEARCH	512
#define VICTIMS		8

static struct kmem_cache *flow_cache;

/**
 * fwl_flow_cache_init() - make the slab cache that all namespaces share
 *
 * Return: 0 or -ENOMEM.
 */
int fwl_flow_cache_init(void)
{
	BUILD_BUG_ON(sizeof(struct fwl_flow) > FWL_FLOW_BYTES);
	BUILD_BUG_ON(offsetofend(struct fwl_flow, pending) > 64);

	/*
	 * A cache with a region for copies to user space, of which there are
	 * none, is never merged with others: slabinfo shows it by its name.
	 */
	flow_cache = kmem_cache_create_usercopy("flowwall_flow", FWL_FLOW_BYTES, 64, 0,
						0, 1, NULL);
	return flow_cache ? 0 : -ENOMEM;
}

/**
 * fwl_flow_cache_uninit() - undo fwl_flow_cache_init(), after all flows are freed
 */
void fwl_flow_cache_uninit(void)
{
	kmem_cache_destroy(flow_cache);
}

static spinlock_t *bucket_lock(struct fwl_buckets *buckets, u32 hash)
{
	return &buckets->lock[hash & buckets->mask & (FWL_BUCKET_LOCKS - 1)];
}

/**
 * fwl_flow_id() - a number that names the flow among all that ever were
 * @table: of the namespace
 * @flow: the flow
 *
 * Return: a keyed hash of its place and its ends: no address leaks.
 */
u64 fwl_flow_id(const struct fwl_table *table, const struct fwl_flow *flow)
{
	u64 place = (unsigned long)flow;
	hsiphash_key_t key = table->seed;
	u32 ends = fwl_flow_hash(table, &flow->ends, flow->kind);

	key.key[1] = ~key.key[1];
	return (u64)hsiphash_3u32(place, place >> 32, ends, &key) << 32 | ends;
}

/**
 * fwl_flow_opener() - the flow's ends as its first packet had them
 * @flow: the flow
 * @pkt: set to a packet of the original direction, without flags or length
 */
void fwl_flow_opener(const struct fwl_flow *flow, struct fwl_packet *pkt)
{
	memset(pkt, 0, sizeof(*pkt));
	pkt->ends = flow->ends;
	pkt->kind = flow->kind;
	pkt->swapped = fwl_flow_source(flow, FWL_ORIGINAL);
	fwl_packet_set_icmp(pkt);
}

/* Unlinks @flow from its chain in @buckets; false if it is not there. */
static bool unlink_flow(struct fwl_buckets *buckets, u32 hash, struct fwl_flow *flow)
{
	struct fwl_flow __rcu **link = &buckets->bucket[hash & buckets->mask];
	struct fwl_flow *at;

	while ((at = rcu_dereference_protected(*link, 1)) != NULL) {
		if (at == flow) {
			rcu_assign_pointer(*link, rcu_dereference_protected(flow->next, 1));
			flow->flags |= FWL_FLOW_DEAD;
			return true;
		}
		link = &at->next;
	}
	return false;
}

static void flow_retire(struct fwl_net *fn, struct fwl_flow *flow, enum flowwall_end why)
{
	struct fwl_table *table = &fn->table;

	atomic_dec(&table->count);
	if (flow->flags & FWL_FLOW_HALF_OPEN)
		atomic_dec(&table->half_open);
	if (flow->flags & FWL_FLOW_HOST)
		fwl_host_give(fn, flow);
	fwl_path_put(fn, flow->path[FWL_ORIGINAL]);
	fwl_path_put(fn, flow->path[FWL_REPLY]);
	if (!fwl_state_ended(READ_ONCE(flow->state)))
		fwl_event_flow_end(fn, flow, why);
	/* Who reads a path from what is a link now sees that the flow is dead. */
	smp_wmb();
	llist_add(&flow->dead, &table->dead);
}

/**
 * fwl_flow_end() - take a flow out of the table, both entries at once
 * @fn: its namespace
 * @flow: the flow
 * @why: what listeners are told
 *
 * Context: RCU.
 * Return: false if another CPU was faster.
 */
bool fwl_flow_end(struct fwl_net *fn, struct fwl_flow *flow, enum flowwall_end why)
{
	struct fwl_table *table = &fn->table;
	u32 hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	struct fwl_buckets *buckets;
	bool found = false;

	for (buckets = rcu_dereference(table->buckets); buckets && !found;
	     buckets = rcu_dereference(buckets->future)) {
		spinlock_t *lock = bucket_lock(buckets, hash);

		spin_lock_bh(lock);
		found = unlink_flow(buckets, hash, flow);
		spin_unlock_bh(lock);
	}
	if (found)
		flow_retire(fn, flow, why);
	return found;
}

/**
 * fwl_flow_revoke() - end a flow, and let no packet pass that is still of it
 * @fn: its namespace
 * @flow: the flow; to everybody but its own packets it is gone
 * @why: what listeners are told
 *
 * Context: RCU.
 */
void fwl_flow_revoke(struct fwl_net *fn, struct fwl_flow *flow, enum flowwall_end why)
{
	fwl_event_flow_end(fn, flow, why);
	WRITE_ONCE(flow->state,
		   why == FLOWWALL_END_KILLED ? FWL_STATE_KILLED : FWL_STATE_REVOKED);
}

/* Counts one more, unless there are as many as may be. */
static bool count_below(atomic_t *counter, u32 max)
{
	int count = atomic_read(counter);

	do {
		if (count < 0 || (u32)count >= max)
			return false;
	} while (!atomic_try_cmpxchg(counter, &count, count + 1));
	return true;
}

/* Room for one flow more, which is half open as all are at first. */
static bool reserve(struct fwl_table *table)
{
	if (!count_below(&table->count, READ_ONCE(table->max)))
		return false;
	if (count_below(&table->half_open, READ_ONCE(table->half_open_max)))
		return true;
	atomic_dec(&table->count);
	return false;
}

static void unreserve(struct fwl_table *table)
{
	atomic_dec(&table->half_open);
	atomic_dec(&table->count);
}

/* The flows of a bucket, for who looks at a few of them: while they move, old or new. */
static struct fwl_flow *some_chain(const struct fwl_buckets *buckets, u32 at)
{
	struct fwl_flow *flow = rcu_dereference(buckets->bucket[at & buckets->mask]);
	const struct fwl_buckets *future = flow ? NULL : rcu_dereference(buckets->future);

	return future ? rcu_dereference(future->bucket[at & future->mask]) : flow;
}

/*
 * The table is full: looks at a few buckets for a flow that has expired, going
 * on where it stopped before. After a look that found nothing, none is made in
 * the same jiffy: a flood must not buy a scan with every packet.
 */
static bool evict(struct fwl_net *fn, const struct fwl_packet *pkt)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets = rcu_dereference(table->buckets);
	u32 cursor = READ_ONCE(table->cursor), now = jiffies;
	unsigned int bucket, seen = 0;
	struct fwl_flow *flow;

	/* The very flow that the packet would make, used up. */
	flow = fwl_flow_lookup(table, pkt);
	if (flow && fwl_flow_expired(flow, now) &&
	    fwl_flow_end(fn, flow, FLOWWALL_END_EVICTED))
		return true;

	if (READ_ONCE(table->full_scan) == jiffies)
		return false;

	for (bucket = 0; bucket < EVICT_BUCKETS && seen < EVICT_FLOWS; bucket++, cursor++) {
		flow = some_chain(buckets, cursor);
		for (; flow && seen < EVICT_FLOWS; flow = rcu_dereference(flow->next)) {
			seen++;
			if (fwl_flow_expired(flow, now) &&
			    fwl_flow_end(fn, flow, FLOWWALL_END_EVICTED))
				return true;
		}
	}
	WRITE_ONCE(table->cursor, cursor);
	WRITE_ONCE(table->full_scan, jiffies);
	return false;
}

/*
 * Makes room at the cost of a flow that is half open: of the first few from where
 * it stopped before, the one that expires first. To find the oldest of all would
 * take a list of them, and with it a lock for every packet of a flood.
 */
static bool evict_half_open(struct fwl_net *fn)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets = rcu_dereference(table->buckets);
	u32 cursor = READ_ONCE(table->victim);
	struct fwl_flow *flow, *victim = NULL;
	unsigned int bucket, seen = 0;

	for (bucket = 0; bucket < (seen ? VICTIM_BUCKETS : VICTIM_SEARCH) && seen < VICTIMS;
	     bucket++, cursor++) {
		flow = some_chain(buckets, cursor);
		for (; flow && seen < VICTIMS; flow = rcu_dereference(flow->next)) {
			if (!(READ_ONCE(flow->flags) & FWL_FLOW_HALF_OPEN))
				continue;
			seen++;
			if (!victim || (s32)(READ_ONCE(flow->expires[FWL_ORIGINAL]) -
					     READ_ONCE(victim->expires[FWL_ORIGINAL])) < 0)
				victim = flow;
		}
	}
	WRITE_ONCE(table->victim, cursor);
	return victim && fwl_flow_end(fn, victim, FLOWWALL_END_EVICTED);
}

static void start_sweeping(struct fwl_table *table)
{
	if (READ_ONCE(table->sweeping))
		return;
	WRITE_ONCE(table->sweeping, true);
	queue_delayed_work(system_power_efficient_wq, &table->sweep, SWEEP_INTERVAL);
}

/* There are more flows than buckets: the worker comes at once, but once. */
static void grow_soon(struct fwl_table *table, const struct fwl_buckets *buckets)
{
	if ((u32)atomic_read(&table->count) <= buckets->mask + 1 || READ_ONCE(table->crowded))
		return;
	WRITE_ONCE(table->crowded, true);
	mod_delayed_work(system_power_efficient_wq, &table->sweep, 0);
}

/* Locks the chain of a hash, also where it is moved to: that is returned, or NULL. */
static struct fwl_buckets *lock_chain(struct fwl_buckets *buckets, u32 hash)
{
	struct fwl_buckets *future;

	spin_lock_bh(bucket_lock(buckets, hash));
	future = rcu_dereference(buckets->future);
	if (future)
		spin_lock_nested(bucket_lock(future, hash), SINGLE_DEPTH_NESTING);
	return future;
}

static void unlock_chain(struct fwl_buckets *buckets, struct fwl_buckets *future, u32 hash)
{
	if (future)
		spin_unlock(bucket_lock(future, hash));
	spin_unlock_bh(bucket_lock(buckets, hash));
}

/*
 * Links @flow, unless a live one with the same ends is there already: that one
 * is returned. An expired one makes room, and is left in *@expired.
 */
static struct fwl_flow *link_flow(struct fwl_table *table, struct fwl_flow *flow,
				  struct fwl_flow **expired)
{
	u32 hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	struct fwl_buckets *buckets = rcu_dereference(table->buckets), *future;
	struct fwl_flow __rcu **head;
	struct fwl_flow *found;

	future = lock_chain(buckets, hash);
	found = fwl_flow_find(buckets, hash, &flow->ends, flow->kind);
	if (found && fwl_flow_expired(found, jiffies)) {
		if (unlink_flow(buckets, hash, found) ||
		    (future && unlink_flow(future, hash, found)))
			*expired = found;
		found = NULL;
	}
	if (!found) {
		struct fwl_buckets *newest = future ?: buckets;

		head = &newest->bucket[hash & newest->mask];
		RCU_INIT_POINTER(flow->next, rcu_dereference_protected(*head, 1));
		rcu_assign_pointer(*head, flow);
	}

	unlock_chain(buckets, future, hash);
	return found;
}

/**
 * fwl_flow_opened() - a flow is no longer half open
 * @fn: its namespace
 * @flow: the flow
 *
 * Context: RCU. Takes the lock of one bucket, once in a flow's life.
 */
void fwl_flow_opened(struct fwl_net *fn, struct fwl_flow *flow)
{
	struct fwl_table *table = &fn->table;
	u32 hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	struct fwl_buckets *buckets = rcu_dereference(table->buckets), *future;

	future = lock_chain(buckets, hash);
	if ((flow->flags & (FWL_FLOW_HALF_OPEN | FWL_FLOW_DEAD)) == FWL_FLOW_HALF_OPEN) {
		WRITE_ONCE(flow->flags, flow->flags & ~FWL_FLOW_HALF_OPEN);
		atomic_dec(&table->half_open);
	}
	unlock_chain(buckets, future, hash);
}

/**
 * fwl_flow_set_path() - say which way the packets of an entry take
 * @fn: the flow's namespace
 * @flow: the flow
 * @entry: its entry
 * @path: what fwl_path_learn() returned, which the flow keeps; zero for none
 *
 * Context: RCU. Takes the lock of one bucket.
 */
void fwl_flow_set_path(struct fwl_net *fn, struct fwl_flow *flow, enum fwl_entry entry,
		       u16 path)
{
	struct fwl_table *table = &fn->table;
	u32 hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	struct fwl_buckets *buckets = rcu_dereference(table->buckets), *future;

	future = lock_chain(buckets, hash);
	if (!(flow->flags & FWL_FLOW_DEAD)) {
		u16 before = flow->path[entry];

		WRITE_ONCE(flow->path[entry], path);
		path = before;
	}
	unlock_chain(buckets, future, hash);
	fwl_path_put(fn, path);
}

/* Packets come in anybody's name: the cgroup to be charged is the namespace's. */
static struct fwl_flow *flow_alloc(const struct fwl_table *table)
{
	struct mem_cgroup *before = set_active_memcg(table->memcg);
	struct fwl_flow *flow;

	/* Not from the reserves, and not beyond the limit: a flood would use both up. */
	flow = kmem_cache_alloc(flow_cache, GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	set_active_memcg(before);
	return flow;
}

/**
 * fwl_flow_add() - make a flow: both entries, in one insertion
 * @fn: the namespace
 * @pkt: its first packet, of the original direction
 * @template: @state, @flags (but for the order of ends), @epoch, @rule, @profile,
 *	@pending and @tcp to begin with
 * @ttl: of its class
 * @settings: of the running ruleset
 *
 * Context: RCU. Takes the lock of one bucket.
 * Return: 0, -EEXIST if there is a flow with the same ends (another CPU was
 * faster), -ENOSPC if the table is full, -EDQUOT if its host has as many as it
 * may, -ENOMEM.
 */
int fwl_flow_add(struct fwl_net *fn, const struct fwl_packet *pkt,
		 const struct fwl_flow *template, const struct fwl_ttl *ttl,
		 const struct fwl_settings *settings)
{
	struct fwl_table *table = &fn->table;
	struct fwl_flow *flow, *found, *expired = NULL;
	int err = 0;

	if (!reserve(table) && !(evict(fn, pkt) && reserve(table)) &&
	    !(settings->when_full == FLOWWALL_WHEN_FULL_EVICT && evict_half_open(fn) &&
	      reserve(table)))
		return -ENOSPC;

	flow = flow_alloc(table);
	if (!flow) {
		unreserve(table);
		return -ENOMEM;
	}
	*flow = *template;
	flow->ends = pkt->ends;
	flow->kind = pkt->kind;
	flow->flags |= FWL_FLOW_HALF_OPEN;
	if (pkt->swapped)
		flow->flags |= FWL_FLOW_SWAPPED;
	if (settings->max_flows_per_host) {
		err = fwl_host_take(fn, flow, settings->max_flows_per_host);
		if (err)
			goto give_up;
		flow->flags |= FWL_FLOW_HOST;
	}
	flow->expires[FWL_ORIGINAL] = (u32)jiffies + ttl->step;
	flow->expires[FWL_REPLY] = flow->expires[FWL_ORIGINAL];
	flow->packets[FWL_ORIGINAL] = 1;
	flow->bytes[FWL_ORIGINAL] = pkt->len;

	found = link_flow(table, flow, &expired);
	if (expired)
		flow_retire(fn, expired, FLOWWALL_END_EXPIRED);
	if (found) {
		if (flow->flags & FWL_FLOW_HOST)
			fwl_host_give(fn, flow);
		err = -EEXIST;
		goto give_up;
	}
	start_sweeping(table);
	grow_soon(table, rcu_dereference(table->buckets));
	fwl_event_flow_new(fn, flow);
	return 0;

give_up:
	kmem_cache_free(flow_cache, flow);
	unreserve(table);
	return err;
}

static void free_list(struct llist_node *list)
{
	struct fwl_flow *flow, *next;

	llist_for_each_entry_safe(flow, next, list, dead)
		kmem_cache_free(flow_cache, flow);
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
			for (; flow; flow = rcu_dereference(flow->next))
				if (fwl_flow_expired(flow, now))
					fwl_flow_end(fn, flow, FLOWWALL_END_EXPIRED);
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
	lock = bucket_lock(new, hash);
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
		spinlock_t *lock = bucket_lock(old, bucket);

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
		start_sweeping(table);
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
 * Context: process, whose memory cgroup is charged for flows from now on.
 */
void fwl_table_begin(struct fwl_table *table, struct fwl_buckets *buckets)
{
	table->memcg = get_mem_cgroup_from_mm(current->mm);
	rcu_assign_pointer(table->buckets, buckets);
}

/**
 * fwl_table_limit() - how many flows there may be
 * @table: the table
 * @settings: of the ruleset that is about to run
 */
void fwl_table_limit(struct fwl_table *table, const struct fwl_settings *settings)
{
	u64 share = (u64)settings->max_flows * settings->half_open;

	WRITE_ONCE(table->max, settings->max_flows);
	WRITE_ONCE(table->half_open_max, DIV_ROUND_UP_ULL(share, 100));
}

static void count_host(struct fwl_flow *flow, void *arg)
{
	struct fwl_net *fn = arg;
	struct fwl_table *table = &fn->table;
	u32 hash = fwl_flow_hash(table, &flow->ends, flow->kind);
	struct fwl_buckets *buckets = rcu_dereference(table->buckets), *future;

	future = lock_chain(buckets, hash);
	if (!(flow->flags & (FWL_FLOW_HOST | FWL_FLOW_DEAD)) &&
	    !fwl_host_take(fn, flow, INT_MAX))
		WRITE_ONCE(flow->flags, flow->flags | FWL_FLOW_HOST);
	unlock_chain(buckets, future, hash);
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

/* In process context. */
static void give_host(struct fwl_net *fn, const struct fwl_flow *flow)
{
	rcu_read_lock_bh();
	fwl_host_give(fn, flow);
	rcu_read_unlock_bh();
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
				give_host(fn, flow);
			fwl_path_put(fn, flow->path[FWL_ORIGINAL]);
			fwl_path_put(fn, flow->path[FWL_REPLY]);
			kmem_cache_free(flow_cache, flow);
		}
		cond_resched();
	}
	fwl_buckets_free(buckets);
	mem_cgroup_put(table->memcg);
	table->memcg = NULL;
	free_list(table->resting);
	table->resting = NULL;
	free_list(llist_del_all(&table->dead));
	atomic_set(&table->count, 0);
	atomic_set(&table->half_open, 0);
	table->sweeping = false;
	table->crowded = false;
}
