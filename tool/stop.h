/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FWCTL_STOP_H
#define FWCTL_STOP_H

#include <signal.h>
#include <stdbool.h>

void stop_on_signals(sigset_t *before);
void stop_now(void);
bool stopped(void);
void tell_ready(void);

#endif
