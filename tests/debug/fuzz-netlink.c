// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-netlink CORPUS COUNT SEED: sends COUNT messages to the family that CORPUS was
 * recorded of (at-netlink.c), each a valid one or a mutation of one: lengths, types,
 * values, nesting, attributes doubled, left out and from elsewhere, unknown commands.
 * They go over several sockets, in the order of the corpus for some messages and then
 * from elsewhere in it, so that transactions are begun, cut, mixed and left; sockets
 * are closed midway, dumps read in part. Prints what became of the messages.
 *
 * The same SEED sends the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "random.h"

#define SOCKETS		6
#define SEEDS		8192
#define MESSAGE_SIZE	65536
#define ATTRIBUTES	4096
#define HEADERS		((int)(NLMSG_HDRLEN + GENL_HDRLEN))

struct seed {
	unsigned char *data;
	unsigned int length;
};

struct place {
	unsigned int at;
	int parent;
};

static struct seed seeds[SEEDS];
static int n_seeds;
static struct place places[ATTRIBUTES];
static int n_places;
static unsigned char message[MESSAGE_SIZE];
static unsigned int length;
static int sockets[SOCKETS];
static unsigned long accepted, dumped, refused[256];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* --- the corpus ---------------------------------------------------------- */

static void read_corpus(const char *name)
{
	FILE *file = fopen(name, "r");
	unsigned int n;

	if (!file)
		die(name);
	while (n_seeds < SEEDS && fread(&n, sizeof(n), 1, file) == 1) {
		struct seed *seed = &seeds[n_seeds];

		seed->data = malloc(n);
		seed->length = n;
		if (!seed->data || fread(seed->data, 1, n, file) != n)
			die(name);
		/* Not the question for the family's number, and no more than a third
		 * of the room, so that it may grow.
		 */
		if (n >= (unsigned int)HEADERS && n < MESSAGE_SIZE / 3 &&
		    ((struct nlmsghdr *)seed->data)->nlmsg_type != GENL_ID_CTRL)
			n_seeds++;
		else
			free(seed->data);
	}
	fclose(file);
	if (n_seeds < 20) {
		fprintf(stderr, "%s: only %d messages\n", name, n_seeds);
		exit(2);
	}
}

/* --- attributes ---------------------------------------------------------- */

static struct nlattr *attribute(const struct place *place)
{
	return (struct nlattr *)(message + place->at);
}

static void find_places(unsigned int at, unsigned int end, int parent)
{
	while (at + NLA_HDRLEN <= end && n_places < ATTRIBUTES) {
		struct nlattr *nla = (struct nlattr *)(message + at);
		int self = n_places;

		if (nla->nla_len < NLA_HDRLEN || at + nla->nla_len > end)
			return;
		places[n_places++] = (struct place){ at, parent };
		if (nla->nla_type & NLA_F_NESTED)
			find_places(at + NLA_HDRLEN, at + nla->nla_len, self);
		at += NLA_ALIGN(nla->nla_len);
	}
}

/* Makes @by bytes of room at @at, inside of @parent, or takes them away. */
static bool move(unsigned int at, int by, int parent)
{
	int p;

	if ((int)length + by > MESSAGE_SIZE || at > length || (by < 0 && at - by > length))
		return false;
	for (p = parent; p >= 0; p = places[p].parent)
		if (attribute(&places[p])->nla_len + by > 0xffff)
			return false;
	if (by > 0) {
		memmove(message + at + by, message + at, length - at);
		memset(message + at, 0, by);
	} else {
		memmove(message + at, message + at - by, length - at + by);
	}
	length += by;
	((struct nlmsghdr *)message)->nlmsg_len += by;
	for (p = parent; p >= 0; p = places[p].parent)
		attribute(&places[p])->nla_len += by;
	return true;
}

/* --- mutations ----------------------------------------------------------- */

static void interesting(unsigned char *to, unsigned int size)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff,
		0x10000, 1000000, 16777216, 16777217, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	};
	uint64_t value = values[below(sizeof(values) / sizeof(values[0]))];
	unsigned int width = 1 << below(4), at;

	if (!size)
		return;
	if (width > size)
		width = size;
	at = below(size / width) * width;
	memcpy(to + at, &value, width);
}

/* One attribute, of this or another seed, is put in here. */
static void insert(const struct place *place, const void *data, unsigned int size)
{
	unsigned int at = place->at;

	if (move(at, NLA_ALIGN(size), place->parent))
		memcpy(message + at, data, size);
}

static void from_elsewhere(const struct place *place)
{
	const struct seed *seed = &seeds[below(n_seeds)];
	unsigned int at = HEADERS, depth = below(4);
	unsigned int end = seed->length;

	for (;;) {
		struct nlattr *nla = (struct nlattr *)(seed->data + at);

		if (at + NLA_HDRLEN > end || nla->nla_len < NLA_HDRLEN || at + nla->nla_len > end)
			return;
		if (depth && (nla->nla_type & NLA_F_NESTED)) {
			end = at + nla->nla_len;
			at += NLA_HDRLEN;
			depth--;
		} else if (percent(50)) {
			insert(place, nla, nla->nla_len);
			return;
		} else {
			at += NLA_ALIGN(nla->nla_len);
		}
	}
}

static void mutate_attribute(void)
{
	static unsigned char copy[MESSAGE_SIZE];
	struct place *place;
	struct nlattr *nla;
	unsigned int size, n;
	int by;

	n_places = 0;
	find_places(HEADERS, length, -1);
	if (!n_places)
		return;
	place = &places[below(n_places)];
	nla = attribute(place);
	size = nla->nla_len - NLA_HDRLEN;
	memcpy(copy, nla, nla->nla_len);

	switch (below(12)) {
	case 0:
	case 1:
		interesting((unsigned char *)nla + NLA_HDRLEN, size);
		break;
	case 2:
	case 3:
		for (n = 1 + below(4); size && n; n--)
			((unsigned char *)nla)[NLA_HDRLEN + below(size)] = random_u32();
		break;
	case 4:	/* the length alone */
		nla->nla_len = percent(50) ? nla->nla_len + below(9) - 4 : random_u32();
		break;
	case 5:
		nla->nla_type = percent(70) ? (nla->nla_type & NLA_F_NESTED) | below(48) : random_u32();
		break;
	case 6:	/* twice */
		insert(place, copy, nla->nla_len);
		break;
	case 7:
		move(place->at, -(int)NLA_ALIGN(nla->nla_len), place->parent);
		break;
	case 8:
		from_elsewhere(place);
		break;
	case 9:	/* longer or shorter, in order */
		by = percent(50) ? 4 * (int)(1 + below(8)) : -4 * (int)(1 + below(2));
		if (by > 0 || (int)size >= -by)
			move(place->at + NLA_HDRLEN, by, (int)(place - places));
		break;
	case 10: /* in itself, several times */
		for (n = 1 + below(12); n; n--) {
			unsigned int at = place->at, all = attribute(place)->nla_len;
			struct nlattr *outer;

			if (all + NLA_HDRLEN > 0xffff || !move(at, NLA_HDRLEN, place->parent))
				break;
			outer = (struct nlattr *)(message + at);
			outer->nla_len = all + NLA_HDRLEN;
			outer->nla_type = ((struct nlattr *)copy)->nla_type | NLA_F_NESTED;
		}
		break;
	case 11: /* many times */
		size = ((struct nlattr *)copy)->nla_len;
		if (size > 400)
			break;
		for (n = below(8) ? below(16) : below(400); n; n--)
			insert(place, copy, size);
		break;
	}
}

static void mutate_header(void)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)message;
	struct genlmsghdr *genl = (struct genlmsghdr *)(nlh + 1);

	switch (below(6)) {
	case 0:
		genl->cmd = percent(80) ? below(26) : random_u32();
		break;
	case 1:
		genl->version = random_u32();
		genl->reserved = percent(50) ? 0 : random_u32();
		break;
	case 2:
		nlh->nlmsg_flags ^= 1 << below(16);
		break;
	case 3:
		nlh->nlmsg_flags |= NLM_F_DUMP;
		break;
	case 4:
		nlh->nlmsg_len = percent(70) ? nlh->nlmsg_len + below(33) - 16 : random_u32();
		break;
	case 5:
		length = below(length + 1);
		break;
	}
}

static void load(const struct seed *seed)
{
	memcpy(message, seed->data, seed->length);
	length = seed->length;
}

/* --- sending and receiving ----------------------------------------------- */

static int open_socket(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)))
		die("socket");
	if (percent(50))
		setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	if (percent(90))
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return fd;
}

/* Reads @parts skbs at most; false if there was nothing. */
static void receive(int fd, int parts)
{
	static unsigned char buffer[1 << 18];
	ssize_t n;

	while (parts-- && (n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *nlh;
		unsigned int left = n;

		for (nlh = (void *)buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				int error = -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;

				if (error)
					refused[error & 255]++;
				else
					accepted++;
			} else {
				dumped++;
			}
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long count, sent = 0;
	int i, at = 0, left = 0, which = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: fuzz-netlink CORPUS COUNT SEED\n");
		return 2;
	}
	read_corpus(argv[1]);
	count = strtoul(argv[2], NULL, 0);
	random_state = strtoull(argv[3], NULL, 0);
	for (i = 0; i < SOCKETS; i++)
		sockets[i] = open_socket();

	while (sent < count) {
		struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

		if (!left--) {
			which = below(SOCKETS);
			if (percent(20)) {
				close(sockets[which]);
				sockets[which] = open_socket();
			}
			at = below(n_seeds);
			left = below(24);
		}
		load(&seeds[at]);
		at = (at + 1) % n_seeds;
		if (percent(5))
			continue;
		if (percent(45))
			for (i = 1 + below(3); i; i--)
				mutate_attribute();
		if (percent(8))
			mutate_header();
		/* An empty one would not even come to the kernel's ears. */
		if (!length)
			continue;
		if (sendto(sockets[which], message, length, MSG_DONTWAIT,
			   (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
			refused[errno & 255]++;
		sent++;
		receive(sockets[which], percent(80) ? 100000 : (int)below(2));
	}
	for (i = 0; i < SOCKETS; i++)
		close(sockets[i]);

	printf("sent %lu, accepted %lu, answers %lu, refused", sent, accepted, dumped);
	for (i = 1; i < 256; i++)
		if (refused[i])
			printf(" %s %lu", strerrorname_np(i) ?: "?", refused[i]);
	printf("\n");
	return 0;
}
