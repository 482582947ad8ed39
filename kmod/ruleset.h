/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_RULESET_H
#define FWL_RULESET_H

#include <linux/workqueue.h>

#include <linux/flowwall.h>

#include "group.h"
#include "iface.h"
#include "rule_list.h"

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
 * @half_open: percent of it that flows may take which are half open
 * @max_flows_per_host: of an internal address; zero for no limit
 * @neighbour: neighbour discovery always passes
 * @dhcp: answers of DHCP to this router always pass
 * @on_change: enum flowwall_on_change
 * @tcp_window: sequence numbers of TCP are checked
 * @tcp_pickup: an outbound connection may be picked up midway
 * @refresh: enum flowwall_refresh
 * @when_full: enum flowwall_when_full
 * @refuse: enum flowwall_refuse
 * @fragments: enum flowwall_fragments
 * @fastpath: packets of known flows are forwarded where they come in
 */
struct fwl_settings {
	u32 max_flows;
	u32 half_open;
	u32 max_flows_per_host;
	u8 neighbour;
	u8 dhcp;
	u8 on_change;
	u8 tcp_window;
	u8 tcp_pickup;
	u8 refresh;
	u8 when_full;
	u8 refuse;
	u8 fragments;
	u8 fastpath;
};

/**
 * struct fwl_ruleset - roles, settings, TTLs, groups and rules: replaced as one
 * @generation: counts the rulesets of a namespace
 * @settings: see there
 * @ttl: by enum flowwall_ttl_class
 * @n_roles: number of @roles
 * @roles: role statements, in order
 * @n_groups: number of @groups
 * @groups: held
 * @group_deleted: one was, while it was made
 * @rules: all rules as written; holds them
 * @classifiers: of the same rules, by enum flowwall_direction; made by the commit
 * @queues: some rule has a queue or a mark
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
	u32 n_groups;
	struct fwl_group **groups;
	bool group_deleted;
	struct fwl_rule_list rules;
	struct fwl_classifier *classifiers[__FLOWWALL_DIRECTION_MAX];
	bool queues;
	struct fwl_ifaces __rcu *ifaces;
	struct rcu_work free;
};

/**
 * struct fwl_transaction - a ruleset in the making
 * @list: in struct fwl_net.transactions
 * @portid: of the socket that began it
 * @base: generation that it began with
 * @mode: enum flowwall_mode
 * @spoiled: a statement was refused: it can only be aborted
 * @ruleset: what there is so far
 * @changes: to groups
 * @index: hash of the running rules by what they say, to be taken over; or NULL
 * @index_mask: its size, less one
 */
struct fwl_transaction {
	struct list_head list;
	u32 portid;
	u32 base;
	u8 mode;
	bool spoiled;
	struct fwl_ruleset *ruleset;
	struct fwl_changes changes;
	struct fwl_rule **index;
	u32 index_mask;
};

/**
 * struct fwl_commit - what is asked of a commit
 * @check: change nothing
 * @confirm: seconds until the old ruleset comes back, or zero
 * @judge: has the last word about a ruleset that is ready: 0 or a negative error
 * @judge_arg: for @judge
 */
struct fwl_commit {
	bool check;
	u32 confirm;
	int (*judge)(struct fwl_net *fn, const struct fwl_ruleset *rs, void *arg);
	void *judge_arg;
};

struct fwl_ruleset *fwl_ruleset_alloc(void);
struct fwl_ruleset *fwl_ruleset_copy(const struct fwl_ruleset *from);
void fwl_ruleset_free(struct fwl_ruleset *rs);
void fwl_ruleset_retire(struct fwl_ruleset *rs);
int fwl_ruleset_set_role(struct fwl_ruleset *rs, const struct fwl_role *role);
int fwl_ruleset_del_role(struct fwl_ruleset *rs, const struct fwl_role *role);
struct fwl_group *fwl_ruleset_find_group(const struct fwl_ruleset *rs, const char *name);
int fwl_ruleset_add_group(struct fwl_ruleset *rs, struct fwl_group *group);
void fwl_ruleset_del_group(struct fwl_ruleset *rs, struct fwl_group *group);

/* transaction.c */
struct fwl_transaction *fwl_transaction_begin(struct fwl_net *fn, u32 portid, u8 mode);
struct fwl_transaction *fwl_transaction_find(struct fwl_net *fn, u32 portid);
struct fwl_rule *fwl_transaction_reuse(struct fwl_net *fn, struct fwl_transaction *tx,
				       const struct fwl_rule *rule);
int fwl_transaction_commit(struct fwl_net *fn, struct fwl_transaction *tx,
			   struct fwl_commit *commit, struct netlink_ext_ack *extack);
void fwl_transaction_abort(struct fwl_transaction *tx);

void fwl_confirm_init(struct fwl_net *fn);
bool fwl_confirm(struct fwl_net *fn);
void fwl_confirm_stop(struct fwl_net *fn);

int fwl_ruleset_init(void);
void fwl_ruleset_uninit(void);

#endif
