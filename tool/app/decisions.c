// SPDX-License-Identifier: GPL-2.0-or-later
/* Decisions, on their way to who prints them. */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "decisions.h"

/**
 * decisions_open() - begin with none
 * @all: keep all decisions, not only those of rules with "log"
 *
 * Return: false with errno set.
 */
bool decisions_open(struct decisions *decisions, bool all)
{
	memset(decisions, 0, sizeof(*decisions));
	pthread_mutex_init(&decisions->lock, NULL);
	decisions->all = all;
	decisions->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return decisions->wake >= 0;
}

/**
 * decisions_close() - free what decisions_open() made
 */
void decisions_close(struct decisions *decisions)
{
	close(decisions->wake);
	pthread_mutex_destroy(&decisions->lock);
}

static void fill(struct told_decision *entry, const struct decision *decision,
		 const struct request *request, const struct ends *ends)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	memset(entry, 0, sizeof(*entry));
	entry->when = now.tv_sec + now.tv_nsec / 1e9;
	entry->allowed = decision_allows(decision);
	entry->proto = request->proto;
	entry->ends = *ends;
	entry->type = request->type;
	if (decision->rule) {
		entry->mark = decision->rule->mark;
		strcpy(entry->rule, decision->rule->id);
	}
	snprintf(entry->name, sizeof(entry->name), "%s", request->name);
	snprintf(entry->method, sizeof(entry->method), "%s", request->method);
	snprintf(entry->path, sizeof(entry->path), "%s", request->path ? request->path : "");
	snprintf(entry->why, sizeof(entry->why), "%s", decision->rule ? "" : decision->why);
}

/**
 * decisions_add() - note a decision, if it is to be told
 *
 * What cannot be read is always told.
 */
void decisions_add(struct decisions *decisions, const struct decision *decision,
		 const struct request *request, const struct ends *ends)
{
	uint64_t one = 1;

	if (!decisions->all && decision->rule && !decision->rule->log)
		return;
	pthread_mutex_lock(&decisions->lock);
	if (decisions->n == ENTRIES) {
		decisions->lost++;
	} else {
		fill(&decisions->entry[(decisions->first + decisions->n) % ENTRIES], decision, request, ends);
		decisions->n++;
	}
	pthread_mutex_unlock(&decisions->lock);
	if (write(decisions->wake, &one, sizeof(one)) < 0)
		return;		/* it is awake already */
}

/**
 * decisions_take() - take the oldest decision
 * @entry: set to it
 * @lost: set to how many did not find a place since the last time
 *
 * Return: false if there is none.
 */
bool decisions_take(struct decisions *decisions, struct told_decision *entry, uint64_t *lost)
{
	bool found;

	pthread_mutex_lock(&decisions->lock);
	*lost = decisions->lost;
	decisions->lost = 0;
	found = decisions->n;
	if (found) {
		*entry = decisions->entry[decisions->first];
		decisions->first = (decisions->first + 1) % ENTRIES;
		decisions->n--;
	}
	pthread_mutex_unlock(&decisions->lock);
	return found;
}
