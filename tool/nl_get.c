// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the module: status, ruleset, interfaces, flows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_internal.h"

/* How often a dump is begun again that a change overtook. */
#define DUMP_TRIES	10

/* One dump; -EAGAIN if a change overtook it. */
static int dump(struct module *module, uint8_t cmd, answer_fn answer, void *arg)
{
	return exchange(module, request(module, cmd, NLM_F_DUMP), answer, arg);
}

/* Where the module may be newer: a part of its answer has no sense here. */
static int no_sense(struct module *module, const char *what)
{
	return complain(module, -EPROTO, "the module's %s makes no sense: is fwctl older than it?",
			what);
}

static int read_status(struct module *module, struct nlattr **top, void *arg)
{
	return nl_read_status(top, arg) ? 0 : no_sense(module, "status");
}

/**
 * module_status() - counters and sizes
 */
int module_status(struct module *module, struct module_status *status)
{
	memset(status, 0, sizeof(*status));
	return exchange(module, request(module, FLOWWALL_CMD_STATUS_GET, 0), read_status, status);
}

struct ruleset_reader {
	struct script *script;
	uint32_t generation;
};

static int read_statement(struct module *module, struct nlattr **top, void *arg)
{
	struct nlattr *generation = top[FLOWWALL_A_GENERATION];
	struct ruleset_reader *reader = arg;
	bool first = !reader->generation;

	if (!generation || !nl_read_statement(top, reader->script))
		return no_sense(module, "ruleset");
	if (first)
		reader->generation = nla_get_u32(generation);
	if (reader->generation != nla_get_u32(generation))
		return complain(module, -EAGAIN, "the ruleset changed while it was being read");
	return 0;
}

/**
 * module_ruleset() - the running ruleset, all of one generation
 * @kinds: FLOWWALL_KIND_*
 * @group: of the groups, only this one; or NULL
 * @script: set to its statements; to be freed, also after an error
 */
int module_ruleset(struct module *module, uint32_t kinds, const char *group,
		   struct script *script)
{
	int tries, err = 0;

	memset(script, 0, sizeof(*script));
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct ruleset_reader reader = { .script = script };

		struct nl_msg *msg = request(module, FLOWWALL_CMD_RULESET_GET, NLM_F_DUMP);

		nla_put_u32(msg, FLOWWALL_A_KINDS, kinds);
		if (group)
			nla_put_string(msg, FLOWWALL_A_GROUP, group);
		err = exchange(module, msg, read_statement, &reader);
		if (err != -EAGAIN)
			break;
		script_free(script);
	}
	return err;
}

struct iface_list {
	struct iface *iface;
	size_t n;
};

static int read_iface(struct module *module, struct nlattr **top, void *arg)
{
	struct iface_list *list = arg;

	list->iface = realloc(list->iface, (list->n + 1) * sizeof(*list->iface));
	if (!list->iface)
		fail_out_of_memory();
	if (!nl_read_iface(top[FLOWWALL_A_IFACE], &list->iface[list->n]))
		return no_sense(module, "list of interfaces");
	list->n++;
	return 0;
}

/**
 * module_ifaces() - the interfaces of the namespace and their roles
 * @ifaces: set to an array that the caller frees
 * @n: set to its length
 */
int module_ifaces(struct module *module, struct iface **ifaces, size_t *n)
{
	struct iface_list list = { NULL, 0 };
	int tries, err = 0;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		list.n = 0;
		err = dump(module, FLOWWALL_CMD_IFACE_GET, read_iface, &list);
		if (err != -EAGAIN)
			break;
	}
	*ifaces = list.iface;
	*n = list.n;
	return err;
}

/**
 * struct flow_reader - a list of flows on its way
 * @seen: the ids of those handed on so far, hashed. (They hold a keyed hash already,
 *	but come in its order, and would crowd.) 0 is an empty place.
 * @room: of @seen, a power of two
 */
struct flow_reader {
	void (*each)(const struct flow *flow, void *arg);
	void *arg;
	uint64_t *seen;
	size_t room;
	size_t n;
};

/* Where @id is in the hash, or should be. */
static uint64_t *place_of(uint64_t *seen, size_t room, uint64_t id)
{
	size_t at = id * 0x9e3779b97f4a7c15 >> 32 & (room - 1);

	while (seen[at] && seen[at] != id)
		at = (at + 1) & (room - 1);
	return &seen[at];
}

/* Remembers a flow; false if it was handed on before. */
static bool first_time(struct flow_reader *reader, uint64_t id)
{
	uint64_t *place;

	if (2 * reader->n >= reader->room) {
		size_t room = reader->room ? 2 * reader->room : 1024, i;
		uint64_t *seen = calloc(room, sizeof(*seen));

		if (!seen)
			fail_out_of_memory();
		for (i = 0; i < reader->room; i++)
			if (reader->seen[i])
				*place_of(seen, room, reader->seen[i]) = reader->seen[i];
		free(reader->seen);
		reader->seen = seen;
		reader->room = room;
	}
	place = place_of(reader->seen, reader->room, id);
	if (*place)
		return false;
	*place = id;
	reader->n++;
	return true;
}

static int read_flow(struct module *module, struct nlattr **top, void *arg)
{
	struct flow_reader *reader = arg;
	struct flow flow;

	if (!nl_read_flow(top[FLOWWALL_A_FLOW], &flow))
		return no_sense(module, "list of flows");
	if (first_time(reader, flow.id))
		reader->each(&flow, reader->arg);
	return 0;
}

/**
 * module_flows() - the flows, each once
 * @filter: those that are meant, or NULL for all
 * @each: called with each flow as it comes
 *
 * When the table changes its size meanwhile, flows may be missing: then it is
 * read again for those. Return: 0, -EAGAIN if that happened too often, or another error.
 */
int module_flows(struct module *module, const struct flow_filter *filter,
		 void (*each)(const struct flow *flow, void *arg), void *arg)
{
	struct flow_reader reader = { .each = each, .arg = arg };
	int tries, err = 0;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct nl_msg *msg = request(module, FLOWWALL_CMD_FLOW_GET, NLM_F_DUMP);

		if (filter)
			nl_put_filter(msg, filter);
		err = exchange(module, msg, read_flow, &reader);
		if (err != -EAGAIN)
			break;
	}
	if (err == -EAGAIN)
		complain(module, err, "the table's size changed again and again: "
			 "flows may be missing");
	free(reader.seen);
	return err;
}

struct drop_reader {
	void (*each)(const struct drop *drop, void *arg);
	void *arg;
};

static int read_drop(struct module *module, struct nlattr **top, void *arg)
{
	struct drop_reader *reader = arg;
	struct drop drop;

	if (!nl_read_drop(top[FLOWWALL_A_DROP], &drop))
		return no_sense(module, "list of drops");
	reader->each(&drop, reader->arg);
	return 0;
}

/**
 * module_drops() - the last drops of packets from or to a host
 * @family: AF_INET or AF_INET6
 * @host: its address
 * @each: called with each, in no order
 */
int module_drops(struct module *module, uint8_t family, const uint8_t *host,
		 void (*each)(const struct drop *drop, void *arg), void *arg)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_DROP_GET, NLM_F_DUMP);
	struct drop_reader reader = { each, arg };

	nla_put(msg, FLOWWALL_A_HOST, family == AF_INET ? 4 : 16, host);
	return exchange(module, msg, read_drop, &reader);
}
