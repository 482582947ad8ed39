// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which addresses real hosts have. Nobody says so: an address that is asked for belongs to
 * nobody if, for some time, no real host says that it is its own. The question reaches real
 * hosts as well, and their answers come here.
 */
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "decoy.h"

/* Places for addresses; one that takes the place of another has that one asked for again. */
#define PLACES		16384
#define QUESTIONS	512
#define QUESTION_BYTES	128

/* For how long what is known holds, in ms. */
#define NONE_MS		60000
#define REAL_MS		600000

struct hosts {
	struct known {
		uint8_t family;
		uint8_t state;
		uint8_t address[16];
		uint64_t until;
	} known[PLACES];
	struct question {
		struct origin from;
		uint8_t family;
		uint8_t address[16];
		uint64_t due;
		size_t n;
		uint8_t bytes[QUESTION_BYTES];
	} question[QUESTIONS];
	size_t n_questions;
};

/**
 * hosts_new() - nothing is known yet; to be given to free()
 */
struct hosts *hosts_new(void)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		fail_out_of_memory();
	return hosts;
}

static struct known *place_of(const struct decoy *decoy, uint8_t family, const uint8_t *address)
{
	return &decoy->hosts->known[siphash(decoy->key, address, address_bytes(family)) % PLACES];
}

static bool is_of(const struct known *known, uint8_t family, const uint8_t *address)
{
	return known->family == family && !memcmp(known->address, address, address_bytes(family));
}

/**
 * hosts_look() - what is known of an address
 */
enum host_state hosts_look(const struct decoy *decoy, uint8_t family, const uint8_t *address)
{
	const struct known *known = place_of(decoy, family, address);

	return is_of(known, family, address) && known->until > decoy->now ? known->state :
	       HOST_UNKNOWN;
}

/**
 * hosts_was_none() - was an address nobody's when it was last asked for, however long ago?
 */
bool hosts_was_none(const struct decoy *decoy, uint8_t family, const uint8_t *address)
{
	const struct known *known = place_of(decoy, family, address);

	return is_of(known, family, address) && known->state == HOST_NONE;
}

/**
 * hosts_set() - an address has become known
 */
void hosts_set(struct decoy *decoy, uint8_t family, const uint8_t *address, enum host_state state)
{
	struct known *known = place_of(decoy, family, address);

	known->family = family;
	known->state = state;
	memcpy(known->address, address, address_bytes(family));
	known->until = decoy->now + (state == HOST_REAL ? REAL_MS : NONE_MS);
}

/**
 * hosts_wait() - keep a question until a real host had the time to answer it
 *
 * Who gets no answer because too many wait asks again.
 */
void hosts_wait(struct decoy *decoy, const struct origin *from, const struct frame *frame,
		uint8_t family, const uint8_t *address)
{
	struct hosts *hosts = decoy->hosts;
	struct question *question = &hosts->question[hosts->n_questions];

	if (hosts->n_questions == QUESTIONS || frame->end > QUESTION_BYTES)
		return;
	hosts->n_questions++;
	question->from = *from;
	question->family = family;
	memcpy(question->address, address, address_bytes(family));
	question->due = decoy->now + decoy->setup->settle_ms;
	question->n = frame->end;
	memcpy(question->bytes, frame->bytes, frame->end);
}

/**
 * hosts_tick() - answer what has waited long enough, for addresses that nobody has
 *
 * Return: in how many ms to look again.
 */
unsigned int hosts_tick(struct decoy *decoy, void (*answer)(struct decoy *decoy,
			const struct origin *to, const uint8_t *bytes, size_t n))
{
	struct hosts *hosts = decoy->hosts;
	size_t due = 0, i;

	/* They all wait equally long, so they are in order. */
	while (due < hosts->n_questions && hosts->question[due].due <= decoy->now)
		due++;
	for (i = 0; i < due; i++) {
		const struct question *question = &hosts->question[i];

		if (hosts_look(decoy, question->family, question->address) == HOST_REAL)
			continue;
		hosts_set(decoy, question->family, question->address, HOST_NONE);
		answer(decoy, &question->from, question->bytes, question->n);
	}
	hosts->n_questions -= due;
	memmove(hosts->question, hosts->question + due,
		hosts->n_questions * sizeof(*hosts->question));
	return hosts->n_questions ? hosts->question[0].due - decoy->now : 1000;
}
