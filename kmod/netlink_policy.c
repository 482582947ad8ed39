// SPDX-License-Identifier: GPL-2.0-only
/* What an attribute may hold: checked before a handler sees it. */
#include <net/netlink.h>

#include "netlink.h"

const struct nla_policy fwl_port_policy[FLOWWALL_PORT_A_LAST + 1] = {
	[FLOWWALL_PORT_A_MIN]	= { .type = NLA_U16 },
	[FLOWWALL_PORT_A_MAX]	= { .type = NLA_U16 },
};

const struct nla_policy fwl_endpoint_policy[FLOWWALL_ENDPOINT_A_MAX + 1] = {
	[FLOWWALL_ENDPOINT_A_ADDR_MIN]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[FLOWWALL_ENDPOINT_A_ADDR_MAX]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[FLOWWALL_ENDPOINT_A_ADDR_NOT]	= { .type = NLA_FLAG },
	[FLOWWALL_ENDPOINT_A_PORT]	= NLA_POLICY_NESTED(fwl_port_policy),
	[FLOWWALL_ENDPOINT_A_PORT_NOT]	= { .type = NLA_FLAG },
};

const struct nla_policy fwl_rule_policy[FLOWWALL_RULE_A_MAX + 1] = {
	[FLOWWALL_RULE_A_HANDLE]	= NLA_POLICY_MIN(NLA_U32, 1),
	[FLOWWALL_RULE_A_NAME]		= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_NAME_SIZE - 1 },
	[FLOWWALL_RULE_A_DIRECTION]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_DIRECTION_MAX - 1),
	[FLOWWALL_RULE_A_ACTION]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_ACTION_MAX - 1),
	[FLOWWALL_RULE_A_PROTO]		= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_SRC]		= NLA_POLICY_NESTED(fwl_endpoint_policy),
	[FLOWWALL_RULE_A_DST]		= NLA_POLICY_NESTED(fwl_endpoint_policy),
	[FLOWWALL_RULE_A_COMMENT]	= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_COMMENT_SIZE - 1 },
};

static struct netlink_range_validation seconds = {
	.min = 1,
	.max = FLOWWALL_TTL_LIMIT,
};

const struct nla_policy fwl_ttl_policy[FLOWWALL_TTL_A_LAST + 1] = {
	[FLOWWALL_TTL_A_CLASS]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_TTL_MAX - 1),
	[FLOWWALL_TTL_A_STEP]	= NLA_POLICY_FULL_RANGE(NLA_U32, &seconds),
	[FLOWWALL_TTL_A_MAX]	= NLA_POLICY_FULL_RANGE(NLA_U32, &seconds),
};

static struct netlink_range_validation max_flows = {
	.min = 1,
	.max = FLOWWALL_MAX_FLOWS_LIMIT,
};

const struct nla_policy fwl_setting_policy[FLOWWALL_SETTING_A_MAX + 1] = {
	[FLOWWALL_SETTING_A_MAX_FLOWS]	= NLA_POLICY_FULL_RANGE(NLA_U32, &max_flows),
	[FLOWWALL_SETTING_A_NEIGHBOUR]	= NLA_POLICY_MAX(NLA_U8, 1),
	[FLOWWALL_SETTING_A_DHCP]	= NLA_POLICY_MAX(NLA_U8, 1),
	[FLOWWALL_SETTING_A_ON_CHANGE]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_ON_CHANGE_MAX - 1),
};

const struct nla_policy fwl_role_policy[FLOWWALL_ROLE_A_MAX + 1] = {
	[FLOWWALL_ROLE_A_IFACE]		= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_IFACE_SIZE - 1 },
	[FLOWWALL_ROLE_A_DEFAULT]	= { .type = NLA_FLAG },
	[FLOWWALL_ROLE_A_ROLE]		= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_ROLE_MAX - 1),
};

const struct nla_policy fwl_statement_policy[FLOWWALL_STATEMENT_A_MAX + 1] = {
	[FLOWWALL_STATEMENT_A_ROLE]	= NLA_POLICY_NESTED(fwl_role_policy),
	[FLOWWALL_STATEMENT_A_SETTING]	= NLA_POLICY_NESTED(fwl_setting_policy),
	[FLOWWALL_STATEMENT_A_TTL]	= NLA_POLICY_NESTED(fwl_ttl_policy),
	[FLOWWALL_STATEMENT_A_RULE]	= NLA_POLICY_NESTED(fwl_rule_policy),
};

const struct nla_policy fwl_ruleset_get_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_KINDS]	= NLA_POLICY_MASK(NLA_U32, FLOWWALL_KIND_ALL),
};

const struct nla_policy fwl_begin_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_MODE]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_MODE_MAX - 1),
};

const struct nla_policy fwl_change_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_STATEMENT]	= NLA_POLICY_NESTED(fwl_statement_policy),
};

const struct nla_policy fwl_commit_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_CHECK]	= { .type = NLA_FLAG },
};

const struct nla_policy fwl_none_policy[FLOWWALL_A_MAX + 1] = {
};
