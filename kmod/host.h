/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_HOST_H
#define FWL_HOST_H

#include <linux/types.h>

struct fwl_flow;
struct fwl_net;

int fwl_hosts_init(struct fwl_net *fn);
void fwl_hosts_free(struct fwl_net *fn);
int fwl_host_take(struct fwl_net *fn, const struct fwl_flow *flow, u32 max);
int fwl_host_room(struct fwl_net *fn, const struct fwl_flow *flow, u32 max,
		  const struct fwl_flow *const *gone, u32 n);
void fwl_host_give(struct fwl_net *fn, const struct fwl_flow *flow);

#endif
