// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The snooper's readers and counters: what a packet is, which name it asks for, whether
 * it was seen before, and what its conversation comes to.
 */
#include <arpa/inet.h>
#include <check.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dedupe.h"
#include "names.h"
#include "suite.h"
#include "tracker.h"

#define ETHERNET 1
#define MS 1000000ull

#define MACS	"020000000002 020000000001"
#define IP4	MACS "0800"
/* Sender 10.0.0.1, receiver 10.0.0.2; the length, then the protocol, are the caller's. */
#define IP(length, proto) IP4 "4500" length "0000 0000 40" proto "0000 0a000001 0a000002"
#define BACK_IP(length, proto) IP4 "4500" length "0000 0000 40" proto "0000 0a000002 0a000001"

struct bytes {
	uint8_t at[4096];
	uint32_t n;
};

static struct bytes hex(const char *text)
{
	struct bytes bytes = { .n = 0 };
	unsigned int byte;

	for (; *text; text++) {
		if (isspace((unsigned char)*text))
			continue;
		ck_assert_int_eq(sscanf(text++, "%2x", &byte), 1);
		bytes.at[bytes.n++] = byte;
	}
	return bytes;
}

/* Bytes of a size of their own, so that a read beyond them is seen. */
static struct frame read_cut(int link, const struct bytes *bytes, uint32_t n, uint8_t **copy)
{
	struct frame frame;

	*copy = malloc(n ? n : 1);
	memcpy(*copy, bytes->at, n);
	frame_dissect(link, *copy, n, &frame);
	return frame;
}

static struct frame read_hex(const char *text)
{
	static struct bytes bytes;
	struct frame frame;

	bytes = hex(text);
	frame_dissect(ETHERNET, bytes.at, bytes.n, &frame);
	return frame;
}

static const struct {
	const char *layers;
	int vlan;
	int sport, dport;
	const char *text;
} frames[] = {
	{ "eth:ip:udp", NO_VLAN, 7, 9, IP("001c", "11") "0007 0009 0008 0000" },
	{ "eth:ip:tcp", NO_VLAN, 4096, 80,
	  IP("0028", "06") "1000 0050 00000001 00000000 5002 ffff 0000 0000" },
	{ "eth:vlan:ip:icmp", 5, 0, 0,
	  MACS "8100 2005 0800 4500 001c 0000 0000 4001 0000 0a000001 0a000002 0800 0000 0001 0001" },
	{ "eth:vlan:vlan:arp", 100, 0, 0, MACS "88a8 0064 8100 0005 0806 0001 0800 06 04 0001" },
	{ "eth:ipv6:udp:dns", NO_VLAN, 5000, 53,
	  MACS "86dd 60000000 0014 11 40 20010db8 00000000 00000000 00000001"
	  "20010db8 00000000 00000000 00000002 1388 0035 0014 0000 0001 0100 0001 0000 0000 0000" },
	/* Hop-by-hop options, then a first fragment. */
	{ "eth:ipv6:udp", NO_VLAN, 1, 2,
	  MACS "86dd 60000000 0018 00 40 20010db8 00000000 00000000 00000001"
	  "20010db8 00000000 00000000 00000002 2c00 0104 00000000 1100 0001 00000007 0001 0002 0008 0000" },
	/* A later fragment has no ports. */
	{ "eth:ip:udp", NO_VLAN, 0, 0,
	  IP4 "4500 001c 0000 0010 4011 0000 0a000001 0a000002 0007 0009 0008 0000" },
	{ "eth:llc", NO_VLAN, 0, 0, MACS "0026 4242 03" },
	{ "eth:other", NO_VLAN, 0, 0, MACS "1234 00" },
	{ "eth:ip:other", NO_VLAN, 0, 0, IP("0014", "fd") },
	{ "eth:ip:tcp:http", NO_VLAN, 4096, 80,
	  IP("0034", "06") "1000 0050 00000001 00000000 5018 ffff 0000 0000 474554202f20 485454502f31" },
};

START_TEST(test_frame)
{
	struct frame frame = read_hex(frames[_i].text);
	char text[128];

	ck_assert_str_eq(path_text(frame_path(&frame), text, sizeof(text)), frames[_i].layers);
	ck_assert_int_eq(frame.vlan, frames[_i].vlan);
	ck_assert_int_eq(frame.sport, frames[_i].sport);
	ck_assert_int_eq(frame.dport, frames[_i].dport);
}
END_TEST

/* Wherever a packet is cut, nothing is read beyond it, and no protocol appears. */
START_TEST(test_frame_cut)
{
	static const int links[] = { 0, 1, 12, 101, 108, 113, 228, 229, 276 };
	struct bytes bytes = hex(frames[_i].text);
	char whole[128], text[128], name[NAME_SIZE];
	struct frame frame;
	enum name_kind kind;
	uint8_t *copy;
	uint32_t n;
	size_t link;

	frame = read_cut(ETHERNET, &bytes, bytes.n, &copy);
	path_text(frame_path(&frame), whole, sizeof(whole));
	free(copy);
	for (n = 0; n <= bytes.n; n++)
		for (link = 0; link < sizeof(links) / sizeof(*links); link++) {
			ck_assert(frame_link_known(links[link]));
			frame = read_cut(links[link], &bytes, n, &copy);
			name_read(&frame, &kind, name);
			path_text(frame_path(&frame), text, sizeof(text));
			if (links[link] == ETHERNET)
				ck_assert_msg(!strncmp(whole, text, strlen(text)), "%s at %u: %s", whole, n, text);
			free(copy);
		}
}
END_TEST

START_TEST(test_padding)
{
	struct frame frame = read_hex(IP("001d", "11") "0007 0009 0009 0000 61 000000000000");

	ck_assert_uint_eq(frame.net_len, 29);
	ck_assert_uint_eq(frame.payload_len, 1);
	ck_assert_int_eq(*frame.payload, 'a');
}
END_TEST

/* --- names ----------------------------------------------------------------- */

/* A packet of TCP or UDP with a payload. */
static struct frame carry(uint8_t proto, uint16_t port, const void *payload, size_t n)
{
	static struct bytes bytes;
	struct frame frame;
	uint16_t length = 20 + (proto == IPPROTO_TCP ? 20 : 8) + n;

	bytes = hex(proto == IPPROTO_TCP ?
		    IP("0000", "06") "1000 0050 00000001 00000000 5018 ffff 0000 0000" :
		    IP("0000", "11") "1000 0050 0000 0000");
	bytes.at[16] = length >> 8;
	bytes.at[17] = length;
	bytes.at[36] = port >> 8;
	bytes.at[37] = port;
	memcpy(bytes.at + bytes.n, payload, n);
	frame_dissect(ETHERNET, bytes.at, bytes.n + n, &frame);
	return frame;
}

static const char *name_in(uint8_t proto, uint16_t port, const void *payload, size_t n)
{
	static char text[NAME_SIZE + 8];
	struct frame frame = carry(proto, port, payload, n);
	char name[NAME_SIZE];
	enum name_kind kind;

	if (!name_read(&frame, &kind, name))
		return "none";
	snprintf(text, sizeof(text), "%s %s", name_kinds[kind], name);
	return text;
}

#define TEXT(text) text, sizeof(text) - 1
#define QUESTION "\1\2\1\0\0\1\0\0\0\0\0\0"

START_TEST(test_dns)
{
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\3WWW\7example\3org\0\0\1\0\1")),
			 "dns www.example.org");
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\0\0\2\0\1")), "dns .");
	ck_assert_str_eq(name_in(6, 53, TEXT("\0\34" QUESTION "\1a\0\0\1\0\1")), "dns a");
	/* What a terminal or a page would act upon. */
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\6\33[1m<b\0\0\1\0\1")), "dns ?[1m?b");
	/* A NUL would end the name where its reader sees it, and hide what is behind it. */
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\5a\0b.c\3org\0\0\1\0\1")), "dns a?b.c.org");
	/* An answer; a pointer; a name without end; a label that is cut; none at all. */
	ck_assert_str_eq(name_in(17, 53, TEXT("\1\2\x81\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")), "none");
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\300\14\0\1\0\1")), "none");
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\3abc")), "none");
	ck_assert_str_eq(name_in(17, 53, TEXT(QUESTION "\11abc")), "none");
	ck_assert_str_eq(name_in(17, 53, TEXT("\1\2\1\0\0\0\0\0\0\0\0\0")), "none");
	ck_assert_str_eq(name_in(17, 54, TEXT(QUESTION "\1a\0\0\1\0\1")), "none");
}
END_TEST

START_TEST(test_dns_long)
{
	char message[12 + 5 * 64 + 5] = QUESTION;
	int i;

	for (i = 0; i < 5; i++) {
		message[12 + i * 64] = 63;
		memset(message + 13 + i * 64, 'x', 63);
	}
	ck_assert_str_eq(name_in(17, 53, message, sizeof(message)), "none");
}
END_TEST

START_TEST(test_http)
{
	ck_assert_str_eq(name_in(6, 80, TEXT("GET / HTTP/1.1\r\nAccept: */*\r\nhOST:  Example.org:8080 \r\n\r\n")),
			 "http example.org:8080");
	ck_assert_str_eq(name_in(6, 8080, TEXT("POST /a HTTP/1.0\nHost: a\n\n")), "http a");
	ck_assert_str_eq(name_in(6, 80, TEXT("GET / HTTP/1.1\r\nHost: <script>\r\n\r\n")), "http ?script?");
	ck_assert_str_eq(name_in(6, 80, TEXT("GET / HTTP/1.1\r\n\r\nHost: behind\r\n")), "none");
	ck_assert_str_eq(name_in(6, 80, TEXT("GET / HTTP/1.1\r\nHost: cut")), "none");
	ck_assert_str_eq(name_in(6, 80, TEXT("GET /\r\nHost: old\r\n")), "none");
	ck_assert_str_eq(name_in(6, 80, TEXT("HTTP/1.1 200 OK\r\nHost: answer\r\n\r\n")), "none");
	ck_assert_str_eq(name_in(6, 80, TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n")), "none");
}
END_TEST

/* A ClientHello with a session, two ciphers, an unknown extension and a name. */
static const char hello[] =
	"\x16\x03\x01\0\x4e\x01\0\0\x4a\x03\x03" "0123456789abcdef0123456789abcdef"
	"\x02ss\0\x04\x13\x01\x13\x02\x01\0\0\x1b"
	"\0\x0a\0\x02\0\x1d" "\0\0\0\x10\0\x0e\0\0\x0b" "Example.org";

START_TEST(test_tls)
{
	char copy[sizeof(hello)];
	size_t n;

	ck_assert_str_eq(name_in(6, 443, hello, sizeof(hello) - 1), "tls example.org");
	ck_assert_str_eq(name_in(6, 8443, hello, sizeof(hello) - 1), "tls example.org");
	for (n = 0; n < sizeof(hello) - 1; n++)
		ck_assert_str_eq(name_in(6, 443, hello, n), "none");
	memcpy(copy, hello, sizeof(hello));
	copy[5] = 2;	/* the server's */
	ck_assert_str_eq(name_in(6, 443, copy, sizeof(copy) - 1), "none");
}
END_TEST

/* --- duplicates ------------------------------------------------------------ */

static uint64_t seen(struct dedupe *dedupe, const char *text, uint64_t ts_ns, uint64_t packet)
{
	struct bytes bytes = hex(text);
	struct frame frame;

	frame_dissect(ETHERNET, bytes.at, bytes.n, &frame);
	return dedupe_find(dedupe, &frame, bytes.at, bytes.n, bytes.n, ts_ns, packet);
}

#define UDP(ttl, sum, data) \
	"4500 001e 0001 0000" ttl "11" sum "0a000001 0a000002 0007 0009 000a 0000" data

START_TEST(test_dedupe_exact)
{
	struct dedupe *dedupe = dedupe_new(DEDUPE_EXACT, 50 * MS);

	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1000 * MS, 1), 0);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6162"), 1001 * MS, 2), 0);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("3f", "1211", "6161"), 1002 * MS, 3), 0);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1050 * MS, 4), 1);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6162"), 1050 * MS, 4), 2);
	/* By the clock of the capture, which may step back. */
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 960 * MS, 4), 1);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1051 * MS, 4), 0);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1052 * MS, 5), 4);
	/* What is in a file that was left is new to the next. */
	dedupe_forget(dedupe, 5);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1053 * MS, 5), 0);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1054 * MS, 6), 5);
	dedupe_free(dedupe);
}
END_TEST

START_TEST(test_dedupe_ip)
{
	struct dedupe *dedupe = dedupe_new(DEDUPE_IP, 50 * MS);
	const char *tagged = MACS "8100 0007 0800" UDP("3f", "1211", "6161");

	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6161"), 1000 * MS, 1), 0);
	ck_assert_uint_eq(seen(dedupe, tagged, 1001 * MS, 2), 1);
	/* Padding is not the packet's. */
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("3e", "1311", "6161") "0000", 1001 * MS, 2), 1);
	ck_assert_uint_eq(seen(dedupe, IP4 UDP("40", "1111", "6162"), 1001 * MS, 2), 0);
	ck_assert_uint_eq(seen(dedupe, MACS "0806 0001", 1001 * MS, 3), 0);
	ck_assert_uint_eq(seen(dedupe, "ffffffffffff 020000000009 0806 0001", 1001 * MS, 4), 3);
	dedupe_free(dedupe);
}
END_TEST

/* However many come, each is found again within the window. */
START_TEST(test_dedupe_many)
{
	struct dedupe *dedupe = dedupe_new(DEDUPE_EXACT, 50 * MS);
	struct frame frame = { .net = 0 };
	uint32_t i;

	for (i = 1; i <= 20000; i++)
		ck_assert_uint_eq(dedupe_find(dedupe, &frame, (uint8_t *)&i, 4, 4, 1000 * MS + i, i), 0);
	for (i = 1; i <= 20000; i++)
		ck_assert_uint_eq(dedupe_find(dedupe, &frame, (uint8_t *)&i, 4, 4, 1000 * MS + i, i + 20000), i);
	dedupe_free(dedupe);
}
END_TEST

/* --- conversations --------------------------------------------------------- */

/* A segment between the two hosts, 10 bytes of payload for each of @length. */
static struct watched *segment(struct tracker *tracker, enum way way, uint8_t flags, uint32_t seq,
			       uint32_t ack, uint32_t length, uint64_t ts_ns)
{
	struct frame frame = {
		.net = 0x800, .family = AF_INET, .proto = IPPROTO_TCP, .whole = true,
		.vlan = NO_VLAN, .sport = way == FORTH ? 4000 : 80, .dport = way == FORTH ? 80 : 4000,
		.flags = flags, .seq = seq, .ack = ack, .segment_len = length,
	};
	struct watched *flow;
	static uint64_t n;
	enum way found;

	frame.src[0] = way == FORTH ? 2 : 1;	/* who began is not the lower address */
	frame.dst[0] = way == FORTH ? 1 : 2;
	flow = tracker_packet(tracker, &frame, ts_ns, 54 + length, ++n, &found);
	ck_assert_int_eq(found, way);
	return flow;
}

enum { SYN = TCP_SYN, ACK = TCP_ACK, FIN = TCP_FIN, RST = TCP_RST };

START_TEST(test_connection)
{
	struct tracker *tracker = tracker_new(100, 7);
	struct watched *flow;

	segment(tracker, FORTH, SYN, 99, 0, 0, 1000 * MS);
	segment(tracker, BACK, SYN | ACK, 499, 100, 0, 1010 * MS);
	flow = segment(tracker, FORTH, ACK, 100, 500, 0, 1015 * MS);
	ck_assert_uint_eq(flow->id, 7);
	ck_assert_uint_eq(flow->handshake_ns, 15 * MS);
	segment(tracker, FORTH, ACK, 100, 500, 10, 1020 * MS);
	segment(tracker, FORTH, ACK, 110, 500, 10, 1021 * MS);
	segment(tracker, BACK, ACK, 500, 120, 10, 1022 * MS);
	ck_assert_uint_eq(flow->retransmissions + flow->out_of_order, 0);
	/* Sent again, long after; and late by a moment, from before what is known. */
	segment(tracker, BACK, ACK, 500, 120, 10, 1300 * MS);
	ck_assert_uint_eq(flow->retransmissions, 1);
	segment(tracker, BACK, ACK, 520, 120, 10, 1301 * MS);
	segment(tracker, BACK, ACK, 510, 120, 10, 1302 * MS);
	ck_assert_uint_eq(flow->retransmissions, 1);
	ck_assert_uint_eq(flow->out_of_order, 1);
	/* A keep-alive, when all is acknowledged. */
	segment(tracker, FORTH, ACK, 120, 530, 0, 1310 * MS);
	segment(tracker, BACK, ACK, 529, 120, 0, 9000 * MS);
	segment(tracker, BACK, ACK, 529, 120, 1, 9001 * MS);
	ck_assert_uint_eq(flow->retransmissions, 1);
	segment(tracker, FORTH, FIN | ACK, 120, 530, 0, 9010 * MS);
	ck_assert_uint_eq(flow->resets, 0);
	ck_assert_uint_eq(flow->packets[FORTH], 6);
	ck_assert_uint_eq(flow->packets[BACK], 7);
	/* The same ports again are another connection. */
	flow = segment(tracker, FORTH, SYN, 9999, 0, 0, 9100 * MS);
	ck_assert_uint_eq(flow->id, 8);
	ck_assert_uint_eq(flow->packets[FORTH], 1);
	segment(tracker, FORTH, SYN, 9999, 0, 0, 9400 * MS);
	ck_assert_uint_eq(flow->syns, 2);
	ck_assert_uint_eq(flow->retransmissions, 1);
	segment(tracker, BACK, RST | ACK, 0, 10000, 0, 9401 * MS);
	ck_assert_uint_eq(flow->resets, 1);
	tracker_free(tracker);
}
END_TEST

/* Numbers go round at 2^32. */
START_TEST(test_wrap)
{
	struct tracker *tracker = tracker_new(100, 1);
	struct watched *flow;

	segment(tracker, FORTH, ACK, 0xfffffff0, 1, 16, 1000 * MS);
	segment(tracker, FORTH, ACK, 0, 1, 16, 1001 * MS);
	flow = segment(tracker, FORTH, ACK, 16, 1, 16, 1002 * MS);
	ck_assert_uint_eq(flow->retransmissions + flow->out_of_order, 0);
	segment(tracker, FORTH, ACK, 0xfffffff0, 1, 16, 1200 * MS);
	ck_assert_uint_eq(flow->retransmissions, 1);
	tracker_free(tracker);
}
END_TEST

/* Who answered did not begin, even if the beginning was not seen. */
START_TEST(test_midway)
{
	struct tracker *tracker = tracker_new(100, 1);
	struct watched *flow = segment(tracker, BACK, SYN | ACK, 5, 9, 0, 1000 * MS);

	ck_assert_uint_eq(flow->key.sport, 4000);
	ck_assert_uint_eq(flow->packets[BACK], 1);
	ck_assert_uint_eq(flow->handshake_ns, 0);
	tracker_free(tracker);
}
END_TEST

static void count_gone(const struct watched *flow, void *arg)
{
	*(uint64_t *)arg = *(uint64_t *)arg * 10 + flow->id;
}

START_TEST(test_limit)
{
	struct tracker *tracker = tracker_new(3, 1);
	struct frame frame = { .net = 0x800, .family = AF_INET, .proto = IPPROTO_UDP, .whole = true };
	uint64_t gone = 0;
	enum way way;
	int i;

	for (i = 1; i <= 4; i++) {
		frame.sport = i;
		tracker_packet(tracker, &frame, i, 60, i, &way);
	}
	frame.sport = 1;	/* seen again: it is the second that was not for the longest time */
	tracker_packet(tracker, &frame, 9, 60, 9, &way);
	tracker_trim(tracker, count_gone, &gone);
	ck_assert_uint_eq(gone, 2);
	tracker_each(tracker, count_gone, &gone);
	ck_assert_uint_eq(gone, 2341);
	ck_assert_uint_eq(tracker_next_id(tracker), 5);
	tracker_free(tracker);
}
END_TEST

/*
 * However often the same ports begin anew, only the latest can be found: the others do not
 * make its bucket long, and leave without a search.
 */
START_TEST(test_begun_anew)
{
	struct tracker *tracker = tracker_new(3, 1);
	struct watched *flow;
	uint64_t gone = 0;
	uint32_t i;

	for (i = 1; i <= 6; i++) {
		flow = segment(tracker, FORTH, SYN, i * 1000, 0, 0, i * MS);
		ck_assert_uint_eq(flow->id, i);
		ck_assert_ptr_null(flow->next);
	}
	tracker_trim(tracker, count_gone, &gone);
	ck_assert_uint_eq(gone, 123);
	flow = segment(tracker, BACK, SYN | ACK, 1, 6001, 0, 10 * MS);
	ck_assert_uint_eq(flow->id, 6);
	tracker_each(tracker, count_gone, &gone);
	ck_assert_uint_eq(gone, 123456);
	tracker_free(tracker);
}
END_TEST

/* In the next file, a conversation has a number and counters of its own. */
START_TEST(test_next_part)
{
	struct tracker *tracker = tracker_new(100, 1);
	struct watched *flow;

	segment(tracker, FORTH, ACK, 100, 1, 10, 1000 * MS);
	flow = segment(tracker, FORTH, ACK, 110, 1, 10, 1001 * MS);
	flow->stored = true;
	tracker_next_part(tracker);
	flow = segment(tracker, FORTH, ACK, 100, 1, 10, 1100 * MS);
	ck_assert_uint_eq(flow->id, 2);
	ck_assert(!flow->stored);
	ck_assert_uint_eq(flow->packets[FORTH], 1);
	ck_assert_uint_eq(flow->first_ns, 1100 * MS);
	ck_assert_uint_eq(flow->retransmissions, 1);	/* what was seen is remembered */
	tracker_free(tracker);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snoop");
	TCase *tcase = tcase_create("snoop");
	int n = sizeof(frames) / sizeof(*frames);

	tcase_add_loop_test(tcase, test_frame, 0, n);
	tcase_add_loop_test(tcase, test_frame_cut, 0, n);
	tcase_add_test(tcase, test_padding);
	tcase_add_test(tcase, test_dns);
	tcase_add_test(tcase, test_dns_long);
	tcase_add_test(tcase, test_http);
	tcase_add_test(tcase, test_tls);
	tcase_add_test(tcase, test_dedupe_exact);
	tcase_add_test(tcase, test_dedupe_ip);
	tcase_add_test(tcase, test_dedupe_many);
	tcase_add_test(tcase, test_connection);
	tcase_add_test(tcase, test_wrap);
	tcase_add_test(tcase, test_midway);
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_begun_anew);
	tcase_add_test(tcase, test_next_part);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
