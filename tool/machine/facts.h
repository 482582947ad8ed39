/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FACTS_H
#define FACTS_H

/* What this machine is, in the network namespace that this process is in. */
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACT_IFACES	64
#define FACT_ADDRESSES	8
#define FACT_PORTS	16

struct fact_address {
	uint8_t family;
	uint8_t prefix;
	uint8_t addr[16];
};

/**
 * struct fact_iface - an interface that is not the loopback
 * @external: a default route leads there
 * @addresses: but for link-local ones
 */
struct fact_iface {
	char name[IF_NAMESIZE];
	unsigned int index;
	bool external;
	size_t n_addresses;
	struct fact_address addresses[FACT_ADDRESSES];
};

/**
 * struct facts - the machine
 * @ports: of TCP that others may reach, in order
 */
struct facts {
	size_t n_ifaces;
	struct fact_iface ifaces[FACT_IFACES];
	size_t n_ports;
	uint16_t ports[FACT_PORTS];
};

void facts_read(struct facts *facts);
void address_words(const struct fact_address *address, bool prefix, char *buffer, size_t size);

#endif
