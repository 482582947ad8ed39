// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one who writes: queue -> duplicates out -> conversations -> batches -> store. A
 * batch is what came within a quarter of a second, or less when much comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lang/lang.h"
#include "writer.h"

#define BATCH_PACKETS	32768
#define BATCH_BYTES	(8u << 20)
#define BATCH_TRAFFIC	4096
#define TRAFFIC_SLOTS	(4 * BATCH_TRAFFIC)	/* a power of two */
#define BATCH_NS	250000000ull
#define TICK_NS		250000000ull

/**
 * struct work - what the thread has at hand
 * @batch: in the making; its arrays have room for BATCH_PACKETS
 * @slot: for each hash of second and protocols, one more than its place in the batch
 * @taken: packets and duplicates since the last batch; and their bytes, which stay in the queue
 * @begun_ns: when the first packet of the batch was taken
 * @ticked_ns: when limits were last looked at
 * @base: counters at the beginning of the present file
 */
struct work {
	struct writer *w;
	struct tracker *tracker;
	struct batch batch;
	uint32_t bytes_most;
	uint16_t slot[TRAFFIC_SLOTS];
	uint64_t next_packet;
	uint64_t taken;
	uint64_t taken_bytes;
	uint64_t begun_ns;
	uint64_t ticked_ns;
	struct counters base;
	struct counters told;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void *room(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		fail_out_of_memory();
	return memory;
}

static void add_traffic(struct work *work, uint64_t second, uint64_t path, uint32_t len,
			uint64_t packet)
{
	struct batch *batch = &work->batch;
	size_t at = (second * 0x9e3779b97f4a7c15ull ^ path * 0xc2b2ae3d27d4eb4full) >> 40;
	struct batch_traffic *traffic;

	for (at &= TRAFFIC_SLOTS - 1; work->slot[at]; at = (at + 1) & (TRAFFIC_SLOTS - 1)) {
		traffic = &batch->traffic[work->slot[at] - 1];
		if (traffic->second == second && traffic->path == path)
			goto found;
	}
	traffic = &batch->traffic[batch->n_traffic++];
	*traffic = (struct batch_traffic){ .second = second, .path = path, .first_packet = packet };
	work->slot[at] = batch->n_traffic;
found:
	traffic->packets++;
	traffic->bytes += len;
	traffic->last_packet = packet;
}

static void add_name(struct batch *batch, const struct frame *frame, const struct watched *flow)
{
	struct batch_name *to = &batch->name[batch->n_names];
	char name[NAME_SIZE];

	if (!name_read(frame, &to->kind, name))
		return;
	to->flow = flow->id;
	to->name = strdup(name);
	if (!to->name)
		fail_out_of_memory();
	batch->n_names++;
}

/* Seen before: counted at the one that is kept, in this batch or in an earlier one. */
static void add_dup(struct work *work, uint64_t packet)
{
	struct batch *batch = &work->batch;

	if (batch->n_packets && packet >= batch->packet[0].id)
		batch->packet[packet - batch->packet[0].id].dups++;
	else
		batch->late[batch->n_late++] = packet;
	batch->capture.count.dups++;
}

static void add_packet(struct work *work, const struct record *record)
{
	struct batch *batch = &work->batch;
	struct batch_packet *packet = &batch->packet[batch->n_packets];
	struct watched *flow;
	struct frame frame;
	uint64_t same = 0;
	enum way way;

	frame_dissect(work->w->capture.link, record->bytes, record->caplen, &frame);
	if (work->w->dedupe)
		same = dedupe_find(work->w->dedupe, &frame, record->bytes, record->caplen,
				   record->len, record->ts_ns, work->next_packet);
	if (same) {
		add_dup(work, same);
		return;
	}
	flow = tracker_packet(work->tracker, &frame, record->ts_ns, record->len,
			      work->next_packet, &way);
	if (!flow->dirty) {
		flow->dirty = true;
		batch->flow[batch->n_flows++] = flow;
	}
	*packet = (struct batch_packet){
		.id = work->next_packet++, .flow = flow->id, .ts_ns = record->ts_ns,
		.len = record->len, .caplen = record->caplen, .vlan = frame.vlan,
		.raw = record->bytes,
	};
	batch->n_packets++;
	batch->bytes += record->caplen;
	batch->capture.count.bytes += record->len;
	add_traffic(work, record->ts_ns / 1000000000, frame_path(&frame), record->len, packet->id);
	add_name(batch, &frame, flow);
}

/* What the capturing thread counts, less what was counted in the files before. */
static void read_counters(struct work *work, struct counters *count)
{
	const struct live *live = work->w->live;

	count->received = live->received - work->base.received;
	count->dropped_kernel = live->dropped_kernel - work->base.dropped_kernel;
	count->dropped_queue = live->dropped_queue - work->base.dropped_queue;
	count->stored += work->batch.n_packets;
}

static void empty(struct work *work)
{
	struct batch *batch = &work->batch;
	size_t i;

	for (i = 0; i < batch->n_flows; i++) {
		batch->flow[i]->dirty = false;
		batch->flow[i]->stored = true;
	}
	for (i = 0; i < batch->n_names; i++)
		free(batch->name[i].name);
	batch->n_packets = batch->n_late = batch->n_flows = batch->n_names = batch->n_traffic = 0;
	batch->bytes = 0;
	work->taken = work->taken_bytes = 0;
	memset(work->slot, 0, sizeof(work->slot));
	tracker_trim(work->tracker, NULL, NULL);
	queue_release(work->w->queue);
}

/* What comes now is in another file, which counts from zero. */
static void next_part(struct work *work)
{
	struct counters *count = &work->batch.capture.count;

	tracker_next_part(work->tracker);
	work->base.received += count->received;
	work->base.dropped_kernel += count->dropped_kernel;
	work->base.dropped_queue += count->dropped_queue;
	memset(count, 0, sizeof(*count));
	work->batch.capture.start_ns = clock_ns(CLOCK_REALTIME);
	work->batch.capture.first_flow = tracker_next_id(work->tracker);
	/* What comes again is counted at one that is in the same file. */
	if (work->w->dedupe)
		dedupe_forget(work->w->dedupe, work->next_packet);
}

/* The store takes no more. */
static void give_up(struct work *work, enum store_result result)
{
	work->w->live->full = result == STORE_FULL;
	work->w->live->failed = true;
}

/* Writes the batch, as often as it takes; it is counted as lost if that is in vain. */
static bool write_batch(struct work *work)
{
	struct writer *w = work->w;
	struct batch *batch = &work->batch;
	struct counters before = batch->capture.count;
	uint64_t until = 0;
	enum store_result result;

	read_counters(work, &batch->capture.count);
	batch->capture.end_ns = clock_ns(CLOCK_REALTIME);
	while ((result = w->store->keep(w->store, batch, NULL)) == STORE_DONE &&
	       (result = w->store->write(w->store, batch)) == STORE_AGAIN) {
		struct timespec pause = { .tv_nsec = 200000000 };

		if (queue_ended(w->queue)) {
			until = until ?: clock_ns(CLOCK_MONOTONIC) + w->patience * 1000000000ull;
			if (clock_ns(CLOCK_MONOTONIC) > until)
				break;
		}
		nanosleep(&pause, NULL);
	}
	if (result == STORE_DONE) {
		w->live->stored += batch->n_packets;
		w->live->flows = tracker_next_id(work->tracker) - w->capture.first_flow;
		w->live->dups += batch->capture.count.dups - work->told.dups;
		w->live->bytes += batch->capture.count.bytes - work->told.bytes;
		work->told = batch->capture.count;
	} else {
		w->live->lost += batch->n_packets;
		batch->capture.count = before;
		give_up(work, result);
	}
	empty(work);
	return result == STORE_DONE;
}

/* Limits are looked at, and a file that has come to its end is left. */
static bool tick(struct work *work)
{
	struct writer *w = work->w;
	struct counters now = work->batch.capture.count;
	enum store_result result;
	bool next = false;

	work->ticked_ns = clock_ns(CLOCK_MONOTONIC);
	read_counters(work, &now);
	if (now.dropped_kernel != work->told.dropped_kernel ||
	    now.dropped_queue != work->told.dropped_queue || now.received != work->told.received)
		if (!write_batch(work))
			return false;
	result = w->store->keep(w->store, NULL, &next);
	if (result != STORE_DONE) {
		give_up(work, result);
		return false;
	}
	if (next) {
		next_part(work);
		memset(&work->told, 0, sizeof(work->told));
	}
	return true;
}

static bool is_full(const struct work *work)
{
	const struct batch *batch = &work->batch;

	return batch->n_packets == BATCH_PACKETS || batch->n_late == BATCH_PACKETS ||
	       work->taken_bytes >= work->bytes_most || batch->n_traffic == BATCH_TRAFFIC;
}

/* Until the end of the queue, or until the store takes no more. */
static bool work_on(struct work *work)
{
	struct batch *batch = &work->batch;

	for (;;) {
		bool ended = queue_ended(work->w->queue);
		const struct record *record = queue_next(work->w->queue);
		bool waiting = batch->n_packets || batch->n_late;
		uint64_t now;

		if (record) {
			if (!waiting)
				work->begun_ns = clock_ns(CLOCK_MONOTONIC);
			add_packet(work, record);
			work->taken_bytes += sizeof(*record) + record->caplen;
			if (!is_full(work) && ++work->taken % 256)
				continue;
		} else if (ended) {
			return true;
		} else {
			queue_wait(work->w->queue, waiting ? 50 : 250);
		}
		now = clock_ns(CLOCK_MONOTONIC);
		waiting = batch->n_packets || batch->n_late;
		if ((is_full(work) || (waiting && now - work->begun_ns >= BATCH_NS)) &&
		    !write_batch(work))
			return false;
		if (!batch->n_packets && !batch->n_late &&
		    (waiting || now - work->ticked_ns >= TICK_NS) && !tick(work))
			return false;
	}
}

/**
 * writer_run() - the thread that writes, until the queue's end
 * @writer: struct writer
 *
 * When the store takes no more, what is still queued counts as lost, and store->error
 * says why.
 */
void *writer_run(void *writer)
{
	struct writer *w = writer;
	struct work *work = room(1, sizeof(*work));
	struct batch *batch = &work->batch;
	uint64_t limit = w->store->options.max_size / 16;

	work->w = w;
	w->capture.first_flow = w->store->next_flow;
	work->tracker = tracker_new(w->max_flows, w->capture.first_flow);
	work->next_packet = w->store->next_packet;
	work->bytes_most = queue_size(w->queue) / 4 < BATCH_BYTES ? queue_size(w->queue) / 4 : BATCH_BYTES;
	if (limit && limit < work->bytes_most)
		work->bytes_most = limit;
	batch->packet = room(BATCH_PACKETS, sizeof(*batch->packet));
	batch->late = room(BATCH_PACKETS, sizeof(*batch->late));
	batch->flow = room(BATCH_PACKETS, sizeof(*batch->flow));
	batch->name = room(BATCH_PACKETS, sizeof(*batch->name));
	batch->traffic = room(BATCH_TRAFFIC, sizeof(*batch->traffic));
	batch->capture = w->capture;

	if (work_on(work)) {
		batch->capture.ended = !w->live->broken;
		write_batch(work);
	}
	if (w->live->failed)
		do {
			while (queue_next(w->queue))
				w->live->lost++;
			queue_release(w->queue);
			queue_wait(w->queue, 50);
		} while (!queue_ended(w->queue));
	while (queue_next(w->queue))
		w->live->lost++;

	tracker_free(work->tracker);
	free(batch->packet);
	free(batch->late);
	free(batch->flow);
	free(batch->name);
	free(batch->traffic);
	free(work);
	return NULL;
}
