// SPDX-License-Identifier: GPL-2.0-or-later
/* Open vSwitch: its database, its flows; see vswitch.h. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vswitch.h"

/* Where the fail mode of before is kept: in the database, so with the bridge. */
#define MARK		"flowwall-before"
#define MIRROR		"flowwall-"
#define OWNER		"flowwall"	/* of a controller */

/* Bundles need 1.3 at least; a bridge may speak either. */
#define OFCTL_ENDLESS	"ovs-ofctl", "-O", "OpenFlow13,OpenFlow14", "--no-names"
#define OFCTL		OFCTL_ENDLESS, "--timeout=20"
#define VSCTL		"ovs-vsctl", "--timeout=10"

/* --- the database ---------------------------------------------------------- */

/* A table as ovs-vsctl prints it: headings, and rows of values. */
struct rows {
	json_t *headings;
	json_t *data;
};

static const json_t *cell(const struct rows *rows, size_t row, const char *heading)
{
	size_t i;

	for (i = 0; i < json_array_size(rows->headings); i++)
		if (!strcmp(json_string_value(json_array_get(rows->headings, i)) ?: "", heading))
			return json_array_get(json_array_get(rows->data, row), i);
	return NULL;
}

/* ["uuid", X] -> X; a plain string is itself; all else, an empty set too, is "". */
static const char *text_of_cell(const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text && !strcmp(json_string_value(json_array_get(value, 0)) ?: "", "uuid"))
		text = json_string_value(json_array_get(value, 1));
	return text ? text : "";
}

/* The items of ["set", [...]], or a value that is alone. */
static size_t cell_size(const json_t *value)
{
	if (!strcmp(json_string_value(json_array_get(value, 0)) ?: "", "set"))
		return json_array_size(json_array_get(value, 1));
	return value ? 1 : 0;
}

static const json_t *cell_item(const json_t *value, size_t i)
{
	if (!strcmp(json_string_value(json_array_get(value, 0)) ?: "", "set"))
		return json_array_get(json_array_get(value, 1), i);
	return value;
}

/* ["map", [[key, value]...]] */
static const char *map_value(const json_t *map, const char *key)
{
	const json_t *pairs = json_array_get(map, 1);
	size_t i;

	for (i = 0; i < json_array_size(pairs); i++)
		if (!strcmp(text_of_cell(json_array_get(json_array_get(pairs, i), 0)), key))
			return text_of_cell(json_array_get(json_array_get(pairs, i), 1));
	return NULL;
}

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		fail_out_of_memory();
	return copied;
}

static bool find_row(const struct rows *rows, const char *uuid, size_t *row)
{
	for (*row = 0; *row < json_array_size(rows->data); ++*row)
		if (!strcmp(text_of_cell(cell(rows, *row, "_uuid")), uuid))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct bridge_port *)a)->name, ((const struct bridge_port *)b)->name);
}

/* Uuids in the order of the database, which has none, to interfaces by uuid: an object. */
static json_t *index_of(const struct rows *rows)
{
	json_t *index = json_object();
	size_t i;

	for (i = 0; i < json_array_size(rows->data); i++)
		json_object_set_new(index, text_of_cell(cell(rows, i, "_uuid")), json_integer(i));
	return index;
}

struct database {
	struct rows bridges, ports, interfaces, mirrors, controllers;
	json_t *port_index, *interface_index;
};

/* A bond is a port with several interfaces, each with a number of its own. */
static void read_port(const struct database *db, size_t row, struct vs_bridge *bridge)
{
	const json_t *interfaces = cell(&db->ports, row, "interfaces");
	bool vlans = cell_size(cell(&db->ports, row, "tag")) ||
		     cell_size(cell(&db->ports, row, "trunks"));
	size_t i;

	for (i = 0; i < cell_size(interfaces); i++) {
		const json_t *at = json_object_get(db->interface_index,
						   text_of_cell(cell_item(interfaces, i)));
		size_t k = json_integer_value(at);
		struct bridge_port *port;
		json_int_t number;

		if (!at)
			continue;
		number = json_integer_value(cell(&db->interfaces, k, "ofport"));
		bridge->ports = realloc(bridge->ports, (bridge->n_ports + 1) * sizeof(*bridge->ports));
		if (!bridge->ports)
			fail_out_of_memory();
		port = memset(&bridge->ports[bridge->n_ports++], 0, sizeof(*port));
		snprintf(port->name, sizeof(port->name), "%s",
			 text_of_cell(cell(&db->interfaces, k, "name")));
		port->number = number > 0 ? number : 0;
		port->vlans = vlans;
		port->bond = cell_size(interfaces) > 1;
	}
}

static void sorted_names(const struct database *db, const json_t *ports, FILE *out)
{
	char names[64][FLOWWALL_IFACE_SIZE];
	size_t n = 0, i, k;

	for (i = 0; i < cell_size(ports) && n < 64; i++) {
		const json_t *row = json_object_get(db->port_index, text_of_cell(cell_item(ports, i)));
		char name[FLOWWALL_IFACE_SIZE];

		snprintf(name, sizeof(name), "%s",
			 row ? text_of_cell(cell(&db->ports, json_integer_value(row), "name")) : "?");
		for (k = n++; k && strcmp(names[k - 1], name) > 0; k--)
			memcpy(names[k], names[k - 1], sizeof(name));
		memcpy(names[k], name, sizeof(name));
	}
	for (i = 0; i < n; i++)
		fprintf(out, " %s", names[i]);
}

/* "to eth2 from eth1 eth3 of eth1 eth3", always the same for the same mirror. */
static char *mirror_text(const struct database *db, size_t row)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		fail_out_of_memory();
	fputs("to", out);
	sorted_names(db, cell(&db->mirrors, row, "output_port"), out);
	fputs(" from", out);
	sorted_names(db, cell(&db->mirrors, row, "select_src_port"), out);
	fputs(" of", out);
	sorted_names(db, cell(&db->mirrors, row, "select_dst_port"), out);
	fclose(out);
	return text;
}

static void read_mirrors(const struct database *db, const json_t *mirrors, struct vs_bridge *bridge)
{
	size_t i, row;

	bridge->mirrors = calloc(cell_size(mirrors) + 1, sizeof(*bridge->mirrors));
	if (!bridge->mirrors)
		fail_out_of_memory();
	for (i = 0; i < cell_size(mirrors); i++) {
		struct vs_mirror *mirror = &bridge->mirrors[bridge->n_mirrors];

		if (!find_row(&db->mirrors, text_of_cell(cell_item(mirrors, i)), &row))
			continue;
		mirror->uuid = copy(text_of_cell(cell(&db->mirrors, row, "_uuid")));
		mirror->name = copy(text_of_cell(cell(&db->mirrors, row, "name")));
		mirror->text = mirror_text(db, row);
		bridge->n_mirrors++;
	}
}

static void read_controllers(const struct database *db, const json_t *controllers,
			     struct vs_bridge *bridge)
{
	size_t i, row;

	for (i = 0; i < cell_size(controllers); i++) {
		char **to;

		if (!find_row(&db->controllers, text_of_cell(cell_item(controllers, i)), &row))
			continue;
		to = map_value(cell(&db->controllers, row, "external_ids"), OWNER) ?
		     &bridge->controller : &bridge->foreign_controller;
		free(*to);
		*to = copy(text_of_cell(cell(&db->controllers, row, "target")));
	}
}

static void read_bridge(const struct database *db, size_t row, struct vs_bridge *bridge)
{
	const json_t *ports = cell(&db->bridges, row, "ports");
	const char *before = map_value(cell(&db->bridges, row, "external_ids"), MARK);
	size_t i;

	bridge->name = copy(text_of_cell(cell(&db->bridges, row, "name")));
	bridge->fail_mode = copy(text_of_cell(cell(&db->bridges, row, "fail_mode")));
	bridge->before = before ? copy(before) : NULL;
	bridge->kernel = !!strcmp(text_of_cell(cell(&db->bridges, row, "datapath_type")), "netdev");
	for (i = 0; i < cell_size(ports); i++) {
		const json_t *at = json_object_get(db->port_index, text_of_cell(cell_item(ports, i)));

		if (at)
			read_port(db, json_integer_value(at), bridge);
	}
	if (bridge->n_ports)
		qsort(bridge->ports, bridge->n_ports, sizeof(*bridge->ports), by_name);
	read_mirrors(db, cell(&db->bridges, row, "mirrors"), bridge);
	read_controllers(db, cell(&db->bridges, row, "controller"), bridge);
}

/* The next of the tables, one after another in what was printed. */
static json_t *next_table(const char **text, struct rows *rows)
{
	json_error_t error;
	json_t *table = json_loads(*text, JSON_DISABLE_EOF_CHECK, &error);

	if (table)
		*text += error.position;
	rows->headings = json_object_get(table, "headings");
	rows->data = json_object_get(table, "data");
	return table;
}

/**
 * vs_read() - read the bridges and their ports
 * @vs: set to them; to be freed also after an error
 */
bool vs_read(struct vswitch *vs)
{
	static const char *const argv[] = {
		VSCTL, "--format=json", "--",
		"--columns=name,ports,fail_mode,external_ids,mirrors,datapath_type,controller", "list",
		"bridge", "--",
		"--columns=_uuid,name,interfaces,tag,trunks", "list", "port", "--",
		"--columns=_uuid,name,ofport", "list", "interface", "--",
		"--columns=_uuid,name,select_src_port,select_dst_port,output_port", "list", "mirror", "--",
		"--columns=_uuid,target,external_ids", "list", "controller", NULL
	};
	struct database db;
	json_t *tables[5];
	const char *at;
	char *text;
	size_t i;

	memset(vs, 0, sizeof(*vs));
	if (!vs_run(argv, NULL, &text))
		return false;
	at = text;
	tables[0] = next_table(&at, &db.bridges);
	tables[1] = next_table(&at, &db.ports);
	tables[2] = next_table(&at, &db.interfaces);
	tables[3] = next_table(&at, &db.mirrors);
	tables[4] = next_table(&at, &db.controllers);
	if (!tables[0] || !tables[1] || !tables[2] || !tables[3] || !tables[4]) {
		for (i = 0; i < 5; i++)
			json_decref(tables[i]);
		free(text);
		return vs_fail("ovs-vsctl tells something else than tables in JSON");
	}
	db.port_index = index_of(&db.ports);
	db.interface_index = index_of(&db.interfaces);
	vs->bridge = calloc(json_array_size(db.bridges.data) + 1, sizeof(*vs->bridge));
	if (!vs->bridge)
		fail_out_of_memory();
	for (i = 0; i < json_array_size(db.bridges.data); i++)
		read_bridge(&db, i, &vs->bridge[vs->n++]);
	json_decref(db.port_index);
	json_decref(db.interface_index);
	for (i = 0; i < 5; i++)
		json_decref(tables[i]);
	free(text);
	return true;
}

/**
 * vs_free() - free what vs_read() made
 */
void vs_free(struct vswitch *vs)
{
	while (vs->n) {
		struct vs_bridge *bridge = &vs->bridge[--vs->n];

		while (bridge->n_mirrors) {
			struct vs_mirror *mirror = &bridge->mirrors[--bridge->n_mirrors];

			free(mirror->uuid);
			free(mirror->name);
			free(mirror->text);
		}
		free(bridge->mirrors);
		free(bridge->ports);
		free(bridge->name);
		free(bridge->fail_mode);
		free(bridge->before);
		free(bridge->controller);
		free(bridge->foreign_controller);
	}
	free(vs->bridge);
	vs->bridge = NULL;
}

/**
 * vs_bridge() - a bridge by its name, or NULL
 */
const struct vs_bridge *vs_bridge(const struct vswitch *vs, const char *name)
{
	size_t i;

	for (i = 0; i < vs->n; i++)
		if (!strcmp(vs->bridge[i].name, name))
			return &vs->bridge[i];
	return NULL;
}

static int find_port(const void *name, const void *port)
{
	return strcmp(name, ((const struct bridge_port *)port)->name);
}

/**
 * vs_bridge_of() - the bridge that has a port, or NULL
 */
const struct vs_bridge *vs_bridge_of(const struct vswitch *vs, const char *port)
{
	size_t i;

	for (i = 0; i < vs->n; i++)
		if (vs->bridge[i].n_ports &&
		    bsearch(port, vs->bridge[i].ports, vs->bridge[i].n_ports,
			    sizeof(struct bridge_port), find_port))
			return &vs->bridge[i];
	return NULL;
}

/**
 * vs_mark() - keep in the database what a bridge's fail mode was, or forget it (NULL)
 */
bool vs_mark(const char *bridge, const char *before)
{
	char *value = text_of("external_ids:" MARK "=%s", before ? before : "");
	const char *const set[] = { VSCTL, "--no-wait", "set", "bridge", bridge, value, NULL };
	const char *const remove[] = { VSCTL, "--no-wait", "remove", "bridge", bridge, "external_ids",
				       MARK, NULL };
	bool good = vs_run(before ? set : remove, NULL, NULL);

	free(value);
	return good;
}

/**
 * vs_has_groups() - does a bridge have OpenFlow groups or meters?
 *
 * They are somebody else's, and OVS forgets them with the flows, which only can be put back.
 *
 * Return: true as well if it does not tell; vs_error() says what is wrong.
 */
bool vs_has_groups(const char *bridge)
{
	static const char *const verbs[] = { "dump-groups", "dump-meters" };
	static const char *const each[] = { "group_id=", "meter=" };
	char *text;
	size_t i;
	bool has;

	for (i = 0; i < 2; i++) {
		const char *const argv[] = { "ovs-ofctl", "-O", "OpenFlow14", verbs[i], bridge, NULL };

		if (!vs_run(argv, NULL, &text))
			return true;
		has = strstr(text, each[i]);
		free(text);
		if (has)
			return !vs_fail("another program has groups or meters on `%s`, which OVS would forget "
					"with a change of the fail mode or the controller; remove them, or "
					"change that first: ovs-vsctl set-fail-mode %s", bridge, bridge);
	}
	return false;
}

/**
 * vs_set_fail_mode() - change the fail mode; "" for none. OVS then drops all flows.
 */
bool vs_set_fail_mode(const char *bridge, const char *mode)
{
	const char *const set[] = { VSCTL, "set-fail-mode", bridge, mode, NULL };
	const char *const del[] = { VSCTL, "del-fail-mode", bridge, NULL };

	return vs_run(*mode ? set : del, NULL, NULL);
}

/**
 * vs_set_controller() - have a bridge connect to a controller, or to none (NULL)
 *
 * It makes no hidden flows for the way there, which is not by the bridge. With its first
 * controller, and without its last one, OVS forgets all flows.
 */
bool vs_set_controller(const char *bridge, const char *target)
{
	static const char owner[] = "external_ids:" OWNER "=decoy";
	char *value = text_of("target=\"%s\"", target ? target : "");
	const char *const set[] = { VSCTL, "--", "--id=@c", "create", "controller", value,
				    "connection_mode=out-of-band", "max_backoff=1000",
				    owner, "--", "set", "bridge", bridge, "controller=@c", NULL };
	const char *const clear[] = { VSCTL, "clear", "bridge", bridge, "controller", NULL };
	bool good = vs_run(target ? set : clear, NULL, NULL);

	free(value);
	return good;
}

/* --- mirrors --------------------------------------------------------------- */

struct arguments {
	const char **argv;
	char **own;	/* those to be freed */
	size_t n, n_own;
};

static void argument(struct arguments *to, const char *text)
{
	to->argv = realloc(to->argv, (to->n + 2) * sizeof(*to->argv));
	if (!to->argv)
		fail_out_of_memory();
	to->argv[to->n++] = text;
	to->argv[to->n] = NULL;
}

static void own_argument(struct arguments *to, char *text)
{
	to->own = realloc(to->own, (to->n_own + 1) * sizeof(*to->own));
	if (!to->own)
		fail_out_of_memory();
	to->own[to->n_own++] = text;
	argument(to, text);
}

static int by_port_name(const void *a, const void *b)
{
	return strcmp(((const struct ovs_port *)a)->name, ((const struct ovs_port *)b)->name);
}

/* What mirror_text() would say once it is there. */
static char *wanted_text(const struct ovs *mirror)
{
	struct ovs_port *sorted = calloc(mirror->n_ports, sizeof(*sorted));
	char *text;
	size_t size, i, round;
	FILE *out = open_memstream(&text, &size);

	if (!out || !sorted)
		fail_out_of_memory();
	memcpy(sorted, mirror->ports, mirror->n_ports * sizeof(*sorted));
	qsort(sorted, mirror->n_ports, sizeof(*sorted), by_port_name);
	fprintf(out, "to %s", mirror->port.name);
	for (round = 0; round < 2; round++) {
		fputs(round ? " of" : " from", out);
		for (i = 0; i < mirror->n_ports; i++)
			fprintf(out, " %s", sorted[i].name);
	}
	fclose(out);
	free(sorted);
	return text;
}

static void create_mirror(struct arguments *to, const char *bridge, const struct ovs *mirror,
			  size_t number)
{
	char *list = text_of("%s", ""), *longer;
	size_t i;

	for (i = 0; i < mirror->n_ports; i++) {
		argument(to, "--");
		own_argument(to, text_of("--id=@p%zu_%zu", number, i));
		argument(to, "get");
		argument(to, "port");
		own_argument(to, text_of("%s", mirror->ports[i].name));
		longer = text_of("%s%s@p%zu_%zu", list, i ? "," : "", number, i);
		free(list);
		list = longer;
	}
	argument(to, "--");
	own_argument(to, text_of("--id=@o%zu", number));
	argument(to, "get");
	argument(to, "port");
	own_argument(to, text_of("%s", mirror->port.name));
	argument(to, "--");
	own_argument(to, text_of("--id=@m%zu", number));
	argument(to, "create");
	argument(to, "mirror");
	own_argument(to, text_of("name=" MIRROR "%s", mirror->port.name));
	own_argument(to, text_of("select_src_port=%s", list));
	own_argument(to, text_of("select_dst_port=%s", list));
	own_argument(to, text_of("output_port=@o%zu", number));
	argument(to, "--");
	argument(to, "add");
	argument(to, "bridge");
	argument(to, bridge);
	argument(to, "mirrors");
	own_argument(to, text_of("@m%zu", number));
	free(list);
}

/*
 * The @i-th statement as a mirror of those of its ports that are there; false if it is
 * none, or can be none now. Its @ports are to be freed.
 */
static bool possible_mirror(const struct bridge *desired, size_t i, struct ovs *mirror)
{
	const struct ovs *said = &desired->features.stmt[i]->ovs;
	size_t k;

	if (said->kind != OVS_MIRROR || !bridge_port(desired, said->port.name))
		return false;
	*mirror = *said;
	mirror->n_ports = 0;
	mirror->ports = calloc(said->n_ports, sizeof(*mirror->ports));
	if (!mirror->ports)
		fail_out_of_memory();
	for (k = 0; k < said->n_ports; k++)
		if (bridge_port(desired, said->ports[k].name))
			mirror->ports[mirror->n_ports++] = said->ports[k];
	if (!mirror->n_ports)
		free(mirror->ports);
	return mirror->n_ports;
}

static bool wanted(const struct bridge *desired, const struct vs_mirror *mirror)
{
	struct ovs possible;
	bool found = false;
	size_t i;

	for (i = 0; desired && i < desired->features.n && !found; i++) {
		char *text;

		if (!possible_mirror(desired, i, &possible))
			continue;
		text = wanted_text(&possible);
		found = !strcmp(text, mirror->text);
		free(text);
		free(possible.ports);
	}
	return found;
}

static bool there(const struct vs_bridge *bridge, const struct ovs *mirror)
{
	char *text = wanted_text(mirror);
	bool found = false;
	size_t i;

	for (i = 0; i < bridge->n_mirrors && !found; i++)
		found = !strncmp(bridge->mirrors[i].name, MIRROR, strlen(MIRROR)) &&
			!strcmp(bridge->mirrors[i].text, text);
	free(text);
	return found;
}

/**
 * vs_set_mirrors() - make the mirrors of a bridge those that are wanted
 * @desired: or NULL for none
 * @dry_run: only print what would be done
 *
 * Mirrors that others made are not touched.
 */
bool vs_set_mirrors(const struct vs_bridge *bridge, const struct bridge *desired, bool dry_run)
{
	static const char *const vsctl[] = { VSCTL, NULL };
	struct arguments to = { NULL, NULL, 0, 0 };
	bool good = true;
	size_t i, before;

	for (i = 0; vsctl[i]; i++)
		argument(&to, vsctl[i]);
	before = to.n;
	for (i = 0; i < bridge->n_mirrors; i++) {
		const struct vs_mirror *mirror = &bridge->mirrors[i];

		if (strncmp(mirror->name, MIRROR, strlen(MIRROR)) || wanted(desired, mirror))
			continue;
		argument(&to, "--");
		argument(&to, "remove");
		argument(&to, "bridge");
		argument(&to, bridge->name);
		argument(&to, "mirrors");
		argument(&to, mirror->uuid);
	}
	for (i = 0; desired && i < desired->features.n; i++) {
		struct ovs possible;

		if (!possible_mirror(desired, i, &possible))
			continue;
		if (!there(bridge, &possible))
			create_mirror(&to, bridge->name, &possible, i);
		free(possible.ports);
	}
	if (to.n > before && dry_run)
		vs_show(to.argv);
	else if (to.n > before)
		good = vs_run(to.argv, NULL, NULL);
	while (to.n_own)
		free(to.own[--to.n_own]);
	free(to.own);
	free(to.argv);
	return good;
}

/* --- flows ----------------------------------------------------------------- */

/**
 * vs_begin_dump() - ask for the flows of a bridge, as vs_dump(); vs_end() has them
 */
bool vs_begin_dump(struct process *run, const char *bridge, bool counters)
{
	const char *const argv[] = { OFCTL, counters ? "--stats" : "--no-stats", "dump-flows", bridge,
				     NULL };

	return vs_begin(run, argv, NULL);
}

/**
 * vs_dump() - the flows of a bridge as text, to be freed
 * @counters: with what they have counted; otherwise as they can be added again
 */
char *vs_dump(const char *bridge, bool counters)
{
	struct process run;
	char *text;

	return vs_begin_dump(&run, bridge, counters) && vs_end(&run, &text) ? text : NULL;
}

/**
 * vs_flows() - change the flows of a bridge: all of @text or nothing
 */
bool vs_flows(const char *bridge, const char *text)
{
	const char *const argv[] = { OFCTL, "--bundle", "add-flows", bridge, "-", NULL };

	return vs_run(argv, text, NULL);
}

/**
 * vs_begin_flows() - vs_flows(), of which vs_give() is to have the text
 */
bool vs_begin_flows(struct process *run, const char *bridge)
{
	const char *const argv[] = { OFCTL_ENDLESS, "--bundle", "add-flows", bridge, "-", NULL };

	return vs_begin_waiting(run, argv);
}

/**
 * vs_count() - how many flows of FlowWall's a bridge has, those learned left out; -1 after
 *	an error
 */
long vs_count(const char *bridge)
{
	char *cookie = text_of("cookie=0x%llx/0x%llx", COOKIE, COOKIE_MASK | 0xf0), *text;
	const char *const argv[] = { OFCTL, "dump-aggregate", bridge, cookie, NULL };
	const char *at;
	long count = -1;

	if (vs_run(argv, NULL, &text)) {
		at = strstr(text, "flow_count=");
		if (!at || sscanf(at, "flow_count=%ld", &count) != 1)
			count = -1;
		free(text);
	}
	free(cookie);
	return count;
}
