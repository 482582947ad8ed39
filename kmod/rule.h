/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_RULE_H
#define FWL_RULE_H

#include <linux/refcount.h>
#include <linux/u64_stats_sync.h>

#include <linux/flowwall.h>

#include "match.h"
#include "profile.h"

/**
 * struct fwl_rule_stats - how often a rule or a group decided, for each CPU
 */
struct fwl_rule_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	struct u64_stats_sync sync;
};

/* Memory for each CPU is slow to get: counters get it together. */
#define FWL_COUNTERS	64

/**
 * struct fwl_counter_block - memory of some counters
 * @refs: counters that use it, and who gives more of it
 * @used: how many have been given
 * @stats: of FWL_COUNTERS counters
 */
struct fwl_counter_block {
	refcount_t refs;
	u32 used;
	struct fwl_rule_stats __percpu *stats;
};

/**
 * struct fwl_counter - packets and bytes, counted for each CPU
 * @block: what @stats is part of
 * @stats: see there
 * @zero_packets: what had been counted when it was set to zero
 * @zero_bytes: the same
 */
struct fwl_counter {
	struct fwl_counter_block *block;
	struct fwl_rule_stats __percpu *stats;
	u64 zero_packets;
	u64 zero_bytes;
};

/**
 * struct fwl_limit - how often a rule may act
 * @interval: nanoseconds for each, zero for no limit
 * @burst: nanoseconds that it may be ahead of time
 * @full: when the bucket will be full again, in nanoseconds; the generic cell
 *	rate algorithm (ITU-T I.371): one number, and no timer
 */
struct fwl_limit {
	u64 interval;
	u64 burst;
	atomic64_t full;
};

/**
 * struct fwl_rule - an exception or a refusal
 * @refs: lists and others that hold it
 * @handle: its number, never given to another rule of the namespace
 * @digest: of all that it says, to find one that says the same
 * @says: what it says, but for the texts below; its memory is compared
 * @action: enum flowwall_action
 * @direction: enum flowwall_direction
 * @log: its packets are events
 * @limit_count: it acts so often,
 * @limit_unit: in so many seconds,
 * @limit_burst: so many times at once; @limit_count zero for no limit
 * @profile: what its flows get
 * @match: what it asks of a packet
 * @name: the user's, or empty
 * @label: of the log, or NULL
 * @comment: or NULL
 * @limit: how often it has acted
 * @profile_id: of @profile
 * @counter: packets it decided about
 * @last_hit: seconds since 1970, zero for never
 *
 * Nothing but the counters and the limit's state changes once it is in a list.
 */
struct fwl_rule {
	refcount_t refs;
	u32 handle;
	u32 digest;
	struct_group(says,
		u8 action;
		u8 direction;
		bool log;
		u32 limit_count;
		u32 limit_unit;
		u32 limit_burst;
		struct fwl_profile profile;
		struct fwl_match match;
		char name[FLOWWALL_NAME_SIZE];
	);
	char *label;
	char *comment;
	struct fwl_limit limit;
	u16 profile_id;
	struct fwl_counter counter;
	time64_t last_hit;
};

static inline bool fwl_rule_allows(const struct fwl_rule *rule)
{
	return rule->action == FLOWWALL_ACTION_ALLOW;
}

int fwl_counter_init(struct fwl_counter *counter, struct fwl_counter_block **source);
void fwl_counter_block_put(struct fwl_counter_block *block);
void fwl_counter_free(struct fwl_counter *counter);
void fwl_counter_add(struct fwl_counter *counter, u32 bytes);
void fwl_counter_read(const struct fwl_counter *counter, u64 *packets, u64 *bytes);
void fwl_counter_zero(struct fwl_counter *counter);

struct fwl_rule *fwl_rule_alloc(void);
void fwl_rule_get(struct fwl_rule *rule);
void fwl_rule_put(struct fwl_rule *rule);
void fwl_rule_seal(struct fwl_rule *rule);
bool fwl_rule_same(const struct fwl_rule *a, const struct fwl_rule *b);
bool fwl_rule_limited(const struct fwl_rule *rule, u64 now);
bool fwl_rule_take(struct fwl_rule *rule, u64 now);
void fwl_rule_count(struct fwl_rule *rule, const struct fwl_packet *pkt);

#endif
