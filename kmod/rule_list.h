/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_RULE_LIST_H
#define FWL_RULE_LIST_H

#include "classify.h"

/* Rules of a chunk: what a change copies. */
#define FWL_CHUNK	128

/**
 * struct fwl_chunk - a piece of a list, which several lists may share
 * @refs: lists that have it; one that is shared does not change
 * @n: number of rules
 * @ranked: the rules, by rank; it holds a reference of each
 */
struct fwl_chunk {
	refcount_t refs;
	u32 n;
	struct fwl_ranked ranked[FWL_CHUNK];
};

/**
 * struct fwl_rule_list - all rules as written
 * @n: how many
 * @n_chunks: number of @chunk
 * @room: for how many chunks there is memory
 * @chunk: its pieces, none empty
 *
 * A copy shares the pieces; a change makes a piece its own first. So one rule
 * more among 100,000 costs a copy of one piece.
 */
struct fwl_rule_list {
	u32 n;
	u32 n_chunks;
	u32 room;
	struct fwl_chunk **chunk;
};

/**
 * struct fwl_place - where a rule is in a list
 */
struct fwl_place {
	u32 chunk;
	u32 at;
};

/**
 * struct fwl_difference - what one list has and another one has not, by rank
 */
struct fwl_difference {
	struct fwl_ranked *gone;
	u32 n_gone;
	struct fwl_ranked *added;
	u32 n_added;
};

int fwl_rule_list_copy(struct fwl_rule_list *to, const struct fwl_rule_list *from);
void fwl_rule_list_free(struct fwl_rule_list *list);
int fwl_rule_list_append(struct fwl_rule_list *list, struct fwl_rule *rule);
int fwl_rule_list_insert(struct fwl_rule_list *list, struct fwl_place place,
			 struct fwl_rule *rule);
int fwl_rule_list_remove(struct fwl_rule_list *list, struct fwl_place place);
bool fwl_rule_list_find(const struct fwl_rule_list *list, u32 handle, const char *name,
			struct fwl_place *place);
struct fwl_rule *fwl_rule_list_at(const struct fwl_rule_list *list, struct fwl_place place);
struct fwl_rule *fwl_rule_list_next(const struct fwl_rule_list *list, struct fwl_place *place);
int fwl_rule_list_compare(const struct fwl_rule_list *old, const struct fwl_rule_list *new,
			  struct fwl_difference *difference);
void fwl_difference_free(struct fwl_difference *difference);

#endif
