// SPDX-License-Identifier: GPL-2.0-or-later
/* What several commands print alike: JSON, errors, flows, numbers. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fwctl.h"
#include "line.h"
#include "out.h"

static size_t listed;

/**
 * paint() - the sequence that changes the colour of a terminal
 *
 * Return: "" where there is no terminal, or NO_COLOR is set (no-color.org).
 */
const char *paint(enum paint how)
{
	static const char *const sequences[] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m", [RED] = "\033[31m",
		[GREEN] = "\033[32m", [YELLOW] = "\033[33m", [DIM] = "\033[2m",
	};
	static enum { UNKNOWN, COLOUR, PLAIN_TEXT } output;
	const char *off = getenv("NO_COLOR");

	if (output == UNKNOWN)
		output = isatty(STDOUT_FILENO) && !(off && *off) ? COLOUR : PLAIN_TEXT;
	return output == COLOUR ? sequences[how] : "";
}

/**
 * out_json() - print an object on a line of its own, and give it back
 */
void out_json(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/**
 * out_list_begin() - begin an array whose items are printed one by one
 */
void out_list_begin(void)
{
	listed = 0;
	putchar('[');
}

/**
 * out_list_item() - print an item of the array, and give it back
 */
void out_list_item(json_t *object)
{
	fputs(listed++ ? ",\n" : "\n", stdout);
	json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
}

/**
 * out_list_end() - end the array
 */
void out_list_end(void)
{
	puts(listed ? "\n]" : "]");
}

/**
 * json_text() - a text as a string of JSON, which has to be UTF-8
 *
 * A byte that is not becomes the character that stands for such (U+FFFD).
 */
json_t *json_text(const char *text)
{
	char *clean, *to;
	json_t *string = json_string(text);

	if (string)
		return string;
	clean = to = malloc(3 * strlen(text) + 1);
	if (!clean)
		fail_out_of_memory();
	while (*text) {
		size_t length = utf8_length(text);

		to = mempcpy(to, length ? text : "\xef\xbf\xbd", length ? length : 3);
		text += length ? length : 1;
	}
	*to = '\0';
	string = json_string(clean);
	free(clean);
	return string;
}

/* An error without a place, in words or as an object. */
static void error(const char *message, const char *hint)
{
	struct place nowhere = { .text = "" };

	fflush(stdout);
	report_mistake(&nowhere, message, hint);
}

/**
 * report_json() - report a mistake as an object on standard error
 * @place: where it is; what it does not have is null
 * @hint: or NULL
 */
void report_json(const struct place *place, const char *message, const char *hint)
{
	bool somewhere = place->line;
	json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o}", "error", json_text(message),
				   "file", place->file ? json_text(place->file) : json_null(),
				   "line", somewhere ? json_integer(place->line) : json_null(),
				   "column", somewhere ? json_integer(place->column) : json_null(),
				   "hint", hint ? json_text(hint) : json_null());

	json_dumpf(object, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(object);
}

/**
 * wrong() - report that the command cannot be done as it was given
 * @hint: what to do, or NULL
 *
 * Return: REFUSED.
 */
int wrong(const char *hint, const char *format, ...)
{
	char message[512];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	error(message, hint);
	return REFUSED;
}

/**
 * module_failed() - report what the module, or the way to it, said
 *
 * Return: REFUSED if it was a refusal, otherwise FAILED.
 */
int module_failed(const struct module *module)
{
	error(module_error(module), NULL);
	return module_refused(module) ? REFUSED : FAILED;
}

/**
 * connect_module() - connect to the module in the namespace that -n names
 * @module: set to the connection, NULL after an error
 *
 * Return: enum status; an error has been reported.
 */
int connect_module(struct module **module)
{
	int status = DONE;

	if (module_open(module, options.netns)) {
		status = module_failed(*module);
		module_close(*module);
		*module = NULL;
	}
	return status;
}

/**
 * human_bytes() - a size as a person reads it: "1.5 MiB"
 */
char *human_bytes(uint64_t bytes, char *buffer, size_t size)
{
	struct line line = { .n = 0 };

	line_bytes(&line, bytes);
	line_copy(&line, buffer, size);
	return buffer;
}

/**
 * address_text() - an address as a person reads it
 */
void address_text(uint8_t family, const uint8_t *address, char *buffer, size_t size)
{
	struct line line = { .n = 0 };

	line_address(&line, family, address);
	line_copy(&line, buffer, size);
}

/**
 * ttl_seconds() - what an entry still has, rounded up: 0 is for one that is over
 */
uint32_t ttl_seconds(const struct entry *entry)
{
	return entry->ttl_ms / 1000 + !!(entry->ttl_ms % 1000);
}

/**
 * entry_json() - one entry of a flow
 */
json_t *entry_json(const struct flow *flow, const struct entry *entry)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	json_t *object;

	address_text(flow->family, entry->src, src, sizeof(src));
	address_text(flow->family, entry->dst, dst, sizeof(dst));
	object = json_pack("{s:s, s:s}", "src", src, "dst", dst);
	switch (entry->id_kind) {
	case ID_PORTS:
		json_object_set_new(object, "sport", json_integer(entry->sport));
		json_object_set_new(object, "dport", json_integer(entry->dport));
		break;
	case ID_ICMP:
		json_object_set_new(object, "icmp_id", json_integer(entry->id));
		break;
	case ID_GRE:
		json_object_set_new(object, "key", json_integer(entry->id));
		break;
	case ID_NONE:
		break;
	}
	json_object_set_new(object, "packets", json_integer(entry->packets));
	json_object_set_new(object, "bytes", json_integer(entry->bytes));
	json_object_set_new(object, "ttl", json_integer(ttl_seconds(entry)));
	return object;
}

/**
 * flow_json() - a flow with both entries
 * @rule: what the rule that let it in is called, or NULL
 */
json_t *flow_json(const struct flow *flow, const char *rule)
{
	char id[24], proto[8];

	/* 64 bits: more than a number of JavaScript holds. */
	snprintf(id, sizeof(id), "%llu", (unsigned long long)flow->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s?, s:o, s:o}",
			 "id", id,
			 "proto", proto_text(flow->proto, proto, sizeof(proto)),
			 "family", flow->family == AF_INET6 ? "ipv6" : "ipv4",
			 "direction", name_of(direction_names, flow->direction),
			 "state", name_of(state_names, flow->state),
			 "mark", (json_int_t)flow->mark,
			 "rule", rule,
			 "original", entry_json(flow, &flow->original),
			 "reply", entry_json(flow, &flow->reply));
}

static const char *const drop_sentences[] = {
	[FLOWWALL_DROP_POLICY] = "came from outside, of no flow, and no rule allows it",
	[FLOWWALL_DROP_RULE] = "a rule denies or rejects it",
	[FLOWWALL_DROP_SPOOFED] = "came from the wrong side for its addresses",
	[FLOWWALL_DROP_FRAGMENT] = "a fragment without its transport header",
	[FLOWWALL_DROP_TRUNCATED] = "a header is cut short",
	[FLOWWALL_DROP_MALFORMED] = "a header contradicts itself, or is a source route",
	[FLOWWALL_DROP_EXTENSIONS] = "too many IPv6 extension headers",
	[FLOWWALL_DROP_STATE] = "allowed by a rule, but it cannot open a flow",
	[FLOWWALL_DROP_UNRELATED] = "an ICMP error about no known flow",
	[FLOWWALL_DROP_TABLE_FULL] = "refused: the limit of flows is reached",
	[FLOWWALL_DROP_NO_MEMORY] = "no memory for a flow",
	[FLOWWALL_DROP_LIMIT] = "allowed by a rule, but not so often",
	[FLOWWALL_DROP_WINDOW] = "TCP: not what its connection is waiting for",
	[FLOWWALL_DROP_HOST_FULL] = "refused: its host has as many flows as it may",
};

/**
 * drop_sentence() - what a reason means, for a person
 * @reason: enum flowwall_drop
 */
const char *drop_sentence(int reason)
{
	return reason >= 0 && reason < __FLOWWALL_DROP_MAX ? drop_sentences[reason] :
	       "for a reason that this fwctl does not know";
}

/**
 * drop_json() - a packet that was dropped, or logged
 * @rule: what the rule that decided is called, or NULL
 * @label: of the log, or NULL
 */
json_t *drop_json(const struct drop *drop, const char *rule, const char *label)
{
	const struct flow *flow = &drop->flow;
	char iface[IF_NAMESIZE] = "", proto[8];
	json_t *object = entry_json(flow, &flow->original);

	json_object_del(object, "packets");
	json_object_del(object, "bytes");
	json_object_del(object, "ttl");
	if (drop->ifindex && !if_indextoname(drop->ifindex, iface))
		snprintf(iface, sizeof(iface), "%u", drop->ifindex);
	json_object_update_new(object, json_pack("{s:s, s:s, s:o, s:o, s:s?}",
		"proto", proto_text(flow->proto, proto, sizeof(proto)),
		"direction", name_of(direction_names, flow->direction),
		"reason", drop->reason < 0 ? json_null() :
			  json_string(name_of(drop_names, drop->reason)),
		"iface", *iface ? json_text(iface) : json_null(), "rule", rule));
	if (label && *label)
		json_object_set_new(object, "label", json_text(label));
	return object;
}

/**
 * drop_text() - "tcp 198.51.100.7:40000 > 192.0.2.10:22 by eth0"
 */
void drop_text(const struct drop *drop, char *buffer, size_t size)
{
	char ends[128], proto[8], iface[IF_NAMESIZE] = "?";

	entry_text(&drop->flow, &drop->flow.original, ends, sizeof(ends));
	if (drop->ifindex)
		if_indextoname(drop->ifindex, iface);
	snprintf(buffer, size, "%s %s %s%s", proto_text(drop->flow.proto, proto, sizeof(proto)),
		 ends, drop->ifindex ? "by " : "from this router", drop->ifindex ? iface : "");
}

/**
 * entry_text() - "198.51.100.2:40000 > 192.0.2.10:80", with what stands for ports
 */
void entry_text(const struct flow *flow, const struct entry *entry, char *buffer, size_t size)
{
	struct line line = { .n = 0 };

	line_entry(&line, flow, entry);
	line_copy(&line, buffer, size);
}
