/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_COUNTS 4

/* What is counted under one name; what the counts are is known to who counts. */
struct tally_row {
	char *name;
	uint64_t n[TALLY_COUNTS];
};

/**
 * struct tally - counts under names
 * @row: in no order, until tally_sort()
 * @others: how many names had no place any more; they are counted together
 */
struct tally {
	struct tally_row *row;
	size_t n;
	size_t room;
	uint32_t *slot;		/* a hash of names: one more than a place in @row */
	size_t slots;
	uint64_t others;
};

uint64_t *tally_at(struct tally *tally, const char *name);
void tally_sort(struct tally *tally, size_t count, size_t count2);
void tally_free(struct tally *tally);

#endif
