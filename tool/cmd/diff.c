// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl diff: what an apply of a file would change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../edit.h"
#include "../fwctl.h"
#include "../out.h"

/* Beyond that many pairs of rules the smallest difference is not looked for. */
#define PAIRS_LIMIT	(16L << 20)

/* What holds where a file says nothing: as kmod/ruleset.c. */
static const char *const defaults[] = {
	"set max-flows 262144", "set half-open 90", "set max-flows-per-host 0",
	"set when-full refuse", "set refuse icmp", "set refresh both", "set tcp-window on",
	"set tcp-pickup on", "set fragments drop", "set fastpath off",
	"set on-change revalidate",
	"set neighbour on", "set dhcp on",
	"ttl tcp-syn step 4m max 4m", "ttl tcp-established step 2h4m max 2h4m",
	"ttl tcp-closing step 4m max 4m", "ttl udp-new step 30s max 30s",
	"ttl udp-stream step 3m max 3m", "ttl icmp step 1m max 1m",
	"ttl gre step 3m max 3m", "ttl other step 3m max 3m", NULL
};

struct lines {
	char **line;
	size_t n;
};

/* What a ruleset says: rules in order, all else as a set, sorted. */
struct said {
	struct lines set;
	struct lines rules;
};

static void add(struct lines *lines, const char *line)
{
	/* At powers of two the array is full. */
	if (!(lines->n & (lines->n - 1))) {
		lines->line = realloc(lines->line, (lines->n ? 2 * lines->n : 1) *
						   sizeof(*lines->line));
		if (!lines->line)
			fail_out_of_memory();
	}
	lines->line[lines->n] = strdup(line);
	if (!lines->line[lines->n++])
		fail_out_of_memory();
}

static void lines_free(struct lines *lines)
{
	while (lines->n)
		free(lines->line[--lines->n]);
	free(lines->line);
}

/* How much of a line says what it is about: "role eth0", "set dhcp", "ttl icmp". */
static size_t key_length(const char *line)
{
	const char *blank = strchr(line, ' ');

	blank = blank ? strchr(blank + 1, ' ') : NULL;
	return blank ? (size_t)(blank - line) + 1 : strlen(line);
}

/* A later statement takes the place of an earlier one about the same. */
static void put(struct lines *lines, const char *line)
{
	size_t length = key_length(line), i;

	for (i = 0; i < lines->n; i++)
		if (!strncmp(lines->line[i], line, length)) {
			free(lines->line[i]);
			lines->line[i] = strdup(line);
			if (!lines->line[i])
				fail_out_of_memory();
			return;
		}
	add(lines, line);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct lines *lines)
{
	if (lines->n)
		qsort(lines->line, lines->n, sizeof(*lines->line), compare);
}

static bool has(const struct lines *sorted, const char *line)
{
	return sorted->n && bsearch(&line, sorted->line, sorted->n, sizeof(*sorted->line), compare);
}

/*
 * @file: the groups and members that a file names, without timeouts, or NULL. Who has a
 * timeout and is in none of them stays, if the group does: see kmod/member.c.
 */
static void say_group(struct lines *lines, const struct group *group, bool timeouts,
		      const struct lines *file)
{
	char line[FLOWWALL_NAME_SIZE + 160];
	int at = snprintf(line, sizeof(line), "group %s", group->name);
	bool lasts = file && has(file, line);
	size_t i;

	add(lines, line);
	for (i = 0; i < group->n_members; i++) {
		struct member member = group->members[i];

		line[at] = ' ';
		if (lasts && member.timeout && member.family != MEMBER_GROUP) {
			member.timeout = 0;
			print_member(&member, line + at + 1, sizeof(line) - at - 1);
			if (!has(file, line))
				continue;
		}
		member.timeout = timeouts ? group->members[i].timeout : 0;
		print_member(&member, line + at + 1, sizeof(line) - at - 1);
		add(lines, line);
	}
}

static void members_of(const struct script *script, struct lines *lines)
{
	size_t i;

	for (i = 0; i < script->n; i++)
		if (script->stmt[i].kind == STMT_GROUP)
			say_group(lines, &script->stmt[i].group, false, NULL);
	sort(lines);
}

/* @file: of what runs, members_of() the file that it is compared with, or NULL: it is that. */
static void say(const struct script *script, const struct lines *file, struct said *said)
{
	struct lines keyed = { NULL, 0 };
	char line[STMT_TEXT];
	size_t i, n;

	memset(said, 0, sizeof(*said));
	for (i = 0; !file && defaults[i]; i++)
		add(&keyed, defaults[i]);
	for (i = 0; i < script->n; i++) {
		const struct stmt *stmt = &script->stmt[i];

		if (stmt->kind == STMT_OVS)	/* the module has none: fwctl ovs diff */
			continue;
		if (stmt->kind == STMT_GROUP) {
			say_group(&said->set, &stmt->group, true, file);
			continue;
		}
		print_stmt(stmt, line, sizeof(line));
		if (stmt->kind == STMT_RULE)
			add(&said->rules, line);
		else
			put(&keyed, line);
	}
	for (i = 0; i < keyed.n; i++)
		add(&said->set, keyed.line[i]);
	lines_free(&keyed);

	/* Sorted, what is there twice is beside itself. */
	sort(&said->set);
	for (i = n = 0; i < said->set.n; i++) {
		if (n && !strcmp(said->set.line[n - 1], said->set.line[i]))
			free(said->set.line[i]);
		else
			said->set.line[n++] = said->set.line[i];
	}
	said->set.n = n;
}

/* --- the difference -------------------------------------------------------- */

struct output {
	bool count;	/* and nothing else */
	size_t n;
	json_t *remove;
	json_t *add;
};

static void emit(struct output *output, char sign, const char *line)
{
	output->n++;
	if (output->count)
		return;
	if (output->add)
		json_array_append_new(sign == '-' ? output->remove : output->add, json_text(line));
	else
		printf("%s%c %s%s\n", paint(sign == '-' ? RED : GREEN), sign, line, paint(PLAIN));
}

static void diff_sets(const struct lines *old, const struct lines *new, struct output *output)
{
	size_t i = 0, k = 0;

	while (i < old->n || k < new->n) {
		int order = i == old->n ? 1 : k == new->n ? -1 : strcmp(old->line[i], new->line[k]);

		if (order < 0) {
			emit(output, '-', old->line[i++]);
		} else if (order > 0) {
			emit(output, '+', new->line[k++]);
		} else {
			i++;
			k++;
		}
	}
}

static bool same(const struct lines *old, size_t i, const struct lines *new, size_t k)
{
	return !strcmp(old->line[i], new->line[k]);
}

/* @first to @end: what is between a beginning and an end that both have. */
static void diff_middle(const struct lines *old, size_t i, size_t old_end,
			const struct lines *new, size_t k, size_t new_end, struct output *output)
{
	size_t rows = old_end - i, columns = new_end - k, r, c;
	uint32_t *length;	/* of the longest common sequence from (row, column) on */

	if (rows && columns && (double)(rows + 1) * (columns + 1) <= PAIRS_LIMIT) {
		length = calloc((rows + 1) * (columns + 1), sizeof(*length));
		if (!length)
			fail_out_of_memory();
		for (r = rows; r--; )
			for (c = columns; c--; ) {
				uint32_t *at = &length[r * (columns + 1) + c];

				if (same(old, i + r, new, k + c))
					*at = at[columns + 2] + 1;
				else
					*at = at[1] > at[columns + 1] ? at[1] : at[columns + 1];
			}
		for (r = c = 0; r < rows && c < columns; ) {
			const uint32_t *at = &length[r * (columns + 1) + c];

			if (same(old, i + r, new, k + c)) {
				r++;
				c++;
			} else if (at[columns + 1] >= at[1]) {
				emit(output, '-', old->line[i + r++]);
			} else {
				emit(output, '+', new->line[k + c++]);
			}
		}
		i += r;
		k += c;
		free(length);
	}
	while (i < old_end)
		emit(output, '-', old->line[i++]);
	while (k < new_end)
		emit(output, '+', new->line[k++]);
}

static void diff_rules(const struct lines *old, const struct lines *new, struct output *output)
{
	size_t first = 0, old_end = old->n, new_end = new->n;

	while (first < old_end && first < new_end && same(old, first, new, first))
		first++;
	while (old_end > first && new_end > first && same(old, old_end - 1, new, new_end - 1)) {
		old_end--;
		new_end--;
	}
	diff_middle(old, first, old_end, new, first, new_end, output);
}

static void compare_all(const struct script *running, const struct script *file,
			struct output *output)
{
	struct lines members = { NULL, 0 };
	struct said old, new;

	members_of(file, &members);
	say(running, &members, &old);
	say(file, NULL, &new);
	diff_sets(&old.set, &new.set, output);
	diff_rules(&old.rules, &new.rules, output);
	lines_free(&old.set);
	lines_free(&old.rules);
	lines_free(&new.set);
	lines_free(&new.rules);
	lines_free(&members);
}

static int show(const struct script *running, const struct script *file)
{
	struct output output = { .n = 0 };

	if (options.json) {
		output.remove = json_array();
		output.add = json_array();
	}
	compare_all(running, file, &output);
	if (options.json)
		out_json(json_pack("{s:i, s:o, s:o}", "schema", JSON_SCHEMA,
				   "remove", output.remove, "add", output.add));
	return output.n ? REFUSED : DONE;
}

/**
 * ruleset_differences() - how many lines an apply of @file would take away and add
 */
size_t ruleset_differences(const struct script *running, const struct script *file)
{
	struct output output = { .count = true };

	compare_all(running, file, &output);
	return output.n;
}

/**
 * cmd_diff() - fwctl diff FILE
 *
 * Return: DONE if there is no difference, REFUSED if there is one.
 */
int cmd_diff(int argc, char **argv)
{
	struct script running = { .n = 0 }, file = { .n = 0 };
	struct module *module;
	int status;

	if (argc != 1)
		return wrong("fwctl diff FILE", "`diff` needs a file");
	status = no_option("fwctl diff FILE", argv[0]) ?: connect_module(&module);
	if (status)
		return status;
	if (!parse_file(argv[0], &file))
		status = REFUSED;
	else if (module_ruleset(module, FLOWWALL_KIND_ALL, NULL, &running))
		status = module_failed(module);
	else
		status = show(&running, &file);
	script_free(&file);
	script_free(&running);
	module_close(module);
	return status;
}
