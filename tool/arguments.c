// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of commands that are no words of the language. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "fwctl.h"
#include "out.h"

/* A decimal number, and what it is to be multiplied by: K, M, G, T. */
static bool read_number(const char *text, bool units, uint64_t *value)
{
	static const char letters[] = "KMGT";
	const char *letter;
	char *end;
	int shift;

	if (*text < '0' || *text > '9' || strlen(text) > 20)
		return false;
	*value = strtoull(text, &end, 10);
	if (!*end)
		return true;
	letter = memchr(letters, *end & ~0x20, sizeof(letters) - 1);
	if (!units || !letter || end[1])
		return false;
	shift = 10 * (letter - letters + 1);
	if (*value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

/* A time in words, or seconds since 1970 with up to nine digits of a fraction. */
static bool read_moment(const char *text, uint64_t *ns)
{
	const char *point = strchr(text, '.');
	uint64_t seconds, fraction = 0;
	char whole[24], digits[10] = "000000000";

	if (read_time(text, &seconds)) {
		*ns = seconds * 1000000000;
		return seconds < INT64_MAX / 1000000000;
	}
	if (point && (point - text >= (int)sizeof(whole) || !point[1] || strlen(point + 1) > 9))
		return false;
	snprintf(whole, sizeof(whole), "%.*s", (int)(point ? point - text : 21), text);
	if (point)
		memcpy(digits, point + 1, strlen(point + 1));
	if (!read_number(whole, false, &seconds) || seconds >= INT64_MAX / 1000000000 ||
	    !read_number(digits, false, &fraction))
		return false;
	*ns = seconds * 1000000000 + fraction;
	return true;
}

static bool read_value(const struct argument *argument, const char *text)
{
	uint32_t seconds;
	bool good;

	switch (argument->kind) {
	case ARGUMENT_TEXT:
		*(const char **)argument->to = text;
		return true;
	case ARGUMENT_TIME:
		return read_moment(text, argument->to);
	case ARGUMENT_DURATION:
		good = read_duration(text, UINT32_MAX, &seconds);
		*(uint64_t *)argument->to = good ? seconds : 0;
		break;
	default:
		good = read_number(text, argument->kind == ARGUMENT_SIZE, argument->to);
		break;
	}
	return good && *(uint64_t *)argument->to >= argument->least &&
	       *(uint64_t *)argument->to <= argument->most;
}

static int wrong_value(const struct argument *argument, const char *text)
{
	static const char *const examples[] = {
		[ARGUMENT_NUMBER] = "10", [ARGUMENT_SIZE] = "500M", [ARGUMENT_DURATION] = "12h",
		[ARGUMENT_TIME] = "2027-01-01T12:00:00Z",
	};
	char hint[96];

	if (argument->kind == ARGUMENT_TIME)
		snprintf(hint, sizeof(hint), "as in: %s %s", argument->name,
			 examples[argument->kind]);
	else
		snprintf(hint, sizeof(hint), "as in: %s %s, from %" PRIu64 " to %" PRIu64,
			 argument->name, examples[argument->kind], argument->least, argument->most);
	return wrong(hint, "`%s` is no value for %s", text, argument->name);
}

/**
 * take_arguments() - read options, each with its value, and one other word
 * @table: the options
 * @plain: set to the other word, NULL if there is none
 *
 * Return: DONE, or REFUSED with the error reported.
 */
int take_arguments(int argc, char **argv, const struct argument *table, const char **plain)
{
	const struct argument *argument;
	int i;

	*plain = NULL;
	for (i = 0; i < argc; i++) {
		for (argument = table; argument->name && strcmp(argument->name, argv[i]);)
			argument++;
		if (argument->name && i + 1 == argc)
			return wrong(NULL, "%s needs a value", argv[i]);
		if (argument->name && !read_value(argument, argv[i + 1]))
			return wrong_value(argument, argv[i + 1]);
		if (argument->name)
			i++;
		else if (*argv[i] == '-' && argv[i][1])
			return wrong("see --help", "the option `%s` is not known", argv[i]);
		else if (*plain)
			return wrong(NULL, "`%s` is one word too many", argv[i]);
		else
			*plain = argv[i];
	}
	return DONE;
}
