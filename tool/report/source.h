/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOURCE_H
#define SOURCE_H

#include "../snoop/frame.h"
#include "../snoop/store.h"

/**
 * struct selection - of all packets, those that a person asked for
 * @from_ns: not before
 * @to_ns: before
 * @family: of @host, 0 if none was asked for
 * @port: -1 for any
 * @layer: a protocol, LAYER_NONE for any
 * @proto: a number of IP's protocols, -1 for any
 * @flow: number of a conversation, 0 for any
 */
struct selection {
	uint64_t from_ns;
	uint64_t to_ns;
	uint8_t family;
	uint8_t host[16];
	int port;
	enum layer layer;
	int proto;
	uint64_t flow;
};

/* A packet out of a source; its bytes are there until the next one. */
struct source_packet {
	uint64_t id;
	uint64_t flow;
	uint64_t ts_ns;
	uint32_t len;
	uint32_t caplen;
	uint32_t dups;
	int link;
	const uint8_t *raw;
	struct frame frame;
};

/**
 * struct flow_row - a conversation out of a store
 * @net: "ip", "ipv6", "arp", or a number
 * @vlan: or NO_VLAN
 */
struct flow_row {
	uint64_t id;
	const char *net;
	uint8_t proto;
	const char *src;
	uint16_t sport;
	const char *dst;
	uint16_t dport;
	int vlan;
	uint64_t first_ns, last_ns;
	uint64_t packets[2];
	uint64_t bytes[2];
	uint64_t syns, retransmissions, out_of_order, resets, handshake_ns;
};

struct source;

/* Who is told what a source has; each may be NULL. */
struct source_reader {
	void (*packet)(const struct source_packet *packet, void *arg);
	void (*flow)(const struct flow_row *row, void *arg);
	void (*name)(const char *kind, const char *name, uint64_t packets, void *arg);
	void (*traffic)(uint64_t second, const char *layers, uint64_t packets, uint64_t bytes, void *arg);
	void (*capture)(const struct capture_row *row, void *arg);
	void (*progress)(double done, uint64_t n, void *arg);
	void *arg;
};

const char *source_name(const struct source *source);
struct source *source_open(const char *where, char *error, size_t size);
void source_close(struct source *source);
bool source_summarised(const struct source *source);
bool source_packets(struct source *source, const struct selection *selection,
		    const struct source_reader *reader);
bool source_summary(struct source *source, const struct source_reader *reader);
bool source_captures(struct source *source, const struct source_reader *reader);
int source_link(const struct source *source);
const char *source_error(const struct source *source);

bool selects_all(const struct selection *selection);

#endif
