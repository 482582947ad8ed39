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
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef __s64 time64_t;
typedef unsigned int gfp_t;

typedef struct {
	s64 counter;
} atomic64_t;

#define U64_MAX		((u64)-1)
#define __percpu

/* Members that have a name of their own, and one together. */
#define struct_group(name, ...)			\
	union {					\
		struct { __VA_ARGS__ };		\
		struct { __VA_ARGS__ } name;	\
	}

#endif
