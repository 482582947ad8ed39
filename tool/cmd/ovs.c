// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl ovs: taps, coprocessors and segments on Open vSwitch bridges. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fwctl.h"
#include "../out.h"
#include "../ovs/desired.h"
#include "../ovs/setup_host.h"
#include "../ovs/watch.h"

const char *const ovs_verbs[] = {
	"show", "apply", "diff", "clear", "watch", "setup-host", NULL
};

struct arguments {
	const char *name;
	bool dry_run;
};

static int failed(void)
{
	wrong(NULL, "%s", vs_error());
	return FAILED;
}

/* One word at most, and --dry-run. */
static int read_arguments(int argc, char **argv, const char *hint, struct arguments *to)
{
	int i;

	memset(to, 0, sizeof(*to));
	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--dry-run"))
			to->dry_run = true;
		else if (no_option(hint, argv[i]))
			return REFUSED;
		else if (to->name)
			return wrong(hint, "`%s` is not known here", argv[i]);
		else
			to->name = argv[i];
	}
	return DONE;
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/*
 * A file, the groups, the switch, and all made of them. @lock: set to that of the bridges,
 * -1 if it is not there yet; or NULL. The file, which may take its time, is read before.
 */
static int prepare(const char *file, bool strict, int *lock, struct desired *desired)
{
	if (!desired_read(file, desired)) {
		if (!options.json)
			fprintf(stderr, "fwctl: %u mistake%s in %s: nothing was changed\n", mistakes(),
				mistakes() == 1 ? "" : "s", file);
		return REFUSED;
	}
	if (lock)
		*lock = state_lock(true);
	if (lock && *lock < 0)
		return failed();
	desired_ask(desired);
	if (!desired_groups(desired, options.netns))
		return FAILED;
	if (!vs_read(&desired->vs))
		return failed();
	return desired_build(desired, strict) ? DONE : REFUSED;
}

/* --- apply ----------------------------------------------------------------- */

/* FlowWall is on a bridge of which the file says nothing. */
static bool will_be_cleared(const struct desired *desired, const struct vs_bridge *at)
{
	return at->before && !bridge_wanted(desired, at->name);
}

static bool print_plan(struct desired *desired)
{
	char text[CONTROLLER_TEXT];
	struct of_change change;
	struct of_flows old;
	size_t i, k;

	for (i = 0; i < desired->n; i++) {
		const struct bridge *bridge = &desired->bridges[i];
		const struct vs_bridge *at = vs_bridge(&desired->vs, bridge->declared->bridge);
		const char *controller;

		if (bridge->declared->secure && strcmp(at->fail_mode, "secure"))
			printf("ovs-vsctl set-fail-mode %s secure\n", at->name);
		controller = desired_controller(bridge, text);
		if (controller && (!at->controller || strcmp(controller, at->controller)))
			printf("ovs-vsctl set-controller %s %s\n", at->name, controller);
		if (!controller && at->controller)
			printf("ovs-vsctl del-controller %s\n", at->name);
		vs_set_mirrors(at, bridge, true);
		for (k = 0; k < bridge->n_ports; k++)
			printf("# port %u is %s\n", bridge->ports[k].number, bridge->ports[k].name);
		if (!desired_look(desired, i, &old))
			return false;
		of_diff(&old, &desired->flows[i], &change, NULL, NULL);
		printf("ovs-ofctl -O OpenFlow14 --bundle add-flows %s - <<FLOWS\n%sFLOWS\n", at->name,
		       change.text);
		of_change_free(&change);
		of_free(&old);
	}
	for (i = 0; i < desired->vs.n; i++)
		if (will_be_cleared(desired, &desired->vs.bridge[i]))
			printf("fwctl ovs clear %s\n", desired->vs.bridge[i].name);
	return true;
}

/* A person is to know of them: they are left alone, and may be meant so. */
static void say_others_first(const char *bridge, size_t n, const struct of_flow *first)
{
	if (n)
		fprintf(stderr, "fwctl: on `%s`, %zu flow%s of other programs come%s before FlowWall's, "
			"which do not see what %s: table=%u,priority=%u%s%s\n", bridge, n,
			n == 1 ? "" : "s", n == 1 ? "s" : "", n == 1 ? "it matches" : "they match; the first",
			first->table, first->priority, *first->match ? "," : "", first->match);
}

static void tell(const struct outcome *outcome, size_t others_first, double begin, json_t *list)
{
	if (list)
		json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:I, s:I, s:f}",
			"bridge", json_text(outcome->bridge),
			"removed", (json_int_t)outcome->removed,
			"added", (json_int_t)outcome->added, "ended", (json_int_t)outcome->ended,
			"others_first", (json_int_t)others_first,
			"ms", outcome->at - begin));
	else
		printf("%s: %zu flows removed, %zu added, %ld connection%s ended\n", outcome->bridge,
		       outcome->removed, outcome->added, outcome->ended,
		       outcome->ended == 1 ? "" : "s");
}

static unsigned int zone_in(const struct script *script, const char *name)
{
	struct ovs unsaid = { .kind = OVS_BRIDGE };
	size_t i;

	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_OVS && script->stmt[i].ovs.kind == OVS_BRIDGE &&
		    !strcmp(script->stmt[i].ovs.bridge, name))
			return ovs_zone(&script->stmt[i].ovs);
	snprintf(unsaid.bridge, sizeof(unsaid.bridge), "%s", name);
	return ovs_zone(&unsaid);
}

/* @before: what was in force. */
static bool clear_others(const struct desired *desired, const struct script *before)
{
	bool good = true;
	size_t i;

	for (i = 0; i < desired->vs.n && good; i++) {
		const struct vs_bridge *at = &desired->vs.bridge[i];

		if (will_be_cleared(desired, at))
			good = bridge_clear(at, zone_in(before, at->name));
	}
	return good;
}

/* Whatever it does, a bridge does again what @old says, or what it did without FlowWall. */
static bool put_back_one(struct desired *old, const struct script *before, const char *name)
{
	const struct vs_bridge *at = vs_bridge(&old->vs, name);
	struct outcome outcome;
	struct of_flows there;
	bool good;
	size_t i;

	for (i = 0; i < old->n; i++) {
		if (strcmp(old->bridges[i].declared->bridge, name))
			continue;
		if (!desired_check(old, i, &there))
			return false;
		good = desired_install(old, i, &there, &outcome) &&
		       desired_settle(old, i, &outcome);
		of_free(&there);
		return good;
	}
	return !at || !at->before || bridge_clear(at, zone_in(before, name));
}

/*
 * After an error: the first @n bridges may have changed. What was in force is so again, and
 * what is told is the error.
 */
static void put_back(const struct desired *desired, size_t n, const struct script *before)
{
	struct desired old = { .n = 0 };
	char problem[512];
	bool good;
	size_t i;

	snprintf(problem, sizeof(problem), "%s", vs_error());
	good = !exists(OVS_STATE) || desired_read(OVS_STATE, &old);
	good = good && desired_groups(&old, options.netns) && vs_read(&old.vs);
	if (good)
		desired_build(&old, false);
	for (i = 0; i < n && good; i++)
		good = put_back_one(&old, before, desired->bridges[i].declared->bridge);
	if (good)
		vs_fail("%s: nothing was changed", problem);
	else
		vs_fail("%s; and what was in force before is not back: fwctl ovs apply %s", problem,
			OVS_STATE);
	desired_free(&old);
}

static int install(struct desired *desired, double begin)
{
	json_t *list = options.json ? json_array() : NULL;
	struct outcome *outcomes = calloc(desired->n + 1, sizeof(*outcomes));
	struct of_flows *old = calloc(desired->n + 1, sizeof(*old));
	size_t checked = 0, changed = 0, others_first, i;
	const struct of_flow *first;
	struct script before;
	bool good;

	if (!outcomes || !old)
		fail_out_of_memory();
	state_read(&before);
	/* What can go wrong is to do so before anything has changed. */
	while (checked < desired->n && desired_check(desired, checked, &old[checked]))
		checked++;
	good = checked == desired->n;
	for (i = 0; i < desired->n && good; i++) {
		good = desired_install(desired, i, &old[i], &outcomes[i]) &&
		       desired_settle(desired, i, &outcomes[i]);
		changed = i + 1;
	}
	if (good && !state_write(&desired->script))
		good = vs_fail("%s cannot be written: %s", OVS_STATE, strerror(errno));
	if (!good && changed)
		put_back(desired, changed, &before);
	for (i = 0; i < desired->n && good; i++) {
		others_first = of_others_first(&old[i], &desired->flows[i], &first);
		tell(&outcomes[i], others_first, begin, list);
		say_others_first(outcomes[i].bridge, others_first, first);
	}
	good = good && clear_others(desired, &before);
	while (checked)
		of_free(&old[--checked]);
	free(old);
	script_free(&before);
	free(outcomes);
	if (list)
		out_json(json_pack("{s:i, s:b, s:o}", "schema", JSON_SCHEMA, "applied", good,
				   "bridges", list));
	return good ? DONE : failed();
}

static int apply(int argc, char **argv)
{
	static const char hint[] = "fwctl ovs apply FILE [--dry-run]; FILE may be - for standard input";
	struct arguments arguments;
	struct desired desired;
	int status = read_arguments(argc, argv, hint, &arguments), lock = -1;
	double begin = clock_ms();

	if (status)
		return status;
	if (!arguments.name)
		return wrong(hint, "`ovs apply` needs a file");
	if (arguments.dry_run && options.json)
		return wrong("fwctl -j ovs diff FILE", "`--dry-run` prints commands, not JSON");
	status = prepare(arguments.name, true, arguments.dry_run ? NULL : &lock, &desired);
	if (!status && arguments.dry_run)
		status = print_plan(&desired) ? DONE : failed();
	else if (!status)
		status = install(&desired, begin);
	desired_free(&desired);
	if (lock >= 0)
		close(lock);
	return status;
}

/* --- diff ------------------------------------------------------------------ */

struct output {
	size_t n;
	const char *bridge;
	json_t *remove;
	json_t *add;
};

static void emit(char sign, const struct of_flow *flow, void *arg)
{
	struct output *output = arg;
	char *line = text_of("%s cookie=0x%llx,table=%u,priority=%u%s%s actions=%s", output->bridge,
			     (unsigned long long)flow->cookie, flow->table, flow->priority,
			     *flow->match ? "," : "", flow->match, flow->actions);

	output->n++;
	if (output->add)
		json_array_append_new(sign == '-' ? output->remove : output->add, json_text(line));
	else
		printf("%s%c %s%s\n", paint(sign == '-' ? RED : GREEN), sign, line, paint(PLAIN));
	free(line);
}

/* All that FlowWall has on a bridge goes. */
static void emit_clear(const char *bridge, struct output *output)
{
	char *line = text_of("fwctl ovs clear %s", bridge);

	output->n++;
	if (output->remove)
		json_array_append_new(output->remove, json_text(line));
	else
		printf("%s- %s%s\n", paint(RED), line, paint(PLAIN));
	free(line);
}

static int diff(int argc, char **argv)
{
	static const char hint[] = "fwctl ovs diff [FILE]";
	struct output output = { .n = 0 };
	struct arguments arguments;
	struct of_change change;
	struct desired desired;
	struct of_flows old;
	int status = read_arguments(argc, argv, hint, &arguments);
	size_t i;

	if (status)
		return status;
	if (!arguments.name && !exists(OVS_STATE))
		return wrong(hint, "nothing is in force on a bridge: name a file");
	/* What cannot be compared is neither the same nor another. */
	if (prepare(arguments.name ? arguments.name : OVS_STATE, true, NULL, &desired))
		status = FAILED;
	if (options.json) {
		output.remove = json_array();
		output.add = json_array();
	}
	for (i = 0; !status && i < desired.n; i++) {
		output.bridge = desired.bridges[i].declared->bridge;
		if (!desired_look(&desired, i, &old)) {
			status = failed();
			break;
		}
		of_diff(&old, &desired.flows[i], &change, emit, &output);
		of_change_free(&change);
		of_free(&old);
	}
	for (i = 0; !status && i < desired.vs.n; i++)
		if (will_be_cleared(&desired, &desired.vs.bridge[i]))
			emit_clear(desired.vs.bridge[i].name, &output);
	if (options.json && !status)
		out_json(json_pack("{s:i, s:O, s:O}", "schema", JSON_SCHEMA, "remove", output.remove,
				   "add", output.add));
	json_decref(output.remove);
	json_decref(output.add);
	desired_free(&desired);
	return status ? status : output.n ? REFUSED : DONE;
}

/* --- show ------------------------------------------------------------------ */

/* What a statement's flows have counted: those that the bridge has. */
static void count(const struct of_flows *wanted, const struct of_flows *there,
		  const struct stmt *stmt, uint64_t *packets, uint64_t *bytes, size_t *missing)
{
	size_t i;

	*packets = *bytes = *missing = 0;
	for (i = 0; i < wanted->n; i++) {
		const struct of_flow *flow = &wanted->flow[i], *is;

		if (flow->why != stmt)
			continue;
		is = of_find(there, flow->key);
		*missing += !is;
		/* Those that only lead on to others would count twice. */
		if (is && flow->table != TABLE_TAP && flow->table != TABLE_AFTER) {
			*packets += is->packets;
			*bytes += is->bytes;
		}
	}
}

static void show_stmt(const struct of_flows *wanted, const struct of_flows *there,
		      const struct stmt *stmt, json_t *list)
{
	char line[STMT_TEXT], bytes_text[32];
	uint64_t packets, bytes;
	size_t missing;

	print_stmt(stmt, line, sizeof(line));
	count(wanted, there, stmt, &packets, &bytes, &missing);
	if (list)
		json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:I}", "text", json_text(line),
			"packets", (json_int_t)packets, "bytes", (json_int_t)bytes,
			"missing", (json_int_t)missing));
	else
		printf("  %s\n      %llu packets, %s%s\n", line, (unsigned long long)packets,
		       human_bytes(bytes, bytes_text, sizeof(bytes_text)),
		       missing ? "; flows are MISSING: fwctl ovs apply" : "");
}

static void show_bridge(const struct desired *desired, size_t i, const struct of_flows *there,
			json_t *bridges)
{
	const struct bridge *bridge = &desired->bridges[i];
	const struct stmts *const lists[] = { &bridge->features, &bridge->hosts, &bridge->segments };
	const struct vs_bridge *at = vs_bridge(&desired->vs, bridge->declared->bridge);
	json_t *list = bridges ? json_array() : NULL;
	size_t ours = 0, learned = 0, others_first, k, n;
	const struct of_flow *first;

	for (k = 0; k < there->n; k++) {
		ours += of_ours(&there->flow[k]);
		learned += there->flow[k].cookie == (COOKIE | FEATURE_LEARNED);
	}
	if (!bridges)
		printf("%s%s%s: fail-mode %s, %zu ports, %zu flows, %zu addresses learned, %zu flows of others\n",
		       paint(BOLD), at->name, paint(PLAIN), *at->fail_mode ? at->fail_mode : "none",
		       bridge->n_ports, ours, learned, there->n - ours - learned);
	others_first = of_others_first(there, &desired->flows[i], &first);
	say_others_first(at->name, others_first, first);
	for (k = 0; k < 3; k++)
		for (n = 0; n < lists[k]->n; n++)
			show_stmt(&desired->flows[i], there, lists[k]->stmt[n], list);
	if (bridges)
		json_array_append_new(bridges, json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}",
			"bridge", json_text(at->name), "fail_mode", json_text(at->fail_mode),
			"ports", (json_int_t)bridge->n_ports, "flows", (json_int_t)ours,
			"learned", (json_int_t)learned,
			"others", (json_int_t)(there->n - ours - learned),
			"others_first", (json_int_t)others_first, "statements", list));
}

static int show(int argc, char **argv)
{
	json_t *bridges = options.json ? json_array() : NULL;
	struct desired desired = { .n = 0 };
	struct of_flows there;
	int status = no_arguments(argc, argv);
	char *dump;
	size_t i;

	if (!status && exists(OVS_STATE))
		status = prepare(OVS_STATE, false, NULL, &desired);
	for (i = 0; !status && i < desired.n; i++) {
		dump = desired_dump(&desired, i);
		if (!dump) {
			status = failed();
			break;
		}
		of_read(dump, &there);	/* what it understands of it */
		free(dump);
		show_bridge(&desired, i, &there, bridges);
		of_free(&there);
	}
	if (bridges && !status)
		out_json(json_pack("{s:i, s:O}", "schema", JSON_SCHEMA, "bridges", bridges));
	else if (!status && !i)
		puts("nothing is in force on a bridge; fwctl ovs apply FILE");
	json_decref(bridges);
	desired_free(&desired);
	return status;
}

/* --- clear ----------------------------------------------------------------- */

/* A host is on the bridge that has its port. */
static bool about(const struct stmt *stmt, const struct vswitch *vs, const char *name)
{
	const struct vs_bridge *bridge;

	if (stmt->kind != STMT_OVS || stmt->ovs.kind != OVS_HOST)
		return stmt->kind == STMT_OVS && !strcmp(stmt->ovs.bridge, name);
	bridge = vs_bridge_of(vs, stmt->ovs.port.name);
	return bridge && !strcmp(bridge->name, name);
}

/* All but one bridge stays in force; without the last one there is nothing to keep. */
static bool drop_state(struct script *script, const struct vswitch *vs, const char *bridge)
{
	size_t i, n = 0, bridges = 0;

	for (i = 0; i < script->n; i++) {
		if (about(&script->stmt[i], vs, bridge)) {
			stmt_free(&script->stmt[i]);
			continue;
		}
		bridges += script->stmt[i].kind == STMT_OVS && script->stmt[i].ovs.kind == OVS_BRIDGE;
		script->stmt[n++] = script->stmt[i];
	}
	script->n = n;
	if (bridges)
		return state_write(script);
	return !unlink(OVS_STATE) || errno == ENOENT;
}

static int clear_bridges(const char *name)
{
	json_t *list = options.json ? json_array() : NULL;
	struct script state;
	struct vswitch vs;
	bool good = vs_read(&vs), found = false;
	int status = DONE;
	size_t i;

	state_read(&state);
	for (i = 0; i < vs.n && good; i++) {
		const struct vs_bridge *at = &vs.bridge[i];

		if (name ? strcmp(name, at->name) : !at->before)
			continue;
		found = true;
		good = bridge_clear(at, zone_in(&state, at->name)) &&
		       (drop_state(&state, &vs, at->name) ||
			vs_fail("%s cannot be written: %s", OVS_STATE, strerror(errno)));
		if (good && list)
			json_array_append_new(list, json_text(at->name));
		else if (good)
			printf("%s: nothing of FlowWall is left on it\n", at->name);
	}
	if (!good)
		status = failed();
	else if (name && !found)
		status = wrong("see: ovs-vsctl list-br", "there is no bridge `%s`", name);
	else if (!name)		/* bridges that are not there any more */
		unlink(OVS_STATE);
	if (list)
		out_json(json_pack("{s:i, s:o}", "schema", JSON_SCHEMA, "cleared", list));
	script_free(&state);
	vs_free(&vs);
	return status;
}

static int clear(int argc, char **argv)
{
	struct arguments arguments;
	int status = read_arguments(argc, argv, "fwctl ovs clear [BRIDGE]", &arguments), lock;

	if (status)
		return status;
	lock = state_lock(true);
	if (lock < 0)
		return failed();
	status = clear_bridges(arguments.name);
	close(lock);
	return status;
}

static int setup_host(int argc, char **argv)
{
	bool dry_run = false;
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--dry-run"))
			dry_run = true;
		else
			argv[n++] = argv[i];
	}
	return ovs_setup_host(n, argv, dry_run);
}

/**
 * cmd_ovs() - fwctl ovs [show | apply FILE | diff [FILE] | clear [BRIDGE] | watch |
 *	setup-host NAME ...]
 */
int cmd_ovs(int argc, char **argv)
{
	const char *verb;

	/* "fwctl ovs coprocessor setup-host" */
	if (argc > 1 && !strcmp(argv[0], "coprocessor") && !strcmp(argv[1], "setup-host")) {
		argc--;
		argv++;
	}
	verb = argc ? match_verb(argv[0], ovs_verbs) : "show";
	if (!verb)
		return wrong("fwctl ovs --help", "`%s` is not known here", argv[0]);
	if (argc) {
		argc--;
		argv++;
	}
	if (!strcmp(verb, "show"))
		return show(argc, argv);
	if (!strcmp(verb, "apply"))
		return apply(argc, argv);
	if (!strcmp(verb, "diff"))
		return diff(argc, argv);
	if (!strcmp(verb, "clear"))
		return clear(argc, argv);
	if (!strcmp(verb, "watch"))
		return no_arguments(argc, argv) ?: ovs_watch(options.netns);
	return setup_host(argc, argv);
}
