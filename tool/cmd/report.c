// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl report: what a store of snoop, or a capture, has in it. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../arguments.h"
#include "../fwctl.h"
#include "../out.h"
#include "../privileges.h"
#include "../report/export.h"
#include "../report/figures.h"

#define FLOWS_MOST	1000000
#define TOP_MOST	1000000

/**
 * struct report - a report in the making
 * @summary: the figures are those that the store has counted
 * @with_figures: they are wanted, not only packets
 */
struct report {
	struct source *source;
	struct selection selection;
	const char *where;
	const char *html;
	const char *pcapng;
	const char *jsonl;
	FILE *pcapng_file;
	FILE *jsonl_file;
	uint64_t top;
	bool summary;
	bool with_figures;
	bool terminal;
	uint64_t shown_ns;
	struct tracker *tracker;
	struct figures figures;
};

/* --host and --proto are words: what they mean. */
static int read_selection(struct selection *s, const char *host, const char *proto)
{
	char *end;
	unsigned long number;

	if (host) {
		s->family = strchr(host, ':') ? AF_INET6 : AF_INET;
		if (inet_pton(s->family, host, s->host) != 1)
			return wrong("as in: --host 192.0.2.1", "`%s` is not an address", host);
	}
	if (!proto)
		return DONE;
	number = strtoul(proto, &end, 10);
	if (*proto >= '0' && *proto <= '9' && !*end && number < 256) {
		s->proto = number;
		return DONE;
	}
	s->layer = layer_find(proto, strlen(proto));
	return s->layer ? DONE :
	       wrong("ip, ipv6, arp, vlan, tcp, udp, icmp, icmpv6, dns, http, tls, ... or a number",
		     "the protocol `%s` is not known", proto);
}

static int read_options(int argc, char **argv, struct report *r)
{
	struct selection *s = &r->selection;
	const char *host = NULL, *proto = NULL;
	uint64_t port = UINT64_MAX;
	const struct argument table[] = {
		{ "--from", ARGUMENT_TIME, &s->from_ns, 0, 0 },
		{ "--to", ARGUMENT_TIME, &s->to_ns, 0, 0 },
		{ "--host", ARGUMENT_TEXT, &host, 0, 0 },
		{ "--port", ARGUMENT_NUMBER, &port, 0, 65535 },
		{ "--proto", ARGUMENT_TEXT, &proto, 0, 0 },
		{ "--flow", ARGUMENT_NUMBER, &s->flow, 1, INT64_MAX },
		{ "--html", ARGUMENT_TEXT, &r->html, 0, 0 },
		{ "--pcapng", ARGUMENT_TEXT, &r->pcapng, 0, 0 },
		{ "--jsonl", ARGUMENT_TEXT, &r->jsonl, 0, 0 },
		{ "--top", ARGUMENT_NUMBER, &r->top, 1, TOP_MOST },
		{ .name = NULL }
	};
	int status = take_arguments(argc, argv, table, &r->where);

	if (status)
		return status;
	if (!r->where)
		return wrong("fwctl report --help", "a database or a capture is missing");
	if (port != UINT64_MAX)
		s->port = port;
	if (s->from_ns >= s->to_ns)
		return wrong(NULL, "--to is not after --from");
	return read_selection(s, host, proto);
}

static void progress(double done, uint64_t n, void *arg)
{
	struct report *r = arg;
	struct timespec now;
	uint64_t now_ns;

	if (!r->terminal)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	if (now_ns - r->shown_ns < 200000000)
		return;
	r->shown_ns = now_ns;
	fprintf(stderr, "\rreading: %" PRIu64 ", %.0f%%\033[K", n, 100 * done);
	fflush(stderr);
}

static void end_progress(const struct report *r)
{
	if (r->terminal && r->shown_ns)
		fputs("\r\033[K", stderr);
}

/* A conversation that the tracker has seen, as a store would have it. */
static void take_flow(const struct watched *flow, void *arg)
{
	struct report *r = arg;
	char src[END_TEXT_SIZE], dst[END_TEXT_SIZE], net[16];
	struct flow_row row = {
		.id = flow->id, .net = net_text(&flow->key, net, sizeof(net)),
		.proto = flow->key.proto, .src = src, .sport = flow->key.sport, .dst = dst,
		.dport = flow->key.dport, .vlan = flow->vlan, .first_ns = flow->first_ns,
		.last_ns = flow->last_ns, .packets = { flow->packets[FORTH], flow->packets[BACK] },
		.bytes = { flow->bytes[FORTH], flow->bytes[BACK] }, .syns = flow->syns,
		.retransmissions = flow->retransmissions, .out_of_order = flow->out_of_order,
		.resets = flow->resets, .handshake_ns = flow->handshake_ns,
	};

	end_text(&flow->key, FORTH, src);
	end_text(&flow->key, BACK, dst);
	figures_flow(&row, &r->figures);
}

static void add_figures(struct report *r, const struct source_packet *packet)
{
	char name[NAME_SIZE];
	struct watched *flow;
	enum name_kind kind;
	enum way way;

	flow = tracker_packet(r->tracker, &packet->frame, packet->ts_ns, packet->len, packet->id, &way);
	flow->id = packet->flow;
	tracker_trim(r->tracker, take_flow, r);
	figures_traffic(&r->figures, packet->ts_ns, frame_path(&packet->frame), 1, packet->len);
	if (name_read(&packet->frame, &kind, name))
		figures_name(name_kinds[kind], name, 1, &r->figures);
}

static void take_packet(const struct source_packet *packet, void *arg)
{
	struct report *r = arg;

	if (r->with_figures && !r->summary)
		add_figures(r, packet);
	if (r->pcapng_file)
		pcapng_packet(r->pcapng_file, packet);
	if (r->jsonl_file)
		jsonl_packet(r->jsonl_file, packet);
}

/* Not what it is made of. */
static FILE *open_output(const struct report *r, const char *name)
{
	struct stat from, to;
	FILE *file;

	if (!stat(r->where, &from) && !stat(name, &to) && S_ISREG(to.st_mode) &&
	    from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		return wrong(NULL, "%s is what the report is on: name another file", name), NULL;
	file = strcmp(name, "-") ? fopen(name, "w") : stdout;
	if (!file)
		wrong(NULL, "%s cannot be written: %s", name, strerror(errno));
	else
		setvbuf(file, NULL, _IOFBF, 1 << 20);
	return file;
}

/* Whether all of it was written. */
static bool close_output(const char *name, FILE *file)
{
	bool good = !fflush(file) && !ferror(file);

	if (file != stdout && fclose(file))
		good = false;
	if (!good)
		wrong(NULL, "%s cannot be written: %s", name, strerror(errno));
	return good;
}

static void read_source(struct report *r)
{
	const struct source_reader reader = {
		.packet = take_packet, .progress = progress, .arg = r,
	};
	const struct source_reader counted = {
		.flow = figures_flow, .name = figures_name, .traffic = figures_traffic_row,
		.capture = figures_capture, .arg = &r->figures,
	};

	source_captures(r->source, &counted);
	if (r->with_figures && r->summary)
		source_summary(r->source, &counted);
	if (r->pcapng_file)
		pcapng_begin(r->pcapng_file, source_link(r->source) < 0 ? 1 : source_link(r->source),
			     r->figures.captured_on);
	if (r->pcapng_file || r->jsonl_file || (r->with_figures && !r->summary))
		source_packets(r->source, &r->selection, &reader);
	if (r->pcapng_file)
		pcapng_end(r->pcapng_file, r->figures.captures && selects_all(&r->selection) ?
			   &r->figures.counted : NULL);
	tracker_each(r->tracker, take_flow, r);
	figures_end(&r->figures);
	r->figures.error = source_error(r->source);
	end_progress(r);
}

static int write_figures(const struct report *r)
{
	FILE *file;

	if (options.json)
		out_json(report_json_object(&r->figures));
	else if (!r->html)
		report_text(&r->figures);
	if (!r->html)
		return DONE;
	file = open_output(r, r->html);
	if (!file)
		return FAILED;
	report_html(&r->figures, file);
	return close_output(r->html, file) ? DONE : FAILED;
}

static int report(struct report *r)
{
	int status = DONE;

	if (r->pcapng)
		r->pcapng_file = open_output(r, r->pcapng);
	if (r->jsonl)
		r->jsonl_file = open_output(r, r->jsonl);
	if ((r->pcapng && !r->pcapng_file) || (r->jsonl && !r->jsonl_file))
		return FAILED;
	r->with_figures = options.json || r->html || !(r->pcapng || r->jsonl);
	r->summary = source_summarised(r->source) && selects_all(&r->selection);
	r->tracker = tracker_new(FLOWS_MOST, 1);
	figures_begin(&r->figures, source_name(r->source), r->top, r->summary ? 1000000000 : 1000000);
	read_source(r);
	if (r->with_figures)
		status = write_figures(r);
	if (r->pcapng && !close_output(r->pcapng, r->pcapng_file))
		status = FAILED;
	if (r->jsonl && !close_output(r->jsonl, r->jsonl_file))
		status = FAILED;
	if (r->figures.error) {
		wrong("what could be read is in the report", "%s", r->figures.error);
		status = FAILED;
	}
	tracker_free(r->tracker);
	figures_free(&r->figures);
	return status;
}

/**
 * cmd_report() - fwctl report SOURCE [SELECTION]... [OUTPUT]...
 */
int cmd_report(int argc, char **argv)
{
	struct report r = {
		.selection = { .to_ns = UINT64_MAX, .port = -1, .proto = -1 }, .top = 10,
		.terminal = isatty(STDERR_FILENO),
	};
	char error[700];
	int status = read_options(argc, argv, &r);

	if (status)
		return status;
	write_in_private();
	r.source = source_open(r.where, error, sizeof(error));
	if (!r.source) {
		wrong(NULL, "%s", error);
		return store_is_postgres(r.where) ? FAILED : REFUSED;
	}
	status = report(&r);
	source_close(r.source);
	return status;
}
