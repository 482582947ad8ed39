/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second opinion on u32 programs: what they must find, computed from the last
 * step back to the first and over one flat array of bytes. For unit tests and
 * fuzzing.
 */
#ifndef SHIM_U32_ORACLE_H
#define SHIM_U32_ORACLE_H

#include <linux/flowwall.h>
#include <linux/types.h>

#define NOTHING (-1)

struct view {
	const u8 *bytes;
	long long len;
};

static inline long long value_after(const struct flowwall_u32_op *op, const struct view *packet);

/* What all @ up to this one, of the same test, have put on one another. */
static inline long long base_after(const struct flowwall_u32_op *op, const struct view *packet)
{
	long long before, step;

	while (op->code != FLOWWALL_U32_AT) {
		if (op->code == FLOWWALL_U32_LOAD)
			return 0;
		op--;
	}
	step = value_after(op - 1, packet);
	before = base_after(op - 1, packet);
	return step == NOTHING || before == NOTHING ? NOTHING : before + step;
}

static inline long long word_at(long long at, const struct view *packet)
{
	long long value = 0, i;

	for (i = at; i < at + 4; i++) {
		if (i >= packet->len)
			return NOTHING;
		value = value * 256 + packet->bytes[i];
	}
	return value;
}

static inline long long value_after(const struct flowwall_u32_op *op, const struct view *packet)
{
	long long value;

	if (op->code == FLOWWALL_U32_LOAD)
		return word_at(op->a, packet);
	if (op->code == FLOWWALL_U32_AT) {
		value = base_after(op, packet);
		return value == NOTHING ? NOTHING : word_at(value + op->a, packet);
	}
	value = value_after(op - 1, packet);
	if (value == NOTHING)
		return NOTHING;
	if (op->code == FLOWWALL_U32_AND)
		return value & op->a;
	if (op->code == FLOWWALL_U32_LEFT)
		return (value * (1ll << op->a)) % (1ll << 32);
	return value / (1ll << op->a);
}

/**
 * u32_expected() - does the packet match the program?
 * @op: the program, checked
 * @n: how many ops
 * @bytes: the packet
 * @len: of @bytes
 */
static inline bool u32_expected(const struct flowwall_u32_op *op, unsigned int n,
				const u8 *bytes, long long len)
{
	const struct flowwall_u32_op *end = op + n;
	const struct view packet = { bytes, len };

	while (op < end) {
		bool holds = false;
		long long value;

		while (op->code != FLOWWALL_U32_RANGE)
			op++;
		value = value_after(op - 1, &packet);
		for (; op < end && op->code == FLOWWALL_U32_RANGE; op++)
			holds = holds || (value != NOTHING && value >= op->a && value <= op->b);
		if (!holds)
			return false;
	}
	return true;
}

#endif
