// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl app: the application filter of one or more queues, until a signal. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../app/queue.h"
#include "../fwctl.h"
#include "../out.h"
#include "parser.h"
#include "../privileges.h"
#include "../stop.h"

#define QUEUES_MAX	64
#define MEMORY		64	/* MiB, for all queues together */

static const char hint[] = "fwctl app --queue N[-M] [--memory MIB] FILE";

/**
 * struct running - the filter
 * @file: its rules
 * @first: number of the first queue
 */
struct running {
	const char *file;
	unsigned int first;
	size_t n;
	struct queue *queue;
	size_t memory;
	bool check;
	struct shared_rules shared;
	struct decisions decisions;
	struct module *module;
};

static volatile sig_atomic_t reload, show;

static void on_reload(int number)
{
	*(number == SIGHUP ? &reload : &show) = 1;
}

/* --- arguments ---------------------------------------------------------------- */

static bool read_queues(const char *text, struct running *running)
{
	unsigned long long first, last;
	const char *dash = strchrnul(text, '-');
	char *lower = strndup(text, dash - text);
	bool good;

	if (!lower)
		fail_out_of_memory();
	good = number(lower, 65535, &first);
	free(lower);
	last = first;
	if (!good || (*dash && !number(dash + 1, 65535, &last)) || last < first ||
	    last - first >= QUEUES_MAX)
		return false;
	running->first = first;
	running->n = last - first + 1;
	return true;
}

static int read_arguments(int argc, char **argv, struct running *running)
{
	unsigned long long memory = MEMORY;
	int i;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--queue")) {
			if (++i == argc || !read_queues(argv[i], running))
				return wrong(hint, "--queue needs a number up to 65535, or up to %d as in 10-13",
					     QUEUES_MAX);
		} else if (!strcmp(argv[i], "--memory")) {
			if (++i == argc || !number(argv[i], 65536, &memory) || !memory)
				return wrong(hint, "--memory needs a number of MiB from 1 to 65536");
		} else if (!strcmp(argv[i], "--check")) {
			running->check = true;
		} else if (argv[i][0] == '-' && argv[i][1]) {
			return wrong(hint, "the option `%s` is not known here", argv[i]);
		} else if (running->file) {
			return wrong(hint, "`%s`: one file is enough", argv[i]);
		} else {
			running->file = argv[i];
		}
	}
	if (!running->file)
		return wrong(hint, "the file of its rules is missing");
	if (!running->n && !running->check)
		return wrong(hint, "which queue? See `queue` of the firewall's rules");
	running->memory = memory << 20;
	return DONE;
}

/* --- what is printed ---------------------------------------------------------- */

static void ends_text(const struct ends *ends, unsigned int which, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(ends->family, ends->addr[which], address, sizeof(address));
	snprintf(text, size, "%s port %u", address, ends->port[which]);
}

static json_t *address_json(const struct ends *ends, unsigned int which)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(ends->family, ends->addr[which], address, sizeof(address));
	return json_string(address);
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

static void print_json(const struct told_decision *entry)
{
	json_t *object = json_pack("{s:s, s:f, s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:i}",
		"event", "decision", "time", entry->when,
		"verdict", entry->allowed ? "allow" : "deny",
		"proto", name_of(app_proto_names, entry->proto),
		"rule", text_or_null(entry->rule), "why", text_or_null(entry->why),
		"src", address_json(&entry->ends, 0), "dst", address_json(&entry->ends, 1),
		"sport", entry->ends.port[0], "dport", entry->ends.port[1]);

	json_object_set_new(object, "name", text_or_null(entry->name));
	if (entry->proto == APP_HTTP) {
		json_object_set_new(object, "method", text_or_null(entry->method));
		json_object_set_new(object, "path", text_or_null(entry->path));
	}
	if (entry->proto == APP_DNS)
		json_object_set_new(object, "type", json_integer(entry->type));
	if (entry->mark)
		json_object_set_new(object, "mark", json_integer(entry->mark));
	out_json(object);
}

static void print_text(const struct told_decision *entry)
{
	char when[32] = "", from[80], to[80];
	time_t seconds = entry->when;
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%T", &tm);
	ends_text(&entry->ends, 0, from, sizeof(from));
	ends_text(&entry->ends, 1, to, sizeof(to));
	printf("%s.%03d %s%-5s%s %s %s%s%s%s from %s to %s, %s%s\n", when,
	       (int)((entry->when - seconds) * 1000), paint(entry->allowed ? GREEN : RED),
	       entry->allowed ? "allow" : "deny", paint(PLAIN),
	       name_of(app_proto_names, entry->proto), entry->method, *entry->method ? " " : "",
	       *entry->name ? entry->name : entry->proto == APP_OTHER ? "" : "(no name)", entry->path,
	       from, to, *entry->rule ? "rule " : "", *entry->rule ? entry->rule : entry->why);
}

static void print_decisions(struct decisions *decisions)
{
	struct told_decision entry;
	uint64_t lost;

	while (decisions_take(decisions, &entry, &lost)) {
		if (lost && options.json)
			out_json(json_pack("{s:s, s:I}", "event", "lost", "decisions", (json_int_t)lost));
		else if (lost)
			printf("%llu decisions came faster than they could be printed\n",
			       (unsigned long long)lost);
		if (options.json)
			print_json(&entry);
		else
			print_text(&entry);
	}
}

static json_t *queue_json(const struct queue *queue)
{
	const struct filter_counts *counts = &queue->filter.counts;
	uint64_t waiting = 0, dropped = 0;

	queue_kernel_counts(queue, &waiting, &dropped);
	return json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"queue", queue->number, "bypass", queue->open,
		"packets", (json_int_t)counts->packets, "waiting", (json_int_t)waiting,
		"dropped", (json_int_t)dropped, "overflows", (json_int_t)queue->overflows,
		"unsent", (json_int_t)queue->unsent,
		"connections", (json_int_t)queue->filter.streams.n,
		"memory", (json_int_t)queue->filter.streams.memory,
		"midway", (json_int_t)counts->midway, "full", (json_int_t)counts->full,
		"repeated", (json_int_t)counts->repeated, "broken", (json_int_t)counts->broken);
}

static void counts_json(const struct running *running)
{
	const struct app_rules *rules = running->shared.rules;
	json_t *list = json_array(), *queues = json_array();
	size_t i;

	for (i = 0; i < rules->n; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:I}", "id", json_text(rules->rule[i].id),
			"text", json_text(rules->rule[i].text), "requests", (json_int_t)rules->rule[i].hits));
	for (i = 0; i < running->n; i++)
		json_array_append_new(queues, queue_json(&running->queue[i]));
	out_json(json_pack("{s:s, s:i, s:o, s:I, s:o}", "event", "counters", "schema", JSON_SCHEMA,
			   "rules", list, "unreadable", (json_int_t)rules->malformed, "queues", queues));
}

static void print_counts(const struct running *running)
{
	const struct app_rules *rules = running->shared.rules;
	char memory[32];
	size_t i;

	if (options.json) {
		counts_json(running);
		return;
	}
	for (i = 0; i < rules->n; i++)
		printf("%10llu  %s\n", (unsigned long long)rules->rule[i].hits, rules->rule[i].text);
	printf("%10llu  denied, since they cannot be read\n", (unsigned long long)rules->malformed);
	for (i = 0; i < running->n; i++) {
		const struct queue *queue = &running->queue[i];
		const struct filter_counts *counts = &queue->filter.counts;
		uint64_t waiting = 0, dropped = 0;

		queue_kernel_counts(queue, &waiting, &dropped);
		printf("queue %u: %llu packets, %llu wait, %llu found no place (%llu overflows), "
		       "%zu connections in %s; %llu begun before, %llu without memory, "
		       "%llu repeated, %llu broken\n", queue->number,
		       (unsigned long long)counts->packets, (unsigned long long)waiting,
		       (unsigned long long)dropped, (unsigned long long)queue->overflows,
		       queue->filter.streams.n,
		       human_bytes(queue->filter.streams.memory, memory, sizeof(memory)),
		       (unsigned long long)counts->midway, (unsigned long long)counts->full,
		       (unsigned long long)counts->repeated, (unsigned long long)counts->broken);
	}
}

/* --- the filter --------------------------------------------------------------- */

/* Does what finds no place in a queue pass? Only if all rules with this queue say so. */
static bool is_open(const struct script *rules, unsigned int number, bool *named)
{
	bool open = true;
	size_t i;

	*named = false;
	for (i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->stmt[i].rule;

		if (!rule->queued || number < rule->queue_first || number > rule->queue_last)
			continue;
		*named = true;
		open &= rule->queue_bypass;
	}
	return *named && open;
}

/* What the firewall's rules say of the queues; @open: set for each. */
static int ask_module(struct running *running, bool *open)
{
	struct script rules;
	bool named;
	size_t i;

	if (module_ruleset(running->module, FLOWWALL_KIND_RULE, NULL, &rules)) {
		script_free(&rules);
		return module_failed(running->module);
	}
	for (i = 0; i < running->n; i++) {
		open[i] = is_open(&rules, running->first + i, &named);
		if (!named)
			fprintf(stderr, "fwctl: no rule of the firewall has the queue %zu yet\n",
				running->first + i);
	}
	script_free(&rules);
	return DONE;
}

/*
 * Puts new rules in the place of the old ones, and waits until nobody has those. A thread
 * that has ended does not say so: the old ones are not freed then.
 */
static void replace_rules(struct running *running, struct app_rules *rules)
{
	struct shared_rules *shared = &running->shared;
	struct app_rules *old = shared->rules;
	bool used = true;
	size_t i;

	pthread_mutex_lock(&shared->lock);
	shared->users = running->n;
	__atomic_store_n(&shared->rules, rules, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&shared->lock);
	while (used) {
		usleep(1000);
		pthread_mutex_lock(&shared->lock);
		used = shared->users;
		pthread_mutex_unlock(&shared->lock);
		if (used && stopped())
			return;
		for (i = 0; i < running->n; i++)
			if (running->queue[i].failed)
				return;
	}
	app_rules_keep_counts(rules, old);
	app_rules_free(old);
	free(old);
}

static void read_again(struct running *running)
{
	struct app_rules *rules = calloc(1, sizeof(*rules));
	bool open[QUEUES_MAX];
	size_t i;

	if (!rules)
		fail_out_of_memory();
	if (app_rules_read(running->file, rules)) {
		replace_rules(running, rules);
		if (options.json)
			out_json(json_pack("{s:s, s:I}", "event", "reload", "rules",
					   (json_int_t)running->shared.rules->n));
		else
			printf("rules in force: %zu\n", running->shared.rules->n);
	} else {
		fprintf(stderr, "fwctl: the old rules stay in force\n");
		app_rules_free(rules);
		free(rules);
	}
	if (ask_module(running, open) == DONE)
		for (i = 0; i < running->n; i++)
			queue_set_open(&running->queue[i], open[i]);
}

static int open_queues(struct running *running)
{
	bool open[QUEUES_MAX];
	int status = ask_module(running, open);
	size_t i;

	for (i = 0; !status && i < running->n; i++) {
		struct queue *queue = &running->queue[i];

		queue->number = running->first + i;
		queue->open = open[i];
		queue->shared = &running->shared;
		queue->decisions = &running->decisions;
		if (queue_open(queue, running->memory / running->n))
			continue;
		if (errno == EPERM)
			wrong("another program listens to it, or this is neither root nor has CAP_NET_ADMIN and CAP_NET_RAW",
			      "the queue %u cannot be had", queue->number);
		else
			wrong(NULL, "the queue %u cannot be had: %s", queue->number, strerror(errno));
		status = FAILED;
	}
	return status;
}

static void say_ready(const struct running *running)
{
	if (options.json)
		out_json(json_pack("{s:s, s:i, s:i, s:I}", "event", "ready", "queue", running->first,
				   "queues", (int)running->n, "rules",
				   (json_int_t)running->shared.rules->n));
	else
		printf("rules in force for queue %u%s: %zu\n", running->first,
		       running->n > 1 ? " and those behind it" : "", running->shared.rules->n);
}

/* One of the threads could not go on. */
static int first_failure(const struct running *running)
{
	size_t i;

	for (i = 0; i < running->n; i++)
		if (running->queue[i].failed)
			return running->queue[i].failed;
	return 0;
}

static int serve(struct running *running)
{
	struct sigaction action = { .sa_handler = on_reload };
	struct pollfd fd = { .fd = running->decisions.wake, .events = POLLIN };
	struct timespec second = { .tv_sec = 1 };
	sigset_t before, mask;
	uint64_t ignored;
	size_t i;

	stop_on_signals(&before);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < running->n; i++)
		if (!queue_start(&running->queue[i]))
			return wrong(NULL, "no thread can be had: %s", strerror(errno)), FAILED;
	setvbuf(stdout, NULL, _IOLBF, 0);
	say_ready(running);
	tell_ready();
	while (!stopped() && !first_failure(running) && !ferror(stdout)) {
		ppoll(&fd, 1, &second, &before);
		if (read(fd.fd, &ignored, sizeof(ignored)) < 0)
			ignored = 0;	/* nobody woke it */
		print_decisions(&running->decisions);
		if (reload) {
			reload = 0;
			read_again(running);
		}
		if (show) {
			show = 0;
			print_counts(running);
		}
	}
	print_decisions(&running->decisions);
	if (first_failure(running))
		return wrong(NULL, "a queue broke: %s", strerror(first_failure(running))), FAILED;
	return DONE;
}

static int filter(struct running *running)
{
	int status = connect_module(&running->module), err = 0;
	size_t i;

	if (status)
		return status;
	if (!decisions_open(&running->decisions, options.verbose))
		return wrong(NULL, "%s", strerror(errno)), FAILED;
	running->queue = calloc(running->n, sizeof(*running->queue));
	if (!running->queue)
		fail_out_of_memory();
	status = open_queues(running);
	/* What remains: to give verdicts, and to read the rules again when they have changed. */
	if (!status)
		err = become_nobody(1U << CAP_NET_ADMIN | 1U << CAP_DAC_READ_SEARCH);
	if (err)
		status = (wrong(NULL, "cannot go on as `nobody`: %s", strerror(-err)), FAILED);
	if (!status)
		status = serve(running);
	if (!status)
		print_counts(running);
	stop_now();
	for (i = 0; i < running->n; i++)
		queue_close(&running->queue[i]);
	free(running->queue);
	decisions_close(&running->decisions);
	module_close(running->module);
	return status;
}

/**
 * cmd_app() - fwctl app --queue N[-M] [--memory MIB] FILE | --check FILE
 */
int cmd_app(int argc, char **argv)
{
	struct running running = { .shared.lock = PTHREAD_MUTEX_INITIALIZER };
	int status = read_arguments(argc, argv, &running);

	if (status)
		return status;
	running.shared.rules = calloc(1, sizeof(*running.shared.rules));
	if (!running.shared.rules)
		fail_out_of_memory();
	if (!app_rules_read(running.file, running.shared.rules))
		status = REFUSED;
	else if (running.check && options.json)
		out_json(json_pack("{s:I}", "rules", (json_int_t)running.shared.rules->n));
	else if (running.check)
		printf("%s: %zu rules\n", running.file, running.shared.rules->n);
	else
		status = filter(&running);
	app_rules_free(running.shared.rules);
	free(running.shared.rules);
	return status;
}
