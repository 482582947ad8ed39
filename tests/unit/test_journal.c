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
	uint64_t held_back = 0;
	unsigned int written = 0, i;

	for (i = 0; i < 1000; i++)
		written += journal_may(&journal, "log noise", 100, &held_back);
	ck_assert_uint_eq(written, JOURNAL_BURST);
	ck_assert(journal_may(&journal, "log web", 100, &held_back));
	ck_assert_uint_eq(held_back, 0);
	/* A second is worth JOURNAL_RATE, and the first of them tells of the rest. */
	for (written = i = 0; i < 100; i++)
		if (journal_may(&journal, "log noise", 101, &held_back) && !written++)
			ck_assert_uint_eq(held_back, 1000 - JOURNAL_BURST);
	ck_assert_uint_eq(written, JOURNAL_RATE);
	/* After a rest there is a burst again, and not more. */
	for (written = i = 0; i < 1000; i++)
		if (journal_may(&journal, "log noise", 10000, &held_back) && !written++)
			ck_assert_uint_eq(held_back, 100 - JOURNAL_RATE);
	ck_assert_uint_eq(written, JOURNAL_BURST);
}
END_TEST

START_TEST(more_kinds_than_are_counted)
{
	static struct journal journal;
	char kind[200];
	uint64_t held_back;
	unsigned int i;

	for (i = 0; i < 10 * JOURNAL_KINDS; i++) {
		snprintf(kind, sizeof(kind), "%0100u %u", 7, i);
		journal_may(&journal, kind, i, &held_back);
		snprintf(kind, sizeof(kind), "log %u", i);
		ck_assert(journal_may(&journal, kind, i, &held_back));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal");

	tcase_add_test(tcase, one_line_a_field);
	tcase_add_test(tcase, so_many_of_a_kind);
	tcase_add_test(tcase, more_kinds_than_are_counted);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
