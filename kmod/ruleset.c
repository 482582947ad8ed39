// SPDX-License-Identifier: GPL-2.0-only
/* One ruleset: its life, its roles and groups. What puts it in force: transaction.c. */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "net.h"
#include "ruleset.h"

#define ROLES_LIMIT		4096

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
	.half_open = 90,
	.neighbour = true,
	.dhcp = true,
	.on_change = FLOWWALL_ON_CHANGE_REVALIDATE,
	.tcp_window = true,
	.tcp_pickup = true,
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
	for (i = 0; i < __FLOWWALL_DIRECTION_MAX; i++)
		fwl_classifier_free(rs->classifiers[i]);
	fwl_rule_list_free(&rs->rules);
	for (i = 0; i < rs->n_groups; i++)
		fwl_group_put(rs->groups[i]);
	kvfree(rs->groups);
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

/**
 * fwl_ruleset_find_group() - find a group
 * @rs: the ruleset
 * @name: of the group
 *
 * Return: the group, or NULL.
 */
struct fwl_group *fwl_ruleset_find_group(const struct fwl_ruleset *rs, const char *name)
{
	u32 i;

	for (i = 0; i < rs->n_groups; i++)
		if (!strcmp(fwl_group_name(rs->groups[i]), name))
			return rs->groups[i];
	return NULL;
}

/**
 * fwl_ruleset_add_group() - have a group
 * @rs: a ruleset in the making
 * @group: the group; its reference goes over
 *
 * Return: 0, -ENOMEM, or -E2BIG.
 */
int fwl_ruleset_add_group(struct fwl_ruleset *rs, struct fwl_group *group)
{
	struct fwl_group **groups;

	if (rs->n_groups == FLOWWALL_GROUPS_LIMIT)
		return -E2BIG;
	groups = kvmalloc_array(rs->n_groups + 1, sizeof(*groups), GFP_KERNEL_ACCOUNT);
	if (!groups)
		return -ENOMEM;
	if (rs->n_groups)
		memcpy(groups, rs->groups, rs->n_groups * sizeof(*groups));
	groups[rs->n_groups++] = group;
	kvfree(rs->groups);
	rs->groups = groups;
	return 0;
}

/**
 * fwl_ruleset_del_group() - have a group no more, and give back its reference
 * @rs: a ruleset in the making
 * @group: one of its groups
 */
void fwl_ruleset_del_group(struct fwl_ruleset *rs, struct fwl_group *group)
{
	u32 i;

	for (i = 0; rs->groups[i] != group; i++)
		;
	rs->group_deleted = true;
	rs->n_groups--;
	memmove(&rs->groups[i], &rs->groups[i + 1], (rs->n_groups - i) * sizeof(*rs->groups));
	fwl_group_put(group);
}

/**
 * fwl_ruleset_copy() - make a ruleset like another one
 * @from: the other one; roles of interfaces and classifiers are not copied
 *
 * Context: process.
 * Return: the ruleset, or NULL.
 */
struct fwl_ruleset *fwl_ruleset_copy(const struct fwl_ruleset *from)
{
	struct fwl_ruleset *rs = fwl_ruleset_alloc();
	u32 i;

	if (!rs)
		return NULL;
	rs->settings = from->settings;
	memcpy(rs->ttl, from->ttl, sizeof(rs->ttl));
	rs->roles = kvmalloc_array(from->n_roles + 1, sizeof(*rs->roles), GFP_KERNEL_ACCOUNT);
	rs->groups = kvmalloc_array(from->n_groups + 1, sizeof(*rs->groups), GFP_KERNEL_ACCOUNT);
	if (!rs->roles || !rs->groups || fwl_rule_list_copy(&rs->rules, &from->rules)) {
		fwl_ruleset_free(rs);
		return NULL;
	}
	rs->n_roles = from->n_roles;
	if (from->n_roles)
		memcpy(rs->roles, from->roles, from->n_roles * sizeof(*rs->roles));
	for (i = 0; i < from->n_groups; i++)
		rs->groups[rs->n_groups++] = fwl_group_get(from->groups[i]);
	return rs;
}

/**
 * fwl_ruleset_retire() - free a ruleset after a grace period
 * @rs: no longer published
 */
void fwl_ruleset_retire(struct fwl_ruleset *rs)
{
	INIT_RCU_WORK(&rs->free, free_work);
	queue_rcu_work(free_queue, &rs->free);
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
