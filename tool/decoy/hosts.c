// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which addresses real hosts have. Nobody says so: an address that is asked for belongs to
 * nobody if, for some time, no real host says that it is its own. The question reaches real
 * hosts as well; but where both are behind one port the answer need not come by the bridge, so
 * the decoy asks, too.
 */
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "decoy.h"
#include "wire.h"

/* Places for addresses; one that takes the place of another has that one asked for again. */
#define PLACES		16384
#define QUESTIONS	512
#define QUESTION_BYTES	128

/* For how long what is known holds, in ms. */
#define NONE_MS		60000
#define REAL_MS		600000

struct hosts {
	struct known {
		struct located where;
		uint8_t state;
		uint64_t until;
	} known[PLACES];
	struct question {
		struct origin from;
		struct located where;
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

/**
 * locate() - an address, in the VLAN and at the switch that a frame came from
 *
 * A switch is known by its connection, of which no other one has the number. A tag without
 * a VLAN only has a priority (IEEE 802.1Q, 9.6), which tells nobody apart.
 */
struct located locate(const struct origin *from, const struct frame *frame, uint8_t family,
		       const uint8_t *address)
{
	struct located where = { .family = family };
	uint8_t *tag = where.site + 4;
	size_t at;

	memcpy(where.address, address, address_bytes(family));
	put32(where.site, from->generation);
	for (at = 2 * MAC_BYTES; at < frame->link; at += 4) {
		uint16_t vlan = get16(frame->bytes + at + 2) & 0xfff;

		if (!vlan)
			continue;
		memcpy(tag, frame->bytes + at, 2);
		put16(tag + 2, vlan);
		tag += 4;
	}
	return where;
}

static bool is_same(const struct located *a, const struct located *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static struct known *place_of(const struct decoy *decoy, const struct located *where)
{
	return &decoy->hosts->known[siphash(decoy->key, where, sizeof(*where)) % PLACES];
}

/**
 * hosts_look() - what is known of an address
 */
enum host_state hosts_look(const struct decoy *decoy, const struct located *where)
{
	const struct known *known = place_of(decoy, where);

	return is_same(&known->where, where) && known->until > decoy->now ? known->state :
	       HOST_UNKNOWN;
}

/**
 * hosts_was_none() - was an address nobody's when it was last asked for, however long ago?
 */
bool hosts_was_none(const struct decoy *decoy, const struct located *where)
{
	const struct known *known = place_of(decoy, where);

	return is_same(&known->where, where) && known->state == HOST_NONE;
}

static void set(struct decoy *decoy, const struct located *where, enum host_state state)
{
	*place_of(decoy, where) = (struct known){
		*where, state, decoy->now + (state == HOST_REAL ? REAL_MS : NONE_MS)
	};
}

/**
 * hosts_claim() - a real host has an address, or says so
 *
 * Who waits for an answer is forgotten here: until it is due, another address may take the
 * place where that is remembered.
 */
void hosts_claim(struct decoy *decoy, const struct located *where)
{
	struct hosts *hosts = decoy->hosts;
	size_t i, left = 0;

	set(decoy, where, HOST_REAL);
	for (i = 0; i < hosts->n_questions; i++) {
		const struct question *question = &hosts->question[i];

		if (is_same(&question->where, where))
			continue;
		if (left < i)
			hosts->question[left] = *question;
		left++;
	}
	hosts->n_questions = left;
}

/**
 * hosts_wait() - keep a question until a real host had the time to answer it
 *
 * Who gets no answer because too many wait asks again.
 *
 * Return: whether it is kept.
 */
bool hosts_wait(struct decoy *decoy, const struct origin *from, const struct frame *frame,
		const struct located *where)
{
	struct hosts *hosts = decoy->hosts;
	struct question *question = &hosts->question[hosts->n_questions];

	if (hosts->n_questions == QUESTIONS || frame->end > QUESTION_BYTES)
		return false;
	hosts->n_questions++;
	question->from = *from;
	question->where = *where;
	question->due = decoy->now + decoy->setup->settle_ms;
	question->n = frame->end;
	memcpy(question->bytes, frame->bytes, frame->end);
	return true;
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

		set(decoy, &question->where, HOST_NONE);
		answer(decoy, &question->from, question->bytes, question->n);
	}
	hosts->n_questions -= due;
	memmove(hosts->question, hosts->question + due,
		hosts->n_questions * sizeof(*hosts->question));
	return hosts->n_questions ? hosts->question[0].due - decoy->now : 1000;
}
