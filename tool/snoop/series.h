/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/**
 * struct series_file - a file that was full: of tap.db, tap.000001.db and so on
 * @size: with what SQLite keeps beside it
 * @modified: when something was last stored in it
 */
struct series_file {
	char *path;
	uint64_t number;
	uint64_t size;
	time_t modified;
};

struct series {
	struct series_file *file;	/* the oldest first */
	size_t n;
	uint64_t size;			/* of all of them */
};

void series_read(const char *path, struct series *series);
void series_free(struct series *series);
char *series_path(const char *path, uint64_t number);
uint64_t series_next(const char *path, struct series *series);
bool series_move(const char *path, const char *to);
void series_clear(const char *path);
bool series_remove_oldest(struct series *series);
uint64_t series_file_size(const char *path, time_t *modified);

#endif
