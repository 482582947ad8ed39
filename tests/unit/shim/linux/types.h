/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's short names for integers, on top of the C library's header. */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

/* Before any <linux/in.h>, which then leaves out what the C library has. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include_next <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#endif
