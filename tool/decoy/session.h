/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_SESSION_H
#define DECOY_SESSION_H

/*
 * What is said on the connection to a switch. Pure: bytes of the switch go in, what it is
 * told piles up in @out. What becomes of its packets is up to a mode.
 */
#include "openflow.h"

enum session_state {
	SESSION_GREETING,	/* the switch has not said hello yet */
	SESSION_FEATURES,	/* nor who it is */
	SESSION_FLOWS,		/* nor whether FlowWall's flows are there */
	SESSION_PORTS,		/* nor what ports it has */
	SESSION_READY,
	SESSION_OVER,		/* because of @why */
};

struct session;

/**
 * struct mode - what the controller is for
 * @alone: it makes flows of its own: not beside those of `fwctl ovs`
 * @up: a switch is there; its ports are told next
 * @packet: it asks about a packet
 * @port: a port came, went or changed
 * @flows: how many flows it has; see session_count()
 */
struct mode {
	bool alone;
	void (*up)(struct session *session, void *arg);
	void (*packet)(struct session *session, const struct of_packet_in *in, void *arg);
	void (*port)(struct session *session, enum of_port_reason reason,
		     const struct of_port *port, void *arg);
	void (*flows)(struct session *session, uint32_t flows, void *arg);
};

/**
 * struct session - a switch
 * @number: its place among those that there are
 * @generation: no other session has the same
 * @datapath: what it is called
 * @trouble: told of what a person should know; or NULL
 * @now: in ms; to be set before each call
 * @heard: when it said something last
 * @tunnel: of the VXLAN gateway: the port is there
 * @flows: of the learning switch: how many there are at most; asked for at @counted, in ms
 * @lost: packets for which there was no room on the way to it
 */
struct session {
	unsigned int number;
	uint32_t generation;
	enum session_state state;
	uint64_t datapath;
	unsigned int n_ports;
	const struct mode *mode;
	void *arg;
	void (*trouble)(const struct session *session, const char *text);
	struct of_buffer out;
	uint32_t xid;
	uint64_t now, heard, began;
	bool asked;		/* whether it is there still */
	bool tunnel;
	uint32_t flows;
	uint64_t counted;
	uint64_t lost;
	char why[200];
};

void session_begin(struct session *session);
size_t session_read(struct session *session, const uint8_t *bytes, size_t n);
void session_tick(struct session *session);
void session_end(struct session *session);
bool session_up(const struct session *session);

void session_send(struct session *session, uint32_t in_port, uint32_t port, const uint8_t *frame,
		  size_t n);
void session_rule(struct session *session, const struct of_rule *rule);
void session_barrier(struct session *session);
void session_count(struct session *session, uint64_t cookie);

#endif
