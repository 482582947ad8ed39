// SPDX-License-Identifier: GPL-2.0-or-later
/* The screen, by ncurses: it is right at 80 columns and 24 lines, and at others. */
#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../out.h"
#include "view.h"

#define HEAD 5	/* lines above the rows */

static const char *const headers[TABS] = {
	"PROTO FLOW                                             BITS/S      TOTAL  PKT/S",
	"HOST                                         FLOWS     BITS/S      TOTAL  PKT/S",
	"BITS/S      TOTAL  PKT/S  RULE",
	"REASON            PACKETS       RATE  WHY",
};

/**
 * screen_begin() - take the terminal
 *
 * Return: false if it is none that ncurses knows.
 */
bool screen_begin(void)
{
	const char *off = getenv("NO_COLOR");

	setlocale(LC_CTYPE, "");
	if (!newterm(NULL, stdout, stdin))
		return false;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (has_colors() && !(off && *off)) {
		start_color();
		use_default_colors();
	}
	return true;
}

/**
 * screen_end() - give the terminal back as it was
 */
void screen_end(void)
{
	endwin();
}

/**
 * screen_key() - wait for a key
 *
 * Return: as getch(); ERR if none comes in time.
 */
int screen_key(int milliseconds)
{
	timeout(milliseconds);
	return getch();
}

/* A line, cut off at the screen's edge, with nothing of before behind it. */
static void put(int y, int attributes, const char *text)
{
	attrset(attributes);
	move(y, 0);
	clrtoeol();
	addnstr(text, COLS);
	if (attributes & A_REVERSE)
		chgat(-1, attributes, 0, NULL);
	attrset(A_NORMAL);
}

static void draw_head(const struct view *view, const struct sample *sample)
{
	const struct module_status *s = &sample->status;
	char text[512], clock[16] = "", memory[32], packets[24], new[24], line[512];
	uint64_t dropped = 0;
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%T", &tm);
	for (i = 0; i < sample->n_drops; i++)
		dropped += sample->drops[i].load.packet_rate;
	rate_text(sample->total.packet_rate, "", packets, sizeof(packets));
	rate_text(sample->new_flows, "", new, sizeof(new));
	snprintf(text, sizeof(text), "FlowWall %s  %s%s", s->version, clock,
		 view->paused ? "  PAUSED" : "");
	if (s->confirm)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "  the old ruleset comes back in %u s", s->confirm);
	put(0, A_BOLD, text);
	snprintf(text, sizeof(text), "flows %u of %u (%s)   %s packets/s   %s new flows/s   %llu dropped/s",
		 s->flows, s->max_flows, human_bytes(s->memory, memory, sizeof(memory)), packets,
		 new, (unsigned long long)dropped);
	put(1, A_NORMAL, text);
	if (sample->n_seen > sample->n_flows)
		snprintf(line, sizeof(line), "of %zu flows, %zu are looked at", sample->n_seen,
			 sample->n_flows);
	else
		snprintf(line, sizeof(line), "%s%s", *view->filter ? "filter: " : "", view->filter);
	put(2, A_NORMAL, line);
	*text = '\0';
	for (i = 0; i < TABS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 (enum tab)i == view->tab ? "[%zu %s]  " : " %zu %s   ", i + 1, tab_names[i]);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "by %s", order_names[view->order]);
	put(3, A_NORMAL, text);
	put(4, A_BOLD, headers[view->tab]);
}

/**
 * screen_draw() - draw all of it
 */
void screen_draw(struct view *view, const struct sample *sample)
{
	int height = LINES - HEAD - 1, y;
	char text[ROW_TEXT + 128];

	if (height < 1)
		height = 1;
	if (view->selected < view->first)
		view->first = view->selected;
	if (view->selected >= view->first + height)
		view->first = view->selected - height + 1;
	draw_head(view, sample);
	for (y = 0; y < height; y++) {
		size_t at = view->first + y;

		if (at >= view->n_rows) {
			put(HEAD + y, A_NORMAL, "");
			continue;
		}
		snprintf(text, sizeof(text), "%s", view->rows[at].text);
		if (view->tab == TAB_DROPS)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "  %s",
				 drop_sentence(sample->drops[view->rows[at].index].reason));
		put(HEAD + y, at == view->selected ? A_REVERSE : A_NORMAL, text);
	}
	put(LINES - 1, A_REVERSE, *view->message ? view->message :
	    "q quit  Tab view  s sort  / filter  e explain  k kill  p pause  ? help");
	refresh();
}

/**
 * screen_pages() - show lines in place of all else, until a key is pressed
 */
void screen_pages(const char *title, char *const *lines, size_t n)
{
	size_t i;

	erase();
	put(0, A_BOLD, title);
	/* A line that is longer goes on below. */
	for (i = 0; i < n && getcury(stdscr) < LINES - 2; i++) {
		int y = getcury(stdscr) + 1;

		mvaddstr(i ? y : 2, 0, lines[i]);
	}
	put(LINES - 1, A_REVERSE, "any key goes back");
	refresh();
	screen_key(-1);
	erase();
}

/**
 * screen_ask() - have a line typed
 * @answer: what it is before, and then
 *
 * Return: false if Escape was pressed, and @answer is as it was.
 */
bool screen_ask(const char *question, char *answer, size_t size)
{
	char line[256], text[512];
	size_t n;

	snprintf(line, sizeof(line), "%s", answer);
	n = strlen(line);
	for (;;) {
		int key;

		snprintf(text, sizeof(text), "%s%s_", question, line);
		put(LINES - 1, A_REVERSE, text);
		refresh();
		key = screen_key(-1);
		if (key == 27 || key == ERR)
			return false;
		if (key == '\n' || key == KEY_ENTER)
			break;
		if (key == KEY_BACKSPACE || key == 127 || key == '\b')
			line[n ? --n : 0] = '\0';
		else if (key == 21)	/* Ctrl-U */
			line[n = 0] = '\0';
		else if (key >= ' ' && key < 127 && n + 1 < sizeof(line) && n + 1 < size) {
			line[n++] = key;
			line[n] = '\0';
		}
	}
	snprintf(answer, size, "%s", line);
	return true;
}
