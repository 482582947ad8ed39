/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_RULES_H
#define APP_RULES_H

#include <stdatomic.h>

#include "http.h"
#include "lang.h"
#include "request.h"

/**
 * struct app_rule - one line of a filter's file
 * @text: the line as it stands there
 * @id: its name, or the number of its line
 * @allow: what it matches passes
 * @mark: set on what passes, these bits of
 * @mask: zero for no mark
 * @any: it matches all protocols: the default
 * @name: pattern of a host, a server name or a question, or NULL
 * @unnamed: it matches only what has no name
 * @path: pattern, or NULL
 * @method: or empty
 * @type: of a DNS question, or -1
 * @ech: it matches only what has an encrypted ClientHello
 * @release: after what it allows, the flow is not looked at any more
 * @log: its decisions are told
 * @hits: how many decisions, by all threads
 */
struct app_rule {
	char *text;
	char id[FLOWWALL_NAME_SIZE];
	bool allow;
	uint32_t mark;
	uint32_t mask;
	bool any;
	enum app_proto proto;
	char *name;
	bool unnamed;
	char *path;
	char method[METHOD_ROOM];
	int32_t type;
	bool ech;
	bool release;
	bool log;
	_Atomic uint64_t hits;
};

/**
 * struct app_rules - a filter's file: the first rule that matches decides
 * @rule: the rules, behind them the default
 * @malformed: how many requests were denied because they cannot be read
 */
struct app_rules {
	size_t n;
	size_t room;
	struct app_rule *rule;
	bool has_default;
	_Atomic uint64_t malformed;
};

/**
 * struct decision - what becomes of a request
 * @rule: that decided, or NULL if it cannot be read
 * @why: what is bad about it then
 */
struct decision {
	struct app_rule *rule;
	const char *why;
};

extern const struct name app_proto_names[];

bool app_rules_read(const char *file, struct app_rules *rules);
void app_rules_free(struct app_rules *rules);
void app_rules_keep_counts(struct app_rules *rules, const struct app_rules *old);

bool pattern_matches(const char *pattern, const char *text, bool fold);
struct decision app_decide(const struct app_rules *rules, const struct request *request);
struct decision app_decide_http(const struct app_rules *rules, const struct http_head *head);
bool decision_allows(const struct decision *decision);

#endif
