// SPDX-License-Identifier: GPL-2.0-or-later
/* The ClientHello of TLS (RFC 8446, section 4.1.2), over any number of records. */
#include <string.h>

#include "tls.h"

#define RECORD_CIPHER		20	/* change cipher spec */
#define RECORD_HANDSHAKE	22
#define RECORD_DATA		23
#define RECORD_HEARTBEAT	24	/* RFC 6520 */
#define RECORD_HEADER		5
#define RECORD_MAX		16384
#define RECORD_SEALED_MAX	(RECORD_MAX + 2048)	/* RFC 5246, section 6.2.3 */
#define CLIENT_HELLO		1
#define EXTENSION_NAME		0	/* RFC 6066, section 3 */
#define EXTENSION_EARLY		42	/* RFC 8446, section 4.2.10 */
#define EXTENSION_VERSIONS	43
#define EXTENSION_ECH		0xfe0d	/* RFC 9849, section 5 */
#define EXTENSIONS_MAX		128

/* Bytes that are read from the front; once they do not suffice, @cut stays set. */
struct bytes {
	const uint8_t *at;
	size_t left;
	bool cut;
};

static const uint8_t *take(struct bytes *bytes, size_t n)
{
	const uint8_t *at = bytes->at;

	if (bytes->cut || bytes->left < n) {
		bytes->cut = true;
		return NULL;
	}
	bytes->at += n;
	bytes->left -= n;
	return at;
}

/* A number of @n bytes, 0 if it is cut off. */
static uint32_t number(struct bytes *bytes, unsigned int n)
{
	const uint8_t *at = take(bytes, n);
	uint32_t value = 0;

	while (at && n--)
		value = value << 8 | *at++;
	return value;
}

/* A vector: its length in @n bytes, and so many. */
static struct bytes vector(struct bytes *bytes, unsigned int n)
{
	uint32_t length = number(bytes, n);
	struct bytes inner = { .at = take(bytes, length) };

	inner.left = inner.at ? length : 0;
	inner.cut = !inner.at;
	return inner;
}

static enum reading bad(const char **why, const char *reason)
{
	*why = reason;
	return READ_BAD;
}

/* One name, and it is a host (RFC 6066, section 3). */
static bool read_name(struct bytes extension, struct tls_hello *hello)
{
	struct bytes list = vector(&extension, 2), name;

	if (extension.cut || extension.left || number(&list, 1) != 0)
		return false;
	name = vector(&list, 2);
	return !list.cut && !list.left && take_name(name.at, name.left, hello->name);
}

static enum reading read_extensions(struct bytes list, struct tls_hello *hello, const char **why)
{
	unsigned int n = 0;
	bool named = false;

	while (list.left) {
		uint32_t type = number(&list, 2);
		struct bytes extension = vector(&list, 2);

		if (list.cut || ++n > EXTENSIONS_MAX)
			return bad(why, "extensions of a ClientHello that are none");
		hello->ech |= type == EXTENSION_ECH;
		hello->early |= type == EXTENSION_EARLY;
		/* Those who do not offer TLS 1.3 are not asked again. */
		hello->retried |= type == EXTENSION_VERSIONS;
		if (type != EXTENSION_NAME)
			continue;
		if (named || !read_name(extension, hello))
			return bad(why, "not one server name in a ClientHello");
		named = true;
	}
	return READ_DONE;
}

static enum reading read_body(struct bytes body, struct tls_hello *hello, const char **why)
{
	struct bytes extensions;

	take(&body, 2 + 32);	/* version and random */
	vector(&body, 1);	/* session */
	vector(&body, 2);	/* cipher suites */
	vector(&body, 1);	/* compression */
	if (body.cut)
		return bad(why, "a ClientHello that is cut short");
	if (!body.left)		/* of before there were extensions */
		return READ_DONE;
	extensions = vector(&body, 2);
	if (body.cut || body.left)
		return bad(why, "extensions of a ClientHello that are none");
	return read_extensions(extensions, hello, why);
}

/*
 * The ClientHello of SSL 2.0, without a name, which servers of TLS take as well (RFC 5246,
 * appendix E.2): the length, the kind, the version.
 */
static bool is_old_hello(const uint8_t *data, size_t n, bool *certain)
{
	bool so_far = data[0] & 0x80 && (n < 3 || data[2] == CLIENT_HELLO) &&
		      (n < 4 || data[3] == 3 || (!data[3] && (n < 5 || data[4] == 2)));

	*certain = !so_far || n > 4;
	return so_far && n > 4;
}

/**
 * tls_is_begun() - is this how TLS begins, to any server?
 * @data: the first bytes of a connection
 * @n: how many there are
 * @certain: set if more bytes would not change the answer
 *
 * Any record will do: there are servers that do not mind an alert before a ClientHello.
 */
bool tls_is_begun(const uint8_t *data, size_t n, bool *certain)
{
	bool record = data[0] >= RECORD_CIPHER && data[0] <= RECORD_HEARTBEAT;

	if (!record)
		return is_old_hello(data, n, certain);
	*certain = data[0] == RECORD_HANDSHAKE || n > 1;
	return data[0] == RECORD_HANDSHAKE || (n > 1 && data[1] == 3);
}

/**
 * tls_read_hello() - read what a client begins with
 * @data: all it has sent
 * @n: how many bytes that is
 * @length: set to its length, with the headers of its records, once it is complete
 * @hello: set to what it says
 * @why: set to what is bad
 *
 * What follows it is not looked at; in its last record, nothing does (RFC 8446, section
 * 5.1). Values that are there to be ignored (GREASE, RFC 8701) are.
 */
enum reading tls_read_hello(const uint8_t *data, size_t n, size_t *length, struct tls_hello *hello,
			    const char **why)
{
	uint8_t message[TLS_HELLO_MAX];
	struct bytes input = { data, n, false }, body = { message, 0, false };
	size_t got = 0, whole;

	*hello = (struct tls_hello){ .ech = false };
	/* As much as there is of each record: what is bad is so before it is over. */
	while (input.left) {
		const uint8_t *header = input.at;
		size_t size, part;

		if (header[0] != RECORD_HANDSHAKE || (input.left > 1 && header[1] != 3))
			return bad(why, "not a handshake of TLS");
		if (input.left < RECORD_HEADER)
			break;
		size = header[3] << 8 | header[4];
		if (!size || size > RECORD_MAX)
			return bad(why, "a record of TLS of a length that none has");
		input.at += RECORD_HEADER;
		input.left -= RECORD_HEADER;
		part = size < input.left ? size : input.left;
		if (part > sizeof(message) - got)
			return bad(why, "the ClientHello is too long");
		memcpy(message + got, input.at, part);
		got += part;
		input.at += part;
		input.left -= part;
		if (got && message[0] != CLIENT_HELLO)
			return bad(why, "a handshake that does not begin with a ClientHello");
		if (got < 4)
			continue;
		whole = 4 + (message[1] << 16 | message[2] << 8 | message[3]);
		if (whole > sizeof(message))
			return bad(why, "the ClientHello is too long");
		if (got < whole)
			continue;
		if (got > whole || part < size)
			return bad(why, "something behind the ClientHello in its record");
		*length = input.at - data;
		body.at = message + 4;
		body.left = whole - 4;
		return read_body(body, hello, why);
	}
	return n >= TLS_HELLO_MAX + 1024 ? bad(why, "the ClientHello is too long") : READ_MORE;
}

/*
 * Of the first record of a handshake behind a ClientHello: may it begin with another one?
 * What is encrypted begins with anything; one that is longer no server takes.
 */
static bool may_be_hello(const uint8_t *message, size_t n)
{
	return message[0] == CLIENT_HELLO &&
	       (n < 4 || (message[1] << 16 | message[2] << 8 | message[3]) <= 0x1ffff + 1024);
}

/**
 * tls_read_next() - read what follows a ClientHello
 * @data: what there is of it
 * @n: how many bytes, as far as TLS_NEXT_MAX
 * @size: set to the length of the record
 * @next: set to what it is
 * @why: set to what is bad
 */
enum reading tls_read_next(const uint8_t *data, size_t n, size_t *size, enum tls_next *next,
			   const char **why)
{
	if (data[0] < RECORD_CIPHER || data[0] > RECORD_DATA || (n > 1 && data[1] != 3))
		return bad(why, "not a record of TLS behind the ClientHello");
	if (n < RECORD_HEADER)
		return READ_MORE;
	*size = RECORD_HEADER + (data[3] << 8 | data[4]);
	if (*size == RECORD_HEADER || *size > RECORD_HEADER + RECORD_SEALED_MAX)
		return bad(why, "a record of TLS of a length that none has");
	if (data[0] != RECORD_HANDSHAKE) {
		*next = data[0] == RECORD_DATA ? TLS_EARLY : TLS_SKIP;
		return READ_DONE;
	}
	if (n < *size && n < TLS_NEXT_MAX)
		return READ_MORE;
	n = (n < *size ? n : *size) - RECORD_HEADER;
	*next = may_be_hello(data + RECORD_HEADER, n) ? TLS_HELLO : TLS_OVER;
	return READ_DONE;
}
