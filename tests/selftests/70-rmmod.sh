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
in_ns "$INSIDE" ping -n -q -i 0.01 "$OUTSIDE4" >/dev/null 2>&1 &
in_ns "$OUTSIDE" ping -n -q -i 0.01 "$INSIDE6" >/dev/null 2>&1 &
in_ns "$INSIDE" hping3 -q --udp -p 9 -i u10000 --rand-source "$OUTSIDE4" >/dev/null 2>&1 &
in_ns "$OUTSIDE" hping3 -q --udp -p 53 -i u10000 "$INSIDE4" >/dev/null 2>&1 &
in_ns "$INSIDE" hping3 -q -S -p ++1 -i u10000 "$OUTSIDE4" >/dev/null 2>&1 &

in_use() { fw -j status | jq .flows; }
busy() { [ "$(in_use)" -gt 10 ]; }

slowest=0 idle=0
for round in $(seq 50); do
	load_module
	fw apply - <<<"$rules" || die "round $round: the ruleset is refused"
	# Every tenth time with somebody who listens and somebody who reads.
	if [ $((round % 10)) = 0 ]; then
		"$FWCTL" -n "$ROUTER" monitor >/dev/null 2>&1 &
		listener=$!
		fw flows >/dev/null
	fi
	busywait 5 busy || idle=$((idle + 1))
	begin=${EPOCHREALTIME/./}
	rmmod flowwall || die "round $round: rmmod is refused"
	took=$((${EPOCHREALTIME/./} - begin))
	[ "$took" -le "$slowest" ] || slowest=$took
	[ $((round % 10)) != 0 ] || { kill "$listener"; wait "$listener" 2>/dev/null; }
done
check "50 rounds, the slowest rmmod within 5 s ($((slowest / 1000)) ms)" [ "$slowest" -lt 5000000 ]
check_equal "in each there were flows" "$idle" 0
check_equal "the kernel log is empty" "$(kernel_log | grep -v 'flowwall: loading out-of-tree\|taint\|hping3')" ""
