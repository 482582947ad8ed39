// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl top: what went on between two samples, hosts of flows, the order of rows. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fwctl.h"
#include "suite.h"
#include "top/view.h"

struct options options;

static void flow_between(struct sample *sample, uint64_t id, const char *src, const char *dst,
			 uint64_t bytes)
{
	struct flow flow = { .id = id, .family = AF_INET, .proto = 6 };

	inet_pton(AF_INET, src, flow.original.src);
	inet_pton(AF_INET, dst, flow.original.dst);
	inet_pton(AF_INET, dst, flow.reply.src);
	inet_pton(AF_INET, src, flow.reply.dst);
	flow.original.bytes = bytes;
	flow.original.packets = bytes / 100;
	sample_add_flow(sample, &flow);
}

static const struct top_flow *flow_of(const struct sample *sample, uint64_t id)
{
	size_t i;

	for (i = 0; i < sample->n_flows; i++)
		if (sample->flows[i].flow.id == id)
			return &sample->flows[i];
	ck_abort_msg("no flow %llu", (unsigned long long)id);
	return NULL;
}

START_TEST(rates)
{
	struct sample before = { .at = 10 }, now = { .at = 12 };
	const struct top_host *host = NULL;
	size_t i;

	/* In another order each time, one that goes, one that comes, one that began anew. */
	flow_between(&before, 7, "10.0.0.1", "1.1.1.1", 1000);
	flow_between(&before, 3, "10.0.0.1", "2.2.2.2", 500);
	flow_between(&before, 5, "10.0.0.2", "1.1.1.1", 9000);
	sample_compare(&before, NULL);
	flow_between(&now, 9, "10.0.0.3", "1.1.1.1", 400);
	flow_between(&now, 5, "10.0.0.2", "1.1.1.1", 100);
	flow_between(&now, 7, "10.0.0.1", "1.1.1.1", 3000);
	now.status.new_flows = 6;
	before.status.new_flows = 2;
	now.total.packets = 1000;
	before.total.packets = 400;
	sample_compare(&now, &before);

	ck_assert_double_eq(flow_of(&before, 7)->load.byte_rate, 0);
	ck_assert_double_eq(flow_of(&now, 7)->load.byte_rate, 1000);
	ck_assert_double_eq(flow_of(&now, 7)->load.packet_rate, 10);
	ck_assert_double_eq(flow_of(&now, 9)->load.byte_rate, 200);
	ck_assert_double_eq(flow_of(&now, 5)->load.byte_rate, 0);
	ck_assert_double_eq(now.new_flows, 2);
	ck_assert_double_eq(now.total.packet_rate, 300);

	ck_assert_uint_eq(now.n_hosts, 4);
	for (i = 0; i < now.n_hosts; i++)
		if (now.hosts[i].addr[0] == 1)
			host = &now.hosts[i];
	ck_assert_ptr_nonnull(host);
	ck_assert_uint_eq(host->flows, 3);
	ck_assert_uint_eq(host->load.bytes, 3500);
	ck_assert_double_eq(host->load.byte_rate, 1200);
	sample_free(&before);
	sample_free(&now);
}
END_TEST

START_TEST(rows_in_order)
{
	static const uint64_t wanted[ORDERS] = { 1, 2, 1 };
	struct sample before = { .at = 1 }, now = { .at = 2 };
	struct view view = { .order = _i };

	flow_between(&before, 1, "10.0.0.1", "1.1.1.1", 0);
	flow_between(&before, 2, "10.0.0.1", "2.2.2.2", 90000);
	sample_compare(&before, NULL);
	flow_between(&now, 1, "10.0.0.1", "1.1.1.1", 5000);
	flow_between(&now, 2, "10.0.0.1", "2.2.2.2", 90100);
	sample_compare(&now, &before);
	view.selected = 17;
	view_rows(&view, &now);
	ck_assert_uint_eq(view.n_rows, 2);
	ck_assert_uint_eq(now.flows[view.rows[0].index].flow.id, wanted[_i]);
	ck_assert_uint_eq(view.selected, 1);
	ck_assert_uint_lt(strlen(view.rows[0].text), 81);

	view.tab = TAB_DROPS;
	view_rows(&view, &now);
	ck_assert_uint_eq(view.n_rows, 0);
	ck_assert_uint_eq(view.selected, 0);
	free(view.rows);
	sample_free(&before);
	sample_free(&now);
}
END_TEST

START_TEST(more_flows_than_are_kept)
{
	struct sample sample = { .at = 1 };
	size_t i;

	for (i = 0; i < SAMPLE_FLOWS + 10; i++)
		flow_between(&sample, i, "10.0.0.1", "1.1.1.1", 1);
	ck_assert_uint_eq(sample.n_seen, SAMPLE_FLOWS + 10);
	ck_assert_uint_eq(sample.n_flows, SAMPLE_FLOWS);
	sample_free(&sample);
}
END_TEST

START_TEST(no_rate_of_what_was_left_out)
{
	struct sample before = { .at = 1 }, now = { .at = 2 };

	flow_between(&before, 1, "10.0.0.1", "1.1.1.1", 1000);
	before.n_seen++;
	sample_compare(&before, NULL);
	flow_between(&now, 1, "10.0.0.1", "1.1.1.1", 3000);
	flow_between(&now, 2, "10.0.0.1", "2.2.2.2", 90000000);
	sample_compare(&now, &before);
	ck_assert_double_eq(flow_of(&now, 1)->load.byte_rate, 2000);
	ck_assert_double_eq(flow_of(&now, 2)->load.byte_rate, 0);
	sample_free(&before);
	sample_free(&now);
}
END_TEST

START_TEST(rates_in_words)
{
	static const struct {
		double rate;
		const char *text;
	} rates[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1.00k" }, { 12345, "12.3k" },
		{ 999999, "1000k" }, { 1.5e6, "1.50M" },
	};
	char text[24];
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		rate_text(rates[i].rate, "", text, sizeof(text));
		ck_assert_str_eq(text, rates[i].text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("top");
	TCase *tcase = tcase_create("top");

	tcase_add_test(tcase, rates);
	tcase_add_loop_test(tcase, rows_in_order, 0, ORDERS);
	tcase_add_test(tcase, more_flows_than_are_kept);
	tcase_add_test(tcase, no_rate_of_what_was_left_out);
	tcase_add_test(tcase, rates_in_words);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
