#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# End to end: what passes a bridge's link is copied by its tap, recorded and reported. Open
# vSwitch runs with the datapath of user space.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"
export OVS_DATAPATH=netdev
[ -e /dev/net/tun ] || skip "no /dev/net/tun here"
. "$TESTS/ovs.sh"

start_ovs
make_bridge
setup_ns A B TAP
host_at "$A" 1
host_at "$B" 2
plug "$TAP" 3
ip -n "$TAP" link set eth0 name far
bare_bridge "$A" 10.0.9.2

ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs tap br0 between p1 and p2 to p3
RULES
check "the link forwards" pings "$A" 10.0.9.2
snoop tap
ip netns exec "$A" ping -n -q -c 20 -i 0.05 -s 100 10.0.9.2 >"$TMP/ping"
sleep 0.5	# the copies are on their way
finish
check_match "the pings were answered" "$(cat "$TMP/ping")" '20 received'
check_equal "the tap's copies are stored, both ways, once each" \
	"$(sql tap "SELECT packets, packets_back FROM flow WHERE proto = 1 AND packets = 20")" "20|20"
check_equal "none was dropped or lost" "$(jq '.dropped_kernel + .dropped_queue + .lost' "$TMP/tap.out")" 0
check_match "and reported" "$("$FWCTL" report "$TMP/tap.db")" 'icmp 10.0.9.1 > 10.0.9.2'
