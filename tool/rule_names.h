/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RULE_NAMES_H
#define RULE_NAMES_H

#include "nl.h"

/**
 * struct rule_names - what the rules with an id are called
 * @rule: those rules, sorted by handle
 * @n: how many
 */
struct rule_names {
	struct rule_name {
		uint32_t handle;
		char name[FLOWWALL_NAME_SIZE];
	} *rule;
	size_t n;
};

int rule_names_read(struct module *module, struct rule_names *names);
bool rule_names_have(const struct rule_names *names, uint32_t handle);
const char *rule_names_find(const struct rule_names *names, uint32_t handle,
			    char *buffer, size_t size);
uint32_t rule_names_handle(const struct rule_names *names, const char *text);
void rule_names_free(struct rule_names *names);

#endif
