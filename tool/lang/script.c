// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of statements, with what they include, and how mistakes are shown. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lang.h"

#define INCLUDE_DEPTH	8
#define FILE_LIMIT	(256L << 20)
#define LINE_LIMIT	(STMT_TEXT - 1)

static unsigned int count;

/* One character to a terminal, which must not take it for a command; its length. */
static size_t put_character(const char *c)
{
	const unsigned char *byte = (const unsigned char *)c;
	size_t length = utf8_length(c);

	if (!length || (*byte < ' ' && *byte != '\t') || *byte == 0x7f ||
	    (*byte == 0xc2 && byte[1] < 0xa0))
		fputc('?', stderr);
	else
		fwrite(c, 1, length, stderr);
	return length ? length : 1;
}

static void put_text(const char *text)
{
	while (*text)
		text += put_character(text);
}

/* Goes on to @end, with @mark for each character; a tab stays as wide as it is. */
static const char *underline(const char *at, const char *end, char mark)
{
	while (at < end && *at) {
		fputc(*at == '\t' ? '\t' : mark, stderr);
		at += utf8_length(at) ? utf8_length(at) : 1;
	}
	return at;
}

/* The line, and a caret under the place, which may be behind the line's end. */
static void report_text(const struct place *place, const char *message, const char *hint)
{
	size_t length = strlen(place->text), column = place->column - 1, i;
	const char *start = place->text + (column < length ? column : length);
	const char *end = place->text + length, *at;

	if (place->file)
		put_text(place->file);
	else
		fputs("fwctl", stderr);
	if (place->file && place->line)
		fprintf(stderr, ":%u:%u", place->line, place->column);
	fputs(": ", stderr);
	put_text(message);
	fputc('\n', stderr);
	if (place->line) {
		fputs("    ", stderr);
		put_text(place->text);
		fputs("\n    ", stderr);
		at = underline(place->text, start, ' ');
		for (i = length; i < column; i++)
			fputc(' ', stderr);
		fputc('^', stderr);
		if (at < end)
			at += utf8_length(at) ? utf8_length(at) : 1;
		if (place->length < (size_t)(end - start))
			end = start + place->length;
		underline(at, end, '~');
		fputc('\n', stderr);
	}
	if (hint) {
		fputs("    hint: ", stderr);
		put_text(hint);
		fputc('\n', stderr);
	}
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

/**
 * struct reading - a file that is being read
 * @from: where it is included, NULL if it is the first one
 * @outer: the file that includes it
 * @depth: how many include each other, up to this one
 * @st: what it is, to know it again
 * @line: takes the words of a line in the place of the parser, or NULL
 * @arg: for @line
 */
struct reading {
	const char *name;
	const struct place *from;
	const struct reading *outer;
	unsigned int depth;
	struct stat st;
	bool (*line)(const struct words *words, void *arg);
	void *arg;
};

/* A mistake of a file as a whole: shown where it is included, if it is. */
static void file_mistake(const struct reading *reading, const char *why)
{
	struct place place = { .file = reading->name, .column = 1, .length = 1, .text = "" };

	if (reading->from)
		mistake(reading->from, NULL, "%s: %s", reading->name, why);
	else
		mistake(&place, NULL, "%s", why);
}

static bool includes_itself(const struct reading *reading)
{
	const struct reading *outer;

	for (outer = reading->outer; outer && S_ISREG(reading->st.st_mode); outer = outer->outer)
		if (outer->st.st_dev == reading->st.st_dev &&
		    outer->st.st_ino == reading->st.st_ino)
			return true;
	return false;
}

/* Reads a file whole, with a zero behind it; NULL after a mistake. */
static char *read_whole(struct reading *reading, size_t *size)
{
	bool standard = !reading->from && !strcmp(reading->name, "-");
	FILE *file = standard ? stdin : fopen(reading->name, "re");
	char *data = NULL;
	size_t room = 0;

	*size = 0;
	if (standard)
		reading->name = "standard input";
	if (!file || fstat(fileno(file), &reading->st)) {
		file_mistake(reading, strerror(errno));
		goto bad;
	}
	if (S_ISDIR(reading->st.st_mode)) {
		file_mistake(reading, "this is a folder, not a file of statements");
		goto bad;
	}
	if (includes_itself(reading)) {
		file_mistake(reading, "this file is being read: it would include itself");
		goto bad;
	}
	for (;;) {
		size_t n;

		if (room - *size < 2) {
			char *more;

			room = room ? 2 * room : 65536;
			more = room > FILE_LIMIT ? NULL : realloc(data, room);
			if (!more) {
				file_mistake(reading, "the file is too large");
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
		file_mistake(reading, strerror(errno));
		goto bad;
	}
	data[*size] = '\0';
	if (file != stdin)
		fclose(file);
	return data;
bad:
	free(data);
	if (file && file != stdin)
		fclose(file);
	return NULL;
}

/**
 * script_add() - add an empty statement to a script
 *
 * Return: the statement; it moves when the next one is added.
 */
struct stmt *script_add(struct script *script)
{
	if (script->n == script->room) {
		script->room = script->room ? 2 * script->room : 64;
		script->stmt = realloc(script->stmt, script->room * sizeof(*script->stmt));
		if (!script->stmt)
			fail_out_of_memory();
	}
	return memset(&script->stmt[script->n++], 0, sizeof(*script->stmt));
}

static bool read_file(struct reading *reading, struct script *script);

/**
 * beside() - where a file is that another one names: beside that one
 * @file: the other one, or NULL for the command line
 * @name: as it stands there
 *
 * Return: a path, to be freed.
 */
char *beside(const char *file, const char *name)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	char *path = NULL;

	if (*name == '/' || !slash)
		path = strdup(name);
	else if (asprintf(&path, "%.*s/%s", (int)(slash - file), file, name) < 0)
		path = NULL;
	if (!path)
		fail_out_of_memory();
	return path;
}

static bool include(const struct words *words, struct script *script,
		    const struct reading *outer)
{
	struct reading reading = {
		.outer = outer, .depth = outer->depth + 1, .line = outer->line, .arg = outer->arg
	};
	char *path;
	bool good;

	if (words->n != 2) {
		mistake(&words->word[0].place, NULL, "`include` is followed by one file");
		return false;
	}
	if (reading.depth > INCLUDE_DEPTH) {
		mistake(&words->word[1].place, NULL,
			"files include each other more than %d deep", INCLUDE_DEPTH);
		return false;
	}
	path = beside(words->word[0].place.file, words->word[1].text);
	reading.name = path;
	reading.from = &words->word[1].place;
	good = read_file(&reading, script);
	free(path);
	return good;
}

static bool read_line(const struct place *line, struct script *script,
		      const struct reading *reading)
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
			good = include(&words, script, reading);
		} else if (reading->line) {
			good = reading->line(&words, reading->arg);
		} else {
			good = parse_words(&words, &stmt);
			if (good && stmt.kind != STMT_NONE)
				*script_add(script) = stmt;
			else
				stmt_free(&stmt);
		}
	}
	words_free(&words);
	return good;
}

/* All lines are read, whatever is wrong with some: all mistakes at once. */
static bool read_file(struct reading *reading, struct script *script)
{
	struct place line = { .line = 0, .column = 1, .length = 1 };
	struct text *text;
	char *at, *end, *next;
	bool good = true;
	size_t size;

	at = read_whole(reading, &size);
	if (!at)
		return false;
	text = calloc(1, sizeof(*text));
	if (text)
		text->name = strdup(reading->name);
	if (!text || !text->name)
		fail_out_of_memory();
	text->data = at;
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
		good &= read_line(&line, script, reading);
	}
	return good;
}

/* What one statement of a file alone may say something of: an id, what has a role. */
static const char *subject(const struct stmt *stmt)
{
	return stmt->kind == STMT_RULE ? stmt->rule.name : stmt->role.iface;
}

static int by_subject(const void *a, const void *b)
{
	const struct stmt *x = *(const struct stmt *const *)a;
	const struct stmt *y = *(const struct stmt *const *)b;
	int order = strcmp(subject(x), subject(y));

	return order ? order : (x > y) - (x < y);
}

static void id_mistake(const struct stmt *stmt, const struct stmt *first)
{
	mistake(&stmt->rule.name_place, NULL, "the id `%s` is that of the rule in %s:%u",
		stmt->rule.name, first->place.file, first->place.line);
}

static void role_mistake(const struct stmt *stmt, const struct stmt *first)
{
	mistake(&stmt->place, "an interface has one role", "`%s` has another role in %s:%u",
		*stmt->role.iface ? stmt->role.iface : "default", first->place.file,
		first->place.line);
}

/* An id names one rule, and a name of interfaces has one role; the later ones are the mistakes. */
static bool check_once(const struct script *script, enum stmt_kind kind,
		       void (*say)(const struct stmt *stmt, const struct stmt *first))
{
	const struct stmt **named = calloc(script->n + 1, sizeof(*named));
	size_t n = 0, first = 0, i;
	bool good = true;

	if (!named)
		fail_out_of_memory();
	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == kind &&
		    (kind == STMT_ROLE || script->stmt[i].rule.name[0]))
			named[n++] = &script->stmt[i];
	qsort(named, n, sizeof(*named), by_subject);
	for (i = 1; i < n; i++) {
		if (strcmp(subject(named[first]), subject(named[i]))) {
			first = i;
		} else if (kind == STMT_RULE || named[first]->role.role != named[i]->role.role) {
			say(named[i], named[first]);
			good = false;
		}
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
	struct reading reading = { .name = name };
	bool good;

	memset(script, 0, sizeof(*script));
	good = read_file(&reading, script);
	good &= check_once(script, STMT_RULE, id_mistake);
	good &= check_once(script, STMT_ROLE, role_mistake);
	return check_ovs(script) && good;
}

/**
 * parse_lines() - read a file of another kind of statements, and what it includes
 * @name: of the file; "-" is standard input
 * @script: set to the texts of the files; to be freed, also after a mistake
 * @line: called with the words of each line; returns false after a mistake
 * @arg: for it
 *
 * Return: false after a mistake; all of them have been reported.
 */
bool parse_lines(const char *name, struct script *script,
		 bool (*line)(const struct words *words, void *arg), void *arg)
{
	struct reading reading = { .name = name, .line = line, .arg = arg };

	memset(script, 0, sizeof(*script));
	return read_file(&reading, script);
}

/**
 * script_free() - free what parse_file() or parse_lines() made
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
