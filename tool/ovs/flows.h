/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OVS_FLOWS_H
#define OVS_FLOWS_H

/*
 * OpenFlow flows as text: made, read from a dump, compared. Nothing here talks to
 * a switch.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lang/lang.h"

/* Whose a flow is, in the lowest byte of its cookie. */
enum feature {
	FEATURE_BASE,
	FEATURE_TAP,
	FEATURE_COPROCESSOR,
	FEATURE_SEGMENT,
	FEATURE_HOST,
	FEATURE_DECOY,
	FEATURES,
	FEATURE_LEARNED = 0x30,	/* made by the switch itself, from what it sees */
};

#define COOKIE		0x4657000000000000ULL
#define COOKIE_MASK	0xffffffffffffff00ULL

/**
 * struct of_flow - a flow
 * @cookie: whose it is
 * @match: as OVS prints it, without the priority; empty for everything
 * @key: the table, the priority and the parts of @match in a fixed order: what tells
 *	one flow from another
 * @why: the statement that it is for, or NULL
 */
struct of_flow {
	uint64_t cookie;
	unsigned int table;
	unsigned int priority;
	char *match;
	char *actions;
	char *key;
	const struct stmt *why;
	uint64_t packets;
	uint64_t bytes;
};

struct of_flows {
	struct of_flow *flow;
	size_t n;
};

void of_add(struct of_flows *flows, enum feature feature, const struct stmt *why,
	    unsigned int table, unsigned int priority, const char *match,
	    const char *actions, ...) __attribute__((format(printf, 7, 8)));
void of_sort(struct of_flows *flows);
void of_split(struct of_flows *flows, enum feature feature, struct of_flows *taken);
const struct of_flow *of_find(const struct of_flows *flows, const char *key);
bool of_read(const char *dump, struct of_flows *flows);
void of_free(struct of_flows *flows);

bool of_ours(const struct of_flow *flow);
size_t of_others_first(const struct of_flows *there, const struct of_flows *ours,
		       const struct of_flow **first);
size_t of_print(const struct of_flows *flows, char **text);

/**
 * struct of_change - what makes one set of flows another one
 * @text: lines for `ovs-ofctl --bundle add-flows`
 */
struct of_change {
	char *text;
	size_t size;
	size_t removed;
	size_t added;
	bool ports;	/* the ports that packets are sent to are others */
};

void of_diff(const struct of_flows *old, const struct of_flows *new, struct of_change *change,
	     void (*each)(char sign, const struct of_flow *flow, void *arg), void *arg);
void of_change_free(struct of_change *change);

char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
