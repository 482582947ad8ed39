// SPDX-License-Identifier: GPL-2.0-or-later
/* What the statements about bridges have to do with each other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang.h"

/* What a port is for: two features that want it for different things cannot have it. */
enum use { USE_PLAIN, USE_TAP, USE_MIRROR, USE_COPROCESSOR };

static const char *const use_names[] = {
	[USE_PLAIN] = "is where traffic goes through",
	[USE_TAP] = "gets the copies of a tap",
	[USE_MIRROR] = "gets the copies of a mirror",
	[USE_COPROCESSOR] = "is that of a coprocessor",
};

/* Something that is said of a name, and where. */
struct said {
	const char *name;
	const struct ovs *ovs;
	const struct place *place;
	enum use use;
	const struct addr_range *addr;
};

struct list {
	struct said *said;
	size_t n;
};

static void say(struct list *list, const char *name, const struct ovs *ovs,
		const struct place *place, enum use use)
{
	/* At powers of two the array is full. */
	if (!(list->n & (list->n - 1))) {
		list->said = realloc(list->said, (list->n ? 2 * list->n : 1) * sizeof(*list->said));
		if (!list->said)
			fail_out_of_memory();
	}
	list->said[list->n++] = (struct said){ name, ovs, place, use, NULL };
}

/* By name, and each name in the order of the file. */
static int by_name(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->ovs > y->ovs) - (x->ovs < y->ovs);
}

static void sort(struct list *list)
{
	if (list->n)
		qsort(list->said, list->n, sizeof(*list->said), by_name);
}

static const struct said *find(const struct list *list, const char *name)
{
	struct said key = { .name = name };
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(list->said[middle].name, key.name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->n && !strcmp(list->said[low].name, name) ? &list->said[low] : NULL;
}

/* Two may say the same of a port: the first one tells what it is for. */
static bool check_uses(const struct list *list)
{
	size_t first = 0, i;
	bool good = true;

	for (i = 1; i < list->n; i++) {
		const struct said *a = &list->said[first], *b = &list->said[i];

		if (strcmp(a->name, b->name)) {
			first = i;
			continue;
		}
		if (a->use != b->use) {
			mistake(b->place, "give each a port of its own", "`%s` %s here, but %s in %s:%u",
				b->name, use_names[b->use], use_names[a->use],
				a->place->file, a->place->line);
			good = false;
		} else if ((a->use == USE_TAP && a->ovs->after != b->ovs->after) ||
			   a->use == USE_MIRROR) {
			mistake(b->place, "give each a port of its own",
				"`%s` gets copies already, by %s:%u: it would get some twice",
				b->name, a->place->file, a->place->line);
			good = false;
		}
	}
	return good;
}

/* What is declared once: bridges, hosts. */
static bool check_once(const struct list *list, const char *what)
{
	size_t first = 0, i;
	bool good = true;

	for (i = 1; i < list->n; i++) {
		if (strcmp(list->said[first].name, list->said[i].name)) {
			first = i;
			continue;
		}
		mistake(list->said[i].place, NULL, "%s `%s` is in %s:%u already", what,
			list->said[i].name, list->said[first].place->file,
			list->said[first].place->line);
		good = false;
	}
	return good;
}

static bool check_bridge(const struct list *bridges, const struct ovs *ovs)
{
	char hint[64];

	if (ovs->kind == OVS_HOST || find(bridges, ovs->bridge))
		return true;
	snprintf(hint, sizeof(hint), "say: ovs bridge %s secure", ovs->bridge);
	mistake(&ovs->bridge_place, hint, "the bridge `%s` is not declared", ovs->bridge);
	return false;
}

/**
 * ovs_zone() - the zone of connection tracking that a bridge has for itself
 * @bridge: its declaration
 *
 * The name alone decides, so that nothing changes when other bridges come and go.
 */
uint16_t ovs_zone(const struct ovs *bridge)
{
	uint32_t hash = 2166136261;	/* FNV-1a */
	const char *c;

	if (bridge->zone)
		return bridge->zone;
	for (c = bridge->bridge; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619;
	return 1 + hash % 65535;
}

/* What one bridge let in, another one would take for its own decision. */
static bool check_zones(const struct list *bridges)
{
	bool good = true;
	size_t i, k;

	for (i = 0; i < bridges->n; i++)
		for (k = 0; k < i; k++) {
			const struct said *a = &bridges->said[k], *b = &bridges->said[i];

			if (ovs_zone(a->ovs) != ovs_zone(b->ovs) || !strcmp(a->name, b->name))
				continue;
			mistake(b->place, "give one of them another `zone`",
				"the bridges `%s` and `%s` have the same zone, %u", a->name, b->name,
				ovs_zone(a->ovs));
			good = false;
		}
	return good;
}

/* An address belongs to one host. */
static int by_address(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	if (x->addr->family != y->addr->family)
		return x->addr->family - y->addr->family;
	return memcmp(x->addr->min, y->addr->min, sizeof(x->addr->min));
}

static bool check_addresses(struct list *list)
{
	bool good = true;
	size_t i;

	if (list->n)
		qsort(list->said, list->n, sizeof(*list->said), by_address);
	for (i = 1; i < list->n; i++) {
		const struct addr_range *a = list->said[i - 1].addr, *b = list->said[i].addr;
		const struct ovs *one = list->said[i - 1].ovs, *other = list->said[i].ovs;

		if (a->family != b->family || memcmp(b->min, a->max, sizeof(b->min)) > 0)
			continue;
		if (one > other) {
			one = list->said[i].ovs;
			other = list->said[i - 1].ovs;
		}
		mistake(&other->port.place, NULL, "the hosts `%s` and `%s` have an address in common",
			one->name, other->name);
		good = false;
	}
	return good;
}

/*
 * Decoys need a bridge that forwards nothing of its own when the controller is away, and
 * the bridge has one controller.
 */
static bool check_decoys(const struct list *bridges, const struct list *decoys)
{
	size_t first = 0, i;
	bool good = true;

	for (i = 0; i < decoys->n; i++) {
		const struct said *decoy = &decoys->said[i];
		const struct said *bridge = find(bridges, decoy->name);
		char hint[64];

		if (strcmp(decoys->said[first].name, decoy->name))
			first = i;
		if (bridge && !bridge->ovs->secure) {
			snprintf(hint, sizeof(hint), "say: ovs bridge %s secure", decoy->name);
			mistake(decoy->place, hint, "decoys need a bridge that is `secure`: any other one "
				"forgets its flows when the controller is away");
			good = false;
		}
		if (!memcmp(&decoys->said[first].ovs->controller, &decoy->ovs->controller,
			    sizeof(decoy->ovs->controller)))
			continue;
		mistake(decoy->place, NULL, "the bridge `%s` has another controller in %s:%u",
			decoy->name, decoys->said[first].place->file, decoys->said[first].place->line);
		good = false;
	}
	return good;
}

static void collect(const struct ovs *ovs, struct list *ports, struct list *addresses)
{
	static const enum use uses[] = {
		[OVS_TAP] = USE_TAP, [OVS_MIRROR] = USE_MIRROR, [OVS_COPROCESSOR] = USE_COPROCESSOR,
		[OVS_HOST] = USE_PLAIN,
	};
	size_t i;

	for (i = 0; i < ovs->n_ports; i++)
		say(ports, ovs->ports[i].name, ovs, &ovs->ports[i].place, USE_PLAIN);
	if (*ovs->port.name)
		say(ports, ovs->port.name, ovs, &ovs->port.place, uses[ovs->kind]);
	for (i = 0; ovs->kind == OVS_HOST && i < ovs->dst.n_addrs; i++) {
		say(addresses, ovs->name, ovs, &ovs->port.place, USE_PLAIN);
		addresses->said[addresses->n - 1].addr = &ovs->dst.addrs[i];
	}
}

/**
 * check_ovs() - look for contradictions between the statements about bridges
 *
 * Return: false after a mistake; all of them have been reported.
 */
bool check_ovs(const struct script *script)
{
	struct list bridges = { NULL, 0 }, hosts = { NULL, 0 }, ports = { NULL, 0 };
	struct list addresses = { NULL, 0 }, decoys = { NULL, 0 };
	bool good = true;
	size_t i;

	for (i = 0; i < script->n; i++) {
		const struct ovs *ovs = &script->stmt[i].ovs;

		if (script->stmt[i].kind != STMT_OVS)
			continue;
		if (ovs->kind == OVS_BRIDGE)
			say(&bridges, ovs->bridge, ovs, &ovs->bridge_place, USE_PLAIN);
		if (ovs->kind == OVS_HOST)
			say(&hosts, ovs->name, ovs, &script->stmt[i].place, USE_PLAIN);
		if (ovs->kind == OVS_DECOY)
			say(&decoys, ovs->bridge, ovs, &ovs->bridge_place, USE_PLAIN);
		collect(ovs, &ports, &addresses);
	}
	sort(&bridges);
	sort(&hosts);
	sort(&ports);
	sort(&decoys);
	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_OVS)
			good &= check_bridge(&bridges, &script->stmt[i].ovs);
	good &= check_once(&bridges, "the bridge");
	good &= check_once(&hosts, "the host");
	good &= check_zones(&bridges);
	good &= check_decoys(&bridges, &decoys);
	good &= check_uses(&ports);
	good &= check_addresses(&addresses);
	free(bridges.said);
	free(hosts.said);
	free(ports.said);
	free(addresses.said);
	free(decoys.said);
	return good;
}
