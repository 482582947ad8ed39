/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

/* What stands behind an option, and the type that @to of struct argument points to. */
enum argument_kind {
	ARGUMENT_TEXT,		/* const char * */
	ARGUMENT_NUMBER,	/* uint64_t */
	ARGUMENT_SIZE,		/* uint64_t, bytes: 500M, 2G */
	ARGUMENT_DURATION,	/* uint64_t, seconds: 12h, 7d */
	ARGUMENT_TIME,		/* uint64_t, nanoseconds since 1970 */
};

/**
 * struct argument - an option of a command; a table ends with one without a name
 * @least: of numbers
 * @most: of numbers
 */
struct argument {
	const char *name;
	enum argument_kind kind;
	void *to;
	uint64_t least;
	uint64_t most;
};

int take_arguments(int argc, char **argv, const struct argument *table, const char **plain);

#endif
