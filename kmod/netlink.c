// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: one handler a command, those that answer in many
 * messages in netlink_dump.c. Attributes are read in netlink_read.c and
 * netlink_rule.c, and written in netlink_fill.c.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "verdict.h"

static bool userns;
module_param(userns, bool, 0444);
MODULE_PARM_DESC(userns, "let the owner of a user namespace rule the network namespaces of it");

/**
 * fwl_netlink_shows() - may the owner of a network namespace hear of it?
 * @net: the namespace
 *
 * Of listeners, the kernel asks CAP_NET_ADMIN in the user namespace that owns @net, where
 * commands need it in the first one.
 *
 * Context: any.
 */
bool fwl_netlink_shows(const struct net *net)
{
	return userns || net->user_ns == &init_user_ns;
}

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

/* --- transactions ---------------------------------------------------------- */

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
		err = add ? fwl_read_add(fn, tx, nla, info->extack)
			  : fwl_read_del(tx, nla, info->extack);
		if (err) {
			tx->spoiled = true;
			break;
		}
	}
out:
	mutex_unlock(&fn->lock);
	return err;
}

/* Puts in front of a packet what @in would have received it with, sent by MAC. */
static void put_link_header(struct sk_buff *skb, const struct net_device *in,
			    const struct nlattr *mac)
{
	struct ethhdr *header;

	skb_set_mac_header(skb, -ETH_HLEN);
	header = eth_hdr(skb);
	ether_addr_copy(header->h_dest, in->dev_addr);
	nla_memcpy(header->h_source, mac, ETH_ALEN);
	header->h_proto = skb->protocol;
}

/*
 * Makes a packet to be explained of PACKET, MAC, IIF and OIF; the interfaces are held
 * by the RTNL. NULL and a reason in *@err, if they make none.
 */
static struct sk_buff *read_packet(struct genl_info *info, struct net_device **in,
				   struct net_device **out, int *err)
{
	const struct nlattr *packet = info->attrs[FLOWWALL_A_PACKET];
	const struct nlattr *iif = info->attrs[FLOWWALL_A_IIF], *oif = info->attrs[FLOWWALL_A_OIF];
	const struct nlattr *mac = info->attrs[FLOWWALL_A_MAC];
	struct net *net = genl_info_net(info);
	struct sk_buff *skb;
	u8 version;

	*in = iif ? __dev_get_by_index(net, nla_get_u32(iif)) : NULL;
	*out = oif ? __dev_get_by_index(net, nla_get_u32(oif)) : NULL;
	if ((iif && !*in) || (oif && !*out)) {
		NL_SET_ERR_MSG_ATTR(info->extack, iif && !*in ? iif : oif,
				    "there is no such interface");
		*err = -ENODEV;
		return NULL;
	}
	if (!iif && !oif) {
		GENL_SET_ERR_MSG(info, "a packet comes by an interface or leaves by one");
		*err = -EINVAL;
		return NULL;
	}
	if (mac && (!*in || (*in)->type != ARPHRD_ETHER)) {
		NL_SET_ERR_MSG_ATTR(info->extack, mac,
				    "only what comes by an Ethernet was sent with a link address");
		*err = -EINVAL;
		return NULL;
	}
	version = *(u8 *)nla_data(packet) >> 4;
	if ((version != 4 && version != 6) || (version == 6 && nla_len(packet) < 40)) {
		NL_SET_ERR_MSG_ATTR(info->extack, packet, "neither IPv4 nor IPv6");
		*err = -EINVAL;
		return NULL;
	}
	skb = alloc_skb(ETH_HLEN + nla_len(packet), GFP_KERNEL);
	if (!skb) {
		*err = -ENOMEM;
		return NULL;
	}
	skb_reserve(skb, ETH_HLEN);
	skb_put_data(skb, nla_data(packet), nla_len(packet));
	skb_reset_network_header(skb);
	skb->protocol = htons(version == 4 ? ETH_P_IP : ETH_P_IPV6);
	skb->dev = *in ?: *out;
	if (mac)
		put_link_header(skb, *in, mac);
	return skb;
}

static void explain_packet(struct fwl_net *fn, const struct fwl_ruleset *rs, struct sk_buff *skb,
			   struct net_device *in, struct net_device *out,
			   struct fwl_explanation *answer)
{
	local_bh_disable();
	fwl_explain(fn, rs, skb, in, out, answer);
	local_bh_enable();
}

/*
 * Would the PACKET of a commit, if it has one, pass by a ruleset that is ready to
 * be published? 0, -ECONNREFUSED with a sentence, or what is wrong with the packet.
 */
static int would_pass(struct fwl_net *fn, const struct fwl_ruleset *rs, void *arg)
{
	struct fwl_explanation answer;
	struct genl_info *info = arg;
	struct net_device *in, *out;
	struct sk_buff *skb;
	int err = 0;

	if (!info->attrs[FLOWWALL_A_PACKET])
		return 0;
	skb = read_packet(info, &in, &out, &err);
	if (!skb)
		return err;
	rcu_read_lock();
	explain_packet(fn, rs, skb, in, out, &answer);
	rcu_read_unlock();
	kfree_skb(skb);
	/* Whether a link address that nobody has told lets it pass is not known. */
	if (answer.verdict == FLOWWALL_VERDICT_ACCEPT ||
	    answer.verdict == FLOWWALL_VERDICT_QUEUE || answer.needs_mac)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FLOWWALL_A_PACKET],
			    "the new ruleset would not let this packet pass");
	return -ECONNREFUSED;
}

/* Answers a commit. */
static void answer_commit(struct genl_info *info, u32 generation, u32 ended)
{
	struct sk_buff *msg = genlmsg_new(2 * nla_total_size(sizeof(u32)), GFP_KERNEL);
	void *header;

	if (!msg)
		return;
	header = genlmsg_put_reply(msg, info, &fwl_family, 0, FLOWWALL_CMD_COMMIT);
	if (!header || nla_put_u32(msg, FLOWWALL_A_GENERATION, generation) ||
	    nla_put_u32(msg, FLOWWALL_A_ENDED, ended)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, header);
	genlmsg_reply(msg, info);
}

static int commit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *confirm = info->attrs[FLOWWALL_A_CONFIRM];
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct fwl_commit commit = {
		.check = info->attrs[FLOWWALL_A_CHECK],
		.confirm = confirm ? nla_get_u32(confirm) : 0,
		.judge = would_pass,
		.judge_arg = info,
	};
	struct fwl_transaction *tx;
	bool replaced = false;
	u32 generation, ended = 0;
	int err = -ENOENT;

	rtnl_lock();
	mutex_lock(&fn->lock);
	tx = fwl_transaction_find(fn, info->snd_portid);
	if (tx) {
		replaced = tx->mode == FLOWWALL_MODE_REPLACE && !commit.check;
		err = fwl_transaction_commit(fn, tx, &commit, info->extack);
	} else {
		GENL_SET_ERR_MSG(info, "no transaction: begin one first");
	}
	generation = running(fn)->generation;
	mutex_unlock(&fn->lock);
	rtnl_unlock();
	if (!err && replaced) {
		mutex_lock(&fn->lock);
		ended = fwl_revalidate(fn);
		mutex_unlock(&fn->lock);
	}

	/* It is done: whether the answer can be sent makes no difference. */
	if (!err)
		answer_commit(info, generation, ended);
	return err;
}

static int give_up(struct sk_buff *skb, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct fwl_transaction *tx;
	int err = 0;

	mutex_lock(&fn->lock);
	tx = fwl_transaction_find(fn, info->snd_portid);
	if (tx) {
		fwl_transaction_abort(tx);
	} else {
		GENL_SET_ERR_MSG(info, "no transaction: begin one first");
		err = -ENOENT;
	}
	mutex_unlock(&fn->lock);
	return err;
}

/* --- other requests -------------------------------------------------------- */

static int confirm(struct sk_buff *skb, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	int err = 0;

	mutex_lock(&fn->lock);
	if (!fwl_confirm(fn)) {
		GENL_SET_ERR_MSG(info, "no ruleset waits to be confirmed");
		err = -ENOENT;
	}
	mutex_unlock(&fn->lock);
	return err;
}

static void zero_all(const struct fwl_ruleset *rs)
{
	struct fwl_place place = {};
	struct fwl_rule *rule;
	u32 i;

	while ((rule = fwl_rule_list_next(&rs->rules, &place)) != NULL)
		fwl_counter_zero(&rule->counter);
	for (i = 0; i < rs->n_groups; i++)
		fwl_counter_zero(fwl_group_counter(rs->groups[i]));
}

static int zero(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *handle = info->attrs[FLOWWALL_A_RULE_HANDLE];
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct fwl_place place;
	int err = 0;

	mutex_lock(&fn->lock);
	if (!handle) {
		zero_all(running(fn));
	} else if (fwl_rule_list_find(&running(fn)->rules, nla_get_u32(handle), NULL, &place)) {
		fwl_counter_zero(&fwl_rule_list_at(&running(fn)->rules, place)->counter);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, handle, "there is no such rule");
		err = -ENOENT;
	}
	mutex_unlock(&fn->lock);
	return err;
}

struct killer {
	struct fwl_net *fn;
	const struct fwl_filter *filter;
	u32 generation;
	u32 ended;
};

static void kill_one(struct fwl_flow *flow, void *arg)
{
	struct killer *killer = arg;

	if (fwl_flow_expired(flow, jiffies) || fwl_state_ended(READ_ONCE(flow->state)) ||
	    !fwl_filter_passes(killer->filter, killer->generation, flow))
		return;
	/* Else the next segment from inside would pick the connection up again, if there is one. */
	if (fwl_kind_proto(flow->kind) == IPPROTO_TCP &&
	    READ_ONCE(flow->state) != FLOWWALL_STATE_SYN_SENT)
		fwl_flow_revoke(killer->fn, flow, FLOWWALL_END_KILLED);
	else if (!fwl_flow_end(killer->fn, flow, FLOWWALL_END_KILLED))
		return;
	killer->ended++;
}

static int kill_flows(struct sk_buff *request, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct killer killer = { .fn = fn };
	struct fwl_filter *filter;
	struct sk_buff *msg;
	void *header;

	if (GENL_REQ_ATTR_CHECK(info, FLOWWALL_A_FILTER)) {
		GENL_SET_ERR_MSG(info, "which flows? an empty filter means all");
		return -EINVAL;
	}
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&fn->lock);
	filter = fwl_filter_read(fn, info->attrs[FLOWWALL_A_FILTER], info->extack);
	if (!IS_ERR(filter)) {
		killer.filter = filter;
		killer.generation = running(fn)->generation;
		fwl_table_walk(fn, kill_one, &killer);
		fwl_filter_free(fn, filter);
	}
	mutex_unlock(&fn->lock);
	if (IS_ERR(filter)) {
		nlmsg_free(msg);
		return PTR_ERR(filter);
	}
	header = genlmsg_put_reply(msg, info, &fwl_family, 0, FLOWWALL_CMD_FLOW_KILL);
	if (!header || nla_put_u32(msg, FLOWWALL_A_ENDED, killer.ended)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

static int explain(struct sk_buff *request, struct genl_info *info)
{
	struct fwl_net *fn = fwl_net(genl_info_net(info));
	struct fwl_explanation answer;
	struct net_device *in, *out;
	struct sk_buff *msg, *skb;
	void *header;
	int err = 0;

	if (GENL_REQ_ATTR_CHECK(info, FLOWWALL_A_PACKET)) {
		GENL_SET_ERR_MSG(info, "the packet is missing");
		return -EINVAL;
	}
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	header = genlmsg_put_reply(msg, info, &fwl_family, 0, FLOWWALL_CMD_EXPLAIN);
	rtnl_lock();
	skb = read_packet(info, &in, &out, &err);
	if (skb) {
		rcu_read_lock();
		explain_packet(fn, rcu_dereference(fn->ruleset), skb, in, out, &answer);
		err = header ? fwl_fill_explanation(msg, fn, &answer) : -EMSGSIZE;
		rcu_read_unlock();
	}
	rtnl_unlock();
	kfree_skb(skb);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

/* The flags are set when the module is loaded, by its parameter. */
static struct genl_ops ops[] __ro_after_init = {
	{ .cmd = FLOWWALL_CMD_STATUS_GET, .doit = status_get,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_RULESET_GET, .dumpit = fwl_dump_ruleset, .done = fwl_dump_ruleset_done,
	  .policy = fwl_ruleset_get_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_IFACE_GET, .dumpit = fwl_dump_ifaces,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_FLOW_GET, .dumpit = fwl_dump_flows, .done = fwl_dump_flows_done,
	  .policy = fwl_flow_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_FLOW_KILL, .doit = kill_flows,
	  .policy = fwl_flow_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_BEGIN, .doit = begin,
	  .policy = fwl_begin_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_ADD, .doit = change,
	  .policy = fwl_change_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_DEL, .doit = change,
	  .policy = fwl_change_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_COMMIT, .doit = commit,
	  .policy = fwl_commit_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_ABORT, .doit = give_up,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_CONFIRM, .doit = confirm,
	  .policy = fwl_none_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_ZERO, .doit = zero,
	  .policy = fwl_zero_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_EXPLAIN, .doit = explain,
	  .policy = fwl_explain_policy, .maxattr = FLOWWALL_A_MAX },
	{ .cmd = FLOWWALL_CMD_DROP_GET, .dumpit = fwl_dump_drops,
	  .policy = fwl_drop_get_policy, .maxattr = FLOWWALL_A_MAX },
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
