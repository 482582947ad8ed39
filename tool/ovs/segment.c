// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments: which hosts may begin a connection with which.
 *
 * Each different end that a segment names is a set of addresses, with a bit of its own.
 * A source and a destination each put the bits of the sets that they are in into a
 * register; a segment asks for one bit of either. So N + M flows are enough for N
 * addresses and M segments, and one host that changes its group changes two.
 *
 * The first packet of a connection is judged, the others follow it, with the ICMP errors
 * about it: connection tracking knows them, in a zone of the bridge's own. TCP begins with
 * a plain SYN: otherwise what a connection that was ended still sends would begin it anew,
 * from the other side.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge.h"

/* The bits of a register that four smaller ones make: xxreg1 (4-7), xxreg2 (8-11). */
#define SETS		128
#define LAST_OF_SOURCE	7
#define LAST_OF_DESTINATION 11

/* The first segment is the highest; OVS has 16 bits of priority. */
#define FIRST		60000

struct bits {
	uint64_t high;
	uint64_t low;
};

/* A prefix, and the sets that all its addresses are in. */
struct classified {
	struct member prefix;
	struct bits sets;
};

/**
 * struct segments - all segments of a bridge, ready to judge
 * @ends: the different ends; the number of one is its bit
 * @unknown: which of them are groups that nobody knows now
 * @addresses: sorted: a prefix before those within it
 */
struct segments {
	const struct bridge *bridge;
	const struct endpoint *ends[SETS];
	bool unknown[SETS];
	size_t n_ends;
	struct classified *addresses;
	size_t n_addresses;
};

static bool names_somebody(const struct endpoint *end)
{
	return end->n_addrs || *end->group;
}

/* The same addresses; ports are asked for where they are. */
static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
	return !strcmp(a->group, b->group) && a->n_addrs == b->n_addrs &&
	       (!a->n_addrs || !memcmp(a->addrs, b->addrs, a->n_addrs * sizeof(*a->addrs)));
}

/* The bit of an end; -1 if it is anybody, or has none. */
static int bit_of(const struct segments *segments, const struct endpoint *end)
{
	size_t i;

	for (i = 0; names_somebody(end) && i < segments->n_ends; i++)
		if (same_end(segments->ends[i], end))
			return i;
	return -1;
}

/*
 * The bit of an end of a segment; -1 if that is about anybody: so it is, as long as nobody
 * knows its group, if it denies.
 */
static int bit_for(const struct segments *segments, const struct ovs *ovs, const struct endpoint *end)
{
	int bit = bit_of(segments, end);

	return bit >= 0 && segments->unknown[bit] && ovs->action == FLOWWALL_ACTION_DENY ? -1 : bit;
}

/* Gives an end a bit, unless it has one; false if there is none left. */
static bool add_end(struct segments *segments, const struct endpoint *end)
{
	if (!names_somebody(end) || bit_of(segments, end) >= 0)
		return true;
	if (segments->n_ends == SETS)
		return false;
	segments->ends[segments->n_ends++] = end;
	return true;
}

static struct bits one_bit(size_t bit)
{
	return (struct bits){ bit < 64 ? 0 : 1ULL << (bit - 64), bit < 64 ? 1ULL << bit : 0 };
}

static bool has_bit(const struct bits *bits, int bit)
{
	return (bit < 64 ? bits->low >> bit : bits->high >> (bit - 64)) & 1;
}

static void join(struct bits *to, const struct bits *from)
{
	to->high |= from->high;
	to->low |= from->low;
}

static int by_prefix(const void *a, const void *b)
{
	const struct member *x = &((const struct classified *)a)->prefix;
	const struct member *y = &((const struct classified *)b)->prefix;
	int order = x->family - y->family;

	if (!order)
		order = memcmp(x->addr, y->addr, sizeof(x->addr));
	return order ? order : x->prefix - y->prefix;
}

static bool within(const struct member *prefix, uint8_t family, const uint8_t *addr)
{
	unsigned int bytes = prefix->prefix / 8, bits = prefix->prefix % 8;

	if (prefix->family != family || memcmp(prefix->addr, addr, bytes))
		return false;
	return !bits || !((prefix->addr[bytes] ^ addr[bytes]) >> (8 - bits));
}

/* Each prefix once, with the bits of its own and of those that it is within. */
static void merge(struct segments *segments)
{
	struct classified *at = segments->addresses;
	size_t n = 0, depth = 0, *outer, i;

	if (segments->n_addresses)
		qsort(at, segments->n_addresses, sizeof(*at), by_prefix);
	for (i = 0; i < segments->n_addresses; i++) {
		if (n && !by_prefix(&at[n - 1], &at[i]))
			join(&at[n - 1].sets, &at[i].sets);
		else
			at[n++] = at[i];
	}
	segments->n_addresses = n;
	/* In this order, what a prefix is within are the last ones that it is within. */
	outer = calloc(n + 1, sizeof(*outer));
	if (!outer)
		fail_out_of_memory();
	for (i = 0; i < n; i++) {
		const struct member *prefix = &at[i].prefix;

		while (depth && !within(&at[outer[depth - 1]].prefix, prefix->family, prefix->addr))
			depth--;
		if (depth)
			join(&at[i].sets, &at[outer[depth - 1]].sets);
		outer[depth++] = i;
	}
	free(outer);
}

static void classify(struct segments *segments, size_t bit)
{
	struct bits set = one_bit(bit);
	struct prefixes prefixes;
	size_t i;

	endpoint_prefixes(segments->bridge, segments->ends[bit], &prefixes);
	segments->addresses = realloc(segments->addresses,
				      (segments->n_addresses + prefixes.n + 1) *
				      sizeof(*segments->addresses));
	if (!segments->addresses)
		fail_out_of_memory();
	for (i = 0; i < prefixes.n; i++)
		segments->addresses[segments->n_addresses++] =
			(struct classified){ prefixes.prefix[i], set };
	free(prefixes.prefix);
}

/**
 * segments_too_many() - the first segment that has no bit left for its ends, or NULL
 */
const struct stmt *segments_too_many(const struct bridge *bridge)
{
	struct segments *segments = calloc(1, sizeof(*segments));
	const struct stmt *bad = NULL;
	size_t i;

	if (!segments)
		fail_out_of_memory();
	for (i = 0; i < bridge->segments.n && !bad; i++) {
		const struct ovs *ovs = &bridge->segments.stmt[i]->ovs;

		if (!add_end(segments, &ovs->src) || !add_end(segments, &ovs->dst) || i >= FIRST - 2)
			bad = bridge->segments.stmt[i];
	}
	free(segments);
	return bad;
}

/**
 * segments_of() - the segments of a bridge, ready to judge
 *
 * Return: them, to be freed.
 */
struct segments *segments_of(const struct bridge *bridge)
{
	struct segments *segments = calloc(1, sizeof(*segments));
	size_t i;

	if (!segments)
		fail_out_of_memory();
	segments->bridge = bridge;
	for (i = 0; i < bridge->segments.n; i++) {
		add_end(segments, &bridge->segments.stmt[i]->ovs.src);
		add_end(segments, &bridge->segments.stmt[i]->ovs.dst);
	}
	for (i = 0; i < segments->n_ends; i++) {
		const char *group = segments->ends[i]->group;

		segments->unknown[i] = *group && !group_known(bridge->groups, group);
		classify(segments, i);
	}
	merge(segments);
	return segments;
}

/**
 * segments_free() - free what segments_of() made
 */
void segments_free(struct segments *segments)
{
	free(segments->addresses);
	free(segments);
}

/*
 * What no segment is about: what the file says; otherwise, as long as segments only
 * deny, all else passes, and where one allows, all else is denied.
 */
static bool policy_allows(const struct bridge *bridge)
{
	bool allows = true;
	size_t i;

	for (i = 0; i < bridge->segments.n; i++) {
		const struct ovs *ovs = &bridge->segments.stmt[i]->ovs;

		if (ovs->policy)
			return ovs->action == FLOWWALL_ACTION_ALLOW;
		allows &= ovs->action != FLOWWALL_ACTION_ALLOW;
	}
	return allows;
}

/* --- the flows ------------------------------------------------------------- */

/* ",reg7=0x2/0x2": one bit of a register. */
static char *bit_match(int bit, unsigned int last)
{
	uint32_t mask = bit < 0 ? 0 : 1U << (bit % 32);

	return mask ? text_of(",reg%u=0x%x/0x%x", last - bit / 32, mask, mask) : text_of("%s", "");
}

static char *bits_text(const struct bits *bits)
{
	return bits->high ? text_of("0x%" PRIx64 "%016" PRIx64, bits->high, bits->low) :
	       text_of("0x%" PRIx64, bits->low);
}

static void class_flows(const struct segments *segments, const struct stmt *why,
			struct of_flows *flows)
{
	size_t i;

	for (i = 0; i < segments->n_addresses; i++) {
		const struct classified *at = &segments->addresses[i];
		const char *protocol = at->prefix.family == AF_INET ? "ip" : "ipv6";
		char *source = prefix_match(&at->prefix, "nw_src", "ipv6_src");
		char *destination = prefix_match(&at->prefix, "nw_dst", "ipv6_dst");
		char *from = text_of("%s%s", protocol, source), *to = text_of("%s%s", protocol, destination);
		char *bits = bits_text(&at->sets);

		of_add(flows, FEATURE_SEGMENT, why, TABLE_SOURCE, 100 + at->prefix.prefix, from,
		       "set_field:%s->xxreg1,goto_table:%d", bits, TABLE_DESTINATION);
		of_add(flows, FEATURE_SEGMENT, why, TABLE_DESTINATION, 100 + at->prefix.prefix, to,
		       "set_field:%s->xxreg2,goto_table:%d", bits, TABLE_RULES);
		free(source);
		free(destination);
		free(from);
		free(to);
		free(bits);
	}
	of_add(flows, FEATURE_SEGMENT, why, TABLE_SOURCE, 1, "", "goto_table:%d", TABLE_DESTINATION);
	of_add(flows, FEATURE_SEGMENT, why, TABLE_DESTINATION, 1, "", "goto_table:%d", TABLE_RULES);
}

static void add_rule(struct of_flows *flows, const struct stmt *why, unsigned int priority,
		     const char *match, bool allow, unsigned int zone)
{
	if (allow)
		of_add(flows, FEATURE_SEGMENT, why, TABLE_RULES, priority, match,
		       "ct(commit,zone=%u),goto_table:%d", zone, TABLE_AFTER);
	else
		of_add(flows, FEATURE_SEGMENT, why, TABLE_RULES, priority, match, "drop");
}

static void rule_flows(const struct segments *segments, const struct stmt *stmt, unsigned int priority,
		       unsigned int zone, struct of_flows *flows)
{
	const struct ovs *ovs = &stmt->ovs;
	char *source = bit_match(bit_for(segments, ovs, &ovs->src), LAST_OF_SOURCE);
	char *destination = bit_match(bit_for(segments, ovs, &ovs->dst), LAST_OF_DESTINATION);
	struct variants variants;
	size_t i;

	variants_of(ovs->proto, true, true, ovs->src.n_ports || ovs->dst.n_ports, &variants);
	variants_ports(&variants, "tp_src", &ovs->src);
	variants_ports(&variants, "tp_dst", &ovs->dst);
	for (i = 0; i < variants.n; i++) {
		char *match = text_of("%s%s%s", variants.match[i], source, destination);

		add_rule(flows, stmt, priority, match, ovs->action == FLOWWALL_ACTION_ALLOW, zone);
		free(match);
	}
	variants_free(&variants);
	free(source);
	free(destination);
}

static void tracking_flows(const struct stmt *why, unsigned int zone, bool allow,
			   struct of_flows *flows)
{
	static const char *const families[] = { "ip", "ipv6" }, *const tcp[] = { "tcp", "tcp6" };
	static const struct { unsigned int type, ttl; } on_link[] = {
		{ 130, 1 }, { 131, 1 }, { 132, 1 }, { 143, 1 }, { 133, 255 }, { 134, 255 },
		{ 135, 255 }, { 136, 255 }, { 137, 255 },
	};
	static const struct { unsigned int priority; const char *state; int next; } states[] = {
		{ 245, "ct_state=+inv+trk", -1 }, { 240, "ct_state=+est+trk", TABLE_AFTER },
		{ 235, "ct_state=+rel+trk", TABLE_AFTER }, { 200, "ct_state=+new+trk", TABLE_SOURCE },
		{ 190, "", -1 },
	};
	size_t i, k;
	char *match;

	drop_two_tags(flows, FEATURE_SEGMENT, TABLE_SEGMENT);
	of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT, 300, "arp", "goto_table:%d", TABLE_AFTER);
	/* Neighbours and listeners on a link, none of which connection tracking knows. */
	for (i = 0; i < sizeof(on_link) / sizeof(*on_link); i++) {
		match = text_of("icmp6,nw_ttl=%u,icmp_type=%u", on_link[i].ttl, on_link[i].type);
		of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT, 300, match, "goto_table:%d",
		       TABLE_AFTER);
		free(match);
	}
	for (i = 0; i < 2; i++) {
		match = text_of("ct_state=-trk,%s", families[i]);
		of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT, 250, match,
		       "ct(table=%d,zone=%u)", TABLE_SEGMENT, zone);
		free(match);
		match = text_of("ct_state=+new+trk,%s,tcp_flags=+syn-ack", tcp[i]);
		of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT, 220, match, "goto_table:%d",
		       TABLE_SOURCE);
		free(match);
		match = text_of("ct_state=+new+trk,%s", tcp[i]);
		of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT, 210, match, "drop");
		free(match);
		for (k = 0; k < sizeof(states) / sizeof(*states); k++) {
			match = text_of("%s,%s", states[k].state, families[i]);
			if (states[k].next < 0)
				of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT,
				       states[k].priority, match, "drop");
			else
				of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT,
				       states[k].priority, match, "goto_table:%d", states[k].next);
			free(match);
		}
	}
	/* Neither IP nor ARP: nobody can say whose it is. */
	if (!allow)
		of_add(flows, FEATURE_SEGMENT, why, TABLE_SEGMENT, 10, "", "drop");
}

/**
 * segment_flows() - the flows of the segments of a bridge; none if it has no segments
 */
void segment_flows(const struct bridge *bridge, struct of_flows *flows)
{
	const struct stmt *first = bridge->segments.n ? bridge->segments.stmt[0] : NULL;
	bool allow = policy_allows(bridge);
	struct segments *segments;
	unsigned int zone;
	size_t i;

	if (!first)
		return;
	zone = ovs_zone(bridge->declared);
	segments = segments_of(bridge);
	tracking_flows(NULL, zone, allow, flows);
	class_flows(segments, NULL, flows);
	for (i = 0; i < bridge->segments.n; i++)
		if (!bridge->segments.stmt[i]->ovs.policy)
			rule_flows(segments, bridge->segments.stmt[i], FIRST - i, zone, flows);
	add_rule(flows, NULL, 1, "ip", allow, zone);
	add_rule(flows, NULL, 1, "ipv6", allow, zone);
	segments_free(segments);
}

/* --- the same, for one connection ------------------------------------------ */

static struct bits sets_of(const struct segments *segments, uint8_t family, const uint8_t *addr)
{
	struct bits bits = { 0, 0 };
	size_t i;

	for (i = 0; i < segments->n_addresses; i++)
		if (within(&segments->addresses[i].prefix, family, addr))
			join(&bits, &segments->addresses[i].sets);
	return bits;
}

static bool port_matches(const struct endpoint *end, const struct tuple *tuple, uint16_t port)
{
	size_t i;

	if (!end->n_ports)
		return true;
	if (tuple->proto != IPPROTO_TCP && tuple->proto != IPPROTO_UDP && tuple->proto != IPPROTO_SCTP)
		return false;
	for (i = 0; i < end->n_ports; i++)
		if (port >= end->ports[i].min && port <= end->ports[i].max)
			return true;
	return false;
}

static bool proto_matches(int proto, const struct tuple *tuple)
{
	if (proto < 0 || proto == tuple->proto)
		return proto != IPPROTO_ICMP || tuple->family == AF_INET;
	return proto == IPPROTO_ICMP && tuple->proto == IPPROTO_ICMPV6 && tuple->family == AF_INET6;
}

/**
 * segments_allow() - would a connection be allowed to begin?
 * @tuple: its first packet
 *
 * What the flows say; there is a test that both say the same.
 */
bool segments_allow(const struct segments *segments, const struct tuple *tuple)
{
	const struct bridge *bridge = segments->bridge;
	struct bits src = sets_of(segments, tuple->family, tuple->src);
	struct bits dst = sets_of(segments, tuple->family, tuple->dst);
	size_t i;

	for (i = 0; i < bridge->segments.n; i++) {
		const struct ovs *ovs = &bridge->segments.stmt[i]->ovs;
		int from = bit_for(segments, ovs, &ovs->src);
		int to = bit_for(segments, ovs, &ovs->dst);

		if (!ovs->policy && proto_matches(ovs->proto, tuple) &&
		    (from < 0 || has_bit(&src, from)) && (to < 0 || has_bit(&dst, to)) &&
		    port_matches(&ovs->src, tuple, tuple->sport) &&
		    port_matches(&ovs->dst, tuple, tuple->dport))
			return ovs->action == FLOWWALL_ACTION_ALLOW;
	}
	return policy_allows(bridge);
}
