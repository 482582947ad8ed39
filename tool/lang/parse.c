// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> a statement. One function for each production of the grammar:
 *
 *	stmt = "version" 1
 *	     | "role" (IFPAT | "default") ("internal" | "external" | "none")
 *	     | "set" KEY VALUE
 *	     | "ttl" CLASS "step" DURATION "max" DURATION
 *	     | ("allow" | "deny") ["in" | "out" | "inside" | "local"]
 *	       [PROTO | "proto" N] ["from" ep] ["to" ep] ["id" WORD] ["comment" TEXT]
 *	ep   = ("any" | ["not"] (A | A/LENGTH | A-A)) ["port" ["not"] LIST]
 *	     | "port" ["not"] LIST
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lang.h"

struct parser {
	const struct words *words;
	size_t at;
};

static const struct name statement_words[] = {
	{ "version", 0 }, { "role", 0 }, { "set", 0 }, { "ttl", 0 }, { "include", 0 },
	{ NULL, 0 }
};

static const struct name rule_words[] = {
	{ "proto", 0 }, { "from", 0 }, { "to", 0 }, { "id", 0 }, { "comment", 0 },
	{ NULL, 0 }
};

static const struct name port_word[] = { { "port", 0 }, { NULL, 0 } };
static const struct name default_word[] = { { "default", 0 }, { NULL, 0 } };

/* --- helpers --------------------------------------------------------------- */

static const struct word *peek(const struct parser *p)
{
	return p->at < p->words->n ? &p->words->word[p->at] : NULL;
}

static bool next_is(const struct parser *p, const char *text)
{
	const struct word *word = peek(p);

	return word && !strcmp(word->text, text);
}

static bool take(struct parser *p, const char *text)
{
	if (!next_is(p, text))
		return false;
	p->at++;
	return true;
}

/* A mistake at the next word, or behind the last one. */
static bool expected(const struct parser *p, const char *what, const struct name *const *tables)
{
	const struct word *word = peek(p);
	const char *near = word && tables ? nearest_name(word->text, tables) : NULL;
	char hint[64];

	if (near)
		snprintf(hint, sizeof(hint), "did you mean `%s`?", near);
	if (!word)
		mistake(&p->words->end, NULL, "the line ends here, but %s is missing", what);
	else
		mistake(&word->place, near ? hint : NULL, "`%s` is not %s", word->text, what);
	return false;
}

static bool word_mistake(const struct word *word, const char *hint, const char *message)
{
	mistake(&word->place, hint, "`%s`: %s", word->text, message);
	return false;
}

static bool choose(struct parser *p, const struct name *table, const char *what,
		   unsigned int *value)
{
	const struct name *const tables[] = { table, NULL };
	const struct word *word = peek(p);

	if (!word || !value_of(table, word->text, value))
		return expected(p, what, tables);
	p->at++;
	return true;
}

/* A decimal number that is the whole of @text. */
static bool number(const char *text, unsigned long long max, unsigned long long *value)
{
	const char *c;

	*value = 0;
	if (!*text)
		return false;
	for (c = text; *c; c++) {
		if (!isdigit((unsigned char)*c))
			return false;
		*value = *value * 10 + (*c - '0');
		if (*value > max)
			return false;
	}
	return true;
}

static bool take_number(struct parser *p, unsigned long long min, unsigned long long max,
			const char *what, uint32_t *out)
{
	const struct word *word = peek(p);
	unsigned long long value;
	char expectation[96];

	if (word && number(word->text, max, &value) && value >= min) {
		*out = value;
		p->at++;
		return true;
	}
	snprintf(expectation, sizeof(expectation), "%s: a number from %llu to %llu",
		 what, min, max);
	return expected(p, expectation, NULL);
}

/* --- role ------------------------------------------------------------------ */

static bool parse_pattern(struct parser *p, struct role *role)
{
	const struct word *word = peek(p);
	size_t length;
	const char *c;

	if (!word)
		return expected(p, "the name of an interface, or `default`", NULL);
	length = strlen(word->text);
	if (!length || length >= sizeof(role->iface))
		return word_mistake(word, "a name has 1 to 15 characters",
				    "not the name of an interface");
	for (c = word->text; *c; c++) {
		bool last = !c[1];

		if (!isgraph((unsigned char)*c) || strchr("/:", *c) ||
		    (strchr("+*", *c) && !last))
			return word_mistake(word, "a pattern is a beginning of names and `+`",
					    "not the name of an interface");
	}
	if (!strcmp(word->text, "lo"))
		return word_mistake(word, NULL, "the loopback interface never has a role");
	memcpy(role->iface, word->text, length + 1);
	if (role->iface[length - 1] == '*')
		role->iface[length - 1] = '+';
	p->at++;
	return true;
}

static bool parse_role(struct parser *p, struct stmt *stmt)
{
	unsigned int role;

	stmt->kind = STMT_ROLE;
	memset(&stmt->role, 0, sizeof(stmt->role));
	if (!take(p, default_word[0].name) && !parse_pattern(p, &stmt->role))
		return false;
	if (!choose(p, role_names, "a role: internal, external or none", &role))
		return false;
	stmt->role.role = role;
	return true;
}

/* --- set and ttl ----------------------------------------------------------- */

static const struct name on_off[] = { { "off", 0 }, { "on", 1 }, { NULL, 0 } };

static const struct name on_change[] = {
	{ "revalidate", FLOWWALL_ON_CHANGE_REVALIDATE },
	{ "keep", FLOWWALL_ON_CHANGE_KEEP },
	{ NULL, 0 }
};

static bool parse_setting(struct parser *p, struct stmt *stmt)
{
	unsigned int key, value = 0;
	bool good;

	stmt->kind = STMT_SETTING;
	if (!choose(p, setting_names,
		    "a setting: max-flows, neighbour, dhcp or on-change", &key))
		return false;
	switch (key) {
	case SET_MAX_FLOWS:
		good = take_number(p, 1, FLOWWALL_MAX_FLOWS_LIMIT, "the limit of flows", &value);
		break;
	case SET_ON_CHANGE:
		good = choose(p, on_change, "revalidate or keep", &value);
		break;
	default:
		good = choose(p, on_off, "on or off", &value);
		break;
	}
	stmt->setting.key = key;
	stmt->setting.value = value;
	return good;
}

/* "90", "30s", "3m", "2h4m", "1d": seconds; the units in falling order. */
static bool duration(const char *text, uint32_t *seconds)
{
	static const struct { char unit; unsigned int seconds; } units[] = {
		{ 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 },
	};
	unsigned long long total = 0, value;
	unsigned int next = 0;

	if (number(text, FLOWWALL_TTL_LIMIT, &value)) {
		*seconds = value;
		return true;
	}
	if (!*text)
		return false;
	while (*text) {
		if (!isdigit((unsigned char)*text))
			return false;
		for (value = 0; isdigit((unsigned char)*text); text++) {
			value = value * 10 + (*text - '0');
			if (value > FLOWWALL_TTL_LIMIT)
				return false;
		}
		while (next < 4 && units[next].unit != *text)
			next++;
		if (next == 4)
			return false;
		total += value * units[next++].seconds;
		text++;
	}
	*seconds = total;
	return total <= FLOWWALL_TTL_LIMIT;
}

static bool take_duration(struct parser *p, const char *keyword, uint32_t *seconds)
{
	const struct name names[] = { { keyword, 0 }, { NULL, 0 } };
	const struct name *const tables[] = { names, NULL };
	const struct word *word;
	char what[32];

	snprintf(what, sizeof(what), "`%s`", keyword);
	if (!take(p, keyword))
		return expected(p, what, tables);
	word = peek(p);
	if (!word || !duration(word->text, seconds) || !*seconds)
		return expected(p, "a time from 1s to 10d, as in 90, 30s, 2h4m", NULL);
	p->at++;
	return true;
}

static bool parse_ttl(struct parser *p, struct stmt *stmt)
{
	const struct word *step;
	unsigned int class;

	stmt->kind = STMT_TTL;
	if (!choose(p, ttl_names, "a class of flows: tcp-syn, tcp-established, tcp-closing, "
		    "udp-new, udp-stream, icmp, gre or other", &class))
		return false;
	stmt->ttl.class = class;
	if (!take_duration(p, "step", &stmt->ttl.step))
		return false;
	step = &p->words->word[p->at - 1];
	if (!take_duration(p, "max", &stmt->ttl.max))
		return false;
	if (stmt->ttl.step > stmt->ttl.max)
		return word_mistake(step, "each packet adds the step, up to the maximum",
				    "the step is above the maximum");
	return true;
}

/* --- rules ----------------------------------------------------------------- */

/* One address; returns its family, or 0. */
static uint8_t address(const char *text, uint8_t bytes[16])
{
	memset(bytes, 0, 16);
	if (inet_pton(AF_INET, text, bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

/* Host bits are the user's mistake more often than their wish. */
static bool parse_prefix(const struct word *word, const char *length_text,
			 struct endpoint *point)
{
	unsigned int bits = point->family == AF_INET ? 32 : 128, i;
	uint8_t first[16], last[16];
	unsigned long long length;
	bool host = false;
	char hint[96], text[INET6_ADDRSTRLEN];

	if (!number(length_text, bits, &length)) {
		snprintf(hint, sizeof(hint), "a prefix length is a number from 0 to %u", bits);
		return word_mistake(word, hint, "not a prefix");
	}
	for (i = 0; i < bits / 8; i++) {
		unsigned int kept = length > 8 * i ? length - 8 * i : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)~(0xff >> kept);

		host |= point->min[i] & ~mask;
		first[i] = point->min[i] & mask;
		last[i] = first[i] | (uint8_t)~mask;
	}
	if (host) {
		inet_ntop(point->family, first, text, sizeof(text));
		snprintf(hint, sizeof(hint), "did you mean `%s/%llu`, or the host without a length?",
			 text, length);
		return word_mistake(word, hint, "the address has bits behind the prefix");
	}
	memcpy(point->max, last, bits / 8);
	return true;
}

static bool parse_address(struct parser *p, struct endpoint *point)
{
	const struct word *word = peek(p);
	char *text, *rest;
	bool good = true;
	char mark;

	if (!word)
		return expected(p, "an address, or `any`", NULL);
	text = strdup(word->text);
	rest = strpbrk(text, "/-");
	mark = rest ? *rest : '\0';
	if (rest)
		*rest++ = '\0';

	point->family = address(text, point->min);
	if (!point->family) {
		const struct name *const tables[] = { rule_words, port_word, NULL };

		good = expected(p, "an address: 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, "
				"2001:db8::/32 or `any`", tables);
	} else if (mark == '/') {
		good = parse_prefix(word, rest, point);
	} else if (mark == '-') {
		if (address(rest, point->max) != point->family)
			good = word_mistake(word, NULL,
					    "a range has two addresses of one family");
		else if (memcmp(point->min, point->max, sizeof(point->min)) > 0)
			good = word_mistake(word, "write the lower address first",
					    "the range ends before it begins");
	} else {
		memcpy(point->max, point->min, sizeof(point->max));
	}
	free(text);
	p->at += good;
	return good;
}

static bool port(const char *text, uint16_t *value)
{
	unsigned long long n;
	const struct servent *service;
	unsigned int known;

	if (number(text, 65535, &n)) {
		*value = n;
		return true;
	}
	if (value_of(service_names, text, &known)) {
		*value = known;
		return true;
	}
	service = isalpha((unsigned char)*text) ? getservbyname(text, NULL) : NULL;
	if (service)
		*value = ntohs(service->s_port);
	return service;
}

/* A port, a name (which may hold a dash), or a range. */
static bool port_range(char *text, struct port_range *range)
{
	char *dash;

	if (port(text, &range->min)) {
		range->max = range->min;
		return true;
	}
	for (dash = strchr(text, '-'); dash; dash = strchr(dash + 1, '-')) {
		bool good;

		*dash = '\0';
		good = port(text, &range->min) && port(dash + 1, &range->max);
		*dash = '-';
		if (good)
			return true;
	}
	return false;
}

static bool parse_ports(struct parser *p, struct endpoint *point)
{
	const struct word *word;
	char *list, *text, *rest;
	bool good = true;

	point->port_not = take(p, "not");
	word = peek(p);
	if (!word)
		return expected(p, "a port, or a list as in 80,443,8000-8099", NULL);
	free(point->ports);
	point->ports = calloc(FLOWWALL_PORTS_LIMIT, sizeof(*point->ports));
	point->n_ports = 0;

	list = rest = strdup(word->text);
	while (good && (text = strsep(&rest, ",")) != NULL) {
		struct port_range range;
		struct word part = { text, word->place };
		const struct name *const tables[] = { service_names, NULL };
		char hint[64];
		const char *near;

		part.place.column += text - list;
		part.place.length = *text ? strlen(text) : 1;
		if (point->n_ports == FLOWWALL_PORTS_LIMIT) {
			good = word_mistake(&part, NULL, "more than 64 ports and ranges in a list");
		} else if (!port_range(text, &range)) {
			near = nearest_name(text, tables);
			snprintf(hint, sizeof(hint), "did you mean `%s`?", near ? near : "");
			good = word_mistake(&part, near ? hint : NULL,
					    "not a port: a number up to 65535, a name, a range");
		} else if (range.min > range.max) {
			good = word_mistake(&part, "write the lower port first",
					    "the range ends before it begins");
		} else {
			point->ports[point->n_ports++] = range;
		}
	}
	free(list);
	p->at += good;
	return good;
}

static bool parse_endpoint(struct parser *p, struct endpoint *point)
{
	if (!next_is(p, "port") && !take(p, "any")) {
		point->addr_not = take(p, "not");
		if (!parse_address(p, point))
			return false;
	}
	return take(p, "port") ? parse_ports(p, point) : true;
}

static bool parse_proto(struct parser *p, struct rule *rule)
{
	const struct name *const tables[] = { direction_names, proto_names, rule_words, NULL };
	const struct word *word = peek(p);
	unsigned int value;

	if (take(p, "proto")) {
		word = peek(p);
		if (word && value_of(proto_names, word->text, &value))
			p->at++;
		else if (!take_number(p, 0, 255, "a protocol", &value))
			return false;
		rule->proto = value;
		return true;
	}
	if (!word || value_of(rule_words, word->text, &value))
		return true;
	if (!strcmp(word->text, port_word[0].name))
		return word_mistake(word, "from port 53, or: to port 80", "of which side?");
	if (!value_of(proto_names, word->text, &value))
		return expected(p, "a direction, a protocol, or one of from, to, id, comment",
				tables);
	rule->proto = value;
	p->at++;
	return true;
}

static bool parse_id(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	const char *c;

	if (!word)
		return expected(p, "an id", NULL);
	for (c = word->text; isalnum((unsigned char)*c) || (*c && strchr("-_.", *c)); c++)
		;
	if (*c || !isalpha((unsigned char)word->text[0]) ||
	    strlen(word->text) >= sizeof(rule->name))
		return word_mistake(word, "a letter, then letters, digits, `-`, `_`, `.`; 31 at most",
				    "not an id");
	snprintf(rule->name, sizeof(rule->name), "%s", word->text);
	p->at++;
	return true;
}

static bool parse_comment(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	const char *c;

	if (!word)
		return expected(p, "the text of the comment", NULL);
	for (c = word->text; *c; c++)
		if (iscntrl((unsigned char)*c) || (*c == '"' && strchr(word->text, '\'')))
			break;
	if (*c || strlen(word->text) >= FLOWWALL_COMMENT_SIZE)
		return word_mistake(word, "127 characters at most, of one kind of quotation marks",
				    "not a comment");
	free(rule->comment);
	rule->comment = strdup(word->text);
	p->at++;
	return true;
}

/* What the parts of a rule have to do with each other. */
static bool check_rule(const struct word *action, const struct word *src,
		       const struct word *dst, const struct rule *rule)
{
	char proto[8];

	if (rule->src.family && rule->dst.family && rule->src.family != rule->dst.family)
		return word_mistake(dst, "a rule without addresses covers both families",
				    "source and destination are of different families");
	if ((rule->src.n_ports || rule->dst.n_ports) && !has_ports(rule->proto)) {
		const struct word *at = rule->src.n_ports ? src : dst;
		struct place place = at ? at->place : action->place;

		mistake(&place, "ports are of tcp, udp, udplite, sctp and dccp",
			"%s has no ports", proto_text(rule->proto, proto, sizeof(proto)));
		return false;
	}
	return true;
}

static bool parse_rule(struct parser *p, struct stmt *stmt, unsigned int action)
{
	const struct word *action_word = &p->words->word[p->at - 1];
	const struct word *src = NULL, *dst = NULL, *word;
	struct rule *rule = &stmt->rule;
	bool id = false, comment = false;
	unsigned int direction;

	stmt->kind = STMT_RULE;
	memset(rule, 0, sizeof(*rule));
	rule->action = action;
	rule->proto = -1;
	rule->direction = FLOWWALL_DIRECTION_IN;
	word = peek(p);
	if (word && value_of(direction_names, word->text, &direction)) {
		rule->direction = direction;
		p->at++;
	}
	if (!parse_proto(p, rule))
		return false;

	while ((word = peek(p)) != NULL) {
		const struct name *const tables[] = { rule_words + 1, port_word, NULL };
		bool good;

		if (!src && !dst && !id && !comment && take(p, "from")) {
			src = word;
			good = parse_endpoint(p, &rule->src);
		} else if (!dst && !id && !comment && take(p, "to")) {
			dst = word;
			good = parse_endpoint(p, &rule->dst);
		} else if (!id && take(p, "id")) {
			id = true;
			good = parse_id(p, rule);
		} else if (!comment && take(p, "comment")) {
			comment = true;
			good = parse_comment(p, rule);
		} else {
			unsigned int known;

			good = value_of(rule_words + 1, word->text, &known) ?
				word_mistake(word, "a rule is: [from ...] [to ...] [id ...] [comment ...]",
					     "this is said once, and in this order") :
				expected(p, "known here: from, to, id or comment", tables);
		}
		if (!good)
			return false;
	}
	return check_rule(action_word, src, dst, rule);
}

/* --- statements ------------------------------------------------------------ */

static bool parse_version(struct parser *p, struct stmt *stmt)
{
	const struct word *word = peek(p);

	stmt->kind = STMT_NONE;
	if (word && !strcmp(word->text, "1")) {
		p->at++;
		return true;
	}
	return expected(p, "a version of the language that is known here: 1", NULL);
}

static bool parse_statement(struct parser *p, struct stmt *stmt)
{
	const struct name *const tables[] = { statement_words, action_names, NULL };
	const struct word *word = peek(p);
	unsigned int action;

	if (take(p, "version"))
		return parse_version(p, stmt);
	if (take(p, "role"))
		return parse_role(p, stmt);
	if (take(p, "set"))
		return parse_setting(p, stmt);
	if (take(p, "ttl"))
		return parse_ttl(p, stmt);
	if (word && value_of(action_names, word->text, &action)) {
		p->at++;
		return parse_rule(p, stmt, action);
	}
	return expected(p, "a statement: version, role, set, ttl, include, allow or deny",
			tables);
}

/**
 * parse_words() - make a statement of the words of one line
 * @words: at least one word
 * @stmt: set to the statement; to be freed, also after a mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_words(const struct words *words, struct stmt *stmt)
{
	struct parser p = { .words = words };

	memset(stmt, 0, sizeof(*stmt));
	stmt->place = words->n ? words->word[0].place : words->end;
	if (!parse_statement(&p, stmt))
		return false;
	if (p.at < words->n)
		return word_mistake(peek(&p), NULL, "the statement is complete before this");
	return true;
}

/**
 * stmt_free() - free what a statement holds
 */
void stmt_free(struct stmt *stmt)
{
	if (stmt->kind != STMT_RULE)
		return;
	free(stmt->rule.src.ports);
	free(stmt->rule.dst.ports);
	free(stmt->rule.comment);
	stmt->kind = STMT_NONE;
}
