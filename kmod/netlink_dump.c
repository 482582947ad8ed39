// SPDX-License-Identifier: GPL-2.0-only
/* Answers of many messages: each handler goes on where it stopped. */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/sock.h>

#include "net.h"
#include "netlink.h"
#include "record.h"
#include "tcp.h"

static struct fwl_ruleset *running(const struct fwl_net *fn)
{
	return rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
}

/**
 * struct ruleset_walk - how far a dump of the ruleset is, in struct netlink_callback.ctx
 * @kind: enum flowwall_kind
 * @at: the next one of that kind
 * @place: the next rule
 * @members: the next member, or NULL
 * @resized: the members' table was changed meanwhile: some may be missing
 */
struct ruleset_walk {
	u32 kind;
	u32 at;
	struct fwl_place place;
	struct rhashtable_iter *members;
	bool resized;
};

struct statement {
	struct sk_buff *msg;
	struct netlink_callback *cb;
	const struct fwl_ruleset *rs;
	const char *group;	/* the only one that is asked for, or NULL */
};

static int write_statement(const struct statement *to,
			   int (*fill)(struct sk_buff *msg, const void *what), const void *what)
{
	struct netlink_callback *cb = to->cb;
	struct nlattr *nest = NULL;
	void *header;
	int err = -EMSGSIZE;

	header = genlmsg_put(to->msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &fwl_family, NLM_F_MULTI, FLOWWALL_CMD_RULESET_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	if (!nla_put_u32(to->msg, FLOWWALL_A_GENERATION, to->rs->generation)) {
		nest = nla_nest_start(to->msg, FLOWWALL_A_STATEMENT);
		if (nest)
			err = fill(to->msg, what);
	}
	if (err) {
		genlmsg_cancel(to->msg, header);
		return err;
	}
	nla_nest_end(to->msg, nest);
	genlmsg_end(to->msg, header);
	return 0;
}

static int fill_role(struct sk_buff *msg, const void *what)
{
	return fwl_fill_role(msg, what);
}

static int fill_settings(struct sk_buff *msg, const void *what)
{
	return fwl_fill_settings(msg, what);
}

struct ttl_class {
	const struct fwl_ruleset *rs;
	u8 class;
};

static int fill_ttl(struct sk_buff *msg, const void *what)
{
	const struct ttl_class *ttl = what;

	return fwl_fill_ttl(msg, ttl->class, &ttl->rs->ttl[ttl->class]);
}

static int fill_group(struct sk_buff *msg, const void *what)
{
	return fwl_fill_group(msg, what);
}

static int fill_member(struct sk_buff *msg, const void *what)
{
	return fwl_fill_member(msg, what);
}

static int fill_rule(struct sk_buff *msg, const void *what)
{
	return fwl_fill_rule(msg, what);
}

static bool asked_for(const struct statement *to, const struct fwl_group *group)
{
	return !to->group || !strcmp(to->group, fwl_group_name(group));
}

static int write_member(const struct fwl_member_info *info, void *arg)
{
	const struct statement *to = arg;

	return asked_for(to, info->group) ? write_statement(to, fill_member, info) : 0;
}

static int dump_members(const struct statement *to, struct fwl_net *fn, struct ruleset_walk *walk)
{
	int err;

	if (!walk->members)
		walk->members = fwl_members_walk_begin(fn);
	if (!walk->members)
		return -ENOMEM;
	do {
		err = fwl_members_walk(fn, walk->members, write_member, (void *)to);
		if (err == -EAGAIN)
			walk->resized = true;
	} while (err == -EAGAIN);
	return err;
}

/* Writes the statements of one kind from where the walk is; 0 behind the last one. */
static int dump_kind(const struct statement *to, struct fwl_net *fn, struct ruleset_walk *walk)
{
	const struct fwl_ruleset *rs = to->rs;
	struct fwl_place before;
	struct fwl_rule *rule;
	int err = 0;

	switch (walk->kind) {
	case FLOWWALL_KIND_ROLE:
		for (; walk->at < rs->n_roles && !err; walk->at += !err)
			err = write_statement(to, fill_role, &rs->roles[walk->at]);
		return err;
	case FLOWWALL_KIND_SETTING:
		return write_statement(to, fill_settings, &rs->settings);
	case FLOWWALL_KIND_TTL:
		for (; walk->at < __FLOWWALL_TTL_MAX && !err; walk->at += !err) {
			struct ttl_class ttl = { rs, walk->at };

			err = write_statement(to, fill_ttl, &ttl);
		}
		return err;
	case FLOWWALL_KIND_GROUP:
		for (; walk->at < rs->n_groups && !err; walk->at += !err)
			if (asked_for(to, rs->groups[walk->at]))
				err = write_statement(to, fill_group, rs->groups[walk->at]);
		return err;
	case FLOWWALL_KIND_MEMBER:
		return dump_members(to, fn, walk);
	default:
		for (;;) {
			before = walk->place;
			rule = fwl_rule_list_next(&rs->rules, &walk->place);
			if (!rule)
				return 0;
			err = write_statement(to, fill_rule, rule);
			if (err) {
				walk->place = before;
				return err;
			}
		}
	}
}

/**
 * fwl_dump_ruleset() - answer RULESET_GET, a message at a time
 * @msg: the message
 * @cb: how far it is
 */
int fwl_dump_ruleset(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct fwl_net *fn = fwl_net(sock_net(msg->sk));
	const struct nlattr *kinds_attr = genl_dump_attrs(cb)[FLOWWALL_A_KINDS];
	const struct nlattr *group = genl_dump_attrs(cb)[FLOWWALL_A_GROUP];
	u32 kinds = kinds_attr ? nla_get_u32(kinds_attr) : FLOWWALL_KIND_ALL;
	struct ruleset_walk *walk = (void *)cb->ctx;
	struct statement to = { .msg = msg, .cb = cb, .group = group ? nla_data(group) : NULL };
	int err = 0;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(cb->ctx));
	mutex_lock(&fn->lock);
	to.rs = running(fn);
	if (!walk->kind)
		walk->kind = 1;
	/* Rules are where they were only in the same ruleset. */
	cb->seq = to.rs->generation + walk->resized;
	if (cb->prev_seq && cb->seq != cb->prev_seq)
		walk->place = (struct fwl_place){};
	while (walk->kind & FLOWWALL_KIND_ALL) {
		if (walk->kind & kinds)
			err = dump_kind(&to, fn, walk);
		if (err)
			break;
		walk->kind <<= 1;
		walk->at = 0;
	}
	mutex_unlock(&fn->lock);
	/* What fits into no message of those that the reader has room for must not be left out. */
	return err && (err != -EMSGSIZE || !msg->len) ? err : msg->len;
}

/**
 * fwl_dump_ruleset_done() - the dump is over, or was given up
 * @cb: of the dump
 */
int fwl_dump_ruleset_done(struct netlink_callback *cb)
{
	struct ruleset_walk *walk = (void *)cb->ctx;

	fwl_members_walk_end(walk->members);
	return 0;
}

/**
 * fwl_dump_ifaces() - answer IFACE_GET, a message at a time
 * @msg: the message
 * @cb: in args, how many were written
 */
int fwl_dump_ifaces(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct net *net = sock_net(msg->sk);
	struct fwl_net *fn = fwl_net(net);
	struct net_device *dev;
	long at = 0;

	rtnl_lock();
	mutex_lock(&fn->lock);
	cb->seq = running(fn)->generation + net->dev_base_seq;
	for_each_netdev(net, dev) {
		void *header;

		if (at++ < cb->args[0])
			continue;
		header = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				     &fwl_family, NLM_F_MULTI, FLOWWALL_CMD_IFACE_GET);
		if (!header)
			break;
		genl_dump_check_consistent(cb, header);
		if (fwl_fill_iface(msg, running(fn), dev)) {
			genlmsg_cancel(msg, header);
			break;
		}
		genlmsg_end(msg, header);
		cb->args[0] = at;
	}
	mutex_unlock(&fn->lock);
	rtnl_unlock();
	return msg->len;
}

static int dump_flow(struct sk_buff *msg, struct netlink_callback *cb,
		     const struct fwl_net *fn, const struct fwl_flow *flow)
{
	void *header;

	header = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &fwl_family, NLM_F_MULTI, FLOWWALL_CMD_FLOW_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	if (fwl_fill_flow(msg, fn, flow)) {
		genlmsg_cancel(msg, header);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return 0;
}

/* How far a dump of flows is. */
struct flow_walk {
	u32 bucket;		/* the next one */
	unsigned int skip;	/* how much of its chain was written */
	bool started;
	struct fwl_filter *filter;
};

/* Writes the chain of walk->bucket from where it is; -EMSGSIZE if not all fitted. */
static int dump_chain(struct sk_buff *msg, struct netlink_callback *cb, const struct fwl_net *fn,
		      const struct fwl_buckets *buckets, struct flow_walk *walk, u32 generation)
{
	unsigned int before = msg->len, at = 0;
	struct fwl_flow *flow;

	flow = rcu_dereference(buckets->bucket[walk->bucket]);
	for (; flow; flow = rcu_dereference(flow->next), at++) {
		if (at < walk->skip || fwl_flow_expired(flow, jiffies) ||
		    fwl_state_ended(READ_ONCE(flow->state)) ||
		    (walk->filter && !fwl_filter_passes(walk->filter, generation, flow)))
			continue;
		if (!dump_flow(msg, cb, fn, flow))
			continue;
		/*
		 * A chain in two messages may change between them. So it is begun
		 * again in the next one, unless it is too long for any.
		 */
		if (before)
			nlmsg_trim(msg, skb_tail_pointer(msg) - (msg->len - before));
		else
			walk->skip = at;
		return -EMSGSIZE;
	}
	walk->skip = 0;
	return 0;
}

/* The filter, if one is asked for: with the first message, which can carry a refusal. */
static int read_filter(struct netlink_callback *cb, struct fwl_net *fn, struct flow_walk *walk)
{
	const struct nlattr *nest = genl_dump_attrs(cb)[FLOWWALL_A_FILTER];
	struct fwl_filter *filter;

	if (walk->started)
		return 0;
	walk->started = true;
	if (!nest)
		return 0;
	filter = fwl_filter_read(fn, nest, cb->extack);
	if (IS_ERR(filter))
		return PTR_ERR(filter);
	walk->filter = filter;
	return 0;
}

/**
 * fwl_dump_flows_done() - the dump is over, or was given up
 * @cb: of the dump
 */
int fwl_dump_flows_done(struct netlink_callback *cb)
{
	struct fwl_net *fn = fwl_net(sock_net(cb->skb->sk));
	struct flow_walk *walk = (void *)cb->ctx;

	if (walk->filter) {
		mutex_lock(&fn->lock);
		fwl_filter_free(fn, walk->filter);
		mutex_unlock(&fn->lock);
	}
	return 0;
}

/* So many buckets at once: a filter may pass few flows, and others wait. */
#define BUCKETS_AT_ONCE	4096

/**
 * fwl_dump_flows() - answer FLOW_GET, a message at a time
 * @msg: the message
 * @cb: how far it is
 *
 * The lock keeps the table's size from changing while a message is written.
 */
int fwl_dump_flows(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct fwl_net *fn = fwl_net(sock_net(msg->sk));
	struct flow_walk *walk = (void *)cb->ctx;
	const struct fwl_buckets *buckets;
	bool more = true;
	int err;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(cb->ctx));
	mutex_lock(&fn->lock);
	err = read_filter(cb, fn, walk);
	if (err) {
		mutex_unlock(&fn->lock);
		return err;
	}
	cb->seq = fn->table.resizes + 1;
	while (more) {
		u32 stop = walk->bucket + BUCKETS_AT_ONCE;

		rcu_read_lock();
		buckets = rcu_dereference(fn->table.buckets);
		for (; walk->bucket != stop; walk->bucket++) {
			more = buckets && walk->bucket <= buckets->mask &&
			       !dump_chain(msg, cb, fn, buckets, walk, running(fn)->generation);
			if (!more)
				break;
		}
		rcu_read_unlock();
		cond_resched();
	}
	mutex_unlock(&fn->lock);
	return msg->len;
}

/* The address that is asked for, or NULL; false if it is none. */
static bool read_host(const struct nlattr *nla, __be32 *host, bool *ipv6)
{
	memset(host, 0, 16);
	if (nla_len(nla) != 4 && nla_len(nla) != 16)
		return false;
	*ipv6 = nla_len(nla) == 16;
	memcpy(host, nla_data(nla), nla_len(nla));
	return true;
}

static bool about_host(const struct fwl_record *record, const __be32 *host, bool ipv6)
{
	return fwl_kind_ipv6(record->kind) == ipv6 &&
	       (!memcmp(record->ends.addr[0], host, 16) || !memcmp(record->ends.addr[1], host, 16));
}

/**
 * fwl_dump_drops() - answer DROP_GET, a message at a time
 * @msg: the message
 * @cb: in args, the CPU, and its next record
 */
int fwl_dump_drops(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct fwl_net *fn = fwl_net(sock_net(msg->sk));
	const struct nlattr *nla = genl_dump_attrs(cb)[FLOWWALL_A_HOST];
	struct fwl_record record;
	__be32 host[4];
	bool ipv6;

	if (nla && !read_host(nla, host, &ipv6)) {
		NL_SET_ERR_MSG_ATTR(cb->extack, nla, "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	for (; cb->args[0] < nr_cpu_ids; cb->args[0]++, cb->args[1] = 0) {
		if (!cpu_possible(cb->args[0]))
			continue;
		for (; cb->args[1] < FWL_RECORDS; cb->args[1]++) {
			void *header;

			if (!fwl_record_read(fn, cb->args[0], cb->args[1], &record) ||
			    (nla && !about_host(&record, host, ipv6)))
				continue;
			header = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					     &fwl_family, NLM_F_MULTI, FLOWWALL_CMD_DROP_GET);
			if (!header)
				return msg->len;
			if (fwl_fill_record(msg, &record, true)) {
				genlmsg_cancel(msg, header);
				return msg->len;
			}
			genlmsg_end(msg, header);
		}
	}
	return msg->len;
}
