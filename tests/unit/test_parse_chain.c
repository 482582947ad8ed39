// SPDX-License-Identifier: GPL-2.0-or-later
/* The dissector, kmod/parse.c: fragments and IPv6 extension headers. */
#include "packets.h"
#include "suite.h"

#define HOP_BY_HOP	0
#define ROUTING		43
#define FRAGMENT_HEADER	44
#define NO_NEXT_HEADER	59
#define DESTINATION	60

static struct packet p;
static struct fwl_packet pkt, plain;
static unsigned int next_at; /* of the last "next header" field in p */

static int parse_cut(unsigned int len)
{
	return parse_at(&p, len, 0, false, &pkt);
}

static int parse(void)
{
	return parse_cut(p.len);
}

/* Begins an IPv6 packet from A to B, to which chain() and end() add headers. */
static void begin(void)
{
	ip(&p, true, NO_NEXT_HEADER, A6, B6);
	next_at = 6;
}

/* An extension header of 8 * (@units + 1) bytes, filled with PadN options, or done. */
static void chain(u8 type, u8 units)
{
	p.bytes[next_at] = type;
	next_at = p.len;
	put_times(&p, NO_NEXT_HEADER, 1);
	put_times(&p, units, 1);
	put(&p, type == ROUTING ? "0000 00000000" : "0104 00000000");
	for (; units; units--)
		put(&p, "0106 000000000000");
}

static void chain_fragment(const char *offset_and_flag)
{
	p.bytes[next_at] = FRAGMENT_HEADER;
	next_at = p.len;
	put_times(&p, NO_NEXT_HEADER, 1);
	put(&p, "00");
	put(&p, offset_and_flag);
	put(&p, "0badcafe");
}

static void end(u8 proto, const char *transport)
{
	p.bytes[next_at] = proto;
	put(&p, transport);
	finish(&p);
}

/* It passes, and is the same flow as without what is before its transport. */
static void assert_same_flow(const struct sample *s, bool ipv6, unsigned int l4)
{
	struct packet without;

	ck_assert_msg(!parse(), "%s", s->name);
	build(&without, ipv6, s->proto, false, s->there);
	ck_assert_int_eq(parse_at(&without, without.len, 0, false, &plain), 0);
	ck_assert_mem_eq(&pkt.ends, &plain.ends, sizeof(plain.ends));
	ck_assert_uint_eq(pkt.kind, plain.kind);
	ck_assert_uint_eq(pkt.swapped, plain.swapped);
	ck_assert_uint_eq(pkt.icmp, plain.icmp);
	ck_assert_uint_eq(pkt.tcp.flags, plain.tcp.flags);
	ck_assert_uint_eq(pkt.l4, l4);
	ck_assert_uint_eq(pkt.len, p.len);
}

static void build_fragment(const struct sample *s, bool ipv6, unsigned int offset, bool more)
{
	char field[5];

	if (!ipv6) {
		build(&p, false, s->proto, false, s->there);
		put_u16(&p, 6, (more ? 0x2000 : 0) | offset / 8);
		return;
	}
	snprintf(field, sizeof(field), "%04x", offset | more);
	begin();
	chain_fragment(field);
	end(s->proto, s->there);
}

/* A first fragment with its whole transport header is a packet like others. */
START_TEST(first_fragment)
{
	const struct sample *s = sample(_i / 2, _i % 2);

	build_fragment(s, _i % 2, 0, true);
	assert_same_flow(s, _i % 2, _i % 2 ? 48 : 20);
}
END_TEST

/* The UDP header's length is the datagram's, more than is in this fragment. */
START_TEST(first_fragment_of_long_datagram)
{
	static const struct sample udp = {
		"UDP", 17, 8, 0, NULL, "13890035 05dc0000 61626364 65666768", NULL,
	};

	build_fragment(&udp, _i, 0, true);
	ck_assert_int_eq(parse(), 0);
}
END_TEST

START_TEST(first_fragment_too_short)
{
	const struct sample *s = sample(_i / 2, _i % 2);
	unsigned int len, l4 = _i % 2 ? 48 : 20;

	build_fragment(s, _i % 2, 0, true);
	for (len = l4; len < l4 + s->header; len++)
		ck_assert_msg(parse_cut(len) == FRAGMENT, "%s: %u bytes give %d",
			      s->name, len, parse_cut(len));
}
END_TEST

/* RFC 7112: the chain itself must not go on in the second fragment either. */
START_TEST(first_fragment_without_chain)
{
	unsigned int len;

	begin();
	chain_fragment("0001");
	chain(DESTINATION, 1);
	end(6, samples[0].there);
	ck_assert_int_eq(parse(), 0);
	for (len = 48; len < p.len; len++)
		ck_assert_msg(parse_cut(len) == FRAGMENT, "%u bytes give %d", len, parse_cut(len));
}
END_TEST

START_TEST(later_fragment)
{
	const struct sample *s = sample(_i / 2, _i % 2);
	unsigned int offset;

	for (offset = 8; offset < 65536; offset *= 2) {
		build_fragment(s, _i % 2, offset, true);
		ck_assert_int_eq(parse(), FRAGMENT);
		build_fragment(s, _i % 2, offset, false);
		ck_assert_int_eq(parse(), FRAGMENT);
		ck_assert_int_eq(parse_at(&p, p.len, 0, true, &pkt), FRAGMENT);
	}
	/* It may well be of one byte. */
	ck_assert_int_eq(parse_cut(_i % 2 ? 49 : 21), FRAGMENT);
}
END_TEST

START_TEST(dont_fragment)
{
	build(&p, false, 6, false, samples[0].there);
	put_u16(&p, 6, 0x4000);
	assert_same_flow(&samples[0], false, 20);
}
END_TEST

/* RFC 6946; the two reserved bits are to be ignored. */
START_TEST(atomic_fragment)
{
	const struct sample *s = sample(_i, true);
	unsigned int len;

	begin();
	chain_fragment("0006");
	end(s->proto, s->there);
	assert_same_flow(s, true, 48);
	for (len = 0; len < 48 + s->header; len++)
		ck_assert_int_ne(parse_cut(len), 0);
}
END_TEST

START_TEST(two_fragment_headers)
{
	static const char *const first[] = { "0000", "0001" }, *const second[] = {
		"0000", "0001", "0008", "0009",
	};

	begin();
	chain_fragment(first[_i / 4]);
	chain_fragment(second[_i % 4]);
	end(6, samples[0].there);
	ck_assert_int_eq(parse(), MALFORMED);

	begin();
	chain_fragment(first[_i / 4]);
	chain(DESTINATION, 0);
	chain_fragment(second[_i % 4]);
	end(6, samples[0].there);
	ck_assert_int_eq(parse(), MALFORMED);
}
END_TEST

START_TEST(each_extension)
{
	static const u8 types[] = { HOP_BY_HOP, ROUTING, DESTINATION };
	const struct sample *s = sample(_i / 3, true);
	unsigned int len;

	begin();
	chain(types[_i % 3], 2);
	end(s->proto, s->there);
	assert_same_flow(s, true, 64);
	for (len = 0; len < 64 + s->header; len++)
		ck_assert_msg(parse_cut(len) == TRUNCATED || parse_cut(len) == MALFORMED,
			      "%s: %u bytes give %d", s->name, len, parse_cut(len));
}
END_TEST

/* Only mobile IPv6's own type may have segments to go. */
START_TEST(routing_to_go)
{
	static const char *const behind[] = { "0001", "0201", "0301", "0401", "04ff", "ff01" };

	begin();
	chain(DESTINATION, 0);
	chain(ROUTING, 2);
	p.bytes[50] = strtoul(behind[_i], NULL, 16) >> 8;
	p.bytes[51] = strtoul(behind[_i], NULL, 16);
	end(6, samples[0].there);
	ck_assert_int_eq(parse(), _i == 1 ? 0 : MALFORMED);
}
END_TEST

/* All seven places of RFC 8200, section 4.1, but those of IPsec. */
START_TEST(full_chain)
{
	unsigned int len;

	begin();
	chain(HOP_BY_HOP, 0);
	chain(DESTINATION, 3);
	chain(ROUTING, 1);
	chain_fragment("0000");
	chain(DESTINATION, 0);
	end(6, samples[0].there);
	assert_same_flow(&samples[0], true, 40 + 8 + 32 + 16 + 8 + 8);
	for (len = 0; len < 112; len++)
		ck_assert_int_eq(parse_cut(len), TRUNCATED);
}
END_TEST

START_TEST(chain_counts)
{
	int i;

	begin();
	for (i = 0; i < _i; i++)
		chain(DESTINATION, 0);
	end(6, samples[0].there);
	if (_i <= 8)
		assert_same_flow(&samples[0], true, 40 + _i * 8);
	else
		ck_assert_int_eq(parse(), EXTENSIONS);
}
END_TEST

/* Fragment headers count as well. */
START_TEST(chain_count_with_fragment)
{
	int i;

	begin();
	chain_fragment("0000");
	for (i = 0; i < 7 + _i; i++)
		chain(DESTINATION, 0);
	end(6, samples[0].there);
	ck_assert_int_eq(parse(), _i ? EXTENSIONS : 0);
}
END_TEST

/* Linear and cut at places that matter: every byte would take too long. */
START_TEST(chain_bytes)
{
	const char *broken;
	unsigned int cut;
	int err;

	begin();
	chain(HOP_BY_HOP, 119);
	chain(DESTINATION, 119);
	chain(DESTINATION, _i ? 119 : 1);
	end(6, samples[0].there);
	for (cut = 0; cut <= p.len; cut += 8) {
		broken = shim_parse_twice(p.bytes, p.len, 0, false, cut, p.len, &pkt, &err);
		ck_assert_msg(!broken, "%s", broken);
		ck_assert_int_eq(err, _i ? EXTENSIONS : 0);
	}
	if (!_i)
		ck_assert_uint_eq(pkt.l4, 40 + 2 * 960 + 16);
}
END_TEST

/* Headers of the greatest length, that are there and that are not. */
START_TEST(longest_extensions)
{
	int err;

	begin();
	chain(HOP_BY_HOP, 255);
	chain(DESTINATION, 255);
	end(6, samples[0].there);
	ck_assert_ptr_null(shim_parse_twice(p.bytes, p.len, 0, false, 42, 2090, &pkt, &err));
	ck_assert_int_eq(err, EXTENSIONS);

	begin();
	chain(DESTINATION, 0);
	p.bytes[41] = 255;
	end(6, samples[0].there);
	ck_assert_int_ne(parse(), 0);
	p.bytes[41] = 100;
	ck_assert_int_eq(parse(), TRUNCATED);
}
END_TEST

START_TEST(no_next_header)
{
	begin();
	chain(DESTINATION, 0);
	finish(&p);
	ck_assert_int_eq(parse(), 0);
	ck_assert_uint_eq(pkt.kind, FWL_KIND_IPV6 | NO_NEXT_HEADER);
	ck_assert_uint_eq(pkt.ends.id, 0);
	ck_assert_uint_eq(pkt.l4, 48);
}
END_TEST

/* The numbers are protocols like others where there is IPv4. */
START_TEST(no_extensions_in_ipv4)
{
	static const u8 types[] = { HOP_BY_HOP, ROUTING, FRAGMENT_HEADER, DESTINATION };

	build(&p, false, types[_i], false, "06000001 00000000 d4310050");
	ck_assert_int_eq(parse(), 0);
	ck_assert_uint_eq(pkt.kind, types[_i]);
	ck_assert_uint_eq(pkt.l4, 20);
	ck_assert_uint_eq(pkt.ends.id, 0);
}
END_TEST

START_TEST(quoted_chain)
{
	begin();
	chain(HOP_BY_HOP, 0);
	chain_fragment("0001");
	end(6, "d4310050 00000001");
	ck_assert_int_eq(parse_at(&p, p.len, 0, true, &pkt), 0);
	ck_assert_uint_eq(ntohs(pkt.ends.port[0]), 0xd431);
	ck_assert_uint_eq(ntohs(pkt.ends.port[1]), 0x50);
	ck_assert_int_ne(parse_at(&p, p.len - 1, 0, true, &pkt), 0);
}
END_TEST

static Suite *chain_suite(void)
{
	const int all = 2 * (SAMPLES + 1);
	Suite *suite = suite_create("parse_chain");
	TCase *fragments = tcase_create("fragments");
	TCase *extensions = tcase_create("extensions");

	tcase_set_timeout(fragments, 60);
	tcase_add_loop_test(fragments, first_fragment, 0, all);
	tcase_add_loop_test(fragments, first_fragment_of_long_datagram, 0, 2);
	tcase_add_loop_test(fragments, first_fragment_too_short, 0, all);
	tcase_add_test(fragments, first_fragment_without_chain);
	tcase_add_loop_test(fragments, later_fragment, 0, all);
	tcase_add_test(fragments, dont_fragment);
	tcase_add_loop_test(fragments, atomic_fragment, 0, SAMPLES + 1);
	tcase_add_loop_test(fragments, two_fragment_headers, 0, 8);
	suite_add_tcase(suite, fragments);

	tcase_set_timeout(extensions, 60);
	tcase_add_loop_test(extensions, each_extension, 0, 3 * (SAMPLES + 1));
	tcase_add_loop_test(extensions, routing_to_go, 0, 6);
	tcase_add_test(extensions, full_chain);
	tcase_add_loop_test(extensions, chain_counts, 0, 13);
	tcase_add_loop_test(extensions, chain_count_with_fragment, 0, 2);
	tcase_add_loop_test(extensions, chain_bytes, 0, 2);
	tcase_add_test(extensions, longest_extensions);
	tcase_add_test(extensions, no_next_header);
	tcase_add_loop_test(extensions, no_extensions_in_ipv4, 0, 4);
	tcase_add_test(extensions, quoted_chain);
	suite_add_tcase(suite, extensions);
	return suite;
}

int main(void)
{
	return run_suite(chain_suite());
}
