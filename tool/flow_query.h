/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FLOW_QUERY_H
#define FLOW_QUERY_H

#include "edit.h"
#include "rule_names.h"

/**
 * struct flow_query - which flows somebody asks for, in words
 * @filter: for the module; its rule is not known before flow_query_rule()
 * @rule: id or number of the rule, or NULL
 * @match: the words that are those of a rule
 * @some: something was asked for
 */
struct flow_query {
	struct flow_filter filter;
	const char *rule;
	struct typed match;
	bool some;
};

bool flow_query_value(const char *word);
bool flow_query_read(struct flow_query *query, int argc, char **argv);
bool flow_query_rule(struct flow_query *query, const struct rule_names *names);
void flow_query_free(struct flow_query *query);

#endif
