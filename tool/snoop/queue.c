// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets between the one who captures and the one who writes: a ring of bytes with one
 * of each, and no lock. What was taken stays where it is until it is released: a batch
 * is written right out of the ring.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "queue.h"

#define ALIGN(n)	(((n) + 7) & ~(size_t)7)
#define REST_UNUSED	UINT32_MAX	/* as caplen: go on at the ring's beginning */

/**
 * struct queue - the ring
 * @put: bytes that were ever put in; the writer reads up to there
 * @released: bytes that may be written over; they grow without end, like @put
 * @next: what the writer takes next; its own
 */
struct queue {
	uint8_t *ring;
	size_t size;
	int event;
	_Alignas(64) _Atomic uint64_t put;
	_Atomic bool ended;
	_Alignas(64) _Atomic uint64_t released;
	_Alignas(64) uint64_t next;
};

/**
 * queue_new() - an empty queue
 * @size: of the ring in bytes
 */
struct queue *queue_new(size_t size)
{
	struct queue *queue = aligned_alloc(64, sizeof(*queue));

	if (!queue)
		fail_out_of_memory();
	memset(queue, 0, sizeof(*queue));
	queue->size = ALIGN(size);
	queue->ring = malloc(queue->size);
	queue->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!queue->ring || queue->event < 0)
		fail_out_of_memory();
	return queue;
}

void queue_free(struct queue *queue)
{
	close(queue->event);
	free(queue->ring);
	free(queue);
}

size_t queue_size(const struct queue *queue)
{
	return queue->size;
}

/**
 * queue_put() - put in a packet
 * @head: what stands before its bytes
 *
 * Return: false if there is no room.
 */
bool queue_put(struct queue *queue, const struct record *head, const uint8_t *bytes)
{
	uint64_t put = atomic_load_explicit(&queue->put, memory_order_relaxed);
	uint64_t released = atomic_load_explicit(&queue->released, memory_order_acquire);
	size_t length = ALIGN(sizeof(*head) + head->caplen), at = put % queue->size;
	size_t rest = queue->size - at, skipped = rest < length ? rest : 0;
	struct record *to;

	if (put + skipped + length - released > queue->size)
		return false;
	if (skipped) {
		if (rest >= sizeof(*to))
			((struct record *)(queue->ring + at))->caplen = REST_UNUSED;
		at = 0;
	}
	to = (struct record *)(queue->ring + at);
	*to = *head;
	memcpy(to->bytes, bytes, head->caplen);
	atomic_store_explicit(&queue->put, put + skipped + length, memory_order_release);
	return true;
}

/**
 * queue_wake() - tell the writer that there is something
 */
void queue_wake(struct queue *queue)
{
	uint64_t one = 1;

	if (write(queue->event, &one, sizeof(one)) < 0)
		return;		/* it has been told so often that it knows */
}

/**
 * queue_end() - nothing more will be put in
 */
void queue_end(struct queue *queue)
{
	atomic_store(&queue->ended, true);
	queue_wake(queue);
}

/**
 * queue_next() - take a packet out; it stays in the ring until queue_release()
 *
 * Return: the packet, or NULL if there is none.
 */
const struct record *queue_next(struct queue *queue)
{
	uint64_t put = atomic_load_explicit(&queue->put, memory_order_acquire);
	const struct record *record;
	size_t at, rest;

	if (queue->next == put)
		return NULL;
	at = queue->next % queue->size;
	rest = queue->size - at;
	record = (const struct record *)(queue->ring + at);
	if (rest < sizeof(*record) || record->caplen == REST_UNUSED) {
		queue->next += rest;
		record = (const struct record *)queue->ring;
	}
	queue->next += ALIGN(sizeof(*record) + record->caplen);
	return record;
}

/**
 * queue_release() - what was taken out is not needed any more
 */
void queue_release(struct queue *queue)
{
	atomic_store_explicit(&queue->released, queue->next, memory_order_release);
}

/**
 * queue_wait() - wait until there may be something
 */
void queue_wait(struct queue *queue, int milliseconds)
{
	struct pollfd fd = { .fd = queue->event, .events = POLLIN };
	uint64_t n;

	if (poll(&fd, 1, milliseconds) > 0 && read(queue->event, &n, sizeof(n)) < 0)
		return;
}

/**
 * queue_ended() - whether nothing more will be put in; what is there may still be taken
 */
bool queue_ended(struct queue *queue)
{
	return atomic_load(&queue->ended);
}
