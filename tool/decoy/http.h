/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_HTTP_H
#define DECOY_HTTP_H

/* HTTP/1 as a small server speaks it (RFC 9112, RFC 9110). Pure functions. */
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define HTTP_REQUEST	4096	/* longer ones are refused */
#define HTTP_HEAD	384	/* of an answer */

/**
 * struct http_request - what is asked
 * @length: of the request, with its end
 * @status: of the answer
 * @head_only: no body is wanted
 * @close: the connection ends after it
 */
struct http_request {
	size_t length;
	unsigned int status;
	bool head_only;
	bool close;
};

/**
 * struct http_body - what an answer brings
 */
struct http_body {
	const char *text;
	size_t length;
	const char *type;
};

bool http_read(const char *bytes, size_t n, struct http_request *request);
size_t http_answer(const struct http_request *request, struct http_body *body, time_t now,
		   char head[HTTP_HEAD]);
const char *http_type(const char *file);

#endif
