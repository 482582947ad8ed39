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
	const char *why = NULL;
	size_t i;

	whole = tls_read_hello(data, size, &hello, &why);
	if (whole == READ_BAD && !why)
		complain("bad, and no reason");
	if (whole == READ_DONE && memchr(hello.name, 0, NAME_ROOM) == NULL)
		complain("a name without an end");
	for (i = 1; i <= size && part == READ_MORE; i++) {
		uint8_t *exact = malloc(i);

		if (!exact)
			abort();
		memcpy(exact, data, i);
		part = tls_read_hello(exact, i, &again, &why);
		free(exact);
	}
	/* What is behind the ClientHello does not matter: it may be over before. */
	if (size && part != whole)
		complain("in pieces it is something else");
	if (whole == READ_DONE && (strcmp(hello.name, again.name) || hello.ech != again.ech))
		complain("in pieces it says something else");
	return 0;
}
