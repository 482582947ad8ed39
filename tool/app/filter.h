/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_FILTER_H
#define APP_FILTER_H

/*
 * What becomes of a packet of a queue: nothing here talks to the kernel.
 */
#include <linux/flowwall.h>

#include "rules.h"
#include "segment.h"
#include "stream.h"

#define ANSWERS_MAX	2
#define INSTEAD_ROOM	256		/* bytes: of a SYN and what is before it */
#define LINGERING_MAX	1024

/**
 * struct verdict - what is to become of a packet
 * @drop: of the packet alone; the flow is still asked about
 * @queue: what is said of the flow, FLOWWALL_QUEUE_*
 * @mark: of the packet, these bits of
 * @mask: zero for no mark
 * @n_instead: bytes of @instead, which go on in the place of the packet; zero for itself
 * @answers: sent in the place of one of the ends, after the verdict
 */
struct verdict {
	bool drop;
	uint32_t queue;
	uint32_t mark;
	uint32_t mask;
	size_t n_instead;
	uint8_t instead[INSTEAD_ROOM];
	unsigned int n_answers;
	struct answer answer[ANSWERS_MAX];
};

/**
 * struct filter_counts - what a filter has seen; written by its thread alone
 * @midway: connections that had begun before the filter did
 * @full: connections for which there was no memory
 * @repeated: packets dropped since what they repeat is forgotten, or has no room yet
 * @broken: packets dropped since no host would take them
 */
struct filter_counts {
	_Atomic uint64_t packets;
	_Atomic uint64_t midway;
	_Atomic uint64_t full;
	_Atomic uint64_t repeated;
	_Atomic uint64_t broken;
};

/* A connection that was answered, and is reset if it is still there @when, ms. */
struct lingering {
	uint64_t when;
	struct ends ends;
	uint32_t seq;
};

/**
 * struct filter - the filter of a queue
 * @told: called with each decision, if not NULL
 */
struct filter {
	struct streams streams;
	struct app_rules *rules;
	struct filter_counts counts;
	struct lingering lingering[LINGERING_MAX];
	size_t first_lingering;
	size_t n_lingering;
	void (*told)(void *arg, const struct decision *decision, const struct request *request,
		     const struct ends *ends);
	void *arg;
};

bool filter_init(struct filter *filter, size_t memory);
void filter_free(struct filter *filter);
void filter_time(struct filter *filter, uint64_t now);
void filter_packet(struct filter *filter, const uint8_t *packet, size_t n, bool check, bool whole,
		   struct verdict *verdict);
bool filter_due(struct filter *filter, struct answer *answer);

#endif
