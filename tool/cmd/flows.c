// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl flows: the flow table, or a part of it; and the end of some of its flows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../flow_query.h"
#include "../fwctl.h"
#include "../line.h"
#include "../out.h"
#include "../privileges.h"
#include "../stop.h"

const char *const flows_verbs[] = { "list", "kill", NULL };

enum sort_key { AS_THEY_COME, BY_BYTES, BY_PACKETS, BY_TTL };

const struct name sort_names[] = {
	{ "bytes", BY_BYTES }, { "packets", BY_PACKETS }, { "ttl", BY_TTL }, { NULL, 0 }
};

/* What the command line says. */
struct request {
	struct flow_query query;
	bool all;
	unsigned int sort;
	unsigned int follow;	/* seconds between two lists */
};

/* --- the request ------------------------------------------------------------- */

/* One word that is not about flows, and its value; returns as read_word() there. */
static int read_option(struct request *request, int argc, char **argv)
{
	if (!strcmp(argv[0], "all")) {
		request->all = true;
		return 1;
	}
	if (!strcmp(argv[0], "--sort")) {
		if (argc > 1 && value_of(sort_names, argv[1], &request->sort))
			return 2;
		wrong("fwctl flows --sort bytes", "bytes, packets or ttl goes behind `--sort`");
		return -1;
	}
	if (!strcmp(argv[0], "--follow")) {
		request->follow = 1;
		return 1;
	}
	return 0;
}

static bool read_request(struct request *request, int argc, char **argv)
{
	int n = 0, at, words;

	/* What is left is the query; a group of it may be called "all". */
	for (at = 0; at < argc; at += words ? words : 1) {
		words = n && flow_query_value(argv[n - 1]) ? 0 :
			read_option(request, argc - at, argv + at);
		if (words < 0)
			return false;
		if (!words)
			argv[n++] = argv[at];
	}
	return flow_query_read(&request->query, n, argv);
}

/* --- the list ---------------------------------------------------------------- */

struct lister {
	struct rule_names names;
	size_t n;
	unsigned int sort;
	struct flow *kept;	/* to be sorted */
	size_t room;
};

static void add_entry(struct line *line, const struct flow *flow, const struct entry *entry)
{
	size_t from = line->n;

	line_entry(line, flow, entry);
	line_pad(line, from, 45);
	line_text(line, "  ttl ");
	line_number(line, ttl_seconds(entry), 6);
	line_text(line, "s ");
	line_number(line, entry->packets, 9);
	line_text(line, " packets  ");
	line_bytes(line, entry->bytes);
}

/* A word, and blanks up to the next column. */
static void add_word(struct line *line, const char *word, size_t width)
{
	size_t from = line->n;

	line_text(line, word);
	line_pad(line, from, width);
	line_text(line, " ");
}

static void show(const struct flow *flow, struct lister *lister)
{
	struct line line = { .n = 0 };
	char id[16], proto[8];
	const char *rule = rule_names_find(&lister->names, flow->rule, id, sizeof(id));

	if (options.json) {
		out_list_item(flow_json(flow, rule));
		return;
	}
	line_text(&line, paint(BOLD));
	add_word(&line, proto_text(flow->proto, proto, sizeof(proto)), 7);
	line_text(&line, paint(PLAIN));
	add_word(&line, name_of(direction_names, flow->direction), 6);
	add_word(&line, name_of(state_names, flow->state), 12);
	add_entry(&line, flow, &flow->original);
	if (rule) {
		line_text(&line, "  rule ");
		line_text(&line, rule);
	}
	line_text(&line, "\n");
	add_word(&line, "                      reply", 27);
	add_entry(&line, flow, &flow->reply);
	line_text(&line, "\n");
	fwrite(line.text, 1, line.n, stdout);
}

static void each(const struct flow *flow, void *arg)
{
	struct lister *lister = arg;

	lister->n++;
	if (!lister->sort) {
		show(flow, lister);
		return;
	}
	if (lister->n > lister->room) {
		lister->room = lister->room ? 2 * lister->room : 256;
		lister->kept = realloc(lister->kept, lister->room * sizeof(*lister->kept));
		if (!lister->kept)
			fail_out_of_memory();
	}
	lister->kept[lister->n - 1] = *flow;
}

static int largest_first(const void *a, const void *b, void *arg)
{
	const struct flow *x = a, *y = b;
	uint64_t of_x, of_y;

	switch (*(unsigned int *)arg) {
	case BY_BYTES:
		of_x = x->original.bytes + x->reply.bytes;
		of_y = y->original.bytes + y->reply.bytes;
		break;
	case BY_PACKETS:
		of_x = x->original.packets + x->reply.packets;
		of_y = y->original.packets + y->reply.packets;
		break;
	default:
		of_x = x->original.ttl_ms;
		of_y = y->original.ttl_ms;
		break;
	}
	return of_x < of_y ? 1 : of_x > of_y ? -1 : 0;
}

static int list(struct module *module, const struct request *request, struct lister *lister)
{
	size_t i;
	int status = DONE;

	lister->n = 0;
	lister->sort = request->sort;
	if (options.json)
		out_list_begin();
	if (module_flows(module, request->query.some ? &request->query.filter : NULL, each, lister))
		status = module_failed(module);
	if (lister->sort && lister->n) {
		qsort_r(lister->kept, lister->n, sizeof(*lister->kept), largest_first,
			&lister->sort);
		for (i = 0; i < lister->n; i++)
			show(&lister->kept[i], lister);
	}
	if (options.json)
		out_list_end();
	else if (options.verbose)
		printf("%zu flow%s\n", lister->n, lister->n == 1 ? "" : "s");
	return status;
}

/* The list again and again, in the same place of a terminal. */
static int follow(struct module *module, const struct request *request, struct lister *lister)
{
	struct timespec pause = { .tv_sec = request->follow };
	int status = DONE, err = keep_asking();

	if (err)
		return wrong(NULL, "cannot give up the rights of root: %s", strerror(-err)), FAILED;
	stop_on_signals(NULL);
	while (!stopped() && !status && !ferror(stdout)) {
		if (!options.json && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		status = list(module, request, lister);
		if (!options.json && !isatty(STDOUT_FILENO))
			putchar('\n');
		fflush(stdout);
		if (!stopped())
			nanosleep(&pause, NULL);
	}
	return status;
}

/* --- the command -------------------------------------------------------------- */

static int kill_flows(struct module *module, const struct request *request)
{
	uint32_t ended;

	if (module_kill_flows(module, &request->query.filter, &ended))
		return module_failed(module);
	if (options.json)
		out_json(json_pack("{s:I}", "ended", (json_int_t)ended));
	else
		printf("%u flow%s ended\n", ended, ended == 1 ? "" : "s");
	return DONE;
}

static int run(bool kill, const struct request *given)
{
	struct request request = *given;
	struct lister lister = { .n = 0 };
	struct module *module;
	int status = connect_module(&module);

	if (status)
		return status;
	if (rule_names_read(module, &lister.names))
		status = module_failed(module);
	else if (!flow_query_rule(&request.query, &lister.names))
		status = REFUSED;
	else if (kill)
		status = kill_flows(module, &request);
	else
		status = request.follow ? follow(module, &request, &lister) :
			 list(module, &request, &lister);
	rule_names_free(&lister.names);
	free(lister.kept);
	module_close(module);
	return status;
}

/**
 * cmd_flows() - fwctl flows [list | kill] [FILTER] [--sort KEY] [--follow]
 */
int cmd_flows(int argc, char **argv)
{
	struct request request = { .all = false };
	const char *verb = argc ? match_verb(argv[0], flows_verbs) : NULL;
	bool kill = verb && !strcmp(verb, "kill");
	int status = REFUSED;

	if (!read_request(&request, argc - !!verb, argv + !!verb))
		goto out;
	if (kill && !request.query.some && !request.all)
		wrong("fwctl flows kill host 192.0.2.10, or: fwctl flows kill all", "which flows?");
	else if (kill && (request.sort || request.follow))
		wrong(NULL, "--sort and --follow are for lists");
	else if (request.all && request.query.some)
		wrong(NULL, "all flows, or some?");
	else
		status = run(kill, &request);
out:
	flow_query_free(&request.query);
	return status;
}
