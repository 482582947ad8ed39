/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_RULESET_H
#define FWL_RULESET_H

#include <linux/workqueue.h>

#include <linux/flowwall.h>

#include "iface.h"
#include "rule.h"

struct fwl_net;
struct netlink_ext_ack;

/**
 * struct fwl_ttl - in jiffies
 * @step: what each packet adds
 * @max: what an entry never goes beyond
 */
struct fwl_ttl {
	u32 step;
	u32 max;
};

/**
 * struct fwl_settings - what "set" sets
 * @max_flows: hard limit
 * @neighbour: neighbour discovery always passes
 * @dhcp: answers of DHCP to this router always pass
 * @on_change: enum flowwall_on_change
 */
struct fwl_settings {
	u32 max_flows;
	bool neighbour;
	bool dhcp;
	u8 on_change;
};

/**
 * struct fwl_rule_list - rules in order
 */
struct fwl_rule_list {
	u32 n;
	struct fwl_rule **rule;
};

/**
 * struct fwl_ruleset - roles, settings, TTLs and rules: replaced as one
 * @generation: counts the rulesets of a namespace
 * @settings: see there
 * @ttl: by enum flowwall_ttl_class
 * @n_roles: number of @roles
 * @roles: role statements, in order
 * @rules: all rules as written; holds the references
 * @room: for how many rules @rules has memory
 * @lists: the same rules by enum flowwall_direction, made by the commit
 * @ifaces: the roles of the interfaces that are there
 * @free: frees it in process context, after a grace period
 *
 * Once it is published nothing of it changes but @ifaces.
 */
struct fwl_ruleset {
	u32 generation;
	struct fwl_settings settings;
	struct fwl_ttl ttl[__FLOWWALL_TTL_MAX];
	u32 n_roles;
	struct fwl_role *roles;
	struct fwl_rule_list rules;
	u32 room;
	struct fwl_rule_list lists[__FLOWWALL_DIRECTION_MAX];
	struct fwl_ifaces __rcu *ifaces;
	struct rcu_work free;
};

/**
 * struct fwl_transaction - a ruleset in the making
 * @list: in struct fwl_net.transactions
 * @portid: of the socket that began it
 * @base: generation that it began with
 * @spoiled: a statement was refused: it can only be aborted
 * @ruleset: what there is so far
 */
struct fwl_transaction {
	struct list_head list;
	u32 portid;
	u32 base;
	bool spoiled;
	struct fwl_ruleset *ruleset;
};

struct fwl_ruleset *fwl_ruleset_alloc(void);
void fwl_ruleset_free(struct fwl_ruleset *rs);
int fwl_ruleset_set_role(struct fwl_ruleset *rs, const struct fwl_role *role);
int fwl_ruleset_del_role(struct fwl_ruleset *rs, const struct fwl_role *role);
int fwl_ruleset_add_rule(struct fwl_ruleset *rs, struct fwl_rule *rule);
struct fwl_rule *fwl_ruleset_find_rule(const struct fwl_ruleset *rs, u32 handle,
				       const char *name);
void fwl_ruleset_del_rule(struct fwl_ruleset *rs, struct fwl_rule *rule);

struct fwl_transaction *fwl_transaction_begin(struct fwl_net *fn, u32 portid, u8 mode);
struct fwl_transaction *fwl_transaction_find(struct fwl_net *fn, u32 portid);
int fwl_transaction_commit(struct fwl_net *fn, struct fwl_transaction *tx, bool check,
			   struct netlink_ext_ack *extack);
void fwl_transaction_abort(struct fwl_transaction *tx);

int fwl_ruleset_init(void);
void fwl_ruleset_uninit(void);

#endif
