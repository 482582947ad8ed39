#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1600
# kernel: 6.12
#
# The module is unloaded and loaded 200 times under traffic in both
# directions, each within five seconds; the kernel has nothing to say.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
hold_hooks
CAPTURE=no topology
black_hole
listen_tcp "$INSIDE" 80
udp_echo_server "$OUTSIDE" 53
fw_rules <<-RULES
	set max-flows 2000
	set fastpath on
	allow in tcp to $INSIDE4 port 80
RULES

# traffic: out and in, allowed and dropped, refused and malformed, until the end.
traffic() {
	in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 syn 10 "$NOWHERE4" 0 10 &
	in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 udp "$INSIDE4" "$NOWHERE4" 53 10 &
	in_ns "$OUTSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 syn "$OUTSIDE4" "$INSIDE4" 0 10 &
	in_ns "$OUTSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 syn "$OUTSIDE4" "$INSIDE4" 80 10 &
	in_ns "$OUTSIDE" ping -q -i 0.01 "$INSIDE6" &
	in_ns "$INSIDE" ping -q -i 0.01 "$OUTSIDE6" &
	in_ns "$ROUTER" ping -q -i 0.01 "$OUTSIDE4" &
	"$FWCTL" -n "$ROUTER" monitor &
	chatter "$INSIDE" "$OUTSIDE4" 53
}
traffic >/dev/null 2>&1

rounds=$(rounds 200 5)
slowest=0 failed=0 busy=0
for ((n = 0; n < rounds; n++)); do
	begin=${EPOCHREALTIME/./}
	# While a list is read, the module is in use: monitor may only be at that.
	busywait 7 timeout 20 rmmod flowwall || failed=$((failed + 1))
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	[ "$took" -le "$slowest" ] || slowest=$took
	insmod "$FLOWWALL_KO" || failed=$((failed + 1))
	fw apply "$TMP/ruleset" >/dev/null || failed=$((failed + 1))
	# Until there is something to unload: flows of both directions, paths of theirs.
	! loaded || busy=$((busy + 1))
done
check_equal "$rounds times it was unloaded, and loaded again" "$failed" 0
check_equal "each time there were flows and drops" "$busy" "$rounds"
most=$(($(patience 5) * SLOW))
check "the slowest took less than $most s: $slowest ms" [ "$slowest" -lt $((most * 1000)) ]
check_equal "the kernel said nothing of it" \
	"$(unexpected_log)" ""
# The floods go on, and have filled it.
check "there is room again" fw set max-flows 100000
check "the firewall works" pings "$INSIDE" "$OUTSIDE6"
check_fails "and is closed" pings "$OUTSIDE" "$INSIDE6"
