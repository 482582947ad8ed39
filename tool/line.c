// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of text, built without printf(). */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "line.h"

static void add(struct line *line, const char *text, size_t length)
{
	size_t room = sizeof(line->text) - 1 - line->n;

	if (length > room)
		length = room;
	memcpy(line->text + line->n, text, length);
	line->n += length;
	line->text[line->n] = '\0';
}

/**
 * line_text() - add a text
 */
void line_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

/**
 * line_number() - add a number
 * @width: how wide at least; blanks come before it
 */
void line_number(struct line *line, uint64_t number, size_t width)
{
	char digits[32];
	size_t at = sizeof(digits);

	do {
		digits[--at] = '0' + number % 10;
		number /= 10;
	} while (number);
	while (at && sizeof(digits) - at < width)
		digits[--at] = ' ';
	add(line, digits + at, sizeof(digits) - at);
}

/**
 * line_bytes() - add a size as a person reads it: "46 B", "1.5 MiB"
 */
void line_bytes(struct line *line, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = bytes;
	size_t unit = 0;
	char text[32];

	if (bytes < 1024) {
		line_number(line, bytes, 0);
		line_text(line, " B");
		return;
	}
	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	snprintf(text, sizeof(text), "%.1f %s", value, units[unit]);
	line_text(line, text);
}

/**
 * line_address() - add an address
 * @family: AF_INET or AF_INET6
 * @address: its bytes
 */
void line_address(struct line *line, uint8_t family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];
	int i;

	if (family == AF_INET) {
		for (i = 0; i < 4; i++) {
			if (i)
				add(line, ".", 1);
			line_number(line, address[i], 0);
		}
		return;
	}
	line_text(line, inet_ntop(family, address, text, sizeof(text)) ? text : "?");
}

static void add_end(struct line *line, uint8_t family, const uint8_t *address,
		    bool has_port, uint16_t port)
{
	if (has_port && family == AF_INET6)
		add(line, "[", 1);
	line_address(line, family, address);
	if (has_port && family == AF_INET6)
		add(line, "]", 1);
	if (has_port) {
		add(line, ":", 1);
		line_number(line, port, 0);
	}
}

/**
 * line_entry() - add "198.51.100.2:40000 > 192.0.2.10:80", with what stands for ports
 */
void line_entry(struct line *line, const struct flow *flow, const struct entry *entry)
{
	bool ports = entry->id_kind == ID_PORTS;

	add_end(line, flow->family, entry->src, ports, entry->sport);
	add(line, " > ", 3);
	add_end(line, flow->family, entry->dst, ports, entry->dport);
	if (ports || entry->id_kind == ID_NONE)
		return;
	line_text(line, entry->id_kind == ID_ICMP ? " id " : " key ");
	line_number(line, entry->id, 0);
}

/**
 * line_pad() - add blanks, if what began at @from is not as wide as it should be
 * @from: line->n of then
 */
void line_pad(struct line *line, size_t from, size_t width)
{
	while (line->n < from + width && line->n < sizeof(line->text) - 1)
		line->text[line->n++] = ' ';
	line->text[line->n] = '\0';
}

/**
 * line_copy() - the text so far, for who has a buffer; cut off if that is too small
 */
void line_copy(const struct line *line, char *buffer, size_t size)
{
	size_t n = line->n < size ? line->n : size - 1;

	memcpy(buffer, line->text, n);
	buffer[n] = '\0';
}
