// SPDX-License-Identifier: GPL-2.0-or-later
/* Which flows somebody asks for: words of the command line -> a filter of the module. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow_query.h"
#include "out.h"

/* What read_word() reads. */
static const struct name own_words[] = { { "host", 0 }, { "state", 0 }, { "rule", 0 }, { NULL, 0 } };

/* The other words are those of a rule, so they are read as one. */
static bool read_match(struct flow_query *query, int argc, char **argv)
{
	lex_arguments(argc, argv, &query->match.words);
	if (!parse_filter(&query->match.words, own_words, &query->match.stmt))
		return false;
	query->filter.match = &query->match.stmt.rule;
	return true;
}

/*
 * One word that a rule does not have, and its value; returns how many words, 0 for
 * none of these, or -1 after a mistake.
 */
static int read_word(struct flow_query *query, int argc, char **argv)
{
	struct flow_filter *filter = &query->filter;
	const char *value = argc > 1 ? argv[1] : NULL;
	unsigned int number;

	if (value_of(direction_names, argv[0], &number)) {
		filter->direction = number;
		return 1;
	}
	if (!strcmp(argv[0], "state")) {
		if (value && value_of(state_names, value, &number)) {
			filter->state = number;
			return 2;
		}
		wrong("new, replied, syn-sent, syn-received, established, closing, closed",
		      "a state goes behind `state`");
		return -1;
	}
	if (!strcmp(argv[0], "rule")) {
		if (value) {
			query->rule = value;
			return 2;
		}
		wrong("fwctl rule list", "the id of a rule goes behind `rule`, or `none`");
		return -1;
	}
	if (!strcmp(argv[0], "host")) {
		if (value && inet_pton(AF_INET, value, filter->host) == 1)
			filter->host_family = AF_INET;
		else if (value && inet_pton(AF_INET6, value, filter->host) == 1)
			filter->host_family = AF_INET6;
		if (filter->host_family)
			return 2;
		wrong("fwctl flows host 192.0.2.10", "an address goes behind `host`");
		return -1;
	}
	return 0;
}

/**
 * flow_query_value() - whether a value stands behind a word, whatever it looks like
 */
bool flow_query_value(const char *word)
{
	static const char *const words[] = {
		"from", "to", "group", "port", "key", "host", "state", "rule", NULL
	};
	size_t i;

	for (i = 0; words[i] && strcmp(words[i], word); i++)
		;
	return words[i];
}

/**
 * flow_query_read() - read which flows are meant
 * @argv: directions, protocols, `from`, `to` and so on; valid as long as @query
 *
 * Return: false after a mistake, which has been reported.
 */
bool flow_query_read(struct flow_query *query, int argc, char **argv)
{
	char **rest = calloc(argc + 1, sizeof(*rest));
	int n = 0, at, words;
	bool good = true;

	if (!rest)
		fail_out_of_memory();
	query->filter.direction = -1;
	query->filter.state = -1;
	for (at = 0; at < argc; at += words) {
		words = read_word(query, argc - at, argv + at);
		if (words < 0) {
			free(rest);
			return false;
		}
		if (words)
			continue;
		rest[n++] = argv[at];
		words = 1;
		if (at + 1 < argc && flow_query_value(argv[at])) {
			rest[n++] = argv[at + 1];
			words = 2;
		}
	}
	query->some = argc;
	if (n)
		good = read_match(query, n, rest);
	free(rest);
	return good;
}

/**
 * flow_query_rule() - look up the rule that is asked for, if one is
 *
 * Return: false if there is none, which has been reported.
 */
bool flow_query_rule(struct flow_query *query, const struct rule_names *names)
{
	if (!query->rule)
		return true;
	query->filter.of_rule = true;
	if (!strcmp(query->rule, "none"))
		return true;
	query->filter.rule = rule_names_handle(names, query->rule);
	if (!query->filter.rule)
		wrong("fwctl rule list", "there is no rule `%s`", query->rule);
	return query->filter.rule;
}

/**
 * flow_query_free() - free what flow_query_read() made
 */
void flow_query_free(struct flow_query *query)
{
	typed_free(&query->match);
}
