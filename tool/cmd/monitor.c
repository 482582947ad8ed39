// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl monitor: events as they happen. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../fwctl.h"
#include "../out.h"
#include "../rule_names.h"

static const char *const kind_names[] = {
	[EVENT_FLOW_NEW] = "flow-new",
	[EVENT_FLOW_END] = "flow-end",
	[EVENT_TABLE_FULL] = "table-full",
	[EVENT_RULESET] = "ruleset",
	[EVENT_LOG] = "log",
	[EVENT_GROUP] = "group",
	[EVENT_IFACE] = "iface",
	[EVENT_LOST] = "lost",
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/**
 * struct listener - what the events are told with
 * @module: a connection to ask what rules are called; the events come on another
 * @names: of the rules
 * @changed: there is another ruleset since @names was read
 */
struct listener {
	struct module *module;
	struct rule_names names;
	bool changed;
};

/* What the rule of a flow is called; a new rule is looked up when it is needed. */
static const char *rule_of(struct listener *listener, uint32_t handle, char *buffer, size_t size)
{
	if (handle && listener->changed && !rule_names_have(&listener->names, handle)) {
		rule_names_free(&listener->names);
		rule_names_read(listener->module, &listener->names);
		listener->changed = false;
	}
	return rule_names_find(&listener->names, handle, buffer, size);
}

static json_t *event_json(const struct event *event, const char *rule)
{
	switch (event->kind) {
	case EVENT_FLOW_NEW:
		return flow_json(&event->flow, rule);
	case EVENT_FLOW_END: {
		json_t *object = flow_json(&event->flow, rule);

		json_object_set_new(object, "reason",
				    json_string(name_of(end_names, event->end_reason)));
		return object;
	}
	case EVENT_TABLE_FULL: {
		char proto[8];

		return json_pack("{s:I, s:I, s:s, s:s, s:o}",
				 "max_flows", (json_int_t)event->max_flows,
				 "refused", (json_int_t)event->refused,
				 "proto", proto_text(event->flow.proto, proto, sizeof(proto)),
				 "direction", name_of(direction_names, event->flow.direction),
				 "original", entry_json(&event->flow, &event->flow.original));
	}
	case EVENT_RULESET:
		return json_pack("{s:I}", "generation", (json_int_t)event->generation);
	case EVENT_LOG:
		return drop_json(&event->drop, rule, event->label);
	case EVENT_GROUP:
		return json_pack("{s:o, s:I}", "name", json_text(event->group),
				 "size", (json_int_t)event->size);
	case EVENT_IFACE:
		return json_pack("{s:o, s:s}", "iface", json_text(event->iface.name),
				 "role", name_of(role_names, event->iface.role));
	default:
		return json_pack("{s:o}", "events",
				 event->lost ? json_integer(event->lost) : json_null());
	}
}

static void print_flow(const struct event *event, const char *rule)
{
	const struct flow *flow = &event->flow;
	char ends[128], proto[8], bytes[32];

	entry_text(flow, &flow->original, ends, sizeof(ends));
	printf("%s %s %s", name_of(direction_names, flow->direction),
	       proto_text(flow->proto, proto, sizeof(proto)), ends);
	if (event->kind == EVENT_FLOW_END)
		printf(", %s: %llu packets, %s", name_of(end_names, event->end_reason),
		       (unsigned long long)(flow->original.packets + flow->reply.packets),
		       human_bytes(flow->original.bytes + flow->reply.bytes, bytes, sizeof(bytes)));
	if (event->kind == EVENT_TABLE_FULL)
		printf(": refused, all %u flows are in use (%u refused since this was said last)",
		       event->max_flows, event->refused);
	else if (rule)
		printf(", rule %s", rule);
	putchar('\n');
}

static void print_text(const struct event *event, const char *rule, const struct timespec *now)
{
	char when[32] = "", ends[160];
	struct tm tm;

	if (localtime_r(&now->tv_sec, &tm))
		strftime(when, sizeof(when), "%T", &tm);
	printf("%s.%03ld %s%-10s%s ", when, now->tv_nsec / 1000000, paint(BOLD),
	       kind_names[event->kind], paint(PLAIN));
	switch (event->kind) {
	case EVENT_RULESET:
		printf("number %u is in force\n", event->generation);
		break;
	case EVENT_IFACE:
		printf("%s is now %s\n", event->iface.name, name_of(role_names, event->iface.role));
		break;
	case EVENT_LOG:
		drop_text(&event->drop, ends, sizeof(ends));
		printf("%s%s%s: %s%s, rule %s\n", event->label, *event->label ? ": " : "", ends,
		       event->drop.reason < 0 ? "passes" : "dropped, ",
		       event->drop.reason < 0 ? "" : name_of(drop_names, event->drop.reason),
		       rule ? rule : "?");
		break;
	case EVENT_GROUP:
		printf("%s now has %u member%s\n", event->group, event->size,
		       event->size == 1 ? "" : "s");
		break;
	case EVENT_LOST:
		printf("%sevents came faster than they could be read: ", paint(RED));
		if (event->lost)
			printf("%u are missing%s\n", event->lost, paint(PLAIN));
		else
			printf("some are missing%s\n", paint(PLAIN));
		break;
	default:
		print_flow(event, rule);
		break;
	}
}

static void each(const struct event *event, void *arg)
{
	struct listener *listener = arg;
	struct timespec now;
	char buffer[16];
	const char *rule;

	if (event->kind == EVENT_RULESET)
		listener->changed = true;
	rule = rule_of(listener, event->kind == EVENT_LOG ? event->drop.flow.rule : event->flow.rule,
		       buffer, sizeof(buffer));
	clock_gettime(CLOCK_REALTIME, &now);
	if (options.json) {
		json_t *object = json_pack("{s:s, s:f}", "event", kind_names[event->kind],
					   "time", now.tv_sec + now.tv_nsec / 1e9);
		json_t *rest = event_json(event, rule);

		json_object_update(object, rest);
		json_decref(rest);
		out_json(object);
	} else {
		print_text(event, rule, &now);
	}
}

/* Signals come only while it waits: none is missed, none cuts a line. */
static int listen_to(struct module *events, struct listener *listener)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t mask, before;
	int err = 0;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!stop && !ferror(stdout) && (!err || err == -EINTR))
		err = module_events(events, &before, each, listener);
	return err == -EINTR ? 0 : err;
}

/**
 * cmd_monitor() - fwctl monitor
 */
int cmd_monitor(int argc, char **argv)
{
	struct listener listener = { .changed = false };
	struct module *events;
	int status = no_arguments(argc, argv);

	if (status)
		return status;
	status = connect_module(&events);
	if (status)
		return status;
	options.netns = NULL;	/* it was entered, and the name may mean another one now */
	status = connect_module(&listener.module);
	if (status)
		goto out;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Who may not read the rules may not listen either, whatever the kernel says. */
	if (module_subscribe(events))
		status = module_failed(events);
	else if (rule_names_read(listener.module, &listener.names))
		status = module_failed(listener.module);
	else if (listen_to(events, &listener))
		status = module_failed(events);
	rule_names_free(&listener.names);
	module_close(listener.module);
out:
	module_close(events);
	return status;
}
