// SPDX-License-Identifier: GPL-2.0-or-later
/* What the bridges are to do; see desired.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../edit.h"
#include "../nl.h"
#include "desired.h"

/* Of so many bridges the answers are awaited at a time. */
#define ASKED_MOST	16

/**
 * clock_ms() - the time, in ms since some beginning
 */
double clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/**
 * desired_read() - read a file
 *
 * Return: false after a mistake; all of them have been reported.
 */
bool desired_read(const char *file, struct desired *desired)
{
	memset(desired, 0, sizeof(*desired));
	desired->groups.file = &desired->script;
	return parse_file(file, &desired->script);
}

/**
 * desired_module() - connect to the kernel module in a network namespace
 * @netns: its name, or NULL for the own one
 *
 * This program stays where it is: Open vSwitch's datapath is there. Return: as module_open().
 */
int desired_module(struct module **module, const char *netns)
{
	int own = netns ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
	int err = module_open(module, netns);

	if (own >= 0) {
		setns(own, CLONE_NEWNET);
		close(own);
	}
	return err;
}

/**
 * desired_groups() - read the groups of the kernel module, if it is loaded
 * @netns: the network namespace whose groups are meant, or NULL for the own one
 *
 * Return: false if it is there, but does not tell.
 */
bool desired_groups(struct desired *desired, const char *netns)
{
	struct module *module;
	int err, tries;
	bool good;

	script_free(&desired->groups.module);
	err = desired_module(&module, netns);
	good = err == -ENOENT && !module_refused(module);	/* not loaded */
	for (tries = 0; !err && tries < 100; tries++) {
		script_free(&desired->groups.module);
		err = module_ruleset(module, FLOWWALL_KIND_GROUP | FLOWWALL_KIND_MEMBER, NULL,
				     &desired->groups.module);
		good = !err;
		if (err == -EAGAIN)
			err = 0;
		else
			break;
	}
	if (!good)
		fprintf(stderr, "fwctl: %s\n", module_error(module));
	module_close(module);
	return good;
}

/* --- building -------------------------------------------------------------- */

static bool check_port(const struct vs_bridge *at, const struct bridge *bridge,
		       const struct ovs_port *port)
{
	char hint[512] = "", *to = hint;
	size_t i;

	if (bridge_port(bridge, port->name))
		return true;
	for (i = 0; i < at->n_ports && to < hint + 400; i++)
		to += sprintf(to, "%s%s", i ? ", " : "its ports are: ", at->ports[i].name);
	for (i = 0; i < at->n_ports; i++)
		if (!strcmp(at->ports[i].name, port->name)) {
			mistake(&port->place, "is there such an interface? see: ovs-vsctl show",
				"the port `%s` of `%s` has no number: OVS cannot open it",
				port->name, at->name);
			return false;
		}
	mistake(&port->place, hint, "`%s` is not a port of the bridge `%s`", port->name, at->name);
	return false;
}

static bool check_group(const struct desired *desired, const struct stmt *stmt,
			const struct endpoint *end)
{
	if (!*end->group || group_known(&desired->groups, end->group))
		return true;
	mistake(&stmt->place, "fwctl group add NAME MEMBER..., or a `group` in the file",
		"there is no group `%s`, or none that is within it, neither in the file nor in the kernel "
		"module; or they are more than four deep", end->group);
	return false;
}

static bool check_stmt(const struct desired *desired, const struct vs_bridge *at,
		       const struct bridge *bridge, const struct stmt *stmt)
{
	const struct ovs *ovs = &stmt->ovs;
	bool good = check_group(desired, stmt, &ovs->src) && check_group(desired, stmt, &ovs->dst);
	size_t i;

	for (i = 0; i < ovs->n_ports; i++)
		good &= check_port(at, bridge, &ovs->ports[i]);
	if (*ovs->port.name)
		good &= check_port(at, bridge, &ovs->port);
	if (ovs->kind == OVS_DECOY && at->foreign_controller) {
		mistake(&stmt->place, "ovs-vsctl del-controller BRIDGE; or another bridge",
			"`%s` has a controller already: %s", at->name, at->foreign_controller);
		good = false;
	}
	return good;
}

static bool check_bridge(const struct desired *desired, const struct vs_bridge *at,
			 const struct bridge *bridge)
{
	const struct stmts *const lists[] = { &bridge->features, &bridge->hosts, &bridge->segments };
	const struct stmt *many = segments_too_many(bridge);
	bool good = true;
	size_t i, k;

	for (i = 0; i < at->n_ports; i++) {
		if (at->ports[i].bond) {
			mistake(&bridge->declared->bridge_place,
				"have the kernel bond them (ip link add ... type bond), and that be the port",
				"the port `%s` is a member of a bond of OVS, of which each would get a copy",
				at->ports[i].name);
			good = false;
		}
		if (at->ports[i].vlans) {
			mistake(&bridge->declared->bridge_place,
				"ovs-vsctl clear port PORT tag trunks; or another bridge",
				"the port `%s` has VLANs in OVS (tag, trunks), which FlowWall would not keep",
				at->ports[i].name);
			good = false;
		}
	}
	for (i = 0; i < 3; i++)
		for (k = 0; k < lists[i]->n; k++)
			good &= check_stmt(desired, at, bridge, lists[i]->stmt[k]);
	if (many) {
		mistake(&many->place, "put some addresses into one group",
			"the segments of one bridge name more than 128 groups and lists of addresses");
		good = false;
	}
	return good;
}

/* Ports without a number are not there yet. */
static void take_ports(const struct vs_bridge *at, struct bridge *bridge)
{
	size_t i;

	bridge->ports = calloc(at->n_ports + 1, sizeof(*bridge->ports));
	if (!bridge->ports)
		fail_out_of_memory();
	for (i = 0; i < at->n_ports; i++)
		if (at->ports[i].number)
			bridge->ports[bridge->n_ports++] = at->ports[i];
}

static void take_stmts(const struct desired *desired, const struct vs_bridge *at,
		       struct bridge *bridge)
{
	size_t i;

	for (i = 0; i < desired->script.n; i++) {
		const struct stmt *stmt = &desired->script.stmt[i];
		const struct vs_bridge *of;

		if (stmt->kind != STMT_OVS || stmt->ovs.kind == OVS_BRIDGE)
			continue;
		if (stmt->ovs.kind == OVS_HOST) {
			of = vs_bridge_of(&desired->vs, stmt->ovs.port.name);
			/* A host that is nowhere: nobody is to have its addresses. */
			if (of && of != at)
				continue;
		} else if (strcmp(stmt->ovs.bridge, at->name)) {
			continue;
		}
		bridge_add(bridge, stmt);
	}
}

static bool build_one(struct desired *desired, const struct stmt *stmt, bool strict)
{
	const struct ovs *ovs = &stmt->ovs;
	const struct vs_bridge *at = vs_bridge(&desired->vs, ovs->bridge);
	struct bridge *bridge;
	char hint[128];

	if (!at && strict) {
		snprintf(hint, sizeof(hint), "ovs-vsctl add-br %s -- set-fail-mode %s secure",
			 ovs->bridge, ovs->bridge);
		mistake(&ovs->bridge_place, hint, "there is no bridge `%s`", ovs->bridge);
	}
	if (!at)
		return !strict;
	bridge = &desired->bridges[desired->n++];
	bridge->declared = ovs;
	bridge->groups = &desired->groups;
	take_ports(at, bridge);
	take_stmts(desired, at, bridge);
	if (strict && !check_bridge(desired, at, bridge))
		return false;
	bridge_flows(bridge, true, &desired->flows[desired->n - 1]);
	return true;
}

/**
 * desired_build() - make of the file, the groups and the switch what each bridge is to do
 * @strict: what is missing is a mistake; otherwise what needs it is left out
 *
 * The switch is in @desired->vs.
 *
 * Return: false after a mistake; all of them have been reported.
 */
bool desired_build(struct desired *desired, bool strict)
{
	bool good = true;
	size_t i;

	desired_forget(desired);
	desired->bridges = calloc(desired->script.n + 1, sizeof(*desired->bridges));
	desired->flows = calloc(desired->script.n + 1, sizeof(*desired->flows));
	if (!desired->bridges || !desired->flows)
		fail_out_of_memory();
	for (i = 0; i < desired->script.n; i++)
		if (desired->script.stmt[i].kind == STMT_OVS &&
		    desired->script.stmt[i].ovs.kind == OVS_BRIDGE)
			good &= build_one(desired, &desired->script.stmt[i], strict);
	/* A host at a port that no bridge of the file has. */
	for (i = 0; strict && i < desired->script.n; i++) {
		const struct ovs *ovs = &desired->script.stmt[i].ovs;
		const struct vs_bridge *at;

		if (desired->script.stmt[i].kind != STMT_OVS || ovs->kind != OVS_HOST)
			continue;
		at = vs_bridge_of(&desired->vs, ovs->port.name);
		if (at && bridge_wanted(desired, at->name))
			continue;
		if (at || !desired->n) {
			mistake(&ovs->port.place, "say: ovs bridge NAME secure",
				"the port `%s` belongs to no bridge of the file", ovs->port.name);
			good = false;
		}
	}
	return good;
}

/**
 * desired_regroup() - make flows anew, as the groups are others, and nothing else is
 *
 * Those of hosts are left out, which depend on no group.
 */
void desired_regroup(struct desired *desired)
{
	size_t i;

	for (i = 0; i < desired->n; i++) {
		of_free(&desired->flows[i]);
		bridge_flows(&desired->bridges[i], false, &desired->flows[i]);
	}
}

/**
 * desired_forget() - free what desired_build() made
 */
void desired_forget(struct desired *desired)
{
	while (desired->n) {
		desired->n--;
		bridge_free(&desired->bridges[desired->n]);
		of_free(&desired->flows[desired->n]);
	}
	free(desired->bridges);
	free(desired->flows);
	desired->bridges = NULL;
	desired->flows = NULL;
}

/**
 * desired_free() - free all of it
 */
void desired_free(struct desired *desired)
{
	desired_forget(desired);
	while (desired->n_asked)	/* a mistake came before the answer */
		vs_drop(&desired->asked[--desired->n_asked].run);
	free(desired->asked);
	vs_free(&desired->vs);
	script_free(&desired->groups.module);
	script_free(&desired->script);
}

/**
 * bridge_wanted() - does the file declare a bridge?
 */
bool bridge_wanted(const struct desired *desired, const char *name)
{
	size_t i;

	for (i = 0; i < desired->script.n; i++)
		if (desired->script.stmt[i].kind == STMT_OVS &&
		    desired->script.stmt[i].ovs.kind == OVS_BRIDGE &&
		    !strcmp(desired->script.stmt[i].ovs.bridge, name))
			return true;
	return false;
}

/* --- into the switch ------------------------------------------------------- */

/* A flow of somebody else's for just the same packets would be overwritten. */
static bool check_foreign(const char *bridge, const struct of_flows *old, const struct of_flows *new)
{
	size_t i;

	for (i = 0; i < old->n; i++)
		if ((old->flow[i].cookie & COOKIE_MASK) != COOKIE && of_find(new, old->flow[i].key))
			return vs_fail("on `%s`, another program has a flow where FlowWall needs one; give it "
				       "another priority, or remove it: table=%u,priority=%u,%s", bridge,
				       old->flow[i].table, old->flow[i].priority, old->flow[i].match);
	return true;
}

/**
 * desired_ask() - ask the bridges of the file, or the first of many, for their flows
 *
 * A switch takes longer to tell some thousand flows than it takes to make them: so it can
 * do so meanwhile. desired_look() takes the answer.
 */
void desired_ask(struct desired *desired)
{
	size_t i;

	desired->asked = calloc(ASKED_MOST, sizeof(*desired->asked));
	if (!desired->asked)
		fail_out_of_memory();
	for (i = 0; i < desired->script.n && desired->n_asked < ASKED_MOST; i++) {
		const struct stmt *stmt = &desired->script.stmt[i];
		struct asked *asked = &desired->asked[desired->n_asked];

		if (stmt->kind != STMT_OVS || stmt->ovs.kind != OVS_BRIDGE)
			continue;
		asked->bridge = stmt->ovs.bridge;
		if (vs_begin_dump(&asked->run, asked->bridge, true))
			desired->n_asked++;
	}
}

/**
 * desired_dump() - vs_dump() with counters of a bridge, which may have been asked before
 * @i: of the bridges
 */
char *desired_dump(struct desired *desired, size_t i)
{
	const char *name = desired->bridges[i].declared->bridge;
	struct process run;
	char *dump;
	size_t k;

	for (k = 0; k < desired->n_asked; k++) {
		if (strcmp(desired->asked[k].bridge, name))
			continue;
		run = desired->asked[k].run;
		desired->asked[k] = desired->asked[--desired->n_asked];
		vs_end(&run, &dump);
		return dump;
	}
	return vs_dump(name, true);
}

/**
 * desired_look() - the flows that a bridge has
 * @i: of the bridges
 * @old: set to them; to be freed
 *
 * Return: false after an error, see vs_error(); nothing is to be freed then.
 */
bool desired_look(struct desired *desired, size_t i, struct of_flows *old)
{
	const char *name = desired->bridges[i].declared->bridge;
	char *dump = desired_dump(desired, i);
	bool good;

	if (!dump)
		return false;
	good = of_read(dump, old) ||
	       vs_fail("ovs-ofctl tells flows of `%s` that cannot be read", name);
	free(dump);
	if (!good)
		of_free(old);
	return good;
}

/* The flow that OVS itself gives a bridge without a controller. */
static bool is_default(const struct of_flow *flow)
{
	return !flow->cookie && !flow->table && !flow->priority && !*flow->match &&
	       !strcmp(flow->actions, "NORMAL");
}

/* The flows of others, as they can be added again, but for the one that OVS adds itself. */
static char *foreign_flows(const struct vs_bridge *at)
{
	bool adds = strcmp(at->fail_mode, "secure") != 0;
	char *dump = vs_dump(at->name, false), *rest = dump, *line, *text;
	struct of_flows one;
	size_t size;
	FILE *out;

	if (!dump)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		fail_out_of_memory();
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *copied = strdup(line), *at;

		if (!copied)
			fail_out_of_memory();
		of_read(copied, &one);
		free(copied);
		if (one.n && (one.flow[0].cookie & COOKIE_MASK) != COOKIE &&
		    !(adds && is_default(&one.flow[0]))) {
			at = strstr(line, "reset_counts ");
			if (at)
				memset(at, ' ', strlen("reset_counts "));
			fprintf(out, "add %s\n", line);
		}
		of_free(&one);
	}
	fclose(out);
	free(dump);
	return text;
}

static const char *mode_of(const char *text)
{
	return strcmp(text, "none") ? text : "";
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* All that FlowWall has on a bridge, as lines that take it away. */
static char *our_flows(void)
{
	char text[FEATURES * 64 + 64] = "", *to = text;
	unsigned int i;

	for (i = 0; i <= FEATURES; i++)
		to += sprintf(to, "delete cookie=0x%llx/-1\n",
			      COOKIE | (i < FEATURES ? i : FEATURE_LEARNED));
	return text_of("%s", text);
}

/* From what there is to another fail mode and controller. */
static bool set_both(const struct vs_bridge *at, const char *mode, const char *controller)
{
	return (!strcmp(mode, at->fail_mode) || vs_set_fail_mode(at->name, mode)) &&
	       (is_same(controller, at->controller) || vs_set_controller(at->name, controller));
}

/*
 * A change of the fail mode or the controller makes OVS forget all flows: those of others
 * are put back, in the same bundle as @flows.
 */
static bool change_mode(const struct vs_bridge *at, const char *mode, const char *controller,
			const char *flows)
{
	char *foreign = vs_has_groups(at->name) ? NULL : foreign_flows(at), *ours = our_flows(), *all;
	sigset_t mask, before;
	bool good;

	if (!foreign) {
		free(ours);
		return false;
	}
	/* In between, nobody has the flows of others but this program, and what it runs. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &before);
	good = set_both(at, mode, controller);
	all = text_of("%s%s%s", ours, foreign, flows);
	if (good)
		good = vs_flows(at->name, all);
	if (!good) {	/* as it was */
		char problem[512];

		snprintf(problem, sizeof(problem), "%s", vs_error());
		if (vs_set_fail_mode(at->name, at->fail_mode) &&
		    (is_same(controller, at->controller) ||
		     vs_set_controller(at->name, at->controller)) && *foreign)
			vs_flows(at->name, foreign);
		vs_fail("%s", problem);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(all);
	free(ours);
	free(foreign);
	return good;
}

static bool lasting(const struct of_change *change)
{
	return change->removed || change->added;
}

static bool end_connections(const struct desired *desired, size_t i, struct outcome *outcome)
{
	const struct bridge *bridge = &desired->bridges[i];
	const struct vs_bridge *at = vs_bridge(&desired->vs, bridge->declared->bridge);

	outcome->bridge = bridge->declared->bridge;
	return !bridge->segments.n || vs_end_connections(at, bridge, &outcome->ended);
}

/**
 * desired_settle() - end connections that began while the datapath still knew what was before
 * @i: of the bridges
 * @outcome: they are added to it
 *
 * Return: false after an error, see vs_error().
 */
bool desired_settle(const struct desired *desired, size_t i, struct outcome *outcome)
{
	if (!desired->bridges[i].segments.n)
		return true;
	vs_wait_datapath();
	return end_connections(desired, i, outcome);
}

/**
 * desired_change() - make a bridge do what it is to do, knowing what it does
 * @i: of the bridges
 * @old: the flows that it has
 * @ready: of vs_begin_flows(), if that runs; it has ended if anything changed
 * @outcome: set to what was done
 *
 * All its flows change at once, or none. Some time later, desired_settle() is to follow.
 *
 * Return: false after an error, see vs_error().
 */
bool desired_change(const struct desired *desired, size_t i, const struct of_flows *old,
		    struct process *ready, struct outcome *outcome)
{
	struct of_change change;
	bool good = true;

	memset(outcome, 0, sizeof(*outcome));
	outcome->bridge = desired->bridges[i].declared->bridge;
	of_diff(old, &desired->flows[i], &change, NULL, NULL);
	outcome->removed = change.removed;
	outcome->added = change.added;
	if (lasting(&change)) {
		good = ready->program && vs_give(ready, change.text) ? vs_end(ready, NULL) :
		       vs_flows(outcome->bridge, change.text);
		outcome->at = clock_ms();
		good = good && end_connections(desired, i, outcome);
	}
	of_change_free(&change);
	return good;
}

/* As it was, and with the trouble that there was. */
static void unmark(const char *bridge)
{
	char problem[512];

	snprintf(problem, sizeof(problem), "%s", vs_error());
	vs_mark(bridge, NULL);
	vs_fail("%s", problem);
}

/**
 * desired_check() - does a bridge answer, and is there room for FlowWall's flows?
 * @i: of the bridges
 * @old: set to the flows that it has; to be freed
 *
 * Return: false if not, see vs_error(); nothing is to be freed then.
 */
bool desired_check(struct desired *desired, size_t i, struct of_flows *old)
{
	if (!desired_look(desired, i, old))
		return false;
	if (check_foreign(desired->bridges[i].declared->bridge, old, &desired->flows[i]))
		return true;
	of_free(old);
	return false;
}

/**
 * desired_controller() - the controller that a bridge is to have, or NULL
 * @text: room for it
 */
const char *desired_controller(const struct bridge *bridge, char text[CONTROLLER_TEXT])
{
	const struct stmt *decoy = bridge_decoy(bridge);

	if (!decoy)
		return NULL;
	print_controller(&decoy->ovs.controller, text, CONTROLLER_TEXT);
	return text;
}

/**
 * desired_install() - make a bridge do what it is to do
 * @i: of the bridges
 * @old: what desired_check() found
 * @outcome: set to what was done
 *
 * Some time later, desired_settle() is to follow. Return: false after an error, see
 * vs_error().
 */
bool desired_install(const struct desired *desired, size_t i, const struct of_flows *old,
		     struct outcome *outcome)
{
	const struct bridge *bridge = &desired->bridges[i];
	const struct vs_bridge *at = vs_bridge(&desired->vs, bridge->declared->bridge);
	bool secure = bridge->declared->secure && strcmp(at->fail_mode, "secure");
	char target[CONTROLLER_TEXT];
	const char *controller = desired_controller(bridge, target);
	struct of_change change;
	bool good, flows;

	memset(outcome, 0, sizeof(*outcome));
	outcome->bridge = at->name;
	of_diff(old, &desired->flows[i], &change, NULL, NULL);
	good = at->before || vs_mark(at->name, *at->fail_mode ? at->fail_mode : "none");
	if (good && (secure || !is_same(controller, at->controller))) {
		struct of_flows none = { NULL, 0 };

		of_change_free(&change);
		of_diff(&none, &desired->flows[i], &change, NULL, NULL);
		good = change_mode(at, bridge->declared->secure ? "secure" : at->fail_mode, controller,
				   change.text);
	} else if (good && lasting(&change)) {
		good = vs_flows(at->name, change.text);
	}
	flows = good;
	outcome->at = clock_ms();
	outcome->removed = change.removed;
	outcome->added = change.added;
	if (good)
		good = vs_set_mirrors(at, bridge, false);
	/* Also where no flow changes: it may have failed when they did. */
	if (good)
		good = end_connections(desired, i, outcome);
	if (!flows && !at->before)
		unmark(at->name);
	of_change_free(&change);
	return good;
}

/**
 * bridge_clear() - take all of FlowWall off a bridge
 * @zone: of its connections
 *
 * What others have there stays. Return: false after an error, see vs_error().
 */
bool bridge_clear(const struct vs_bridge *at, unsigned int zone)
{
	const char *mode = at->before ? mode_of(at->before) : at->fail_mode;
	char *ours = our_flows();
	bool good;

	if (strcmp(mode, at->fail_mode) || at->controller)
		good = change_mode(at, mode, NULL, "");
	else
		good = vs_flows(at->name, ours);
	free(ours);
	good = good && vs_set_mirrors(at, NULL, false);
	/* Some datapaths have nothing to forget, and say so. */
	if (good)
		vs_flush_zone(at, zone);
	return good && (!at->before || vs_mark(at->name, NULL));
}

/* --- what is in force ------------------------------------------------------ */

/**
 * state_read() - read what is in force: nothing, if there is no such file
 */
void state_read(struct script *script)
{
	memset(script, 0, sizeof(*script));
	if (!access(OVS_STATE, F_OK))
		parse_file(OVS_STATE, script);
}

static void put_line(const char *line, void *arg)
{
	fprintf(arg, "%s\n", line);
}

/**
 * state_write() - keep what is in force: the groups of the file, and what is about bridges
 */
bool state_write(const struct script *script)
{
	static const char new[] = OVS_STATE ".new";
	bool good;
	FILE *out;
	size_t i;

	mkdir(OVS_FOLDER, 0755);
	out = fopen(new, "we");
	if (!out)
		return false;
	fputs("# What is in force on the bridges; made by: fwctl ovs apply\nversion 1\n", out);
	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_OVS || script->stmt[i].kind == STMT_GROUP)
			statement_lines(&script->stmt[i], put_line, out);
	good = !ferror(out) && !fflush(out) && !fsync(fileno(out));
	return !fclose(out) && good && !rename(new, OVS_STATE);
}

/**
 * state_lock() - have nobody else change bridges
 * @wait: until nobody else does; otherwise, not to have it is an error
 *
 * What is in force is to be read behind it. Return: a file to be closed, or -1 with
 * vs_error() and errno.
 */
int state_lock(bool wait)
{
	int fd, err;

	mkdir(OVS_FOLDER, 0755);
	fd = open(OVS_FOLDER "/ovs.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && !flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB))
		return fd;
	err = errno;
	vs_fail("%s/ovs.lock cannot be locked: %s", OVS_FOLDER, strerror(err));
	if (fd >= 0)
		close(fd);
	errno = err;
	return -1;
}
