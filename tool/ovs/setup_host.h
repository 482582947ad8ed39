/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OVS_SETUP_HOST_H
#define OVS_SETUP_HOST_H

int ovs_setup_host(int argc, char **argv, bool dry_run);

#endif
