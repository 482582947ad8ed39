/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_VERDICT_H
#define FWL_VERDICT_H

#include <linux/types.h>

#include "flow.h"
#include "parse.h"

struct fwl_net;
struct fwl_rule;
struct fwl_ruleset;
struct net_device;
struct nf_hook_state;
struct sk_buff;

/**
 * struct fwl_explanation - what would become of a packet, and why
 * @verdict: enum flowwall_verdict
 * @basis: enum flowwall_basis; if it is not judged, there is nothing else
 * @reason: of a drop, enum flowwall_drop
 * @direction: enum flowwall_direction
 * @opens: it would make a flow
 * @needs_mac: another rule might decide if its link address was known
 * @rule: that decides, or NULL
 * @handle: of the rule that decides, or that let its flow in, or zero
 * @flow: that it belongs to, or NULL
 * @pkt: what was found in it
 */
struct fwl_explanation {
	u8 verdict;
	u8 basis;
	u8 reason;
	u8 direction;
	bool opens;
	bool needs_mac;
	const struct fwl_rule *rule;
	u32 handle;
	const struct fwl_flow *flow;
	struct fwl_packet pkt;
};

unsigned int fwl_judge(struct fwl_net *fn, struct sk_buff *skb,
		       const struct nf_hook_state *state);
bool fwl_judges(struct fwl_net *fn, struct sk_buff *skb, const struct nf_hook_state *state);
void fwl_explain(struct fwl_net *fn, const struct fwl_ruleset *rs, struct sk_buff *skb,
		 struct net_device *in, struct net_device *out, struct fwl_explanation *answer);
u32 fwl_revalidate(struct fwl_net *fn);

#endif
