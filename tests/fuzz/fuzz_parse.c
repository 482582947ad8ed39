// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes go through the dissector, linear and paged: it must read nothing
 * beyond them, and find the same both times.
 *
 * The last three bytes of the input say how: quoted or not, behind other
 * headers or not, and where the packet is cut. What is tried is the rest.
 */
#include <stdio.h>

#include "parse_twice.h"

#define HOW		3
#define QUOTED		0x01
#define BEHIND		0x02
#define BEHIND_BYTES	28

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned int len, cut, cut2, offset;
	struct fwl_packet pkt;
	const char *broken;
	const u8 *how;
	int err;

	if (size < HOW || size > 65535)
		return 0;
	len = size - HOW;
	how = data + len;
	offset = how[0] & BEHIND && len >= BEHIND_BYTES ? BEHIND_BYTES : 0;
	cut = how[1] % (len + 1);
	cut2 = cut + how[2] % (len - cut + 1);

	broken = shim_parse_twice(data, len, offset, how[0] & QUOTED, cut, cut2, &pkt, &err);
	if (broken) {
		fprintf(stderr, "%s: linear gives %d, cut at %u and %u\n", broken, err, cut, cut2);
		abort();
	}
	return 0;
}
