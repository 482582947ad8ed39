// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl decoy: an OpenFlow controller that answers for hosts that do not exist. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../decoy/learn.h"
#include "../decoy/options.h"
#include "../decoy/report.h"
#include "../decoy/server.h"
#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"
#include "../ovs/desired.h"
#include "../privileges.h"
#include "../stop.h"

const char *const decoy_verbs[] = { "report", NULL };

/* How often events are looked for, in ms. */
#define TELL_MS		1000

/* What a switch complains of, and who may not be one, is told so often in a minute. */
#define TROUBLES	10

/**
 * struct run - all that is in use while it runs
 * @log: where events go as JSON, or NULL: to standard output
 * @module: for --block, or NULL
 * @told: when visitors were told of last, in ms
 * @troubles: what switches complained of; @refusals: who may not be one
 */
static struct run {
	struct decoy_options options;
	struct server server;
	struct decoy decoy;
	struct learn *learn;
	FILE *log;
	struct module *module;
	uint64_t told;
	struct complaints {
		unsigned int n;
		uint64_t since;
	} troubles, refusals;
} run;

/* --- telling --------------------------------------------------------------- */

static void tell(void *arg, json_t *event)
{
	(void)arg;
	if (run.log) {
		json_dumpf(event, run.log, JSON_COMPACT);
		fputc('\n', run.log);
	} else if (options.json) {
		json_incref(event);
		out_json(event);
	} else {
		event_text(event);
	}
}

/* A full disk is said once; the events of then are lost. */
static void flush_log(void)
{
	bool before = run.log && ferror(run.log);

	fflush(run.log ? run.log : stdout);
	if (run.log && ferror(run.log) && !before)
		fprintf(stderr, "fwctl: %s cannot be written: %s\n", run.options.log, strerror(errno));
}

static void news(const struct session *session, bool up)
{
	if (options.json) {
		char datapath[24];

		snprintf(datapath, sizeof(datapath), "%016" PRIx64, session->datapath);
		out_json(json_pack("{s:i, s:s, s:s, s:b, s:i, s:s?}", "schema", EVENT_SCHEMA, "event",
				   "switch", "datapath", datapath, "up", up, "ports", session->n_ports,
				   "why", up ? NULL : session->why));
	} else if (up) {
		printf("switch %016" PRIx64 ": connected, %u ports\n", session->datapath,
		       session->n_ports);
	} else {
		printf("switch %016" PRIx64 ": gone: %s\n", session->datapath, session->why);
	}
	fflush(stdout);
	if (up && run.options.mode == MODE_VXLAN && !session->tunnel)
		fprintf(stderr, "fwctl: switch %016" PRIx64 " has no port `%s` yet: ovs-vsctl add-port BRIDGE %s -- "
			"set interface %s type=vxlan options:remote_ip=flow options:key=flow\n",
			session->datapath, run.options.vxlan.port, run.options.vxlan.port,
			run.options.vxlan.port);
}

static bool may_complain(struct complaints *of, uint64_t now)
{
	if (now - of->since > 60000)
		*of = (struct complaints){ .since = now };
	return of->n++ < TROUBLES;
}

static void trouble(const struct session *session, const char *text)
{
	if (may_complain(&run.troubles, session->now))
		fprintf(stderr, "fwctl: switch %016" PRIx64 " %s\n", session->datapath, text);
}

static void refused(uid_t user, uint64_t now)
{
	if (!may_complain(&run.refusals, now))
		return;
	if (user == (uid_t)-1)
		fputs("fwctl: refused a connection of which nobody can tell whose it is\n", stderr);
	else
		fprintf(stderr, "fwctl: refused a connection of the user %u: switches are of root, or of "
			"`openvswitch`\n", user);
}

/* --- decoys ---------------------------------------------------------------- */

static void decoy_packet(struct session *session, const struct of_packet_in *in, void *arg)
{
	struct origin from = { session->number, session->generation, in->in_port };

	(void)arg;
	decoy_frame(&run.decoy, &from, in->frame, in->length, session->now);
}

static void send_reply(void *arg, const struct origin *to, const struct reply *reply)
{
	struct session *session = server_session(&run.server, to->switch_number, to->generation);

	(void)arg;
	if (session)
		session_send(session, OF_CONTROLLER, to->port, reply->bytes, reply->n);
}

static const struct mode decoy_mode = { .packet = decoy_packet };

static unsigned int tick(void *arg, uint64_t now)
{
	unsigned int wait = TELL_MS;

	(void)arg;
	if (run.options.mode == MODE_DECOY)
		wait = decoy_tick(&run.decoy, now);
	if (run.options.mode == MODE_SWITCH)
		learn_tick(run.learn, now);
	if (run.options.mode == MODE_DECOY && now - run.told >= TELL_MS) {
		run.told = now;
		visitors_tell(&run.decoy, false, tell, NULL);
		flush_log();
	}
	return wait < TELL_MS ? wait : TELL_MS;
}

/*
 * Whoever made a connection has heard the answer: the firewall keeps that address out. Elsewhere
 * nobody hears it who has forged the address; on the bridge it comes to the port that the frame
 * came from, and only `ovs host` says which addresses that may have.
 */
static void block(void *arg, uint8_t family, const uint8_t *address)
{
	struct member member = { .family = family, .prefix = 8 * address_bytes(family),
				 .timeout = run.options.block };
	struct stmt stmt = { .kind = STMT_GROUP, .group = { .n_members = 1, .members = &member } };
	struct edit edit = { true, &stmt };

	(void)arg;
	memcpy(member.addr, address, address_bytes(family));
	snprintf(stmt.group.name, sizeof(stmt.group.name), "%s", run.options.group);
	edit_run(run.module, &edit, 1);
}

static int prepare_block(void)
{
	struct stmt stmt = { .kind = STMT_GROUP };
	struct edit edit = { true, &stmt };

	if (!run.options.block)
		return DONE;
	if (desired_module(&run.module, options.netns))
		return module_failed(run.module);
	snprintf(stmt.group.name, sizeof(stmt.group.name), "%s", run.options.group);
	run.decoy.came = block;
	return edit_run(run.module, &edit, 1);
}

/* --- all ------------------------------------------------------------------- */

static int listen_at(const struct controller *at)
{
	struct sockaddr_storage storage = { .ss_family = at->family };
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
	char text[CONTROLLER_TEXT], who[64], hint[128];
	int err;

	if (at->family == AF_INET) {
		in->sin_port = htons(at->port);
		memcpy(&in->sin_addr, at->addr, 4);
	} else {
		in6->sin6_port = htons(at->port);
		memcpy(&in6->sin6_addr, at->addr, 16);
	}
	err = server_listen(&run.server, &storage, at->family == AF_INET ? sizeof(*in) : sizeof(*in6));
	if (!err)
		return DONE;
	print_controller(at, text, sizeof(text));
	if (err == -EADDRINUSE && port_holder(at->port, who, sizeof(who))) {
		snprintf(hint, sizeof(hint), "end it, or listen elsewhere: --listen tcp:127.0.0.1:%u",
			 at->port == 65535 ? 6654 : at->port + 1);
		return wrong(hint, "cannot listen at %s: %s has that port", text, who);
	}
	return wrong(NULL, "cannot listen at %s: %s", text, strerror(-err));
}

static bool is_loopback(const struct controller *at)
{
	return at->family == AF_INET ? at->addr[0] == 127 :
	       !memcmp(at->addr, &in6addr_loopback, sizeof(in6addr_loopback));
}

static void announce(void)
{
	static const char *const what[] = { "answers for hosts that do not exist", "is a switch that learns",
					    "sends into tunnels" };
	char text[CONTROLLER_TEXT];

	print_controller(&run.options.listen, text, sizeof(text));
	if (options.json)
		out_json(json_pack("{s:i, s:s, s:s}", "schema", EVENT_SCHEMA, "event", "listening", "at",
				   text));
	else
		printf("listening at %s; %s\n", text, what[run.options.mode]);
	if (!is_loopback(&run.options.listen))
		fputs("fwctl: whoever reaches this address can say to be a switch: let only switches "
		      "reach it\n", stderr);
	fflush(stdout);
}

static int open_log(void)
{
	if (!run.options.log)
		return DONE;
	/* What visitors say may be somebody's password. */
	write_in_private();
	run.log = fopen(run.options.log, "ae");
	if (!run.log)
		return wrong(NULL, "%s cannot be written: %s", run.options.log, strerror(errno));
	return DONE;
}

static int prepare(void)
{
	uint8_t key[SIPHASH_KEY];
	int status;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return wrong(NULL, "there is no randomness here: %s", strerror(errno)), FAILED;
	decoy_init(&run.decoy, &run.options.setup, key);
	run.decoy.send = send_reply;
	run.learn = learn_new(key);
	status = prepare_block() ?: listen_at(&run.options.listen) ?: open_log();
	if (!status && become_nobody(run.options.block ? 1U << CAP_NET_ADMIN : 0))
		status = (wrong(NULL, "cannot go on as `nobody`: %s", strerror(errno)), FAILED);
	return status;
}

static int serve(void)
{
	sigset_t before;
	int err;

	run.server.news = news;
	run.server.trouble = trouble;
	run.server.refused = refused;
	run.server.tick = tick;
	run.server.mode = run.options.mode == MODE_DECOY ? &decoy_mode :
			  run.options.mode == MODE_SWITCH ? &learn_mode : &vxlan_mode;
	run.server.arg = run.options.mode == MODE_SWITCH ? (void *)run.learn : &run.options.vxlan;
	stop_on_signals(&before);
	announce();
	tell_ready();
	err = server_run(&run.server, &before);
	if (run.options.mode == MODE_DECOY)
		visitors_tell(&run.decoy, true, tell, NULL);
	if (options.verbose)
		fprintf(stderr, "frames %" PRIu64 ", answers %" PRIu64 ", limited %" PRIu64 ", of real hosts %"
			PRIu64 ", handshakes %" PRIu64 ", evicted %" PRIu64 "\n",
			run.decoy.tally.frames, run.decoy.tally.answers, run.decoy.tally.limited,
			run.decoy.tally.real, run.decoy.tally.handshakes, run.decoy.tally.evicted);
	return err ? (wrong(NULL, "%s", strerror(-err)), FAILED) : DONE;
}

/**
 * cmd_decoy() - fwctl decoy OPTION... | report FILE
 */
int cmd_decoy(int argc, char **argv)
{
	int status = REFUSED;

	if (argc && match_verb(argv[0], decoy_verbs)) {
		if (argc != 2)
			return wrong(NULL, "`decoy report` needs the file that --log wrote");
		return no_option("fwctl decoy --help", argv[1]) ?: decoy_report(argv[1]);
	}
	if (read_options(argc, argv, &run.options)) {
		status = prepare();
		if (!status)
			status = serve();
		if (run.log && fclose(run.log))
			status = (wrong(NULL, "%s cannot be written: %s", run.options.log, strerror(errno)), FAILED);
		if (run.module)
			module_close(run.module);
		decoy_free(&run.decoy);
		learn_free(run.learn);
	}
	options_free(&run.options);
	return status;
}
