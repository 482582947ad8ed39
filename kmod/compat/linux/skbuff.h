/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_LINUX_SKBUFF_H
#define FWL_COMPAT_LINUX_SKBUFF_H

#include <linux/version.h>
#include_next <linux/skbuff.h>

/* Since 5.18, when time stamps were given a kind. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
static inline void skb_clear_tstamp(struct sk_buff *skb)
{
	skb->tstamp = 0;
}
#endif

#endif
