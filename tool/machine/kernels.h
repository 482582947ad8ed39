/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>
#include <stddef.h>

bool kernel_has_module(const char *version);
bool kernel_has_headers(const char *version);
bool same_board(const char *running, const char *other);
bool newest_kernel(const char *running, char *version, size_t size);
bool secure_boot(void);

#endif
