// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as what a switch says, to each of the modes that make flows.
 *
 * The first byte chooses the mode and how the bytes are cut; whatever comes of it, what the
 * switch is told is messages of the right version and length, and no more of them than there
 * may be. If the second byte says so, the switch has introduced itself before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "learn.h"
#include "session.h"
#include "vxlan.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vxlan_map maps[] = {
	{ { AF_INET, 16, { 10, 2 } }, AF_INET, { 192, 0, 2, 7 }, 5001 },
	{ { AF_INET6, 64, { 0x20, 1 } }, AF_INET6, { 0x20, 1, 0xd, 0xb8 }, 5002 },
};

static const uint8_t introduction[] = {
	4, OF_HELLO, 0, 8, 0, 0, 0, 0,
	4, OF_FEATURES_REPLY, 0, 32, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, OF_MULTIPART_REPLY, 0, 40, 0, 0, 0, 0, 0, OF_AGGREGATE, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, OF_MULTIPART_REPLY, 0, 16, 0, 0, 0, 0, 0, OF_PORT_DESC, 0, 0, 0, 0, 0, 0,
};

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_told(const struct of_buffer *told)
{
	struct of_message message;
	size_t at = 0, length;

	while (at < told->n) {
		if (of_next(told->bytes + at, told->n - at, &message, &length) != OF_WHOLE)
			complain("the switch is told something that is no message");
		if (message.version != OF_VERSION)
			complain("the switch is told something of another version");
		at += length;
	}
}

/* On the heap and of its size, so that a read behind it is seen. */
static size_t hear(struct session *session, const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n + !n);
	size_t used;

	memcpy(copy, bytes, n);
	used = session_read(session, copy, n);
	free(copy);
	if (used > n)
		complain("more was read than there is");
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SIPHASH_KEY] = { 1 };
	static const struct mode none = { .alone = false };
	static struct learn *learn;
	struct vxlan vxlan = { maps, 2, "vxlan0" };
	struct session session = { .now = 1000 };
	size_t at = 0, end = 0, step;

	if (size < 2)
		return 0;
	if (!learn)
		learn = learn_new(key);
	session.mode = data[0] % 3 == 0 ? &none : data[0] % 3 == 1 ? &learn_mode : &vxlan_mode;
	session.arg = data[0] % 3 == 1 ? (void *)learn : &vxlan;
	step = 1 + data[0] / 3;
	session_begin(&session);
	if (data[1] & 1)
		hear(&session, introduction, sizeof(introduction));
	data += 2;
	size -= 2;
	while (session.state != SESSION_OVER && end < size) {
		end = end + step < size ? end + step : size;
		at += hear(&session, data + at, end - at);
	}
	session.now += 6000;
	session_tick(&session);
	check_told(&session.out);
	if (session.state == SESSION_OVER && !*session.why)
		complain("it is over, and nobody knows why");
	session_end(&session);
	return 0;
}
