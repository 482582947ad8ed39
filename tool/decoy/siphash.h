/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_SIPHASH_H
#define DECOY_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY	16

uint64_t siphash(const uint8_t key[SIPHASH_KEY], const void *data, size_t n);

#endif
