/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HTML_H
#define HTML_H

#include "figures.h"

void html_text(FILE *file, const char *text);
void html_bytes(FILE *file, uint64_t bytes);
void html_number(FILE *file, uint64_t number);
void plot_traffic(FILE *file, const struct figures *figures);
void plot_handshakes(FILE *file, const struct figures *figures);

#endif
