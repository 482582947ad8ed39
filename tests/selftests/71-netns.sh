#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# Fifty routers are made, ruled and deleted under traffic in both directions;
# each is gone within 5 s, with its flows, and the kernel says nothing.
CAPTURE=no
. "$(dirname "$0")/lib.sh"

topology
fw_rules </dev/null

# A router of its own between two hosts, 10.8.0.0/24 and 10.9.0.0/24.
make_router() {
	ip netns add "$1"
	ip -n "$1" -batch - <<-LINKS
		link add in0 type veth peer name r$2 netns $INSIDE
		link add out0 type veth peer name r$2 netns $OUTSIDE
		addr add 10.8.0.1/24 dev in0
		addr add 10.9.0.1/24 dev out0
		link set in0 up
		link set out0 up
	LINKS
	ip -n "$INSIDE" -batch - <<-HOST
		addr add 10.8.0.2/24 dev r$2
		link set r$2 up
		route add 10.9.0.0/24 via 10.8.0.1
	HOST
	ip -n "$OUTSIDE" -batch - <<-HOST
		addr add 10.9.0.2/24 dev r$2
		link set r$2 up
		route add 10.8.0.0/24 via 10.9.0.1
	HOST
	in_ns "$1" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	printf 'version 1\nrole out0 external\nrole in0 internal\nallow in udp to any port 53\n' |
		"$FWCTL" -n "$1" apply -
}

gone() { ! ip netns list | grep -q "^$1\b" && ! ip -n "$INSIDE" link show "r$2" >/dev/null 2>&1; }
busy() { [ "$("$FWCTL" -n "$1" -j status | jq .flows)" -gt 10 ]; }
objects() { awk '$1 == "flowwall_flow" { print $2 }' /proc/slabinfo; }

before=$(objects)
slowest=0 idle=0
for round in $(seq 50); do
	router=gone-$$-$round
	make_router "$router" "$round" || die "round $round: no router"
	FLOWWALL_NAMESPACES+=("$router")
	in_ns "$INSIDE" hping3 -q --udp -p ++1 -i u5000 10.9.0.2 >/dev/null 2>&1 &
	in_ns "$OUTSIDE" hping3 -q --udp -p 53 -i u5000 10.8.0.2 >/dev/null 2>&1 &
	busywait 5 busy "$router" || idle=$((idle + 1))
	begin=${EPOCHREALTIME/./}
	ip netns del "$router"
	busywait 6 gone "$router" "$round" || die "round $round: the namespace does not go"
	took=$((${EPOCHREALTIME/./} - begin))
	[ "$took" -le "$slowest" ] || slowest=$took
	# shellcheck disable=SC2046  # one word a process
	kill -9 $(pgrep -f "hping3.*(10.9.0.2|10.8.0.2)") 2>/dev/null
done
check "50 namespaces, the slowest gone within 5 s ($((slowest / 1000)) ms)" [ "$slowest" -lt 5000000 ]
check_equal "in each there were flows" "$idle" 0
check "their flows are freed" busywait 20 [ "$(objects)" -le "$((before + 200))" ]
check_equal "the kernel log is empty" "$(kernel_log | grep -v 'flowwall: loading out-of-tree\|taint\|hping3')" ""
