// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a u32 program and a packet, and any text as a u32 program.
 *
 * The first byte says how many ops follow, each of a code and two numbers; the
 * packet is the rest. A program that passes the check is run, linear and paged,
 * and finds what the second opinion does; one that comes out of text must pass
 * the check, and be the same after it is printed.
 */
#include <stdio.h>

#include <linux/flowwall.h>
#include <linux/skbuff.h>

#include "lang.h"
#include "u32.h"
#include "u32_oracle.h"

#define OP_BYTES 9

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static u32 number(const u8 *bytes)
{
	return (u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static bool run(const struct flowwall_u32_op *ops, unsigned int n, const u8 *bytes,
		unsigned int len, unsigned int offset, unsigned int cut)
{
	struct sk_buff skb;
	bool matches;

	shim_skb_fill(&skb, bytes, len, cut, cut + (len - cut) / 2);
	matches = fwl_u32_matches(ops, n, &skb, offset);
	shim_skb_free(&skb);
	return matches;
}

static void try_program(const struct flowwall_u32_op *ops, unsigned int n, const u8 *bytes,
			unsigned int len)
{
	unsigned int offset = len ? bytes[len - 1] % 32 : 0;
	bool linear = run(ops, n, bytes, len, offset, len);

	if (run(ops, n, bytes, len, offset, len ? bytes[0] % (len + 1) : 0) != linear)
		complain("a linear and a paged packet give different results");
	if (offset <= len && run(ops, n, bytes + offset, len - offset, 0, 0) != linear)
		complain("what is before the packet counts");
	if (offset <= len && u32_expected(ops, n, bytes + offset, len - offset) != linear)
		complain("the second opinion is another one");
	if (linear && len < offset + 4)
		complain("there is nothing to match");
}

static void try_print(const struct flowwall_u32_op *ops, unsigned int n, bool good)
{
	struct flowwall_u32_op again[FLOWWALL_U32_OPS];
	size_t length = u32_print(ops, n, NULL, 0), at;
	char *text = malloc(length + 1);
	const char *why;
	unsigned int m;

	if (!text)
		abort();
	if (u32_print(ops, n, text, length + 1) != length || strlen(text) != length)
		complain("the length is wrong");
	if (u32_parse(text, again, &m, &at, &why) != good)
		complain(good ? "a program is refused" : "no program is accepted");
	if (good && (m != n || memcmp(again, ops, n * sizeof(*ops))))
		complain("printing changes the program");
	free(text);
}

static void try_text(const u8 *data, size_t size)
{
	struct flowwall_u32_op ops[FLOWWALL_U32_OPS];
	char *text = malloc(size + 1);
	const char *why = NULL;
	size_t at = size + 1;
	unsigned int n;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (u32_parse(text, ops, &n, &at, &why)) {
		why = fwl_u32_check(ops, n);
		if (why)
			complain(why);
		try_print(ops, n, true);
		try_program(ops, n, data, size);
	} else if (!why || at > strlen(text)) {
		complain("a mistake has no place or no message");
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* On the heap and of its size, so that a read behind it is seen. */
	struct flowwall_u32_op *ops;
	unsigned int n, i;
	bool good;

	if (!size)
		return 0;
	try_text(data, size);

	n = data[0];
	if (n > (size - 1) / OP_BYTES)
		n = (size - 1) / OP_BYTES;
	ops = malloc(n * sizeof(*ops));
	if (n && !ops)
		abort();
	for (i = 0; i < n; i++) {
		const u8 *op = data + 1 + i * OP_BYTES;

		ops[i].code = op[0] == 0xff ? 0xffffffff : op[0];
		ops[i].a = number(op + 1);
		ops[i].b = number(op + 5);
	}
	good = !fwl_u32_check(ops, n);
	try_print(ops, n, good);
	if (good)
		try_program(ops, n, data + 1 + n * OP_BYTES, size - 1 - n * OP_BYTES);
	free(ops);
	return 0;
}
