/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAILSAFE_H
#define FAILSAFE_H

#include <stdbool.h>

#include "../lang/lang.h"

#define RULES_FILE "/etc/flowwall.rules"

bool has_external(const struct script *script);
char *failsafe_text(const struct script *script, bool trusted);
bool failsafe_on(const char *text);
bool failsafe_off(void);
bool failsafe_there(void);

#endif
