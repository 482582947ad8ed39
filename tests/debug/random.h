/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that look random and are the same for the same seed. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static uint64_t random_state;

static inline uint32_t random_u32(void)
{
	/* splitmix64 */
	uint64_t z = (random_state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) >> 32;
}

/* From 0 to below @n. */
static inline uint32_t below(uint32_t n)
{
	return n ? (uint64_t)random_u32() * n >> 32 : 0;
}

/* True @n times out of a hundred. */
static inline bool percent(unsigned int n)
{
	return below(100) < n;
}

#endif
