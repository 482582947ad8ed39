// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, as all readers take them. */
#include <ctype.h>

#include "request.h"

/**
 * take_name() - take the name of a host out of a packet
 * @text: it
 * @n: its length
 * @name: set to it in lower case, without the dot at its end
 *
 * Letters, digits, "-" and "_", with single dots between them, as they are in the DNS and
 * in URIs. An internationalised name has to be in its ASCII form (RFC 5891, section 4.4),
 * which is the only one that programs send. Return: false if it is something else.
 */
bool take_name(const uint8_t *text, size_t n, char name[NAME_ROOM])
{
	size_t label = 0, i;

	if (n && text[n - 1] == '.')
		n--;
	if (!n || n >= NAME_ROOM)
		return false;
	for (i = 0; i < n; i++) {
		uint8_t c = text[i];

		if (c == '.' ? !label : !(c < 0x80 && (isalnum(c) || c == '-' || c == '_')))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
		name[i] = tolower(c);
	}
	name[n] = '\0';
	return label;
}
