/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_DECISIONS_H
#define APP_DECISIONS_H

/*
 * Decisions on their way from the queues to who prints them. Who prints may be slow, a
 * queue must not: what finds no place is counted.
 */
#include <pthread.h>

#include "rules.h"
#include "segment.h"

#define ENTRIES		1024
#define PATH_SHOWN	256

/**
 * struct told_decision - a decision
 * @when: seconds since 1970
 * @rule: id, or empty if it cannot be read
 * @why: or empty
 */
struct told_decision {
	double when;
	bool allowed;
	enum app_proto proto;
	struct ends ends;
	uint16_t type;
	uint32_t mark;
	char rule[FLOWWALL_NAME_SIZE];
	char name[NAME_ROOM];
	char method[METHOD_ROOM];
	char path[PATH_SHOWN];
	char why[96];
};

/**
 * struct decisions - the last decisions
 * @lock: protects the rest
 * @all: also those of rules without "log"
 * @wake: an eventfd, written when there is something
 */
struct decisions {
	pthread_mutex_t lock;
	bool all;
	int wake;
	struct told_decision entry[ENTRIES];
	size_t first;
	size_t n;
	uint64_t lost;
};

bool decisions_open(struct decisions *decisions, bool all);
void decisions_close(struct decisions *decisions);
void decisions_add(struct decisions *decisions, const struct decision *decision,
		 const struct request *request, const struct ends *ends);
bool decisions_take(struct decisions *decisions, struct told_decision *entry, uint64_t *lost);

#endif
