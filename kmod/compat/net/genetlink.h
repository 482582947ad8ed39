/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_COMPAT_NET_GENETLINK_H
#define FWL_COMPAT_NET_GENETLINK_H

#include <linux/version.h>
#include_next <net/genetlink.h>

/* Attributes of a dump's request: moved in 6.7. */
static inline struct nlattr **genl_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* Since 6.1. */
#ifndef GENL_REQ_ATTR_CHECK
#define GENL_REQ_ATTR_CHECK(info, attr)	(!(info)->attrs[attr])
#endif

/*
 * Listening needs CAP_NET_ADMIN: a flag of groups since 6.7, and in the stable series; of
 * commands, which genl_bind() looked for in groups as well, since 5.12.
 */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

#endif
