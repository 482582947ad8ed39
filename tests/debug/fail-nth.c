// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fail-nth N WHAT [ARG]: does one thing, in which the Nth allocation that the kernel
 * makes for it fails. Prints how many it made, up to N, and "done" or the error. WHAT
 * is one of
 *
 *   load FILE          a module
 *   namespace          of the network
 *   datagram ADDRESS   sends one, IPv4, to port 9
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int control;

static int load(int file)
{
	return syscall(SYS_finit_module, file, "", 0);
}

static int datagram(int fd, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };

	inet_pton(AF_INET, address, &to.sin_addr);
	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : 0;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";
	char number[24] = "";
	int result, error, fd = -1;

	if (argc < 3)
		return 2;
	if (!strcmp(what, "load"))
		fd = open(argv[3], O_RDONLY | O_CLOEXEC);
	else if (!strcmp(what, "datagram"))
		fd = socket(AF_INET, SOCK_DGRAM, 0);
	else
		fd = 0;
	if (fd < 0)
		die(what);
	control = open("/proc/thread-self/fail-nth", O_RDWR);
	if (control < 0)
		die("fail-nth");
	if (write(control, argv[1], strlen(argv[1])) < 0)
		die("fail-nth");
	if (!strcmp(what, "load"))
		result = load(fd);
	else if (!strcmp(what, "datagram"))
		result = datagram(fd, argv[3]);
	else
		result = unshare(CLONE_NEWNET);
	error = errno;
	if (pread(control, number, sizeof(number) - 1, 0) < 0)
		die("fail-nth");
	/* Nobody else's allocations. */
	if (pwrite(control, "0", 1, 0) < 0)
		die("fail-nth");
	printf("%ld %s\n", atol(argv[1]) - atol(number), result ? strerror(error) : "done");
	return 0;
}
