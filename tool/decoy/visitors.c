// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who came. A visitor is a source address; what it did within a minute is one event. When
 * there are more than there is room for, as in a flood of forged sources, the others are
 * counted together; but who makes a connection takes the place of one that has made none.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lang/lang.h"
#include "decoy.h"

#define VISITORS	4096
#define TRIES		8	/* places that one may have */
#define TARGETS		8	/* that an event names */
#define FIRST		64	/* bytes of what was said first */
#define MINUTE		60000

struct target {
	uint8_t address[16];
	uint8_t proto;
	uint16_t port;
	uint64_t count;
};

/**
 * struct visitor - what a source did since @since
 * @family: 0 for a place that is free
 * @since: ms; @time is the same moment in seconds since 1970
 * @connected: a connection was made, so the address is its own
 * @told_until: who wants to know that has been told, and is not again until then; in ms
 * @more: visits to others than those in @target
 * @first: what it said first, on the connection or in the datagram of @said_from, @said_to
 */
struct visitor {
	uint8_t family;
	uint8_t address[16];
	uint8_t mac[MAC_BYTES];
	uint64_t since, last;
	double time;
	uint64_t count;
	bool connected;
	uint64_t told_until;
	uint8_t n_targets;
	uint64_t more;
	struct target target[TARGETS];
	uint16_t said_from, said_to;
	uint8_t n_first;
	uint8_t first[FIRST];
};

/* @others, @others_since: of those there was no room for. */
struct visitors {
	struct visitor visitor[VISITORS];
	uint64_t others, others_since;
};

/**
 * visitors_new() - nobody came; to be given to free()
 */
struct visitors *visitors_new(void)
{
	struct visitors *visitors = calloc(1, sizeof(*visitors));

	if (!visitors)
		fail_out_of_memory();
	return visitors;
}

static bool is_ignored(const struct decoy *decoy, const struct visit *visit)
{
	size_t i;

	for (i = 0; i < decoy->setup->n_ignored; i++) {
		const struct ignored *ignored = &decoy->setup->ignored[i];

		if (net_has(&ignored->net, visit->family, visit->from) &&
		    (!ignored->port || ignored->port == visit->port))
			return true;
	}
	return false;
}

static void count_others(struct decoy *decoy, uint64_t count)
{
	if (!decoy->visitors->others)
		decoy->visitors->others_since = decoy->now;
	decoy->visitors->others += count;
}

/*
 * The place of a source; a free one if it has none, NULL if there is none. One that has a
 * connection gets that of one that has not.
 */
static struct visitor *place_of(struct decoy *decoy, const struct visit *visit, bool connected)
{
	uint64_t hash = siphash(decoy->key, visit->from, address_bytes(visit->family));
	struct visitor *free = NULL, *other = NULL;
	size_t i;

	for (i = 0; i < TRIES; i++) {
		struct visitor *visitor = &decoy->visitors->visitor[(hash + i) % VISITORS];

		if (!visitor->family && !free)
			free = visitor;
		if (visitor->family == visit->family &&
		    !memcmp(visitor->address, visit->from, address_bytes(visit->family)))
			return visitor;
		if (!visitor->connected && !other)
			other = visitor;
	}
	if (free || !connected || !other)
		return free;
	count_others(decoy, other->count);
	other->family = 0;
	return other;
}

static void count_target(struct visitor *visitor, const struct visit *visit)
{
	struct target *target = visitor->target;

	for (; target < visitor->target + visitor->n_targets; target++)
		if (target->proto == visit->proto && target->port == visit->port &&
		    !memcmp(target->address, visit->to, sizeof(target->address))) {
			target->count++;
			return;
		}
	if (visitor->n_targets == TARGETS) {
		visitor->more++;
		return;
	}
	visitor->n_targets++;
	memcpy(target->address, visit->to, sizeof(target->address));
	target->proto = visit->proto;
	target->port = visit->port;
	target->count = 1;
}

static void count_visit(struct decoy *decoy, struct visitor *visitor, const struct visit *visit)
{
	struct timespec now;

	if (!visitor->family) {
		clock_gettime(CLOCK_REALTIME, &now);
		memset(visitor, 0, sizeof(*visitor));
		visitor->family = visit->family;
		memcpy(visitor->address, visit->from, sizeof(visitor->address));
		memcpy(visitor->mac, visit->mac, MAC_BYTES);
		visitor->since = decoy->now;
		visitor->time = now.tv_sec + now.tv_nsec / 1e9;
	}
	visitor->last = decoy->now;
	visitor->count++;
	count_target(visitor, visit);
}

/**
 * visitor_came() - somebody wants something of a decoy
 */
void visitor_came(struct decoy *decoy, const struct visit *visit)
{
	struct visitor *visitor;

	if (is_ignored(decoy, visit))
		return;
	visitor = place_of(decoy, visit, false);
	if (visitor)
		count_visit(decoy, visitor, visit);
	else
		count_others(decoy, 1);
}

/*
 * The place of who has a connection, maybe since before their minute began; NULL if all that
 * it could have are those of others who have one.
 */
static struct visitor *connected_place(struct decoy *decoy, const struct visit *visit)
{
	struct visitor *visitor = place_of(decoy, visit, true);

	if (visitor && !visitor->family)
		count_visit(decoy, visitor, visit);
	return visitor;
}

/**
 * visitor_connected() - a visitor has a connection
 *
 * While cookies are guessed, the first one may be made by somebody else: the second one counts.
 */
void visitor_connected(struct decoy *decoy, const struct visit *visit)
{
	struct visitor *visitor;
	bool first;

	if (is_ignored(decoy, visit))
		return;
	visitor = connected_place(decoy, visit);
	first = !visitor || !visitor->connected;
	if (visitor)
		visitor->connected = true;
	else
		count_others(decoy, 1);
	if ((first && tcp_is_guessed(decoy)) || (visitor && decoy->now < visitor->told_until))
		return;
	if (visitor)
		visitor->told_until = decoy->now + decoy->setup->again_ms;
	if (decoy->came)
		decoy->came(decoy->arg, visit->family, visit->from);
}

/**
 * visitor_said() - and says something on it; or what is in a datagram
 * @visit: the connection; what is said on others does not count
 */
void visitor_said(struct decoy *decoy, const struct visit *visit, const uint8_t *bytes, size_t n)
{
	struct visitor *visitor;

	if (is_ignored(decoy, visit) || !n)
		return;
	visitor = visit->proto == IPPROTO_TCP ? connected_place(decoy, visit) :
		  place_of(decoy, visit, false);
	if (!visitor || !visitor->family)
		return;
	if (!visitor->n_first) {
		visitor->said_from = visit->from_port;
		visitor->said_to = visit->port;
	}
	if (visitor->said_from != visit->from_port || visitor->said_to != visit->port)
		return;
	if (n > sizeof(visitor->first) - visitor->n_first)
		n = sizeof(visitor->first) - visitor->n_first;
	memcpy(visitor->first + visitor->n_first, bytes, n);
	visitor->n_first += n;
}

/* --- telling --------------------------------------------------------------- */

/* Bytes as a text: what cannot be printed as in C, "\r\n\x00". */
static void bytes_text(const uint8_t *bytes, size_t n, char *to)
{
	static const char special[] = "\r\n\t\\", letters[] = "rnt\\";
	size_t i;

	for (i = 0; i < n; i++) {
		const char *at = bytes[i] ? strchr(special, bytes[i]) : NULL;

		if (at)
			to += sprintf(to, "\\%c", letters[at - special]);
		else if (bytes[i] < ' ' || bytes[i] > '~')
			to += sprintf(to, "\\x%02x", bytes[i]);
		else
			*to++ = bytes[i];
	}
	*to = '\0';
}

static const char *proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" :
	       proto == VISIT_CLAIM ? "claim" : "icmp";
}

static json_t *targets_json(const struct visitor *visitor)
{
	json_t *list = json_array();
	char text[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < visitor->n_targets; i++) {
		const struct target *target = &visitor->target[i];
		json_t *one;

		inet_ntop(visitor->family, target->address, text, sizeof(text));
		one = json_pack("{s:s, s:s, s:I}", "to", text, "proto", proto_name(target->proto),
				"count", (json_int_t)target->count);
		if (target->proto == IPPROTO_TCP || target->proto == IPPROTO_UDP)
			json_object_set_new(one, "port", json_integer(target->port));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *visitor_json(const struct visitor *visitor)
{
	char from[INET6_ADDRSTRLEN], mac[20], first[4 * FIRST + 1];
	json_t *event;

	inet_ntop(visitor->family, visitor->address, from, sizeof(from));
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", visitor->mac[0], visitor->mac[1],
		 visitor->mac[2], visitor->mac[3], visitor->mac[4], visitor->mac[5]);
	bytes_text(visitor->first, visitor->n_first, first);
	event = json_pack("{s:i, s:s, s:f, s:f, s:s, s:s, s:I, s:b, s:o, s:I}",
			  "schema", EVENT_SCHEMA, "event", "visit", "time", visitor->time,
			  "seconds", (visitor->last - visitor->since) / 1e3, "from", from, "mac", mac,
			  "count", (json_int_t)visitor->count, "connected", visitor->connected,
			  "targets", targets_json(visitor), "more", (json_int_t)visitor->more);
	if (visitor->n_first)
		json_object_update_new(event, json_pack("{s:s, s:i}", "first", first, "first_port",
							visitor->said_to));
	return event;
}

/**
 * visitors_tell() - tell of those whose minute is over, each by an event
 * @all: of those as well for whom it is not
 * @each: called with each event, which is given back afterwards
 */
void visitors_tell(struct decoy *decoy, bool all, void (*each)(void *arg, json_t *event),
		   void *arg)
{
	struct visitors *visitors = decoy->visitors;
	json_t *event;
	size_t i;

	for (i = 0; i < VISITORS; i++) {
		struct visitor *visitor = &visitors->visitor[i];

		if (!visitor->family || (!all && decoy->now < visitor->since + MINUTE))
			continue;
		event = visitor_json(visitor);
		each(arg, event);
		json_decref(event);
		visitor->family = 0;
	}
	if (visitors->others && (all || decoy->now >= visitors->others_since + MINUTE)) {
		event = json_pack("{s:i, s:s, s:f, s:I}", "schema", EVENT_SCHEMA, "event", "others",
				  "time", (double)time(NULL), "count", (json_int_t)visitors->others);
		each(arg, event);
		json_decref(event);
		visitors->others = 0;
	}
}
