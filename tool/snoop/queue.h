/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct record - a packet on its way to the writer
 * @ts_ns: when it was captured, since 1970
 * @len: how long it was on the wire
 * @caplen: how much of it is here
 */
struct record {
	uint64_t ts_ns;
	uint32_t len;
	uint32_t caplen;
	uint8_t bytes[];
};

struct queue;

struct queue *queue_new(size_t size);
void queue_free(struct queue *queue);
size_t queue_size(const struct queue *queue);

/* Of the one who puts in. */
bool queue_put(struct queue *queue, const struct record *head, const uint8_t *bytes);
void queue_wake(struct queue *queue);
void queue_end(struct queue *queue);

/* Of the one who takes out. */
const struct record *queue_next(struct queue *queue);
void queue_release(struct queue *queue);
void queue_wait(struct queue *queue, int milliseconds);
bool queue_ended(struct queue *queue);

#endif
