/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many entries of a kind at once, and so many in each second after that; and of all. */
#define JOURNAL_BURST		50
#define JOURNAL_RATE		5
#define JOURNAL_BURST_ALL	500
#define JOURNAL_RATE_ALL	50
#define JOURNAL_KINDS		64

/**
 * struct journal_kind - what was counted for a kind of entry
 * @tokens: how many may be written at once
 * @at: when that was so
 * @held_back: how many were not written, and were not told of
 */
struct journal_kind {
	char name[64];
	double tokens;
	double at;
	uint64_t held_back;
};

/**
 * struct journal - a way to the journal, with a limit for each kind of entry, and for all
 * @fd: socket, or -1
 * @all: what was counted for all kinds; what was held back of those whose place was taken
 * @kind: what was counted for so far; when all are in use, the one that rested longest
 *	is given to another kind
 */
struct journal {
	int fd;
	struct journal_kind all;
	struct journal_kind kind[JOURNAL_KINDS];
};

bool journal_open(struct journal *journal);
bool journal_may(struct journal *journal, const char *kind, double now, uint64_t *held_back,
		 uint64_t *others);
char *journal_entry(const char *message, int priority, const json_t *fields, size_t *size);
bool journal_send(struct journal *journal, const char *message, int priority,
		  const json_t *fields);
void journal_close(struct journal *journal);

#endif
