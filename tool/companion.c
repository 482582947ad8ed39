// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that are in a program of their own, fwctl-capture, and how fwctl runs it:
 * they need libraries for databases and captures, which a small router has no use for,
 * and which all other commands would begin more slowly with.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fwctl.h"
#include "out.h"

/* From the folder that fwctl is in: as it was built, as it was installed. */
static const char *const places[] = { "fwctl-capture", "../libexec/fwctl-capture" };

/* Only returns if there is none at this place, or it cannot be run. */
static void run_at(const char *place, char **argv)
{
	char path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	if (n < 0 || n == PATH_MAX)
		return;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return;
	snprintf(slash + 1, sizeof(path) - (slash + 1 - path), "%s", place);
	execv(path, argv);
}

static int run_companion(const char *command, int argc, char **argv)
{
	char **words = calloc(argc + 7, sizeof(*words)), **word = words;
	size_t i;

	if (!words)
		fail_out_of_memory();
	*word++ = "fwctl";
	if (options.json)
		*word++ = "-j";
	if (options.verbose)
		*word++ = "-v";
	if (options.netns) {
		*word++ = "-n";
		*word++ = (char *)options.netns;
	}
	*word++ = (char *)command;
	memcpy(word, argv, argc * sizeof(*argv));
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		errno = ENOENT;
		run_at(places[i], words);
		if (errno != ENOENT)
			break;
	}
	free(words);
	if (errno != ENOENT) {
		wrong(NULL, "the program fwctl-capture cannot be run: %s", strerror(errno));
		return FAILED;
	}
	return wrong("on Debian: apt install fwctl-capture",
		     "`fwctl %s` needs the program fwctl-capture, which is not installed", command);
}

/**
 * cmd_snoop() - record what passes a port, into a database
 * @argc: so many words
 * @argv: behind the command
 *
 * Return: enum status, if at all: the other program's is that of this process.
 */
int cmd_snoop(int argc, char **argv)
{
	return run_companion("snoop", argc, argv);
}

/**
 * cmd_report() - say what such a database, or a capture, has in it
 * @argc: so many words
 * @argv: behind the command
 *
 * Return: enum status, if at all: the other program's is that of this process.
 */
int cmd_report(int argc, char **argv)
{
	return run_companion("report", argc, argv);
}
