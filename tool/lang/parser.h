/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PARSER_H
#define PARSER_H

/* What the parser's files share; all others see lang.h alone. */
#include "lang.h"

/**
 * struct parser - how far the words of a line are read
 * @at: the next word
 * @possible: if set, called with each word that could stand where the line goes
 *	wrong, and no mistake is reported
 * @filter: NULL for a statement; or words that the caller has read, where only what
 *	flows are known by is asked for
 */
struct parser {
	const struct words *words;
	size_t at;
	void (*possible)(const char *word);
	const struct name *filter;
};

const struct word *peek(const struct parser *p);
bool take(struct parser *p, const char *text);
bool expected(const struct parser *p, const char *what, const char *hint,
	      const struct name *const *tables);
bool word_mistake(const struct parser *p, const struct word *word, const char *hint,
		  const char *message);
bool number(const char *text, unsigned long long max, unsigned long long *value);

size_t items_of(const char *list, size_t most);
struct place place_within(const struct word *word, size_t at, size_t length);
bool parse_name(struct parser *p, const char *what, char name[FLOWWALL_NAME_SIZE]);
bool take_duration(struct parser *p, const char *keyword, uint32_t limit, uint32_t *seconds);
bool parse_ttl_pair(struct parser *p, uint32_t *step, uint32_t *max);
const char *pattern_fault(const char *name);

uint8_t address(const char *text, uint8_t bytes[16]);
size_t resolve(const char *name, struct addr_range *addr, size_t max, const char **why);
bool parse_range(const struct parser *p, const struct word *word, char *text,
		 struct addr_range *range);
bool parse_addresses(struct parser *p, const char *what, const struct name *const *tables,
		     struct endpoint *point);
bool parse_group(struct parser *p, struct group *group);
bool parse_rule(struct parser *p, struct rule *rule, unsigned int action);
bool parse_ports(struct parser *p, struct endpoint *point);
bool parse_endpoint(struct parser *p, struct endpoint *point);
bool parse_ovs(struct parser *p, struct ovs *ovs);
bool take_mark(struct parser *p, uint32_t *mark, uint32_t *mask);
bool parse_mac(struct parser *p, uint8_t mac[6]);
bool choose(struct parser *p, const struct name *table, const char *what, unsigned int *value);
bool take_number(struct parser *p, unsigned long long min, unsigned long long max,
		 const char *what, uint32_t *out);

#endif
