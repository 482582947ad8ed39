// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make COUNT: a capture of COUNT packets on standard output: conversations of TCP and UDP
 * of 20 packets each between many hosts, some with a VLAN tag, a question of DNS now and
 * then; 10 us between two packets.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN 512	/* conversations at a time */

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The packet @turn of conversation @which; returns its length. */
static int build(uint8_t *at, uint32_t which, uint32_t turn)
{
	int udp = which % 3 == 0, dns = which % 30 == 0, back = turn % 2, vlan = which % 7 == 0;
	uint32_t client = 0x0a000000 | which % 5000, server = 0xc0a80000 | which % 97;
	uint16_t port = 1024 + which / 97 % 60000, service = dns ? 53 : udp ? 4500 : which % 2 ? 443 : 80;
	int payload = dns ? 29 : turn < 3 && !udp ? 0 : 20 + which * 7 % 60, header, ip;

	memset(at, 0, 256);
	memcpy(at, back ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	ip = vlan ? 18 : 14;
	if (vlan)
		memcpy(at + 12, "\x81\0\0\5", 4);
	put16(at + ip - 2, 0x800);
	header = udp ? 8 : 20;
	at[ip] = 0x45;
	put16(at + ip + 2, 20 + header + payload);
	at[ip + 8] = 64;
	at[ip + 9] = udp ? 17 : 6;
	put32(at + ip + 12, back ? server : client);
	put32(at + ip + 16, back ? client : server);
	put16(at + ip + 20, back ? service : port);
	put16(at + ip + 22, back ? port : service);
	if (udp) {
		put16(at + ip + 24, 8 + payload);
	} else {
		put32(at + ip + 24, which + turn / 2 * 1000);
		put32(at + ip + 28, which + turn / 2 * 1000);
		at[ip + 32] = 0x50;
		at[ip + 33] = turn == 0 ? 2 : turn == 1 ? 0x12 : 0x10;
	}
	if (dns) {
		memcpy(at + ip + 28, "\0\0\1\0\0\1\0\0\0\0\0\0\7host000\3lan\0\0\1\0\1", 29);
		at[ip + 30] = back ? 0x81 : 1;
		at[ip + 45] = '0' + which % 10;
		at[ip + 46] = '0' + which / 10 % 10;
	}
	return ip + 20 + header + payload;
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, i;
	uint32_t head[6] = { 0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 1 };
	uint8_t frame[256];

	fwrite(head, sizeof(head), 1, stdout);
	for (i = 0; i < count; i++) {
		uint64_t ns = 1700000000000000000ull + i * 10000ull;
		uint32_t group = i / (OPEN * 20), rest = i % (OPEN * 20);
		uint32_t length = build(frame, group * OPEN + rest % OPEN, rest / OPEN);
		uint32_t packet[4] = { ns / 1000000000, ns % 1000000000, length, length };

		fwrite(packet, sizeof(packet), 1, stdout);
		fwrite(frame, length, 1, stdout);
	}
	return ferror(stdout) || fflush(stdout);
}
