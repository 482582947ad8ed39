// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as HTTP: a head, its path as each kind of server reads it, and chunks. A head
 * that comes in pieces is the same as one that comes as a whole, and a path that was
 * normalised does not change any more. What is said to make no difference to a path makes
 * none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void try_paths(const char *target)
{
	static char path[PATH_ROOM], again[PATH_ROOM];
	const char *why = NULL;
	unsigned int view, views;
	bool readable = http_views(target, &views, &why);

	if (!readable && !why)
		complain("a path without views and without a reason");
	for (view = 0; view <= HTTP_LENIENT; view++) {
		if (!http_path(target, view, path, &why)) {
			if (!why)
				complain("a bad path without a reason");
			if (readable)
				complain("a view that is bad");
			continue;
		}
		if (readable && (!http_path(target, view & views, again, &why) || strcmp(path, again)))
			complain("a view that was left out");
		if (readable && strstr(path, "/../") && views & ~HTTP_DOTS)
			complain("a way up that depends on the server");
		if (strlen(path) > strlen(target) + 2)
			complain("a path that grows");
		if (view & HTTP_DOTS && (strstr(path, "/../") || strstr(path, "/./")))
			complain("dots are left");
		if (view == HTTP_LENIENT && !strpbrk(path, "%?") && http_path(path, view, again, &why) &&
		    strcmp(path, again))
			complain("a normalised path changes");
	}
}

static void try_chunk(const uint8_t *data, size_t n)
{
	enum reading whole, part = READ_MORE;
	size_t length = 0, length_of_part = 0, i;
	uint64_t size, size_of_part;
	const char *why;

	whole = http_read_chunk(data, n, &length, &size, &why);
	for (i = 1; i <= n && part == READ_MORE; i++)
		part = http_read_chunk(data, i, &length_of_part, &size_of_part, &why);
	if (n && part != whole)
		complain("a chunk in pieces is another one");
	if (whole == READ_DONE && (length > n || length != length_of_part || size != size_of_part))
		complain("a chunk in pieces has another size");
}

/* What was looked at before is not looked at again, and makes no difference. */
static void try_beginning(const uint8_t *data, size_t n)
{
	bool begun, begun_again, certain = false, certain_again;
	size_t seen = 0, i;

	for (i = 1; i <= n && !certain; i++) {
		size_t none = 0;

		begun = http_is_begun(data, i, &seen, &certain);
		begun_again = http_is_begun(data, i, &none, &certain_again);
		if (begun != begun_again || certain != certain_again)
			complain("a beginning in pieces is another one");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head;
	size_t seen = 0, length = 0, seen_of_part = 0, length_of_part = 0, i;
	enum reading whole, part = READ_MORE;
	uint8_t *exact;
	const char *why = NULL;

	try_beginning(data, size);
	try_chunk(data, size);
	whole = http_head_end(data, size, &seen, &length, &why);
	for (i = 1; i <= size && part == READ_MORE; i++)
		part = http_head_end(data, i, &seen_of_part, &length_of_part, &why);
	if (size && part != whole)
		complain("a head in pieces is another one");
	if (whole == READ_BAD && !why)
		complain("a bad head without a reason");
	if (whole != READ_DONE)
		return 0;
	if (length > size || length != length_of_part)
		complain("a head in pieces has another length");
	/* On the heap and of its size, so that a read behind it is seen. */
	exact = malloc(length);
	if (!exact)
		abort();
	memcpy(exact, data, length);
	if (http_read_head(exact, length, &head, &why))
		try_paths(head.target);
	free(exact);
	return 0;
}
