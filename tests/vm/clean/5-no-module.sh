#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel has no module, as after an update of which DKMS knew nothing.
. "$(dirname "$0")/lib.sh"

heard=$(heard)
check_fails "there is no module" modprobe flowwall
check "not one datagram came while the machine began ($heard)" test "$heard" = 0
check "the failsafe stands" nft list table inet flowwall_failsafe
check "it dropped what came" busywait 20 failsafe_dropped
check "the service failed" systemctl is-failed flowwall
check "the journal says why" sh -c "journalctl -b -u flowwall | grep -q 'kernel module is not loaded'"
# An echo, by hand: there is no ping in so small a Debian.
check "this machine gets out" python3 -I -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.settimeout(10)
s.sendto(bytes.fromhex("0800f7fe00000001"), ("10.0.2.2", 0))
s.recv(100)'
check "the doctor knows" sh -c 'fwctl doctor | grep "there is none for the running kernel"'
check "and tells of the failsafe" sh -c 'fwctl doctor | grep -E "^wrong +failsafe"'
