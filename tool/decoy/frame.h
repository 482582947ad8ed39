/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_FRAME_H
#define DECOY_FRAME_H

/*
 * Frames as they come, and as they are answered. Untrusted: frame_read() looks at each
 * length before it is used, and what it returns lies within the frame.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_BYTES	6
#define LINK_LIMIT	(2 * MAC_BYTES + 2 * 4)	/* addresses and two tags */
#define FRAME_LIMIT	65536

#define TYPE_IPV4	0x0800
#define TYPE_ARP	0x0806
#define TYPE_IPV6	0x86dd

/**
 * struct frame - a frame that came
 * @link: length of the link addresses and the VLAN tags
 * @type: behind those
 * @network: where what is of this type begins
 * @end: where it ends; what is behind is padding
 * @family: AF_INET or AF_INET6, 0 for other types; what follows is of those only
 * @proto: behind the extension headers
 * @transport: where that begins
 * @fragment: it is one
 * @offset: of the fragment, in bytes; nothing of @transport's header is there unless 0
 * @ident: what its fragments have in common
 * @fragment_header: where that of IPv6 is, or 0
 * @routed: by a source route, which nobody answers
 */
struct frame {
	const uint8_t *bytes;
	size_t link;
	uint16_t type;
	size_t network;
	size_t end;
	uint8_t family;
	uint8_t src[16];
	uint8_t dst[16];
	uint8_t hops;
	uint8_t proto;
	size_t transport;
	bool fragment;
	unsigned int offset;
	uint32_t ident;
	size_t fragment_header;
	bool routed;
};

/**
 * struct reply - a frame on its way
 */
struct reply {
	uint8_t bytes[FRAME_LIMIT];
	size_t n;
};

bool frame_read(const uint8_t *bytes, size_t n, struct frame *frame);
size_t address_bytes(uint8_t family);
void decoy_mac(uint8_t family, const uint8_t *address, uint8_t mac[MAC_BYTES]);
bool is_decoy_mac(const uint8_t *mac);

uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t n);
uint16_t sum_fold(uint32_t sum);
uint16_t sum_transport(uint8_t family, const uint8_t *src, const uint8_t *dst, uint8_t proto,
		       const uint8_t *bytes, size_t n);

void reply_link(struct reply *reply, const uint8_t *link, size_t n, const uint8_t *mac,
		uint16_t type);
void reply_ip(struct reply *reply, uint8_t family, const uint8_t *src, const uint8_t *dst,
	      uint8_t proto, uint8_t hops, size_t length);
uint8_t *reply_room(struct reply *reply, size_t n);

#endif
