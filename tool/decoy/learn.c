// SPDX-License-Identifier: GPL-2.0-or-later
/* A switch that learns; see learn.h. */
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "frame.h"
#include "learn.h"
#include "wire.h"

/* Not one of those that `fwctl ovs` has, which knows these for somebody else's. */
#define COOKIE_LEARN	0x4657000000010000ULL

#define PLACES		16384
#define FLOW_IDLE	60	/* seconds */
#define AGE_MS		300000

/* Of a switch; when it may have that many, it is asked how many of them are left. */
#define FLOWS		16384
#define COUNT_MS	1000

/* Above the flow that asks; what is about one host may be made anew at once. */
#define PRIORITY_HOST	100
#define PRIORITY_DROP	200

/* Where a host is; one that takes the place of another has that one looked for again. */
struct learn {
	uint8_t key[SIPHASH_KEY];
	uint64_t now;
	struct known {
		uint8_t mac[MAC_BYTES];
		uint16_t vlan;
		uint64_t datapath;
		uint32_t port;		/* 0: a free place */
		uint64_t seen;
	} known[PLACES];
};

/* What tells a host from another one. */
struct whom {
	uint64_t datapath;
	uint16_t vlan;		/* as OpenFlow has it: 0 for no tag */
	uint8_t mac[MAC_BYTES];
};

/**
 * learn_new() - no host is known; learn_free() gives it back
 */
struct learn *learn_new(const uint8_t key[SIPHASH_KEY])
{
	struct learn *learn = calloc(1, sizeof(*learn));

	if (!learn)
		fail_out_of_memory();
	memcpy(learn->key, key, SIPHASH_KEY);
	return learn;
}

/**
 * learn_free() - free what learn_new() made
 */
void learn_free(struct learn *learn)
{
	free(learn);
}

/**
 * learn_tick() - the time goes on
 */
void learn_tick(struct learn *learn, uint64_t now)
{
	learn->now = now;
}

static struct known *place_of(struct learn *learn, const struct whom *whom)
{
	uint8_t bytes[16];

	put64(bytes, whom->datapath);
	put16(bytes + 8, whom->vlan);
	memcpy(bytes + 10, whom->mac, MAC_BYTES);
	return &learn->known[siphash(learn->key, bytes, sizeof(bytes)) % PLACES];
}

/* Where a host was seen, 0 if that is not known (any more). */
static uint32_t look(struct learn *learn, const struct whom *whom)
{
	const struct known *known = place_of(learn, whom);

	return known->port && known->datapath == whom->datapath && known->vlan == whom->vlan &&
	       !memcmp(known->mac, whom->mac, MAC_BYTES) && learn->now - known->seen < AGE_MS ?
	       known->port : 0;
}

static void field_vlan(struct of_fields *fields, uint16_t vlan)
{
	of_field_number(fields, OF_F_VLAN, vlan);
}

/* What leads to a host leads to where it was: away with it. */
static void forget_flows(struct session *session, const struct whom *whom)
{
	struct of_rule rule = { .command = OF_DELETE, .table = 0, .cookie = COOKIE_LEARN,
				.cookie_mask = ~0ULL, .out_port = OF_ANY, .port = OF_ANY };

	field_vlan(&rule.match, whom->vlan);
	of_field(&rule.match, OF_F_ETH_DST, whom->mac);
	session_rule(session, &rule);
}

static void see(struct session *session, struct learn *learn, const struct whom *whom, uint32_t port)
{
	struct known *known = place_of(learn, whom);
	uint32_t was = look(learn, whom);

	if (was && was != port)
		forget_flows(session, whom);
	memcpy(known->mac, whom->mac, MAC_BYTES);
	known->vlan = whom->vlan;
	known->datapath = whom->datapath;
	known->port = port;
	known->seen = learn->now;
}

/* Sources that are forged make flows without end: there is room for so many. */
static bool has_room(struct session *session)
{
	if (session->flows < FLOWS) {
		session->flows++;
		return true;
	}
	if (session->now - session->counted >= COUNT_MS) {
		session->counted = session->now;
		session_count(session, COOKIE_LEARN);
	}
	return false;
}

static void learn_flows(struct session *session, uint32_t flows, void *arg)
{
	(void)arg;
	session->flows = flows;
}

/* Packets like this one need not come here any more. By source and port as well: a host
 * that moves is seen with its first packet. */
static void make_flow(struct session *session, const struct whom *from, const uint8_t *to,
		      uint32_t in_port, uint32_t port)
{
	struct of_rule rule = { .command = OF_ADD, .priority = PRIORITY_HOST, .cookie = COOKIE_LEARN,
				.idle = FLOW_IDLE, .port = port };

	of_field_number(&rule.match, OF_F_IN_PORT, in_port);
	field_vlan(&rule.match, from->vlan);
	of_field(&rule.match, OF_F_ETH_SRC, from->mac);
	of_field(&rule.match, OF_F_ETH_DST, to);
	session_rule(session, &rule);
}

static void learn_packet(struct session *session, const struct of_packet_in *in, void *arg)
{
	struct learn *learn = arg;
	struct whom from = { .datapath = session->datapath }, to;
	uint32_t port;

	if (in->length < 2 * MAC_BYTES + 2 || in->frame[MAC_BYTES] & 1)
		return;
	learn->now = session->now;
	if (get16(in->frame + 2 * MAC_BYTES) == 0x8100 && in->length >= 2 * MAC_BYTES + 4)
		from.vlan = 0x1000 | (get16(in->frame + 2 * MAC_BYTES + 2) & 0xfff);
	to = from;
	memcpy(to.mac, in->frame, MAC_BYTES);
	memcpy(from.mac, in->frame + MAC_BYTES, MAC_BYTES);
	see(session, learn, &from, in->in_port);
	port = to.mac[0] & 1 ? 0 : look(learn, &to);
	if (port == in->in_port)	/* both are at the same port */
		return;
	if (port && has_room(session))
		make_flow(session, &from, to.mac, in->in_port, port);
	session_send(session, in->in_port, port ? port : OF_FLOOD, in->frame, in->length);
}

static void learn_port(struct session *session, enum of_port_reason reason,
		       const struct of_port *port, void *arg)
{
	struct of_rule rule = { .command = OF_DELETE, .table = 0, .cookie = COOKIE_LEARN,
				.cookie_mask = ~0ULL, .out_port = port->number, .port = OF_ANY };
	struct learn *learn = arg;
	size_t i;

	if (reason == OF_PORT_ADD || (reason == OF_PORT_MODIFY && !port->down))
		return;
	for (i = 0; i < PLACES; i++)
		if (learn->known[i].port == port->number &&
		    learn->known[i].datapath == session->datapath)
			learn->known[i].port = 0;
	session_rule(session, &rule);
}

/* From nothing: what an earlier run made is taken away. */
static void learn_up(struct session *session, void *arg)
{
	static const uint8_t reserved[MAC_BYTES] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
	struct of_rule all = { .command = OF_DELETE, .table = 0xff, .cookie = COOKIE_LEARN,
			       .cookie_mask = ~0ULL, .out_port = OF_ANY, .port = OF_ANY };
	struct of_rule ask = { .command = OF_ADD, .cookie = COOKIE_LEARN, .port = OF_CONTROLLER };
	struct of_rule drop = { .command = OF_ADD, .priority = PRIORITY_DROP, .cookie = COOKIE_LEARN,
				.port = OF_ANY };
	struct learn *learn = arg;
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (learn->known[i].datapath == session->datapath)
			learn->known[i].port = 0;
	session_rule(session, &all);
	session_barrier(session);
	/* What bridges do not forward. */
	of_field_masked(&drop.match, OF_F_ETH_DST, reserved, 44);
	session_rule(session, &drop);
	session_rule(session, &ask);
	session_barrier(session);
}

const struct mode learn_mode = {
	.alone = true,
	.up = learn_up,
	.packet = learn_packet,
	.port = learn_port,
	.flows = learn_flows,
};
