/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_SERVER_H
#define DECOY_SERVER_H

/* The controller's socket, and the switches that connect to it. */
#include <netinet/in.h>
#include <signal.h>

#include "session.h"

/* Switches at once. */
#define SERVER_SWITCHES	32

/**
 * struct server - the socket and the sessions
 * @user, @ovs: who, besides root, may say on the loopback interface to be a switch: who began
 *	this, and OVS where it is not root
 * @tick: called with the time, in ms; says in how many ms it wants to be called again
 * @news: told when a switch came and went
 * @refused: told of who may not be a switch; -1 if that could not be told
 */
struct server {
	int fd;
	uid_t user, ovs;
	const struct mode *mode;
	void *arg;
	unsigned int (*tick)(void *arg, uint64_t now);
	void (*news)(const struct session *session, bool up);
	void (*trouble)(const struct session *session, const char *text);
	void (*refused)(uid_t user, uint64_t now);
	uint32_t generations;
	struct peer {
		int fd;		/* -1: nobody */
		bool told;
		struct session session;
		uint8_t *in;
		size_t n_in;
	} peer[SERVER_SWITCHES];
};

int server_listen(struct server *server, const struct sockaddr_storage *at, socklen_t n);
int server_run(struct server *server, const sigset_t *signals);
struct session *server_session(struct server *server, unsigned int number, uint32_t generation);
bool peer_owner(int fd, uid_t *uid);
bool port_holder(uint16_t port, char *text, size_t size);

#endif
