// SPDX-License-Identifier: GPL-2.0-only
/* A rule from attributes; see netlink_read.c. */
#include <linux/ctype.h>
#include <linux/in.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "net.h"
#include "netlink.h"
#include "u32.h"

/* --- endpoints ------------------------------------------------------------- */

static unsigned int count_of(const struct nlattr *nest, int type)
{
	const struct nlattr *nla;
	unsigned int n = 0;
	int rem;

	nla_for_each_nested(nla, nest, rem)
		n += nla_type(nla) == type;
	return n;
}

static int read_addr_range(const struct nlattr *nest, struct fwl_addrs *range,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_ADDR_A_LAST + 1];
	const struct nlattr *min, *max;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_ADDR_A_LAST, nest, fwl_addr_policy, extack);
	if (err)
		return err;
	min = tb[FLOWWALL_ADDR_A_MIN];
	max = tb[FLOWWALL_ADDR_A_MAX];
	if (!min || !max || nla_len(min) != nla_len(max) ||
	    (nla_len(min) != 4 && nla_len(min) != 16)) {
		NL_SET_ERR_MSG_ATTR(extack, min ?: max ?: nest,
				    "addresses come in pairs, of 4 bytes each or of 16");
		return -EINVAL;
	}
	if (memcmp(nla_data(min), nla_data(max), nla_len(min)) > 0) {
		NL_SET_ERR_MSG_ATTR(extack, max, "the last address is below the first");
		return -ERANGE;
	}
	range->ipv6 = nla_len(min) == 16;
	memcpy(range->min, nla_data(min), nla_len(min));
	memcpy(range->max, nla_data(max), nla_len(max));
	return 0;
}

static int read_group(const struct fwl_ruleset *rs, const struct nlattr *nla,
		      struct fwl_endpoint *point, struct netlink_ext_ack *extack)
{
	struct fwl_group *group = fwl_ruleset_find_group(rs, nla_data(nla));

	if (!group) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "there is no such group so far");
		return -ENOENT;
	}
	point->group = fwl_group_get(group);
	return 0;
}

static int read_addrs(const struct fwl_ruleset *rs, const struct nlattr *nest,
		      struct nlattr **tb, struct fwl_endpoint *point,
		      struct netlink_ext_ack *extack)
{
	unsigned int n = count_of(nest, FLOWWALL_ENDPOINT_A_ADDR);
	const struct nlattr *nla, *group = tb[FLOWWALL_ENDPOINT_A_GROUP];
	int rem, err;

	point->addr_not = tb[FLOWWALL_ENDPOINT_A_ADDR_NOT];
	if (n && group) {
		NL_SET_ERR_MSG_ATTR(extack, group, "addresses or a group, not both");
		return -EINVAL;
	}
	if (point->addr_not && !n && !group) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_ENDPOINT_A_ADDR_NOT],
				    "not which address?");
		return -EINVAL;
	}
	if (n > FLOWWALL_ADDRS_LIMIT) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "more than 64 ranges of addresses");
		return -E2BIG;
	}
	if (group)
		return read_group(rs, group, point, extack);
	if (!n)
		return 0;
	point->addrs = kcalloc(n, sizeof(*point->addrs), GFP_KERNEL_ACCOUNT);
	if (!point->addrs)
		return -ENOMEM;
	nla_for_each_nested(nla, nest, rem) {
		struct fwl_addrs *range = &point->addrs[point->n_addrs];

		if (nla_type(nla) != FLOWWALL_ENDPOINT_A_ADDR)
			continue;
		err = read_addr_range(nla, range, extack);
		if (err)
			return err;
		point->families |= range->ipv6 ? FWL_IPV6 : FWL_IPV4;
		point->n_addrs++;
	}
	return 0;
}

static int read_ports(const struct nlattr *nest, struct nlattr **tb,
		      struct fwl_endpoint *point, struct netlink_ext_ack *extack)
{
	unsigned int n = count_of(nest, FLOWWALL_ENDPOINT_A_PORT);
	struct nlattr *port[FLOWWALL_PORT_A_LAST + 1];
	const struct nlattr *nla;
	int rem, err;

	if (!n) {
		if (!tb[FLOWWALL_ENDPOINT_A_PORT_NOT])
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_ENDPOINT_A_PORT_NOT], "not which port?");
		return -EINVAL;
	}
	if (n > FLOWWALL_PORTS_LIMIT) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "more than 64 ranges of ports");
		return -E2BIG;
	}
	point->ports = kcalloc(n, sizeof(*point->ports), GFP_KERNEL_ACCOUNT);
	if (!point->ports)
		return -ENOMEM;
	point->port_not = tb[FLOWWALL_ENDPOINT_A_PORT_NOT];

	nla_for_each_nested(nla, nest, rem) {
		struct fwl_ports *ports = &point->ports[point->n_ports];

		if (nla_type(nla) != FLOWWALL_ENDPOINT_A_PORT)
			continue;
		err = nla_parse_nested(port, FLOWWALL_PORT_A_LAST, nla, fwl_port_policy, extack);
		if (err)
			return err;
		if (!port[FLOWWALL_PORT_A_MIN] || !port[FLOWWALL_PORT_A_MAX]) {
			NL_SET_ERR_MSG_ATTR(extack, nla, "a range of ports needs min and max");
			return -EINVAL;
		}
		ports->min = ntohs(nla_get_be16(port[FLOWWALL_PORT_A_MIN]));
		ports->max = ntohs(nla_get_be16(port[FLOWWALL_PORT_A_MAX]));
		if (ports->min > ports->max) {
			NL_SET_ERR_MSG_ATTR(extack, port[FLOWWALL_PORT_A_MAX],
					    "the last port is below the first");
			return -ERANGE;
		}
		point->n_ports++;
	}
	return 0;
}

static int read_endpoint(const struct fwl_ruleset *rs, const struct nlattr *nest,
			 struct fwl_endpoint *point, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_ENDPOINT_A_MAX + 1];
	int err;

	if (!nest)
		return 0;
	err = nla_parse_nested(tb, FLOWWALL_ENDPOINT_A_MAX, nest, fwl_endpoint_policy, extack);
	if (!err)
		err = read_addrs(rs, nest, tb, point, extack);
	if (!err)
		err = read_ports(nest, tb, point, extack);
	return err;
}

/* --- texts ----------------------------------------------------------------- */

/**
 * fwl_read_name() - check the name of a rule or a group
 * @nla: a string
 * @extack: the reason of a refusal
 *
 * Return: 0 or -EINVAL.
 */
int fwl_read_name(const struct nlattr *nla, struct netlink_ext_ack *extack)
{
	const char *name = nla_data(nla), *c;

	for (c = name; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("-_.", *c)))
			break;
	if (*c || !isalpha(name[0])) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a name is a letter, then letters, digits, '-', '_' and '.'");
		return -EINVAL;
	}
	return 0;
}

static int read_text(const struct nlattr *nla, char **text, struct netlink_ext_ack *extack)
{
	const char *c;

	if (!nla)
		return 0;
	for (c = nla_data(nla); *c; c++)
		if (iscntrl(*c)) {
			NL_SET_ERR_MSG_ATTR(extack, nla, "not one line of text");
			return -EINVAL;
		}
	*text = kstrdup(nla_data(nla), GFP_KERNEL_ACCOUNT);
	return *text ? 0 : -ENOMEM;
}

/* --- what a rule asks of a packet ------------------------------------------ */

static int read_u32(struct nlattr **tb, struct fwl_match *match, struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = tb[FLOWWALL_RULE_A_U32];
	const char *fault;

	if (!nla)
		return 0;
	if (nla_len(nla) % sizeof(*match->u32)) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "not a number of whole steps");
		return -EINVAL;
	}
	match->u32 = kmemdup(nla_data(nla), nla_len(nla), GFP_KERNEL_ACCOUNT);
	if (!match->u32)
		return -ENOMEM;
	match->n_u32 = nla_len(nla) / sizeof(*match->u32);
	match->u32_not = tb[FLOWWALL_RULE_A_U32_NOT];
	fault = fwl_u32_check(match->u32, match->n_u32);
	if (fault) {
		NL_SET_BAD_ATTR(extack, nla);
		if (extack)
			extack->_msg = fault;
		return -EINVAL;
	}
	return 0;
}

static int read_key(struct nlattr **tb, struct fwl_match *match, struct netlink_ext_ack *extack)
{
	const struct nlattr *min = tb[FLOWWALL_RULE_A_KEY_MIN];
	const struct nlattr *max = tb[FLOWWALL_RULE_A_KEY_MAX];

	if (!min && !max)
		return 0;
	if (!min || !max || nla_get_u32(min) > nla_get_u32(max) || match->proto != IPPROTO_GRE) {
		NL_SET_ERR_MSG_ATTR(extack, min ?: max, "keys are from min to max, and of GRE");
		return -EINVAL;
	}
	match->keyed = true;
	match->key_min = nla_get_u32(min);
	match->key_max = nla_get_u32(max);
	return 0;
}

static int read_types(struct nlattr **tb, struct fwl_match *match, struct netlink_ext_ack *extack)
{
	const struct nlattr *type = tb[FLOWWALL_RULE_A_ICMP_TYPE];
	const struct nlattr *type6 = tb[FLOWWALL_RULE_A_ICMPV6_TYPE];

	if ((type || type6) && match->proto != IPPROTO_ICMP && match->proto != IPPROTO_ICMPV6) {
		NL_SET_ERR_MSG_ATTR(extack, type ?: type6, "types are of ICMP and ICMPv6");
		return -EINVAL;
	}
	if (type)
		match->icmp_type = nla_get_u8(type);
	if (type6)
		match->icmpv6_type = nla_get_u8(type6);
	return 0;
}

/**
 * fwl_read_match() - read what a rule asks of a packet
 * @rs: has the groups
 * @tb: FLOWWALL_RULE_A_*
 * @match: of a new rule; set to it
 * @extack: the reason of a refusal
 *
 * Context: process, under struct fwl_net.lock.
 * Return: 0 or a negative error.
 */
int fwl_read_match(const struct fwl_ruleset *rs, struct nlattr **tb, struct fwl_match *match,
		   struct netlink_ext_ack *extack)
{
	int err = 0;

	if (tb[FLOWWALL_RULE_A_PROTO])
		match->proto = nla_get_u8(tb[FLOWWALL_RULE_A_PROTO]);
	if (tb[FLOWWALL_RULE_A_UNTIL])
		match->until = min_t(u64, nla_get_u64(tb[FLOWWALL_RULE_A_UNTIL]), S64_MAX);
	if (tb[FLOWWALL_RULE_A_IFACE])
		err = fwl_read_iface(tb[FLOWWALL_RULE_A_IFACE], match->iface,
				     &match->iface_prefix, extack);
	if (!err)
		err = read_endpoint(rs, tb[FLOWWALL_RULE_A_SRC], &match->src, extack);
	if (!err)
		err = read_endpoint(rs, tb[FLOWWALL_RULE_A_DST], &match->dst, extack);
	if (!err)
		err = read_types(tb, match, extack);
	if (!err)
		err = read_key(tb, match, extack);
	if (!err)
		err = read_u32(tb, match, extack);
	if (err)
		return err;

	if (match->src.families && match->dst.families &&
	    !(match->src.families & match->dst.families)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_DST],
				    "source and destination are of different families");
		return -EINVAL;
	}
	if ((match->src.n_ports || match->dst.n_ports) && match->proto >= 0 &&
	    !fwl_proto_has_ports(match->proto)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_PROTO],
				    "this protocol has no ports");
		return -EINVAL;
	}
	return 0;
}

/* --- what a rule does ------------------------------------------------------ */

static int read_limit(struct nlattr **tb, struct fwl_rule *rule, struct netlink_ext_ack *extack)
{
	const struct nlattr *limit = tb[FLOWWALL_RULE_A_LIMIT];
	const struct nlattr *unit = tb[FLOWWALL_RULE_A_LIMIT_UNIT];
	const struct nlattr *burst = tb[FLOWWALL_RULE_A_LIMIT_BURST];

	if (!limit && !unit && !burst)
		return 0;
	if (!limit || !unit || !burst) {
		NL_SET_ERR_MSG_ATTR(extack, limit ?: unit ?: burst,
				    "a limit needs a number, a unit and a burst");
		return -EINVAL;
	}
	rule->limit_count = nla_get_u32(limit);
	rule->limit_unit = nla_get_u32(unit);
	rule->limit_burst = nla_get_u32(burst);
	if (rule->limit_unit != 1 && rule->limit_unit != 60 && rule->limit_unit != 3600 &&
	    rule->limit_unit != 86400) {
		NL_SET_ERR_MSG_ATTR(extack, unit,
				    "the unit is a second, a minute, an hour or a day");
		return -EINVAL;
	}
	return 0;
}

static int read_queue(struct nlattr **tb, struct fwl_profile *profile,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *first = tb[FLOWWALL_RULE_A_QUEUE_FIRST];
	const struct nlattr *last = tb[FLOWWALL_RULE_A_QUEUE_LAST];

	if (!first && !last && !tb[FLOWWALL_RULE_A_QUEUE_BYPASS])
		return 0;
	if (!first || !last || nla_get_u16(first) > nla_get_u16(last)) {
		NL_SET_ERR_MSG_ATTR(extack, first ?: last ?: tb[FLOWWALL_RULE_A_QUEUE_BYPASS],
				    "queues are from a first one to a last one");
		return -EINVAL;
	}
	profile->queued = 1;
	profile->queue_first = nla_get_u16(first);
	profile->queue_last = nla_get_u16(last);
	profile->bypass = !!tb[FLOWWALL_RULE_A_QUEUE_BYPASS];
	return 0;
}

static int read_ttl(struct nlattr **tb, struct fwl_profile *profile,
		    struct netlink_ext_ack *extack)
{
	const struct nlattr *step = tb[FLOWWALL_RULE_A_TTL_STEP];
	const struct nlattr *max = tb[FLOWWALL_RULE_A_TTL_MAX];

	if (!step && !max)
		return 0;
	if (!step || !max || nla_get_u32(step) > nla_get_u32(max)) {
		NL_SET_ERR_MSG_ATTR(extack, step ?: max,
				    "a TTL needs a step, and a maximum not below it");
		return -EINVAL;
	}
	profile->ttl_step = nla_get_u32(step);
	profile->ttl_max = nla_get_u32(max);
	return 0;
}

static int read_mark(struct nlattr **tb, struct fwl_profile *profile,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *mark = tb[FLOWWALL_RULE_A_MARK];
	const struct nlattr *mask = tb[FLOWWALL_RULE_A_MARK_MASK];

	if (!mark && !mask)
		return 0;
	if (!mark || !mask || nla_get_u32(mark) & ~nla_get_u32(mask)) {
		NL_SET_ERR_MSG_ATTR(extack, mark ?: mask,
				    "a mark has a mask, and no bits beyond it");
		return -EINVAL;
	}
	profile->mark = nla_get_u32(mark);
	profile->mark_mask = nla_get_u32(mask);
	return 0;
}

static int read_deeds(struct fwl_net *fn, const struct nlattr *nest, struct nlattr **tb,
		      struct fwl_rule *rule, struct netlink_ext_ack *extack)
{
	int id, err;

	rule->log = tb[FLOWWALL_RULE_A_LOG];
	if (tb[FLOWWALL_RULE_A_LABEL] && !rule->log) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_LABEL], "a label is of a log");
		return -EINVAL;
	}
	err = read_text(tb[FLOWWALL_RULE_A_LABEL], &rule->label, extack);
	if (!err)
		err = read_limit(tb, rule, extack);
	if (!err)
		err = read_queue(tb, &rule->profile, extack);
	if (!err)
		err = read_mark(tb, &rule->profile, extack);
	if (!err)
		err = read_ttl(tb, &rule->profile, extack);
	if (err)
		return err;

	if (rule->profile.queued && rule->profile.mark & FLOWWALL_QUEUE_VERDICT) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_MARK],
				    "with a queue, the two highest bits of a mark say its verdict");
		return -EINVAL;
	}
	id = fwl_profile_get(fn, &rule->profile, GFP_KERNEL_ACCOUNT);
	if (id < 0) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "too many different marks, TTLs and queues");
		return id;
	}
	if (id && rule->action != FLOWWALL_ACTION_ALLOW) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "queue, mark and ttl are for what is allowed");
		return -EINVAL;
	}
	rule->profile_id = id;
	return 0;
}

/* --- rules ----------------------------------------------------------------- */

static int read_rule(struct fwl_net *fn, const struct fwl_ruleset *rs, const struct nlattr *nest,
		     struct nlattr **tb, struct fwl_rule *rule, struct netlink_ext_ack *extack)
{
	int err;

	if (!tb[FLOWWALL_RULE_A_DIRECTION] || !tb[FLOWWALL_RULE_A_ACTION]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a rule needs direction and action");
		return -EINVAL;
	}
	rule->direction = nla_get_u8(tb[FLOWWALL_RULE_A_DIRECTION]);
	rule->action = nla_get_u8(tb[FLOWWALL_RULE_A_ACTION]);
	if (tb[FLOWWALL_RULE_A_NAME]) {
		err = fwl_read_name(tb[FLOWWALL_RULE_A_NAME], extack);
		if (err)
			return err;
		nla_strscpy(rule->name, tb[FLOWWALL_RULE_A_NAME], sizeof(rule->name));
	}
	err = read_text(tb[FLOWWALL_RULE_A_COMMENT], &rule->comment, extack);
	if (!err)
		err = fwl_read_match(rs, tb, &rule->match, extack);
	if (!err)
		err = read_deeds(fn, nest, tb, rule, extack);
	return err;
}

/* A new rule, or the running one that says the same. */
static struct fwl_rule *make_rule(struct fwl_net *fn, struct fwl_transaction *tx,
				  const struct nlattr *nest, struct nlattr **tb,
				  struct netlink_ext_ack *extack)
{
	struct fwl_rule *rule = fwl_rule_alloc(), *old;
	int err;

	if (!rule)
		return ERR_PTR(-ENOMEM);
	err = read_rule(fn, tx->ruleset, nest, tb, rule, extack);
	if (!err) {
		fwl_rule_seal(rule);
		old = fwl_transaction_reuse(fn, tx, rule);
		if (old) {
			fwl_rule_put(rule);
			return old;
		}
		err = fwl_counter_init(&rule->counter, &fn->counters);
	}
	if (err) {
		fwl_rule_put(rule);
		return ERR_PTR(err);
	}
	rule->handle = ++fn->next_handle;
	return rule;
}

/* Where a rule is, by its handle or its name. */
static int find_rule(const struct fwl_rule_list *list, const struct nlattr *handle,
		     const struct nlattr *name, struct fwl_place *place,
		     struct netlink_ext_ack *extack)
{
	if (fwl_rule_list_find(list, handle ? nla_get_u32(handle) : 0,
			       name ? nla_data(name) : NULL, place))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, handle ?: name, "there is no such rule");
	return -ENOENT;
}

/* Puts a rule before @before, or at the end; its reference goes over. */
static int put_rule(struct fwl_ruleset *rs, struct fwl_rule *rule, const struct nlattr *before,
		    struct netlink_ext_ack *extack)
{
	struct fwl_place place;
	int err;

	if (!before)
		return fwl_rule_list_append(&rs->rules, rule);
	err = find_rule(&rs->rules, before, NULL, &place, extack);
	return err ?: fwl_rule_list_insert(&rs->rules, place, rule);
}

/* RULE { HANDLE, BEFORE? }: another place for a rule that is there. */
static int move_rule(struct fwl_ruleset *rs, struct nlattr **tb, struct netlink_ext_ack *extack)
{
	struct fwl_place place;
	struct fwl_rule *rule;
	int err;

	err = find_rule(&rs->rules, tb[FLOWWALL_RULE_A_HANDLE], NULL, &place, extack);
	if (err)
		return err;
	if (tb[FLOWWALL_RULE_A_BEFORE] && nla_get_u32(tb[FLOWWALL_RULE_A_BEFORE]) ==
	    nla_get_u32(tb[FLOWWALL_RULE_A_HANDLE]))
		return 0;
	rule = fwl_rule_list_at(&rs->rules, place);
	fwl_rule_get(rule);
	err = fwl_rule_list_remove(&rs->rules, place);
	if (!err)
		err = put_rule(rs, rule, tb[FLOWWALL_RULE_A_BEFORE], extack);
	if (err)
		fwl_rule_put(rule);
	return err;
}

/**
 * fwl_read_rule_add() - add a rule to a ruleset in the making, or move one
 * @fn: the namespace, locked
 * @tx: the transaction
 * @nest: FLOWWALL_STATEMENT_A_RULE
 * @extack: the reason of a refusal
 *
 * Return: 0 or a negative error.
 */
int fwl_read_rule_add(struct fwl_net *fn, struct fwl_transaction *tx, const struct nlattr *nest,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	struct fwl_rule *rule;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_RULE_A_MAX, nest, fwl_rule_policy, extack);
	if (err)
		return err;
	if (tb[FLOWWALL_RULE_A_HANDLE] && !tb[FLOWWALL_RULE_A_DIRECTION] &&
	    !tb[FLOWWALL_RULE_A_ACTION])
		return move_rule(tx->ruleset, tb, extack);
	if (tb[FLOWWALL_RULE_A_HANDLE]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_HANDLE],
				    "the handle of a new rule is given by the module");
		return -EINVAL;
	}
	if (tx->ruleset->rules.n >= FLOWWALL_RULES_LIMIT) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "too many rules");
		return -E2BIG;
	}
	rule = make_rule(fn, tx, nest, tb, extack);
	if (IS_ERR(rule))
		return PTR_ERR(rule);
	err = put_rule(tx->ruleset, rule, tb[FLOWWALL_RULE_A_BEFORE], extack);
	if (err)
		fwl_rule_put(rule);
	return err;
}

/**
 * fwl_read_rule_del() - take a rule out of a ruleset in the making
 * @tx: the transaction
 * @nest: FLOWWALL_STATEMENT_A_RULE
 * @extack: the reason of a refusal
 *
 * Return: 0 or a negative error.
 */
int fwl_read_rule_del(struct fwl_transaction *tx, const struct nlattr *nest,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	struct fwl_place place;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_RULE_A_MAX, nest, fwl_rule_policy, extack);
	if (err)
		return err;
	if (!tb[FLOWWALL_RULE_A_HANDLE] == !tb[FLOWWALL_RULE_A_NAME]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "name the rule by its handle or its id");
		return -EINVAL;
	}
	err = find_rule(&tx->ruleset->rules, tb[FLOWWALL_RULE_A_HANDLE],
			tb[FLOWWALL_RULE_A_NAME], &place, extack);
	return err ?: fwl_rule_list_remove(&tx->ruleset->rules, place);
}
