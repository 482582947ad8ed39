// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hosts are bound to ports: what comes in at the port of a host is from its addresses,
 * and what is from its addresses comes in there; IPv4, IPv6, ARP and neighbour discovery
 * alike. With a link address, the same goes for that.
 *
 * Besides, a host may look for an address that it does not have yet (ARP probes, DHCP,
 * duplicate address detection), and, if it has IPv6, use ICMPv6 from link-local
 * addresses; but it is no router, whose advertisements and redirects are dropped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge.h"

#define NO_MAC	"00:00:00:00:00:00"

/**
 * struct binding - a host, while its flows are made
 * @port: "in_port=3", with the link address if that is bound; NULL if it has no port now
 * @mac: that link address, or empty
 */
struct binding {
	const struct stmt *stmt;
	struct of_flows *flows;
	char *port;
	char mac[24];
};

/* A flow for any port; @match begins with the protocol. */
static void anywhere(const struct binding *host, enum table table, unsigned int priority,
		     const char *match, const char *actions)
{
	of_add(host->flows, FEATURE_HOST, host->stmt, table, priority, match, "%s", actions);
}

/* A flow for the host's own port. */
static void at_port(const struct binding *host, enum table table, unsigned int priority,
		    const char *match, const char *actions)
{
	char *all;

	if (!host->port)
		return;
	all = text_of("%s,%s", host->port, match);
	anywhere(host, table, priority, all, actions);
	free(all);
}

/* As at_port(), but where a packet tells a link address, in @field, it is the bound one. */
static void at_port_telling(const struct binding *host, enum table table, unsigned int priority,
			    const char *match, const char *field, bool or_none, const char *actions)
{
	char *all;

	if (!*host->mac) {
		at_port(host, table, priority, match, actions);
		return;
	}
	all = text_of("%s,%s=%s", match, field, host->mac);
	at_port(host, table, priority, all, actions);
	free(all);
	if (!or_none)
		return;
	all = text_of("%s,%s=" NO_MAC, match, field);
	at_port(host, table, priority, all, actions);
	free(all);
}

static void bind_ipv4(const struct binding *host, const struct member *prefix)
{
	char *address = prefix_match(prefix, "nw_src", NULL), *match = text_of("ip%s", address);

	at_port(host, TABLE_HOST, 200, match, "goto_table:8");
	anywhere(host, TABLE_HOST, 150, match, "drop");
	free(address);
	free(match);
	address = prefix_match(prefix, "arp_spa", NULL);
	match = text_of("arp%s", address);
	at_port_telling(host, TABLE_HOST, 200, match, "arp_sha", false, "goto_table:8");
	anywhere(host, TABLE_HOST, 150, match, "drop");
	free(address);
	free(match);
}

static void bind_ipv6(const struct binding *host, const struct member *prefix)
{
	char *address = prefix_match(prefix, NULL, "ipv6_src"), *match = text_of("ipv6%s", address);

	at_port(host, TABLE_HOST, 200, match, "goto_table:6");
	anywhere(host, TABLE_HOST, 150, match, "drop");
	free(address);
	free(match);
	/* An advertisement claims what it is about, whoever sends it. */
	address = prefix_match(prefix, NULL, "nd_target");
	match = text_of("icmp6,icmp_type=136%s", address);
	at_port_telling(host, TABLE_DISCOVERY, 200, match, "nd_tll", true, "goto_table:8");
	anywhere(host, TABLE_DISCOVERY, 150, match, "drop");
	free(address);
	free(match);
}

/* What a host needs to find its neighbours, and to be found. */
static void discover(const struct binding *host, bool ipv4, bool ipv6)
{
	if (ipv4) {
		at_port_telling(host, TABLE_HOST, 200, "arp,arp_op=1,arp_spa=0.0.0.0", "arp_sha", false,
				"goto_table:8");
		at_port(host, TABLE_HOST, 200,
			"udp,nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67", "goto_table:8");
	}
	at_port(host, TABLE_HOST, 100, "", "drop");
	if (!ipv6)
		return;
	/* Below what is dropped for being somebody's: a link-local address may be declared. */
	at_port(host, TABLE_HOST, 120, "icmp6,ipv6_src=::", "goto_table:6");
	at_port(host, TABLE_HOST, 120, "icmp6,ipv6_src=fe80::/64", "goto_table:6");
	at_port_telling(host, TABLE_DISCOVERY, 145, "icmp6,icmp_type=136,nd_target=fe80::/64",
			"nd_tll", true, "goto_table:8");
	at_port_telling(host, TABLE_DISCOVERY, 145, "icmp6,icmp_type=135", "nd_sll", true,
			"goto_table:8");
	at_port(host, TABLE_DISCOVERY, 140, "icmp6,icmp_type=134", "drop");
	at_port(host, TABLE_DISCOVERY, 140, "icmp6,icmp_type=135", "drop");
	at_port(host, TABLE_DISCOVERY, 140, "icmp6,icmp_type=136", "drop");
	at_port(host, TABLE_DISCOVERY, 140, "icmp6,icmp_type=137", "drop");
}

/* Nobody else sends with the link address of a host. */
static void bind_mac(const struct binding *host)
{
	char *match = text_of("dl_src=%s", host->mac);

	anywhere(host, TABLE_MAC, 150, match, "drop");
	if (host->port)
		anywhere(host, TABLE_MAC, 200, host->port, "goto_table:5");
	free(match);
}

static void bind_host(const struct bridge *bridge, const struct stmt *stmt, struct of_flows *flows)
{
	const struct ovs *ovs = &stmt->ovs;
	const struct bridge_port *port = bridge_port(bridge, ovs->port.name);
	struct binding host = { .stmt = stmt, .flows = flows };
	char *name = port ? port_text(port) : NULL;
	bool ipv4 = false, ipv6 = false;
	struct prefixes prefixes;
	size_t i;

	if (ovs->has_mac)
		snprintf(host.mac, sizeof(host.mac), "%02x:%02x:%02x:%02x:%02x:%02x", ovs->mac[0],
			 ovs->mac[1], ovs->mac[2], ovs->mac[3], ovs->mac[4], ovs->mac[5]);
	if (port && ovs->has_mac)
		host.port = text_of("in_port=%s,dl_src=%s", name, host.mac);
	else if (port)
		host.port = text_of("in_port=%s", name);
	endpoint_prefixes(bridge, &ovs->dst, &prefixes);
	for (i = 0; i < prefixes.n; i++) {
		bool four = prefixes.prefix[i].family == AF_INET;

		ipv4 |= four;
		ipv6 |= !four;
		if (four)
			bind_ipv4(&host, &prefixes.prefix[i]);
		else
			bind_ipv6(&host, &prefixes.prefix[i]);
	}
	discover(&host, ipv4, ipv6);
	if (ovs->has_mac)
		bind_mac(&host);
	/* At its port, nobody without its link address is anybody. */
	if (port && ovs->has_mac) {
		char *match = text_of("in_port=%s", name);

		anywhere(&host, TABLE_HOST, 90, match, "drop");
		free(match);
	}
	free(prefixes.prefix);
	free(host.port);
	free(name);
}

/*
 * What hosts understand, but OVS does not, so that its fields are zero: ARP of another
 * hardware type, and neighbour discovery that tells two link addresses, of which Linux
 * takes the first.
 */
static void drop_unreadable(struct of_flows *flows)
{
	drop_two_tags(flows, FEATURE_HOST, TABLE_HOST);
	of_add(flows, FEATURE_HOST, NULL, TABLE_HOST, 160, "arp,arp_op=0", "drop");
	of_add(flows, FEATURE_HOST, NULL, TABLE_DISCOVERY, 160, "icmp6,icmp_type=135,nd_target=::",
	       "drop");
	of_add(flows, FEATURE_HOST, NULL, TABLE_DISCOVERY, 160, "icmp6,icmp_type=136,nd_target=::",
	       "drop");
}

/**
 * host_flows() - the flows that keep hosts where they belong
 */
void host_flows(const struct bridge *bridge, struct of_flows *flows)
{
	size_t i;

	for (i = 0; i < bridge->hosts.n; i++)
		bind_host(bridge, bridge->hosts.stmt[i], flows);
	if (bridge->hosts.n)
		drop_unreadable(flows);
}
