// SPDX-License-Identifier: GPL-2.0-only
/*
 * u32 programs: is one well formed, and does a packet match it?
 *
 * Pure, as parse.c is: built and fuzzed in user space as well. A program comes
 * from an administrator, but it computes where to read from what a packet holds,
 * so every place is compared with the packet's end before it is used.
 */
#include <linux/skbuff.h>
#include <linux/string.h>

#include <linux/flowwall.h>

#include "u32.h"

#define SHIFT_MAX 31

static bool is_shift(const struct flowwall_u32_op *op)
{
	return op->code == FLOWWALL_U32_LEFT || op->code == FLOWWALL_U32_RIGHT;
}

/**
 * fwl_u32_check() - can this be run?
 * @ops: the program; any bytes
 * @n: how many ops
 *
 * Return: NULL, or for a person why it is no program.
 */
const char *fwl_u32_check(const struct flowwall_u32_op *ops, unsigned int n)
{
	unsigned int tests = 0, steps = 0, ranges = 0, i;

	if (!n)
		return "a u32 program has at least one test";

	for (i = 0; i < n; i++) {
		const struct flowwall_u32_op *op = &ops[i];

		if (!i && op->code != FLOWWALL_U32_LOAD)
			return "a u32 program begins with an offset to load from";
		if (op->code >= __FLOWWALL_U32_MAX)
			return "a u32 program has a step that is not known here";
		if (op->code != FLOWWALL_U32_RANGE && op->b)
			return "only a range of a u32 program has a second number";

		switch (op->code) {
		case FLOWWALL_U32_LOAD:
			if (i && !ranges)
				return "a test of a u32 program has no range";
			if (++tests > FLOWWALL_U32_TESTS)
				return "a u32 program has too many tests";
			steps = 0;
			ranges = 0;
			break;
		case FLOWWALL_U32_AND:
		case FLOWWALL_U32_LEFT:
		case FLOWWALL_U32_RIGHT:
		case FLOWWALL_U32_AT:
			if (is_shift(op) && op->a > SHIFT_MAX)
				return "a u32 program shifts by more than 31 bits";
			if (ranges)
				return "a test of a u32 program goes on after its ranges";
			if (++steps > FLOWWALL_U32_STEPS)
				return "a test of a u32 program has too many steps";
			break;
		case FLOWWALL_U32_RANGE:
			if (op->a > op->b)
				return "a range of a u32 program ends before it begins";
			if (++ranges > FLOWWALL_U32_RANGES)
				return "a test of a u32 program has too many ranges";
			break;
		}
	}
	return ranges ? NULL : "a test of a u32 program has no range";
}

/*
 * The 4 bytes at @at of the packet that begins at @offset of @skb. @at is wide
 * enough for any base and any number; it becomes an int only when it is known to
 * lie in the packet, as skb_header_pointer() trusts what it is given.
 */
static bool load(const struct sk_buff *skb, unsigned int offset, u64 at, u32 *value)
{
	const void *bytes;
	__be32 buffer;

	if (offset > skb->len || at + sizeof(buffer) > skb->len - offset)
		return false;
	bytes = skb_header_pointer(skb, offset + at, sizeof(buffer), &buffer);
	if (!bytes)
		return false;
	/* A program may read at odd offsets. */
	memcpy(&buffer, bytes, sizeof(buffer));
	*value = ntohl(buffer);
	return true;
}

/**
 * fwl_u32_matches() - does the packet match the program?
 * @ops: the program; fwl_u32_check() had nothing against it
 * @n: how many ops
 * @skb: holds the packet; may be paged
 * @offset: of the network header in @skb, from where the program counts
 *
 * A packet in which there is nothing at one of the places to read does not match.
 */
bool fwl_u32_matches(const struct flowwall_u32_op *ops, unsigned int n,
		     const struct sk_buff *skb, unsigned int offset)
{
	bool holds = true;
	unsigned int i;
	u32 value = 0;
	u64 base = 0;

	for (i = 0; i < n; i++) {
		const struct flowwall_u32_op *op = &ops[i];

		switch (op->code) {
		case FLOWWALL_U32_LOAD:
			if (!holds || !load(skb, offset, op->a, &value))
				return false;
			holds = false;
			base = 0;
			break;
		case FLOWWALL_U32_AND:
			value &= op->a;
			break;
		case FLOWWALL_U32_LEFT:
			value <<= op->a;
			break;
		case FLOWWALL_U32_RIGHT:
			value >>= op->a;
			break;
		case FLOWWALL_U32_AT:
			base += value;
			if (!load(skb, offset, base + op->a, &value))
				return false;
			break;
		case FLOWWALL_U32_RANGE:
			if (value >= op->a && value <= op->b)
				holds = true;
			break;
		}
	}
	return holds;
}
