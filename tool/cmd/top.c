// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl top: who uses the line, on a full screen. */
#include <arpa/inet.h>
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../flow_query.h"
#include "../fwctl.h"
#include "../out.h"
#include "../privileges.h"
#include "../stop.h"
#include "../top/view.h"

#define INTERVAL_MS	1000
#define WORDS		32
#define DETAIL		24
#define JSON_ROWS	20

/**
 * struct top - what runs
 * @query: of the words in @typed, which stand in the view's filter
 * @sample: the newest
 * @before: the one before it
 */
struct top {
	struct module *module;
	struct view view;
	struct flow_query query;
	char typed[256];
	struct sample sample;
	struct sample before;
};

/* The first line of what goes wrong stands on the screen, where it is seen. */
static char complaint[256];

static void keep_complaint(const struct place *place, const char *message, const char *hint)
{
	(void)place;
	snprintf(complaint, sizeof(complaint), "%s%s%s", message, hint ? "; " : "",
		 hint ? hint : "");
}

static int split(char *text, char **words)
{
	char *save = NULL, *word;
	int n = 0;

	for (word = strtok_r(text, " \t", &save); word && n < WORDS;
	     word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	return n;
}

/* Reads a filter, but for the rule that it names; the words stay where @text is. */
static bool read_words(char *text, struct flow_query *query)
{
	char *words[WORDS];

	memset(query, 0, sizeof(*query));
	return flow_query_read(query, split(text, words), words);
}

static bool find_rule(struct module *module, struct flow_query *query)
{
	struct rule_names names = { NULL, 0 };
	bool good;

	if (!query->rule)
		return true;
	good = !rule_names_read(module, &names) && flow_query_rule(query, &names);
	rule_names_free(&names);
	return good;
}

static bool read_query(struct module *module, char *text, struct flow_query *query)
{
	return read_words(text, query) && find_rule(module, query);
}

static bool set_filter(struct top *top, const char *text)
{
	struct flow_query query;
	char typed[sizeof(top->typed)];

	snprintf(typed, sizeof(typed), "%s", text);
	if (!read_query(top->module, typed, &query)) {
		flow_query_free(&query);
		snprintf(top->view.message, sizeof(top->view.message), "%s", complaint);
		return false;
	}
	flow_query_free(&query);
	flow_query_free(&top->query);
	snprintf(top->view.filter, sizeof(top->view.filter), "%s", text);
	snprintf(top->typed, sizeof(top->typed), "%s", text);
	read_query(top->module, top->typed, &top->query);
	top->view.selected = 0;
	/* It has other flows, to be compared with nothing. */
	top->sample.at = 0;
	return true;
}

static int take(struct top *top)
{
	sample_free(&top->before);
	top->before = top->sample;
	if (sample_take(top->module, top->query.some ? &top->query.filter : NULL, &top->sample))
		return module_failed(top->module);
	sample_compare(&top->sample, top->before.at > 0 ? &top->before : NULL);
	view_rows(&top->view, &top->sample);
	return DONE;
}

/* --- what keys do ------------------------------------------------------------ */

struct lines {
	char *line[DETAIL];
	size_t n;
};

static void add(struct lines *lines, const char *text)
{
	if (lines->n == DETAIL)
		return;
	lines->line[lines->n] = strdup(text);
	if (!lines->line[lines->n++])
		fail_out_of_memory();
}

static void lines_free(struct lines *lines)
{
	while (lines->n)
		free(lines->line[--lines->n]);
}

static void add_entry(struct lines *lines, const char *name, const struct flow *flow,
		      const struct entry *entry)
{
	char ends[128], bytes[32], text[256];

	entry_text(flow, entry, ends, sizeof(ends));
	snprintf(text, sizeof(text), "%-9s %s", name, ends);
	add(lines, text);
	snprintf(text, sizeof(text), "          %llu packets, %s, ends in %u s without one",
		 (unsigned long long)entry->packets,
		 human_bytes(entry->bytes, bytes, sizeof(bytes)), ttl_seconds(entry));
	add(lines, text);
}

static void explain_flow(struct top *top, const struct flow *flow, struct lines *lines)
{
	char text[512];
	size_t i;

	snprintf(text, sizeof(text), "%s, %s", name_of(direction_names, flow->direction),
		 name_of(state_names, flow->state));
	add(lines, text);
	add_entry(lines, "original", flow, &flow->original);
	add_entry(lines, "reply", flow, &flow->reply);
	if (!flow->rule)
		add(lines, "let in by the policy for its direction: no rule applies");
	for (i = 0; i < top->sample.n_rules; i++)
		if (flow->rule && top->sample.rules[i].handle == flow->rule) {
			snprintf(text, sizeof(text), "let in by rule %s: %.400s",
				 top->sample.rules[i].id, top->sample.rules[i].text);
			add(lines, text);
		}
}

static void add_drop(const struct drop *drop, void *arg)
{
	char packet[192], text[384];

	drop_text(drop, packet, sizeof(packet));
	snprintf(text, sizeof(text), "%u s ago: %s: %s", drop->age_ms / 1000, packet,
		 drop_sentence(drop->reason));
	add(arg, text);
}

static void explain(struct top *top)
{
	const struct sample *s = &top->sample;
	struct lines lines = { .n = 0 };
	size_t i;

	if (!top->view.n_rows)
		return;
	i = top->view.rows[top->view.selected].index;
	switch (top->view.tab) {
	case TAB_FLOWS:
		explain_flow(top, &s->flows[i].flow, &lines);
		break;
	case TAB_HOSTS:
		add(&lines, "what was dropped of it, the newest first:");
		module_drops(top->module, s->hosts[i].family, s->hosts[i].addr, add_drop, &lines);
		if (lines.n == 1)
			add(&lines, "nothing that is remembered");
		break;
	case TAB_RULES:
		add(&lines, s->rules[i].text);
		break;
	default:
		add(&lines, drop_sentence(s->drops[i].reason));
		break;
	}
	screen_pages(top->view.rows[top->view.selected].text, lines.line, lines.n);
	lines_free(&lines);
}

static void help(void)
{
	static char *const lines[] = {
		"Tab, 1-4   flows, hosts, rules, drops",
		"s          sort by bits/s, by all so far, by packets/s",
		"/          only flows as in: fwctl flows FILTER; hosts are those of these flows",
		"e, Enter   explain: a flow's entries and rule, a host's drops, a rule's words",
		"k          kill the flow, or all flows of the host",
		"p, blank   pause",
		"arrows, PgUp, PgDn, Home, End",
		"q          quit",
	};

	screen_pages("fwctl top", lines, sizeof(lines) / sizeof(*lines));
}

/* The words that mean the row that is selected, for a filter; false if there are none. */
static bool words_of_row(const struct top *top, char *text, size_t size)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], ports[2][16] = { "", "" };
	size_t i = top->view.rows[top->view.selected].index;
	const struct flow *flow;
	const struct entry *entry;

	if (top->view.tab == TAB_HOSTS) {
		address_text(top->sample.hosts[i].family, top->sample.hosts[i].addr, src, sizeof(src));
		snprintf(text, size, "host %s", src);
		return true;
	}
	if (top->view.tab != TAB_FLOWS)
		return false;
	flow = &top->sample.flows[i].flow;
	entry = &flow->original;
	address_text(flow->family, entry->src, src, sizeof(src));
	address_text(flow->family, entry->dst, dst, sizeof(dst));
	if (entry->id_kind == ID_PORTS) {
		snprintf(ports[0], sizeof(ports[0]), " port %u", entry->sport);
		snprintf(ports[1], sizeof(ports[1]), " port %u", entry->dport);
	}
	snprintf(text, size, "%s proto %u from %s%s to %s%s", name_of(direction_names, flow->direction),
		 flow->proto, src, ports[0], dst, ports[1]);
	return true;
}

static void kill_row(struct top *top)
{
	char words[256], question[320], answer[8] = "";
	char *message = top->view.message;
	size_t size = sizeof(top->view.message);
	struct flow_query query = { .some = false };
	uint32_t ended;

	if (!top->view.n_rows || !words_of_row(top, words, sizeof(words))) {
		snprintf(message, size, "flows and hosts can be killed, not %s",
			 tab_names[top->view.tab]);
		return;
	}
	snprintf(question, sizeof(question), "kill %s? (y) ", words);
	if (!screen_ask(question, answer, sizeof(answer)) || *answer != 'y')
		return;
	if (!read_query(top->module, words, &query))
		snprintf(message, size, "%s", complaint);
	else if (module_kill_flows(top->module, &query.filter, &ended))
		snprintf(message, size, "%s", module_error(top->module));
	else
		snprintf(message, size, "%u flow%s ended", ended, ended == 1 ? "" : "s");
	flow_query_free(&query);
}

static void ask_filter(struct top *top)
{
	char text[sizeof(top->view.filter)];

	snprintf(text, sizeof(text), "%s", top->view.filter);
	if (screen_ask("flows: ", text, sizeof(text)))
		set_filter(top, text);
}

static void move_to(struct view *view, long row)
{
	long last = (long)view->n_rows - 1;

	view->selected = row < 0 || last < 0 ? 0 : row > last ? last : row;
}

/* Returns false to quit; sets *@anew if there is something else to see now. */
static bool on_key(struct top *top, int key, bool *anew)
{
	struct view *view = &top->view;

	view->message[0] = '\0';
	switch (key) {
	case 'q':
		return false;
	case '\t':
		key = '1' + (view->tab + 1) % TABS;
		/* fallthrough */
	case '1': case '2': case '3': case '4':
		view->tab = key - '1';
		view->selected = view->first = 0;
		view_rows(view, &top->sample);
		break;
	case 's':
		view->order = (view->order + 1) % ORDERS;
		view_rows(view, &top->sample);
		break;
	case '/':
		ask_filter(top);
		*anew = true;
		break;
	case 'e': case '\n': case KEY_ENTER:
		explain(top);
		break;
	case 'k':
		kill_row(top);
		*anew = true;
		break;
	case 'p': case ' ':
		view->paused = !view->paused;
		break;
	case '?': case 'h':
		help();
		break;
	case KEY_UP:
		move_to(view, (long)view->selected - 1);
		break;
	case KEY_DOWN:
		move_to(view, view->selected + 1);
		break;
	case KEY_PPAGE:
		move_to(view, (long)view->selected - 15);
		break;
	case KEY_NPAGE:
		move_to(view, view->selected + 15);
		break;
	case KEY_HOME:
		move_to(view, 0);
		break;
	case KEY_END:
		move_to(view, (long)view->n_rows - 1);
		break;
	}
	return true;
}

/* --- the command -------------------------------------------------------------- */

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Each second; less often when it takes long to look, so that it takes a quarter at most. */
static int watch(struct top *top)
{
	double next = 0, took = 0;
	bool going = true;
	int status = DONE;

	while (going && !stopped() && !status) {
		double now = seconds_now();
		bool anew = false;
		int key;

		if (now >= next && !top->view.paused) {
			status = take(top);
			took = seconds_now() - now;
			next = now + (took * 4 > INTERVAL_MS / 1000.0 ? took * 4 : INTERVAL_MS / 1000.0);
		}
		screen_draw(&top->view, &top->sample);
		key = screen_key(next > now && !top->view.paused ? (next - now) * 1000 : 200);
		if (key != ERR)
			going = on_key(top, key, &anew);
		if (anew)
			next = 0;
	}
	return status;
}

static json_t *load_json(const struct load *load)
{
	return json_pack("{s:I, s:I, s:f, s:f}", "packets", (json_int_t)load->packets,
			 "bytes", (json_int_t)load->bytes, "packet_rate", load->packet_rate,
			 "byte_rate", load->byte_rate);
}

/* The busiest of each, once. */
static void print_json(struct top *top)
{
	const struct sample *s = &top->sample;
	json_t *all = json_pack("{s:i, s:I, s:f, s:f}", "schema", JSON_SCHEMA,
				"flows_in_use", (json_int_t)s->status.flows,
				"packet_rate", s->total.packet_rate, "new_flow_rate", s->new_flows);
	char address[INET6_ADDRSTRLEN];
	size_t i;

	for (top->view.tab = 0; top->view.tab < TABS; top->view.tab++) {
		json_t *list = json_array();

		view_rows(&top->view, s);
		for (i = 0; i < top->view.n_rows && i < JSON_ROWS; i++) {
			size_t at = top->view.rows[i].index;
			json_t *item;

			if (top->view.tab == TAB_FLOWS) {
				item = flow_json(&s->flows[at].flow, NULL);
				json_object_set_new(item, "load", load_json(&s->flows[at].load));
			} else if (top->view.tab == TAB_HOSTS) {
				address_text(s->hosts[at].family, s->hosts[at].addr, address,
					     sizeof(address));
				item = json_pack("{s:s, s:I, s:o}", "host", address, "flows",
						 (json_int_t)s->hosts[at].flows, "load",
						 load_json(&s->hosts[at].load));
			} else if (top->view.tab == TAB_RULES) {
				item = json_pack("{s:s, s:o, s:o}", "id", s->rules[at].id, "text",
						 json_text(s->rules[at].text), "load",
						 load_json(&s->rules[at].load));
			} else {
				item = json_pack("{s:s, s:I, s:f}", "reason",
						 name_of(drop_names, s->drops[at].reason), "packets",
						 (json_int_t)s->drops[at].load.packets,
						 "packet_rate", s->drops[at].load.packet_rate);
			}
			json_array_append_new(list, item);
		}
		json_object_set_new(all, tab_names[top->view.tab], list);
	}
	out_json(all);
}

static int once(struct top *top)
{
	struct timespec pause = { .tv_sec = INTERVAL_MS / 1000 };
	int status = take(top);

	if (!status) {
		nanosleep(&pause, NULL);
		status = take(top);
	}
	if (!status)
		print_json(top);
	return status;
}

static int on_screen(struct top *top)
{
	void (*report)(const struct place *, const char *, const char *) = report_mistake;
	int status, err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return wrong("fwctl -j top prints the busiest once", "`top` needs a terminal");
	if (!screen_begin())
		return wrong("set TERM, as in: TERM=vt100 fwctl top", "this terminal is not known");
	/* What describes the terminal has been read, maybe from the home of root. */
	err = keep_asking();
	if (err) {
		screen_end();
		return wrong(NULL, "cannot give up the rights of root: %s", strerror(-err)), FAILED;
	}
	stop_on_signals(NULL);
	report_mistake = keep_complaint;
	status = watch(top);
	report_mistake = report;
	screen_end();
	if (status)
		wrong(NULL, "%s", complaint);
	return status;
}

/**
 * cmd_top() - fwctl top [FILTER]
 */
int cmd_top(int argc, char **argv)
{
	struct top top = { .module = NULL };
	size_t n = 0;
	int status, i;

	for (i = 0; i < argc && n < sizeof(top.view.filter); i++)
		n += snprintf(top.view.filter + n, sizeof(top.view.filter) - n, "%s%s",
			      i ? " " : "", argv[i]);
	if (n >= sizeof(top.view.filter))
		return wrong(NULL, "the filter is too long");
	snprintf(top.typed, sizeof(top.typed), "%s", top.view.filter);
	/* What is typed wrong is so without the module, too. */
	status = read_words(top.typed, &top.query) ? connect_module(&top.module) : REFUSED;
	if (!status && !find_rule(top.module, &top.query))
		status = REFUSED;
	if (!status)
		status = options.json ? once(&top) : on_screen(&top);
	flow_query_free(&top.query);
	sample_free(&top.before);
	sample_free(&top.sample);
	free(top.view.rows);
	if (top.module)
		module_close(top.module);
	return status;
}
