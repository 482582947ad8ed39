// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries of the journal: nothing in them begins a field of its own; each kind has a limit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "suite.h"

START_TEST(one_line_a_field)
{
	json_t *fields = json_pack("{s:s, s:i, s:n, s:{s:s}, s:s}", "label", "a\nPRIORITY=0\n",
				   "dport", 80, "rule", "nested", "x", "y", "iif-2", "\x01\x7f");
	size_t size;
	char *entry = journal_entry("what\nMESSAGE=else", 6, fields, &size), *line;
	unsigned int lines = 0;

	ck_assert_uint_eq(size, strlen(entry));
	ck_assert_ptr_nonnull(strstr(entry, "\nMESSAGE=what?MESSAGE=else\n"));
	ck_assert_ptr_nonnull(strstr(entry, "\nFLOWWALL_LABEL=a?PRIORITY=0?\n"));
	ck_assert_ptr_nonnull(strstr(entry, "\nFLOWWALL_DPORT=80\n"));
	ck_assert_ptr_nonnull(strstr(entry, "\nFLOWWALL_IIF_2=?"));
	for (line = entry; *line; line = strchr(line, '\n') + 1)
		lines++;
	ck_assert_uint_eq(lines, 6);
	free(entry);
	json_decref(fields);
}
END_TEST

START_TEST(so_many_of_a_kind)
{
	static struct journal journal;
	uint64_t held_back = 0, others = 0;
	unsigned int written = 0, i;

	for (i = 0; i < 1000; i++)
		written += journal_may(&journal, "log noise", 100, &held_back, &others);
	ck_assert_uint_eq(written, JOURNAL_BURST);
	ck_assert(journal_may(&journal, "log web", 100, &held_back, &others));
	ck_assert_uint_eq(held_back, 0);
	/* A second is worth JOURNAL_RATE, and the first of them tells of the rest. */
	for (written = i = 0; i < 100; i++)
		if (journal_may(&journal, "log noise", 101, &held_back, &others) && !written++)
			ck_assert_uint_eq(held_back, 1000 - JOURNAL_BURST);
	ck_assert_uint_eq(written, JOURNAL_RATE);
	/* After a rest there is a burst again, and not more. */
	for (written = i = 0; i < 1000; i++)
		if (journal_may(&journal, "log noise", 10000, &held_back, &others) && !written++)
			ck_assert_uint_eq(held_back, 100 - JOURNAL_RATE);
	ck_assert_uint_eq(written, JOURNAL_BURST);
}
END_TEST

/* At most what all kinds may; what was held back is told, by which entry ever. */
START_TEST(more_kinds_than_are_counted)
{
	static struct journal journal;
	uint64_t held_back, others, told = 0, left = 0;
	unsigned int kinds = JOURNAL_KINDS + 1, written = 0, i;
	char kind[200];

	for (i = 0; i < 100000; i++) {
		snprintf(kind, sizeof(kind), "log %u", i % kinds);
		if (!journal_may(&journal, kind, 100 + i / 100000.0, &held_back, &others))
			continue;
		told += held_back + others;
		written++;
	}
	ck_assert_uint_ge(written, JOURNAL_BURST_ALL);
	ck_assert_uint_le(written, JOURNAL_BURST_ALL + JOURNAL_RATE_ALL);
	for (i = 0; i < JOURNAL_KINDS; i++)
		left += journal.kind[i].held_back;
	ck_assert_uint_eq(written + told + left + journal.all.held_back, 100000);
	/* A new one is heard all the same, once there is room, and tells of those that went. */
	others = 0;
	ck_assert(journal_may(&journal, "log new", 110, &held_back, &others));
	ck_assert_uint_gt(others, 0);
	/* What is long is cut, not read beyond. */
	for (i = 0; i < 2 * kinds; i++) {
		snprintf(kind, sizeof(kind), "%0100u %u", 7, i);
		journal_may(&journal, kind, 1000 + i, &held_back, &others);
	}
}
END_TEST

/* A kind whose place was taken comes back with one entry, not with all that it may at once. */
START_TEST(one_that_comes_back)
{
	static struct journal journal;
	unsigned int written = 0, i;
	uint64_t held_back, others;
	char kind[64];

	for (i = 0; i < JOURNAL_KINDS + 1; i++) {
		snprintf(kind, sizeof(kind), "log %u", i);
		ck_assert(journal_may(&journal, kind, 100 + i, &held_back, &others));
	}
	for (i = 0; i < 100; i++)
		written += journal_may(&journal, "log 0", 200, &held_back, &others);
	ck_assert_uint_eq(written, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal");

	tcase_add_test(tcase, one_line_a_field);
	tcase_add_test(tcase, so_many_of_a_kind);
	tcase_add_test(tcase, more_kinds_than_are_counted);
	tcase_add_test(tcase, one_that_comes_back);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
