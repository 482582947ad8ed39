/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_LINUX_SLAB_H
#define FWL_COMPAT_LINUX_SLAB_H

#include <linux/version.h>
#include_next <linux/slab.h>

/* Before 5.16, kvmalloc() and its kin were there. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#include <linux/mm.h>
#endif

#endif
