// SPDX-License-Identifier: GPL-2.0-or-later
/* The flows of a bridge: what all features share, taps and coprocessors. */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge.h"

/* Seconds for which a host that is silent is remembered, and how many hosts. */
#define LEARN_IDLE	300
#define LEARN_LIMIT	16384

#define VLAN_LIMIT	4094
#define UNTAGGED	"vlan_tci=0x0000/0x1fff"

/* In the table of coprocessors: what all of a client's get, and the first one's service. */
#define TWO_TAGS	65001
#define DISCOVERY	65000
#define FIRST		60000

/* The two steps by which a packet leaves, from any table. */
#define SEND		"resubmit(,30),resubmit(,31)"

static int find_port(const void *name, const void *port)
{
	return strcmp(name, ((const struct bridge_port *)port)->name);
}

/**
 * bridge_port() - a port by its name, or NULL if the bridge does not have it now
 */
const struct bridge_port *bridge_port(const struct bridge *bridge, const char *name)
{
	return bridge->n_ports ? bsearch(name, bridge->ports, bridge->n_ports,
					 sizeof(*bridge->ports), find_port) : NULL;
}

/**
 * bridge_forwards() - does ordinary traffic go through a port?
 *
 * Not where copies go to, or what a coprocessor is asked.
 */
bool bridge_forwards(const struct bridge *bridge, const struct bridge_port *port)
{
	size_t i;

	for (i = 0; i < bridge->features.n; i++)
		if (!strcmp(bridge->features.stmt[i]->ovs.port.name, port->name))
			return false;
	return true;
}

/**
 * bridge_add() - add a statement to what is said about a bridge, behind the others
 */
void bridge_add(struct bridge *bridge, const struct stmt *stmt)
{
	struct stmts *list = stmt->ovs.kind == OVS_HOST ? &bridge->hosts :
			     stmt->ovs.kind == OVS_SEGMENT ? &bridge->segments : &bridge->features;

	/* At powers of two the array is full. */
	if (!(list->n & (list->n - 1))) {
		list->stmt = realloc(list->stmt, (list->n ? 2 * list->n : 1) * sizeof(*list->stmt));
		if (!list->stmt)
			fail_out_of_memory();
	}
	list->stmt[list->n++] = stmt;
}

/**
 * bridge_free() - free what a bridge holds
 */
void bridge_free(struct bridge *bridge)
{
	free(bridge->ports);
	free(bridge->features.stmt);
	free(bridge->hosts.stmt);
	free(bridge->segments.stmt);
	memset(bridge, 0, sizeof(*bridge));
}

/* --- what all share -------------------------------------------------------- */

static void base_flows(const struct bridge *bridge, struct of_flows *flows)
{
	char *all = NULL;
	size_t size, i;
	FILE *out = open_memstream(&all, &size);

	if (!out)
		fail_out_of_memory();
	for (i = 0; i < bridge->n_ports; i++) {
		const struct bridge_port *port = &bridge->ports[i];
		char *name = port_text(port), *match = text_of("in_port=%s", name);

		if (bridge_forwards(bridge, port)) {
			/* What the host itself sends, or forwards, has the state of its own tracking. */
			of_add(flows, FEATURE_BASE, NULL, TABLE_ADMISSION, 100, match,
			       "%sgoto_table:%d", port->number == PORT_LOCAL && bridge->segments.n ?
			       "ct_clear," : "", TABLE_TAP);
			/* OVS itself leaves out the port that a packet came by. */
			fprintf(out, "%s%s%s", ftell(out) ? "," : "",
				port->number == PORT_LOCAL ? "" : "output:", name);
		}
		free(name);
		free(match);
	}
	fclose(out);

	/* A tag of no VLAN, which only has a priority (IEEE 802.1Q, 9.6), hides nothing. */
	of_add(flows, FEATURE_BASE, NULL, TABLE_ADMISSION, 110, "dl_vlan=0", "pop_vlan,resubmit(,%d)",
	       TABLE_ADMISSION);
	/* What nothing else admits; a bridge may come with a flow that forwards everything. */
	of_add(flows, FEATURE_BASE, NULL, TABLE_ADMISSION, 1, "", "drop");
	of_add(flows, FEATURE_BASE, NULL, TABLE_TAP, 0, "", "goto_table:%d", TABLE_MAC);
	of_add(flows, FEATURE_BASE, NULL, TABLE_MAC, 0, "", "goto_table:%d", TABLE_HOST);
	of_add(flows, FEATURE_BASE, NULL, TABLE_HOST, 0, "", "goto_table:%d", TABLE_DISCOVERY);
	of_add(flows, FEATURE_BASE, NULL, TABLE_DISCOVERY, 0, "", "goto_table:%d", TABLE_LEARN);
	/* What bridges do not forward (IEEE 802.1D), and nobody sends from. */
	of_add(flows, FEATURE_BASE, NULL, TABLE_LEARN, 20,
	       "dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0", "drop");
	of_add(flows, FEATURE_BASE, NULL, TABLE_LEARN, 10,
	       "dl_src=01:00:00:00:00:00/01:00:00:00:00:00", "drop");
	of_add(flows, FEATURE_BASE, NULL, TABLE_LEARN, 0, "",
	       "learn(table=%d,idle_timeout=%d,priority=10,cookie=0x%" PRIx64 ",limit=%d,"
	       "NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
	       "load:NXM_OF_IN_PORT[]->NXM_NX_REG2[0..15]),goto_table:%d",
	       TABLE_LOOKUP, LEARN_IDLE, (uint64_t)(COOKIE | FEATURE_LEARNED), LEARN_LIMIT,
	       bridge_decoy(bridge) ? TABLE_DECOY : TABLE_COPROCESSOR);
	of_add(flows, FEATURE_BASE, NULL, TABLE_COPROCESSOR, 0, "", "goto_table:%d", TABLE_SEGMENT);
	of_add(flows, FEATURE_BASE, NULL, TABLE_REPLY, 0, "", "goto_table:%d", TABLE_OUTPUT);
	of_add(flows, FEATURE_BASE, NULL, TABLE_SEGMENT, 0, "", "goto_table:%d", TABLE_AFTER);
	of_add(flows, FEATURE_BASE, NULL, TABLE_AFTER, 0, "", SEND);
	of_add(flows, FEATURE_BASE, NULL, TABLE_LOOKUP, 0, "", "load:0->NXM_NX_REG2[0..15]");
	of_add(flows, FEATURE_BASE, NULL, TABLE_OUTPUT, 10, "reg2=0/0xffff", "%s",
	       *all ? all : "drop");
	of_add(flows, FEATURE_BASE, NULL, TABLE_OUTPUT, 0, "", "output:NXM_NX_REG2[0..15]");
	free(all);
}

/**
 * drop_two_tags() - drop frames with more VLAN tags than OVS looks behind
 *
 * It does not see whether they are IP or ARP: nothing that is said of those would apply.
 */
void drop_two_tags(struct of_flows *flows, enum feature feature, enum table table)
{
	of_add(flows, feature, NULL, table, 400, "dl_type=0x8100", "drop");
	of_add(flows, feature, NULL, table, 400, "dl_type=0x88a8", "drop");
}

/* The same for what a client sends that a coprocessor may be meant by. */
static void drop_clients_tags(const struct stmt *stmt, const char *client, struct of_flows *flows)
{
	static const char *const types[] = { "0x8100", "0x88a8" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char *match = text_of("in_port=%s,dl_type=%s", client, types[i]);

		of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, TWO_TAGS, match, "drop");
		free(match);
	}
}

/* Nothing that comes in at a port that gets copies goes anywhere. */
static void silent_port(const struct bridge *bridge, const struct stmt *stmt, struct of_flows *flows)
{
	const struct bridge_port *port = bridge_port(bridge, stmt->ovs.port.name);
	char *name, *match;

	if (!port)
		return;
	name = port_text(port);
	match = text_of("in_port=%s", name);
	of_add(flows, FEATURE_TAP, stmt, TABLE_ADMISSION, 400, match, "drop");
	free(name);
	free(match);
}

/* --- taps ------------------------------------------------------------------ */

/* Taps to the same port have the same number, from 1: it gets a packet once. */
static unsigned int tap_number(const struct bridge *bridge, const struct ovs *tap)
{
	unsigned int number = 0;
	size_t i, k;

	for (i = 0; i < bridge->features.n; i++) {
		const struct ovs *one = &bridge->features.stmt[i]->ovs;

		if (one->kind != OVS_TAP)
			continue;
		for (k = 0; k < i; k++)
			if (bridge->features.stmt[k]->ovs.kind == OVS_TAP &&
			    !strcmp(bridge->features.stmt[k]->ovs.port.name, one->port.name))
				break;
		number += k == i;
		if (!strcmp(one->port.name, tap->port.name))
			break;
	}
	return number;
}

static bool has_port(const struct ovs *ovs, const char *port)
{
	size_t i;

	for (i = 0; i < ovs->n_ports; i++)
		if (!strcmp(ovs->ports[i].name, port))
			return true;
	return false;
}

/* All taps of a port, one after another: each asks the table of copies. */
static void tap_chain(const struct bridge *bridge, const struct bridge_port *port, bool after,
		      struct of_flows *flows)
{
	const struct stmt *first = NULL;
	char *actions = text_of("%s", ""), *name = port_text(port), *match;
	unsigned int number, done = 0;
	size_t i;

	for (number = 1; number <= bridge->features.n; number++)
		for (i = 0; i < bridge->features.n; i++) {
			const struct ovs *tap = &bridge->features.stmt[i]->ovs;
			char *longer;

			if (tap->kind != OVS_TAP || tap->after != after || done == number ||
			    tap_number(bridge, tap) != number || !has_port(tap, port->name) ||
			    !bridge_port(bridge, tap->port.name))
				continue;
			longer = text_of("%sset_field:0x%x->reg0,resubmit(,%d),", actions, number,
					 TABLE_COPY);
			free(actions);
			actions = longer;
			done = number;
			first = first ? first : bridge->features.stmt[i];
		}
	match = text_of("in_port=%s", name);
	if (first && after)
		of_add(flows, FEATURE_TAP, first, TABLE_AFTER, 100, match, "%s" SEND, actions);
	else if (first)
		of_add(flows, FEATURE_TAP, first, TABLE_TAP, 100, match, "%sgoto_table:%d", actions,
		       TABLE_MAC);
	free(match);
	free(name);
	free(actions);
}

static void add_copies(const struct stmt *stmt, const char *where, const struct variants *variants,
		       const char *to, struct of_flows *flows)
{
	size_t i;

	for (i = 0; i < variants->n; i++) {
		char *match = text_of("%s,%s", where, variants->match[i]);

		of_add(flows, FEATURE_TAP, stmt, TABLE_COPY, 100, match, "%s", to);
		free(match);
	}
}

/* One end is the one that is asked for, with its port; @source: which. */
static void copy_end(const struct stmt *stmt, const char *where, const struct prefixes *prefixes,
		     bool source, const char *to, struct of_flows *flows)
{
	const struct ovs *tap = &stmt->ovs;
	const char *ports = source ? "tp_src" : "tp_dst";
	struct variants variants;
	size_t i;

	if (!tap->src.n_addrs && !*tap->src.group) {
		variants_of(tap->proto, true, true, tap->src.n_ports, &variants);
		variants_ports(&variants, ports, &tap->src);
		add_copies(stmt, where, &variants, to, flows);
		variants_free(&variants);
	}
	for (i = 0; i < prefixes->n; i++) {
		const struct member *prefix = &prefixes->prefix[i];
		char *address = source ? prefix_match(prefix, "nw_src", "ipv6_src") :
					 prefix_match(prefix, "nw_dst", "ipv6_dst");
		char *there = text_of("%s%s", where, address);

		variants_of(tap->proto, prefix->family == AF_INET, prefix->family == AF_INET6,
			    tap->src.n_ports, &variants);
		variants_ports(&variants, ports, &tap->src);
		add_copies(stmt, there, &variants, to, flows);
		variants_free(&variants);
		free(address);
		free(there);
	}
}

static void tap_flows(const struct bridge *bridge, const struct stmt *stmt, struct of_flows *flows)
{
	const struct ovs *tap = &stmt->ovs;
	const struct bridge_port *to = bridge_port(bridge, tap->port.name);
	bool all = tap->proto < 0 && !tap->src.n_addrs && !*tap->src.group && !tap->src.n_ports;
	struct prefixes prefixes;
	char *name, *copy;
	size_t i;

	silent_port(bridge, stmt, flows);
	if (!to)
		return;
	name = port_text(to);
	copy = text_of(to->number == PORT_LOCAL ? "%s" : "output:%s", name);
	endpoint_prefixes(bridge, &tap->src, &prefixes);
	for (i = 0; i < tap->n_ports; i++) {
		const struct bridge_port *from = bridge_port(bridge, tap->ports[i].name);
		char *from_name, *where;

		if (!from)
			continue;
		from_name = port_text(from);
		where = text_of("reg0=0x%x,in_port=%s", tap_number(bridge, tap), from_name);
		if (all) {
			of_add(flows, FEATURE_TAP, stmt, TABLE_COPY, 100, where, "%s", copy);
		} else {
			copy_end(stmt, where, &prefixes, true, copy, flows);
			copy_end(stmt, where, &prefixes, false, copy, flows);
		}
		free(from_name);
		free(where);
	}
	free(prefixes.prefix);
	free(name);
	free(copy);
}

/* --- coprocessors ---------------------------------------------------------- */

/* What comes from a coprocessor: by the VLAN to where it belongs, or to a port. */
static void reply_flows(const struct bridge *bridge, const struct stmt *stmt, const char *from,
			struct of_flows *flows)
{
	const struct ovs *ovs = &stmt->ovs;
	char *match;
	size_t i;

	match = text_of("in_port=%s", from);
	of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_ADMISSION, 100, match, "goto_table:%d",
	       TABLE_COPROCESSOR);
	/* Without a VLAN: as it comes. */
	if (ovs->vlan)
		of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, 340, match, "drop");
	else
		of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, 345, match, SEND);
	free(match);
	if (!ovs->vlan)
		return;
	match = text_of("in_port=%s,dl_vlan=%u", from, ovs->vlan);
	of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, 350, match,
	       "resubmit(,%d),goto_table:%d", TABLE_LOOKUP, TABLE_REPLY);
	free(match);
	/* Nobody is known with this tag: then those without one. */
	match = text_of("reg2=0/0xffff,dl_vlan=%u", ovs->vlan);
	of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_REPLY, 10, match, "pop_vlan," SEND);
	free(match);
	for (i = 0; i < bridge->n_ports; i++) {
		const struct bridge_port *port = &bridge->ports[i];
		unsigned int vlan = ovs->base + port->number;

		if (port->number == PORT_LOCAL || vlan > VLAN_LIMIT || !bridge_forwards(bridge, port))
			continue;
		match = text_of("in_port=%s,dl_vlan=%u", from, vlan);
		of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, 350, match,
		       "pop_vlan,output:%u", port->number);
		free(match);
	}
}

/*
 * Packets of a client that a coprocessor gets. With a VLAN they have its tag; those of
 * other VLANs are not meant. @to: NULL if it is gone.
 */
static void redirect(const struct stmt *stmt, unsigned int priority, const char *match,
		     const char *to, struct of_flows *flows)
{
	unsigned int vlan = stmt->ovs.vlan;
	char *part;

	if (!vlan || !to) {	/* nobody else answers in its place */
		of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, priority, match, "%s",
		       to ? to : "drop");
		return;
	}
	part = text_of("%s," UNTAGGED, match);
	of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, priority, part,
	       "push_vlan:0x8100,set_field:%u->vlan_vid,%s", 4096 + vlan, to);
	free(part);
	part = text_of("%s,dl_vlan=%u", match, vlan);
	of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, priority, part, "%s", to);
	free(part);
}

/*
 * A fragment has no ports: the coprocessor gets those of the protocol, or a client would
 * reach the real host by fragments.
 */
static void fragment_flows(const struct stmt *stmt, unsigned int priority, const char *client,
			   const char *address, bool ipv4, bool ipv6, const char *to,
			   struct of_flows *flows)
{
	struct variants variants;
	size_t i;

	variants_of(stmt->ovs.proto, ipv4, ipv6, true, &variants);
	for (i = 0; i < variants.n; i++) {
		char *match = text_of("in_port=%s,%s,nw_frag=yes%s", client, variants.match[i], address);

		redirect(stmt, priority, match, to, flows);
		free(match);
	}
	variants_free(&variants);
}

/* A service may be asked for by several statements: the first one has it. */
static void service_flows(const struct bridge *bridge, const struct stmt *stmt,
			  unsigned int priority, const char *client, const char *to,
			  struct of_flows *flows)
{
	const struct ovs *ovs = &stmt->ovs;
	bool any = !ovs->dst.n_addrs;
	bool ipv4 = any || ovs->dst.addrs[0].family == AF_INET;
	bool ipv6 = any || ovs->dst.addrs[0].family == AF_INET6;
	struct prefixes host;
	struct variants variants;
	char *address, *match;
	size_t i;

	endpoint_prefixes(bridge, &ovs->dst, &host);
	address = host.n ? prefix_match(&host.prefix[0], "nw_dst", "ipv6_dst") : text_of("%s", "");
	variants_of(ovs->proto, ipv4, ipv6, ovs->dst.n_ports, &variants);
	variants_ports(&variants, "tp_dst", &ovs->dst);
	for (i = 0; i < variants.n; i++) {
		match = text_of("in_port=%s,%s%s", client, variants.match[i], address);
		redirect(stmt, priority, match, to, flows);
		free(match);
	}
	variants_free(&variants);
	if (ovs->dst.n_ports)
		fragment_flows(stmt, priority, client, address, ipv4, ipv6, to, flows);
	free(address);
	free(host.prefix);
}

/* Whether a statement is about a port, by one or the other protocol, and is in force now. */
static bool serves(const struct bridge *bridge, const struct ovs *ovs, const char *client,
		   uint8_t family)
{
	return ovs->kind == OVS_COPROCESSOR && has_port(ovs, client) &&
	       bridge_port(bridge, ovs->port.name) &&
	       (!ovs->dst.n_addrs || ovs->dst.addrs[0].family == family);
}

/*
 * What the coprocessors of a client get of a packet that goes on as well: each once.
 * @vlan: the tag that it has; 0 for none, -1 for one that none of them is about
 */
static char *copies_for(const struct bridge *bridge, const char *client, uint8_t family, int vlan)
{
	char *actions = NULL;
	size_t size, i, k;
	FILE *out = open_memstream(&actions, &size);

	if (!out)
		fail_out_of_memory();
	for (i = 0; i < bridge->features.n; i++) {
		const struct ovs *ovs = &bridge->features.stmt[i]->ovs;
		const struct bridge_port *port;
		char *name;

		if (!serves(bridge, ovs, client, family) || (ovs->vlan && vlan && ovs->vlan != vlan))
			continue;
		for (k = 0; k < i; k++) {
			const struct ovs *before = &bridge->features.stmt[k]->ovs;

			if (serves(bridge, before, client, family) && before->vlan == ovs->vlan &&
			    !strcmp(before->port.name, ovs->port.name))
				break;
		}
		if (k < i)
			continue;
		port = bridge_port(bridge, ovs->port.name);
		name = port_text(port);
		if (ovs->vlan && !vlan)
			fprintf(out, "push_vlan:0x8100,set_field:%u->vlan_vid,", 4096 + ovs->vlan);
		fprintf(out, "%s%s,", port->number == PORT_LOCAL ? "" : "output:", name);
		if (ovs->vlan && !vlan)
			fputs("pop_vlan,", out);
		free(name);
	}
	fclose(out);
	return actions;
}

/* To all coprocessors of a client: who asks for whom, which goes on as well. */
static void discovery_flows(const struct bridge *bridge, const struct bridge_port *client,
			    struct of_flows *flows)
{
	static const struct { uint8_t family; const char *match; } discovery[] = {
		{ AF_INET, "arp" }, { AF_INET6, "icmp6,icmp_type=135" }, { AF_INET6, "icmp6,icmp_type=136" },
	};
	char *name = port_text(client), *match, *copies;
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < bridge->features.n; k++) {
			const struct stmt *stmt = bridge->features.stmt[k];
			int vlan = stmt->ovs.vlan;

			if (!serves(bridge, &stmt->ovs, client->name, discovery[i].family))
				continue;
			copies = copies_for(bridge, client->name, discovery[i].family, 0);
			match = text_of("in_port=%s,%s," UNTAGGED, name, discovery[i].match);
			of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR, DISCOVERY, match,
			       "%sgoto_table:%d", copies, TABLE_SEGMENT);
			free(match);
			free(copies);
			copies = copies_for(bridge, client->name, discovery[i].family, vlan ? vlan : -1);
			match = vlan ? text_of("in_port=%s,%s,dl_vlan=%u", name, discovery[i].match, vlan) :
				       text_of("in_port=%s,%s", name, discovery[i].match);
			of_add(flows, FEATURE_COPROCESSOR, stmt, TABLE_COPROCESSOR,
			       vlan ? DISCOVERY : DISCOVERY - 1, match, "%sgoto_table:%d", copies,
			       TABLE_SEGMENT);
			free(match);
			free(copies);
		}
	free(name);
}

static void coprocessor_flows(const struct bridge *bridge, const struct stmt *stmt,
			      unsigned int priority, struct of_flows *flows)
{
	const struct ovs *ovs = &stmt->ovs;
	const struct bridge_port *port = bridge_port(bridge, ovs->port.name);
	char *name = port ? port_text(port) : NULL, *to = NULL;
	size_t i;

	if (port) {
		to = text_of(port->number == PORT_LOCAL ? "%s" : "output:%s", name);
		reply_flows(bridge, stmt, name, flows);
	}
	for (i = 0; i < ovs->n_ports; i++) {
		const struct bridge_port *client = bridge_port(bridge, ovs->ports[i].name);
		char *client_name;

		if (!client)
			continue;
		client_name = port_text(client);
		drop_clients_tags(stmt, client_name, flows);
		service_flows(bridge, stmt, priority, client_name, to, flows);
		free(client_name);
	}
	free(name);
	free(to);
}

/**
 * bridge_flows() - the flows that make a bridge do what it is to do
 * @hosts: also those of host_flows(), which are many, and the same whoever is in which group
 * @flows: set to them, sorted; to be freed
 *
 * A port that is not there now has no flows: they come when it comes.
 */
void bridge_flows(const struct bridge *bridge, bool hosts, struct of_flows *flows)
{
	size_t i;

	memset(flows, 0, sizeof(*flows));
	base_flows(bridge, flows);
	for (i = 0; i < bridge->features.n; i++) {
		const struct stmt *stmt = bridge->features.stmt[i];

		if (stmt->ovs.kind == OVS_TAP)
			tap_flows(bridge, stmt, flows);
		else if (stmt->ovs.kind == OVS_MIRROR)
			silent_port(bridge, stmt, flows);
		else if (stmt->ovs.kind == OVS_COPROCESSOR)
			coprocessor_flows(bridge, stmt, FIRST - i, flows);
	}
	for (i = 0; i < bridge->n_ports; i++) {
		tap_chain(bridge, &bridge->ports[i], false, flows);
		tap_chain(bridge, &bridge->ports[i], true, flows);
		discovery_flows(bridge, &bridge->ports[i], flows);
	}
	if (hosts)
		host_flows(bridge, flows);
	decoy_flows(bridge, flows);
	segment_flows(bridge, flows);
	of_sort(flows);
}
