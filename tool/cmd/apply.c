// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl apply: put a file in the place of the running ruleset, or nothing of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fwctl.h"
#include "../machine/session.h"
#include "../out.h"
#include "../packet.h"

#define TRIES 100

struct request {
	const char *name;
	struct commit commit;
	bool force;
};

/* Groups first: rules may name them wherever they stand. Last what is not the module's. */
static int rank(const struct stmt *stmt)
{
	return stmt->kind == STMT_GROUP ? 0 : stmt->kind == STMT_OVS ? 2 : 1;
}

static int by_kind(const void *a, const void *b)
{
	const struct stmt *x = *(const struct stmt *const *)a;
	const struct stmt *y = *(const struct stmt *const *)b;
	int order = rank(x) - rank(y);

	return order ? order : (x > y) - (x < y);
}

/* How many statements are the module's. */
static size_t of_module(const struct script *script)
{
	size_t n = script->n;

	while (n && script->stmt[n - 1].kind == STMT_OVS)
		n--;
	return n;
}

/* The groups without their members, which may be groups that come later. */
static struct stmt *names_of_groups(const struct script *script, size_t *n)
{
	struct stmt *names;
	size_t i;

	for (*n = 0; *n < script->n && script->stmt[*n].kind == STMT_GROUP; ++*n)
		;
	names = calloc(*n + 1, sizeof(*names));
	if (!names)
		fail_out_of_memory();
	for (i = 0; i < *n; i++) {
		names[i] = script->stmt[i];
		names[i].group.members = NULL;
		names[i].group.n_members = 0;
	}
	return names;
}

/* All statements in one transaction. @bad: the one that the module refused. */
static int load(struct module *module, const struct script *script, struct commit *commit,
		const struct stmt **bad)
{
	size_t n_names;
	struct stmt *names = names_of_groups(script, &n_names);
	int tries, err = 0;

	for (tries = 0; tries < TRIES; tries++) {
		*bad = NULL;
		err = module_begin(module, FLOWWALL_MODE_REPLACE);
		if (!err)
			err = module_add(module, names, n_names, bad);
		if (err && *bad)
			*bad = &script->stmt[*bad - names];
		if (!err)
			err = module_add(module, script->stmt, of_module(script), bad);
		if (!err)
			err = module_commit(module, commit);
		if (err != -EAGAIN)
			break;
	}
	free(names);
	return err;
}

static bool has(const struct script *script, enum stmt_kind kind)
{
	size_t i;

	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == kind &&
		    (kind != STMT_ROLE || script->stmt[i].role.role != FLOWWALL_ROLE_NONE))
			return true;
	return false;
}

/* Without a role, every packet passes: a file that has lost its lines must not do that. */
static int would_open(struct module *module, const struct script *script, const char *name)
{
	static const char hint[] = "fwctl off opens the router; to apply it all the same: --force";
	struct script running = { .n = 0 };
	int status = DONE;

	if (has(script, STMT_ROLE))
		return DONE;
	if (!script->n)
		return wrong(hint, "%s has no statement: every packet would pass; nothing was changed",
			     name);
	if (has(script, STMT_RULE))
		return wrong(hint, "%s has rules, but no interface with a role: every packet would pass; "
			     "nothing was changed", name);
	if (module_ruleset(module, FLOWWALL_KIND_ROLE, NULL, &running))
		status = module_failed(module);
	else if (has(&running, STMT_ROLE))
		status = wrong(hint, "%s takes the roles from all interfaces: every packet would pass; "
			       "nothing was changed", name);
	script_free(&running);
	return status;
}

/* Has the module ask whether a new session like this one, if there is one, would pass. */
static int guard(struct request *request, struct ssh_session *session, struct raw_packet *packet)
{
	if (!ssh_session_find(session))
		return DONE;
	packet_build(&session->words, packet);
	switch (packet_route(&session->words, *session->iface ? session->iface : NULL, packet)) {
	case 0:
		request->commit.guard = packet;
		return DONE;
	case PACKET_HERE:
		return DONE;
	default:
		/* sshd is mostly in another namespace than one that is named. */
		if (options.netns)
			return DONE;
		return wrong("apply it all the same: --force",
			     "whether new ssh sessions like this one (%s) would pass is not known; "
			     "nothing was changed", session->text);
	}
}

static void tell(const struct request *request, const struct script *script)
{
	const struct commit *commit = &request->commit;
	size_t n = of_module(script), bridges = script->n - n;

	if (options.json) {
		out_json(json_pack("{s:i, s:b, s:I, s:I, s:I, s:o}", "schema", JSON_SCHEMA,
				   "applied", !commit->check,
				   "statements", (json_int_t)n, "ovs", (json_int_t)bridges,
				   "ended", (json_int_t)commit->ended,
				   "confirm", commit->confirm ? json_integer(commit->confirm) :
					      json_null()));
		return;
	}
	if (commit->check)
		printf("%s: %zu statements, all would be accepted; nothing was changed\n",
		       request->name, n);
	else if (options.verbose || commit->ended || isatty(STDOUT_FILENO))
		printf("%s: %zu statements in force, %u flow%s ended\n", request->name, n,
		       commit->ended, commit->ended == 1 ? "" : "s");
	if (bridges && !commit->check)
		printf("%zu statement%s about bridges: fwctl ovs apply %s\n", bridges,
		       bridges == 1 ? " is" : "s are", request->name);
	if (commit->confirm && !commit->check)
		printf("the ruleset of before comes back in %u s, unless: fwctl confirm\n",
		       commit->confirm);
}

static int apply(struct script *script, struct request *request)
{
	struct ssh_session session;
	struct raw_packet packet;
	struct module *module;
	const struct stmt *bad;
	int status = connect_module(&module), err;

	if (status)
		return status;
	if (!request->force)
		status = would_open(module, script, request->name) ?: guard(request, &session, &packet);
	if (status) {
		module_close(module);
		return status;
	}
	err = load(module, script, &request->commit, &bad);
	if (err == -ECONNREFUSED && request->commit.guard) {
		status = wrong("allow it in the file, or do it all the same: --force",
			       "this would lock out new ssh sessions like this one (%s); nothing was changed",
			       session.text);
	} else if (err && bad && module_refused(module)) {
		mistake(&bad->place, NULL, "%s", module_error(module));
		status = REFUSED;
	} else if (err) {
		status = module_failed(module);
	} else {
		tell(request, script);
	}
	module_close(module);
	return status;
}

static int read_arguments(int argc, char **argv, struct request *request)
{
	static const char hint[] = "fwctl apply FILE [--check] [--confirm SECONDS] [--force]";
	char *end;
	int i;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--check")) {
			request->commit.check = true;
		} else if (!strcmp(argv[i], "--force")) {
			request->force = true;
		} else if (!strcmp(argv[i], "--confirm")) {
			unsigned long seconds = i + 1 < argc ? strtoul(argv[i + 1], &end, 10) : 0;

			if (!seconds || *end || seconds > FLOWWALL_CONFIRM_LIMIT)
				return wrong(hint, "--confirm needs seconds, from 1 to %d",
					     FLOWWALL_CONFIRM_LIMIT);
			request->commit.confirm = seconds;
			i++;
		} else if (argv[i][0] == '-' && argv[i][1]) {
			return wrong(hint, "`%s` is not known here", argv[i]);
		} else if (request->name) {
			return wrong("one file may `include` others", "`apply` takes one file");
		} else {
			request->name = argv[i];
		}
	}
	return request->name ? DONE :
		wrong("fwctl apply FILE [--check]; FILE may be - for standard input",
		      "`apply` needs a file");
}

/* The statements in the order of rank(), each otherwise where it was. */
static void put_in_order(struct script *script)
{
	const struct stmt **order = calloc(script->n + 1, sizeof(*order));
	struct stmt *sorted = calloc(script->n + 1, sizeof(*sorted));
	size_t i;

	if (!order || !sorted)
		fail_out_of_memory();
	for (i = 0; i < script->n; i++)
		order[i] = &script->stmt[i];
	qsort(order, script->n, sizeof(*order), by_kind);
	for (i = 0; i < script->n; i++)
		sorted[i] = *order[i];
	free(script->stmt);
	free(order);
	script->stmt = sorted;
	script->room = script->n;
}

/**
 * cmd_apply() - fwctl apply FILE [--check] [--confirm SECONDS] [--force]
 */
int cmd_apply(int argc, char **argv)
{
	struct request request = { .name = NULL };
	struct script script;
	int status = read_arguments(argc, argv, &request);

	if (status)
		return status;
	if (parse_file(request.name, &script)) {
		put_in_order(&script);
		status = apply(&script, &request);
	} else {
		if (!options.json)
			fprintf(stderr, "fwctl: %u mistake%s in %s: nothing was changed\n",
				mistakes(), mistakes() == 1 ? "" : "s", request.name);
		status = REFUSED;
	}
	script_free(&script);
	return status;
}
