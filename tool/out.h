/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OUT_H
#define OUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "nl.h"

/* Version of the JSON that is printed; grows when a field changes its meaning. */
#define JSON_SCHEMA 1

enum paint { PLAIN, BOLD, RED, GREEN, YELLOW, DIM };

const char *paint(enum paint how);

void out_json(json_t *object);
void out_list_begin(void);
void out_list_item(json_t *object);
void out_list_end(void);

json_t *json_text(const char *text);
void report_json(const struct place *place, const char *message, const char *hint);

int wrong(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));
int module_failed(const struct module *module);
int connect_module(struct module **module);

uint32_t ttl_seconds(const struct entry *entry);
char *human_bytes(uint64_t bytes, char *buffer, size_t size);
void address_text(uint8_t family, const uint8_t *address, char *buffer, size_t size);
json_t *flow_json(const struct flow *flow, const char *rule);
json_t *entry_json(const struct flow *flow, const struct entry *entry);
const char *drop_sentence(int reason);
json_t *drop_json(const struct drop *drop, const char *rule, const char *label);
void drop_text(const struct drop *drop, char *buffer, size_t size);
void entry_text(const struct flow *flow, const struct entry *entry, char *buffer, size_t size);

#endif
