/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_FASTPATH_H
#define FWL_FASTPATH_H

struct fwl_ifaces;
struct fwl_net;
struct fwl_ruleset;
struct net_device;

void fwl_fastpath_adjust(struct fwl_net *fn, const struct fwl_ruleset *rs,
			 const struct fwl_ifaces *ifaces);
void fwl_fastpath_forget(struct fwl_net *fn, const struct net_device *dev);
void fwl_fastpath_end(void);
void fwl_fastpath_stop(struct fwl_net *fn);

#endif
