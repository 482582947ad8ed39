// SPDX-License-Identifier: GPL-2.0-or-later
/* The module calls rules by handles, people by ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule_names.h"

static int by_handle(const void *a, const void *b)
{
	uint32_t x = ((const struct rule_name *)a)->handle;
	uint32_t y = ((const struct rule_name *)b)->handle;

	return (x > y) - (x < y);
}

static const struct rule_name *find(const struct rule_names *names, uint32_t handle)
{
	struct rule_name key = { .handle = handle };

	return names->n ? bsearch(&key, names->rule, names->n, sizeof(key), by_handle) : NULL;
}

/**
 * rule_names_read() - read the ids of the running rules
 * @names: set to them; to be freed, also after an error
 *
 * Return: 0 or a negative error; module_error() has a sentence.
 */
int rule_names_read(struct module *module, struct rule_names *names)
{
	struct script rules;
	size_t i;
	int err = module_ruleset(module, FLOWWALL_KIND_RULE, NULL, &rules);

	names->n = 0;
	names->rule = calloc(rules.n + 1, sizeof(*names->rule));
	if (!names->rule)
		fail_out_of_memory();
	for (i = 0; i < rules.n; i++) {
		const struct rule *rule = &rules.stmt[i].rule;

		if (!*rule->name)
			continue;
		names->rule[names->n].handle = rule->handle;
		memcpy(names->rule[names->n++].name, rule->name, sizeof(rule->name));
	}
	script_free(&rules);
	qsort(names->rule, names->n, sizeof(*names->rule), by_handle);
	return err;
}

/**
 * rule_names_have() - has the rule an id that was read?
 */
bool rule_names_have(const struct rule_names *names, uint32_t handle)
{
	return find(names, handle);
}

/**
 * rule_names_find() - what a rule is called
 * @handle: the rule's; 0 is none
 *
 * Return: its id, or its handle in digits, also if it is gone; NULL for none.
 */
const char *rule_names_find(const struct rule_names *names, uint32_t handle,
			    char *buffer, size_t size)
{
	const struct rule_name *found;

	if (!handle)
		return NULL;
	found = find(names, handle);
	if (found)
		return found->name;
	snprintf(buffer, size, "%u", handle);
	return buffer;
}

/**
 * rule_names_free() - free what rule_names_read() made
 */
void rule_names_free(struct rule_names *names)
{
	free(names->rule);
	names->rule = NULL;
	names->n = 0;
}

/**
 * rule_names_handle() - find a rule by its id, or by its number
 *
 * Return: its handle, or 0. A number is believed.
 */
uint32_t rule_names_handle(const struct rule_names *names, const char *text)
{
	unsigned long handle;
	size_t i;
	char *end;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->rule[i].name, text))
			return names->rule[i].handle;
	handle = strtoul(text, &end, 10);
	return *end || handle > UINT32_MAX ? 0 : handle;
}
