/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NL_H
#define NL_H

/*
 * Talking to the module. The nl files are the only code that knows attributes:
 * nl.c has the connection, nl_get.c, nl_change.c and nl_event.c what it is for,
 * nl_read.c what is in the messages that come.
 * All others see the structures below.
 *
 * Functions return 0, or a negative error number; module_error() then has a sentence
 * for a person.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/flowwall.h>

#include "lang.h"

struct module;

/**
 * struct raw_packet - an IP packet that is asked about
 * @mac: link address that it was sent with
 * @has_mac: @mac is known
 * @iif: index of the interface that it comes by, 0 if it is made here
 * @oif: index of the interface that it leaves by, 0 if it is for this router
 */
struct raw_packet {
	uint8_t bytes[FLOWWALL_PACKET_LIMIT];
	size_t length;
	uint8_t mac[6];
	bool has_mac;
	uint32_t iif;
	uint32_t oif;
};

/**
 * struct commit - what is asked of a commit
 * @check: only say whether it would be accepted
 * @confirm: seconds until the old ruleset comes back, or 0
 * @guard: a packet that must pass, or NULL
 * @ended: set to how many flows ended
 */
struct commit {
	bool check;
	uint32_t confirm;
	const struct raw_packet *guard;
	uint32_t ended;
};

struct module_status {
	uint32_t generation;
	char version[32];
	uint32_t flows;
	uint32_t max_flows;
	uint32_t buckets;
	uint32_t flow_bytes;
	uint32_t rules;
	uint64_t memory;
	uint64_t packets;
	uint64_t fast;
	uint64_t new_flows;
	uint64_t neighbour;
	uint64_t dhcp;
	uint64_t drop[__FLOWWALL_DROP_MAX];
	uint32_t groups;
	uint32_t members;
	uint32_t confirm;	/* seconds until the old ruleset comes back, 0 if it does not */
};

/**
 * struct iface - an interface of the namespace
 * @pattern: the role statement that decides, or empty
 */
struct iface {
	uint32_t ifindex;
	char name[FLOWWALL_IFACE_SIZE];
	uint8_t role;
	char pattern[FLOWWALL_IFACE_SIZE];
};

/* What an entry has in place of ports. */
enum entry_id { ID_NONE, ID_PORTS, ID_ICMP, ID_GRE };

struct entry {
	uint8_t src[16];
	uint8_t dst[16];
	enum entry_id id_kind;
	uint16_t sport;		/* host byte order */
	uint16_t dport;
	uint32_t id;		/* of ICMP, or the GRE key */
	uint64_t packets;
	uint64_t bytes;
	uint32_t ttl_ms;
};

struct flow {
	uint64_t id;
	uint8_t family;
	uint8_t proto;
	uint8_t direction;
	uint8_t state;
	uint32_t mark;
	uint32_t rule;		/* handle, or 0 */
	struct entry original;
	struct entry reply;
};

/**
 * struct explanation - what would become of a packet
 * @basis: enum flowwall_basis; if it is not judged, there is nothing else
 * @reason: enum flowwall_drop, or -1
 * @rule: handle, or 0
 * @group: that the rule names, or empty
 * @needs_mac: another rule might decide if its link address was known
 * @has_flow: it has a flow, or would make one
 */
struct explanation {
	uint8_t verdict;
	uint8_t basis;
	int reason;
	uint8_t direction;
	uint32_t rule;
	char group[FLOWWALL_NAME_SIZE];
	bool needs_mac;
	bool has_flow;
	struct flow flow;
};

/**
 * struct drop - a packet that was dropped, or logged
 * @reason: enum flowwall_drop, or -1 if it passed
 * @flow: its addresses, in @original
 */
struct drop {
	int reason;
	uint32_t age_ms;
	uint32_t ifindex;
	struct flow flow;
};

enum event_kind {
	EVENT_FLOW_NEW,
	EVENT_FLOW_END,
	EVENT_TABLE_FULL,
	EVENT_RULESET,
	EVENT_IFACE,
	EVENT_LOG,
	EVENT_GROUP,
	EVENT_LOST,	/* this listener was too slow */
};

struct event {
	enum event_kind kind;
	struct flow flow;
	uint8_t end_reason;
	uint32_t max_flows;
	uint32_t refused;
	uint32_t generation;
	uint32_t lost;		/* how many; 0 if that is not known */
	struct iface iface;
	struct drop drop;
	char label[FLOWWALL_LABEL_SIZE];
	char group[FLOWWALL_NAME_SIZE];
	uint32_t size;		/* of the group */
};

/**
 * struct flow_filter - which flows are meant
 * @match: what is asked of the first packet, or NULL
 * @direction: enum flowwall_direction, or -1 for any
 * @state: enum flowwall_state, or -1
 * @of_rule: @rule counts
 * @rule: handle, 0 for flows of no rule
 * @host_family: of @host; 0 if that does not count
 * @host: either end
 */
struct flow_filter {
	const struct rule *match;
	int direction;
	int state;
	bool of_rule;
	uint32_t rule;
	uint8_t host_family;
	uint8_t host[16];
};

int module_open(struct module **module, const char *netns);
void module_close(struct module *module);
const char *module_error(const struct module *module);
bool module_refused(const struct module *module);

int module_status(struct module *module, struct module_status *status);
int module_ruleset(struct module *module, uint32_t kinds, const char *group,
		   struct script *script);
int module_ifaces(struct module *module, struct iface **ifaces, size_t *n);
int module_flows(struct module *module, const struct flow_filter *filter,
		 void (*each)(const struct flow *flow, void *arg), void *arg);
int module_kill_flows(struct module *module, const struct flow_filter *filter, uint32_t *ended);

int module_begin(struct module *module, enum flowwall_mode mode);
int module_add(struct module *module, const struct stmt *stmt, size_t n, const struct stmt **bad);
int module_del(struct module *module, const struct stmt *stmt);
int module_commit(struct module *module, struct commit *commit);
int module_confirm(struct module *module);
int module_zero(struct module *module, uint32_t handle);
int module_explain(struct module *module, const struct raw_packet *packet,
		   struct explanation *answer);
int module_drops(struct module *module, uint8_t family, const uint8_t *host,
		 void (*each)(const struct drop *drop, void *arg), void *arg);

int module_subscribe(struct module *module);
int module_socket(const struct module *module);
int module_events(struct module *module, const sigset_t *signals,
		  void (*each)(const struct event *event, void *arg), void *arg);

#endif
