// SPDX-License-Identifier: GPL-2.0-or-later
/* The controller's socket; see server.h. */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "../stop.h"
#include "server.h"

/* Room for what a switch says: a message of the largest size, and more. */
#define INPUT	(4 * OF_LIMIT)

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/**
 * server_listen() - open the socket
 *
 * Return: 0 or a negative error number.
 */
int server_listen(struct server *server, const struct sockaddr_storage *at, socklen_t n)
{
	const struct passwd *ovs = getpwnam("openvswitch");
	size_t i;
	int on = 1;

	server->user = getuid();
	server->ovs = ovs ? ovs->pw_uid : 0;
	for (i = 0; i < SERVER_SWITCHES; i++)
		server->peer[i].fd = -1;
	server->fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->fd < 0)
		return -errno;
	setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(server->fd, (const struct sockaddr *)at, n) && !listen(server->fd, SERVER_SWITCHES))
		return 0;
	n = errno;
	close(server->fd);
	server->fd = -1;
	return -(int)n;
}

/**
 * server_session() - a session by its number, NULL if that is another one by now
 */
struct session *server_session(struct server *server, unsigned int number, uint32_t generation)
{
	struct peer *peer = &server->peer[number];

	return number < SERVER_SWITCHES && peer->fd >= 0 && peer->session.generation == generation &&
	       session_up(&peer->session) ? &peer->session : NULL;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	return address->ss_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 == 127 :
	       IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* All users of this machine reach its loopback interface; a switch has whom it says blocked. */
static bool may_be_switch(struct server *server, int fd, const struct sockaddr_storage *from,
			  uint64_t now)
{
	uid_t user = -1;

	if (!is_loopback(from))
		return true;
	if (peer_owner(fd, &user) && (!user || user == server->user || user == server->ovs))
		return true;
	server->refused(user, now);
	return false;
}

static void take_connection(struct server *server, uint64_t now)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(from);
	int fd = accept4(server->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
	struct session *session;
	size_t i;

	if (fd < 0)
		return;
	for (i = 0; i < SERVER_SWITCHES && server->peer[i].fd >= 0; i++)
		;
	/* If there is no place, it will come again. */
	if (i == SERVER_SWITCHES || !may_be_switch(server, fd, &from, now)) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	server->peer[i].fd = fd;
	server->peer[i].told = false;
	server->peer[i].n_in = 0;
	if (!server->peer[i].in)
		server->peer[i].in = malloc(INPUT);
	if (!server->peer[i].in)
		fail_out_of_memory();
	session = memset(&server->peer[i].session, 0, sizeof(*session));
	session->number = i;
	session->generation = ++server->generations;
	session->mode = server->mode;
	session->arg = server->arg;
	session->trouble = server->trouble;
	session->now = now;
	session_begin(session);
}

static void write_out(struct peer *peer)
{
	struct of_buffer *out = &peer->session.out;
	ssize_t n = out->n ? send(peer->fd, out->bytes, out->n, MSG_NOSIGNAL) : 0;

	if (n <= 0)		/* an error is seen when it is read from */
		return;
	out->n -= n;
	memmove(out->bytes, out->bytes + n, out->n);
}

static void hang_up(struct server *server, struct peer *peer)
{
	write_out(peer);	/* why, if there is something to say */
	session_end(&peer->session);
	close(peer->fd);
	peer->fd = -1;
	server->news(&peer->session, false);
}

/* Returns false when the connection has gone. */
static bool read_in(struct peer *peer)
{
	ssize_t n = recv(peer->fd, peer->in + peer->n_in, INPUT - peer->n_in, 0);
	size_t used;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	peer->n_in += n;
	used = session_read(&peer->session, peer->in, peer->n_in);
	peer->n_in -= used;
	memmove(peer->in, peer->in + used, peer->n_in);
	return peer->session.state != SESSION_OVER;
}

static void serve(struct server *server, struct peer *peer, bool readable, uint64_t now)
{
	peer->session.now = now;
	if (readable && !read_in(peer)) {
		hang_up(server, peer);
		return;
	}
	session_tick(&peer->session);
	if (peer->session.state == SESSION_OVER) {
		hang_up(server, peer);
		return;
	}
	if (!peer->told && session_up(&peer->session)) {
		peer->told = true;
		server->news(&peer->session, true);
	}
}

/**
 * server_run() - serve switches until a signal; see stop_on_signals()
 *
 * Return: 0 or a negative error number.
 */
int server_run(struct server *server, const sigset_t *signals)
{
	unsigned int wait = 0;
	size_t i;

	while (!stopped()) {
		struct pollfd fds[SERVER_SWITCHES + 1] = { { .fd = server->fd, .events = POLLIN } };
		struct timespec limit = { wait / 1000, wait % 1000 * 1000000L };
		uint64_t now;

		for (i = 0; i < SERVER_SWITCHES; i++) {
			fds[i + 1].fd = server->peer[i].fd;
			fds[i + 1].events = POLLIN | (server->peer[i].session.out.n ? POLLOUT : 0);
		}
		if (ppoll(fds, SERVER_SWITCHES + 1, &limit, signals) < 0 && errno != EINTR)
			return -errno;
		if (stopped())
			break;
		now = now_ms();
		for (i = 0; i < SERVER_SWITCHES; i++)
			if (server->peer[i].fd >= 0)
				serve(server, &server->peer[i],
				      fds[i + 1].revents & (POLLIN | POLLHUP | POLLERR), now);
		if (fds[0].revents & POLLIN)
			take_connection(server, now);
		wait = server->tick(server->arg, now);
		for (i = 0; i < SERVER_SWITCHES; i++)
			if (server->peer[i].fd >= 0)
				write_out(&server->peer[i]);
	}
	for (i = 0; i < SERVER_SWITCHES; i++) {
		if (server->peer[i].fd >= 0)
			hang_up(server, &server->peer[i]);
		free(server->peer[i].in);
	}
	close(server->fd);
	return 0;
}
