// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dissector, kmod/parse.c. What is expected comes out of the RFCs and the
 * contract in parse.h; each packet is dissected linear and cut at every byte.
 */
#include "packets.h"
#include "suite.h"

#define RANDOM_PACKETS	200000
#define RANDOM_SEED	0x5eed2026u

static struct packet p;
static struct fwl_packet pkt, back;

static int parse(struct fwl_packet *found)
{
	return parse_at(&p, p.len, 0, false, found);
}

/* The packet's first @len bytes. */
static int parse_cut(unsigned int len)
{
	return parse_at(&p, len, 0, false, &pkt);
}

static void assert_addresses(const struct fwl_packet *found, bool ipv6)
{
	struct fwl_ends want = { 0 };
	struct packet addr;
	int i;

	for (i = 0; i < 2; i++) {
		addr.len = 0;
		put(&addr, i ? addr_b(ipv6) : addr_a(ipv6));
		memcpy(want.addr[i], addr.bytes, addr.len);
	}
	ck_assert_mem_eq(found->ends.addr, want.addr, sizeof(want.addr));
}

/* Each sample, over IPv4 and IPv6, in both directions. */
START_TEST(both_directions)
{
	const struct sample *s = sample(_i / 2, _i % 2);
	bool ipv6 = _i % 2;
	struct packet half = { 0 };

	build(&p, ipv6, s->proto, false, s->there);
	ck_assert_msg(!parse(&pkt), "%s", s->name);
	ck_assert_uint_eq(pkt.swapped, 0);
	ck_assert_uint_eq(pkt.kind, s->proto | s->kind | (ipv6 ? FWL_KIND_IPV6 : 0));
	ck_assert_uint_eq(pkt.l4, ipv6 ? 40 : 20);
	ck_assert_uint_eq(pkt.len, p.len);
	ck_assert_uint_eq(pkt.hop_limit, 64);
	assert_addresses(&pkt, ipv6);
	if (s->half) {
		put(&half, s->half);
		ck_assert_msg(!memcmp(&pkt.ends.id, half.bytes, 4), "%s", s->name);
		ck_assert_uint_eq(pkt.icmp, FWL_ICMP_NONE);
	}

	build(&p, ipv6, s->proto, true, s->back);
	ck_assert_msg(!parse(&back), "%s, back", s->name);
	ck_assert_uint_eq(back.swapped, 1);
	ck_assert_uint_eq(back.kind, pkt.kind);
	ck_assert_uint_eq(back.len, p.len);
	ck_assert_msg(!memcmp(&back.ends, &pkt.ends, sizeof(pkt.ends)), "%s", s->name);
}
END_TEST

/* Whatever misses a byte of a header is refused, whatever has all passes. */
START_TEST(truncation)
{
	const struct sample *s = sample(_i / 2, _i % 2);
	unsigned int len, headers = (_i % 2 ? 40 : 20) + s->header;

	build(&p, _i % 2, s->proto, false, s->there);
	for (len = 0; len <= p.len; len++) {
		int err = parse_cut(len);

		if (len >= headers)
			ck_assert_msg(!err, "%s: %u bytes give %d", s->name, len, err);
		else
			ck_assert_msg(err == TRUNCATED || err == MALFORMED,
				      "%s: %u bytes give %d", s->name, len, err);
		if (len < (_i % 2 ? 40 : 20))
			ck_assert_int_eq(err, TRUNCATED);
	}
}
END_TEST

START_TEST(hop_limits)
{
	build(&p, false, 6, false, samples[0].there);
	p.bytes[8] = 255;
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.hop_limit, 255);

	build(&p, true, 6, false, samples[0].there);
	p.bytes[7] = 1;
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.hop_limit, 1);
}
END_TEST

/* Addresses are compared as they are on the wire, the first byte first. */
START_TEST(address_order)
{
	ip(&p, false, 17, "01000002", "02000001");
	put(&p, "00350035 00080000");
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.swapped, 0);

	ip(&p, false, 17, "80000001", "7fffffff");
	put(&p, "00350035 00080000");
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.swapped, 1);
	ck_assert_uint_eq(ntohl(pkt.ends.addr[0][0]), 0x7fffffff);
	ck_assert_uint_eq(ntohl(pkt.ends.addr[1][0]), 0x80000001);
}
END_TEST

START_TEST(equal_addresses)
{
	ip(&p, _i, 17, addr_a(_i), addr_a(_i));
	put(&p, "01ff0200 00080000");
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.swapped, 0);
	ck_assert_uint_eq(ntohs(pkt.ends.port[0]), 0x1ff);
	ck_assert_uint_eq(ntohs(pkt.ends.port[1]), 0x200);

	ip(&p, _i, 17, addr_a(_i), addr_a(_i));
	put(&p, "020001ff 00080000");
	ck_assert_int_eq(parse(&back), 0);
	ck_assert_uint_eq(back.swapped, 1);
	ck_assert_mem_eq(&back.ends, &pkt.ends, sizeof(pkt.ends));

	ip(&p, _i, 17, addr_a(_i), addr_a(_i));
	put(&p, "02000200 00080000");
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.swapped, 0);
}
END_TEST

/* A protocol of the other family is one like all others. */
START_TEST(foreign_icmp)
{
	build(&p, false, 58, false, echo6.there);
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.icmp, FWL_ICMP_NONE);
	ck_assert_uint_eq(pkt.ends.id, 0);

	build(&p, true, 1, false, echo4.there);
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.icmp, FWL_ICMP_NONE);
	ck_assert_uint_eq(pkt.ends.id, 0);
}
END_TEST

static enum fwl_icmp icmp_class(bool ipv6, int type)
{
	switch (ipv6 << 8 | type) {
	case 8:		/* echo, RFC 792 */
	case 13:	/* timestamp */
	case 15:	/* information */
	case 17:	/* address mask, RFC 950 */
	case 0x100 | 128: /* echo, RFC 4443 */
		return FWL_ICMP_QUERY;
	case 0:
	case 14:
	case 16:
	case 18:
	case 0x100 | 129:
		return FWL_ICMP_REPLY;
	case 3:		/* unreachable */
	case 11:	/* time exceeded */
	case 12:	/* parameter problem */
	case 0x100 | 1:
	case 0x100 | 2:	/* too big */
	case 0x100 | 3:
	case 0x100 | 4:
		return FWL_ICMP_ERROR;
	case 5:
	case 0x100 | 137:
		return FWL_ICMP_REDIRECT;
	case 0x100 | 133: /* router solicitation, RFC 4861 */
	case 0x100 | 134:
	case 0x100 | 135:
	case 0x100 | 136:
		return FWL_ICMP_NEIGHBOUR;
	default:
		return FWL_ICMP_OTHER;
	}
}

START_TEST(icmp_classes)
{
	int type;

	for (type = 0; type < 256; type++) {
		build(&p, _i, _i ? 58 : 1, false, "00000000 00000000");
		p.bytes[_i ? 40 : 20] = type;
		ck_assert_int_eq(parse(&pkt), 0);
		ck_assert_uint_eq(pkt.icmp_type, type);
		ck_assert_msg(pkt.icmp == icmp_class(_i, type), "type %d: class %d", type, pkt.icmp);
	}
}
END_TEST

static void icmp(struct fwl_packet *found, bool ipv6, bool from_b, int type, int id)
{
	build(&p, ipv6, ipv6 ? 58 : 1, from_b, "00000000 00000001");
	p.bytes[ipv6 ? 40 : 20] = type;
	put_u16(&p, ipv6 ? 44 : 24, id);
	ck_assert_int_eq(parse(found), 0);
}

/* A query pairs with its reply from the other end and with nothing else. */
START_TEST(icmp_pairs)
{
	static const struct { bool ipv6; u8 query, reply; } pairs[] = {
		{ false, 8, 0 }, { false, 13, 14 }, { false, 15, 16 }, { false, 17, 18 },
		{ true, 128, 129 },
	};
	const int count = sizeof(pairs) / sizeof(pairs[0]);
	bool six = pairs[_i].ipv6, from_b;
	struct fwl_packet query, other;
	int i;

	for (from_b = false; ; from_b = true) {
		icmp(&query, six, from_b, pairs[_i].query, 0xbeef);
		ck_assert_uint_eq(query.swapped, from_b);

		icmp(&other, six, !from_b, pairs[_i].reply, 0xbeef);
		ck_assert_mem_eq(&other.ends, &query.ends, sizeof(query.ends));
		ck_assert_uint_eq(other.kind, query.kind);
		ck_assert_uint_eq(other.swapped, !from_b);

		icmp(&other, six, !from_b, pairs[_i].reply, 0xbef0);
		ck_assert_uint_ne(other.ends.id, query.ends.id);
		icmp(&other, six, from_b, pairs[_i].reply, 0xbeef);
		ck_assert_uint_ne(other.ends.id, query.ends.id);
		icmp(&other, six, !from_b, pairs[_i].query, 0xbeef);
		ck_assert_uint_ne(other.ends.id, query.ends.id);
		for (i = 0; i < count; i++) {
			if (i == _i || pairs[i].ipv6 != six)
				continue;
			icmp(&other, six, !from_b, pairs[i].reply, 0xbeef);
			ck_assert_uint_ne(other.ends.id, query.ends.id);
		}
		if (from_b)
			break;
	}
}
END_TEST

/* RFC 2890: no key is not the same as key zero. */
START_TEST(gre_kinds)
{
	build(&p, false, 47, false, "20000800 00000000");
	ck_assert_int_eq(parse(&pkt), 0);
	build(&p, false, 47, false, "00000800 00000000");
	ck_assert_int_eq(parse(&back), 0);
	ck_assert_uint_ne(pkt.kind, back.kind);
}
END_TEST

START_TEST(versions)
{
	if (_i == 4 || _i == 6)
		return;
	build(&p, false, 6, false, samples[0].there);
	p.bytes[0] = _i << 4 | 5;
	put_times(&p, 0, 40);
	ck_assert_int_eq(parse(&pkt), MALFORMED);
}
END_TEST

/* With TCP, and with a protocol of which no header is read. */
START_TEST(ipv4_header_lengths)
{
	unsigned int ihl = _i % 16, needed = _i / 16 ? 0 : 20, len;

	ip(&p, false, _i / 16 ? 253 : 6, A4, B4);
	p.bytes[0] = 0x40 | ihl;
	put_times(&p, 1, ihl > 5 ? ihl * 4 - 20 : 0);
	put(&p, samples[0].there);
	finish(&p);
	if (ihl < 5) {
		ck_assert_int_eq(parse(&pkt), MALFORMED);
		return;
	}
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.l4, ihl * 4);
	if (needed) {
		ck_assert_uint_eq(ntohs(pkt.ends.port[0]), 0xd431);
		ck_assert_uint_eq(ntohs(pkt.ends.port[1]), 0x50);
	}
	for (len = 0; len < ihl * 4 + needed; len++)
		ck_assert_int_eq(parse_cut(len), TRUNCATED);
	ck_assert_int_eq(parse_cut(len), 0);
}
END_TEST

START_TEST(tcp_header_lengths)
{
	unsigned int l4 = _i / 16 ? 40 : 20, doff = _i % 16;

	build(&p, _i / 16, 6, false, samples[0].there);
	put_times(&p, 0, 40);
	p.bytes[l4 + 12] = doff << 4;
	ck_assert_int_eq(parse(&pkt), doff < 5 ? MALFORMED : 0);
	if (doff < 5)
		return;
	ck_assert_int_eq(parse_cut(l4 + doff * 4), 0);
	ck_assert_int_ne(parse_cut(l4 + doff * 4 - 1), 0);
	ck_assert_int_ne(parse_cut(l4 + 20 - 1), 0);
}
END_TEST

/*
 * RFC 9293, section 3.10: a segment outside the handshake has ACK (3.10.7.4);
 * SYN, FIN and RST contradict each other (3.10.7). An urgent pointer needs data
 * to point to, which neither RST nor SYN-ACK brings. PSH may join all. A set is
 * written as its letters without P.
 */
static bool flags_valid(int flags)
{
	static const char *const valid[] = { "S", "SU", "SA", "R", "RA", "A", "AU", "FA", "FAU" };
	char set[7], *at = set;
	unsigned int i;

	if (flags & 0x02)
		*at++ = 'S';
	if (flags & 0x04)
		*at++ = 'R';
	if (flags & 0x01)
		*at++ = 'F';
	if (flags & 0x10)
		*at++ = 'A';
	if (flags & 0x20)
		*at++ = 'U';
	*at = 0;
	for (i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		if (!strcmp(set, valid[i]))
			return true;
	}
	return false;
}

START_TEST(tcp_flags)
{
	int flags;

	/* With the ECN flags (RFC 3168) as well, which are none of the six. */
	for (flags = 0; flags < 256; flags++) {
		build(&p, _i, 6, false, samples[0].there);
		p.bytes[(_i ? 40 : 20) + 13] = flags;
		ck_assert_msg(parse(&pkt) == (flags_valid(flags & 0x3f) ? 0 : MALFORMED),
			      "flags 0x%02x", flags);
		if (flags_valid(flags & 0x3f))
			ck_assert_uint_eq(pkt.tcp.flags, flags & 0x3f);
	}
}
END_TEST

START_TEST(udp_lengths)
{
	unsigned int l4 = _i ? 40 : 20, length;

	build(&p, _i, 17, false, "13890035 00080000 61626364");
	for (length = 1; length < 40; length++) {
		put_u16(&p, l4 + 4, length);
		ck_assert_int_eq(parse(&pkt), length < 8 || length > 12 ? MALFORMED : 0);
	}
	put_u16(&p, l4 + 4, 0xffff);
	ck_assert_int_eq(parse(&pkt), MALFORMED);
}
END_TEST

/* Only RFC 2675's jumbograms, which IPv4 has not, have a reason for zero. */
START_TEST(udp_length_zero)
{
	build(&p, _i, 17, false, "13890035 00000000");
	ck_assert_int_eq(parse(&pkt), _i ? 0 : MALFORMED);
}
END_TEST

START_TEST(ip_options_are_skipped)
{
	/* Router alert (RFC 2113), then a UDP header. */
	ip(&p, false, 17, B4, A4);
	p.bytes[0] = 0x46;
	put(&p, "94040000 00351389 00080000");
	finish(&p);
	ck_assert_int_eq(parse(&pkt), 0);
	ck_assert_uint_eq(pkt.l4, 24);
	ck_assert_uint_eq(pkt.swapped, 1);
	ck_assert_uint_eq(ntohs(pkt.ends.port[0]), 0x1389);
}
END_TEST

/* LSRR and SSRR, done or not, where options are; lengths that lead nowhere. */
START_TEST(source_routes)
{
	static const struct {
		const char *options;
		int err;
	} tries[] = {
		{ "83070408 08080800", MALFORMED },
		{ "89070408 08080800", MALFORMED },
		{ "01830708 08080808", MALFORMED },
		{ "94040000 83030400", MALFORMED },
		{ "07070400 00000000", 0 },
		{ "94048303 01000000", 0 },
		{ "00830704 08080808", 0 },
		{ "07010400 00000000", MALFORMED },
		{ "07090400 00000000", MALFORMED },
		{ "01010101 01010107", MALFORMED },
	};

	ip(&p, false, 17, B4, A4);
	p.bytes[0] = 0x47;
	put(&p, tries[_i].options);
	put(&p, "00351389 00080000");
	finish(&p);
	ck_assert_int_eq(parse(&pkt), tries[_i].err);
}
END_TEST

/* As far in as the quotation of an ICMP error is. */
START_TEST(offset)
{
	const struct sample *s = sample(_i / 2, _i % 2);
	struct packet whole;
	struct fwl_packet inner;

	build(&p, _i % 2, s->proto, false, s->there);
	ck_assert_int_eq(parse(&pkt), 0);
	whole.len = 0;
	put_times(&whole, 0xff, 28);
	memcpy(whole.bytes + 28, p.bytes, p.len);
	whole.len += p.len;
	ck_assert_int_eq(parse_at(&whole, whole.len, 28, false, &inner), 0);
	ck_assert_mem_eq(&inner, &pkt, sizeof(pkt));
	ck_assert_int_eq(parse_at(&whole, 28, 28, false, &inner), TRUNCATED);
	ck_assert_int_eq(parse_at(&whole, 20, 28, false, &inner), TRUNCATED);
}
END_TEST

/* RFC 792: the quoted IP header and 8 bytes more are enough. */
START_TEST(quoted)
{
	const struct sample *s = sample(_i / 2, _i % 2);
	unsigned int l4 = _i % 2 ? 40 : 20, len, needed = 8;
	int err;

	build(&p, _i % 2, s->proto, false, s->there);
	ck_assert_int_eq(parse(&pkt), 0);
	/* Elsewhere than with ports, the same is needed as ever. */
	if (!fwl_proto_has_ports(s->proto))
		needed = s->header;
	for (len = 0; len <= p.len; len++) {
		err = parse_at(&p, len, 0, true, &back);
		if (len < l4 + needed) {
			ck_assert_msg(err == TRUNCATED, "%s: %u bytes", s->name, len);
			continue;
		}
		ck_assert_msg(!err, "%s: %u bytes give %d", s->name, len, err);
		ck_assert_mem_eq(&back.ends, &pkt.ends, sizeof(pkt.ends));
		ck_assert_uint_eq(back.kind, pkt.kind);
		ck_assert_uint_eq(back.swapped, pkt.swapped);
		ck_assert_uint_eq(back.icmp, pkt.icmp);
		ck_assert_uint_eq(back.len, len);
	}
}
END_TEST

/* Lengths that speak of what the quotation left out are no contradiction. */
START_TEST(quoted_lengths)
{
	build(&p, _i, 17, false, "13890035 05dc0000");
	ck_assert_int_eq(parse_at(&p, p.len, 0, true, &pkt), 0);
	ck_assert_uint_eq(ntohs(pkt.ends.port[0]), 0x1389);
	ck_assert_int_eq(parse(&pkt), MALFORMED);
}
END_TEST

static u32 random_state = RANDOM_SEED;

static u32 random_below(u32 limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

/* Half are samples that were damaged, half are noise behind a version. */
static void random_packet(void)
{
	bool ipv6 = random_below(2), noise = random_below(2);
	int i, s = random_below(SAMPLES + 1);

	if (noise) {
		p.len = 0;
		for (i = random_below(160); i > 0; i--)
			put_times(&p, random_below(256), 1);
		if (p.len && random_below(16))
			p.bytes[0] = ipv6 ? 0x60 : 0x45;
		return;
	}
	build(&p, ipv6, sample(s, ipv6)->proto, random_below(2), sample(s, ipv6)->there);
	if (ipv6 && random_below(2)) {
		static const u8 extensions[] = { 0, 43, 44, 60 };

		/* What were the transport's bytes are extension headers now. */
		p.bytes[6] = extensions[random_below(4)];
		for (i = 40; i < 96; i += 8) {
			p.len = i;
			put_times(&p, random_below(4) ? extensions[random_below(4)] : 6, 1);
			put_times(&p, random_below(8) ? 0 : random_below(256), 1);
			put_times(&p, 0, 6);
		}
		put(&p, samples[0].there);
	}
	for (i = random_below(6); i > 0; i--)
		p.bytes[random_below(p.len)] = random_below(256);
	if (!random_below(3))
		p.len = random_below(p.len + 1);
}

START_TEST(random_packets)
{
	unsigned int cut, i, passed = 0;
	const char *broken;
	int err;

	printf("# %d random packets, seed 0x%x\n", RANDOM_PACKETS, RANDOM_SEED);
	for (i = 0; i < RANDOM_PACKETS; i++) {
		random_packet();
		cut = random_below(p.len + 1);
		broken = shim_parse_twice(p.bytes, p.len, p.len >= 28 && !random_below(4) ? 28 : 0,
					  random_below(2), cut, cut + random_below(p.len - cut + 1),
					  &pkt, &err);
		ck_assert_msg(!broken, "packet %u: %s", i, broken);
		passed += !err;
	}
	/* Else it would have tried the way in alone. */
	ck_assert_uint_gt(passed, RANDOM_PACKETS / 20);
	ck_assert_uint_lt(passed, RANDOM_PACKETS - RANDOM_PACKETS / 20);
}
END_TEST

static Suite *parse_suite(void)
{
	const int all = 2 * (SAMPLES + 1);
	Suite *suite = suite_create("parse");
	TCase *flows = tcase_create("flows");
	TCase *bounds = tcase_create("bounds");

	tcase_set_timeout(flows, 60);
	tcase_add_loop_test(flows, both_directions, 0, all);
	tcase_add_loop_test(flows, offset, 0, all);
	tcase_add_test(flows, hop_limits);
	tcase_add_test(flows, address_order);
	tcase_add_loop_test(flows, equal_addresses, 0, 2);
	tcase_add_test(flows, foreign_icmp);
	tcase_add_loop_test(flows, icmp_classes, 0, 2);
	tcase_add_loop_test(flows, icmp_pairs, 0, 5);
	tcase_add_test(flows, gre_kinds);
	tcase_add_test(flows, ip_options_are_skipped);
	tcase_add_loop_test(flows, source_routes, 0, 10);
	suite_add_tcase(suite, flows);

	tcase_set_timeout(bounds, 120);
	tcase_add_loop_test(bounds, truncation, 0, all);
	tcase_add_loop_test(bounds, quoted, 0, all);
	tcase_add_loop_test(bounds, quoted_lengths, 0, 2);
	tcase_add_loop_test(bounds, versions, 0, 16);
	tcase_add_loop_test(bounds, ipv4_header_lengths, 0, 32);
	tcase_add_loop_test(bounds, tcp_header_lengths, 0, 32);
	tcase_add_loop_test(bounds, tcp_flags, 0, 2);
	tcase_add_loop_test(bounds, udp_lengths, 0, 2);
	tcase_add_loop_test(bounds, udp_length_zero, 0, 2);
	tcase_add_test(bounds, random_packets);
	suite_add_tcase(suite, bounds);
	return suite;
}

int main(void)
{
	return run_suite(parse_suite());
}
