// SPDX-License-Identifier: GPL-2.0-or-later
/* Plots of SVG, within a page of HTML that has their colours: one class a series. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "html.h"

#define WIDTH	960
#define HEIGHT	260
#define LEFT	76
#define TOP	12
#define BOTTOM	30

/* The least of 1, 2 and 5 with as many zeroes as it takes, so that four steps reach @most. */
static double nice_step(double most)
{
	double power = pow(10, floor(log10(most / 4)));
	double rest = most / 4 / power;

	return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

static void rate_text(double bits, char *text, size_t size)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };
	size_t unit = 0;

	for (; bits >= 1000 && unit < 4; unit++)
		bits /= 1000;
	snprintf(text, size, "%.3g %s", bits, units[unit]);
}

static double total(const struct slot *slot)
{
	double bytes = 0;
	int k;

	for (k = 0; k < SERIES; k++)
		bytes += slot->bytes[k];
	return bytes;
}

static void y_axis(FILE *file, double step, double top)
{
	char text[32];
	double at;

	for (at = 0; at <= top * 1.001; at += step) {
		double y = HEIGHT - BOTTOM - at / top * (HEIGHT - BOTTOM - TOP);

		rate_text(at, text, sizeof(text));
		fprintf(file, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT, WIDTH, y, y,
			LEFT - 8, y + 4, text);
	}
}

static void time_text(uint64_t ns, uint64_t span_ns, char *text, size_t size)
{
	time_t seconds = ns / 1000000000;
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return;
	strftime(text, size, span_ns > 172800000000000ull ? "%m-%d %H:%M" : "%T", &tm);
	if (span_ns < 10000000000ull)
		snprintf(text, size, "%02d:%02d:%02d.%03u", tm.tm_hour, tm.tm_min, tm.tm_sec,
			 (unsigned int)(ns % 1000000000 / 1000000));
}

static void x_axis(FILE *file, const struct figures *f)
{
	uint64_t span = f->n_slots * f->slot_ns;
	char text[32] = "";
	int i;

	for (i = 0; i <= 5; i++) {
		time_text(f->slots_ns + span / 5 * i, span, text, sizeof(text));
		fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
			LEFT + (WIDTH - LEFT) * i / 5, HEIGHT - 8,
			!i ? "start" : i == 5 ? "end" : "middle", text);
	}
}

/* One series upon those before it; each slot is a step. */
static void area(FILE *file, const struct figures *f, int series, double scale)
{
	double width = (double)(WIDTH - LEFT) / f->n_slots;
	size_t i;
	int k;

	fprintf(file, "<path class=\"s%d\" d=\"", series);
	for (i = 0; i < f->n_slots; i++) {
		double below = 0, height = f->slot[i].bytes[series] * scale, x = LEFT + i * width;

		for (k = 0; k < series; k++)
			below += f->slot[i].bytes[k] * scale;
		if (height > 0)
			fprintf(file, "M%.1f %.1fh%.2fv%.2fh%.2fz", x, HEIGHT - BOTTOM - below, width,
				-height, -width);
	}
	fputs("\"/>\n", file);
}

/* What is shown where the pointer stands. */
static void tips(FILE *file, const struct figures *f)
{
	double width = (double)(WIDTH - LEFT) / f->n_slots;
	char when[32] = "", rate[32];
	size_t i;
	int k;

	for (i = 0; i < f->n_slots; i++) {
		time_text(f->slots_ns + i * f->slot_ns, 0, when, sizeof(when));
		rate_text(total(&f->slot[i]) * 8e9 / f->slot_ns, rate, sizeof(rate));
		fprintf(file, "<rect class=\"tip\" x=\"%.1f\" y=\"%d\" width=\"%.2f\" height=\"%d\"><title>%s  %s",
			LEFT + i * width, TOP, width, HEIGHT - TOP - BOTTOM, when, rate);
		for (k = 0; k < SERIES; k++)
			if (f->slot[i].packets[k])
				fprintf(file, "\n%s: %" PRIu64 " packets", series_names[k],
					f->slot[i].packets[k]);
		fputs("</title></rect>\n", file);
	}
}

/**
 * plot_traffic() - bits a second over time, by protocol
 */
void plot_traffic(FILE *file, const struct figures *f)
{
	double most = 0, step, top, bits = 8e9 / f->slot_ns;
	uint64_t sum[SERIES] = { 0 };
	size_t i;
	int k;

	for (i = 0; i < f->n_slots; i++) {
		if (total(&f->slot[i]) * bits > most)
			most = total(&f->slot[i]) * bits;
		for (k = 0; k < SERIES; k++)
			sum[k] += f->slot[i].bytes[k];
	}
	if (most <= 0)
		return;
	step = nice_step(most);
	top = ceil(most / step) * step;
	fputs("<p class=\"legend\">", file);
	for (k = 0; k < SERIES; k++)
		if (sum[k])
			fprintf(file, "<span><i class=\"s%d\"></i>%s</span>", k, series_names[k]);
	fprintf(file, "</p>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Traffic over time\">\n",
		WIDTH, HEIGHT);
	y_axis(file, step, top);
	x_axis(file, f);
	for (k = 0; k < SERIES; k++)
		if (sum[k])
			area(file, f, k, bits / top * (HEIGHT - BOTTOM - TOP));
	tips(file, f);
	fputs("</svg>\n", file);
}

/**
 * plot_handshakes() - how many handshakes took how long; each bar is twice the last one's time
 */
void plot_handshakes(FILE *file, const struct figures *f)
{
	uint64_t bar[TIME_BUCKETS / 8] = { 0 }, most = 0;
	size_t i, first = TIME_BUCKETS / 8, last = 0;
	double width;

	for (i = 0; i < TIME_BUCKETS; i++)
		bar[i / 8] += f->tcp.handshake[i];
	for (i = 0; i < TIME_BUCKETS / 8; i++) {
		if (!bar[i])
			continue;
		first = i < first ? i : first;
		last = i;
		most = bar[i] > most ? bar[i] : most;
	}
	if (!most)
		return;
	width = 460.0 / (last - first + 1) > 90 ? 90 : 460.0 / (last - first + 1);
	fputs("<svg viewBox=\"0 0 460 130\" role=\"img\" aria-label=\"Handshake times\">\n", file);
	for (i = first; i <= last; i++) {
		double height = (double)bar[i] / most * 90, x = (i - first) * width;
		double ms = i ? (125ull << (i + 2)) / 1e6 : 0;

		fprintf(file, "<rect class=\"s0\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\">"
			"<title>%" PRIu64 " from %g ms on</title></rect>"
			"<text x=\"%.1f\" y=\"124\" text-anchor=\"middle\">%.2g</text>\n", x + 2, 102 - height,
			width - 4, height, bar[i], ms, x + width / 2, ms);
	}
	fputs("</svg>\n<p class=\"note\">handshakes by milliseconds, from that on</p>\n", file);
}
