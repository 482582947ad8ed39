// SPDX-License-Identifier: GPL-2.0-or-later
/* A report as an object of JSON. */
#include <stdlib.h>
#include <string.h>

#include "../out.h"
#include "tree.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Times are too large for a number of JavaScript: seconds, with as much as fits. */
static json_t *seconds(uint64_t ns)
{
	return json_real(ns / 1e9);
}

static json_t *captures(const struct figures *f)
{
	const struct counters *n = &f->counted;

	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "on", json_text(f->captured_on),
			 "runs", (json_int_t)f->captures, "unended", (json_int_t)f->unended,
			 "received", (json_int_t)n->received, "stored", (json_int_t)n->stored,
			 "dups", (json_int_t)n->dups, "dropped_kernel", (json_int_t)n->dropped_kernel,
			 "dropped_queue", (json_int_t)n->dropped_queue, "lost", (json_int_t)n->lost);
}

static json_t *protocols(const struct figures *f)
{
	json_t *list = json_array();
	struct branch *tree;
	size_t n = tree_make(f, &tree), i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "layers", tree[i].path,
			"packets", number(tree[i].packets), "bytes", number(tree[i].bytes)));
	free(tree);
	return list;
}

static json_t *talkers(const struct figures *f)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->talkers.n && i < f->top; i++) {
		const struct tally_row *row = &f->talkers.row[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "address", row->name,
			"packets_sent", number(row->n[SENT_PACKETS]), "bytes_sent", number(row->n[SENT_BYTES]),
			"packets_received", number(row->n[GOT_PACKETS]),
			"bytes_received", number(row->n[GOT_BYTES])));
	}
	return list;
}

static json_t *conversation(const struct conversation *c)
{
	const struct flow_row *row = &c->row;
	bool ip = *c->net == 'i';
	char proto[8];
	json_t *object = json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
		"flow", number(row->id),
		"proto", ip ? proto_text(row->proto, proto, sizeof(proto)) : c->net,
		"src", c->src, "dst", c->dst, "packets", number(row->packets[FORTH]),
		"bytes", number(row->bytes[FORTH]), "packets_back", number(row->packets[BACK]),
		"bytes_back", number(row->bytes[BACK]), "first", seconds(row->first_ns),
		"last", seconds(row->last_ns));

	if (ip && has_ports(row->proto)) {
		json_object_set_new(object, "sport", number(row->sport));
		json_object_set_new(object, "dport", number(row->dport));
	}
	if (row->vlan != NO_VLAN)
		json_object_set_new(object, "vlan", json_integer(row->vlan));
	if (ip && row->proto == 6) {
		json_object_set_new(object, "retransmissions", number(row->retransmissions));
		json_object_set_new(object, "out_of_order", number(row->out_of_order));
		json_object_set_new(object, "resets", number(row->resets));
		json_object_set_new(object, "handshake_ms", row->handshake_ns ?
				    json_real(row->handshake_ns / 1e6) : json_null());
	}
	return object;
}

static json_t *conversations(const struct figures *f)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->n_conversations; i++)
		json_array_append_new(list, conversation(&f->conversation[i]));
	return list;
}

static json_t *ports(const struct figures *f)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->ports.n && i < f->top; i++) {
		const struct tally_row *row = &f->ports.row[i];
		const char *port = strchr(row->name, ' ');

		if (!port)
			continue;
		json_array_append_new(list, json_pack("{s:o, s:i, s:o, s:o, s:o}",
			"proto", json_stringn(row->name, port - row->name), "port", atoi(port),
			"flows", number(row->n[COUNT_FLOWS]), "packets", number(row->n[COUNT_PACKETS]),
			"bytes", number(row->n[COUNT_BYTES])));
	}
	return list;
}

static json_t *names(const struct figures *f, enum name_kind kind)
{
	const struct tally *names = &f->names[kind];
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < names->n && i < f->top; i++)
		json_array_append_new(list, json_pack("{s:o, s:o}", "name", json_text(names->row[i].name),
			"packets", number(names->row[i].n[COUNT_PACKETS])));
	return list;
}

static json_t *health(const struct figures *f)
{
	const struct health *tcp = &f->tcp;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:f}",
		"connections", number(tcp->connections), "unanswered", number(tcp->unanswered),
		"reset", number(tcp->broken), "resets", number(tcp->resets),
		"packets", number(tcp->packets), "retransmissions", number(tcp->retransmissions),
		"out_of_order", number(tcp->out_of_order), "handshakes", number(tcp->handshakes),
		"handshake_min_ms", tcp->fastest_ns / 1e6,
		"handshake_median_ms", tcp->handshakes ? figures_handshake(f, 50) / 1e6 : 0.0,
		"handshake_p95_ms", tcp->handshakes ? figures_handshake(f, 95) / 1e6 : 0.0,
		"handshake_max_ms", tcp->slowest_ns / 1e6);
}

static json_t *traffic(const struct figures *f)
{
	json_t *list = json_array();
	size_t i;
	int k;

	for (i = 0; i < f->n_slots; i++) {
		json_t *slot = json_pack("{s:o}", "time", seconds(f->slots_ns + i * f->slot_ns));

		for (k = 0; k < SERIES; k++)
			json_object_set_new(slot, series_names[k], json_pack("{s:o, s:o}",
				"packets", number(f->slot[i].packets[k]),
				"bytes", number(f->slot[i].bytes[k])));
		json_array_append_new(list, slot);
	}
	return json_pack("{s:f, s:o}", "slot_seconds", f->slot_ns / 1e9, "slots", list);
}

/**
 * report_json_object() - the figures as one object
 */
json_t *report_json_object(const struct figures *f)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"schema", JSON_SCHEMA, "source", json_text(f->source),
		"error", f->error ? json_text(f->error) : json_null(),
		"packets", number(f->packets), "bytes", number(f->bytes), "flows", number(f->flows),
		"first", seconds(f->first_ns), "last", seconds(f->last_ns),
		"capture", f->captures ? captures(f) : json_null(), "protocols", protocols(f),
		"talkers", talkers(f), "conversations", conversations(f), "ports", ports(f),
		"names", json_pack("{s:o, s:o, s:o}", "dns", names(f, NAME_DNS),
				   "http", names(f, NAME_HTTP), "tls", names(f, NAME_TLS)),
		"hosts_seen", number(f->talkers.n), "tcp", health(f), "traffic", traffic(f));
}
