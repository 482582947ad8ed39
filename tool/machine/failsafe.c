// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What closes the outside while FlowWall does not stand: a few lines of nftables, in a
 * table of their own, that need nothing but the kernel that is running.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ovs/vswitch.h"
#include "failsafe.h"

#define TABLE "inet flowwall_failsafe"

/* To name a table before it is deleted makes that right also when there is none. */
#define NO_TABLE "table " TABLE "\ndelete table " TABLE "\n"

/**
 * has_external() - whether a ruleset has an outside: without one everything passes
 */
bool has_external(const struct script *script)
{
	size_t i;

	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_ROLE &&
		    script->stmt[i].role.role == FLOWWALL_ROLE_EXTERNAL)
			return true;
	return false;
}

/* An exact name goes before a pattern, a longer pattern before a shorter one. */
static int by_precedence(const void *a, const void *b)
{
	const char *x = (*(const struct role *const *)a)->iface;
	const char *y = (*(const struct role *const *)b)->iface;
	bool x_pattern = !*x || strchr(x, '+'), y_pattern = !*y || strchr(y, '+');

	if (x_pattern != y_pattern)
		return x_pattern - y_pattern;
	return (int)strlen(y) - (int)strlen(x);
}

/* Is it a name that nft takes for one, whatever stands in the file? */
static bool plain(const char *name)
{
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_.:@-+")];
}

/* Of two roles of one name, which no ruleset has that the module takes, the one that closes. */
static void keep_role(const struct role **roles, size_t *n, const struct role *role)
{
	size_t i = 0;

	while (i < *n && strcmp(roles[i]->iface, role->iface))
		i++;
	if (i == *n || role->role == FLOWWALL_ROLE_EXTERNAL)
		roles[i] = role;
	*n += i == *n;
}

/* A line for each role, the one that counts first. */
static void print_roles(FILE *to, const struct script *script, bool trusted)
{
	const struct role **roles = calloc(script->n + 1, sizeof(*roles));
	size_t n = 0, i;

	if (!roles)
		fail_out_of_memory();
	for (i = 0; i < script->n; i++) {
		if (script->stmt[i].kind != STMT_ROLE)
			continue;
		if (plain(script->stmt[i].role.iface))
			keep_role(roles, &n, &script->stmt[i].role);
		else
			trusted = false;
	}
	qsort(roles, n, sizeof(*roles), by_precedence);
	fputs("\t\tiifname \"lo\" accept\n", to);
	for (i = 0; i < n; i++) {
		bool open = trusted ? roles[i]->role != FLOWWALL_ROLE_EXTERNAL :
				      roles[i]->role == FLOWWALL_ROLE_INTERNAL;
		const char *name = roles[i]->iface;

		if (!*name && trusted)
			fputs(open ? "\t\taccept\n" : "\t\tgoto outside\n", to);
		else if (*name)
			fprintf(to, "\t\tiifname \"%.*s%s\" %s\n", (int)strcspn(name, "+"), name,
				strchr(name, '+') ? "*" : "", open ? "accept" : "goto outside");
	}
	if (!trusted)
		fputs("\t\tgoto outside\n", to);
	free(roles);
}

/**
 * failsafe_text() - nftables' words for: what is new from outside is dropped
 * @script: has the roles
 * @trusted: it is all that there is to know: an interface that it does not call
 *	external is open. Otherwise only those that it calls internal are.
 *
 * What a router dies without is let in, as FlowWall does: neighbour and router discovery
 * with hop limit 255, answers of DHCP. Return: the text, to be freed.
 */
char *failsafe_text(const struct script *script, bool trusted)
{
	static const char *const hooks[] = { "input", "forward", NULL };
	char *text = NULL;
	size_t size, i;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		fail_out_of_memory();
	fputs(NO_TABLE
	      "table " TABLE " {\n"
	      "\tchain outside {\n"
	      "\t\tct state established,related accept\n"
	      "\t\tip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept\n"
	      "\t\tudp sport 67 udp dport 68 accept\n"
	      "\t\tudp sport 547 udp dport 546 accept\n"
	      "\t\tcounter drop\n"
	      "\t}\n", to);
	for (i = 0; hooks[i]; i++) {
		fprintf(to, "\tchain %s {\n\t\ttype filter hook %s priority filter - 10; policy accept;\n",
			hooks[i], hooks[i]);
		print_roles(to, script, trusted);
		fputs("\t}\n", to);
	}
	fputs("}\n", to);
	if (fclose(to))
		fail_out_of_memory();
	return text;
}

/**
 * failsafe_on() - put these lines in place of those that are there, as one
 *
 * Return: false if nft failed; vs_error() has a sentence.
 */
bool failsafe_on(const char *text)
{
	static const char *const nft[] = { "nft", "-f", "-", NULL };

	return vs_run(nft, text, NULL);
}

/**
 * failsafe_off() - take them away, if they are there
 *
 * Return: false if nft failed; vs_error() has a sentence.
 */
bool failsafe_off(void)
{
	return failsafe_on(NO_TABLE);
}

/**
 * failsafe_there() - whether they are in place
 */
bool failsafe_there(void)
{
	static const char *const nft[] = { "nft", "list", "table", "inet", "flowwall_failsafe", NULL };

	return vs_run(nft, NULL, NULL);
}
