/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_RULE_H
#define FWL_RULE_H

#include <linux/refcount.h>
#include <linux/u64_stats_sync.h>

#include <linux/flowwall.h>

#include "parse.h"

/**
 * struct fwl_ports - an inclusive range, in host byte order
 */
struct fwl_ports {
	u16 min;
	u16 max;
};

/**
 * struct fwl_endpoint - what a rule asks of a packet's source or destination
 * @family: AF_INET, AF_INET6, or zero for any address
 * @addr_not: all addresses of the family but these
 * @port_not: all ports but these
 * @n_ports: how many ranges; zero for any, and for what has no ports
 * @min: first address, network byte order; IPv4 uses the first word
 * @max: last address
 * @ports: the ranges
 */
struct fwl_endpoint {
	u8 family;
	bool addr_not;
	bool port_not;
	u8 n_ports;
	__be32 min[4];
	__be32 max[4];
	struct fwl_ports *ports;
};

/**
 * struct fwl_rule_stats - how often a rule decided, for each CPU
 */
struct fwl_rule_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	struct u64_stats_sync sync;
};

/**
 * struct fwl_rule - an exception or a refusal
 * @refs: rulesets that hold it, running or in the making
 * @handle: its number, never given to another rule of the namespace
 * @action: enum flowwall_action
 * @direction: enum flowwall_direction
 * @proto: IP protocol, or -1 for any; 1 is ICMPv6 as well
 * @src: source
 * @dst: destination
 * @last_hit: seconds since 1970, zero for never
 * @stats: counters
 * @name: the user's, or empty
 * @comment: or NULL
 *
 * Nothing but the counters changes once it is in a ruleset.
 */
struct fwl_rule {
	refcount_t refs;
	u32 handle;
	u8 action;
	u8 direction;
	s16 proto;
	struct fwl_endpoint src;
	struct fwl_endpoint dst;
	time64_t last_hit;
	struct fwl_rule_stats __percpu *stats;
	char name[FLOWWALL_NAME_SIZE];
	char *comment;
};

struct fwl_rule *fwl_rule_alloc(void);
void fwl_rule_get(struct fwl_rule *rule);
void fwl_rule_put(struct fwl_rule *rule);
bool fwl_rule_matches(const struct fwl_rule *rule, const struct fwl_packet *pkt);
void fwl_rule_count(struct fwl_rule *rule, const struct fwl_packet *pkt);
void fwl_rule_read(const struct fwl_rule *rule, u64 *packets, u64 *bytes);

#endif
