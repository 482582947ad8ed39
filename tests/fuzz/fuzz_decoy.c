// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any frames to decoys, one after another; each is two bytes of its length and what it has
 * of that. The checksums of every other one are put right before, so that more is reached,
 * and the number of the last answer is put in as the acknowledgement, as a client would do it.
 *
 * What it asks of all ports is from a decoy's link address, and from no address. An answer is a
 * frame with right checksums, from a decoy to whoever sent the frame, and as long as there was
 * no handshake it is shorter than two of what it answers.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "decoy.h"
#include "openflow.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct net nets[] = {
	{ AF_INET, 24, { 10, 0, 9 } }, { AF_INET6, 64, { 0x20, 1, 0xd, 0xb8, 0, 9 } },
};
static char page[5000];
static struct service services[] = {
	{ 80, true, "text/html", page, sizeof(page) }, { 22, false, NULL, "SSH-2.0-x\r\n", 11 },
};
static const struct setup setup = { nets, 2, services, 2, NULL, 0, 0, SETTLE_MS, 60000 };

static struct decoy decoy;
static size_t given;
static uint32_t answered;

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void take(void *arg, const struct origin *to, const struct reply *reply)
{
	const uint8_t *transport;
	struct frame frame;
	size_t n;

	(void)arg;
	if (!frame_read(reply->bytes, reply->n, &frame))
		complain("the answer is no frame");
	if (!is_decoy_mac(reply->bytes + MAC_BYTES))
		complain("the answer is from somebody else");
	if (to->port == OF_FLOOD) {
		if (!(reply->bytes[0] & 1) || (frame.family && *frame.src))
			complain("what is asked of all is not from nobody");
		return;
	}
	if (to->port != 7)
		complain("the answer goes elsewhere");
	if (!decoy.tally.handshakes && given && reply->n >= 2 * given)
		complain("the answer is much longer than the question");
	if (!frame.family)
		return;
	if (!net_has(&nets[frame.family == AF_INET6], frame.family, frame.src))
		complain("the answer is from an address that is no decoy's");
	transport = reply->bytes + frame.transport;
	n = frame.end - frame.transport;
	if (!frame.fragment &&
	    sum_transport(frame.family, frame.src, frame.dst, frame.proto, transport, n))
		complain("the checksum is wrong");
	if (frame.proto == IPPROTO_TCP)
		answered = get32(transport + 4) + n - (transport[12] >> 4) * 4 + (transport[13] & 2) / 2 +
			   (transport[13] & 1);
}

static void put_right(uint8_t *bytes, size_t n)
{
	static const int at[256] = { [IPPROTO_TCP] = 16, [IPPROTO_UDP] = 6, [IPPROTO_ICMP] = 2,
				     [IPPROTO_ICMPV6] = 2 };
	struct frame frame;
	uint8_t *transport;

	if (n >= 34 && get16(bytes + 12) == TYPE_IPV4) {
		size_t header = (bytes[14] & 15) * 4;

		put16(bytes + 24, 0);
		if (header >= 20 && n >= 14 + header)
			put16(bytes + 24, sum_fold(sum_add(0, bytes + 14, header)));
	}
	if (!frame_read(bytes, n, &frame) || !frame.family || frame.end - frame.transport < 20)
		return;
	transport = bytes + frame.transport;
	if (frame.proto == IPPROTO_TCP && answered)
		put32(transport + 8, answered);
	if (!at[frame.proto])
		return;
	put16(transport + at[frame.proto], 0);
	put16(transport + at[frame.proto], sum_transport(frame.family, frame.src, frame.dst,
		frame.proto, transport, frame.end - frame.transport));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SIPHASH_KEY] = { 1 };
	const struct origin from = { 1, 2, 7 };
	uint64_t now = 1000000;
	bool right = true;

	decoy_init(&decoy, &setup, key);
	decoy.send = take;
	answered = 0;
	while (size > 2) {
		size_t n = get16(data) & 0x7ff;
		uint8_t *copy;

		right = !(data[0] & 0x80);
		if (data[0] & 0x40)
			now += 250;
		data += 2;
		size -= 2;
		if (n > size)
			n = size;
		copy = malloc(n + !n);
		memcpy(copy, data, n);
		if (right)
			put_right(copy, n);
		given = n;
		decoy_frame(&decoy, &from, copy, n, now);
		free(copy);
		given = 0;
		decoy_tick(&decoy, now);
		data += n;
		size -= n;
	}
	decoy_tick(&decoy, now + 1500);
	decoy_free(&decoy);
	return 0;
}
