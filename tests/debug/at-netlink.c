// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into fwctl, stands between it and the kernel where they speak generic
 * netlink. In the environment:
 *
 *   FLOWWALL_RECORD=FILE  each message that is sent is added to FILE, after its length
 *                         (32 bits)
 *   FLOWWALL_FAIL=N       the Nth allocation fails that the kernel makes on behalf of
 *                         fwctl while it sends or receives
 *   FLOWWALL_FAILED=FILE  says at the end how many there were, up to N
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How many more until one fails. */
static long nth = -1;
static int control;

static int is_genetlink(int fd)
{
	int domain = 0, protocol = 0;
	socklen_t length = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) && domain == AF_NETLINK &&
		!getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) && protocol == 16;
}

static void record(const struct msghdr *msg)
{
	const char *name = getenv("FLOWWALL_RECORD");
	unsigned int length = 0;
	size_t i;
	FILE *file;

	if (!name)
		return;
	file = fopen(name, "a");
	if (!file)
		abort();
	for (i = 0; i < msg->msg_iovlen; i++)
		length += msg->msg_iov[i].iov_len;
	fwrite(&length, sizeof(length), 1, file);
	for (i = 0; i < msg->msg_iovlen; i++)
		fwrite(msg->msg_iov[i].iov_base, 1, msg->msg_iov[i].iov_len, file);
	if (fclose(file))
		abort();
}

/* From here on, allocations count. */
static void arm(void)
{
	const char *text = getenv("FLOWWALL_FAIL");
	char number[24];

	if (!text || !nth)
		return;
	/* To open it takes memory: not between this and the end. */
	if (nth < 0) {
		nth = atol(text);
		control = open("/proc/thread-self/fail-nth", O_RDWR);
	}
	snprintf(number, sizeof(number), "%ld", nth);
	if (pwrite(control, number, strlen(number), 0) < 0)
		abort();
}

/* Up to here; the rest remains for the next time. */
static void disarm(void)
{
	char number[24] = "";

	if (!getenv("FLOWWALL_FAIL") || !nth)
		return;
	if (pread(control, number, sizeof(number) - 1, 0) < 1)
		abort();
	nth = atol(number);
	if (nth && pwrite(control, "0", 1, 0) < 0)
		abort();
}

__attribute__((destructor)) static void report(void)
{
	const char *name = getenv("FLOWWALL_FAILED"), *text = getenv("FLOWWALL_FAIL");
	FILE *file = name && text ? fopen(name, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%ld\n", nth < 0 ? 0 : atol(text) - nth);
	fclose(file);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	static ssize_t (*next)(int fd, const struct msghdr *msg, int flags);
	ssize_t result;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "sendmsg");
	if (!is_genetlink(fd))
		return next(fd, msg, flags);
	record(msg);
	arm();
	result = next(fd, msg, flags);
	disarm();
	return result;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	static ssize_t (*next)(int fd, struct msghdr *msg, int flags);
	ssize_t result;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "recvmsg");
	if (!is_genetlink(fd))
		return next(fd, msg, flags);
	arm();
	result = next(fd, msg, flags);
	disarm();
	return result;
}
