/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h has included the C library's addresses and protocols. */
#ifndef SHIM_LINUX_IN6_H
#define SHIM_LINUX_IN6_H
#include <linux/types.h>
#endif
