/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_DECISION_H
#define FWL_DECISION_H

/* Between decide.c, which says what is to become of a packet, and verdict.c, which does it. */
#include <linux/netfilter.h>
#include <linux/types.h>

#include <linux/flowwall.h>

#include "flow.h"
#include "parse.h"

struct fwl_ifaces;
struct fwl_net;
struct fwl_rule;
struct fwl_ruleset;
struct sk_buff;

/**
 * struct fwl_context - one packet on its way to its verdict
 * @fn: its namespace
 * @rs: the ruleset that judges it
 * @ifaces: the roles of that ruleset
 * @epoch: of these, as it was before anything was asked
 * @skb: the packet
 * @state: of the hook; or @seen
 * @seen: the same with the interfaces that the packet really comes and leaves by, where
 *	those of the hook are others
 * @direction: enum flowwall_direction
 * @external: an external interface is involved
 * @transit: more than one
 * @pkt: what was found in the packet
 * @flow: that has its ends, or NULL; of an ICMP error, NULL
 */
struct fwl_context {
	struct fwl_net *fn;
	const struct fwl_ruleset *rs;
	const struct fwl_ifaces *ifaces;
	u32 epoch;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	struct nf_hook_state seen;
	u8 direction;
	bool external;
	bool transit;
	struct fwl_packet pkt;
	struct fwl_flow *flow;
};

enum fwl_deed {
	FWL_DEED_PASS,		/* without a flow */
	FWL_DEED_DROP,
	FWL_DEED_HIT,		/* as part of a flow */
	FWL_DEED_OPEN,		/* and make a flow */
};

enum fwl_always {
	FWL_ALWAYS_NOT,
	FWL_ALWAYS_NEIGHBOUR,
	FWL_ALWAYS_DHCP,
};

/**
 * struct fwl_decision - what is to become of a packet
 * @deed: see there
 * @basis: enum flowwall_basis
 * @reason: of a drop, enum flowwall_drop
 * @reject: the sender is told
 * @always: why it passes whatever the rules say
 * @rule: that decided, or NULL
 * @flow: that it belongs to, or NULL
 * @entry: of @flow
 * @from: the state that @flow was found in
 * @next: the state that it comes to
 * @apart: it passes, but is no sign of life of @flow
 * @judged: @flow was judged anew: by the running ruleset it is of @judged_rule
 * @judged_rule: handle, or zero
 * @revoke: @flow is not allowed any more
 * @ended: a flow that is over, or NULL
 * @why: it ends
 *
 * fwl_decide() writes it and changes nothing else; act() does what it says.
 */
struct fwl_decision {
	enum fwl_deed deed;
	u8 basis;
	u8 reason;
	bool reject;
	enum fwl_always always;
	struct fwl_rule *rule;
	struct fwl_flow *flow;
	enum fwl_entry entry;
	u8 from;
	u8 next;
	bool apart;
	bool judged;
	u32 judged_rule;
	bool revoke;
	struct fwl_flow *ended;
	enum flowwall_end why;
};

static inline void fwl_decide_drop(struct fwl_decision *d, enum flowwall_basis basis,
				   enum flowwall_drop reason)
{
	d->deed = FWL_DEED_DROP;
	d->basis = basis;
	d->reason = reason;
}

static inline bool fwl_is_error(const struct fwl_packet *pkt)
{
	return pkt->icmp == FWL_ICMP_ERROR || pkt->icmp == FWL_ICMP_REDIRECT;
}

/* Do answers to a packet come from an external interface? */
static inline bool fwl_replies_outside(const struct fwl_context *c)
{
	return c->transit || (c->external && c->direction != FLOWWALL_DIRECTION_IN);
}

/*
 * Does a packet still go its flow's way? Answers may come and leave by another interface than
 * before, but not leave outside if nothing of the flow came from there.
 */
static inline bool fwl_goes_its_way(const struct fwl_context *c, const struct fwl_flow *flow,
				    enum fwl_entry entry)
{
	if (entry == FWL_ORIGINAL)
		return c->direction == fwl_flow_direction(flow) &&
		       fwl_replies_outside(c) == fwl_entry_outside(flow, FWL_REPLY);
	return fwl_entry_outside(flow, FWL_REPLY) == (c->direction == FLOWWALL_DIRECTION_IN) &&
	       (!fwl_replies_outside(c) || fwl_entry_outside(flow, FWL_ORIGINAL));
}

void fwl_decide(const struct fwl_context *c, struct fwl_decision *d, int err);
bool fwl_needs_mac(const struct fwl_context *c, const struct fwl_decision *d);

/* Would a flow be made by other rules than those that it was made by? */
enum fwl_still {
	FWL_STILL_REFUSED,
	FWL_STILL_ALLOWED,
	FWL_STILL_UNSURE,	/* a rule asks for the interface, which is not known now */
};

enum fwl_still fwl_still_allowed(const struct fwl_ruleset *rs, const struct fwl_flow *flow,
				 const char *iface, const struct fwl_rule **rule);

#endif
