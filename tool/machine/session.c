// SPDX-License-Identifier: GPL-2.0-or-later
/* The ssh session that a command runs in, so that nobody locks themselves out. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

/* How far up the processes are looked at: sudo, a shell or two, screen. */
#define ANCESTORS 16

/* fe80::1%eth0: the address remains. */
static void take_scope(char *address, char iface[FLOWWALL_IFACE_SIZE])
{
	char *scope = strchr(address, '%');

	if (!scope)
		return;
	*scope++ = '\0';
	snprintf(iface, FLOWWALL_IFACE_SIZE, "%s", scope);
}

/**
 * ssh_session_read() - understand what sshd says in SSH_CONNECTION
 *
 * @session: set to it; the packet's source port is another than the session's own.
 * Return: false if it is nothing of the kind.
 */
bool ssh_session_read(const char *text, struct ssh_session *session)
{
	struct packet_words *words = &session->words;
	char client[64], server[64];
	unsigned int sport, dport;

	memset(session, 0, sizeof(*session));
	words->proto = IPPROTO_TCP;
	words->flags = 2;
	if (strlen(text) >= sizeof(session->text) ||
	    sscanf(text, "%63s %u %63s %u", client, &sport, server, &dport) != 4 || dport > 65535)
		return false;
	strcpy(session->text, text);
	take_scope(server, session->iface);
	take_scope(client, session->iface);
	if (inet_pton(AF_INET, client, words->src) == 1 &&
	    inet_pton(AF_INET, server, words->dst) == 1)
		words->family = AF_INET;
	else if (inet_pton(AF_INET6, client, words->src) == 1 &&
		 inet_pton(AF_INET6, server, words->dst) == 1)
		words->family = AF_INET6;
	else
		return false;
	words->sport = sport < 65535 ? sport + 1 : 40000;
	words->dport = dport;
	return true;
}

/* The value of a variable in the environment that process @pid was started with. */
static bool environment_of(int pid, const char *name, char *value, size_t size)
{
	size_t length = strlen(name), room = 0, n;
	char path[32], *entry = NULL;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && getdelim(&entry, &room, '\0', file) > 0) {
		n = strlen(entry);
		if (n <= length + 1 || n - length > size || strncmp(entry, name, length) ||
		    entry[length] != '=')
			continue;
		strcpy(value, entry + length + 1);
		found = true;
	}
	free(entry);
	fclose(file);
	return found;
}

static int parent_of(int pid)
{
	char path[32], line[512], *end;
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* "PID (NAME) STATE PARENT ...", where the name may hold anything. */
	if (fgets(line, sizeof(line), file)) {
		end = strrchr(line, ')');
		if (end && sscanf(end + 1, " %*c %d", &parent) != 1)
			parent = 0;
	}
	fclose(file);
	return parent;
}

/**
 * ssh_session_find() - find the ssh session that this command runs in
 *
 * sudo keeps SSH_CONNECTION from a command; then that of a process above it counts.
 * Return: false if there is none.
 */
bool ssh_session_find(struct ssh_session *session)
{
	const char *own = getenv("SSH_CONNECTION");
	char text[sizeof(session->text)];
	int pid = getppid(), i;

	if (own)
		return ssh_session_read(own, session);
	for (i = 0; i < ANCESTORS && pid > 1; i++, pid = parent_of(pid))
		if (environment_of(pid, "SSH_CONNECTION", text, sizeof(text)))
			return ssh_session_read(text, session);
	return false;
}
