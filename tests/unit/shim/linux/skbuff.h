/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet in user space: what the module's pure files need of a socket buffer.
 *
 * As in the kernel, the first piece can be read in place and all others only
 * through a copy. Every piece is an allocation of its exact size, so that the
 * address sanitizer sees each read beyond one.
 */
#ifndef SHIM_LINUX_SKBUFF_H
#define SHIM_LINUX_SKBUFF_H

#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#define SHIM_PIECES 3

struct sk_buff {
	unsigned int len;
	const u8 *data;		/* the first piece */
	struct shim_piece {
		unsigned int len;
		u8 *data;
	} piece[SHIM_PIECES];
};

/**
 * shim_skb_fill() - make a packet out of up to three pieces
 * @skb: the packet; release it with shim_skb_free()
 * @bytes: its contents
 * @len: of @bytes
 * @cut: where the second piece begins; @len for a linear packet
 * @cut2: where the third begins, not below @cut
 */
static inline void shim_skb_fill(struct sk_buff *skb, const u8 *bytes, unsigned int len,
				 unsigned int cut, unsigned int cut2)
{
	const unsigned int edge[SHIM_PIECES + 1] = { 0, cut, cut2, len };
	int i;

	skb->len = len;
	for (i = 0; i < SHIM_PIECES; i++) {
		struct shim_piece *piece = &skb->piece[i];

		piece->len = edge[i + 1] - edge[i];
		piece->data = NULL;
		if (!piece->len)
			continue;
		piece->data = malloc(piece->len);
		if (!piece->data)
			abort();
		memcpy(piece->data, bytes + edge[i], piece->len);
	}
	skb->data = skb->piece[0].data ? skb->piece[0].data : (const u8 *)"";
}

static inline void shim_skb_free(struct sk_buff *skb)
{
	int i;

	for (i = 0; i < SHIM_PIECES; i++)
		free(skb->piece[i].data);
}

/* How much of it can be read in place. */
static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->piece[0].len;
}

/* The packets of tests begin with their network header. */
static inline int skb_network_offset(const struct sk_buff *skb)
{
	(void)skb;
	return 0;
}

/**
 * skb_header_pointer() - a range of the packet, copied if it must be
 * @skb: the packet
 * @offset: of the range, from the beginning of @skb
 * @len: of the range
 * @buffer: for the copy
 *
 * Return: the range, or NULL if the packet ends within or before it. @buffer is
 * then filled with rubbish, as nothing may rely on it.
 */
static inline void *skb_header_pointer(const struct sk_buff *skb, int offset, int len,
				       void *buffer)
{
	unsigned int start = 0;
	int i, at;

	if (offset < 0 || len < 0 || (long)offset + len > (long)skb->len) {
		if (len > 0)
			memset(buffer, 0xa5, len);
		return NULL;
	}
	if ((unsigned int)(offset + len) <= skb->piece[0].len)
		return skb->piece[0].data + offset;

	for (i = 0; i < SHIM_PIECES; i++) {
		const struct shim_piece *piece = &skb->piece[i];

		for (at = 0; at < len; at++) {
			unsigned int from = offset + at;

			if (from >= start && from - start < piece->len)
				((u8 *)buffer)[at] = piece->data[from - start];
		}
		start += piece->len;
	}
	return buffer;
}

#endif
