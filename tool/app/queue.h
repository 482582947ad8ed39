/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_QUEUE_H
#define APP_QUEUE_H

#include <pthread.h>
#include <stdint.h>

#include "filter.h"
#include "decisions.h"

struct mnl_socket;

/**
 * struct shared_rules - the rules of all queues
 * @lock: protects both
 * @rules: those in force
 * @users: queues that still have those before them: nobody replaces them meanwhile
 */
struct shared_rules {
	pthread_mutex_t lock;
	struct app_rules *rules;
	unsigned int users;
};

/**
 * struct queue - an NFQUEUE and its thread
 * @number: of the queue
 * @open: what finds no place in the queue passes
 * @overflows: how often the kernel had to throw messages away (ENOBUFS)
 * @answers: sockets for IPv4 and IPv6
 * @failed: errno of what ended it, or 0
 */
struct queue {
	uint16_t number;
	bool open;
	_Atomic uint64_t overflows;
	_Atomic uint64_t unsent;
	struct mnl_socket *netlink;
	int answers[2];
	struct filter filter;
	struct shared_rules *shared;
	struct decisions *decisions;
	pthread_t thread;
	bool running;
	int failed;
};

bool queue_open(struct queue *queue, size_t memory);
bool queue_start(struct queue *queue);
void queue_close(struct queue *queue);
void queue_set_open(struct queue *queue, bool open);
bool queue_kernel_counts(const struct queue *queue, uint64_t *waiting, uint64_t *dropped);

#endif
