/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACKER_H
#define TRACKER_H

#include "frame.h"

enum way { FORTH, BACK };

/**
 * struct flow_key - what the packets of a conversation have in common
 * @src: of who began
 * @net: EtherType: tells ARP from LLDP, and IPv4 from IPv6
 *
 * Hashed and compared as bytes: no padding, and what is not used is zero.
 */
struct flow_key {
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint16_t net;
	uint8_t family;
	uint8_t proto;
};

#define HOLES 4

/**
 * struct tcp_side - what is known of what one end of a connection sent
 * @begin: sequence number of its SYN
 * @next: behind the highest byte that was seen
 * @next_ns: when that one was
 * @acked: the highest that the other end has acknowledged
 * @hole: what was passed over, from one number up to another; the last @HOLES of them
 */
struct tcp_side {
	uint32_t begin;
	uint32_t next;
	uint32_t acked;
	bool begun;
	bool known;
	uint64_t next_ns;
	struct { uint32_t from, to; } hole[HOLES];
	uint8_t next_hole;
};

/**
 * struct watched - a conversation, as far as it was seen
 * @id: 0 until its first packet in the present file
 * @part: of which file its counters are
 * @stored: its row exists
 * @dirty: it changed since it was stored
 * @first_packet: number of its first packet; and of its last
 * @handshake_ns: from the SYN to the ACK that ends the handshake, 0 if not seen
 * @resets: segments with RST
 */
struct watched {
	struct flow_key key;
	uint64_t id;
	uint32_t part;
	int vlan;
	bool stored;
	bool dirty;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t first_packet;
	uint64_t last_packet;
	uint64_t packets[2];
	uint64_t bytes[2];
	uint32_t retransmissions;
	uint32_t out_of_order;
	uint32_t resets;
	uint32_t syns;
	uint64_t syn_ns;
	uint64_t handshake_ns;
	bool finished;		/* a FIN or RST was seen: a new SYN is a new connection */
	bool answered;		/* a SYN-ACK was seen */
	bool replaced;		/* in no bucket: its ends have begun anew */
	struct tcp_side side[2];
	struct watched *next;	/* in its bucket */
	struct watched *older, *newer;
};

struct tracker;

struct tracker *tracker_new(size_t limit, uint64_t first_id);
void tracker_free(struct tracker *tracker);
struct watched *tracker_packet(struct tracker *tracker, const struct frame *frame, uint64_t ts_ns,
			       uint32_t len, uint64_t packet, enum way *way);
void tracker_trim(struct tracker *tracker, void (*gone)(const struct watched *, void *), void *arg);
void tracker_each(struct tracker *tracker, void (*each)(const struct watched *, void *), void *arg);
void tracker_next_part(struct tracker *tracker);
uint64_t tracker_next_id(const struct tracker *tracker);

#endif
