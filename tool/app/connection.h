/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_CONNECTION_H
#define APP_CONNECTION_H

#include "dns.h"
#include "filter.h"

/**
 * struct heard - what was asked for last, and what the rules say
 */
struct heard {
	enum app_proto proto;
	struct decision decision;
};

bool connection_hear(struct filter *filter, struct stream *stream, const uint8_t *data, size_t n,
		     struct heard *heard);
bool connection_other(struct filter *filter, struct stream *stream, struct heard *heard);
bool connection_end(struct filter *filter, struct stream *stream, struct heard *heard);
void connection_bad(struct filter *filter, struct stream *stream, const char *why,
		    struct heard *heard);
size_t connection_refusal(const struct stream *stream, uint8_t *answer, size_t room);

bool heard_query(struct filter *filter, const struct ends *ends, const uint8_t *data, size_t n,
		 struct dns_query *query, struct heard *heard);
bool heard_other(struct filter *filter, const struct ends *ends, struct heard *heard);

#endif
