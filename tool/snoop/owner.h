/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SNOOP_OWNER_H
#define SNOOP_OWNER_H

#include <stdbool.h>
#include <stddef.h>

bool become_owner(const char *user, const char *file, char *error, size_t size);

#endif
