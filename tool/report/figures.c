// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets, or what a store has counted of them -> the figures of a report. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "figures.h"

const char *const series_names[SERIES] = { "tcp", "udp", "icmp", "other" };

/**
 * figures_begin() - no packet yet
 * @top: of conversations, so many are kept
 * @slot_ns: the shortest slot of traffic over time
 */
void figures_begin(struct figures *figures, const char *source, size_t top, uint64_t slot_ns)
{
	memset(figures, 0, sizeof(*figures));
	figures->source = source;
	figures->top = top;
	figures->slot_ns = slot_ns;
	figures->first_ns = UINT64_MAX;
	figures->conversation = calloc(top, sizeof(*figures->conversation));
	if (!figures->conversation)
		fail_out_of_memory();
}

void figures_free(struct figures *figures)
{
	int i;

	tally_free(&figures->layers);
	tally_free(&figures->talkers);
	tally_free(&figures->ports);
	for (i = 0; i < NAME_KINDS; i++)
		tally_free(&figures->names[i]);
	free(figures->conversation);
}

/* --- conversations --------------------------------------------------------- */

/* The largest is the first; among equals, the one with the lower number. */
static bool is_larger(const struct flow_row *a, const struct flow_row *b)
{
	uint64_t left = a->bytes[FORTH] + a->bytes[BACK], right = b->bytes[FORTH] + b->bytes[BACK];

	return left != right ? left > right : a->id < b->id;
}

/* A heap whose first is the smallest of those that are kept. */
static void sift_down(struct conversation *heap, size_t n, size_t at)
{
	for (;;) {
		size_t least = at, child;
		struct conversation swap;

		for (child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
			if (is_larger(&heap[least].row, &heap[child].row))
				least = child;
		if (least == at)
			return;
		swap = heap[at];
		heap[at] = heap[least];
		heap[least] = swap;
		at = least;
	}
}

static void set_conversation(struct conversation *to, const struct flow_row *row)
{
	to->row = *row;
	snprintf(to->net, sizeof(to->net), "%s", row->net);
	snprintf(to->src, sizeof(to->src), "%s", row->src);
	snprintf(to->dst, sizeof(to->dst), "%s", row->dst);
}

static void keep_conversation(struct figures *figures, const struct flow_row *row)
{
	struct conversation *heap = figures->conversation;
	size_t i;

	if (figures->n_conversations == figures->top) {
		if (!is_larger(row, &heap[0].row))
			return;
		set_conversation(&heap[0], row);
		sift_down(heap, figures->top, 0);
		return;
	}
	set_conversation(&heap[figures->n_conversations++], row);
	if (figures->n_conversations == figures->top)
		for (i = figures->top / 2 + 1; i-- > 0; )
			sift_down(heap, figures->top, i);
}

static int largest_first(const void *a, const void *b)
{
	return is_larger(a, b) ? -1 : 1;
}

/* --- TCP ------------------------------------------------------------------- */

static unsigned int time_bucket(uint64_t ns)
{
	uint64_t us8 = ns / 125;	/* eighths of a microsecond */
	unsigned int power;

	if (us8 < 8)
		return us8;
	power = 63 - __builtin_clzll(us8);
	power = (power - 3) * 8 + (us8 >> (power - 3));
	return power < TIME_BUCKETS ? power : TIME_BUCKETS - 1;
}

static uint64_t bucket_ns(unsigned int bucket)
{
	return bucket < 8 ? bucket * 125 : (8 + bucket % 8) * 125ull << (bucket / 8 - 1);
}

static void add_health(struct health *tcp, const struct flow_row *row)
{
	uint64_t took = row->handshake_ns;

	tcp->connections++;
	tcp->packets += row->packets[FORTH] + row->packets[BACK];
	tcp->unanswered += row->syns && !row->packets[BACK];
	tcp->broken += !!row->resets;
	tcp->retransmissions += row->retransmissions;
	tcp->out_of_order += row->out_of_order;
	tcp->resets += row->resets;
	if (!took)
		return;
	if (!tcp->handshakes++ || took < tcp->fastest_ns)
		tcp->fastest_ns = took;
	if (took > tcp->slowest_ns)
		tcp->slowest_ns = took;
	tcp->handshake[time_bucket(took)]++;
}

/**
 * figures_handshake() - so many percent of the handshakes took no longer, within 12 percent
 */
uint64_t figures_handshake(const struct figures *figures, unsigned int percent)
{
	const struct health *tcp = &figures->tcp;
	uint64_t wanted = (tcp->handshakes * percent + 99) / 100, n = 0, ns;
	unsigned int i;

	for (i = 0; i < TIME_BUCKETS - 1; i++) {
		n += tcp->handshake[i];
		if (n >= wanted)
			break;
	}
	ns = bucket_ns(i + 1);
	return ns < tcp->slowest_ns ? ns : tcp->slowest_ns;
}

/* --- what is added --------------------------------------------------------- */

static void add_talkers(struct figures *figures, const struct flow_row *row)
{
	int way;

	for (way = FORTH; way <= BACK; way++) {
		uint64_t *n = tally_at(&figures->talkers, way == FORTH ? row->src : row->dst);

		n[SENT_PACKETS] += row->packets[way];
		n[SENT_BYTES] += row->bytes[way];
		n[GOT_PACKETS] += row->packets[!way];
		n[GOT_BYTES] += row->bytes[!way];
	}
}

/* The port that the one who began asked for. */
static void add_port(struct figures *figures, const struct flow_row *row)
{
	char name[32], proto[8];
	uint64_t *n;

	if (*row->net != 'i' || !has_ports(row->proto) || !row->dport)
		return;
	snprintf(name, sizeof(name), "%s %u", proto_text(row->proto, proto, sizeof(proto)), row->dport);
	n = tally_at(&figures->ports, name);
	n[COUNT_PACKETS] += row->packets[FORTH] + row->packets[BACK];
	n[COUNT_BYTES] += row->bytes[FORTH] + row->bytes[BACK];
	n[COUNT_FLOWS]++;
}

/**
 * figures_flow() - add a conversation; see struct source_reader
 */
void figures_flow(const struct flow_row *row, void *arg)
{
	struct figures *figures = arg;

	figures->flows++;
	if (row->first_ns < figures->first_ns)
		figures->first_ns = row->first_ns;
	if (row->last_ns > figures->last_ns)
		figures->last_ns = row->last_ns;
	add_talkers(figures, row);
	add_port(figures, row);
	if (row->proto == IPPROTO_TCP && *row->net == 'i')
		add_health(&figures->tcp, row);
	keep_conversation(figures, row);
}

/**
 * figures_name() - add a name that was asked for
 */
void figures_name(const char *kind, const char *name, uint64_t packets, void *arg)
{
	struct figures *figures = arg;
	int i;

	for (i = 0; i < NAME_KINDS; i++)
		if (!strcmp(kind, name_kinds[i]))
			tally_at(&figures->names[i], name)[COUNT_PACKETS] += packets;
}

static enum series_kind series_of(uint64_t path)
{
	for (; path; path >>= 8)
		switch (path & 0xff) {
		case LAYER_TCP: return SERIES_TCP;
		case LAYER_UDP: return SERIES_UDP;
		case LAYER_ICMP:
		case LAYER_ICMPV6: return SERIES_ICMP;
		}
	return SERIES_OTHER;
}

/* Two slots become one, until @ts_ns has a place. */
static void widen(struct figures *figures, uint64_t ts_ns)
{
	size_t i;
	int k;

	while ((ts_ns - figures->slots_ns) / figures->slot_ns >= SLOTS) {
		for (i = 0; i < SLOTS; i++) {
			struct slot moved = figures->slot[i];

			memset(&figures->slot[i], 0, sizeof(moved));
			for (k = 0; k < SERIES; k++) {
				figures->slot[i / 2].packets[k] += moved.packets[k];
				figures->slot[i / 2].bytes[k] += moved.bytes[k];
			}
		}
		figures->n_slots = (figures->n_slots + 1) / 2;
		figures->slot_ns *= 2;
	}
}

/* The counts of a path; most are asked for again at once. */
static uint64_t *layers_at(struct figures *figures, uint64_t path)
{
	size_t at = (path * 0x9e3779b97f4a7c15ull) >> 58;
	char text[128];
	uint64_t *n;

	if (figures->memo[at].row && figures->memo[at].path == path)
		return figures->layers.row[figures->memo[at].row - 1].n;
	n = tally_at(&figures->layers, path_text(path, text, sizeof(text)));
	figures->memo[at].path = path;
	figures->memo[at].row = (struct tally_row *)((char *)n - offsetof(struct tally_row, n)) -
				figures->layers.row + 1;
	return n;
}

/**
 * figures_traffic() - add packets to the protocols and to the traffic over time
 * @ts_ns: when; what is before the very first is counted with it
 * @path: their protocols, see frame_path()
 */
void figures_traffic(struct figures *figures, uint64_t ts_ns, uint64_t path, uint64_t packets,
		     uint64_t bytes)
{
	enum series_kind kind = series_of(path);
	struct slot *slot;
	uint64_t *n = layers_at(figures, path);
	size_t at;

	n[COUNT_PACKETS] += packets;
	n[COUNT_BYTES] += bytes;
	if (!figures->packets)
		figures->slots_ns = ts_ns - ts_ns % figures->slot_ns;
	figures->packets += packets;
	figures->bytes += bytes;
	if (ts_ns < figures->slots_ns)
		ts_ns = figures->slots_ns;
	widen(figures, ts_ns);
	at = (ts_ns - figures->slots_ns) / figures->slot_ns;
	if (at >= figures->n_slots)
		figures->n_slots = at + 1;
	slot = &figures->slot[at];
	slot->packets[kind] += packets;
	slot->bytes[kind] += bytes;
}

/**
 * path_read() - "eth:ip:tcp" as frame_path() has it
 */
uint64_t path_read(const char *layers)
{
	uint64_t path = 0;
	int n = 0;

	while (*layers && n < FRAME_LAYERS) {
		size_t length = strcspn(layers, ":");

		path = path << 8 | layer_find(layers, length);
		n++;
		layers += length + (layers[length] == ':');
	}
	return n ? path << 8 * (FRAME_LAYERS - n) : 0;
}

/**
 * figures_traffic_row() - the same as a store has it; see struct source_reader
 */
void figures_traffic_row(uint64_t second, const char *layers, uint64_t packets, uint64_t bytes,
			 void *arg)
{
	figures_traffic(arg, second * 1000000000, path_read(layers), packets, bytes);
}

/**
 * figures_capture() - add a run of snoop
 */
void figures_capture(const struct capture_row *row, void *arg)
{
	struct figures *figures = arg;
	struct counters *sum = &figures->counted;

	figures->captures++;
	figures->unended += !row->ended;
	sum->received += row->count.received;
	sum->stored += row->count.stored;
	sum->dups += row->count.dups;
	sum->dropped_kernel += row->count.dropped_kernel;
	sum->dropped_queue += row->count.dropped_queue;
	sum->lost += row->count.lost;
	if (!strstr(figures->captured_on, row->source)) {
		size_t n = strlen(figures->captured_on);

		snprintf(figures->captured_on + n, sizeof(figures->captured_on) - n, "%s%s",
			 n ? ", " : "", row->source);
	}
}

/**
 * figures_end() - nothing more will be added: brings all lists into order
 */
void figures_end(struct figures *figures)
{
	int i;

	if (figures->first_ns == UINT64_MAX)
		figures->first_ns = 0;
	tally_sort(&figures->layers, COUNT_BYTES, COUNT_BYTES);
	tally_sort(&figures->talkers, SENT_BYTES, GOT_BYTES);
	tally_sort(&figures->ports, COUNT_BYTES, COUNT_BYTES);
	for (i = 0; i < NAME_KINDS; i++)
		tally_sort(&figures->names[i], COUNT_PACKETS, COUNT_PACKETS);
	if (figures->n_conversations)
		qsort(figures->conversation, figures->n_conversations,
		      sizeof(*figures->conversation), largest_first);
	for (i = 0; i < (int)figures->n_conversations; i++) {
		struct conversation *c = &figures->conversation[i];

		c->row.net = c->net;
		c->row.src = c->src;
		c->row.dst = c->dst;
	}
}
