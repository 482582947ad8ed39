// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * requests SECONDS AT-ONCE FILE ADDRESS...: asks the web servers at these addresses, in turn,
 * AT-ONCE of them at a time, each by a connection of its own that the server ends, and
 * compares each answer with FILE, byte for byte. After SECONDS no request begins any more; the
 * last ones are waited for. Prints one JSON object: how many seconds these were, how many
 * requests ended within them, how many in all, how many of those failed, and the processor
 * time of all of it, in seconds. The first failures are told on standard error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST		1024	/* at once */
#define ANSWER		65536
#define LIMIT_MS	20000	/* that a request may take */
#define TOLD		5

static const char question[] = "GET / HTTP/1.1\r\nHost: decoy\r\nConnection: close\r\n\r\n";
static const char answer_begin[] = "HTTP/1.1 200 OK\r\n";

/* One request at a time; @fd is -1 when there is none. */
struct slot {
	int fd;
	uint64_t began;
	const struct sockaddr_in *to;
	bool asked;
	size_t n;
	char answer[ANSWER + 1];
};

static struct slot slots[MOST];
static struct sockaddr_in *targets;
static size_t n_targets, next_target;
static char page[ANSWER];
static size_t n_page;
static int events;
static uint64_t done, failed;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void end(struct slot *slot)
{
	close(slot->fd);
	slot->fd = -1;
	done++;
}

static void fail(struct slot *slot, const char *why)
{
	char address[INET_ADDRSTRLEN];

	if (failed++ < TOLD)
		fprintf(stderr, "requests: %s: %s\n",
			inet_ntop(AF_INET, &slot->to->sin_addr, address, sizeof(address)), why);
	end(slot);
}

static void begin(struct slot *slot)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = slot };

	slot->to = &targets[next_target++ % n_targets];
	slot->began = now_ms();
	slot->asked = false;
	slot->n = 0;
	slot->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (slot->fd < 0)
		die("requests: socket");
	if (connect(slot->fd, (const struct sockaddr *)slot->to, sizeof(*slot->to)) &&
	    errno != EINPROGRESS)
		fail(slot, strerror(errno));
	else if (epoll_ctl(events, EPOLL_CTL_ADD, slot->fd, &event))
		die("requests: epoll");
}

static bool is_right(struct slot *slot)
{
	const char *body;

	slot->answer[slot->n] = '\0';
	body = strstr(slot->answer, "\r\n\r\n");
	return body && !strncmp(slot->answer, answer_begin, strlen(answer_begin)) &&
	       slot->n - (body + 4 - slot->answer) == n_page && !memcmp(body + 4, page, n_page);
}

/* Reads on; up to the end, if that is there. */
static void hear(struct slot *slot)
{
	ssize_t n;

	while ((n = recv(slot->fd, slot->answer + slot->n, ANSWER - slot->n, 0)) > 0)
		slot->n += n;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		fail(slot, strerror(errno));
	else if (!is_right(slot))
		fail(slot, "another answer");
	else
		end(slot);
}

static void act(struct slot *slot, uint32_t what)
{
	if (what & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
		hear(slot);
	} else if (!slot->asked) {
		slot->asked = true;
		if (send(slot->fd, question, strlen(question), MSG_NOSIGNAL) < 0)
			fail(slot, strerror(errno));
	}
}

/* Fails what takes too long; returns how many requests are under way. */
static size_t look(size_t at_once, uint64_t now)
{
	size_t busy = 0, i;

	for (i = 0; i < at_once; i++) {
		if (slots[i].fd >= 0 && now - slots[i].began > LIMIT_MS)
			fail(&slots[i], "no answer in time");
		busy += slots[i].fd >= 0;
	}
	return busy;
}

static void ask(uint64_t ms, size_t at_once)
{
	uint64_t began = now_ms(), until = began + ms, in_time = 0;
	struct epoll_event happened[64];
	struct rusage usage;
	bool over = false;
	size_t i;
	int n;

	for (i = 0; i < at_once; i++)
		begin(&slots[i]);
	do {
		n = epoll_wait(events, happened, sizeof(happened) / sizeof(*happened), 100);
		if (!over && now_ms() >= until) {
			over = true;
			in_time = done;
			ms = now_ms() - began;
		}
		while (n > 0) {
			struct slot *slot = happened[--n].data.ptr;

			act(slot, happened[n].events);
			if (slot->fd < 0 && !over)
				begin(slot);
		}
	} while (look(at_once, now_ms()) || !over);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"seconds\":%.3f,\"in_time\":%llu,\"requests\":%llu,\"failed\":%llu,\"cpu\":%.3f}\n",
	       ms / 1e3, (unsigned long long)in_time, (unsigned long long)done,
	       (unsigned long long)failed,
	       usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

int main(int argc, char **argv)
{
	size_t at_once, i;
	FILE *in;

	if (argc < 5 || !(at_once = strtoul(argv[2], NULL, 10)) || at_once > MOST) {
		fprintf(stderr, "usage: requests SECONDS AT-ONCE FILE ADDRESS...\n");
		return 2;
	}
	in = fopen(argv[3], "r");
	if (!in)
		die(argv[3]);
	n_page = fread(page, 1, sizeof(page), in);
	fclose(in);
	n_targets = argc - 4;
	targets = calloc(n_targets, sizeof(*targets));
	events = epoll_create1(0);
	if (!targets || events < 0)
		die("requests");
	for (i = 0; i < n_targets; i++) {
		targets[i].sin_family = AF_INET;
		targets[i].sin_port = htons(80);
		if (inet_pton(AF_INET, argv[4 + i], &targets[i].sin_addr) != 1) {
			fprintf(stderr, "requests: %s is no address\n", argv[4 + i]);
			return 2;
		}
	}
	ask(strtod(argv[1], NULL) * 1000, at_once);
	return failed != 0;
}
