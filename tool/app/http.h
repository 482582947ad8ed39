/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_HTTP_H
#define APP_HTTP_H

#include "request.h"

#define HTTP_HEAD_MAX	16384	/* bytes: request line and headers */
#define HTTP_LINE_MAX	256	/* bytes: of a chunk's size and extensions */

/**
 * struct http_head - a request without its body
 * @host: of the URI or the Host header; empty if there is none
 * @target: path and query as they stand there, "*", or empty with CONNECT
 * @chunked: the body is in chunks
 * @length: of the body otherwise, bytes
 */
struct http_head {
	char method[METHOD_ROOM];
	char host[NAME_ROOM];
	char target[PATH_ROOM];
	bool chunked;
	uint64_t length;
};

/* What servers do to a path, each of them to some extent: bits of a view. */
enum http_view {
	HTTP_AS_SENT = 0,	/* %xx decoded but for "/", and that is all */
	HTTP_DOTS = 1,		/* without "." and ".." (RFC 3986, section 5.2.4) */
	HTTP_SLASHES = 2,	/* %2f decoded */
	HTTP_AGAIN = 4,		/* decoded again and again */
	HTTP_BACKSLASHES = 8,	/* "\" for "/" */
	HTTP_PARAMETERS = 16,	/* without ";..." */
	HTTP_EMPTY = 32,	/* "/" for "//" */
	HTTP_AUTHORITY = 64,	/* "/y" for "//x/y" (RFC 3986, section 4.2) */
	HTTP_PLAIN = HTTP_DOTS,
	HTTP_LENIENT = 127
};

bool http_is_begun(const uint8_t *data, size_t n, size_t *seen, bool *certain);
enum reading http_head_end(const uint8_t *data, size_t n, size_t *seen, size_t *length,
			   const char **why);
bool http_read_head(const uint8_t *data, size_t n, struct http_head *head, const char **why);
bool http_path(const char *target, unsigned int view, char path[PATH_ROOM], const char **why);
bool http_views(const char *target, unsigned int *views, const char **why);
enum reading http_read_chunk(const uint8_t *data, size_t n, size_t *length, uint64_t *size,
			     const char **why);

#endif
