/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdio.h>

#include "source.h"

void pcapng_begin(FILE *file, int link, const char *iface);
void pcapng_packet(FILE *file, const struct source_packet *packet);
void pcapng_end(FILE *file, const struct counters *counted);
void jsonl_packet(FILE *file, const struct source_packet *packet);

#endif
