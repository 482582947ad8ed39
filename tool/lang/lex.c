// SPDX-License-Identifier: GPL-2.0-or-later
/* Text -> words. A shell splits a line into the same words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang.h"

/**
 * fail_out_of_memory() - end the program, since there is no memory for what it reads
 */
void fail_out_of_memory(void)
{
	fputs("fwctl: out of memory\n", stderr);
	_Exit(2);
}

static void *must(void *memory)
{
	if (!memory)
		fail_out_of_memory();
	return memory;
}

/**
 * utf8_length() - how many bytes the character at @text has
 *
 * Return: 1 to 4, or 0 if it is not UTF-8 (RFC 3629).
 */
size_t utf8_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	unsigned int low = 0x80, high = 0xbf;
	size_t length, i;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	length = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		low = 0xa0;	/* neither longer than needed, */
	else if (c[0] == 0xed)
		high = 0x9f;	/* nor half of a pair of UTF-16, */
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;	/* nor beyond U+10FFFF */
	if (c[1] < low || c[1] > high)
		return 0;
	for (i = 2; i < length; i++)
		if (c[i] < 0x80 || c[i] > 0xbf)
			return 0;
	return length;
}

static void add_word(struct words *words, const struct place *line, const char *text,
		     size_t column, size_t length)
{
	struct word *word;

	words->word = must(realloc(words->word, (words->n + 1) * sizeof(*words->word)));
	word = &words->word[words->n++];
	word->text = text;
	word->place = *line;
	word->place.column = column;
	word->place.length = length ? length : 1;
}

/**
 * lex_line() - split a line of a file into words
 * @line: the place of the line; its text is split
 * @words: set to its words, to be freed also after a mistake
 *
 * White space separates; '#' at the beginning of a word starts a comment; '...'
 * and "..." hold anything but themselves. Return: false after a mistake.
 */
bool lex_line(const struct place *line, struct words *words)
{
	const char *text = line->text, *at = text;
	char *to;

	memset(words, 0, sizeof(*words));
	words->buffer = to = must(malloc(strlen(text) + 2));
	for (;;) {
		const char *start, *word = to;

		at += strspn(at, " \t\r\f\v");
		if (!*at || *at == '#')
			break;
		start = at;
		while (*at && !strchr(" \t\r\f\v", *at)) {
			if (*at == '"' || *at == '\'') {
				const char *end = strchr(at + 1, *at);

				if (!end) {
					struct place place = *line;

					place.column = at - text + 1;
					place.length = strlen(at);
					mistake(&place, NULL, "the quotation mark is not closed");
					return false;
				}
				memcpy(to, at + 1, end - at - 1);
				to += end - at - 1;
				at = end + 1;
			} else {
				*to++ = *at++;
			}
		}
		*to++ = '\0';
		add_word(words, line, word, start - text + 1, at - start);
	}
	words->end = *line;
	words->end.length = 1;
	words->end.column = words->n ? words->word[words->n - 1].place.column +
				       words->word[words->n - 1].place.length + 1 : 1;
	return true;
}

/**
 * lex_arguments() - make words of a command's arguments
 * @argc: how many
 * @argv: the arguments
 * @words: set to the words; mistakes show the line as if it had been typed
 */
void lex_arguments(int argc, char **argv, struct words *words)
{
	struct place line = { .line = 1 };
	size_t size = 1, at = 0;
	int i;

	memset(words, 0, sizeof(*words));
	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	words->buffer = must(calloc(1, size));
	line.text = words->buffer;
	for (i = 0; i < argc; i++) {
		size_t length = strlen(argv[i]), k;

		if (i)
			words->buffer[at++] = ' ';
		for (k = 0; k < length; k++) /* one line, whatever was typed */
			words->buffer[at + k] = argv[i][k] == '\n' ? ' ' : argv[i][k];
		add_word(words, &line, argv[i], at + 1, length);
		at += length;
	}
	words->end = line;
	words->end.column = at + 2;
	words->end.length = 1;
}

/**
 * words_free() - free what lex_line() or lex_arguments() made
 */
void words_free(struct words *words)
{
	free(words->word);
	free(words->buffer);
	memset(words, 0, sizeof(*words));
}
