// SPDX-License-Identifier: GPL-2.0-or-later
/* A sample as rows: what a tab shows, the busiest first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "../line.h"
#include "view.h"

const char *const tab_names[TABS] = { "flows", "hosts", "rules", "drops" };
const char *const order_names[ORDERS] = { "bits/s", "total", "packets/s" };

/**
 * rate_text() - a number per second as a person reads it: "12.3M"
 * @unit: put behind it
 */
void rate_text(double rate, const char *unit, char *buffer, size_t size)
{
	static const char prefixes[] = " kMGT";
	size_t i = 0;

	while (rate >= 1000 && i < sizeof(prefixes) - 2) {
		rate /= 1000;
		i++;
	}
	if (i)
		snprintf(buffer, size, "%.*f%c%s", rate < 10 ? 2 : rate < 100 ? 1 : 0, rate,
			 prefixes[i], unit);
	else
		snprintf(buffer, size, "%.0f%s", rate, unit);
}

/* "   1.2M    34.5 MiB      120": bits per second, bytes, packets per second. */
static void load_text(const struct load *load, struct line *line)
{
	struct line total = { .n = 0 };
	char bits[24], packets[24], text[80];

	rate_text(load->byte_rate * 8, "", bits, sizeof(bits));
	rate_text(load->packet_rate, "", packets, sizeof(packets));
	line_bytes(&total, load->bytes);
	snprintf(text, sizeof(text), "%6s %10.15s %6s", bits, total.text, packets);
	line_text(line, text);
}

static void flow_row(const struct top_flow *top, struct row *row)
{
	const struct flow *flow = &top->flow;
	struct line line = { .n = 0 };
	char proto[8];

	line_text(&line, proto_text(flow->proto, proto, sizeof(proto)));
	line_pad(&line, 0, 6);
	/* Short enough for 80 columns, unless IPv6 is not. */
	line_entry(&line, flow, &flow->original);
	line_pad(&line, 0, 54);
	line_text(&line, " ");
	load_text(&top->load, &line);
	line_copy(&line, row->text, sizeof(row->text));
	row->load = top->load;
}

static void host_row(const struct top_host *host, struct row *row)
{
	struct line line = { .n = 0 };

	line_address(&line, host->family, host->addr);
	line_pad(&line, 0, 42);
	line_number(&line, host->flows, 8);
	line_text(&line, "     ");
	load_text(&host->load, &line);
	line_copy(&line, row->text, sizeof(row->text));
	row->load = host->load;
}

static void rule_row(const struct top_rule *rule, struct row *row)
{
	struct line line = { .n = 0 };

	load_text(&rule->load, &line);
	line_text(&line, "  ");
	line_text(&line, rule->text);
	line_copy(&line, row->text, sizeof(row->text));
	row->load = rule->load;
}

static void drop_row(const struct top_drop *drop, struct row *row)
{
	char rate[24];

	rate_text(drop->load.packet_rate, "", rate, sizeof(rate));
	snprintf(row->text, sizeof(row->text), "%-12s %12llu %8s/s",
		 name_of(drop_names, drop->reason), (unsigned long long)drop->load.packets, rate);
	/* There are no bytes to sort by. */
	row->load = drop->load;
	row->load.bytes = drop->load.packets;
	row->load.byte_rate = drop->load.packet_rate;
}

static double weight(const struct load *load, enum order order)
{
	return order == BY_RATE ? load->byte_rate : order == BY_TOTAL ? (double)load->bytes :
	       load->packet_rate;
}

/* What is alike stays in its order, so that rows do not change places for nothing. */
static int busiest_first(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	double of_x = weight(&x->load, *(enum order *)arg);
	double of_y = weight(&y->load, *(enum order *)arg);

	if (of_x != of_y)
		return of_x < of_y ? 1 : -1;
	if (x->load.bytes != y->load.bytes)
		return x->load.bytes < y->load.bytes ? 1 : -1;
	return x->index < y->index ? -1 : 1;
}

/**
 * view_rows() - make the rows of the tab that is looked at
 */
void view_rows(struct view *view, const struct sample *sample)
{
	const size_t counts[TABS] = {
		sample->n_flows, sample->n_hosts, sample->n_rules, sample->n_drops
	};
	size_t i;

	free(view->rows);
	view->n_rows = counts[view->tab];
	view->rows = calloc(view->n_rows + 1, sizeof(*view->rows));
	if (!view->rows)
		fail_out_of_memory();
	for (i = 0; i < view->n_rows; i++) {
		struct row *row = &view->rows[i];

		row->index = i;
		switch (view->tab) {
		case TAB_FLOWS:
			flow_row(&sample->flows[i], row);
			break;
		case TAB_HOSTS:
			host_row(&sample->hosts[i], row);
			break;
		case TAB_RULES:
			rule_row(&sample->rules[i], row);
			break;
		default:
			drop_row(&sample->drops[i], row);
			break;
		}
	}
	if (view->n_rows)
		qsort_r(view->rows, view->n_rows, sizeof(*view->rows), busiest_first, &view->order);
	if (view->selected >= view->n_rows)
		view->selected = view->n_rows ? view->n_rows - 1 : 0;
}
