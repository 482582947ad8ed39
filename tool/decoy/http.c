// SPDX-License-Identifier: GPL-2.0-or-later
/* HTTP/1; see http.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http.h"

/* What a common server says; a decoy is to look like one. */
#define SERVER	"Apache"

/* A part of a text, without an end of its own. */
struct part {
	const char *at;
	size_t n;
};

static bool is(const struct part *part, const char *text)
{
	return part->n == strlen(text) && !memcmp(part->at, text, part->n);
}

static bool is_name(const struct part *part, const char *text)
{
	return part->n == strlen(text) && !strncasecmp(part->at, text, part->n);
}

/* Takes a line off, also one that ends without a carriage return (RFC 9112, 2.2). */
static bool take_line(struct part *rest, struct part *line)
{
	const char *end = memchr(rest->at, '\n', rest->n);

	if (!end)
		return false;
	line->at = rest->at;
	line->n = end - rest->at;
	rest->n -= line->n + 1;
	rest->at = end + 1;
	if (line->n && line->at[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* Takes a word off, up to one blank. */
static bool take_word(struct part *line, struct part *word)
{
	const char *end = memchr(line->at, ' ', line->n);

	word->at = line->at;
	word->n = end ? (size_t)(end - line->at) : line->n;
	line->at += word->n + !!end;
	line->n -= word->n + !!end;
	return word->n;
}

/* Is a word in a list with commas, in whatever letters? */
static bool lists(struct part list, const char *text)
{
	while (list.n) {
		const char *comma = memchr(list.at, ',', list.n);
		struct part item = { list.at, comma ? (size_t)(comma - list.at) : list.n };

		list.at += item.n + !!comma;
		list.n -= item.n + !!comma;
		while (item.n && strchr(" \t", *item.at)) {
			item.at++;
			item.n--;
		}
		while (item.n && strchr(" \t", item.at[item.n - 1]))
			item.n--;
		if (is_name(&item, text))
			return true;
	}
	return false;
}

static bool is_token(const struct part *part)
{
	size_t i;

	for (i = 0; i < part->n; i++)
		if (part->at[i] <= ' ' || part->at[i] == 0x7f || strchr("\"(),/:;<=>?@[\\]{}", part->at[i]))
			return false;
	return part->n;
}

/* "GET /path HTTP/1.1"; returns the minor version, or -1 after a mistake. */
static int read_first_line(struct part line, struct http_request *request)
{
	struct part method, target, version;

	request->status = 400;
	if (!take_word(&line, &method) || !is_token(&method) || !take_word(&line, &target))
		return -1;
	version = line;
	if (version.n != 8 || memcmp(version.at, "HTTP/", 5) || version.at[6] != '.')
		return -1;
	if (version.at[5] != '1') {
		request->status = 505;
		return -1;
	}
	request->head_only = is(&method, "HEAD");
	request->status = request->head_only || is(&method, "GET") ? 200 : 405;
	return version.at[7] == '0' ? 0 : 1;
}

/* The lines behind the first one; false if one of them is none. */
static bool read_fields(struct part rest, int minor, struct http_request *request)
{
	unsigned int hosts = 0;
	struct part line;

	while (take_line(&rest, &line) && line.n) {
		const char *colon = memchr(line.at, ':', line.n);
		struct part name = { line.at, colon ? (size_t)(colon - line.at) : 0 };
		struct part value = { colon ? colon + 1 : NULL, colon ? line.n - name.n - 1 : 0 };

		if (!is_token(&name))
			return false;
		hosts += is_name(&name, "host");
		if (is_name(&name, "connection")) {
			request->close |= lists(value, "close");
			if (!minor && lists(value, "keep-alive"))
				request->close = false;
		}
		/* What comes behind would have to be told from the next request. */
		if (is_name(&name, "transfer-encoding") ||
		    (is_name(&name, "content-length") && !lists(value, "0")))
			request->status = request->status == 200 ? 413 : request->status;
	}
	return hosts == 1 || (!hosts && !minor);
}

/* Where the request ends, behind an empty line; 0 if it does not yet. */
static size_t request_length(struct part rest)
{
	const char *begin = rest.at;
	bool first = true;
	struct part line;

	while (take_line(&rest, &line)) {
		if (!line.n && !first)
			return rest.at - begin;
		/* Empty lines before it do not count (RFC 9112, 2.2). */
		first &= !line.n;
	}
	return 0;
}

/**
 * http_read() - read a request
 * @request: set to it
 *
 * Return: false as long as it has not ended, and is not too long.
 */
bool http_read(const char *bytes, size_t n, struct http_request *request)
{
	struct part rest = { bytes, n }, line;
	int minor;

	memset(request, 0, sizeof(*request));
	request->length = request_length(rest);
	if (!request->length) {
		if (n < HTTP_REQUEST)
			return false;
		request->length = n;
		request->status = 431;
		request->close = true;
		return true;
	}
	rest.n = request->length;
	do
		take_line(&rest, &line);
	while (!line.n);
	minor = read_first_line(line, request);
	request->close = minor != 1;
	if (minor >= 0 && !read_fields(rest, minor, request))
		request->status = 400;
	request->close |= request->status != 200;
	return true;
}

static const char *reason(unsigned int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

/**
 * http_answer() - the answer to a request
 * @body: what a good one gets; set to what this one gets
 * @now: seconds since 1970
 * @head: set to what comes before the body
 *
 * Return: the length of @head.
 */
size_t http_answer(const struct http_request *request, struct http_body *body, time_t now,
		   char head[HTTP_HEAD])
{
	char date[64] = "";
	struct tm tm;
	int n;

	if (request->status != 200) {
		body->text = reason(request->status);
		body->length = strlen(body->text);
		body->type = "text/plain";
	}
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %T GMT", &tm);
	n = snprintf(head, HTTP_HEAD,
		     "HTTP/1.1 %u %s\r\nDate: %s\r\nServer: " SERVER "\r\nContent-Length: %zu\r\n"
		     "Content-Type: %s\r\n%s%s\r\n", request->status, reason(request->status), date,
		     body->length, body->type, request->status == 405 ? "Allow: GET, HEAD\r\n" : "",
		     request->close ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
	if (request->head_only)
		body->length = 0;
	return n < HTTP_HEAD ? n : HTTP_HEAD - 1;
}

/**
 * http_type() - the type of what is in a file, by its name
 */
const char *http_type(const char *file)
{
	static const struct { const char *end, *type; } types[] = {
		{ ".html", "text/html" }, { ".htm", "text/html" }, { ".txt", "text/plain" },
		{ ".json", "application/json" }, { ".xml", "application/xml" },
		{ ".png", "image/png" }, { ".jpg", "image/jpeg" }, { ".gif", "image/gif" },
	};
	const char *dot = strrchr(file, '.');
	size_t i;

	for (i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (!strcasecmp(dot, types[i].end))
			return types[i].type;
	return "application/octet-stream";
}
