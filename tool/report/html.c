// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A report as one page of HTML, which loads nothing. Names in it were written by others:
 * all text goes through html_text().
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../out.h"
#include "html.h"
#include "tree.h"

static const char style[] =
	":root{color-scheme:light dark;--page:#f4f6f9;--card:#fff;--ink:#1c2430;--dim:#647084;"
	"--line:#e1e6ee;--s0:#2f6fde;--s1:#e58a2b;--s2:#2a9d6f;--s3:#8b95a7;--bar:#2f6fde26}\n"
	"@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b212a;--ink:#e4e9f0;"
	"--dim:#93a0b4;--line:#2c3542;--s0:#6a9df5;--s1:#f0a658;--s2:#4fc193;--s3:#7c889c;"
	"--bar:#6a9df538}}\n"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:28px 20px 48px;"
	"background:var(--page);color:var(--ink);font:14px/1.45 system-ui,'Segoe UI',Roboto,"
	"'DejaVu Sans',sans-serif}\n"
	"h1{font-size:24px;margin:0}h2{font-size:15px;margin:0 0 10px}p{margin:4px 0}"
	".dim,.note,th{color:var(--dim)}.note{font-size:12px}.bad{color:var(--s1)}\n"
	".tiles,.cards{display:grid;gap:14px;margin-top:16px}"
	".tiles{grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}"
	".cards{grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr))}\n"
	".card,.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;"
	"padding:16px 18px;min-width:0;overflow-x:auto}.wide{grid-column:1/-1}"
	".tile b{display:block;font-size:21px;font-weight:650}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
	"th{font-weight:500;text-align:right;padding:2px 8px 6px}"
	"td{text-align:right;padding:4px 8px;border-top:1px solid var(--line);white-space:nowrap}"
	"th:first-child,td:first-child{text-align:left;padding-left:0;width:60%}"
	"td:last-child,th:last-child{padding-right:0}\n"
	".name{position:relative;display:block;padding:1px 6px;border-radius:4px;"
	"overflow-wrap:anywhere;white-space:normal}\n"
	"svg{display:block;width:100%;height:auto}svg text{fill:var(--dim);font-size:11px}"
	".grid{stroke:var(--line)}.tip{fill:transparent}.tip:hover{fill:var(--bar)}\n"
	"path.s0,rect.s0{fill:var(--s0)}path.s1{fill:var(--s1)}path.s2{fill:var(--s2)}"
	"path.s3{fill:var(--s3)}i.s0{background:var(--s0)}i.s1{background:var(--s1)}"
	"i.s2{background:var(--s2)}i.s3{background:var(--s3)}\n"
	".legend span{margin-right:16px}.legend i{display:inline-block;width:10px;height:10px;"
	"border-radius:3px;margin-right:6px}\n";

/**
 * html_text() - write a text so that none of it is taken for HTML
 */
void html_text(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<': fputs("&lt;", file); break;
		case '>': fputs("&gt;", file); break;
		case '&': fputs("&amp;", file); break;
		case '"': fputs("&quot;", file); break;
		case '\'': fputs("&#39;", file); break;
		default: putc(*text, file);
		}
}

void html_bytes(FILE *file, uint64_t bytes)
{
	char text[32];

	fputs(human_bytes(bytes, text, sizeof(text)), file);
}

/**
 * html_number() - "1 234 567", with blanks that do not break
 */
void html_number(FILE *file, uint64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, number), i;

	for (i = 0; i < n; i++)
		fprintf(file, "%s%c", i && !((n - i) % 3) ? "&#8239;" : "", digits[i]);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* The first column: a name upon a bar. */
static void name_cell(FILE *file, const char *name, int depth, double percent)
{
	fprintf(file, "<tr><td><span class=\"name\" style=\"margin-left:%dpx;background:linear-gradient("
		"90deg,var(--bar) %.1f%%,transparent 0)\">", 14 * depth, percent > 100 ? 100 : percent);
	html_text(file, name);
	fputs("</span></td>", file);
}

static void number_cell(FILE *file, uint64_t number)
{
	fputs("<td>", file);
	html_number(file, number);
	fputs("</td>", file);
}

static void bytes_cell(FILE *file, uint64_t bytes)
{
	fputs("<td>", file);
	html_bytes(file, bytes);
	fputs("</td>", file);
}

static void open_card(FILE *file, const char *title, const char *class)
{
	fprintf(file, "<section class=\"card%s\"><h2>%s</h2>\n", class, title);
}

static void open_table(FILE *file, const char *const *columns)
{
	fputs("<table><tr>", file);
	for (; *columns; columns++)
		fprintf(file, "<th>%s</th>", *columns);
	fputs("</tr>\n", file);
}

static void close_table(FILE *file, uint64_t more)
{
	fputs("</table>", file);
	if (more) {
		fputs("<p class=\"note\">and ", file);
		html_number(file, more);
		fputs(" more</p>", file);
	}
	fputs("</section>\n", file);
}

static void tile(FILE *file, const char *title)
{
	fprintf(file, "<div class=\"tile\"><span class=\"dim\">%s</span><b>", title);
}

static void tiles(FILE *file, const struct figures *f)
{
	double seconds = (f->last_ns - f->first_ns) / 1e9;
	unsigned long long whole = (f->last_ns - f->first_ns) / 1000000000;
	uint64_t dropped = f->counted.dropped_kernel + f->counted.dropped_queue + f->counted.lost;

	fputs("<div class=\"tiles\">", file);
	tile(file, "Packets");
	html_number(file, f->packets);
	fputs("</b></div>", file);
	tile(file, "Bytes");
	html_bytes(file, f->bytes);
	fputs("</b></div>", file);
	tile(file, "Duration");
	if (seconds >= 120)
		fprintf(file, "%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
	else
		fprintf(file, "%.2f s", seconds);
	fputs("</b></div>", file);
	tile(file, "Mean rate");
	fprintf(file, "%.3g Mbit/s</b></div>", seconds > 0 ? f->bytes * 8 / seconds / 1e6 : 0);
	tile(file, "Conversations");
	html_number(file, f->flows);
	fputs("</b></div>", file);
	if (f->captures) {
		tile(file, "Duplicates");
		html_number(file, f->counted.dups);
		fputs("</b></div>", file);
		tile(file, "Dropped");
		fprintf(file, "<span%s>", dropped ? " class=\"bad\"" : "");
		html_number(file, dropped);
		fputs("</span></b></div>", file);
	}
	fputs("</div>\n", file);
}

static void head(FILE *file, const struct figures *f)
{
	char from[40] = "", to[40] = "";
	time_t first = f->first_ns / 1000000000, last = f->last_ns / 1000000000;
	struct tm tm;

	strftime(from, sizeof(from), "%F %T %Z", localtime_r(&first, &tm));
	strftime(to, sizeof(to), "%F %T %Z", localtime_r(&last, &tm));
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>", file);
	html_text(file, f->source);
	fprintf(file, " - FlowWall</title><style>%s</style></head><body>\n<h1>", style);
	html_text(file, f->source);
	fprintf(file, "</h1>\n<p class=\"dim\">%s to %s", from, to);
	if (*f->captured_on) {
		fputs(", captured on ", file);
		html_text(file, f->captured_on);
	}
	fputs("</p>\n", file);
	if (f->error) {
		fputs("<p class=\"bad\">", file);
		html_text(file, f->error);
		fputs("</p>\n", file);
	}
}

static void protocols(FILE *file, const struct figures *f)
{
	static const char *const columns[] = { "protocol", "packets", "bytes", "share", NULL };
	struct branch *tree;
	size_t n = tree_make(f, &tree), i;

	open_card(file, "Protocols", "");
	open_table(file, columns);
	for (i = 0; i < n; i++) {
		name_cell(file, tree[i].name, tree[i].depth, share(tree[i].bytes, f->bytes));
		number_cell(file, tree[i].packets);
		bytes_cell(file, tree[i].bytes);
		fprintf(file, "<td>%.1f%%</td></tr>\n", share(tree[i].bytes, f->bytes));
	}
	free(tree);
	close_table(file, 0);
}

static void talkers(FILE *file, const struct figures *f)
{
	static const char *const columns[] = { "address", "sent", "received", "packets", NULL };
	size_t i;

	open_card(file, "Talkers", "");
	open_table(file, columns);
	for (i = 0; i < f->talkers.n && i < f->top; i++) {
		const struct tally_row *row = &f->talkers.row[i];

		name_cell(file, row->name, 0, share(row->n[SENT_BYTES] + row->n[GOT_BYTES], f->bytes));
		bytes_cell(file, row->n[SENT_BYTES]);
		bytes_cell(file, row->n[GOT_BYTES]);
		number_cell(file, row->n[SENT_PACKETS] + row->n[GOT_PACKETS]);
		fputs("</tr>\n", file);
	}
	close_table(file, f->talkers.n - i);
}

static void conversations(FILE *file, const struct figures *f)
{
	static const char *const columns[] = {
		"conversation", "number", "there", "back", "packets", "seconds", NULL
	};
	char text[160];
	size_t i;

	open_card(file, "Conversations", " wide");
	open_table(file, columns);
	for (i = 0; i < f->n_conversations; i++) {
		const struct flow_row *row = &f->conversation[i].row;

		conversation_text(&f->conversation[i], text, sizeof(text));
		name_cell(file, text, 0, share(row->bytes[FORTH] + row->bytes[BACK], f->bytes));
		fprintf(file, "<td>%" PRIu64 "</td>", row->id);
		bytes_cell(file, row->bytes[FORTH]);
		bytes_cell(file, row->bytes[BACK]);
		number_cell(file, row->packets[FORTH] + row->packets[BACK]);
		fprintf(file, "<td>%.2f</td></tr>\n", (row->last_ns - row->first_ns) / 1e9);
	}
	close_table(file, f->flows - f->n_conversations);
}

static void ports(FILE *file, const struct figures *f)
{
	static const char *const columns[] = { "port", "conversations", "packets", "bytes", NULL };
	size_t i;

	if (!f->ports.n)
		return;
	open_card(file, "Ports", "");
	open_table(file, columns);
	for (i = 0; i < f->ports.n && i < f->top; i++) {
		const struct tally_row *row = &f->ports.row[i];

		name_cell(file, row->name, 0, share(row->n[COUNT_BYTES], f->bytes));
		number_cell(file, row->n[COUNT_FLOWS]);
		number_cell(file, row->n[COUNT_PACKETS]);
		bytes_cell(file, row->n[COUNT_BYTES]);
		fputs("</tr>\n", file);
	}
	close_table(file, f->ports.n - i);
}

static void names(FILE *file, const struct figures *f, enum name_kind kind, const char *title)
{
	static const char *const columns[] = { "name", "asked", NULL };
	const struct tally *names = &f->names[kind];
	size_t i;

	if (!names->n)
		return;
	open_card(file, title, "");
	open_table(file, columns);
	for (i = 0; i < names->n && i < f->top; i++) {
		const struct tally_row *row = &names->row[i];

		name_cell(file, row->name, 0,
			  share(row->n[COUNT_PACKETS], names->row[0].n[COUNT_PACKETS]));
		number_cell(file, row->n[COUNT_PACKETS]);
		fputs("</tr>\n", file);
	}
	close_table(file, names->n - i);
}

static void health_line(FILE *file, const char *name, uint64_t number, double percent)
{
	name_cell(file, name, 0, percent);
	number_cell(file, number);
	fprintf(file, "<td>%.2f%%</td></tr>\n", percent);
}

static void health(FILE *file, const struct figures *f)
{
	static const char *const columns[] = { "", "", "", NULL };
	const struct health *tcp = &f->tcp;

	if (!tcp->connections)
		return;
	open_card(file, "TCP", "");
	open_table(file, columns);
	health_line(file, "connections", tcp->connections, 100);
	health_line(file, "without an answer", tcp->unanswered, share(tcp->unanswered, tcp->connections));
	health_line(file, "reset", tcp->broken, share(tcp->broken, tcp->connections));
	health_line(file, "packets sent again", tcp->retransmissions,
		    share(tcp->retransmissions, tcp->packets));
	health_line(file, "packets out of order", tcp->out_of_order, share(tcp->out_of_order, tcp->packets));
	fputs("</table>\n", file);
	if (tcp->handshakes)
		fprintf(file, "<p>Handshakes: half within %.3g ms, 95%% within %.3g ms, %.3g ms at most</p>\n",
			figures_handshake(f, 50) / 1e6, figures_handshake(f, 95) / 1e6,
			tcp->slowest_ns / 1e6);
	plot_handshakes(file, f);
	fputs("</section>\n", file);
}

/**
 * report_html() - write the figures as a page
 *
 * Return: false if it cannot be written.
 */
bool report_html(const struct figures *f, FILE *file)
{
	head(file, f);
	tiles(file, f);
	fputs("<div class=\"cards\">\n", file);
	if (f->packets) {
		open_card(file, "Traffic over time", " wide");
		plot_traffic(file, f);
		fputs("</section>\n", file);
		protocols(file, f);
		talkers(file, f);
		conversations(file, f);
		ports(file, f);
		names(file, f, NAME_DNS, "Names asked for (DNS)");
		names(file, f, NAME_HTTP, "Hosts asked for (HTTP)");
		names(file, f, NAME_TLS, "Names in TLS");
		health(file, f);
	}
	fputs("</div>\n</body></html>\n", file);
	return !ferror(file);
}
