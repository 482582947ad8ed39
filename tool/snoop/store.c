// SPDX-License-Identifier: GPL-2.0-or-later
/* What is common to the stores. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "store.h"

/**
 * store_is_postgres() - whether it is an address of PostgreSQL, not a file
 */
bool store_is_postgres(const char *where)
{
	return !strncmp(where, "postgresql://", 13) || !strncmp(where, "postgres://", 11);
}

/**
 * store_open() - open a store, or make it
 * @error: filled with a sentence after an error
 *
 * Return: the store, NULL after an error.
 */
struct store *store_open(const struct store_options *options, char *error, size_t size)
{
	return store_is_postgres(options->where) ? store_open_postgres(options, error, size) :
						   store_open_sqlite(options, error, size);
}

/**
 * store_fail() - keep a sentence about what went wrong
 *
 * Return: @result.
 */
enum store_result store_fail(struct store *store, enum store_result result, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(store->error, sizeof(store->error), format, list);
	va_end(list);
	return result;
}

/**
 * end_text() - the address of one end of a conversation, of IP or of the link layer
 */
void end_text(const struct flow_key *key, enum way sender, char text[END_TEXT_SIZE])
{
	const uint8_t *at = sender == FORTH ? key->src : key->dst;

	if (!key->family || !inet_ntop(key->family, at, text, END_TEXT_SIZE))
		snprintf(text, END_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x",
			 at[0], at[1], at[2], at[3], at[4], at[5]);
}

/**
 * net_text() - the protocol of the network layer: "ip", "ipv6", "arp", "0x88cc"
 */
const char *net_text(const struct flow_key *key, char *buffer, size_t size)
{
	if (key->net == 0x800)
		return "ip";
	if (key->net == 0x86dd)
		return "ipv6";
	if (key->net == 0x806)
		return "arp";
	snprintf(buffer, size, "0x%04x", key->net);
	return buffer;
}
