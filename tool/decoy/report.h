/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_REPORT_H
#define DECOY_REPORT_H

#include <jansson.h>
#include <stdbool.h>

int decoy_report(const char *file);
void event_text(const json_t *event);

#endif
