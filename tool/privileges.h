/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdint.h>
#include <sys/types.h>

int drop_privileges(uid_t uid, gid_t gid, uint32_t capabilities);
int become_nobody(uint32_t capabilities);
int keep_asking(void);
void write_in_private(void);

#endif
