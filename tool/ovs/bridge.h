/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OVS_BRIDGE_H
#define OVS_BRIDGE_H

/*
 * What a bridge is to do, and the flows that make it do that. Pure functions:
 *
 *	statements + ports + groups --> struct bridge --> struct of_flows
 *
 * The pipeline; a packet goes down, and out where it is dropped or sent:
 *
 *	0	admission: a port that gets copies is silent, a coprocessor goes to 10
 *	1, 2	copies for taps, of what comes in; 2 is asked by 1 for each tap
 *	4, 5, 6	hosts: link addresses and addresses are where they belong, and what
 *		neighbour discovery says
 *	8	learning, into table 30
 *	9	decoys: what is for them, and who asks for them, goes to the controller
 *	10, 11	coprocessors: what goes to them, and what comes from them
 *	20	segments: connection tracking; 21 and 22 put into registers which sets
 *		the source and the destination are in, 23 are the segments
 *	25	copies for taps, of what policy lets pass
 *	30	where the destination is, learned
 *	31	output
 *
 * What a coprocessor sends is neither learned nor judged, and what goes to it, or to a
 * decoy, is not judged by segments: it is somebody else's own.
 */
#include "flows.h"

enum table {
	TABLE_ADMISSION = 0,
	TABLE_TAP = 1,
	TABLE_COPY = 2,
	TABLE_MAC = 4,
	TABLE_HOST = 5,
	TABLE_DISCOVERY = 6,
	TABLE_LEARN = 8,
	TABLE_DECOY = 9,
	TABLE_COPROCESSOR = 10,
	TABLE_REPLY = 11,
	TABLE_SEGMENT = 20,
	TABLE_SOURCE = 21,
	TABLE_DESTINATION = 22,
	TABLE_RULES = 23,
	TABLE_AFTER = 25,
	TABLE_LOOKUP = 30,
	TABLE_OUTPUT = 31,
};

/* The port of the bridge itself. */
#define PORT_LOCAL	0xfffe

/**
 * struct bridge_port - a port of a bridge
 * @number: OpenFlow's, never 0
 * @vlans: it has VLANs in OVS's own database, which these flows would not keep
 * @bond: it is one of several interfaces of a bond, which these flows do not know of
 */
struct bridge_port {
	char name[FLOWWALL_IFACE_SIZE];
	uint32_t number;
	bool vlans;
	bool bond;
};

/* Addresses, as prefixes; see struct member. */
struct prefixes {
	struct member *prefix;
	size_t n;
};

/**
 * struct groups - the groups that statements name
 * @module: those of the kernel module; none if it is not loaded
 * @file: those of the file, for what the module does not have
 */
struct groups {
	struct script module;
	const struct script *file;
};

/**
 * struct bridge - what a bridge is to do
 * @declared: its statement
 * @ports: those that it has, by name
 * @features: taps, mirrors, coprocessors and decoys, in order
 * @hosts: those at its ports, and those whose port no bridge has now
 * @segments: in order
 */
struct bridge {
	const struct ovs *declared;
	const struct groups *groups;
	struct bridge_port *ports;
	size_t n_ports;
	struct stmts {
		const struct stmt **stmt;
		size_t n;
	} features, hosts, segments;
};

/* What connection tracking knows a connection by: its first packet. */
struct tuple {
	uint8_t family;
	uint8_t proto;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint16_t icmp_id;
};

/* groups.c */
bool group_known(const struct groups *groups, const char *name);
void endpoint_prefixes(const struct bridge *bridge, const struct endpoint *point,
		       struct prefixes *prefixes);

/* bridge.c */
void bridge_flows(const struct bridge *bridge, bool hosts, struct of_flows *flows);
const struct bridge_port *bridge_port(const struct bridge *bridge, const char *name);
bool bridge_forwards(const struct bridge *bridge, const struct bridge_port *port);
void bridge_add(struct bridge *bridge, const struct stmt *stmt);
void bridge_free(struct bridge *bridge);
void drop_two_tags(struct of_flows *flows, enum feature feature, enum table table);

/* decoy.c */
const struct stmt *bridge_decoy(const struct bridge *bridge);
void decoy_flows(const struct bridge *bridge, struct of_flows *flows);

/* host.c */
void host_flows(const struct bridge *bridge, struct of_flows *flows);

/* match.c */
char *port_text(const struct bridge_port *port);
struct variants {
	char **match;
	size_t n;
};
void variants_of(int proto, bool ipv4, bool ipv6, bool ports, struct variants *variants);
void variants_ports(struct variants *variants, const char *field, const struct endpoint *point);
void variants_free(struct variants *variants);
char *prefix_match(const struct member *prefix, const char *field4, const char *field6);

/* segment.c */
struct segments;
struct segments *segments_of(const struct bridge *bridge);
const struct stmt *segments_too_many(const struct bridge *bridge);
void segment_flows(const struct bridge *bridge, struct of_flows *flows);
bool segments_allow(const struct segments *segments, const struct tuple *tuple);
void segments_free(struct segments *segments);

#endif
