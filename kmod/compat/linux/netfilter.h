/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_LINUX_NETFILTER_H
#define FWL_COMPAT_LINUX_NETFILTER_H

#include_next <linux/netfilter.h>

/* Since 6.7, and in the stable series: a drop that says where it was. */
#ifdef FWL_NO_NF_DROP_REASON
#define NF_DROP_REASON(skb, reason, err)	NF_DROP_ERR(-(err))
#endif

#endif
