// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes -> structures. The module is checked as anybody else would be: an
 * attribute that is shorter than its type fails its nest, one of a number that
 * is not known here is passed over.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_internal.h"

static void *must(void *memory)
{
	if (!memory)
		fail_out_of_memory();
	return memory;
}

static uint8_t u8(struct nlattr *nla)
{
	return nla ? nla_get_u8(nla) : 0;
}

static uint16_t port(struct nlattr *nla)
{
	return nla ? ntohs(nla_get_u16(nla)) : 0;
}

static uint32_t u32(struct nlattr *nla)
{
	return nla ? nla_get_u32(nla) : 0;
}

static uint64_t u64(struct nlattr *nla)
{
	return nla ? nla_get_u64(nla) : 0;
}

static void text(struct nlattr *nla, char *out, size_t size)
{
	out[0] = '\0';
	if (nla)
		nla_strlcpy(out, nla, size);
}

#define PARSE(tb, max, nest, policy) \
	((nest) && nla_parse_nested(tb, max, nest, policy) >= 0)

static struct nla_policy status_policy[FLOWWALL_STATUS_A_MAX + 1] = {
	[FLOWWALL_STATUS_A_VERSION]	= { .type = NLA_STRING },
	[FLOWWALL_STATUS_A_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_MAX_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_BUCKETS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_FLOW_BYTES]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_MEMORY]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_RULES]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_NEW_FLOWS]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_FAST]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_NEIGHBOUR]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_DHCP]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_DROP]	= { .type = NLA_NESTED },
	[FLOWWALL_STATUS_A_GROUPS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_MEMBERS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_CONFIRM]	= { .type = NLA_U32 },
};

static struct nla_policy drop_policy[FLOWWALL_DROP_A_MAX + 1] = {
	[FLOWWALL_DROP_A_REASON]	= { .type = NLA_U8 },
	[FLOWWALL_DROP_A_PACKETS]	= { .type = NLA_U64 },
};

/**
 * nl_read_status() - read the answer to STATUS_GET
 *
 * Return: false if it makes no sense.
 */
bool nl_read_status(struct nlattr **top, struct module_status *status)
{
	struct nlattr *tb[FLOWWALL_STATUS_A_MAX + 1], *drop[FLOWWALL_DROP_A_MAX + 1], *nla;
	int rem;

	if (!PARSE(tb, FLOWWALL_STATUS_A_MAX, top[FLOWWALL_A_STATUS], status_policy))
		return false;
	status->generation = u32(top[FLOWWALL_A_GENERATION]);
	text(tb[FLOWWALL_STATUS_A_VERSION], status->version, sizeof(status->version));
	status->flows = u32(tb[FLOWWALL_STATUS_A_FLOWS]);
	status->max_flows = u32(tb[FLOWWALL_STATUS_A_MAX_FLOWS]);
	status->buckets = u32(tb[FLOWWALL_STATUS_A_BUCKETS]);
	status->flow_bytes = u32(tb[FLOWWALL_STATUS_A_FLOW_BYTES]);
	status->rules = u32(tb[FLOWWALL_STATUS_A_RULES]);
	status->memory = u64(tb[FLOWWALL_STATUS_A_MEMORY]);
	status->packets = u64(tb[FLOWWALL_STATUS_A_PACKETS]);
	status->fast = u64(tb[FLOWWALL_STATUS_A_FAST]);
	status->new_flows = u64(tb[FLOWWALL_STATUS_A_NEW_FLOWS]);
	status->neighbour = u64(tb[FLOWWALL_STATUS_A_NEIGHBOUR]);
	status->dhcp = u64(tb[FLOWWALL_STATUS_A_DHCP]);
	status->groups = u32(tb[FLOWWALL_STATUS_A_GROUPS]);
	status->members = u32(tb[FLOWWALL_STATUS_A_MEMBERS]);
	status->confirm = u32(tb[FLOWWALL_STATUS_A_CONFIRM]);
	nla_for_each_nested(nla, top[FLOWWALL_A_STATUS], rem) {
		if (nla_type(nla) != FLOWWALL_STATUS_A_DROP ||
		    !PARSE(drop, FLOWWALL_DROP_A_MAX, nla, drop_policy) ||
		    u8(drop[FLOWWALL_DROP_A_REASON]) >= __FLOWWALL_DROP_MAX)
			continue;
		status->drop[u8(drop[FLOWWALL_DROP_A_REASON])] = u64(drop[FLOWWALL_DROP_A_PACKETS]);
	}
	return true;
}

static struct nla_policy statement_policy[FLOWWALL_STATEMENT_A_MAX + 1] = {
	[FLOWWALL_STATEMENT_A_ROLE]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_SETTING]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_TTL]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_RULE]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_GROUP]	= { .type = NLA_NESTED },
};

static struct nla_policy role_policy[FLOWWALL_ROLE_A_MAX + 1] = {
	[FLOWWALL_ROLE_A_IFACE]		= { .type = NLA_STRING },
	[FLOWWALL_ROLE_A_DEFAULT]	= { .type = NLA_FLAG },
	[FLOWWALL_ROLE_A_ROLE]		= { .type = NLA_U8 },
};

static struct nla_policy ttl_policy[FLOWWALL_TTL_A_LAST + 1] = {
	[FLOWWALL_TTL_A_CLASS]	= { .type = NLA_U8 },
	[FLOWWALL_TTL_A_STEP]	= { .type = NLA_U32 },
	[FLOWWALL_TTL_A_MAX]	= { .type = NLA_U32 },
};

static struct nla_policy rule_policy[FLOWWALL_RULE_A_MAX + 1] = {
	[FLOWWALL_RULE_A_HANDLE]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_NAME]		= { .type = NLA_STRING },
	[FLOWWALL_RULE_A_DIRECTION]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_ACTION]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_PROTO]		= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_SRC]		= { .type = NLA_NESTED },
	[FLOWWALL_RULE_A_DST]		= { .type = NLA_NESTED },
	[FLOWWALL_RULE_A_COMMENT]	= { .type = NLA_STRING },
	[FLOWWALL_RULE_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_RULE_A_BYTES]		= { .type = NLA_U64 },
	[FLOWWALL_RULE_A_LAST_HIT]	= { .type = NLA_U64 },
	[FLOWWALL_RULE_A_IFACE]		= { .type = NLA_STRING },
	[FLOWWALL_RULE_A_KEY_MIN]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_KEY_MAX]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_ICMP_TYPE]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_ICMPV6_TYPE]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_U32_NOT]	= { .type = NLA_FLAG },
	[FLOWWALL_RULE_A_LOG]		= { .type = NLA_FLAG },
	[FLOWWALL_RULE_A_LABEL]		= { .type = NLA_STRING },
	[FLOWWALL_RULE_A_LIMIT]		= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_LIMIT_UNIT]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_LIMIT_BURST]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_QUEUE_FIRST]	= { .type = NLA_U16 },
	[FLOWWALL_RULE_A_QUEUE_LAST]	= { .type = NLA_U16 },
	[FLOWWALL_RULE_A_QUEUE_BYPASS]	= { .type = NLA_FLAG },
	[FLOWWALL_RULE_A_MARK]		= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_MARK_MASK]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_TTL_STEP]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_TTL_MAX]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_UNTIL]		= { .type = NLA_U64 },
};

static struct nla_policy endpoint_policy[FLOWWALL_ENDPOINT_A_MAX + 1] = {
	[FLOWWALL_ENDPOINT_A_ADDR]	= { .type = NLA_NESTED },
	[FLOWWALL_ENDPOINT_A_GROUP]	= { .type = NLA_STRING },
	[FLOWWALL_ENDPOINT_A_PORT]	= { .type = NLA_NESTED },
	[FLOWWALL_ENDPOINT_A_ADDR_NOT]	= { .type = NLA_FLAG },
	[FLOWWALL_ENDPOINT_A_PORT_NOT]	= { .type = NLA_FLAG },
};

static struct nla_policy port_policy[FLOWWALL_PORT_A_LAST + 1] = {
	[FLOWWALL_PORT_A_MIN]	= { .type = NLA_U16 },
	[FLOWWALL_PORT_A_MAX]	= { .type = NLA_U16 },
};

/* 4 or 16 bytes; anything else is no address. */
static uint8_t address(struct nlattr *nla, uint8_t out[16])
{
	if (!nla || (nla_len(nla) != 4 && nla_len(nla) != 16))
		return 0;
	memcpy(out, nla_data(nla), nla_len(nla));
	return nla_len(nla) == 4 ? AF_INET : AF_INET6;
}

static bool read_addrs(struct nlattr *nest, struct endpoint *point)
{
	struct nlattr *tb[FLOWWALL_ADDR_A_LAST + 1];
	struct addr_range *range;

	if (nla_parse_nested(tb, FLOWWALL_ADDR_A_LAST, nest, NULL) < 0 ||
	    point->n_addrs == FLOWWALL_ADDRS_LIMIT)
		return false;
	point->addrs = must(realloc(point->addrs, (point->n_addrs + 1) * sizeof(*point->addrs)));
	range = memset(&point->addrs[point->n_addrs++], 0, sizeof(*range));
	range->family = address(tb[FLOWWALL_ADDR_A_MIN], range->min);
	return range->family && address(tb[FLOWWALL_ADDR_A_MAX], range->max) == range->family;
}

static bool read_ports(struct nlattr *nest, struct endpoint *point)
{
	struct nlattr *tb[FLOWWALL_PORT_A_LAST + 1];

	if (!PARSE(tb, FLOWWALL_PORT_A_LAST, nest, port_policy) ||
	    point->n_ports == FLOWWALL_PORTS_LIMIT)
		return false;
	point->ports = must(realloc(point->ports, (point->n_ports + 1) * sizeof(*point->ports)));
	point->ports[point->n_ports++] = (struct port_range){
		.min = port(tb[FLOWWALL_PORT_A_MIN]),
		.max = port(tb[FLOWWALL_PORT_A_MAX]),
	};
	return true;
}

/* None, where there is no nest: any address, any port. */
static bool read_endpoint(struct nlattr *nest, struct endpoint *point)
{
	struct nlattr *tb[FLOWWALL_ENDPOINT_A_MAX + 1], *nla;
	int rem;

	if (!nest)
		return true;
	if (!PARSE(tb, FLOWWALL_ENDPOINT_A_MAX, nest, endpoint_policy))
		return false;
	text(tb[FLOWWALL_ENDPOINT_A_GROUP], point->group, sizeof(point->group));
	point->addr_not = tb[FLOWWALL_ENDPOINT_A_ADDR_NOT];
	point->port_not = tb[FLOWWALL_ENDPOINT_A_PORT_NOT];
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) == FLOWWALL_ENDPOINT_A_ADDR && !read_addrs(nla, point))
			return false;
		if (nla_type(nla) == FLOWWALL_ENDPOINT_A_PORT && !read_ports(nla, point))
			return false;
	}
	return true;
}

static bool read_u32(struct nlattr *nla, struct rule *rule)
{
	if (!nla)
		return true;
	if (nla_len(nla) % sizeof(*rule->u32) ||
	    nla_len(nla) / sizeof(*rule->u32) > FLOWWALL_U32_OPS)
		return false;
	rule->n_u32 = nla_len(nla) / sizeof(*rule->u32);
	rule->u32 = must(malloc(nla_len(nla) + 1));
	memcpy(rule->u32, nla_data(nla), nla_len(nla));
	return true;
}

static bool read_matches(struct nlattr **tb, struct rule *rule)
{
	rule->proto = tb[FLOWWALL_RULE_A_PROTO] ? u8(tb[FLOWWALL_RULE_A_PROTO]) : -1;
	text(tb[FLOWWALL_RULE_A_IFACE], rule->iface, sizeof(rule->iface));
	rule->keyed = tb[FLOWWALL_RULE_A_KEY_MIN];
	rule->key_min = u32(tb[FLOWWALL_RULE_A_KEY_MIN]);
	rule->key_max = u32(tb[FLOWWALL_RULE_A_KEY_MAX]);
	rule->icmp_type = tb[FLOWWALL_RULE_A_ICMP_TYPE] ? u8(tb[FLOWWALL_RULE_A_ICMP_TYPE]) : -1;
	rule->icmpv6_type = tb[FLOWWALL_RULE_A_ICMPV6_TYPE] ?
			    u8(tb[FLOWWALL_RULE_A_ICMPV6_TYPE]) : -1;
	rule->u32_not = tb[FLOWWALL_RULE_A_U32_NOT];
	rule->until = u64(tb[FLOWWALL_RULE_A_UNTIL]);
	return read_u32(tb[FLOWWALL_RULE_A_U32], rule) &&
	       read_endpoint(tb[FLOWWALL_RULE_A_SRC], &rule->src) &&
	       read_endpoint(tb[FLOWWALL_RULE_A_DST], &rule->dst);
}

static void read_options(struct nlattr **tb, struct rule *rule)
{
	rule->log = tb[FLOWWALL_RULE_A_LOG];
	if (tb[FLOWWALL_RULE_A_LABEL])
		rule->label = must(nla_strdup(tb[FLOWWALL_RULE_A_LABEL]));
	rule->limit = u32(tb[FLOWWALL_RULE_A_LIMIT]);
	rule->limit_unit = u32(tb[FLOWWALL_RULE_A_LIMIT_UNIT]);
	rule->limit_burst = u32(tb[FLOWWALL_RULE_A_LIMIT_BURST]);
	rule->queued = tb[FLOWWALL_RULE_A_QUEUE_FIRST];
	if (rule->queued && tb[FLOWWALL_RULE_A_QUEUE_LAST]) {
		rule->queue_first = nla_get_u16(tb[FLOWWALL_RULE_A_QUEUE_FIRST]);
		rule->queue_last = nla_get_u16(tb[FLOWWALL_RULE_A_QUEUE_LAST]);
	}
	rule->queue_bypass = tb[FLOWWALL_RULE_A_QUEUE_BYPASS];
	rule->mark = u32(tb[FLOWWALL_RULE_A_MARK]);
	rule->mark_mask = u32(tb[FLOWWALL_RULE_A_MARK_MASK]);
	rule->ttl_step = u32(tb[FLOWWALL_RULE_A_TTL_STEP]);
	rule->ttl_max = u32(tb[FLOWWALL_RULE_A_TTL_MAX]);
}

static bool read_rule(struct nlattr *nest, struct stmt *stmt)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	struct rule *rule = &stmt->rule;

	if (!PARSE(tb, FLOWWALL_RULE_A_MAX, nest, rule_policy))
		return false;
	stmt->kind = STMT_RULE;
	rule->handle = u32(tb[FLOWWALL_RULE_A_HANDLE]);
	text(tb[FLOWWALL_RULE_A_NAME], rule->name, sizeof(rule->name));
	rule->direction = u8(tb[FLOWWALL_RULE_A_DIRECTION]);
	rule->action = u8(tb[FLOWWALL_RULE_A_ACTION]);
	if (!read_matches(tb, rule))
		return false;
	read_options(tb, rule);
	if (tb[FLOWWALL_RULE_A_COMMENT])
		rule->comment = must(nla_strdup(tb[FLOWWALL_RULE_A_COMMENT]));
	rule->packets = u64(tb[FLOWWALL_RULE_A_PACKETS]);
	rule->bytes = u64(tb[FLOWWALL_RULE_A_BYTES]);
	rule->last_hit = u64(tb[FLOWWALL_RULE_A_LAST_HIT]);
	return true;
}

static bool read_settings(struct nlattr *nest, struct script *script)
{
	struct nla_policy policy[FLOWWALL_SETTING_A_MAX + 1] = { 0 };
	struct nlattr *tb[FLOWWALL_SETTING_A_MAX + 1];
	const struct name *name;

	for (name = setting_names; name->name; name++)
		policy[name->value].type = setting_kind(name->value)->values ? NLA_U8 : NLA_U32;
	if (!PARSE(tb, FLOWWALL_SETTING_A_MAX, nest, policy))
		return false;
	for (name = setting_names; name->name; name++) {
		struct nlattr *nla = tb[name->value];
		struct stmt *stmt;

		if (!nla)
			continue;
		stmt = script_add(script);
		stmt->kind = STMT_SETTING;
		stmt->setting.key = name->value;
		stmt->setting.value = setting_kind(name->value)->values ? u8(nla) : u32(nla);
	}
	return true;
}

static bool read_role(struct nlattr *nest, struct stmt *stmt)
{
	struct nlattr *tb[FLOWWALL_ROLE_A_MAX + 1];

	if (!PARSE(tb, FLOWWALL_ROLE_A_MAX, nest, role_policy))
		return false;
	stmt->kind = STMT_ROLE;
	text(tb[FLOWWALL_ROLE_A_IFACE], stmt->role.iface, sizeof(stmt->role.iface));
	stmt->role.role = u8(tb[FLOWWALL_ROLE_A_ROLE]);
	return true;
}

static bool read_ttl(struct nlattr *nest, struct stmt *stmt)
{
	struct nlattr *tb[FLOWWALL_TTL_A_LAST + 1];

	if (!PARSE(tb, FLOWWALL_TTL_A_LAST, nest, ttl_policy))
		return false;
	stmt->kind = STMT_TTL;
	stmt->ttl.class = u8(tb[FLOWWALL_TTL_A_CLASS]);
	stmt->ttl.step = u32(tb[FLOWWALL_TTL_A_STEP]);
	stmt->ttl.max = u32(tb[FLOWWALL_TTL_A_MAX]);
	return true;
}

static struct nla_policy group_policy[FLOWWALL_GROUP_A_MAX + 1] = {
	[FLOWWALL_GROUP_A_NAME]		= { .type = NLA_STRING },
	[FLOWWALL_GROUP_A_MEMBER]	= { .type = NLA_NESTED },
	[FLOWWALL_GROUP_A_SIZE]		= { .type = NLA_U32 },
	[FLOWWALL_GROUP_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_GROUP_A_BYTES]	= { .type = NLA_U64 },
};

static struct nla_policy member_policy[FLOWWALL_MEMBER_A_LAST + 1] = {
	[FLOWWALL_MEMBER_A_PREFIX]	= { .type = NLA_U8 },
	[FLOWWALL_MEMBER_A_TIMEOUT]	= { .type = NLA_U32 },
	[FLOWWALL_MEMBER_A_LEFT]	= { .type = NLA_U32 },
	[FLOWWALL_MEMBER_A_GROUP]	= { .type = NLA_STRING },
	[FLOWWALL_MEMBER_A_MAC]		= { .minlen = 6 },
	[FLOWWALL_MEMBER_A_IFACE]	= { .type = NLA_STRING },
};

static bool read_member(struct nlattr *nest, struct group *group)
{
	struct nlattr *tb[FLOWWALL_MEMBER_A_LAST + 1];
	size_t n = group->n_members;
	struct member *member;

	if (!PARSE(tb, FLOWWALL_MEMBER_A_LAST, nest, member_policy))
		return false;
	/* At powers of two the array is full. */
	if (!(n & (n - 1)))
		group->members = must(realloc(group->members,
					      (n ? 2 * n : 1) * sizeof(*group->members)));
	member = memset(&group->members[group->n_members++], 0, sizeof(*member));
	member->family = address(tb[FLOWWALL_MEMBER_A_ADDR], member->addr);
	member->prefix = u8(tb[FLOWWALL_MEMBER_A_PREFIX]);
	member->timeout = u32(tb[FLOWWALL_MEMBER_A_TIMEOUT]);
	member->left = u32(tb[FLOWWALL_MEMBER_A_LEFT]);
	if (tb[FLOWWALL_MEMBER_A_MAC]) {
		member->family = MEMBER_MAC;
		memcpy(member->addr, nla_data(tb[FLOWWALL_MEMBER_A_MAC]), 6);
	} else if (tb[FLOWWALL_MEMBER_A_IFACE]) {
		member->family = MEMBER_IFACE;
		text(tb[FLOWWALL_MEMBER_A_IFACE], member->name, sizeof(member->name));
	} else {
		text(tb[FLOWWALL_MEMBER_A_GROUP], member->name, sizeof(member->name));
	}
	return member->family || *member->name;
}

/* The group of a name among the statements so far, or a new one. */
static struct group *group_of(struct script *script, const char *name)
{
	struct stmt *stmt;
	size_t i;

	/* The members come behind all groups: mostly it is the one of before. */
	for (i = script->n; i--; )
		if (script->stmt[i].kind == STMT_GROUP && !strcmp(script->stmt[i].group.name, name))
			return &script->stmt[i].group;
	stmt = script_add(script);
	stmt->kind = STMT_GROUP;
	strcpy(stmt->group.name, name);
	return &stmt->group;
}

/* Its name and size, or some of its members. */
static bool read_group(struct nlattr *nest, struct script *script)
{
	struct nlattr *tb[FLOWWALL_GROUP_A_MAX + 1], *nla;
	char name[FLOWWALL_NAME_SIZE];
	struct group *group;
	int rem;

	if (!PARSE(tb, FLOWWALL_GROUP_A_MAX, nest, group_policy) || !tb[FLOWWALL_GROUP_A_NAME])
		return false;
	text(tb[FLOWWALL_GROUP_A_NAME], name, sizeof(name));
	group = group_of(script, name);
	if (tb[FLOWWALL_GROUP_A_SIZE]) {
		group->size = u32(tb[FLOWWALL_GROUP_A_SIZE]);
		group->packets = u64(tb[FLOWWALL_GROUP_A_PACKETS]);
		group->bytes = u64(tb[FLOWWALL_GROUP_A_BYTES]);
	}
	nla_for_each_nested(nla, nest, rem)
		if (nla_type(nla) == FLOWWALL_GROUP_A_MEMBER && !read_member(nla, group))
			return false;
	return true;
}

/**
 * nl_read_statement() - read a statement of RULESET_GET
 * @script: it is added there; all settings come in one
 *
 * Return: false if it makes no sense.
 */
bool nl_read_statement(struct nlattr **top, struct script *script)
{
	struct nlattr *tb[FLOWWALL_STATEMENT_A_MAX + 1];

	if (!PARSE(tb, FLOWWALL_STATEMENT_A_MAX, top[FLOWWALL_A_STATEMENT], statement_policy))
		return false;
	if (tb[FLOWWALL_STATEMENT_A_ROLE])
		return read_role(tb[FLOWWALL_STATEMENT_A_ROLE], script_add(script));
	if (tb[FLOWWALL_STATEMENT_A_SETTING])
		return read_settings(tb[FLOWWALL_STATEMENT_A_SETTING], script);
	if (tb[FLOWWALL_STATEMENT_A_TTL])
		return read_ttl(tb[FLOWWALL_STATEMENT_A_TTL], script_add(script));
	if (tb[FLOWWALL_STATEMENT_A_GROUP])
		return read_group(tb[FLOWWALL_STATEMENT_A_GROUP], script);
	if (tb[FLOWWALL_STATEMENT_A_RULE])
		return read_rule(tb[FLOWWALL_STATEMENT_A_RULE], script_add(script));
	return false;
}

static struct nla_policy iface_policy[FLOWWALL_IFACE_A_MAX + 1] = {
	[FLOWWALL_IFACE_A_IFINDEX]	= { .type = NLA_U32 },
	[FLOWWALL_IFACE_A_NAME]		= { .type = NLA_STRING },
	[FLOWWALL_IFACE_A_ROLE]		= { .type = NLA_U8 },
	[FLOWWALL_IFACE_A_PATTERN]	= { .type = NLA_STRING },
};

/**
 * nl_read_iface() - read FLOWWALL_A_IFACE
 *
 * Return: false if it makes no sense.
 */
bool nl_read_iface(struct nlattr *nest, struct iface *iface)
{
	struct nlattr *tb[FLOWWALL_IFACE_A_MAX + 1];

	if (!PARSE(tb, FLOWWALL_IFACE_A_MAX, nest, iface_policy))
		return false;
	iface->ifindex = u32(tb[FLOWWALL_IFACE_A_IFINDEX]);
	text(tb[FLOWWALL_IFACE_A_NAME], iface->name, sizeof(iface->name));
	iface->role = u8(tb[FLOWWALL_IFACE_A_ROLE]);
	text(tb[FLOWWALL_IFACE_A_PATTERN], iface->pattern, sizeof(iface->pattern));
	return true;
}

static struct nla_policy flow_policy[FLOWWALL_FLOW_A_MAX + 1] = {
	[FLOWWALL_FLOW_A_ID]		= { .type = NLA_U64 },
	[FLOWWALL_FLOW_A_FAMILY]	= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_PROTO]		= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_DIRECTION]	= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_STATE]		= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_MARK]		= { .type = NLA_U32 },
	[FLOWWALL_FLOW_A_RULE]		= { .type = NLA_U32 },
	[FLOWWALL_FLOW_A_ORIGINAL]	= { .type = NLA_NESTED },
	[FLOWWALL_FLOW_A_REPLY]		= { .type = NLA_NESTED },
};

static struct nla_policy entry_policy[FLOWWALL_ENTRY_A_MAX + 1] = {
	[FLOWWALL_ENTRY_A_SPORT]	= { .type = NLA_U16 },
	[FLOWWALL_ENTRY_A_DPORT]	= { .type = NLA_U16 },
	[FLOWWALL_ENTRY_A_ICMP_ID]	= { .type = NLA_U16 },
	[FLOWWALL_ENTRY_A_GRE_KEY]	= { .type = NLA_U32 },
	[FLOWWALL_ENTRY_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_ENTRY_A_BYTES]	= { .type = NLA_U64 },
	[FLOWWALL_ENTRY_A_TTL_MS]	= { .type = NLA_U32 },
};

/* The event of a full table has no reply. */
static bool read_entry(struct nlattr *nest, struct entry *entry)
{
	struct nlattr *tb[FLOWWALL_ENTRY_A_MAX + 1];

	if (!nest)
		return true;
	if (!PARSE(tb, FLOWWALL_ENTRY_A_MAX, nest, entry_policy))
		return false;
	address(tb[FLOWWALL_ENTRY_A_SRC], entry->src);
	address(tb[FLOWWALL_ENTRY_A_DST], entry->dst);
	if (tb[FLOWWALL_ENTRY_A_SPORT]) {
		entry->id_kind = ID_PORTS;
		entry->sport = port(tb[FLOWWALL_ENTRY_A_SPORT]);
		entry->dport = port(tb[FLOWWALL_ENTRY_A_DPORT]);
	} else if (tb[FLOWWALL_ENTRY_A_ICMP_ID]) {
		entry->id_kind = ID_ICMP;
		entry->id = nla_get_u16(tb[FLOWWALL_ENTRY_A_ICMP_ID]);
	} else if (tb[FLOWWALL_ENTRY_A_GRE_KEY]) {
		entry->id_kind = ID_GRE;
		entry->id = u32(tb[FLOWWALL_ENTRY_A_GRE_KEY]);
	}
	entry->packets = u64(tb[FLOWWALL_ENTRY_A_PACKETS]);
	entry->bytes = u64(tb[FLOWWALL_ENTRY_A_BYTES]);
	entry->ttl_ms = u32(tb[FLOWWALL_ENTRY_A_TTL_MS]);
	return true;
}

/**
 * nl_read_flow() - read FLOWWALL_A_FLOW
 *
 * Return: false if it makes no sense.
 */
bool nl_read_flow(struct nlattr *nest, struct flow *flow)
{
	struct nlattr *tb[FLOWWALL_FLOW_A_MAX + 1];

	memset(flow, 0, sizeof(*flow));
	if (!PARSE(tb, FLOWWALL_FLOW_A_MAX, nest, flow_policy))
		return false;
	flow->id = u64(tb[FLOWWALL_FLOW_A_ID]);
	flow->family = u8(tb[FLOWWALL_FLOW_A_FAMILY]);
	flow->proto = u8(tb[FLOWWALL_FLOW_A_PROTO]);
	flow->direction = u8(tb[FLOWWALL_FLOW_A_DIRECTION]);
	flow->state = u8(tb[FLOWWALL_FLOW_A_STATE]);
	flow->mark = u32(tb[FLOWWALL_FLOW_A_MARK]);
	flow->rule = u32(tb[FLOWWALL_FLOW_A_RULE]);
	return read_entry(tb[FLOWWALL_FLOW_A_ORIGINAL], &flow->original) &&
	       read_entry(tb[FLOWWALL_FLOW_A_REPLY], &flow->reply);
}

static struct nla_policy record_policy[FLOWWALL_RECORD_A_MAX + 1] = {
	[FLOWWALL_RECORD_A_REASON]	= { .type = NLA_U8 },
	[FLOWWALL_RECORD_A_AGE_MS]	= { .type = NLA_U32 },
	[FLOWWALL_RECORD_A_IFINDEX]	= { .type = NLA_U32 },
	[FLOWWALL_RECORD_A_RULE]	= { .type = NLA_U32 },
	[FLOWWALL_RECORD_A_FAMILY]	= { .type = NLA_U8 },
	[FLOWWALL_RECORD_A_PROTO]	= { .type = NLA_U8 },
	[FLOWWALL_RECORD_A_DIRECTION]	= { .type = NLA_U8 },
	[FLOWWALL_RECORD_A_ENTRY]	= { .type = NLA_NESTED },
};

/**
 * nl_read_drop() - read FLOWWALL_A_DROP
 *
 * Return: false if it makes no sense.
 */
bool nl_read_drop(struct nlattr *nest, struct drop *drop)
{
	struct nlattr *tb[FLOWWALL_RECORD_A_MAX + 1];

	memset(drop, 0, sizeof(*drop));
	if (!PARSE(tb, FLOWWALL_RECORD_A_MAX, nest, record_policy))
		return false;
	drop->reason = tb[FLOWWALL_RECORD_A_REASON] ? u8(tb[FLOWWALL_RECORD_A_REASON]) : -1;
	drop->age_ms = u32(tb[FLOWWALL_RECORD_A_AGE_MS]);
	drop->ifindex = u32(tb[FLOWWALL_RECORD_A_IFINDEX]);
	drop->flow.rule = u32(tb[FLOWWALL_RECORD_A_RULE]);
	drop->flow.family = u8(tb[FLOWWALL_RECORD_A_FAMILY]);
	drop->flow.proto = u8(tb[FLOWWALL_RECORD_A_PROTO]);
	drop->flow.direction = u8(tb[FLOWWALL_RECORD_A_DIRECTION]);
	return read_entry(tb[FLOWWALL_RECORD_A_ENTRY], &drop->flow.original);
}

/**
 * nl_read_explanation() - read the answer of EXPLAIN
 *
 * Return: false if it makes no sense.
 */
bool nl_read_explanation(struct nlattr **top, struct explanation *answer)
{
	answer->verdict = u8(top[FLOWWALL_A_VERDICT]);
	answer->basis = u8(top[FLOWWALL_A_BASIS]);
	answer->reason = top[FLOWWALL_A_REASON] ? u8(top[FLOWWALL_A_REASON]) : -1;
	answer->direction = u8(top[FLOWWALL_A_DIRECTION]);
	answer->rule = u32(top[FLOWWALL_A_RULE_HANDLE]);
	text(top[FLOWWALL_A_GROUP], answer->group, sizeof(answer->group));
	answer->needs_mac = top[FLOWWALL_A_NEEDS_MAC];
	answer->has_flow = top[FLOWWALL_A_FLOW];
	return !answer->has_flow || nl_read_flow(top[FLOWWALL_A_FLOW], &answer->flow);
}

/* The name and the size of a group in FLOWWALL_A_STATEMENT. */
static bool read_group_event(struct nlattr *nest, struct event *event)
{
	struct nlattr *tb[FLOWWALL_STATEMENT_A_MAX + 1], *group[FLOWWALL_GROUP_A_MAX + 1];

	if (!nest)
		return true;
	if (!PARSE(tb, FLOWWALL_STATEMENT_A_MAX, nest, statement_policy) ||
	    !PARSE(group, FLOWWALL_GROUP_A_MAX, tb[FLOWWALL_STATEMENT_A_GROUP], group_policy))
		return false;
	text(group[FLOWWALL_GROUP_A_NAME], event->group, sizeof(event->group));
	event->size = u32(group[FLOWWALL_GROUP_A_SIZE]);
	return true;
}

/**
 * nl_read_event() - read what an event has, whichever it is
 *
 * Return: false if it makes no sense.
 */
bool nl_read_event(struct nlattr **top, struct event *event)
{
	event->end_reason = u8(top[FLOWWALL_A_END_REASON]);
	event->max_flows = u32(top[FLOWWALL_A_MAX_FLOWS]);
	event->refused = u32(top[FLOWWALL_A_REFUSED]);
	event->generation = u32(top[FLOWWALL_A_GENERATION]);
	text(top[FLOWWALL_A_LABEL], event->label, sizeof(event->label));
	if (!read_group_event(top[FLOWWALL_A_STATEMENT], event) ||
	    (top[FLOWWALL_A_DROP] && !nl_read_drop(top[FLOWWALL_A_DROP], &event->drop)))
		return false;
	return (!top[FLOWWALL_A_FLOW] || nl_read_flow(top[FLOWWALL_A_FLOW], &event->flow)) &&
	       (!top[FLOWWALL_A_IFACE] || nl_read_iface(top[FLOWWALL_A_IFACE], &event->iface));
}
