/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_NET_GSO_H
#define FWL_COMPAT_NET_GSO_H

/* Since 6.5; before that, all of it was in linux/skbuff.h. */
#if __has_include_next(<net/gso.h>)
#include_next <net/gso.h>
#else
#include <linux/skbuff.h>
#endif

#endif
