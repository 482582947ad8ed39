/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_LEARN_H
#define DECOY_LEARN_H

/*
 * A switch that learns (IEEE 802.1D): the controller sees the first packets between two
 * hosts, and makes flows for the others.
 */
#include "session.h"
#include "siphash.h"

struct learn;

extern const struct mode learn_mode;

struct learn *learn_new(const uint8_t key[SIPHASH_KEY]);
void learn_free(struct learn *learn);
void learn_tick(struct learn *learn, uint64_t now);

#endif
