// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of statements, with what they include, and how mistakes are shown. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang.h"

#define INCLUDE_DEPTH	8
#define FILE_LIMIT	(256L << 20)
#define LINE_LIMIT	4095

static unsigned int count;

/* The line, and a caret under the place. A tab is as wide above as below. */
static void report_text(const struct place *place, const char *message, const char *hint)
{
	size_t length = strlen(place->text), column, i;

	if (place->file)
		fprintf(stderr, "%s:%u:%u: %s\n", place->file, place->line, place->column, message);
	else
		fprintf(stderr, "fwctl: %s\n", message);
	fprintf(stderr, "    %s\n    ", place->text);
	column = place->column - 1;
	for (i = 0; i < column; i++)
		fputc(i < length && place->text[i] == '\t' ? '\t' : ' ', stderr);
	fputc('^', stderr);
	for (i = 1; i < place->length && column + i < length; i++)
		fputc('~', stderr);
	fputc('\n', stderr);
	if (hint)
		fprintf(stderr, "    hint: %s\n", hint);
}

void (*report_mistake)(const struct place *, const char *, const char *) = report_text;

/**
 * mistake() - report what is wrong, and where
 * @place: the place
 * @hint: what to do, or NULL
 * @format: what is wrong
 */
void mistake(const struct place *place, const char *hint, const char *format, ...)
{
	char message[512];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	count++;
	report_mistake(place, message, hint);
}

/**
 * mistakes() - how many were reported so far
 */
unsigned int mistakes(void)
{
	return count;
}

/* A mistake of a file as a whole. */
static bool file_mistake(const struct place *from, const char *name, const char *why)
{
	struct place place = { .file = name, .line = 1, .column = 1, .length = 1, .text = "" };

	mistake(from ? from : &place, NULL, "%s: %s", name, why);
	return false;
}

/* Reads a file whole, with a zero behind it; NULL after a mistake. */
static char *read_whole(const struct place *from, const char *name, size_t *size)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	char *data = NULL;
	size_t room = 0;
	struct stat st;

	*size = 0;
	if (!file) {
		file_mistake(from, name, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		file_mistake(from, name, "this is a folder, not a file of statements");
		goto bad;
	}
	for (;;) {
		size_t n;

		if (room - *size < 2) {
			char *more;

			room = room ? 2 * room : 65536;
			more = room > FILE_LIMIT ? NULL : realloc(data, room);
			if (!more) {
				file_mistake(from, name, "the file is too large");
				goto bad;
			}
			data = more;
		}
		n = fread(data + *size, 1, room - *size - 1, file);
		if (!n)
			break;
		*size += n;
	}
	if (ferror(file)) {
		file_mistake(from, name, "cannot be read");
		goto bad;
	}
	data[*size] = '\0';
	if (file != stdin)
		fclose(file);
	return data;
bad:
	free(data);
	if (file != stdin)
		fclose(file);
	return NULL;
}

static void add_stmt(struct script *script, const struct stmt *stmt)
{
	if (script->n == script->room) {
		script->room = script->room ? 2 * script->room : 64;
		script->stmt = realloc(script->stmt, script->room * sizeof(*script->stmt));
		if (!script->stmt)
			abort();
	}
	script->stmt[script->n++] = *stmt;
}

static bool read_file(const struct place *from, const char *name, struct script *script,
		      unsigned int depth);

/* Where an included file is: beside the one that includes it. */
static char *beside(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	char *path = NULL;

	if (*name == '/' || !slash)
		return strdup(name);
	if (asprintf(&path, "%.*s/%s", (int)(slash - file), file, name) < 0)
		abort();
	return path;
}

static bool include(const struct words *words, struct script *script, unsigned int depth)
{
	char *path;
	bool good;

	if (words->n != 2) {
		mistake(&words->word[0].place, NULL, "`include` is followed by one file");
		return false;
	}
	if (depth == INCLUDE_DEPTH) {
		mistake(&words->word[1].place, "does a file include itself?",
			"files include each other more than %d deep", INCLUDE_DEPTH);
		return false;
	}
	path = beside(words->word[0].place.file, words->word[1].text);
	good = read_file(&words->word[1].place, path, script, depth + 1);
	free(path);
	return good;
}

static bool read_line(const struct place *line, struct script *script, unsigned int depth)
{
	struct words words;
	struct stmt stmt;
	bool good;

	if (strlen(line->text) > LINE_LIMIT) {
		struct place place = *line;

		place.text = "";
		mistake(&place, NULL, "the line is longer than %d characters", LINE_LIMIT);
		return false;
	}
	good = lex_line(line, &words);
	if (good && words.n) {
		if (!strcmp(words.word[0].text, "include")) {
			good = include(&words, script, depth);
		} else {
			good = parse_words(&words, &stmt);
			if (good && stmt.kind != STMT_NONE)
				add_stmt(script, &stmt);
			else
				stmt_free(&stmt);
		}
	}
	words_free(&words);
	return good;
}

/* All lines are read, whatever is wrong with some: all mistakes at once. */
static bool read_file(const struct place *from, const char *name, struct script *script,
		      unsigned int depth)
{
	struct place line = { .line = 0, .column = 1, .length = 1 };
	struct text *text;
	char *at, *end, *next;
	bool good = true;
	size_t size;

	at = read_whole(from, name, &size);
	if (!at)
		return false;
	text = calloc(1, sizeof(*text));
	if (!text)
		abort();
	text->data = at;
	text->name = strdup(strcmp(name, "-") ? name : "standard input");
	text->next = script->texts;
	script->texts = text;
	line.file = text->name;

	for (end = at + size; at < end; at = next) {
		char *newline = memchr(at, '\n', end - at);
		size_t length = (newline ? newline : end) - at;

		next = at + length + 1;
		at[length] = '\0';
		line.line++;
		line.text = at;
		if (strlen(at) != length) {
			struct place place = line;

			place.column = strlen(at) + 1;
			mistake(&place, "is this a text file?", "a zero byte");
			good = false;
			continue;
		}
		if (length && at[length - 1] == '\r')
			at[length - 1] = ' ';
		good &= read_line(&line, script, depth);
	}
	return good;
}

static int by_name(const void *a, const void *b)
{
	const struct stmt *x = *(const struct stmt *const *)a;
	const struct stmt *y = *(const struct stmt *const *)b;
	int order = strcmp(x->rule.name, y->rule.name);

	return order ? order : (x > y) - (x < y);
}

/* An id names one rule; the later ones are the mistakes. */
static bool check_ids(const struct script *script)
{
	const struct stmt **named = calloc(script->n + 1, sizeof(*named));
	size_t n = 0, i;
	bool good = true;

	if (!named)
		abort();
	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_RULE && script->stmt[i].rule.name[0])
			named[n++] = &script->stmt[i];
	qsort(named, n, sizeof(*named), by_name);
	for (i = 1; i < n; i++)
		if (!strcmp(named[i - 1]->rule.name, named[i]->rule.name)) {
			mistake(&named[i]->place, NULL, "the id `%s` is that of the rule in %s:%u",
				named[i]->rule.name, named[i - 1]->place.file,
				named[i - 1]->place.line);
			good = false;
		}
	free(named);
	return good;
}

/**
 * parse_file() - read a file and what it includes
 * @name: of the file; "-" is standard input
 * @script: set to the statements; to be freed, also after a mistake
 *
 * Return: false after a mistake; all of them have been reported.
 */
bool parse_file(const char *name, struct script *script)
{
	bool good;

	memset(script, 0, sizeof(*script));
	good = read_file(NULL, name, script, 0);
	return check_ids(script) && good;
}

/**
 * script_free() - free what parse_file() made
 */
void script_free(struct script *script)
{
	size_t i;

	for (i = 0; i < script->n; i++)
		stmt_free(&script->stmt[i]);
	free(script->stmt);
	while (script->texts) {
		struct text *text = script->texts;

		script->texts = text->next;
		free(text->name);
		free(text->data);
		free(text);
	}
	memset(script, 0, sizeof(*script));
}
