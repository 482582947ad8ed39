// SPDX-License-Identifier: GPL-2.0-or-later
/* What the log of decoys says, for a person: an event at a time, or all of them summed up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../fwctl.h"
#include "../out.h"
#include "report.h"

/* A line of the log is shorter, unless it is none. */
#define LINE_LIMIT	65536

/* For a person, the first of each list. */
#define SHOWN		20

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void time_text(double seconds, char *buffer, size_t size)
{
	time_t at = seconds;
	struct tm tm;

	*buffer = '\0';
	if (localtime_r(&at, &tm))
		strftime(buffer, size, "%F %T", &tm);
}

/* Names come from a file that anybody may have written: only what cannot harm a terminal. */
static void print_plain(const char *from)
{
	for (; *from; from++)
		putchar(*from < ' ' || *from > '~' ? '?' : *from);
}

/* "tcp 192.0.2.7 port 80" */
static void print_target(const json_t *target)
{
	print_plain(text(target, "proto"));
	putchar(' ');
	print_plain(text(target, "to"));
	if (json_object_get(target, "port"))
		printf(" port %lld", (long long)number(target, "port"));
}

/**
 * event_text() - print an event of the log on a line
 */
void event_text(const json_t *event)
{
	const json_t *targets = json_object_get(event, "targets");
	char when[32];
	size_t i;

	time_text(json_number_value(json_object_get(event, "time")), when, sizeof(when));
	if (!strcmp(text(event, "event"), "others")) {
		printf("%s %s%lld packets of others, for whom there was no room%s\n", when, paint(YELLOW),
		       (long long)number(event, "count"), paint(PLAIN));
		return;
	}
	printf("%s %s", when, paint(BOLD));
	print_plain(text(event, "from"));
	printf("%s%s, %lld packet%s:", paint(PLAIN),
	       json_is_true(json_object_get(event, "connected")) ? " connected" : " came",
	       (long long)number(event, "count"), number(event, "count") == 1 ? "" : "s");
	for (i = 0; i < json_array_size(targets) && i < 3; i++) {
		fputs(i ? ", " : " ", stdout);
		print_target(json_array_get(targets, i));
	}
	if (i < json_array_size(targets) || number(event, "more"))
		fputs(", and others", stdout);
	if (*text(event, "first")) {
		fputs("; said \"", stdout);
		print_plain(text(event, "first"));
		putchar('"');
	}
	putchar('\n');
}

/* --- summing up ------------------------------------------------------------ */

/**
 * struct sums - what the lines of a log come to
 * @visitors: an object for each address
 * @ports: how often each was asked for: "tcp 80"
 */
struct sums {
	json_int_t events, bad, others;
	json_t *visitors;
	json_t *ports;
};

static void add_to(json_t *object, const char *key, json_int_t more)
{
	json_object_set_new(object, key, json_integer(number(object, key) + more));
}

static void add_target(struct sums *sums, json_t *visitor, const json_t *target)
{
	json_t *targets = json_object_get(visitor, "targets");
	json_int_t count = number(target, "count");
	char key[160];

	snprintf(key, sizeof(key), "%.16s %lld", text(target, "proto"), (long long)number(target, "port"));
	add_to(sums->ports, key, count);
	snprintf(key, sizeof(key), "%s %s %lld", text(target, "proto"), text(target, "to"),
		 (long long)number(target, "port"));
	add_to(targets, key, count);
}

static void add_visit(struct sums *sums, const json_t *event)
{
	const char *from = text(event, "from");
	json_t *visitor = json_object_get(sums->visitors, from), *target;
	double begin = json_number_value(json_object_get(event, "time"));
	double end = begin + json_number_value(json_object_get(event, "seconds"));
	size_t i;

	if (!visitor) {
		visitor = json_pack("{s:s, s:I, s:f, s:f, s:b, s:{}}", "from", from, "count",
				    (json_int_t)0, "since", begin, "last", end, "connected", 0, "targets");
		json_object_set_new(sums->visitors, from, visitor);
	}
	add_to(visitor, "count", number(event, "count"));
	if (begin < json_number_value(json_object_get(visitor, "since")))
		json_object_set_new(visitor, "since", json_real(begin));
	if (end > json_number_value(json_object_get(visitor, "last")))
		json_object_set_new(visitor, "last", json_real(end));
	if (json_is_true(json_object_get(event, "connected")))
		json_object_set_new(visitor, "connected", json_true());
	if (*text(event, "first") && !json_object_get(visitor, "first"))
		json_object_set_new(visitor, "first", json_string(text(event, "first")));
	json_array_foreach(json_object_get(event, "targets"), i, target)
		add_target(sums, visitor, target);
}

static void add_line(struct sums *sums, const char *line)
{
	json_error_t error;
	json_t *event = json_loads(line, 0, &error);
	const char *kind = text(event, "event");

	if (!json_is_object(event) || number(event, "schema") != 1 ||
	    (!strcmp(kind, "visit") && !*text(event, "from")))
		sums->bad++;
	else if (!strcmp(kind, "others"))
		sums->others += number(event, "count");
	else if (!strcmp(kind, "visit"))
		add_visit(sums, event);
	sums->events += !strcmp(kind, "visit");
	json_decref(event);
}

static bool read_log(const char *file, struct sums *sums)
{
	FILE *in = strcmp(file, "-") ? fopen(file, "re") : stdin;
	char *line = malloc(LINE_LIMIT);
	bool good;

	if (!line)
		fail_out_of_memory();
	while (in && fgets(line, LINE_LIMIT, in))
		add_line(sums, line);
	good = in && !ferror(in);
	if (in && in != stdin)
		fclose(in);
	free(line);
	return good;
}

/* --- showing --------------------------------------------------------------- */

static int by_count(const void *a, const void *b)
{
	json_int_t x = number(*(json_t *const *)a, "count"), y = number(*(json_t *const *)b, "count");

	return (x < y) - (x > y);
}

/* The items of an object, the most frequent first; to be freed. */
static json_t **sorted(json_t *object, size_t *n)
{
	json_t **list = calloc(json_object_size(object) + 1, sizeof(*list)), *item;
	const char *key;

	if (!list)
		fail_out_of_memory();
	*n = 0;
	json_object_foreach(object, key, item)
		list[(*n)++] = item;
	qsort(list, *n, sizeof(*list), by_count);
	return list;
}

/* "tcp 80": 7 becomes an object that can be sorted. */
static void ports_to_objects(json_t *ports)
{
	const char *key;
	json_t *count;
	void *next;

	json_object_foreach_safe(ports, next, key, count) {
		json_int_t value = json_integer_value(count);
		const char *blank = strchr(key, ' ');
		json_t *one = json_pack("{s:s%, s:I}", "proto", key, blank - key, "count", value);

		if (atoi(blank + 1))
			json_object_set_new(one, "port", json_integer(atoi(blank + 1)));
		json_object_set_new(ports, key, one);
	}
}

static json_t *array_of(json_t **list, size_t n)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append(array, list[i]);
	return array;
}

static void show_visitors(json_t **list, size_t n)
{
	char since[32], last[32];
	size_t i;

	printf("%s%zu visitor%s%s\n", paint(BOLD), n, n == 1 ? "" : "s", paint(PLAIN));
	for (i = 0; i < n && i < SHOWN; i++) {
		const json_t *visitor = list[i];
		size_t targets = json_object_size(json_object_get(visitor, "targets"));

		time_text(json_number_value(json_object_get(visitor, "since")), since, sizeof(since));
		time_text(json_number_value(json_object_get(visitor, "last")), last, sizeof(last));
		printf("%8lld  ", (long long)number(visitor, "count"));
		print_plain(text(visitor, "from"));
		printf("%s, %zu target%s, from %s to %s",
		       json_is_true(json_object_get(visitor, "connected")) ? ", connected" : "", targets,
		       targets == 1 ? "" : "s", since, last);
		if (*text(visitor, "first")) {
			fputs(", said \"", stdout);
			print_plain(text(visitor, "first"));
			putchar('"');
		}
		putchar('\n');
	}
	if (n > SHOWN)
		printf("          and %zu more: fwctl -j decoy report\n", n - SHOWN);
}

static void show_ports(json_t **list, size_t n)
{
	size_t i;

	printf("%s%zu service%s%s\n", paint(BOLD), n, n == 1 ? "" : "s", paint(PLAIN));
	for (i = 0; i < n && i < SHOWN; i++) {
		printf("%8lld  ", (long long)number(list[i], "count"));
		print_plain(text(list[i], "proto"));
		if (json_object_get(list[i], "port"))
			printf(" port %lld", (long long)number(list[i], "port"));
		putchar('\n');
	}
	if (n > SHOWN)
		printf("          and %zu more\n", n - SHOWN);
}

/**
 * decoy_report() - sum up what a log says
 * @file: its name, or "-" for standard input
 *
 * Return: enum status; an error has been reported.
 */
int decoy_report(const char *file)
{
	struct sums sums = { .visitors = json_object(), .ports = json_object() };
	size_t n_visitors, n_ports;
	json_t **visitors, **ports;
	int status = DONE;

	if (!read_log(file, &sums)) {
		json_decref(sums.visitors);
		json_decref(sums.ports);
		return wrong(NULL, "%s cannot be read: %s", file, strerror(errno));
	}
	ports_to_objects(sums.ports);
	visitors = sorted(sums.visitors, &n_visitors);
	ports = sorted(sums.ports, &n_ports);
	if (options.json) {
		out_json(json_pack("{s:i, s:I, s:I, s:I, s:o, s:o}", "schema", JSON_SCHEMA, "events",
				   sums.events, "bad", sums.bad, "others", sums.others, "visitors",
				   array_of(visitors, n_visitors), "services", array_of(ports, n_ports)));
	} else {
		show_visitors(visitors, n_visitors);
		show_ports(ports, n_ports);
		if (sums.others)
			printf("%lld packets more, of visitors for whom there was no room\n",
			       (long long)sums.others);
		if (sums.bad)
			printf("%s%lld lines are no events%s\n", paint(YELLOW), (long long)sums.bad,
			       paint(PLAIN));
	}
	free(visitors);
	free(ports);
	json_decref(sums.visitors);
	json_decref(sums.ports);
	return status;
}
