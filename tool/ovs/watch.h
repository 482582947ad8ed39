/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OVS_WATCH_H
#define OVS_WATCH_H

int ovs_watch(const char *netns);

#endif
