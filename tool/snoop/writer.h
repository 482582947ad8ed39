/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WRITER_H
#define WRITER_H

#include <stdatomic.h>

#include "dedupe.h"
#include "queue.h"
#include "store.h"

/**
 * struct live - what both threads count, and the live line shows
 * @flows: rows of conversations of this run
 * @broken: the interface or the file ended otherwise than in order
 * @failed: the store takes no more
 * @full: for want of room
 */
struct live {
	_Atomic uint64_t received;
	_Atomic uint64_t dropped_kernel;
	_Atomic uint64_t dropped_queue;
	_Atomic uint64_t stored;
	_Atomic uint64_t dups;
	_Atomic uint64_t lost;
	_Atomic uint64_t bytes;
	_Atomic uint64_t flows;
	_Atomic bool broken;
	_Atomic bool failed;
	_Atomic bool full;
};

/**
 * struct writer - takes packets from a queue, and stores them
 * @dedupe: or NULL, to keep all
 * @patience: seconds that it tries on after the end, if the store is out of reach
 * @capture: what the row of this run says; its counters are not used
 */
struct writer {
	struct queue *queue;
	struct store *store;
	struct dedupe *dedupe;
	struct live *live;
	size_t max_flows;
	int patience;
	struct capture_row capture;
};

void *writer_run(void *writer);

#endif
