// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fwctl-capture: the commands snoop and report, for fwctl, which reads the command line,
 * knows their help, and runs this with the options first; see companion.c.
 */
#include <signal.h>
#include <string.h>

#include "fwctl.h"
#include "out.h"

int main(int argc, char **argv)
{
	int taken = 1;

	signal(SIGPIPE, SIG_DFL);
	while (argc > taken) {
		argc -= taken;
		argv += taken;
		taken = take_option(argc, argv);
		if (taken < 0)
			return REFUSED;
		if (!taken && !strcmp(argv[0], "snoop"))
			return end_output(cmd_snoop(argc - 1, argv + 1));
		if (!taken && !strcmp(argv[0], "report"))
			return end_output(cmd_report(argc - 1, argv + 1));
		if (!taken)
			break;
	}
	return wrong("fwctl snoop --help", "this is a part of fwctl, for its commands snoop and report");
}
