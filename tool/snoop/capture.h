/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After so long, a block of the ring is handed over, full or not. */
#define CAPTURE_BLOCK_MS 20

/* At the end, this is more than it takes until all blocks have been. */
#define CAPTURE_REST_MS	300

/**
 * struct capture_options - what is captured
 * @iface: an interface, or NULL
 * @file: a capture that is read instead, or NULL
 * @filter: an expression of pcap-filter(7), or NULL
 * @snaplen: bytes of a packet that are kept
 * @buffer: bytes of the kernel's ring
 */
struct capture_options {
	const char *iface;
	const char *file;
	const char *filter;
	int snaplen;
	uint64_t buffer;
};

bool capture_enter(const char *netns, char *error, size_t size);
void capture_prepare(const char *iface, char *warning, size_t size);
pcap_t *capture_open(const struct capture_options *options, char *error, size_t size);
uint64_t capture_ns(const struct pcap_pkthdr *head);

#endif
