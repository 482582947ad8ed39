// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a DNS query; the answer that refuses it fits, and is none itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_query query, again;
	uint8_t answer[512];
	const char *why = NULL;
	size_t n, i;

	if (!dns_read_query(data, size, &query, &why)) {
		if (!why)
			complain("bad, and no reason");
		return 0;
	}
	if (!query.n || query.end > size)
		complain("no question, or none that is there");
	for (i = 0; i < query.n; i++)
		if (!memchr(query.question[i].name, 0, NAME_ROOM))
			complain("a name without an end");
	n = dns_refusal(data, &query, answer, sizeof(answer));
	if (n > sizeof(answer) || (n && dns_read_query(answer, n, &again, &why)))
		complain("the answer is a query");
	return 0;
}
