// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rulesets: made beside the running one by a transaction, published by one
 * pointer, freed after a grace period.
 *
 * Lock order: RTNL, struct fwl_net.lock.
 */
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "event.h"
#include "hook.h"
#include "net.h"
#include "ruleset.h"

#define ROLES_LIMIT		4096
#define TRANSACTIONS_LIMIT	16

/*
 * RFC 5382, REQ-5: 2 h 4 min for established TCP, 4 min for the rest of a
 * connection's life. RFC 4787, REQ-5: 2 min for UDP. RFC 5508, REQ-2: 60 s for
 * ICMP queries.
 */
static const struct fwl_ttl default_ttl[__FLOWWALL_TTL_MAX] = {
	[FLOWWALL_TTL_TCP_SYN]		= { 240 * HZ, 240 * HZ },
	[FLOWWALL_TTL_TCP_ESTABLISHED]	= { 7440 * HZ, 7440 * HZ },
	[FLOWWALL_TTL_TCP_CLOSING]	= { 240 * HZ, 240 * HZ },
	[FLOWWALL_TTL_UDP_NEW]		= { 30 * HZ, 30 * HZ },
	[FLOWWALL_TTL_UDP_STREAM]	= { 180 * HZ, 180 * HZ },
	[FLOWWALL_TTL_ICMP]		= { 60 * HZ, 60 * HZ },
	[FLOWWALL_TTL_GRE]		= { 180 * HZ, 180 * HZ },
	[FLOWWALL_TTL_OTHER]		= { 180 * HZ, 180 * HZ },
};

static const struct fwl_settings default_settings = {
	.max_flows = 262144,
	.neighbour = true,
	.dhcp = true,
	.on_change = FLOWWALL_ON_CHANGE_REVALIDATE,
};

static struct workqueue_struct *free_queue;

/**
 * fwl_ruleset_alloc() - get a ruleset without roles and rules
 *
 * Context: process.
 * Return: the ruleset, or NULL.
 */
struct fwl_ruleset *fwl_ruleset_alloc(void)
{
	struct fwl_ruleset *rs = kzalloc(sizeof(*rs), GFP_KERNEL_ACCOUNT);

	if (!rs)
		return NULL;
	rs->settings = default_settings;
	memcpy(rs->ttl, default_ttl, sizeof(rs->ttl));
	return rs;
}

/**
 * fwl_ruleset_free() - free a ruleset that nobody reads
 * @rs: the ruleset, or NULL
 *
 * Context: process.
 */
void fwl_ruleset_free(struct fwl_ruleset *rs)
{
	u32 i;

	if (!rs)
		return;
	for (i = 0; i < rs->rules.n; i++)
		fwl_rule_put(rs->rules.rule[i]);
	kvfree(rs->rules.rule);
	for (i = 0; i < __FLOWWALL_DIRECTION_MAX; i++)
		kvfree(rs->lists[i].rule);
	kvfree(rs->roles);
	fwl_ifaces_free(rcu_dereference_protected(rs->ifaces, 1));
	kfree(rs);
}

static void free_work(struct work_struct *work)
{
	fwl_ruleset_free(container_of(to_rcu_work(work), struct fwl_ruleset, free));
}

static bool same_role(const struct fwl_role *a, const struct fwl_role *b)
{
	return a->prefix == b->prefix && !strcmp(a->iface, b->iface);
}

/**
 * fwl_ruleset_set_role() - give a role, or change the one given
 * @rs: a ruleset in the making
 * @role: the statement
 *
 * Return: 0, -ENOMEM, or -E2BIG.
 */
int fwl_ruleset_set_role(struct fwl_ruleset *rs, const struct fwl_role *role)
{
	struct fwl_role *roles;
	u32 i;

	for (i = 0; i < rs->n_roles; i++)
		if (same_role(&rs->roles[i], role)) {
			rs->roles[i] = *role;
			return 0;
		}
	if (rs->n_roles == ROLES_LIMIT)
		return -E2BIG;

	roles = kvmalloc_array(rs->n_roles + 1, sizeof(*roles), GFP_KERNEL_ACCOUNT);
	if (!roles)
		return -ENOMEM;
	memcpy(roles, rs->roles, rs->n_roles * sizeof(*roles));
	roles[rs->n_roles++] = *role;
	kvfree(rs->roles);
	rs->roles = roles;
	return 0;
}

/**
 * fwl_ruleset_del_role() - take back a role statement
 * @rs: a ruleset in the making
 * @role: its interface or pattern
 *
 * Return: 0 or -ENOENT.
 */
int fwl_ruleset_del_role(struct fwl_ruleset *rs, const struct fwl_role *role)
{
	u32 i;

	for (i = 0; i < rs->n_roles; i++)
		if (same_role(&rs->roles[i], role)) {
			rs->n_roles--;
			memmove(&rs->roles[i], &rs->roles[i + 1],
				(rs->n_roles - i) * sizeof(*rs->roles));
			return 0;
		}
	return -ENOENT;
}

static int make_room(struct fwl_ruleset *rs, u32 room)
{
	struct fwl_rule **rules;

	if (room <= rs->room)
		return 0;
	rules = kvmalloc_array(room, sizeof(*rules), GFP_KERNEL_ACCOUNT);
	if (!rules)
		return -ENOMEM;
	memcpy(rules, rs->rules.rule, rs->rules.n * sizeof(*rules));
	kvfree(rs->rules.rule);
	rs->rules.rule = rules;
	rs->room = room;
	return 0;
}

/**
 * fwl_ruleset_add_rule() - append a rule
 * @rs: a ruleset in the making
 * @rule: the rule; its reference goes over
 *
 * Return: 0, -ENOMEM, or -E2BIG.
 */
int fwl_ruleset_add_rule(struct fwl_ruleset *rs, struct fwl_rule *rule)
{
	int err;

	if (rs->rules.n == FLOWWALL_RULES_LIMIT)
		return -E2BIG;
	if (rs->rules.n == rs->room) {
		err = make_room(rs, max_t(u32, 16, 2 * rs->room));
		if (err)
			return err;
	}
	rs->rules.rule[rs->rules.n++] = rule;
	return 0;
}

/**
 * fwl_ruleset_find_rule() - find a rule by handle or name
 * @rs: the ruleset
 * @handle: to look for, where @name is NULL
 * @name: to look for, or NULL
 *
 * Return: the rule, or NULL.
 */
struct fwl_rule *fwl_ruleset_find_rule(const struct fwl_ruleset *rs, u32 handle,
				       const char *name)
{
	u32 i;

	for (i = 0; i < rs->rules.n; i++) {
		struct fwl_rule *rule = rs->rules.rule[i];

		if (name ? !strcmp(rule->name, name) : rule->handle == handle)
			return rule;
	}
	return NULL;
}

/**
 * fwl_ruleset_del_rule() - take a rule out, and give back its reference
 * @rs: a ruleset in the making
 * @rule: one of its rules
 */
void fwl_ruleset_del_rule(struct fwl_ruleset *rs, struct fwl_rule *rule)
{
	u32 i;

	for (i = 0; rs->rules.rule[i] != rule; i++)
		;
	rs->rules.n--;
	memmove(&rs->rules.rule[i], &rs->rules.rule[i + 1],
		(rs->rules.n - i) * sizeof(*rs->rules.rule));
	fwl_rule_put(rule);
}

static struct fwl_ruleset *ruleset_copy(const struct fwl_ruleset *from)
{
	struct fwl_ruleset *rs = fwl_ruleset_alloc();
	u32 i;

	if (!rs)
		return NULL;
	rs->settings = from->settings;
	memcpy(rs->ttl, from->ttl, sizeof(rs->ttl));
	rs->roles = kvmalloc_array(from->n_roles + 1, sizeof(*rs->roles), GFP_KERNEL_ACCOUNT);
	if (!rs->roles || make_room(rs, from->rules.n + 1)) {
		fwl_ruleset_free(rs);
		return NULL;
	}
	rs->n_roles = from->n_roles;
	memcpy(rs->roles, from->roles, from->n_roles * sizeof(*rs->roles));
	for (i = 0; i < from->rules.n; i++) {
		fwl_rule_get(from->rules.rule[i]);
		rs->rules.rule[rs->rules.n++] = from->rules.rule[i];
	}
	return rs;
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
	struct fwl_ruleset *running;
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
	running = rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
	tx->portid = portid;
	tx->base = running->generation;
	tx->ruleset = mode == FLOWWALL_MODE_EDIT ? ruleset_copy(running) : fwl_ruleset_alloc();
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
	fwl_ruleset_free(tx->ruleset);
	kfree(tx);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct fwl_rule **)a)->name, (*(struct fwl_rule **)b)->name);
}

/* A name stands for one rule. Sorted, a name that is there twice is beside itself. */
static int check_names(const struct fwl_ruleset *rs, struct netlink_ext_ack *extack)
{
	struct fwl_rule **named;
	u32 i, n = 0;
	int err = 0;

	named = kvmalloc_array(rs->rules.n + 1, sizeof(*named), GFP_KERNEL);
	if (!named)
		return -ENOMEM;
	for (i = 0; i < rs->rules.n; i++)
		if (rs->rules.rule[i]->name[0])
			named[n++] = rs->rules.rule[i];
	sort(named, n, sizeof(*named), compare_names, NULL);
	for (i = 1; i < n && !err; i++)
		if (!compare_names(&named[i - 1], &named[i])) {
			NL_SET_ERR_MSG(extack, "two rules have the same id");
			err = -EEXIST;
		}
	kvfree(named);
	return err;
}

static int make_lists(struct fwl_ruleset *rs)
{
	u32 n[__FLOWWALL_DIRECTION_MAX] = {};
	u32 i;

	for (i = 0; i < rs->rules.n; i++)
		n[rs->rules.rule[i]->direction]++;
	for (i = 0; i < __FLOWWALL_DIRECTION_MAX; i++) {
		rs->lists[i].rule = kvmalloc_array(n[i] + 1, sizeof(struct fwl_rule *),
						   GFP_KERNEL_ACCOUNT);
		if (!rs->lists[i].rule)
			return -ENOMEM;
	}
	for (i = 0; i < rs->rules.n; i++) {
		struct fwl_rule *rule = rs->rules.rule[i];
		struct fwl_rule_list *list = &rs->lists[rule->direction];

		list->rule[list->n++] = rule;
	}
	return 0;
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
	const struct fwl_buckets *now;
	struct fwl_ifaces *ifaces;
	int err;

	err = check_names(rs, extack);
	if (err)
		return err;
	err = make_lists(rs);
	if (err)
		return err;
	ifaces = fwl_ifaces_build(fn->net, rs);
	if (!ifaces)
		return -ENOMEM;
	rcu_assign_pointer(rs->ifaces, ifaces);

	*buckets = NULL;
	now = rcu_dereference_protected(fn->table.buckets, lockdep_is_held(&fn->lock));
	if (has_role(rs) &&
	    (!now || now->mask + 1 != fwl_buckets_size(rs->settings.max_flows))) {
		*buckets = fwl_buckets_alloc(rs->settings.max_flows);
		if (!*buckets)
			return -ENOMEM;
	}
	return 0;
}

static int publish(struct fwl_net *fn, struct fwl_ruleset *rs, struct fwl_buckets *buckets)
{
	struct fwl_ruleset *old;
	u32 old_max = fn->table.max;
	int err;

	old = rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
	rs->generation = old->generation + 1;
	rcu_dereference_protected(rs->ifaces, lockdep_is_held(&fn->lock))->epoch = ++fn->epoch;
	WRITE_ONCE(fn->table.max, rs->settings.max_flows);
	if (buckets)
		fwl_table_resize(&fn->table, buckets);
	rcu_assign_pointer(fn->ruleset, rs);

	if (has_role(rs) && !fn->hooked) {
		err = fwl_hooks_register(fn->net);
		if (err) {
			/* A hook or two may have judged packets for a moment. */
			synchronize_rcu();
			rcu_assign_pointer(fn->ruleset, old);
			WRITE_ONCE(fn->table.max, old_max);
			fwl_table_flush(&fn->table);
			return err;
		}
		fn->hooked = true;
	} else if (!has_role(rs) && fn->hooked) {
		fwl_hooks_unregister(fn->net);
		fn->hooked = false;
		synchronize_rcu();
		fwl_table_flush(&fn->table);
	}

	fwl_event_ruleset(fn, rs);
	INIT_RCU_WORK(&old->free, free_work);
	queue_rcu_work(free_queue, &old->free);
	return 0;
}

/**
 * fwl_transaction_commit() - put the new ruleset in the place of the running one
 * @fn: the namespace, locked, under the RTNL
 * @tx: the transaction; over in any case
 * @check: go through everything that may be refused, and change nothing
 * @extack: the reason of a refusal
 *
 * Return: 0, or -EINVAL (a statement had been refused), -EAGAIN (somebody else
 * committed meanwhile), -EEXIST (two rules of one name), -ENOMEM.
 */
int fwl_transaction_commit(struct fwl_net *fn, struct fwl_transaction *tx, bool check,
			   struct netlink_ext_ack *extack)
{
	const struct fwl_ruleset *running;
	struct fwl_buckets *buckets = NULL;
	int err;

	ASSERT_RTNL();
	lockdep_assert_held(&fn->lock);
	running = rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
	if (tx->spoiled) {
		NL_SET_ERR_MSG(extack, "a statement of this transaction was refused");
		err = -EINVAL;
	} else if (tx->base != running->generation) {
		NL_SET_ERR_MSG(extack, "the ruleset was changed by somebody else meanwhile");
		err = -EAGAIN;
	} else {
		err = prepare(fn, tx->ruleset, &buckets, extack);
		if (!err && !check) {
			err = publish(fn, tx->ruleset, buckets);
			buckets = NULL;
		}
		if (err == -ENOMEM)
			NL_SET_ERR_MSG(extack, "out of memory");
	}

	kvfree(buckets);
	if (!err && !check)
		tx->ruleset = NULL;
	fwl_transaction_abort(tx);
	return err;
}

/**
 * fwl_ruleset_init() - make the queue that frees rulesets
 *
 * Return: 0 or -ENOMEM.
 */
int fwl_ruleset_init(void)
{
	free_queue = alloc_workqueue("flowwall", WQ_UNBOUND, 0);
	return free_queue ? 0 : -ENOMEM;
}

/**
 * fwl_ruleset_uninit() - wait until all rulesets are freed
 */
void fwl_ruleset_uninit(void)
{
	rcu_barrier();
	destroy_workqueue(free_queue);
}
