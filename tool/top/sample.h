/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "../nl.h"

/* So many flows are kept of one look at the table; of more, the rest is only counted. */
#define SAMPLE_FLOWS (1 << 17)

/**
 * struct load - how much went through something
 * @packets: so far
 * @bytes: so far
 * @packet_rate: per second, since the sample before
 * @byte_rate: the same
 */
struct load {
	uint64_t packets;
	uint64_t bytes;
	double packet_rate;
	double byte_rate;
};

struct top_flow {
	struct flow flow;
	struct load load;
};

struct top_host {
	uint8_t family;
	uint8_t addr[16];
	uint32_t flows;
	struct load load;
};

struct top_rule {
	uint32_t handle;
	char id[FLOWWALL_NAME_SIZE];
	char *text;
	struct load load;
};

struct top_drop {
	unsigned int reason;
	struct load load;	/* without bytes */
};

/**
 * struct sample - one look at the firewall
 * @at: seconds of a clock that only goes forward
 * @total: of all packets that were judged; bytes are not counted there
 * @new_flows: how many per second
 * @n_seen: flows that were shown, of which @n_flows were kept, sorted by id
 */
struct sample {
	double at;
	struct module_status status;
	struct load total;
	double new_flows;
	size_t n_seen;
	size_t n_flows;
	size_t room;
	struct top_flow *flows;
	size_t n_hosts;
	struct top_host *hosts;
	size_t n_rules;
	struct top_rule *rules;
	size_t n_drops;
	struct top_drop drops[__FLOWWALL_DROP_MAX];
};

int sample_take(struct module *module, const struct flow_filter *filter, struct sample *sample);
void sample_compare(struct sample *sample, const struct sample *before);
void sample_add_flow(struct sample *sample, const struct flow *flow);
void sample_free(struct sample *sample);

#endif
