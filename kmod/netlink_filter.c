// SPDX-License-Identifier: GPL-2.0-only
/* Which flows somebody asks for: a rule's match, and what a flow has beyond that. */
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "net.h"
#include "netlink.h"
#include "tcp.h"

/* No flow was let in by a rule of this handle: what is not known of one does not match. */
#define NO_RULE	U32_MAX

/**
 * struct fwl_filter - which flows are meant
 * @rule: its match is asked of a flow's first packet, as it is remembered
 * @direction: or -1 for any
 * @state: or -1
 * @of_rule: @handle counts
 * @ipv6: family of @host
 * @has_host: @host counts
 * @handle: of the rule that let it in, zero for none
 * @host: one of its ends
 */
struct fwl_filter {
	struct fwl_rule *rule;
	s16 direction;
	s16 state;
	bool of_rule;
	bool ipv6;
	bool has_host;
	u32 handle;
	__be32 host[4];
};

/* Such a member may still come later: see NO_RULE. */
static bool sees_links(const struct fwl_ruleset *rs, const struct fwl_group *group)
{
	bool sees;

	rcu_read_lock();
	sees = group && fwl_group_sees_links(group, rs->generation);
	rcu_read_unlock();
	return sees;
}

static int read_match(const struct fwl_ruleset *rs, const struct nlattr *nest,
		      struct fwl_match *match, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	int err = nla_parse_nested(tb, FLOWWALL_RULE_A_MAX, nest, fwl_rule_policy, extack);

	if (!err)
		err = fwl_read_match(rs, tb, match, extack);
	if (err)
		return err;
	if (match->n_u32 || match->iface[0]) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a flow does not remember the bytes or the interface of its packets");
		return -EOPNOTSUPP;
	}
	if (sees_links(rs, match->src.group) || sees_links(rs, match->dst.group)) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "the group has link addresses or interfaces, which a flow does not remember");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int read_filter(const struct fwl_ruleset *rs, const struct nlattr *nest,
		       struct fwl_filter *filter, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_FILTER_A_LAST + 1], *host;
	int err;

	/* The policy has been applied when the message came. */
	err = nla_parse_nested(tb, FLOWWALL_FILTER_A_LAST, nest, NULL, extack);
	if (!err && tb[FLOWWALL_FILTER_A_MATCH])
		err = read_match(rs, tb[FLOWWALL_FILTER_A_MATCH], &filter->rule->match, extack);
	if (err)
		return err;
	if (tb[FLOWWALL_FILTER_A_DIRECTION])
		filter->direction = nla_get_u8(tb[FLOWWALL_FILTER_A_DIRECTION]);
	if (tb[FLOWWALL_FILTER_A_STATE])
		filter->state = nla_get_u8(tb[FLOWWALL_FILTER_A_STATE]);
	filter->of_rule = tb[FLOWWALL_FILTER_A_RULE_HANDLE];
	if (filter->of_rule)
		filter->handle = nla_get_u32(tb[FLOWWALL_FILTER_A_RULE_HANDLE]);
	host = tb[FLOWWALL_FILTER_A_HOST];
	if (!host)
		return 0;
	if (nla_len(host) != 4 && nla_len(host) != 16) {
		NL_SET_ERR_MSG_ATTR(extack, host, "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	filter->has_host = true;
	filter->ipv6 = nla_len(host) == 16;
	memcpy(filter->host, nla_data(host), nla_len(host));
	return 0;
}

/**
 * fwl_filter_read() - read FLOWWALL_A_FILTER
 * @fn: the namespace, locked
 * @nest: the attribute
 * @extack: the reason of a refusal
 *
 * Return: a filter, or a negative error as a pointer.
 */
struct fwl_filter *fwl_filter_read(struct fwl_net *fn, const struct nlattr *nest,
				   struct netlink_ext_ack *extack)
{
	const struct fwl_ruleset *rs = rcu_dereference_protected(fn->ruleset,
								 lockdep_is_held(&fn->lock));
	struct fwl_filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL);
	int err;

	if (!filter)
		return ERR_PTR(-ENOMEM);
	filter->direction = -1;
	filter->state = -1;
	filter->rule = fwl_rule_alloc();
	if (!filter->rule) {
		kfree(filter);
		return ERR_PTR(-ENOMEM);
	}
	err = read_filter(rs, nest, filter, extack);
	if (!err)
		return filter;
	fwl_filter_free(fn, filter);
	return ERR_PTR(err);
}

/**
 * fwl_filter_passes() - is a flow meant?
 * @filter: the filter
 * @generation: of the running ruleset, which has the groups
 * @flow: the flow
 *
 * Context: RCU.
 */
bool fwl_filter_passes(const struct fwl_filter *filter, u32 generation,
		       const struct fwl_flow *flow)
{
	struct fwl_packet opener;
	struct fwl_query query = {
		.pkt = &opener,
		.generation = generation,
		.now = ktime_get_real_seconds(),
	};

	if ((filter->direction >= 0 && filter->direction != fwl_flow_direction(flow)) ||
	    (filter->state >= 0 && filter->state != fwl_tcp_shown(READ_ONCE(flow->state))) ||
	    (filter->of_rule && filter->handle != READ_ONCE(flow->rule)))
		return false;
	if (filter->has_host &&
	    (filter->ipv6 != fwl_kind_ipv6(flow->kind) ||
	     (memcmp(flow->ends.addr[0], filter->host, sizeof(filter->host)) &&
	      memcmp(flow->ends.addr[1], filter->host, sizeof(filter->host)))))
		return false;
	fwl_flow_opener(flow, &opener);
	return fwl_match(&filter->rule->match, NO_RULE, &query);
}

/**
 * fwl_filter_free() - give a filter back
 * @fn: the namespace, locked
 * @filter: the filter
 */
void fwl_filter_free(struct fwl_net *fn, struct fwl_filter *filter)
{
	lockdep_assert_held(&fn->lock);
	fwl_rule_put(filter->rule);
	kfree(filter);
}
