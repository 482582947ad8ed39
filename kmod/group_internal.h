/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_GROUP_INTERNAL_H
#define FWL_GROUP_INTERNAL_H

/* What group.c and member.c share; all others see group.h alone. */
#include <linux/jiffies.h>
#include <linux/rhashtable.h>

#include "group.h"
#include "rule.h"

/**
 * struct fwl_group - a set that rules name
 * @refs: rulesets, rules and members that have it
 * @id: of the set, in keys
 * @fn: the namespace
 * @size: members of the newest ruleset; under the namespace's lock
 * @replaced: generation in the making that names its members anew
 * @gone: generation in the making that does not have the group
 * @depth: groups in groups below it, while that is checked
 * @below: how many groups are looked through for it, each as often as it is found; as well
 * @dirty: an event about it is due
 * @marked: see fwl_group_mark()
 * @lens4: lengths of prefixes that members may have, IPv4
 * @lens6: the same for IPv6
 * @subs: members that are groups, struct fwl_member.list, under RCU
 * @links: members that are link addresses or interfaces, the same
 * @counter: packets that rules with it decided about
 * @name: of the group
 */
struct fwl_group {
	refcount_t refs;
	u32 id;
	struct fwl_net *fn;
	u32 size;
	u32 replaced;
	u32 gone;
	u32 depth;
	u32 below;
	bool dirty;
	bool marked;
	DECLARE_BITMAP(lens4, 33);
	DECLARE_BITMAP(lens6, 129);
	struct list_head subs;
	struct list_head links;
	struct fwl_counter counter;
	char name[FLOWWALL_NAME_SIZE];
};

/**
 * struct fwl_member - of a group, or what a transaction does to one
 * @node: in struct fwl_net.members
 * @key: see there
 * @born: first generation that it is in
 * @died: first generation that it is not in any more, or FWL_NEVER
 * @seen: generation that asked for it last
 * @timeout: seconds, zero for ever
 * @expires: get_jiffies_64() then, with a @timeout: a year has more than 32 bits of them
 * @op: enum fwl_member_op, while it belongs to a transaction
 * @group: held
 * @sub: the group that it is, held, or NULL
 * @list: in struct fwl_group.subs or .links
 * @next: of the transaction, or of those that have left
 *
 * Packets see it, and all but @died and @seen stay as they are: what changes of a member
 * is another member in its place.
 */
struct fwl_member {
	struct rhlist_head node;
	struct fwl_member_key key;
	u32 born;
	u32 died;
	u32 seen;
	u32 timeout;
	u64 expires;
	u8 op;
	struct fwl_group *group;
	struct fwl_group *sub;
	struct list_head list;
	struct fwl_member *next;
};

static const struct rhashtable_params fwl_member_params = {
	.head_offset = offsetof(struct fwl_member, node),
	.key_offset = offsetof(struct fwl_member, key),
	.key_len = sizeof(struct fwl_member_key),
	.automatic_shrinking = true,
};

/* Is its time over? */
static inline bool fwl_member_is_over(const struct fwl_member *member)
{
	return member->timeout && time_after_eq64(get_jiffies_64(), member->expires);
}

/* Is a member there for a packet of this generation? */
static inline bool fwl_member_visible(const struct fwl_member *member, u32 generation)
{
	return READ_ONCE(member->born) <= generation && generation < READ_ONCE(member->died) &&
	       !fwl_member_is_over(member);
}

#endif
