// SPDX-License-Identifier: GPL-2.0-or-later
/* Changing the ruleset: statements -> attributes, and transactions. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_internal.h"

/* A message of statements is sent when it is this long. */
#define BATCH	16384

/* A nest holds less than 64 KiB; so many members at once. */
#define MEMBERS	200

/* --- statements ------------------------------------------------------------ */

static void put_endpoint(struct nl_msg *msg, int attr, const struct endpoint *point)
{
	struct nlattr *nest, *range;
	int i;

	if (!point->n_addrs && !*point->group && !point->n_ports)
		return;
	nest = nla_nest_start(msg, attr | NLA_F_NESTED);
	for (i = 0; i < point->n_addrs; i++) {
		int size = point->addrs[i].family == AF_INET ? 4 : 16;

		range = nla_nest_start(msg, FLOWWALL_ENDPOINT_A_ADDR | NLA_F_NESTED);
		nla_put(msg, FLOWWALL_ADDR_A_MIN, size, point->addrs[i].min);
		nla_put(msg, FLOWWALL_ADDR_A_MAX, size, point->addrs[i].max);
		nla_nest_end(msg, range);
	}
	if (*point->group)
		nla_put_string(msg, FLOWWALL_ENDPOINT_A_GROUP, point->group);
	if (point->addr_not)
		nla_put_flag(msg, FLOWWALL_ENDPOINT_A_ADDR_NOT);
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

static void put_matches(struct nl_msg *msg, const struct rule *rule)
{
	if (rule->proto >= 0)
		nla_put_u8(msg, FLOWWALL_RULE_A_PROTO, rule->proto);
	if (*rule->iface)
		nla_put_string(msg, FLOWWALL_RULE_A_IFACE, rule->iface);
	put_endpoint(msg, FLOWWALL_RULE_A_SRC, &rule->src);
	put_endpoint(msg, FLOWWALL_RULE_A_DST, &rule->dst);
	if (rule->keyed) {
		nla_put_u32(msg, FLOWWALL_RULE_A_KEY_MIN, rule->key_min);
		nla_put_u32(msg, FLOWWALL_RULE_A_KEY_MAX, rule->key_max);
	}
	if (rule->icmp_type >= 0)
		nla_put_u8(msg, FLOWWALL_RULE_A_ICMP_TYPE, rule->icmp_type);
	if (rule->icmpv6_type >= 0)
		nla_put_u8(msg, FLOWWALL_RULE_A_ICMPV6_TYPE, rule->icmpv6_type);
	if (rule->n_u32)
		nla_put(msg, FLOWWALL_RULE_A_U32, rule->n_u32 * sizeof(*rule->u32), rule->u32);
	if (rule->u32_not)
		nla_put_flag(msg, FLOWWALL_RULE_A_U32_NOT);
	if (rule->until)
		nla_put_u64(msg, FLOWWALL_RULE_A_UNTIL, rule->until);
}

static void put_options(struct nl_msg *msg, const struct rule *rule)
{
	if (rule->log)
		nla_put_flag(msg, FLOWWALL_RULE_A_LOG);
	if (rule->label)
		nla_put_string(msg, FLOWWALL_RULE_A_LABEL, rule->label);
	if (rule->limit) {
		nla_put_u32(msg, FLOWWALL_RULE_A_LIMIT, rule->limit);
		nla_put_u32(msg, FLOWWALL_RULE_A_LIMIT_UNIT, rule->limit_unit);
		nla_put_u32(msg, FLOWWALL_RULE_A_LIMIT_BURST, rule->limit_burst);
	}
	if (rule->queued) {
		nla_put_u16(msg, FLOWWALL_RULE_A_QUEUE_FIRST, rule->queue_first);
		nla_put_u16(msg, FLOWWALL_RULE_A_QUEUE_LAST, rule->queue_last);
	}
	if (rule->queue_bypass)
		nla_put_flag(msg, FLOWWALL_RULE_A_QUEUE_BYPASS);
	if (rule->mark_mask) {
		nla_put_u32(msg, FLOWWALL_RULE_A_MARK, rule->mark);
		nla_put_u32(msg, FLOWWALL_RULE_A_MARK_MASK, rule->mark_mask);
	}
	if (rule->ttl_step) {
		nla_put_u32(msg, FLOWWALL_RULE_A_TTL_STEP, rule->ttl_step);
		nla_put_u32(msg, FLOWWALL_RULE_A_TTL_MAX, rule->ttl_max);
	}
}

/* One with a handle is there already: it is moved. */
static void put_rule(struct nl_msg *msg, const struct rule *rule)
{
	if (rule->before)
		nla_put_u32(msg, FLOWWALL_RULE_A_BEFORE, rule->before);
	if (rule->handle) {
		nla_put_u32(msg, FLOWWALL_RULE_A_HANDLE, rule->handle);
		return;
	}
	nla_put_u8(msg, FLOWWALL_RULE_A_DIRECTION, rule->direction);
	nla_put_u8(msg, FLOWWALL_RULE_A_ACTION, rule->action);
	if (rule->name[0])
		nla_put_string(msg, FLOWWALL_RULE_A_NAME, rule->name);
	if (rule->comment)
		nla_put_string(msg, FLOWWALL_RULE_A_COMMENT, rule->comment);
	put_matches(msg, rule);
	put_options(msg, rule);
}

/**
 * nl_put_filter() - write FLOWWALL_A_FILTER
 */
void nl_put_filter(struct nl_msg *msg, const struct flow_filter *filter)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_A_FILTER | NLA_F_NESTED), *match;

	if (filter->match) {
		match = nla_nest_start(msg, FLOWWALL_FILTER_A_MATCH | NLA_F_NESTED);
		put_matches(msg, filter->match);
		nla_nest_end_keep_empty(msg, match);
	}
	if (filter->direction >= 0)
		nla_put_u8(msg, FLOWWALL_FILTER_A_DIRECTION, filter->direction);
	if (filter->state >= 0)
		nla_put_u8(msg, FLOWWALL_FILTER_A_STATE, filter->state);
	if (filter->of_rule)
		nla_put_u32(msg, FLOWWALL_FILTER_A_RULE_HANDLE, filter->rule);
	if (filter->host_family)
		nla_put(msg, FLOWWALL_FILTER_A_HOST, filter->host_family == AF_INET ? 4 : 16,
			filter->host);
	/* An empty one means all flows. */
	nla_nest_end_keep_empty(msg, nest);
}

static void put_member(struct nl_msg *msg, const struct member *member)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_GROUP_A_MEMBER | NLA_F_NESTED);

	switch (member->family) {
	case MEMBER_GROUP:
		nla_put_string(msg, FLOWWALL_MEMBER_A_GROUP, member->name);
		break;
	case MEMBER_MAC:
		nla_put(msg, FLOWWALL_MEMBER_A_MAC, 6, member->addr);
		break;
	case MEMBER_IFACE:
		nla_put_string(msg, FLOWWALL_MEMBER_A_IFACE, member->name);
		break;
	default:
		nla_put(msg, FLOWWALL_MEMBER_A_ADDR, member->family == AF_INET ? 4 : 16,
			member->addr);
		nla_put_u8(msg, FLOWWALL_MEMBER_A_PREFIX, member->prefix);
	}
	if (member->timeout)
		nla_put_u32(msg, FLOWWALL_MEMBER_A_TIMEOUT, member->timeout);
	nla_nest_end(msg, nest);
}

/* From the member *@at on as many as one attribute should hold; *@at goes behind them. */
static void put_group(struct nl_msg *msg, const struct group *group, size_t *at)
{
	size_t last = *at + MEMBERS;

	nla_put_string(msg, FLOWWALL_GROUP_A_NAME, group->name);
	if (group->flush)
		nla_put_flag(msg, FLOWWALL_GROUP_A_FLUSH);
	for (; *at < group->n_members && *at < last; (*at)++)
		put_member(msg, &group->members[*at]);
}

static void put_setting(struct nl_msg *msg, const struct setting *setting)
{
	if (setting_kind(setting->key)->values)
		nla_put_u8(msg, setting->key, setting->value);
	else
		nla_put_u32(msg, setting->key, setting->value);
}

static void put_role_name(struct nl_msg *msg, const struct role *role)
{
	if (role->iface[0])
		nla_put_string(msg, FLOWWALL_ROLE_A_IFACE, role->iface);
	else
		nla_put_flag(msg, FLOWWALL_ROLE_A_DEFAULT);
}

/* Statements that are not whole in one attribute go on here. */
struct progress {
	const struct stmt *stmt;
	size_t n;
	size_t at;
	size_t member;	/* of a group, the next one */
};

/*
 * The next statement to be added; a message has room for the longest (64 ranges of
 * addresses twice: 7 KiB).
 */
static void put_statement(struct nl_msg *msg, struct progress *progress)
{
	static const int attrs[] = {
		[STMT_ROLE] = FLOWWALL_STATEMENT_A_ROLE,
		[STMT_SETTING] = FLOWWALL_STATEMENT_A_SETTING,
		[STMT_TTL] = FLOWWALL_STATEMENT_A_TTL,
		[STMT_RULE] = FLOWWALL_STATEMENT_A_RULE,
		[STMT_GROUP] = FLOWWALL_STATEMENT_A_GROUP,
	};
	const struct stmt *stmt = &progress->stmt[progress->at];
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
	case STMT_GROUP:
		put_group(msg, &stmt->group, &progress->member);
		break;
	default:
		put_rule(msg, &stmt->rule);
		break;
	}
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
	if (stmt->kind == STMT_GROUP && progress->member < stmt->group.n_members)
		return;
	progress->at++;
	progress->member = 0;
}

/* What is to be taken out: a role, a rule, a group or some of its members. */
static void put_key(struct nl_msg *msg, struct progress *progress)
{
	const struct stmt *stmt = &progress->stmt[progress->at];
	struct nlattr *outer, *nest;

	if (stmt->kind == STMT_GROUP) {
		put_statement(msg, progress);
		return;
	}
	outer = nla_nest_start(msg, FLOWWALL_A_STATEMENT | NLA_F_NESTED);
	if (stmt->kind == STMT_ROLE) {
		nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_ROLE | NLA_F_NESTED);
		put_role_name(msg, &stmt->role);
	} else {
		nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_RULE | NLA_F_NESTED);
		if (stmt->rule.handle)
			nla_put_u32(msg, FLOWWALL_RULE_A_HANDLE, stmt->rule.handle);
		else
			nla_put_string(msg, FLOWWALL_RULE_A_NAME, stmt->rule.name);
	}
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
	progress->at++;
}

/* --- transactions ---------------------------------------------------------- */

/**
 * module_begin() - begin a transaction; one that was not committed is given up
 */
int module_begin(struct module *module, enum flowwall_mode mode)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_BEGIN, 0);

	if (module->begun)
		exchange(module, request(module, FLOWWALL_CMD_ABORT, 0), NULL, NULL);
	module->begun = true;
	nla_put_u8(msg, FLOWWALL_A_MODE, mode);
	return exchange(module, msg, NULL, NULL);
}

/* All statements in messages of a size; @bad: the one that was refused, or NULL. */
static int send_all(struct module *module, uint8_t cmd,
		    void (*put)(struct nl_msg *msg, struct progress *progress),
		    const struct stmt *stmt, size_t n, const struct stmt **bad)
{
	struct progress progress = { .stmt = stmt, .n = n };
	int err = 0;

	*bad = NULL;
	while (progress.at < n && !err) {
		struct { uint32_t begin; const struct stmt *stmt; } sent[BATCH / 16];
		struct nl_msg *msg = request(module, cmd, 0);
		size_t k = 0, i;

		while (progress.at < n && nlmsg_hdr(msg)->nlmsg_len < BATCH) {
			sent[k].begin = nlmsg_hdr(msg)->nlmsg_len;
			sent[k++].stmt = &stmt[progress.at];
			put(msg, &progress);
		}
		err = exchange(module, msg, NULL, NULL);
		for (i = 0; err && module->offset && i < k && sent[i].begin <= module->offset; i++)
			*bad = sent[i].stmt;
	}
	return err;
}

/**
 * module_add() - add statements to the transaction
 * @stmt: the statements; a rule with a handle is moved
 * @n: how many
 * @bad: after a refusal, set to the one that was refused, or NULL
 */
int module_add(struct module *module, const struct stmt *stmt, size_t n, const struct stmt **bad)
{
	return send_all(module, FLOWWALL_CMD_ADD, put_statement, stmt, n, bad);
}

/**
 * module_del() - take a statement out, in the transaction
 * @stmt: a role, a rule with a handle or an id, a group, or members of one
 */
int module_del(struct module *module, const struct stmt *stmt)
{
	const struct stmt *bad;

	return send_all(module, FLOWWALL_CMD_DEL, put_key, stmt, 1, &bad);
}

static void put_packet(struct nl_msg *msg, const struct raw_packet *packet)
{
	nla_put(msg, FLOWWALL_A_PACKET, packet->length, packet->bytes);
	if (packet->has_mac)
		nla_put(msg, FLOWWALL_A_MAC, sizeof(packet->mac), packet->mac);
	if (packet->iif)
		nla_put_u32(msg, FLOWWALL_A_IIF, packet->iif);
	if (packet->oif)
		nla_put_u32(msg, FLOWWALL_A_OIF, packet->oif);
}

static int read_ended(struct module *module, struct nlattr **top, void *arg)
{
	(void)module;
	if (top[FLOWWALL_A_ENDED])
		*(uint32_t *)arg = nla_get_u32(top[FLOWWALL_A_ENDED]);
	return 0;
}

/**
 * module_commit() - end the transaction: the new ruleset runs
 * @commit: what is asked of it; @ended is set
 *
 * Return: 0, -EAGAIN if somebody else changed the ruleset since module_begin(),
 * -ECONNREFUSED if @commit->guard would not pass any more, or another error. The
 * transaction is over in any case.
 */
int module_commit(struct module *module, struct commit *commit)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_COMMIT, 0);

	if (commit->check)
		nla_put_flag(msg, FLOWWALL_A_CHECK);
	if (commit->confirm)
		nla_put_u32(msg, FLOWWALL_A_CONFIRM, commit->confirm);
	if (commit->guard)
		put_packet(msg, commit->guard);
	commit->ended = 0;
	module->begun = false;
	return exchange(module, msg, read_ended, &commit->ended);
}

/**
 * module_confirm() - keep the ruleset that waits to be confirmed
 */
int module_confirm(struct module *module)
{
	return exchange(module, request(module, FLOWWALL_CMD_CONFIRM, 0), NULL, NULL);
}

/**
 * module_zero() - set the counters of a rule to zero, or of all
 * @handle: of the rule, or 0
 */
int module_zero(struct module *module, uint32_t handle)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_ZERO, 0);

	if (handle)
		nla_put_u32(msg, FLOWWALL_A_RULE_HANDLE, handle);
	return exchange(module, msg, NULL, NULL);
}

static int read_explanation(struct module *module, struct nlattr **top, void *arg)
{
	return nl_read_explanation(top, arg) ? 0 :
		complain(module, -EPROTO, "the module's explanation makes no sense");
}

/**
 * module_explain() - ask what would become of a packet
 * @packet: the packet
 * @answer: set to it
 */
int module_explain(struct module *module, const struct raw_packet *packet,
		   struct explanation *answer)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_EXPLAIN, 0);

	memset(answer, 0, sizeof(*answer));
	put_packet(msg, packet);
	return exchange(module, msg, read_explanation, answer);
}

/**
 * module_kill_flows() - end flows
 * @filter: which
 * @ended: set to how many
 */
int module_kill_flows(struct module *module, const struct flow_filter *filter, uint32_t *ended)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_FLOW_KILL, 0);

	*ended = 0;
	nl_put_filter(msg, filter);
	return exchange(module, msg, read_ended, ended);
}
