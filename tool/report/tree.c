// SPDX-License-Identifier: GPL-2.0-or-later
/* The protocols as a hierarchy: each line counts what is below it as well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "tree.h"

/* Beginnings of paths, "eth", "eth:ip" and so on, each with what all that begin so sum up to. */
static void add_beginnings(struct tally *sums, const struct tally_row *row)
{
	char path[128];
	size_t i;

	snprintf(path, sizeof(path), "%s", row->name);
	for (i = strlen(path); i; i--) {
		uint64_t *n;

		if (path[i] && path[i] != ':')
			continue;
		path[i] = '\0';
		n = tally_at(sums, path);
		n[COUNT_PACKETS] += row->n[COUNT_PACKETS];
		n[COUNT_BYTES] += row->n[COUNT_BYTES];
	}
}

static int depth_of(const char *path)
{
	int depth = 0;

	for (; *path; path++)
		depth += *path == ':';
	return depth;
}

/* What is directly below @parent (a path, "" for the top), the largest first, each with its own. */
static size_t add_children(const struct tally *sums, const char *parent, struct branch *to)
{
	size_t length = strlen(parent), n = 0, i;

	for (i = 0; i < sums->n; i++) {
		const struct tally_row *row = &sums->row[i];
		const char *rest = row->name + (length ? length + 1 : 0);
		struct branch *branch = &to[n];

		if (length && (strncmp(row->name, parent, length) || row->name[length] != ':'))
			continue;
		if (!*rest || strchr(rest, ':'))
			continue;
		snprintf(branch->name, sizeof(branch->name), "%s", rest);
		snprintf(branch->path, sizeof(branch->path), "%s", row->name);
		branch->depth = depth_of(row->name);
		branch->packets = row->n[COUNT_PACKETS];
		branch->bytes = row->n[COUNT_BYTES];
		n++;
		n += add_children(sums, row->name, to + n);
	}
	return n;
}

/**
 * tree_make() - the hierarchy, from the top down
 * @branches: set to its lines, to be freed
 *
 * Return: how many.
 */
size_t tree_make(const struct figures *figures, struct branch **branches)
{
	struct tally sums = { .n = 0 };
	size_t i, n;

	for (i = 0; i < figures->layers.n; i++)
		add_beginnings(&sums, &figures->layers.row[i]);
	tally_sort(&sums, COUNT_PACKETS, COUNT_PACKETS);
	*branches = calloc(sums.n + 1, sizeof(**branches));
	if (!*branches)
		fail_out_of_memory();
	n = add_children(&sums, "", *branches);
	tally_free(&sums);
	return n;
}
