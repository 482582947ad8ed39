// SPDX-License-Identifier: GPL-2.0-only
/* What an attribute may hold: checked before a handler sees it. */
#include <net/netlink.h>

#include "netlink.h"

const struct nla_policy fwl_port_policy[FLOWWALL_PORT_A_LAST + 1] = {
	[FLOWWALL_PORT_A_MIN]	= { .type = NLA_U16 },
	[FLOWWALL_PORT_A_MAX]	= { .type = NLA_U16 },
};

const struct nla_policy fwl_addr_policy[FLOWWALL_ADDR_A_LAST + 1] = {
	[FLOWWALL_ADDR_A_MIN]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[FLOWWALL_ADDR_A_MAX]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

const struct nla_policy fwl_endpoint_policy[FLOWWALL_ENDPOINT_A_MAX + 1] = {
	[FLOWWALL_ENDPOINT_A_ADDR]	= NLA_POLICY_NESTED(fwl_addr_policy),
	[FLOWWALL_ENDPOINT_A_GROUP]	= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_NAME_SIZE - 1 },
	[FLOWWALL_ENDPOINT_A_ADDR_NOT]	= { .type = NLA_FLAG },
	[FLOWWALL_ENDPOINT_A_PORT]	= NLA_POLICY_NESTED(fwl_port_policy),
	[FLOWWALL_ENDPOINT_A_PORT_NOT]	= { .type = NLA_FLAG },
};

static struct netlink_range_validation seconds = {
	.min = 1,
	.max = FLOWWALL_TTL_LIMIT,
};

static struct netlink_range_validation limits = {
	.min = 1,
	.max = 1000000,
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
	[FLOWWALL_RULE_A_BEFORE]	= NLA_POLICY_MIN(NLA_U32, 1),
	[FLOWWALL_RULE_A_IFACE]		= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_IFACE_SIZE - 1 },
	[FLOWWALL_RULE_A_KEY_MIN]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_KEY_MAX]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_ICMP_TYPE]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_ICMPV6_TYPE]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_U32]		= NLA_POLICY_RANGE(NLA_BINARY, sizeof(struct flowwall_u32_op),
							   FLOWWALL_U32_OPS *
							   sizeof(struct flowwall_u32_op)),
	[FLOWWALL_RULE_A_U32_NOT]	= { .type = NLA_FLAG },
	[FLOWWALL_RULE_A_LOG]		= { .type = NLA_FLAG },
	[FLOWWALL_RULE_A_LABEL]		= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_LABEL_SIZE - 1 },
	[FLOWWALL_RULE_A_LIMIT]		= NLA_POLICY_FULL_RANGE(NLA_U32, &limits),
	[FLOWWALL_RULE_A_LIMIT_UNIT]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_LIMIT_BURST]	= NLA_POLICY_FULL_RANGE(NLA_U32, &limits),
	[FLOWWALL_RULE_A_QUEUE_FIRST]	= { .type = NLA_U16 },
	[FLOWWALL_RULE_A_QUEUE_LAST]	= { .type = NLA_U16 },
	[FLOWWALL_RULE_A_QUEUE_BYPASS]	= { .type = NLA_FLAG },
	[FLOWWALL_RULE_A_MARK]		= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_MARK_MASK]	= NLA_POLICY_MIN(NLA_U32, 1),
	[FLOWWALL_RULE_A_TTL_STEP]	= NLA_POLICY_FULL_RANGE(NLA_U32, &seconds),
	[FLOWWALL_RULE_A_TTL_MAX]	= NLA_POLICY_FULL_RANGE(NLA_U32, &seconds),
	[FLOWWALL_RULE_A_UNTIL]		= NLA_POLICY_MIN(NLA_U64, 1),
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

static struct netlink_range_validation per_host = {
	.max = FLOWWALL_MAX_FLOWS_LIMIT,
};

const struct nla_policy fwl_setting_policy[FLOWWALL_SETTING_A_MAX + 1] = {
	[FLOWWALL_SETTING_A_MAX_FLOWS]	= NLA_POLICY_FULL_RANGE(NLA_U32, &max_flows),
	[FLOWWALL_SETTING_A_NEIGHBOUR]	= NLA_POLICY_MAX(NLA_U8, 1),
	[FLOWWALL_SETTING_A_DHCP]	= NLA_POLICY_MAX(NLA_U8, 1),
	[FLOWWALL_SETTING_A_ON_CHANGE]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_ON_CHANGE_MAX - 1),
	[FLOWWALL_SETTING_A_TCP_WINDOW]	= NLA_POLICY_MAX(NLA_U8, 1),
	[FLOWWALL_SETTING_A_TCP_PICKUP]	= NLA_POLICY_MAX(NLA_U8, 1),
	[FLOWWALL_SETTING_A_REFRESH]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_REFRESH_MAX - 1),
	[FLOWWALL_SETTING_A_WHEN_FULL]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_WHEN_FULL_MAX - 1),
	[FLOWWALL_SETTING_A_HALF_OPEN]	= NLA_POLICY_RANGE(NLA_U32, 1, 100),
	[FLOWWALL_SETTING_A_MAX_FLOWS_PER_HOST] = NLA_POLICY_FULL_RANGE(NLA_U32, &per_host),
	[FLOWWALL_SETTING_A_REFUSE]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_REFUSE_MAX - 1),
	[FLOWWALL_SETTING_A_FRAGMENTS]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_FRAGMENTS_MAX - 1),
	[FLOWWALL_SETTING_A_FASTPATH]	= NLA_POLICY_MAX(NLA_U8, 1),
};

const struct nla_policy fwl_role_policy[FLOWWALL_ROLE_A_MAX + 1] = {
	[FLOWWALL_ROLE_A_IFACE]		= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_IFACE_SIZE - 1 },
	[FLOWWALL_ROLE_A_DEFAULT]	= { .type = NLA_FLAG },
	[FLOWWALL_ROLE_A_ROLE]		= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_ROLE_MAX - 1),
};

static struct netlink_range_validation timeout = {
	.min = 1,
	.max = FLOWWALL_TIMEOUT_LIMIT,
};

const struct nla_policy fwl_member_policy[FLOWWALL_MEMBER_A_LAST + 1] = {
	[FLOWWALL_MEMBER_A_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[FLOWWALL_MEMBER_A_PREFIX]	= NLA_POLICY_MAX(NLA_U8, 128),
	[FLOWWALL_MEMBER_A_TIMEOUT]	= NLA_POLICY_FULL_RANGE(NLA_U32, &timeout),
	[FLOWWALL_MEMBER_A_GROUP]	= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_NAME_SIZE - 1 },
	[FLOWWALL_MEMBER_A_MAC]		= NLA_POLICY_ETH_ADDR,
	[FLOWWALL_MEMBER_A_IFACE]	= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_IFACE_SIZE - 1 },
};

const struct nla_policy fwl_group_policy[FLOWWALL_GROUP_A_MAX + 1] = {
	[FLOWWALL_GROUP_A_NAME]		= { .type = NLA_NUL_STRING,
					    .len = FLOWWALL_NAME_SIZE - 1 },
	[FLOWWALL_GROUP_A_MEMBER]	= NLA_POLICY_NESTED(fwl_member_policy),
	[FLOWWALL_GROUP_A_FLUSH]	= { .type = NLA_FLAG },
};

const struct nla_policy fwl_statement_policy[FLOWWALL_STATEMENT_A_MAX + 1] = {
	[FLOWWALL_STATEMENT_A_ROLE]	= NLA_POLICY_NESTED(fwl_role_policy),
	[FLOWWALL_STATEMENT_A_SETTING]	= NLA_POLICY_NESTED(fwl_setting_policy),
	[FLOWWALL_STATEMENT_A_TTL]	= NLA_POLICY_NESTED(fwl_ttl_policy),
	[FLOWWALL_STATEMENT_A_RULE]	= NLA_POLICY_NESTED(fwl_rule_policy),
	[FLOWWALL_STATEMENT_A_GROUP]	= NLA_POLICY_NESTED(fwl_group_policy),
};

static const struct nla_policy filter_policy[FLOWWALL_FILTER_A_LAST + 1] = {
	[FLOWWALL_FILTER_A_MATCH]	= NLA_POLICY_NESTED(fwl_rule_policy),
	[FLOWWALL_FILTER_A_DIRECTION]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_DIRECTION_MAX - 1),
	[FLOWWALL_FILTER_A_STATE]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_STATE_MAX - 1),
	[FLOWWALL_FILTER_A_RULE_HANDLE]	= { .type = NLA_U32 },
	[FLOWWALL_FILTER_A_HOST]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

const struct nla_policy fwl_flow_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_FILTER]	= NLA_POLICY_NESTED(filter_policy),
};

const struct nla_policy fwl_ruleset_get_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_KINDS]	= NLA_POLICY_MASK(NLA_U32, FLOWWALL_KIND_ALL),
	[FLOWWALL_A_GROUP]	= { .type = NLA_NUL_STRING, .len = FLOWWALL_NAME_SIZE - 1 },
};

const struct nla_policy fwl_begin_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_MODE]	= NLA_POLICY_MAX(NLA_U8, __FLOWWALL_MODE_MAX - 1),
};

const struct nla_policy fwl_change_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_STATEMENT]	= NLA_POLICY_NESTED(fwl_statement_policy),
};

static struct netlink_range_validation confirm = {
	.min = 1,
	.max = FLOWWALL_CONFIRM_LIMIT,
};

/* The smallest packet is an IPv4 header. */
#define PACKET_POLICY	NLA_POLICY_RANGE(NLA_BINARY, 20, FLOWWALL_PACKET_LIMIT)

const struct nla_policy fwl_commit_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_CHECK]	= { .type = NLA_FLAG },
	[FLOWWALL_A_CONFIRM]	= NLA_POLICY_FULL_RANGE(NLA_U32, &confirm),
	[FLOWWALL_A_PACKET]	= PACKET_POLICY,
	[FLOWWALL_A_MAC]	= NLA_POLICY_ETH_ADDR,
	[FLOWWALL_A_IIF]	= NLA_POLICY_MIN(NLA_U32, 1),
	[FLOWWALL_A_OIF]	= NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy fwl_explain_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_PACKET]	= PACKET_POLICY,
	[FLOWWALL_A_MAC]	= NLA_POLICY_ETH_ADDR,
	[FLOWWALL_A_IIF]	= NLA_POLICY_MIN(NLA_U32, 1),
	[FLOWWALL_A_OIF]	= NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy fwl_zero_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_RULE_HANDLE]	= NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy fwl_drop_get_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_HOST]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

const struct nla_policy fwl_none_policy[FLOWWALL_A_MAX + 1] = {
};
