// SPDX-License-Identifier: GPL-2.0-only
/* How the rule for a packet is found: the first one as written that matches. */
#include "classify.h"

/**
 * fwl_classify() - find the rule that decides about a packet without a flow
 * @rs: the ruleset
 * @direction: enum flowwall_direction
 * @pkt: the packet
 *
 * Context: RCU.
 * Return: the rule, or NULL.
 */
struct fwl_rule *fwl_classify(const struct fwl_ruleset *rs, u8 direction,
			      const struct fwl_packet *pkt)
{
	const struct fwl_rule_list *list = &rs->lists[direction];
	u32 i;

	for (i = 0; i < list->n; i++)
		if (fwl_rule_matches(list->rule[i], pkt))
			return list->rule[i];
	return NULL;
}
