/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_MAC_H
#define DECOY_MAC_H

/*
 * The link addresses of decoys: locally administered ones that begin alike, so that a
 * bridge knows what is for a decoy, and never takes from a real host what is its own.
 */
#define DECOY_MAC	{ 0x02, 0x46, 0x57 }
#define DECOY_MAC_MATCH	"02:46:57:00:00:00/ff:ff:ff:00:00:00"

#endif
