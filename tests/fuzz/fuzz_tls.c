// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as the beginning of TLS: in pieces they say the same as in one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_hello hello, again;
	enum reading whole, part = READ_MORE;
	size_t i, length, again_length;
	enum tls_next next, next_again;
	const char *why = NULL;
	bool certain = false;

	for (i = 1; i <= size && !certain; i++) {
		bool begun = tls_is_begun(data, i, &certain);

		if (certain && begun != tls_is_begun(data, size, &certain))
			complain("it is certain what it is, and it changes");
	}
	whole = tls_read_hello(data, size, &length, &hello, &why);
	if (whole == READ_BAD && !why)
		complain("bad, and no reason");
	if (whole == READ_DONE && memchr(hello.name, 0, NAME_ROOM) == NULL)
		complain("a name without an end");
	for (i = 1; i <= size && part == READ_MORE; i++) {
		uint8_t *exact = malloc(i);

		if (!exact)
			abort();
		memcpy(exact, data, i);
		part = tls_read_hello(exact, i, &again_length, &again, &why);
		free(exact);
	}
	/* What is behind the ClientHello does not matter: it may be over before. */
	if (size && part != whole)
		complain("in pieces it is something else");
	if (whole == READ_DONE && (strcmp(hello.name, again.name) || hello.ech != again.ech))
		complain("in pieces it says something else");
	if (whole == READ_DONE && (length > size || length != again_length))
		complain("in pieces it is of another length");
	/* The same as what follows one. */
	whole = READ_MORE;
	for (i = 1; i <= size && i <= TLS_NEXT_MAX && whole == READ_MORE; i++)
		whole = tls_read_next(data, i, &length, &next, &why);
	if (size && whole != READ_MORE &&
	    tls_read_next(data, size < TLS_NEXT_MAX ? size : TLS_NEXT_MAX, &again_length, &next_again,
			  &why) == READ_MORE)
		complain("what follows is known by less, and not by more");
	if (size >= TLS_NEXT_MAX && whole == READ_MORE)
		complain("it is not known what follows");
	return 0;
}
