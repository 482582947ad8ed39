// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> a rule.
 *
 *	rule = ("allow" | "deny" | "reject") ["in" | "out" | "inside" | "local"]
 *	       [PROTO | "proto" N] {part}
 *	part = "on" IFPAT | "from" ep | "to" ep | "key" N[-N] | "type" NAME
 *	     | "u32" ["not"] EXPR | "log" ["label" TEXT] | "limit" N/UNIT ["burst" N]
 *	     | "queue" N[-N] ["bypass"] | "mark" V[/MASK]
 *	     | "ttl" "step" DURATION "max" DURATION | "until" TIME
 *	     | "id" WORD | "comment" TEXT
 *	ep   = ("any" | ["not"] (ADDRESSES | "group" NAME)) ["port" ["not"] LIST]
 *	     | "port" ["not"] LIST
 *
 * The parts come in any order, each once, and are printed in this one.
 */
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parser.h"

enum part {
	PART_ON, PART_FROM, PART_TO, PART_KEY, PART_TYPE, PART_U32, PART_LOG, PART_LIMIT,
	PART_QUEUE, PART_MARK, PART_TTL, PART_UNTIL, PART_ID, PART_COMMENT, PARTS
};

static const struct name part_names[] = {
	{ "on", PART_ON }, { "from", PART_FROM }, { "to", PART_TO }, { "key", PART_KEY },
	{ "type", PART_TYPE }, { "u32", PART_U32 }, { "log", PART_LOG }, { "limit", PART_LIMIT },
	{ "queue", PART_QUEUE }, { "mark", PART_MARK }, { "ttl", PART_TTL },
	{ "until", PART_UNTIL }, { "id", PART_ID }, { "comment", PART_COMMENT },
	{ NULL, 0 }
};

/* Those that a flow is known by, too. */
static const struct name filter_names[] = {
	{ "from", PART_FROM }, { "to", PART_TO }, { "key", PART_KEY }, { NULL, 0 }
};

static const struct name proto_word[] = { { "proto", 0 }, { NULL, 0 } };
static const struct name any_word[] = { { "any", 0 }, { NULL, 0 } };
static const struct name not_word[] = { { "not", 0 }, { NULL, 0 } };
static const struct name group_word[] = { { "group", 0 }, { NULL, 0 } };
static const struct name port_word[] = { { "port", 0 }, { NULL, 0 } };
static const struct name label_word[] = { { "label", 0 }, { NULL, 0 } };
static const struct name burst_word[] = { { "burst", 0 }, { NULL, 0 } };
static const struct name bypass_word[] = { { "bypass", 0 }, { NULL, 0 } };
static const struct name no_word[] = { { NULL, 0 } };

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		fail_out_of_memory();
	return copied;
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

/**
 * parse_ports() - read what follows "port"
 * @point: gets the ports
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_ports(struct parser *p, struct endpoint *point)
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
	point->ports = calloc(items_of(word->text, FLOWWALL_PORTS_LIMIT), sizeof(*point->ports));
	if (!point->ports)
		fail_out_of_memory();

	list = rest = copy(word->text);
	while (good && (text = strsep(&rest, ",")) != NULL) {
		struct port_range range;
		struct word part = { text, place_within(word, text - list, strlen(text)) };
		char hint[64];
		const char *near;

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

/**
 * parse_endpoint() - read an end of a connection: addresses or a group, and ports
 * @point: set to it
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_endpoint(struct parser *p, struct endpoint *point)
{
	const struct name *const all[] = { any_word, not_word, group_word, port_word, NULL };
	const struct name *const *tables = all;
	const char *what =
		"an address: 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::/32, a list of such, `group` NAME or `any`";

	if (take(p, "port"))
		return parse_ports(p, point);
	if (!take(p, "any")) {
		point->addr_not = take(p, "not");
		if (point->addr_not) {
			what = "an address, a prefix, a range or `group` NAME";
			tables = NULL;
		}
		if (take(p, "group")) {
			if (!parse_name(p, "the name of a group", point->group))
				return false;
		} else if (!parse_addresses(p, what, tables, point)) {
			return false;
		}
	}
	return take(p, "port") ? parse_ports(p, point) : true;
}

/* --- what a rule asks ------------------------------------------------------ */

/* A number, decimal or with 0x. */
static bool any_number(const char *text, unsigned long long max, unsigned long long *value)
{
	char *end;

	if (strncmp(text, "0x", 2))
		return number(text, max, value);
	if (!isxdigit((unsigned char)text[2]) || strlen(text) > 18)
		return false;
	*value = strtoull(text + 2, &end, 16);
	return !*end && *value <= max;
}

/* "A" or "A-B", each up to @max; false without a word about it. */
static bool number_range(const char *text, unsigned long long max, unsigned long long *first,
			 unsigned long long *last)
{
	char *part = copy(text), *dash = strchr(part, '-');
	bool good;

	if (dash)
		*dash++ = '\0';
	good = any_number(part, max, first) && any_number(dash ? dash : part, max, last);
	free(part);
	return good;
}

static bool parse_on(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	const char *fault = word ? pattern_fault(word->text) : NULL;
	size_t length;

	if (!word || fault)
		return expected(p, "the name of an interface, or the beginning of names and `+`",
				fault, NULL);
	length = strlen(word->text);
	memcpy(rule->iface, word->text, length + 1);
	if (rule->iface[length - 1] == '*')
		rule->iface[length - 1] = '+';
	p->at++;
	return true;
}

static bool parse_key(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	unsigned long long first, last;

	if (!word || !number_range(word->text, UINT32_MAX, &first, &last))
		return expected(p, "a key of GRE, as in 22, 0x16 or 20-30", NULL, NULL);
	if (first > last)
		return word_mistake(p, word, "write the lower key first",
				    "the range ends before it begins");
	rule->keyed = true;
	rule->key_min = first;
	rule->key_max = last;
	p->at++;
	return true;
}

static bool parse_type(struct parser *p, struct rule *rule)
{
	const struct name *const tables[] = { icmp_type_names, NULL };
	const struct word *word = peek(p);
	unsigned long long type;
	unsigned int types;

	if (rule->proto != IPPROTO_ICMP && rule->proto != IPPROTO_ICMPV6)
		return word_mistake(p, &p->words->word[p->at - 1], "as in: allow in icmp type echo-request",
				    "types are of icmp and icmpv6");
	if (word && number(word->text, 255, &type)) {
		if (rule->proto == IPPROTO_ICMP)
			rule->icmp_type = type;
		else
			rule->icmpv6_type = type;
	} else if (word && value_of(icmp_type_names, word->text, &types)) {
		if (rule->proto == IPPROTO_ICMP)
			rule->icmp_type = ICMP_TYPE_OF(types);
		rule->icmpv6_type = ICMPV6_TYPE_OF(types);
		if (rule->icmp_type < 0 && rule->icmpv6_type < 0)
			return word_mistake(p, word, NULL, "ICMPv6 has no such type");
	} else {
		return expected(p, "a type of ICMP: a name as echo-request, or a number up to 255",
				NULL, tables);
	}
	p->at++;
	return true;
}

static bool parse_u32(struct parser *p, struct rule *rule)
{
	const struct name *const tables[] = { not_word, NULL };
	struct flowwall_u32_op ops[FLOWWALL_U32_OPS];
	const struct word *word;
	const char *why;
	size_t at;

	rule->u32_not = take(p, "not");
	word = peek(p);
	if (!word)
		return expected(p, "a program, as in \"6&0xFF=47\"", NULL,
				rule->u32_not ? NULL : tables);
	if (!u32_parse(word->text, ops, &rule->n_u32, &at, &why)) {
		struct place place = place_within(word, at, 1);

		if (!p->possible)
			mistake(&place, "as in: u32 \"6&0xFF=47 && 0>>22&0x3C@4=22\"", "u32: %s", why);
		return false;
	}
	rule->u32 = calloc(rule->n_u32, sizeof(*rule->u32));
	if (!rule->u32)
		fail_out_of_memory();
	memcpy(rule->u32, ops, rule->n_u32 * sizeof(*ops));
	p->at++;
	return true;
}

/**
 * read_time() - "2027-01-01", "2027-01-01T12:00", "2027-01-01T12:00:30"; local time, or
 *	UTC with "Z"
 * @seconds: set to seconds since 1970
 */
bool read_time(const char *text, uint64_t *seconds)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	size_t i;

	for (i = 0; i < 3; i++) {
		struct tm tm = { .tm_isdst = -1 }, asked;
		const char *end = strptime(text, formats[i], &tm);
		bool utc = end && !strcmp(end, "Z");
		time_t time;

		if (!end || (*end && !utc))
			continue;
		asked = tm;
		time = utc ? timegm(&tm) : mktime(&tm);
		/* The 31st of April comes back as another day. */
		if (time <= 0 || tm.tm_mday != asked.tm_mday || tm.tm_mon != asked.tm_mon)
			return false;
		*seconds = time;
		return true;
	}
	return false;
}

static bool parse_until(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);

	if (!word || !read_time(word->text, &rule->until))
		return expected(p, "a time: 2027-01-01, 2027-01-01T12:00 or 2027-01-01T12:00:00Z",
				NULL, NULL);
	p->at++;
	return true;
}

/* --- what a rule does ------------------------------------------------------ */

/* One line of text of less than @size bytes, for what @what says. */
static char *parse_text(struct parser *p, size_t size, const char *what)
{
	const struct word *word = peek(p);
	char hint[64], message[64];
	const char *c;

	if (!word) {
		snprintf(message, sizeof(message), "the text of the %s", what);
		expected(p, message, NULL, NULL);
		return NULL;
	}
	for (c = word->text; *c && !iscntrl((unsigned char)*c); c++)
		;
	if (*c || strlen(word->text) >= size) {
		snprintf(hint, sizeof(hint), "one line of text, of %zu bytes at most", size - 1);
		snprintf(message, sizeof(message), "not a %s", what);
		word_mistake(p, word, hint, message);
		return NULL;
	}
	p->at++;
	return copy(word->text);
}

static bool parse_log(struct parser *p, struct rule *rule)
{
	rule->log = true;
	if (!take(p, "label"))
		return true;
	rule->label = parse_text(p, FLOWWALL_LABEL_SIZE, "label");
	return rule->label;
}

static bool parse_limit(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	char *text = word ? copy(word->text) : NULL;
	char *slash = text ? strchr(text, '/') : NULL;
	unsigned long long count = 0, burst;
	unsigned int unit = 0;
	bool good = false;

	if (slash) {
		*slash++ = '\0';
		good = number(text, 1000000, &count) && count && value_of(unit_names, slash, &unit);
	}
	free(text);
	if (!good)
		return expected(p, "a limit: a number up to 1000000, /, and second, minute, hour or day",
				"as in: limit 10/minute burst 20", NULL);
	p->at++;
	rule->limit = count;
	rule->limit_unit = unit;
	rule->limit_burst = LIMIT_BURST;
	if (!take(p, "burst"))
		return true;
	word = peek(p);
	if (!word || !number(word->text, 1000000, &burst) || !burst)
		return expected(p, "a burst: a number from 1 to 1000000", NULL, NULL);
	rule->limit_burst = burst;
	p->at++;
	return true;
}

static bool parse_queue(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);
	unsigned long long first, last;

	if (!word || !number_range(word->text, 65535, &first, &last))
		return expected(p, "a queue's number up to 65535, or some, as in 10-13", NULL, NULL);
	if (first > last)
		return word_mistake(p, word, "write the lower number first",
				    "the range ends before it begins");
	p->at++;
	rule->queued = true;
	rule->queue_first = first;
	rule->queue_last = last;
	rule->queue_bypass = take(p, "bypass");
	return true;
}

/**
 * take_mark() - read a mark, and the mask behind it
 * @mark: set to it
 * @mask: set to the bits that it is about, all of them unless it says so
 *
 * Return: false after a mistake, which has been reported.
 */
bool take_mark(struct parser *p, uint32_t *mark, uint32_t *mask)
{
	const struct word *word = peek(p);
	char *text = word ? copy(word->text) : NULL;
	char *slash = text ? strchr(text, '/') : NULL;
	unsigned long long bits = 0, of = UINT32_MAX;
	bool good;

	if (slash)
		*slash++ = '\0';
	good = text && any_number(text, UINT32_MAX, &bits) &&
	       (!slash || (any_number(slash, UINT32_MAX, &of) && of));
	free(text);
	if (!good)
		return expected(p, "a mark, as in 32, 0x20 or 0x20/0xff", NULL, NULL);
	if (bits & ~of)
		return word_mistake(p, word, "the mask says which bits are set", "the mark has bits beyond its mask");
	*mark = bits;
	*mask = of;
	p->at++;
	return true;
}

static bool parse_id(struct parser *p, struct rule *rule)
{
	const struct word *word = peek(p);

	if (!parse_name(p, "an id", rule->name))
		return false;
	if (!strcmp(rule->name, "none"))
		return word_mistake(p, word, "as in: fwctl flows rule none", "`none` means no rule");
	rule->name_place = word->place;
	return true;
}

/* --- rules ----------------------------------------------------------------- */

/* The protocol may be left out: then a part of the rule comes next, or nothing. */
static bool parse_proto(struct parser *p, struct rule *rule, bool directed)
{
	const struct name *const after[] = { proto_names, NULL };
	const struct name *parts = p->filter ? filter_names : part_names;
	const struct name *const tables[] = { proto_names, proto_word, parts,
					      directed ? NULL : direction_names, p->filter, NULL };
	const struct name *const others[] = { parts, p->filter, NULL };
	char names[64], known[128];
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
		if (!word || value_of(parts, word->text, &value) ||
		    value_of(port_word, word->text, &value))
			return true;
		if (p->filter) {
			snprintf(known, sizeof(known), "known here: a direction, a protocol, %s",
				 list_names(others, names, sizeof(names)));
			return expected(p, known, NULL, tables);
		}
		return expected(p, directed ? "a protocol, or a part of a rule as from, to, id" :
				"a direction, a protocol, or a part of a rule as from, to, id",
				NULL, tables);
	}
	rule->proto = value;
	p->at++;
	return true;
}

static bool parse_part(struct parser *p, struct rule *rule, unsigned int part)
{
	switch (part) {
	case PART_ON:
		return parse_on(p, rule);
	case PART_FROM:
		return parse_endpoint(p, &rule->src);
	case PART_TO:
		return parse_endpoint(p, &rule->dst);
	case PART_KEY:
		return parse_key(p, rule);
	case PART_TYPE:
		return parse_type(p, rule);
	case PART_U32:
		return parse_u32(p, rule);
	case PART_LOG:
		return parse_log(p, rule);
	case PART_LIMIT:
		return parse_limit(p, rule);
	case PART_QUEUE:
		return parse_queue(p, rule);
	case PART_MARK:
		return take_mark(p, &rule->mark, &rule->mark_mask);
	case PART_TTL:
		return parse_ttl_pair(p, &rule->ttl_step, &rule->ttl_max);
	case PART_UNTIL:
		return parse_until(p, rule);
	case PART_ID:
		return parse_id(p, rule);
	default:
		rule->comment = parse_text(p, FLOWWALL_COMMENT_SIZE, "comment");
		return rule->comment;
	}
}

/* The parts that may still come, for the @said ones, as a table of names. */
static void open_parts(const struct parser *p, const struct word *const *said,
		       struct name *open)
{
	const struct name *part = p->filter ? filter_names : part_names;

	for (; part->name; part++)
		if (!said[part->value])
			*open++ = *part;
	*open = (struct name){ NULL, 0 };
}

/* What may follow the part right before, and is no part of its own. */
static const struct name *followers(const struct rule *rule, int part)
{
	switch (part) {
	case PART_FROM:
		return rule->src.n_ports ? no_word : port_word;
	case PART_TO:
		return rule->dst.n_ports ? no_word : port_word;
	case PART_LOG:
		return rule->label ? no_word : label_word;
	case PART_LIMIT:
		return burst_word;
	case PART_QUEUE:
		return rule->queue_bypass ? no_word : bypass_word;
	default:
		return no_word;
	}
}

/* The next word is no part that may come now. @last: the part right before, or -1. */
static bool out_of_place(const struct parser *p, const struct name *open,
			 const struct rule *rule, int last)
{
	const struct name *const tables[] = { open, followers(rule, last), p->filter, NULL };
	const struct word *word = peek(p);
	char names[192], message[256];
	unsigned int value;

	if (value_of(p->filter ? filter_names : part_names, word->text, &value))
		return word_mistake(p, word, NULL, "this is said once");
	if (value_of(port_word, word->text, &value))
		return word_mistake(p, word, "from port 53, or: to port 80", "of which side?");
	if (value_of(direction_names, word->text, &value))
		return word_mistake(p, word, "as in: allow out tcp",
				    "the direction is said once, before the protocol");
	if (value_of(proto_names, word->text, &value))
		return word_mistake(p, word, "as in: allow in tcp to any port 80",
				    "the protocol is said once, before all parts");
	if (!open->name && !p->filter)
		return word_mistake(p, word, NULL, "the statement is complete before this");
	snprintf(message, sizeof(message), "known here: %s",
		 list_names(tables, names, sizeof(names)));
	return expected(p, message, NULL, tables);
}

/* AF_INET or AF_INET6 if all addresses are of that family, otherwise 0. */
static uint8_t family_of(const struct endpoint *point)
{
	uint8_t i;

	for (i = 1; i < point->n_addrs; i++)
		if (point->addrs[i].family != point->addrs[0].family)
			return 0;
	return point->n_addrs ? point->addrs[0].family : 0;
}

/* What the parts of a rule have to do with each other. */
static bool check_rule(const struct parser *p, const struct word *const *said,
		       const struct rule *rule)
{
	static const enum part given[] = { PART_QUEUE, PART_MARK, PART_TTL };
	const struct word *at = said[rule->src.n_ports ? PART_FROM : PART_TO];
	uint8_t src = family_of(&rule->src), dst = family_of(&rule->dst), family = src ? src : dst;
	char proto[8];
	size_t i;

	if (src && dst && src != dst)
		return word_mistake(p, said[PART_TO],
				    "a rule without addresses covers both families",
				    "source and destination are of different families");
	if ((rule->src.n_ports || rule->dst.n_ports) && !has_ports(rule->proto)) {
		if (!p->possible)
			mistake(&at->place, "ports are of tcp, udp, udplite, sctp and dccp",
				"%s has no ports", proto_text(rule->proto, proto, sizeof(proto)));
		return false;
	}
	if (rule->keyed && rule->proto != IPPROTO_GRE)
		return word_mistake(p, said[PART_KEY], "as in: allow in gre key 22",
				    "keys are of gre");
	if (said[PART_TYPE] && rule->proto == IPPROTO_ICMP && family &&
	    (family == AF_INET ? rule->icmp_type : rule->icmpv6_type) < 0)
		return word_mistake(p, said[PART_TYPE], "a number is of the family that the protocol says",
				    "addresses of one family, a type of the other");
	if (rule->proto == IPPROTO_ICMPV6 && family == AF_INET)
		return word_mistake(p, said[src ? PART_FROM : PART_TO], NULL,
				    "icmpv6 has no addresses of IPv4");
	for (i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (said[given[i]] && rule->action != FLOWWALL_ACTION_ALLOW)
			return word_mistake(p, said[given[i]], NULL,
					    "this is for what is allowed");
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
	struct name open[PARTS + 1];
	unsigned int value;
	bool directed;
	int last = -1;

	memset(rule, 0, sizeof(*rule));
	rule->action = action;
	rule->proto = -1;
	rule->icmp_type = -1;
	rule->icmpv6_type = -1;
	rule->direction = FLOWWALL_DIRECTION_IN;
	directed = word && value_of(direction_names, word->text, &value);
	if (directed) {
		rule->direction = value;
		p->at++;
	}
	if (!parse_proto(p, rule, directed))
		return false;

	while ((word = peek(p)) != NULL) {
		open_parts(p, said, open);
		if (!value_of(open, word->text, &value))
			return out_of_place(p, open, rule, last);
		said[value] = word;
		last = value;
		p->at++;
		if (!parse_part(p, rule, value))
			return false;
	}
	return check_rule(p, said, rule);
}
