/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OVS_DESIRED_H
#define OVS_DESIRED_H

/*
 * From a file, the groups and what Open vSwitch says of its bridges to what each
 * bridge is to do; and from there into the switch.
 *
 * What is in force is kept in OVS_STATE, as a file of the same language: so it is known
 * to `show`, `diff` and `watch`, and after a restart.
 */
#include "vswitch.h"

struct module;

#define OVS_FOLDER	"/var/lib/flowwall"
#define OVS_STATE	OVS_FOLDER "/ovs.rules"

/**
 * struct asked - a bridge that was asked for its flows
 */
struct asked {
	const char *bridge;
	struct process run;
};

/**
 * struct desired - what all bridges are to do
 * @script: the file
 * @vs: the switch, as it was read last
 * @bridges: those of the file that there are
 * @flows: of each bridge
 * @asked: bridges whose answer is still to be read
 */
struct desired {
	struct script script;
	struct groups groups;
	struct vswitch vs;
	struct bridge *bridges;
	struct of_flows *flows;
	size_t n;
	struct asked *asked;
	size_t n_asked;
};

/**
 * struct outcome - what was done to a bridge
 * @ended: connections
 * @at: when the flows were in force, in ms; see clock_ms()
 */
struct outcome {
	const char *bridge;
	size_t removed;
	size_t added;
	long ended;
	double at;
};

double clock_ms(void);

bool desired_read(const char *file, struct desired *desired);
int desired_module(struct module **module, const char *netns);
bool desired_groups(struct desired *desired, const char *netns);
bool desired_build(struct desired *desired, bool strict);
void desired_regroup(struct desired *desired);
void desired_forget(struct desired *desired);
void desired_free(struct desired *desired);

void desired_ask(struct desired *desired);
char *desired_dump(struct desired *desired, size_t i);
bool desired_look(struct desired *desired, size_t i, struct of_flows *old);
const char *desired_controller(const struct bridge *bridge, char text[CONTROLLER_TEXT]);
bool desired_check(struct desired *desired, size_t i, struct of_flows *old);
bool desired_install(const struct desired *desired, size_t i, const struct of_flows *old,
		     struct outcome *outcome);
bool desired_change(const struct desired *desired, size_t i, const struct of_flows *old,
		    struct process *ready, struct outcome *outcome);
bool desired_settle(const struct desired *desired, size_t i, struct outcome *outcome);
bool bridge_clear(const struct vs_bridge *at, unsigned int zone);
bool bridge_wanted(const struct desired *desired, const char *name);

void state_read(struct script *script);
bool state_write(const struct script *script);
int state_lock(bool wait);

#endif
