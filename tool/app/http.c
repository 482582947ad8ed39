// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP/1: requests, one after the other on a connection (RFC 9112), and what follows
 * each head, so that the next one is found. Stricter than the RFC where it lets a server
 * choose: each choice is one that two servers make differently.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http.h"

#define HEADERS_MAX	256
#define CHUNK_DIGITS	8	/* of a size that goes into the 31 bits that some servers count in */
#define VIEW_BITS_MAX	4	/* of what can be done to a path: any of it or not */

/* --- is it HTTP? ------------------------------------------------------------ */

static const char *const methods[] = {
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT",
	NULL
};

/* To any server: to those that take a line for text of Latin-1, there are six more than in C. */
static bool is_space(uint8_t c)
{
	return (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= ' ') || c == 0x85 || c == 0xa0;
}

static bool has_version(const uint8_t *data, size_t n)
{
	size_t i;

	for (i = 0; i + 5 <= n; i++)
		if (!strncasecmp((const char *)data + i, "http/", 5))
			return true;
	return false;
}

/* Is the next word of a line a target, and over? */
static bool has_target(const uint8_t *data, size_t n)
{
	size_t start = 0, end;

	while (start < n && data[start] != '\n' && is_space(data[start]))
		start++;
	for (end = start; end < n && data[end] > ' ' && data[end] < 0x7f; end++)
		;
	return end < n && is_space(data[end]) &&
	       (data[start] == '/' ||
		(end - start > 5 && !strncasecmp((const char *)data + start, "http:", 5)));
}

/**
 * http_is_begun() - is this how an HTTP request begins, to any server?
 * @data: the first bytes of a connection
 * @n: how many there are
 * @seen: how far they were looked at before; zero at first
 * @certain: set if more bytes would not change the answer
 *
 * A method that is known and a space, in any case and behind any spaces, any word and then
 * a target, or a line with "HTTP/" in it: there are servers that mind neither method nor
 * version. A line that is too long to say is taken for one, which is bad.
 */
bool http_is_begun(const uint8_t *data, size_t n, size_t *seen, bool *certain)
{
	size_t start = 0, end, from, line, i;

	*certain = true;
	while (start < n && is_space(data[start]))
		start++;
	for (end = start; end < n && data[end] > ' ' && data[end] < 0x7f; end++)
		;
	if (end == n)
		return *certain = n >= PATH_ROOM;
	for (i = 0; methods[i] && end > start; i++)
		if (strlen(methods[i]) == end - start && is_space(data[end]) &&
		    !strncasecmp(methods[i], (const char *)data + start, end - start))
			return true;
	if (end > start && has_target(data + end, n - end))
		return true;
	from = *seen > end ? *seen : end;
	for (line = from; line < n && data[line] != '\n'; line++)
		;
	/* It may have begun with the last bytes that were seen. */
	from = from - start > 4 ? from - 4 : start;
	if (has_version(data + from, line - from))
		return true;
	*seen = n;
	*certain = line < n || n >= PATH_ROOM || !is_space(data[end]);
	return line == n && n >= PATH_ROOM && is_space(data[end]);
}

/* --- the head --------------------------------------------------------------- */

static bool bad(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

/* The version is looked at as soon as it is there: HTTP/0.9 is answered at once. */
static bool check_line(const uint8_t *line, size_t n, const char **why)
{
	if (n < 9 || line[n - 9] != ' ' ||
	    (memcmp(line + n - 8, "HTTP/1.1", 8) && memcmp(line + n - 8, "HTTP/1.0", 8)))
		return bad(why, "not a version of HTTP/1 at the end of the request line");
	return true;
}

/**
 * http_head_end() - find the end of a head
 * @data: all of it so far, from where the connection or the last request left off
 * @n: how many bytes there are
 * @seen: how far it was looked at before; zero at first
 * @length: set to its length, with the empty line, once it is there
 * @why: set to what is bad
 *
 * Lines end with CR LF, and these are nowhere else. Empty lines before the request are
 * part of it (RFC 9112, section 2.2).
 */
enum reading http_head_end(const uint8_t *data, size_t n, size_t *seen, size_t *length,
			   const char **why)
{
	size_t start = 0, i;

	while (start + 1 < n && data[start] == '\r' && data[start + 1] == '\n')
		start += 2;
	for (i = *seen > start ? *seen : start; i < n; i++) {
		if (i && data[i - 1] == '\r' && data[i] != '\n')
			return bad(why, "a carriage return alone"), READ_BAD;
		if (!data[i])
			return bad(why, "a zero byte"), READ_BAD;
		if (data[i] != '\n')
			continue;
		if (!i || data[i - 1] != '\r')
			return bad(why, "a line feed without carriage return"), READ_BAD;
		if (i - 1 == start)
			continue;
		/* The first line: none before it but empty ones. */
		if (!memchr(data + start, '\n', i - start) &&
		    !check_line(data + start, i - 1 - start, why))
			return READ_BAD;
		if (i >= 3 && data[i - 2] == '\n') {
			*length = i + 1;
			return i + 1 > HTTP_HEAD_MAX ? bad(why, "the head is too long"), READ_BAD :
						       READ_DONE;
		}
	}
	*seen = n;
	return n >= HTTP_HEAD_MAX ? bad(why, "the head is too long"), READ_BAD : READ_MORE;
}

static bool is_token(uint8_t c)
{
	return c < 0x80 && (isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c)));
}

static bool copy(char *to, size_t room, const uint8_t *from, size_t n)
{
	if (n >= room)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

/* host[:port], as in a URI or a Host header; the port does not matter. */
static bool take_authority(const uint8_t *text, size_t n, char host[NAME_ROOM], const char **why)
{
	const uint8_t *end = n && *text == '[' ? memchr(text, ']', n) : memchr(text, ':', n);
	size_t length = !end ? n : (size_t)(end - text) + (*text == '[');
	size_t i;

	if ((!end && n && *text == '[') || (length < n && text[length] != ':'))
		return bad(why, "not a host");
	for (i = length + 1; i < n; i++)
		if (!isdigit(text[i]) || i - length > 5)
			return bad(why, "not the port of a host");
	if (*text != '[')
		return take_name(text, length, host) || bad(why, "not the name of a host");
	for (i = 1; i + 1 < length; i++)
		if (!isxdigit(text[i]) && text[i] != ':' && text[i] != '.')
			return bad(why, "not an IPv6 address");
	if (length < 4 || !copy(host, NAME_ROOM, text + 1, length - 2))
		return bad(why, "not an IPv6 address");
	for (i = 0; host[i]; i++)
		host[i] = tolower((unsigned char)host[i]);
	return true;
}

/* The target: origin, absolute, authority or asterisk form (RFC 9112, section 3.2). */
static bool take_target(const uint8_t *text, size_t n, struct http_head *head, const char **why)
{
	bool absolute = n >= 7 && !strncasecmp((const char *)text, "http://", 7);
	bool secure = n >= 8 && !strncasecmp((const char *)text, "https://", 8);
	size_t i;

	for (i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '#')
			return bad(why, "a character that no request target has");
	if (!strcmp(head->method, "CONNECT")) {
		head->target[0] = '\0';
		return (n && take_authority(text, n, head->host, why)) || bad(why, "not an authority");
	}
	if (absolute || secure) {
		size_t from = secure ? 8 : 7;

		for (i = from; i < n && text[i] != '/' && text[i] != '?'; i++)
			;
		if (i == from || !take_authority(text + from, i - from, head->host, why))
			return bad(why, "not a host in the request target");
		text += i;
		n -= i;
		if (!n || *text == '?') {
			head->target[0] = '/';
			return copy(head->target + 1, PATH_ROOM - 1, text, n) ||
			       bad(why, "the request target is too long");
		}
	} else if (!(n && *text == '/') &&
		   !(n == 1 && *text == '*' && !strcmp(head->method, "OPTIONS"))) {
		return bad(why, "not a request target");
	}
	return copy(head->target, PATH_ROOM, text, n) || bad(why, "the request target is too long");
}

static bool take_line(const uint8_t *line, size_t n, struct http_head *head, const char **why)
{
	const uint8_t *first = memchr(line, ' ', n), *last = memrchr(line, ' ', n);
	const uint8_t *c;

	if (!check_line(line, n, why))
		return false;
	if (first == last || memchr(first + 1, ' ', last - first - 1))
		return bad(why, "not three words on the request line");
	for (c = line; c < first; c++)
		if (!is_token(*c) || islower(*c))
			return bad(why, "not a method");
	if (first == line || !copy(head->method, METHOD_ROOM, line, first - line))
		return bad(why, "not a method");
	return take_target(first + 1, last - first - 1, head, why);
}

/**
 * struct seen - which headers there were
 */
struct seen {
	bool host;
	bool length;
	bool coding;
	char name[NAME_ROOM];
};

static bool is_header(const uint8_t *name, size_t n, const char *wanted)
{
	return n == strlen(wanted) && !strncasecmp((const char *)name, wanted, n);
}

/* The same as it gets to a program by CGI: what is no letter does not matter (RFC 3875). */
static bool is_variable(const uint8_t *name, size_t n, const char *wanted)
{
	size_t i;

	for (i = 0; i < n && wanted[i]; i++)
		if (wanted[i] == '-' ? isalnum(name[i]) : tolower(name[i]) != wanted[i])
			return false;
	return i == n && !wanted[i];
}

static bool take_length(const uint8_t *value, size_t n, struct http_head *head, const char **why)
{
	size_t i;

	if (!n || n > 18)
		return bad(why, "not a Content-Length");
	/* What begins with zero is octal to some. */
	if (n > 1 && *value == '0')
		return bad(why, "not a Content-Length");
	for (i = 0; i < n; i++) {
		if (!isdigit(value[i]))
			return bad(why, "not a Content-Length");
		head->length = head->length * 10 + value[i] - '0';
	}
	return true;
}

static bool take_header(const uint8_t *line, size_t n, struct http_head *head, struct seen *seen,
			const char **why)
{
	const uint8_t *colon = memchr(line, ':', n), *value;
	size_t length, i;

	if (*line == ' ' || *line == '\t')
		return bad(why, "a folded header");
	if (!colon || colon == line)
		return bad(why, "a header without a name");
	for (i = 0; line + i < colon; i++)
		if (!is_token(line[i]))
			return bad(why, "not the name of a header");
	for (value = colon + 1; value < line + n && (*value == ' ' || *value == '\t'); value++)
		;
	for (length = line + n - value; length && (value[length - 1] == ' ' || value[length - 1] == '\t'); length--)
		;
	for (i = 0; i < length; i++)
		if ((value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
			return bad(why, "a control character in a header");
	n = colon - line;
	if (is_header(line, n, "host")) {
		if (seen->host)
			return bad(why, "two Host headers");
		seen->host = true;
		return !length || take_authority(value, length, seen->name, why);
	}
	if (is_header(line, n, "content-length")) {
		if (seen->length)
			return bad(why, "two Content-Length headers");
		seen->length = true;
		return take_length(value, length, head, why);
	}
	/* Some frameworks took these for the target (CVE-2018-14773); browsers do not send them. */
	if (is_variable(line, n, "x-original-url") || is_variable(line, n, "x-rewrite-url"))
		return bad(why, "another target in a header");
	if (is_header(line, n, "transfer-encoding")) {
		if (seen->coding || !is_header(value, length, "chunked"))
			return bad(why, "a Transfer-Encoding other than chunked");
		seen->coding = head->chunked = true;
	}
	return true;
}

/* RFC 9110, section 9.3: content of such a request has no meaning. */
static bool has_no_body(const char *method)
{
	return !strcmp(method, "GET") || !strcmp(method, "HEAD") || !strcmp(method, "TRACE") ||
	       !strcmp(method, "CONNECT") || !strcmp(method, "OPTIONS");
}

/* What the headers say together. */
static bool check_headers(const struct seen *seen, bool version_1_0, struct http_head *head,
			  const char **why)
{
	if (seen->coding && (seen->length || version_1_0))
		return bad(why, "the end of the body can be found in two ways");
	if ((head->chunked || head->length) && has_no_body(head->method))
		return bad(why, "a body where many servers look for the next request");
	if (!seen->host && !version_1_0)
		return bad(why, "no Host header");
	/* There are servers that look at one of both only. Of CONNECT, old clients say one. */
	if (head->host[0] && strcmp(head->host, seen->name) &&
	    (seen->name[0] || strcmp(head->method, "CONNECT")))
		return bad(why, "another host in the request target than in the Host header");
	if (!head->host[0])
		strcpy(head->host, seen->name);
	return true;
}

/**
 * http_read_head() - read a head that is complete
 * @data: it, as http_head_end() has found it
 * @n: its length
 * @head: set to what it says
 * @why: set to what is bad
 *
 * Return: false if it is bad.
 */
bool http_read_head(const uint8_t *data, size_t n, struct http_head *head, const char **why)
{
	const uint8_t *line = data, *end = data + n, *next;
	struct seen seen = { .host = false };
	unsigned int lines = 0;
	bool version_1_0 = false;

	head->method[0] = head->host[0] = head->target[0] = '\0';
	head->chunked = false;
	head->length = 0;
	for (; line < end; line = next + 2) {
		next = memmem(line, end - line, "\r\n", 2);
		if (!next)
			return bad(why, "a line without an end");
		if (next == line) {
			if (lines)
				break;
			continue;
		}
		if (lines++ > HEADERS_MAX)
			return bad(why, "too many headers");
		if (lines > 1 ? !take_header(line, next - line, head, &seen, why) :
				!take_line(line, next - line, head, why))
			return false;
		if (lines == 1)
			version_1_0 = next[-1] == '0';
	}
	if (!lines)
		return bad(why, "no request line");
	return check_headers(&seen, version_1_0, head, why);
}

/* --- the path --------------------------------------------------------------- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Decodes %xx in place; false if there is something that is no such, a control character,
 * or a character of UTF-8 that is longer than needed (RFC 3629, section 10), which some
 * servers take for "/" or ".". Sets @changed if there was any.
 */
static bool decode(char *path, bool keep_slash, bool *changed)
{
	const char *from = path;
	char *to = path;

	while (*from) {
		unsigned int c = (unsigned char)*from++;

		if (c == '%') {
			int high = hex(from[0]), low = high < 0 ? -1 : hex(from[1]);

			if (low < 0)
				return false;
			c = high << 4 | low;
			if (keep_slash && c == '/') {
				to = mempcpy(to, "%2f", 3);
				from += 2;
				continue;
			}
			from += 2;
			*changed = true;
		}
		if (c < ' ' || c == 0x7f || c == 0xc0 || c == 0xc1 || c > 0xf4)
			return false;
		*to++ = c;
	}
	*to = '\0';
	for (to = path; *to; to++)
		if (((unsigned char)to[0] == 0xe0 && (unsigned char)to[1] < 0xa0) ||
		    ((unsigned char)to[0] == 0xf0 && (unsigned char)to[1] < 0x90))
			return false;
	return true;
}

/* Takes out, in place, what comes before the path if all of it is read as a URI. */
static void remove_authority(char *path)
{
	size_t slashes = strspn(path, "/"), n = slashes + strcspn(path + slashes, "/");

	if (slashes > 1 && path[n])
		memmove(path, path + n, strlen(path + n) + 1);
	else if (slashes > 1)
		path[1] = '\0';
}

/* Takes out, in place, what this kind of server does: dots, empty segments, parameters. */
static void remove_parts(char *path, unsigned int view)
{
	bool dots = view & HTTP_DOTS;
	const char *from = path;
	char *to = path;

	if (*path != '/')
		return;
	while (*from == '/') {
		const char *segment = ++from;
		size_t length, whole;

		whole = length = strcspn(segment, "/");
		if (view & HTTP_PARAMETERS)
			length = strcspn(segment, "/;");
		from += whole;
		if (view & HTTP_EMPTY && !length && *from)
			continue;
		if (dots && length == 1 && segment[0] == '.') {
			if (!*from)
				*to++ = '/';
			continue;
		}
		if (dots && length == 2 && segment[0] == '.' && segment[1] == '.') {
			while (to > path && *--to != '/')
				;
			if (!*from)
				*to++ = '/';
			continue;
		}
		*to++ = '/';
		memmove(to, segment, length);
		to += length;
	}
	*to = '\0';
}

/**
 * http_path() - what a kind of server takes the path of a request for
 * @target: of the request
 * @view: the kind, bits of HTTP_*
 * @path: set to the path, without the query
 * @why: set to what is bad
 *
 * Return: false if it is bad: some server would read it in a way that no view shows.
 */
bool http_path(const char *target, unsigned int view, char path[PATH_ROOM], const char **why)
{
	size_t n = strcspn(target, "?");
	bool changed = false;
	unsigned int rounds;
	char *c;

	memcpy(path, target, n);
	path[n] = '\0';
	if (!decode(path, !(view & HTTP_SLASHES), &changed))
		return bad(why, "an encoding in the path that is none, or hides something");
	for (rounds = 0; view & HTTP_AGAIN && changed && strchr(path, '%'); rounds++) {
		char before[PATH_ROOM];

		changed = false;
		strcpy(before, path);
		/* A "%" that was meant as such is one, from here on. */
		if (!decode(path, !(view & HTTP_SLASHES), &changed)) {
			strcpy(path, before);
			break;
		}
		if (rounds == 4)
			return bad(why, "a path that is encoded again and again");
	}
	for (c = path; view & HTTP_BACKSLASHES && *c; c++)
		if (*c == '\\')
			*c = '/';
	if (view & HTTP_AUTHORITY)
		remove_authority(path);
	remove_parts(path, view);
	return true;
}

/* Adds what can be done to the segments of a path, whatever parts them; is there a ".."? */
static bool look_at_segments(const char *path, unsigned int *views)
{
	bool up = false;

	while (*path == '/' || *path == '\\') {
		const char *segment = path + 1;
		size_t length = strcspn(segment, "/\\;");

		path = segment + strcspn(segment, "/\\");
		if (!length && *path)
			*views |= HTTP_EMPTY;
		if (length && length <= 2 && !strncmp(segment, "..", length))
			*views |= HTTP_DOTS;
		up |= length == 2 && !strncmp(segment, "..", length);
	}
	return up;
}

/**
 * http_views() - in which ways do servers read the path of a request?
 * @target: of the request
 * @views: set to the bits of HTTP_* that make a difference: each set of them is a way
 * @why: set to what is bad
 *
 * Where ".." leads to depends on what else a server does to the path, and to which part
 * of it first: then no view is sure to be that of a server.
 *
 * Return: false if it is bad.
 */
bool http_views(const char *target, unsigned int *views, const char **why)
{
	char path[PATH_ROOM], other[PATH_ROOM];
	bool up;

	*views = 0;
	if (!http_path(target, HTTP_SLASHES | HTTP_AGAIN, path, why) ||
	    !http_path(target, HTTP_AGAIN, other, why))
		return false;
	if (strcmp(path, other))
		*views |= HTTP_SLASHES;
	if (!http_path(target, HTTP_SLASHES, other, why))
		return false;
	if (strcmp(path, other))
		*views |= HTTP_AGAIN;
	if (strchr(path, '\\'))
		*views |= HTTP_BACKSLASHES;
	if (strchr(path, ';'))
		*views |= HTTP_PARAMETERS;
	if (strspn(path, "/\\") > 1)
		*views |= HTTP_AUTHORITY;
	up = look_at_segments(path, views);
	if (up && *views & ~HTTP_DOTS)
		return bad(why, "\"..\" in a path that servers take apart in several ways");
	if (__builtin_popcount(*views) > VIEW_BITS_MAX)
		return bad(why, "a path that can be read in too many ways");
	return true;
}

/* --- the body --------------------------------------------------------------- */

/**
 * http_read_chunk() - read the line before a chunk (RFC 9112, section 7.1)
 * @data: from there on
 * @n: how many bytes there are
 * @length: set to the length of the line, with its end
 * @size: set to that of the chunk, bytes; zero for the last one
 * @why: set to what is bad
 *
 * A server that counts in fewer bits would see a request in what is a chunk here.
 */
enum reading http_read_chunk(const uint8_t *data, size_t n, size_t *length, uint64_t *size,
			     const char **why)
{
	size_t digits = 0, i;

	*size = 0;
	for (i = 0; i < n && i < HTTP_LINE_MAX; i++) {
		if (i == digits && i < CHUNK_DIGITS && hex(data[i]) >= 0) {
			*size = *size << 4 | hex(data[i]);
			digits++;
			if (*size > INT32_MAX)
				break;
		} else if (!digits || (i == digits && data[i] != ';' && data[i] != '\r')) {
			return bad(why, "not the size of a chunk"), READ_BAD;
		} else if (data[i] == '\n') {
			if (data[i - 1] != '\r')
				break;
			*length = i + 1;
			return READ_DONE;
		} else if ((data[i] < ' ' && data[i] != '\r' && data[i] != '\t') ||
			   data[i - 1] == '\r') {
			break;
		}
	}
	return i < n || n >= HTTP_LINE_MAX ? bad(why, "not the size of a chunk"), READ_BAD : READ_MORE;
}
