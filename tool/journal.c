// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries for the systemd journal, in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL):
 * one datagram an entry, one field a line.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "journal.h"
#include "lang/lang.h"

#define SOCKET "/run/systemd/journal/socket"

/**
 * journal_open() - connect to the journal
 *
 * Return: false if there is none; errno says why.
 */
bool journal_open(struct journal *journal)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };

	memset(journal, 0, sizeof(*journal));
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return journal->fd >= 0 &&
	       !connect(journal->fd, (const struct sockaddr *)&address, sizeof(address));
}

void journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
}

/* What came together since it was last looked at; never counted: all that may. */
static void earn(struct journal_kind *kind, double now, double burst, double rate)
{
	kind->tokens += kind->at ? (now - kind->at) * rate : burst;
	if (kind->tokens > burst)
		kind->tokens = burst;
	kind->at = now;
}

/*
 * The place of a kind. One that takes another's was perhaps there before, and begins with
 * a single entry: with more kinds than places, each would always begin with all it may.
 */
static struct journal_kind *place_of(struct journal *journal, const char *kind, double now)
{
	struct journal_kind *oldest = &journal->kind[0];
	size_t i;

	for (i = 0; i < JOURNAL_KINDS; i++) {
		struct journal_kind *place = &journal->kind[i];

		if (!strncmp(place->name, kind, sizeof(place->name) - 1))
			return place;
		if (place->at < oldest->at)
			oldest = place;
	}
	journal->all.held_back += oldest->held_back;
	oldest->held_back = 0;
	if (oldest->at) {
		oldest->tokens = 1;
		oldest->at = now;
	}
	snprintf(oldest->name, sizeof(oldest->name), "%s", kind);
	return oldest;
}

/**
 * journal_may() - whether another entry of a kind may be written
 * @kind: what it is about; a rule, for instance
 * @now: seconds of a clock that only goes forward
 * @held_back: set to how many of this kind were not, since the last one that was
 * @others: set to how many were not of kinds that are no longer counted for, since they
 *	were last told of
 */
bool journal_may(struct journal *journal, const char *kind, double now, uint64_t *held_back,
		 uint64_t *others)
{
	struct journal_kind *found = place_of(journal, kind, now);

	earn(found, now, JOURNAL_BURST, JOURNAL_RATE);
	earn(&journal->all, now, JOURNAL_BURST_ALL, JOURNAL_RATE_ALL);
	if (found->tokens < 1 || journal->all.tokens < 1) {
		found->held_back++;
		return false;
	}
	found->tokens--;
	journal->all.tokens--;
	*held_back = found->held_back;
	*others = journal->all.held_back;
	found->held_back = journal->all.held_back = 0;
	return true;
}

/* A value on one line: what would end it, or is no text, becomes a question mark. */
static void put_value(FILE *to, const char *value)
{
	for (; *value; value++)
		fputc(iscntrl((unsigned char)*value) ? '?' : *value, to);
	fputc('\n', to);
}

static void put_field(FILE *to, const char *name, const json_t *value)
{
	const char *c;

	if (!json_is_string(value) && !json_is_integer(value))
		return;
	fputs("FLOWWALL_", to);
	for (c = name; *c; c++)
		fputc(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_', to);
	fputc('=', to);
	if (json_is_string(value))
		put_value(to, json_string_value(value));
	else
		fprintf(to, "%lld\n", (long long)json_integer_value(value));
}

/**
 * journal_entry() - an entry as the journal reads it
 * @priority: as of syslog(3)
 * @fields: an object whose texts and numbers become fields; what is within others does not
 * @size: set to its size
 *
 * Return: the entry, to be freed.
 */
char *journal_entry(const char *message, int priority, const json_t *fields, size_t *size)
{
	const char *name;
	json_t *value;
	char *text = NULL;
	FILE *to = open_memstream(&text, size);

	if (!to)
		fail_out_of_memory();
	fprintf(to, "SYSLOG_IDENTIFIER=flowwall\nPRIORITY=%d\nMESSAGE=", priority);
	put_value(to, message);
	json_object_foreach((json_t *)fields, name, value)
		put_field(to, name, value);
	if (fclose(to))
		fail_out_of_memory();
	return text;
}

/**
 * journal_send() - write an entry
 *
 * Return: false if the journal is gone; errno says why.
 */
bool journal_send(struct journal *journal, const char *message, int priority,
		  const json_t *fields)
{
	size_t size;
	char *entry = journal_entry(message, priority, fields, &size);
	bool good = send(journal->fd, entry, size, MSG_NOSIGNAL) == (ssize_t)size;

	free(entry);
	return good;
}
