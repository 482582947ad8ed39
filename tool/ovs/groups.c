// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups -> addresses. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge.h"

/* As deep as the module follows groups of groups. */
#define DEPTH	5
#define LOOKS	1001	/* a group, and as many below it as the module takes */

static bool in_script(const struct script *script, const char *name)
{
	size_t i;

	for (i = 0; script && i < script->n; i++)
		if (script->stmt[i].kind == STMT_GROUP && !strcmp(script->stmt[i].group.name, name))
			return true;
	return false;
}

static const struct script *script_of(const struct groups *groups, const char *name)
{
	return in_script(&groups->module, name) ? &groups->module :
	       in_script(groups->file, name) ? groups->file : NULL;
}

static bool known(const struct groups *groups, const char *name, unsigned int depth,
		  unsigned int *looks)
{
	const struct script *script = script_of(groups, name);
	size_t i, k;

	if (!script || !depth || !*looks)
		return false;
	--*looks;
	for (i = 0; i < script->n; i++) {
		const struct group *group = &script->stmt[i].group;

		if (script->stmt[i].kind != STMT_GROUP || strcmp(group->name, name))
			continue;
		for (k = 0; k < group->n_members; k++)
			if (group->members[k].family == MEMBER_GROUP &&
			    !known(groups, group->members[k].name, depth - 1, looks))
				return false;
	}
	return true;
}

/**
 * group_known() - is there such a group, in the module or in the file, with all below it?
 *
 * No deeper than the module has them: what is further down would be left out unsaid.
 */
bool group_known(const struct groups *groups, const char *name)
{
	unsigned int looks = LOOKS;

	return known(groups, name, DEPTH, &looks);
}

static void add_prefixes(struct prefixes *prefixes, const struct member *member, size_t n)
{
	prefixes->prefix = realloc(prefixes->prefix, (prefixes->n + n) * sizeof(*member));
	if (!prefixes->prefix)
		fail_out_of_memory();
	memcpy(prefixes->prefix + prefixes->n, member, n * sizeof(*member));
	prefixes->n += n;
}

static void add_ranges(struct prefixes *prefixes, const struct endpoint *point)
{
	static const struct place nowhere;
	struct group group = { .n_members = 0 };
	size_t i;

	for (i = 0; i < point->n_addrs; i++)
		group_add_range(&group, &nowhere, &point->addrs[i]);
	if (group.n_members)
		add_prefixes(prefixes, group.members, group.n_members);
	free(group.members);
}

/* The addresses of the hosts that are at a port, or have a link address. */
static void add_hosts(const struct bridge *bridge, const struct member *member,
		      struct prefixes *prefixes)
{
	size_t i;

	for (i = 0; i < bridge->hosts.n; i++) {
		const struct ovs *ovs = &bridge->hosts.stmt[i]->ovs;

		if (member->family == MEMBER_IFACE ? !strcmp(ovs->port.name, member->name) :
		    ovs->has_mac && !memcmp(ovs->mac, member->addr, sizeof(ovs->mac)))
			add_ranges(prefixes, &ovs->dst);
	}
}

static void add_group(const struct bridge *bridge, const char *name, unsigned int depth,
		      struct prefixes *prefixes)
{
	const struct script *script = script_of(bridge->groups, name);
	size_t i, k;

	for (i = 0; script && depth && i < script->n; i++) {
		const struct group *group = &script->stmt[i].group;

		if (script->stmt[i].kind != STMT_GROUP || strcmp(group->name, name))
			continue;
		for (k = 0; k < group->n_members; k++) {
			const struct member *member = &group->members[k];

			if (member->family == MEMBER_GROUP)
				add_group(bridge, member->name, depth - 1, prefixes);
			else if (member->family == MEMBER_MAC || member->family == MEMBER_IFACE)
				add_hosts(bridge, member, prefixes);
			else if (member->prefix <= (member->family == AF_INET ? 32 : 128))
				add_prefixes(prefixes, member, 1);
		}
	}
}

/**
 * endpoint_prefixes() - the addresses of an end: those said, or those of its group
 * @prefixes: set to them; to be freed; nothing if it has neither
 *
 * A member that is an interface or a link address stands for the hosts that are
 * declared there.
 */
void endpoint_prefixes(const struct bridge *bridge, const struct endpoint *point,
		       struct prefixes *prefixes)
{
	memset(prefixes, 0, sizeof(*prefixes));
	if (*point->group)
		add_group(bridge, point->group, DEPTH, prefixes);
	else
		add_ranges(prefixes, point);
}
