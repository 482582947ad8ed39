/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_OPENFLOW_H
#define DECOY_OPENFLOW_H

/*
 * OpenFlow 1.3 (Open Networking Foundation, TS-006 to TS-025), of which a controller needs
 * this much. Pure functions: bytes of a switch become the structures below, and what is
 * told to a switch becomes bytes.
 *
 * All that comes from a switch is untrusted: a reader returns false for what contradicts
 * itself, and points into the message otherwise.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OF_VERSION	4
#define OF_HEADER	8
#define OF_LIMIT	65535	/* a message is not longer */
#define OF_NAME		16	/* of a port, with its end */

enum of_type {
	OF_HELLO = 0,
	OF_ERROR = 1,
	OF_ECHO_REQUEST = 2,
	OF_ECHO_REPLY = 3,
	OF_FEATURES_REQUEST = 5,
	OF_FEATURES_REPLY = 6,
	OF_SET_CONFIG = 9,
	OF_PACKET_IN = 10,
	OF_FLOW_REMOVED = 11,
	OF_PORT_STATUS = 12,
	OF_PACKET_OUT = 13,
	OF_FLOW_MOD = 14,
	OF_MULTIPART_REQUEST = 18,
	OF_MULTIPART_REPLY = 19,
	OF_BARRIER_REQUEST = 20,
	OF_BARRIER_REPLY = 21,
};

enum of_multipart { OF_AGGREGATE = 2, OF_PORT_DESC = 13 };

/* Ports that stand for something else; OF_ANY where none is meant. */
#define OF_IN_PORT	0xfffffff8U
#define OF_NORMAL	0xfffffffaU
#define OF_FLOOD	0xfffffffbU
#define OF_CONTROLLER	0xfffffffdU
#define OF_ANY		0xffffffffU

enum of_port_reason { OF_PORT_ADD, OF_PORT_DELETE, OF_PORT_MODIFY };

/**
 * struct of_message - a message, whole
 * @body: behind its header
 * @length: of the body
 */
struct of_message {
	uint8_t version;
	uint8_t type;
	uint32_t xid;
	const uint8_t *body;
	size_t length;
};

/* How far bytes are a message. */
enum of_progress { OF_WHOLE, OF_PART, OF_BROKEN };

struct of_packet_in {
	uint32_t in_port;
	const uint8_t *frame;
	size_t length;
};

struct of_port {
	uint32_t number;
	char name[OF_NAME];
	bool down;	/* by its administrator, or without a link */
};

struct of_error {
	uint16_t type;
	uint16_t code;
	int about;	/* the type of the message that was wrong, or -1 */
};

enum of_progress of_next(const uint8_t *bytes, size_t n, struct of_message *message,
			 size_t *length);
bool of_hello_agrees(const struct of_message *hello);
bool of_read_features(const struct of_message *message, uint64_t *datapath);
bool of_read_packet_in(const struct of_message *message, struct of_packet_in *in);
bool of_read_error(const struct of_message *message, struct of_error *error);
bool of_read_port_status(const struct of_message *message, enum of_port_reason *reason,
			 struct of_port *port);
bool of_read_ports(const struct of_message *message, bool *more,
		   void (*each)(const struct of_port *port, void *arg), void *arg);
bool of_read_aggregate(const struct of_message *message, uint32_t *flows);
const char *of_error_text(const struct of_error *error, char *buffer, size_t size);
const char *of_type_text(int type);

/* --- building -------------------------------------------------------------- */

/**
 * struct of_buffer - bytes on their way to a switch
 * @limit: what does not fit below it is left out
 * @full: something was
 */
struct of_buffer {
	uint8_t *bytes;
	size_t n;
	size_t room;
	size_t limit;
	bool full;
};

/* Fields of a match; those of Nicira are in class 1. */
enum of_field {
	OF_F_IN_PORT = 0x80000004,
	OF_F_ETH_DST = 0x80000606,
	OF_F_ETH_SRC = 0x80000806,
	OF_F_ETH_TYPE = 0x80000a02,
	OF_F_VLAN = 0x80000c02,
	OF_F_IP_PROTO = 0x80001401,
	OF_F_IPV4_DST = 0x80001804,
	OF_F_ARP_TPA = 0x80002e04,
	OF_F_IPV6_DST = 0x80003610,
	OF_F_ICMPV6_TYPE = 0x80003a01,
	OF_F_ICMPV6_CODE = 0x80003c01,
	OF_F_ND_TARGET = 0x80003e10,
	OF_F_TUNNEL = 0x80004c08,
	OF_F_TUN_IPV4_SRC = 0x00013e04,
	OF_F_TUN_IPV4_DST = 0x00014004,
	OF_F_TUN_IPV6_SRC = 0x0001da10,
	OF_F_TUN_IPV6_DST = 0x0001dc10,
};

/**
 * struct of_fields - what a flow is about, or what is set: fields with their values
 */
struct of_fields {
	uint8_t bytes[256];
	size_t n;
};

void of_field(struct of_fields *fields, enum of_field field, const void *value);
void of_field_number(struct of_fields *fields, enum of_field field, uint64_t value);
void of_field_masked(struct of_fields *fields, enum of_field field, const uint8_t *value,
		     unsigned int bits);

enum of_command { OF_ADD = 0, OF_DELETE = 3 };

/**
 * struct of_rule - a flow to be made or taken away
 * @table: of a deletion, 0xff for all
 * @cookie_mask: of a deletion, the bits of @cookie that count
 * @idle: seconds without a packet until it goes, 0 for never
 * @out_port: of a deletion, only those that send there; OF_ANY
 * @match: what it is about
 * @set: fields that its packets get
 * @port: where they go; OF_ANY for nowhere
 */
struct of_rule {
	enum of_command command;
	uint8_t table;
	uint16_t priority;
	uint64_t cookie;
	uint64_t cookie_mask;
	uint16_t idle;
	uint32_t out_port;
	struct of_fields match;
	struct of_fields set;
	uint32_t port;
};

void of_put(struct of_buffer *to, enum of_type type, uint32_t xid, const void *body, size_t length);
void of_put_hello(struct of_buffer *to);
void of_put_hello_failed(struct of_buffer *to, uint32_t xid);
void of_put_config(struct of_buffer *to, uint32_t xid);
void of_put_multipart(struct of_buffer *to, uint32_t xid, enum of_multipart type,
		      uint64_t cookie, uint64_t mask);
void of_put_packet_out(struct of_buffer *to, uint32_t xid, uint32_t in_port, uint32_t port,
		       const uint8_t *frame, size_t length);
void of_put_rule(struct of_buffer *to, uint32_t xid, const struct of_rule *rule);

#endif
