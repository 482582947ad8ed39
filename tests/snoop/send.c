// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * send IFACE COUNT SIZE [PACE]: numbered datagrams, 10.0.9.1:7000 to 10.0.9.2:9, as
 * frames of SIZE bytes, as fast as it goes or PACE a second. The number, four bytes, is
 * the first of the payload. Every fifth has the VLAN tag 5.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	64
#define LEAST	64
#define MOST	1514

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* Returns how long the headers are. */
static int build(uint8_t *frame, int size, uint32_t number)
{
	static const uint8_t macs[] = "\2\0\0\0\0\2\2\0\0\0\0\1";
	static const uint8_t addresses[] = { 10, 0, 9, 1, 10, 0, 9, 2 };
	int at = number % 5 ? 12 : 16, length, i;
	uint32_t sum = 0;

	memcpy(frame, macs, 12);
	if (at == 16)
		memcpy(frame + 12, "\x81\0\0\5", 4);
	put16(frame + at, 0x800);
	at += 2;
	length = size - at;
	memset(frame + at, 0, 28);
	frame[at] = 0x45;
	put16(frame + at + 2, length);
	frame[at + 8] = 64;
	frame[at + 9] = 17;
	memcpy(frame + at + 12, addresses, 8);
	for (i = 0; i < 20; i += 2)
		sum += frame[at + i] << 8 | frame[at + i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(frame + at + 10, ~(sum + (sum >> 16)));
	put16(frame + at + 20, 7000);
	put16(frame + at + 22, 9);
	put16(frame + at + 24, length - 20);
	number = htonl(number);
	memcpy(frame + at + 28, &number, 4);
	return at + 28;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static uint8_t frame[BATCH][MOST];
	static struct mmsghdr message[BATCH];
	struct iovec part[BATCH];
	uint32_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, i, n;
	int size = argc > 3 ? atoi(argv[3]) : 0, fd = socket(AF_PACKET, SOCK_RAW, 0);
	double pace = argc > 4 ? atof(argv[4]) : 0, begin = seconds();
	struct sockaddr_ll address = { .sll_family = AF_PACKET };

	if (argc < 4 || size < LEAST || size > MOST || fd < 0)
		return 2;
	address.sll_ifindex = if_nametoindex(argv[1]);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return 2;
	for (i = 0; i < count; i += n) {
		uint32_t sent = 0, k;

		n = count - i < BATCH ? count - i : BATCH;
		for (k = 0; k < n; k++) {
			build(frame[k], size, i + k);
			part[k] = (struct iovec){ frame[k], size };
			message[k].msg_hdr.msg_iov = &part[k];
			message[k].msg_hdr.msg_iovlen = 1;
		}
		while (sent < n) {
			int done = sendmmsg(fd, message + sent, n - sent, 0);

			if (done < 0 && errno != ENOBUFS)
				return 2;
			sent += done < 0 ? 0 : done;
		}
		while (pace && seconds() - begin < i / pace)
			usleep(100);
	}
	printf("%.0f\n", count / (seconds() - begin));
	return 0;
}
