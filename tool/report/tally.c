// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts under names, of which there may be very many: beyond a million, together. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../lang/lang.h"
#include "tally.h"

#define NAMES_MOST	1000000
#define OTHERS		"(others)"

static uint32_t *find(const struct tally *tally, const char *name)
{
	size_t at = XXH3_64bits(name, strlen(name)) & (tally->slots - 1);

	while (tally->slot[at] && strcmp(tally->row[tally->slot[at] - 1].name, name))
		at = (at + 1) & (tally->slots - 1);
	return &tally->slot[at];
}

static void grow(struct tally *tally)
{
	size_t i;

	tally->slots = tally->slots ? 2 * tally->slots : 1024;
	tally->room = tally->slots / 2;
	free(tally->slot);
	tally->slot = calloc(tally->slots, sizeof(*tally->slot));
	tally->row = realloc(tally->row, tally->room * sizeof(*tally->row));
	if (!tally->slot || !tally->row)
		fail_out_of_memory();
	for (i = 0; i < tally->n; i++)
		*find(tally, tally->row[i].name) = i + 1;
}

/**
 * tally_at() - the counts under a name, to be added to
 */
uint64_t *tally_at(struct tally *tally, const char *name)
{
	struct tally_row *row;
	uint32_t *slot;

	if (tally->n == tally->room)
		grow(tally);
	slot = find(tally, name);
	if (!*slot && tally->n >= NAMES_MOST && strcmp(name, OTHERS)) {
		tally->others++;
		return tally_at(tally, OTHERS);
	}
	if (!*slot) {
		row = &tally->row[tally->n++];
		*slot = tally->n;
		memset(row, 0, sizeof(*row));
		row->name = strdup(name);
		if (!row->name)
			fail_out_of_memory();
	}
	return tally->row[*slot - 1].n;
}

static int compare(const void *a, const void *b, void *counts)
{
	const struct tally_row *one = a, *other = b;
	const size_t *by = counts;
	uint64_t left = one->n[by[0]], right = other->n[by[0]];

	if (by[1] != by[0]) {
		left += one->n[by[1]];
		right += other->n[by[1]];
	}
	return left != right ? (left < right) - (left > right) : strcmp(one->name, other->name);
}

/**
 * tally_sort() - the largest first; nothing may be counted after that
 * @count: by which of the counts
 * @count2: and which is added to it; may be the same
 */
void tally_sort(struct tally *tally, size_t count, size_t count2)
{
	size_t by[2] = { count, count2 };

	if (tally->n)
		qsort_r(tally->row, tally->n, sizeof(*tally->row), compare, by);
}

void tally_free(struct tally *tally)
{
	size_t i;

	for (i = 0; i < tally->n; i++)
		free(tally->row[i].name);
	free(tally->row);
	free(tally->slot);
	memset(tally, 0, sizeof(*tally));
}
