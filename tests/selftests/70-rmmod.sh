#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# The module comes and goes 50 times under traffic in both directions, each
# time within 5 s, and the kernel says nothing.
CAPTURE=no
. "$(dirname "$0")/lib.sh"

topology
listen_tcp "$OUTSIDE" 80
udp_echo_server "$INSIDE" 53

rules='version 1
role out0 external
role in0 internal
set max-flows 500
allow in udp to any port 53
allow in icmp'

# Traffic that never stops: echoes both ways, new flows both ways, a listener.
in_ns "$INSIDE" ping -n -q -i 0.002 "$OUTSIDE4" >/dev/null 2>&1 &
in_ns "$OUTSIDE" ping -n -q -i 0.002 "$INSIDE6" >/dev/null 2>&1 &
in_ns "$INSIDE" hping3 -q --udp -p 9 -i u2000 --rand-source "$OUTSIDE4" >/dev/null 2>&1 &
in_ns "$OUTSIDE" hping3 -q --udp -p 53 -i u2000 "$INSIDE4" >/dev/null 2>&1 &
in_ns "$INSIDE" hping3 -q -S -p ++1 -i u2000 "$OUTSIDE4" >/dev/null 2>&1 &

slowest=0 flows=0
for round in $(seq 50); do
	load_module
	echo "$rules" | fw apply - || die "round $round: the ruleset is refused"
	"$FWCTL" -n "$ROUTER" monitor >/dev/null 2>&1 &
	listener=$!
	busywait 5 [ "$(flow_count)" -gt 20 ] || true
	[ "$(flow_count)" -le "$flows" ] || flows=$(flow_count)
	kill "$listener"
	wait "$listener" 2>/dev/null
	begin=${EPOCHREALTIME/./}
	# A dump that is under way holds the module for a moment.
	busywait 5 rmmod flowwall || die "round $round: rmmod does not end"
	took=$((${EPOCHREALTIME/./} - begin))
	[ "$took" -le "$slowest" ] || slowest=$took
done
check "50 rounds, the slowest rmmod within 5 s ($((slowest / 1000)) ms)" [ "$slowest" -lt 5000000 ]
check "there was traffic: up to $flows flows" [ "$flows" -gt 50 ]
check_equal "the kernel log is empty" "$(kernel_log | grep -v 'flowwall: loading out-of-tree\|taint\|hping3')" ""
