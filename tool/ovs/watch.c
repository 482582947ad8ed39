// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps the bridges as they are to be: follows the members of groups, the file of what
 * is in force, ports that come and go, and ovs-vswitchd, which has no flows when it
 * comes back.
 *
 * What it waits for: events of the kernel module; a change of the file (inotify); the
 * end of ovs-vswitchd (a pidfd); a change of OVS's interfaces (ovsdb-client). Once a
 * second it looks whether any of these has to be opened again, and every five whether
 * the flows are still there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fwctl.h"
#include "../nl.h"
#include "../out.h"
#include "../stop.h"
#include "desired.h"
#include "watch.h"

#define TICK		1000	/* ms */
#define RETRY		100	/* ms, while ovs-vswitchd is awaited */
#define CHECK		5	/* ticks */
#define SETTLE		300	/* ms without a change */
#define READY_MOST	16	/* bridges */
#define PATIENCE	5000	/* ms at most between attempts that fail */

/**
 * struct known - a bridge whose flows are known
 * @hosts: those of hosts
 * @others: those that may change with the groups
 * @ready: what waits to change them, as to start it takes longer than that
 */
struct known {
	struct of_flows hosts;
	struct of_flows others;
	struct process ready;
};

/**
 * struct watcher - what is known, and what is waited on
 * @desired: what the bridges are to do
 * @read: it is, from the file of what is in force
 * @known: for each bridge of @desired, what it has; none if that is not known
 * @events: the kernel module's, or NULL
 * @module: which one it is, as it can be unloaded and loaded again; 0 for none
 * @refused: it does not let us listen
 * @inotify: tells of the file
 * @vswitchd: ovs-vswitchd, or -1
 * @interfaces: what ovsdb-client says, or -1
 * @client: ovsdb-client
 * @groups_changed: the groups are to be read again
 * @switch_changed: the ports, too
 * @file_changed: everything
 * @retry_at: when to try again what failed, or 0
 * @pause: ms from one attempt to the next, more each time
 * @settle_at: when to look once more for connections that are not allowed, or 0
 */
struct watcher {
	const char *netns;
	struct desired desired;
	bool read;
	struct known *known;
	size_t n_known;
	struct module *events;
	ino_t module;
	bool refused;
	int inotify;
	int vswitchd;
	int interfaces;
	pid_t client;
	bool groups_changed;
	bool switch_changed;
	bool file_changed;
	double retry_at;
	double pause;
	double settle_at;
	char trouble[512];
};

/* Each trouble is told once, not each time that it is met. */
static void tell_trouble(struct watcher *w, const char *what)
{
	if (strcmp(w->trouble, what) && *what)
		wrong(NULL, "%s", what);
	snprintf(w->trouble, sizeof(w->trouble), "%s", what);
}

static void tell(const struct outcome *outcome, double begin)
{
	double ms = outcome->at > begin ? outcome->at - begin : 0;

	if (options.json)
		out_json(json_pack("{s:o, s:I, s:I, s:I, s:f}", "bridge", json_text(outcome->bridge),
				   "removed", (json_int_t)outcome->removed,
				   "added", (json_int_t)outcome->added,
				   "ended", (json_int_t)outcome->ended, "ms", ms));
	else
		printf("%s: %zu flows removed, %zu added, in force after %.0f ms; %ld connection%s ended\n",
		       outcome->bridge, outcome->removed, outcome->added, ms, outcome->ended,
		       outcome->ended == 1 ? "" : "s");
}

static void read_inotify(struct watcher *w)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	ssize_t n, at;

	while ((n = read(w->inotify, buffer, sizeof(buffer))) > 0)
		for (at = 0; at < n; at += sizeof(*event) + event->len) {
			event = (const void *)(buffer + at);
			if (event->len && !strcmp(event->name, "ovs.rules")) {
				w->file_changed = true;
				w->retry_at = w->pause = 0;
			}
		}
}

/* --- what the bridges have ------------------------------------------------- */

static void forget_known(struct watcher *w)
{
	while (w->n_known) {
		struct known *known = &w->known[--w->n_known];

		of_free(&known->hosts);
		of_free(&known->others);
		if (known->ready.program)
			vs_drop(&known->ready);
	}
	free(w->known);
	w->known = NULL;
}

/* What was to be is now what is; of the same bridges as before, if anything is known. */
static void keep_known(struct watcher *w)
{
	bool first = !w->known;
	size_t i;

	if (first) {
		w->n_known = w->desired.n;
		w->known = calloc(w->n_known + 1, sizeof(*w->known));
		if (!w->known)
			fail_out_of_memory();
	}
	for (i = 0; i < w->n_known; i++) {
		struct known *known = &w->known[i];

		if (first)
			of_split(&w->desired.flows[i], FEATURE_HOST, &known->hosts);
		of_free(&known->others);
		known->others = w->desired.flows[i];
		w->desired.flows[i] = (struct of_flows){ NULL, 0 };
		if (i < READY_MOST && !known->ready.program)	/* without it, changes take longer */
			vs_begin_flows(&known->ready, w->desired.bridges[i].declared->bridge);
	}
}

static bool read_file_again(struct watcher *w)
{
	struct stat st;

	if (w->read)
		desired_free(&w->desired);
	memset(&w->desired, 0, sizeof(w->desired));
	w->read = true;
	if (stat(OVS_STATE, &st))	/* nothing is in force */
		return true;
	if (desired_read(OVS_STATE, &w->desired))
		return true;
	/* The bridges stay as they are until it changes: to read it again would not help. */
	desired_free(&w->desired);
	memset(&w->desired, 0, sizeof(w->desired));
	w->file_changed = false;
	return vs_fail("%s is damaged: fwctl ovs apply FILE", OVS_STATE);
}

/* Flow by flow if it is known what there is, otherwise after a look. */
static bool install_one(struct watcher *w, size_t i, bool known, double begin)
{
	struct outcome outcome;
	struct of_flows old;
	bool good;

	if (known) {
		good = desired_change(&w->desired, i, &w->known[i].others, &w->known[i].ready, &outcome);
	} else {
		if (!desired_check(&w->desired, i, &old))
			return false;
		good = desired_install(&w->desired, i, &old, &outcome);
		of_free(&old);
	}
	/* Whether it went well or not: some of it may be done. */
	if (outcome.removed || outcome.added || outcome.ended) {
		w->settle_at = clock_ms() + SETTLE;
		if (good)
			tell(&outcome, begin);
	}
	return good;
}

/* Makes the bridges what they are to be; false with vs_error() if not yet. */
static bool install(struct watcher *w)
{
	bool known = w->known && !w->file_changed && !w->switch_changed, good = true;
	double begin = clock_ms();
	char problem[512];
	size_t i;

	if (!known)
		forget_known(w);
	if (w->file_changed && !read_file_again(w))
		return false;
	if ((w->file_changed || w->groups_changed) && !desired_groups(&w->desired, w->netns))
		return vs_fail("the groups of the kernel module cannot be read");
	if (w->file_changed || w->switch_changed) {
		vs_free(&w->desired.vs);
		if (!vs_read(&w->desired.vs))
			return false;
	}
	if (known)
		desired_regroup(&w->desired);
	else
		desired_build(&w->desired, false);
	/* A bridge that fails is no reason not to do the others; the first trouble is told. */
	for (i = 0; i < w->desired.n; i++)
		if (!install_one(w, i, known, begin) && good) {
			snprintf(problem, sizeof(problem), "%s", vs_error());
			good = false;
		}
	if (good)
		keep_known(w);
	else
		forget_known(w);
	return good || vs_fail("%s", problem);
}

/*
 * Nobody else changes bridges then; what was in force before that counts no more. It does
 * not wait, as a signal is to end it: while somebody else is at it, it comes back.
 */
static int lock_bridges(struct watcher *w)
{
	int lock = state_lock(false);

	if (lock < 0 && errno != EWOULDBLOCK)
		tell_trouble(w, vs_error());
	if (lock >= 0)
		read_inotify(w);
	return lock;
}

static void bring_about(struct watcher *w)
{
	int lock = lock_bridges(w);

	if (lock < 0)
		return;
	if (install(w)) {
		w->file_changed = w->switch_changed = w->groups_changed = false;
		w->retry_at = w->pause = 0;
		tell_trouble(w, "");
	} else {
		w->switch_changed = true;	/* from the beginning, soon */
		w->pause = w->pause ? 2 * w->pause : RETRY;
		if (w->pause > PATIENCE)
			w->pause = PATIENCE;
		w->retry_at = clock_ms() + w->pause;
		tell_trouble(w, vs_error());
	}
	close(lock);
}

/* While changes follow each other, that can wait: each of them ends what it forbids. */
static void settle(struct watcher *w)
{
	int lock = lock_bridges(w);
	bool good = true;
	size_t i;

	/* What is to be settled is another thing now; that comes first. */
	for (i = 0; lock >= 0 && !w->file_changed && i < w->desired.n; i++) {
		struct outcome outcome = { .ended = 0 };

		good &= desired_settle(&w->desired, i, &outcome);
		if (outcome.ended)
			tell(&outcome, clock_ms());
	}
	if (!good)
		tell_trouble(w, vs_error());
	if (lock < 0)
		return;
	if (good && !w->file_changed)
		w->settle_at = 0;
	else
		w->settle_at = clock_ms() + SETTLE;
	close(lock);
}

/* Somebody may have taken flows away, or put the bridge back. */
static void check_flows(struct watcher *w)
{
	size_t i;

	for (i = 0; i < w->n_known; i++)
		if (vs_count(w->desired.bridges[i].declared->bridge) !=
		    (long)(w->known[i].hosts.n + w->known[i].others.n))
			w->switch_changed = true;
}

/* --- what is waited for ---------------------------------------------------- */

static const char *run_folder(void)
{
	const char *folder = getenv("OVS_RUNDIR");

	return folder ? folder : "/var/run/openvswitch";
}

static void open_vswitchd(struct watcher *w)
{
	char *path = text_of("%s/ovs-vswitchd.pid", run_folder());
	FILE *file = fopen(path, "re");
	int pid;

	if (file && fscanf(file, "%d", &pid) == 1)
		w->vswitchd = syscall(SYS_pidfd_open, pid, 0);
	if (w->vswitchd >= 0) {
		w->switch_changed = true;
		w->retry_at = w->pause = 0;
	}
	if (file)
		fclose(file);
	free(path);
}

/* What the kernel still forwards was right; but nobody can change it any more. */
static void close_vswitchd(struct watcher *w)
{
	const char **names = calloc(w->desired.n + 1, sizeof(*names));
	size_t i;

	if (!names)
		fail_out_of_memory();
	for (i = 0; i < w->desired.n; i++)
		names[i] = w->desired.bridges[i].declared->bridge;
	vs_empty_datapath(&w->desired.vs, names, w->desired.n);
	free(names);
	close(w->vswitchd);
	w->vswitchd = -1;
	forget_known(w);
	tell_trouble(w, "ovs-vswitchd has ended: the bridges forward nothing until it is back");
}

static void open_interfaces(struct watcher *w)
{
	char *server = text_of("unix:%s/db.sock", run_folder());
	const char *const argv[] = { "ovsdb-client", "monitor", server, "Open_vSwitch", "Interface",
				     "name,ofport", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int fds[2];

	sigemptyset(&none);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		fail_out_of_memory();
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&w->client, argv[0], &actions, &attributes, (char *const *)argv, environ))
		w->client = -1;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(fds[1]);
	w->interfaces = fds[0];
	free(server);
}

static void close_interfaces(struct watcher *w)
{
	close(w->interfaces);
	w->interfaces = -1;
	if (w->client > 0) {
		kill(w->client, SIGTERM);
		waitpid(w->client, NULL, 0);
	}
	w->client = -1;
}

static void read_interfaces(struct watcher *w)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(w->interfaces, buffer, sizeof(buffer))) > 0)
		w->switch_changed = true;
	if (!n)		/* ovsdb-server has gone */
		close_interfaces(w);
}

/* The module may come, go, and be another one since. */
static void follow_module(struct watcher *w)
{
	struct stat st = { .st_ino = 0 };
	int err;

	if (stat("/sys/module/flowwall", &st))
		st.st_ino = 0;
	if (st.st_ino == w->module && (w->events || !st.st_ino))
		return;
	if (w->events)
		module_close(w->events);
	w->events = NULL;
	w->module = st.st_ino;
	w->groups_changed = true;
	if (!st.st_ino)
		return;
	err = desired_module(&w->events, w->netns);
	if (!err) {
		err = module_subscribe(w->events);
		w->refused = err == -EPERM;
	}
	if (err) {
		tell_trouble(w, module_error(w->events));
		module_close(w->events);
		w->events = NULL;
		w->module = 0;
	}
}

static void on_event(const struct event *event, void *arg)
{
	struct watcher *w = arg;

	if (event->kind == EVENT_GROUP || event->kind == EVENT_RULESET || event->kind == EVENT_LOST)
		w->groups_changed = true;
}

static void read_events(struct watcher *w)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	if (module_events(w->events, &mask, on_event, w) < 0)
		w->module = 0;	/* to be opened again */
}

static void wait_for_something(struct watcher *w, const sigset_t *signals, int timeout)
{
	struct timespec limit = { timeout / 1000, timeout % 1000 * 1000000L };
	struct pollfd fds[4] = {
		{ .fd = w->inotify, .events = POLLIN },
		{ .fd = w->vswitchd, .events = POLLIN },
		{ .fd = w->interfaces, .events = POLLIN },
		{ .fd = w->events ? module_socket(w->events) : -1, .events = POLLIN },
	};

	if (ppoll(fds, 4, &limit, signals) <= 0)
		return;
	if (fds[0].revents)
		read_inotify(w);
	if (fds[1].revents)
		close_vswitchd(w);
	if (fds[2].revents)
		read_interfaces(w);
	if (fds[3].revents)
		read_events(w);
}

static void watch(struct watcher *w, const sigset_t *signals)
{
	bool ready = false;
	unsigned int ticks = 0;
	double tick = 0;

	while (!stopped()) {
		bool waiting = w->vswitchd < 0 || w->file_changed || w->switch_changed ||
			       w->groups_changed;

		if (w->vswitchd < 0)
			open_vswitchd(w);
		if (clock_ms() - tick >= TICK) {
			tick = clock_ms();
			follow_module(w);
			if (w->refused)
				break;
			if (w->interfaces < 0)
				open_interfaces(w);
			if (w->vswitchd >= 0 && ++ticks % CHECK == 0)
				check_flows(w);
		}
		if (w->vswitchd >= 0 && clock_ms() >= w->retry_at &&
		    (w->file_changed || w->switch_changed || w->groups_changed)) {
			bring_about(w);
			fflush(stdout);
			waiting = w->file_changed || w->switch_changed || w->groups_changed;
		}
		if (!waiting && w->settle_at && clock_ms() >= w->settle_at) {
			settle(w);
			fflush(stdout);
		}
		if (!ready)	/* what there is is in force, or waited for */
			tell_ready();
		ready = true;
		wait_for_something(w, signals, waiting || w->settle_at ? RETRY : TICK);
	}
}

/**
 * ovs_watch() - keep the bridges as they are to be, until a signal
 *
 * Return: enum status; an error has been reported.
 */
int ovs_watch(const char *netns)
{
	struct watcher w = { .netns = netns, .inotify = -1, .vswitchd = -1, .interfaces = -1,
			     .client = -1, .file_changed = true };
	sigset_t before;

	stop_on_signals(&before);
	if (!desired_groups(&w.desired, netns))
		return FAILED;
	w.read = true;
	mkdir(OVS_FOLDER, 0755);
	w.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w.inotify < 0 || inotify_add_watch(w.inotify, OVS_FOLDER, IN_MOVED_TO | IN_DELETE) < 0) {
		wrong(NULL, "%s cannot be watched: %s", OVS_FOLDER, strerror(errno));
		return FAILED;
	}
	watch(&w, &before);
	if (w.interfaces >= 0)
		close_interfaces(&w);
	if (w.events)
		module_close(w.events);
	if (w.vswitchd >= 0)
		close(w.vswitchd);
	close(w.inotify);
	forget_known(&w);
	if (w.read)
		desired_free(&w.desired);
	return w.refused ? REFUSED : DONE;
}
