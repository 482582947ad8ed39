// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of OpenFlow matches, as OVS prints them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge.h"

/**
 * port_text() - a port as a match or an action names it, to be freed
 */
char *port_text(const struct bridge_port *port)
{
	return port->number == PORT_LOCAL ? text_of("LOCAL") : text_of("%u", port->number);
}

static void add_variant(struct variants *variants, char *match)
{
	variants->match = realloc(variants->match, (variants->n + 1) * sizeof(*variants->match));
	if (!variants->match)
		fail_out_of_memory();
	variants->match[variants->n++] = match;
}

static void add_protocol(struct variants *variants, bool ipv6, int proto)
{
	static const struct { int proto; const char *ipv4, *ipv6; } names[] = {
		{ -1, "ip", "ipv6" }, { IPPROTO_TCP, "tcp", "tcp6" }, { IPPROTO_UDP, "udp", "udp6" },
		{ IPPROTO_SCTP, "sctp", "sctp6" }, { IPPROTO_ICMP, "icmp", NULL },
		{ IPPROTO_ICMPV6, NULL, "icmp6" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *name = ipv6 ? names[i].ipv6 : names[i].ipv4;

		if (names[i].proto == proto && name) {
			add_variant(variants, text_of("%s", name));
			return;
		}
	}
	add_variant(variants, text_of("%s,nw_proto=%d", ipv6 ? "ipv6" : "ip", proto));
}

/**
 * variants_of() - the matches that together are a protocol
 * @proto: or -1 for any; icmp is ICMPv6 as well
 * @ports: it will be asked for ports: any protocol is any that has some
 * @variants: set to them; to be freed
 */
void variants_of(int proto, bool ipv4, bool ipv6, bool ports, struct variants *variants)
{
	static const int with_ports[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	size_t i, n = proto < 0 && ports ? 3 : 1;

	memset(variants, 0, sizeof(*variants));
	for (i = 0; i < n; i++) {
		int one = n > 1 ? with_ports[i] : proto;

		if (ipv4 && one != IPPROTO_ICMPV6)
			add_protocol(variants, false, one);
		if (ipv6)
			add_protocol(variants, true, one == IPPROTO_ICMP ? IPPROTO_ICMPV6 : one);
	}
}

/* The masks that make a range of ports; from its beginning, always the largest that fits. */
static void add_masks(struct variants *masks, const char *field, const struct port_range *range)
{
	unsigned int at = range->min;

	while (at <= range->max) {
		unsigned int size = 1;

		while (size < 65536 && !(at & (2 * size - 1)) && at + 2 * size - 1 <= range->max)
			size *= 2;
		if (size == 65536)
			add_variant(masks, text_of("%s", ""));
		else if (size == 1)
			add_variant(masks, text_of(",%s=%u", field, at));
		else
			add_variant(masks, text_of(",%s=0x%x/0x%x", field, at, 65536 - size));
		at += size;
	}
}

/**
 * variants_ports() - each variant with each of the ports of an end
 * @field: "tp_src" or "tp_dst"
 * @point: its ports; nothing to do if it has none
 */
void variants_ports(struct variants *variants, const char *field, const struct endpoint *point)
{
	struct variants masks = { NULL, 0 }, all = { NULL, 0 };
	size_t i, k;

	if (!point->n_ports)
		return;
	for (i = 0; i < point->n_ports; i++)
		add_masks(&masks, field, &point->ports[i]);
	for (i = 0; i < variants->n; i++)
		for (k = 0; k < masks.n; k++)
			add_variant(&all, text_of("%s%s", variants->match[i], masks.match[k]));
	variants_free(&masks);
	variants_free(variants);
	*variants = all;
}

/**
 * variants_free() - free what variants_of() made
 */
void variants_free(struct variants *variants)
{
	while (variants->n)
		free(variants->match[--variants->n]);
	free(variants->match);
	variants->match = NULL;
}

/**
 * prefix_match() - ",nw_src=192.0.2.0/24", to be freed; nothing for all addresses
 * @field4: the field of IPv4
 * @field6: that of IPv6
 */
char *prefix_match(const struct member *prefix, const char *field4, const char *field6)
{
	const char *field = prefix->family == AF_INET ? field4 : field6;
	char address[INET6_ADDRSTRLEN];

	if (!prefix->prefix)
		return text_of("%s", "");
	inet_ntop(prefix->family, prefix->addr, address, sizeof(address));
	if (prefix->prefix == (prefix->family == AF_INET ? 32 : 128))
		return text_of(",%s=%s", field, address);
	return text_of(",%s=%s/%u", field, address, prefix->prefix);
}
