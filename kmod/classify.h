/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_CLASSIFY_H
#define FWL_CLASSIFY_H

#include <linux/refcount.h>

#include "rule.h"

/**
 * struct fwl_ranked - a rule at its place
 * @rank: rises along the list; what is in between stays free for others
 * @rule: the rule
 */
struct fwl_ranked {
	u64 rank;
	struct fwl_rule *rule;
};

/**
 * struct fwl_classifier - how the first rule that matches is found
 * @rules: number of rules
 * @grain: how coarse masks are
 * @n: number of @tuples
 * @tuples: rules of one shape of mask each, those whose first rule comes first
 *	before others
 *
 * Nothing of it changes once it is built.
 */
struct fwl_classifier {
	u32 rules;
	u32 grain;
	u32 n;
	struct fwl_tuple *tuples[];
};

struct fwl_classifier *fwl_classifier_build(const struct fwl_classifier *base,
					    const struct fwl_ranked *gone, u32 n_gone,
					    const struct fwl_ranked *added, u32 n_added);
void fwl_classifier_free(struct fwl_classifier *classifier);
struct fwl_rule *fwl_classify(const struct fwl_classifier *classifier,
			      const struct fwl_query *query);

#endif
