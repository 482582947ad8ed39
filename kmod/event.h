/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_EVENT_H
#define FWL_EVENT_H

#include <linux/flowwall.h>

struct fwl_flow;
struct fwl_net;
struct fwl_packet;
struct fwl_ruleset;
struct net_device;

void fwl_event_start(void);
void fwl_event_stop(void);
void fwl_event_flow_new(struct fwl_net *fn, const struct fwl_flow *flow);
void fwl_event_flow_end(struct fwl_net *fn, const struct fwl_flow *flow,
			enum flowwall_end why);
void fwl_event_table_full(struct fwl_net *fn, const struct fwl_packet *pkt, u8 direction);
void fwl_event_ruleset(struct fwl_net *fn, const struct fwl_ruleset *rs);
void fwl_event_iface(struct fwl_net *fn, const struct fwl_ruleset *rs,
		     const struct net_device *dev);

#endif
