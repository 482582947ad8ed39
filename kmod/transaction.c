// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions: a ruleset is made beside the running one, published by one
 * pointer, and the old one is freed after a grace period - or comes back, unless
 * somebody confirms the new one in time.
 *
 * Lock order: RTNL, struct fwl_net.lock.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "event.h"
#include "fastpath.h"
#include "hook.h"
#include "net.h"
#include "path.h"
#include "record.h"
#include "ruleset.h"

#define TRANSACTIONS_LIMIT	16

static struct fwl_ruleset *running(const struct fwl_net *fn)
{
	return rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
}

/**
 * fwl_transaction_begin() - begin to make a ruleset
 * @fn: the namespace, locked
 * @portid: the socket's
 * @mode: enum flowwall_mode
 *
 * Return: the transaction, or -EBUSY if the socket has one, -EUSERS if there
 * are too many, -ENOMEM.
 */
struct fwl_transaction *fwl_transaction_begin(struct fwl_net *fn, u32 portid, u8 mode)
{
	struct fwl_transaction *tx;
	int count = 0;

	lockdep_assert_held(&fn->lock);
	list_for_each_entry(tx, &fn->transactions, list) {
		if (tx->portid == portid)
			return ERR_PTR(-EBUSY);
		count++;
	}
	if (count >= TRANSACTIONS_LIMIT)
		return ERR_PTR(-EUSERS);

	tx = kzalloc(sizeof(*tx), GFP_KERNEL_ACCOUNT);
	if (!tx)
		return ERR_PTR(-ENOMEM);
	tx->portid = portid;
	tx->base = running(fn)->generation;
	tx->mode = mode;
	fwl_changes_init(&tx->changes);
	tx->ruleset = mode == FLOWWALL_MODE_EDIT ? fwl_ruleset_copy(running(fn))
						 : fwl_ruleset_alloc();
	if (!tx->ruleset) {
		kfree(tx);
		return ERR_PTR(-ENOMEM);
	}
	list_add(&tx->list, &fn->transactions);
	return tx;
}

/**
 * fwl_transaction_find() - the transaction of a socket
 * @fn: the namespace, locked
 * @portid: the socket's
 *
 * Return: the transaction, or NULL.
 */
struct fwl_transaction *fwl_transaction_find(struct fwl_net *fn, u32 portid)
{
	struct fwl_transaction *tx;

	lockdep_assert_held(&fn->lock);
	list_for_each_entry(tx, &fn->transactions, list)
		if (tx->portid == portid)
			return tx;
	return NULL;
}

/**
 * fwl_transaction_abort() - forget a transaction and all that it made
 * @tx: the transaction; its namespace is locked
 */
void fwl_transaction_abort(struct fwl_transaction *tx)
{
	list_del(&tx->list);
	fwl_changes_free(&tx->changes);
	fwl_ruleset_free(tx->ruleset);
	kvfree(tx->index);
	kfree(tx);
}

/* Rules that say the same are that close together, or are not found. */
#define INDEX_PROBES	64

/* A rule that was taken over once is not there a second time. */
#define TAKEN	((struct fwl_rule *)1)

static int make_index(struct fwl_transaction *tx, const struct fwl_rule_list *rules)
{
	struct fwl_place place = {};
	struct fwl_rule *rule;
	u32 probes, at;

	tx->index_mask = roundup_pow_of_two(2 * rules->n + 2) - 1;
	tx->index = kvcalloc(tx->index_mask + 1, sizeof(*tx->index), GFP_KERNEL_ACCOUNT);
	if (!tx->index)
		return -ENOMEM;
	while ((rule = fwl_rule_list_next(rules, &place)) != NULL) {
		at = rule->digest & tx->index_mask;
		for (probes = 0; probes < INDEX_PROBES && tx->index[at]; probes++)
			at = (at + 1) & tx->index_mask;
		if (!tx->index[at])
			tx->index[at] = rule;
	}
	return 0;
}

/**
 * fwl_transaction_reuse() - find a running rule that says the same
 * @fn: the namespace, locked
 * @tx: a transaction that replaces the ruleset
 * @rule: a new rule, sealed
 *
 * What did not change keeps its handle and counters.
 *
 * Return: the rule with a reference of its own, or NULL.
 */
struct fwl_rule *fwl_transaction_reuse(struct fwl_net *fn, struct fwl_transaction *tx,
				       const struct fwl_rule *rule)
{
	u32 at, probes;

	/* Somebody else committed: it will not come to anything. */
	if (tx->mode != FLOWWALL_MODE_REPLACE || tx->base != running(fn)->generation ||
	    (!tx->index && make_index(tx, &running(fn)->rules)))
		return NULL;
	at = rule->digest & tx->index_mask;
	for (probes = 0; probes < INDEX_PROBES && tx->index[at]; probes++) {
		struct fwl_rule *old = tx->index[at];

		if (old != TAKEN && fwl_rule_same(old, rule)) {
			tx->index[at] = TAKEN;
			fwl_rule_get(old);
			return old;
		}
		at = (at + 1) & tx->index_mask;
	}
	return NULL;
}

/* --- commit ---------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	const struct fwl_ranked *x = a, *y = b;

	return strcmp(x->rule->name, y->rule->name);
}

/* Few new names among many rules: each is looked for. */
#define FEW_NAMES	8

static bool name_twice(const struct fwl_rule_list *rules, const struct fwl_rule *rule)
{
	struct fwl_place place = {};
	struct fwl_rule *other;

	while ((other = fwl_rule_list_next(rules, &place)) != NULL)
		if (other != rule && !strcmp(other->name, rule->name))
			return true;
	return false;
}

/* Sorted, a name that is there twice is beside itself. */
static int any_name_twice(const struct fwl_rule_list *rules)
{
	struct fwl_place place = {};
	struct fwl_ranked *named;
	struct fwl_rule *rule;
	u32 n = 0, i;
	int twice = 0;

	named = kvmalloc_array(rules->n + 1, sizeof(*named), GFP_KERNEL);
	if (!named)
		return -ENOMEM;
	while ((rule = fwl_rule_list_next(rules, &place)) != NULL)
		if (rule->name[0])
			named[n++].rule = rule;
	sort(named, n, sizeof(*named), compare_names, NULL);
	for (i = 1; i < n && !twice; i++)
		twice = !compare_names(&named[i - 1], &named[i]);
	kvfree(named);
	return twice;
}

/* A name stands for one rule; those of the running ruleset do. */
static int check_names(const struct fwl_rule_list *rules, const struct fwl_difference *difference,
		       struct netlink_ext_ack *extack)
{
	u32 i, named = 0;
	int twice = 0;

	for (i = 0; i < difference->n_added; i++)
		named += difference->added[i].rule->name[0] != '\0';
	if (named > FEW_NAMES)
		twice = any_name_twice(rules);
	for (i = 0; i < difference->n_added && named && named <= FEW_NAMES && !twice; i++)
		if (difference->added[i].rule->name[0])
			twice = name_twice(rules, difference->added[i].rule);
	if (twice > 0) {
		NL_SET_ERR_MSG(extack, "two rules have the same id");
		return -EEXIST;
	}
	return twice;
}

static bool is_marked(const struct fwl_group *group)
{
	return !group || fwl_group_is_marked(group);
}

/* All groups that are named are the ruleset's own, which are marked. */
static int check_named(const struct fwl_ruleset *rs, struct netlink_ext_ack *extack)
{
	struct fwl_place place = {};
	struct fwl_rule *rule;
	u32 i;

	while ((rule = fwl_rule_list_next(&rs->rules, &place)) != NULL)
		if (!is_marked(rule->match.src.group) || !is_marked(rule->match.dst.group)) {
			NL_SET_ERR_MSG(extack, "the group is in use: a rule names it");
			return -EBUSY;
		}
	for (i = 0; i < rs->n_groups; i++)
		if (!fwl_group_has_marked(rs->groups[i])) {
			NL_SET_ERR_MSG(extack,
				       "the group is in use: another group has it as a member");
			return -EBUSY;
		}
	return 0;
}

static void mark_groups(const struct fwl_ruleset *rs, bool marked)
{
	u32 i;

	for (i = 0; i < rs->n_groups; i++)
		fwl_group_mark(rs->groups[i], marked);
}

/* A group that was deleted must not be named by anything that stays. */
static int check_groups(const struct fwl_ruleset *rs, const struct fwl_ruleset *old,
			struct netlink_ext_ack *extack)
{
	u32 i, kept = 0;
	int err = 0;

	mark_groups(rs, true);
	for (i = 0; i < old->n_groups; i++)
		kept += fwl_group_is_marked(old->groups[i]);
	/* One may have been made and deleted by the same transaction. */
	if (kept < old->n_groups || rs->group_deleted)
		err = check_named(rs, extack);
	mark_groups(rs, false);
	return err;
}

/* Splits a difference by direction: the rules of one of them. */
static u32 of_direction(const struct fwl_ranked *from, u32 n, u8 direction, struct fwl_ranked *to)
{
	u32 i, k = 0;

	for (i = 0; i < n; i++)
		if (from[i].rule->direction == direction)
			to[k++] = from[i];
	return k;
}

static int make_classifiers(struct fwl_ruleset *rs, const struct fwl_ruleset *old,
			    const struct fwl_difference *difference)
{
	struct fwl_ranked *gone, *added;
	int err = 0;
	u8 i;

	gone = kvmalloc_array(difference->n_gone + 1, sizeof(*gone), GFP_KERNEL);
	added = kvmalloc_array(difference->n_added + 1, sizeof(*added), GFP_KERNEL);
	for (i = 0; i < __FLOWWALL_DIRECTION_MAX && !err; i++) {
		u32 n_gone, n_added;

		if (!gone || !added) {
			err = -ENOMEM;
			break;
		}
		n_gone = of_direction(difference->gone, difference->n_gone, i, gone);
		n_added = of_direction(difference->added, difference->n_added, i, added);
		rs->classifiers[i] = fwl_classifier_build(old->classifiers[i], gone, n_gone,
							  added, n_added);
		if (!rs->classifiers[i])
			err = -ENOMEM;
	}
	kvfree(gone);
	kvfree(added);
	return err;
}

static bool needs_queue_hooks(const struct fwl_rule *rule)
{
	return rule->profile.queued || rule->profile.mark_mask;
}

/* Are there queues or marks in it? Those of the old one are, unless a rule is gone. */
static bool has_queues(const struct fwl_ruleset *rs, const struct fwl_ruleset *old,
		       const struct fwl_difference *difference)
{
	struct fwl_place place = {};
	struct fwl_rule *rule;
	u32 i;

	for (i = 0; i < difference->n_added; i++)
		if (needs_queue_hooks(difference->added[i].rule))
			return true;
	if (!old->queues || !difference->n_gone)
		return old->queues;
	while ((rule = fwl_rule_list_next(&rs->rules, &place)) != NULL)
		if (needs_queue_hooks(rule))
			return true;
	return false;
}

static int prepare_rules(struct fwl_ruleset *rs, const struct fwl_ruleset *old,
			 struct netlink_ext_ack *extack)
{
	struct fwl_difference difference;
	int err;

	err = fwl_rule_list_compare(&old->rules, &rs->rules, &difference);
	if (err)
		return err;
	err = check_names(&rs->rules, &difference, extack);
	if (!err)
		err = make_classifiers(rs, old, &difference);
	rs->queues = has_queues(rs, old, &difference);
	fwl_difference_free(&difference);
	return err;
}

/* Without a role there is nothing to judge: no hooks, no table, no cost. */
static bool has_role(const struct fwl_ruleset *rs)
{
	u32 i;

	for (i = 0; i < rs->n_roles; i++)
		if (rs->roles[i].role != FLOWWALL_ROLE_NONE)
			return true;
	return false;
}

/* Makes all that can fail for want of memory; the running ruleset is untouched. */
static int prepare(struct fwl_net *fn, struct fwl_ruleset *rs,
		   struct fwl_buckets **buckets, struct netlink_ext_ack *extack)
{
	struct fwl_ifaces *ifaces;
	int err;

	err = check_groups(rs, running(fn), extack);
	if (!err)
		err = prepare_rules(rs, running(fn), extack);
	if (err)
		return err;
	ifaces = fwl_ifaces_build(fn->net, rs);
	if (!ifaces)
		return -ENOMEM;
	rcu_assign_pointer(rs->ifaces, ifaces);
	if (has_role(rs) && fwl_records_init(fn))
		return -ENOMEM;
	if (rs->settings.fastpath && fwl_paths_init(fn))
		return -ENOMEM;

	*buckets = NULL;
	if (has_role(rs) && !rcu_access_pointer(fn->table.buckets)) {
		*buckets = fwl_buckets_alloc(rs->settings.max_flows);
		if (!*buckets)
			return -ENOMEM;
	}
	return 0;
}

/**
 * struct wanted - what a ruleset has hooked into the network stack
 * @hooks: those that judge
 * @defrag: the reassembly of fragments
 * @queues: those that hear of the verdicts of queues, and that mark
 *
 * Hooks are only where they have something to do.
 */
struct wanted {
	bool hooks;
	bool defrag;
	bool queues;
};

/* Adds what is wanted and not there: all of it, or nothing. */
static int add_hooks(struct fwl_net *fn, const struct wanted *wanted)
{
	bool hooks = wanted->hooks && !fn->hooked;
	bool defrag = wanted->defrag && !fn->defrag;
	bool queues = wanted->queues && !fn->queue_hooked;
	int err;

	err = hooks ? fwl_hooks_register(fn->net) : 0;
	if (err)
		return err;
	err = defrag ? fwl_defrag_enable(fn->net) : 0;
	if (err)
		goto err_hooks;
	err = queues ? fwl_queue_hooks_register(fn->net) : 0;
	if (err)
		goto err_defrag;
	fn->hooked |= hooks;
	fn->defrag |= defrag;
	fn->queue_hooked |= queues;
	return 0;

err_defrag:
	if (defrag)
		fwl_defrag_disable(fn->net);
err_hooks:
	if (hooks)
		fwl_hooks_unregister(fn->net);
	return err;
}

/* Takes out what is not wanted any more. */
static void remove_hooks(struct fwl_net *fn, const struct wanted *wanted)
{
	if (!wanted->queues && fn->queue_hooked) {
		fwl_queue_hooks_unregister(fn->net);
		fn->queue_hooked = false;
	}
	if (!wanted->defrag && fn->defrag) {
		fwl_defrag_disable(fn->net);
		fn->defrag = false;
	}
	if (!wanted->hooks && fn->hooked) {
		/* Both look at the table. */
		fwl_fastpath_stop(fn);
		fwl_hooks_unregister(fn->net);
		fn->hooked = false;
		synchronize_rcu();
		fwl_table_flush(fn);
	}
}

static int adjust_hooks(struct fwl_net *fn, const struct fwl_ruleset *rs)
{
	struct wanted wanted = { .hooks = has_role(rs) };
	int err;

	wanted.defrag = wanted.hooks && rs->settings.fragments == FLOWWALL_FRAGMENTS_REASSEMBLE;
	wanted.queues = wanted.hooks && rs->queues;
	err = add_hooks(fn, &wanted);
	if (!err)
		remove_hooks(fn, &wanted);
	return err;
}

/* @old: set to the ruleset that ran so far, no longer published. */
static int publish(struct fwl_net *fn, struct fwl_ruleset *rs, struct fwl_buckets *buckets,
		   struct fwl_ruleset **old)
{
	struct fwl_ifaces *ifaces;
	int err;

	*old = running(fn);
	ifaces = rcu_dereference_protected(rs->ifaces, lockdep_is_held(&fn->lock));
	ifaces->epoch = ++fn->epoch;
	fwl_table_limit(&fn->table, &rs->settings);
	if (buckets)
		fwl_table_begin(&fn->table, buckets);
	rcu_assign_pointer(fn->ruleset, rs);

	err = adjust_hooks(fn, rs);
	if (err) {
		/* Hooks that were there before, or a new one or two, have judged by it. */
		ifaces = rcu_dereference_protected((*old)->ifaces, lockdep_is_held(&fn->lock));
		if (ifaces)
			/* Who sees it judges by @old, once more. */
			smp_store_release(&ifaces->epoch, ++fn->epoch);
		rcu_assign_pointer(fn->ruleset, *old);
		synchronize_rcu();
		fwl_table_limit(&fn->table, &(*old)->settings);
		if (!fn->hooked)
			fwl_table_flush(fn);
		return err;
	}
	fwl_fastpath_adjust(fn, rs, ifaces);
	if (rs->settings.max_flows_per_host && !(*old)->settings.max_flows_per_host)
		fwl_table_count_hosts(fn);
	fwl_event_ruleset(fn, rs);
	fwl_ifaces_tell(fn, rs,
			rcu_dereference_protected((*old)->ifaces, lockdep_is_held(&fn->lock)),
			ifaces);
	return 0;
}

/* Keeps @old, to be put back unless somebody confirms in time. */
static void keep_for(struct fwl_net *fn, struct fwl_ruleset *old, u32 seconds)
{
	fn->fallback = old;
	fn->confirm_by = jiffies + seconds * HZ;
	queue_delayed_work(system_power_efficient_wq, &fn->confirm, seconds * HZ);
}

static int commit_ruleset(struct fwl_net *fn, struct fwl_transaction *tx,
			  const struct fwl_commit *commit, struct netlink_ext_ack *extack)
{
	u32 generation = running(fn)->generation + 1;
	struct fwl_buckets *buckets = NULL;
	struct fwl_ruleset *old;
	int err;

	tx->ruleset->generation = generation;
	err = fwl_changes_apply(fn, &tx->changes, tx->ruleset, extack);
	if (!err)
		err = prepare(fn, tx->ruleset, &buckets, extack);
	if (!err)
		err = commit->judge(fn, tx->ruleset, commit->judge_arg);
	if (!err && !commit->check) {
		err = publish(fn, tx->ruleset, buckets, &old);
		buckets = NULL;
	}
	fwl_buckets_free(buckets);
	if (err || commit->check) {
		fwl_changes_undo(fn, generation);
		return err;
	}
	tx->ruleset = NULL;
	if (commit->confirm)
		keep_for(fn, old, commit->confirm);
	else
		fwl_ruleset_retire(old);
	fwl_changes_done(fn, generation);
	return 0;
}

/**
 * fwl_transaction_commit() - put the new ruleset in the place of the running one
 * @fn: the namespace, locked, under the RTNL
 * @tx: the transaction; over in any case
 * @commit: with @check, goes through everything that may be refused, and changes
 *	nothing
 * @extack: the reason of a refusal
 *
 * Return: 0, or -EINVAL (a statement had been refused), -EAGAIN (somebody else
 * committed meanwhile), -EEXIST (two rules of one name), -EBUSY (a group is in use,
 * or a ruleset waits to be confirmed), -ENOENT, -ENOMEM...
 */
int fwl_transaction_commit(struct fwl_net *fn, struct fwl_transaction *tx,
			   struct fwl_commit *commit, struct netlink_ext_ack *extack)
{
	int err;

	ASSERT_RTNL();
	lockdep_assert_held(&fn->lock);
	if (tx->spoiled) {
		NL_SET_ERR_MSG(extack, "a statement of this transaction was refused");
		err = -EINVAL;
	} else if (tx->base != running(fn)->generation) {
		NL_SET_ERR_MSG(extack, "the ruleset was changed by somebody else meanwhile");
		err = -EAGAIN;
	} else if (fn->fallback && (commit->confirm || (tx->mode == FLOWWALL_MODE_REPLACE &&
							 !commit->check))) {
		/* It would go when that is taken back, which nobody who applies it expects. */
		NL_SET_ERR_MSG(extack, "another ruleset waits to be confirmed");
		err = -EBUSY;
	} else {
		err = commit_ruleset(fn, tx, commit, extack);
		if (err == -ENOMEM)
			NL_SET_ERR_MSG(extack, "out of memory");
	}
	fwl_transaction_abort(tx);
	return err;
}

/* --- confirmation ---------------------------------------------------------- */

/* Puts the fallback back: a ruleset like it, with the members that it had. */
static int restore(struct fwl_net *fn)
{
	u32 generation = running(fn)->generation + 1;
	struct fwl_buckets *buckets = NULL;
	struct fwl_ruleset *rs, *old;
	int err;

	rs = fwl_ruleset_copy(fn->fallback);
	if (!rs)
		return -ENOMEM;
	rs->generation = generation;
	err = fwl_members_restore(fn, fn->fallback->generation, rs);
	if (!err)
		err = prepare(fn, rs, &buckets, NULL);
	if (!err) {
		err = publish(fn, rs, buckets, &old);
		buckets = NULL;
	}
	fwl_buckets_free(buckets);
	if (err) {
		fwl_changes_undo(fn, generation);
		fwl_ruleset_free(rs);
		return err;
	}
	fwl_ruleset_retire(old);
	fwl_ruleset_retire(fn->fallback);
	fn->fallback = NULL;
	fwl_changes_done(fn, generation);
	return 0;
}

static void confirm_work(struct work_struct *work)
{
	struct fwl_net *fn = container_of(to_delayed_work(work), struct fwl_net, confirm);
	struct mem_cgroup *before;

	rtnl_lock();
	mutex_lock(&fn->lock);
	/* A worker is nobody: who gave the roles is charged for them once more. */
	before = set_active_memcg(fn->table.memcg);
	/* It may have been confirmed a moment ago, and another one waits by now. */
	if (fn->fallback && time_before(jiffies, fn->confirm_by))
		queue_delayed_work(system_power_efficient_wq, &fn->confirm,
				   fn->confirm_by - jiffies);
	/* Nobody is there to be told of an error: it is tried until it works. */
	else if (fn->fallback && restore(fn))
		queue_delayed_work(system_power_efficient_wq, &fn->confirm, HZ);
	set_active_memcg(before);
	mutex_unlock(&fn->lock);
	rtnl_unlock();
}

/**
 * fwl_confirm() - keep the ruleset that waits to be confirmed
 * @fn: the namespace, locked
 *
 * Return: false if none waits.
 */
bool fwl_confirm(struct fwl_net *fn)
{
	if (!fn->fallback)
		return false;
	cancel_delayed_work(&fn->confirm);
	fwl_ruleset_retire(fn->fallback);
	fn->fallback = NULL;
	fwl_changes_done(fn, 0);
	return true;
}

/**
 * fwl_confirm_init() - nothing waits to be confirmed
 * @fn: the namespace
 */
void fwl_confirm_init(struct fwl_net *fn)
{
	INIT_DELAYED_WORK(&fn->confirm, confirm_work);
}

/**
 * fwl_confirm_stop() - the namespace ends: no ruleset comes back any more
 * @fn: the namespace; nothing commits from here on
 *
 * Context: process.
 */
void fwl_confirm_stop(struct fwl_net *fn)
{
	cancel_delayed_work_sync(&fn->confirm);
}
