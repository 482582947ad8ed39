// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl flows: the flow table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fwctl.h"
#include "../out.h"

struct lister {
	struct script rules;	/* for their names, sorted by handle */
	size_t n;
};

static int by_handle(const void *a, const void *b)
{
	uint32_t x = ((const struct stmt *)a)->rule.handle;
	uint32_t y = ((const struct stmt *)b)->rule.handle;

	return (x > y) - (x < y);
}

/* A flow may have been let in by a rule that is gone: then it is a number. */
static const char *rule_of(const struct lister *lister, uint32_t handle, char *buffer, size_t size)
{
	struct stmt key = { .rule.handle = handle };
	const struct stmt *found;

	if (!handle)
		return NULL;
	found = bsearch(&key, lister->rules.stmt, lister->rules.n, sizeof(key), by_handle);
	return rule_id(found ? &found->rule : &key.rule, buffer, size);
}

static void print_entry(const struct flow *flow, const struct entry *entry, const char *lead)
{
	char ends[128], bytes[32];

	entry_text(flow, entry, ends, sizeof(ends));
	printf("%-10s %-54s ttl %6us  %8llu packets  %s\n", lead, ends,
	       entry->ttl_ms / 1000 + !!(entry->ttl_ms % 1000),
	       (unsigned long long)entry->packets, human_bytes(entry->bytes, bytes, sizeof(bytes)));
}

static void each(const struct flow *flow, void *arg)
{
	struct lister *lister = arg;
	char id[16], proto[8];
	const char *rule = rule_of(lister, flow->rule, id, sizeof(id));

	lister->n++;
	if (options.json) {
		out_list_item(flow_json(flow, rule));
		return;
	}
	printf("%s%s%s %s, %s%s%s\n", paint(BOLD), proto_text(flow->proto, proto, sizeof(proto)),
	       paint(PLAIN), name_of(direction_names, flow->direction),
	       name_of(state_names, flow->state), rule ? ", rule " : "", rule ? rule : "");
	print_entry(flow, &flow->original, "  original");
	print_entry(flow, &flow->reply, "  reply");
}

/**
 * cmd_flows() - fwctl flows
 */
int cmd_flows(int argc, char **argv)
{
	struct lister lister = { .n = 0 };
	struct module *module;
	int status = no_arguments(argc, argv), err;

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;
	err = module_ruleset(module, FLOWWALL_KIND_RULE, &lister.rules);
	if (err) {
		status = module_failed(module);
		goto out;
	}
	qsort(lister.rules.stmt, lister.rules.n, sizeof(*lister.rules.stmt), by_handle);

	if (options.json)
		out_list_begin();
	err = module_flows(module, each, &lister);
	if (options.json)
		out_list_end();
	if (err == -EAGAIN) {
		status = FAILED;
		fflush(stdout);
		fputs("fwctl: the size of the table was changed meanwhile: flows may be missing\n",
		      stderr);
	} else if (err) {
		status = module_failed(module);
	} else if (!options.json && options.verbose) {
		printf("%zu flow%s\n", lister.n, lister.n == 1 ? "" : "s");
	}
out:
	script_free(&lister.rules);
	module_close(module);
	return status;
}
