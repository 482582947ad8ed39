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
 * struct addr_range - addresses from @min to @max
 * @family: AF_INET or AF_INET6
 * @min: first address, network byte order; IPv4 has the first 4 bytes
 * @max: last address
 */
struct addr_range {
	uint8_t family;
	uint8_t min[16];
	uint8_t max[16];
};

/**
 * struct endpoint - source or destination of a rule
 * @n_addrs: how many @addrs; 0, without a @group, for any address
 * @group: the name of a group in place of @addrs, or empty
 */
struct endpoint {
	bool addr_not;
	bool port_not;
	uint8_t n_addrs;
	uint8_t n_ports;
	char group[FLOWWALL_NAME_SIZE];
	struct addr_range *addrs;
	struct port_range *ports;
};

struct role {
	char iface[FLOWWALL_IFACE_SIZE];	/* empty for the default */
	uint8_t role;
};

/**
 * struct setting - what "set" sets
 * @key: FLOWWALL_SETTING_A_*
 * @value: a number, or what a name stands for
 */
struct setting {
	unsigned int key;
	uint32_t value;
};

/**
 * struct setting_kind - what a setting can be set to
 * @values: one of these; or NULL for a number
 * @what: what the number is
 * @min: the lowest
 * @max: the highest
 */
struct setting_kind {
	const struct name *values;
	const char *what;
	uint32_t min;
	uint32_t max;
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
 * @before: handle of the rule that it is to be put before, or 0 for the end
 * @proto: or -1 for any
 * @iface: an interface or a pattern, or empty
 * @keyed: @key_min to @key_max is asked for, of GRE
 * @icmp_type: or -1; if both types are -1, any
 * @icmpv6_type: or -1
 * @u32: the program, or NULL
 * @n_u32: its steps
 * @label: of the log, or NULL
 * @limit: so many in each @limit_unit seconds, 0 for no limit
 * @limit_burst: so many at once
 * @mark: with the bits of @mark_mask; no mark if that is 0
 * @ttl_step: seconds, 0 for the class's
 * @until: seconds since 1970, 0 for ever
 * @last_hit: seconds since 1970, 0 for never
 */
struct rule {
	uint32_t handle;
	char name[FLOWWALL_NAME_SIZE];
	struct place name_place;
	uint8_t direction;
	uint8_t action;
	uint32_t before;
	int16_t proto;
	char iface[FLOWWALL_IFACE_SIZE];
	struct endpoint src;
	struct endpoint dst;
	bool keyed;
	uint32_t key_min;
	uint32_t key_max;
	int16_t icmp_type;
	int16_t icmpv6_type;
	bool u32_not;
	unsigned int n_u32;
	struct flowwall_u32_op *u32;
	bool log;
	char *label;
	uint32_t limit;
	uint32_t limit_unit;
	uint32_t limit_burst;
	bool queued;
	bool queue_bypass;
	uint16_t queue_first;
	uint16_t queue_last;
	uint32_t mark;
	uint32_t mark_mask;
	uint32_t ttl_step;
	uint32_t ttl_max;
	uint64_t until;
	char *comment;
	uint64_t packets;
	uint64_t bytes;
	uint64_t last_hit;
};

/**
 * struct member - of a group
 * @place: where it stands
 * @family: AF_INET or AF_INET6 for a prefix, or MEMBER_*
 * @prefix: significant bits, 32 or 128 for a host
 * @addr: network byte order, nothing beyond the prefix; or a link address
 * @timeout: seconds, 0 for ever
 * @left: seconds of the timeout that are left, as the module says
 * @name: of a group, all of whose members are meant, or of an interface
 */
#define MEMBER_GROUP	0
#define MEMBER_MAC	0xf0
#define MEMBER_IFACE	0xf1
struct member {
	struct place place;
	uint8_t family;
	uint8_t prefix;
	uint8_t addr[16];
	uint32_t timeout;
	uint32_t left;
	char name[FLOWWALL_NAME_SIZE];
};

/**
 * struct group - hosts and networks, or some members of such
 * @flush: all members, where some are taken out
 * @size: how many members it has, as the module says
 * @members: those of the statement: a range is the prefixes that make it
 */
struct group {
	char name[FLOWWALL_NAME_SIZE];
	bool flush;
	uint32_t size;
	uint64_t packets;
	uint64_t bytes;
	size_t n_members;
	struct member *members;
};

/**
 * struct ovs_port - a port of a bridge, called by its interface
 * @place: where it stands
 */
struct ovs_port {
	char name[FLOWWALL_IFACE_SIZE];
	struct place place;
};

enum ovs_kind {
	OVS_BRIDGE,
	OVS_TAP,
	OVS_MIRROR,
	OVS_COPROCESSOR,
	OVS_HOST,
	OVS_SEGMENT,
	OVS_DECOY,
};

/**
 * struct controller - where an OpenFlow controller listens
 */
struct controller {
	uint8_t family;
	uint8_t addr[16];
	uint16_t port;
};

/* "tcp:[2001:db8::1]:6653" and its end. */
#define CONTROLLER_TEXT 64
#define CONTROLLER_DEFAULT "tcp:127.0.0.1:6653"

/**
 * struct ovs - what an Open vSwitch bridge is to do
 * @bridge: its name; of a host, empty: the bridge that has its port
 * @bridge_place: where that stands
 * @name: of a host
 * @secure: of a bridge: without FlowWall's flows it forwards nothing
 * @zone: of a bridge: of connection tracking, or 0
 * @port: where copies go to, or the coprocessor or the host is
 * @ports: those between which a tap is, or the clients of a coprocessor
 * @after: of a tap: only what policy lets pass
 * @policy: of a segment: all that no other one is about
 * @action: of a segment: FLOWWALL_ACTION_ALLOW or FLOWWALL_ACTION_DENY
 * @proto: or -1 for any
 * @src: of a segment; of a tap: what either end is
 * @dst: of a segment; of a coprocessor: the service; of a host: its addresses; of decoys:
 *	their networks
 * @vlan: of a coprocessor, or 0
 * @base: of a coprocessor: this and the number of a port is the VLAN to that port
 * @has_mac: of a host: @mac counts
 * @controller: who answers for decoys
 */
struct ovs {
	enum ovs_kind kind;
	char bridge[FLOWWALL_IFACE_SIZE];
	struct place bridge_place;
	char name[FLOWWALL_NAME_SIZE];
	bool secure;
	bool after;
	bool policy;
	bool has_mac;
	uint8_t action;
	int16_t proto;
	uint16_t zone;
	uint16_t vlan;
	uint16_t base;
	uint8_t mac[6];
	struct controller controller;
	size_t n_ports;
	struct ovs_port *ports;
	struct ovs_port port;
	struct endpoint src;
	struct endpoint dst;
};

/* What @base is unless said otherwise. */
#define OVS_VLAN_BASE 1000

enum stmt_kind {
	STMT_NONE,	/* an empty line, "version", or "include" once it is read */
	STMT_ROLE,
	STMT_SETTING,
	STMT_TTL,
	STMT_RULE,
	STMT_GROUP,
	STMT_OVS,
};

struct stmt {
	enum stmt_kind kind;
	struct place place;
	union {
		struct role role;
		struct setting setting;
		struct ttl ttl;
		struct rule rule;
		struct group group;
		struct ovs ovs;
	};
};

void stmt_free(struct stmt *stmt);
void group_add_range(struct group *group, const struct place *place,
		     const struct addr_range *range);

/* u32.c: the language of iptables' u32 match. */
bool u32_parse(const char *text, struct flowwall_u32_op *ops, unsigned int *n,
	       size_t *at, const char **why);
size_t u32_print(const struct flowwall_u32_op *ops, unsigned int n, char *text, size_t size);

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
bool parse_filter(const struct words *words, const struct name *others, struct stmt *stmt);
void possible_words(int argc, char **argv, void (*each)(const char *word));
bool parse_file(const char *name, struct script *script);
bool parse_lines(const char *name, struct script *script,
		 bool (*line)(const struct words *words, void *arg), void *arg);
bool check_ovs(const struct script *script);
bool read_controller(const char *text, struct controller *controller);
uint16_t ovs_zone(const struct ovs *bridge);
struct stmt *script_add(struct script *script);
void script_free(struct script *script);
char *beside(const char *file, const char *name);
bool read_mac(const char *text, uint8_t mac[6]);
bool read_duration(const char *text, uint32_t limit, uint32_t *seconds);
bool read_time(const char *text, uint64_t *seconds);

/* --- printing -------------------------------------------------------------- */

/* A group is printed as several statements; any other one is shorter than this. */
#define STMT_TEXT 16384
#define STMT_MEMBERS 40

size_t print_stmt(const struct stmt *stmt, char *text, size_t size);
size_t print_member(const struct member *member, char *text, size_t size);
size_t print_controller(const struct controller *controller, char *text, size_t size);
size_t print_duration(uint32_t seconds, char *text, size_t size);
const char *rule_id(const struct rule *rule, char *buffer, size_t size);

/* --- names ----------------------------------------------------------------- */

/* A name and what it stands for; tables end with a NULL. */
struct name {
	const char *name;
	unsigned int value;
};

const struct setting_kind *setting_kind(unsigned int key);
extern const struct name role_names[];
extern const struct name direction_names[];
extern const struct name action_names[];
extern const struct name ttl_names[];
extern const struct name setting_names[];
extern const struct name proto_names[];
extern const struct name service_names[];
extern const struct name state_names[];
extern const struct name drop_names[];
extern const struct name end_names[];
extern const struct name verdict_names[];
extern const struct name basis_names[];
extern const struct name icmp_type_names[];
extern const struct name unit_names[];
extern const struct name ovs_names[];

/* A value of icmp_type_names is the types of both families; -1 where one has none. */
#define ICMP_TYPES(icmp, icmpv6)	(((icmp) + 1) << 16 | ((icmpv6) + 1))
#define ICMP_TYPE_OF(types)		((int)((types) >> 16) - 1)
#define ICMPV6_TYPE_OF(types)		((int)((types) & 0xffff) - 1)

/* The burst of a limit that says none. */
#define LIMIT_BURST 5

const char *name_of(const struct name *names, unsigned int value);
bool value_of(const struct name *names, const char *name, unsigned int *value);
const char *nearest_name(const char *word, const struct name *const *tables);
const char *list_names(const struct name *const *tables, char *buffer, size_t size);
const char *proto_text(uint8_t proto, char *buffer, size_t size);
bool has_ports(int proto);

#endif
