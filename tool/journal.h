/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many entries of a kind at once, and so many in each second after that. */
#define JOURNAL_BURST	50
#define JOURNAL_RATE	5
#define JOURNAL_KINDS	64

/**
 * struct journal - a way to the journal, with a limit for each kind of entry
 * @fd: socket, or -1
 * @kind: what was counted for so far; when all are in use, the one that rested longest
 *	is given to another kind
 */
struct journal {
	int fd;
	struct journal_kind {
		char name[64];
		double tokens;
		double at;
		uint64_t held_back;
	} kind[JOURNAL_KINDS];
};

bool journal_open(struct journal *journal);
bool journal_may(struct journal *journal, const char *kind, double now, uint64_t *held_back);
char *journal_entry(const char *message, int priority, const json_t *fields, size_t *size);
bool journal_send(struct journal *journal, const char *message, int priority,
		  const json_t *fields);
void journal_close(struct journal *journal);

#endif
