/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_REFUSE_H
#define FWL_REFUSE_H

struct fwl_net;
struct fwl_packet;
struct nf_hook_state;
struct sk_buff;

void fwl_reject(struct sk_buff *skb, const struct nf_hook_state *state,
		const struct fwl_packet *pkt);
void fwl_refuse_init(struct fwl_net *fn);
void fwl_refuse(struct fwl_net *fn, struct sk_buff *skb, const struct nf_hook_state *state,
		const struct fwl_packet *pkt, bool reset);

#endif
