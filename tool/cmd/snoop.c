// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl snoop: record what passes a port, into a database. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "../arguments.h"
#include "../fwctl.h"
#include "../out.h"
#include "../privileges.h"
#include "../snoop/capture.h"
#include "../snoop/owner.h"
#include "../snoop/writer.h"
#include "../stop.h"

#define SNAPLEN_MOST	262144
#define MAX_FLOWS	262144
#define PATIENCE_S	5
#define STORE_PATIENCE_S 10	/* for one batch, after the end */
#define DAY_S		86400ull

/**
 * struct snoop - a run
 * @begun_ns: when it began; and when the live line was last shown, with what then
 */
struct snoop {
	struct capture_options from;
	struct store_options to;
	const char *dedupe;
	const char *key;
	const char *user;
	uint64_t snaplen;
	pcap_t *pcap;
	struct writer writer;
	struct live live;
	bool terminal;
	uint64_t begun_ns;
	uint64_t shown_ns;
	uint64_t shown_received;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* What the disk keeps free unless it is said: 256 MiB, of a small one a twentieth. */
static uint64_t default_keep_free(const char *where)
{
	uint64_t most = 256 << 20;
	char *copy = strdup(where);
	struct statvfs fs;

	if (!copy)
		fail_out_of_memory();
	if (!store_is_postgres(where) && !statvfs(dirname(copy), &fs) &&
	    (uint64_t)fs.f_blocks * fs.f_frsize / 20 < most)
		most = (uint64_t)fs.f_blocks * fs.f_frsize / 20;
	free(copy);
	return most;
}

static int read_options(int argc, char **argv, struct snoop *s)
{
	const struct argument table[] = {
		{ "--read", ARGUMENT_TEXT, &s->from.file, 0, 0 },
		{ "--store", ARGUMENT_TEXT, &s->to.where, 0, 0 },
		{ "--filter", ARGUMENT_TEXT, &s->from.filter, 0, 0 },
		{ "--snaplen", ARGUMENT_NUMBER, &s->snaplen, 64, SNAPLEN_MOST },
		{ "--dedupe", ARGUMENT_TEXT, &s->dedupe, 0, 0 },
		{ "--key", ARGUMENT_TEXT, &s->key, 0, 0 },
		{ "--max-size", ARGUMENT_SIZE, &s->to.max_size, 4 << 20, UINT64_MAX >> 1 },
		{ "--max-age", ARGUMENT_DURATION, &s->to.max_age, 8, 36500 * DAY_S },
		{ "--rotate-size", ARGUMENT_SIZE, &s->to.rotate_size, 1 << 20, UINT64_MAX >> 1 },
		{ "--rotate-age", ARGUMENT_DURATION, &s->to.rotate_age, 1, 36500 * DAY_S },
		{ "--keep-free", ARGUMENT_SIZE, &s->to.keep_free, 0, UINT64_MAX >> 1 },
		{ "--buffer", ARGUMENT_SIZE, &s->from.buffer, 1 << 20, 1 << 30 },
		{ "--user", ARGUMENT_TEXT, &s->user, 0, 0 },
		{ .name = NULL }
	};
	int status = take_arguments(argc, argv, table, &s->from.iface);

	if (status)
		return status;
	if (!s->from.iface == !s->from.file)
		return wrong("fwctl snoop --help", s->from.iface ?
			     "an interface or --read, not both" :
			     "an interface is missing, or --read FILE");
	if (!s->to.where)
		return wrong("as in: --store /var/lib/snoop/tap.db", "--store is missing");
	if (store_is_postgres(s->to.where) &&
	    (s->to.rotate_size || s->to.rotate_age || s->to.keep_free != UINT64_MAX))
		return wrong("it is for a store of files", "PostgreSQL has no use for %s",
			     s->to.rotate_size ? "--rotate-size" :
			     s->to.rotate_age ? "--rotate-age" : "--keep-free");
	if (s->key && strcmp(s->key, "exact") && strcmp(s->key, "ip"))
		return wrong("exact or ip", "`%s` is no value for --key", s->key);
	return DONE;
}

/* --dedupe and --key, as the row of the capture has them: "50 ms exact". */
static int set_dedupe(struct snoop *s, char *text, size_t size)
{
	bool ip = s->key && !strcmp(s->key, "ip");
	char *end;
	unsigned long ms;

	if (s->dedupe && !strcmp(s->dedupe, "off")) {
		snprintf(text, size, "off");
		return DONE;
	}
	ms = s->dedupe ? strtoul(s->dedupe, &end, 10) : 50;
	if (s->dedupe && (*s->dedupe < '0' || *s->dedupe > '9' || *end || !ms || ms > 60000))
		return wrong("milliseconds from 1 to 60000, or off", "`%s` is no value for --dedupe",
			     s->dedupe);
	s->writer.dedupe = dedupe_new(ip ? DEDUPE_IP : DEDUPE_EXACT, ms * 1000000);
	snprintf(text, size, "%lu ms %s", ms, ip ? "ip" : "exact");
	return DONE;
}

static void take_packet(u_char *snoop, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct snoop *s = (struct snoop *)snoop;
	struct record record = {
		.ts_ns = capture_ns(head), .caplen = head->caplen,
		/* A capture file may say anything; a column has 31 bits. */
		.len = head->len > INT32_MAX ? INT32_MAX : head->len,
	};

	if (record.caplen > s->snaplen)
		record.caplen = s->snaplen;
	s->live.received++;
	while (!queue_put(s->writer.queue, &record, bytes)) {
		struct timespec pause = { .tv_nsec = 1000000 };

		if (!s->from.file || s->live.failed || stopped()) {
			s->live.dropped_queue++;
			return;
		}
		/* A file waits. */
		queue_wake(s->writer.queue);
		nanosleep(&pause, NULL);
	}
}

static void read_drops(struct snoop *s)
{
	struct pcap_stat drops;

	if (s->from.iface && !pcap_stats(s->pcap, &drops))
		s->live.dropped_kernel = (uint64_t)drops.ps_drop + drops.ps_ifdrop;
}

static void live_line(struct snoop *s)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), received = s->live.received;
	char bytes[32];

	if (!s->terminal || now - s->shown_ns < 500000000)
		return;
	fprintf(stderr, "\r%6.0f s  %" PRIu64 " packets, %s  %.0f/s  %" PRIu64 " dups  %" PRIu64
		" flows  dropped %" PRIu64 " + %" PRIu64 "\033[K", (now - s->begun_ns) / 1e9,
		(uint64_t)s->live.stored, human_bytes(s->live.bytes, bytes, sizeof(bytes)),
		(received - s->shown_received) / ((now - s->shown_ns) / 1e9),
		(uint64_t)s->live.dups, (uint64_t)s->live.flows, (uint64_t)s->live.dropped_kernel,
		(uint64_t)s->live.dropped_queue);
	fflush(stderr);
	s->shown_ns = now;
	s->shown_received = received;
}

/* Until a signal, the end of the file, or of the interface, or until the store is full. */
static bool capture(struct snoop *s)
{
	struct pollfd fd = { .fd = s->from.iface ? pcap_get_selectable_fd(s->pcap) : -1,
			     .events = POLLIN };
	uint64_t looked_ns = 0;

	while (!stopped() && !s->live.failed) {
		int n = pcap_dispatch(s->pcap, s->from.file ? 4096 : -1, take_packet, (u_char *)s);
		uint64_t now = clock_ns(CLOCK_MONOTONIC);

		if (n > 0)
			queue_wake(s->writer.queue);
		/* A signal ends what waits for a pipe, which libpcap takes for an error. */
		if (n < 0 && n != PCAP_ERROR_BREAK)
			return s->from.file && stopped();
		if (!n && s->from.file)
			break;
		if (now - looked_ns > 200000000) {
			read_drops(s);
			looked_ns = now;
		}
		live_line(s);
		if (!n)
			poll(&fd, 1, 200);
	}
	return true;
}

/*
 * What the kernel has received by now, but still holds, as it hands over a block of the ring
 * by and by. Its counters say when that is all; they are of 32 bits, and wrap.
 */
static void capture_rest(struct snoop *s)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + CAPTURE_REST_MS * 1000000ull;
	struct timespec pause = { .tv_nsec = 2000000 };
	struct pcap_stat at_end;

	if (s->from.iface && !pcap_stats(s->pcap, &at_end))
		while ((int32_t)(at_end.ps_recv - at_end.ps_drop - s->live.received) > 0 &&
		       clock_ns(CLOCK_MONOTONIC) < until) {
			if (pcap_dispatch(s->pcap, -1, take_packet, (u_char *)s) < 0)
				break;
			nanosleep(&pause, NULL);
		}
	read_drops(s);
}

static void summary(const struct snoop *s)
{
	const struct live *live = &s->live;
	double seconds = (clock_ns(CLOCK_MONOTONIC) - s->begun_ns) / 1e9;
	char bytes[32];

	if (s->terminal)
		fputs("\r\033[K", stderr);
	if (options.json) {
		out_json(json_pack("{s:i, s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			"schema", JSON_SCHEMA,
			"source", s->from.iface ? s->from.iface : s->from.file, "seconds", seconds,
			"received", (json_int_t)live->received, "stored", (json_int_t)live->stored,
			"dups", (json_int_t)live->dups,
			"dropped_kernel", (json_int_t)live->dropped_kernel,
			"dropped_queue", (json_int_t)live->dropped_queue,
			"lost", (json_int_t)live->lost, "bytes", (json_int_t)live->bytes,
			"flows", (json_int_t)live->flows));
		return;
	}
	printf("%" PRIu64 " packets received in %.1f s: %" PRIu64 " stored (%s), %" PRIu64
	       " duplicates, %" PRIu64 " dropped by the kernel, %" PRIu64 " by the queue, %" PRIu64
	       " lost\n", (uint64_t)live->received, seconds, (uint64_t)live->stored,
	       human_bytes(live->bytes, bytes, sizeof(bytes)), (uint64_t)live->dups,
	       (uint64_t)live->dropped_kernel, (uint64_t)live->dropped_queue, (uint64_t)live->lost);
}

/*
 * A store that takes its time is waited for; one that has not taken a single batch, or
 * given up, for so long is abandoned, and what is left counts as lost.
 */
static void wait_for_writer(struct snoop *s, pthread_t thread)
{
	struct store *store = s->writer.store;
	uint64_t done = 0, since_ns = 0;

	for (;;) {
		uint64_t now_ns = clock_ns(CLOCK_MONOTONIC), now_done = s->live.stored + s->live.lost;
		struct timespec until = {
			.tv_sec = now_ns / 1000000000 + 1, .tv_nsec = now_ns % 1000000000,
		};

		if (now_done != done || !since_ns)
			since_ns = now_ns;
		done = now_done;
		/* Again, as the connection may be made anew just now. */
		if (store->abandon && now_ns - since_ns >= STORE_PATIENCE_S * 1000000000ull)
			store->abandon(store);
		if (!pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until))
			return;
	}
}

/* Both threads, from the first packet to the last. */
static int run(struct snoop *s)
{
	sigset_t signals, before;
	pthread_t thread;
	bool good;
	int status = DONE;

	s->begun_ns = clock_ns(CLOCK_MONOTONIC);
	s->shown_ns = s->begun_ns;
	/* Signals are for the thread that captures. */
	sigfillset(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	if (pthread_create(&thread, NULL, writer_run, &s->writer)) {
		wrong(NULL, "there is no room for another thread");
		return FAILED;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	stop_on_signals(NULL);
	tell_ready();
	good = capture(s);
	s->live.broken = !good;
	if (good)
		capture_rest(s);
	queue_end(s->writer.queue);
	wait_for_writer(s, thread);
	summary(s);
	if (!good) {
		wrong(NULL, "%s: %s; what came until then is stored",
		      s->from.iface ? s->from.iface : s->from.file, pcap_geterr(s->pcap));
		status = FAILED;
	}
	if (s->live.failed) {
		wrong(s->live.full && !s->to.max_size ? "--max-size lets the oldest go" : NULL, "%s",
		      s->writer.store->error);
		status = FAILED;
	}
	return status;
}

/* Opens, gives up all privileges, and only then looks at a packet. */
static int snoop(struct snoop *s)
{
	char text[512], dedupe[32];
	int status = DONE;

	if (!capture_enter(options.netns, text, sizeof(text)))
		return wrong("see: ip netns", "%s", text);
	if (s->from.iface) {
		capture_prepare(s->from.iface, text, sizeof(text));
		if (*text)
			fprintf(stderr, "fwctl: %s\n", text);
	}
	s->from.snaplen = s->snaplen;
	s->pcap = capture_open(&s->from, text, sizeof(text));
	if (!s->pcap)
		return wrong(s->from.iface && !if_nametoindex(s->from.iface) ? "see: ip link" : NULL,
			     "%s", text);
	status = set_dedupe(s, dedupe, sizeof(dedupe));
	if (status)
		goto out;
	if (!become_owner(s->user, store_is_postgres(s->to.where) ? NULL : s->to.where, text,
			  sizeof(text))) {
		status = wrong(NULL, "%s", text);
		goto out;
	}
	write_in_private();
	s->writer.store = store_open(&s->to, text, sizeof(text));
	if (!s->writer.store) {
		status = wrong(NULL, "%s", text);
		goto out;
	}
	s->writer.capture = (struct capture_row){
		.source = s->from.iface ? s->from.iface : s->from.file, .filter = s->from.filter,
		.dedupe = dedupe, .link = pcap_datalink(s->pcap), .snaplen = s->snaplen,
		.start_ns = clock_ns(CLOCK_REALTIME),
	};
	s->writer.queue = queue_new(2 * s->from.buffer);
	s->writer.live = &s->live;
	s->writer.max_flows = MAX_FLOWS;
	s->writer.patience = PATIENCE_S;
	if (s->writer.store->link >= 0 && s->writer.store->link != s->writer.capture.link)
		status = wrong("name another file", "%s has packets of another link type",
			       s->to.where);
	else
		status = run(s);
	queue_free(s->writer.queue);
	s->writer.store->close(s->writer.store);
out:
	dedupe_free(s->writer.dedupe);
	pcap_close(s->pcap);
	return status;
}

/**
 * cmd_snoop() - fwctl snoop IFACE|--read FILE --store WHERE [OPTION VALUE]...
 */
int cmd_snoop(int argc, char **argv)
{
	struct snoop s = {
		.snaplen = SNAPLEN_MOST, .from.buffer = 64 << 20, .to.keep_free = UINT64_MAX,
		.terminal = isatty(STDERR_FILENO) && !options.json,
	};
	int status = read_options(argc, argv, &s);

	if (status)
		return status;
	if (s.to.keep_free == UINT64_MAX)
		s.to.keep_free = default_keep_free(s.to.where);
	return snoop(&s);
}
