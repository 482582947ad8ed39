// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements from attributes. The policies have seen to types, lengths and
 * ranges of single attributes; here is what they mean together.
 */
#include <linux/ctype.h>
#include <linux/in.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "net.h"
#include "netlink.h"

static int read_role_name(struct nlattr **tb, const struct nlattr *nest,
			  struct fwl_role *role, struct netlink_ext_ack *extack)
{
	const struct nlattr *iface = tb[FLOWWALL_ROLE_A_IFACE];
	size_t len;
	const char *c;

	memset(role, 0, sizeof(*role));
	if (!iface == !tb[FLOWWALL_ROLE_A_DEFAULT]) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a role is of an interface or the default, one of them");
		return -EINVAL;
	}
	if (!iface)
		return 0;

	nla_strscpy(role->iface, iface, sizeof(role->iface));
	len = strlen(role->iface);
	if (len && role->iface[len - 1] == '+') {
		role->prefix = true;
		role->iface[--len] = '\0';
	}
	for (c = role->iface; *c; c++)
		if (*c == '+' || *c == '*' || *c == '/' || *c == ':' || isspace(*c)) {
			NL_SET_ERR_MSG_ATTR(extack, iface, "not a name of an interface");
			return -EINVAL;
		}
	if (!len && !role->prefix) {
		NL_SET_ERR_MSG_ATTR(extack, iface, "the name of the interface is empty");
		return -EINVAL;
	}
	if (!role->prefix && !strcmp(role->iface, "lo")) {
		NL_SET_ERR_MSG_ATTR(extack, iface, "the loopback interface has no role");
		return -EINVAL;
	}
	return 0;
}

static int read_role(struct fwl_ruleset *rs, const struct nlattr *nest, bool del,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_ROLE_A_MAX + 1];
	struct fwl_role role;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_ROLE_A_MAX, nest, fwl_role_policy, extack);
	if (err)
		return err;
	err = read_role_name(tb, nest, &role, extack);
	if (err)
		return err;

	if (del) {
		err = fwl_ruleset_del_role(rs, &role);
		if (err)
			NL_SET_ERR_MSG_ATTR(extack, nest, "there is no such role statement");
		return err;
	}
	if (!tb[FLOWWALL_ROLE_A_ROLE]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "the role is missing");
		return -EINVAL;
	}
	role.role = nla_get_u8(tb[FLOWWALL_ROLE_A_ROLE]);
	err = fwl_ruleset_set_role(rs, &role);
	if (err == -E2BIG)
		NL_SET_ERR_MSG_ATTR(extack, nest, "too many role statements");
	return err;
}

static int read_setting(struct fwl_ruleset *rs, const struct nlattr *nest,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_SETTING_A_MAX + 1];
	struct fwl_settings *settings = &rs->settings;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_SETTING_A_MAX, nest, fwl_setting_policy, extack);
	if (err)
		return err;
	if (tb[FLOWWALL_SETTING_A_MAX_FLOWS])
		settings->max_flows = nla_get_u32(tb[FLOWWALL_SETTING_A_MAX_FLOWS]);
	if (tb[FLOWWALL_SETTING_A_NEIGHBOUR])
		settings->neighbour = nla_get_u8(tb[FLOWWALL_SETTING_A_NEIGHBOUR]);
	if (tb[FLOWWALL_SETTING_A_DHCP])
		settings->dhcp = nla_get_u8(tb[FLOWWALL_SETTING_A_DHCP]);
	if (tb[FLOWWALL_SETTING_A_ON_CHANGE])
		settings->on_change = nla_get_u8(tb[FLOWWALL_SETTING_A_ON_CHANGE]);
	return 0;
}

static int read_ttl(struct fwl_ruleset *rs, const struct nlattr *nest,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_TTL_A_LAST + 1];
	u32 step, max;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_TTL_A_LAST, nest, fwl_ttl_policy, extack);
	if (err)
		return err;
	if (!tb[FLOWWALL_TTL_A_CLASS] || !tb[FLOWWALL_TTL_A_STEP] || !tb[FLOWWALL_TTL_A_MAX]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a TTL needs class, step and max");
		return -EINVAL;
	}
	step = nla_get_u32(tb[FLOWWALL_TTL_A_STEP]);
	max = nla_get_u32(tb[FLOWWALL_TTL_A_MAX]);
	if (step > max) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_TTL_A_STEP], "the step is above the maximum");
		return -ERANGE;
	}
	rs->ttl[nla_get_u8(tb[FLOWWALL_TTL_A_CLASS])] = (struct fwl_ttl){
		.step = step * HZ,
		.max = max * HZ,
	};
	return 0;
}

static int read_address(struct nlattr **tb, struct fwl_endpoint *point,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *min = tb[FLOWWALL_ENDPOINT_A_ADDR_MIN];
	const struct nlattr *max = tb[FLOWWALL_ENDPOINT_A_ADDR_MAX];

	if (!min && !max) {
		if (!tb[FLOWWALL_ENDPOINT_A_ADDR_NOT])
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_ENDPOINT_A_ADDR_NOT],
				    "not which address?");
		return -EINVAL;
	}
	if (!min || !max || nla_len(min) != nla_len(max) ||
	    (nla_len(min) != 4 && nla_len(min) != 16)) {
		NL_SET_ERR_MSG_ATTR(extack, min ?: max,
				    "addresses come in pairs, of 4 bytes each or of 16");
		return -EINVAL;
	}
	if (memcmp(nla_data(min), nla_data(max), nla_len(min)) > 0) {
		NL_SET_ERR_MSG_ATTR(extack, max, "the last address is below the first");
		return -ERANGE;
	}
	point->family = nla_len(min) == 4 ? AF_INET : AF_INET6;
	point->addr_not = tb[FLOWWALL_ENDPOINT_A_ADDR_NOT];
	memcpy(point->min, nla_data(min), nla_len(min));
	memcpy(point->max, nla_data(max), nla_len(max));
	return 0;
}

static int read_ports(const struct nlattr *nest, struct nlattr **tb,
		      struct fwl_endpoint *point, struct netlink_ext_ack *extack)
{
	struct nlattr *port[FLOWWALL_PORT_A_LAST + 1];
	const struct nlattr *nla;
	unsigned int n = 0;
	int rem, err;

	nla_for_each_nested(nla, nest, rem)
		n += nla_type(nla) == FLOWWALL_ENDPOINT_A_PORT;
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

static int read_endpoint(const struct nlattr *nest, struct fwl_endpoint *point,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_ENDPOINT_A_MAX + 1];
	int err;

	if (!nest)
		return 0;
	err = nla_parse_nested(tb, FLOWWALL_ENDPOINT_A_MAX, nest, fwl_endpoint_policy, extack);
	if (!err)
		err = read_address(tb, point, extack);
	if (!err)
		err = read_ports(nest, tb, point, extack);
	return err;
}

static int read_name(const struct nlattr *nla, struct fwl_rule *rule,
		     struct netlink_ext_ack *extack)
{
	const char *c;

	if (!nla)
		return 0;
	nla_strscpy(rule->name, nla, sizeof(rule->name));
	for (c = rule->name; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("-_.", *c)))
			break;
	if (*c || !isalpha(rule->name[0])) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "an id is a letter, then letters, digits, '-', '_' and '.'");
		return -EINVAL;
	}
	return 0;
}

static int read_comment(const struct nlattr *nla, struct fwl_rule *rule,
			struct netlink_ext_ack *extack)
{
	const char *c;

	if (!nla)
		return 0;
	for (c = nla_data(nla); *c; c++)
		if (iscntrl(*c)) {
			NL_SET_ERR_MSG_ATTR(extack, nla, "a comment is one line of text");
			return -EINVAL;
		}
	rule->comment = kstrdup(nla_data(nla), GFP_KERNEL_ACCOUNT);
	return rule->comment ? 0 : -ENOMEM;
}

static int read_rule_parts(const struct nlattr *nest, struct nlattr **tb,
			   struct fwl_rule *rule, struct netlink_ext_ack *extack)
{
	int err;

	if (!tb[FLOWWALL_RULE_A_DIRECTION] || !tb[FLOWWALL_RULE_A_ACTION]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a rule needs direction and action");
		return -EINVAL;
	}
	rule->direction = nla_get_u8(tb[FLOWWALL_RULE_A_DIRECTION]);
	rule->action = nla_get_u8(tb[FLOWWALL_RULE_A_ACTION]);
	if (tb[FLOWWALL_RULE_A_PROTO])
		rule->proto = nla_get_u8(tb[FLOWWALL_RULE_A_PROTO]);
	err = read_name(tb[FLOWWALL_RULE_A_NAME], rule, extack);
	if (!err)
		err = read_comment(tb[FLOWWALL_RULE_A_COMMENT], rule, extack);
	if (!err)
		err = read_endpoint(tb[FLOWWALL_RULE_A_SRC], &rule->src, extack);
	if (!err)
		err = read_endpoint(tb[FLOWWALL_RULE_A_DST], &rule->dst, extack);
	if (err)
		return err;

	if (rule->src.family && rule->dst.family && rule->src.family != rule->dst.family) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_DST],
				    "source and destination are of different families");
		return -EINVAL;
	}
	if ((rule->src.n_ports || rule->dst.n_ports) && rule->proto >= 0 &&
	    !fwl_proto_has_ports(rule->proto)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_PROTO],
				    "this protocol has no ports");
		return -EINVAL;
	}
	return 0;
}

static int add_rule(struct fwl_net *fn, struct fwl_ruleset *rs, const struct nlattr *nest,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	struct fwl_rule *rule;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_RULE_A_MAX, nest, fwl_rule_policy, extack);
	if (err)
		return err;
	if (tb[FLOWWALL_RULE_A_HANDLE]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_RULE_A_HANDLE],
				    "the handle of a new rule is given by the module");
		return -EINVAL;
	}
	rule = fwl_rule_alloc();
	if (!rule)
		return -ENOMEM;
	err = read_rule_parts(nest, tb, rule, extack);
	if (!err) {
		rule->handle = ++fn->next_handle;
		err = fwl_ruleset_add_rule(rs, rule);
		if (err == -E2BIG)
			NL_SET_ERR_MSG_ATTR(extack, nest, "too many rules");
	}
	if (err)
		fwl_rule_put(rule);
	return err;
}

static int del_rule(struct fwl_ruleset *rs, const struct nlattr *nest,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	const struct nlattr *handle, *name;
	struct fwl_rule *rule;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_RULE_A_MAX, nest, fwl_rule_policy, extack);
	if (err)
		return err;
	handle = tb[FLOWWALL_RULE_A_HANDLE];
	name = tb[FLOWWALL_RULE_A_NAME];
	if (!handle == !name) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "name the rule by its handle or its id");
		return -EINVAL;
	}
	rule = fwl_ruleset_find_rule(rs, handle ? nla_get_u32(handle) : 0,
				     name ? nla_data(name) : NULL);
	if (!rule) {
		NL_SET_ERR_MSG_ATTR(extack, handle ?: name, "there is no such rule");
		return -ENOENT;
	}
	fwl_ruleset_del_rule(rs, rule);
	return 0;
}

/* The one attribute of a statement, or NULL. */
static const struct nlattr *statement_kind(const struct nlattr *statement,
					   struct netlink_ext_ack *extack)
{
	const struct nlattr *nla, *only = NULL;
	int rem;

	nla_for_each_nested(nla, statement, rem) {
		if (only) {
			only = NULL;
			break;
		}
		only = nla;
	}
	if (!only)
		NL_SET_ERR_MSG_ATTR(extack, statement, "a statement holds exactly one thing");
	return only;
}

/**
 * fwl_read_add() - add one statement to a ruleset in the making
 * @fn: the namespace, locked
 * @rs: the ruleset
 * @statement: FLOWWALL_A_STATEMENT, checked by its policy
 * @extack: the reason of a refusal
 *
 * Return: 0 or a negative error; after an error @rs may be thrown away.
 */
int fwl_read_add(struct fwl_net *fn, struct fwl_ruleset *rs,
		 const struct nlattr *statement, struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = statement_kind(statement, extack);

	if (!nla)
		return -EINVAL;
	switch (nla_type(nla)) {
	case FLOWWALL_STATEMENT_A_ROLE:
		return read_role(rs, nla, false, extack);
	case FLOWWALL_STATEMENT_A_SETTING:
		return read_setting(rs, nla, extack);
	case FLOWWALL_STATEMENT_A_TTL:
		return read_ttl(rs, nla, extack);
	default:
		return add_rule(fn, rs, nla, extack);
	}
}

/**
 * fwl_read_del() - take one statement out of a ruleset in the making
 * @rs: the ruleset
 * @statement: FLOWWALL_A_STATEMENT, checked by its policy; names a role or a rule
 * @extack: the reason of a refusal
 *
 * Return: 0 or a negative error.
 */
int fwl_read_del(struct fwl_ruleset *rs, const struct nlattr *statement,
		 struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = statement_kind(statement, extack);

	if (!nla)
		return -EINVAL;
	switch (nla_type(nla)) {
	case FLOWWALL_STATEMENT_A_ROLE:
		return read_role(rs, nla, true, extack);
	case FLOWWALL_STATEMENT_A_RULE:
		return del_rule(rs, nla, extack);
	default:
		NL_SET_ERR_MSG_ATTR(extack, nla, "a setting or a TTL is changed, not deleted");
		return -EINVAL;
	}
}
