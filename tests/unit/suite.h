/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>

/* Runs a suite, as the environment says; what main() returns. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
