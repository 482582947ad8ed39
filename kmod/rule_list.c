// SPDX-License-Identifier: GPL-2.0-only
/* The rules in their order: lists that share what they have in common. */
#include <linux/slab.h>
#include <linux/string.h>

#include "rule_list.h"

/* Ranks are so far apart at first. */
#define GAP	(1ULL << 32)

static struct fwl_chunk *chunk_alloc(void)
{
	struct fwl_chunk *chunk = kmalloc(sizeof(*chunk), GFP_KERNEL_ACCOUNT);

	if (!chunk)
		return NULL;
	refcount_set(&chunk->refs, 1);
	chunk->n = 0;
	return chunk;
}

static void chunk_put(struct fwl_chunk *chunk)
{
	u32 i;

	if (!refcount_dec_and_test(&chunk->refs))
		return;
	for (i = 0; i < chunk->n; i++)
		fwl_rule_put(chunk->ranked[i].rule);
	kfree(chunk);
}

/* Appends rules to a chunk that is not shared, with references of their own. */
static void chunk_take(struct fwl_chunk *chunk, const struct fwl_ranked *ranked, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		fwl_rule_get(ranked[i].rule);
		chunk->ranked[chunk->n++] = ranked[i];
	}
}

static int make_room(struct fwl_rule_list *list, u32 room)
{
	struct fwl_chunk **chunk;

	if (room <= list->room)
		return 0;
	room = max(room, 2 * list->room);
	chunk = kvmalloc_array(room, sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	if (list->n_chunks)
		memcpy(chunk, list->chunk, list->n_chunks * sizeof(*chunk));
	kvfree(list->chunk);
	list->chunk = chunk;
	list->room = room;
	return 0;
}

/* Makes a chunk the list's own; -ENOMEM leaves all as it was. */
static int own_chunk(struct fwl_rule_list *list, u32 at)
{
	struct fwl_chunk *old = list->chunk[at], *chunk;

	if (refcount_read(&old->refs) == 1)
		return 0;
	chunk = chunk_alloc();
	if (!chunk)
		return -ENOMEM;
	chunk_take(chunk, old->ranked, old->n);
	list->chunk[at] = chunk;
	chunk_put(old);
	return 0;
}

static int add_chunk(struct fwl_rule_list *list, u32 at, struct fwl_chunk *chunk)
{
	int err = make_room(list, list->n_chunks + 1);

	if (err)
		return err;
	memmove(&list->chunk[at + 1], &list->chunk[at],
		(list->n_chunks - at) * sizeof(*list->chunk));
	list->chunk[at] = chunk;
	list->n_chunks++;
	return 0;
}

/**
 * fwl_rule_list_copy() - make a list with the same rules
 * @to: an empty list
 * @from: the list
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int fwl_rule_list_copy(struct fwl_rule_list *to, const struct fwl_rule_list *from)
{
	u32 i;
	int err = make_room(to, from->n_chunks + 1);

	if (err)
		return err;
	for (i = 0; i < from->n_chunks; i++) {
		refcount_inc(&from->chunk[i]->refs);
		to->chunk[i] = from->chunk[i];
	}
	to->n_chunks = from->n_chunks;
	to->n = from->n;
	return 0;
}

/**
 * fwl_rule_list_free() - give back a list and what nobody shares with it
 * @list: empty afterwards
 *
 * Context: process.
 */
void fwl_rule_list_free(struct fwl_rule_list *list)
{
	u32 i;

	for (i = 0; i < list->n_chunks; i++)
		chunk_put(list->chunk[i]);
	kvfree(list->chunk);
	memset(list, 0, sizeof(*list));
}

static u64 last_rank(const struct fwl_rule_list *list)
{
	const struct fwl_chunk *last = list->chunk[list->n_chunks - 1];

	return last->ranked[last->n - 1].rank;
}

/**
 * fwl_rule_list_append() - put a rule at the end
 * @list: the list
 * @rule: the rule; its reference goes over
 *
 * Return: 0 or -ENOMEM; then the list is as it was.
 */
int fwl_rule_list_append(struct fwl_rule_list *list, struct fwl_rule *rule)
{
	u64 rank = list->n ? last_rank(list) + GAP : GAP;
	struct fwl_chunk *chunk;
	int err;

	if (!list->n || list->chunk[list->n_chunks - 1]->n == FWL_CHUNK) {
		chunk = chunk_alloc();
		if (!chunk)
			return -ENOMEM;
		err = add_chunk(list, list->n_chunks, chunk);
		if (err)
			kfree(chunk);
	} else {
		err = own_chunk(list, list->n_chunks - 1);
	}
	if (err)
		return err;
	chunk = list->chunk[list->n_chunks - 1];
	chunk->ranked[chunk->n++] = (struct fwl_ranked){ rank, rule };
	list->n++;
	return 0;
}

/* Gives all rules new ranks, far apart; every chunk becomes the list's own. */
static int spread(struct fwl_rule_list *list)
{
	u64 rank = 0;
	u32 i, k;
	int err;

	for (i = 0; i < list->n_chunks; i++) {
		err = own_chunk(list, i);
		if (err)
			return err;
	}
	for (i = 0; i < list->n_chunks; i++)
		for (k = 0; k < list->chunk[i]->n; k++)
			list->chunk[i]->ranked[k].rank = rank += GAP;
	return 0;
}

/* The rank of the rule before a place; 0 at the beginning. */
static u64 rank_before(const struct fwl_rule_list *list, struct fwl_place place)
{
	const struct fwl_chunk *chunk;

	if (place.at)
		return list->chunk[place.chunk]->ranked[place.at - 1].rank;
	if (!place.chunk)
		return 0;
	chunk = list->chunk[place.chunk - 1];
	return chunk->ranked[chunk->n - 1].rank;
}

/* Halves a full chunk, so that there is room in it. */
static int split(struct fwl_rule_list *list, struct fwl_place *place)
{
	struct fwl_chunk *chunk = list->chunk[place->chunk], *upper = chunk_alloc();
	u32 half = FWL_CHUNK / 2;
	int err;

	if (!upper)
		return -ENOMEM;
	err = add_chunk(list, place->chunk + 1, upper);
	if (err) {
		kfree(upper);
		return err;
	}
	memcpy(upper->ranked, &chunk->ranked[half], half * sizeof(*upper->ranked));
	upper->n = half;
	chunk->n = half;
	if (place->at > half) {
		place->chunk++;
		place->at -= half;
	}
	return 0;
}

/**
 * fwl_rule_list_insert() - put a rule before another one
 * @list: the list
 * @place: of the other one
 * @rule: the rule; its reference goes over
 *
 * Return: 0 or -ENOMEM; then the rules are as they were.
 */
int fwl_rule_list_insert(struct fwl_rule_list *list, struct fwl_place place,
			 struct fwl_rule *rule)
{
	struct fwl_chunk *chunk;
	u64 low, high;
	int err;

	if (list->chunk[place.chunk]->ranked[place.at].rank - rank_before(list, place) < 2) {
		err = spread(list);
		if (err)
			return err;
	}
	low = rank_before(list, place);
	high = list->chunk[place.chunk]->ranked[place.at].rank;
	err = own_chunk(list, place.chunk);
	if (!err && list->chunk[place.chunk]->n == FWL_CHUNK)
		err = split(list, &place);
	if (err)
		return err;
	chunk = list->chunk[place.chunk];
	memmove(&chunk->ranked[place.at + 1], &chunk->ranked[place.at],
		(chunk->n - place.at) * sizeof(*chunk->ranked));
	chunk->ranked[place.at] = (struct fwl_ranked){ low + (high - low) / 2, rule };
	chunk->n++;
	list->n++;
	return 0;
}

/**
 * fwl_rule_list_remove() - take a rule out, and give back its reference
 * @list: the list
 * @place: of the rule
 *
 * Return: 0 or -ENOMEM; then the list is as it was.
 */
int fwl_rule_list_remove(struct fwl_rule_list *list, struct fwl_place place)
{
	struct fwl_chunk *chunk;
	int err = own_chunk(list, place.chunk);

	if (err)
		return err;
	chunk = list->chunk[place.chunk];
	fwl_rule_put(chunk->ranked[place.at].rule);
	chunk->n--;
	memmove(&chunk->ranked[place.at], &chunk->ranked[place.at + 1],
		(chunk->n - place.at) * sizeof(*chunk->ranked));
	list->n--;
	if (!chunk->n) {
		kfree(chunk);
		list->n_chunks--;
		memmove(&list->chunk[place.chunk], &list->chunk[place.chunk + 1],
			(list->n_chunks - place.chunk) * sizeof(*list->chunk));
	}
	return 0;
}

/**
 * fwl_rule_list_at() - the rule at a place
 * @list: the list
 * @place: of one of its rules
 */
struct fwl_rule *fwl_rule_list_at(const struct fwl_rule_list *list, struct fwl_place place)
{
	return list->chunk[place.chunk]->ranked[place.at].rule;
}

/**
 * fwl_rule_list_next() - go through a list
 * @list: the list
 * @place: all zero at first; goes on behind the rule that is returned
 *
 * Return: a rule, or NULL behind the last one.
 */
struct fwl_rule *fwl_rule_list_next(const struct fwl_rule_list *list, struct fwl_place *place)
{
	while (place->chunk < list->n_chunks) {
		const struct fwl_chunk *chunk = list->chunk[place->chunk];

		if (place->at < chunk->n)
			return chunk->ranked[place->at++].rule;
		place->chunk++;
		place->at = 0;
	}
	return NULL;
}

/**
 * fwl_rule_list_find() - find a rule by handle or name
 * @list: the list
 * @handle: to look for, where @name is NULL
 * @name: to look for, or NULL
 * @place: set to its place
 *
 * Return: whether there is one.
 */
bool fwl_rule_list_find(const struct fwl_rule_list *list, u32 handle, const char *name,
			struct fwl_place *place)
{
	struct fwl_place next = {};
	struct fwl_rule *rule;

	for (;;) {
		rule = fwl_rule_list_next(list, &next);
		if (!rule)
			return false;
		if (name ? !strcmp(rule->name, name) : rule->handle == handle) {
			*place = next;
			place->at--;
			return true;
		}
	}
}

/* --- the difference of two lists ------------------------------------------- */

/* A walk along a list that leaves out what the other list has as well. */
struct walk {
	const struct fwl_rule_list *list;
	u32 chunk;
	u32 at;
};

static const struct fwl_ranked *current_of(struct walk *walk)
{
	while (walk->chunk < walk->list->n_chunks) {
		const struct fwl_chunk *chunk = walk->list->chunk[walk->chunk];

		if (walk->at < chunk->n)
			return &chunk->ranked[walk->at];
		walk->chunk++;
		walk->at = 0;
	}
	return NULL;
}

/* At the beginning of the same chunk in both lists: goes past it. */
static bool skip_shared(struct walk *a, struct walk *b)
{
	if (a->at || b->at || a->chunk == a->list->n_chunks || b->chunk == b->list->n_chunks ||
	    a->list->chunk[a->chunk] != b->list->chunk[b->chunk])
		return false;
	a->chunk++;
	b->chunk++;
	return true;
}

static void compare(const struct fwl_rule_list *old, const struct fwl_rule_list *new,
		    struct fwl_difference *d)
{
	struct walk a = { .list = old }, b = { .list = new };

	d->n_gone = 0;
	d->n_added = 0;
	for (;;) {
		const struct fwl_ranked *x = current_of(&a), *y = current_of(&b);

		if (skip_shared(&a, &b))
			continue;
		if (!x && !y)
			return;
		if (x && y && x->rank == y->rank && x->rule == y->rule) {
			a.at++;
			b.at++;
		} else if (x && (!y || x->rank <= y->rank)) {
			if (d->gone)
				d->gone[d->n_gone] = *x;
			d->n_gone++;
			a.at++;
		} else {
			if (d->added)
				d->added[d->n_added] = *y;
			d->n_added++;
			b.at++;
		}
	}
}

/**
 * fwl_rule_list_compare() - what has changed from one list to the other
 * @old: a list
 * @new: another one
 * @difference: set to it; to be freed. The lists hold the rules.
 *
 * A rule that has another rank is gone and added.
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int fwl_rule_list_compare(const struct fwl_rule_list *old, const struct fwl_rule_list *new,
			  struct fwl_difference *difference)
{
	memset(difference, 0, sizeof(*difference));
	compare(old, new, difference);
	difference->gone = kvmalloc_array(difference->n_gone + 1, sizeof(*difference->gone),
					  GFP_KERNEL);
	difference->added = kvmalloc_array(difference->n_added + 1, sizeof(*difference->added),
					   GFP_KERNEL);
	if (!difference->gone || !difference->added) {
		fwl_difference_free(difference);
		return -ENOMEM;
	}
	compare(old, new, difference);
	return 0;
}

/**
 * fwl_difference_free() - free what fwl_rule_list_compare() made
 * @difference: empty afterwards
 */
void fwl_difference_free(struct fwl_difference *difference)
{
	kvfree(difference->gone);
	kvfree(difference->added);
	memset(difference, 0, sizeof(*difference));
}
