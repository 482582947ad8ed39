// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The readers of the application filter, its rules, and what it makes of packets.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "filter.h"
#include "http.h"
#include "suite.h"
#include "tls.h"

#define CLIENT	0
#define SERVER	1

/* --- HTTP --------------------------------------------------------------------- */

static struct http_head head;
static const char *why;

static enum reading read_http(const char *text, size_t n)
{
	size_t seen = 0, length = 0;
	enum reading reading = READ_MORE;
	size_t i;

	why = NULL;
	for (i = 1; i <= n && reading == READ_MORE; i++)
		reading = http_head_end((const uint8_t *)text, i, &seen, &length, &why);
	if (reading != READ_DONE)
		return reading;
	ck_assert_uint_le(length, n);
	return http_read_head((const uint8_t *)text, length, &head, &why) ? READ_DONE : READ_BAD;
}

static void good(const char *text, const char *host, const char *target)
{
	ck_assert_msg(read_http(text, strlen(text)) == READ_DONE, "%s: %s", text, why);
	ck_assert_str_eq(head.host, host);
	ck_assert_str_eq(head.target, target);
}

static void bad(const char *text)
{
	ck_assert_msg(read_http(text, strlen(text)) == READ_BAD, "taken: %s", text);
	ck_assert_ptr_nonnull(why);
}

START_TEST(http_heads)
{
	good("GET /x?y HTTP/1.1\r\nHost: A.Example:80\r\n\r\n", "a.example", "/x?y");
	good("\r\n\r\nGET / HTTP/1.1\r\nhost:a.example.\t \r\nA: b\r\n\r\n", "a.example", "/");
	good("GET / HTTP/1.1\r\nHost: a\r\nX-Original-Url-: b\r\nX-Original-Ur: b\r\n\r\n", "a", "/");
	good("GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example", "/");
	good("GET HTTPS://a.example:8443?q HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example", "/?q");
	good("GET http://[2001:DB8::1]:80/x HTTP/1.0\r\nHost: [2001:db8::1]\r\n\r\n", "2001:db8::1", "/x");
	good("CONNECT a.example:443 HTTP/1.0\r\n\r\n", "a.example", "");
	good("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example", "");
	good("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "", "*");
	good("GET / HTTP/1.0\r\n\r\n", "", "/");
	good("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", "a", "/");
	ck_assert_uint_eq(head.length, 12);
	good("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "a", "/");
	ck_assert(head.chunked);
	ck_assert_int_eq(read_http("GET / HTTP/1.1\r\nHost: a\r\n", 25), READ_MORE);
}
END_TEST

static const char *const bad_heads[] = {
	"GET /\r\n", "GET / HTTP/0.9\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / http/1.1\r\n",
	"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"get / HTTP/1.1\r\nHost: a\r\n\r\n", "G:T / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
	"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
	"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", "GET / HTTP/1.1\r\nHost: .a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: b\xc3\xbc\r\n\r\n", "GET / HTTP/1.1\r\nHost: a%2e\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
	"GET http://a/ HTTP/1.0\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n",
	"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "GET http://x@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET x HTTP/1.1\r\nHost: a\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /\xc3\xbc HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX\x01: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 010\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX-Original-Url: /b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX_REWRITE.URL: /b\r\n\r\n",
};

START_TEST(http_bad_heads)
{
	bad(bad_heads[_i]);
}
END_TEST

START_TEST(http_long_heads)
{
	static char text[HTTP_HEAD_MAX + 100];
	size_t n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nX: ");

	memset(text + n, 'x', sizeof(text) - n);
	ck_assert_int_eq(read_http(text, HTTP_HEAD_MAX - 1), READ_MORE);
	ck_assert_int_eq(read_http(text, HTTP_HEAD_MAX), READ_BAD);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	ck_assert_int_eq(read_http(text, HTTP_HEAD_MAX), READ_DONE);
	ck_assert_int_eq(read_http("GET /\0 HTTP/1.1\r\n", 17), READ_BAD);
}
END_TEST

static const struct {
	const char *target, *sent, *plain, *lenient;
} paths[] = {
	{ "/a/b?c=/d", "/a/b", "/a/b", "/a/b" },
	{ "/%61pp1/%7Ex", "/app1/~x", "/app1/~x", "/app1/~x" },
	{ "/a/./b/../c", "/a/./b/../c", "/a/c", "/a/c" },
	{ "/a/..", "/a/..", "/", "/" },
	{ "/../../a/.", "/../../a/.", "/a/", "/a/" },
	{ "/a/%2e%2E/b", "/a/../b", "/b", "/b" },
	{ "/a/..%2fb", "/a/..%2fb", "/a/..%2fb", "/b" },
	{ "/a/%252e%252e/b", "/a/%2e%2e/b", "/a/%2e%2e/b", "/b" },
	{ "/a/%25252e./b", "/a/%252e./b", "/a/%252e./b", "/b" },
	{ "/a\\..\\b", "/a\\..\\b", "/a\\..\\b", "/b" },
	{ "/a/..;x/b", "/a/..;x/b", "/a/..;x/b", "/b" },
	{ "/a;x=1/b;y", "/a;x=1/b;y", "/a;x=1/b;y", "/a/b" },
	{ "/a//b/", "/a//b/", "/a//b/", "/a/b/" },
	{ "//a//b/", "//a//b/", "//a//b/", "/b/" },
	{ "//a", "//a", "//a", "/" },
	{ "/100%25", "/100%", "/100%", "/100%" },
	{ "*", "*", "*", "*" },
	{ "", "", "", "" },
};

START_TEST(http_paths)
{
	char path[PATH_ROOM];

	ck_assert(http_path(paths[_i].target, HTTP_AS_SENT, path, &why));
	ck_assert_str_eq(path, paths[_i].sent);
	ck_assert(http_path(paths[_i].target, HTTP_PLAIN, path, &why));
	ck_assert_str_eq(path, paths[_i].plain);
	ck_assert(http_path(paths[_i].target, HTTP_LENIENT, path, &why));
	ck_assert_str_eq(path, paths[_i].lenient);
}
END_TEST

START_TEST(http_bad_paths)
{
	static const char *const targets[] = {
		"/%", "/%4", "/%zz", "/%u002f", "/a%00b", "/a%0d%0ab", "/%c0%ae%c0%ae/", "/%c1%9c",
		"/%e0%80%af", "/%f0%80%80%af", "/%ff", "/%7f",
	};
	char path[PATH_ROOM];
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		ck_assert_msg(!http_path(targets[i], HTTP_PLAIN, path, &why), "%s", targets[i]);
	ck_assert(!http_path("/%25252525252525252541", HTTP_LENIENT, path, &why));
}
END_TEST

START_TEST(http_ways)
{
	static const struct { const char *target; unsigned int views; } ways[] = {
		{ "/a/b/?c=..%2f;", 0 }, { "*", 0 }, { "", 0 }, { "/a/../b/..", HTTP_DOTS },
		{ "/a/%2e%2E/b", HTTP_DOTS }, { "/./a", HTTP_DOTS }, { "/a%2fb", HTTP_SLASHES },
		{ "/a\\b", HTTP_BACKSLASHES }, { "/a;x/b", HTTP_PARAMETERS }, { "/a//b", HTTP_EMPTY },
		{ "/%2561", HTTP_AGAIN }, { "/100%25", 0 }, { "/..a/...", 0 },
		{ "/go/https:%2F%2Fa/b", HTTP_SLASHES | HTTP_EMPTY },
		{ "/a/;x/b", HTTP_PARAMETERS | HTTP_EMPTY }, { "//a", HTTP_EMPTY | HTTP_AUTHORITY },
		{ "/\\a", HTTP_BACKSLASHES | HTTP_EMPTY | HTTP_AUTHORITY },
	};
	/* What some server takes for /admin/..., or does not. */
	static const char *const unsure[] = {
		"/p/..%2fadmin/..;/..%2fsecret", "/pub/..%2fadmin/..;/..%2fpub/x",
		"/p/..%2fadmin/%2f../x", "/p/..%5cadmin/x", "/p\\..\\admin", "/p/..;/admin",
		"/p;x/../admin", "/p//../admin", "/p/%252e%252e/admin", "/p/..%2f", "/p/..//",
		"/.%2fa\\b;c//d%252f",
	};
	unsigned int views;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		ck_assert_msg(http_views(ways[i].target, &views, &why), "%s", ways[i].target);
		ck_assert_msg(views == ways[i].views, "%s: %#x", ways[i].target, views);
	}
	for (i = 0; i < sizeof(unsure) / sizeof(*unsure); i++)
		ck_assert_msg(!http_views(unsure[i], &views, &why), "%s", unsure[i]);
}
END_TEST

START_TEST(http_chunks)
{
	static const char *const wrong[] = {
		"\r\n", "x\r\n", " 5\r\n", "5 \r\n", "0x5\r\n", "-5\r\n", "5\n", "5;a\nb\r\n", "5\rx\r\n",
		"fffffffffffffffff\r\n", "100000005\r\n", "80000000\r\n", "000000005\r\n",
	};
	uint64_t size;
	size_t length, i;

	ck_assert_int_eq(http_read_chunk((void *)"1aF;x=\"y\"\r\nz", 12, &length, &size, &why), READ_DONE);
	ck_assert_uint_eq(length, 11);
	ck_assert_uint_eq(size, 0x1af);
	ck_assert_int_eq(http_read_chunk((void *)"7FFFFFFF\r\n", 10, &length, &size, &why), READ_DONE);
	ck_assert_uint_eq(size, INT32_MAX);
	ck_assert_int_eq(http_read_chunk((void *)"1a\r", 3, &length, &size, &why), READ_MORE);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(http_read_chunk((void *)wrong[i], strlen(wrong[i]), &length, &size, &why) ==
			      READ_BAD, "%s", wrong[i]);
}
END_TEST

/* --- TLS ---------------------------------------------------------------------- */

static size_t put_hello(uint8_t *to, const char *name, bool ech)
{
	uint8_t *at = to + 9, *extensions;
	size_t n = name ? strlen(name) : 0;

	memset(to, 0, 9);
	*at++ = 3;
	*at++ = 3;
	at = mempcpy(at, "0123456789abcdef0123456789abcdef", 32);
	*at++ = 0;
	at = mempcpy(at, "\0\4\x0a\x0a\x13\x01\1\0", 8);	/* GREASE is the first cipher */
	extensions = at;
	at += 2;
	at = mempcpy(at, "\x1a\x1a\0\0", 4);
	if (name) {
		uint8_t header[] = { 0, 0, (n + 5) >> 8, n + 5, (n + 3) >> 8, n + 3, 0, n >> 8, n };

		at = mempcpy(at, header, sizeof(header));
		at = mempcpy(at, name, n);
	}
	if (ech)
		at = mempcpy(at, "\xfe\x0d\0\3abc", 7);
	extensions[0] = (at - extensions - 2) >> 8;
	extensions[1] = at - extensions - 2;
	n = at - to;
	memcpy(to, "\x16\3\1", 3);
	to[3] = (n - 5) >> 8;
	to[4] = n - 5;
	to[5] = 1;
	to[7] = (n - 9) >> 8;
	to[8] = n - 9;
	return n;
}

/* One that offers TLS 1.3, and maybe has data behind it. */
static size_t put_modern_hello(uint8_t *to, const char *name, bool early)
{
	size_t n = put_hello(to, name, false), more = early ? 4 : 0;
	uint8_t *extensions = to + 9 + 2 + 32 + 1 + 6 + 2;

	memcpy(to + n, "\0\x2b\0\3\2\3\4\0\x2a\0\0", 7 + more);
	more += 7;
	to[4] += more;
	to[8] += more;
	extensions[1] += more;
	return n + more;
}

/* The same in records of @size bytes. */
static size_t split_records(const uint8_t *from, size_t n, uint8_t *to, size_t size)
{
	uint8_t *at = to;
	size_t i;

	for (i = 5; i < n; i += size) {
		size_t part = n - i < size ? n - i : size;

		at = mempcpy(at, "\x16\3\1", 3);
		*at++ = part >> 8;
		*at++ = part;
		at = mempcpy(at, from + i, part);
	}
	return at - to;
}

START_TEST(tls_hellos)
{
	uint8_t text[512], records[4096];
	struct tls_hello hello;
	size_t n = put_hello(text, "Www.Ads.Example", true), length, m, i;

	for (i = 1; i < n; i++)
		ck_assert_int_eq(tls_read_hello(text, i, &length, &hello, &why), READ_MORE);
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_DONE);
	ck_assert_str_eq(hello.name, "www.ads.example");
	ck_assert_uint_eq(length, n);
	ck_assert(hello.ech);
	for (i = 1; i < 60; i++) {
		m = split_records(text, n, records, i);
		ck_assert_int_eq(tls_read_hello(records, m, &length, &hello, &why), READ_DONE);
		ck_assert_str_eq(hello.name, "www.ads.example");
		ck_assert_int_eq(tls_read_hello(records, m - 1, &length, &hello, &why), READ_MORE);
	}
	n = put_hello(text, NULL, false);
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_DONE);
	ck_assert_str_eq(hello.name, "");
	ck_assert(!hello.ech);
}
END_TEST

START_TEST(tls_bad_hellos)
{
	static const char *const names[] = { "", "a b", "a..b", "a\x01", "b\xc3\xbc" };
	static uint8_t long_text[TLS_HELLO_MAX + 2000];
	uint8_t text[512];
	struct tls_hello hello;
	size_t n, length, i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		n = put_hello(text, names[i], false);
		ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_BAD);
	}
	/* The same name twice. */
	n = put_hello(text, "a.example", false);
	memcpy(text + n, text + n - 18, 18);
	text[4] += 18;
	text[8] += 18;
	text[9 + 2 + 32 + 1 + 6 + 2 + 1] += 18;
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_MORE);
	ck_assert_int_eq(tls_read_hello(text, n + 18, &length, &hello, &why), READ_BAD);
	ck_assert_str_eq(why, "not one server name in a ClientHello");
	n = put_hello(text, "a.example", false);
	text[1] = 2;
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_BAD);
	n = put_hello(text, "a.example", false);
	text[5] = 2;	/* a ServerHello */
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_BAD);
	n = put_hello(text, "a.example", false);
	text[3] = text[4] = 0;	/* an empty record */
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_BAD);
	n = put_hello(text, "a.example", false);
	text[8] -= 1;	/* the message ends before its extensions do */
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_BAD);
	n = put_hello(text, "a.example", false);
	text[7] = 0x70;
	ck_assert_int_eq(tls_read_hello(text, n, &length, &hello, &why), READ_BAD);
	for (i = 0; i + 6 <= sizeof(long_text); i += 6)
		memcpy(long_text + i, i ? "\x16\3\1\0\1x" : "\x16\3\1\0\1\1", 6);
	ck_assert_int_eq(tls_read_hello(long_text, TLS_HELLO_MAX + 1024, &length, &hello, &why), READ_BAD);
}
END_TEST

/* --- DNS ---------------------------------------------------------------------- */

#define HEADER	"\x12\x34\1\0\0\1\0\0\0\0\0\0"

START_TEST(dns_queries)
{
	static const uint8_t one[] = HEADER "\3Www\7example\0\0\x1c\0\1";
	static const uint8_t two[] = "\x12\x34\1\0\0\2\0\0\0\0\0\0" "\1a\7example\0\0\1\0\1" "\1b\xc0\x0e\0\x10\0\1";
	static const uint8_t root[] = HEADER "\0\0\2\0\1";
	struct dns_query query;
	uint8_t answer[64];

	ck_assert(dns_read_query(one, sizeof(one) - 1, &query, &why));
	ck_assert_uint_eq(query.n, 1);
	ck_assert_str_eq(query.question[0].name, "www.example");
	ck_assert_uint_eq(query.question[0].type, 28);
	ck_assert_uint_eq(dns_refusal(one, &query, answer, sizeof(answer)), sizeof(one) - 1);
	ck_assert_mem_eq(answer, "\x12\x34\x81\5\0\1\0\0\0\0\0\0", 12);
	ck_assert_uint_eq(dns_refusal(one, &query, answer, 20), 0);
	ck_assert(dns_read_query(two, sizeof(two) - 1, &query, &why));
	ck_assert_uint_eq(query.n, 2);
	ck_assert_str_eq(query.question[1].name, "b.example");
	ck_assert(dns_read_query(root, sizeof(root) - 1, &query, &why));
	ck_assert_str_eq(query.question[0].name, "");
}
END_TEST

START_TEST(dns_bad_queries)
{
	static const struct { const char *text; size_t n; } queries[] = {
#define QUERY(text) { text, sizeof(text) - 1 }
		QUERY("\x12\x34\1\0\0\1\0\0\0\0\0"), QUERY(HEADER), QUERY(HEADER "\1a"), QUERY(HEADER "\1a\0\0\1\0"),
		QUERY(HEADER "\xc0\x0c\0\1\0\1"),		/* itself */
		QUERY(HEADER "\1a\xc0\x0c\0\1\0\1"),		/* its own beginning */
		QUERY(HEADER "\xc0\x20\0\1\0\1"),		/* forwards */
		QUERY(HEADER "\xc0\x00\0\1\0\1"),		/* the header */
		QUERY(HEADER "\x40" "a\0\0\1\0\1"), QUERY(HEADER "\x80" "a\0\0\1\0\1"),
		QUERY(HEADER "\3a.b\0\0\1\0\1"), QUERY(HEADER "\3a b\0\0\1\0\1"), QUERY(HEADER "\1\0\0\0\1\0\1"),
		QUERY("\x12\x34\x81\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"),	/* an answer */
		QUERY("\x12\x34\x28\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"),	/* an update */
		QUERY("\x12\x34\1\0\0\0\0\0\0\0\0\0\1a\0\0\1\0\1"),	/* no question */
		QUERY("\x12\x34\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1"),	/* two, but one is there */
	};
	struct dns_query query;

	ck_assert(!dns_read_query((const uint8_t *)queries[_i].text, queries[_i].n, &query, &why));
	ck_assert_ptr_nonnull(why);
}
END_TEST
#define BAD_QUERIES 17

/* --- rules -------------------------------------------------------------------- */

static struct app_rules rules;

static bool read_rules(const char *text)
{
	char name[] = "/tmp/app-XXXXXX";
	int fd = mkstemp(name);
	bool done;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	done = app_rules_read(name, &rules);
	unlink(name);
	return done;
}

static unsigned int said;

static void say(const struct place *place, const char *message, const char *hint)
{
	(void)hint;
	ck_assert_ptr_nonnull(place);
	ck_assert_ptr_nonnull(message);
	said++;
}

START_TEST(rule_mistakes)
{
	static const char *const texts[] = {
		"allow", "allow ftp", "allow http path", "allow http path x", "allow http path /?x",
		"allow tls path /x", "allow http name x", "deny http release", "allow dns host x",
		"mark http", "mark 0x80000000 http", "mark 5/4 http", "allow http host a..b",
		"allow http host a.", "allow http host \"a b\"", "allow http method get",
		"allow dns type XYZ", "allow dns type 65536", "allow http log log", "default", "default x",
		"default deny x", "default allow\ndefault deny", "default allow\nallow http", "version 2",
		"allow http id 5", "allow http id a\ndeny tls id a", "allow http id",
	};

	report_mistake = say;
	said = 0;
	ck_assert_msg(!read_rules(texts[_i]), "taken: %s", texts[_i]);
	ck_assert_uint_eq(said, 1);
	app_rules_free(&rules);
}
END_TEST
#define MISTAKES 28

static const char *asked(enum app_proto proto, const char *name, uint16_t type, bool ech)
{
	struct request request = { .proto = proto, .name = name, .method = "", .type = type, .ech = ech };

	return app_decide(&rules, &request).rule->id;
}

static const char *http(const char *text)
{
	struct decision decision;

	ck_assert_int_eq(read_http(text, strlen(text)), READ_DONE);
	decision = app_decide_http(&rules, &head);
	return decision.rule ? decision.rule->id : decision.why;
}

START_TEST(rule_decisions)
{
	ck_assert(read_rules("version 1\n# comment\n"
		"allow http host app1.example path \"/app1/*\" method GET id one\n"
		"deny http path \"/Secret*\" id secret\n"
		"allow http host b\xc3\xbc" "cher.example id idn release\n"
		"deny tls ech id ech\n"
		"deny tls name *.ads.example id ads\n"
		"allow tls name none id none\n"
		"deny dns type ANY id any\n"
		"mark 0x10/0xff dns name *.example id dns\n"
		"default allow log\n"));
	ck_assert_str_eq(http("GET /app1/x HTTP/1.1\r\nHost: APP1.example\r\n\r\n"), "one");
	ck_assert_str_eq(http("POST /app1/x HTTP/1.1\r\nHost: app1.example\r\n\r\n"), "default");
	ck_assert_str_eq(http("GET /sEcret HTTP/1.1\r\nHost: x\r\n\r\n"), "secret");
	ck_assert_str_eq(http("GET /app1/../secret HTTP/1.1\r\nHost: app1.example\r\n\r\n"), "secret");
	ck_assert_str_eq(http("GET /x%5c..%5csecret HTTP/1.1\r\nHost: x\r\n\r\n"),
			 "\"..\" in a path that servers take apart in several ways");
	ck_assert_str_eq(http("GET //x;y%2fz HTTP/1.1\r\nHost: x\r\n\r\n"), "default");
	ck_assert_str_eq(http("GET / HTTP/1.1\r\nHost: xn--bcher-kva.EXAMPLE\r\n\r\n"), "idn");
	ck_assert_str_eq(asked(APP_TLS, "x.ads.example", 0, true), "ech");
	ck_assert_str_eq(asked(APP_TLS, "x.y.ads.example", 0, false), "ads");
	ck_assert_str_eq(asked(APP_TLS, "ads.example", 0, false), "default");
	ck_assert_str_eq(asked(APP_TLS, "", 0, false), "none");
	ck_assert_str_eq(asked(APP_DNS, "a.example", 255, false), "any");
	ck_assert_str_eq(asked(APP_DNS, "a.example", 1, false), "dns");
	ck_assert_str_eq(asked(APP_OTHER, "", 0, false), "default");
	app_rules_free(&rules);
	ck_assert(read_rules(""));
	ck_assert_uint_eq(rules.n, 1);
	ck_assert(!rules.rule[0].allow);
	app_rules_free(&rules);
}
END_TEST

/* A request passes only if each server's way to read its path is allowed. */
START_TEST(rule_ways)
{
	static const char *const denied[] = {
		"/p/..%2fadmin/..;/..%2fsecret", "/p/..%2fadmin/%2f../x", "//a;x.php", "/%2fa;x.php",
		"/adm%2569n/x", "/./admin/x", "/admin;x/y", "//x/admin/y", "/\\x\\admin/y", "///x:y@z/admin/",
	};
	char text[128];
	size_t i;

	ck_assert(read_rules("deny http path \"/admin/*\" id admin\n"
			     "deny http path \"/a*.php\" id php\ndefault allow\n"));
	for (i = 0; i < sizeof(denied) / sizeof(*denied); i++) {
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", denied[i]);
		ck_assert_msg(strcmp(http(text), "default"), "%s", denied[i]);
	}
	app_rules_free(&rules);
	ck_assert(read_rules("allow http path \"/pub/*\" id pub\n"));
	ck_assert_str_eq(http("GET /pub/..%2fadmin/..;/..%2fpub/x HTTP/1.1\r\nHost: x\r\n\r\n"),
			 "\"..\" in a path that servers take apart in several ways");
	ck_assert_str_eq(http("GET /pub/a;b//c%2fd HTTP/1.1\r\nHost: x\r\n\r\n"), "pub");
	app_rules_free(&rules);
}
END_TEST

START_TEST(rule_patterns)
{
	ck_assert(pattern_matches("*.a.*", "x.a.y", false));
	ck_assert(pattern_matches("*", "", false));
	ck_assert(!pattern_matches("*x", "", false));
	ck_assert(pattern_matches("a*b*c", "aXbXbXc", false));
	ck_assert(!pattern_matches("a*b*c", "aXcXb", false));
	ck_assert(!pattern_matches("A", "a", false));
	ck_assert(pattern_matches("A", "a", true));
}
END_TEST

/* --- packets ------------------------------------------------------------------ */

static struct filter filter;
static struct verdict verdict;
static uint32_t seq[2], sent;
static struct ends ends;
static uint8_t flags_of_answer;

static void begin_rules(const char *text, uint8_t family)
{
	ck_assert(read_rules(text));
	ck_assert(filter_init(&filter, 1 << 20));
	filter.rules = &rules;
	memset(&ends, 0, sizeof(ends));
	ends.family = family;
	ends.proto = IPPROTO_TCP;
	ends.addr[0][3] = 1;
	ends.addr[1][3] = 2;
	ends.port[0] = 4000;
	ends.port[1] = 80;
	seq[CLIENT] = 0xfffffff0;
	seq[SERVER] = 5000;
}

static void end_rules(void)
{
	filter_free(&filter);
	ck_assert_uint_eq(filter.streams.memory, 0);
	app_rules_free(&rules);
}

/* A packet of one of the ends goes through the filter; what it says: */
static const char *packet(unsigned int from, uint32_t at, uint8_t flags, const char *text, size_t n)
{
	struct ends back = ends_reversed(&ends);
	struct answer answer;

	answer_tcp(&answer, from == CLIENT ? &ends : &back, at, seq[!from], flags, text, n);
	filter_packet(&filter, answer.packet, answer.n, answer.family == AF_INET6, true, &verdict);
	flags_of_answer = verdict.n_answers ? verdict.answer[0].packet[(ends.family == AF_INET ? 20 : 40) + 13] : 0;
	if (verdict.drop)
		return "drop";
	switch (verdict.queue) {
	case FLOWWALL_QUEUE_MORE:
		return "more";
	case FLOWWALL_QUEUE_REQUESTS:
		return "requests";
	case FLOWWALL_QUEUE_REFUSE:
		return "refuse";
	default:
		return "decided";
	}
}

static void connect_server(void)
{
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT]++, TCP_SYN, NULL, 0), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER]++, TCP_SYN | TCP_ACK, NULL, 0), "more");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT], TCP_ACK, NULL, 0), "more");
	sent = seq[CLIENT];
}

static const char *send_bytes(const char *text, size_t n)
{
	uint32_t at = seq[CLIENT];

	seq[CLIENT] += n;
	return packet(CLIENT, at, TCP_ACK | TCP_PSH, text, n);
}

static const char *send_text(const char *text)
{
	return send_bytes(text, strlen(text));
}

#define RULES	"allow http host app1.example path \"/app1/*\"\n" \
		"allow http host post.example\nallow http host go.example release\n" \
		"mark 0x10/0xff http host mark.example\n" \
		"allow tls name ok.example\nallow dns name ok.example\n"
#define APP1	"GET /app1/x HTTP/1.1\r\nHost: app1.example\r\nA: b\r\n\r\n"
#define APP2	"GET /app2/x HTTP/1.1\r\nHost: app1.example\r\nA: b\r\n\r\n"

static const uint8_t families[] = { AF_INET, AF_INET6 };

START_TEST(one_segment)
{
	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(send_text(APP1), "requests");
	ck_assert_str_eq(send_text(APP1 APP1), "requests");
	ck_assert_str_eq(send_text(APP1 APP2), "refuse");
	ck_assert_uint_eq(verdict.n_answers, 2);
	ck_assert_uint_eq(flags_of_answer, TCP_RST | TCP_ACK);
	ck_assert_ptr_nonnull(memmem(verdict.answer[1].packet, verdict.answer[1].n, "HTTP/1.1 403 ", 13));
	ck_assert_uint_eq(filter.streams.n, 0);
	/* Who was told is reset a second later. */
	filter_time(&filter, 999);
	ck_assert(!filter_due(&filter, &verdict.answer[0]));
	filter_time(&filter, 1000);
	ck_assert(filter_due(&filter, &verdict.answer[0]));
	ck_assert(!filter_due(&filter, &verdict.answer[0]));
	end_rules();
}
END_TEST

/* Whatever the size of segments, and whichever comes twice, the last byte decides. */
START_TEST(tiny_segments)
{
	size_t size, i, n = strlen(APP1);

	for (size = 1; size < 20; size++) {
		begin_rules(RULES, AF_INET);
		connect_server();
		for (i = 0; i < n; i += size) {
			size_t part = n - i < size ? n - i : size;

			ck_assert_str_eq(send_bytes(&APP1[i], part), i + part < n ? "more" : "requests");
			if (i + part < n)
				ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, APP1, i + part), "more");
		}
		sent = seq[CLIENT];
		for (i = 0; i < n; i += size) {
			size_t part = n - i < size ? n - i : size;

			ck_assert_str_eq(send_bytes(&APP2[i], part), i + part < n ? "requests" : "refuse");
		}
		end_rules();
	}
}
END_TEST

START_TEST(out_of_order)
{
	size_t n = strlen(APP2), i;
	const char *const texts[] = { APP1, APP2 };

	/* From the last byte to the first: that one completes it. */
	begin_rules(RULES, AF_INET);
	connect_server();
	for (i = n - 10; i > 0; i -= i < 10 ? i : 10)
		ck_assert_str_eq(packet(CLIENT, sent + i, TCP_ACK, &texts[_i][i], i == n - 10 ? 10 : 10), "more");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, texts[_i], 10), _i ? "refuse" : "requests");
	end_rules();
}
END_TEST

START_TEST(overlaps)
{
	begin_rules(RULES, AF_INET);
	connect_server();
	/* What passed is sent again in another way. */
	ck_assert_str_eq(send_text("GET /app1/"), "more");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, "GET /app2/", 10), "refuse");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text(APP1), "requests");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, APP1, strlen(APP1)), "requests");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, APP2, strlen(APP2)), "refuse");
	end_rules();
	/* What came early is not what comes in its turn. */
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent + 5, TCP_ACK, "app2/", 5), "more");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, "GET /app1/", 10), "refuse");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent + 5, TCP_ACK, "app1/", 5), "more");
	ck_assert_str_eq(packet(CLIENT, sent + 7, TCP_ACK, "p2/", 3), "refuse");
	end_rules();
	/* Further ahead than is kept: it has to be sent again. */
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent + (2 << 20), TCP_ACK, "x", 1), "drop");
	/* Urgent data is not what it seems. */
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK | TCP_URG, "G", 1), "refuse");
	end_rules();
}
END_TEST

/* Who asks with a byte of garbage whether the server is there learns it, and changes nothing. */
START_TEST(keepalives)
{
	const struct answer *answer = &verdict.answer[0];

	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent - 1, TCP_ACK, "\0", 1), "more");
	ck_assert_str_eq(send_text("GET /app1/"), "more");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 1, TCP_ACK, "\0", 1), "drop");
	ck_assert_uint_eq(verdict.n_answers, 1);
	ck_assert_uint_eq(flags_of_answer, TCP_ACK);
	ck_assert_mem_eq(answer->to, ends.addr[1], 16);
	ck_assert_uint_eq(answer->packet[answer->n - 1], '/');
	/* Between requests as well; the end of one is none. */
	ck_assert_str_eq(send_text("x HTTP/1.1\r\nHost: app1.example\r\n\r\n"), "requests");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 1, TCP_ACK, "\0", 1), "drop");
	ck_assert_uint_eq(answer->packet[answer->n - 1], '\n');
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 1, TCP_ACK, "\n", 1), "requests");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 1, TCP_ACK | TCP_FIN, "\0", 1), "refuse");
	end_rules();
}
END_TEST

/* Some servers take the end of a connection for the end of a head. */
START_TEST(ends_in_a_head)
{
	static const char denied[] = "GET /app2/x HTTP/1.1\r\nHost: app1.example\r\n";
	uint32_t n = strlen(denied);

	/* With the last bytes, behind them, and before them. */
	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK | TCP_FIN, denied, n), "refuse");
	end_rules();
	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(send_text(denied), "more");
	ck_assert_str_eq(packet(CLIENT, sent + n, TCP_ACK | TCP_FIN, NULL, 0), "refuse");
	end_rules();
	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent + n, TCP_ACK | TCP_FIN, NULL, 0), "drop");
	ck_assert_str_eq(packet(CLIENT, sent + 9, TCP_ACK | TCP_FIN, denied + 9, n - 9), "drop");
	ck_assert_str_eq(send_text(denied), "more");
	/* Before what was said already there is none. */
	ck_assert_str_eq(packet(CLIENT, sent + 9, TCP_ACK | TCP_FIN, NULL, 0), "refuse");
	end_rules();
	/* Between requests there is one. */
	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(send_text(APP1 "\r\n"), "requests");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT], TCP_ACK | TCP_FIN, NULL, 0), "requests");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT], TCP_ACK | TCP_FIN, NULL, 0), "requests");
	end_rules();
	/* What was begun, and may have been anything, is nothing that is known. */
	begin_rules("default allow\n", families[_i]);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK | TCP_FIN, "ping", 4), "requests");
	end_rules();
	begin_rules(RULES, families[_i]);
	connect_server();
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK | TCP_FIN, "ping", 4), "refuse");
	end_rules();
}
END_TEST

/* A server may ask for another ClientHello, and go by what that one says. */
START_TEST(second_hellos)
{
	uint8_t first[512], second[512], records[4096], whole[1024];
	static const char cipher[] = "\x14\3\3\0\1\1", data[] = "\x17\3\3\0\3abc";
	static const char finished[] = "\x16\3\3\0\x28\1\x77zzzzzzzz";
	size_t n, m, size, i;

	n = put_modern_hello(first, "ok.example", false);
	m = put_modern_hello(second, "no.example", false);
	for (size = 1; size < 64; size += 3) {
		begin_rules(RULES, AF_INET);
		connect_server();
		ck_assert_str_eq(send_bytes((char *)first, n), "more");
		ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "more");
		ck_assert_str_eq(send_bytes(cipher, 6), "more");
		i = split_records(second, m, records, size);
		ck_assert_str_eq(send_bytes((char *)records, 3), "more");
		ck_assert_str_eq(send_bytes((char *)records + 3, i - 3), "refuse");
		end_rules();
	}
	/* All at once, early data before it; the same name is allowed again. */
	begin_rules(RULES, AF_INET);
	connect_server();
	n = put_modern_hello(whole, "ok.example", true);
	memcpy(whole + n, data, 8);
	memcpy(whole + n + 8, second, m);
	ck_assert_str_eq(send_bytes((char *)whole, n + 8 + m), "refuse");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_bytes((char *)whole, n + 8), "more");
	ck_assert_str_eq(send_bytes((char *)first, put_modern_hello(first, "ok.example", false)), "more");
	ck_assert_str_eq(send_bytes(data, 8), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	end_rules();
	/* Anything else means that there is none, what is encrypted and begins so as well. */
	for (i = 0; i < 2; i++) {
		begin_rules(RULES, AF_INET);
		connect_server();
		ck_assert_str_eq(send_bytes((char *)first, n = put_modern_hello(first, "ok.example", false)),
				 "more");
		ck_assert_str_eq(i ? send_bytes(finished, 15) : send_bytes(data, 8), "more");
		ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
		end_rules();
	}
	/* Servers that skip an alert read what follows: with it, it is TLS, and bad. */
	begin_rules("deny tls name bad\ndefault allow\n", AF_INET);
	connect_server();
	ck_assert_str_eq(send_bytes("\x15\3\1\0\2\1\x5a", 7), "refuse");
	end_rules();
}
END_TEST

/* Servers of TLS take the ClientHello of SSL 2.0 as well: it is not anything else. */
START_TEST(old_hellos)
{
	static const char hello[] = "\x80\x1c\1\3\3\0\3\0\0\0\x10\0\0\x2f" "0123456789abcdef";
	size_t i, k;

	for (i = 1; i < 6; i++) {
		begin_rules("deny tls\ndefault allow\n", AF_INET);
		connect_server();
		for (k = 0; k + 1 < i; k++)
			ck_assert_str_eq(send_bytes(&hello[k], 1), "more");
		ck_assert_str_eq(send_bytes(&hello[k], sizeof(hello) - 1 - k), "refuse");
		end_rules();
	}
	/* What only looks so passes, and is known to be something else. */
	begin_rules("deny tls\ndefault allow\n", AF_INET);
	connect_server();
	ck_assert_str_eq(send_bytes("\x80\1\1\4\1", 5), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	end_rules();
}
END_TEST

START_TEST(bodies)
{
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("POST / HTTP/1.1\r\nHost: post.example\r\nContent-Length: 60\r\n\r\n"), "requests");
	/* A request within a body is none, and a body may change. */
	ck_assert_str_eq(send_text(APP2), "requests");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 20, TCP_ACK, "xxxxxxxxxxxxxxxxxxxx", 20), "requests");
	ck_assert_str_eq(send_bytes("0123456789", 60 - strlen(APP2)), "requests");
	ck_assert_str_eq(send_text(APP1), "requests");
	ck_assert_str_eq(send_text("POST / HTTP/1.1\r\nHost: post.example\r\nTransfer-Encoding: chunked\r\n\r\n"), "requests");
	ck_assert_str_eq(send_text("4\r\nGET \r\n5;x\r\n/app2\r\n0"), "requests");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 2, TCP_ACK, "\n1", 2), "refuse");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("POST / HTTP/1.1\r\nHost: post.example\r\nTransfer-Encoding: chunked\r\n\r\n"), "requests");
	ck_assert_str_eq(send_text("4\r\nGET \r\n0\r\n\r\n" APP1), "requests");
	ck_assert_str_eq(send_text(APP2), "refuse");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("POST / HTTP/1.1\r\nHost: post.example\r\nTransfer-Encoding: chunked\r\n\r\n"), "requests");
	ck_assert_str_eq(send_text("4\r\nGET x\r\n"), "refuse");
	end_rules();
}
END_TEST

/* What is lost while much is on its way can be sent again, however many chunks it has. */
START_TEST(many_chunks)
{
	size_t most = 0;
	char text[1008];
	unsigned int i;

	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("POST / HTTP/1.1\r\nHost: post.example\r\nTransfer-Encoding: chunked\r\n\r\n"), "requests");
	sent = seq[CLIENT];
	memset(text, 'x', sizeof(text));
	memcpy(text, "3e8\r\n", 5);
	memcpy(text + 1005, "\r\n", 2);
	for (i = 0; i < 2000; i++)
		ck_assert_str_eq(send_bytes(text, 1007), "requests");
	for (i = 0; i < 2000; i += 100)
		ck_assert_str_eq(packet(CLIENT, sent + i * 1007, TCP_ACK, text, 1007), "requests");
	/* For so long only; it stays bounded. */
	for (i = 0; i < 10000; i++) {
		ck_assert_str_eq(send_bytes(text, 1007), "requests");
		if (filter.streams.memory > most)
			most = filter.streams.memory;
	}
	ck_assert_uint_lt(most, 64 << 10);
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, text, 1007), "drop");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 2000 * 1007, TCP_ACK, text, 1007), "requests");
	text[0] = '4';
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 2000 * 1007, TCP_ACK, text, 1007), "refuse");
	end_rules();
}
END_TEST

/* It is let go when the server has said that it has what was judged. */
START_TEST(released)
{
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\nHost: go.example\r\n\r\n"), "more");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK, "PUT", 3), "refuse");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\nHost: go.example\r\n\r\n"), "more");
	seq[CLIENT]--;
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "more");
	seq[CLIENT]++;
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, NULL, 0), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\nHost: mark.example\r\n\r\n"), "requests");
	ck_assert_uint_eq(verdict.mark, 0x10);
	ck_assert_uint_eq(verdict.mask, 0xff);
	end_rules();
}
END_TEST

/* What waits in the queue when it is let go passes as well, in both directions. */
START_TEST(released_in_flight)
{
	size_t before;

	begin_rules("mark 0x10/0xff http host go.example release\n", AF_INET);
	connect_server();
	before = filter.streams.memory;
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\nHost: go.example\r\n\r\n"), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	ck_assert_uint_eq(filter.streams.memory, before);
	ck_assert_str_eq(packet(SERVER, seq[SERVER] + 1, TCP_ACK, "x", 1), "decided");
	ck_assert_uint_eq(verdict.mark, 0x10);
	ck_assert_str_eq(packet(SERVER, seq[SERVER] + 2, TCP_ACK, NULL, 0), "decided");
	filter_time(&filter, 9000);
	ck_assert_str_eq(send_text("any"), "decided");
	ck_assert_str_eq(packet(CLIENT, sent, TCP_ACK | TCP_FIN, "any", 3), "decided");
	ck_assert_uint_eq(verdict.mark, 0x10);
	filter_time(&filter, 18000);
	ck_assert_str_eq(packet(SERVER, seq[SERVER] + 2, TCP_ACK | TCP_FIN, NULL, 0), "decided");
	ck_assert_uint_eq(filter.counts.midway, 0);
	/* Another connection is judged, */
	connect_server();
	ck_assert_str_eq(send_text(APP1), "refuse");
	/* also one that the server begins. */
	connect_server();
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\nHost: go.example\r\n\r\n"), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	ends = ends_reversed(&ends);
	connect_server();
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\nHost: go.example\r\n\r\n"), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	ck_assert_uint_eq(filter.streams.n, 1);
	/* Nothing is known of it after some seconds. */
	filter_time(&filter, 29000);
	ck_assert_uint_eq(filter.streams.n, 0);
	ck_assert_str_eq(send_text("any"), "refuse");
	end_rules();
}
END_TEST

START_TEST(protocols)
{
	uint8_t hello[512];
	size_t n;

	begin_rules(RULES, AF_INET6);
	connect_server();
	n = put_hello(hello, "ok.example", false);
	ck_assert_str_eq(send_bytes((char *)hello, 20), "more");
	ck_assert_str_eq(send_bytes((char *)hello + 20, n - 20), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	end_rules();
	begin_rules(RULES, AF_INET6);
	connect_server();
	n = put_hello(hello, "no.example", false);
	ck_assert_str_eq(send_bytes((char *)hello, n), "refuse");
	ck_assert_uint_eq(verdict.n_answers, 2);
	end_rules();
	begin_rules(RULES, AF_INET);
	ends.port[1] = 53;
	connect_server();
	ck_assert_str_eq(send_bytes("\0\x1c" HEADER "\2ok\7example\0\0\1\0\1", 30), "requests");
	ck_assert_str_eq(send_bytes("\0\x1c" HEADER "\2no\7example\0\0\1\0\1", 30), "refuse");
	ck_assert_uint_eq(verdict.answer[1].n, 40 + 30);
	end_rules();
	/* What is none of these is up to the default; so is a server that speaks first. */
	begin_rules("allow http2\ndefault deny\n", AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("PRI * HTTP/2.0\r\n\r\nSM\r"), "more");
	ck_assert_str_eq(send_text("\n\r\n"), "more");
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "x", 1), "decided");
	end_rules();
	begin_rules("default allow\n", AF_INET);
	connect_server();
	ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "220 hello\r\n", 11), "decided");
	end_rules();
	begin_rules("default allow\n", AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("GET /"), "more");
	ck_assert_str_eq(send_text("\r\n"), "refuse");	/* HTTP/0.9 is HTTP, and bad */
	end_rules();
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("SSH-2.0-x\r\n"), "refuse");
	end_rules();
}
END_TEST

/* Nobody gets past it by saying nothing for long. */
START_TEST(long_beginnings)
{
	static const char *const texts[] = { "\r\n\r\n\r\n\r\n", "        ", "abcdefgh", "FOO /abc" };
	const char *said = "more";
	unsigned int i;

	begin_rules("deny http host app2.example\ndefault allow\n", AF_INET);
	connect_server();
	for (i = 0; i < HTTP_HEAD_MAX / 4 && !strcmp(said, "more"); i++)
		said = send_text(texts[_i]);
	ck_assert_str_eq(said, "refuse");
	end_rules();
}
END_TEST

/* Servers that split a line as text of Latin-1 know more spaces than others (as in Python). */
START_TEST(odd_spaces)
{
	static const char *const texts[][2] = {
		{ "GET\x1f", "/app2/x\x1fHTTP/1.1\r\n" }, { "GET\xa0/", "app2/x\r\n" },
		{ "\x85", "GET /app2/x HTTP/1.0\r\n\r\n" }, { "FOO\x1c/app2/x", "\x1cHTTP/1.1\r\n" },
		{ "FOO /app2/x HT", "TP/1.0\r\n\r\n" }, { "FOO /app2/x HTTP", "/1.0\r\n\r\n" },
		{ "FOO x HT", "TP/1.0\r\n\r\n" }, { "FOO x HTTP", "/1.0\r\n\r\n" },
	};
	static const struct { const char *text, *said; } words[] = {
		{ "FOO /app2/x XTTP/1.1", "refuse" }, { "FOO http://a/app2/x X", "refuse" },
		{ "FOO  HTTP:x", "refuse" }, { "FOO /app2/x", "refuse" }, { "FOO x/app2/x", "more" },
		{ "/app2/x", "more" }, { "0022git-upload-pack /a\x01host=b", "more" },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		begin_rules("deny http path \"/app2/*\"\ndefault allow\n", AF_INET);
		connect_server();
		ck_assert_str_eq(send_text(texts[i][0]), "more");
		ck_assert_msg(!strcmp(send_text(texts[i][1]), "refuse"), "%zu passes", i);
		end_rules();
	}
	/* Nor do all servers mind what the method is, or the version. */
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		begin_rules("deny http path \"/app2/*\"\ndefault allow\n", AF_INET);
		connect_server();
		ck_assert_str_eq(send_text(words[i].text), "more");
		ck_assert_msg(!strcmp(send_bytes("\r\n\r\n", 4), words[i].said), "%zu", i);
		end_rules();
	}
	/* What no server takes for HTTP is known at once. */
	begin_rules("allow http\n", AF_INET);
	connect_server();
	ck_assert_str_eq(send_bytes("\0", 1), "refuse");
	end_rules();
}
END_TEST

/* A SYN with options, as it came and as it goes on. */
static const struct {
	const char *options, *instead;
	size_t n;
} paths_asked[] = {
	{ "\x1e\4\x81\1", "\1\1\1\1", 4 },			/* MP_CAPABLE */
	{ "\2\4\5\xb4\1\x1e\x0c\x10\0zzzzzzzz\1\1\1",
	  "\2\4\5\xb4\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 20 },	/* MP_JOIN */
	{ "\2\4\5\xb4\0\x1e\4\x81", NULL, 8 },		/* behind the end */
	{ "\2\4\5\x1e\3\3\x1e\0", NULL, 8 },		/* without a length */
	{ "\2\4\5\x1e\3\3\1\x1e", NULL, 8 },		/* and cut short */
};

/* Of a connection with several paths, nobody could say what comes in which order. */
START_TEST(several_paths)
{
	size_t ip = families[_i] == AF_INET ? 20 : 40, i, n;
	struct segment segment;
	uint8_t text[256];
	struct answer answer;

	for (i = 0; i < sizeof(paths_asked) / sizeof(*paths_asked); i++) {
		begin_rules(RULES, families[_i]);
		n = paths_asked[i].n;
		answer_tcp(&answer, &ends, 1, 0, TCP_SYN, paths_asked[i].options, n);
		answer.packet[ip + 12] = (20 + n) << 2;
		memset(text, 0, sizeof(text));
		filter_packet(&filter, memcpy(text, answer.packet, answer.n), answer.n, false, true, &verdict);
		ck_assert(!verdict.drop);
		ck_assert_uint_eq(verdict.n_instead, paths_asked[i].instead ? answer.n : 0);
		if (paths_asked[i].instead) {
			ck_assert_mem_eq(verdict.instead, text, ip + 16);
			ck_assert_mem_eq(verdict.instead + ip + 20, paths_asked[i].instead, n);
			ck_assert(segment_read(verdict.instead, verdict.n_instead, true, &segment));
		}
		end_rules();
	}
	/* With more before it than is taken. */
	begin_rules(RULES, AF_INET6);
	answer_tcp(&answer, &ends, 1, 0, TCP_SYN, NULL, 0);
	memset(text, 0, sizeof(text));
	memcpy(text, answer.packet, 40);
	text[6] = IPPROTO_DSTOPTS;
	text[40] = IPPROTO_TCP;
	text[41] = 24;
	answer.packet[52] = 0x50;
	for (n = 0; n < 2; n++) {
		uint8_t large[40 + 200 + 20];

		memset(large, 0, sizeof(large));
		memcpy(large, text, 48);
		large[5] = 220 - 8 * n;
		large[41] -= n;
		memcpy(large + 240 - 8 * n, answer.packet + 40, 20);
		filter_packet(&filter, large, 260 - 8 * n, false, true, &verdict);
		ck_assert_int_eq(verdict.drop, !n);
	}
	end_rules();
}
END_TEST

START_TEST(unknown_connections)
{
	begin_rules(RULES, AF_INET);
	ck_assert_str_eq(packet(CLIENT, 1, TCP_ACK, NULL, 0), "more");
	ck_assert_str_eq(packet(CLIENT, 1, TCP_ACK, APP1, strlen(APP1)), "refuse");
	ck_assert_uint_eq(filter.counts.midway, 1);
	/* A SYN that no server agrees to begins nothing. */
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT]++, TCP_SYN, NULL, 0), "more");
	ck_assert_str_eq(send_text(APP1), "refuse");
	end_rules();
	/* A SYN into a connection is no beginning. */
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("GET /app2/"), "more");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 1, TCP_SYN, NULL, 0), "drop");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT], TCP_RST, NULL, 0), "more");
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT] - 1, TCP_SYN, NULL, 0), "more");
	ck_assert_str_eq(send_text(APP1), "refuse");
	end_rules();
}
END_TEST

START_TEST(bad_checksums)
{
	struct answer answer;

	begin_rules(RULES, AF_INET6);
	connect_server();
	answer_tcp(&answer, &ends, sent, 0, TCP_ACK, "x", 1);
	answer.packet[answer.n - 1] ^= 1;
	filter_packet(&filter, answer.packet, answer.n, true, true, &verdict);
	ck_assert(verdict.drop);
	ck_assert_uint_eq(filter.counts.broken, 1);
	end_rules();
}
END_TEST

/* What stands between the IPv6 header and TCP, and what of it is walked as the module does. */
static const struct {
	const char *headers;
	size_t n;
	bool broken;
} extensions[] = {
	{ "\x06\0\0\0\0\0\0\1", 8, false },	/* a fragment that is the whole */
	{ "\x06\0\0\6\0\0\0\1", 8, false },	/* and with the reserved bits */
	{ "\x06\0\0\1\0\0\0\1", 8, true },	/* there are more */
	{ "\x06\0\0\x08\0\0\0\1", 8, true },	/* not the first one */
	{ "\x2c\0\0\0\0\0\0\1\x06\0\0\0\0\0\0\2", 16, true },
};

START_TEST(extension_headers)
{
	uint8_t text[ANSWER_ROOM + 16];
	struct answer answer;
	size_t n = extensions[_i].n;

	begin_rules("deny http\ndefault allow\n", AF_INET6);
	connect_server();
	answer_tcp(&answer, &ends, sent, 0, TCP_ACK, APP1, strlen(APP1));
	memcpy(text, answer.packet, 40);
	memcpy(text + 40, extensions[_i].headers, n);
	memcpy(text + 40 + n, answer.packet + 40, answer.n - 40);
	text[5] += n;
	text[6] = IPPROTO_FRAGMENT;
	filter_packet(&filter, text, answer.n + n, true, true, &verdict);
	ck_assert_int_eq(verdict.drop, extensions[_i].broken);
	ck_assert_uint_eq(filter.counts.broken, extensions[_i].broken);
	if (!verdict.drop)
		ck_assert_uint_eq(verdict.queue, FLOWWALL_QUEUE_REFUSE);
	/* A chain that ends too early. */
	filter_packet(&filter, text, 40, false, true, &verdict);
	ck_assert(verdict.drop);
	text[4] = text[5] = 0;
	filter_packet(&filter, text, 40, false, true, &verdict);
	ck_assert(verdict.drop);
	end_rules();
}
END_TEST

START_TEST(questions)
{
	static const char ok[] = HEADER "\2ok\7example\0\0\1\0\1", no[] = HEADER "\2no\7example\0\0\1\0\1";
	static const char two[] = "\x12\x34\1\0\0\2\0\0\0\0\0\0" "\2ok\7example\0\0\1\0\1"
				  "\2no\xc0\x0f\0\1\0\1";
	struct answer answer;

	begin_rules(RULES, families[_i]);
	ends.proto = IPPROTO_UDP;
	ends.port[1] = 53;
	answer_udp(&answer, &ends, ok, sizeof(ok) - 1);
	/* Several in one, which are cut apart behind the filter: only the first could be read. */
	filter_packet(&filter, answer.packet, answer.n, false, false, &verdict);
	ck_assert(verdict.drop);
	ck_assert_uint_eq(verdict.n_answers, 0);
	filter_packet(&filter, answer.packet, answer.n, answer.family == AF_INET6, true, &verdict);
	ck_assert(!verdict.drop);
	ck_assert_uint_eq(verdict.queue, FLOWWALL_QUEUE_REQUESTS);
	answer_udp(&answer, &ends, no, sizeof(no) - 1);
	filter_packet(&filter, answer.packet, answer.n, answer.family == AF_INET6, true, &verdict);
	ck_assert(verdict.drop);
	ck_assert_uint_eq(verdict.n_answers, 1);
	/* All questions count. */
	answer_udp(&answer, &ends, two, sizeof(two) - 1);
	filter_packet(&filter, answer.packet, answer.n, answer.family == AF_INET6, true, &verdict);
	ck_assert(verdict.drop);
	/* What only looks like an answer is none. */
	ends.port[0] = 53;
	ends.port[1] = 443;
	answer_udp(&answer, &ends, ok, sizeof(ok) - 1);
	filter_packet(&filter, answer.packet, answer.n, false, true, &verdict);
	ck_assert_uint_eq(verdict.queue, FLOWWALL_QUEUE_REFUSE);
	end_rules();
	/* Nor does a server decide by one what becomes of the queries to it. */
	begin_rules("deny dns name no.example\ndefault allow\n", families[_i]);
	ends.proto = IPPROTO_UDP;
	ends.port[1] = 53;
	answer_udp(&answer, &ends, no, sizeof(no) - 1);
	filter_packet(&filter, answer.packet, answer.n, false, true, &verdict);
	ck_assert(verdict.drop);
	ends = ends_reversed(&ends);
	answer_udp(&answer, &ends, ok, sizeof(ok) - 1);
	filter_packet(&filter, answer.packet, answer.n, false, true, &verdict);
	ck_assert(!verdict.drop);
	ck_assert_uint_eq(verdict.queue, FLOWWALL_QUEUE_MORE);
	ends.port[0] = 443;
	answer_udp(&answer, &ends, ok, sizeof(ok) - 1);
	filter_packet(&filter, answer.packet, answer.n, false, true, &verdict);
	ck_assert_uint_eq(verdict.queue, FLOWWALL_QUEUE_DECIDED);
	end_rules();
}
END_TEST

/* Memory is bounded, and what finds none is turned away. */
START_TEST(memory)
{
	unsigned int i, refused = 0;

	begin_rules(RULES, AF_INET);
	filter.streams.max = 64 << 10;
	for (i = 0; i < 2000; i++) {
		ends.port[0] = 1000 + i;
		refused += !strcmp(packet(CLIENT, seq[CLIENT], TCP_SYN, NULL, 0), "drop");
		ck_assert_uint_le(filter.streams.memory, 64 << 10);
	}
	ck_assert_uint_gt(refused, 1000);
	ck_assert_uint_eq(filter.counts.full, refused);
	filter_time(&filter, 60000);
	ck_assert_str_eq(packet(CLIENT, seq[CLIENT], TCP_SYN, NULL, 0), "more");
	end_rules();
	/* Those that are released give it up at once. */
	begin_rules("default allow\n", AF_INET);
	filter.streams.max = 64 << 10;
	for (i = 0; i < 2000; i++) {
		ends.port[0] = 1000 + i;
		connect_server();
		ck_assert_str_eq(packet(SERVER, seq[SERVER], TCP_ACK, "220\r\n", 5), "decided");
		ck_assert_uint_le(filter.streams.memory, 64 << 10);
	}
	ck_assert_uint_eq(filter.counts.full, 0);
	end_rules();
}
END_TEST

static void client(uint8_t number, uint16_t port)
{
	ends.addr[0][ends.family == AF_INET ? 3 : 7] = number;
	ends.port[0] = port;
}

/* A client begins a head on as many connections as it likes; how many are refused: */
static unsigned int crowd(const char *text, size_t n)
{
	unsigned int i, refused = 0;

	for (i = 0; i < 200; i++) {
		client(1, 1000 + i);
		if (stream_find(&filter.streams, &ends))
			continue;
		connect_server();
		refused += !strcmp(send_bytes(text, n), "refuse");
	}
	return refused;
}

/* Who takes all the memory gives way to who has less of it, and to nobody else. */
START_TEST(shares)
{
	unsigned int i;
	char text[1200];

	begin_rules(RULES, families[_i]);
	filter.streams.max = 128 << 10;
	filter.streams.seed = 1;	/* the two clients do not fall together */
	memset(text, 'x', sizeof(text));
	memcpy(text, "GET /", 5);
	ck_assert_uint_gt(crowd(text, sizeof(text)), 100);
	/* Another one has room for heads, in order or not, */
	for (i = 0; i < 20; i++) {
		client(2, 1000 + i);
		connect_server();
		ck_assert_str_eq(packet(CLIENT, seq[CLIENT] + 5, TCP_ACK, text, 1000), "more");
		ck_assert_str_eq(send_bytes(text, 5), "more");
		ck_assert_uint_le(filter.streams.memory, 128 << 10);
	}
	ck_assert_uint_eq(filter.counts.repeated, 0);
	/* at the cost of the first one, of which nothing passes for that, */
	client(1, 1000);
	ck_assert_ptr_null(stream_find(&filter.streams, &ends));
	ck_assert_str_eq(send_text("\r\n\r\n"), "refuse");
	/* and keeps them. */
	ck_assert_uint_gt(crowd(text, sizeof(text)), 100);
	for (i = 0; i < 20; i++) {
		client(2, 1000 + i);
		ck_assert_ptr_nonnull(stream_find(&filter.streams, &ends));
	}
	end_rules();
}
END_TEST

/* Nobody waits for the end of a head for ever. */
START_TEST(slow_heads)
{
	begin_rules(RULES, AF_INET);
	connect_server();
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\n"), "more");
	filter_time(&filter, 50000);
	ck_assert_str_eq(send_text("Host: post.example\r\n"), "more");
	filter_time(&filter, 100000);
	ck_assert_str_eq(send_text("\r\n"), "requests");
	filter_time(&filter, 1000000);
	ck_assert_str_eq(send_text("GET / HTTP/1.1\r\n"), "requests");
	filter_time(&filter, 1061000);
	ck_assert_uint_eq(filter.streams.n, 0);
	ck_assert_str_eq(send_text("Host: post.example\r\n\r\n"), "refuse");
	end_rules();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("app");
	TCase *readers = tcase_create("readers"), *deciding = tcase_create("rules");
	TCase *packets = tcase_create("packets");

	tcase_add_test(readers, http_heads);
	tcase_add_loop_test(readers, http_bad_heads, 0, sizeof(bad_heads) / sizeof(*bad_heads));
	tcase_add_test(readers, http_long_heads);
	tcase_add_loop_test(readers, http_paths, 0, sizeof(paths) / sizeof(*paths));
	tcase_add_test(readers, http_bad_paths);
	tcase_add_test(readers, http_ways);
	tcase_add_test(readers, http_chunks);
	tcase_add_test(readers, tls_hellos);
	tcase_add_test(readers, tls_bad_hellos);
	tcase_add_test(readers, dns_queries);
	tcase_add_loop_test(readers, dns_bad_queries, 0, BAD_QUERIES);
	suite_add_tcase(suite, readers);
	tcase_add_loop_test(deciding, rule_mistakes, 0, MISTAKES);
	tcase_add_test(deciding, rule_decisions);
	tcase_add_test(deciding, rule_ways);
	tcase_add_test(deciding, rule_patterns);
	suite_add_tcase(suite, deciding);
	tcase_add_loop_test(packets, one_segment, 0, 2);
	tcase_add_test(packets, tiny_segments);
	tcase_add_loop_test(packets, out_of_order, 0, 2);
	tcase_add_test(packets, overlaps);
	tcase_add_loop_test(packets, keepalives, 0, 2);
	tcase_add_loop_test(packets, ends_in_a_head, 0, 2);
	tcase_add_test(packets, second_hellos);
	tcase_add_test(packets, old_hellos);
	tcase_add_test(packets, bodies);
	tcase_add_test(packets, many_chunks);
	tcase_add_test(packets, released);
	tcase_add_test(packets, released_in_flight);
	tcase_add_test(packets, protocols);
	tcase_add_loop_test(packets, long_beginnings, 0, 4);
	tcase_add_test(packets, odd_spaces);
	tcase_add_loop_test(packets, several_paths, 0, 2);
	tcase_add_test(packets, unknown_connections);
	tcase_add_test(packets, bad_checksums);
	tcase_add_loop_test(packets, extension_headers, 0,
			    sizeof(extensions) / sizeof(*extensions));
	tcase_add_loop_test(packets, questions, 0, 2);
	tcase_add_test(packets, memory);
	tcase_add_loop_test(packets, shares, 0, 2);
	tcase_add_test(packets, slow_heads);
	suite_add_tcase(suite, packets);
	return run_suite(suite);
}
