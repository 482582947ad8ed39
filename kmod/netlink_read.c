// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements from attributes. The policies have seen to types, lengths and
 * ranges of single attributes; here is what they mean together.
 */
#include <linux/ctype.h>
#include <linux/string.h>

#include "net.h"
#include "netlink.h"

/**
 * fwl_read_iface() - read the name of an interface, or the beginning of names
 * @nla: a string: a name, or a beginning and "+"
 * @iface: FLOWWALL_IFACE_SIZE bytes, set to it without the plus
 * @prefix: set to whether it is a beginning
 * @extack: the reason of a refusal
 *
 * Return: 0 or -EINVAL.
 */
int fwl_read_iface(const struct nlattr *nla, char *iface, bool *prefix,
		   struct netlink_ext_ack *extack)
{
	size_t len;
	const char *c;

	nla_strscpy(iface, nla, FLOWWALL_IFACE_SIZE);
	len = strlen(iface);
	*prefix = len && iface[len - 1] == '+';
	if (*prefix)
		iface[--len] = '\0';
	for (c = iface; *c; c++)
		if (*c == '+' || *c == '*' || *c == '/' || *c == ':' || isspace(*c)) {
			NL_SET_ERR_MSG_ATTR(extack, nla, "not a name of an interface");
			return -EINVAL;
		}
	if (!len && !*prefix) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "the name of the interface is empty");
		return -EINVAL;
	}
	return 0;
}

static int read_role_name(struct nlattr **tb, const struct nlattr *nest,
			  struct fwl_role *role, struct netlink_ext_ack *extack)
{
	const struct nlattr *iface = tb[FLOWWALL_ROLE_A_IFACE];

	memset(role, 0, sizeof(*role));
	if (!iface == !tb[FLOWWALL_ROLE_A_DEFAULT]) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a role is of an interface or the default, one of them");
		return -EINVAL;
	}
	if (!iface)
		return 0;

	if (fwl_read_iface(iface, role->iface, &role->prefix, extack))
		return -EINVAL;
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
	u32 *const numbers[FLOWWALL_SETTING_A_MAX + 1] = {
		[FLOWWALL_SETTING_A_MAX_FLOWS] = &settings->max_flows,
		[FLOWWALL_SETTING_A_HALF_OPEN] = &settings->half_open,
		[FLOWWALL_SETTING_A_MAX_FLOWS_PER_HOST] = &settings->max_flows_per_host,
	};
	u8 *const choices[FLOWWALL_SETTING_A_MAX + 1] = {
		[FLOWWALL_SETTING_A_NEIGHBOUR] = &settings->neighbour,
		[FLOWWALL_SETTING_A_DHCP] = &settings->dhcp,
		[FLOWWALL_SETTING_A_ON_CHANGE] = &settings->on_change,
		[FLOWWALL_SETTING_A_TCP_WINDOW] = &settings->tcp_window,
		[FLOWWALL_SETTING_A_TCP_PICKUP] = &settings->tcp_pickup,
		[FLOWWALL_SETTING_A_REFRESH] = &settings->refresh,
		[FLOWWALL_SETTING_A_WHEN_FULL] = &settings->when_full,
		[FLOWWALL_SETTING_A_REFUSE] = &settings->refuse,
		[FLOWWALL_SETTING_A_FRAGMENTS] = &settings->fragments,
		[FLOWWALL_SETTING_A_FASTPATH] = &settings->fastpath,
	};
	int err, i;

	err = nla_parse_nested(tb, FLOWWALL_SETTING_A_MAX, nest, fwl_setting_policy, extack);
	if (err)
		return err;
	for (i = 1; i <= FLOWWALL_SETTING_A_MAX; i++) {
		if (tb[i] && numbers[i])
			*numbers[i] = nla_get_u32(tb[i]);
		else if (tb[i])
			*choices[i] = nla_get_u8(tb[i]);
	}
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

/* --- groups ---------------------------------------------------------------- */

/* What a nest says of a group, in @tb: its name, or an ERR_PTR(). */
static const char *parse_group(struct nlattr **tb, const struct nlattr *nest,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *name;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_GROUP_A_MAX, nest, fwl_group_policy, extack);
	if (err)
		return ERR_PTR(err);
	name = tb[FLOWWALL_GROUP_A_NAME];
	if (!name) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "the name of the group is missing");
		return ERR_PTR(-EINVAL);
	}
	err = fwl_read_name(name, extack);
	return err ? ERR_PTR(err) : nla_data(name);
}

/*
 * The group of a name, made if there is none. One that takes the place of a
 * running group is that group: rules and flows that know it go on.
 */
static struct fwl_group *make_group(struct fwl_net *fn, struct fwl_transaction *tx,
				    const char *name, int *err)
{
	struct fwl_group *group = fwl_ruleset_find_group(tx->ruleset, name);
	const struct fwl_ruleset *running;

	*err = 0;
	if (group)
		return group;
	running = rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
	if (tx->mode == FLOWWALL_MODE_REPLACE)
		group = fwl_ruleset_find_group(running, name);
	if (group) {
		fwl_group_get(group);
		*err = fwl_changes_add(&tx->changes, group, FWL_MEMBER_REPLACE, NULL, NULL, 0);
	} else {
		group = fwl_group_alloc(fn, name);
		if (!group)
			*err = -ENOMEM;
	}
	if (!*err)
		*err = fwl_ruleset_add_group(tx->ruleset, group);
	if (!*err)
		return group;
	if (group)
		fwl_group_put(group);
	return NULL;
}

/* How a member is said: exactly one of these. */
static int read_member_kind(struct nlattr **tb, const struct nlattr *nest, u8 *family,
			    struct netlink_ext_ack *extack)
{
	int kinds = !!tb[FLOWWALL_MEMBER_A_ADDR] + !!tb[FLOWWALL_MEMBER_A_GROUP] +
		    !!tb[FLOWWALL_MEMBER_A_MAC] + !!tb[FLOWWALL_MEMBER_A_IFACE];

	if (kinds != 1) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a member is one address, group, link address or interface");
		return -EINVAL;
	}
	if (tb[FLOWWALL_MEMBER_A_PREFIX] && !tb[FLOWWALL_MEMBER_A_ADDR]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_MEMBER_A_PREFIX],
				    "only an address has a prefix");
		return -EINVAL;
	}
	*family = tb[FLOWWALL_MEMBER_A_GROUP] ? FWL_FAMILY_GROUP :
		  tb[FLOWWALL_MEMBER_A_MAC] ? FWL_FAMILY_MAC :
		  tb[FLOWWALL_MEMBER_A_IFACE] ? FWL_FAMILY_IFACE : AF_INET;
	return 0;
}

static int read_member_address(struct nlattr **tb, struct fwl_member_key *key,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *addr = tb[FLOWWALL_MEMBER_A_ADDR];
	u32 bits = 8 * nla_len(addr), bit;

	if (bits != 32 && bits != 128) {
		NL_SET_ERR_MSG_ATTR(extack, addr, "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	key->family = bits == 32 ? AF_INET : AF_INET6;
	key->len = tb[FLOWWALL_MEMBER_A_PREFIX] ? nla_get_u8(tb[FLOWWALL_MEMBER_A_PREFIX]) : bits;
	if (key->len > bits) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_MEMBER_A_PREFIX],
				    "the prefix is longer than the address");
		return -ERANGE;
	}
	memcpy(key->addr, nla_data(addr), nla_len(addr));
	for (bit = key->len; bit < bits; bit++)
		if (ntohl(key->addr[bit / 32]) >> (31 - bit % 32) & 1) {
			NL_SET_ERR_MSG_ATTR(extack, addr,
					    "the address has bits beyond the prefix");
			return -EINVAL;
		}
	return 0;
}

static int read_member_iface(const struct nlattr *iface, struct fwl_member_key *key,
			     struct netlink_ext_ack *extack)
{
	bool pattern;
	int err;

	BUILD_BUG_ON(sizeof(key->addr) != FLOWWALL_IFACE_SIZE);
	err = fwl_read_iface(iface, (char *)key->addr, &pattern, extack);
	if (!err && pattern) {
		NL_SET_ERR_MSG_ATTR(extack, iface, "a member is one interface, not a pattern");
		err = -EINVAL;
	}
	return err;
}

static int read_member(struct fwl_transaction *tx, struct fwl_group *group,
		       const struct nlattr *nest, enum fwl_member_op op,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_MEMBER_A_LAST + 1];
	struct fwl_member_key key = {};
	struct fwl_group *sub = NULL;
	u32 timeout;
	int err;

	err = nla_parse_nested(tb, FLOWWALL_MEMBER_A_LAST, nest, fwl_member_policy, extack);
	if (err)
		return err;
	err = read_member_kind(tb, nest, &key.family, extack);
	if (err)
		return err;
	switch (key.family) {
	case FWL_FAMILY_GROUP:
		sub = fwl_ruleset_find_group(tx->ruleset, nla_data(tb[FLOWWALL_MEMBER_A_GROUP]));
		if (!sub) {
			NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_MEMBER_A_GROUP],
					    "there is no such group so far");
			return -ENOENT;
		}
		key.addr[0] = htonl(fwl_group_id(sub));
		break;
	case FWL_FAMILY_MAC:
		key.len = FWL_MAC_BITS;
		nla_memcpy(key.addr, tb[FLOWWALL_MEMBER_A_MAC], ETH_ALEN);
		break;
	case FWL_FAMILY_IFACE:
		err = read_member_iface(tb[FLOWWALL_MEMBER_A_IFACE], &key, extack);
		if (err)
			return err;
		break;
	default:
		err = read_member_address(tb, &key, extack);
		if (err)
			return err;
	}
	timeout = tb[FLOWWALL_MEMBER_A_TIMEOUT] ? nla_get_u32(tb[FLOWWALL_MEMBER_A_TIMEOUT]) : 0;
	return fwl_changes_add(&tx->changes, group, op, &key, sub, timeout);
}

static int read_members(struct fwl_transaction *tx, struct fwl_group *group,
			const struct nlattr *nest, enum fwl_member_op op, bool *any,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int rem, err = 0;

	*any = false;
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) != FLOWWALL_GROUP_A_MEMBER)
			continue;
		*any = true;
		err = read_member(tx, group, nla, op, extack);
		if (err)
			break;
	}
	return err;
}

static int add_group(struct fwl_net *fn, struct fwl_transaction *tx, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_GROUP_A_MAX + 1];
	struct fwl_group *group;
	const char *name;
	bool any;
	int err;

	name = parse_group(tb, nest, extack);
	if (IS_ERR(name))
		return PTR_ERR(name);
	group = make_group(fn, tx, name, &err);
	if (err == -E2BIG)
		NL_SET_ERR_MSG_ATTR(extack, nest, "too many groups");
	return err ?: read_members(tx, group, nest, FWL_MEMBER_ADD, &any, extack);
}

static int del_group(struct fwl_transaction *tx, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FLOWWALL_GROUP_A_MAX + 1];
	struct fwl_group *group;
	const char *name;
	bool any;
	int err;

	name = parse_group(tb, nest, extack);
	if (IS_ERR(name))
		return PTR_ERR(name);
	group = fwl_ruleset_find_group(tx->ruleset, name);
	if (!group) {
		NL_SET_ERR_MSG_ATTR(extack, tb[FLOWWALL_GROUP_A_NAME], "there is no such group");
		return -ENOENT;
	}
	err = read_members(tx, group, nest, FWL_MEMBER_DEL, &any, extack);
	if (err || any)
		return err;
	err = fwl_changes_add(&tx->changes, group, FWL_MEMBER_FLUSH, NULL, NULL, 0);
	if (!err && !tb[FLOWWALL_GROUP_A_FLUSH])
		fwl_ruleset_del_group(tx->ruleset, group);
	return err;
}

/* --- statements ------------------------------------------------------------ */

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
 * @tx: the transaction
 * @statement: FLOWWALL_A_STATEMENT, checked by its policy
 * @extack: the reason of a refusal
 *
 * Return: 0 or a negative error; after an error the transaction can only be given up.
 */
int fwl_read_add(struct fwl_net *fn, struct fwl_transaction *tx,
		 const struct nlattr *statement, struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = statement_kind(statement, extack);

	if (!nla)
		return -EINVAL;
	switch (nla_type(nla)) {
	case FLOWWALL_STATEMENT_A_ROLE:
		return read_role(tx->ruleset, nla, false, extack);
	case FLOWWALL_STATEMENT_A_SETTING:
		return read_setting(tx->ruleset, nla, extack);
	case FLOWWALL_STATEMENT_A_TTL:
		return read_ttl(tx->ruleset, nla, extack);
	case FLOWWALL_STATEMENT_A_GROUP:
		return add_group(fn, tx, nla, extack);
	default:
		return fwl_read_rule_add(fn, tx, nla, extack);
	}
}

/**
 * fwl_read_del() - take one statement out of a ruleset in the making
 * @tx: the transaction
 * @statement: FLOWWALL_A_STATEMENT, checked by its policy; names a role, a rule or a
 *	group
 * @extack: the reason of a refusal
 *
 * Return: 0 or a negative error.
 */
int fwl_read_del(struct fwl_transaction *tx, const struct nlattr *statement,
		 struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = statement_kind(statement, extack);

	if (!nla)
		return -EINVAL;
	switch (nla_type(nla)) {
	case FLOWWALL_STATEMENT_A_ROLE:
		return read_role(tx->ruleset, nla, true, extack);
	case FLOWWALL_STATEMENT_A_RULE:
		return fwl_read_rule_del(tx, nla, extack);
	case FLOWWALL_STATEMENT_A_GROUP:
		return del_group(tx, nla, extack);
	default:
		NL_SET_ERR_MSG_ATTR(extack, nla, "a setting or a TTL is changed, not deleted");
		return -EINVAL;
	}
}
