// SPDX-License-Identifier: GPL-2.0-or-later
/* A report for a terminal. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../out.h"
#include "tree.h"

#define BAR		20
#define PLOT_COLUMNS	60
#define PLOT_ROWS	4

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / whole : 0;
}

static const char *bytes_text(uint64_t bytes)
{
	static char text[4][32];
	static int next;

	next = (next + 1) % 4;
	return human_bytes(bytes, text[next], sizeof(text[next]));
}

/* A bar in eighths of a character. */
static void bar(double part)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int n = lround((part < 0 ? 0 : part > 1 ? 1 : part) * BAR * 8);

	fputs(paint(GREEN), stdout);
	for (; n >= 8; n -= 8)
		fputs("█", stdout);
	printf("%s%s", eighths[n], paint(PLAIN));
}

static void heading(const char *text)
{
	printf("\n%s%s%s\n", paint(BOLD), text, paint(PLAIN));
}

static void moment(uint64_t ns, char text[40])
{
	time_t seconds = ns / 1000000000;
	struct tm tm;

	*text = '\0';
	if (localtime_r(&seconds, &tm))
		strftime(text, 40, "%F %T %Z", &tm);
}

static void print_head(const struct figures *f)
{
	char from[40], to[40];

	moment(f->first_ns, from);
	moment(f->last_ns, to);
	printf("%s%s%s: %" PRIu64 " packets, %s, %" PRIu64 " conversations\n", paint(BOLD), f->source,
	       paint(PLAIN), f->packets, bytes_text(f->bytes), f->flows);
	if (f->packets)
		printf("%s to %s, %.3f s\n", from, to, (f->last_ns - f->first_ns) / 1e9);
	if (!f->captures)
		return;
	printf("captured on %s: %" PRIu64 " duplicates left out, %" PRIu64
	       " dropped by the kernel, %" PRIu64 " by the queue, %" PRIu64 " lost\n", f->captured_on,
	       f->counted.dups, f->counted.dropped_kernel, f->counted.dropped_queue, f->counted.lost);
	if (f->unended)
		printf("%zu of %zu runs did not come to an end in order, or still go on\n", f->unended,
		       f->captures);
}

/* Bits a second over time, as a picture of blocks. */
static void print_plot(const struct figures *f)
{
	static const char *const eighths[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	size_t columns = f->n_slots < PLOT_COLUMNS ? f->n_slots : PLOT_COLUMNS, i;
	uint64_t column[PLOT_COLUMNS] = { 0 }, most = 0;
	size_t slots[PLOT_COLUMNS] = { 0 };
	double seconds;
	int k, row;

	if (!columns)
		return;
	for (i = 0; i < f->n_slots; i++) {
		slots[i * columns / f->n_slots]++;
		for (k = 0; k < SERIES; k++)
			column[i * columns / f->n_slots] += f->slot[i].bytes[k];
	}
	/* Some columns may be of one slot more than others: what counts is bytes a slot. */
	for (i = 0; i < columns; i++) {
		column[i] /= slots[i];
		if (column[i] > most)
			most = column[i];
	}
	seconds = (double)f->n_slots / columns * f->slot_ns / 1e9;
	heading("Traffic over time");
	for (row = PLOT_ROWS - 1; row >= 0; row--) {
		fputs("  ", stdout);
		for (i = 0; i < columns; i++) {
			int n = share(column[i], most) * PLOT_ROWS * 8 + 0.5 - row * 8;

			fputs(eighths[n < 0 ? 0 : n > 8 ? 8 : n], stdout);
		}
		if (row == PLOT_ROWS - 1)
			printf("  %s/s", bytes_text(most * 1e9 / f->slot_ns));
		putchar('\n');
	}
	printf("  each column %.3g s\n", seconds);
}

static void print_protocols(const struct figures *f)
{
	struct branch *tree;
	size_t n = tree_make(f, &tree), i;

	heading("Protocols");
	for (i = 0; i < n; i++) {
		printf("  %*s%-*s %12" PRIu64 " %11s %5.1f%%  ", 2 * tree[i].depth, "",
		       18 - 2 * tree[i].depth, tree[i].name, tree[i].packets, bytes_text(tree[i].bytes),
		       100 * share(tree[i].bytes, f->bytes));
		bar(share(tree[i].bytes, f->bytes));
		putchar('\n');
	}
	free(tree);
}

static void print_talkers(const struct figures *f)
{
	size_t i;

	heading("Talkers");
	printf("  %-39s %11s %11s %12s\n", "address", "sent", "received", "packets");
	for (i = 0; i < f->talkers.n && i < f->top; i++) {
		const struct tally_row *row = &f->talkers.row[i];

		printf("  %-39s %11s %11s %12" PRIu64 "  ", row->name, bytes_text(row->n[SENT_BYTES]),
		       bytes_text(row->n[GOT_BYTES]), row->n[SENT_PACKETS] + row->n[GOT_PACKETS]);
		bar(share(row->n[SENT_BYTES] + row->n[GOT_BYTES], f->bytes));
		putchar('\n');
	}
	if (f->talkers.n > f->top)
		printf("  and %zu more\n", f->talkers.n - f->top);
}

static void end_name(const char *address, uint16_t port, bool ports, char text[64])
{
	if (ports)
		snprintf(text, 64, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
	else
		snprintf(text, 64, "%s", address);
}

/**
 * conversation_text() - "tcp 192.0.2.1:40000 > 192.0.2.2:80"
 */
void conversation_text(const struct conversation *c, char *text, size_t size)
{
	bool ip = *c->net == 'i', ports = ip && has_ports(c->row.proto);
	char proto[8], src[64], dst[64];

	end_name(c->src, c->row.sport, ports, src);
	end_name(c->dst, c->row.dport, ports, dst);
	snprintf(text, size, "%s %s > %s", ip ? proto_text(c->row.proto, proto, sizeof(proto)) : c->net,
		 src, dst);
}

static void print_conversations(const struct figures *f)
{
	char text[160];
	size_t i;

	heading("Conversations");
	printf("  %8s %-52s %11s %11s %12s\n", "number", "", "there", "back", "packets");
	for (i = 0; i < f->n_conversations; i++) {
		const struct flow_row *row = &f->conversation[i].row;

		conversation_text(&f->conversation[i], text, sizeof(text));
		printf("  %8" PRIu64 " %-52s %11s %11s %12" PRIu64 "\n", row->id, text,
		       bytes_text(row->bytes[FORTH]), bytes_text(row->bytes[BACK]),
		       row->packets[FORTH] + row->packets[BACK]);
	}
	if (f->flows > f->n_conversations)
		printf("  and %" PRIu64 " more\n", f->flows - f->n_conversations);
}

static void print_ports(const struct figures *f)
{
	size_t i;

	if (!f->ports.n)
		return;
	heading("Ports");
	printf("  %-16s %13s %12s %11s\n", "port", "conversations", "packets", "bytes");
	for (i = 0; i < f->ports.n && i < f->top; i++) {
		const struct tally_row *row = &f->ports.row[i];

		printf("  %-16s %13" PRIu64 " %12" PRIu64 " %11s  ", row->name, row->n[COUNT_FLOWS],
		       row->n[COUNT_PACKETS], bytes_text(row->n[COUNT_BYTES]));
		bar(share(row->n[COUNT_BYTES], f->bytes));
		putchar('\n');
	}
	if (f->ports.n > f->top)
		printf("  and %zu more\n", f->ports.n - f->top);
}

static void print_names(const struct figures *f, enum name_kind kind, const char *title)
{
	const struct tally *names = &f->names[kind];
	size_t i;

	if (!names->n)
		return;
	heading(title);
	for (i = 0; i < names->n && i < f->top; i++)
		printf("  %-52s %12" PRIu64 "\n", names->row[i].name, names->row[i].n[COUNT_PACKETS]);
	if (names->n > f->top)
		printf("  and %zu more\n", names->n - f->top);
}

static void print_health(const struct figures *f)
{
	const struct health *tcp = &f->tcp;

	if (!tcp->connections)
		return;
	heading("TCP");
	printf("  %" PRIu64 " connections: %" PRIu64 " without an answer, %" PRIu64 " reset (%" PRIu64
	       " segments)\n", tcp->connections, tcp->unanswered, tcp->broken, tcp->resets);
	printf("  %" PRIu64 " of %" PRIu64 " packets sent again (%.2f%%), %" PRIu64 " out of order\n",
	       tcp->retransmissions, tcp->packets, 100 * share(tcp->retransmissions, tcp->packets),
	       tcp->out_of_order);
	if (tcp->handshakes)
		printf("  %" PRIu64 " handshakes: %.3f ms at least, half within %.3f ms, 95%% within "
		       "%.3f ms, %.3f ms at most\n", tcp->handshakes, tcp->fastest_ns / 1e6,
		       figures_handshake(f, 50) / 1e6, figures_handshake(f, 95) / 1e6,
		       tcp->slowest_ns / 1e6);
}

/**
 * report_text() - print the figures, with bars
 */
void report_text(const struct figures *f)
{
	print_head(f);
	if (!f->packets)
		return;
	print_plot(f);
	print_protocols(f);
	print_talkers(f);
	print_conversations(f);
	print_ports(f);
	print_names(f, NAME_DNS, "Names asked for (DNS)");
	print_names(f, NAME_HTTP, "Hosts asked for (HTTP)");
	print_names(f, NAME_TLS, "Names in TLS");
	print_health(f);
}
