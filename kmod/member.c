// SPDX-License-Identifier: GPL-2.0-only
/*
 * How members come and go: what a transaction does to groups, undone or done as
 * one, and those who leave by themselves. Who has left is taken out of the table
 * when no packet can be looking any more.
 */
#include <linux/netlink.h>
#include <linux/slab.h>

#include "event.h"
#include "group_internal.h"
#include "net.h"
#include "ruleset.h"

/* How often members are looked at whose time may be over. */
#define TIMEOUT_INTERVAL	(2 * HZ)

static struct kmem_cache *member_cache;

/**
 * fwl_changes_init() - begin with none
 * @changes: of a transaction
 */
void fwl_changes_init(struct fwl_changes *changes)
{
	changes->first = NULL;
	changes->end = &changes->first;
}

static void member_free(struct fwl_member *member)
{
	if (member->sub)
		fwl_group_put(member->sub);
	fwl_group_put(member->group);
	kmem_cache_free(member_cache, member);
}

/**
 * fwl_changes_add() - note one more change
 * @changes: of a transaction
 * @group: to be changed
 * @op: how
 * @key: of the member, without the group; or NULL
 * @sub: the group that the member is, or NULL
 * @timeout: seconds, zero for ever
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int fwl_changes_add(struct fwl_changes *changes, struct fwl_group *group,
		    enum fwl_member_op op, const struct fwl_member_key *key,
		    struct fwl_group *sub, u32 timeout)
{
	struct fwl_member *member = kmem_cache_zalloc(member_cache, GFP_KERNEL_ACCOUNT);

	if (!member)
		return -ENOMEM;
	if (key)
		member->key = *key;
	member->key.group = group->id;
	member->op = op;
	member->timeout = timeout;
	member->died = FWL_NEVER;
	member->group = fwl_group_get(group);
	if (sub)
		member->sub = fwl_group_get(sub);
	INIT_LIST_HEAD(&member->list);
	*changes->end = member;
	changes->end = &member->next;
	return 0;
}

/**
 * fwl_changes_free() - forget what was not applied
 * @changes: of a transaction
 */
void fwl_changes_free(struct fwl_changes *changes)
{
	struct fwl_member *member, *next;

	for (member = changes->first; member; member = next) {
		next = member->next;
		member_free(member);
	}
	fwl_changes_init(changes);
}

/* The member that is there in the newest generation, or NULL. */
static struct fwl_member *find_live(struct fwl_net *fn, const struct fwl_member_key *key)
{
	struct rhlist_head *list, *at;
	struct fwl_member *member, *found = NULL;

	rcu_read_lock();
	list = rhltable_lookup(&fn->members, key, fwl_member_params);
	rhl_for_each_entry_rcu(member, at, list, node)
		if (member->died == FWL_NEVER)
			found = member;
	rcu_read_unlock();
	return found;
}

static void leave(struct fwl_net *fn, struct fwl_member *member, u32 generation)
{
	WRITE_ONCE(member->died, generation);
	member->group->size--;
	member->group->dirty = true;
	fn->n_members--;
	member->next = fn->leaving;
	fn->leaving = member;
}

/* Goes through all members; @each may unlink none. */
static void for_all(struct fwl_net *fn,
		    void (*each)(struct fwl_net *fn, struct fwl_member *member, void *arg),
		    void *arg)
{
	struct rhashtable_iter iter;
	struct fwl_member *member;

	rhltable_walk_enter(&fn->members, &iter);
	rhashtable_walk_start(&iter);
	while ((member = rhashtable_walk_next(&iter)) != NULL) {
		/* The table grows: the walk begins again; all that is done can be repeated. */
		if (IS_ERR(member))
			continue;
		each(fn, member, arg);
		if (need_resched()) {
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

struct flush {
	const struct fwl_group *group;
	u32 generation;
};

static void flush_one(struct fwl_net *fn, struct fwl_member *member, void *arg)
{
	const struct flush *flush = arg;

	if (member->group == flush->group && member->died == FWL_NEVER)
		leave(fn, member, flush->generation);
}

/*
 * Who has a timeout was mostly banned or let in by a program meanwhile, and leaves when it is
 * over, not because a file does not know of it; but for groups, which may be gone.
 */
static void replace_one(struct fwl_net *fn, struct fwl_member *member, void *arg)
{
	const struct fwl_group *group = member->group;
	u32 generation = *(u32 *)arg;
	bool stays = member->timeout && !member->sub;

	if (member->died != FWL_NEVER || member->seen == generation)
		return;
	if (group->gone == generation || (group->replaced == generation && !stays))
		leave(fn, member, generation);
}

/* Adds a member that packets see from @generation on, until @expires if it has a timeout. */
static int insert(struct fwl_net *fn, struct fwl_member *member, u32 generation, u64 expires)
{
	struct fwl_group *group = member->group;
	int err;

	if (fn->n_members >= FLOWWALL_MEMBERS_LIMIT)
		return -E2BIG;
	member->born = generation;
	member->seen = generation;
	member->expires = expires;
	err = rhltable_insert(&fn->members, &member->node, fwl_member_params);
	if (err)
		return err;
	if (member->sub)
		list_add_tail_rcu(&member->list, &group->subs);
	else if (member->key.family == FWL_FAMILY_MAC || member->key.family == FWL_FAMILY_IFACE)
		/* Before those that left: most often one look suffices. */
		list_add_rcu(&member->list, &group->links);
	else if (member->key.family == AF_INET)
		set_bit(member->key.len, group->lens4);
	else
		set_bit(member->key.len, group->lens6);
	group->size++;
	group->dirty = true;
	fn->n_members++;
	if (member->timeout)
		fn->timeouts = true;
	return 0;
}

static u64 expires_in(u32 seconds)
{
	return get_jiffies_64() + (u64)seconds * HZ;
}

/* Adds a member, or renews it: another one takes its place, so that this can be undone. */
static int add(struct fwl_net *fn, struct fwl_member *change, u32 generation)
{
	struct fwl_member *member = find_live(fn, &change->key);
	bool dirty = change->group->dirty;
	int err;

	if (!member)
		return insert(fn, change, generation, expires_in(change->timeout));
	member->seen = generation;
	if (!member->timeout && !change->timeout) {
		member_free(change);
		return 0;
	}
	leave(fn, member, generation);
	err = insert(fn, change, generation, expires_in(change->timeout));
	/* Nobody comes or goes: not worth telling. */
	if (!err)
		change->group->dirty = dirty;
	return err;
}

/* Carries one change out; one that is no member afterwards is freed. */
static int apply_one(struct fwl_net *fn, struct fwl_member *change, u32 generation,
		     struct netlink_ext_ack *extack)
{
	struct flush flush = { change->group, generation };
	struct fwl_member *member;
	int err = 0;

	switch (change->op) {
	case FWL_MEMBER_FLUSH:
		for_all(fn, flush_one, &flush);
		break;
	case FWL_MEMBER_REPLACE:
		change->group->replaced = generation;
		break;
	case FWL_MEMBER_DEL:
		member = find_live(fn, &change->key);
		if (member) {
			leave(fn, member, generation);
		} else {
			NL_SET_ERR_MSG(extack, "the group has no such member");
			err = -ENOENT;
		}
		break;
	default:
		err = add(fn, change, generation);
		if (!err)
			return 0;
		if (err == -E2BIG)
			NL_SET_ERR_MSG(extack, "too many members");
		break;
	}
	member_free(change);
	return err;
}

/* The members of groups that a new ruleset does not have leave; true if there are such. */
static bool without_groups(struct fwl_net *fn, const struct fwl_ruleset *new)
{
	const struct fwl_ruleset *old = rcu_dereference_protected(fn->ruleset,
								  lockdep_is_held(&fn->lock));
	bool any = false;
	u32 i, k;

	for (i = 0; i < old->n_groups; i++) {
		for (k = 0; k < new->n_groups && new->groups[k] != old->groups[i]; k++)
			;
		if (k < new->n_groups)
			continue;
		old->groups[i]->gone = new->generation;
		any = true;
	}
	return any;
}

/* Measures a group by those in it, as they were measured before. */
static void measure(struct fwl_group *group)
{
	const struct fwl_member *member;

	group->depth = 0;
	group->below = 0;
	list_for_each_entry(member, &group->subs, list) {
		if (member->died != FWL_NEVER)
			continue;
		group->depth = max(group->depth, member->sub->depth + 1);
		group->below = min_t(u32, group->below + member->sub->below + 1,
				     FLOWWALL_GROUP_BELOW + 1);
	}
}

/*
 * Groups in groups: not too deep, in no circle, and not so many that a packet would look
 * for long. Each round is right for groups of one step more; in a circle, depth grows
 * with each.
 */
static int check_nesting(const struct fwl_ruleset *rs, struct netlink_ext_ack *extack)
{
	u32 round, i;

	for (i = 0; i < rs->n_groups; i++)
		rs->groups[i]->depth = rs->groups[i]->below = 0;
	for (round = 0; round <= FLOWWALL_GROUP_DEPTH; round++)
		for (i = 0; i < rs->n_groups; i++) {
			measure(rs->groups[i]);
			cond_resched();
		}
	for (i = 0; i < rs->n_groups; i++) {
		if (rs->groups[i]->depth > FLOWWALL_GROUP_DEPTH) {
			NL_SET_ERR_MSG(extack,
				       "groups in groups: more than 4 deep, or in a circle");
			return -ELOOP;
		}
		if (rs->groups[i]->below > FLOWWALL_GROUP_BELOW) {
			NL_SET_ERR_MSG(extack, "groups in groups: more than 1000 below one");
			return -E2BIG;
		}
	}
	return 0;
}

/**
 * fwl_changes_apply() - make members ready for a new ruleset
 * @fn: the namespace, locked
 * @changes: what the transaction does; empty afterwards
 * @new: the new ruleset; running packets are of an older generation
 * @extack: the reason of a refusal
 *
 * To be followed by fwl_changes_done() or, also after an error, by
 * fwl_changes_undo().
 *
 * Context: process.
 * Return: 0, -ENOENT (no such member), -E2BIG, -ELOOP or -ENOMEM.
 */
int fwl_changes_apply(struct fwl_net *fn, struct fwl_changes *changes,
		      const struct fwl_ruleset *new, struct netlink_ext_ack *extack)
{
	bool replace = without_groups(fn, new), nested = false;
	u32 generation = new->generation;
	struct fwl_member *member;
	int err = 0;

	while (!err && (member = changes->first) != NULL) {
		changes->first = member->next;
		member->next = NULL;
		replace |= member->op == FWL_MEMBER_REPLACE;
		nested |= member->op == FWL_MEMBER_ADD && member->sub;
		err = apply_one(fn, member, generation, extack);
		cond_resched();
	}
	fwl_changes_free(changes);
	if (!err && replace)
		for_all(fn, replace_one, &generation);
	if (!err && nested)
		err = check_nesting(new, extack);
	return err;
}

static void undo_one(struct fwl_net *fn, struct fwl_member *member, void *arg)
{
	u32 generation = *(u32 *)arg;

	/* The next transaction has the same number. */
	member->group->replaced = 0;
	member->group->gone = 0;
	if (member->seen == generation)
		member->seen = 0;
	if (member->born == generation) {
		if (member->died == FWL_NEVER)
			leave(fn, member, 0);
		else if (member->died == generation) {
			member->next = fn->leaving;
			fn->leaving = member;
		}
		/* Nor was it ever there: whoever reads @born, old or new, sees that. */
		WRITE_ONCE(member->died, 0);
	} else if (member->died == generation) {
		WRITE_ONCE(member->died, FWL_NEVER);
		member->group->size++;
		fn->n_members++;
	}
	/* Nobody came or went, after all. */
	member->group->dirty = false;
}

/* At once, or after @delay at the latest: what comes often must not put it off for ever. */
static void start_reaping(struct fwl_net *fn, unsigned long delay)
{
	if (delay)
		queue_delayed_work(system_power_efficient_wq, &fn->reap, delay);
	else
		mod_delayed_work(system_power_efficient_wq, &fn->reap, 0);
}

/**
 * fwl_changes_undo() - take back what fwl_changes_apply() did
 * @fn: the namespace, locked
 * @generation: that was given there
 *
 * Context: process.
 */
void fwl_changes_undo(struct fwl_net *fn, u32 generation)
{
	fn->leaving = NULL;
	for_all(fn, undo_one, &generation);
	fwl_changes_done(fn, 0);
}

static void tell(struct fwl_net *fn, const struct fwl_ruleset *rs)
{
	u32 i;

	for (i = 0; i < rs->n_groups; i++)
		if (rs->groups[i]->dirty) {
			rs->groups[i]->dirty = false;
			fwl_event_group(fn, rs->groups[i]);
		}
}

/**
 * fwl_changes_done() - the new ruleset is published: who left can be forgotten
 * @fn: the namespace, locked
 * @generation: of the ruleset, or 0 if there is none
 */
void fwl_changes_done(struct fwl_net *fn, u32 generation)
{
	struct fwl_member *last = fn->leaving;

	if (generation)
		tell(fn, rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock)));
	if (last) {
		while (last->next)
			last = last->next;
		last->next = fn->left;
		fn->left = fn->leaving;
		fn->leaving = NULL;
	}
	if (fn->left || fn->timeouts)
		start_reaping(fn, fn->left ? 0 : TIMEOUT_INTERVAL);
}

/* Was it there for packets of an older ruleset? Of one key, one was. */
static bool was_in(const struct fwl_member *member, u32 generation)
{
	return member->born <= generation && generation < member->died;
}

struct restore {
	u32 as_of;
	u32 generation;
};

static void restore_one(struct fwl_net *fn, struct fwl_member *member, void *arg)
{
	struct restore *restore = arg;

	if (member->born > restore->as_of && member->born < restore->generation &&
	    member->died == FWL_NEVER)
		leave(fn, member, restore->generation);
}

/**
 * fwl_members_restore() - have the members of an older ruleset again
 * @fn: the namespace, locked; none of those who left since were forgotten
 * @as_of: generation of that ruleset
 * @new: the one that is to have its members
 *
 * To be followed as fwl_changes_apply().
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int fwl_members_restore(struct fwl_net *fn, u32 as_of, const struct fwl_ruleset *new)
{
	u32 generation = new->generation;
	struct restore restore = { as_of, generation };
	struct fwl_member *old, *member;
	struct fwl_changes changes;
	int err = 0;

	for_all(fn, restore_one, &restore);
	if (without_groups(fn, new))
		for_all(fn, replace_one, &generation);
	fwl_changes_init(&changes);
	for (old = fn->left; old && !err; old = old->next) {
		if (!was_in(old, as_of) || fwl_member_is_over(old))
			continue;
		err = fwl_changes_add(&changes, old->group, FWL_MEMBER_ADD, &old->key, old->sub,
				      old->timeout);
		if (err)
			break;
		member = changes.first;
		fwl_changes_init(&changes);
		err = find_live(fn, &member->key) ? -EEXIST :
		      insert(fn, member, generation, old->expires);
		if (err)
			member_free(member);
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}

/* --- those who leave ------------------------------------------------------- */

static void expire_one(struct fwl_net *fn, struct fwl_member *member, void *arg)
{
	u32 generation = *(u32 *)arg;

	if (member->died != FWL_NEVER || !member->timeout)
		return;
	if (fwl_member_is_over(member))
		leave(fn, member, generation);
	else
		fn->timeouts = true;
}

/* Members whose time is over leave; flows that they let in are judged again. */
static void expire(struct fwl_net *fn)
{
	struct fwl_ruleset *rs = rcu_dereference_protected(fn->ruleset,
							   lockdep_is_held(&fn->lock));
	struct fwl_ifaces *ifaces = rcu_dereference_protected(rs->ifaces,
							      lockdep_is_held(&fn->lock));
	u32 generation = rs->generation;

	if (!fn->timeouts)
		return;
	fn->timeouts = false;
	for_all(fn, expire_one, &generation);
	if (!fn->leaving)
		return;
	if (ifaces)
		/* Who sees it sees that they left. */
		smp_store_release(&ifaces->epoch, ++fn->epoch);
	fwl_changes_done(fn, generation);
}

static struct fwl_member *unlink_all(struct fwl_net *fn, struct fwl_member *list)
{
	struct fwl_member *member;

	for (member = list; member; member = member->next) {
		rhltable_remove(&fn->members, &member->node, fwl_member_params);
		if (!list_empty(&member->list))
			list_del_rcu(&member->list);
	}
	return list;
}

/* Who has left and is not needed: while an older ruleset may come back, who was in it is. */
static struct fwl_member *take_left(struct fwl_net *fn)
{
	struct fwl_member *member, *next, *kept = NULL, *taken = NULL, **to;

	for (member = fn->left; member; member = next) {
		next = member->next;
		to = fn->fallback && was_in(member, fn->fallback->generation) ? &kept : &taken;
		member->next = *to;
		*to = member;
	}
	fn->left = kept;
	return taken;
}

static void reap_work(struct work_struct *work)
{
	struct fwl_net *fn = container_of(to_delayed_work(work), struct fwl_net, reap);
	struct fwl_member *list, *next;

	mutex_lock(&fn->lock);
	expire(fn);
	list = take_left(fn);
	if (fn->timeouts)
		queue_delayed_work(system_power_efficient_wq, &fn->reap, TIMEOUT_INTERVAL);
	mutex_unlock(&fn->lock);
	if (!list)
		return;

	/* Packets of the generation before still count on them. */
	synchronize_rcu();
	mutex_lock(&fn->lock);
	unlink_all(fn, list);
	mutex_unlock(&fn->lock);
	synchronize_rcu();
	for (; list; list = next) {
		next = list->next;
		member_free(list);
		cond_resched();
	}
}

/* --- life ------------------------------------------------------------------ */

/**
 * fwl_groups_init() - begin with no groups
 * @fn: the namespace
 *
 * Return: 0 or a negative error.
 */
int fwl_groups_init(struct fwl_net *fn)
{
	INIT_DELAYED_WORK(&fn->reap, reap_work);
	return rhltable_init(&fn->members, &fwl_member_params);
}

static void free_one(void *ptr, void *arg)
{
	member_free(ptr);
}

/**
 * fwl_groups_stop() - have nobody leave by himself any more
 * @fn: the namespace; nothing changes members from here on
 *
 * Context: process.
 */
void fwl_groups_stop(struct fwl_net *fn)
{
	cancel_delayed_work_sync(&fn->reap);
}

/**
 * fwl_groups_free() - free all members
 * @fn: the namespace, stopped; no packets, no rules
 */
void fwl_groups_free(struct fwl_net *fn)
{
	rhltable_free_and_destroy(&fn->members, free_one, NULL);
}

/**
 * fwl_group_cache_init() - make the cache that members are from
 *
 * Return: 0 or -ENOMEM.
 */
int fwl_group_cache_init(void)
{
	member_cache = KMEM_CACHE(fwl_member, 0);
	return member_cache ? 0 : -ENOMEM;
}

/**
 * fwl_group_cache_uninit() - give it back, when all namespaces are gone
 */
void fwl_group_cache_uninit(void)
{
	kmem_cache_destroy(member_cache);
}
