// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl confirm: keep the ruleset that waits for it. */
#include "../fwctl.h"
#include "../out.h"

/**
 * cmd_confirm() - fwctl confirm
 */
int cmd_confirm(int argc, char **argv)
{
	struct module *module;
	int status = no_arguments(argc, argv);

	if (status)
		return status;
	status = connect_module(&module);
	if (status)
		return status;
	if (module_confirm(module))
		status = module_failed(module);
	module_close(module);
	return status;
}
