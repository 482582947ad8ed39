// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> addresses.
 *
 *	addresses = range {"," range}
 *	range     = A | A "/" LENGTH | A "-" A
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "parser.h"

/**
 * address() - read one address
 * @bytes: set to it, the rest to zero
 *
 * Return: AF_INET, AF_INET6, or 0 if it is none.
 */
uint8_t address(const char *text, uint8_t bytes[16])
{
	memset(bytes, 0, 16);
	if (inet_pton(AF_INET, text, bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

/* Host bits are the user's mistake more often than their wish. */
static bool parse_prefix(const struct parser *p, const struct word *word,
			 const char *length_text, struct addr_range *range)
{
	unsigned int bits = range->family == AF_INET ? 32 : 128, i;
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

		host |= range->min[i] & ~mask;
		first[i] = range->min[i] & mask;
		last[i] = first[i] | (uint8_t)~mask;
	}
	if (host) {
		inet_ntop(range->family, first, text, sizeof(text));
		snprintf(hint, sizeof(hint), "did you mean `%s/%llu`, or the host without a length?",
			 text, length);
		return word_mistake(p, word, hint, "the address has bits behind the prefix");
	}
	memcpy(range->max, last, bits / 8);
	return true;
}

/**
 * parse_range() - read an address, a prefix or a range
 * @word: its place; its text is split
 * @text: the text, which is split
 * @range: set to it
 *
 * Return: false after a mistake; if the text does not even begin with an address,
 * @range->family is 0 and none is reported.
 */
bool parse_range(const struct parser *p, const struct word *word, char *text,
		 struct addr_range *range)
{
	char *rest = strpbrk(text, "/-");
	char mark = rest ? *rest : '\0';

	memset(range, 0, sizeof(*range));
	if (rest)
		*rest++ = '\0';
	range->family = address(text, range->min);
	if (!range->family)
		return false;
	if (mark == '/')
		return parse_prefix(p, word, rest, range);
	if (mark != '-') {
		memcpy(range->max, range->min, sizeof(range->max));
		return true;
	}
	if (address(rest, range->max) != range->family)
		return word_mistake(p, word, NULL, "a range has two addresses of one family");
	if (memcmp(range->min, range->max, sizeof(range->min)) > 0)
		return word_mistake(p, word, "write the lower address first",
				    "the range ends before it begins");
	return true;
}

/**
 * read_controller() - read "tcp:127.0.0.1:6653" or "tcp:[2001:db8::1]:6653"
 *
 * Return: false if it is something else; no mistake is reported.
 */
bool read_controller(const char *text, struct controller *controller)
{
	char host[INET6_ADDRSTRLEN + 1];
	unsigned long long port;
	const char *colon;
	size_t n;

	if (strncmp(text, "tcp:", 4))
		return false;
	text += 4;
	colon = strrchr(text, ':');
	if (!colon || !number(colon + 1, 65535, &port) || !port)
		return false;
	n = colon - text;
	if (n > 2 && *text == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n)) {
		return false;
	}
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	controller->family = address(host, controller->addr);
	controller->port = port;
	return controller->family && (controller->family == AF_INET6) == (text[-1] == '[');
}

/**
 * parse_addresses() - read a list of addresses, prefixes and ranges
 * @what: is asked for
 * @tables: words that could be there as well, or NULL
 * @point: gets them
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_addresses(struct parser *p, const char *what, const struct name *const *tables,
		     struct endpoint *point)
{
	const struct word *word = peek(p);
	char *list, *text, *rest;
	bool good = true;

	if (!word)
		return expected(p, what, NULL, tables);
	point->addrs = calloc(items_of(word->text, FLOWWALL_ADDRS_LIMIT), sizeof(*point->addrs));
	list = rest = strdup(word->text);
	if (!point->addrs || !list)
		fail_out_of_memory();
	while (good && (text = strsep(&rest, ",")) != NULL) {
		struct word part = { strdup(text), word->place };

		if (!part.text)
			fail_out_of_memory();
		if (strchr(word->text, ','))
			part.place = place_within(word, text - list, strlen(text));
		if (point->n_addrs == FLOWWALL_ADDRS_LIMIT) {
			good = word_mistake(p, &part, "many addresses are a `group`",
					    "more than 64 addresses in a list");
		} else {
			struct addr_range *range = &point->addrs[point->n_addrs];

			good = parse_range(p, &part, text, range);
			if (!good && !range->family && text == list)
				expected(p, what, NULL, tables);
			else if (!good && !range->family)
				word_mistake(p, &part, NULL, "not an address, a prefix or a range");
			point->n_addrs += good;
		}
		free((char *)part.text);
	}
	free(list);
	p->at += good;
	return good;
}
