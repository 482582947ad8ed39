/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FIGURES_H
#define FIGURES_H

#include <jansson.h>
#include <stdio.h>

#include "source.h"
#include "tally.h"

#define SLOTS		240	/* of traffic over time */
#define TIME_BUCKETS	256	/* of handshake times */

/* What the plot of traffic tells apart. */
enum series_kind { SERIES_TCP, SERIES_UDP, SERIES_ICMP, SERIES_OTHER, SERIES };

extern const char *const series_names[SERIES];

/* Which of a tally's counts is what. */
enum { SENT_PACKETS, SENT_BYTES, GOT_PACKETS, GOT_BYTES };	/* of talkers */
enum { COUNT_PACKETS, COUNT_BYTES, COUNT_FLOWS };		/* of ports; layers, names */

struct slot {
	uint64_t packets[SERIES];
	uint64_t bytes[SERIES];
};

struct conversation {
	struct flow_row row;	/* its texts are those below */
	char net[16];
	char src[END_TEXT_SIZE];
	char dst[END_TEXT_SIZE];
};

/**
 * struct health - how TCP's connections are
 * @unanswered: a SYN, and nothing came back
 * @broken: connections with a RST
 * @handshake: how many took how long: eight buckets for each doubling of a microsecond
 */
struct health {
	uint64_t connections;
	uint64_t unanswered;
	uint64_t broken;
	uint64_t retransmissions;
	uint64_t out_of_order;
	uint64_t resets;
	uint64_t packets;
	uint64_t handshakes;
	uint64_t fastest_ns;
	uint64_t slowest_ns;
	uint64_t handshake[TIME_BUCKETS];
};

/**
 * struct figures - what a report says
 * @slot_ns: how long a slot of @slots is; it doubles as the time grows
 * @conversation: the @n_conversations largest, of at most @top
 * @flows: how many conversations there are
 */
struct figures {
	const char *source;
	size_t top;
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t flows;
	struct tally layers;
	struct { uint64_t path; size_t row; } memo[64];	/* one more than a place in @layers */
	struct tally talkers;
	struct tally ports;
	struct tally names[NAME_KINDS];
	struct conversation *conversation;
	size_t n_conversations;
	struct health tcp;
	uint64_t slot_ns;
	uint64_t slots_ns;
	size_t n_slots;
	struct slot slot[SLOTS];
	size_t captures;
	size_t unended;
	struct counters counted;
	char captured_on[256];
	const char *error;
};

void figures_begin(struct figures *figures, const char *source, size_t top, uint64_t slot_ns);
void figures_flow(const struct flow_row *row, void *figures);
void figures_name(const char *kind, const char *name, uint64_t packets, void *figures);
void figures_traffic(struct figures *figures, uint64_t ts_ns, uint64_t path, uint64_t packets, uint64_t bytes);
void figures_traffic_row(uint64_t second, const char *layers, uint64_t packets, uint64_t bytes, void *figures);
void figures_capture(const struct capture_row *row, void *figures);
void figures_end(struct figures *figures);
void figures_free(struct figures *figures);
uint64_t figures_handshake(const struct figures *figures, unsigned int percent);
uint64_t path_read(const char *layers);

void conversation_text(const struct conversation *c, char *text, size_t size);
void report_text(const struct figures *figures);
json_t *report_json_object(const struct figures *figures);
bool report_html(const struct figures *figures, FILE *file);

#endif
