/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NAMES_H
#define NAMES_H

#include "frame.h"

/* Names of hosts that a payload has in clear. */
enum name_kind { NAME_DNS, NAME_HTTP, NAME_TLS, NAME_KINDS };

#define NAME_SIZE 256

extern const char *const name_kinds[NAME_KINDS];

bool name_read(const struct frame *frame, enum name_kind *kind, char name[NAME_SIZE]);

#endif
