// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-packets COUNT SEED INTERFACE MAC inside|outside: sends COUNT Ethernet frames to
 * the router, that is to MAC, through INTERFACE: packets of lib.sh's topology, of few
 * addresses and ports so that they meet flows and rules, and mutations of them. What
 * two of these make on either side are each other's conversations. After a mutation
 * most checksums are put right, or nothing would come far.
 *
 * fuzz-packets COUNT SEED: sends the same from here, without the frame, as what is called
 * the inside does: in the router, what it sends itself.
 *
 * The same SEED sends the same.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "random.h"

#define ETHERNET	14
#define FRAME_SIZE	1514
#define LAST		64

struct frame {
	unsigned int length;
	unsigned char data[FRAME_SIZE];
};

static struct frame frame, last[LAST];
static bool inside;
static unsigned char mac[6];

static const char *const inner4[] = { "10.0.1.2", "10.0.1.1", "10.0.1.77" };
static const char *const outer4[] = { "198.51.100.2", "198.51.100.1", "203.0.113.9", "192.0.2.7" };
static const char *const inner6[] = { "2001:db8:1::2", "2001:db8:1::1", "fe80::1" };
static const char *const outer6[] = { "2001:db8:2::2", "2001:db8:2::1", "2001:db8:9::9",
				      "ff02::1", "fe80::2" };
static const uint16_t ports[] = { 7, 53, 53, 53, 80, 80, 81, 443, 7000, 7001, 5060, 67, 68, 40000, 40001 };

#define PICK(list)	((list)[below(sizeof(list) / sizeof((list)[0]))])

/* --- building ------------------------------------------------------------- */

static unsigned char *put(const void *data, unsigned int n)
{
	unsigned char *at = frame.data + frame.length;

	if (frame.length + n > FRAME_SIZE)
		n = FRAME_SIZE - frame.length;
	if (data)
		memcpy(at, data, n);
	else
		memset(at, 0, n);
	frame.length += n;
	return at;
}

static void put16(unsigned int value)
{
	uint16_t v = htons(value);

	put(&v, 2);
}

static void put32(uint32_t value)
{
	uint32_t v = htonl(value);

	put(&v, 4);
}

static void payload(unsigned int n)
{
	while (n--) {
		unsigned char byte = random_u32();

		put(&byte, 1);
	}
}

static void ip4(unsigned int proto, bool turned, unsigned int frag)
{
	const char *ours = PICK(inner4), *theirs = PICK(outer4);
	unsigned int words = percent(6) ? below(11) : 0;
	struct in_addr address;

	if (inside == turned) {
		const char *swap = ours;

		ours = theirs;
		theirs = swap;
	}
	if (percent(2))
		ours = percent(50) ? "255.255.255.255" : "127.0.0.1";
	put((unsigned char[]){ 0x45 + words, 0 }, 2);
	put16(0);
	put16(below(4));
	put16(frag);
	put((unsigned char[]){ percent(97) ? 64 : 1, proto }, 2);
	put16(0);
	inet_pton(AF_INET, ours, &address);
	put(&address, 4);
	inet_pton(AF_INET, theirs, &address);
	put(&address, 4);
	payload(4 * words);
}

static void ip6(unsigned int proto, bool turned)
{
	const char *ours = PICK(inner6), *theirs = PICK(outer6);
	struct in6_addr address;
	unsigned int chain = percent(20) ? 1 + below(percent(10) ? 40 : 5) : 0;
	static const unsigned char kinds[] = { 0, 43, 44, 44, 44, 51, 60, 60, 135, 139 };
	unsigned char *next;

	if (inside == turned) {
		const char *swap = ours;

		ours = theirs;
		theirs = swap;
	}
	put32(0x60000000 | (percent(10) ? random_u32() & 0xfffff : 0));
	put16(0);
	next = put(&proto, 1);
	put((unsigned char[]){ percent(97) ? 64 : 1 }, 1);
	inet_pton(AF_INET6, ours, &address);
	put(&address, 16);
	inet_pton(AF_INET6, theirs, &address);
	put(&address, 16);
	while (chain--) {
		*next = PICK(kinds);
		if (*next == 44) {	/* a fragment */
			next = put(&proto, 1);
			put((unsigned char[]){ 0 }, 1);
			put16(percent(50) ? below(64) << 3 | below(2) : 1);
			put32(below(4));
		} else {
			unsigned int units = below(3), length = *next == 51 ? 4 * units + 8 : 8 * units + 8;

			next = put(&proto, 1);
			put((unsigned char[]){ units }, 1);
			payload(length - 2);
		}
	}
}

static void transport(unsigned int proto)
{
	static const unsigned char flags[] = { 2, 2, 2, 0x12, 0x10, 0x10, 0x18, 0x11, 4, 0x14, 0, 0x29, 0xff };
	static const unsigned char types4[] = { 8, 8, 8, 0, 0, 3, 3, 5, 11, 12, 13, 17 };
	static const unsigned char types6[] = { 128, 128, 129, 129, 1, 2, 3, 4, 130, 133, 134, 135, 136, 137, 143 };
	unsigned int options;
	unsigned char type;

	switch (proto) {
	case IPPROTO_TCP:
		options = percent(30) ? below(11) : 0;
		put16(PICK(ports));
		put16(PICK(ports));
		put32(percent(60) ? 1000 + below(8) : random_u32());
		put32(percent(60) ? 1000 + below(8) : random_u32());
		put((unsigned char[]){ (5 + options) << 4, PICK(flags) }, 2);
		put16(below(65536));
		put32(0);
		payload(4 * options);
		break;
	case IPPROTO_UDP:
		put16(PICK(ports));
		put16(PICK(ports));
		put32(0);
		break;
	case IPPROTO_GRE:
		put16(percent(80) ? 0x2000 : random_u32());
		put16(0x0800);
		put32(below(8));
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		type = proto == IPPROTO_ICMP ? PICK(types4) : PICK(types6);
		put(&type, 1);
		put((unsigned char[]){ percent(90) ? below(5) : random_u32() }, 1);
		put16(0);
		put16(below(4));
		put16(below(4));
		break;
	}
	payload(percent(90) ? below(64) : below(1400));
}

static const unsigned char protos4[] = { 6, 6, 6, 6, 17, 17, 17, 1, 1, 47, 132, 58, 0, 255 };
static const unsigned char protos6[] = { 6, 6, 6, 6, 17, 17, 17, 58, 58, 47, 132, 1, 0, 59 };

static void build(void)
{
	bool four = percent(55);
	unsigned int proto = four ? PICK(protos4) : PICK(protos6);

	frame.length = 0;
	put(mac, 6);
	put("\2\0\0\0\0\1", 6);
	put16(four ? 0x0800 : 0x86dd);
	if (four)
		ip4(proto, false, percent(85) ? 0 : (percent(50) ? 0x2000 : 0) | below(64));
	else
		ip6(proto, false);
	if ((proto == 1 || proto == 58) && percent(50)) {
		/* An error, about a packet that went the other way. */
		put((unsigned char[]){ proto == 1 ? (percent(70) ? 3 : 11) : 1 + below(4), below(6) }, 2);
		put16(0);
		put32(percent(50) ? 1280 : below(1500));
		proto = four ? PICK(protos4) : PICK(protos6);
		if (four)
			ip4(proto, true, 0);
		else
			ip6(proto, true);
	}
	transport(proto);
}

/* --- lengths and checksums -------------------------------------------------- */

static uint32_t sum(const unsigned char *data, unsigned int n)
{
	uint32_t total = 0;
	unsigned int i;

	for (i = 0; i + 1 < n; i += 2)
		total += data[i] << 8 | data[i + 1];
	return n & 1 ? total + (data[n - 1] << 8) : total;
}

static void store(unsigned char *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void set_checksum(unsigned char *at, uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	store(at, ~total);
}

/* Where a packet has its headers where they should be, its lengths and sums fit. */
static void put_right(bool lengths)
{
	static const unsigned char at[256] = { [1] = 2, [6] = 16, [17] = 6, [58] = 2 };
	unsigned char *ip = frame.data + ETHERNET, *rest;
	unsigned int n = frame.length - ETHERNET, head, proto;
	uint32_t total;

	if (frame.length < ETHERNET + 20)
		return;
	if (frame.data[12] == 8) {
		head = (ip[0] & 15) * 4;
		if (head < 20 || head > n)
			return;
		if (lengths)
			store(ip + 2, n);
		store(ip + 10, 0);
		set_checksum(ip + 10, sum(ip, head));
		proto = ip[9];
		total = sum(ip + 12, 8);
	} else {
		head = 40;
		if (n < head)
			return;
		if (lengths)
			store(ip + 4, n - head);
		proto = ip[6];
		total = sum(ip + 8, 32);
	}
	rest = ip + head;
	n -= head;
	if (proto == 17 && lengths && n >= 8)
		store(rest + 4, n);
	if (!at[proto] || n < at[proto] + 2u)
		return;
	store(rest + at[proto], 0);
	set_checksum(rest + at[proto], sum(rest, n) + (proto == 1 ? 0 : total + proto + n));
}

/* --- mutations ---------------------------------------------------------------- */

static void mutate(void)
{
	unsigned int at = ETHERNET + below(percent(80) ? 64 : frame.length), n;

	switch (below(6)) {
	case 0:
		if (at < frame.length)
			frame.data[at] = random_u32();
		break;
	case 1:
		if (at < frame.length)
			frame.data[at] ^= 1 << below(8);
		break;
	case 2:	/* cut short anywhere */
		if (at < frame.length)
			frame.length = at;
		break;
	case 3:
		for (n = 1 + below(8); n && at < frame.length; n--, at++)
			frame.data[at] = percent(50) ? 0xff : 0;
		break;
	case 4:	/* the header lengths */
		if (frame.length > ETHERNET + 40)
			frame.data[ETHERNET + (percent(50) ? 0 : 32)] = random_u32();
		break;
	case 5:	/* a piece out of it, or twice */
		n = 1 + below(24);
		if (at + n >= frame.length || frame.length + n > FRAME_SIZE)
			break;
		if (percent(50)) {
			memmove(frame.data + at, frame.data + at + n, frame.length - at - n);
			frame.length -= n;
		} else {
			memmove(frame.data + at + n, frame.data + at, frame.length - at);
			frame.length += n;
		}
		break;
	}
}

/* --- sending ------------------------------------------------------------------ */

/* Through the interface, or by raw sockets, whose headers are ours, of IPv4 and of IPv6. */
static struct sockaddr_ll link_to = { .sll_family = AF_PACKET, .sll_halen = 6 };
static int link_fd = -1, raw4 = -1, raw6 = -1;

static bool open_sockets(char **argv)
{
	inside = !argv[3] || !strcmp(argv[5], "inside");
	if (!argv[3]) {
		raw4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
		raw6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
		return raw4 >= 0 && raw6 >= 0;
	}
	link_to.sll_ifindex = if_nametoindex(argv[3]);
	link_fd = socket(AF_PACKET, SOCK_RAW, 0);
	return link_fd >= 0 && link_to.sll_ifindex &&
	       sscanf(argv[4], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5]) == 6;
}

/* Where to is in the header, if there is such a route, or else the outside. */
static bool send_raw(void)
{
	const unsigned char *ip = frame.data + ETHERNET;
	unsigned int n = frame.length > ETHERNET ? frame.length - ETHERNET : 0;
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };

	if (frame.data[12] == 8) {
		if (n >= 20)
			memcpy(&to4.sin_addr, ip + 16, 4);
		if (sendto(raw4, ip, n, 0, (struct sockaddr *)&to4, sizeof(to4)) >= 0)
			return true;
		inet_pton(AF_INET, outer4[0], &to4.sin_addr);
		return sendto(raw4, ip, n, 0, (struct sockaddr *)&to4, sizeof(to4)) >= 0;
	}
	if (n >= 40)
		memcpy(&to6.sin6_addr, ip + 24, 16);
	if (sendto(raw6, ip, n, 0, (struct sockaddr *)&to6, sizeof(to6)) >= 0)
		return true;
	inet_pton(AF_INET6, outer6[0], &to6.sin6_addr);
	return sendto(raw6, ip, n, 0, (struct sockaddr *)&to6, sizeof(to6)) >= 0;
}

static bool send_frame(void)
{
	if (link_fd < 0)
		return send_raw();
	memcpy(link_to.sll_addr, frame.data, 6);
	return sendto(link_fd, frame.data, frame.length, 0, (struct sockaddr *)&link_to,
		      sizeof(link_to)) >= 0;
}

int main(int argc, char **argv)
{
	unsigned long count, sent = 0, n;
	int i;

	if (argc != 6 && argc != 3) {
		fprintf(stderr, "usage: fuzz-packets COUNT SEED [INTERFACE MAC inside|outside]\n");
		return 2;
	}
	count = strtoul(argv[1], NULL, 0);
	random_state = strtoull(argv[2], NULL, 0);
	if (!open_sockets(argv)) {
		perror("fuzz-packets");
		return 2;
	}
	for (n = 0; n < count; n++) {
		if (n > LAST && percent(40))
			frame = last[below(LAST)];
		else
			build();
		put_right(true);
		last[below(LAST)] = frame;
		if (percent(50)) {
			for (i = 1 + below(3); i; i--)
				mutate();
			if (percent(80))
				put_right(percent(50));
		}
		if (send_frame())
			sent++;
		else if (errno == ENOBUFS)
			usleep(1000);
	}
	printf("sent %lu of %lu\n", sent, count);
	return sent > count / 2 ? 0 : 1;
}
