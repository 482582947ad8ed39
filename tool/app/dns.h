/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_DNS_H
#define APP_DNS_H

#include "request.h"

#define DNS_QUERY_MAX	4096	/* bytes of a query over TCP */
#define DNS_QUESTIONS	8

struct dns_question {
	char name[NAME_ROOM];	/* empty for the root */
	uint16_t type;		/* host byte order */
};

/**
 * struct dns_query - the questions of a DNS message
 * @end: where they end in the message, bytes
 */
struct dns_query {
	size_t n;
	size_t end;
	struct dns_question question[DNS_QUESTIONS];
};

bool dns_read_query(const uint8_t *data, size_t n, struct dns_query *query, const char **why);
size_t dns_refusal(const uint8_t *data, const struct dns_query *query, uint8_t *answer,
		   size_t room);

#endif
