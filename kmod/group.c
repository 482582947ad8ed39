// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: sets of hosts and networks that change while packets are judged.
 *
 * All members of a namespace are in one hash table. Each says in which
 * generations of the ruleset it is there: from @born, and before @died. So the
 * members of a new ruleset are put beside those of the running one, and one
 * number changes what packets see: rules and members together, or nothing.
 */
#include <linux/if_ether.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "group_internal.h"
#include "match.h"
#include "net.h"
#include "ruleset.h"

/* --- groups ---------------------------------------------------------------- */

/**
 * fwl_group_alloc() - make an empty group
 * @fn: the namespace, locked
 * @name: shorter than FLOWWALL_NAME_SIZE
 *
 * Context: process.
 * Return: the group with one reference, or NULL.
 */
struct fwl_group *fwl_group_alloc(struct fwl_net *fn, const char *name)
{
	struct fwl_group *group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);

	if (!group)
		return NULL;
	if (fwl_counter_init(&group->counter, &fn->counters)) {
		kfree(group);
		return NULL;
	}
	refcount_set(&group->refs, 1);
	group->id = ++fn->next_group;
	group->fn = fn;
	INIT_LIST_HEAD(&group->subs);
	INIT_LIST_HEAD(&group->links);
	strscpy(group->name, name, sizeof(group->name));
	return group;
}

/**
 * fwl_group_get() - hold a group once more
 * @group: the group
 *
 * Return: the group.
 */
struct fwl_group *fwl_group_get(struct fwl_group *group)
{
	refcount_inc(&group->refs);
	return group;
}

/**
 * fwl_group_put() - give back a reference, and the group with the last one
 * @group: the group; no packet can be looking at it for this reference's sake
 */
void fwl_group_put(struct fwl_group *group)
{
	if (!refcount_dec_and_test(&group->refs))
		return;
	fwl_counter_free(&group->counter);
	kfree(group);
}

/**
 * fwl_group_name() - what a group is called
 * @group: the group
 */
const char *fwl_group_name(const struct fwl_group *group)
{
	return group->name;
}

/**
 * fwl_group_id() - what stands for a group in the key of a member
 * @group: the group
 */
u32 fwl_group_id(const struct fwl_group *group)
{
	return group->id;
}

/**
 * fwl_group_size() - how many members a group has
 * @group: the group; its namespace is locked
 */
u32 fwl_group_size(const struct fwl_group *group)
{
	return group->size;
}

/**
 * fwl_group_counter() - what counts the packets of a group
 * @group: the group
 */
struct fwl_counter *fwl_group_counter(struct fwl_group *group)
{
	return &group->counter;
}

/**
 * fwl_group_mark() - mark a group, as long as the namespace is locked
 * @group: the group
 * @marked: or take the mark off
 */
void fwl_group_mark(struct fwl_group *group, bool marked)
{
	group->marked = marked;
}

/**
 * fwl_group_is_marked() - is a group marked?
 * @group: the group
 */
bool fwl_group_is_marked(const struct fwl_group *group)
{
	return group->marked;
}

/**
 * fwl_group_has_marked() - are all groups that are its members marked?
 * @group: the group; its namespace is locked
 */
bool fwl_group_has_marked(const struct fwl_group *group)
{
	const struct fwl_member *member;

	list_for_each_entry(member, &group->subs, list)
		if (member->died == FWL_NEVER && !member->sub->marked)
			return false;
	return true;
}

/* --- look-up --------------------------------------------------------------- */

static bool has_member(const struct fwl_group *group, u32 generation,
		       const struct fwl_member_key *key)
{
	struct rhlist_head *list, *at;
	struct fwl_member *member;

	list = rhltable_lookup(&group->fn->members, key, fwl_member_params);
	rhl_for_each_entry_rcu(member, at, list, node)
		if (fwl_member_visible(member, generation))
			return true;
	return false;
}

/* Clears what is beyond the prefix; words behind the family's are zero anyway. */
static void cut(__be32 *addr, u32 len)
{
	u32 i;

	for (i = 0; i < 4; i++, len -= min_t(u32, len, 32))
		if (len < 32)
			addr[i] &= len ? htonl(~0U << (32 - len)) : 0;
}

static bool has_address(const struct fwl_group *group, const struct fwl_query *query, bool source)
{
	const struct fwl_packet *pkt = query->pkt;
	bool ipv6 = fwl_kind_ipv6(pkt->kind);
	struct fwl_member_key key = { .group = group->id, .family = ipv6 ? AF_INET6 : AF_INET };
	const unsigned long *lens = ipv6 ? group->lens6 : group->lens4;
	unsigned long len = ipv6 ? 129 : 33, end;

	memcpy(key.addr, pkt->ends.addr[source ? pkt->swapped : !pkt->swapped], sizeof(key.addr));
	/* The longest first: what is asked for most is hosts. */
	for (;;) {
		end = len;
		len = find_last_bit(lens, end);
		if (len >= end)
			return false;
		cut(key.addr, len);
		key.len = len;
		if (has_member(group, query->generation, &key))
			return true;
	}
}

/* A link address that is taken to be any member: see fwl_needs_mac(). */
const u8 fwl_any_mac[ETH_ALEN];

static bool has_some_mac(const struct fwl_group *group, u32 generation)
{
	const struct fwl_member *member;

	list_for_each_entry_rcu(member, &group->links, list)
		if (member->key.family == FWL_FAMILY_MAC && fwl_member_visible(member, generation))
			return true;
	return false;
}

/* What is known of the link that the packet comes by, or goes to. */
static bool has_link(const struct fwl_group *group, const struct fwl_query *query, bool source)
{
	const char *iface = source ? query->in : query->out;

	if (list_empty(&group->links))
		return false;
	if (source && query->mac) {
		struct fwl_member_key key = {
			.group = group->id, .family = FWL_FAMILY_MAC, .len = FWL_MAC_BITS,
		};

		memcpy(key.addr, query->mac, ETH_ALEN);
		if (has_member(group, query->generation, &key))
			return true;
		if (unlikely(query->mac == fwl_any_mac) && has_some_mac(group, query->generation))
			return true;
	}
	if (iface) {
		struct fwl_member_key key = { .group = group->id, .family = FWL_FAMILY_IFACE };

		strscpy((char *)key.addr, iface, sizeof(key.addr));
		return has_member(group, query->generation, &key);
	}
	return false;
}

static bool has(const struct fwl_group *group, const struct fwl_query *query, bool source,
		int depth)
{
	const struct fwl_member *member;

	if (has_address(group, query, source) || has_link(group, query, source))
		return true;
	if (depth == FLOWWALL_GROUP_DEPTH)
		return false;
	list_for_each_entry_rcu(member, &group->subs, list)
		if (fwl_member_visible(member, query->generation) &&
		    has(member->sub, query, source, depth + 1))
			return true;
	return false;
}

/**
 * fwl_group_has() - is one end of a packet in a group?
 * @group: the group
 * @query: the packet
 * @source: its source: by address, link address, or the interface that it comes
 *	by; otherwise its destination: by address, or the interface that it leaves by
 *
 * Context: RCU.
 */
bool fwl_group_has(const struct fwl_group *group, const struct fwl_query *query, bool source)
{
	return has(group, query, source, 0);
}

static bool sees_links(const struct fwl_group *group, u32 generation, int depth)
{
	const struct fwl_member *member;

	list_for_each_entry_rcu(member, &group->links, list)
		if (fwl_member_visible(member, generation))
			return true;
	if (depth == FLOWWALL_GROUP_DEPTH)
		return false;
	list_for_each_entry_rcu(member, &group->subs, list)
		if (fwl_member_visible(member, generation) &&
		    sees_links(member->sub, generation, depth + 1))
			return true;
	return false;
}

/**
 * fwl_group_sees_links() - may it depend on what a flow does not remember?
 * @group: the group
 * @generation: of the ruleset that asks
 *
 * Context: RCU.
 */
bool fwl_group_sees_links(const struct fwl_group *group, u32 generation)
{
	return sees_links(group, generation, 0);
}

/* --- showing --------------------------------------------------------------- */

/**
 * fwl_members_walk_begin() - begin to show members
 * @fn: the namespace
 *
 * Return: an iterator, or NULL without memory.
 */
struct rhashtable_iter *fwl_members_walk_begin(struct fwl_net *fn)
{
	struct rhashtable_iter *iter = kmalloc(sizeof(*iter), GFP_KERNEL);

	if (iter)
		rhltable_walk_enter(&fn->members, iter);
	return iter;
}

/**
 * fwl_members_walk() - show members, from where it stopped before
 * @fn: the namespace, locked
 * @iter: the iterator
 * @each: called with each; one that returns an error is shown again next time
 * @arg: for @each
 *
 * Return: 0 when all were shown, -EAGAIN if the table was changed in a way that
 * some may be missing or come twice, or what @each returned.
 */
int fwl_members_walk(struct fwl_net *fn, struct rhashtable_iter *iter,
		     int (*each)(const struct fwl_member_info *info, void *arg), void *arg)
{
	const struct fwl_ruleset *rs = rcu_dereference_protected(fn->ruleset,
								 lockdep_is_held(&fn->lock));
	struct fwl_member *member;
	int err;

	/* The table may have become another one since the last time. */
	err = rhashtable_walk_start_check(iter);
	for (member = err ? NULL : rhashtable_walk_peek(iter); member && !err;
	     member = rhashtable_walk_next(iter)) {
		u64 now = get_jiffies_64();
		struct fwl_member_info info;

		if (IS_ERR(member)) {
			err = PTR_ERR(member);
			break;
		}
		if (!fwl_member_visible(member, rs->generation))
			continue;
		info = (struct fwl_member_info){
			.key = &member->key,
			.group = member->group,
			.sub = member->sub,
			.timeout = member->timeout,
		};
		if (member->timeout && time_before64(now, member->expires))
			info.left = div_u64(member->expires - now, HZ);
		err = each(&info, arg);
		if (err)
			break;
	}
	rhashtable_walk_stop(iter);
	return err;
}

/**
 * fwl_members_walk_end() - end to show members
 * @iter: the iterator, or NULL
 */
void fwl_members_walk_end(struct rhashtable_iter *iter)
{
	if (iter)
		rhashtable_walk_exit(iter);
	kfree(iter);
}
