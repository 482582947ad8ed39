/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_VXLAN_H
#define DECOY_VXLAN_H

/* A gateway: the network of the destination says through which tunnel a packet goes. */
#include "decoy.h"
#include "session.h"

/**
 * struct vxlan_map - a network, and where it is
 * @net: the network
 * @end: the other end of the tunnel
 * @vni: the network's number in the tunnel
 */
struct vxlan_map {
	struct net net;
	uint8_t end_family;
	uint8_t end[16];
	uint32_t vni;
};

/**
 * struct vxlan - what the gateway knows
 * @port: the name of the bridge's port that is the tunnel
 */
struct vxlan {
	struct vxlan_map *maps;
	size_t n_maps;
	const char *port;
};

extern const struct mode vxlan_mode;

#endif
