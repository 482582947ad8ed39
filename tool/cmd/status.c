// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl status: one screen that says how the firewall is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../fwctl.h"
#include "../out.h"

#define SAMPLE_MS 250

struct view {
	struct module_status status;
	struct iface *ifaces;
	size_t n_ifaces;
	struct script roles;
};

/* Does a role statement have an interface? */
static bool used(const struct view *view, const struct stmt *stmt)
{
	size_t i;

	for (i = 0; i < view->n_ifaces; i++)
		if (!strcmp(view->ifaces[i].pattern, stmt->role.iface))
			return true;
	return !stmt->role.iface[0];
}

static void print_json(const struct view *view)
{
	const struct module_status *s = &view->status;
	json_t *roles = json_array(), *waiting = json_array(), *drops = json_object();
	size_t i;

	for (i = 0; i < view->n_ifaces; i++)
		if (view->ifaces[i].role != FLOWWALL_ROLE_NONE)
			json_array_append_new(roles,
				json_pack("{s:o, s:s}", "iface", json_text(view->ifaces[i].name),
					  "role", name_of(role_names, view->ifaces[i].role)));
	for (i = 0; i < view->roles.n; i++)
		if (!used(view, &view->roles.stmt[i]))
			json_array_append_new(waiting,
					      json_text(view->roles.stmt[i].role.iface));
	for (i = 0; i < __FLOWWALL_DROP_MAX; i++)
		json_object_set_new(drops, name_of(drop_names, i), json_integer(s->drop[i]));
	out_json(json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I,"
			   " s:o, s:o, s:o, s:I, s:I, s:o}",
			   "schema", JSON_SCHEMA, "version", s->version,
			   "generation", (json_int_t)s->generation,
			   "flows", (json_int_t)s->flows, "max_flows", (json_int_t)s->max_flows,
			   "buckets", (json_int_t)s->buckets,
			   "flow_bytes", (json_int_t)s->flow_bytes,
			   "memory", (json_int_t)s->memory, "rules", (json_int_t)s->rules,
			   "packets", (json_int_t)s->packets, "fast", (json_int_t)s->fast,
			   "new_flows", (json_int_t)s->new_flows,
			   "neighbour", (json_int_t)s->neighbour, "dhcp", (json_int_t)s->dhcp,
			   "roles", roles, "waiting", waiting, "drops", drops,
			   "groups", (json_int_t)s->groups, "members", (json_int_t)s->members,
			   "confirm", s->confirm ? json_integer(s->confirm) : json_null()));
}

static void print_roles(const struct view *view)
{
	bool any = false;
	size_t i;

	for (i = 0; i < view->n_ifaces; i++) {
		const struct iface *iface = &view->ifaces[i];

		if (iface->role == FLOWWALL_ROLE_NONE)
			continue;
		any = true;
		printf("  %-10s %s%-16s%s", name_of(role_names, iface->role), paint(BOLD),
		       iface->name, paint(PLAIN));
		if (!iface->pattern[0])
			printf(" by the default");
		else if (strcmp(iface->pattern, iface->name))
			printf(" by %s", iface->pattern);
		putchar('\n');
	}
	for (i = 0; i < view->roles.n; i++)
		if (!used(view, &view->roles.stmt[i])) {
			any = true;
			printf("  %-10s %swaiting for %s%s\n",
			       name_of(role_names, view->roles.stmt[i].role.role),
			       paint(YELLOW), view->roles.stmt[i].role.iface, paint(PLAIN));
		}
	if (!any)
		printf("  %snone: every packet passes; see: fwctl role --help%s\n",
		       paint(RED), paint(PLAIN));
}

/* Per second, from two readings; only for a person, who does not mind the wait. */
static void print_rates(struct module *module, const struct module_status *before)
{
	struct timespec wait = { .tv_nsec = SAMPLE_MS * 1000000L }, t0, t1;
	struct module_status now;
	double seconds;

	if (!isatty(STDOUT_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	nanosleep(&wait, NULL);
	if (module_status(module, &now))
		return;
	clock_gettime(CLOCK_MONOTONIC, &t1);
	seconds = (t1.tv_sec - t0.tv_sec) + (t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("  per second %.0f packets, %.0f new flows\n",
	       (now.packets - before->packets) / seconds,
	       (now.new_flows - before->new_flows) / seconds);
}

static void print_text(struct module *module, const struct view *view)
{
	const struct module_status *s = &view->status;
	bool any = false;
	char bytes[32];
	size_t i;

	printf("%sFlowWall %s%s, ruleset %u, %u rule%s\n", paint(BOLD), s->version, paint(PLAIN),
	       s->generation, s->rules, s->rules == 1 ? "" : "s");
	if (s->confirm)
		printf("%sthe ruleset of before comes back in %u s, unless: fwctl confirm%s\n",
		       paint(YELLOW), s->confirm, paint(PLAIN));
	puts("roles");
	print_roles(view);
	if (s->groups)
		printf("groups\n  %u with %u member%s\n", s->groups, s->members,
		       s->members == 1 ? "" : "s");
	puts("flows");
	printf("  in use     %u of %u (%s)\n", s->flows, s->max_flows,
	       human_bytes(s->memory, bytes, sizeof(bytes)));
	printf("  so far     %llu new, %llu packets", (unsigned long long)s->new_flows,
	       (unsigned long long)s->packets);
	if (s->fast)
		printf(", %llu by the fast path", (unsigned long long)s->fast);
	putchar('\n');
	print_rates(module, s);
	printf("  always     %llu of neighbour discovery, %llu answers of DHCP\n",
	       (unsigned long long)s->neighbour, (unsigned long long)s->dhcp);
	puts("drops");
	for (i = 0; i < __FLOWWALL_DROP_MAX; i++) {
		if (!s->drop[i])
			continue;
		any = true;
		printf("  %-10s %10llu  %s%s%s\n", name_of(drop_names, i),
		       (unsigned long long)s->drop[i], paint(DIM), drop_sentence(i), paint(PLAIN));
	}
	if (!any)
		puts("  none");
}

static void metric(const char *name, const char *type, const char *help, uint64_t value)
{
	printf("# HELP flowwall_%s %s\n# TYPE flowwall_%s %s\nflowwall_%s %llu\n", name, help, name,
	       type, name, (unsigned long long)value);
}

/* Only rules that somebody gave an id: the number of another one means nothing tomorrow. */
static int print_rule_metrics(struct module *module)
{
	static const char *const names[] = { "packets", "bytes", NULL };
	struct script script;
	int err = module_ruleset(module, FLOWWALL_KIND_RULE, NULL, &script);
	size_t i, k;

	for (k = 0; !err && names[k]; k++) {
		printf("# HELP flowwall_rule_%s_total That the rule decided about.\n"
		       "# TYPE flowwall_rule_%s_total counter\n", names[k], names[k]);
		for (i = 0; i < script.n; i++)
			if (script.stmt[i].rule.name[0])
				printf("flowwall_rule_%s_total{rule=\"%s\"} %llu\n", names[k],
				       script.stmt[i].rule.name, (unsigned long long)
				       (k ? script.stmt[i].rule.bytes : script.stmt[i].rule.packets));
	}
	script_free(&script);
	return err;
}

/* The text format, as the node exporter reads it from a file. */
static int print_prometheus(struct module *module)
{
	struct module_status s;
	size_t i;

	if (module_status(module, &s))
		return module_failed(module);
	metric("up", "gauge", "Whether the module answers.", 1);
	metric("flows", "gauge", "Flows in use.", s.flows);
	metric("flows_limit", "gauge", "How many there may be.", s.max_flows);
	metric("memory_bytes", "gauge", "Memory of the flow table.", s.memory);
	metric("rules", "gauge", "Rules in force.", s.rules);
	metric("ruleset_generation", "counter", "Rulesets so far.", s.generation);
	metric("ruleset_waits", "gauge", "Whether it waits to be confirmed.", s.confirm != 0);
	metric("packets_total", "counter", "Packets that were judged.", s.packets);
	metric("fastpath_packets_total", "counter", "Of these, by the fast path.", s.fast);
	metric("new_flows_total", "counter", "Flows that were made.", s.new_flows);
	puts("# HELP flowwall_drops_total Packets that were dropped.\n"
	     "# TYPE flowwall_drops_total counter");
	for (i = 0; i < __FLOWWALL_DROP_MAX; i++)
		printf("flowwall_drops_total{reason=\"%s\"} %llu\n", name_of(drop_names, i),
		       (unsigned long long)s.drop[i]);
	return print_rule_metrics(module) ? module_failed(module) : DONE;
}

/**
 * cmd_status() - fwctl status [--prometheus]
 */
int cmd_status(int argc, char **argv)
{
	struct view view = { .ifaces = NULL };
	struct module *module;
	bool metrics = argc == 1 && !strcmp(argv[0], "--prometheus");
	int status = metrics ? DONE : no_arguments(argc, argv);

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;
	if (metrics) {
		status = print_prometheus(module);
		module_close(module);
		return status;
	}
	if (module_status(module, &view.status) ||
	    module_ifaces(module, &view.ifaces, &view.n_ifaces) ||
	    module_ruleset(module, FLOWWALL_KIND_ROLE, NULL, &view.roles))
		status = module_failed(module);
	else if (options.json)
		print_json(&view);
	else
		print_text(module, &view);
	free(view.ifaces);
	script_free(&view.roles);
	module_close(module);
	return status;
}
