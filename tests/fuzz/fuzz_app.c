// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of a connection, in any order, through the filter, and what a server makes of
 * them. The input is a list of segments: who sends it and how, where, and how long it is;
 * then their text.
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

static struct app_rule rule[] = {
	{ .allow = true, .proto = APP_HTTP, .name = "app1.example", .path = "/app1/*", .type = -1 },
	{ .allow = true, .proto = APP_TLS, .name = "ok.example", .type = -1 },
	{ .any = true, .type = -1 },
};
static struct app_rules rules = { .n = 3, .rule = rule };

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter filter;
	struct ends ends = { .family = AF_INET, .proto = IPPROTO_TCP, .port = { 4000, 80 } }, back;
	static struct verdict verdict;
	struct answer answer;
	bool over = false, released = false;
	uint32_t now = 0;

	if (!filter_init(&filter, 1 << 18))
		return 0;
	filter.rules = &rules;
	memset(has, 0, sizeof(has));
	back = ends_reversed(&ends);
	filter_packet(&filter, data, size, true, &verdict);
	answer_tcp(&answer, &ends, 0xfffffff0 - 1, 0, TCP_SYN, NULL, 0);
	filter_packet(&filter, answer.packet, answer.n, false, &verdict);
	answer_tcp(&answer, &back, 100, 0xfffffff0, TCP_SYN | TCP_ACK, NULL, 0);
	filter_packet(&filter, answer.packet, answer.n, false, &verdict);
	while (size >= 4 && !over) {
		uint32_t at = data[1] << 8 | data[2];
		size_t n = data[3];
		unsigned int how = data[0];

		data += 4;
		size -= 4;
		if (n > size)
			n = size;
		/* The server begins another connection. */
		if (released && how & 1 && (how >> 1 & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			break;
		now += how & 0x80 ? 5000 : 1;
		filter_time(&filter, now);
		if (how & 1)
			answer_tcp(&answer, &back, 101 + at, 0xfffffff0 + at, how >> 1 & 0x17, data,
				   how & 2 ? n : 0);
		else
			answer_tcp(&answer, &ends, 0xfffffff0 + at, 101, TCP_ACK | (how >> 1 & 0x23), data, n);
		filter_packet(&filter, answer.packet, answer.n, false, &verdict);
		if (verdict.n_answers > ANSWERS_MAX || filter.streams.memory > filter.streams.max)
			complain("beyond what is bounded");
		if (released && (verdict.drop || verdict.queue != FLOWWALL_QUEUE_DECIDED))
			complain("a connection that passed is disturbed");
		/* One that is refused has ended. */
		over = !verdict.drop && verdict.queue == FLOWWALL_QUEUE_REFUSE;
		/* Some of what passes is lost on the way to the server. */
		if (!released && !(how & 0x11) && !(how >> 1 & 2) && !verdict.drop &&
		    verdict.queue != FLOWWALL_QUEUE_REFUSE)
			arrive(at, data, n);
		look_at_server();
		released |= !verdict.drop && verdict.queue == FLOWWALL_QUEUE_DECIDED;
		data += n;
		size -= n;
	}
	filter_free(&filter);
	if (filter.streams.memory)
		complain("memory is lost");
	return 0;
}
