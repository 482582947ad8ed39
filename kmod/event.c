// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events for the multicast group. Nothing is built when nobody listens, and a
 * listener that is too slow loses events, and is told so by its socket.
 */
#include <linux/netdevice.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "record.h"

/* At most one table-full event in this time. */
#define FULL_INTERVAL	HZ

/* The family is registered: its group's number is ours. */
static bool started;

static bool listeners(const struct fwl_net *fn)
{
	return READ_ONCE(started) && genl_has_listeners(&fwl_family, fn->net, 0) &&
	       fwl_netlink_shows(fn->net);
}

/**
 * fwl_event_start() - send events from now on; the family is registered
 */
void fwl_event_start(void)
{
	WRITE_ONCE(started, true);
}

/**
 * fwl_event_stop() - send none any more; the family is about to go
 *
 * Context: process. Waits for those that are being sent.
 */
void fwl_event_stop(void)
{
	WRITE_ONCE(started, false);
	synchronize_rcu();
}

/* Tells the listeners, as a full socket would, that there was an event. */
static void event_lost(const struct fwl_net *fn)
{
	genl_set_err(&fwl_family, fn->net, 0, 0, -ENOBUFS);
}

/* Returns a message with its header written, or NULL: then the event is lost. */
static struct sk_buff *event_new(const struct fwl_net *fn, u8 cmd, void **header)
{
	struct sk_buff *msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);

	if (msg)
		*header = genlmsg_put(msg, 0, 0, &fwl_family, 0, cmd);
	if (msg && *header)
		return msg;
	nlmsg_free(msg);
	event_lost(fn);
	return NULL;
}

/* Sends the message, unless it did not hold all that it should. */
static void event_send(const struct fwl_net *fn, struct sk_buff *msg, void *header, int err)
{
	if (err) {
		nlmsg_free(msg);
		event_lost(fn);
		return;
	}
	genlmsg_end(msg, header);
	genlmsg_multicast_netns(&fwl_family, fn->net, msg, 0, 0, GFP_ATOMIC);
}

/**
 * fwl_event_flow_new() - a flow was made
 * @fn: the namespace
 * @flow: the flow
 *
 * Context: RCU.
 */
void fwl_event_flow_new(struct fwl_net *fn, const struct fwl_flow *flow)
{
	struct sk_buff *msg;
	void *header;

	if (!listeners(fn))
		return;
	msg = event_new(fn, FLOWWALL_CMD_FLOW_NEW_NTF, &header);
	if (msg)
		event_send(fn, msg, header, fwl_fill_flow(msg, fn, flow));
}

/**
 * fwl_event_flow_end() - a flow was taken out of the table
 * @fn: the namespace
 * @flow: the flow, not yet freed
 * @why: the reason
 */
void fwl_event_flow_end(struct fwl_net *fn, const struct fwl_flow *flow,
			enum flowwall_end why)
{
	struct sk_buff *msg;
	void *header;
	int err;

	if (!listeners(fn))
		return;
	msg = event_new(fn, FLOWWALL_CMD_FLOW_END_NTF, &header);
	if (!msg)
		return;
	err = fwl_fill_flow(msg, fn, flow);
	if (!err)
		err = nla_put_u8(msg, FLOWWALL_A_END_REASON, why);
	event_send(fn, msg, header, err);
}

/**
 * fwl_event_table_full() - a flow was refused because the table is full
 * @fn: the namespace
 * @pkt: its first packet
 * @direction: where it was going
 *
 * Context: softirqs off.
 */
void fwl_event_table_full(struct fwl_net *fn, const struct fwl_packet *pkt, u8 direction)
{
	unsigned long last = READ_ONCE(fn->full_at), now = jiffies;
	struct sk_buff *msg;
	void *header;
	int err;

	atomic_inc(&fn->refused);
	if (now - last < FULL_INTERVAL || cmpxchg(&fn->full_at, last, now) != last)
		return;
	if (!listeners(fn)) {
		atomic_set(&fn->refused, 0);
		return;
	}
	msg = event_new(fn, FLOWWALL_CMD_TABLE_FULL_NTF, &header);
	if (!msg)
		return;
	err = fwl_fill_refused(msg, pkt, direction);
	if (!err)
		err = nla_put_u32(msg, FLOWWALL_A_MAX_FLOWS, READ_ONCE(fn->table.max)) ||
		      nla_put_u32(msg, FLOWWALL_A_REFUSED, atomic_xchg(&fn->refused, 0));
	event_send(fn, msg, header, err);
}

/**
 * fwl_event_ruleset() - another ruleset runs
 * @fn: the namespace
 * @rs: the ruleset
 */
void fwl_event_ruleset(struct fwl_net *fn, const struct fwl_ruleset *rs)
{
	struct sk_buff *msg;
	void *header;

	if (!listeners(fn))
		return;
	msg = event_new(fn, FLOWWALL_CMD_RULESET_NTF, &header);
	if (msg)
		event_send(fn, msg, header,
			   nla_put_u32(msg, FLOWWALL_A_GENERATION, rs->generation));
}

/**
 * fwl_event_iface() - an interface has another role than before
 * @fn: the namespace
 * @rs: the ruleset that says so
 * @dev: the interface
 *
 * Context: process, under the RTNL.
 */
void fwl_event_iface(struct fwl_net *fn, const struct fwl_ruleset *rs,
		     const struct net_device *dev)
{
	struct sk_buff *msg;
	void *header;

	if (!listeners(fn))
		return;
	msg = event_new(fn, FLOWWALL_CMD_IFACE_NTF, &header);
	if (msg)
		event_send(fn, msg, header, fwl_fill_iface(msg, rs, dev));
}

/**
 * fwl_event_log() - a rule with "log" decided about a packet
 * @fn: the namespace
 * @pkt: what was found in the packet
 * @state: of the hook
 * @direction: enum flowwall_direction
 * @rule: the rule
 * @reason: why it is dropped, enum flowwall_drop; negative if it passes
 *
 * Context: RCU, softirqs off.
 */
void fwl_event_log(struct fwl_net *fn, const struct fwl_packet *pkt,
		   const struct nf_hook_state *state, u8 direction,
		   const struct fwl_rule *rule, int reason)
{
	struct fwl_record record = {};
	struct sk_buff *msg;
	void *header;
	int err;

	if (!listeners(fn))
		return;
	msg = event_new(fn, FLOWWALL_CMD_LOG_NTF, &header);
	if (!msg)
		return;
	fwl_record_fill(&record, pkt, state, direction, max(reason, 0), rule->handle);
	record.stamp = get_jiffies_64();
	err = fwl_fill_record(msg, &record, reason >= 0);
	if (!err && rule->label)
		err = nla_put_string(msg, FLOWWALL_A_LABEL, rule->label);
	event_send(fn, msg, header, err);
}

/**
 * fwl_event_group() - members of a group came or went
 * @fn: the namespace, locked
 * @group: the group
 */
void fwl_event_group(struct fwl_net *fn, const struct fwl_group *group)
{
	struct nlattr *statement;
	struct sk_buff *msg;
	void *header;
	int err = -EMSGSIZE;

	if (!listeners(fn))
		return;
	msg = event_new(fn, FLOWWALL_CMD_GROUP_NTF, &header);
	if (!msg)
		return;
	statement = nla_nest_start(msg, FLOWWALL_A_STATEMENT);
	if (statement)
		err = fwl_fill_group(msg, group);
	if (!err)
		nla_nest_end(msg, statement);
	event_send(fn, msg, header, err);
}
