// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of a connection, in any order, through the filter, and what a server makes of
 * them. The input is a byte about all of it, and then segments: who sends it and
 * how, where, and how long it is; then its text.
 *
 * The server is another opinion: it takes the bytes of each place as they first come
 * through. What it has in the end, from the beginning up to the first gap, must not be a
 * request that the rules deny. What waited in the queue while it was decided that all
 * passes, passes.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"

#define SERVER_ROOM	65536
#define DENIED		"GET /app2/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first sequence number of the client. */
#define BEGIN		0xfffffff0

/* In the first byte: what is different for all of the input. */
#define DNS		0x01	/* its port is asked */
#define CROWDED		0x02	/* hardly any memory */
#define AGAIN		0x04	/* each segment comes again and again, one behind another */

/* How a segment is; the flags of TCP are in between. */
#define FROM_SERVER	0x01
#define ANOTHER		0x08	/* of the client: instead of it, another connection begins */
#define LOST		0x10	/* what passes does not arrive */
#define LATER		0x80

static struct app_rule rule[] = {
	{ .allow = true, .proto = APP_HTTP, .name = "app1.example", .path = "/app1/*", .type = -1 },
	{ .allow = true, .proto = APP_TLS, .name = "ok.example", .type = -1 },
	{ .allow = true, .proto = APP_DNS, .name = "ok.example", .type = -1 },
	{ .any = true, .type = -1 },
};
static struct app_rules rules = { .n = 4, .rule = rule };

static uint8_t server[SERVER_ROOM];
static bool has[SERVER_ROOM];

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* What the server has without a gap; a request that is denied must not be in it. */
static void look_at_server(void)
{
	size_t n = 0;

	while (n < SERVER_ROOM && has[n])
		n++;
	if (n >= strlen(DENIED) && !memcmp(server, DENIED, strlen(DENIED)) &&
	    memmem(server, n, "\r\n\r\n", 4))
		complain("the server has a request that is denied");
}

static void arrive(uint32_t at, const uint8_t *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (at + i >= SERVER_ROOM || has[at + i])
			continue;
		has[at + i] = true;
		server[at + i] = text[i];
	}
}

/**
 * struct run - a connection, while its segments come
 * @ends: from its client
 * @over: it was refused
 * @released: all of it passes from now on
 */
struct run {
	struct filter filter;
	struct verdict verdict;
	struct ends ends;
	bool over;
	bool released;
};

static void begin(struct run *run, const struct ends *ends)
{
	struct ends back = ends_reversed(ends);
	struct answer answer;

	answer_tcp(&answer, ends, BEGIN - 1, 0, TCP_SYN, NULL, 0);
	filter_packet(&run->filter, answer.packet, answer.n, false, true, &run->verdict);
	answer_tcp(&answer, &back, 100, BEGIN, TCP_SYN | TCP_ACK, NULL, 0);
	filter_packet(&run->filter, answer.packet, answer.n, false, true, &run->verdict);
}

/* A segment of the connection; @how: who sends it, its flags, and whether it gets lost. */
static void segment(struct run *run, unsigned int how, uint32_t at, const uint8_t *text, size_t n)
{
	const struct verdict *verdict = &run->verdict;
	struct ends back = ends_reversed(&run->ends);
	struct answer answer;

	/* The server begins another connection. */
	if (run->released && how & FROM_SERVER && (how >> 1 & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		run->over = true;
		return;
	}
	if (how & FROM_SERVER)
		answer_tcp(&answer, &back, 101 + at, BEGIN + at, how >> 1 & 0x17, text,
			   how & 2 ? n : 0);
	else
		answer_tcp(&answer, &run->ends, BEGIN + at, 101, TCP_ACK | (how >> 1 & 0x23), text, n);
	filter_packet(&run->filter, answer.packet, answer.n, false, true, &run->verdict);
	if (verdict->n_answers > ANSWERS_MAX || run->filter.streams.memory > run->filter.streams.max)
		complain("beyond what is bounded");
	if (run->released && (verdict->drop || verdict->queue != FLOWWALL_QUEUE_DECIDED))
		complain("a connection that passed is disturbed");
	/* One that is refused has ended. */
	run->over = !verdict->drop && verdict->queue == FLOWWALL_QUEUE_REFUSE;
	if (!run->released && !(how & (FROM_SERVER | LOST)) && !(how >> 1 & TCP_SYN) &&
	    !verdict->drop && !run->over)
		arrive(at, text, n);
	look_at_server();
	run->released |= !verdict->drop && verdict->queue == FLOWWALL_QUEUE_DECIDED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run;
	unsigned int mode = size ? *data : 0, times = mode & AGAIN ? 50 : 1, k;
	uint32_t now = 0;

	memset(&run, 0, sizeof(run));
	if (!size || !filter_init(&run.filter, mode & CROWDED ? 2000 : 1 << 18))
		return 0;
	run.ends = (struct ends){ .family = AF_INET, .proto = IPPROTO_TCP,
				  .port = { 4000, mode & DNS ? 53 : 80 } };
	run.filter.rules = &rules;
	memset(has, 0, sizeof(has));
	data++;
	size--;
	filter_packet(&run.filter, data, size, true, true, &run.verdict);
	begin(&run, &run.ends);
	while (size >= 4 && !run.over) {
		uint32_t at = data[1] << 8 | data[2];
		size_t n = data[3];
		unsigned int how = data[0];

		data += 4;
		size -= 4;
		if (n > size)
			n = size;
		now += how & LATER ? 5000 : 1;
		filter_time(&run.filter, now);
		if (!(how & FROM_SERVER) && how & ANOTHER) {
			struct ends other = run.ends;

			/* For its place, the first one may be given up once it passes. */
			other.port[0] += 1 + (at & 0xff);
			begin(&run, &other);
			run.over = run.released;
			continue;
		}
		for (k = 0; k < times && !run.over; k++)
			segment(&run, how, at + k * n, data, n);
		data += n;
		size -= n;
	}
	filter_free(&run.filter);
	if (run.filter.streams.memory)
		complain("memory is lost");
	return 0;
}
