/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_NET_GSO_H
#define FWL_COMPAT_NET_GSO_H

#include <linux/version.h>

/* Before 6.5, all of it was in linux/skbuff.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include_next <net/gso.h>
#else
#include <linux/skbuff.h>
#endif

#endif
