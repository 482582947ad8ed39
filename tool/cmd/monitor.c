// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl monitor: events as they happen. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "../fwctl.h"
#include "../journal.h"
#include "../out.h"
#include "../privileges.h"
#include "../rule_names.h"
#include "../stop.h"

const struct name event_names[] = {
	{ "flow-new", EVENT_FLOW_NEW }, { "flow-end", EVENT_FLOW_END },
	{ "table-full", EVENT_TABLE_FULL }, { "log", EVENT_LOG }, { "group", EVENT_GROUP },
	{ "ruleset", EVENT_RULESET }, { "iface", EVENT_IFACE }, { "lost", EVENT_LOST },
	{ NULL, 0 }
};

/* What a journal is for: not each flow. */
#define FOR_JOURNAL (1U << EVENT_TABLE_FULL | 1U << EVENT_LOG | 1U << EVENT_RULESET | \
		     1U << EVENT_IFACE | 1U << EVENT_LOST)

/**
 * struct listener - what the events are told with
 * @module: a connection to ask what rules are called; the events come on another
 * @names: of the rules
 * @changed: there is another ruleset since @names was read
 * @wanted: a bit for each kind of event
 * @journal: where they go, or NULL
 */
struct listener {
	struct module *module;
	struct rule_names names;
	bool changed;
	unsigned int wanted;
	struct journal *journal;
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

static void print_flow(FILE *to, const struct event *event, const char *rule)
{
	const struct flow *flow = &event->flow;
	char ends[128], proto[8], bytes[32];

	entry_text(flow, &flow->original, ends, sizeof(ends));
	fprintf(to, "%s %s %s", name_of(direction_names, flow->direction),
	       proto_text(flow->proto, proto, sizeof(proto)), ends);
	if (event->kind == EVENT_FLOW_END)
		fprintf(to, ", %s: %llu packets, %s", name_of(end_names, event->end_reason),
		       (unsigned long long)(flow->original.packets + flow->reply.packets),
		       human_bytes(flow->original.bytes + flow->reply.bytes, bytes, sizeof(bytes)));
	if (event->kind == EVENT_TABLE_FULL)
		fprintf(to, ": refused, all %u flows are in use (%u refused since this was said last)",
		       event->max_flows, event->refused);
	else if (rule)
		fprintf(to, ", rule %s", rule);
	fputc('\n', to);
}

/* What happened, on one line. */
static void print_event(FILE *to, const struct event *event, const char *rule)
{
	char ends[160];

	switch (event->kind) {
	case EVENT_RULESET:
		fprintf(to, "number %u is in force\n", event->generation);
		break;
	case EVENT_IFACE:
		fprintf(to, "%s is now %s\n", event->iface.name, name_of(role_names, event->iface.role));
		break;
	case EVENT_LOG:
		drop_text(&event->drop, ends, sizeof(ends));
		fprintf(to, "%s%s%s: %s%s, rule %s\n", event->label, *event->label ? ": " : "", ends,
		       event->drop.reason < 0 ? "passes" : "dropped, ",
		       event->drop.reason < 0 ? "" : name_of(drop_names, event->drop.reason),
		       rule ? rule : "?");
		break;
	case EVENT_GROUP:
		fprintf(to, "%s now has %u member%s\n", event->group, event->size,
		       event->size == 1 ? "" : "s");
		break;
	case EVENT_LOST:
		fputs("events came faster than they could be read: ", to);
		if (event->lost)
			fprintf(to, "%u are missing\n", event->lost);
		else
			fputs("some are missing\n", to);
		break;
	default:
		print_flow(to, event, rule);
		break;
	}
}

static void print_text(const struct event *event, const char *rule, const struct timespec *now)
{
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&now->tv_sec, &tm))
		strftime(when, sizeof(when), "%T", &tm);
	printf("%s.%03ld %s%-10s%s ", when, now->tv_nsec / 1000000,
	       paint(event->kind == EVENT_LOST ? RED : BOLD),
	       name_of(event_names, event->kind), paint(PLAIN));
	print_event(stdout, event, rule);
}

/* Each rule, and each other kind of event, is written so often and no more. */
static void to_journal(struct journal *journal, const struct event *event, const char *rule)
{
	char kind[64], *text = NULL;
	uint64_t held_back, others;
	struct timespec now;
	json_t *fields;
	size_t size;
	FILE *to;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(kind, sizeof(kind), "%s %s", name_of(event_names, event->kind), rule ? rule : "");
	if (!journal_may(journal, kind, now.tv_sec + now.tv_nsec / 1e9, &held_back,
			 &others))
		return;
	to = open_memstream(&text, &size);
	if (!to)
		fail_out_of_memory();
	print_event(to, event, rule);
	if (fclose(to))
		fail_out_of_memory();
	text[strcspn(text, "\n")] = '\0';
	fields = event_json(event, rule);
	json_object_set_new(fields, "event", json_string(name_of(event_names, event->kind)));
	if (held_back)
		json_object_set_new(fields, "held_back", json_integer(held_back));
	if (others)
		json_object_set_new(fields, "held_back_others", json_integer(others));
	/* Where there is no journal any more, its next start finds this service again. */
	if (!journal_send(journal, text,
			  event->kind == EVENT_TABLE_FULL || event->kind == EVENT_LOST ?
			  LOG_WARNING : LOG_INFO, fields))
		raise(SIGTERM);
	json_decref(fields);
	free(text);
}

static void each(const struct event *event, void *arg)
{
	struct listener *listener = arg;
	struct timespec now;
	char buffer[16];
	const char *rule;

	if (event->kind == EVENT_RULESET)
		listener->changed = true;
	if (!(listener->wanted & 1U << event->kind))
		return;
	rule = rule_of(listener, event->kind == EVENT_LOG ? event->drop.flow.rule : event->flow.rule,
		       buffer, sizeof(buffer));
	clock_gettime(CLOCK_REALTIME, &now);
	if (listener->journal) {
		to_journal(listener->journal, event, rule);
	} else if (options.json) {
		json_t *object = json_pack("{s:s, s:f}", "event", name_of(event_names, event->kind),
					   "time", now.tv_sec + now.tv_nsec / 1e9);
		json_t *rest = event_json(event, rule);

		json_object_update(object, rest);
		json_decref(rest);
		out_json(object);
	} else {
		print_text(event, rule, &now);
	}
}

static int listen_to(struct module *events, struct listener *listener)
{
	sigset_t before;
	int err = keep_asking();

	if (err)
		return wrong(NULL, "cannot give up the rights of root: %s", strerror(-err)), FAILED;
	stop_on_signals(&before);
	tell_ready();
	while (!stopped() && !ferror(stdout) && (!err || err == -EINTR))
		err = module_events(events, &before, each, listener);
	return err && err != -EINTR ? module_failed(events) : DONE;
}

static int read_arguments(int argc, char **argv, struct listener *listener,
			  struct journal *journal)
{
	unsigned int kind;
	int i;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--journal"))
			listener->journal = journal;
		else if (value_of(event_names, argv[i], &kind))
			listener->wanted |= 1U << kind;
		else
			return wrong("flow-new, flow-end, table-full, log, group, ruleset, iface, lost",
				     "`%s` is not an event", argv[i]);
	}
	if (!listener->wanted)
		listener->wanted = listener->journal ? FOR_JOURNAL : ~0U;
	if (listener->journal && !journal_open(journal)) {
		wrong("systemctl status systemd-journald", "cannot reach the journal: %s",
		      strerror(errno));
		return FAILED;
	}
	return DONE;
}

/**
 * cmd_monitor() - fwctl monitor [EVENT]... [--journal]
 */
int cmd_monitor(int argc, char **argv)
{
	struct listener listener = { .changed = false };
	struct journal journal = { .fd = -1 };
	struct module *events;
	int status = read_arguments(argc, argv, &listener, &journal);

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
	else
		status = listen_to(events, &listener);
	rule_names_free(&listener.names);
	module_close(listener.module);
out:
	module_close(events);
	journal_close(&journal);
	return status;
}
