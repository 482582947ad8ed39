/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_FLOW_H
#define FWL_FLOW_H

#include <linux/atomic.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <linux/flowwall.h>

#include "parse.h"
#include "tcp.h"

struct fwl_net;
struct mem_cgroup;
struct fwl_settings;
struct fwl_ttl;

/* The two entries of a flow. */
enum fwl_entry {
	FWL_ORIGINAL,
	FWL_REPLY,
};

/* What a queue of user space is still asked about a flow. */
enum fwl_pending {
	FWL_DECIDED,
	FWL_PENDING,		/* each packet */
	FWL_PENDING_REQUESTS,	/* each of its originator's; of TCP, those that tell something */
};

/* struct fwl_flow.flags */
#define FWL_FLOW_SWAPPED	0x01	/* the original direction is end 1 to end 0 */
#define FWL_FLOW_DIRECTION	0x06	/* enum flowwall_direction, shifted by one */
#define FWL_FLOW_REPLY_OUTSIDE	0x08	/* its replies come from an external interface */
#define FWL_FLOW_DEAD		0x10	/* no longer in the table */
#define FWL_FLOW_HALF_OPEN	0x20	/* counted in struct fwl_table.half_open */
#define FWL_FLOW_HOST		0x40	/* counted for its internal address */

/**
 * struct fwl_flow - one conversation: both of its entries
 * @next: in the bucket; kept after removal for readers that stand on it
 * @ends: endpoints
 * @kind: FWL_KIND_*
 * @state: how far it has come, enum flowwall_state or FWL_STATE_*
 * @flags: FWL_FLOW_*
 * @expires: jiffies, low half, when the original and the reply entry expire
 * @epoch: of the ruleset and roles that allowed it, struct fwl_ifaces.epoch
 * @profile: what that rule gave it, struct fwl_profile by number, zero for nothing
 * @pending: enum fwl_pending
 * @packets: of each entry
 * @bytes: of each entry, IP headers included
 * @path: the ways that the packets of each entry take, as fwl_path_learn() says;
 *	until the flow is FWL_FLOW_DEAD
 * @dead: links removed flows until their grace period is over
 * @rule: handle of the rule that allowed it, zero if it was the policy
 * @tcp: what its sides have said so far, if it is TCP
 *
 * A hit reads the first cache line and writes there only when the expiry moves
 * by a quarter of a second; the counters have the second line. Written without
 * a lock: two packets at the same moment may count as one, which is the price
 * of a hit without atomics.
 */
struct fwl_flow {
	struct fwl_flow __rcu *next;
	struct fwl_ends ends;
	u16 kind;
	u8 state;
	u8 flags;
	u32 expires[2];
	u32 epoch;
	u16 profile;
	u8 pending;

	u64 packets[2];
	u64 bytes[2];
	union {
		u16 path[2];
		struct llist_node dead;
	};
	u32 rule;
	struct fwl_tcp_window tcp;
};

#define FWL_FLOW_BYTES	128

#define FWL_BUCKET_LOCKS	128

/**
 * struct fwl_buckets - the hash table proper
 * @bucket: chains, read under RCU; by themselves, for a power of two has no waste
 * @mask: number of buckets, less one
 * @future: the one that takes its place, while flows are moved there
 * @lock: protects the chains of the buckets of the same low bits of the hash;
 *	with @future, taken before that one's lock
 */
struct fwl_buckets {
	struct fwl_flow __rcu **bucket;
	u32 mask;
	struct fwl_buckets __rcu *future;
	spinlock_t lock[FWL_BUCKET_LOCKS];
};

/**
 * struct fwl_table - the flows of a namespace
 * @buckets: NULL until a role is given
 * @seed: secret key of the hash, and of all others that a sender could aim by
 * @max: limit of flows
 * @count: flows in the table, never above @max
 * @half_open_max: limit of flows that are half open
 * @half_open: flows of which only one side was heard, or whose handshake is not over
 * @resizes: counts beginnings and ends of a move to other buckets
 * @filled: jiffies when there were last more flows than a quarter of the buckets
 * @crowded: there are not enough buckets, which the worker knows
 * @sweeping: the worker is queued or runs
 * @full_scan: jiffies of the last scan that found nothing to evict
 * @victim: the bucket where the look for one that is half open goes on
 * @no_victim: jiffies of the last such look that found none
 * @memcg: the memory cgroup that flows are charged to, of who gave the first role; kept
 *	without roles, which may come back by themselves
 * @sweep: the worker that removes expired flows, a slice at a time, and sees to the size
 * @cursor: the bucket where its next slice begins
 * @dead: flows just removed
 * @resting: flows removed earlier, their grace period is @grace
 * @grace: cookie of start_poll_synchronize_rcu()
 */
struct fwl_table {
	struct fwl_buckets __rcu *buckets;
	hsiphash_key_t seed;
	u32 max;
	atomic_t count;
	u32 half_open_max;
	atomic_t half_open;
	u32 resizes;
	unsigned long filled;
	bool crowded;
	bool sweeping;
	unsigned long full_scan;
	u32 victim;
	unsigned long no_victim;

	struct mem_cgroup *memcg;
	struct delayed_work sweep;
	u32 cursor;
	struct llist_head dead;
	struct llist_node *resting;
	unsigned long grace;
};

static inline u8 fwl_flow_direction(const struct fwl_flow *flow)
{
	return (flow->flags & FWL_FLOW_DIRECTION) >> 1;
}

/* The end that sends the packets of an entry. */
static inline u8 fwl_flow_source(const struct fwl_flow *flow, enum fwl_entry entry)
{
	return (flow->flags & FWL_FLOW_SWAPPED) ^ entry;
}

/* The entry that a packet with the flow's ends belongs to. */
static inline enum fwl_entry fwl_flow_entry(const struct fwl_flow *flow,
					    const struct fwl_packet *pkt)
{
	return (flow->flags & FWL_FLOW_SWAPPED) ^ pkt->swapped;
}

/* Do the packets of an entry come from an external interface? */
static inline bool fwl_entry_outside(const struct fwl_flow *flow, enum fwl_entry entry)
{
	if (entry == FWL_REPLY)
		return flow->flags & FWL_FLOW_REPLY_OUTSIDE;
	return fwl_flow_direction(flow) == FLOWWALL_DIRECTION_IN;
}

/* Has a TCP segment data, or does the other end of the connection say good-bye? */
static inline bool fwl_is_telling(const struct fwl_packet *pkt)
{
	return fwl_kind_proto(pkt->kind) != IPPROTO_TCP || pkt->tcp.len ||
	       pkt->tcp.flags & (FWL_TCP_FIN | FWL_TCP_RST);
}

/* Is a queue asked about a packet of this flow? */
static inline bool fwl_flow_asks(const struct fwl_flow *flow, const struct fwl_packet *pkt)
{
	switch (READ_ONCE(flow->pending)) {
	case FWL_DECIDED:
		return false;
	case FWL_PENDING_REQUESTS:
		return fwl_flow_entry(flow, pkt) == FWL_ORIGINAL && fwl_is_telling(pkt);
	default:
		return true;
	}
}

static inline bool fwl_entry_expired(const struct fwl_flow *flow,
				     enum fwl_entry entry, u32 now)
{
	return (s32)(READ_ONCE(flow->expires[entry]) - now) <= 0;
}

static inline bool fwl_flow_expired(const struct fwl_flow *flow, u32 now)
{
	return fwl_entry_expired(flow, FWL_ORIGINAL, now) &&
	       fwl_entry_expired(flow, FWL_REPLY, now);
}

/* Which entries a packet refreshes. */
#define FWL_REFRESH_BOTH	(1 << FWL_ORIGINAL | 1 << FWL_REPLY)

int fwl_flow_cache_init(void);
void fwl_flow_cache_uninit(void);

void fwl_table_init(struct fwl_net *fn);
struct fwl_buckets *fwl_buckets_alloc(u32 max_flows);
void fwl_buckets_free(struct fwl_buckets *buckets);
void fwl_table_begin(struct fwl_table *table, struct fwl_buckets *buckets);
u32 fwl_table_half_open(const struct fwl_settings *settings);
void fwl_table_limit(struct fwl_table *table, const struct fwl_settings *settings);
void fwl_table_count_hosts(struct fwl_net *fn);
void fwl_table_flush(struct fwl_net *fn);
void fwl_table_uninit(struct fwl_net *fn);

void fwl_table_walk(struct fwl_net *fn, void (*each)(struct fwl_flow *flow, void *arg), void *arg);

int fwl_flow_room(struct fwl_net *fn, const struct fwl_packet *pkt, u8 direction,
		  const struct fwl_settings *settings, const struct fwl_flow *ended);
int fwl_flow_add(struct fwl_net *fn, const struct fwl_packet *pkt,
		 const struct fwl_flow *template, const struct fwl_ttl *ttl,
		 const struct fwl_settings *settings);
void fwl_flow_opened(struct fwl_net *fn, struct fwl_flow *flow);
void fwl_flow_set_path(struct fwl_net *fn, struct fwl_flow *flow, enum fwl_entry entry,
		       u16 path);
u8 fwl_flow_advance(struct fwl_flow *flow, u8 from, int tcp, enum fwl_entry entry, u8 next);
void fwl_flow_revoke(struct fwl_net *fn, struct fwl_flow *flow, enum flowwall_end why);
bool fwl_flow_end(struct fwl_net *fn, struct fwl_flow *flow, enum flowwall_end why);
void fwl_flow_opener(const struct fwl_flow *flow, struct fwl_packet *pkt);
u64 fwl_flow_id(const struct fwl_table *table, const struct fwl_flow *flow);

#endif
