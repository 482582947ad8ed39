// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl failsafe: a few lines of nftables while FlowWall does not stand; fwctl off. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fwctl.h"
#include "../machine/failsafe.h"
#include "../out.h"
#include "../ovs/vswitch.h"

const char *const failsafe_verbs[] = { "on", "off", "show", NULL };

static void say_nothing(const struct place *place, const char *message, const char *hint)
{
	(void)place;
	(void)message;
	(void)hint;
}

/*
 * The lines for a file: whoever has a mistake in it is not asked what else is open.
 * What is wrong is for `apply` to say.
 */
static char *lines_for(const char *file)
{
	void (*report)(const struct place *, const char *, const char *) = report_mistake;
	struct script script = { .n = 0 };
	bool good;
	char *text;

	report_mistake = say_nothing;
	good = parse_file(file, &script);
	report_mistake = report;
	text = failsafe_text(&script, good && has_external(&script));
	script_free(&script);
	return text;
}

/* Does FlowWall stand? Without the module there is no need to say so. */
static bool stands(void)
{
	struct script roles = { .n = 0 };
	struct module *module;
	bool answer = false;

	if (!module_open(&module, options.netns) &&
	    !module_ruleset(module, FLOWWALL_KIND_ROLE, NULL, &roles))
		answer = has_external(&roles);
	script_free(&roles);
	module_close(module);
	return answer;
}

static int nft_failed(void)
{
	wrong(NULL, "%s", vs_error());
	return FAILED;
}

static int tell(const char *state, const char *text)
{
	if (options.json)
		out_json(json_pack("{s:i, s:s, s:s?}", "schema", JSON_SCHEMA, "failsafe", state,
				   "text", text));
	else if (text)
		printf("# %s\n%s", strcmp(state, "on") ? "not in place" : "in place", text);
	else
		printf("the failsafe is %s\n", state);
	return DONE;
}

/**
 * cmd_failsafe() - fwctl failsafe [show [FILE]|on [FILE]|off]
 */
int cmd_failsafe(int argc, char **argv)
{
	const char *verb = argc ? match_verb(argv[0], failsafe_verbs) : "show";
	const char *file = argc > 1 ? argv[1] : RULES_FILE;
	int status = DONE;
	bool standing;
	char *text;

	if (!verb || argc > 2 || (argc > 1 && !strcmp(verb, "off")))
		return wrong("fwctl failsafe [show|on|off]", "`%s` is not known here",
			     verb ? argv[argc - 1] : argv[0]);
	if (no_option("fwctl failsafe [show|on|off]", file))
		return REFUSED;
	/* This also enters the namespace that is meant. */
	standing = stands();
	if (!strcmp(verb, "off"))
		return failsafe_off() ? tell("off", NULL) : nft_failed();
	if (!strcmp(verb, "on") && standing)
		return tell("not needed: FlowWall stands", NULL);
	if (argc > 1 && access(file, R_OK))
		fprintf(stderr, "fwctl: %s cannot be read (%s): every interface counts as outside\n", file,
			strerror(errno));
	text = lines_for(file);
	if (!strcmp(verb, "show"))
		tell(failsafe_there() ? "on" : "off", text);
	else if (failsafe_on(text))
		tell("on: nothing new gets in from outside", NULL);
	else
		status = nft_failed();
	free(text);
	return status;
}

/* An empty ruleset has no roles, so that every packet passes; nothing else waits. */
static int empty_ruleset(struct module *module)
{
	struct commit commit = { .check = false };

	module_confirm(module);
	if (module_begin(module, FLOWWALL_MODE_REPLACE) || module_commit(module, &commit))
		return module_failed(module);
	return DONE;
}

/**
 * cmd_off() - fwctl off
 *
 * The one command that opens the box, with the module or without.
 */
int cmd_off(int argc, char **argv)
{
	struct module *module;
	int status = no_arguments(argc, argv), err;

	if (status)
		return status;
	err = module_open(&module, options.netns);
	if (!err)
		status = empty_ruleset(module);
	else if (err != -ENOENT || module_refused(module))
		status = module_failed(module);
	module_close(module);
	if (status)
		return status;
	if (!failsafe_off() && err)
		return nft_failed();
	if (options.json)
		out_json(json_pack("{s:i, s:b}", "schema", JSON_SCHEMA, "off", true));
	else
		puts("FlowWall is off: every packet passes, until the next: fwctl apply FILE");
	return DONE;
}
