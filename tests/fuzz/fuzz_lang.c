// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as a file of statements, and as one line of it, and as the arguments of
 * a command: whatever is accepted must be printed as text that means the same, and
 * a line and the words of a shell must mean the same, too.
 *
 * The input is one file or more, behind each other with a file separator (0x1c)
 * between them: the first is read, and can name the others by "b", "c" and so on.
 * No other file is seen, none is written, only numeric names are resolved, and there
 * is one service, "echo": these functions stand in the place of the C library's.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang.h"

#define FILES		4
#define SEPARATOR	0x1c

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void complain(const char *what, const char *text)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, text);
	abort();
}

/* --- the world ------------------------------------------------------------- */

static int files[FILES];
static int n_files;

/* Where a remembered name and a file of the input begin alike: one letter. */
FILE *shim_fopen(const char *path, const char *mode)
{
	static const char names[] = "/var/lib/flowwall/names/";
	char open_file[32];
	int fd;

	if (!strncmp(path, names, strlen(names)))
		path += strlen(names);
	errno = ENOENT;
	if (*mode != 'r' || *path < 'a' || *path >= 'a' + n_files || path[1])
		return NULL;
	/* Not dup(): each has its own place in the file. */
	snprintf(open_file, sizeof(open_file), "/proc/self/fd/%d", files[*path - 'a']);
	fd = open(open_file, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, mode);
}

int shim_mkdir(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	errno = EACCES;
	return -1;
}

#undef getaddrinfo
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **found);

int shim_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		     struct addrinfo **found)
{
	struct addrinfo numeric = *hints;

	numeric.ai_flags |= AI_NUMERICHOST;
	return getaddrinfo(name, service, &numeric, found);
}

struct servent *shim_getservbyname(const char *name, const char *protocol)
{
	static struct servent echo;

	(void)protocol;
	echo.s_port = htons(7);
	return strcmp(name, "echo") ? NULL : &echo;
}

static int make_file(const unsigned char *data, size_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

static void make_files(const unsigned char *data, size_t size)
{
	const unsigned char *end = data + size;

	for (n_files = 0; n_files < FILES; n_files++) {
		const unsigned char *separator = memchr(data, SEPARATOR, end - data);
		const unsigned char *file_end = separator && n_files < FILES - 1 ? separator : end;

		files[n_files] = make_file(data, file_end - data);
		if (file_end == end) {
			n_files++;
			return;
		}
		data = file_end + 1;
	}
}

/* --- mistakes -------------------------------------------------------------- */

static void (*show_mistake)(const struct place *, const char *, const char *);
static char *shown_text;
static size_t shown_size;

/* What a terminal gets is text, whatever was in the file. */
static void check_shown(void)
{
	const char *c;

	fputc('\0', stderr);
	fflush(stderr);
	for (c = shown_text; *c; c += utf8_length(c))
		if (!utf8_length(c) || (iscntrl((unsigned char)*c) && *c != '\n' && *c != '\t'))
			complain("a terminal would take it for a command", shown_text);
	rewind(stderr);
}

static void check_mistake(const struct place *place, const char *message, const char *hint)
{
	if (!place->text || !place->column || !place->length ||
	    place->column > strlen(place->text) + 2)
		complain("a mistake has no place", message);
	show_mistake(place, message, hint);
	check_shown();
}

/* From now on, what is shown is kept instead, and looked at. */
static void watch_mistakes(void)
{
	stderr = open_memstream(&shown_text, &shown_size);
	if (!stderr)
		abort();
	show_mistake = report_mistake;
	report_mistake = check_mistake;
}

/* --- statements ------------------------------------------------------------ */

static bool same_memory(const void *a, const void *b, size_t size)
{
	return !size || !memcmp(a, b, size);
}

static bool same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static bool same_lists(const struct endpoint *a, const struct endpoint *b)
{
	return same_memory(a->addrs, b->addrs, a->n_addrs * sizeof(*a->addrs)) &&
	       same_memory(a->ports, b->ports, a->n_ports * sizeof(*a->ports));
}

/* A rule without its place, and without all that it points to; gaps and all. */
static void strip_rule(struct rule *bare, const struct rule *rule)
{
	memcpy(bare, rule, sizeof(*bare));
	memset(&bare->name_place, 0, sizeof(bare->name_place));
	bare->src.addrs = bare->dst.addrs = NULL;
	bare->src.ports = bare->dst.ports = NULL;
	bare->u32 = NULL;
	bare->label = bare->comment = NULL;
}

static bool same_rules(const struct rule *a, const struct rule *b)
{
	struct rule x, y;

	strip_rule(&x, a);
	strip_rule(&y, b);
	return !memcmp(&x, &y, sizeof(x)) && same_lists(&a->src, &b->src) &&
	       same_lists(&a->dst, &b->dst) &&
	       same_memory(a->u32, b->u32, a->n_u32 * sizeof(*a->u32)) &&
	       same_text(a->label, b->label) && same_text(a->comment, b->comment);
}

static bool same_members(const struct member *a, const struct member *b)
{
	return a->family == b->family && a->prefix == b->prefix && a->timeout == b->timeout &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr)) && !strcmp(a->name, b->name);
}

static bool same_groups(const struct group *a, const struct group *b, size_t most)
{
	size_t n = a->n_members < most ? a->n_members : most, i;

	if (strcmp(a->name, b->name) || n != b->n_members)
		return false;
	for (i = 0; i < n; i++)
		if (!same_members(&a->members[i], &b->members[i]))
			return false;
	return true;
}

/* A bridge's statement without its places, and without all that it points to. */
static void strip_ovs(struct ovs *bare, const struct ovs *ovs)
{
	memcpy(bare, ovs, sizeof(*bare));
	memset(&bare->bridge_place, 0, sizeof(bare->bridge_place));
	memset(&bare->port.place, 0, sizeof(bare->port.place));
	bare->ports = NULL;
	bare->src.addrs = bare->dst.addrs = NULL;
	bare->src.ports = bare->dst.ports = NULL;
}

static bool same_ovs(const struct ovs *a, const struct ovs *b)
{
	struct ovs x, y;
	size_t i;

	strip_ovs(&x, a);
	strip_ovs(&y, b);
	if (memcmp(&x, &y, sizeof(x)) || !same_lists(&a->src, &b->src) || !same_lists(&a->dst, &b->dst))
		return false;
	for (i = 0; i < a->n_ports; i++)
		if (strcmp(a->ports[i].name, b->ports[i].name))
			return false;
	return true;
}

/* @most: members of a group that count. */
static bool same(const struct stmt *a, const struct stmt *b, size_t most)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case STMT_NONE:
		return true;
	case STMT_ROLE:
		return a->role.role == b->role.role && !strcmp(a->role.iface, b->role.iface);
	case STMT_SETTING:
		return a->setting.key == b->setting.key && a->setting.value == b->setting.value;
	case STMT_TTL:
		return a->ttl.class == b->ttl.class && a->ttl.step == b->ttl.step &&
		       a->ttl.max == b->ttl.max;
	case STMT_RULE:
		return same_rules(&a->rule, &b->rule);
	case STMT_GROUP:
		return same_groups(&a->group, &b->group, most);
	case STMT_OVS:
		return same_ovs(&a->ovs, &b->ovs);
	}
	return false;
}

/* --- what is tried --------------------------------------------------------- */

static bool is_one_line(const char *text)
{
	while (*text && !iscntrl((unsigned char)*text))
		text++;
	return !*text;
}

static void print_and_parse(const struct stmt *stmt)
{
	static char text[STMT_TEXT], again[STMT_TEXT];
	struct place place = { .file = "text", .line = 1, .column = 1, .length = 1, .text = text };
	struct words words;
	struct stmt back = { .kind = STMT_NONE };

	if (stmt->kind == STMT_NONE)
		return;
	if (print_stmt(stmt, text, sizeof(text)) != strlen(text))
		complain("the length is wrong", text);
	if (!is_one_line(text))
		complain("what is printed is not one line", text);
	if (!lex_line(&place, &words) || !parse_words(&words, &back))
		complain("what is printed is refused", text);
	if (!same(stmt, &back, STMT_MEMBERS))
		complain("what is printed means something else", text);
	print_stmt(&back, again, sizeof(again));
	if (strcmp(text, again))
		complain("what is printed is printed otherwise", again);
	stmt_free(&back);
	words_free(&words);
}

static void try_file(void)
{
	unsigned int before = mistakes();
	struct script script;
	size_t i;

	if (parse_file("a", &script) != (mistakes() == before))
		complain("a mistake is not told, or is none", "a");
	for (i = 0; i < script.n; i++)
		print_and_parse(&script.stmt[i]);
	script_free(&script);
}

static void ignore(const char *word)
{
	(void)word;
}

/* The words of a line as the arguments of a command. */
static void try_arguments(const struct words *words, const struct stmt *stmt, bool good)
{
	char **argv = calloc(words->n + 1, sizeof(*argv));
	struct words typed;
	struct stmt typed_stmt;
	size_t i;

	if (!argv)
		abort();
	for (i = 0; i < words->n; i++)
		argv[i] = (char *)words->word[i].text;
	lex_arguments(words->n, argv, &typed);
	if (parse_words(&typed, &typed_stmt) != good)
		complain("a line and a command are not one language", words->end.text);
	if (good && !same(stmt, &typed_stmt, SIZE_MAX))
		complain("a line and a command mean different things", words->end.text);
	stmt_free(&typed_stmt);
	words_free(&typed);
	possible_words(words->n, argv, ignore);
	free(argv);
}

static void try_line(const char *text)
{
	struct place place = { .file = "line", .line = 1, .column = 1, .length = 1, .text = text };
	struct words words;
	struct stmt stmt;

	if (lex_line(&place, &words)) {
		bool good = parse_words(&words, &stmt);

		if (good)
			print_and_parse(&stmt);
		try_arguments(&words, &stmt, good);
		stmt_free(&stmt);
	}
	words_free(&words);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *separator = memchr(data, SEPARATOR, size);
	char *line = strndup((const char *)data, separator ? (size_t)(separator - data) : size);

	if (!line)
		abort();
	if (!show_mistake)
		watch_mistakes();
	make_files(data, size);
	try_file();
	try_line(line);
	while (n_files)
		close(files[--n_files]);
	free(line);
	return 0;
}
