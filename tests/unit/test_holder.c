// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose the other end of a connection on the loopback interface is. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"
#include "suite.h"

#define SOMEBODY	12345	/* the user, if this is root, that a child is */

static struct sockaddr_storage at;
static socklen_t length;

static int listen_at(int family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&at;
	int fd = socket(family, SOCK_STREAM, 0);

	memset(&at, 0, sizeof(at));
	at.ss_family = family;
	length = family == AF_INET ? sizeof(*in) : sizeof(*in6);
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		in6->sin6_addr = in6addr_loopback;
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, length) || listen(fd, 5) ||
	    getsockname(fd, (struct sockaddr *)&at, &length)) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static bool has_ipv6(void)
{
	int fd = listen_at(AF_INET6);

	if (fd < 0)
		return errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL;
	close(fd);
	return true;
}

START_TEST(the_other_end_has_an_owner)
{
	int family = _i ? AF_INET6 : AF_INET, server = listen_at(family), client, peer, status;
	uid_t user = -1;
	pid_t child;

	ck_assert_int_ge(server, 0);
	client = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&at, length), 0);
	peer = accept(server, NULL, NULL);
	ck_assert(peer_owner(peer, &user));
	ck_assert_uint_eq(user, geteuid());
	close(client);		/* what is closed looks like root's */
	user = -1;
	ck_assert(!peer_owner(peer, &user));
	ck_assert(user == (uid_t)-1);
	close(peer);

	child = fork();
	if (!child) {
		if (!geteuid() && setuid(SOMEBODY))
			_exit(1);
		client = socket(family, SOCK_STREAM, 0);
		if (connect(client, (struct sockaddr *)&at, length))
			_exit(1);
		_exit(recv(client, &status, 1, 0) != 0);
	}
	peer = accept(server, NULL, NULL);
	ck_assert(peer_owner(peer, &user));
	ck_assert_uint_eq(user, geteuid() ? geteuid() : SOMEBODY);
	close(peer);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("holder");
	TCase *tcase = tcase_create("holder");
	bool ipv6 = has_ipv6();

	if (!ipv6)
		puts("ok holder: the_other_end_has_an_owner by IPv6 # SKIP this machine has no IPv6");
	tcase_add_loop_test(tcase, the_other_end_has_an_owner, 0, ipv6 ? 2 : 1);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
