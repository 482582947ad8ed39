// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The application filter's rules are replaced while it is told to end.
 */
#include "../../tool/cmd/app.c"
#include "suite.h"

struct options options;

static unsigned int slept;

/* Waits so often at most. */
int usleep(useconds_t us)
{
	(void)us;
	ck_assert_uint_lt(++slept, 1000);
	return 0;
}

START_TEST(stopped_meanwhile)
{
	static struct app_rules old, new;
	struct queue queue = { .number = 10 };
	struct running running = {
		.n = 1, .queue = &queue,
		.shared = { .lock = PTHREAD_MUTEX_INITIALIZER, .rules = &old }
	};

	/* Its thread has ended, and takes the new ones no more. */
	stop_now();
	replace_rules(&running, &new);
	ck_assert_ptr_eq(running.shared.rules, &new);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reload");
	TCase *rules = tcase_create("rules");

	tcase_add_test(rules, stopped_meanwhile);
	suite_add_tcase(suite, rules);
	return run_suite(suite);
}
