// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl monitor: events as they happen. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../fwctl.h"
#include "../out.h"

static const char *const kind_names[] = {
	[EVENT_FLOW_NEW] = "flow-new",
	[EVENT_FLOW_END] = "flow-end",
	[EVENT_TABLE_FULL] = "table-full",
	[EVENT_RULESET] = "ruleset",
	[EVENT_IFACE] = "iface",
	[EVENT_LOST] = "lost",
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static json_t *event_json(const struct event *event)
{
	char rule[16];

	snprintf(rule, sizeof(rule), "%u", event->flow.rule);
	switch (event->kind) {
	case EVENT_FLOW_NEW:
		return flow_json(&event->flow, event->flow.rule ? rule : NULL);
	case EVENT_FLOW_END: {
		json_t *object = flow_json(&event->flow, event->flow.rule ? rule : NULL);

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
	case EVENT_IFACE:
		return json_pack("{s:s, s:s}", "iface", event->iface.name,
				 "role", name_of(role_names, event->iface.role));
	default:
		return json_object();
	}
}

static void print_flow(const struct event *event)
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
		printf(": refused, all %u flows are in use (%u refused so far)",
		       event->max_flows, event->refused);
	putchar('\n');
}

static void print_text(const struct event *event, const struct timespec *now)
{
	char when[32] = "";
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
	case EVENT_LOST:
		printf("%sevents came faster than they could be read; some are missing%s\n",
		       paint(RED), paint(PLAIN));
		break;
	default:
		print_flow(event);
		break;
	}
}

static void each(const struct event *event, void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	if (options.json) {
		json_t *object = event_json(event);

		json_object_set_new(object, "event", json_string(kind_names[event->kind]));
		json_object_set_new(object, "time", json_real(now.tv_sec + now.tv_nsec / 1e9));
		out_json(object);
	} else {
		print_text(event, &now);
	}
}

/**
 * cmd_monitor() - fwctl monitor
 */
int cmd_monitor(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct module_status any;
	struct module *module;
	struct pollfd ready;
	sigset_t caught, before;
	int status = no_arguments(argc, argv);

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;

	/* Signals come only while it waits: none is missed, none cuts a line. */
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigprocmask(SIG_BLOCK, &caught, &before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* Who may not read the status may not listen either, whatever the kernel says. */
	if (module_status(module, &any) || module_subscribe(module))
		status = module_failed(module);
	ready = (struct pollfd){ .fd = module_socket(module), .events = POLLIN };
	while (!status && !stop && !ferror(stdout)) {
		if (ppoll(&ready, 1, NULL, &before) > 0 && module_events(module, each, NULL))
			status = module_failed(module);
	}
	module_close(module);
	return status;
}
