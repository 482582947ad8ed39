// SPDX-License-Identifier: GPL-2.0-or-later
/* One look at the firewall, and how much went on since the one before. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lang/lang.h"
#include "sample.h"

/**
 * sample_add_flow() - take a flow into a sample, if there is room
 */
void sample_add_flow(struct sample *sample, const struct flow *flow)
{
	struct top_flow *kept;

	sample->n_seen++;
	if (sample->n_flows == SAMPLE_FLOWS)
		return;
	if (sample->n_flows == sample->room) {
		sample->room = sample->room ? 2 * sample->room : 256;
		sample->flows = realloc(sample->flows, sample->room * sizeof(*sample->flows));
		if (!sample->flows)
			fail_out_of_memory();
	}
	kept = &sample->flows[sample->n_flows++];
	memset(kept, 0, sizeof(*kept));
	kept->flow = *flow;
	kept->load.packets = flow->original.packets + flow->reply.packets;
	kept->load.bytes = flow->original.bytes + flow->reply.bytes;
}

static void each_flow(const struct flow *flow, void *arg)
{
	sample_add_flow(arg, flow);
}

static int read_rules(struct module *module, struct sample *sample)
{
	struct script script;
	char text[STMT_TEXT], id[FLOWWALL_NAME_SIZE];
	int err = module_ruleset(module, FLOWWALL_KIND_RULE, NULL, &script);
	size_t i;

	sample->rules = calloc(script.n + 1, sizeof(*sample->rules));
	if (!sample->rules)
		fail_out_of_memory();
	for (i = 0; i < script.n; i++) {
		const struct rule *rule = &script.stmt[i].rule;
		struct top_rule *kept = &sample->rules[sample->n_rules];

		if (script.stmt[i].kind != STMT_RULE)
			continue;
		print_stmt(&script.stmt[i], text, sizeof(text));
		kept->handle = rule->handle;
		strcpy(kept->id, rule_id(rule, id, sizeof(id)));
		kept->text = strdup(text);
		if (!kept->text)
			fail_out_of_memory();
		kept->load.packets = rule->packets;
		kept->load.bytes = rule->bytes;
		sample->n_rules++;
	}
	script_free(&script);
	return err;
}

static void read_drops(struct sample *sample)
{
	unsigned int i;

	for (i = 0; i < __FLOWWALL_DROP_MAX; i++)
		if (sample->status.drop[i]) {
			struct top_drop *drop = &sample->drops[sample->n_drops++];

			drop->reason = i;
			drop->load.packets = sample->status.drop[i];
		}
}

/**
 * sample_take() - look at the firewall
 * @filter: which flows, or NULL for all
 * @sample: set to what there is, without rates; to be freed, also after an error
 *
 * Return: 0, or a negative error number of the module.
 */
int sample_take(struct module *module, const struct flow_filter *filter, struct sample *sample)
{
	struct timespec now;
	int err;

	memset(sample, 0, sizeof(*sample));
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample->at = now.tv_sec + now.tv_nsec / 1e9;
	err = module_status(module, &sample->status);
	if (!err)
		err = module_flows(module, filter, each_flow, sample);
	if (!err)
		err = read_rules(module, sample);
	sample->total.packets = sample->status.packets;
	read_drops(sample);
	return err;
}

/* --- what went on between two ------------------------------------------------ */

static double rate(uint64_t now, uint64_t before, double seconds)
{
	/* What was set to nothing meanwhile has no rate. */
	return now > before && seconds > 0 ? (now - before) / seconds : 0;
}

static void compare_load(struct load *now, const struct load *before, double seconds)
{
	now->packet_rate = rate(now->packets, before->packets, seconds);
	now->byte_rate = rate(now->bytes, before->bytes, seconds);
}

static int by_id(const void *a, const void *b)
{
	const struct top_flow *x = a, *y = b;

	return x->flow.id < y->flow.id ? -1 : x->flow.id > y->flow.id;
}

/*
 * Both sorted by id, so that they are gone through once. What is new had nothing before; but
 * where not all were kept, nobody knows what is new.
 */
static void compare_flows(struct sample *sample, const struct sample *before, double seconds)
{
	static const struct load nothing;
	size_t i, k = 0;

	if (sample->n_flows)
		qsort(sample->flows, sample->n_flows, sizeof(*sample->flows), by_id);
	for (i = 0; before && i < sample->n_flows; i++) {
		struct top_flow *flow = &sample->flows[i];

		while (k < before->n_flows && before->flows[k].flow.id < flow->flow.id)
			k++;
		if (k < before->n_flows && before->flows[k].flow.id == flow->flow.id)
			compare_load(&flow->load, &before->flows[k].load, seconds);
		else if (before->n_seen == before->n_flows)
			compare_load(&flow->load, &nothing, seconds);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct top_host *x = a, *y = b;

	if (x->family != y->family)
		return (int)x->family - y->family;
	return memcmp(x->addr, y->addr, sizeof(x->addr));
}

/* Both ends of each flow; what is the same address becomes one. */
static void find_hosts(struct sample *sample)
{
	struct top_host *hosts = calloc(2 * sample->n_flows + 1, sizeof(*hosts));
	size_t n = 0, i;

	if (!hosts)
		fail_out_of_memory();
	for (i = 0; i < 2 * sample->n_flows; i++) {
		const struct top_flow *flow = &sample->flows[i / 2];

		hosts[i].family = flow->flow.family;
		memcpy(hosts[i].addr, i % 2 ? flow->flow.reply.src : flow->flow.original.src,
		       sizeof(hosts[i].addr));
		hosts[i].flows = 1;
		hosts[i].load = flow->load;
	}
	qsort(hosts, 2 * sample->n_flows, sizeof(*hosts), by_address);
	for (i = 0; i < 2 * sample->n_flows; i++) {
		struct top_host *last = n ? &hosts[n - 1] : NULL;

		if (!last || by_address(last, &hosts[i])) {
			hosts[n++] = hosts[i];
			continue;
		}
		last->flows++;
		last->load.packets += hosts[i].load.packets;
		last->load.bytes += hosts[i].load.bytes;
		last->load.packet_rate += hosts[i].load.packet_rate;
		last->load.byte_rate += hosts[i].load.byte_rate;
	}
	sample->hosts = hosts;
	sample->n_hosts = n;
}

/**
 * sample_compare() - fill in the rates, and the hosts
 * @before: an earlier sample that was compared as well, or NULL
 */
void sample_compare(struct sample *sample, const struct sample *before)
{
	double seconds = before ? sample->at - before->at : 0;
	size_t i, k;

	compare_flows(sample, before, seconds);
	find_hosts(sample);
	if (!before)
		return;
	compare_load(&sample->total, &before->total, seconds);
	sample->new_flows = rate(sample->status.new_flows, before->status.new_flows, seconds);
	for (i = 0; i < sample->n_drops; i++) {
		struct load none = { .packets = before->status.drop[sample->drops[i].reason] };

		compare_load(&sample->drops[i].load, &none, seconds);
	}
	/* Rules stay in their order, but for those that came or went in between. */
	for (i = k = 0; i < sample->n_rules; i++) {
		size_t from = k;

		while (k < before->n_rules && before->rules[k].handle != sample->rules[i].handle)
			k++;
		if (k < before->n_rules)
			compare_load(&sample->rules[i].load, &before->rules[k++].load, seconds);
		else
			k = from;
	}
}

/**
 * sample_free() - free what sample_take() and sample_compare() made
 */
void sample_free(struct sample *sample)
{
	size_t i;

	for (i = 0; i < sample->n_rules; i++)
		free(sample->rules[i].text);
	free(sample->rules);
	free(sample->hosts);
	free(sample->flows);
	memset(sample, 0, sizeof(*sample));
}
