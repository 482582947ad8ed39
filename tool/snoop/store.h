/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STORE_H
#define STORE_H

#include "names.h"
#include "tracker.h"

/* The version of the schema; fwctl(8), under THE STORE, has it in words. */
#define STORE_VERSION		2
#define STORE_APPLICATION	0x46574c53	/* "FWLS": PRAGMA application_id */

/* A packet that is to be stored; its bytes are not its own. */
struct batch_packet {
	uint64_t id;
	uint64_t flow;
	uint64_t ts_ns;
	uint32_t len;
	uint32_t caplen;
	uint32_t dups;
	int vlan;
	const uint8_t *raw;
};

struct batch_name {
	uint64_t flow;
	enum name_kind kind;
	char *name;
};

/* What passed within a second with the same protocols. */
struct batch_traffic {
	uint64_t second;
	uint64_t path;
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_packet;
	uint64_t last_packet;
};

/**
 * struct counters - what became of packets
 * @received: by this program
 * @stored: each once
 * @dups: seen again, and left out
 * @dropped_kernel: the kernel's ring was full
 * @dropped_queue: the way to the writer was full
 * @lost: could not be written
 */
struct counters {
	uint64_t received;
	uint64_t stored;
	uint64_t dups;
	uint64_t dropped_kernel;
	uint64_t dropped_queue;
	uint64_t lost;
	uint64_t bytes;
};

/**
 * struct capture_row - one run of snoop, as far as it is in one file
 * @id: set by the store
 * @first_flow: what the first of its conversations is numbered, or would be
 * @ended: it came to its end in order
 */
struct capture_row {
	int64_t id;
	const char *source;
	const char *filter;
	const char *dedupe;
	int link;
	int snaplen;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t first_flow;
	struct counters count;
	bool ended;
};

/**
 * struct batch - what is stored together, or not at all
 * @late: numbers of packets that are stored already and were seen again
 * @flow: conversations that changed
 */
struct batch {
	struct batch_packet *packet;
	size_t n_packets;
	uint64_t *late;
	size_t n_late;
	struct watched **flow;
	size_t n_flows;
	struct batch_name *name;
	size_t n_names;
	struct batch_traffic *traffic;
	size_t n_traffic;
	uint64_t bytes;
	struct capture_row capture;
};

/**
 * struct store_options - how to store
 * @where: a file, or postgresql://...
 * @max_size: bytes of all files together, 0 for no limit
 * @max_age: seconds that a file is kept, 0 for no limit
 * @rotate_size: bytes of a file, 0 for an eighth of @max_size
 * @rotate_age: seconds of a file, 0 for an eighth of @max_age
 * @keep_free: bytes that the disk keeps free
 */
struct store_options {
	const char *where;
	uint64_t max_size;
	uint64_t max_age;
	uint64_t rotate_size;
	uint64_t rotate_age;
	uint64_t keep_free;
};

enum store_result {
	STORE_DONE,
	STORE_AGAIN,	/* out of reach for now: the batch is to be tried again */
	STORE_FULL,	/* there is no room, and nothing that may go */
	STORE_FAILED,
};

/**
 * struct store - where packets are stored
 * @next_packet: the number of the next packet
 * @next_flow: of the first conversation of this run
 * @link: the link type of what is there, -1 if nothing is
 * @write: all of the batch or nothing
 * @keep: keeps the limits; sets *@next_part if the next batch goes to another file
 * @abandon: called by another thread: @write and @keep, which wait for somebody, are to
 *	end now, and fail from now on; NULL if they wait for nobody
 * @error: a sentence about what went wrong last
 */
struct store {
	struct store_options options;
	uint64_t next_packet;
	uint64_t next_flow;
	int link;
	enum store_result (*write)(struct store *store, struct batch *batch);
	enum store_result (*keep)(struct store *store, const struct batch *next, bool *next_part);
	void (*abandon)(struct store *store);
	void (*close)(struct store *store);
	char error[512];
};

struct store *store_open(const struct store_options *options, char *error, size_t size);
struct store *store_open_sqlite(const struct store_options *options, char *error, size_t size);
struct store *store_open_postgres(const struct store_options *options, char *error, size_t size);
bool store_is_postgres(const char *where);
enum store_result store_fail(struct store *store, enum store_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What the stores write alike. */
#define END_TEXT_SIZE 48
void end_text(const struct flow_key *key, enum way sender, char text[END_TEXT_SIZE]);
const char *net_text(const struct flow_key *key, char *buffer, size_t size);

#endif
