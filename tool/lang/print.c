// SPDX-License-Identifier: GPL-2.0-or-later
/* A statement -> its text, always the same for the same meaning. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lang.h"

/* Text that grows in a buffer; what does not fit is cut, and counted. */
struct buffer {
	char *at;
	size_t size;
	size_t length;
};

static void add(struct buffer *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct buffer *text, const char *format, ...)
{
	size_t left = text->length < text->size ? text->size - text->length : 0;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(left ? text->at + text->length : NULL, left, format, list);
	va_end(list);
	if (n > 0)
		text->length += n;
}

/* The length of the prefix from @min to @max, or -1 if it is not one. */
static int prefix_length(const struct endpoint *point)
{
	unsigned int bits = point->family == AF_INET ? 32 : 128, length = 0, i;

	for (i = 0; i < bits; i++) {
		unsigned int a = point->min[i / 8] >> (7 - i % 8) & 1;
		unsigned int b = point->max[i / 8] >> (7 - i % 8) & 1;

		if (a == b && length == i)
			length++;
		else if (a || !b)
			return -1;
	}
	return length;
}

static void add_address(struct buffer *text, const struct endpoint *point)
{
	char min[INET6_ADDRSTRLEN], max[INET6_ADDRSTRLEN];
	int length = prefix_length(point), bits = point->family == AF_INET ? 32 : 128;

	inet_ntop(point->family, point->min, min, sizeof(min));
	inet_ntop(point->family, point->max, max, sizeof(max));
	if (point->addr_not)
		add(text, " not");
	if (length == bits)
		add(text, " %s", min);
	else if (length >= 0)
		add(text, " %s/%d", min, length);
	else
		add(text, " %s-%s", min, max);
}

static void add_endpoint(struct buffer *text, const char *keyword, const struct endpoint *point)
{
	int i;

	if (!point->family && !point->n_ports)
		return;
	add(text, " %s", keyword);
	if (point->family)
		add_address(text, point);
	else
		add(text, " any");
	if (!point->n_ports)
		return;
	add(text, " port %s", point->port_not ? "not " : "");
	for (i = 0; i < point->n_ports; i++) {
		const struct port_range *range = &point->ports[i];

		add(text, "%s%u", i ? "," : "", range->min);
		if (range->max != range->min)
			add(text, "-%u", range->max);
	}
}

/*
 * A comment between quotation marks; a part with marks of one kind stands
 * between those of the other, and both parts are one word.
 */
static void add_comment(struct buffer *text, const char *comment)
{
	add(text, " comment ");
	do {
		size_t length = strcspn(comment, "\"");
		char mark = '"';

		if (comment[length]) {
			size_t other = strcspn(comment, "'");

			if (!length || other > length) {
				length = other;
				mark = '\'';
			}
		}
		add(text, "%c%.*s%c", mark, (int)length, comment, mark);
		comment += length;
	} while (*comment);
}

static void add_rule(struct buffer *text, const struct rule *rule)
{
	add(text, "%s %s", name_of(action_names, rule->action),
	    name_of(direction_names, rule->direction));
	if (rule->proto >= 0) {
		const char *name = name_of(proto_names, rule->proto);

		if (strcmp(name, "?"))
			add(text, " %s", name);
		else
			add(text, " proto %d", rule->proto);
	}
	add_endpoint(text, "from", &rule->src);
	add_endpoint(text, "to", &rule->dst);
	if (rule->name[0])
		add(text, " id %s", rule->name);
	if (rule->comment)
		add_comment(text, rule->comment);
}

/**
 * print_duration() - write a time as in 2h4m
 *
 * Return: its length.
 */
size_t print_duration(uint32_t seconds, char *buffer, size_t size)
{
	struct buffer text = { buffer, size, 0 };

	if (seconds >= 86400)
		add(&text, "%ud", seconds / 86400);
	if (seconds % 86400 >= 3600)
		add(&text, "%uh", seconds % 86400 / 3600);
	if (seconds % 3600 >= 60)
		add(&text, "%um", seconds % 3600 / 60);
	if (seconds % 60 || !seconds)
		add(&text, "%us", seconds % 60);
	return text.length;
}

/**
 * rule_id() - what a rule is called: its id, or the number of the kernel
 */
const char *rule_id(const struct rule *rule, char *buffer, size_t size)
{
	if (rule->name[0])
		return rule->name;
	snprintf(buffer, size, "%u", rule->handle);
	return buffer;
}

/**
 * print_stmt() - write a statement as a line, without its end
 * @stmt: the statement
 * @buffer: where to
 * @size: of @buffer; STMT_TEXT holds any statement
 *
 * Return: the length of the line.
 */
size_t print_stmt(const struct stmt *stmt, char *buffer, size_t size)
{
	struct buffer text = { buffer, size, 0 };
	char step[32], max[32];

	switch (stmt->kind) {
	case STMT_NONE:
		break;
	case STMT_ROLE:
		add(&text, "role %s %s", stmt->role.iface[0] ? stmt->role.iface : "default",
		    name_of(role_names, stmt->role.role));
		break;
	case STMT_SETTING:
		add(&text, "set %s ", name_of(setting_names, stmt->setting.key));
		if (stmt->setting.key == SET_MAX_FLOWS)
			add(&text, "%u", stmt->setting.value);
		else if (stmt->setting.key == SET_ON_CHANGE)
			add(&text, "%s", name_of(on_change_names, stmt->setting.value));
		else
			add(&text, "%s", name_of(on_off_names, stmt->setting.value));
		break;
	case STMT_TTL:
		print_duration(stmt->ttl.step, step, sizeof(step));
		print_duration(stmt->ttl.max, max, sizeof(max));
		add(&text, "ttl %s step %s max %s", name_of(ttl_names, stmt->ttl.class),
		    step, max);
		break;
	case STMT_RULE:
		add_rule(&text, &stmt->rule);
		break;
	}
	return text.length;
}
