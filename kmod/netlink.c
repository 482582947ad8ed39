// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: one handler a command. Attributes are read in
 * netlink_read.c and written in netlink_fill.c.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/sock.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "tcp.h"

static bool userns;
module_param(userns, bool, 0444);
MODULE_PARM_DESC(userns, "let the owner of a user namespace rule the network namespaces of it");

static struct fwl_ruleset *running(const struct fwl_net *fn)
{
	return rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
}

/* Answers with the generation alone. */
static int answer_generation(struct genl_info *info, u32 generation)
{
	struct sk_buff *msg = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	void *header;

	if (!msg)
		return -ENOMEM;
	header = genlmsg_put_reply(msg, info, &fwl_family, 0, info->genlhdr->cmd);
	if (!header || nla_put_u32(msg, FLOWWALL_A_GENERATION, generation)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

static int status_get(struct sk_buff *skb, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct fwl_ruleset *rs;
	void *header;
	int err;

	if (!msg)
		return -ENOMEM;
	header = genlmsg_put_reply(msg, info, &fwl_family, 0, FLOWWALL_CMD_STATUS_GET);

	mutex_lock(&fn->lock);
	rs = running(fn);
	err = !header || nla_put_u32(msg, FLOWWALL_A_GENERATION, rs->generation) ||
	      fwl_fill_status(msg, fn, rs);
	mutex_unlock(&fn->lock);
	if (err) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

/* Writes the part @at of the statements of @kind; -ENOENT behind the last one. */
static int fill_part(struct sk_buff *msg, const struct fwl_ruleset *rs, u32 kind, u32 at)
{
	switch (kind) {
	case FLOWWALL_KIND_ROLE:
		return at < rs->n_roles ? fwl_fill_role(msg, &rs->roles[at]) : -ENOENT;
	case FLOWWALL_KIND_SETTING:
		return at ? -ENOENT : fwl_fill_settings(msg, &rs->settings);
	case FLOWWALL_KIND_TTL:
		return at < __FLOWWALL_TTL_MAX ? fwl_fill_ttl(msg, at, &rs->ttl[at]) : -ENOENT;
	default:
		return at < rs->rules.n ? fwl_fill_rule(msg, rs->rules.rule[at]) : -ENOENT;
	}
}

static int dump_statement(struct sk_buff *msg, struct netlink_callback *cb,
			  const struct fwl_ruleset *rs, u32 kind, u32 at)
{
	struct nlattr *nest;
	void *header;
	int err;

	header = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &fwl_family, NLM_F_MULTI, FLOWWALL_CMD_RULESET_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	nest = NULL;
	err = -EMSGSIZE;
	if (!nla_put_u32(msg, FLOWWALL_A_GENERATION, rs->generation)) {
		nest = nla_nest_start(msg, FLOWWALL_A_STATEMENT);
		if (nest)
			err = fill_part(msg, rs, kind, at);
	}
	if (err) {
		genlmsg_cancel(msg, header);
		return err;
	}
	nla_nest_end(msg, nest);
	genlmsg_end(msg, header);
	return 0;
}

/* cb->args: the kind reached, and the next statement of that kind. */
static int ruleset_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct fwl_net *fn = fwl_net(sock_net(msg->sk));
	const struct nlattr *kinds_attr = genl_dump_attrs(cb)[FLOWWALL_A_KINDS];
	u32 kinds = kinds_attr ? nla_get_u32(kinds_attr) : FLOWWALL_KIND_ALL;
	u32 kind = cb->args[0] ?: 1;
	u32 at = cb->args[1];
	struct fwl_ruleset *rs;
	int err;

	mutex_lock(&fn->lock);
	rs = running(fn);
	cb->seq = rs->generation;
	while (kind & FLOWWALL_KIND_ALL) {
		err = kinds & kind ? dump_statement(msg, cb, rs, kind, at) : -ENOENT;
		if (err == -ENOENT) {
			kind <<= 1;
			at = 0;
		} else if (err) {
			break;
		} else {
			at++;
		}
	}
	mutex_unlock(&fn->lock);
	cb->args[0] = kind;
	cb->args[1] = at;
	return msg->len;
}

/* cb->args: how many interfaces were written. */
static int iface_dump(struct sk_buff *msg, struct netlink_callback *cb)
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
		     const struct fwl_table *table, const struct fwl_flow *flow)
{
	void *header;

	header = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &fwl_family, NLM_F_MULTI, FLOWWALL_CMD_FLOW_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	if (fwl_fill_flow(msg, table, flow)) {
		genlmsg_cancel(msg, header);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return 0;
}

/* Writes a chain from its flow number *@skip on; -EMSGSIZE if not all fitted. */
static int dump_chain(struct sk_buff *msg, struct netlink_callback *cb,
		      const struct fwl_table *table, const struct fwl_buckets *buckets,
		      u32 bucket, unsigned int *skip)
{
	unsigned int before = msg->len, at = 0;
	struct fwl_flow *flow;

	flow = rcu_dereference(buckets->bucket[bucket]);
	for (; flow; flow = rcu_dereference(flow->next), at++) {
		if (at < *skip || fwl_flow_expired(flow, jiffies) ||
		    READ_ONCE(flow->state) == FWL_STATE_REVOKED)
			continue;
		if (!dump_flow(msg, cb, table, flow))
			continue;
		/*
		 * A chain in two messages may change between them. So it is begun
		 * again in the next one, unless it is too long for any.
		 */
		if (before)
			nlmsg_trim(msg, skb_tail_pointer(msg) - (msg->len - before));
		else
			*skip = at;
		return -EMSGSIZE;
	}
	*skip = 0;
	return 0;
}

/*
 * cb->args: the next bucket, and how much of its chain was written. The lock
 * keeps the table's size from changing while a message is written.
 */
static int flow_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct fwl_net *fn = fwl_net(sock_net(msg->sk));
	const struct fwl_buckets *buckets;
	unsigned int skip = cb->args[1];
	u32 bucket = cb->args[0];

	mutex_lock(&fn->lock);
	rcu_read_lock();
	cb->seq = fn->table.resizes + 1;
	buckets = rcu_dereference(fn->table.buckets);
	for (; buckets && bucket <= buckets->mask; bucket++)
		if (dump_chain(msg, cb, &fn->table, buckets, bucket, &skip))
			break;
	rcu_read_unlock();
	mutex_unlock(&fn->lock);
	cb->args[0] = bucket;
	cb->args[1] = skip;
	return msg->len;
}

static int begin(struct sk_buff *skb, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct fwl_transaction *tx;
	u32 generation = 0;
	int err = 0;

	if (GENL_REQ_ATTR_CHECK(info, FLOWWALL_A_MODE)) {
		GENL_SET_ERR_MSG(info, "mode is missing: replace or edit");
		return -EINVAL;
	}
	mutex_lock(&fn->lock);
	tx = fwl_transaction_begin(fn, info->snd_portid, nla_get_u8(info->attrs[FLOWWALL_A_MODE]));
	if (IS_ERR(tx))
		err = PTR_ERR(tx);
	else
		generation = tx->base;
	mutex_unlock(&fn->lock);

	switch (err) {
	case 0:
		answer_generation(info, generation);
		return 0;
	case -EBUSY:
		GENL_SET_ERR_MSG(info, "this socket has begun a transaction already");
		return err;
	case -EUSERS:
		GENL_SET_ERR_MSG(info, "too many transactions at once");
		return err;
	default:
		return err;
	}
}

/* ADD and DEL: all statements of the message, or the transaction is spoiled. */
static int change(struct sk_buff *skb, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	bool add = info->genlhdr->cmd == FLOWWALL_CMD_ADD;
	struct fwl_transaction *tx;
	const struct nlattr *nla;
	int rem, err = 0;

	mutex_lock(&fn->lock);
	tx = fwl_transaction_find(fn, info->snd_portid);
	if (!tx) {
		GENL_SET_ERR_MSG(info, "no transaction: begin one first");
		err = -ENOENT;
		goto out;
	}
	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nla) != FLOWWALL_A_STATEMENT)
			continue;
		err = add ? fwl_read_add(fn, tx->ruleset, nla, info->extack)
			  : fwl_read_del(tx->ruleset, nla, info->extack);
		if (err) {
			tx->spoiled = true;
			break;
		}
	}
out:
	mutex_unlock(&fn->lock);
	return err;
}

/* COMMIT and ABORT: the transaction is over. */
static int end(struct sk_buff *skb, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	bool commit = info->genlhdr->cmd == FLOWWALL_CMD_COMMIT;
	struct fwl_transaction *tx;
	u32 generation;
	int err = 0;

	rtnl_lock();
	mutex_lock(&fn->lock);
	tx = fwl_transaction_find(fn, info->snd_portid);
	if (!tx) {
		GENL_SET_ERR_MSG(info, "no transaction: begin one first");
		err = -ENOENT;
	} else if (commit) {
		err = fwl_transaction_commit(fn, tx, info->attrs[FLOWWALL_A_CHECK], info->extack);
	} else {
		fwl_transaction_abort(tx);
	}
	generation = running(fn)->generation;
	mutex_unlock(&fn->lock);
	rtnl_unlock();

	/* It is done: whether the answer can be sent makes no difference. */
	if (!err && commit)
		answer_generation(info, generation);
	return err;
}

/* The flags are set when the module is loaded, by its parameter. */
static struct genl_ops ops[] __ro_after_init = {
	{ .cmd = FLOWWALL_CMD_STATUS_GET, .doit = status_get,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_RULESET_GET, .dumpit = ruleset_dump,
	  .policy = fwl_ruleset_get_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_IFACE_GET, .dumpit = iface_dump,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_FLOW_GET, .dumpit = flow_dump,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_BEGIN, .doit = begin,
	  .policy = fwl_begin_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_ADD, .doit = change,
	  .policy = fwl_change_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_DEL, .doit = change,
	  .policy = fwl_change_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_COMMIT, .doit = end,
	  .policy = fwl_commit_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_ABORT, .doit = end,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
};

static const struct genl_multicast_group groups[] = {
	{ .name = FLOWWALL_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family fwl_family __ro_after_init = {
	.name = FLOWWALL_GENL_NAME,
	.version = FLOWWALL_GENL_VERSION,
	.maxattr = FLOWWALL_A_MAX,
	.policy = fwl_none_policy,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* A socket that closes takes its transaction with it. */
static int socket_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct netlink_notify *notify = ptr;
	struct fwl_transaction *tx;
	struct fwl_net *fn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	fn = fwl_net(notify->net);
	mutex_lock(&fn->lock);
	tx = fwl_transaction_find(fn, notify->portid);
	if (tx)
		fwl_transaction_abort(tx);
	mutex_unlock(&fn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = { .notifier_call = socket_event };

/**
 * fwl_netlink_init() - offer the family, when all else is ready
 *
 * Return: 0 or a negative error.
 */
int __init fwl_netlink_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		ops[i].flags = userns ? GENL_UNS_ADMIN_PERM : GENL_ADMIN_PERM;
	err = netlink_register_notifier(&socket_notifier);
	if (err)
		return err;
	err = genl_register_family(&fwl_family);
	if (err) {
		netlink_unregister_notifier(&socket_notifier);
		return err;
	}
	fwl_event_start();
	return 0;
}

/**
 * fwl_netlink_uninit() - undo fwl_netlink_init(), before all else ends
 */
void fwl_netlink_uninit(void)
{
	fwl_event_stop();
	genl_unregister_family(&fwl_family);
	netlink_unregister_notifier(&socket_notifier);
}
