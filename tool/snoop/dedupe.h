/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEDUPE_H
#define DEDUPE_H

#include "frame.h"

/**
 * enum dedupe_key - when two packets are the same
 * @DEDUPE_EXACT: each byte is
 * @DEDUPE_IP: the packet of IP is, but for TTL and checksum of its header: so is one that
 *	a router or another VLAN has changed nothing else of
 */
enum dedupe_key { DEDUPE_EXACT, DEDUPE_IP };

struct dedupe;

struct dedupe *dedupe_new(enum dedupe_key key, uint64_t window_ns);
void dedupe_free(struct dedupe *dedupe);
void dedupe_forget(struct dedupe *dedupe, uint64_t packet);
uint64_t dedupe_find(struct dedupe *dedupe, const struct frame *frame, const uint8_t *bytes,
		     uint32_t caplen, uint32_t len, uint64_t ts_ns, uint64_t packet);

#endif
