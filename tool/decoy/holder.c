// SPDX-License-Identifier: GPL-2.0-or-later
/* Who listens on a port, and whose the other end of a connection is, out of /proc. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define ESTABLISHED	0x01
#define LISTENING	0x0a

/* An end as the tables have it: words in the order of this machine. */
#define END_TEXT	48

/* The inode of the socket that listens, 0 if there is none. */
static unsigned long listening_inode(const char *table, uint16_t port)
{
	FILE *in = fopen(table, "re");
	unsigned int local, state;
	unsigned long inode, found = 0;
	char line[512];

	while (in && !found && fgets(line, sizeof(line), in))
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %lu",
			   &local, &state, &inode) == 3 && local == port && state == LISTENING)
			found = inode;
	if (in)
		fclose(in);
	return found;
}

static void end_text(const struct sockaddr_storage *end, char *text)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)end;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)end;
	const uint32_t *word = in6->sin6_addr.s6_addr32;

	if (end->ss_family == AF_INET)
		snprintf(text, END_TEXT, "%08X:%04X", in->sin_addr.s_addr, ntohs(in->sin_port));
	else
		snprintf(text, END_TEXT, "%08X%08X%08X%08X:%04X", word[0], word[1], word[2], word[3],
			 ntohs(in6->sin6_port));
}

/**
 * peer_owner() - which user has the other end of a connection within this machine
 *
 * Return: false if that cannot be told, as when it has been closed: it is root's by then.
 */
bool peer_owner(int fd, uid_t *uid)
{
	char wanted[2][END_TEXT], local[END_TEXT], remote[END_TEXT], line[512];
	struct sockaddr_storage peer, own;
	socklen_t n = sizeof(peer), m = sizeof(own);
	unsigned long inode;
	unsigned int state, user;
	bool found = false;
	FILE *in;

	if (getpeername(fd, (struct sockaddr *)&peer, &n) || getsockname(fd, (struct sockaddr *)&own, &m))
		return false;
	end_text(&peer, wanted[0]);
	end_text(&own, wanted[1]);
	in = fopen(peer.ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6", "re");
	while (in && !found && fgets(line, sizeof(line), in))
		found = sscanf(line, " %*d: %47s %47s %x %*s %*s %*s %u %*d %lu", local, remote, &state,
			       &user, &inode) == 5 &&
			!strcmp(local, wanted[0]) && !strcmp(remote, wanted[1]) &&
			state == ESTABLISHED && inode;
	if (in)
		fclose(in);
	if (found)
		*uid = user;
	return found;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[300], target[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder)) != NULL) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%.16s/fd/%s", pid, entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		found = n > 0 && !strncmp(target, wanted, n) && wanted[n] == '\0';
	}
	if (folder)
		closedir(folder);
	return found;
}

static void name_of_process(const char *pid, char *name, size_t size)
{
	char path[64];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	in = fopen(path, "re");
	if (!in || !fgets(name, size, in))
		snprintf(name, size, "?");
	name[strcspn(name, "\n")] = '\0';
	if (in)
		fclose(in);
}

/**
 * port_holder() - which process listens on a port of TCP: "`python3` (process 4711)"
 *
 * Return: false if that cannot be told.
 */
bool port_holder(uint16_t port, char *text, size_t size)
{
	unsigned long inode = listening_inode("/proc/net/tcp", port);
	struct dirent *entry;
	bool found = false;
	char name[64];
	DIR *folder;

	if (!inode)
		inode = listening_inode("/proc/net/tcp6", port);
	folder = inode ? opendir("/proc") : NULL;
	while (folder && !found && (entry = readdir(folder)) != NULL)
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
		    has_socket(entry->d_name, inode)) {
			name_of_process(entry->d_name, name, sizeof(name));
			snprintf(text, size, "`%s` (process %.16s)", name, entry->d_name);
			found = true;
		}
	if (folder)
		closedir(folder);
	return found;
}
