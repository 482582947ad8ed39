// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as packets of a capture: each is read, asked for a name, compared with those
 * before and counted. The first byte of the input says of which link type they are; each
 * packet then has two bytes with its length before it.
 */
#include <stdlib.h>
#include <string.h>

#include "dedupe.h"
#include "names.h"
#include "tracker.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]*?"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct tracker *tracker, struct dedupe *dedupe, int link, const uint8_t *bytes,
		 uint32_t n, uint64_t number)
{
	/* Of a size of its own: a read beyond it is seen. */
	uint8_t *copy = malloc(n ? n : 1);
	char name[NAME_SIZE], path[128];
	struct frame frame;
	enum name_kind kind;
	enum way way;

	memcpy(copy, bytes, n);
	frame_dissect(link, copy, n, &frame);
	if (frame.net_at + frame.net_len > n ||
	    (frame.payload_len && frame.payload + frame.payload_len > copy + n))
		abort();
	if (name_read(&frame, &kind, name) && name[strspn(name, PLAIN)])
		abort();
	path_text(frame_path(&frame), path, sizeof(path));
	if (dedupe_find(dedupe, &frame, copy, n, n, number * 1000000, number) >= number)
		abort();
	tracker_packet(tracker, &frame, number * 1000000, n, number, &way);
	tracker_trim(tracker, NULL, NULL);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int links[] = { 1, 0, 12, 101, 108, 113, 228, 229, 276 };
	static struct dedupe *dedupe[2];
	static uint64_t number;		/* it goes on, as what was seen does */
	struct tracker *tracker;
	int link, key;

	if (!size)
		return 0;
	link = links[*data % (sizeof(links) / sizeof(*links))];
	key = *data >> 7;
	if (!dedupe[key])
		dedupe[key] = dedupe_new(key ? DEDUPE_IP : DEDUPE_EXACT, 1);
	tracker = tracker_new(4, 1);
	for (data++, size--; size >= 2; ) {
		uint32_t n = data[0] << 8 | data[1];

		if (n > size - 2)
			n = size - 2;
		take(tracker, dedupe[key], link, data + 2, n, ++number);
		data += 2 + n;
		size -= 2 + n;
	}
	tracker_free(tracker);
	return 0;
}
