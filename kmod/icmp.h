/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_ICMP_H
#define FWL_ICMP_H

#include <linux/types.h>

struct fwl_net;
struct fwl_packet;
struct fwl_ruleset;
struct net_device;
struct sk_buff;

bool fwl_icmp_related(struct fwl_net *fn, const struct fwl_ruleset *rs,
		      const struct sk_buff *skb, const struct fwl_packet *error,
		      u8 direction, const struct net_device *out);

#endif
