/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_LINUX_NETFILTER_NETDEV_H
#define FWL_COMPAT_LINUX_NETFILTER_NETDEV_H

#include <linux/version.h>

/* Before 5.16, which added the way out, it had the name of the way in. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#include_next <linux/netfilter_netdev.h>
#else
#include <linux/netfilter_ingress.h>
#endif

#endif
