// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs another program, without a shell, and judges what it says. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vswitch.h"

#define GIVEN_MOST	(32 << 10)	/* bytes: one piece for the socket */
#define GIVEN_LIMIT	20000		/* ms */

static char problem[512];

/**
 * vs_error() - a sentence about what went wrong last
 */
const char *vs_error(void)
{
	return problem;
}

/**
 * vs_fail() - keep a sentence for vs_error()
 *
 * Return: false.
 */
bool vs_fail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(problem, sizeof(problem), format, list);
	va_end(list);
	return false;
}

/* What stands in a file of memory, as a text to be freed. */
static char *whole(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, size + 1);

	if (!text)
		fail_out_of_memory();
	if (pread(fd, text, size, 0) != size)
		*text = '\0';
	return text;
}

/* A program's own words, in ours where they are common ones. */
static bool explain(const char *program, const char *said, int status)
{
	if (strstr(said, "OFPFMFC_TABLE_FULL"))
		return vs_fail("the bridge takes no more flows; what limits it: "
			       "ovs-vsctl list flow_table");
	if (strstr(said, "version negotiation failed"))
		return vs_fail("the bridge does not speak OpenFlow 1.3 or 1.4; let it: "
			       "ovs-vsctl clear bridge BRIDGE protocols");
	/* For other reasons, it may well run. */
	if ((strstr(said, "database connection failed") || strstr(said, "failed to connect to")) &&
	    (strstr(said, "No such file or directory") || strstr(said, "Connection refused")))
		return vs_fail("Open vSwitch is not running; start it with: systemctl start openvswitch-switch");
	if (strstr(said, "is not a bridge or a socket"))
		return vs_fail("ovs-vswitchd does not answer for this bridge; is it running? "
				"systemctl status ovs-vswitchd");
	if (strstr(said, "cannot read pidfile") || strstr(said, "Connection refused"))
		return vs_fail("ovs-vswitchd is not running; start it with: systemctl start openvswitch-switch");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return vs_fail("%s got no answer in time; does ovs-vswitchd hang?", program);
	if (WIFSIGNALED(status))
		return vs_fail("%s was ended by signal %d", program, WTERMSIG(status));
	return vs_fail("%s: %.*s", program, (int)strcspn(said, "\n"),
			*said ? said : "failed without a word");
}

static bool within_line(const char *line, size_t length, const char *text)
{
	const char *at = strstr(line, text);

	return at && at < line + length;
}

/*
 * Whether standard error is an error: some programs note there what they do, in lines
 * with "|INFO|" or "|DBG|".
 */
static bool is_complaint(const char *said)
{
	while (*said) {
		size_t length = strcspn(said, "\n");

		if (length && !within_line(said, length, "|INFO|") &&
		    !within_line(said, length, "|DBG|"))
			return true;
		/* So a flow is another than was said, which ovs-ofctl takes for no error. */
		if (memmem(said, length, "normalization changed", 21))
			return true;
		said += length + (said[length] == '\n');
	}
	return false;
}

/* The Debian package that has a program. */
static const char *package_of(const char *program)
{
	return !strncmp(program, "ovs", 3) ? "openvswitch-switch" :
	       !strcmp(program, "nft") ? "nftables" : "iproute2";
}

static void forget(struct process *run)
{
	close(run->output);
	close(run->error);
	if (run->input >= 0)
		close(run->input);
	run->program = NULL;
}

/* @in is its standard input. */
static bool start(struct process *run, const char *const *argv, int in)
{
	posix_spawn_file_actions_t actions;
	int failed;

	run->program = argv[0];
	run->output = memfd_create("output", MFD_CLOEXEC);
	run->error = memfd_create("error", MFD_CLOEXEC);
	if (in < 0 || run->output < 0 || run->error < 0) {
		failed = errno ? errno : EIO;
	} else {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
		posix_spawn_file_actions_adddup2(&actions, run->output, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, run->error, STDERR_FILENO);
		failed = posix_spawnp(&run->pid, argv[0], &actions, NULL, (char *const *)argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (!failed)
		return true;
	forget(run);
	if (failed == ENOENT)
		return vs_fail("there is no %s here: apt-get install %s", argv[0], package_of(argv[0]));
	return vs_fail("cannot run %s: %s", argv[0], strerror(failed));
}

/**
 * vs_begin() - have a program run meanwhile
 * @argv: it and its arguments, up to a NULL; the first has to stay
 * @input: its standard input, or NULL
 *
 * vs_end() is to follow. Return: false if there is no such program, see vs_error(); nothing
 * is to follow then.
 */
bool vs_begin(struct process *run, const char *const *argv, const char *input)
{
	int in = memfd_create("input", MFD_CLOEXEC);
	bool good;

	if (!input)
		input = "";
	run->input = -1;
	run->endless = false;
	errno = 0;
	if (in >= 0 && pwrite(in, input, strlen(input), 0) != (ssize_t)strlen(input)) {
		close(in);
		in = -1;
	}
	good = start(run, argv, in);
	if (in >= 0)
		close(in);
	return good;
}

/**
 * vs_begin_waiting() - have a program start, and wait for its standard input
 * @argv: as for vs_begin()
 *
 * To start one takes longer than what most do then. It is to have no time limit of its own,
 * which would count from now. vs_give() or vs_drop() is to follow.
 * Return: false if it cannot be, see vs_error(); nothing is to follow then.
 */
bool vs_begin_waiting(struct process *run, const char *const *argv)
{
	int ends[2];
	bool good;

	run->program = NULL;
	run->endless = true;
	/* No pipe, as to tell one that has died what to do is no reason to die. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return vs_fail("cannot run %s: %s", argv[0], strerror(errno));
	run->input = ends[0];
	good = start(run, argv, ends[1]);
	close(ends[1]);
	return good;
}

/**
 * vs_give() - give a program that waits its standard input
 *
 * It gets all of @input at once, also if this program dies meanwhile, or nothing, and is
 * ended then. Return: whether it has it; vs_end() is to follow, otherwise nothing.
 */
bool vs_give(struct process *run, const char *input)
{
	ssize_t length = strlen(input);

	if (length > GIVEN_MOST ||
	    send(run->input, input, length, MSG_NOSIGNAL | MSG_DONTWAIT) != length) {
		vs_drop(run);
		return false;
	}
	close(run->input);
	run->input = -1;
	return true;
}

/* The signal is that of the limits that programs have of their own. */
static void limit_time(const struct process *run)
{
	struct pollfd ended = { .fd = syscall(SYS_pidfd_open, run->pid, 0), .events = POLLIN };
	int n;

	if (ended.fd < 0)
		return;
	do
		n = poll(&ended, 1, GIVEN_LIMIT);
	while (n < 0 && errno == EINTR);
	if (!n)
		kill(run->pid, SIGALRM);
	close(ended.fd);
}

static int wait_for(const struct process *run)
{
	int status = 0;

	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/**
 * vs_end() - wait for the end of a program
 * @output: set to its standard output, to be freed; or NULL
 *
 * Return: false if it failed, or complained on standard error.
 */
bool vs_end(struct process *run, char **output)
{
	int status;
	bool good;
	char *said;

	if (run->endless)
		limit_time(run);
	status = wait_for(run);
	said = whole(run->error);
	good = !status && !is_complaint(said);
	if (!good)
		explain(run->program, said, status);
	free(said);
	if (output)
		*output = good ? whole(run->output) : NULL;
	forget(run);
	return good;
}

/**
 * vs_drop() - end a program whose answer is not wanted any more
 */
void vs_drop(struct process *run)
{
	kill(run->pid, SIGKILL);
	wait_for(run);
	forget(run);
}

/**
 * vs_run() - vs_begin() and vs_end()
 */
bool vs_run(const char *const *argv, const char *input, char **output)
{
	struct process run;

	if (output)
		*output = NULL;
	return vs_begin(&run, argv, input) && vs_end(&run, output);
}

/**
 * vs_show() - print what would be run
 */
void vs_show(const char *const *argv)
{
	for (; *argv; argv++) {
		const char *blank = strpbrk(*argv, " '\"\\$&;<>|*?(){}[]#~");

		printf(blank ? "'%s'%s" : "%s%s", *argv, argv[1] ? " " : "\n");
	}
}
