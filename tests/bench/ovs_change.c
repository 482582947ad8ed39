// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ovs_change FILE A B: how long a change of groups takes that `fwctl ovs watch` follows.
 *
 * FILE is put in force on its one bridge; then the groups of the kernel module are those of
 * A and of B in turn, as far as the watcher is concerned: the same code makes the flows,
 * compares, and gives the difference to the ovs-ofctl that waits for it. What is left out is
 * to read the groups from the module. For each change prints a line: the ms until OVS has
 * the flows, and those of them that it took to make them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ovs/desired.h"

#define CHANGES	30
#define REST	300000	/* us from one to the next */

static int failed(const char *what)
{
	fprintf(stderr, "ovs_change: %s: %s\n", what, vs_error());
	return 1;
}

int main(int argc, char **argv)
{
	struct of_flows old, hosts, others;
	struct process ready = { .program = NULL };
	struct script groups[2];
	struct desired desired;
	struct outcome outcome;
	const char *bridge;
	double begin, made;
	int i;

	if (argc != 4 || !desired_read(argv[1], &desired) || !parse_file(argv[2], &groups[0]) ||
	    !parse_file(argv[3], &groups[1]))
		return 2;
	desired.groups.module = groups[0];
	if (!vs_read(&desired.vs) || !desired_build(&desired, true) || desired.n != 1 ||
	    !desired_check(&desired, 0, &old) || !desired_install(&desired, 0, &old, &outcome))
		return failed(argv[1]);
	of_free(&old);
	bridge = desired.bridges[0].declared->bridge;
	of_split(&desired.flows[0], FEATURE_HOST, &hosts);
	others = desired.flows[0];
	for (i = 1; i <= CHANGES; i++) {
		desired.flows[0] = (struct of_flows){ NULL, 0 };
		if (!vs_begin_flows(&ready, bridge))
			return failed(bridge);
		usleep(REST);
		desired.groups.module = groups[i & 1];
		begin = clock_ms();
		desired_regroup(&desired);
		made = clock_ms();
		if (!desired_change(&desired, 0, &others, &ready, &outcome))
			return failed(bridge);
		if (outcome.removed != 2 || outcome.added != 2) {
			fprintf(stderr, "ovs_change: %zu flows removed, %zu added, not two\n",
				outcome.removed, outcome.added);
			return 1;
		}
		printf("%.1f %.1f\n", outcome.at - begin, made - begin);
		of_free(&others);
		others = desired.flows[0];
	}
	of_free(&others);
	of_free(&hosts);
	return 0;
}
