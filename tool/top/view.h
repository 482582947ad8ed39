/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VIEW_H
#define VIEW_H

#include "sample.h"

enum tab { TAB_FLOWS, TAB_HOSTS, TAB_RULES, TAB_DROPS, TABS };
enum order { BY_RATE, BY_TOTAL, BY_PACKET_RATE, ORDERS };

#define ROW_TEXT 200

/**
 * struct row - one line of a tab
 * @index: of what it shows, in the sample
 * @load: what it is sorted by
 */
struct row {
	char text[ROW_TEXT];
	size_t index;
	struct load load;
};

/**
 * struct view - what is looked at, and how
 * @selected: number of the row
 * @first: of those on the screen
 * @filter: as typed
 * @message: for the last line, until the next key
 */
struct view {
	enum tab tab;
	enum order order;
	bool paused;
	size_t selected;
	size_t first;
	char filter[256];
	char message[256];
	struct row *rows;
	size_t n_rows;
};

extern const char *const tab_names[TABS];
extern const char *const order_names[ORDERS];

void view_rows(struct view *view, const struct sample *sample);
void rate_text(double rate, const char *unit, char *buffer, size_t size);

bool screen_begin(void);
void screen_end(void);
void screen_draw(struct view *view, const struct sample *sample);
void screen_pages(const char *title, char *const *lines, size_t n);
bool screen_ask(const char *question, char *answer, size_t size);
int screen_key(int milliseconds);

#endif
