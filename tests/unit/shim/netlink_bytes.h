/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's end of netlink: what it says are bytes. For unit tests and fuzzing of
 * the tool; sources.mk puts these functions in the place of libnl's, into which the
 * sanitizers do not see. One file of a program includes it.
 */
#ifndef SHIM_NETLINK_BYTES_H
#define SHIM_NETLINK_BYTES_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/**
 * struct shim_kernel - what the kernel will say
 * @left: messages behind one another; after the last one there is an error
 * @size: of @left
 * @sequence: number of the last request; all messages get it, as libnl takes no others
 */
static struct shim_kernel {
	const uint8_t *left;
	size_t size;
	uint32_t sequence;
} shim_kernel;

/* The next message is a datagram by itself, in an allocation of its exact size. */
static int shim_receive(struct nl_sock *sock, struct sockaddr_nl *from, unsigned char **message,
			struct ucred **from_whom)
{
	struct nlmsghdr head;
	size_t size = shim_kernel.size;

	(void)sock;
	(void)from_whom;
	if (size < sizeof(head))
		return -NLE_FAILURE;
	memcpy(&head, shim_kernel.left, sizeof(head));
	if (head.nlmsg_len < size)
		size = head.nlmsg_len < sizeof(head) ? sizeof(head) : head.nlmsg_len;
	head.nlmsg_len = size;
	head.nlmsg_seq = shim_kernel.sequence;

	memset(from, 0, sizeof(*from));
	from->nl_family = AF_NETLINK;
	*message = malloc(size);
	if (!*message)
		abort();
	memcpy(*message, shim_kernel.left, size);
	memcpy(*message, &head, sizeof(head));
	size = NLMSG_ALIGN(size) < shim_kernel.size ? NLMSG_ALIGN(size) : shim_kernel.size;
	shim_kernel.left += size;
	shim_kernel.size -= size;
	return head.nlmsg_len;
}

#undef nl_recvmsgs
int nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb);

int shim_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb)
{
	nl_cb_overwrite_recv(cb, shim_receive);
	return nl_recvmsgs(sock, cb);
}

int shim_nl_send_auto(struct nl_sock *sock, struct nl_msg *msg)
{
	nl_complete_msg(sock, msg);
	shim_kernel.sequence = nlmsg_hdr(msg)->nlmsg_seq;
	return 0;
}

int shim_nl_connect(struct nl_sock *sock, int protocol)
{
	(void)sock;
	(void)protocol;
	return 0;
}

int shim_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	       const sigset_t *signals)
{
	(void)fds;
	(void)timeout;
	(void)signals;
	return n;
}

static const void *shim_nla_data(const struct nlattr *nla, int size)
{
	if (nla_len(nla) < size) {
		fprintf(stderr, "of an attribute of %d bytes, %d are read\n", nla_len(nla), size);
		abort();
	}
	return nla_data(nla);
}

uint8_t shim_nla_get_u8(const struct nlattr *nla)
{
	return *(const uint8_t *)shim_nla_data(nla, 1);
}

uint16_t shim_nla_get_u16(const struct nlattr *nla)
{
	return *(const uint16_t *)shim_nla_data(nla, 2);
}

uint32_t shim_nla_get_u32(const struct nlattr *nla)
{
	return *(const uint32_t *)shim_nla_data(nla, 4);
}

#endif
