// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows: how they come into the table, what makes room for them, how they end. How
 * their packets find them is in hit.h, the table as a whole in table.c.
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
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "event.h"
#include "flow.h"
#include "flow_internal.h"
#include "hit.h"
#include "host.h"
#include "net.h"
#include "path.h"
#include "ruleset.h"
#include "tcp.h"

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
		spinlock_t *lock = fwl_bucket_lock(buckets, hash);

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

/**
 * fwl_flow_advance() - a flow comes to another state
 * @flow: the flow
 * @from: the state that it was found in
 * @tcp: flags of the segment that does it, or -1 if it is not TCP
 * @entry: the packet's
 * @next: the state after @from
 *
 * Whatever others do to it at the same time: both sides' FINs count, and who is ended
 * stays so.
 *
 * Context: RCU.
 * Return: the state that it has now.
 */
u8 fwl_flow_advance(struct fwl_flow *flow, u8 from, int tcp, enum fwl_entry entry, u8 next)
{
	u8 found;

	while (next != from) {
		found = cmpxchg(&flow->state, from, next);
		if (found == from)
			return next;
		from = found;
		if (fwl_state_ended(found))
			break;
		if (tcp >= 0)
			next = fwl_tcp_next(from, tcp, entry);
	}
	return from;
}

/**
 * struct question - whether there is room is only asked, and nothing is to change
 * @max: how many flows there may be
 * @half_open_max: how many may be half open
 * @gone: flows that would be gone by then
 * @n: number of @gone
 */
struct question {
	u32 max;
	u32 half_open_max;
	const struct fwl_flow *gone[3];
	u32 n;
};

static bool is_gone(const struct question *question, const struct fwl_flow *flow)
{
	u32 i;

	for (i = 0; question && i < question->n; i++)
		if (question->gone[i] == flow)
			return true;
	return false;
}

/* A flow makes room, or would; false if another CPU was faster. */
static bool leaves(struct fwl_net *fn, struct fwl_flow *flow, struct question *question)
{
	if (!question)
		return fwl_flow_end(fn, flow, FLOWWALL_END_EVICTED);
	if (is_gone(question, flow))
		return false;
	question->gone[question->n++] = flow;
	return true;
}

static bool is_below(int count, u32 max)
{
	return count >= 0 && (u32)count < max;
}

/* Counts one more, unless there are as many as may be. */
static bool count_below(atomic_t *counter, u32 max)
{
	int count = atomic_read(counter);

	do {
		if (!is_below(count, max))
			return false;
	} while (!atomic_try_cmpxchg(counter, &count, count + 1));
	return true;
}

static bool would_reserve(const struct fwl_table *table, const struct question *question)
{
	int count = atomic_read(&table->count), half_open = atomic_read(&table->half_open);
	u32 i;

	for (i = 0; i < question->n; i++) {
		count--;
		half_open -= !!(READ_ONCE(question->gone[i]->flags) & FWL_FLOW_HALF_OPEN);
	}
	return is_below(count, question->max) && is_below(half_open, question->half_open_max);
}

/* Room for one flow more, which is half open as all are at first. */
static __always_inline bool reserve(struct fwl_table *table, const struct question *question)
{
	if (question)
		return would_reserve(table, question);
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
static bool evict(struct fwl_net *fn, const struct fwl_packet *pkt, struct question *question)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets = rcu_dereference(table->buckets);
	u32 cursor = READ_ONCE(table->cursor), now = jiffies;
	unsigned int bucket, seen = 0;
	struct fwl_flow *flow;

	/* The very flow that the packet would make, used up. */
	flow = fwl_flow_lookup(table, pkt);
	if (flow && fwl_flow_expired(flow, now) && leaves(fn, flow, question))
		return true;

	if (READ_ONCE(table->full_scan) == jiffies)
		return false;

	for (bucket = 0; bucket < EVICT_BUCKETS && seen < EVICT_FLOWS; bucket++, cursor++) {
		flow = some_chain(buckets, cursor);
		for (; flow && seen < EVICT_FLOWS; flow = rcu_dereference(flow->next)) {
			seen++;
			if (fwl_flow_expired(flow, now) && leaves(fn, flow, question))
				return true;
		}
	}
	if (question)
		return false;
	WRITE_ONCE(table->cursor, cursor);
	WRITE_ONCE(table->full_scan, jiffies);
	return false;
}

/*
 * Makes room at the cost of a flow that is half open: of the first few from where
 * it stopped before, the one that expires first. To find the oldest of all would
 * take a list of them, and with it a lock for every packet of a flood.
 */
static bool evict_half_open(struct fwl_net *fn, struct question *question)
{
	struct fwl_table *table = &fn->table;
	struct fwl_buckets *buckets = rcu_dereference(table->buckets);
	u32 cursor = READ_ONCE(table->victim);
	struct fwl_flow *flow, *victim = NULL;
	unsigned int bucket, seen = 0;

	/* Nor is this look made by every packet of a flood that it finds nothing for. */
	if (!atomic_read(&table->half_open) || READ_ONCE(table->no_victim) == jiffies)
		return false;

	for (bucket = 0; bucket < (seen ? VICTIM_BUCKETS : VICTIM_SEARCH) && seen < VICTIMS;
	     bucket++, cursor++) {
		flow = some_chain(buckets, cursor);
		for (; flow && seen < VICTIMS; flow = rcu_dereference(flow->next)) {
			if (!(READ_ONCE(flow->flags) & FWL_FLOW_HALF_OPEN) ||
			    is_gone(question, flow))
				continue;
			seen++;
			if (!victim || (s32)(READ_ONCE(flow->expires[FWL_ORIGINAL]) -
					     READ_ONCE(victim->expires[FWL_ORIGINAL])) < 0)
				victim = flow;
		}
	}
	if (!question) {
		WRITE_ONCE(table->victim, cursor);
		if (!victim)
			WRITE_ONCE(table->no_victim, jiffies);
	}
	return victim && leaves(fn, victim, question);
}

/* Room for one flow more, at the cost of others if it has to be. */
static __always_inline bool find_room(struct fwl_net *fn, const struct fwl_packet *pkt,
				      const struct fwl_settings *settings,
				      struct question *question)
{
	struct fwl_table *table = &fn->table;

	return reserve(table, question) ||
	       (evict(fn, pkt, question) && reserve(table, question)) ||
	       (settings->when_full == FLOWWALL_WHEN_FULL_EVICT &&
		evict_half_open(fn, question) && reserve(table, question));
}

/**
 * fwl_flow_room() - would fwl_flow_add() find room?
 * @fn: the namespace
 * @pkt: the packet that would make a flow
 * @direction: of it
 * @settings: of a ruleset, which may be one that does not run yet
 * @ended: a flow that the packet ends before, or NULL
 *
 * Changes nothing. Memory is taken to be there; and where hosts are not counted before
 * the ruleset runs, they have no flows.
 *
 * Context: RCU, softirqs off.
 * Return: 0, -ENOSPC, or -EDQUOT.
 */
int fwl_flow_room(struct fwl_net *fn, const struct fwl_packet *pkt, u8 direction,
		  const struct fwl_settings *settings, const struct fwl_flow *ended)
{
	struct fwl_flow flow = {
		.ends = pkt->ends,
		.kind = pkt->kind,
		.flags = direction << 1 | (pkt->swapped ? FWL_FLOW_SWAPPED : 0),
	};
	struct question question = {
		.max = settings->max_flows,
		.half_open_max = fwl_table_half_open(settings),
		.gone = { ended },
		.n = !!ended,
	};

	/* Before the first role, there is nothing that could be full. */
	if (!rcu_access_pointer(fn->table.buckets))
		return 0;
	if (!find_room(fn, pkt, settings, &question))
		return -ENOSPC;
	if (!settings->max_flows_per_host)
		return 0;
	return fwl_host_room(fn, &flow, settings->max_flows_per_host, question.gone, question.n);
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

	future = fwl_chain_lock(buckets, hash);
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

	fwl_chain_unlock(buckets, future, hash);
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

	future = fwl_chain_lock(buckets, hash);
	if ((flow->flags & (FWL_FLOW_HALF_OPEN | FWL_FLOW_DEAD)) == FWL_FLOW_HALF_OPEN) {
		WRITE_ONCE(flow->flags, flow->flags & ~FWL_FLOW_HALF_OPEN);
		atomic_dec(&table->half_open);
	}
	fwl_chain_unlock(buckets, future, hash);
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

	future = fwl_chain_lock(buckets, hash);
	if (!(flow->flags & FWL_FLOW_DEAD)) {
		u16 before = flow->path[entry];

		WRITE_ONCE(flow->path[entry], path);
		path = before;
	}
	fwl_chain_unlock(buckets, future, hash);
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

	if (!find_room(fn, pkt, settings, NULL))
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
	fwl_table_sweep_soon(table);
	fwl_table_grow_soon(table, rcu_dereference(table->buckets));
	fwl_event_flow_new(fn, flow);
	return 0;

give_up:
	kmem_cache_free(flow_cache, flow);
	unreserve(table);
	return err;
}

/**
 * fwl_flow_free() - free a flow that nobody stands on
 * @flow: out of the table, its grace period over
 */
void fwl_flow_free(struct fwl_flow *flow)
{
	kmem_cache_free(flow_cache, flow);
}
