// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of an application filter, in the words of the one language, and what its rules
 * say about a request.
 *
 *	stmt   = "version" 1 | "default" ("allow"|"deny") | rule
 *	rule   = ("allow" | "deny" | "mark" V[/M]) PROTO {match} {option}
 *	PROTO  = "http" | "http2" | "tls" | "dns" | "other"
 *	match  = ("host" | "name") (PATTERN | "none") | "path" PATTERN | "method" NAME
 *	       | "type" NAME | "ech"
 *	option = "release" | "log" | "id" WORD
 */
#include <ctype.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "rules.h"

#define RULES_MAX	10000

enum deed { DEED_ALLOW, DEED_DENY, DEED_MARK, DEED_DEFAULT, DEED_VERSION };

static const struct name deed_names[] = {
	{ "allow", DEED_ALLOW }, { "deny", DEED_DENY }, { "mark", DEED_MARK },
	{ "default", DEED_DEFAULT }, { "version", DEED_VERSION }, { NULL, 0 }
};

static const struct name default_names[] = {
	{ "allow", DEED_ALLOW }, { "deny", DEED_DENY }, { NULL, 0 }
};

const struct name app_proto_names[] = {
	{ "http", APP_HTTP }, { "http2", APP_HTTP2 }, { "tls", APP_TLS }, { "dns", APP_DNS },
	{ "other", APP_OTHER }, { NULL, 0 }
};

enum part {
	PART_HOST, PART_NAME, PART_PATH, PART_METHOD, PART_TYPE, PART_ECH, PART_RELEASE,
	PART_LOG, PART_ID
};

static const struct name part_names[] = {
	{ "host", PART_HOST }, { "name", PART_NAME }, { "path", PART_PATH },
	{ "method", PART_METHOD }, { "type", PART_TYPE }, { "ech", PART_ECH },
	{ "release", PART_RELEASE }, { "log", PART_LOG }, { "id", PART_ID }, { NULL, 0 }
};

/* Of which protocols a part can be, by bits. */
static const unsigned int part_protos[] = {
	[PART_HOST] = 1 << APP_HTTP,
	[PART_NAME] = 1 << APP_TLS | 1 << APP_DNS,
	[PART_PATH] = 1 << APP_HTTP,
	[PART_METHOD] = 1 << APP_HTTP,
	[PART_TYPE] = 1 << APP_DNS,
	[PART_ECH] = 1 << APP_TLS,
	[PART_RELEASE] = 1 << APP_HTTP,
	[PART_LOG] = ~0u,
	[PART_ID] = ~0u,
};

/* RFC 1035, 3596, 9460 and some others. */
static const struct name type_names[] = {
	{ "A", 1 }, { "NS", 2 }, { "CNAME", 5 }, { "SOA", 6 }, { "NULL", 10 }, { "PTR", 12 },
	{ "MX", 15 }, { "TXT", 16 }, { "AAAA", 28 }, { "SRV", 33 }, { "NAPTR", 35 },
	{ "DS", 43 }, { "SVCB", 64 }, { "HTTPS", 65 }, { "AXFR", 252 }, { "ANY", 255 },
	{ NULL, 0 }
};

static char *must(char *text)
{
	if (!text)
		fail_out_of_memory();
	return text;
}

/* --- the file ----------------------------------------------------------------- */

/* A label in ASCII: as it is, or, if it is not, as IDNA has it (RFC 5891). */
static bool add_label(char *pattern, const char *label, size_t length)
{
	char *given = must(strndup(label, length)), *ascii = NULL;
	size_t at = strlen(pattern), i;
	bool good = true;

	for (i = 0; i < length && !(label[i] & 0x80); i++)
		;
	if (i < length) {
		good = idn2_to_ascii_8z(given, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK;
		free(given);
		given = good ? must(strdup(ascii)) : NULL;
		idn2_free(ascii);
	}
	good = good && at + strlen(given) < NAME_ROOM;
	for (i = 0; good && given[i]; i++) {
		good = isalnum((unsigned char)given[i]) || strchr("-_*:", given[i]);
		pattern[at + i] = tolower((unsigned char)given[i]);
		pattern[at + i + 1] = '\0';
	}
	free(given);
	return good;
}

static bool parse_name_pattern(struct parser *p, struct app_rule *rule)
{
	const struct word *word = peek(p);
	char pattern[NAME_ROOM + 1] = "";
	const char *at, *end;

	if (!word)
		return expected(p, "a name, as in app.example or *.example", NULL, NULL);
	p->at++;
	if (!strcmp(word->text, "none")) {
		rule->unnamed = true;
		return true;
	}
	for (at = word->text; ; at = end + 1) {
		end = strchrnul(at, '.');
		if (*end == '.' && !end[1] && end != at)
			return word_mistake(p, word, "leave out the dot at its end", "not a name");
		if (end == at || !add_label(pattern, at, end - at))
			return word_mistake(p, word, "labels with dots between them; `*` stands for anything",
					    "not a name that a server can have");
		if (!*end)
			break;
		if (strlen(pattern) + 1 >= NAME_ROOM)
			return word_mistake(p, word, NULL, "a name that is too long");
		strcat(pattern, ".");
	}
	rule->name = must(strdup(pattern));
	return true;
}

static bool parse_path(struct parser *p, struct app_rule *rule)
{
	const struct word *word = peek(p);

	if (!word)
		return expected(p, "a path, as in \"/app/*\"", NULL, NULL);
	if (*word->text != '/' && *word->text != '*')
		return word_mistake(p, word, "it begins with `/`", "not a path");
	if (strchr(word->text, '?') || strchr(word->text, '#'))
		return word_mistake(p, word, "what is behind `?` is not compared", "not a path");
	if (strlen(word->text) >= PATH_ROOM)
		return word_mistake(p, word, NULL, "a path that is too long");
	rule->path = must(strdup(word->text));
	p->at++;
	return true;
}

static bool parse_method(struct parser *p, struct app_rule *rule)
{
	const struct word *word = peek(p);
	const char *c;

	if (!word)
		return expected(p, "a method, as in GET", NULL, NULL);
	for (c = word->text; isupper((unsigned char)*c); c++)
		;
	if (*c || c == word->text || strlen(word->text) >= METHOD_ROOM)
		return word_mistake(p, word, "capital letters, as in GET", "not a method");
	strcpy(rule->method, word->text);
	p->at++;
	return true;
}

static bool parse_type(struct parser *p, struct app_rule *rule)
{
	const struct word *word = peek(p);
	unsigned long long value;
	unsigned int type;

	if (word && number(word->text, 65535, &value)) {
		rule->type = value;
		p->at++;
		return true;
	}
	if (!choose(p, type_names, "a type of the DNS: a number, or ", &type))
		return false;
	rule->type = type;
	return true;
}

static bool parse_part(struct parser *p, struct app_rule *rule, enum part part)
{
	switch (part) {
	case PART_HOST:
	case PART_NAME:
		return parse_name_pattern(p, rule);
	case PART_PATH:
		return parse_path(p, rule);
	case PART_METHOD:
		return parse_method(p, rule);
	case PART_TYPE:
		return parse_type(p, rule);
	case PART_ECH:
		rule->ech = true;
		return true;
	case PART_RELEASE:
		rule->release = true;
		return true;
	case PART_LOG:
		rule->log = true;
		return true;
	default:
		return parse_name(p, "an id", rule->id);
	}
}

static bool parse_parts(struct parser *p, struct app_rule *rule)
{
	const struct word *word;
	unsigned int part, had = 0;

	while ((word = peek(p)) != NULL) {
		if (!choose(p, part_names, "a part of a rule: ", &part))
			return false;
		if (!(part_protos[part] & 1 << rule->proto))
			return word_mistake(p, word, NULL, "not a part of a rule about this protocol");
		if (had & 1 << part)
			return word_mistake(p, word, NULL, "twice in one rule");
		if (part == PART_RELEASE && !rule->allow)
			return word_mistake(p, word, NULL, "only for what is allowed");
		had |= 1 << part;
		if (!parse_part(p, rule, part))
			return false;
	}
	return true;
}

static struct app_rule *add_rule(struct app_rules *rules, const struct place *place)
{
	struct app_rule *rule;

	if (rules->n == rules->room) {
		rules->room = rules->room ? 2 * rules->room : 16;
		rules->rule = realloc(rules->rule, rules->room * sizeof(*rules->rule));
		if (!rules->rule)
			fail_out_of_memory();
	}
	rule = memset(&rules->rule[rules->n++], 0, sizeof(*rule));
	rule->type = -1;
	rule->text = must(strdup(place->text + strspn(place->text, " \t")));
	snprintf(rule->id, sizeof(rule->id), "%u", place->line);
	return rule;
}

static bool parse_default(struct parser *p, struct app_rules *rules)
{
	const struct word *word = &p->words->word[0];
	struct app_rule *rule;
	unsigned int deed;

	if (!choose(p, default_names, "what becomes of all else: ", &deed))
		return false;
	if (rules->has_default)
		return word_mistake(p, word, NULL, "there is one already");
	if (peek(p) && strcmp(peek(p)->text, "log"))
		return expected(p, "the end of the line", NULL, NULL);
	rules->has_default = true;
	rule = add_rule(rules, &word->place);
	strcpy(rule->id, "default");
	rule->any = true;
	rule->allow = deed == DEED_ALLOW;
	rule->log = take(p, "log");
	return !peek(p) || expected(p, "the end of the line", NULL, NULL);
}

static bool parse_line(const struct words *words, void *arg)
{
	struct parser parser = { .words = words }, *p = &parser;
	struct app_rules *rules = arg;
	struct app_rule *rule;
	unsigned int deed, proto;
	uint32_t version;

	if (!choose(p, deed_names, "a statement: ", &deed))
		return false;
	if (deed == DEED_VERSION)
		return take_number(p, 1, 1, "the version", &version) &&
		       (!peek(p) || expected(p, "the end of the line", NULL, NULL));
	if (deed == DEED_DEFAULT)
		return parse_default(p, rules);
	if (rules->has_default)
		return word_mistake(p, &words->word[0], "put it before the default",
				    "a rule that nothing comes to");
	if (rules->n >= RULES_MAX)
		return word_mistake(p, &words->word[0], NULL, "too many rules");
	rule = add_rule(rules, &words->word[0].place);
	rule->allow = deed != DEED_DENY;
	if (deed == DEED_MARK) {
		const struct word *word = peek(p);

		if (!take_mark(p, &rule->mark, &rule->mask))
			return false;
		if (rule->mark & FLOWWALL_QUEUE_VERDICT)
			return word_mistake(p, word, "below 0x40000000",
					    "the two highest bits are the filter's own");
		rule->mask &= ~FLOWWALL_QUEUE_VERDICT;
	}
	if (!choose(p, app_proto_names, "a protocol: ", &proto))
		return false;
	rule->proto = proto;
	return parse_parts(p, rule);
}

static bool check_ids(const struct app_rules *rules, const char *file)
{
	struct place place = { .file = file, .text = "" };
	size_t i, k;

	for (i = 0; i < rules->n; i++) {
		if (isdigit((unsigned char)rules->rule[i].id[0]))
			continue;
		for (k = 0; k < i; k++) {
			if (strcmp(rules->rule[i].id, rules->rule[k].id))
				continue;
			mistake(&place, NULL, "two rules have the id `%s`", rules->rule[i].id);
			return false;
		}
	}
	return true;
}

/**
 * app_rules_read() - read the file of a filter
 * @file: its name; "-" is standard input
 * @rules: set to what it says; to be freed, also after a mistake. Without a default, what
 *	no rule is about is denied
 *
 * Return: false after a mistake; all of them have been reported.
 */
bool app_rules_read(const char *file, struct app_rules *rules)
{
	static const struct place nowhere = { .text = "default deny" };
	struct script texts;
	bool good;

	memset(rules, 0, sizeof(*rules));
	good = parse_lines(file, &texts, parse_line, rules);
	good = good && check_ids(rules, file);
	if (!rules->has_default) {
		struct app_rule *rule = add_rule(rules, &nowhere);

		strcpy(rule->id, "default");
		rule->any = true;
	}
	script_free(&texts);
	return good;
}

/**
 * app_rules_free() - free what app_rules_read() made
 */
void app_rules_free(struct app_rules *rules)
{
	size_t i;

	for (i = 0; i < rules->n; i++) {
		free(rules->rule[i].text);
		free(rules->rule[i].name);
		free(rules->rule[i].path);
	}
	free(rules->rule);
	rules->rule = NULL;
	rules->n = rules->room = 0;
}

/**
 * app_rules_keep_counts() - go on counting where the rules of before left off
 * @old: those, which nobody uses any more
 *
 * Rules are the same ones if they say the same.
 */
void app_rules_keep_counts(struct app_rules *rules, const struct app_rules *old)
{
	size_t i, k;

	rules->malformed += old->malformed;
	for (i = 0; i < rules->n; i++)
		for (k = 0; k < old->n; k++)
			if (!strcmp(rules->rule[i].text, old->rule[k].text)) {
				rules->rule[i].hits += old->rule[k].hits;
				break;
			}
}

/* --- what they say ------------------------------------------------------------ */

/**
 * pattern_matches() - does a text match a pattern, in which "*" stands for any characters?
 * @fold: in upper and lower case alike
 *
 * In time that is at most the product of their lengths.
 */
bool pattern_matches(const char *pattern, const char *text, bool fold)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		bool same = *pattern == *text ||
			    (fold && tolower((unsigned char)*pattern) == tolower((unsigned char)*text));

		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (same) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool rule_matches(const struct app_rule *rule, const struct request *request)
{
	if (rule->any)
		return true;
	if (rule->proto != request->proto || (rule->ech && !request->ech) ||
	    (rule->type >= 0 && rule->type != request->type) ||
	    (rule->method[0] && strcmp(rule->method, request->method)) ||
	    (rule->unnamed && request->name[0]))
		return false;
	if (rule->name && !(request->name[0] && pattern_matches(rule->name, request->name, true)))
		return false;
	/* Some servers do not tell upper and lower case apart: both have to be allowed. */
	return !rule->path || pattern_matches(rule->path, request->path, !rule->allow);
}

/**
 * app_decide() - what the rules say about a request
 */
struct decision app_decide(const struct app_rules *rules, const struct request *request)
{
	struct decision decision = { .rule = rules->rule };

	/* The last one is the default. */
	while (!rule_matches(decision.rule, request))
		decision.rule++;
	return decision;
}

/**
 * decision_allows() - does it pass?
 */
bool decision_allows(const struct decision *decision)
{
	return decision->rule && decision->rule->allow;
}

/**
 * app_decide_http() - what the rules say about an HTTP request
 *
 * It passes only if they allow it whatever kind of server it reaches; as a plain one reads
 * it, it finds its rule then.
 */
struct decision app_decide_http(const struct app_rules *rules, const struct http_head *head)
{
	char path[PATH_ROOM];
	struct request request = {
		.proto = APP_HTTP, .name = head->host, .method = head->method, .path = path
	};
	struct decision decision = { .rule = NULL }, plain = { .rule = NULL };
	unsigned int view = HTTP_AS_SENT, views;

	if (!http_views(head->target, &views, &decision.why))
		return decision;
	do {
		if (!http_path(head->target, view, path, &decision.why)) {
			decision.rule = NULL;
			return decision;
		}
		decision = app_decide(rules, &request);
		if (!decision_allows(&decision))
			return decision;
		if (view == (views & HTTP_PLAIN))
			plain = decision;
		view = (view - views) & views;	/* the next set of these bits */
	} while (view);
	return plain;
}
