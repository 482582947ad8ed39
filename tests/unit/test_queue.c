// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The thread of a queue of the application filter: what ends it, and what does not.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "queue.h"
#include "stop.h"
#include "suite.h"

static int errors[2];
static unsigned int received;

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

/* Fails as @errors say; with the last one the program is to end. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags, struct timespec *timeout)
{
	(void)fd, (void)messages, (void)n, (void)flags, (void)timeout;
	if (received == 1)
		stop_now();
	errno = errors[received++];
	return -1;
}

/* A thread that has an answer to send, which fails. */
static int run_queue(int first)
{
	static struct shared_rules shared = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct queue queue;

	memset(&queue, 0, sizeof(queue));
	queue.shared = &shared;
	queue.answers[0] = queue.answers[1] = -1;
	ck_assert(filter_init(&queue.filter, 1 << 20));
	queue.filter.n_lingering = 1;
	queue.filter.lingering[0].ends = (struct ends){ .family = AF_INET, .proto = IPPROTO_TCP };
	errors[0] = first;
	errors[1] = EAGAIN;
	received = 0;
	ck_assert(queue_start(&queue));
	queue_close(&queue);
	ck_assert_uint_eq(queue.unsent, 1);
	return queue.failed;
}

/* An answer that cannot be sent ends nothing; the second run stops the program. */
START_TEST(failures)
{
	ck_assert_int_eq(run_queue(ENETDOWN), ENETDOWN);
	ck_assert_uint_eq(received, 1);
	ck_assert_int_eq(run_queue(EAGAIN), 0);
	ck_assert_uint_eq(received, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *thread = tcase_create("thread");

	tcase_add_test(thread, failures);
	suite_add_tcase(suite, thread);
	return run_suite(suite);
}
