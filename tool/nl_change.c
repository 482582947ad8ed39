// SPDX-License-Identifier: GPL-2.0-or-later
/* Changing the ruleset: statements -> attributes, and transactions. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "nl_internal.h"

/* A message of statements is sent when it is this long. */
#define BATCH	16384

/* --- statements ------------------------------------------------------------ */

static void put_endpoint(struct nl_msg *msg, int attr, const struct endpoint *point)
{
	int size = point->family == AF_INET ? 4 : 16, i;
	struct nlattr *nest, *range;

	if (!point->family && !point->n_ports)
		return;
	nest = nla_nest_start(msg, attr | NLA_F_NESTED);
	if (point->family) {
		nla_put(msg, FLOWWALL_ENDPOINT_A_ADDR_MIN, size, point->min);
		nla_put(msg, FLOWWALL_ENDPOINT_A_ADDR_MAX, size, point->max);
		if (point->addr_not)
			nla_put_flag(msg, FLOWWALL_ENDPOINT_A_ADDR_NOT);
	}
	for (i = 0; i < point->n_ports; i++) {
		range = nla_nest_start(msg, FLOWWALL_ENDPOINT_A_PORT | NLA_F_NESTED);
		nla_put_u16(msg, FLOWWALL_PORT_A_MIN, htons(point->ports[i].min));
		nla_put_u16(msg, FLOWWALL_PORT_A_MAX, htons(point->ports[i].max));
		nla_nest_end(msg, range);
	}
	if (point->n_ports && point->port_not)
		nla_put_flag(msg, FLOWWALL_ENDPOINT_A_PORT_NOT);
	nla_nest_end(msg, nest);
}

static void put_rule(struct nl_msg *msg, const struct rule *rule)
{
	nla_put_u8(msg, FLOWWALL_RULE_A_DIRECTION, rule->direction);
	nla_put_u8(msg, FLOWWALL_RULE_A_ACTION, rule->action);
	if (rule->proto >= 0)
		nla_put_u8(msg, FLOWWALL_RULE_A_PROTO, rule->proto);
	if (rule->name[0])
		nla_put_string(msg, FLOWWALL_RULE_A_NAME, rule->name);
	if (rule->comment)
		nla_put_string(msg, FLOWWALL_RULE_A_COMMENT, rule->comment);
	put_endpoint(msg, FLOWWALL_RULE_A_SRC, &rule->src);
	put_endpoint(msg, FLOWWALL_RULE_A_DST, &rule->dst);
}

static void put_setting(struct nl_msg *msg, const struct setting *setting)
{
	switch (setting->key) {
	case SET_MAX_FLOWS:
		nla_put_u32(msg, FLOWWALL_SETTING_A_MAX_FLOWS, setting->value);
		break;
	case SET_NEIGHBOUR:
		nla_put_u8(msg, FLOWWALL_SETTING_A_NEIGHBOUR, setting->value);
		break;
	case SET_DHCP:
		nla_put_u8(msg, FLOWWALL_SETTING_A_DHCP, setting->value);
		break;
	default:
		nla_put_u8(msg, FLOWWALL_SETTING_A_ON_CHANGE, setting->value);
		break;
	}
}

static void put_role_name(struct nl_msg *msg, const struct role *role)
{
	if (role->iface[0])
		nla_put_string(msg, FLOWWALL_ROLE_A_IFACE, role->iface);
	else
		nla_put_flag(msg, FLOWWALL_ROLE_A_DEFAULT);
}

/* A statement to be added; a message has room for the longest (64 ranges twice: 2.5 KiB). */
static void put_statement(struct nl_msg *msg, const struct stmt *stmt)
{
	static const int attrs[] = {
		[STMT_ROLE] = FLOWWALL_STATEMENT_A_ROLE,
		[STMT_SETTING] = FLOWWALL_STATEMENT_A_SETTING,
		[STMT_TTL] = FLOWWALL_STATEMENT_A_TTL,
		[STMT_RULE] = FLOWWALL_STATEMENT_A_RULE,
	};
	struct nlattr *outer, *nest;

	outer = nla_nest_start(msg, FLOWWALL_A_STATEMENT | NLA_F_NESTED);
	nest = nla_nest_start(msg, attrs[stmt->kind] | NLA_F_NESTED);
	switch (stmt->kind) {
	case STMT_ROLE:
		put_role_name(msg, &stmt->role);
		nla_put_u8(msg, FLOWWALL_ROLE_A_ROLE, stmt->role.role);
		break;
	case STMT_SETTING:
		put_setting(msg, &stmt->setting);
		break;
	case STMT_TTL:
		nla_put_u8(msg, FLOWWALL_TTL_A_CLASS, stmt->ttl.class);
		nla_put_u32(msg, FLOWWALL_TTL_A_STEP, stmt->ttl.step);
		nla_put_u32(msg, FLOWWALL_TTL_A_MAX, stmt->ttl.max);
		break;
	default:
		put_rule(msg, &stmt->rule);
		break;
	}
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
}

/* What tells a role or a rule from others, to take it out. */
static void put_key(struct nl_msg *msg, const struct stmt *stmt)
{
	struct nlattr *outer, *nest;

	outer = nla_nest_start(msg, FLOWWALL_A_STATEMENT | NLA_F_NESTED);
	if (stmt->kind == STMT_ROLE) {
		nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_ROLE | NLA_F_NESTED);
		put_role_name(msg, &stmt->role);
	} else {
		nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_RULE | NLA_F_NESTED);
		if (stmt->rule.name[0])
			nla_put_string(msg, FLOWWALL_RULE_A_NAME, stmt->rule.name);
		else
			nla_put_u32(msg, FLOWWALL_RULE_A_HANDLE, stmt->rule.handle);
	}
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
}

/* --- transactions ---------------------------------------------------------- */

/**
 * module_begin() - begin a transaction
 */
int module_begin(struct module *module, enum flowwall_mode mode)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_BEGIN, 0);

	nla_put_u8(msg, FLOWWALL_A_MODE, mode);
	return exchange(module, msg, NULL, NULL);
}

/**
 * module_add() - add statements to the transaction
 * @stmt: the statements
 * @n: how many
 * @bad: after a refusal, set to the one that was refused, or NULL
 */
int module_add(struct module *module, const struct stmt *stmt, size_t n, const struct stmt **bad)
{
	uint32_t *begins = calloc(n + 1, sizeof(*begins));
	size_t i = 0, k;
	int err = 0;

	if (!begins)
		fail_out_of_memory();
	*bad = NULL;
	while (i < n && !err) {
		struct nl_msg *msg = request(module, FLOWWALL_CMD_ADD, 0);
		size_t first = i;

		for (; i < n && nlmsg_hdr(msg)->nlmsg_len < BATCH; i++) {
			begins[i] = nlmsg_hdr(msg)->nlmsg_len;
			put_statement(msg, &stmt[i]);
		}
		err = exchange(module, msg, NULL, NULL);
		if (err && module->offset)
			for (k = first; k < i && begins[k] <= module->offset; k++)
				*bad = &stmt[k];
	}
	free(begins);
	return err;
}

/**
 * module_del() - take a statement out, in the transaction
 * @stmt: a role, or a rule with a handle or an id
 */
int module_del(struct module *module, const struct stmt *stmt)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_DEL, 0);

	put_key(msg, stmt);
	return exchange(module, msg, NULL, NULL);
}

/**
 * module_commit() - end the transaction: the new ruleset runs
 * @check: only say whether it would be accepted
 *
 * Return: 0, -EAGAIN if somebody else changed the ruleset since module_begin(), or
 * another error. The transaction is over in any case.
 */
int module_commit(struct module *module, bool check)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_COMMIT, 0);

	if (check)
		nla_put_flag(msg, FLOWWALL_A_CHECK);
	return exchange(module, msg, NULL, NULL);
}
