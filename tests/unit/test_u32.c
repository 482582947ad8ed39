// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * u32 programs: kmod/u32.c runs them, tool/lang/u32.c reads and prints them.
 */
#include "packets.h"

#include "lang.h"
#include "suite.h"
#include "u32.h"
#include "u32_oracle.h"

#define RANDOM_SEED	0x5eed0032u
#define RANDOM_RUNS	1500
#define RANDOM_TEXTS	4000
#define PACKET_BYTES	120
#define TEXT_SIZE	8192

#define LOAD(a)		{ FLOWWALL_U32_LOAD, a, 0 }
#define AND(a)		{ FLOWWALL_U32_AND, a, 0 }
#define LEFT(a)		{ FLOWWALL_U32_LEFT, a, 0 }
#define RIGHT(a)	{ FLOWWALL_U32_RIGHT, a, 0 }
#define AT(a)		{ FLOWWALL_U32_AT, a, 0 }
#define RANGE(a, b)	{ FLOWWALL_U32_RANGE, a, b }

struct program {
	unsigned int n;
	struct flowwall_u32_op ops[FLOWWALL_U32_OPS];
};

static struct program program, again;
static char text[TEXT_SIZE];
static u64 random_state;

/* xorshift64*, so that a seed gives the same everywhere. */
static u32 random_u32(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dull) >> 32;
}

static u32 random_below(u32 limit)
{
	return random_u32() % limit;
}

static void put_op(struct program *p, u32 code, u32 a, u32 b)
{
	p->ops[p->n++] = (struct flowwall_u32_op){ code, a, b };
}

static const char *printed(const struct program *p)
{
	size_t length = u32_print(p->ops, p->n, text, sizeof(text));

	ck_assert_uint_lt(length, sizeof(text));
	ck_assert_uint_eq(strlen(text), length);
	return text;
}

/* --- running --------------------------------------------------------------- */

static bool run(const struct program *p, const u8 *bytes, unsigned int len, unsigned int offset,
		unsigned int cut, unsigned int cut2)
{
	struct sk_buff skb;
	bool matches;

	shim_skb_fill(&skb, bytes, len, cut, cut2);
	matches = fwl_u32_matches(p->ops, p->n, &skb, offset);
	shim_skb_free(&skb);
	return matches;
}

/* Linear, cut at every byte, and behind other headers: always the same. */
static bool run_all_ways(const struct program *p, const u8 *bytes, unsigned int len)
{
	bool matches = run(p, bytes, len, 0, len, len);
	u8 behind[PACKET_BYTES + 40];
	unsigned int cut;

	ck_assert_msg(!fwl_u32_check(p->ops, p->n), "%s", fwl_u32_check(p->ops, p->n));
	ck_assert_uint_le(len, PACKET_BYTES);
	for (cut = 0; cut <= len; cut++) {
		ck_assert_msg(run(p, bytes, len, 0, cut, cut) == matches, "cut at %u", cut);
		ck_assert_msg(run(p, bytes, len, 0, cut, cut < len ? cut + 1 : cut) == matches,
			      "cut at %u and behind it", cut);
	}
	memset(behind, 0xff, sizeof(behind));
	memcpy(behind + 40, bytes, len);
	ck_assert_msg(run(p, behind, len + 40, 40, 38, 40) == matches, "behind 40 bytes");
	return matches;
}

static void parse_good(const char *written)
{
	const char *why = NULL;
	size_t at = 0;

	ck_assert_msg(u32_parse(written, program.ops, &program.n, &at, &why),
		      "%s: byte %zu: %s", written, at, why);
}

static bool matches(const char *written, const struct packet *p)
{
	bool found;

	parse_good(written);
	found = run_all_ways(&program, p->bytes, p->len);
	ck_assert_msg(found == u32_expected(program.ops, program.n, p->bytes, p->len), "%s", written);
	return found;
}

/* The total length is from 256 on. */
START_TEST(total_length)
{
	static const char *written = "0 & 0xFFFF = 0x100:0xFFFF";
	static const struct {
		unsigned int length;
		bool matches;
	} tries[] = { { 0, false }, { 0xff, false }, { 0x100, true }, { 0x5dc, true },
		      { 0xffff, true } };
	struct packet p = { 0 };
	unsigned int i;

	put(&p, "45000000 00010000 40110000" A4 B4);
	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		put_u16(&p, 2, tries[i].length);
		ck_assert_msg(matches(written, &p) == tries[i].matches, "%#x", tries[i].length);
	}
	p.len = 4;
	ck_assert(matches(written, &p));
	p.len = 3;
	ck_assert(!matches(written, &p));
}
END_TEST

/* An ICMP packet of type 0 that is no fragment, with and without IP options. */
START_TEST(icmp_type)
{
	static const char *written = "6 & 0xFF = 1 && 4 & 0x3FFF = 0 && 0 >> 22 & 0x3C @ 0 >> 24 = 0";
	struct packet p = { 0 };

	put(&p, "4500001c 00010000 40010000" A4 B4 "00001234 00010001");
	ck_assert(matches(written, &p));
	p.bytes[20] = 8;
	ck_assert(!matches(written, &p));
	p.bytes[20] = 0;
	p.bytes[6] = 0x20;
	ck_assert_msg(!matches(written, &p), "a first fragment");
	p.bytes[6] = 0x40;
	ck_assert_msg(matches(written, &p), "don't fragment");
	p.bytes[7] = 1;
	ck_assert_msg(!matches(written, &p), "a later fragment");
	p.bytes[7] = 0;
	p.bytes[9] = 17;
	ck_assert(!matches(written, &p));
	p.bytes[9] = 1;
	p.len = 24;
	ck_assert_msg(matches(written, &p), "the 4 bytes that are read");
	p.len = 23;
	ck_assert_msg(!matches(written, &p), "a byte is missing");

	p.len = 0;
	put(&p, "47000024 00010000 40010000" A4 B4 "01010101 08080808" "00001234 00010001");
	ck_assert_msg(matches(written, &p), "with options");
	p.bytes[28] = 8;
	ck_assert_msg(!matches(written, &p), "with options");
}
END_TEST

/* The first bytes of a TCP segment's payload: one @ to TCP, one beyond it. */
START_TEST(tcp_payload)
{
	static const char *written = "6 & 0xFF = 6 && 4 & 0x1FFF = 0 && "
		"0 >> 22 & 0x3C @ 12 >> 26 & 0x3C @ 0 = 0x01020304";
	struct packet p = { 0 };

	put(&p, "4500002c 00010000 40060000" A4 B4);
	put(&p, "d4310050 00000001 00000009 5018ffff 00000000 01020304");
	ck_assert(matches(written, &p));
	p.bytes[43] = 5;
	ck_assert(!matches(written, &p));
	p.bytes[43] = 4;
	p.len = 43;
	ck_assert_msg(!matches(written, &p), "a byte is missing");

	p.len = 0;
	put(&p, "46000034 00010000 40060000" A4 B4 "01010100");
	put(&p, "d4310050 00000001 00000009 6018ffff 00000000 01020304 01020304");
	ck_assert_msg(matches(written, &p), "with options of both");
	p.bytes[36] = 0x50;
	ck_assert_msg(matches(written, &p), "the TCP options are the payload");
	p.bytes[44] = 0;
	ck_assert(!matches(written, &p));
	p.bytes[36] = 0xf0;
	ck_assert_msg(!matches(written, &p), "it begins behind the packet");
}
END_TEST

/* Each line: the program, and whether 00 01 02 ... 1f matches it. */
static const struct {
	const char *written;
	bool matches;
} steps[] = {
	{ "0=0x10203", true },
	{ "1=0x1020304", true },
	{ "28=0x1C1D1E1F", true },
	{ "29=0:0xFFFFFFFF", false },
	{ "4294967295=0:0xFFFFFFFF", false },
	{ "4294967292=0:0xFFFFFFFF", false },
	{ "0x80000000=0:0xFFFFFFFF", false },
	{ "0x7FFFFFFF=0:0xFFFFFFFF", false },
	{ "28<<31=0x80000000", true },
	{ "28<<0=0x1C1D1E1F", true },
	{ "28>>0=0x1C1D1E1F", true },
	{ "28>>31=0", true },
	{ "28<<4=0xC1D1E1F0", true },
	{ "0=1,2,0x10203", true },
	{ "0=0:0x10202,0x10204:0xFFFFFFFF", false },
	{ "0=0x10203&&4=1", false },
	{ "4=1&&0=0x10203", false },
	{ "0>>8@0=0:0xFFFFFFFF", false },
	{ "0&0xFF@0=0x3040506", true },
	/* 3, and 3 + 6 in all. */
	{ "0&0xFF@0&0xFF@0=0x90A0B0C", true },
	/* The offset of an @ is not kept, what it adds is. */
	{ "0&0xFF@7&0xFF@0=0x10111213", true },
	/* Each test counts from the packet again. */
	{ "0&0xFF@0=0x3040506&&0&0xFF@0=0x3040506", true },
	{ "0&0xFF@25=0x1C1D1E1F", true },
	{ "0&0xFF@26=0:0xFFFFFFFF", false },
	/* Sums above 2^32 do not come round. */
	{ "0&0xFF@4294967293=0:0xFFFFFFFF", false },
	{ "0&0xFF@0xFFFFFFFF=0:0xFFFFFFFF", false },
	{ "12@0=0:0xFFFFFFFF", false },
	{ "28<<3&0x80000000@0x80000000=0:0xFFFFFFFF", false },
	{ "16@0xEFEEEDEC=0:0xFFFFFFFF", false },
};

START_TEST(single_steps)
{
	struct packet p = { .len = 32 };
	unsigned int i;

	for (i = 0; i < p.len; i++)
		p.bytes[i] = i;
	ck_assert_msg(matches(steps[_i].written, &p) == steps[_i].matches,
		      "%s", steps[_i].written);
}
END_TEST

/* A second @ that would come round to the packet's beginning. */
START_TEST(bases_do_not_come_round)
{
	struct packet p = { 0 };

	put(&p, "00000004 fffffffc 00000000 00000000");
	ck_assert(matches("0@0=0xFFFFFFFC", &p));
	ck_assert(!matches("0@0@0=0:0xFFFFFFFF", &p));
	ck_assert(!matches("0@0@4=0:0xFFFFFFFF", &p));
	ck_assert(!matches("0@0@8=0:0xFFFFFFFF", &p));
	ck_assert(!matches("4@4=0:0xFFFFFFFF", &p));
	ck_assert(!matches("4@8=0:0xFFFFFFFF", &p));
}
END_TEST

START_TEST(short_packets)
{
	static const u8 zeros[8];
	unsigned int len, offset;

	parse_good("0=0");
	for (len = 0; len <= sizeof(zeros); len++) {
		ck_assert(run_all_ways(&program, zeros, len) == (len >= 4));
		for (offset = 0; offset <= 12; offset++)
			ck_assert_msg(run(&program, zeros, len, offset, len, len) ==
				      (offset + 4 <= len), "%u bytes, offset %u", len, offset);
		ck_assert(!run(&program, zeros, len, 0x80000000, len, len));
		ck_assert(!run(&program, zeros, len, 0xffffffff, len, len));
		ck_assert(!run(&program, zeros, len, 0xfffffffc, len, len));
	}

	parse_good("4294967288=0");
	ck_assert_msg(!run(&program, zeros, 8, 12, 8, 8), "from behind the packet round to it");
}
END_TEST

/* --- random programs ------------------------------------------------------- */

static u32 random_number(void)
{
	static const u32 edges[] = {
		0, 1, 3, 4, 0xff, 0xffff, 0x7ffffffc, 0x7fffffff, 0x80000000, 0x80000001,
		0xfffffff0, 0xfffffffb, 0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff,
	};

	switch (random_below(4)) {
	case 0:
		return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return random_u32() >> random_below(32);
	default:
		return random_below(PACKET_BYTES);
	}
}

static void put_range(struct program *p, u32 one, u32 other)
{
	put_op(p, FLOWWALL_U32_RANGE, one < other ? one : other, one < other ? other : one);
}

/* Any program that there can be, up to the longest. */
static void random_program(struct program *p)
{
	bool longest = !random_below(50);
	unsigned int tests = longest ? FLOWWALL_U32_TESTS : 1 + random_below(FLOWWALL_U32_TESTS);

	p->n = 0;
	while (tests--) {
		unsigned int n = longest ? FLOWWALL_U32_STEPS : random_below(FLOWWALL_U32_STEPS + 1);

		put_op(p, FLOWWALL_U32_LOAD, random_number(), 0);
		while (n--) {
			u32 code = FLOWWALL_U32_AND + random_below(4);
			bool shift = code == FLOWWALL_U32_LEFT || code == FLOWWALL_U32_RIGHT;

			put_op(p, code, shift ? random_below(32) : random_number(), 0);
		}
		n = longest ? FLOWWALL_U32_RANGES : 1 + random_below(FLOWWALL_U32_RANGES);
		while (n--) {
			u32 number = random_number();

			put_range(p, number, random_below(2) ? number : random_number());
		}
	}
}

/*
 * A program for the packet: it seldom leaves it, and its ranges begin or end next
 * to what is found.
 */
static void fitting_program(struct program *p, const struct view *packet)
{
	unsigned int tests = 1 + random_below(3), i;

	p->n = 0;
	while (tests--) {
		unsigned int n = random_below(FLOWWALL_U32_STEPS + 1);
		const struct flowwall_u32_op *last;
		long long value;

		put_op(p, FLOWWALL_U32_LOAD, random_below(20) ? random_below(packet->len - 3) :
		       random_number(), 0);
		for (i = 0; i < n; i++) {
			last = &p->ops[p->n - 1];
			value = value_after(last, packet);
			switch (random_below(4)) {
			case 0:
				put_op(p, FLOWWALL_U32_AND, random_u32(), 0);
				break;
			case 1:
				put_op(p, FLOWWALL_U32_LEFT, random_below(32), 0);
				break;
			case 2:
				put_op(p, FLOWWALL_U32_RIGHT, random_below(32), 0);
				break;
			default:
				if (value > packet->len / 4 && random_below(20)) {
					put_op(p, FLOWWALL_U32_AND, 0x1c, 0);
					break;
				}
				put_op(p, FLOWWALL_U32_AT, random_below(20) ?
				       random_below(PACKET_BYTES / 4) : random_number(), 0);
			}
		}

		value = value_after(&p->ops[p->n - 1], packet);
		if (value == NOTHING)
			value = 0;
		for (n = random_below(3); n; n--)
			put_range(p, random_number(), random_number());
		switch (random_below(6)) {
		case 0:
			put_range(p, value, 0xffffffff);
			break;
		case 1:
			put_range(p, 0, value);
			break;
		case 2:
			put_range(p, value == 0xffffffff ? value : value + 1, 0xffffffff);
			break;
		case 3:
			put_range(p, 0, value ? value - 1 : 0);
			break;
		default:
			put_range(p, value, value);
		}
	}
}

static void random_bytes(u8 *bytes, unsigned int len)
{
	unsigned int small = random_below(4), i;

	/* Small words are what an @ can follow. */
	for (i = 0; i < len; i++)
		bytes[i] = !small ? random_u32() : i % 4 < small ? 0 : random_below(64);
}

START_TEST(random_runs)
{
	unsigned int i, len, matched = 0, cut_off = 0;
	u8 bytes[32 + PACKET_BYTES];

	random_state = RANDOM_SEED;
	for (i = 0; i < RANDOM_RUNS; i++) {
		unsigned int offset = random_below(2) ? random_below(33) : 0;
		const struct view packet = { bytes + offset, PACKET_BYTES };
		bool whole;

		random_bytes(bytes, sizeof(bytes));
		if (random_below(8))
			fitting_program(&program, &packet);
		else
			random_program(&program);
		ck_assert_msg(!fwl_u32_check(program.ops, program.n), "seed %#x, run %u: %s",
			      RANDOM_SEED, i, fwl_u32_check(program.ops, program.n));
		whole = u32_expected(program.ops, program.n, packet.bytes, packet.len);
		matched += whole;

		for (len = 0; len <= PACKET_BYTES; len++) {
			unsigned int all = offset + len, cut = random_below(all + 1);
			bool want = u32_expected(program.ops, program.n, packet.bytes, len);

			cut_off += whole && !want;
			ck_assert_msg(run(&program, bytes, all, offset, all, all) == want,
				      "seed %#x, run %u, %u bytes at %u: not %d: %s", RANDOM_SEED,
				      i, len, offset, want, printed(&program));
			ck_assert_msg(run(&program, bytes, all, offset, cut,
					  cut + random_below(all - cut + 1)) == want,
				      "seed %#x, run %u, %u bytes at %u, cut at %u: not %d: %s",
				      RANDOM_SEED, i, len, offset, cut, want, printed(&program));
		}
	}
	/* Else it would have tried the way in alone. */
	ck_assert_uint_gt(matched, RANDOM_RUNS / 5);
	ck_assert_uint_lt(matched, RANDOM_RUNS - RANDOM_RUNS / 5);
	ck_assert_uint_gt(cut_off, RANDOM_RUNS * 5);
}
END_TEST

/* --- the check ------------------------------------------------------------- */

#define OPS_MAX 13

static const struct {
	const char *why;
	struct flowwall_u32_op ops[OPS_MAX];
	unsigned int n;
} bad_programs[] = {
	{ "at least one test", { { 0 } }, 0 },
	{ "begins with an offset", { AND(1), RANGE(0, 1) }, 2 },
	{ "begins with an offset", { RANGE(0, 1) }, 1 },
	{ "has no range", { LOAD(0) }, 1 },
	{ "has no range", { LOAD(0), AND(1) }, 2 },
	{ "has no range", { LOAD(0), LOAD(0), RANGE(0, 1) }, 3 },
	{ "has no range", { LOAD(0), RANGE(0, 1), LOAD(0) }, 3 },
	{ "goes on after", { LOAD(0), RANGE(0, 1), AND(1), RANGE(0, 1) }, 4 },
	{ "goes on after", { LOAD(0), RANGE(0, 1), AT(1) }, 3 },
	{ "goes on after", { LOAD(0), RANGE(0, 1), LEFT(1) }, 3 },
	{ "goes on after", { LOAD(0), RANGE(0, 1), RIGHT(1) }, 3 },
	{ "more than 31", { LOAD(0), LEFT(32), RANGE(0, 1) }, 3 },
	{ "more than 31", { LOAD(0), RIGHT(32), RANGE(0, 1) }, 3 },
	{ "more than 31", { LOAD(0), RIGHT(0xffffffff), RANGE(0, 1) }, 3 },
	{ "ends before", { LOAD(0), RANGE(1, 0) }, 2 },
	{ "ends before", { LOAD(0), RANGE(0xffffffff, 0xfffffffe) }, 2 },
	{ "not known", { LOAD(0), { __FLOWWALL_U32_MAX, 0, 0 }, RANGE(0, 1) }, 3 },
	{ "not known", { LOAD(0), { 0xffffffff, 0, 0 }, RANGE(0, 1) }, 3 },
	{ "not known", { LOAD(0), RANGE(0, 1), { 0x80000000, 0, 0 } }, 3 },
	{ "second number", { { FLOWWALL_U32_LOAD, 0, 1 }, RANGE(0, 1) }, 2 },
	{ "second number", { LOAD(0), { FLOWWALL_U32_AND, 0, 1 }, RANGE(0, 1) }, 3 },
	{ "second number", { LOAD(0), { FLOWWALL_U32_LEFT, 0, 1 }, RANGE(0, 1) }, 3 },
	{ "second number", { LOAD(0), { FLOWWALL_U32_RIGHT, 0, 1 }, RANGE(0, 1) }, 3 },
	{ "second number", { LOAD(0), { FLOWWALL_U32_AT, 0, 0x80000000 }, RANGE(0, 1) }, 3 },
	{ "too many steps", { LOAD(0), AND(1), AND(1), AND(1), AND(1), AND(1), AND(1), AT(1),
			      AND(1), AND(1), AND(1), LEFT(1), RANGE(0, 1) }, 13 },
	{ "too many ranges", { LOAD(0), RANGE(0, 1), RANGE(0, 1), RANGE(0, 1), RANGE(0, 1),
			       RANGE(0, 1), RANGE(0, 1), RANGE(0, 1), RANGE(0, 1), RANGE(0, 1),
			       RANGE(0, 1), RANGE(2, 3) }, 12 },
};

START_TEST(bad_programs_are_refused)
{
	/* Of its exact size, so that a read behind it is seen. */
	struct flowwall_u32_op *ops = calloc(bad_programs[_i].n ? bad_programs[_i].n : 1,
					     sizeof(*ops));
	const char *why;

	ck_assert_ptr_nonnull(ops);
	memcpy(ops, bad_programs[_i].ops, bad_programs[_i].n * sizeof(*ops));
	why = fwl_u32_check(ops, bad_programs[_i].n);
	ck_assert_msg(why && strstr(why, bad_programs[_i].why), "\"%s\": %s",
		      bad_programs[_i].why, why);
	free(ops);
}
END_TEST

START_TEST(too_many_tests)
{
	struct flowwall_u32_op ops[2 * (FLOWWALL_U32_TESTS + 1)];
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i += 2) {
		ops[i] = (struct flowwall_u32_op)LOAD(i);
		ops[i + 1] = (struct flowwall_u32_op)RANGE(0, i);
	}
	ck_assert_ptr_null(fwl_u32_check(ops, 2 * FLOWWALL_U32_TESTS));
	ck_assert_ptr_nonnull(strstr(fwl_u32_check(ops, 2 * FLOWWALL_U32_TESTS + 2),
				     "too many tests"));
}
END_TEST

/* --- text ------------------------------------------------------------------ */

/* What is written, and what it is printed as; NULL if that is the same. */
static const struct {
	const char *written;
	const char *printed;
} good[] = {
	{ "0=0", NULL },
	{ "0=1,2,3", NULL },
	{ "0=1:2,3,4:5", NULL },
	{ "0=5:5", "0=5" },
	{ "0=0:0xFFFFFFFF", NULL },
	{ "0=0:4294967295", "0=0:0xFFFFFFFF" },
	{ "0=255,256", "0=255,0x100" },
	{ "0=255:256", "0=255:0x100" },
	{ "0=010:0x10", "0=8:16" },
	{ "00=00", "0=0" },
	{ "037777777777=037777777777", "4294967295=0xFFFFFFFF" },
	{ "0x0000000000000000001=000000000000000001", "1=1" },
	{ "0xa&0xabcdef=0XAB", "10&0xABCDEF=171" },
	{ "6&0xFF=47&&0>>22&0x3C@0&0x20000000=0x20000000", NULL },
	{ "0&0xFFFF=0x100:0xFFFF", NULL },
	{ "6&0xFF=1 && 4&0x3FFF=0 && 0>>22&0x3C@0>>24=0",
	  "6&0xFF=1&&4&0x3FFF=0&&0>>22&0x3C@0>>24=0" },
	{ "6&0xFF=6 && 4&0x1FFF=0 && 0>>22&0x3C@12>>26&0x3C@0=0x01020304",
	  "6&0xFF=6&&4&0x1FFF=0&&0>>22&0x3C@12>>26&0x3C@0=0x1020304" },
	{ " \t0 << 0\n>>\r31 & 0 @ 4294967295 \v=\f1 : 2 , 3 && 4 = 5 ",
	  "0<<0>>31&0x0@4294967295=1:2,3&&4=5" },
	{ "0&15=1", "0&0xF=1" },
	{ "0<<0x1f>>037=1", "0<<31>>31=1" },
	{ "0&1&2&3&4&5&6&7&8&9&10=0", "0&0x1&0x2&0x3&0x4&0x5&0x6&0x7&0x8&0x9&0xA=0" },
	{ "0=1,2,3,4,5,6,7,8,9,10", NULL },
	{ "0=1&&0=2&&0=3&&0=4&&0=5&&0=6&&0=7&&0=8&&0=9&&0=10", NULL },
};

START_TEST(good_texts)
{
	const char *want = good[_i].printed ? good[_i].printed : good[_i].written;

	parse_good(good[_i].written);
	ck_assert_ptr_null(fwl_u32_check(program.ops, program.n));
	ck_assert_str_eq(printed(&program), want);
}
END_TEST

START_TEST(ops_of_a_text)
{
	static const struct flowwall_u32_op want[] = {
		LOAD(0), RIGHT(22), AND(0x3c), AT(12), LEFT(3), RANGE(1, 1), RANGE(5, 7),
		LOAD(4), RANGE(0, 0xffffffff),
	};

	parse_good("0>>22&0x3C@12<<3=1,5:7&&4=0:0xFFFFFFFF");
	ck_assert_uint_eq(program.n, sizeof(want) / sizeof(want[0]));
	ck_assert_mem_eq(program.ops, want, sizeof(want));
}
END_TEST

/* A wrong text, the byte at which it is wrong, and part of the message. */
static const struct {
	const char *written;
	unsigned int at;
	const char *why;
} bad[] = {
	{ "", 0, "a number is expected" },
	{ "  ", 2, "a number is expected" },
	{ "=1", 0, "a number is expected" },
	{ "!0=1", 0, "a number is expected" },
	{ "x=1", 0, "a number is expected" },
	{ "0", 1, "`=` and a value are missing" },
	{ "6&0xFF", 6, "`=` and a value are missing" },
	{ "6&0xFF  ", 8, "`=` and a value are missing" },
	{ "6&&0xFF=1", 1, "one `&` between numbers" },
	{ "0=1&&4", 6, "`=` and a value are missing" },
	{ "0 4=1", 2, "are expected" },
	{ "0|4=1", 1, "are expected" },
	{ "0:4=1", 1, "`=` is missing" },
	{ "0,4=1", 1, "`=` is missing" },
	{ "0!=1", 1, "there is no !=" },
	{ "0<5", 1, "a shift is << or >>" },
	{ "0>=5", 1, "a shift is << or >>" },
	{ "0==5", 2, "one `=` is enough" },
	{ "0=", 2, "a number is expected" },
	{ "0= && 1=2", 3, "a number is expected" },
	{ "0&=1", 2, "a number is expected" },
	{ "0&0xFF@=1", 7, "a number is expected" },
	{ "0>> >2=1", 4, "a number is expected" },
	{ "0=1,", 4, "a number is expected" },
	{ "0=,1", 2, "a number is expected" },
	{ "0=1:", 4, "a number is expected" },
	{ "0=:1", 2, "a number is expected" },
	{ "0=1&&", 5, "a number is expected" },
	{ "0=1&&&1=2", 5, "a number is expected" },
	{ "0=1 & 2=3", 4, "`&&` between tests" },
	{ "0=1&2", 3, "`&&` between tests" },
	{ "0=1=2", 3, "a test has one `=`" },
	{ "0=1-5", 3, "with a colon" },
	{ "0=1<<2", 3, "before the `=`" },
	{ "0=1@2", 3, "before the `=`" },
	{ "0=1:2:3", 5, "or the end are expected" },
	{ "0=1 2", 4, "or the end are expected" },
	{ "0=1\xc3\xa9", 3, "or the end are expected" },
	{ "-1=1", 0, "negative" },
	{ "0=-1", 2, "negative" },
	{ "0&-4=1", 2, "negative" },
	{ "0=4294967296", 2, "above 4294967295" },
	{ "0=0x100000000", 2, "above 4294967295" },
	{ "040000000000=0", 0, "above 4294967295" },
	{ "0=99999999999999999999999999999999999999", 2, "above 4294967295" },
	{ "0=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 2, "above 4294967295" },
	{ "0=0x", 4, "a hexadecimal digit" },
	{ "0=0xG", 4, "a hexadecimal digit" },
	{ "0=0x1G", 5, "no hexadecimal digit" },
	{ "0=089", 3, "octal" },
	{ "0=0b1", 3, "octal" },
	{ "0=1F", 3, "no digit of a decimal number" },
	{ "0<<32=1", 3, "from 0 to 31" },
	{ "0>> 32=1", 4, "from 0 to 31" },
	{ "0=2:1", 2, "above the second" },
	{ "0=1, 0xFFFF:0x100", 5, "above the second" },
	{ "0&1&2&3&4&5&6&7&8&9&10&11=0", 22, "more than 10 of & << >> @" },
	{ "0=1,2,3,4,5,6,7,8,9,10,11", 23, "more than 10 values" },
	{ "0=1&&0=2&&0=3&&0=4&&0=5&&0=6&&0=7&&0=8&&0=9&&0=10&& 0=11", 52, "more than 10 tests" },
};

START_TEST(bad_texts)
{
	const char *written = bad[_i].written, *why = NULL;
	/* Of its exact size, so that a read behind it is seen. */
	char *copy = strdup(written);
	size_t at = 9999;

	ck_assert_msg(!u32_parse(copy, program.ops, &program.n, &at, &why), "%s", written);
	ck_assert_msg(at == bad[_i].at, "%s: at %zu, not %u: %s", written, at, bad[_i].at, why);
	ck_assert_msg(why && strstr(why, bad[_i].why), "%s: \"%s\": %s", written, bad[_i].why, why);
	free(copy);
}
END_TEST

START_TEST(round_trip)
{
	const char *why = NULL;
	unsigned int i;
	size_t at = 0;

	random_state = RANDOM_SEED;
	for (i = 0; i < RANDOM_TEXTS; i++) {
		random_program(&program);
		printed(&program);
		memset(&again, 0xa5, sizeof(again));
		ck_assert_msg(u32_parse(text, again.ops, &again.n, &at, &why),
			      "seed %#x, program %u: byte %zu: %s: %s", RANDOM_SEED, i, at, why,
			      text);
		ck_assert_msg(again.n == program.n && !memcmp(again.ops, program.ops, program.n *
			      sizeof(program.ops[0])), "seed %#x, program %u: %s", RANDOM_SEED, i,
			      text);
	}
}
END_TEST

/* What no check has seen, in too little room: cut, with its length, and refused. */
START_TEST(printing_anything)
{
	unsigned int i, j;
	size_t at, size;

	random_state = RANDOM_SEED;
	for (i = 0; i < RANDOM_TEXTS; i++) {
		const char *why = NULL;
		size_t length;
		char *little;
		bool known;

		program.n = random_below(12);
		for (j = 0; j < program.n; j++)
			program.ops[j] = (struct flowwall_u32_op){
				random_below(10) ? random_below(6) : random_u32(),
				random_number(), random_below(4) ? 0 : random_number(),
			};
		printed(&program);
		length = strlen(text);
		size = random_below(length + 3);
		little = malloc(size + 1);
		ck_assert_ptr_nonnull(little);
		little[size] = '#';
		ck_assert_uint_eq(u32_print(program.ops, program.n, little, size), length);
		ck_assert_msg(little[size] == '#', "seed %#x, program %u", RANDOM_SEED, i);
		if (size) {
			ck_assert_uint_eq(strlen(little), size <= length ? size - 1 : length);
			ck_assert(!strncmp(little, text, size - 1));
		}
		free(little);

		known = !fwl_u32_check(program.ops, program.n);
		ck_assert_msg(u32_parse(text, again.ops, &again.n, &at, &why) == known,
			      "seed %#x, program %u: %s", RANDOM_SEED, i, text);
	}
	ck_assert_uint_eq(u32_print(NULL, 0, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *u32_suite(void)
{
	Suite *suite = suite_create("u32");
	TCase *running = tcase_create("running");
	TCase *language = tcase_create("language");

	tcase_set_timeout(running, 60);
	tcase_add_test(running, total_length);
	tcase_add_test(running, icmp_type);
	tcase_add_test(running, tcp_payload);
	tcase_add_loop_test(running, single_steps, 0, COUNT(steps));
	tcase_add_test(running, bases_do_not_come_round);
	tcase_add_test(running, short_packets);
	tcase_add_test(running, random_runs);
	tcase_add_loop_test(running, bad_programs_are_refused, 0, COUNT(bad_programs));
	tcase_add_test(running, too_many_tests);
	suite_add_tcase(suite, running);

	tcase_set_timeout(language, 60);
	tcase_add_loop_test(language, good_texts, 0, COUNT(good));
	tcase_add_test(language, ops_of_a_text);
	tcase_add_loop_test(language, bad_texts, 0, COUNT(bad));
	tcase_add_test(language, round_trip);
	tcase_add_test(language, printing_anything);
	suite_add_tcase(suite, language);
	return suite;
}

int main(void)
{
	return run_suite(u32_suite());
}
