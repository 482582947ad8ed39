// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier finds what a look at every rule in order finds: 32 masks (which
 * of the five fields matter), random rules and packets of both families.
 */
#include <check.h>
#include <stdio.h>
#include <time.h>

#include "classify_oracle.h"
#include "suite.h"

#define PACKETS	2000

static unsigned int seed;

static u32 any(u32 below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % below;
}

/* --- tests ----------------------------------------------------------------- */

static struct fwl_ranked *random_rules(u32 n, int mask)
{
	struct fwl_ranked *rules = calloc(n + 1, sizeof(*rules));
	u32 i;

	for (i = 0; i < n; i++)
		rules[i] = (struct fwl_ranked){
			(u64)(i + 1) << 32, random_rule(mask >= 0 ? (u32)mask : any(31) + 1)
		};
	return rules;
}

static void free_rules(struct fwl_ranked *rules, u32 n)
{
	while (n--)
		free_rule(rules[n].rule);
	free(rules);
}

static u32 compare_all(const struct fwl_classifier *classifier, const struct fwl_ranked *rules,
		       u32 n, u32 packets)
{
	struct fwl_packet pkt;
	u32 i, found = 0;

	for (i = 0; i < packets; i++) {
		struct fwl_rule *want, *is;

		random_packet(&pkt);
		want = oracle(rules, n, &pkt);
		is = ask(classifier, &pkt);
		ck_assert_msg(is == want, "seed %u, %u rules, packet %u: %p is not %p", seed, n, i,
			      (void *)is, (void *)want);
		found += want != NULL;
	}
	return found;
}

START_TEST(each_mask)
{
	static const u32 sizes[] = { 10, 1000 };
	u32 k, n, found = 0;

	for (k = 0; k < 2; k++) {
		struct fwl_classifier *classifier;
		struct fwl_ranked *rules;

		n = sizes[k];
		seed = 1 + _i + 100 * k;
		rules = random_rules(n, _i);
		classifier = fwl_classifier_build(NULL, NULL, 0, rules, n);
		ck_assert_ptr_nonnull(classifier);
		found += compare_all(classifier, rules, n, PACKETS);
		fwl_classifier_free(classifier);
		free_rules(rules, n);
	}
	ck_assert_uint_gt(found, 0);
}
END_TEST

START_TEST(all_masks)
{
	static const u32 sizes[] = { 10, 1000, 100000 };
	struct fwl_classifier *classifier;
	struct fwl_ranked *rules;
	u32 n = sizes[_i];

	seed = 7777 + _i;
	rules = random_rules(n, -1);
	classifier = fwl_classifier_build(NULL, NULL, 0, rules, n);
	ck_assert_ptr_nonnull(classifier);
	compare_all(classifier, rules, n, 32 * PACKETS);
	fwl_classifier_free(classifier);
	free_rules(rules, n);
}
END_TEST

/* Rare rules: most packets match late or never, and every tuple is asked. */
START_TEST(late_matches)
{
	u32 n = 20000, i, found;
	struct fwl_ranked *rules = calloc(n, sizeof(*rules));
	struct fwl_classifier *classifier;

	seed = 4242;
	for (i = 0; i < n; i++) {
		rules[i].rank = i + 1;
		rules[i].rule = random_rule(31);
	}
	classifier = fwl_classifier_build(NULL, NULL, 0, rules, n);
	found = compare_all(classifier, rules, n, PACKETS);
	ck_assert_uint_gt(found, PACKETS / 50);
	ck_assert_uint_lt(found, PACKETS);
	fwl_classifier_free(classifier);
	free_rules(rules, n);
}
END_TEST

/* Rules come and go, a few at a time: each classifier is built from the one before. */
START_TEST(step_by_step)
{
	enum { MOST = 600 };
	struct fwl_ranked rules[MOST], gone[8], added[8];
	struct fwl_classifier *classifier = fwl_classifier_build(NULL, NULL, 0, NULL, 0), *next;
	u32 n = 0, step, i;
	u64 rank = 0;

	seed = 99;
	for (step = 0; step < 300; step++) {
		u32 n_gone = 0, n_added = 0;

		for (i = 0; i < n && n_gone < any(6); i++)
			if (!any(10)) {
				gone[n_gone++] = rules[i];
				memmove(&rules[i], &rules[i + 1], (n - i - 1) * sizeof(*rules));
				n--;
			}
		while (n_added < 1 + any(6) && n < MOST) {
			added[n_added] = (struct fwl_ranked){ ++rank << 8, random_rule(any(32)) };
			rules[n++] = added[n_added++];
		}
		next = fwl_classifier_build(classifier, gone, n_gone, added, n_added);
		ck_assert_ptr_nonnull(next);
		fwl_classifier_free(classifier);
		classifier = next;
		compare_all(classifier, rules, n, 200);
		while (n_gone--)
			free_rule(gone[n_gone].rule);
	}
	fwl_classifier_free(classifier);
	while (n--)
		free_rule(rules[n].rule);
}
END_TEST

/* The same rule often: chains are as long as there are rules, and building is quick. */
START_TEST(the_same_rule_often)
{
	u32 n = 50000, i;
	struct fwl_ranked *rules = calloc(n, sizeof(*rules));
	struct fwl_classifier *classifier;
	clock_t begin = clock();
	struct fwl_packet pkt;

	seed = 5;
	for (i = 0; i < n; i++) {
		seed = 5;
		rules[i].rank = i + 1;
		rules[i].rule = random_rule(17);
	}
	classifier = fwl_classifier_build(NULL, NULL, 0, rules, n);
	ck_assert_msg(clock() - begin < 5 * CLOCKS_PER_SEC, "building took too long");
	for (i = 0; i < 1000; i++) {
		random_packet(&pkt);
		ck_assert_ptr_eq(ask(classifier, &pkt), oracle(rules, 1, &pkt));
	}
	fwl_classifier_free(classifier);
	free_rules(rules, n);
}
END_TEST

/* A rule about all of a protocol at an interface, or at any. */
static struct fwl_ranked rule_at(u32 number, s16 proto, const char *iface, u8 action)
{
	struct fwl_rule *rule = calloc(1, sizeof(*rule));

	rule->match.proto = proto;
	rule->match.icmp_type = -1;
	rule->match.icmpv6_type = -1;
	strcpy(rule->match.iface, iface);
	rule->action = action;
	rule->handle = number;
	return (struct fwl_ranked){ number, rule };
}

/* Where the interface is not known, what is unsure is what it would change. */
START_TEST(an_unknown_interface)
{
	static const struct {
		const char *iface[3];
		u8 action[3];
		bool policy;
		bool unsure;
	} cases[] = {
#define ALLOW	FLOWWALL_ACTION_ALLOW
#define DENY	FLOWWALL_ACTION_DENY
		{ { "eth0", "", "" }, { ALLOW, DENY, DENY }, true, true },
		{ { "eth0", "", "" }, { DENY, DENY, DENY }, true, false },
		{ { "", "eth0", "" }, { DENY, ALLOW, ALLOW }, true, false },
		{ { "eth0", "eth1", "" }, { DENY, ALLOW, DENY }, true, true },
		{ { "eth0", "eth1", "eth2" }, { DENY, DENY, DENY }, false, false },
		{ { "eth0", "eth1", "eth2" }, { DENY, DENY, DENY }, true, true },
		{ { "eth0", "eth1", "eth2" }, { DENY, ALLOW, DENY }, false, true },
		{ { "eth0", "eth1", "eth2" }, { ALLOW, ALLOW, ALLOW }, true, false },
	};
	struct fwl_packet pkt = { .kind = IPPROTO_TCP };
	bool unsure = false;
	struct fwl_query query = {
		.pkt = &pkt, .held = 77, .unsure = &unsure, .policy = cases[_i].policy
	};
	struct fwl_classifier *classifier;
	struct fwl_ranked rules[4];
	u32 i;

	/* Of the same shape, and about other packets. */
	rules[0] = rule_at(1, IPPROTO_UDP, "", ALLOW);
	for (i = 0; i < 3; i++)
		rules[i + 1] = rule_at(i + 2, IPPROTO_TCP, cases[_i].iface[i], cases[_i].action[i]);
	classifier = fwl_classifier_build(NULL, NULL, 0, rules, 4);
	fwl_classify(classifier, &query);
	ck_assert_int_eq(unsure, cases[_i].unsure);
	fwl_classifier_free(classifier);
	for (i = 0; i < 4; i++)
		free_rule(rules[i].rule);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classify");
	TCase *tcase = tcase_create("classifier");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, each_mask, 0, 32);
	tcase_add_loop_test(tcase, all_masks, 0, 3);
	tcase_add_test(tcase, late_matches);
	tcase_add_test(tcase, step_by_step);
	tcase_add_test(tcase, the_same_rule_often);
	tcase_add_loop_test(tcase, an_unknown_interface, 0, 8);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
