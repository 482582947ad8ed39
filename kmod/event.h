/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_EVENT_H
#define FWL_EVENT_H

#include <linux/flowwall.h>

struct fwl_flow;
struct fwl_group;
struct fwl_net;
struct fwl_packet;
struct fwl_rule;
struct fwl_ruleset;
struct net_device;
struct nf_hook_state;

void fwl_event_start(void);
void fwl_event_stop(void);
void fwl_event_flow_new(struct fwl_net *fn, const struct fwl_flow *flow);
void fwl_event_flow_end(struct fwl_net *fn, const struct fwl_flow *flow,
			enum flowwall_end why);
void fwl_event_table_full(struct fwl_net *fn, const struct fwl_packet *pkt, u8 direction);
void fwl_event_ruleset(struct fwl_net *fn, const struct fwl_ruleset *rs);
void fwl_event_log(struct fwl_net *fn, const struct fwl_packet *pkt,
		   const struct nf_hook_state *state, u8 direction,
		   const struct fwl_rule *rule, int reason);
void fwl_event_group(struct fwl_net *fn, const struct fwl_group *group);
void fwl_event_iface(struct fwl_net *fn, const struct fwl_ruleset *rs,
		     const struct net_device *dev);

#endif
