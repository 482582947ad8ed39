// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects as attributes, for answers, dumps and events alike. Each function
 * writes one nest of the message tree; it returns 0, or -EMSGSIZE with the
 * message as it was before.
 */
#include <linux/in.h>
#include <linux/netdevice.h>

#include "net.h"
#include "netlink.h"
#include "record.h"
#include "tcp.h"
#include "verdict.h"
#include "version.h"

static u64 sum(const struct fwl_net *fn, size_t offset)
{
	u64 total = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct fwl_stats *stats = per_cpu_ptr(fn->stats, cpu);
		const u64_stats_t *counter = (const void *)stats + offset;
		unsigned int start;
		u64 value;

		do {
			start = u64_stats_fetch_begin(&stats->sync);
			value = u64_stats_read(counter);
		} while (u64_stats_fetch_retry(&stats->sync, start));
		total += value;
	}
	return total;
}

/* Aligned to 4 bytes like everything else: no padding attributes. */
static int put_u64(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put(msg, attr, sizeof(value), &value);
}

static int put_sum(struct sk_buff *msg, const struct fwl_net *fn, int attr, size_t offset)
{
	return put_u64(msg, attr, sum(fn, offset));
}

static int fill_drop(struct sk_buff *msg, const struct fwl_net *fn, u8 reason)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATUS_A_DROP);
	size_t offset = offsetof(struct fwl_stats, drop) + reason * sizeof(u64_stats_t);

	if (!nest || nla_put_u8(msg, FLOWWALL_DROP_A_REASON, reason) ||
	    put_u64(msg, FLOWWALL_DROP_A_PACKETS, sum(fn, offset)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* Seconds until the old ruleset comes back; not 0, which says that none does. */
static u32 confirm_left(const struct fwl_net *fn)
{
	long left = fn->confirm_by - jiffies;

	return left > 0 ? DIV_ROUND_UP(left, HZ) : 1;
}

/**
 * fwl_fill_status() - write FLOWWALL_A_STATUS
 * @msg: the message
 * @fn: the namespace, locked
 * @rs: its ruleset
 */
int fwl_fill_status(struct sk_buff *msg, const struct fwl_net *fn,
		    const struct fwl_ruleset *rs)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_A_STATUS);
	const struct fwl_buckets *buckets;
	u32 flows = atomic_read(&fn->table.count), size;
	u64 fast = sum(fn, offsetof(struct fwl_stats, fast)), memory;
	int reason;

	buckets = rcu_dereference_protected(fn->table.buckets, lockdep_is_held(&fn->lock));
	size = buckets ? buckets->mask + 1 : 0;
	memory = (u64)flows * FWL_FLOW_BYTES;
	if (buckets)
		memory += sizeof(*buckets) + (u64)size * sizeof(*buckets->bucket);

	if (!nest ||
	    nla_put_string(msg, FLOWWALL_STATUS_A_VERSION, FLOWWALL_VERSION) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_FLOWS, flows) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_MAX_FLOWS, rs->settings.max_flows) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_BUCKETS, size) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_FLOW_BYTES, FWL_FLOW_BYTES) ||
	    put_u64(msg, FLOWWALL_STATUS_A_MEMORY, memory) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_RULES, rs->rules.n) ||
	    put_u64(msg, FLOWWALL_STATUS_A_PACKETS,
		    sum(fn, offsetof(struct fwl_stats, packets)) + fast) ||
	    put_u64(msg, FLOWWALL_STATUS_A_FAST, fast) ||
	    put_sum(msg, fn, FLOWWALL_STATUS_A_NEW_FLOWS, offsetof(struct fwl_stats, new_flows)) ||
	    put_sum(msg, fn, FLOWWALL_STATUS_A_NEIGHBOUR, offsetof(struct fwl_stats, neighbour)) ||
	    put_sum(msg, fn, FLOWWALL_STATUS_A_DHCP, offsetof(struct fwl_stats, dhcp)) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_GROUPS, rs->n_groups) ||
	    nla_put_u32(msg, FLOWWALL_STATUS_A_MEMBERS, fn->n_members) ||
	    (fn->fallback && nla_put_u32(msg, FLOWWALL_STATUS_A_CONFIRM, confirm_left(fn))))
		return -EMSGSIZE;
	for (reason = 0; reason < __FLOWWALL_DROP_MAX; reason++)
		if (fill_drop(msg, fn, reason))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* "eth0" or "ppp+". */
static int put_iface(struct sk_buff *msg, int attr, const char *iface, bool prefix)
{
	char name[FLOWWALL_IFACE_SIZE + 1];

	snprintf(name, sizeof(name), "%s%s", iface, prefix ? "+" : "");
	return nla_put_string(msg, attr, name);
}

/**
 * fwl_fill_role() - write FLOWWALL_STATEMENT_A_ROLE
 * @msg: the message
 * @role: the statement
 */
int fwl_fill_role(struct sk_buff *msg, const struct fwl_role *role)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_ROLE);
	bool named = role->prefix || role->iface[0];

	if (!nest ||
	    (named && put_iface(msg, FLOWWALL_ROLE_A_IFACE, role->iface, role->prefix)) ||
	    (!named && nla_put_flag(msg, FLOWWALL_ROLE_A_DEFAULT)) ||
	    nla_put_u8(msg, FLOWWALL_ROLE_A_ROLE, role->role)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_settings() - write FLOWWALL_STATEMENT_A_SETTING with all settings
 * @msg: the message
 * @settings: the settings
 */
int fwl_fill_settings(struct sk_buff *msg, const struct fwl_settings *settings)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_SETTING);

	if (!nest ||
	    nla_put_u32(msg, FLOWWALL_SETTING_A_MAX_FLOWS, settings->max_flows) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_NEIGHBOUR, settings->neighbour) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_DHCP, settings->dhcp) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_ON_CHANGE, settings->on_change) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_TCP_WINDOW, settings->tcp_window) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_TCP_PICKUP, settings->tcp_pickup) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_REFRESH, settings->refresh) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_WHEN_FULL, settings->when_full) ||
	    nla_put_u32(msg, FLOWWALL_SETTING_A_HALF_OPEN, settings->half_open) ||
	    nla_put_u32(msg, FLOWWALL_SETTING_A_MAX_FLOWS_PER_HOST,
			settings->max_flows_per_host) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_REFUSE, settings->refuse) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_FRAGMENTS, settings->fragments) ||
	    nla_put_u8(msg, FLOWWALL_SETTING_A_FASTPATH, settings->fastpath)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_ttl() - write FLOWWALL_STATEMENT_A_TTL
 * @msg: the message
 * @class: enum flowwall_ttl_class
 * @ttl: of this class
 */
int fwl_fill_ttl(struct sk_buff *msg, u8 class, const struct fwl_ttl *ttl)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_TTL);

	if (!nest ||
	    nla_put_u8(msg, FLOWWALL_TTL_A_CLASS, class) ||
	    nla_put_u32(msg, FLOWWALL_TTL_A_STEP, ttl->step / HZ) ||
	    nla_put_u32(msg, FLOWWALL_TTL_A_MAX, ttl->max / HZ)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_port(struct sk_buff *msg, const struct fwl_ports *ports)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_ENDPOINT_A_PORT);

	if (!nest || nla_put_be16(msg, FLOWWALL_PORT_A_MIN, htons(ports->min)) ||
	    nla_put_be16(msg, FLOWWALL_PORT_A_MAX, htons(ports->max)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_addrs(struct sk_buff *msg, const struct fwl_addrs *range)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_ENDPOINT_A_ADDR);
	int size = range->ipv6 ? 16 : 4;

	if (!nest || nla_put(msg, FLOWWALL_ADDR_A_MIN, size, range->min) ||
	    nla_put(msg, FLOWWALL_ADDR_A_MAX, size, range->max))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_endpoint(struct sk_buff *msg, int attr, const struct fwl_endpoint *point)
{
	struct nlattr *nest;
	int i;

	if (!point->n_addrs && !point->group && !point->n_ports)
		return 0;
	nest = nla_nest_start(msg, attr);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < point->n_addrs; i++)
		if (fill_addrs(msg, &point->addrs[i]))
			return -EMSGSIZE;
	if ((point->group && nla_put_string(msg, FLOWWALL_ENDPOINT_A_GROUP,
					    fwl_group_name(point->group))) ||
	    (point->addr_not && nla_put_flag(msg, FLOWWALL_ENDPOINT_A_ADDR_NOT)))
		return -EMSGSIZE;
	for (i = 0; i < point->n_ports; i++)
		if (fill_port(msg, &point->ports[i]))
			return -EMSGSIZE;
	if (point->n_ports && point->port_not && nla_put_flag(msg, FLOWWALL_ENDPOINT_A_PORT_NOT))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_match(struct sk_buff *msg, const struct fwl_match *match)
{
	if ((match->proto >= 0 && nla_put_u8(msg, FLOWWALL_RULE_A_PROTO, match->proto)) ||
	    ((match->iface[0] || match->iface_prefix) &&
	     put_iface(msg, FLOWWALL_RULE_A_IFACE, match->iface, match->iface_prefix)) ||
	    fill_endpoint(msg, FLOWWALL_RULE_A_SRC, &match->src) ||
	    fill_endpoint(msg, FLOWWALL_RULE_A_DST, &match->dst) ||
	    (match->keyed && (nla_put_u32(msg, FLOWWALL_RULE_A_KEY_MIN, match->key_min) ||
			      nla_put_u32(msg, FLOWWALL_RULE_A_KEY_MAX, match->key_max))) ||
	    (match->icmp_type >= 0 &&
	     nla_put_u8(msg, FLOWWALL_RULE_A_ICMP_TYPE, match->icmp_type)) ||
	    (match->icmpv6_type >= 0 &&
	     nla_put_u8(msg, FLOWWALL_RULE_A_ICMPV6_TYPE, match->icmpv6_type)) ||
	    (match->n_u32 && nla_put(msg, FLOWWALL_RULE_A_U32,
				     match->n_u32 * sizeof(*match->u32), match->u32)) ||
	    (match->u32_not && nla_put_flag(msg, FLOWWALL_RULE_A_U32_NOT)) ||
	    (match->until && put_u64(msg, FLOWWALL_RULE_A_UNTIL, match->until)))
		return -EMSGSIZE;
	return 0;
}

static int fill_profile(struct sk_buff *msg, const struct fwl_profile *profile)
{
	if ((profile->queued &&
	     (nla_put_u16(msg, FLOWWALL_RULE_A_QUEUE_FIRST, profile->queue_first) ||
	      nla_put_u16(msg, FLOWWALL_RULE_A_QUEUE_LAST, profile->queue_last) ||
	      (profile->bypass && nla_put_flag(msg, FLOWWALL_RULE_A_QUEUE_BYPASS)))) ||
	    (profile->mark_mask &&
	     (nla_put_u32(msg, FLOWWALL_RULE_A_MARK, profile->mark) ||
	      nla_put_u32(msg, FLOWWALL_RULE_A_MARK_MASK, profile->mark_mask))) ||
	    (profile->ttl_step &&
	     (nla_put_u32(msg, FLOWWALL_RULE_A_TTL_STEP, profile->ttl_step) ||
	      nla_put_u32(msg, FLOWWALL_RULE_A_TTL_MAX, profile->ttl_max))))
		return -EMSGSIZE;
	return 0;
}

static int fill_deeds(struct sk_buff *msg, const struct fwl_rule *rule)
{
	if ((rule->log && nla_put_flag(msg, FLOWWALL_RULE_A_LOG)) ||
	    (rule->label && nla_put_string(msg, FLOWWALL_RULE_A_LABEL, rule->label)) ||
	    (rule->limit_count &&
	     (nla_put_u32(msg, FLOWWALL_RULE_A_LIMIT, rule->limit_count) ||
	      nla_put_u32(msg, FLOWWALL_RULE_A_LIMIT_UNIT, rule->limit_unit) ||
	      nla_put_u32(msg, FLOWWALL_RULE_A_LIMIT_BURST, rule->limit_burst))) ||
	    (rule->comment && nla_put_string(msg, FLOWWALL_RULE_A_COMMENT, rule->comment)))
		return -EMSGSIZE;
	return fill_profile(msg, &rule->profile);
}

/**
 * fwl_fill_rule() - write FLOWWALL_STATEMENT_A_RULE
 * @msg: the message
 * @rule: the rule; its namespace is locked
 */
int fwl_fill_rule(struct sk_buff *msg, const struct fwl_rule *rule)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_RULE);
	time64_t last_hit = READ_ONCE(rule->last_hit);
	u64 packets, bytes;

	fwl_counter_read(&rule->counter, &packets, &bytes);
	if (!nest ||
	    nla_put_u32(msg, FLOWWALL_RULE_A_HANDLE, rule->handle) ||
	    (rule->name[0] && nla_put_string(msg, FLOWWALL_RULE_A_NAME, rule->name)) ||
	    nla_put_u8(msg, FLOWWALL_RULE_A_DIRECTION, rule->direction) ||
	    nla_put_u8(msg, FLOWWALL_RULE_A_ACTION, rule->action) ||
	    fill_match(msg, &rule->match) || fill_deeds(msg, rule) ||
	    put_u64(msg, FLOWWALL_RULE_A_PACKETS, packets) ||
	    put_u64(msg, FLOWWALL_RULE_A_BYTES, bytes) ||
	    (last_hit && put_u64(msg, FLOWWALL_RULE_A_LAST_HIT, last_hit))) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_group() - write FLOWWALL_STATEMENT_A_GROUP without members
 * @msg: the message
 * @group: the group; its namespace is locked
 */
int fwl_fill_group(struct sk_buff *msg, const struct fwl_group *group)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_GROUP);
	u64 packets, bytes;

	fwl_counter_read(fwl_group_counter((struct fwl_group *)group), &packets, &bytes);
	if (!nest ||
	    nla_put_string(msg, FLOWWALL_GROUP_A_NAME, fwl_group_name(group)) ||
	    nla_put_u32(msg, FLOWWALL_GROUP_A_SIZE, fwl_group_size(group)) ||
	    put_u64(msg, FLOWWALL_GROUP_A_PACKETS, packets) ||
	    put_u64(msg, FLOWWALL_GROUP_A_BYTES, bytes)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_member_key(struct sk_buff *msg, const struct fwl_member_info *info)
{
	const struct fwl_member_key *key = info->key;

	switch (key->family) {
	case FWL_FAMILY_GROUP:
		return nla_put_string(msg, FLOWWALL_MEMBER_A_GROUP, fwl_group_name(info->sub));
	case FWL_FAMILY_MAC:
		return nla_put(msg, FLOWWALL_MEMBER_A_MAC, ETH_ALEN, key->addr);
	case FWL_FAMILY_IFACE:
		return nla_put_string(msg, FLOWWALL_MEMBER_A_IFACE, (const char *)key->addr);
	default:
		return nla_put(msg, FLOWWALL_MEMBER_A_ADDR, key->family == AF_INET ? 4 : 16,
			       key->addr) ?:
		       nla_put_u8(msg, FLOWWALL_MEMBER_A_PREFIX, key->len);
	}
}

/**
 * fwl_fill_member() - write FLOWWALL_STATEMENT_A_GROUP with one member
 * @msg: the message
 * @info: the member
 */
int fwl_fill_member(struct sk_buff *msg, const struct fwl_member_info *info)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_GROUP), *member = NULL;

	if (nest && !nla_put_string(msg, FLOWWALL_GROUP_A_NAME, fwl_group_name(info->group)))
		member = nla_nest_start(msg, FLOWWALL_GROUP_A_MEMBER);
	if (!member || fill_member_key(msg, info) ||
	    (info->timeout && (nla_put_u32(msg, FLOWWALL_MEMBER_A_TIMEOUT, info->timeout) ||
			       nla_put_u32(msg, FLOWWALL_MEMBER_A_LEFT, info->left)))) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, member);
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_iface() - write FLOWWALL_A_IFACE
 * @msg: the message
 * @rs: the ruleset whose roles to use
 * @dev: the interface; under the RTNL
 */
int fwl_fill_iface(struct sk_buff *msg, const struct fwl_ruleset *rs,
		   const struct net_device *dev)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_A_IFACE);
	const struct fwl_role *role = fwl_role_of(rs, dev);

	if (!nest ||
	    nla_put_u32(msg, FLOWWALL_IFACE_A_IFINDEX, dev->ifindex) ||
	    nla_put_string(msg, FLOWWALL_IFACE_A_NAME, dev->name) ||
	    nla_put_u8(msg, FLOWWALL_IFACE_A_ROLE, role ? role->role : FLOWWALL_ROLE_NONE) ||
	    (role && (role->prefix || role->iface[0]) &&
	     put_iface(msg, FLOWWALL_IFACE_A_PATTERN, role->iface, role->prefix))) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/* Addresses and ports of the entry whose packets come from end @source. */
static int put_tuple(struct sk_buff *msg, const struct fwl_ends *ends, u16 kind, u8 source)
{
	int size = fwl_kind_ipv6(kind) ? 16 : 4;
	u8 proto = fwl_kind_proto(kind);

	if (nla_put(msg, FLOWWALL_ENTRY_A_SRC, size, ends->addr[source]) ||
	    nla_put(msg, FLOWWALL_ENTRY_A_DST, size, ends->addr[!source]))
		return -EMSGSIZE;
	if (fwl_proto_has_ports(proto))
		return nla_put_be16(msg, FLOWWALL_ENTRY_A_SPORT, ends->port[source]) ||
		       nla_put_be16(msg, FLOWWALL_ENTRY_A_DPORT, ends->port[!source]);
	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
		return nla_put_u16(msg, FLOWWALL_ENTRY_A_ICMP_ID, ntohl(ends->id) & 0xffff);
	if (kind & FWL_KIND_GRE_KEYED)
		return nla_put_u32(msg, FLOWWALL_ENTRY_A_GRE_KEY, ntohl(ends->id));
	return 0;
}

static int fill_entry(struct sk_buff *msg, const struct fwl_flow *flow, enum fwl_entry entry)
{
	struct nlattr *nest = nla_nest_start(msg, entry == FWL_ORIGINAL ?
					     FLOWWALL_FLOW_A_ORIGINAL : FLOWWALL_FLOW_A_REPLY);
	s32 left = READ_ONCE(flow->expires[entry]) - (u32)jiffies;

	if (!nest ||
	    put_tuple(msg, &flow->ends, flow->kind, fwl_flow_source(flow, entry)) ||
	    put_u64(msg, FLOWWALL_ENTRY_A_PACKETS, READ_ONCE(flow->packets[entry])) ||
	    put_u64(msg, FLOWWALL_ENTRY_A_BYTES, READ_ONCE(flow->bytes[entry])) ||
	    nla_put_u32(msg, FLOWWALL_ENTRY_A_TTL_MS, left > 0 ? jiffies_to_msecs(left) : 0))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_flow() - write FLOWWALL_A_FLOW
 * @msg: the message
 * @fn: the namespace
 * @flow: the flow; RCU, or not yet freed
 */
int fwl_fill_flow(struct sk_buff *msg, const struct fwl_net *fn,
		  const struct fwl_flow *flow)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_A_FLOW);
	const struct fwl_profile *profile = flow->profile ? fwl_profile(fn, flow->profile) : NULL;
	u8 state = fwl_tcp_shown(READ_ONCE(flow->state));
	u32 rule = READ_ONCE(flow->rule);

	if (!nest ||
	    put_u64(msg, FLOWWALL_FLOW_A_ID, fwl_flow_id(&fn->table, flow)) ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_FAMILY,
		       fwl_kind_ipv6(flow->kind) ? AF_INET6 : AF_INET) ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_PROTO, fwl_kind_proto(flow->kind)) ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_DIRECTION, fwl_flow_direction(flow)) ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_STATE, state) ||
	    nla_put_u32(msg, FLOWWALL_FLOW_A_MARK, profile ? profile->mark : 0) ||
	    (rule && nla_put_u32(msg, FLOWWALL_FLOW_A_RULE, rule)) ||
	    fill_entry(msg, flow, FWL_ORIGINAL) ||
	    fill_entry(msg, flow, FWL_REPLY)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_refused() - write FLOWWALL_A_FLOW for a flow that was not made
 * @msg: the message
 * @pkt: the packet that was refused
 * @direction: where it would have gone
 */
int fwl_fill_refused(struct sk_buff *msg, const struct fwl_packet *pkt, u8 direction)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_A_FLOW), *entry;

	if (!nest ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_FAMILY,
		       fwl_kind_ipv6(pkt->kind) ? AF_INET6 : AF_INET) ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_PROTO, fwl_kind_proto(pkt->kind)) ||
	    nla_put_u8(msg, FLOWWALL_FLOW_A_DIRECTION, direction))
		return -EMSGSIZE;
	entry = nla_nest_start(msg, FLOWWALL_FLOW_A_ORIGINAL);
	if (!entry || put_tuple(msg, &pkt->ends, pkt->kind, pkt->swapped))
		return -EMSGSIZE;
	nla_nest_end(msg, entry);
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * fwl_fill_record() - write FLOWWALL_A_DROP
 * @msg: the message
 * @record: the packet
 * @dropped: it was dropped, and has a reason
 */
int fwl_fill_record(struct sk_buff *msg, const struct fwl_record *record, bool dropped)
{
	struct nlattr *nest = nla_nest_start(msg, FLOWWALL_A_DROP), *entry = NULL;
	u64 age = jiffies64_to_msecs(get_jiffies_64() - record->stamp);

	if (nest &&
	    (!dropped || !nla_put_u8(msg, FLOWWALL_RECORD_A_REASON, record->reason)) &&
	    !nla_put_u32(msg, FLOWWALL_RECORD_A_AGE_MS, min_t(u64, age, U32_MAX)) &&
	    (!record->ifindex || !nla_put_u32(msg, FLOWWALL_RECORD_A_IFINDEX, record->ifindex)) &&
	    (!record->rule || !nla_put_u32(msg, FLOWWALL_RECORD_A_RULE, record->rule)) &&
	    !nla_put_u8(msg, FLOWWALL_RECORD_A_FAMILY,
			fwl_kind_ipv6(record->kind) ? AF_INET6 : AF_INET) &&
	    !nla_put_u8(msg, FLOWWALL_RECORD_A_PROTO, fwl_kind_proto(record->kind)) &&
	    !nla_put_u8(msg, FLOWWALL_RECORD_A_DIRECTION, record->direction))
		entry = nla_nest_start(msg, FLOWWALL_RECORD_A_ENTRY);
	if (!entry || put_tuple(msg, &record->ends, record->kind, record->swapped)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, entry);
	nla_nest_end(msg, nest);
	return 0;
}

/* The group that a rule names, if it names one. */
static const struct fwl_group *group_of(const struct fwl_rule *rule)
{
	return rule->match.src.group ?: rule->match.dst.group;
}

/**
 * fwl_fill_explanation() - write the answer of EXPLAIN
 * @msg: the message
 * @fn: the namespace
 * @answer: what would become of a packet
 *
 * Context: RCU.
 */
int fwl_fill_explanation(struct sk_buff *msg, const struct fwl_net *fn,
			 const struct fwl_explanation *answer)
{
	const struct fwl_rule *rule = answer->rule;

	if (nla_put_u8(msg, FLOWWALL_A_VERDICT, answer->verdict) ||
	    nla_put_u8(msg, FLOWWALL_A_BASIS, answer->basis))
		return -EMSGSIZE;
	if (answer->basis == FLOWWALL_BASIS_NOT_JUDGED)
		return 0;
	if (nla_put_u8(msg, FLOWWALL_A_DIRECTION, answer->direction) ||
	    ((answer->verdict == FLOWWALL_VERDICT_DROP ||
	      answer->verdict == FLOWWALL_VERDICT_REJECT) &&
	     nla_put_u8(msg, FLOWWALL_A_REASON, answer->reason)) ||
	    (answer->handle && nla_put_u32(msg, FLOWWALL_A_RULE_HANDLE, answer->handle)) ||
	    (rule && group_of(rule) &&
	     nla_put_string(msg, FLOWWALL_A_GROUP, fwl_group_name(group_of(rule)))) ||
	    (answer->needs_mac && nla_put_flag(msg, FLOWWALL_A_NEEDS_MAC)))
		return -EMSGSIZE;
	if (answer->flow)
		return fwl_fill_flow(msg, fn, answer->flow);
	return answer->opens ? fwl_fill_refused(msg, &answer->pkt, answer->direction) : 0;
}
