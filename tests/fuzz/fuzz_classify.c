// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules come and go as the bytes say, each classifier is built from the one
 * before; whatever it finds for a packet is what the oracle finds.
 */
#include <stdio.h>

#include "classify_oracle.h"

#define RULES	256	/* at once */
#define CHANGES	16	/* in a step */

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* What is left of the input; it goes on with zeros. */
static const u8 *left;
static size_t left_size;

static u32 next_byte(void)
{
	if (!left_size)
		return 0;
	left_size--;
	return *left++;
}

static u32 any(u32 below)
{
	u32 number = next_byte();

	if (below > 256)
		number = number << 8 | next_byte();
	return number % below;
}

/* A list of rules, in order. */
struct list {
	u32 n;
	struct fwl_ranked rule[RULES];
};

static void put(struct list *list, struct fwl_ranked rule)
{
	u32 at = list->n++;

	for (; at && list->rule[at - 1].rank > rule.rank; at--)
		list->rule[at] = list->rule[at - 1];
	list->rule[at] = rule;
}

static struct fwl_ranked take(struct list *list, u32 at)
{
	struct fwl_ranked rule = list->rule[at];

	list->n--;
	memmove(&list->rule[at], &list->rule[at + 1], (list->n - at) * sizeof(rule));
	return rule;
}

static void compare(const struct fwl_classifier *classifier, const struct list *rules)
{
	struct fwl_packet pkt;

	random_packet(&pkt);
	if (ask(classifier, &pkt) != oracle(rules->rule, rules->n, &pkt)) {
		fprintf(stderr, "of %u rules, the classifier finds another one\n", rules->n);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fwl_classifier *classifier = fwl_classifier_build(NULL, NULL, 0, NULL, 0);
	static struct list rules, gone, added;
	u32 serial = 0, n;

	left = data;
	left_size = size;
	rules.n = 0;
	do {
		struct fwl_classifier *base = classifier;

		gone.n = 0;
		for (n = any(CHANGES); n && rules.n; n--)
			put(&gone, take(&rules, any(rules.n)));
		added.n = 0;
		for (n = any(CHANGES); n && left_size && rules.n < RULES; n--) {
			struct fwl_ranked rule = { (u64)any(256) << 32 | ++serial,
						   random_rule(any(32)) };

			put(&added, rule);
			put(&rules, rule);
		}
		classifier = fwl_classifier_build(base, gone.rule, gone.n, added.rule, added.n);
		if (!classifier)
			abort();
		fwl_classifier_free(base);
		for (n = 1 + any(8); n; n--)
			compare(classifier, &rules);
		while (gone.n)
			free_rule(gone.rule[--gone.n].rule);
	} while (left_size);

	fwl_classifier_free(classifier);
	while (rules.n)
		free_rule(rules.rule[--rules.n].rule);
	return 0;
}
