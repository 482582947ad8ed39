/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LANG_H
#define LANG_H

/*
 * The one language, of files and of the command line: lexer, parser, printer.
 *
 *	text --lex--> words --parse--> struct stmt --print--> text
 *
 * Nothing here talks to the kernel; words.c has all names that both the parser
 * and the printer know.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/flowwall.h>

/* --- places and mistakes --------------------------------------------------- */

/**
 * struct place - where something stands
 * @file: name of the file, or NULL for the command line
 * @line: from 1; 0 for a file as a whole
 * @column: from 1, in bytes
 * @length: of what is meant, at least 1
 * @text: the whole line, without its end
 */
struct place {
	const char *file;
	unsigned int line;
	unsigned int column;
	unsigned int length;
	const char *text;
};

void mistake(const struct place *place, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
unsigned int mistakes(void);
void fail_out_of_memory(void) __attribute__((noreturn));

/* Where mistakes go; standard error, in words or JSON, unless changed (tests). */
extern void (*report_mistake)(const struct place *place, const char *message,
			      const char *hint);

/* --- words ----------------------------------------------------------------- */

struct word {
	const char *text;
	struct place place;
};

/**
 * struct words - the words of one line
 * @word: the words
 * @n: how many
 * @end: the place behind the last one
 */
struct words {
	struct word *word;
	size_t n;
	struct place end;
	char *buffer;
};

size_t utf8_length(const char *text);
bool lex_line(const struct place *line, struct words *words);
void lex_arguments(int argc, char **argv, struct words *words);
void words_free(struct words *words);

/* --- statements ------------------------------------------------------------ */

struct port_range {
	uint16_t min;	/* host byte order */
	uint16_t max;
};

/**
 * struct endpoint - source or destination of a rule
 * @family: AF_INET, AF_INET6, or 0 for any address
 * @min: first address, network byte order
 * @max: last address
 */
struct endpoint {
	uint8_t family;
	bool addr_not;
	bool port_not;
	uint8_t n_ports;
	uint8_t min[16];
	uint8_t max[16];
	struct port_range *ports;
};

struct role {
	char iface[FLOWWALL_IFACE_SIZE];	/* empty for the default */
	uint8_t role;
};

enum setting_key {
	SET_MAX_FLOWS,
	SET_NEIGHBOUR,
	SET_DHCP,
	SET_ON_CHANGE,

	SETTINGS
};

struct setting {
	enum setting_key key;
	uint32_t value;
};

struct ttl {
	uint8_t class;
	uint32_t step;	/* seconds */
	uint32_t max;
};

/**
 * struct rule - one rule
 * @handle: the kernel's number, 0 if it has none yet
 * @name: the user's id, or empty
 * @name_place: where that id stands
 * @proto: or -1 for any
 * @last_hit: seconds since 1970, 0 for never
 */
struct rule {
	uint32_t handle;
	char name[FLOWWALL_NAME_SIZE];
	struct place name_place;
	uint8_t direction;
	uint8_t action;
	int16_t proto;
	struct endpoint src;
	struct endpoint dst;
	char *comment;
	uint64_t packets;
	uint64_t bytes;
	uint64_t last_hit;
};

enum stmt_kind {
	STMT_NONE,	/* an empty line, "version", or "include" once it is read */
	STMT_ROLE,
	STMT_SETTING,
	STMT_TTL,
	STMT_RULE,
};

struct stmt {
	enum stmt_kind kind;
	struct place place;
	union {
		struct role role;
		struct setting setting;
		struct ttl ttl;
		struct rule rule;
	};
};

void stmt_free(struct stmt *stmt);

/**
 * struct script - the statements of a file and of those that it includes
 */
struct script {
	struct stmt *stmt;
	size_t n;
	size_t room;
	struct text {
		struct text *next;
		char *name;
		char *data;
	} *texts;
};

bool parse_words(const struct words *words, struct stmt *stmt);
void possible_words(int argc, char **argv, void (*each)(const char *word));
bool parse_file(const char *name, struct script *script);
struct stmt *script_add(struct script *script);
void script_free(struct script *script);

/* --- printing -------------------------------------------------------------- */

#define STMT_TEXT 4096

size_t print_stmt(const struct stmt *stmt, char *text, size_t size);
size_t print_duration(uint32_t seconds, char *text, size_t size);
const char *rule_id(const struct rule *rule, char *buffer, size_t size);

/* --- names ----------------------------------------------------------------- */

/* A name and what it stands for; tables end with a NULL. */
struct name {
	const char *name;
	unsigned int value;
};

extern const struct name role_names[];
extern const struct name direction_names[];
extern const struct name action_names[];
extern const struct name ttl_names[];
extern const struct name setting_names[];
extern const struct name proto_names[];
extern const struct name on_off_names[];
extern const struct name on_change_names[];
extern const struct name service_names[];
extern const struct name state_names[];
extern const struct name drop_names[];
extern const struct name end_names[];

const char *name_of(const struct name *names, unsigned int value);
bool value_of(const struct name *names, const char *name, unsigned int *value);
const char *nearest_name(const char *word, const struct name *const *tables);
const char *list_names(const struct name *const *tables, char *buffer, size_t size);
const char *proto_text(uint8_t proto, char *buffer, size_t size);
bool has_ports(int proto);

#endif
