/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OVS_VSWITCH_H
#define OVS_VSWITCH_H

/*
 * Talking to Open vSwitch, through its own programs, which are run without a shell.
 * Functions return false, or NULL, after an error; vs_error() then has a sentence
 * for a person.
 */
#include <sys/types.h>

#include "bridge.h"

/**
 * struct vs_mirror - a mirror in OVS's database
 * @name: or empty
 */
struct vs_mirror {
	char *uuid;
	char *name;
	char *text;	/* all that it says, to compare */
};

/**
 * struct vs_bridge - a bridge as OVS has it
 * @controller: the target of FlowWall's own one, or NULL
 * @foreign_controller: that of one that somebody else set, or NULL
 * @fail_mode: or empty
 * @kernel: its datapath is the kernel's, not that of user space
 * @before: the fail mode before FlowWall came, "none" for empty; NULL: FlowWall is
 *	not on this bridge
 * @ports: by name, also those without a number yet
 */
struct vs_bridge {
	char *name;
	char *fail_mode;
	bool kernel;
	char *before;
	char *controller;
	char *foreign_controller;
	struct bridge_port *ports;
	size_t n_ports;
	struct vs_mirror *mirrors;
	size_t n_mirrors;
};

struct vswitch {
	struct vs_bridge *bridge;
	size_t n;
};

/**
 * struct process - a program that runs
 * @program: its name; NULL if none runs
 * @input: where it waits for what it is to read, or -1
 * @endless: it has no time limit of its own
 * @output: what it prints, a file of memory; and what it complains about
 */
struct process {
	const char *program;
	pid_t pid;
	int input;
	bool endless;
	int output;
	int error;
};

const char *vs_error(void);
bool vs_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool vs_begin(struct process *run, const char *const *argv, const char *input);
bool vs_begin_waiting(struct process *run, const char *const *argv);
bool vs_give(struct process *run, const char *input);
bool vs_end(struct process *run, char **output);
void vs_drop(struct process *run);
bool vs_run(const char *const *argv, const char *input, char **output);
void vs_show(const char *const *argv);

bool vs_read(struct vswitch *vs);
void vs_free(struct vswitch *vs);
const struct vs_bridge *vs_bridge(const struct vswitch *vs, const char *name);
const struct vs_bridge *vs_bridge_of(const struct vswitch *vs, const char *port);

bool vs_begin_dump(struct process *run, const char *bridge, bool counters);
char *vs_dump(const char *bridge, bool counters);
bool vs_flows(const char *bridge, const char *text);
bool vs_begin_flows(struct process *run, const char *bridge);
long vs_count(const char *bridge);
bool vs_has_groups(const char *bridge);
bool vs_set_fail_mode(const char *bridge, const char *mode);
bool vs_set_controller(const char *bridge, const char *target);
bool vs_mark(const char *bridge, const char *before);
bool vs_set_mirrors(const struct vs_bridge *bridge, const struct bridge *desired, bool dry_run);

bool vs_end_connections(const struct vs_bridge *at, const struct bridge *bridge, long *ended);
bool vs_flush_zone(const struct vs_bridge *at, unsigned int zone);
void vs_wait_datapath(void);
void vs_empty_datapath(const struct vswitch *vs, const char *const *names, size_t n);

#endif
