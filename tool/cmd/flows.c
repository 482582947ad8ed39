// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl flows: the flow table. */
#include <stdio.h>

#include "../fwctl.h"
#include "../out.h"
#include "../rule_names.h"

struct lister {
	struct rule_names names;
	size_t n;
};

static void print_entry(const struct flow *flow, const struct entry *entry)
{
	char ends[128], bytes[32];

	entry_text(flow, entry, ends, sizeof(ends));
	printf(" %-45s  ttl %6us %9llu packets  %s", ends, ttl_seconds(entry),
	       (unsigned long long)entry->packets, human_bytes(entry->bytes, bytes, sizeof(bytes)));
}

static void each(const struct flow *flow, void *arg)
{
	struct lister *lister = arg;
	char id[16], proto[8];
	const char *rule = rule_names_find(&lister->names, flow->rule, id, sizeof(id));

	lister->n++;
	if (options.json) {
		out_list_item(flow_json(flow, rule));
		return;
	}
	printf("%s%-7s%s %-6s %-12s", paint(BOLD), proto_text(flow->proto, proto, sizeof(proto)),
	       paint(PLAIN), name_of(direction_names, flow->direction),
	       name_of(state_names, flow->state));
	print_entry(flow, &flow->original);
	if (rule)
		printf("  rule %s", rule);
	printf("\n%27s", "reply");
	print_entry(flow, &flow->reply);
	putchar('\n');
}

/**
 * cmd_flows() - fwctl flows
 */
int cmd_flows(int argc, char **argv)
{
	struct lister lister = { .n = 0 };
	struct module *module;
	int status = no_arguments(argc, argv);

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;
	if (rule_names_read(module, &lister.names)) {
		status = module_failed(module);
	} else {
		if (options.json)
			out_list_begin();
		if (module_flows(module, each, &lister))
			status = module_failed(module);
		if (options.json)
			out_list_end();
		else if (options.verbose)
			printf("%zu flow%s\n", lister.n, lister.n == 1 ? "" : "s");
	}
	rule_names_free(&lister.names);
	module_close(module);
	return status;
}
