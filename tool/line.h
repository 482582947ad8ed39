/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>

#include "nl.h"

/**
 * struct line - text on its way to be printed
 * @text: so far, with its end
 * @n: its length
 *
 * For lists of millions, where printf() would take most of the time. What goes
 * beyond the room is cut off.
 */
struct line {
	char text[512];
	size_t n;
};

void line_text(struct line *line, const char *text);
void line_number(struct line *line, uint64_t number, size_t width);
void line_bytes(struct line *line, uint64_t bytes);
void line_address(struct line *line, uint8_t family, const uint8_t *address);
void line_entry(struct line *line, const struct flow *flow, const struct entry *entry);
void line_pad(struct line *line, size_t from, size_t width);
void line_copy(const struct line *line, char *buffer, size_t size);

#endif
