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
	(nest && nla_parse_nested(tb, max, nest, policy) >= 0)

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
	[FLOWWALL_STATUS_A_NEIGHBOUR]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_DHCP]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_DROP]	= { .type = NLA_NESTED },
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
	status->new_flows = u64(tb[FLOWWALL_STATUS_A_NEW_FLOWS]);
	status->neighbour = u64(tb[FLOWWALL_STATUS_A_NEIGHBOUR]);
	status->dhcp = u64(tb[FLOWWALL_STATUS_A_DHCP]);
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
};

static struct nla_policy role_policy[FLOWWALL_ROLE_A_MAX + 1] = {
	[FLOWWALL_ROLE_A_IFACE]		= { .type = NLA_STRING },
	[FLOWWALL_ROLE_A_DEFAULT]	= { .type = NLA_FLAG },
	[FLOWWALL_ROLE_A_ROLE]		= { .type = NLA_U8 },
};

static struct nla_policy setting_policy[FLOWWALL_SETTING_A_MAX + 1] = {
	[FLOWWALL_SETTING_A_MAX_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_SETTING_A_NEIGHBOUR]	= { .type = NLA_U8 },
	[FLOWWALL_SETTING_A_DHCP]	= { .type = NLA_U8 },
	[FLOWWALL_SETTING_A_ON_CHANGE]	= { .type = NLA_U8 },
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
};

static struct nla_policy endpoint_policy[FLOWWALL_ENDPOINT_A_MAX + 1] = {
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

/* None, where there is no nest: any address, any port. */
static bool read_endpoint(struct nlattr *nest, struct endpoint *point)
{
	struct nlattr *tb[FLOWWALL_ENDPOINT_A_MAX + 1], *range[FLOWWALL_PORT_A_LAST + 1], *nla;
	int rem;

	if (!nest)
		return true;
	if (!PARSE(tb, FLOWWALL_ENDPOINT_A_MAX, nest, endpoint_policy))
		return false;
	point->family = address(tb[FLOWWALL_ENDPOINT_A_ADDR_MIN], point->min);
	if (address(tb[FLOWWALL_ENDPOINT_A_ADDR_MAX], point->max) != point->family)
		return false;
	point->addr_not = tb[FLOWWALL_ENDPOINT_A_ADDR_NOT];
	point->port_not = tb[FLOWWALL_ENDPOINT_A_PORT_NOT];
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) != FLOWWALL_ENDPOINT_A_PORT)
			continue;
		if (!PARSE(range, FLOWWALL_PORT_A_LAST, nla, port_policy) ||
		    point->n_ports == FLOWWALL_PORTS_LIMIT)
			return false;
		point->ports = must(realloc(point->ports,
					    (point->n_ports + 1) * sizeof(*point->ports)));
		point->ports[point->n_ports++] = (struct port_range){
			.min = port(range[FLOWWALL_PORT_A_MIN]),
			.max = port(range[FLOWWALL_PORT_A_MAX]),
		};
	}
	return true;
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
	rule->proto = tb[FLOWWALL_RULE_A_PROTO] ? u8(tb[FLOWWALL_RULE_A_PROTO]) : -1;
	if (!read_endpoint(tb[FLOWWALL_RULE_A_SRC], &rule->src) ||
	    !read_endpoint(tb[FLOWWALL_RULE_A_DST], &rule->dst))
		return false;
	if (tb[FLOWWALL_RULE_A_COMMENT])
		rule->comment = must(nla_strdup(tb[FLOWWALL_RULE_A_COMMENT]));
	rule->packets = u64(tb[FLOWWALL_RULE_A_PACKETS]);
	rule->bytes = u64(tb[FLOWWALL_RULE_A_BYTES]);
	rule->last_hit = u64(tb[FLOWWALL_RULE_A_LAST_HIT]);
	return true;
}

static bool read_settings(struct nlattr *nest, struct script *script)
{
	static const struct { enum setting_key key; int attr; bool wide; } settings[] = {
		{ SET_MAX_FLOWS, FLOWWALL_SETTING_A_MAX_FLOWS, true },
		{ SET_NEIGHBOUR, FLOWWALL_SETTING_A_NEIGHBOUR, false },
		{ SET_DHCP, FLOWWALL_SETTING_A_DHCP, false },
		{ SET_ON_CHANGE, FLOWWALL_SETTING_A_ON_CHANGE, false },
	};
	struct nlattr *tb[FLOWWALL_SETTING_A_MAX + 1];
	size_t i;

	if (!PARSE(tb, FLOWWALL_SETTING_A_MAX, nest, setting_policy))
		return false;
	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		struct nlattr *nla = tb[settings[i].attr];
		struct stmt *stmt;

		if (!nla)
			continue;
		stmt = script_add(script);
		stmt->kind = STMT_SETTING;
		stmt->setting.key = settings[i].key;
		stmt->setting.value = settings[i].wide ? u32(nla) : u8(nla);
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
	return (!top[FLOWWALL_A_FLOW] || nl_read_flow(top[FLOWWALL_A_FLOW], &event->flow)) &&
	       (!top[FLOWWALL_A_IFACE] || nl_read_iface(top[FLOWWALL_A_IFACE], &event->iface));
}
