// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> a statement. One function for each production of the grammar; rules,
 * groups and what is about bridges have files of their own: parse_rule.c,
 * parse_group.c and parse_ovs.c.
 *
 *	stmt = "version" 1
 *	     | "role" (IFPAT | "default") ("internal" | "external" | "none")
 *	     | "set" KEY VALUE
 *	     | "ttl" CLASS "step" DURATION "max" DURATION
 *	     | "group" NAME {member} | rule
 *	     | "ovs" ovs
 *
 * "include" FILE is for the reader of files, script.c.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

static const struct name statement_words[] = {
	{ "version", 0 }, { "role", 0 }, { "set", 0 }, { "ttl", 0 }, { "group", 0 },
	{ "include", 0 }, { "ovs", 0 },
	{ NULL, 0 }
};

static const struct name default_word[] = { { "default", 0 }, { NULL, 0 } };

/* No statement holds it: where it stands, completion asks what could. */
static char unknown_word[] = "\1";

/* --- helpers --------------------------------------------------------------- */

/**
 * peek() - the next word, or NULL behind the last one
 */
const struct word *peek(const struct parser *p)
{
	return p->at < p->words->n ? &p->words->word[p->at] : NULL;
}

/**
 * take() - go past the next word if it is @text
 */
bool take(struct parser *p, const char *text)
{
	const struct word *word = peek(p);

	if (!word || strcmp(word->text, text))
		return false;
	p->at++;
	return true;
}

/* What could stand at the end of the line, for completion. */
static void tell_possible(const struct parser *p, const struct name *const *tables)
{
	const struct name *name;

	if (p->at + 1 == p->words->n)
		for (; tables && *tables; tables++)
			for (name = *tables; name->name; name++)
				p->possible(name->name);
}

/**
 * expected() - report that the next word, or the line's end, is a mistake
 * @what: what should be there
 * @hint: or NULL; a word that is nearly right is the better one
 * @tables: words that could be there, up to a NULL; or NULL
 *
 * Return: false.
 */
bool expected(const struct parser *p, const char *what, const char *hint,
	      const struct name *const *tables)
{
	const struct word *word = peek(p);
	const char *near = word && tables ? nearest_name(word->text, tables) : NULL;
	char meant[64];

	if (p->possible) {
		tell_possible(p, tables);
		return false;
	}
	if (near)
		snprintf(meant, sizeof(meant), "did you mean `%s`?", near);
	if (!word)
		mistake(&p->words->end, NULL, "the line ends here, but %s is missing", what);
	else
		mistake(&word->place, near ? meant : hint, "`%s` is not %s", word->text, what);
	return false;
}

/**
 * word_mistake() - report what is wrong with a word
 * @hint: or NULL
 *
 * Return: false.
 */
bool word_mistake(const struct parser *p, const struct word *word, const char *hint,
		  const char *message)
{
	if (!p->possible)
		mistake(&word->place, hint, "`%s`: %s", word->text, message);
	return false;
}

/**
 * place_within() - where a part of a word stands
 * @at: its first character
 * @length: how many it has
 */
struct place place_within(const struct word *word, size_t at, size_t length)
{
	struct place place = word->place;

	/* Between quotation marks in a file, and without in a shell. */
	if (place.text[place.column - 1] == '"' || place.text[place.column - 1] == '\'')
		place.column++;
	place.column += at;
	place.length = length ? length : 1;
	return place;
}

/**
 * parse_name() - read the name of a rule or a group
 * @what: is asked for
 * @name: set to it
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_name(struct parser *p, const char *what, char name[FLOWWALL_NAME_SIZE])
{
	const struct word *word = peek(p);
	const char *c;
	char message[64];

	if (!word)
		return expected(p, what, NULL, NULL);
	for (c = word->text; isalnum((unsigned char)*c) || (*c && strchr("-_.", *c)); c++)
		;
	if (*c || !isalpha((unsigned char)word->text[0]) || strlen(word->text) >= FLOWWALL_NAME_SIZE) {
		snprintf(message, sizeof(message), "not %s", what);
		return word_mistake(p, word, "a letter, then letters, digits, `-`, `_`, `.`; 31 at most",
				    message);
	}
	strcpy(name, word->text);
	p->at++;
	return true;
}

/**
 * choose() - read one name of a table
 * @what: it is, before the list of them in a mistake
 * @value: set to what the name stands for
 *
 * Return: false after a mistake, which has been reported.
 */
bool choose(struct parser *p, const struct name *table, const char *what, unsigned int *value)
{
	const struct name *const tables[] = { table, NULL };
	const struct word *word = peek(p);
	char names[160], message[256];

	if (word && value_of(table, word->text, value)) {
		p->at++;
		return true;
	}
	snprintf(message, sizeof(message), "%s%s", what, list_names(tables, names, sizeof(names)));
	return expected(p, message, NULL, tables);
}

/**
 * items_of() - how many items a list with commas has
 * @most: of them that matter
 */
size_t items_of(const char *list, size_t most)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n < most ? n : most;
}

/**
 * number() - read a decimal number that is the whole of @text
 *
 * Return: false if it is none, or above @max.
 */
bool number(const char *text, unsigned long long max, unsigned long long *value)
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

/**
 * take_number() - read a number from @min to @max
 * @what: it is, for the mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool take_number(struct parser *p, unsigned long long min, unsigned long long max,
		 const char *what, uint32_t *out)
{
	const struct word *word = peek(p);
	unsigned long long value;
	char message[96];

	if (word && number(word->text, max, &value) && value >= min) {
		*out = value;
		p->at++;
		return true;
	}
	snprintf(message, sizeof(message), "%s: a number from %llu to %llu", what, min, max);
	return expected(p, message, NULL, NULL);
}

/* --- role ------------------------------------------------------------------ */

/**
 * pattern_fault() - what is wrong with the name of an interface, or the beginning of names?
 *
 * Return: a sentence, or NULL.
 */
const char *pattern_fault(const char *name)
{
	size_t length = strlen(name);
	const char *c;

	if (!length || length >= FLOWWALL_IFACE_SIZE)
		return "a name has 1 to 15 characters";
	for (c = name; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr("/:", *c) || (strchr("+*", *c) && c[1]))
			return "a pattern is a beginning of names and `+`";
	return NULL;
}

static bool parse_pattern(struct parser *p, struct role *role)
{
	const struct name *const tables[] = { default_word, NULL };
	const struct word *word = peek(p);
	const char *fault = word ? pattern_fault(word->text) : NULL;
	size_t length;

	if (!word || fault)
		return expected(p, "the name of an interface, or `default`", fault, tables);
	if (!strcmp(word->text, "lo"))
		return word_mistake(p, word, NULL, "the loopback interface never has a role");
	length = strlen(word->text);
	memcpy(role->iface, word->text, length + 1);
	if (role->iface[length - 1] == '*')	/* a shell would expand it */
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
	if (!choose(p, role_names, "a role: ", &role))
		return false;
	stmt->role.role = role;
	return true;
}

/* --- set and ttl ----------------------------------------------------------- */

static bool parse_setting(struct parser *p, struct stmt *stmt)
{
	const struct setting_kind *kind;
	unsigned int key, value = 0;
	bool good;

	stmt->kind = STMT_SETTING;
	if (!choose(p, setting_names, "a setting: ", &key))
		return false;
	kind = setting_kind(key);
	if (kind->values)
		good = choose(p, kind->values, "", &value);
	else
		good = take_number(p, kind->min, kind->max, kind->what, &value);
	stmt->setting.key = key;
	stmt->setting.value = value;
	return good;
}

/**
 * read_duration() - "90", "30s", "3m", "2h4m", "1d": seconds; the units in falling order
 * @limit: the longest time, in seconds
 */
bool read_duration(const char *text, uint32_t limit, uint32_t *seconds)
{
	static const struct { char unit; unsigned int seconds; } units[] = {
		{ 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 },
	};
	unsigned long long total = 0, value;
	unsigned int next = 0;

	if (number(text, limit, &value)) {
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
			if (value > limit)
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
	return total <= limit;
}

/**
 * take_duration() - read a keyword and a time
 * @limit: the longest time, in seconds
 * @seconds: set to the time
 *
 * Return: false after a mistake, which has been reported.
 */
bool take_duration(struct parser *p, const char *keyword, uint32_t limit, uint32_t *seconds)
{
	const struct name names[] = { { keyword, 0 }, { NULL, 0 } };
	const struct name *const tables[] = { names, NULL };
	const struct word *word;
	char what[64];

	snprintf(what, sizeof(what), "`%s`", keyword);
	if (!take(p, keyword))
		return expected(p, what, NULL, tables);
	word = peek(p);
	if (!word || !read_duration(word->text, limit, seconds) || !*seconds) {
		snprintf(what, sizeof(what), "a time from 1s to %ud, as in 90, 30s, 2h4m",
			 limit / 86400);
		return expected(p, what, NULL, NULL);
	}
	p->at++;
	return true;
}

/**
 * parse_ttl_pair() - read "step" DURATION "max" DURATION
 * @step: set to seconds
 * @max: set to seconds
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_ttl_pair(struct parser *p, uint32_t *step, uint32_t *max)
{
	const struct word *at;

	if (!take_duration(p, "step", FLOWWALL_TTL_LIMIT, step))
		return false;
	at = &p->words->word[p->at - 1];
	if (!take_duration(p, "max", FLOWWALL_TTL_LIMIT, max))
		return false;
	if (*step > *max)
		return word_mistake(p, at, "each packet adds the step, up to the maximum",
				    "the step is above the maximum");
	return true;
}

static bool parse_ttl(struct parser *p, struct stmt *stmt)
{
	unsigned int class;

	stmt->kind = STMT_TTL;
	if (!choose(p, ttl_names, "a class of flows: ", &class))
		return false;
	stmt->ttl.class = class;
	return parse_ttl_pair(p, &stmt->ttl.step, &stmt->ttl.max);
}

/* --- statements ------------------------------------------------------------ */

static bool parse_version(struct parser *p, struct stmt *stmt)
{
	stmt->kind = STMT_NONE;
	return take(p, "1") ||
	       expected(p, "a version of the language that is known here: 1", NULL, NULL);
}

static bool parse_statement(struct parser *p, struct stmt *stmt)
{
	const struct name *const tables[] = { statement_words, action_names, NULL };
	const struct word *word = peek(p);
	char names[96], message[128];
	unsigned int action;

	if (take(p, "version"))
		return parse_version(p, stmt);
	if (take(p, "role"))
		return parse_role(p, stmt);
	if (take(p, "set"))
		return parse_setting(p, stmt);
	if (take(p, "ttl"))
		return parse_ttl(p, stmt);
	if (take(p, "group")) {
		stmt->kind = STMT_GROUP;
		return parse_group(p, &stmt->group);
	}
	if (take(p, "ovs")) {
		stmt->kind = STMT_OVS;
		return parse_ovs(p, &stmt->ovs);
	}
	if (word && value_of(action_names, word->text, &action)) {
		p->at++;
		stmt->kind = STMT_RULE;
		return parse_rule(p, &stmt->rule, action);
	}
	snprintf(message, sizeof(message), "a statement: %s",
		 list_names(tables, names, sizeof(names)));
	return expected(p, message, NULL, tables);
}

/* Files and shells hold any bytes; all that is printed later is UTF-8. */
static bool check_text(const struct words *words)
{
	size_t i;

	for (i = 0; i < words->n; i++) {
		const char *c = words->word[i].text;

		while (*c && utf8_length(c))
			c += utf8_length(c);
		if (*c) {
			mistake(&words->word[i].place,
				words->end.file ? "save the file as UTF-8" : NULL,
				"this word is not UTF-8 text");
			return false;
		}
	}
	return true;
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
	if (!check_text(words) || !parse_statement(&p, stmt))
		return false;
	if (p.at < words->n)
		return word_mistake(&p, peek(&p), NULL, "the statement is complete before this");
	return true;
}

/**
 * parse_filter() - make a rule of the words that flows are known by: PROTO, from, to, key
 * @others: words that the caller has read, which a mistake may name as well
 * @stmt: set to the rule; to be freed, also after a mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_filter(const struct words *words, const struct name *others, struct stmt *stmt)
{
	struct parser p = { .words = words, .filter = others };

	*stmt = (struct stmt){ .kind = STMT_RULE, .place = words->end };
	return check_text(words) && parse_rule(&p, &stmt->rule, FLOWWALL_ACTION_ALLOW);
}

/**
 * possible_words() - the words that could come next in a statement
 * @argc: how many words it has so far
 * @argv: those words
 * @each: called with each word of the language that could follow them
 */
void possible_words(int argc, char **argv, void (*each)(const char *word))
{
	char **line = calloc(argc + 1, sizeof(*line));
	struct words words;
	struct parser p = { .words = &words, .possible = each };
	struct stmt stmt = { .kind = STMT_NONE };

	if (!line)
		fail_out_of_memory();
	memcpy(line, argv, argc * sizeof(*line));
	line[argc] = unknown_word;
	lex_arguments(argc + 1, line, &words);
	parse_statement(&p, &stmt);
	stmt_free(&stmt);
	words_free(&words);
	free(line);
}

static void endpoint_free(struct endpoint *point)
{
	free(point->addrs);
	free(point->ports);
}

/**
 * stmt_free() - free what a statement holds
 */
void stmt_free(struct stmt *stmt)
{
	if (stmt->kind == STMT_GROUP)
		free(stmt->group.members);
	if (stmt->kind == STMT_OVS) {
		free(stmt->ovs.ports);
		endpoint_free(&stmt->ovs.src);
		endpoint_free(&stmt->ovs.dst);
	}
	if (stmt->kind == STMT_RULE) {
		endpoint_free(&stmt->rule.src);
		endpoint_free(&stmt->rule.dst);
		free(stmt->rule.u32);
		free(stmt->rule.label);
		free(stmt->rule.comment);
	}
	stmt->kind = STMT_NONE;
}
