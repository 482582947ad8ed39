// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> a group.
 *
 *	group  = NAME {member}
 *	member = ("host" A | "net" PREFIX | "range" A-A | "group" NAME
 *	       | "name" FQDN | "file" PATH | "mac" M | "iface" I) ["timeout" DURATION]
 *
 * A range is the prefixes that make it, a name the addresses that it has now, a
 * file one address, prefix or range a line: the module knows no such things.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "parser.h"

enum member_kind { HOST, NET, RANGE, GROUP, NAME, ADDRESS_FILE, MAC, IFACE };

static const struct name member_names[] = {
	{ "host", HOST }, { "net", NET }, { "range", RANGE }, { "group", GROUP },
	{ "name", NAME }, { "file", ADDRESS_FILE }, { "mac", MAC }, { "iface", IFACE },
	{ NULL, 0 }
};

/* More addresses of one name are not used. */
#define NAME_ADDRS	64

static const struct name timeout_word[] = { { "timeout", 0 }, { NULL, 0 } };

/* Appends an empty member; room grows by half, so that many are no trouble. */
static struct member *add_member(struct group *group, const struct place *place)
{
	struct member *member;
	size_t n = group->n_members;

	/* At powers of two the array is full. */
	if (!(n & (n - 1))) {
		group->members = realloc(group->members, (n ? 2 * n : 1) * sizeof(*group->members));
		if (!group->members)
			fail_out_of_memory();
	}
	member = memset(&group->members[group->n_members++], 0, sizeof(*member));
	member->place = *place;
	return member;
}

static bool bit(const uint8_t *addr, unsigned int at)
{
	return addr[at / 8] >> (7 - at % 8) & 1;
}

/* Sets the bits from @at on. */
static void fill(uint8_t *addr, unsigned int at, unsigned int bits)
{
	for (; at < bits; at++)
		addr[at / 8] |= 1 << (7 - at % 8);
}

/* The next address; false behind the last one. */
static bool increment(uint8_t *addr, unsigned int bytes)
{
	while (bytes--)
		if (++addr[bytes])
			return true;
	return false;
}

/**
 * group_add_range() - add the prefixes that make a range
 * @place: where the range stands
 *
 * From its beginning, always the largest that fits.
 */
void group_add_range(struct group *group, const struct place *place,
		     const struct addr_range *range)
{
	unsigned int bits = range->family == AF_INET ? 32 : 128;
	uint8_t at[16], last[16];

	memcpy(at, range->min, sizeof(at));
	do {
		struct member *member = add_member(group, place);
		unsigned int len = bits;

		while (len && !bit(at, len - 1)) {
			memcpy(last, at, sizeof(last));
			fill(last, len - 1, bits);
			if (memcmp(last, range->max, bits / 8) > 0)
				break;
			len--;
		}
		member->family = range->family;
		member->prefix = len;
		memcpy(member->addr, at, bits / 8);
		fill(at, len, bits);
		if (!memcmp(at, range->max, bits / 8))
			return;
	} while (increment(at, bits / 8));
}

/* --- members --------------------------------------------------------------- */

static bool parse_member_address(struct parser *p, struct group *group, enum member_kind kind)
{
	static const char *const what[] = {
		[HOST] = "the address of a host, as in 192.0.2.1 or 2001:db8::1",
		[NET] = "a prefix, as in 192.0.2.0/24 or 2001:db8::/32",
		[RANGE] = "a range, as in 192.0.2.1-192.0.2.9",
	};
	const struct word *word = peek(p);
	struct addr_range range = { .family = 0 };
	char *text = word ? strdup(word->text) : NULL;
	bool good = false;

	if (word && !text)
		fail_out_of_memory();
	if (word && !!strchr(word->text, '/') == (kind == NET) &&
	    !!strchr(word->text, '-') == (kind == RANGE))
		good = parse_range(p, word, text, &range);
	free(text);
	if (!good)
		return range.family ? false : expected(p, what[kind], NULL, NULL);
	group_add_range(group, &word->place, &range);
	p->at++;
	return true;
}

static bool parse_member_name(struct parser *p, struct group *group)
{
	const struct word *word = peek(p);
	struct addr_range addr[NAME_ADDRS];
	char message[192];
	const char *why;
	size_t n, i;

	if (!word)
		return expected(p, "the name of a host", NULL, NULL);
	if (p->possible)
		return false;
	n = resolve(word->text, addr, NAME_ADDRS, &why);
	if (!n) {
		snprintf(message, sizeof(message), "the name has no address: %s", why);
		return word_mistake(p, word, "is the resolver reachable? `host` needs none", message);
	}
	for (i = 0; i < n; i++)
		group_add_range(group, &word->place, &addr[i]);
	p->at++;
	return true;
}

/* One line of a file of addresses; @text is split. */
static bool read_address_line(const struct parser *p, struct group *group,
			      const struct place *line, char *text, const struct place *from)
{
	struct word word = { .place = *line };
	struct addr_range range;
	char *end = text + strcspn(text, "#"), *copied;
	bool good;

	*end = '\0';
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	word.place.column += strspn(text, " \t");
	text += strspn(text, " \t");
	if (!*text)
		return true;
	copied = strdup(text);
	if (!copied)
		fail_out_of_memory();
	word.text = text;
	word.place.length = strlen(text);
	good = parse_range(p, &word, copied, &range);
	if (good)
		group_add_range(group, from, &range);
	else if (!range.family)
		word_mistake(p, &word, "one a line: 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9",
			     "not an address, a prefix or a range");
	free(copied);
	return good;
}

static bool parse_member_file(struct parser *p, struct group *group)
{
	const struct word *word = peek(p);
	struct place line = { .column = 1, .length = 1 };
	char *path, *text = NULL, *shown;
	size_t room = 0, before = mistakes();
	ssize_t length;
	FILE *file;

	if (!word)
		return expected(p, "the name of a file", NULL, NULL);
	if (p->possible)
		return false;
	path = beside(word->place.file, word->text);
	file = fopen(path, "re");
	line.file = path;
	if (!file) {
		word_mistake(p, word, NULL, strerror(errno));
	} else {
		while ((length = getline(&text, &room, file)) > 0) {
			bool whole = strlen(text) == (size_t)length;

			text[strcspn(text, "\r\n")] = '\0';
			line.line++;
			line.text = shown = strdup(text);
			if (!shown)
				fail_out_of_memory();
			if (whole)
				read_address_line(p, group, &line, text, &word->place);
			else
				mistake(&line, NULL, "a zero byte: this is no text");
			free(shown);
		}
		if (ferror(file))
			word_mistake(p, word, NULL, strerror(errno));
		fclose(file);
	}
	free(text);
	free(path);
	p->at++;
	return mistakes() == before;
}

static bool parse_member_group(struct parser *p, struct group *group)
{
	const struct word *word = peek(p);
	char name[FLOWWALL_NAME_SIZE];

	if (!parse_name(p, "the name of a group", name))
		return false;
	if (!strcmp(name, group->name))
		return word_mistake(p, word, NULL, "a group is no member of itself");
	memcpy(add_member(group, &word->place)->name, name, sizeof(name));
	return true;
}

/**
 * read_mac() - "02:00:5e:10:00:01"
 */
bool read_mac(const char *text, uint8_t mac[6])
{
	unsigned int i;

	for (i = 0; i < 6; i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = strtoul(text, NULL, 16);
	}
	return true;
}

/**
 * parse_mac() - read a link address
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_mac(struct parser *p, uint8_t mac[6])
{
	const struct word *word = peek(p);

	if (!word || !read_mac(word->text, mac))
		return expected(p, "a link address, as in 02:00:5e:10:00:01", NULL, NULL);
	if (mac[0] & 1)
		return word_mistake(p, word, NULL, "nobody sends with a multicast address");
	p->at++;
	return true;
}

static bool parse_member_mac(struct parser *p, struct group *group)
{
	const struct word *word = peek(p);
	struct member *member;
	uint8_t mac[6];

	if (!parse_mac(p, mac))
		return false;
	member = add_member(group, &word->place);
	member->family = MEMBER_MAC;
	memcpy(member->addr, mac, sizeof(mac));
	return true;
}

static bool parse_member_iface(struct parser *p, struct group *group)
{
	const struct word *word = peek(p);
	struct member *member;

	if (!word || pattern_fault(word->text))
		return expected(p, "the name of an interface, of at most 15 characters", NULL, NULL);
	if (strpbrk(word->text, "+*"))
		return word_mistake(p, word, "a rule's `on` takes patterns",
				    "a member is one interface, not a pattern");
	member = add_member(group, &word->place);
	member->family = MEMBER_IFACE;
	strcpy(member->name, word->text);
	p->at++;
	return true;
}

static bool parse_member(struct parser *p, struct group *group)
{
	const struct name *const tables[] = { member_names, group->n_members ? timeout_word : NULL,
					      NULL };
	const struct word *word = peek(p);
	char names[96], message[128];
	unsigned int kind;

	if (!value_of(member_names, word->text, &kind)) {
		snprintf(message, sizeof(message), "a member: %s",
			 list_names(tables, names, sizeof(names)));
		return expected(p, message, NULL, tables);
	}
	p->at++;
	switch (kind) {
	case GROUP:
		return parse_member_group(p, group);
	case NAME:
		return parse_member_name(p, group);
	case ADDRESS_FILE:
		return parse_member_file(p, group);
	case MAC:
		return parse_member_mac(p, group);
	case IFACE:
		return parse_member_iface(p, group);
	default:
		return parse_member_address(p, group, kind);
	}
}

/**
 * parse_group() - read what follows "group", to the line's end
 * @group: set to it; to be freed, also after a mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_group(struct parser *p, struct group *group)
{
	memset(group, 0, sizeof(*group));
	if (!parse_name(p, "the name of a group", group->name))
		return false;
	while (peek(p)) {
		size_t first = group->n_members;
		uint32_t timeout;

		if (!parse_member(p, group))
			return false;
		if (!peek(p) || strcmp(peek(p)->text, timeout_word[0].name))
			continue;
		if (!take_duration(p, timeout_word[0].name, FLOWWALL_TIMEOUT_LIMIT, &timeout))
			return false;
		for (; first < group->n_members; first++)
			group->members[first].timeout = timeout;
	}
	return true;
}
