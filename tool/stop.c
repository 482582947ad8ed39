// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that run until a signal: SIGINT or SIGTERM ends what they are at, in order. */
#include <stddef.h>

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
