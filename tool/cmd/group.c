// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl group: sets of hosts and networks that rules name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

const char *const group_verbs[] = { "list", "add", "del", "show", "flush", NULL };

static void text(const struct stmt *stmt)
{
	const struct group *group = &stmt->group;
	char bytes[32];

	printf("%s%-16s%s %8u member%s  %llu packets, %s\n", paint(BOLD), group->name,
	       paint(PLAIN), group->size, group->size == 1 ? " " : "s",
	       (unsigned long long)group->packets,
	       human_bytes(group->bytes, bytes, sizeof(bytes)));
}

static json_t *json(const struct stmt *stmt)
{
	const struct group *group = &stmt->group;

	return json_pack("{s:s, s:I, s:I, s:I}", "name", group->name,
			 "size", (json_int_t)group->size, "packets", (json_int_t)group->packets,
			 "bytes", (json_int_t)group->bytes);
}

static json_t *member_json(const struct member *member)
{
	json_t *timeout = member->timeout ? json_integer(member->timeout) : json_null();
	json_t *left = member->timeout ? json_integer(member->left) : json_null();
	char word[128], *space;
	const char *value;

	/* As in "host 192.0.2.1" or "group web"; a name may stand between quotation marks. */
	print_member(member, word, sizeof(word));
	space = strchr(word, ' ');
	*space++ = '\0';
	space[strcspn(space, " ")] = '\0';
	value = member->family == MEMBER_IFACE ? member->name : space;
	return json_pack("{s:s, s:o, s:o}",
			 member->family == AF_INET || member->family == AF_INET6 ? "addr" : word,
			 value, "timeout", timeout, "left", left);
}

static void show_json(const struct group *group)
{
	json_t *members = json_array();
	size_t i;

	for (i = 0; i < group->n_members; i++)
		json_array_append_new(members, member_json(&group->members[i]));
	out_json(json_pack("{s:i, s:s, s:o}", "schema", JSON_SCHEMA, "name", group->name,
			   "members", members));
}

static void show_text(const struct group *group)
{
	char word[128], left[32];
	size_t i;

	for (i = 0; i < group->n_members; i++) {
		const struct member *member = &group->members[i];

		print_member(member, word, sizeof(word));
		fputs(word, stdout);
		if (member->timeout) {
			print_duration(member->left, left, sizeof(left));
			printf(", %s left", left);
		}
		putchar('\n');
	}
}

static int show(int argc, char **argv)
{
	struct script script;
	struct module *module;
	int status;

	if (argc != 1)
		return wrong("see: fwctl group list", "`group show` needs one name");
	status = connect_module(&module);
	if (status)
		return status;
	if (module_ruleset(module, FLOWWALL_KIND_GROUP | FLOWWALL_KIND_MEMBER, argv[0], &script))
		status = module_failed(module);
	else if (!script.n)
		status = wrong("see: fwctl group list", "there is no group `%s`", argv[0]);
	else if (options.json)
		show_json(&script.stmt[0].group);
	else
		show_text(&script.stmt[0].group);
	script_free(&script);
	module_close(module);
	return status;
}

static int flush(int argc, char **argv)
{
	struct stmt stmt = { .kind = STMT_GROUP, .group.flush = true };

	if (argc != 1 || strlen(argv[0]) >= sizeof(stmt.group.name))
		return wrong("see: fwctl group list", "`group flush` needs the name of a group");
	strcpy(stmt.group.name, argv[0]);
	return edit_del(&stmt);
}

/**
 * cmd_group() - fwctl group [list | show NAME | add NAME MEMBER... |
 *	del NAME [MEMBER...] | flush NAME]; the name may also come first
 */
int cmd_group(int argc, char **argv)
{
	const char *verb = argc ? match_verb(argv[0], group_verbs) : "list";

	/* "fwctl group web add host ..." */
	if (argc > 1 && !verb) {
		verb = match_verb(argv[1], group_verbs);
		if (verb && strcmp(verb, "list"))
			argv[1] = argv[0];
		else
			verb = NULL;
	}
	if (argc && !verb)
		return wrong("fwctl group --help", "`%s` is not known here", argv[0]);
	if (argc) {
		argc--;
		argv++;
	}
	if (!strcmp(verb, "list"))
		return no_arguments(argc, argv) ?: list_statements(FLOWWALL_KIND_GROUP, text, json);
	if (!strcmp(verb, "show"))
		return show(argc, argv);
	if (!strcmp(verb, "flush"))
		return flush(argc, argv);
	return edit_line(STMT_GROUP, !strcmp(verb, "add"), "group", argc, argv);
}
