// SPDX-License-Identifier: GPL-2.0-or-later
/* OpenFlow flows as text; see flows.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "flows.h"

/* More parts than a match of ours has; OVS itself knows less than 200 fields. */
#define PARTS		256

/**
 * text_of() - a formatted text, to be freed
 */
char *text_of(const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		fail_out_of_memory();
	va_end(list);
	return text;
}

/* A number in so many digits. */
static char *put_digits(char *to, unsigned int number, int digits)
{
	int i;

	for (i = digits - 1; i >= 0; i--, number /= 10)
		to[i] = '0' + number % 10;
	return to + digits;
}

struct part {
	const char *text;
	size_t length;
};

/* As strcmp() of the texts: a comma is less than what a part is made of. */
static bool is_before(const struct part *a, const struct part *b)
{
	int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);

	return order ? order < 0 : a->length < b->length;
}

/*
 * OVS prints the parts of a match in an order of its own: here they are sorted. Of
 * thousands of flows, this is most of what a change costs: nothing is printed or copied
 * that need not be.
 */
static char *key_of(unsigned int table, unsigned int priority, const char *match)
{
	size_t length = strlen(match), n = 0, i;
	char *key = malloc(length + 16), *to;
	struct part part[PARTS];

	if (!key)
		fail_out_of_memory();
	while (*match && n < PARTS) {
		struct part this = { match, strcspn(match, ",") };

		match += this.length + (match[this.length] == ',');
		if (!this.length)
			continue;
		for (i = n++; i && is_before(&this, &part[i - 1]); i--)
			part[i] = part[i - 1];
		part[i] = this;
	}
	/* Tables in order, and in each the higher priorities first. */
	to = put_digits(key, table, 3);
	*to++ = ' ';
	to = put_digits(to, 65535 - priority, 5);
	for (i = 0; i < n; i++) {
		*to++ = i ? ',' : ' ';
		to = mempcpy(to, part[i].text, part[i].length);
	}
	*to = '\0';
	return key;
}

static struct of_flow *append(struct of_flows *flows)
{
	/* At powers of two the array is full. */
	if (!(flows->n & (flows->n - 1))) {
		flows->flow = realloc(flows->flow, (flows->n ? 2 * flows->n : 1) *
						   sizeof(*flows->flow));
		if (!flows->flow)
			fail_out_of_memory();
	}
	return memset(&flows->flow[flows->n++], 0, sizeof(*flows->flow));
}

/**
 * of_add() - add a flow
 * @why: the statement that it is for, or NULL
 * @match: all of it; empty parts between commas do not count
 * @actions: a format
 */
void of_add(struct of_flows *flows, enum feature feature, const struct stmt *why,
	    unsigned int table, unsigned int priority, const char *match,
	    const char *actions, ...)
{
	struct of_flow *flow = append(flows);
	va_list list;
	char *to;

	flow->cookie = COOKIE | feature;
	flow->why = why;
	flow->table = table;
	flow->priority = priority;
	flow->match = to = malloc(strlen(match) + 1);
	if (!to)
		fail_out_of_memory();
	for (; *match; match++)
		if (*match != ',' || (to != flow->match && match[1] && match[1] != ','))
			*to++ = *match;
	*to = '\0';
	flow->key = key_of(table, priority, flow->match);
	va_start(list, actions);
	if (vasprintf(&flow->actions, actions, list) < 0)
		fail_out_of_memory();
	va_end(list);
}

static void flow_free(struct of_flow *flow)
{
	free(flow->match);
	free(flow->actions);
	free(flow->key);
}

/* The one that was made first goes before: it is the one that stays. */
struct indexed {
	struct of_flow flow;
	size_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;
	int order = strcmp(x->flow.key, y->flow.key);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/**
 * of_sort() - put flows in order, each once
 *
 * Of those for the same packets, the one that was added first stays.
 */
void of_sort(struct of_flows *flows)
{
	struct indexed *order = calloc(flows->n + 1, sizeof(*order));
	size_t i, n = 0;

	if (!order)
		fail_out_of_memory();
	for (i = 0; i < flows->n; i++)
		order[i] = (struct indexed){ flows->flow[i], i };
	qsort(order, flows->n, sizeof(*order), by_key);
	for (i = 0; i < flows->n; i++) {
		if (n && !strcmp(flows->flow[n - 1].key, order[i].flow.key))
			flow_free(&order[i].flow);
		else
			flows->flow[n++] = order[i].flow;
	}
	/* append() needs to know when the array is full: there is room for more than n. */
	flows->flow = realloc(flows->flow, 2 * (flows->n + 1) * sizeof(*flows->flow));
	if (!flows->flow)
		fail_out_of_memory();
	flows->n = n;
	free(order);
}

/**
 * of_split() - take the flows of a feature out of others
 * @taken: set to them, in the same order; to be freed
 */
void of_split(struct of_flows *flows, enum feature feature, struct of_flows *taken)
{
	size_t i, n = flows->n;

	memset(taken, 0, sizeof(*taken));
	for (i = flows->n = 0; i < n; i++) {
		if (flows->flow[i].cookie == (COOKIE | feature))
			*append(taken) = flows->flow[i];
		else
			flows->flow[flows->n++] = flows->flow[i];
	}
}

static int find_key(const void *key, const void *flow)
{
	return strcmp(key, ((const struct of_flow *)flow)->key);
}

/**
 * of_find() - the flow of a key, among sorted ones; or NULL
 */
const struct of_flow *of_find(const struct of_flows *flows, const char *key)
{
	return flows->n ? bsearch(key, flows->flow, flows->n, sizeof(*flows->flow), find_key) : NULL;
}

/* "name=number", of thousands of flows: sscanf() would take most of the time of a change. */
static bool read_number(const char *part, const char *name, uint64_t *to)
{
	size_t length = strlen(name);

	if (*part != *name || strncmp(part, name, length))
		return false;
	*to = strtoull(part + length, NULL, 0);
	return true;
}

/* One part of the line before its actions: what the switch says, or a part of the match. */
static void read_part(struct of_flow *flow, const char *part, char *match)
{
	static const char *const told[] = {
		"duration=", "idle_age=", "hard_age=", "idle_timeout=", "hard_timeout=",
		"importance=", "send_flow_rem", "reset_counts", "check_overlap",
		"no_packet_counts", "no_byte_counts",
	};
	uint64_t number;
	size_t i;

	if (read_number(part, "cookie=", &flow->cookie) ||
	    read_number(part, "n_packets=", &flow->packets) ||
	    read_number(part, "n_bytes=", &flow->bytes))
		return;
	if (read_number(part, "table=", &number)) {
		flow->table = number;
		return;
	}
	if (read_number(part, "priority=", &number)) {
		flow->priority = number;
		return;
	}
	for (i = 0; i < sizeof(told) / sizeof(*told); i++)
		if (*part == *told[i] && !strncmp(part, told[i], strlen(told[i])))
			return;
	strcat(strcat(match, *match ? "," : ""), part);
}

static bool read_line(char *line, struct of_flows *flows)
{
	char *actions = strstr(line, " actions="), *part, *match, *rest = line;
	struct of_flow *flow;

	if (!actions)
		return false;
	*actions = '\0';
	actions += strlen(" actions=");
	match = calloc(1, strlen(line) + 1);
	flow = append(flows);
	flow->priority = 32768;	/* which is not printed */
	if (!match)
		fail_out_of_memory();
	while ((part = strsep(&rest, ", ")) != NULL)
		if (*part)
			read_part(flow, part, match);
	flow->match = match;
	flow->actions = strdup(actions);
	if (!flow->actions)
		fail_out_of_memory();
	flow->key = key_of(flow->table, flow->priority > 65535 ? 65535 : flow->priority, match);
	return true;
}

/**
 * of_read() - read what `ovs-ofctl --no-names dump-flows` prints
 * @flows: set to the flows, sorted; to be freed also after a mistake
 *
 * Return: false if that is something else.
 */
bool of_read(const char *dump, struct of_flows *flows)
{
	char *text = strdup(dump), *rest = text, *line;
	bool good = true;

	if (!text)
		fail_out_of_memory();
	memset(flows, 0, sizeof(*flows));
	while ((line = strsep(&rest, "\n")) != NULL) {
		/* "OFPST_FLOW reply (OF1.4) (xid=0x2):" */
		if (!*line || strstr(line, "_FLOW reply"))
			continue;
		good &= read_line(line, flows);
	}
	free(text);
	of_sort(flows);
	return good;
}

/**
 * of_free() - free what is in @flows
 */
void of_free(struct of_flows *flows)
{
	while (flows->n)
		flow_free(&flows->flow[--flows->n]);
	free(flows->flow);
	flows->flow = NULL;
}

/**
 * of_ours() - is it FlowWall's, and not learned by the switch?
 */
bool of_ours(const struct of_flow *flow)
{
	return (flow->cookie & COOKIE_MASK) == COOKIE &&
	       (flow->cookie & ~COOKIE_MASK) != FEATURE_LEARNED;
}

/**
 * of_others_first() - how many flows of others go before one of FlowWall's
 * @there: what a bridge has
 * @ours: what FlowWall has there
 * @first: set to the first of them, or NULL
 *
 * What they match is not tapped, or kept apart, as it should be.
 */
size_t of_others_first(const struct of_flows *there, const struct of_flows *ours,
		       const struct of_flow **first)
{
	size_t n = 0, i, k;

	*first = NULL;
	for (i = 0; i < there->n; i++) {
		const struct of_flow *flow = &there->flow[i];

		if ((flow->cookie & COOKIE_MASK) == COOKIE)
			continue;
		for (k = 0; k < ours->n; k++)
			if (ours->flow[k].table == flow->table &&
			    ours->flow[k].priority < flow->priority)
				break;
		if (k == ours->n)
			continue;
		if (!n++)
			*first = flow;
	}
	return n;
}

static void put_flow(FILE *out, const char *verb, const struct of_flow *flow)
{
	fprintf(out, "%scookie=0x%" PRIx64 ",table=%u,priority=%u%s%s,actions=%s\n", verb,
		flow->cookie, flow->table, flow->priority, *flow->match ? "," : "", flow->match,
		flow->actions);
}

/**
 * of_print() - the text of flows, one a line, as `ovs-ofctl add-flows` takes them
 * @text: set to it; to be freed
 *
 * Return: its length.
 */
size_t of_print(const struct of_flows *flows, char **text)
{
	size_t size, i;
	FILE *out = open_memstream(text, &size);

	if (!out)
		fail_out_of_memory();
	for (i = 0; i < flows->n; i++)
		put_flow(out, "", &flows->flow[i]);
	fclose(out);
	return size;
}

struct changing {
	FILE *out;
	struct of_change *change;
	void (*each)(char sign, const struct of_flow *flow, void *arg);
	void *arg;
};

static void change_one(struct changing *c, char sign, const struct of_flow *flow)
{
	if (sign == '+') {
		put_flow(c->out, "add ", flow);
		c->change->added++;
	} else {
		fprintf(c->out, "delete_strict cookie=0x%" PRIx64 "/-1,table=%u,priority=%u%s%s\n",
			flow->cookie, flow->table, flow->priority, *flow->match ? "," : "",
			flow->match);
		c->change->removed++;
	}
	c->change->ports |= flow->table == TABLE_OUTPUT;
	if (c->each)
		c->each(sign, flow, c->arg);
}

/* As @change_one, for a flow that has others actions: to add it is enough. */
static void replace_one(struct changing *c, const struct of_flow *old, const struct of_flow *new)
{
	if (c->each)
		c->each('-', old, c->arg);
	c->change->removed++;
	change_one(c, '+', new);
}

/**
 * of_diff() - what to tell a switch so that @old becomes @new
 * @old: sorted; what is not ours is not touched
 * @new: sorted
 * @change: set to it; to be freed
 * @each: called with what goes ('-') and what comes ('+'), or NULL
 *
 * Flows that both have are not mentioned, so they keep their counters.
 */
void of_diff(const struct of_flows *old, const struct of_flows *new, struct of_change *change,
	     void (*each)(char sign, const struct of_flow *flow, void *arg), void *arg)
{
	struct changing c = { .change = change, .each = each, .arg = arg };
	size_t i = 0, k = 0;

	memset(change, 0, sizeof(*change));
	c.out = open_memstream(&change->text, &change->size);
	if (!c.out)
		fail_out_of_memory();
	while (i < old->n || k < new->n) {
		const struct of_flow *a = &old->flow[i], *b = &new->flow[k];
		int order = i == old->n ? 1 : k == new->n ? -1 : strcmp(a->key, b->key);

		if (order > 0) {
			change_one(&c, '+', b);
			k++;
			continue;
		}
		i++;
		if (order < 0) {
			if (of_ours(a))
				change_one(&c, '-', a);
			continue;
		}
		k++;
		if (a->cookie != b->cookie || strcmp(a->actions, b->actions))
			replace_one(&c, a, b);
	}
	/* What was learned may lead to a port that gets no traffic any more. */
	if (change->ports)
		fprintf(c.out, "delete cookie=0x%" PRIx64 "/-1\n", (uint64_t)(COOKIE | FEATURE_LEARNED));
	fclose(c.out);
}

/**
 * of_change_free() - free what of_diff() made
 */
void of_change_free(struct of_change *change)
{
	free(change->text);
	memset(change, 0, sizeof(*change));
}
