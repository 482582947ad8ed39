// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces, addresses, default routes and listeners, as the kernel tells of them. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "facts.h"

#define TCP_LISTEN	10
#define RTF_UP		0x0001
#define RTF_REJECT	0x0200

static struct fact_iface *iface_named(struct facts *facts, const char *name)
{
	size_t i;

	for (i = 0; i < facts->n_ifaces; i++)
		if (!strcmp(facts->ifaces[i].name, name))
			return &facts->ifaces[i];
	return NULL;
}

static void read_ifaces(struct facts *facts)
{
	struct if_nameindex *all = if_nameindex(), *at;

	for (at = all; at && at->if_index && facts->n_ifaces < FACT_IFACES; at++) {
		struct fact_iface *iface = &facts->ifaces[facts->n_ifaces];

		if (!strcmp(at->if_name, "lo"))
			continue;
		snprintf(iface->name, sizeof(iface->name), "%s", at->if_name);
		iface->index = at->if_index;
		facts->n_ifaces++;
	}
	if_freenameindex(all);
}

static uint8_t prefix_of(const uint8_t *mask, size_t size)
{
	uint8_t bits = 0;
	size_t i;

	for (i = 0; i < size; i++)
		bits += __builtin_popcount(mask[i]);
	return bits;
}

static void read_addresses(struct facts *facts)
{
	struct ifaddrs *all, *at;

	if (getifaddrs(&all))
		return;
	for (at = all; at; at = at->ifa_next) {
		struct fact_iface *iface = iface_named(facts, at->ifa_name);
		struct fact_address *address;

		if (!iface || !at->ifa_addr || !at->ifa_netmask ||
		    iface->n_addresses == FACT_ADDRESSES)
			continue;
		address = &iface->addresses[iface->n_addresses];
		address->family = at->ifa_addr->sa_family;
		if (address->family == AF_INET) {
			memcpy(address->addr, &((struct sockaddr_in *)at->ifa_addr)->sin_addr, 4);
			address->prefix = prefix_of((uint8_t *)
				&((struct sockaddr_in *)at->ifa_netmask)->sin_addr, 4);
		} else if (address->family == AF_INET6) {
			struct in6_addr *addr = &((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr;

			if (IN6_IS_ADDR_LINKLOCAL(addr))
				continue;
			memcpy(address->addr, addr, 16);
			address->prefix = prefix_of((uint8_t *)
				&((struct sockaddr_in6 *)at->ifa_netmask)->sin6_addr, 16);
		} else {
			continue;
		}
		iface->n_addresses++;
	}
	freeifaddrs(all);
}

/* Where the default routes of the main table lead, of either family. */
static void read_routes(struct facts *facts)
{
	FILE *file = fopen("/proc/thread-self/net/route", "re");
	unsigned int destination, gateway, flags, mask, length;
	char line[512], name[IF_NAMESIZE], net[33];
	struct fact_iface *iface;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%15s %x %x %x %*s %*s %*s %x", name, &destination, &gateway,
			   &flags, &mask) != 5 || destination || mask || !(flags & RTF_UP))
			continue;
		iface = iface_named(facts, name);
		if (iface && !(flags & RTF_REJECT))
			iface->external = true;
	}
	if (file)
		fclose(file);
	file = fopen("/proc/thread-self/net/ipv6_route", "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%32s %x %*s %*s %*s %*s %*s %*s %x %15s", net, &length, &flags,
			   name) != 4 || length || net[strspn(net, "0")] || flags & RTF_REJECT)
			continue;
		iface = iface_named(facts, name);
		if (iface)
			iface->external = true;
	}
	if (file)
		fclose(file);
}

static void add_port(struct facts *facts, uint16_t port)
{
	size_t at = 0;

	while (at < facts->n_ports && facts->ports[at] < port)
		at++;
	if (facts->n_ports == FACT_PORTS || (at < facts->n_ports && facts->ports[at] == port))
		return;
	memmove(&facts->ports[at + 1], &facts->ports[at],
		(facts->n_ports - at) * sizeof(*facts->ports));
	facts->ports[at] = port;
	facts->n_ports++;
}

static void read_listeners(struct facts *facts, const char *path)
{
	/* As they are printed: 127.0.0.0/8 and ::1, by words of 32 bits. */
	const uint32_t loopback = htonl(INADDR_LOOPBACK);
	unsigned int port, state;
	char line[512], address[33];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*u: %32[0-9A-F]:%x %*s %x", address, &port, &state) != 3 ||
		    state != TCP_LISTEN)
			continue;
		if (strlen(address) == 8 &&
		    (ntohl(strtoul(address, NULL, 16)) ^ ntohl(loopback)) >> 24 == 0)
			continue;
		if (strlen(address) == 32 && !strncmp(address, "000000000000000000000000", 24) &&
		    strtoul(address + 24, NULL, 16) == htonl(1))
			continue;
		add_port(facts, port);
	}
	if (file)
		fclose(file);
}

/**
 * facts_read() - look at the machine
 *
 * What cannot be read is not there.
 */
void facts_read(struct facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	read_ifaces(facts);
	read_addresses(facts);
	read_routes(facts);
	read_listeners(facts, "/proc/thread-self/net/tcp");
	read_listeners(facts, "/proc/thread-self/net/tcp6");
}

/**
 * address_words() - an address as text
 * @prefix: with the length of its network
 */
void address_words(const struct fact_address *address, bool prefix, char *buffer, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(address->family, address->addr, text, sizeof(text));
	if (prefix)
		snprintf(buffer, size, "%s/%u", text, address->prefix);
	else
		snprintf(buffer, size, "%s", text);
}
