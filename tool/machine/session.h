/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>

#include "../packet.h"

/**
 * struct ssh_session - the ssh session that this command runs in
 * @text: as sshd says it: "CLIENT PORT SERVER PORT"
 * @words: the first packet of another session like it
 * @iface: by which it comes, if the addresses are link-local; otherwise empty
 */
struct ssh_session {
	char text[160];
	struct packet_words words;
	char iface[FLOWWALL_IFACE_SIZE];
};

bool ssh_session_read(const char *text, struct ssh_session *session);
bool ssh_session_find(struct ssh_session *session);

#endif
