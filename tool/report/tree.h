/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TREE_H
#define TREE_H

#include "figures.h"

/* A protocol with all that it carries: a line of the hierarchy. */
struct branch {
	char name[16];
	int depth;
	uint64_t packets;
	uint64_t bytes;
	char path[128];
};

size_t tree_make(const struct figures *figures, struct branch **branches);

#endif
