// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that run until a signal: SIGINT or SIGTERM ends what they are at, in order; and
 * who runs them as services is told when they work.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "stop.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/**
 * stop_on_signals() - from now on, SIGINT and SIGTERM are told by stopped() alone
 * @before: if not NULL, the signals are blocked but for where ppoll() waits with this
 *	mask, as it was before: none is missed, and none cuts a line
 */
void stop_on_signals(sigset_t *before)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	if (before)
		sigprocmask(SIG_BLOCK, &mask, before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/**
 * stop_now() - be stopped without a signal
 */
void stop_now(void)
{
	stop = 1;
}

/**
 * stopped() - whether such a signal came
 */
bool stopped(void)
{
	return stop;
}

/* To $NOTIFY_SOCKET; an @ before it means an abstract address. False with errno. */
static bool notify(const char *path, const char *message)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	ssize_t sent;
	int fd;

	if (length > sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(to.sun_path, path, length);
	if (*path == '@')
		*to.sun_path = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&to,
		      offsetof(struct sockaddr_un, sun_path) + length);
	close(fd);
	return sent >= 0;
}

/**
 * tell_ready() - tell the service manager, if one wants to know, that the service works
 *
 * See sd_notify(3).
 */
void tell_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path && *path && !notify(path, "READY=1"))
		fprintf(stderr, "fwctl: the service manager cannot be told: %s: %s\n", path,
			strerror(errno));
}
