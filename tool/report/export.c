// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets for other programs: pcapng (draft-ietf-opsawg-pcapng), with times in
 * nanoseconds, in this machine's order of bytes, as the format has it; and JSON, an
 * object a line.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../lang/lang.h"
#include "export.h"

enum { BLOCK_IDB = 1, BLOCK_ISB = 5, BLOCK_EPB = 6, BLOCK_SHB = 0x0a0d0d0a };
enum { OPTION_END = 0, IF_NAME = 2, IF_TSRESOL = 9, SHB_APPLICATION = 4, ISB_IFRECV = 4, ISB_IFDROP = 5 };

/* A block in the making: its lengths are known when it ends. */
struct block {
	uint8_t bytes[1024];
	uint32_t n;
};

static void add(struct block *block, const void *bytes, uint32_t n)
{
	if (n > sizeof(block->bytes) - block->n)
		n = sizeof(block->bytes) - block->n;
	memcpy(block->bytes + block->n, bytes, n);
	block->n += n;
}

static void add_u16(struct block *block, uint16_t value)
{
	add(block, &value, sizeof(value));
}

static void add_u32(struct block *block, uint32_t value)
{
	add(block, &value, sizeof(value));
}

static void add_option(struct block *block, uint16_t code, const void *value, uint16_t length)
{
	add_u16(block, code);
	add_u16(block, length);
	add(block, value, length);
	add(block, "\0\0\0", -length & 3);
}

/* Times are two halves, the higher one first, whatever the order of bytes. */
static void add_time(struct block *block, uint64_t ns)
{
	add_u32(block, ns >> 32);
	add_u32(block, ns);
}

static void write_block(FILE *file, uint32_t type, const struct block *block)
{
	uint32_t length = block->n + 12;

	fwrite(&type, 4, 1, file);
	fwrite(&length, 4, 1, file);
	fwrite(block->bytes, block->n, 1, file);
	fwrite(&length, 4, 1, file);
}

/* What a link type is called in a file, where it is not what libpcap calls it. */
static uint16_t link_type(int link)
{
	return link == 12 ? 101 : link;
}

/**
 * pcapng_begin() - write what stands before packets
 * @iface: where they were captured, or NULL
 */
void pcapng_begin(FILE *file, int link, const char *iface)
{
	struct block block = { .n = 0 };

	add_u32(&block, 0x1a2b3c4d);
	add_u16(&block, 1);
	add_u16(&block, 0);
	add_u32(&block, UINT32_MAX);	/* length of the section: not said */
	add_u32(&block, UINT32_MAX);
	add_option(&block, SHB_APPLICATION, "fwctl report", 12);
	add_option(&block, OPTION_END, "", 0);
	write_block(file, BLOCK_SHB, &block);

	block.n = 0;
	add_u16(&block, link_type(link));
	add_u16(&block, 0);
	add_u32(&block, 0);		/* no limit of length */
	if (iface && *iface)
		add_option(&block, IF_NAME, iface, strnlen(iface, 255));
	add_option(&block, IF_TSRESOL, "\x09", 1);
	add_option(&block, OPTION_END, "", 0);
	write_block(file, BLOCK_IDB, &block);
}

/**
 * pcapng_packet() - write a packet
 */
void pcapng_packet(FILE *file, const struct source_packet *packet)
{
	uint32_t padding = -packet->caplen & 3, length = 32 + packet->caplen + padding;
	uint32_t head[7] = {
		BLOCK_EPB, length, 0, packet->ts_ns >> 32, packet->ts_ns, packet->caplen, packet->len,
	};

	fwrite(head, sizeof(head), 1, file);
	if (packet->caplen)
		fwrite(packet->raw, packet->caplen, 1, file);
	fwrite("\0\0\0", padding, 1, file);
	fwrite(&length, 4, 1, file);
}

/**
 * pcapng_end() - write how many there were
 * @counted: by snoop, or NULL
 */
void pcapng_end(FILE *file, const struct counters *counted)
{
	struct block block = { .n = 0 };
	struct timespec now;
	uint64_t drops;

	if (!counted)
		return;
	drops = counted->dropped_kernel + counted->dropped_queue + counted->lost;
	clock_gettime(CLOCK_REALTIME, &now);
	add_u32(&block, 0);
	add_time(&block, now.tv_sec * 1000000000ull + now.tv_nsec);
	add_option(&block, ISB_IFRECV, &counted->received, 8);
	add_option(&block, ISB_IFDROP, &drops, 8);
	add_option(&block, OPTION_END, "", 0);
	write_block(file, BLOCK_ISB, &block);
}

/* RFC 4648, section 4. */
static void write_base64(FILE *file, const uint8_t *bytes, uint32_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t i;

	for (i = 0; i < n; i += 3) {
		uint32_t left = n - i;
		uint32_t value = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) |
				 (left > 2 ? bytes[i + 2] : 0);
		char text[4] = {
			digits[value >> 18], digits[value >> 12 & 63],
			left > 1 ? digits[value >> 6 & 63] : '=', left > 2 ? digits[value & 63] : '=',
		};

		fwrite(text, 4, 1, file);
	}
}

/**
 * jsonl_packet() - write a packet as an object on a line
 */
void jsonl_packet(FILE *file, const struct source_packet *packet)
{
	const struct frame *frame = &packet->frame;
	struct flow_key key = { .family = frame->family, .net = frame->net };
	char src[END_TEXT_SIZE], dst[END_TEXT_SIZE], path[128], when[40];
	time_t seconds = packet->ts_ns / 1000000000;
	struct tm tm;

	memcpy(key.src, frame->src, sizeof(key.src));
	memcpy(key.dst, frame->dst, sizeof(key.dst));
	end_text(&key, FORTH, src);
	end_text(&key, BACK, dst);
	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%FT%T", &tm);
	fprintf(file, "{\"packet\":%" PRIu64 ",\"flow\":%" PRIu64 ",\"time\":\"%s.%09uZ\",\"ts_ns\":%" PRIu64
		",\"len\":%u,\"caplen\":%u,\"dups\":%u,\"layers\":\"%s\",\"src\":\"%s\",\"dst\":\"%s\"",
		packet->id, packet->flow, when, (unsigned int)(packet->ts_ns % 1000000000), packet->ts_ns,
		packet->len, packet->caplen, packet->dups, path_text(frame_path(frame), path, sizeof(path)),
		src, dst);
	if (frame->vlan != NO_VLAN)
		fprintf(file, ",\"vlan\":%d", frame->vlan);
	if (frame->whole && has_ports(frame->proto))
		fprintf(file, ",\"sport\":%u,\"dport\":%u", frame->sport, frame->dport);
	fputs(",\"raw\":\"", file);
	write_base64(file, packet->raw, packet->caplen);
	fputs("\"}\n", file);
}
