// SPDX-License-Identifier: GPL-2.0-only
/* One rule: its life, its counters, its limit. */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "group.h"
#include "rule.h"

/* --- counters -------------------------------------------------------------- */

static struct fwl_counter_block *block_alloc(void)
{
	struct fwl_counter_block *block = kzalloc(sizeof(*block), GFP_KERNEL_ACCOUNT);
	int cpu, i;

	if (!block)
		return NULL;
	block->stats = __alloc_percpu_gfp(FWL_COUNTERS * sizeof(*block->stats),
					  __alignof__(*block->stats), GFP_KERNEL_ACCOUNT);
	if (!block->stats) {
		kfree(block);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		for (i = 0; i < FWL_COUNTERS; i++)
			u64_stats_init(&per_cpu_ptr(block->stats, cpu)[i].sync);
	refcount_set(&block->refs, 1);
	return block;
}

/**
 * fwl_counter_block_put() - give a block back, and its memory with the last reference
 * @block: the block, or NULL
 */
void fwl_counter_block_put(struct fwl_counter_block *block)
{
	if (!block || !refcount_dec_and_test(&block->refs))
		return;
	free_percpu(block->stats);
	kfree(block);
}

/**
 * fwl_counter_init() - make a counter at zero
 * @counter: the counter
 * @source: the block that it is from, which is changed when it is used up; NULL at
 *	first, and under a lock of the caller's
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int fwl_counter_init(struct fwl_counter *counter, struct fwl_counter_block **source)
{
	struct fwl_counter_block *block = *source;

	memset(counter, 0, sizeof(*counter));
	if (!block || block->used == FWL_COUNTERS) {
		block = block_alloc();
		if (!block)
			return -ENOMEM;
		fwl_counter_block_put(*source);
		*source = block;
	}
	refcount_inc(&block->refs);
	counter->block = block;
	counter->stats = block->stats + block->used++;
	return 0;
}

/**
 * fwl_counter_free() - undo fwl_counter_init()
 * @counter: nobody counts with it any more
 */
void fwl_counter_free(struct fwl_counter *counter)
{
	fwl_counter_block_put(counter->block);
}

/**
 * fwl_counter_add() - count a packet
 * @counter: the counter
 * @bytes: of the packet
 *
 * Context: softirqs off.
 */
void fwl_counter_add(struct fwl_counter *counter, u32 bytes)
{
	struct fwl_rule_stats *stats = this_cpu_ptr(counter->stats);

	u64_stats_update_begin(&stats->sync);
	u64_stats_inc(&stats->packets);
	u64_stats_add(&stats->bytes, bytes);
	u64_stats_update_end(&stats->sync);
}

static void add_up(const struct fwl_counter *counter, u64 *packets, u64 *bytes)
{
	unsigned int start;
	int cpu;

	*packets = 0;
	*bytes = 0;
	for_each_possible_cpu(cpu) {
		const struct fwl_rule_stats *stats = per_cpu_ptr(counter->stats, cpu);
		u64 p, b;

		do {
			start = u64_stats_fetch_begin(&stats->sync);
			p = u64_stats_read(&stats->packets);
			b = u64_stats_read(&stats->bytes);
		} while (u64_stats_fetch_retry(&stats->sync, start));
		*packets += p;
		*bytes += b;
	}
}

/**
 * fwl_counter_read() - add up the counters of all CPUs
 * @counter: the counter
 * @packets: set to the number of packets since it was zero
 * @bytes: set to their bytes
 *
 * Context: the lock of the namespace.
 */
void fwl_counter_read(const struct fwl_counter *counter, u64 *packets, u64 *bytes)
{
	add_up(counter, packets, bytes);
	*packets -= counter->zero_packets;
	*bytes -= counter->zero_bytes;
}

/**
 * fwl_counter_zero() - begin to count anew
 * @counter: the counter, which others go on adding to
 *
 * Context: the lock of the namespace.
 */
void fwl_counter_zero(struct fwl_counter *counter)
{
	add_up(counter, &counter->zero_packets, &counter->zero_bytes);
}

/* --- a rule's life --------------------------------------------------------- */

/**
 * fwl_rule_alloc() - get a rule that matches everything
 *
 * Context: process.
 * Return: a rule with one reference, or NULL.
 */
struct fwl_rule *fwl_rule_alloc(void)
{
	struct fwl_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);

	if (!rule)
		return NULL;
	refcount_set(&rule->refs, 1);
	rule->match.proto = -1;
	rule->match.icmp_type = -1;
	rule->match.icmpv6_type = -1;
	return rule;
}

/**
 * fwl_rule_get() - hold a rule once more
 * @rule: the rule
 */
void fwl_rule_get(struct fwl_rule *rule)
{
	refcount_inc(&rule->refs);
}

static void endpoint_free(struct fwl_endpoint *point)
{
	if (point->group)
		fwl_group_put(point->group);
	kfree(point->addrs);
	kfree(point->ports);
}

/**
 * fwl_rule_put() - give back a reference, and the rule with the last one
 * @rule: the rule; no packet can be looking at it for this reference's sake
 */
void fwl_rule_put(struct fwl_rule *rule)
{
	if (!refcount_dec_and_test(&rule->refs))
		return;
	endpoint_free(&rule->match.src);
	endpoint_free(&rule->match.dst);
	kfree(rule->match.u32);
	fwl_counter_free(&rule->counter);
	kfree(rule->label);
	kfree(rule->comment);
	kfree(rule);
}

/* --- what it says ---------------------------------------------------------- */

struct said {
	u8 bytes[sizeof_field(struct fwl_rule, says)];
};

/* What it says, with nothing where pointers to the rest of it are. */
static void said(const struct fwl_rule *rule, struct said *to)
{
	struct fwl_match *match = (void *)(to->bytes + offsetof(struct fwl_rule, match) -
					   offsetof(struct fwl_rule, says));

	memcpy(to->bytes, &rule->says, sizeof(to->bytes));
	match->u32 = NULL;
	match->src.addrs = NULL;
	match->src.ports = NULL;
	match->dst.addrs = NULL;
	match->dst.ports = NULL;
}

static u32 digest_array(u32 digest, const void *array, size_t n, size_t size)
{
	return n ? jhash(array, n * size, digest) : digest;
}

static u32 digest_endpoint(u32 digest, const struct fwl_endpoint *point)
{
	digest = digest_array(digest, point->addrs, point->n_addrs, sizeof(*point->addrs));
	return digest_array(digest, point->ports, point->n_ports, sizeof(*point->ports));
}

/**
 * fwl_rule_seal() - the rule says all that it is to say
 * @rule: not yet in a list
 */
void fwl_rule_seal(struct fwl_rule *rule)
{
	const struct fwl_match *match = &rule->match;
	struct said what;
	u32 digest;

	said(rule, &what);
	digest = jhash(what.bytes, sizeof(what.bytes), 0);
	digest = digest_array(digest, match->u32, match->n_u32, sizeof(*match->u32));
	digest = digest_endpoint(digest, &match->src);
	rule->digest = digest_endpoint(digest, &match->dst);

	if (rule->limit_count) {
		rule->limit.interval = div_u64((u64)rule->limit_unit * NSEC_PER_SEC,
					       rule->limit_count);
		/* Beyond a hundred years it makes no difference, and times stay in their bits. */
		rule->limit.burst = rule->limit.interval;
		if (rule->limit.interval)
			rule->limit.burst *= min_t(u64, rule->limit_burst,
						   div64_u64(S64_MAX / 2, rule->limit.interval));
	}
}

static bool same_array(const void *a, size_t n, const void *b, size_t m, size_t size)
{
	return n == m && (!n || !memcmp(a, b, n * size));
}

static bool same_endpoint(const struct fwl_endpoint *a, const struct fwl_endpoint *b)
{
	return same_array(a->addrs, a->n_addrs, b->addrs, b->n_addrs, sizeof(*a->addrs)) &&
	       same_array(a->ports, a->n_ports, b->ports, b->n_ports, sizeof(*a->ports));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/**
 * fwl_rule_same() - do two rules say the same, comment and id included?
 * @a: a sealed rule
 * @b: another one
 */
bool fwl_rule_same(const struct fwl_rule *a, const struct fwl_rule *b)
{
	struct said says_a, says_b;

	if (a->digest != b->digest)
		return false;
	said(a, &says_a);
	said(b, &says_b);
	return !memcmp(&says_a, &says_b, sizeof(says_a)) &&
	       same_array(a->match.u32, a->match.n_u32, b->match.u32, b->match.n_u32,
			  sizeof(*a->match.u32)) &&
	       same_endpoint(&a->match.src, &b->match.src) &&
	       same_endpoint(&a->match.dst, &b->match.dst) &&
	       same_text(a->label, b->label) && same_text(a->comment, b->comment);
}

/* --- what it does ---------------------------------------------------------- */

/**
 * fwl_rule_limited() - has the rule acted too often to act now?
 * @rule: the rule
 * @now: ktime_get_ns()
 *
 * Context: any. Takes nothing from the limit.
 */
bool fwl_rule_limited(const struct fwl_rule *rule, u64 now)
{
	u64 full = atomic64_read(&rule->limit.full);

	return rule->limit.interval &&
	       max(full, now) + rule->limit.interval > now + rule->limit.burst;
}

/**
 * fwl_rule_take() - act, if the limit allows it
 * @rule: the rule
 * @now: ktime_get_ns()
 *
 * Context: any.
 * Return: false if it must not.
 */
bool fwl_rule_take(struct fwl_rule *rule, u64 now)
{
	s64 full = atomic64_read(&rule->limit.full);

	if (!rule->limit.interval)
		return true;
	do {
		if (max_t(u64, full, now) + rule->limit.interval > now + rule->limit.burst)
			return false;
	} while (!atomic64_try_cmpxchg(&rule->limit.full, &full,
				       max_t(u64, full, now) + rule->limit.interval));
	return true;
}

static void count_group(struct fwl_group *group, u32 bytes)
{
	if (group)
		fwl_counter_add(fwl_group_counter(group), bytes);
}

/**
 * fwl_rule_count() - note that a rule decided about a packet
 * @rule: the rule
 * @pkt: the packet
 *
 * Context: RCU, softirqs off.
 */
void fwl_rule_count(struct fwl_rule *rule, const struct fwl_packet *pkt)
{
	time64_t now = ktime_get_real_seconds();

	fwl_counter_add(&rule->counter, pkt->len);
	count_group(rule->match.src.group, pkt->len);
	count_group(rule->match.dst.group, pkt->len);
	if (READ_ONCE(rule->last_hit) != now)
		WRITE_ONCE(rule->last_hit, now);
}
