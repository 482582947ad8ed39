// SPDX-License-Identifier: GPL-2.0-or-later
/* A statement -> its text, always the same for the same meaning. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lang.h"

/* Text that grows in a buffer; what does not fit is cut, and counted. */
struct buffer {
	char *at;
	size_t size;
	size_t length;
};

static void add(struct buffer *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct buffer *text, const char *format, ...)
{
	size_t left = text->length < text->size ? text->size - text->length : 0;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(left ? text->at + text->length : NULL, left, format, list);
	va_end(list);
	if (n > 0)
		text->length += n;
}

/* The length of the prefix from @min to @max, or -1 if it is not one. */
static int prefix_length(const struct addr_range *range)
{
	unsigned int bits = range->family == AF_INET ? 32 : 128, length = 0, i;

	for (i = 0; i < bits; i++) {
		unsigned int a = range->min[i / 8] >> (7 - i % 8) & 1;
		unsigned int b = range->max[i / 8] >> (7 - i % 8) & 1;

		if (a == b && length == i)
			length++;
		else if (a || !b)
			return -1;
	}
	return length;
}

static void add_range(struct buffer *text, const struct addr_range *range)
{
	char min[INET6_ADDRSTRLEN], max[INET6_ADDRSTRLEN];
	int length = prefix_length(range), bits = range->family == AF_INET ? 32 : 128;

	inet_ntop(range->family, range->min, min, sizeof(min));
	inet_ntop(range->family, range->max, max, sizeof(max));
	if (length == bits)
		add(text, "%s", min);
	else if (length >= 0)
		add(text, "%s/%d", min, length);
	else
		add(text, "%s-%s", min, max);
}

static void add_service(struct buffer *text, const struct endpoint *point)
{
	int i;

	if (point->n_ports)
		add(text, " port %s", point->port_not ? "not " : "");
	for (i = 0; i < point->n_ports; i++) {
		const struct port_range *range = &point->ports[i];

		add(text, "%s%u", i ? "," : "", range->min);
		if (range->max != range->min)
			add(text, "-%u", range->max);
	}
}

static void add_endpoint(struct buffer *text, const char *keyword, const struct endpoint *point)
{
	bool named = point->n_addrs || *point->group;
	int i;

	if (!named && !point->n_ports)
		return;
	add(text, " %s%s%s", keyword, *keyword ? " " : "",
	    !named ? "any" : point->addr_not ? "not " : "");
	if (*point->group)
		add(text, "group %s", point->group);
	for (i = 0; i < point->n_addrs; i++) {
		add(text, "%s", i ? "," : "");
		add_range(text, &point->addrs[i]);
	}
	add_service(text, point);
}

/*
 * A text between quotation marks; a part with marks of one kind stands between
 * those of the other, and both parts are one word.
 */
static void add_quoted(struct buffer *text, const char *quoted)
{
	do {
		size_t length = strcspn(quoted, "\"");
		char mark = '"';

		if (quoted[length]) {
			size_t other = strcspn(quoted, "'");

			if (!length || other > length) {
				length = other;
				mark = '\'';
			}
		}
		add(text, "%c%.*s%c", mark, (int)length, quoted, mark);
		quoted += length;
	} while (*quoted);
}

static void add_text(struct buffer *text, const char *keyword, const char *quoted)
{
	add(text, " %s ", keyword);
	add_quoted(text, quoted);
}

/* An interface may be called #1 or it's: between quotation marks, that is a word. */
static void add_iface(struct buffer *text, const char *name)
{
	if (*name == '#' || strpbrk(name, "'\""))
		add_quoted(text, name);
	else
		add(text, "%s", name);
}

/* The name of exactly these types, or the number of the one. */
static void add_type(struct buffer *text, const struct rule *rule)
{
	const struct name *name;

	for (name = icmp_type_names; name->name; name++) {
		int icmp = rule->proto == IPPROTO_ICMP ? ICMP_TYPE_OF(name->value) : -1;

		if (icmp == rule->icmp_type && ICMPV6_TYPE_OF(name->value) == rule->icmpv6_type) {
			add(text, " type %s", name->name);
			return;
		}
	}
	add(text, " type %d", rule->icmp_type >= 0 ? rule->icmp_type : rule->icmpv6_type);
}

static void add_u32(struct buffer *text, const struct rule *rule)
{
	size_t left;

	add(text, " u32 %s\"", rule->u32_not ? "not " : "");
	left = text->length < text->size ? text->size - text->length : 0;
	text->length += u32_print(rule->u32, rule->n_u32,
				  left ? text->at + text->length : NULL, left);
	add(text, "\"");
}

static void add_until(struct buffer *text, uint64_t until)
{
	char when[32] = "?";
	time_t time = until;
	struct tm tm;

	if (gmtime_r(&time, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add(text, " until %s", when);
}

static void add_matches(struct buffer *text, const struct rule *rule)
{
	if (*rule->iface) {
		add(text, " on ");
		add_iface(text, rule->iface);
	}
	add_endpoint(text, "from", &rule->src);
	add_endpoint(text, "to", &rule->dst);
	if (rule->keyed)
		add(text, " key %u", rule->key_min);
	if (rule->keyed && rule->key_max != rule->key_min)
		add(text, "-%u", rule->key_max);
	if (rule->icmp_type >= 0 || rule->icmpv6_type >= 0)
		add_type(text, rule);
	if (rule->n_u32)
		add_u32(text, rule);
}

static void add_options(struct buffer *text, const struct rule *rule)
{
	char step[32], max[32];

	if (rule->log)
		add(text, " log");
	if (rule->label)
		add_text(text, "label", rule->label);
	if (rule->limit)
		add(text, " limit %u/%s", rule->limit, name_of(unit_names, rule->limit_unit));
	if (rule->limit && rule->limit_burst != LIMIT_BURST)
		add(text, " burst %u", rule->limit_burst);
	if (rule->queued)
		add(text, " queue %u", rule->queue_first);
	if (rule->queued && rule->queue_last != rule->queue_first)
		add(text, "-%u", rule->queue_last);
	if (rule->queue_bypass)
		add(text, " bypass");
	if (rule->mark_mask)
		add(text, " mark 0x%x", rule->mark);
	if (rule->mark_mask && rule->mark_mask != UINT32_MAX)
		add(text, "/0x%x", rule->mark_mask);
	if (rule->ttl_step) {
		print_duration(rule->ttl_step, step, sizeof(step));
		print_duration(rule->ttl_max, max, sizeof(max));
		add(text, " ttl step %s max %s", step, max);
	}
	if (rule->until)
		add_until(text, rule->until);
	if (rule->name[0])
		add(text, " id %s", rule->name);
	if (rule->comment)
		add_text(text, "comment", rule->comment);
}

static void add_proto(struct buffer *text, int proto)
{
	const char *name = proto < 0 ? "" : name_of(proto_names, proto);

	if (*name == '?')
		add(text, " proto %d", proto);
	else
		add(text, "%s%s", *name ? " " : "", name);
}

static void add_rule(struct buffer *text, const struct rule *rule)
{
	add(text, "%s %s", name_of(action_names, rule->action),
	    name_of(direction_names, rule->direction));
	add_proto(text, rule->proto);
	add_matches(text, rule);
	add_options(text, rule);
}

static void add_mac(struct buffer *text, const uint8_t mac[6])
{
	add(text, "mac %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
	    mac[5]);
}

/**
 * print_member() - write a member of a group: "host 192.0.2.1", "group web"
 *
 * Return: its length.
 */
size_t print_member(const struct member *member, char *buffer, size_t size)
{
	struct buffer text = { buffer, size, 0 };
	char addr[INET6_ADDRSTRLEN], timeout[32];

	switch (member->family) {
	case MEMBER_GROUP:
		add(&text, "group %s", member->name);
		break;
	case MEMBER_MAC:
		add_mac(&text, member->addr);
		break;
	case MEMBER_IFACE:
		add(&text, "iface ");
		add_iface(&text, member->name);
		break;
	default:
		inet_ntop(member->family, member->addr, addr, sizeof(addr));
		if (member->prefix == (member->family == AF_INET ? 32 : 128))
			add(&text, "host %s", addr);
		else
			add(&text, "net %s/%u", addr, member->prefix);
	}
	if (member->timeout) {
		print_duration(member->timeout, timeout, sizeof(timeout));
		add(&text, " timeout %s", timeout);
	}
	return text.length;
}

/**
 * print_duration() - write a time as in 2h4m
 *
 * Return: its length.
 */
size_t print_duration(uint32_t seconds, char *buffer, size_t size)
{
	struct buffer text = { buffer, size, 0 };

	if (seconds >= 86400)
		add(&text, "%ud", seconds / 86400);
	if (seconds % 86400 >= 3600)
		add(&text, "%uh", seconds % 86400 / 3600);
	if (seconds % 3600 >= 60)
		add(&text, "%um", seconds % 3600 / 60);
	if (seconds % 60 || !seconds)
		add(&text, "%us", seconds % 60);
	return text.length;
}

/**
 * rule_id() - what a rule is called: its id, or the number of the kernel
 */
const char *rule_id(const struct rule *rule, char *buffer, size_t size)
{
	if (rule->name[0])
		return rule->name;
	snprintf(buffer, size, "%u", rule->handle);
	return buffer;
}

static void add_ports_between(struct buffer *text, const char *keyword, const struct ovs *ovs)
{
	size_t i;

	for (i = 0; i < ovs->n_ports; i++) {
		add(text, " %s ", i ? "and" : keyword);
		add_iface(text, ovs->ports[i].name);
	}
}

static void add_port(struct buffer *text, const char *keyword, const struct ovs *ovs)
{
	add(text, " %s ", keyword);
	add_iface(text, ovs->port.name);
}

static void add_end(struct buffer *text, const struct endpoint *point)
{
	if (point->n_addrs || *point->group || point->n_ports)
		add_endpoint(text, "", point);
	else
		add(text, " any");
}

static void add_segment(struct buffer *text, const struct ovs *ovs)
{
	struct endpoint to = ovs->dst, service = { .n_ports = ovs->dst.n_ports, .ports = ovs->dst.ports };

	to.n_ports = 0;
	add(text, " %s%s", ovs->policy ? "default " : "", name_of(action_names, ovs->action));
	if (ovs->policy)
		return;
	add_end(text, &ovs->src);
	add(text, " to");
	add_end(text, &to);
	add_proto(text, ovs->proto);
	add_service(text, &service);
}

static void add_coprocessor(struct buffer *text, const struct ovs *ovs)
{
	struct endpoint host = ovs->dst;

	add_port(text, "port", ovs);
	add_ports_between(text, "for", ovs);
	add_proto(text, ovs->proto);
	add_service(text, &ovs->dst);
	host.n_ports = 0;
	add_endpoint(text, "host", &host);
	if (ovs->vlan)
		add(text, " vlan %u", ovs->vlan);
	if (ovs->vlan && ovs->base != OVS_VLAN_BASE)
		add(text, " base %u", ovs->base);
}

/**
 * print_controller() - print "tcp:127.0.0.1:6653"
 */
size_t print_controller(const struct controller *controller, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN] = "?";
	bool ipv6 = controller->family == AF_INET6;

	inet_ntop(controller->family, controller->addr, addr, sizeof(addr));
	return snprintf(text, size, "tcp:%s%s%s:%u", ipv6 ? "[" : "", addr, ipv6 ? "]" : "",
			controller->port);
}

static void add_decoy(struct buffer *text, const struct ovs *ovs)
{
	char controller[CONTROLLER_TEXT];

	add_endpoint(text, "net", &ovs->dst);
	print_controller(&ovs->controller, controller, sizeof(controller));
	add(text, " controller %s", controller);
}

static void add_ovs(struct buffer *text, const struct ovs *ovs)
{
	add(text, "ovs %s ", name_of(ovs_names, ovs->kind));
	if (ovs->kind == OVS_HOST)
		add(text, "%s", ovs->name);
	else
		add_iface(text, ovs->bridge);
	switch (ovs->kind) {
	case OVS_BRIDGE:
		if (ovs->secure)
			add(text, " secure");
		if (ovs->zone)
			add(text, " zone %u", ovs->zone);
		break;
	case OVS_TAP:
	case OVS_MIRROR:
		add_ports_between(text, "between", ovs);
		add_port(text, "to", ovs);
		if (ovs->after)
			add(text, " after");
		if (ovs->proto >= 0 || ovs->src.n_addrs || *ovs->src.group || ovs->src.n_ports)
			add(text, " match");
		add_proto(text, ovs->proto);
		if (ovs->src.n_addrs || *ovs->src.group)
			add_end(text, &ovs->src);
		else
			add_service(text, &ovs->src);
		break;
	case OVS_COPROCESSOR:
		add_coprocessor(text, ovs);
		break;
	case OVS_HOST:
		add_port(text, "port", ovs);
		add_endpoint(text, "addr", &ovs->dst);
		if (ovs->has_mac) {
			add(text, " ");
			add_mac(text, ovs->mac);
		}
		break;
	case OVS_SEGMENT:
		add_segment(text, ovs);
		break;
	case OVS_DECOY:
		add_decoy(text, ovs);
		break;
	}
}

/**
 * print_stmt() - write a statement as a line, without its end
 * @stmt: the statement; of a group, the first STMT_MEMBERS members
 * @buffer: where to
 * @size: of @buffer; STMT_TEXT holds any statement
 *
 * Return: the length of the line.
 */
size_t print_stmt(const struct stmt *stmt, char *buffer, size_t size)
{
	struct buffer text = { buffer, size, 0 };
	char step[32], max[32], member[128];
	size_t i;

	switch (stmt->kind) {
	case STMT_NONE:
		break;
	case STMT_ROLE:
		add(&text, "role ");
		add_iface(&text, stmt->role.iface[0] ? stmt->role.iface : "default");
		add(&text, " %s", name_of(role_names, stmt->role.role));
		break;
	case STMT_SETTING:
		add(&text, "set %s ", name_of(setting_names, stmt->setting.key));
		if (setting_kind(stmt->setting.key)->values)
			add(&text, "%s", name_of(setting_kind(stmt->setting.key)->values,
						 stmt->setting.value));
		else
			add(&text, "%u", stmt->setting.value);
		break;
	case STMT_TTL:
		print_duration(stmt->ttl.step, step, sizeof(step));
		print_duration(stmt->ttl.max, max, sizeof(max));
		add(&text, "ttl %s step %s max %s", name_of(ttl_names, stmt->ttl.class),
		    step, max);
		break;
	case STMT_RULE:
		add_rule(&text, &stmt->rule);
		break;
	case STMT_OVS:
		add_ovs(&text, &stmt->ovs);
		break;
	case STMT_GROUP:
		add(&text, "group %s", stmt->group.name);
		for (i = 0; i < stmt->group.n_members && i < STMT_MEMBERS; i++) {
			print_member(&stmt->group.members[i], member, sizeof(member));
			add(&text, " %s", member);
		}
		break;
	}
	return text.length;
}
