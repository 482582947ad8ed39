/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters are not counted in user space: they are members of structures only. */
#ifndef SHIM_LINUX_U64_STATS_SYNC_H
#define SHIM_LINUX_U64_STATS_SYNC_H

#include <linux/types.h>

typedef u64 u64_stats_t;

struct u64_stats_sync {
	char nothing;
};

#endif
