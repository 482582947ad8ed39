// SPDX-License-Identifier: GPL-2.0-or-later
/* SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012). */
#include "siphash.h"

static uint64_t little(const uint8_t *at, size_t n)
{
	uint64_t value = 0;

	while (n)
		value = value << 8 | at[--n];
	return value;
}

static uint64_t rotate(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

/**
 * siphash() - a hash that nobody without the key can foresee
 */
uint64_t siphash(const uint8_t key[SIPHASH_KEY], const void *data, size_t n)
{
	uint64_t k0 = little(key, 8), k1 = little(key + 8, 8);
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL,
		k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL,
	};
	const uint8_t *at = data;
	size_t left = n;

	for (; left >= 8; left -= 8, at += 8)
		absorb(v, little(at, 8));
	absorb(v, (uint64_t)n << 56 | little(at, left));
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
