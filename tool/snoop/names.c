// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The name that a packet asks for: the question of DNS (RFC 1035, section 4.1.2), the
 * Host of HTTP/1 (RFC 9112, section 3.2), the server name of TLS (RFC 6066, section 3).
 * A packet is looked at by itself, without those before it.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "names.h"

const char *const name_kinds[NAME_KINDS] = {
	[NAME_DNS] = "dns", [NAME_HTTP] = "http", [NAME_TLS] = "tls",
};

/* Bytes that are still to be read; short ones stay short. */
struct bytes {
	const uint8_t *at;
	uint32_t left;
};

static bool take(struct bytes *from, uint32_t n, struct bytes *taken)
{
	if (n > from->left)
		return false;
	if (taken)
		*taken = (struct bytes){ from->at, n };
	from->at += n;
	from->left -= n;
	return true;
}

static bool number(struct bytes *from, int size, uint32_t *value)
{
	struct bytes digits;

	if (!take(from, size, &digits))
		return false;
	for (*value = 0; size; size--)
		*value = *value << 8 | *digits.at++;
	return true;
}

/*
 * Adds what others wrote to a name that is printed: a terminal and a page of HTML must
 * be able to take it, so what is not plain becomes '?'.
 */
static bool add_plain(char name[NAME_SIZE], size_t *n, const uint8_t *text, size_t length)
{
	for (; length; length--, text++) {
		if (*n >= NAME_SIZE - 1)
			return false;
		name[(*n)++] = isalnum(*text) || (*text && strchr("-_.:[]*", *text)) ?
			       tolower(*text) : '?';
	}
	name[*n] = '\0';
	return true;
}

static bool read_dns(struct bytes message, bool tcp, char name[NAME_SIZE])
{
	struct bytes label;
	uint32_t length, flags, questions, left = 1;
	size_t n = 0;

	if (tcp && !number(&message, 2, &length))
		return false;
	/* Questions only, of the ordinary kind: QR and opcode are zero. */
	if (!take(&message, 2, NULL) || !number(&message, 2, &flags) || flags & 0xf800 ||
	    !number(&message, 2, &questions) || !questions || !take(&message, 6, NULL))
		return false;
	*name = '\0';
	while (number(&message, 1, &left) && left) {
		/* A question has nothing before it that it could point to. */
		if (left > 63 || !take(&message, left, &label))
			return false;
		if (n && !add_plain(name, &n, (const uint8_t *)".", 1))
			return false;
		if (!add_plain(name, &n, label.at, label.left))
			return false;
	}
	if (left || !take(&message, 4, NULL))
		return false;
	if (!n)
		add_plain(name, &n, (const uint8_t *)".", 1);
	return true;
}

/* The next line without its end; false if there is none that is whole. */
static bool read_line(struct bytes *text, struct bytes *line)
{
	const uint8_t *end = memchr(text->at, '\n', text->left);

	if (!end || !take(text, end - text->at + 1, line))
		return false;
	line->left--;
	if (line->left && line->at[line->left - 1] == '\r')
		line->left--;
	return true;
}

static bool read_http(struct bytes text, char name[NAME_SIZE])
{
	struct bytes line;
	size_t n = 0;

	if (!read_line(&text, &line) || line.left < 9 ||
	    memcmp(line.at + line.left - 9, " HTTP/1.", 8))
		return false;
	while (read_line(&text, &line) && line.left) {
		if (line.left < 5 || strncasecmp((const char *)line.at, "host:", 5))
			continue;
		take(&line, 5, NULL);
		while (line.left && (*line.at == ' ' || *line.at == '\t'))
			take(&line, 1, NULL);
		while (line.left && isspace(line.at[line.left - 1]))
			line.left--;
		return line.left && add_plain(name, &n, line.at, line.left);
	}
	return false;
}

/* RFC 8446, section 4.1.2: a ClientHello, which begins in this packet. */
static bool read_tls(struct bytes record, char name[NAME_SIZE])
{
	struct bytes list, extension;
	uint32_t n, type, length;
	size_t at = 0;

	if (!number(&record, 1, &type) || type != 22 || !take(&record, 4, NULL) ||
	    !number(&record, 1, &type) || type != 1 || !take(&record, 3 + 2 + 32, NULL) ||
	    !number(&record, 1, &n) || !take(&record, n, NULL) ||	/* session */
	    !number(&record, 2, &n) || !take(&record, n, NULL) ||	/* ciphers */
	    !number(&record, 1, &n) || !take(&record, n, NULL) ||	/* compression */
	    !number(&record, 2, &n))
		return false;
	list = record;		/* of extensions; the segment may end within */
	if (list.left > n)
		list.left = n;
	while (number(&list, 2, &type) && number(&list, 2, &length) &&
	       take(&list, length, &extension))
		if (!type)
			return number(&extension, 2, &n) && number(&extension, 1, &type) && !type &&
			       number(&extension, 2, &n) && n &&
			       take(&extension, n, &list) && add_plain(name, &at, list.at, n);
	return false;
}

/**
 * name_read() - the name of a host that a packet asks for
 * @frame: as frame_dissect() filled it
 * @kind: set to what asks
 * @name: set to the name: in small letters, and plain enough to be printed
 *
 * Return: false if there is none.
 */
bool name_read(const struct frame *frame, enum name_kind *kind, char name[NAME_SIZE])
{
	struct bytes payload = { frame->payload, frame->payload_len };
	int i;

	for (i = FRAME_LAYERS - 1; i > 0 && !frame->layers[i]; i--)
		;
	switch (payload.left ? frame->layers[i] : LAYER_NONE) {
	case LAYER_DNS:
		*kind = NAME_DNS;
		return read_dns(payload, frame->proto == IPPROTO_TCP, name);
	case LAYER_HTTP:
		*kind = NAME_HTTP;
		return read_http(payload, name);
	case LAYER_TLS:
		*kind = NAME_TLS;
		return read_tls(payload, name);
	default:
		return false;
	}
}
