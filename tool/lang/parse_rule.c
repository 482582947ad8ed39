// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> a rule.
 *
 *	rule = ("allow" | "deny") ["in" | "out" | "inside" | "local"]
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

#include "parser.h"

/* What may follow the protocol, in this order, each once; id and comment as they like. */
enum part { PART_FROM, PART_TO, PART_ID, PART_COMMENT, PARTS };

static const struct name part_names[] = {
	{ "from", PART_FROM }, { "to", PART_TO }, { "id", PART_ID }, { "comment", PART_COMMENT },
	{ NULL, 0 }
};

static const struct name proto_word[] = { { "proto", 0 }, { NULL, 0 } };
static const struct name any_word[] = { { "any", 0 }, { NULL, 0 } };
static const struct name not_word[] = { { "not", 0 }, { NULL, 0 } };
static const struct name port_word[] = { { "port", 0 }, { NULL, 0 } };
static const struct name no_word[] = { { NULL, 0 } };

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		fail_out_of_memory();
	return copied;
}

/* --- addresses ------------------------------------------------------------- */

/* One address; returns its family, or 0. */
static uint8_t address(const char *text, uint8_t bytes[16])
{
	memset(bytes, 0, 16);
	if (inet_pton(AF_INET, text, bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

/* Host bits are the user's mistake more often than their wish. */
static bool parse_prefix(const struct parser *p, const struct word *word,
			 const char *length_text, struct endpoint *point)
{
	unsigned int bits = point->family == AF_INET ? 32 : 128, i;
	uint8_t first[16], last[16];
	unsigned long long length;
	bool host = false;
	char hint[96], text[INET6_ADDRSTRLEN];

	if (!number(length_text, bits, &length)) {
		snprintf(hint, sizeof(hint), "a prefix length is a number from 0 to %u", bits);
		return word_mistake(p, word, hint, "not a prefix");
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
		return word_mistake(p, word, hint, "the address has bits behind the prefix");
	}
	memcpy(point->max, last, bits / 8);
	return true;
}

static bool parse_address(struct parser *p, struct endpoint *point)
{
	const struct name *const all[] = { any_word, not_word, port_word, NULL };
	const struct name *const *tables = point->addr_not ? NULL : all;
	const char *what = point->addr_not ?
		"an address, a prefix or a range" :
		"an address: 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::/32 or `any`";
	const struct word *word = peek(p);
	char *text, *rest;
	bool good = true;
	char mark;

	if (!word)
		return expected(p, what, NULL, tables);
	text = copy(word->text);
	rest = strpbrk(text, "/-");
	mark = rest ? *rest : '\0';
	if (rest)
		*rest++ = '\0';

	point->family = address(text, point->min);
	if (!point->family) {
		good = expected(p, what, NULL, tables);
	} else if (mark == '/') {
		good = parse_prefix(p, word, rest, point);
	} else if (mark == '-') {
		if (address(rest, point->max) != point->family)
			good = word_mistake(p, word, NULL,
					    "a range has two addresses of one family");
		else if (memcmp(point->min, point->max, sizeof(point->min)) > 0)
			good = word_mistake(p, word, "write the lower address first",
					    "the range ends before it begins");
	} else {
		memcpy(point->max, point->min, sizeof(point->max));
	}
	free(text);
	p->at += good;
	return good;
}

/* --- ports ----------------------------------------------------------------- */

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
	const struct name *const tables[] = { not_word, service_names, NULL };
	const struct name *const *lists = tables;
	const struct word *word;
	char *list, *text, *rest;
	bool good = true;

	point->port_not = take(p, "not");
	if (point->port_not)
		lists++;
	word = peek(p);
	if (!word || !isalnum((unsigned char)*word->text))
		return expected(p, "a port, or a list as in 80,443,8000-8099", NULL, lists);
	point->ports = calloc(FLOWWALL_PORTS_LIMIT, sizeof(*point->ports));
	if (!point->ports)
		fail_out_of_memory();

	list = rest = copy(word->text);
	while (good && (text = strsep(&rest, ",")) != NULL) {
		struct port_range range;
		struct word part = { text, word->place };
		char hint[64];
		const char *near;

		part.place.column += text - list;
		part.place.length = *text ? strlen(text) : 1;
		if (point->n_ports == FLOWWALL_PORTS_LIMIT) {
			good = word_mistake(p, &part, NULL, "more than 64 ports and ranges in a list");
		} else if (!port_range(text, &range)) {
			near = nearest_name(text, tables + 1);
			snprintf(hint, sizeof(hint), "did you mean `%s`?", near ? near : "");
			good = word_mistake(p, &part, near ? hint : NULL,
					    "not a port: a number up to 65535, a name, a range");
		} else if (range.min > range.max) {
			good = word_mistake(p, &part, "write the lower port first",
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
	if (take(p, "port"))
		return parse_ports(p, point);
	if (!take(p, "any")) {
		point->addr_not = take(p, "not");
		if (!parse_address(p, point))
			return false;
	}
	return take(p, "port") ? parse_ports(p, point) : true;
}

/* --- rules ----------------------------------------------------------------- */

/* The protocol may be left out: then a part of the rule comes next, or nothing. */
static bool parse_proto(struct parser *p, struct rule *rule, bool directed)
{
	const struct name *const after[] = { proto_names, NULL };
	const struct name *const tables[] = { proto_names, proto_word, part_names,
					      directed ? NULL : direction_names, NULL };
	bool said = take(p, proto_word[0].name);
	const struct word *word = peek(p);
	unsigned long long any;
	unsigned int value;

	if (said && word && number(word->text, 255, &any)) {
		value = any;
	} else if (!word || !value_of(proto_names, word->text, &value)) {
		if (said)
			return expected(p, "a protocol: a name, or a number from 0 to 255", NULL,
					after);
		if (!word || value_of(part_names, word->text, &value) ||
		    value_of(port_word, word->text, &value))
			return true;
		return expected(p, directed ? "a protocol, or one of from, to, id, comment" :
				"a direction, a protocol, or one of from, to, id, comment",
				NULL, tables);
	}
	rule->proto = value;
	p->at++;
	return true;
}

static bool parse_id(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	const char *c;

	if (!word)
		return expected(p, "an id", NULL, NULL);
	for (c = word->text; isalnum((unsigned char)*c) || (*c && strchr("-_.", *c)); c++)
		;
	if (*c || !isalpha((unsigned char)word->text[0]) ||
	    strlen(word->text) >= sizeof(rule->name))
		return word_mistake(p, word,
				    "a letter, then letters, digits, `-`, `_`, `.`; 31 at most",
				    "not an id");
	snprintf(rule->name, sizeof(rule->name), "%s", word->text);
	rule->name_place = word->place;
	p->at++;
	return true;
}

static bool parse_comment(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	const char *c;

	if (!word)
		return expected(p, "the text of the comment", NULL, NULL);
	for (c = word->text; *c && !iscntrl((unsigned char)*c); c++)
		;
	if (*c || strlen(word->text) >= FLOWWALL_COMMENT_SIZE)
		return word_mistake(p, word, "one line of text, of 127 bytes at most",
				    "not a comment");
	rule->comment = copy(word->text);
	p->at++;
	return true;
}

static bool parse_part(struct parser *p, struct rule *rule, unsigned int part)
{
	switch (part) {
	case PART_FROM:
		return parse_endpoint(p, &rule->src);
	case PART_TO:
		return parse_endpoint(p, &rule->dst);
	case PART_ID:
		return parse_id(p, rule);
	default:
		return parse_comment(p, rule);
	}
}

/* The parts that may still come, for the @said ones, as a table of names. */
static void open_parts(const struct word *const *said, struct name *open)
{
	bool tail = said[PART_ID] || said[PART_COMMENT];
	size_t i;

	for (i = 0; i < PARTS; i++) {
		if (said[i] || (i <= PART_TO && tail) || (i == PART_FROM && said[PART_TO]))
			continue;
		*open++ = part_names[i];
	}
	*open = (struct name){ NULL, 0 };
}

/*
 * The next word is no part that may come now.
 * @point: the endpoint right before it, which may still have ports, or NULL
 */
static bool out_of_place(const struct parser *p, const struct name *open,
			 const struct endpoint *point)
{
	const struct name *const tables[] = { open, point && !point->n_ports ? port_word : no_word,
					      NULL };
	const struct word *word = peek(p);
	char names[64], message[96];
	unsigned int value;

	if (value_of(part_names, word->text, &value))
		return word_mistake(p, word, "a rule is: [from ...] [to ...] [id ...] [comment ...]",
				    "this is said once, and in this order");
	if (value_of(port_word, word->text, &value))
		return word_mistake(p, word, "from port 53, or: to port 80", "of which side?");
	if (value_of(direction_names, word->text, &value))
		return word_mistake(p, word, "as in: allow out tcp",
				    "the direction is said once, before the protocol");
	if (!open->name)
		return word_mistake(p, word, NULL, "the statement is complete before this");
	snprintf(message, sizeof(message), "known here: %s",
		 list_names(tables, names, sizeof(names)));
	return expected(p, message, NULL, tables);
}

/* What the parts of a rule have to do with each other. */
static bool check_rule(const struct parser *p, const struct word *const *said,
		       const struct rule *rule)
{
	const struct word *at = said[rule->src.n_ports ? PART_FROM : PART_TO];
	char proto[8];

	if (rule->src.family && rule->dst.family && rule->src.family != rule->dst.family)
		return word_mistake(p, said[PART_TO],
				    "a rule without addresses covers both families",
				    "source and destination are of different families");
	if ((rule->src.n_ports || rule->dst.n_ports) && !has_ports(rule->proto)) {
		mistake(&at->place, "ports are of tcp, udp, udplite, sctp and dccp",
			"%s has no ports", proto_text(rule->proto, proto, sizeof(proto)));
		return false;
	}
	return true;
}

/**
 * parse_rule() - read what follows the action of a rule, to the line's end
 * @rule: set to the rule; to be freed, also after a mistake
 * @action: enum flowwall_action
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_rule(struct parser *p, struct rule *rule, unsigned int action)
{
	const struct word *said[PARTS] = { NULL }, *word = peek(p);
	const struct endpoint *point = NULL;
	struct name open[PARTS + 1];
	unsigned int value;
	bool directed;

	memset(rule, 0, sizeof(*rule));
	rule->action = action;
	rule->proto = -1;
	rule->direction = FLOWWALL_DIRECTION_IN;
	directed = word && value_of(direction_names, word->text, &value);
	if (directed) {
		rule->direction = value;
		p->at++;
	}
	if (!parse_proto(p, rule, directed))
		return false;

	while ((word = peek(p)) != NULL) {
		open_parts(said, open);
		if (!value_of(open, word->text, &value))
			return out_of_place(p, open, point);
		said[value] = word;
		p->at++;
		if (!parse_part(p, rule, value))
			return false;
		point = value == PART_FROM ? &rule->src : value == PART_TO ? &rule->dst : NULL;
	}
	return check_rule(p, said, rule);
}
