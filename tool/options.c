// SPDX-License-Identifier: GPL-2.0-or-later
/* What all commands have: options, verbs, and an end that says whether all was written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kmod/version.h"
#include "fwctl.h"
#include "out.h"

struct options options;

/* The options that every command has; -n takes a word with it. */
const char *const option_words[] = {
	"-j", "--json", "-v", "--verbose", "-n", "--netns", "-h", "--help", "--version", NULL
};

/**
 * take_option() - take the option that the arguments begin with
 *
 * Return: how many words it has, 0 if there is none, -1 after a mistake.
 */
int take_option(int argc, char **argv)
{
	size_t i;

	for (i = 0; option_words[i] && strcmp(option_words[i], argv[0]); i++)
		;
	if (!option_words[i])
		return 0;
	switch (option_words[i][1] == '-' ? option_words[i][2] : option_words[i][1]) {
	case 'j':
		options.json = true;
		report_mistake = report_json;
		return 1;
	case 'n':
		if (argc == 1)
			return wrong(NULL, "%s needs the name of a network namespace", argv[0]), -1;
		options.netns = argv[1];
		return 2;
	case 'h':
		options.help = true;
		return 1;
	default:
		if (strcmp(argv[0], "--version")) {
			options.verbose = true;
			return 1;
		}
		puts("fwctl " FLOWWALL_VERSION);
		exit(DONE);
	}
}

/**
 * match_verb() - find a verb by its beginning
 * @word: what was typed
 * @verbs: up to a NULL
 *
 * Return: the verb, or NULL if there is none or more than one.
 */
const char *match_verb(const char *word, const char *const *verbs)
{
	const char *found = NULL;

	for (; *word && *verbs; verbs++) {
		if (!strcmp(*verbs, word))
			return *verbs;
		if (strncmp(*verbs, word, strlen(word)))
			continue;
		if (found)
			return NULL;
		found = *verbs;
	}
	return found;
}

/**
 * no_arguments() - refuse what a command has no use for
 *
 * Return: DONE, or REFUSED with the error reported.
 */
int no_arguments(int argc, char **argv)
{
	return argc > 0 ? wrong(NULL, "`%s` is not known here", argv[0]) : DONE;
}

/**
 * no_option() - refuse an option where a name is to stand; "-" alone may be one
 *
 * Return: DONE, or REFUSED with the error reported.
 */
int no_option(const char *hint, const char *word)
{
	return word[0] == '-' && word[1] ?
	       wrong(hint, "the option `%s` is not known here", word) : DONE;
}

/**
 * end_output() - what a program returns
 * @status: of its command
 *
 * Return: @status, or FAILED if not all of the output could be written.
 */
int end_output(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fputs("fwctl: cannot write to standard output\n", stderr);
		return FAILED;
	}
	return status;
}
