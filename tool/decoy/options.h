/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_OPTIONS_H
#define DECOY_OPTIONS_H

/* The arguments of `fwctl decoy`. */
#include "../lang/lang.h"
#include "decoy.h"
#include "vxlan.h"

enum decoy_mode { MODE_DECOY, MODE_SWITCH, MODE_VXLAN };

/**
 * struct decoy_options - what is asked for
 * @log: a file for events, or NULL
 * @block: seconds in the group @group for who makes a connection, or 0
 * @vxlan: of MODE_VXLAN
 */
struct decoy_options {
	enum decoy_mode mode;
	struct controller listen;
	struct setup setup;
	const char *log;
	uint32_t block;
	const char *group;
	struct vxlan vxlan;
};

bool read_options(int argc, char **argv, struct decoy_options *to);
void options_free(struct decoy_options *options);

#endif
