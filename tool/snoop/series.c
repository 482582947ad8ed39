// SPDX-License-Identifier: GPL-2.0-or-later
/* The files that one store is made of: the one that is written, and those that are full. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "series.h"
#include "store.h"

#define DIGITS		6
#define NUMBER_MOST	999999

static const char *const endings[] = { "", "-wal", "-shm" };

/* How long the name is without ".db". */
static size_t stem(const char *path)
{
	size_t n = strlen(path);

	return n > 3 && !strcmp(path + n - 3, ".db") ? n - 3 : n;
}

/**
 * series_path() - the name of a file that is full, to be freed
 */
char *series_path(const char *path, uint64_t number)
{
	size_t n = stem(path);
	char *text;

	if (asprintf(&text, "%.*s.%0*" PRIu64 "%s", (int)n, path, DIGITS, number, path + n) < 0)
		fail_out_of_memory();
	return text;
}

/* The number of @name among the files of @path, 0 if it is none of them. */
static uint64_t number_of(const char *name, const char *path)
{
	size_t n = stem(path);
	const char *digits = name + n + 1;
	uint64_t number;
	char *end;

	if (strncmp(name, path, n) || name[n] != '.' || !isdigit((unsigned char)*digits))
		return 0;
	number = strtoull(digits, &end, 10);
	return end - digits == DIGITS && !strcmp(end, path + n) ? number : 0;
}

/* Somebody may have given something else such a name: only what was recorded may go. */
static bool is_store(const char *path)
{
	static const char magic[] = "SQLite format 3";
	uint8_t head[72], *mark = head + 68;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (fd >= 0)
		close(fd);
	return n == sizeof(head) && !memcmp(head, magic, sizeof(magic)) &&
	       ((uint32_t)mark[0] << 24 | mark[1] << 16 | mark[2] << 8 | mark[3]) == STORE_APPLICATION;
}

/**
 * series_file_size() - how large a file is, with what SQLite keeps beside it
 * @modified: set to when it was last changed, or NULL
 */
uint64_t series_file_size(const char *path, time_t *modified)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		char name[4096];
		struct stat stat_;

		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		if (stat(name, &stat_))
			continue;
		size += stat_.st_size;
		if (!i && modified)
			*modified = stat_.st_mtime;
	}
	return size;
}

static int by_number(const void *a, const void *b)
{
	const struct series_file *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

/**
 * series_read() - find the files of a store that are full
 * @path: of the one that is written
 * @series: filled; empty if there are none
 */
void series_read(const char *path, struct series *series)
{
	char *copy = strdup(path), *copy2 = strdup(path);
	const char *folder, *base;
	struct dirent *entry;
	DIR *dir;

	if (!copy || !copy2)
		fail_out_of_memory();
	memset(series, 0, sizeof(*series));
	folder = dirname(copy);
	base = basename(copy2);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)) != NULL) {
		uint64_t number = number_of(entry->d_name, base);
		char *full = number ? series_path(path, number) : NULL;
		struct series_file *file;

		if (!full || !is_store(full)) {
			free(full);
			continue;
		}
		series->file = realloc(series->file, (series->n + 1) * sizeof(*series->file));
		if (!series->file)
			fail_out_of_memory();
		file = &series->file[series->n++];
		file->path = full;
		file->number = number;
		file->size = series_file_size(file->path, &file->modified);
		series->size += file->size;
	}
	if (dir)
		closedir(dir);
	if (series->n)
		qsort(series->file, series->n, sizeof(*series->file), by_number);
	free(copy);
	free(copy2);
}

void series_free(struct series *series)
{
	size_t i;

	for (i = 0; i < series->n; i++)
		free(series->file[i].path);
	free(series->file);
	memset(series, 0, sizeof(*series));
}

/**
 * series_move() - give a file that is full its name
 *
 * Where others still read it, SQLite leaves its log, with what is not yet in its place,
 * and the index of that: they go with it. They have both names for a moment, so that none
 * of them is lost if this ends in between.
 *
 * Return: false if that cannot be done: errno says why.
 */
bool series_move(const char *path, const char *to)
{
	char from_name[4096], to_name[4096];
	size_t i;

	for (i = 1; i < sizeof(endings) / sizeof(*endings); i++) {
		snprintf(from_name, sizeof(from_name), "%s%s", path, endings[i]);
		snprintf(to_name, sizeof(to_name), "%s%s", to, endings[i]);
		unlink(to_name);
		/* There are disks without a second name. */
		if (link(from_name, to_name) && errno != ENOENT &&
		    rename(from_name, to_name) && errno != ENOENT)
			return false;
	}
	if (rename(path, to))
		return false;
	series_clear(path);
	return true;
}

/* The first number from @number on whose name nobody has. */
static uint64_t free_number(const char *path, uint64_t number)
{
	for (;; number++) {
		char *name = series_path(path, number);
		bool taken = !access(name, F_OK);

		free(name);
		if (!taken)
			return number;
	}
}

/* The files get the lowest numbers there are, in their order. */
static bool renumber(const char *path, struct series *series)
{
	uint64_t number = 1;
	size_t i;

	for (i = 0; i < series->n; i++, number++) {
		struct series_file *file = &series->file[i];
		char *to;

		number = free_number(path, number);
		if (number > file->number)
			number = file->number;
		if (number == file->number)
			continue;
		to = series_path(path, number);
		if (!series_move(file->path, to)) {
			free(to);
			return false;
		}
		free(file->path);
		file->path = to;
		file->number = number;
	}
	return true;
}

/**
 * series_next() - the number of the next file that is full
 *
 * Return: the number, 0 if there is none left; errno says why.
 */
uint64_t series_next(const char *path, struct series *series)
{
	uint64_t number = 0;
	int again;

	for (again = 0; again < 2; again++) {
		number = free_number(path, series->n ? series->file[series->n - 1].number + 1 : 1);
		if (number <= NUMBER_MOST)
			return number;
		if (!renumber(path, series))
			return 0;
	}
	errno = EEXIST;
	return 0;
}

/**
 * series_clear() - remove what SQLite has beside a file that is not there any more
 *
 * A new one would take it for its own, and share it with who still reads the old one.
 */
void series_clear(const char *path)
{
	char name[4096];
	size_t i;

	for (i = 1; i < sizeof(endings) / sizeof(*endings); i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		unlink(name);
	}
}

/**
 * series_remove_oldest() - delete the oldest file that is full
 *
 * Return: false if there is none, or it cannot be deleted.
 */
bool series_remove_oldest(struct series *series)
{
	struct series_file oldest;
	size_t i;

	if (!series->n)
		return false;
	oldest = series->file[0];
	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s%s", oldest.path, endings[i]);
		if (unlink(name) && errno != ENOENT)
			return false;
	}
	series->size -= oldest.size;
	series->n--;
	memmove(series->file, series->file + 1, series->n * sizeof(*series->file));
	free(oldest.path);
	return true;
}
