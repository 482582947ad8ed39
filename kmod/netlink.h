/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_NETLINK_H
#define FWL_NETLINK_H

#include <net/genetlink.h>

#include <linux/flowwall.h>

#include "ruleset.h"

struct fwl_explanation;
struct fwl_flow;
struct fwl_net;
struct fwl_packet;
struct fwl_filter;
struct fwl_record;
struct fwl_table;
struct net;

bool fwl_netlink_shows(const struct net *net);
int fwl_netlink_init(void);
void fwl_netlink_uninit(void);

extern struct genl_family fwl_family;

/* netlink_policy.c: what an attribute may hold. */
extern const struct nla_policy fwl_ruleset_get_policy[];
extern const struct nla_policy fwl_flow_policy[];
extern const struct nla_policy fwl_begin_policy[];
extern const struct nla_policy fwl_change_policy[];
extern const struct nla_policy fwl_commit_policy[];
extern const struct nla_policy fwl_none_policy[];
extern const struct nla_policy fwl_explain_policy[];
extern const struct nla_policy fwl_zero_policy[];
extern const struct nla_policy fwl_drop_get_policy[];
extern const struct nla_policy fwl_statement_policy[];
extern const struct nla_policy fwl_role_policy[];
extern const struct nla_policy fwl_setting_policy[];
extern const struct nla_policy fwl_ttl_policy[];
extern const struct nla_policy fwl_rule_policy[];
extern const struct nla_policy fwl_endpoint_policy[];
extern const struct nla_policy fwl_addr_policy[];
extern const struct nla_policy fwl_port_policy[];
extern const struct nla_policy fwl_group_policy[];
extern const struct nla_policy fwl_member_policy[];

/* netlink_read.c: attributes -> a ruleset in the making. */
int fwl_read_add(struct fwl_net *fn, struct fwl_transaction *tx,
		 const struct nlattr *statement, struct netlink_ext_ack *extack);
int fwl_read_del(struct fwl_transaction *tx, const struct nlattr *statement,
		 struct netlink_ext_ack *extack);
int fwl_read_iface(const struct nlattr *nla, char *iface, bool *prefix,
		   struct netlink_ext_ack *extack);

/* netlink_rule.c: the same for rules. */
int fwl_read_name(const struct nlattr *nla, struct netlink_ext_ack *extack);
int fwl_read_rule_add(struct fwl_net *fn, struct fwl_transaction *tx, const struct nlattr *nest,
		      struct netlink_ext_ack *extack);
int fwl_read_match(const struct fwl_ruleset *rs, struct nlattr **tb, struct fwl_match *match,
		   struct netlink_ext_ack *extack);
int fwl_read_rule_del(struct fwl_transaction *tx, const struct nlattr *nest,
		      struct netlink_ext_ack *extack);

/* netlink_filter.c: which flows are meant. */
struct fwl_filter *fwl_filter_read(struct fwl_net *fn, const struct nlattr *nest,
				   struct netlink_ext_ack *extack);
bool fwl_filter_passes(const struct fwl_filter *filter, u32 generation,
		       const struct fwl_flow *flow);
void fwl_filter_free(struct fwl_net *fn, struct fwl_filter *filter);

/* netlink_dump.c: answers of many messages. */
int fwl_dump_ruleset(struct sk_buff *msg, struct netlink_callback *cb);
int fwl_dump_ruleset_done(struct netlink_callback *cb);
int fwl_dump_ifaces(struct sk_buff *msg, struct netlink_callback *cb);
int fwl_dump_flows_done(struct netlink_callback *cb);
int fwl_dump_flows(struct sk_buff *msg, struct netlink_callback *cb);
int fwl_dump_drops(struct sk_buff *msg, struct netlink_callback *cb);

/* netlink_fill.c: objects -> attributes. */
int fwl_fill_status(struct sk_buff *msg, const struct fwl_net *fn,
		    const struct fwl_ruleset *rs);
int fwl_fill_role(struct sk_buff *msg, const struct fwl_role *role);
int fwl_fill_settings(struct sk_buff *msg, const struct fwl_settings *settings);
int fwl_fill_ttl(struct sk_buff *msg, u8 class, const struct fwl_ttl *ttl);
int fwl_fill_rule(struct sk_buff *msg, const struct fwl_rule *rule);
int fwl_fill_group(struct sk_buff *msg, const struct fwl_group *group);
int fwl_fill_member(struct sk_buff *msg, const struct fwl_member_info *info);
int fwl_fill_record(struct sk_buff *msg, const struct fwl_record *record, bool dropped);
int fwl_fill_explanation(struct sk_buff *msg, const struct fwl_net *fn,
			 const struct fwl_explanation *answer);
int fwl_fill_iface(struct sk_buff *msg, const struct fwl_ruleset *rs,
		   const struct net_device *dev);
int fwl_fill_flow(struct sk_buff *msg, const struct fwl_net *fn,
		  const struct fwl_flow *flow);
int fwl_fill_refused(struct sk_buff *msg, const struct fwl_packet *pkt, u8 direction);

#endif
