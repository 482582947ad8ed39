// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decoys: frames go in, and what comes out is looked at as a host would: addresses,
 * lengths, checksums. A small client has connections with them over a link that loses
 * what it is told to lose.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "decoy.h"
#include "http.h"
#include "openflow.h"
#include "suite.h"
#include "wire.h"

static const uint8_t key[SIPHASH_KEY] = { 1, 2, 3 };
static const uint8_t me[MAC_BYTES] = { 2, 0, 0, 0, 0, 1 };
static struct origin origin = { 3, 4, 5 };

static struct net nets[] = {
	{ AF_INET, 24, { 10, 0, 9 } }, { AF_INET6, 64, { 0x20, 1, 0xd, 0xb8, 0, 9 } },
};

static char page[100000];
static struct service services[] = {
	{ 80, true, "text/html", page, sizeof(page) },
	{ 22, false, NULL, "SSH-2.0-x\r\n", 11 },
};

static struct setup setup;
static struct decoy decoy;
static uint64_t now;

/* What the decoy asks for itself, at all ports. */
static struct {
	unsigned int n;
	size_t length;
	uint8_t last[FRAME_LIMIT];
} probes;

/* The answers that came, the last of them in @last. */
static struct {
	unsigned int n;
	size_t length;
	uint8_t last[FRAME_LIMIT];
	void (*each)(const uint8_t *bytes, size_t n);
} answers;

static void take(void *arg, const struct origin *to, const struct reply *reply)
{
	(void)arg;
	ck_assert_uint_eq(to->switch_number, origin.switch_number);
	if (to->port == OF_FLOOD) {
		probes.n++;
		probes.length = reply->n;
		memcpy(probes.last, reply->bytes, reply->n);
		return;
	}
	ck_assert_uint_eq(to->port, origin.port);
	answers.n++;
	answers.length = reply->n;
	memcpy(answers.last, reply->bytes, reply->n);
	if (answers.each)
		answers.each(reply->bytes, reply->n);
}

static void begin(void)
{
	size_t i;

	setup = (struct setup){ nets, 2, services, 2, NULL, 0, 0, SETTLE_MS, 60000 };
	for (i = 0; i < sizeof(page); i++)
		page[i] = i * 7 + i / 251;
	now = 1000000;
	decoy_init(&decoy, &setup, key);
	decoy.send = take;
	memset(&answers, 0, sizeof(answers));
	memset(&probes, 0, sizeof(probes));
}

static void end(void)
{
	decoy_free(&decoy);
}

/* --- frames ---------------------------------------------------------------- */

static uint8_t frame[FRAME_LIMIT];
static size_t length;
static unsigned int tags, options;	/* of VLAN; bytes of IPv4 */

static void put_link(const uint8_t *to, uint16_t type)
{
	unsigned int i;

	memset(frame, 0, 200);
	memcpy(frame, to, MAC_BYTES);
	memcpy(frame + 6, me, MAC_BYTES);
	length = 12;
	for (i = 0; i < tags; i++) {
		put16(frame + length, i + 1 < tags ? 0x88a8 : 0x8100);
		put16(frame + length + 2, 100 + i);
		length += 4;
	}
	put16(frame + length, type);
	length += 2;
}

static void address(const char *text, uint8_t *bytes)
{
	memset(bytes, 0, 16);
	ck_assert_int_eq(inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes), 1);
}

/* IP with a transport of @n bytes, whose checksum is at @sum. */
static void put_ip(const char *from, const char *to, uint8_t proto, const uint8_t *bytes, size_t n,
		   size_t sum)
{
	uint8_t family = strchr(from, ':') ? AF_INET6 : AF_INET, src[16], dst[16], mac[6], *ip, *at;

	address(from, src);
	address(to, dst);
	decoy_mac(family, dst, mac);
	put_link(mac, family == AF_INET ? TYPE_IPV4 : TYPE_IPV6);
	ip = frame + length;
	if (family == AF_INET) {
		ip[0] = 0x45 + options / 4;
		put16(ip + 2, 20 + options + n);
		ip[8] = 64;
		ip[9] = proto;
		memcpy(ip + 12, src, 4);
		memcpy(ip + 16, dst, 4);
		memset(ip + 20, 1, options);
		put16(ip + 10, sum_fold(sum_add(0, ip, 20 + options)));
		length += 20 + options;
	} else {
		ip[0] = 0x60;
		put16(ip + 4, n);
		ip[6] = proto;
		ip[7] = 255;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		length += 40;
	}
	at = frame + length;
	memcpy(at, bytes, n);
	put16(at + sum, 0);
	put16(at + sum, sum_transport(family, src, dst, proto, at, n));
	length += n;
}

static void make_fragment(uint16_t flags)
{
	uint8_t *ip = frame + 14 + 4 * tags;

	put16(ip + 6, flags);
	put16(ip + 10, 0);
	put16(ip + 10, sum_fold(sum_add(0, ip, 20)));
}

static void give(void)
{
	/* Of its own size, so that a read behind it is seen. */
	uint8_t *copy = malloc(length);

	memcpy(copy, frame, length);
	decoy_frame(&decoy, &origin, copy, length, now);
	free(copy);
}

/* Whether the frame gets an answer; a good one, whatever it is. */
static bool answered(void)
{
	unsigned int before = answers.n;
	struct frame answer;

	give();
	if (answers.n == before)
		return false;
	ck_assert_uint_eq(answers.n, before + 1);
	ck_assert(frame_read(answers.last, answers.length, &answer));
	ck_assert_mem_eq(answers.last, me, 6);
	ck_assert(is_decoy_mac(answers.last + 6));
	ck_assert_uint_eq(answer.end, answers.length);
	if (answer.family && !answer.fragment)
		ck_assert_uint_eq(sum_transport(answer.family, answer.src, answer.dst, answer.proto,
						answers.last + answer.transport,
						answer.end - answer.transport), 0);
	return true;
}

/* --- who has an address ---------------------------------------------------- */

static const uint8_t broadcast[] = { 255, 255, 255, 255, 255, 255 };

static void arp(const uint8_t *to, uint8_t operation, const char *sender, const char *target)
{
	static const uint8_t kind[] = { 0, 1, 8, 0, 6, 4, 0 };
	uint8_t bytes[16];

	put_link(to, TYPE_ARP);
	memcpy(frame + length, kind, sizeof(kind));
	frame[length + 7] = operation;
	memcpy(frame + length + 8, me, 6);
	address(sender, bytes);
	memcpy(frame + length + 14, bytes, 4);
	address(target, bytes);
	memcpy(frame + length + 24, bytes, 4);
	length += 28 + 18;	/* padded to what Ethernet needs */
}

static unsigned int tick(unsigned int ms)
{
	unsigned int before = answers.n;

	now += ms;
	decoy_tick(&decoy, now);
	return answers.n - before;
}

START_TEST(arp_is_answered_for_nobody)
{
	begin();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.77");
	ck_assert(!answered());
	ck_assert_uint_eq(tick(SETTLE_MS - 1), 0);
	ck_assert_uint_eq(tick(1), 1);
	ck_assert_uint_eq(answers.length, 14 + 28);
	ck_assert_uint_eq(answers.last[21], 2);
	ck_assert_mem_eq(answers.last + 22, answers.last + 6, 6);
	ck_assert_mem_eq(answers.last + 28, "\12\0\11\115", 4);
	ck_assert(answered());		/* known for a while */
	now += 60001;
	ck_assert(!answered());		/* and asked again */
	ck_assert_uint_eq(tick(SETTLE_MS), 1);

	arp(broadcast, 1, "10.0.9.1", "10.0.8.77");
	give();
	arp(broadcast, 2, "10.0.8.1", "10.0.9.78");	/* an answer */
	give();
	arp(broadcast, 1, "127.0.0.1", "10.0.9.78");
	give();
	ck_assert_uint_eq(tick(1000), 0);
	end();
}
END_TEST

START_TEST(real_hosts_keep_their_addresses)
{
	static const uint8_t to[] = { 2, 0, 0, 0, 0, 1 };
	uint8_t ping[8] = { 8 };

	begin();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	give();
	arp(to, 2, "10.0.9.2", "10.0.9.1");		/* the real one is quick */
	give();
	ck_assert_uint_eq(tick(1000), 0);
	put_ip("10.0.9.1", "10.0.9.2", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(!answered());
	ck_assert_uint_eq(decoy.tally.real, 1);
	put_ip("10.0.9.1", "10.0.9.3", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(answered());

	arp(broadcast, 1, "0.0.0.0", "10.0.9.3");	/* somebody looks whether it is free */
	ck_assert(!answered());
	put_ip("10.0.9.1", "10.0.9.3", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(!answered());
	put_ip("10.0.9.1", "10.0.9.4", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(answered());
	arp(broadcast, 1, "10.0.9.4", "10.0.9.4");	/* or says that it has it */
	ck_assert(!answered());
	put_ip("10.0.9.1", "10.0.9.4", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(!answered());
	arp(broadcast, 1, "10.0.9.1", "10.0.9.4");
	give();
	ck_assert_uint_eq(tick(1000), 0);
	end();
}
END_TEST

static void discover(uint8_t type, const char *from, const char *to, const char *target, uint8_t hops)
{
	uint8_t bytes[32] = { type };
	size_t ip = 14 + 4 * tags;

	address(target, bytes + 8);
	bytes[24] = 1;
	bytes[25] = 1;
	memcpy(bytes + 26, me, 6);
	put_ip(from, to, IPPROTO_ICMPV6, bytes, sizeof(bytes), 2);
	frame[ip + 7] = hops;
	memcpy(frame, "\x33\x33\xff\0\0\0", 6);
}

START_TEST(discovery_is_answered_for_nobody)
{
	uint8_t ping[8] = { 128 };

	begin();
	discover(135, "2001:db8:9::1", "ff02::1:ff00:77", "2001:db8:9::77", 255);
	ck_assert(!answered());
	ck_assert_uint_eq(tick(SETTLE_MS), 1);
	ck_assert(answered());
	ck_assert_uint_eq(answers.last[14 + 40], 136);
	ck_assert_uint_eq(answers.last[14 + 44], 0x60);
	ck_assert_uint_eq(answers.last[14 + 7], 255);
	discover(135, "2001:db8:9::1", "ff02::1:ff00:77", "2001:db8:9::77", 64);
	ck_assert(!answered());			/* from another network */
	discover(135, "2001:db8:9::1", "ff02::1:ff00:77", "2001:db8:8::77", 255);
	ck_assert(!answered());
	ck_assert_uint_eq(tick(1000), 0);

	put_ip("2001:db8:9::1", "2001:db8:9::77", IPPROTO_ICMPV6, ping, 8, 2);
	ck_assert(answered());
	discover(136, "2001:db8:9::77", "ff02::1", "2001:db8:9::77", 255);
	give();
	put_ip("2001:db8:9::1", "2001:db8:9::77", IPPROTO_ICMPV6, ping, 8, 2);
	ck_assert(!answered());
	discover(135, "::", "ff02::1:ff00:78", "2001:db8:9::78", 255);
	ck_assert(!answered());			/* duplicate address detection */
	put_ip("2001:db8:9::1", "2001:db8:9::78", IPPROTO_ICMPV6, ping, 8, 2);
	ck_assert(!answered());
	end();
}
END_TEST

/*
 * A real host behind the port of the asker tells the asker past the bridge: it is asked by the
 * decoy as well, and tells that one.
 */
START_TEST(the_decoy_asks_itself)
{
	static const uint8_t target[16] = { 0x20, 1, 0xd, 0xb8, 0, 9, [15] = 0x77 };
	struct frame probe;
	uint8_t mac[6];

	begin();
	tags = 1;
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	ck_assert(!answered());
	ck_assert_uint_eq(probes.n, 1);
	decoy_mac(AF_INET, (const uint8_t *)"\12\0\11\2", mac);
	ck_assert_uint_eq(probes.length, 18 + 28);
	ck_assert_mem_eq(probes.last, broadcast, 6);
	ck_assert_mem_eq(probes.last + 6, mac, 6);
	ck_assert_mem_eq(probes.last + 12, frame + 12, 6);	/* in the same VLAN */
	ck_assert_mem_eq(probes.last + 18, "\0\1\10\0\6\4\0\1", 8);
	ck_assert_mem_eq(probes.last + 26, mac, 6);
	ck_assert_mem_eq(probes.last + 32, "\0\0\0\0\0\0\0\0\0\0\12\0\11\2", 14);
	arp(mac, 2, "10.0.9.2", "0.0.0.0");			/* it tells the decoy */
	ck_assert(!answered());
	ck_assert_uint_eq(tick(SETTLE_MS), 0);
	ck_assert_uint_eq(probes.n, 1);

	discover(135, "2001:db8:9::1", "ff02::1:ff00:77", "2001:db8:9::77", 255);
	ck_assert(!answered());
	ck_assert_uint_eq(probes.n, 2);
	decoy_mac(AF_INET6, target, mac);
	ck_assert(frame_read(probes.last, probes.length, &probe));
	ck_assert_mem_eq(probes.last, "\x33\x33\xff\0\0\x77", 6);
	ck_assert_mem_eq(probes.last + 6, mac, 6);
	ck_assert_mem_eq(probes.last + 12, frame + 12, 6);
	ck_assert_uint_eq(probe.end, probes.length);
	ck_assert_uint_eq(probe.hops, 255);
	ck_assert_mem_eq(probe.src, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_mem_eq(probe.dst, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff\0\0\x77", 16);
	ck_assert_uint_eq(probes.last[probe.transport], 135);
	ck_assert_mem_eq(probes.last + probe.transport + 8, target, 16);
	ck_assert_uint_eq(sum_transport(AF_INET6, probe.src, probe.dst, IPPROTO_ICMPV6,
					probes.last + probe.transport, probe.end - probe.transport), 0);
	discover(136, "2001:db8:9::77", "ff02::1", "2001:db8:9::77", 255);
	ck_assert(!answered());
	ck_assert_uint_eq(tick(SETTLE_MS), 0);

	/* What another decoy asks silences nobody, and gets no answer. */
	arp(broadcast, 1, "10.0.9.1", "10.0.9.3");
	ck_assert(!answered());
	memcpy(frame, probes.last, probes.length);
	length = probes.length;
	ck_assert(!answered());
	discover(135, "2001:db8:9::1", "ff02::1:ff00:78", "2001:db8:9::78", 255);
	ck_assert(!answered());
	memcpy(frame, probes.last, probes.length);
	length = probes.length;
	ck_assert(!answered());
	ck_assert_uint_eq(probes.n, 4);
	ck_assert_uint_eq(tick(SETTLE_MS), 2);
	arp(broadcast, 1, "10.0.9.1", "10.0.9.3");
	ck_assert(answered());			/* what is known is not asked for */
	ck_assert_uint_eq(probes.n, 4);
	tags = 0;
	end();
}
END_TEST

/* What a decoy says of itself on one bridge comes to another one that is connected to it. */
START_TEST(decoys_are_no_real_hosts)
{
	uint8_t ping[8] = { 8 }, other[MAC_BYTES], mac[16];

	begin();
	decoy_mac(AF_INET, (const uint8_t *)"\12\0\11\115", other);
	arp(me, 2, "10.0.9.77", "10.0.9.1");
	memcpy(frame + 6, other, MAC_BYTES);
	memcpy(frame + 22, other, MAC_BYTES);
	ck_assert(!answered());
	arp(me, 2, "10.0.9.77", "10.0.9.1");	/* by who puts its own address in front */
	memcpy(frame + 22, other, MAC_BYTES);
	ck_assert(!answered());
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(answered());

	address("2001:db8:9::77", mac);
	decoy_mac(AF_INET6, mac, other);
	discover(136, "2001:db8:9::77", "2001:db8:9::1", "2001:db8:9::77", 255);
	memcpy(frame + 6, other, MAC_BYTES);
	ck_assert(!answered());
	ping[0] = 128;
	put_ip("2001:db8:9::1", "2001:db8:9::77", IPPROTO_ICMPV6, ping, 8, 2);
	ck_assert(answered());
	ck_assert_uint_eq(decoy.tally.real, 0);
	end();
}
END_TEST

/* In another VLAN, or at another switch, the same address is somebody else's. */
START_TEST(addresses_are_of_a_vlan)
{
	uint8_t ping[64] = { 8 };

	begin();
	tags = 1;
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	give();
	ck_assert_uint_eq(tick(SETTLE_MS), 1);
	put16(frame + 14, 0x6000 | 100);	/* with a priority it is the same one */
	ck_assert(answered());
	put16(frame + 14, 200);
	ck_assert(!answered());			/* asked for anew */
	arp(me, 2, "10.0.9.2", "10.0.9.1");
	put16(frame + 14, 200);
	ck_assert(!answered());			/* by who has it there */
	ck_assert_uint_eq(tick(SETTLE_MS), 0);
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	ck_assert(answered());			/* and here nobody has */
	origin.generation++;
	ck_assert(!answered());
	ck_assert_uint_eq(tick(SETTLE_MS), 1);
	origin.generation--;
	put_ip("10.0.9.1", "10.0.9.2", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(answered());
	put16(frame + 14, 200);
	ck_assert(!answered());
	tags = 0;
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	ck_assert(!answered());
	ck_assert_uint_eq(tick(SETTLE_MS), 1);
	tags = 1;
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	put16(frame + 14, 0x6000);		/* a priority without a VLAN */
	ck_assert(answered());

	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, sizeof(ping), 2);
	make_fragment(0x2000);
	ck_assert(answered());
	make_fragment(8);
	ck_assert(answered());
	put16(frame + 14, 200);
	ck_assert(!answered());			/* of nothing that came there */
	tags = 0;
	end();
}
END_TEST

/* What is known of an address may make room: who waits for a real host gets no answer. */
START_TEST(claims_end_questions)
{
	unsigned int i;
	char text[32];

	begin();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	give();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.3");
	give();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.4");
	give();
	arp(me, 2, "10.0.9.3", "10.0.9.1");
	give();
	for (i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "2001:db8:9::%x:%x", 1 + (i >> 16), i & 0xffff);
		discover(136, text, "ff02::1", text, 255);
		give();
	}
	ck_assert_uint_eq(tick(SETTLE_MS), 2);
	ck_assert_mem_eq(answers.last + 28, "\12\0\11\4", 4);
	end();
}
END_TEST

START_TEST(questions_have_an_end)
{
	unsigned int i;
	char text[32];

	begin();
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "10.0.9.%u", 2 + i % 250);
		arp(broadcast, 1, "10.0.9.1", text);
		give();
	}
	ck_assert_uint_eq(probes.n, 512);
	ck_assert_uint_eq(tick(SETTLE_MS), 512);
	end();
}
END_TEST

/* --- echo and UDP ---------------------------------------------------------- */

START_TEST(echo_comes_back)
{
	static uint8_t ping[9000] = { 8 };
	struct frame answer;
	size_t n;

	begin();
	for (n = 8; n <= sizeof(ping); n = n * 3 + 1)
		for (tags = 0; tags <= 2; tags++)
			for (options = 0; options <= 40; options += 20) {
				ping[n - 1] = n;
				put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, n, 2);
				length += 7;	/* padding */
				ck_assert(answered());
				ck_assert(frame_read(answers.last, answers.length, &answer));
				ck_assert_uint_eq(answer.end - answer.transport, n);
				ck_assert_uint_eq(answers.last[answer.transport], 0);
				ck_assert_uint_eq(answer.link, 12 + 4 * tags);
				ck_assert_mem_eq(answers.last + 12, frame + 12, 4 * tags);
				ck_assert_uint_eq(answer.transport - answer.network, 20 + options);
			}
	tags = options = 0;
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	frame[60]++;
	ck_assert(!answered());		/* a wrong checksum */
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	frame[14 + 8]++;
	ck_assert(!answered());		/* in the header of IP */
	ping[0] = 0;
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	ck_assert(!answered());		/* an answer */
	ping[0] = 8;
	put_ip("255.255.255.255", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	ck_assert(!answered());
	put_ip("10.0.9.1", "10.0.8.77", IPPROTO_ICMP, ping, 100, 2);
	ck_assert(!answered());		/* no decoy */
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	memcpy(frame, broadcast, 6);
	ck_assert(!answered());
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	decoy_mac(AF_INET, (const uint8_t *)"\12\0\11\1", frame + 6);
	ck_assert(!answered());		/* another decoy */
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 100, 2);
	ck_assert(answered());
	end();
}
END_TEST

START_TEST(fragments_of_echo_come_back)
{
	static uint8_t ping[64] = { 8, 0, 0, 0, 1, 2, 3 };

	begin();
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, sizeof(ping), 2);
	make_fragment(8);
	ck_assert(!answered());			/* of nothing */
	make_fragment(0x2000);
	ck_assert(answered());
	ck_assert_uint_eq(get16(answers.last + 14 + 6), 0x2000);
	ck_assert_uint_eq(answers.last[34], 0);
	make_fragment(8);
	ck_assert(answered());
	ck_assert_uint_eq(get16(answers.last + 14 + 6), 8);
	ck_assert_mem_eq(answers.last + 34, frame + 34, 64);
	now += 5001;
	ck_assert(!answered());
	end();
}
END_TEST

START_TEST(udp_is_refused)
{
	uint8_t udp[1000] = { 4, 0, 0, 53, 0, 8 }, six;

	begin();
	for (six = 0; six < 2; six++) {
		put16(udp + 4, 8);
		put_ip(six ? "2001:db8:9::1" : "10.0.9.1", six ? "2001:db8:9::77" : "10.0.9.77",
		       IPPROTO_UDP, udp, 8, 6);
		ck_assert(answered());
		ck_assert_uint_lt(answers.length, 2 * length);
		ck_assert_uint_eq(answers.last[14 + (six ? 40 : 20)], six ? 1 : 3);
		put16(udp + 4, sizeof(udp));
		put_ip(six ? "2001:db8:9::1" : "10.0.9.1", six ? "2001:db8:9::77" : "10.0.9.77",
		       IPPROTO_UDP, udp, sizeof(udp), 6);
		ck_assert(answered());
		ck_assert_uint_lt(answers.length, 120);
		put16(udp + 4, 2000);
		put_ip(six ? "2001:db8:9::1" : "10.0.9.1", six ? "2001:db8:9::77" : "10.0.9.77",
		       IPPROTO_UDP, udp, sizeof(udp), 6);
		ck_assert(!answered());		/* longer than the packet */
	}
	end();
}
END_TEST

START_TEST(sources_have_a_limit)
{
	uint8_t ping[8] = { 8 };
	unsigned int i, n = 0;

	begin();
	setup.rate = 100;
	put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
	for (i = 0; i < 1000; i++)
		n += answered();
	ck_assert_uint_eq(n, 100);
	now += 500;
	for (n = 0, i = 0; i < 1000; i++)
		n += answered();
	ck_assert_uint_eq(n, 50);
	put_ip("10.0.9.2", "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
	ck_assert(answered());
	ck_assert_uint_eq(decoy.tally.limited, 1850);
	end();
}
END_TEST

/* --- TCP ------------------------------------------------------------------- */

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define ACK	0x10

/**
 * struct client - of a connection
 * @next: the next byte of its own
 * @expected: the next one of the decoy's
 * @lose: what comes is lost if this says so
 */
static struct client {
	const char *from, *to;
	uint16_t port, window;
	uint32_t next, expected;
	uint8_t flags;		/* of what came last */
	unsigned int segments;
	bool ended;
	size_t got;
	unsigned int lose;	/* in 100 */
	uint8_t bytes[200000];
} client;

static void put_tcp(uint32_t seq, uint32_t ack, uint8_t flags, const char *data, size_t n)
{
	uint8_t tcp[1500] = { 0x80, 0 };

	put16(tcp + 2, client.port);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = flags & SYN ? 0x60 : 0x50;
	tcp[13] = flags;
	put16(tcp + 14, client.window);
	if (flags & SYN) {
		memcpy(tcp + 20, "\2\4\5\264", 4);	/* 1460 */
		n = 0;
	} else {
		memcpy(tcp + 20, data, n);
	}
	put_ip(client.from, client.to, IPPROTO_TCP, tcp, (flags & SYN ? 24 : 20) + n, 16);
}

static bool lost(void)
{
	return rand() % 100 < (int)client.lose;
}

static void segment_came(const uint8_t *bytes, size_t n)
{
	struct frame in;
	const uint8_t *tcp;
	size_t header;
	uint32_t seq;

	if (lost())
		return;
	ck_assert(frame_read(bytes, n, &in));
	ck_assert_uint_eq(in.proto, IPPROTO_TCP);
	tcp = bytes + in.transport;
	header = (tcp[12] >> 4) * 4;
	n = in.end - in.transport - header;
	ck_assert_uint_eq(sum_transport(in.family, in.src, in.dst, IPPROTO_TCP, tcp, header + n), 0);
	ck_assert_uint_le(n, 1460);
	client.segments++;
	client.flags = tcp[13];
	seq = get32(tcp + 4);
	if (tcp[13] & SYN) {
		client.expected = seq + 1;
	} else if (seq == client.expected && !client.ended) {
		memcpy(client.bytes + client.got, tcp + header, n);
		client.got += n;
		client.expected += n + (tcp[13] & FIN);
		client.ended = tcp[13] & FIN;
	}
}

static void tell(uint8_t flags, const char *data)
{
	put_tcp(client.next, client.expected, flags, data, strlen(data));
	if (!lost())
		give();
}

static void connect_to(uint16_t port, unsigned int lose)
{
	memset(&client, 0, sizeof(client));
	client.from = "10.0.9.1";
	client.to = "10.0.9.77";
	client.port = port;
	client.window = 65535;
	client.next = 0xfffffff0;	/* it will begin anew at 0 */
	client.lose = lose;
	answers.each = segment_came;
	while (!client.expected)
		tell(SYN, "");
	client.next++;
	tell(ACK, "");
}

static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/* Acknowledges until nothing more comes. */
static void read_all(void)
{
	size_t before;
	unsigned int i;

	do {
		before = client.got;
		for (i = 0; i < 100 && client.got == before; i++) {
			tell(ACK, "");
			tick(100);
		}
	} while (client.got > before);
}

static const char *body_of(size_t *n)
{
	char *body = memmem(client.bytes, client.got, "\r\n\r\n", 4);

	ck_assert_ptr_nonnull(body);
	*n = client.got - (body + 4 - (char *)client.bytes);
	return body + 4;
}

static void check_page(void)
{
	const char *body;
	size_t n;

	body = body_of(&n);
	ck_assert_uint_eq(n, sizeof(page));
	ck_assert_mem_eq(body, page, n);
}

START_TEST(a_page_is_served)
{
	begin();
	connect_to(80, 0);
	ck_assert_uint_eq(client.flags, SYN | ACK);
	ck_assert_uint_eq(client.segments, 1);
	ck_assert_uint_eq(decoy.tally.handshakes, 1);
	tell(ACK, request);
	client.next += strlen(request);
	ck_assert_uint_eq(client.segments, 11);		/* ten at once */
	read_all();
	check_page();
	client.got = 0;		/* the same connection once more, in bytes, some of them twice */
	for (const char *c = request; *c; c++) {
		char byte[2] = { *c };

		tell(ACK, byte);
		tell(ACK, byte);
		client.next++;
	}
	read_all();
	check_page();
	tell(FIN | ACK, "");
	client.next++;
	ck_assert(client.ended);
	tell(ACK, "");
	ck_assert_uint_eq(decoy.tally.handshakes, 1);
	end();
}
END_TEST

START_TEST(a_page_survives_loss)
{
	unsigned int i, k;

	begin();
	srand(_i);
	connect_to(80, 20);
	for (i = 0; i < 200 && !client.got; i++) {
		tell(ACK, request);
		tick(100);
	}
	client.next += strlen(request);
	for (k = 0; k < 3000 && client.got < sizeof(page); k++) {
		tell(ACK, "");
		tick(50);
	}
	check_page();
	end();
}
END_TEST

/* The end of the handshake got lost, and the first data opens the connection. */
START_TEST(data_may_open)
{
	begin();
	client = (struct client){ .from = "2001:db8:9::1", .to = "2001:db8:9::77", .port = 80,
				  .window = 65535, .next = 7 };
	answers.each = segment_came;
	tell(SYN, "");
	client.next++;
	ck_assert_uint_eq(client.flags, SYN | ACK);
	client.next += 5;
	tell(ACK, "later");		/* the beginning is missing: it waits */
	ck_assert_uint_eq(client.segments, 1);
	client.next -= 5;
	tell(ACK, request);
	client.next += strlen(request);
	read_all();
	check_page();
	end();
}
END_TEST

START_TEST(cookies_are_looked_at)
{
	uint32_t cookie;

	begin();
	connect_to(80, 0);
	cookie = client.expected;
	client.port = 22;		/* of another port */
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	client.port = 80;
	client.from = "10.0.9.2";	/* another source */
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	client.from = "10.0.9.3";
	client.expected = cookie + 1;
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	ck_assert_uint_eq(decoy.tally.handshakes, 1);
	/* A cookie is good for a minute at least, and for less than three. */
	client = (struct client){ .from = "10.0.9.5", .to = "10.0.9.77", .port = 80, .window = 1000 };
	tell(SYN, "");
	client.next++;
	now += 63000;
	tell(ACK, "");
	ck_assert_uint_eq(decoy.tally.handshakes, 2);
	client = (struct client){ .from = "10.0.9.6", .to = "10.0.9.77", .port = 80, .window = 1000 };
	tell(SYN, "");
	client.next++;
	now += 128000;
	tell(ACK, "");
	ck_assert_uint_eq(decoy.tally.handshakes, 2);
	ck_assert_uint_eq(client.flags, RST);
	end();
}
END_TEST

/* A guess needs an answer to a SYN, and no part of the number is plain. */
START_TEST(cookies_are_not_guessed)
{
	uint32_t cookie, and = ~0, or = 0;
	unsigned int i;

	begin();
	client = (struct client){ .from = "10.0.9.5", .to = "10.0.9.77", .port = 80, .window = 1000 };
	answers.each = segment_came;
	for (i = 0; i < 64; i++) {
		client.next = i;
		tell(SYN, "");
		and &= client.expected;
		or |= client.expected;
	}
	ck_assert_uint_eq(and, 0);
	ck_assert_uint_eq(or, 0xffffffff);

	/* After a wrong one the right one is wrong as well, until it is said again. */
	client.next = 1000;
	tell(SYN, "");
	client.next++;
	cookie = client.expected;
	client.expected = cookie ^ 1;
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	client.expected = cookie;
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	client.next--;
	tell(SYN, "");
	client.next++;
	ck_assert_uint_eq(client.expected, cookie);
	tell(ACK, "");
	ck_assert_uint_eq(decoy.tally.handshakes, 1);
	end();
}
END_TEST

START_TEST(banners_are_said)
{
	begin();
	connect_to(22, 0);
	ck_assert_uint_eq(client.got, 11);
	ck_assert_mem_eq(client.bytes, "SSH-2.0-x\r\n", 11);
	tell(ACK, "SSH-2.0-y\r\n");
	client.next += 11;
	ck_assert_uint_eq(client.flags, ACK);
	tell(FIN | ACK, "");
	client.next++;
	ck_assert(client.ended);
	tell(ACK, "");
	end();
}
END_TEST

START_TEST(closed_ports_refuse)
{
	begin();
	client = (struct client){ .from = "10.0.9.1", .to = "10.0.9.77", .port = 81 };
	answers.each = segment_came;
	tell(SYN, "");
	ck_assert_uint_eq(client.flags, RST | ACK);
	tell(RST, "");
	ck_assert_uint_eq(client.segments, 1);		/* never to a reset */
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	end();
}
END_TEST

START_TEST(a_reset_ends)
{
	begin();
	connect_to(80, 0);
	client.next += 5;
	tell(RST, "");			/* somewhere in the window: not believed */
	client.next -= 5;
	tell(ACK, "GET ");
	client.next += 4;
	ck_assert_uint_eq(client.flags, ACK);
	ck_assert_uint_eq(decoy.tally.handshakes, 1);	/* the same connection still */
	tell(RST, "");
	tell(ACK, "");
	ck_assert_uint_eq(client.flags, RST);
	end();
}
END_TEST

/* The other side takes little, then nothing, then all. */
START_TEST(windows_are_kept)
{
	begin();
	connect_to(80, 0);
	client.window = 700;
	tell(ACK, request);
	client.next += strlen(request);
	ck_assert_uint_eq(client.got, 700);
	client.window = 0;
	tell(ACK, "");
	ck_assert_uint_eq(client.got, 700);
	tick(1500);
	ck_assert_uint_le(client.got, 701);	/* asked whether there is room, by a byte */
	client.window = 65535;
	read_all();
	check_page();
	end();
}
END_TEST

START_TEST(silent_ones_are_left)
{
	unsigned int i;

	begin();
	connect_to(80, 0);
	tick(60001);
	ck_assert(client.ended);
	for (i = 0; i < 200; i++)
		tick(1000);
	ck_assert_uint_lt(client.segments, 20);
	client.segments = 0;
	tick(100000);
	ck_assert_uint_eq(client.segments, 0);
	end();
}
END_TEST

START_TEST(a_flood_leaves_nothing)
{
	unsigned int i;
	char from[32];

	begin();
	client.to = "10.0.9.77";
	client.port = 80;
	client.from = from;
	for (i = 0; i < 100000; i++) {
		snprintf(from, sizeof(from), "11.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		put_tcp(i, 0, SYN, "", 0);
		give();
		ck_assert_uint_eq(answers.length, 58);
		ck_assert_uint_lt(answers.length, 2 * length);
	}
	ck_assert_uint_eq(answers.n, 100000);
	ck_assert_uint_eq(decoy.tally.handshakes, 0);
	/* Real ones: the table has an end. */
	for (i = 0; i < 5000; i++) {
		snprintf(from, sizeof(from), "12.0.%u.%u", i >> 8, i & 255);
		client.next = i;
		client.expected = 0;
		answers.each = segment_came;
		client.got = 0;
		client.ended = false;
		tell(SYN, "");
		client.next++;
		tell(ACK, "");
	}
	ck_assert_uint_eq(decoy.tally.handshakes, 5000);
	ck_assert_uint_eq(decoy.tally.evicted, 5000 - 4096);
	end();
}
END_TEST

/* --- HTTP ------------------------------------------------------------------ */

static const struct {
	const char *request;
	unsigned int status;
	bool close;
} requests[] = {
	{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200, false },
	{ "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 200, false },
	{ "GET / HTTP/1.1\nHost: x\n\n", 200, false },
	{ "HEAD / HTTP/1.1\r\nhost:x\r\nConnection: foo, Close\r\n\r\n", 200, true },
	{ "GET / HTTP/1.0\r\n\r\n", 200, true },
	{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, false },
	{ "GET / HTTP/1.1\r\n\r\n", 400, true },
	{ "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, true },
	{ "GET / HTTP/1.1\r\nHost: x\r\nno field\r\n\r\n", 400, true },
	{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400, true },
	{ "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, true },
	{ "GET /\r\n\r\n", 400, true },
	{ "\x16\x03\x01\n\n", 400, true },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true },
	{ "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405, true },
	{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413, true },
	{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200, false },
	{ "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413, true },
};

START_TEST(requests_are_understood)
{
	const char *text = requests[_i].request;
	size_t n = strlen(text), i;
	struct http_body body = { "hello", 5, "text/plain" };
	struct http_request r;
	char head[HTTP_HEAD], status[16];

	for (i = 0; i <= n; i++) {
		char *copy = malloc(i);
		bool whole;

		memcpy(copy, text, i);
		whole = http_read(copy, i, &r);
		free(copy);
		if (whole)
			break;
	}
	ck_assert_uint_le(i, n);
	ck_assert_uint_eq(r.length, i);
	ck_assert_msg(r.status == requests[_i].status, "%s: %u", text, r.status);
	ck_assert_int_eq(r.close, requests[_i].close);
	ck_assert_uint_gt(http_answer(&r, &body, 1700000000, head), 0);
	snprintf(status, sizeof(status), "HTTP/1.1 %u ", r.status);
	ck_assert(!strncmp(head, status, strlen(status)));
	ck_assert_ptr_nonnull(strstr(head, "\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
	ck_assert_ptr_nonnull(strstr(head, r.close ? "\r\nConnection: close\r\n\r\n" :
				     "\r\nConnection: keep-alive\r\n\r\n"));
	if (r.head_only)
		ck_assert_uint_eq(body.length, 0);
}
END_TEST

START_TEST(a_request_has_an_end)
{
	char *text = malloc(HTTP_REQUEST);
	struct http_request r;

	memset(text, 'a', HTTP_REQUEST);
	ck_assert(!http_read(text, HTTP_REQUEST - 1, &r));
	ck_assert(http_read(text, HTTP_REQUEST, &r));
	ck_assert_uint_eq(r.status, 431);
	free(text);
	begin();
	connect_to(80, 0);
	for (unsigned int i = 0; i < HTTP_REQUEST / 16 && !client.ended; i++) {
		tell(ACK, "aaaaaaaaaaaaaaaa");
		client.next += 16;
		tell(ACK, "");
	}
	ck_assert(client.ended);
	ck_assert(!strncmp((char *)client.bytes, "HTTP/1.1 431 ", 13));
	end();
}
END_TEST

/* --- visitors -------------------------------------------------------------- */

static json_t *events;

static void keep(void *arg, json_t *event)
{
	(void)arg;
	json_array_append(events, event);
}

static unsigned int blocked;

static void block(void *arg, uint8_t family, const uint8_t *address)
{
	(void)arg;
	(void)family;
	(void)address;
	blocked++;
}

static const json_t *event(size_t i, const char *key)
{
	return json_object_get(json_array_get(events, i), key);
}

START_TEST(visitors_are_told_of)
{
	static struct ignored ignored[] = {
		{ { AF_INET, 32, { 10, 0, 9, 8 } }, 0 }, { { AF_INET, 32, { 10, 0, 9, 1 } }, 53 },
	};
	uint8_t ping[8] = { 8 }, udp[9] = { 4, 0, 0, 53, 0, 9, 0, 0, 'x' };
	unsigned int i;

	begin();
	events = json_array();
	blocked = 0;
	setup.ignored = ignored;
	setup.n_ignored = 2;
	decoy.came = block;
	for (i = 0; i < 5; i++) {
		put_ip("10.0.9.1", "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
		give();
		put_ip("10.0.9.8", "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
		give();
		put_ip("10.0.9.1", "10.0.9.77", IPPROTO_UDP, udp, 9, 6);
		give();
	}
	ck_assert_uint_eq(answers.n, 15);	/* those who are ignored are answered */
	ck_assert_uint_eq(blocked, 0);
	connect_to(80, 0);
	tell(ACK, "GET ");
	client.next += 4;
	tell(ACK, "/\r\n\x01");
	visitors_tell(&decoy, false, keep, NULL);
	ck_assert_uint_eq(json_array_size(events), 0);
	ck_assert_uint_eq(blocked, 1);
	connect_to(22, 0);
	ck_assert_uint_eq(blocked, 1);		/* once a minute */
	tick(60000);
	visitors_tell(&decoy, false, keep, NULL);
	ck_assert_uint_eq(json_array_size(events), 1);
	ck_assert_str_eq(json_string_value(event(0, "from")), "10.0.9.1");
	ck_assert_str_eq(json_string_value(event(0, "mac")), "02:00:00:00:00:01");
	ck_assert_int_eq(json_integer_value(event(0, "count")), 7);
	ck_assert(json_is_true(event(0, "connected")));
	ck_assert_uint_eq(json_array_size(event(0, "targets")), 3);
	ck_assert_str_eq(json_string_value(event(0, "first")), "GET /\\r\\n\\x01");
	json_decref(events);
	end();
}
END_TEST

/* Who says to have the address of a decoy silences it: that does not go unnoticed. */
START_TEST(claims_are_told_of)
{
	begin();
	events = json_array();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.2");
	give();
	arp(me, 2, "10.0.9.2", "10.0.9.1");		/* a real host */
	give();
	arp(broadcast, 1, "10.0.9.1", "10.0.9.77");
	give();
	discover(135, "2001:db8:9::1", "ff02::1:ff00:77", "2001:db8:9::77", 255);
	give();
	ck_assert_uint_eq(tick(SETTLE_MS), 2);
	tick(100000);
	arp(broadcast, 1, "0.0.0.0", "10.0.9.77");
	give();
	arp(broadcast, 1, "10.0.9.77", "10.0.9.77");	/* again: that is known */
	give();
	discover(136, "2001:db8:9::77", "ff02::1", "2001:db8:9::77", 255);
	give();
	visitors_tell(&decoy, true, keep, NULL);
	ck_assert_uint_eq(json_array_size(events), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *target = json_array_get(event(i, "targets"), 0);
		const char *from = json_string_value(event(i, "from"));

		ck_assert(!strcmp(from, "10.0.9.77") || !strcmp(from, "2001:db8:9::77"));
		ck_assert_str_eq(json_string_value(event(i, "mac")), "02:00:00:00:00:01");
		ck_assert_int_eq(json_integer_value(event(i, "count")), 1);
		ck_assert_str_eq(json_string_value(json_object_get(target, "proto")), "claim");
		ck_assert_str_eq(json_string_value(json_object_get(target, "to")), from);
	}
	json_decref(events);
	end();
}
END_TEST

/* Who waits until what it did before has been told, or until there is no place. */
START_TEST(connections_are_always_told_of)
{
	uint8_t ping[8] = { 8 };
	unsigned int i;
	char from[32];

	begin();
	events = json_array();
	blocked = 0;
	decoy.came = block;
	client = (struct client){ .from = "10.0.9.1", .to = "10.0.9.77", .port = 80, .window = 1000 };
	answers.each = segment_came;
	tell(SYN, "");
	client.next++;
	tick(62000);
	visitors_tell(&decoy, false, keep, NULL);
	ck_assert_uint_eq(json_array_size(events), 1);
	tell(ACK, "");
	ck_assert_uint_eq(decoy.tally.handshakes, 1);
	ck_assert_uint_eq(blocked, 1);
	visitors_tell(&decoy, true, keep, NULL);
	ck_assert_uint_eq(json_array_size(events), 2);
	ck_assert(json_is_true(event(1, "connected")));
	ck_assert_str_eq(json_string_value(event(1, "mac")), "02:00:00:00:00:01");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(event(1, "targets"), 0),
							    "port")), 80);
	tell(ACK, "GET ");		/* in another minute still */
	visitors_tell(&decoy, true, keep, NULL);
	ck_assert_uint_eq(json_array_size(events), 3);
	ck_assert_str_eq(json_string_value(event(2, "first")), "GET ");

	json_array_clear(events);
	answers.each = NULL;
	for (i = 0; i < 65536; i++) {
		snprintf(from, sizeof(from), "11.0.%u.%u", i >> 8, i & 255);
		put_ip(from, "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
		give();
	}
	connect_to(22, 0);
	ck_assert_uint_eq(blocked, 2);
	visitors_tell(&decoy, true, keep, NULL);
	for (i = 0; i < json_array_size(events) && !json_is_true(event(i, "connected")); i++)
		;
	ck_assert_uint_lt(i, json_array_size(events));
	ck_assert_str_eq(json_string_value(event(i, "from")), "10.0.9.1");
	json_decref(events);
	end();
}
END_TEST

/* More than there are places for: all of them are kept out. */
START_TEST(all_connections_are_blocked)
{
	unsigned int i;
	char from[32];

	begin();
	blocked = 0;
	decoy.came = block;
	answers.each = segment_came;
	for (i = 0; i < 5000; i++) {
		snprintf(from, sizeof(from), "12.0.%u.%u", i >> 8, i & 255);
		client = (struct client){ .from = from, .to = "10.0.9.77", .port = 80, .window = 1000 };
		tell(SYN, "");
		client.next++;
		tell(ACK, "");
	}
	ck_assert_uint_eq(blocked, 5000);
	end();
}
END_TEST

/* A block that is shorter than a minute: who comes after its end is blocked again. */
START_TEST(who_comes_again_is_blocked_again)
{
	unsigned int i;

	begin();
	setup.again_ms = 10000;
	blocked = 0;
	decoy.came = block;
	for (i = 0; i < 12; i++) {
		connect_to(i % 2 ? 22 : 80, 0);
		ck_assert_uint_eq(blocked, 1 + i / 2);
		tell(RST, "");
		now += 5000;
	}
	end();
}
END_TEST

/* While cookies are guessed, one connection does not have an address blocked, but two do. */
START_TEST(guesses_block_nobody)
{
	unsigned int i;

	begin();
	blocked = 0;
	decoy.came = block;
	answers.each = segment_came;
	client = (struct client){ .from = "10.0.9.6", .to = "10.0.9.77", .port = 80, .window = 1000 };
	for (i = 0; i < 5000; i++) {		/* for nothing that was answered: no guess */
		client.next = client.expected = i;
		tell(ACK, "");
	}
	tell(SYN, "");
	client.next++;
	tell(ACK, "");
	ck_assert_uint_eq(decoy.tally.handshakes, 1);
	ck_assert_uint_eq(blocked, 1);
	client.from = "10.0.9.8";
	for (i = 0; i < 1001; i++) {
		tell(SYN, "");
		client.next++;
		client.expected++;
		tell(ACK, "");
	}
	connect_to(80, 0);
	ck_assert_uint_eq(decoy.tally.handshakes, 2);
	ck_assert_uint_eq(blocked, 1);
	connect_to(22, 0);
	ck_assert_uint_eq(blocked, 2);
	connect_to(22, 0);
	ck_assert_uint_eq(blocked, 2);
	now += 60000;
	client = (struct client){ .from = "10.0.9.7", .to = "10.0.9.77", .port = 80, .window = 1000 };
	tell(SYN, "");
	client.next++;
	tell(ACK, "");
	ck_assert_uint_eq(blocked, 3);		/* nobody guesses any more */
	end();
}
END_TEST

START_TEST(visitors_have_an_end)
{
	uint8_t ping[8] = { 8 };
	unsigned int i;
	char from[32];

	begin();
	events = json_array();
	for (i = 0; i < 20000; i++) {
		snprintf(from, sizeof(from), "11.0.%u.%u", i >> 8, i & 255);
		put_ip(from, "10.0.9.77", IPPROTO_ICMP, ping, 8, 2);
		give();
	}
	visitors_tell(&decoy, true, keep, NULL);
	ck_assert_uint_le(json_array_size(events), 4097);
	i = json_array_size(events) - 1;
	ck_assert_str_eq(json_string_value(event(i, "event")), "others");
	ck_assert_uint_eq(json_integer_value(event(i, "count")), 20000 - i);
	json_decref(events);
	end();
}
END_TEST

/* The vector of the paper's appendix: the key 00 01 .. 0f, the text 00 01 .. 0e. */
START_TEST(siphash_is_siphash)
{
	uint8_t bytes[16];
	unsigned int i;

	for (i = 0; i < 16; i++)
		bytes[i] = i;
	ck_assert_uint_eq(siphash(bytes, bytes, 15), 0xa129ca6149be45e5ULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decoy");
	TCase *tcase = tcase_create("decoy");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, arp_is_answered_for_nobody);
	tcase_add_test(tcase, real_hosts_keep_their_addresses);
	tcase_add_test(tcase, discovery_is_answered_for_nobody);
	tcase_add_test(tcase, the_decoy_asks_itself);
	tcase_add_test(tcase, decoys_are_no_real_hosts);
	tcase_add_test(tcase, addresses_are_of_a_vlan);
	tcase_add_test(tcase, claims_end_questions);
	tcase_add_test(tcase, questions_have_an_end);
	tcase_add_test(tcase, echo_comes_back);
	tcase_add_test(tcase, fragments_of_echo_come_back);
	tcase_add_test(tcase, udp_is_refused);
	tcase_add_test(tcase, sources_have_a_limit);
	tcase_add_test(tcase, a_page_is_served);
	tcase_add_loop_test(tcase, a_page_survives_loss, 1, 21);
	tcase_add_test(tcase, data_may_open);
	tcase_add_test(tcase, cookies_are_looked_at);
	tcase_add_test(tcase, cookies_are_not_guessed);
	tcase_add_test(tcase, banners_are_said);
	tcase_add_test(tcase, closed_ports_refuse);
	tcase_add_test(tcase, a_reset_ends);
	tcase_add_test(tcase, windows_are_kept);
	tcase_add_test(tcase, silent_ones_are_left);
	tcase_add_test(tcase, a_flood_leaves_nothing);
	tcase_add_loop_test(tcase, requests_are_understood, 0, sizeof(requests) / sizeof(*requests));
	tcase_add_test(tcase, a_request_has_an_end);
	tcase_add_test(tcase, visitors_are_told_of);
	tcase_add_test(tcase, claims_are_told_of);
	tcase_add_test(tcase, connections_are_always_told_of);
	tcase_add_test(tcase, all_connections_are_blocked);
	tcase_add_test(tcase, who_comes_again_is_blocked_again);
	tcase_add_test(tcase, guesses_block_nobody);
	tcase_add_test(tcase, visitors_have_an_end);
	tcase_add_test(tcase, siphash_is_siphash);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
