// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flows of decoys: what is for them goes to the controller, and it hears who asks for
 * their addresses, and who says that one is its own. All of that goes on as well: a real
 * host is always asked, and answers for itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../decoy/mac.h"
#include "bridge.h"

/* A packet as a whole, so that it can be answered. */
#define ASK		"CONTROLLER:65535"

/**
 * bridge_decoy() - the first statement about decoys of a bridge, or NULL
 */
const struct stmt *bridge_decoy(const struct bridge *bridge)
{
	size_t i;

	for (i = 0; i < bridge->features.n; i++)
		if (bridge->features.stmt[i]->ovs.kind == OVS_DECOY)
			return bridge->features.stmt[i];
	return NULL;
}

/* A flow for a match and a field with an address; @on: it goes on as well. */
static void ask(const struct stmt *stmt, unsigned int priority, const char *match,
		const struct member *prefix, const char *field, bool on, struct of_flows *flows)
{
	char *address = prefix_match(prefix, field, field), *all = text_of("%s%s", match, address);

	of_add(flows, FEATURE_DECOY, stmt, TABLE_DECOY, priority, all, on ? ASK ",goto_table:%d" : ASK,
	       TABLE_COPROCESSOR);
	free(address);
	free(all);
}

static void net_flows(const struct stmt *stmt, const struct member *prefix, struct of_flows *flows)
{
	static const char to_decoy[] = "dl_dst=" DECOY_MAC_MATCH;

	if (prefix->family == AF_INET) {
		ask(stmt, 320, "arp,dl_dst=" DECOY_MAC_MATCH, prefix, "arp_tpa", false, flows);
		ask(stmt, 300, "arp", prefix, "arp_tpa", true, flows);
		ask(stmt, 300, "arp", prefix, "arp_spa", true, flows);
		ask(stmt, 200, "ip,dl_dst=" DECOY_MAC_MATCH, prefix, "nw_dst", false, flows);
	} else {
		ask(stmt, 320, "icmp6,icmp_type=135,dl_dst=" DECOY_MAC_MATCH, prefix, "nd_target", false,
		    flows);
		ask(stmt, 300, "icmp6,icmp_type=135", prefix, "nd_target", true, flows);
		ask(stmt, 300, "icmp6,icmp_type=135", prefix, "ipv6_src", true, flows);
		ask(stmt, 300, "icmp6,icmp_type=136", prefix, "nd_target", true, flows);
		ask(stmt, 200, "ipv6,dl_dst=" DECOY_MAC_MATCH, prefix, "ipv6_dst", false, flows);
	}
	/* Nobody else has such an address: it would only be flooded. */
	of_add(flows, FEATURE_DECOY, stmt, TABLE_DECOY, 100, to_decoy, "drop");
}

/* Hosts that are declared are no decoys, also while they are away. */
static void spare_host(const struct bridge *bridge, const struct stmt *decoy,
		       const struct ovs *host, struct of_flows *flows)
{
	struct prefixes prefixes;
	size_t i;

	endpoint_prefixes(bridge, &host->dst, &prefixes);
	for (i = 0; i < prefixes.n; i++) {
		const struct member *prefix = &prefixes.prefix[i];
		bool ipv4 = prefix->family == AF_INET;
		char *address = prefix_match(prefix, "arp_tpa", "nd_target");
		char *match = text_of("%s%s", ipv4 ? "arp" : "icmp6,icmp_type=135", address);

		of_add(flows, FEATURE_DECOY, decoy, TABLE_DECOY, 340, match, "goto_table:%d",
		       TABLE_COPROCESSOR);
		free(address);
		free(match);
	}
	free(prefixes.prefix);
}

/**
 * decoy_flows() - the flows that lead to the controller what is for decoys
 */
void decoy_flows(const struct bridge *bridge, struct of_flows *flows)
{
	const struct stmt *first = bridge_decoy(bridge);
	struct prefixes prefixes;
	size_t i, k;

	if (!first)
		return;
	for (i = 0; i < bridge->features.n; i++) {
		const struct stmt *stmt = bridge->features.stmt[i];

		if (stmt->ovs.kind != OVS_DECOY)
			continue;
		endpoint_prefixes(bridge, &stmt->ovs.dst, &prefixes);
		for (k = 0; k < prefixes.n; k++)
			net_flows(stmt, &prefixes.prefix[k], flows);
		free(prefixes.prefix);
	}
	for (i = 0; i < bridge->hosts.n; i++)
		spare_host(bridge, first, &bridge->hosts.stmt[i]->ovs, flows);
	of_add(flows, FEATURE_DECOY, first, TABLE_DECOY, 0, "", "goto_table:%d", TABLE_COPROCESSOR);
}
