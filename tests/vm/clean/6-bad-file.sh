#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The file has a mistake when the machine begins; then it is mended.
. "$(dirname "$0")/lib.sh"

heard=$(heard)
check "not one datagram came while the machine began ($heard)" test "$heard" = 0
check "the failsafe stands" nft list table inet flowwall_failsafe
check "it dropped what came" busywait 20 failsafe_dropped
check "the service failed" systemctl is-failed flowwall
check "the journal says where" sh -c "journalctl -b -u flowwall | grep -q '/etc/flowwall.rules:[0-9]*:1: '"
sed -i '$d' /etc/flowwall.rules
check "the file is mended" systemctl restart flowwall
check_fails "the failsafe goes" nft list table inet flowwall_failsafe
check "FlowWall stands" nothing_comes
