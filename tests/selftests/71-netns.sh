#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1600
# kernel: 6.12
#
# The router's network namespace is deleted 200 times under traffic in both
# directions, each within five seconds, with all that belongs to it; the kernel
# has nothing to say, and no memory stays behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
hold_hooks
setup_ns INSIDE OUTSIDE
load_module
for host in "$INSIDE" "$OUTSIDE"; do
	ip -n "$host" link add br0 type bridge
	ip -n "$host" link set br0 up
done
ip -n "$INSIDE" addr add 10.0.1.2/24 dev br0
ip -n "$OUTSIDE" addr add 198.51.100.2/24 dev br0
# Neighbours that never change: each router has the same addresses.
ip -n "$INSIDE" neigh add 10.0.1.1 lladdr 02:00:00:00:00:01 dev br0
ip -n "$OUTSIDE" neigh add 198.51.100.1 lladdr 02:00:00:00:00:02 dev br0
ip -n "$INSIDE" route add default via 10.0.1.1
ip -n "$OUTSIDE" route add default via 198.51.100.1
cat >"$TMP/ruleset" <<-RULES
	version 1
	role in0 internal
	role out0 external
	set max-flows 2000
	set fastpath on
	allow in tcp to any port 80
RULES
udp_echo_server "$OUTSIDE" 53
chatter "$INSIDE" 198.51.100.2 53 >/dev/null 2>&1
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 udp 10.0.1.2 198.51.100.2 0 10 >/dev/null 2>&1 &
in_ns "$OUTSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 syn 198.51.100.2 10.0.1.2 0 10 >/dev/null 2>&1 &
in_ns "$OUTSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 syn 198.51.100.2 10.0.1.2 80 10 >/dev/null 2>&1 &

# A router of the same kind each time.
router() {
	ip netns add "$ROUTER"
	ip -n "$ROUTER" -batch - <<-LINKS
		link add in0 address 02:00:00:00:00:01 type veth peer name p$1 netns $INSIDE
		link add out0 address 02:00:00:00:00:02 type veth peer name p$1 netns $OUTSIDE
		addr add 10.0.1.1/24 dev in0
		addr add 198.51.100.1/24 dev out0
		link set in0 up
		link set out0 up
	LINKS
	ip -n "$INSIDE" link set "p$1" master br0 up
	ip -n "$OUTSIDE" link set "p$1" master br0 up
	in_ns "$ROUTER" sysctl -qw net.ipv4.ip_forward=1
	fw apply "$TMP/ruleset" >/dev/null
}

ROUTER=router-$$
FLOWWALL_NAMESPACES+=("$ROUTER")
rounds=$(rounds 200 5)
slowest=0 busy=0
most=$(($(patience 5) * SLOW))
for ((n = 0; n < rounds; n++)); do
	router "$n" || die "cannot make a router"
	! loaded || busy=$((busy + 1))
	begin=${EPOCHREALTIME/./}
	ip netns del "$ROUTER"
	# Its links go when it does, and take their other ends with them.
	while ip -n "$INSIDE" link show "p$n" >/dev/null 2>&1; do
		[ $((${EPOCHREALTIME/./} - begin)) -lt $((most * 1000000)) ] || break
	done
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	[ "$took" -le "$slowest" ] || slowest=$took
done
check_equal "$rounds times there were flows and drops" "$busy" "$rounds"
check "the slowest deletion took less than $most s: $slowest ms" [ "$slowest" -lt $((most * 1000)) ]
flows_left() { awk '$1 == "flowwall_flow" { n = $2 } END { print n + 0 }' /proc/slabinfo; }
# What processors keep for themselves counts as in use, until it is asked back.
none_left() { echo 1 >/sys/kernel/slab/flowwall_flow/shrink; [ "$(flows_left)" = 0 ]; }
check "no flow is left in memory" busywait 10 none_left
check_equal "the kernel said nothing of it" "$(unexpected_log)" ""
