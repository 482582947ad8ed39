// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl init: a first ruleset, kept only if the machine can still be reached. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fwctl.h"
#include "../machine/failsafe.h"
#include "../machine/proposal.h"
#include "../out.h"
#include "../stop.h"

#define CONFIRM_SECONDS 60

struct request {
	const char *file;
	unsigned long confirm;
	bool dry_run;
	bool force;
};

static int read_arguments(int argc, char **argv, struct request *request)
{
	static const char hint[] = "fwctl init [FILE] [--dry-run] [--confirm SECONDS] [--force]";
	char *end;
	int i;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--dry-run")) {
			request->dry_run = true;
		} else if (!strcmp(argv[i], "--force")) {
			request->force = true;
		} else if (!strcmp(argv[i], "--confirm")) {
			request->confirm = ++i < argc ? strtoul(argv[i], &end, 10) : 0;
			if (!request->confirm || *end || request->confirm > FLOWWALL_CONFIRM_LIMIT)
				return wrong(hint, "--confirm needs seconds, from 1 to %d",
					     FLOWWALL_CONFIRM_LIMIT);
		} else if (argv[i][0] == '-' || request->file) {
			return wrong(hint, "`%s` is not known here", argv[i]);
		} else {
			request->file = argv[i];
		}
	}
	if (!request->file)
		request->file = RULES_FILE;
	return DONE;
}

/* The ruleset for this machine, or NULL with the error reported. */
static char *propose(void)
{
	struct facts *facts = calloc(1, sizeof(*facts));
	struct ssh_session session;
	struct raw_packet packet = { .length = 0 };
	bool remote = ssh_session_find(&session);
	char *text;

	if (!facts)
		fail_out_of_memory();
	facts_read(facts);
	if (remote) {
		packet_build(&session.words, &packet);
		if (packet_route(&session.words, *session.iface ? session.iface : NULL, &packet))
			packet.iif = 0;
	}
	text = proposal(facts, remote ? &session : NULL, packet.iif);
	if (!text)
		wrong("give the machine its default route first, or write the roles by hand: man flowwall.conf",
		      "there is no default route, so it is not clear which side is outside");
	free(facts);
	return text;
}

static int write_new(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");
	/* Renamed before it is on the disk, it could be empty when the power comes back. */
	bool good = file && fputs(text, file) >= 0 && !fflush(file) && !fsync(fileno(file));

	if (file && fclose(file))
		good = false;
	if (good)
		return DONE;
	wrong(NULL, "cannot write %s: %s", name, strerror(errno));
	unlink(name);
	return FAILED;
}

/* Somebody at this terminal says that it works, too. */
static bool answered(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[64];

	if (!isatty(STDIN_FILENO)) {
		poll(NULL, 0, 500);
		return false;
	}
	return poll(&in, 1, 500) == 1 && fgets(line, sizeof(line), stdin) && !strncmp(line, "yes", 3);
}

/*
 * Until it is confirmed, from here or elsewhere, or the kernel has put the old ruleset
 * back, which makes another generation. Returns whether it is confirmed.
 */
static bool wait_for_confirm(struct module *module)
{
	struct module_status status;
	uint32_t generation = 0;

	stop_on_signals(NULL);
	while (!stopped() && !module_status(module, &status)) {
		if (!status.confirm)
			return status.generation == generation;
		generation = status.generation;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rfrom a new session: fwctl confirm; or here: yes  (%u s left) ",
				status.confirm);
		if (answered() && module_confirm(module))
			break;
	}
	return false;
}

/* The ruleset in @new is in force for a while; it becomes @file if that is confirmed. */
static int keep_if_confirmed(const char *new, const char *file)
{
	struct module *module;
	bool confirmed;
	int status;

	/* The namespace was entered, and its name may mean another one now. */
	options.netns = NULL;
	status = connect_module(&module);
	if (status)
		return status;
	confirmed = wait_for_confirm(module);
	module_close(module);
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	if (!confirmed)
		return wrong("fwctl init --dry-run shows it; fwctl monitor and fwctl why tell what was dropped",
			     "nobody confirmed: the ruleset of before comes back, and %s was not written",
			     file);
	if (rename(new, file)) {
		wrong(NULL, "cannot rename %s to %s: %s", new, file, strerror(errno));
		return FAILED;
	}
	if (!options.json)
		printf("confirmed, and written to %s; at each boot: systemctl enable --now flowwall\n",
		       file);
	return DONE;
}

static int carry_out(const struct request *request, const char *text)
{
	char seconds[24], new[4096];
	char confirm[] = "--confirm";
	char *apply[] = { new, confirm, seconds };
	int status;

	if (snprintf(new, sizeof(new), "%s.new", request->file) >= (int)sizeof(new))
		return wrong(NULL, "the file's name is too long");
	snprintf(seconds, sizeof(seconds), "%lu", request->confirm);
	status = write_new(new, text);
	if (status)
		return status;
	/* The session may end before a new one confirms. */
	signal(SIGHUP, SIG_IGN);
	status = cmd_apply(3, apply);
	if (!status)
		status = keep_if_confirmed(new, request->file);
	if (status)
		unlink(new);
	return status;
}

/**
 * cmd_init() - fwctl init [FILE] [--dry-run] [--confirm SECONDS] [--force]
 *
 * The file is written last: a machine that went out of reach and is switched off and on
 * is as it was.
 */
int cmd_init(int argc, char **argv)
{
	struct request request = { .confirm = CONFIRM_SECONDS };
	struct module *module;
	int status = read_arguments(argc, argv, &request);
	char *text;

	if (status)
		return status;
	if (!request.dry_run && !request.force && !access(request.file, F_OK))
		return wrong("fwctl apply FILE puts it in force; --force begins anew",
			     "%s is there", request.file);
	/* It enters the namespace; to propose something, no module is needed. */
	if (module_open(&module, options.netns) && (!request.dry_run || module_refused(module)))
		status = module_failed(module);
	module_close(module);
	options.netns = NULL;
	if (status)
		return status;
	text = propose();
	if (!text)
		return REFUSED;
	if (options.json)
		out_json(json_pack("{s:i, s:s, s:o}", "schema", JSON_SCHEMA, "file", request.file,
				   "text", json_text(text)));
	else
		fputs(text, stdout);
	fflush(stdout);
	if (!request.dry_run)
		status = carry_out(&request, text);
	free(text);
	return status;
}
