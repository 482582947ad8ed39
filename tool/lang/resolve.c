// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Name -> addresses, by the system's resolver; or, when that fails, those that it
 * had the last time: a firewall must not lose a rule because a server is down.
 * They are kept in a file for each name, one address a line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "parser.h"

#define NAMES_DIR	"/var/lib/flowwall/names"

static bool path_of(const char *name, const char *suffix, char *path, size_t size)
{
	return *name != '.' && !strchr(name, '/') &&
	       snprintf(path, size, NAMES_DIR "/%s%s", name, suffix) < (int)size;
}

/* For who may not write there, or has no room, there is no last time. */
static void remember(const char *name, const struct addr_range *addr, size_t n)
{
	char path[320], new[324], text[INET6_ADDRSTRLEN];
	FILE *file;
	bool good;
	size_t i;

	if (!path_of(name, "", path, sizeof(path)) || !path_of(name, ".new", new, sizeof(new)))
		return;
	mkdir("/var/lib/flowwall", 0755);
	mkdir(NAMES_DIR, 0755);
	file = fopen(new, "we");
	if (!file)
		return;
	for (i = 0; i < n; i++)
		fprintf(file, "%s\n", inet_ntop(addr[i].family, addr[i].min, text, sizeof(text)));
	good = !ferror(file);
	if (fclose(file) || !good || rename(new, path))
		unlink(new);
}

static bool read_address(const char *text, struct addr_range *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(addr->family, text, addr->min) != 1)
		return false;
	memcpy(addr->max, addr->min, sizeof(addr->max));
	return true;
}

static size_t recall(const char *name, struct addr_range *addr, size_t max, const char *why)
{
	char path[320], line[64], when[32];
	struct stat stat;
	size_t n = 0;
	FILE *file;

	if (!path_of(name, "", path, sizeof(path)))
		return 0;
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (n < max && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		n += read_address(line, &addr[n]);
	}
	if (n && !fstat(fileno(file), &stat) &&
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime(&stat.st_mtime)))
		fprintf(stderr, "fwctl: %s has no address now (%s): taking those of %s\n", name,
			why, when);
	fclose(file);
	return n;
}

static bool known(const struct addr_range *addr, size_t n, const struct addr_range *one)
{
	while (n--)
		if (addr[n].family == one->family && !memcmp(addr[n].min, one->min, 16))
			return true;
	return false;
}

/**
 * resolve() - find the addresses of a name
 * @addr: set to them
 * @max: how many there is room for
 * @why: set to the resolver's reason if there are none
 *
 * If it fails, the addresses of the last time are taken, and that is said on
 * standard error.
 *
 * Return: how many.
 */
size_t resolve(const char *name, struct addr_range *addr, size_t max, const char **why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found, *at;
	size_t n = 0;
	int err;

	err = getaddrinfo(name, NULL, &hints, &found);
	if (err) {
		*why = err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err);
		return recall(name, addr, max, *why);
	}
	for (at = found; at && n < max; at = at->ai_next) {
		struct addr_range *range = &addr[n];

		memset(range, 0, sizeof(*range));
		range->family = at->ai_family;
		if (at->ai_family == AF_INET)
			memcpy(range->min, &((struct sockaddr_in *)at->ai_addr)->sin_addr, 4);
		else if (at->ai_family == AF_INET6)
			memcpy(range->min, &((struct sockaddr_in6 *)at->ai_addr)->sin6_addr, 16);
		else
			continue;
		memcpy(range->max, range->min, sizeof(range->max));
		n += !known(addr, n, range);
	}
	freeaddrinfo(found);
	*why = "neither IPv4 nor IPv6";
	if (n)
		remember(name, addr, n);
	return n;
}
