// SPDX-License-Identifier: GPL-2.0-or-later
/* A first ruleset for a machine: facts in, a file out. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "proposal.h"

#define SSH 22

static void role_line(FILE *to, const struct fact_iface *iface)
{
	char text[INET6_ADDRSTRLEN + 4];
	size_t i;

	fprintf(to, "role %s %s", iface->name, iface->external ? "external" : "internal");
	for (i = 0; i < iface->n_addresses; i++) {
		address_words(&iface->addresses[i], true, text, sizeof(text));
		fprintf(to, "%s%s", i ? ", " : "\t# ", text);
	}
	fputc('\n', to);
}

static bool is_external(const struct facts *facts, unsigned int index)
{
	size_t i;

	for (i = 0; i < facts->n_ifaces; i++)
		if (facts->ifaces[i].index == index)
			return facts->ifaces[i].external;
	return false;
}

/* Somebody is behind it: a host that is no router has addresses outside only. */
static bool is_router(const struct facts *facts)
{
	size_t i;

	for (i = 0; i < facts->n_ifaces; i++)
		if (!facts->ifaces[i].external && facts->ifaces[i].n_addresses)
			return true;
	return false;
}

/* The address that this router is reached at from outside; "any" if it has none. */
static void own_address(const struct facts *facts, const struct ssh_session *session, char *text,
			size_t size)
{
	size_t i;

	snprintf(text, size, "any");
	for (i = 0; i < facts->n_ifaces; i++)
		if (facts->ifaces[i].external && facts->ifaces[i].n_addresses) {
			address_words(&facts->ifaces[i].addresses[0], false, text, size);
			break;
		}
	if (session)
		inet_ntop(session->words.family, session->words.dst, text, size);
}

static bool listens(const struct facts *facts, uint16_t port)
{
	size_t i;

	for (i = 0; i < facts->n_ports; i++)
		if (facts->ports[i] == port)
			return true;
	return false;
}

/* What listens besides @open, and is closed: to be opened by taking a # away. */
static void closed_lines(FILE *to, const struct facts *facts, const char *self, uint16_t open)
{
	const char *sign = "";
	size_t i;

	for (i = 0; i < facts->n_ports; i++) {
		if (facts->ports[i] == open)
			continue;
		if (!*sign)
			fprintf(to, "# These ports are listened at, and closed from outside; without the #, open:\n"
				"# allow in tcp to %s port ", self);
		fprintf(to, "%s%u", sign, facts->ports[i]);
		sign = ",";
	}
	if (*sign)
		fputs(" id services\n", to);
}

/**
 * proposal() - the ruleset for a machine
 * @session: the ssh session that must go on, or NULL
 * @by: index of the interface by which it comes, 0 if that is not known
 *
 * Where default routes lead is outside, all else inside. From outside, only ssh is let
 * in: to this router's own address, since what is behind it may have one as well; and
 * only if that is the way in. Return: the text, to be freed, or NULL if there is no
 * default route.
 */
char *proposal(const struct facts *facts, const struct ssh_session *session, unsigned int by)
{
	char *text = NULL, self[INET6_ADDRSTRLEN] = "any";
	bool router = is_router(facts), outside = false;
	uint16_t ssh = 0;
	size_t size, i;
	FILE *to;

	for (i = 0; i < facts->n_ifaces; i++)
		outside |= facts->ifaces[i].external;
	if (!outside)
		return NULL;
	if (session && (!by || is_external(facts, by)))
		ssh = session->words.dport;
	else if (!session && !router && listens(facts, SSH))
		ssh = SSH;
	if (router)
		own_address(facts, ssh ? session : NULL, self, sizeof(self));

	to = open_memstream(&text, &size);
	if (!to)
		fail_out_of_memory();
	fputs("# FlowWall's ruleset, begun by `fwctl init`. What it may say: man flowwall.conf\n"
	      "version 1\n", to);
	for (i = 0; i < facts->n_ifaces; i++)
		if (facts->ifaces[i].external)
			role_line(to, &facts->ifaces[i]);
	for (i = 0; i < facts->n_ifaces; i++)
		if (!facts->ifaces[i].external && facts->ifaces[i].n_addresses)
			role_line(to, &facts->ifaces[i]);
	fputs("role default internal\t# all others, also those that come later\n"
	      "\n"
	      "# Answers always come back. Of what begins outside, only this gets in:\n"
	      "group banned\n"
	      "deny in from group banned id banned\n", to);
	if (ssh)
		fprintf(to, "allow in tcp to %s port %u id ssh\n", self, ssh);
	closed_lines(to, facts, self, ssh);
	if (fclose(to))
		fail_out_of_memory();
	return text;
}
