// SPDX-License-Identifier: GPL-2.0-or-later
/* Queries of the DNS (RFC 1035, section 4.1). */
#include <string.h>

#include "dns.h"

#define HEADER		12
#define FLAG_RESPONSE	0x80	/* in byte 2 */
#define FLAGS_OPCODE	0x78
#define REFUSED		5	/* in byte 3 */
#define POINTERS	16

static bool bad(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static unsigned int number(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/*
 * Reads a name from *@at on, and goes behind it. A pointer leads backwards, before all that
 * was read of this name, so that it comes to an end (RFC 1035, section 4.1.4).
 */
static bool read_name(const uint8_t *data, size_t n, size_t *at, char name[NAME_ROOM],
		      const char **why)
{
	size_t from = *at, begin = *at, length = 0;
	unsigned int pointers = 0;
	char text[NAME_ROOM];

	for (;;) {
		uint8_t size;

		if (from >= n)
			return bad(why, "a name that is cut short");
		size = data[from];
		if ((size & 0xc0) == 0xc0) {
			size_t to = from + 1 < n ? number(data + from) & 0x3fff : n;

			if (to < HEADER || to >= begin || ++pointers > POINTERS)
				return bad(why, "a pointer in a name that leads nowhere");
			if (pointers == 1)
				*at = from + 2;
			from = begin = to;
			continue;
		}
		if (size > 63)
			return bad(why, "a label of a kind that there is not");
		if (!size)
			break;
		if (size >= n - from || length + size + 1 >= NAME_ROOM)
			return bad(why, "a name that is too long");
		if (memchr(data + from + 1, '.', size))
			return bad(why, "a dot within a label");
		memcpy(text + length, data + from + 1, size);
		length += size;
		text[length++] = '.';
		from += size + 1;
	}
	if (!pointers)
		*at = from + 1;
	name[0] = '\0';
	return !length || take_name((const uint8_t *)text, length, name) ||
	       bad(why, "a name of other characters than hosts have");
}

/**
 * dns_read_query() - read the questions of a message
 * @data: the message, without the length that is before it on TCP
 * @n: its length
 * @query: set to them
 * @why: set to what is bad
 *
 * Return: false if it is bad, or no query.
 */
bool dns_read_query(const uint8_t *data, size_t n, struct dns_query *query, const char **why)
{
	size_t at = HEADER, i;

	query->n = query->end = 0;
	if (n < HEADER)
		return bad(why, "a DNS message that is cut short");
	if (data[2] & (FLAG_RESPONSE | FLAGS_OPCODE))
		return bad(why, "a DNS message that is no query");
	if (!number(data + 4) || number(data + 4) > DNS_QUESTIONS)
		return bad(why, "no question, or too many");
	for (i = 0; i < number(data + 4); i++) {
		struct dns_question *question = &query->question[i];

		if (!read_name(data, n, &at, question->name, why))
			return false;
		if (n - at < 4 || at > n)
			return bad(why, "a question that is cut short");
		question->type = number(data + at);
		at += 4;
	}
	query->n = i;
	query->end = at;
	return true;
}

/**
 * dns_refusal() - make the answer REFUSED (RFC 1035, section 4.1.1)
 * @data: the query
 * @query: what dns_read_query() has read of it
 * @answer: set to the answer
 * @room: bytes
 *
 * Return: its length, 0 if it does not fit.
 */
size_t dns_refusal(const uint8_t *data, const struct dns_query *query, uint8_t *answer,
		   size_t room)
{
	if (query->end < HEADER || query->end > room)
		return 0;
	memcpy(answer, data, query->end);
	answer[2] = FLAG_RESPONSE | (data[2] & 0x01);	/* recursion desired, as asked */
	answer[3] = REFUSED;
	memset(answer + 6, 0, 6);	/* no answers, and what is behind them */
	return query->end;
}
