#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# The failsafe lets out what begins inside and lets in nothing new from outside, by the
# roles in the file; whoever it cannot trust is outside. It stands back for a ruleset.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
topology
listen_tcp "$INSIDE" 80
listen_tcp "$ROUTER" 22
listen_tcp "$OUTSIDE" 80
cat >"$TMP/rules" <<-RULES
	version 1
	role out+ external
	role in0 internal
	allow in tcp to any port 22,80
RULES

for address in "$INSIDE4" "$INSIDE6"; do
	check "without it, $address is reached" tcp_echoes "$OUTSIDE" "$address" 80
done
check "and the router" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 22
check "so it goes on" fw failsafe on "$TMP/rules"
check_match "it is in place" "$(fw failsafe show)" '^# in place'
for address in "$INSIDE4" "$INSIDE6"; do
	check_fails "$address is not reached" tcp_connects "$OUTSIDE" "$address" 80
done
for address in "$ROUTER_OUT4" "$ROUTER_OUT6"; do
	check_fails "nor $address, whatever the file allows" tcp_connects "$OUTSIDE" "$address" 22
done
for address in "$OUTSIDE4" "$OUTSIDE6"; do
	check "from inside, $address is" tcp_echoes "$INSIDE" "$address" 80
	check "and from the router" tcp_echoes "$ROUTER" "$address" 80
done
check "the router is, from inside" tcp_echoes "$INSIDE" "$ROUTER_IN4" 22
ip -n "$ROUTER" neigh flush dev out0
ip -n "$OUTSIDE" neigh flush dev eth0
check "neighbours find each other" pings "$ROUTER" "$OUTSIDE6"

# A file with a mistake: only what it calls internal is inside.
echo "role extra0 extrenal" >>"$TMP/rules"
ip -n "$ROUTER" link set out0 down
ip -n "$ROUTER" link set out0 name extra0
ip -n "$ROUTER" link set extra0 up
ip -n "$ROUTER" -6 addr add "$ROUTER_OUT6/64" dev extra0 nodad 2>/dev/null
check "by the name in a line with a mistake, it is reached again" \
	busywait 10 tcp_echoes "$OUTSIDE" "$INSIDE4" 80
check "the failsafe takes a file with a mistake" fw failsafe on "$TMP/rules"
check_fails "what it cannot understand is outside" tcp_connects "$OUTSIDE" "$INSIDE4" 80
check "what it calls internal gets out" tcp_echoes "$INSIDE" "$OUTSIDE4" 80
check "without a file" fw failsafe on "$TMP/none"
check_fails "nothing gets in" tcp_connects "$OUTSIDE" "$INSIDE4" 80
check_fails "and nothing through" tcp_connects "$INSIDE" "$OUTSIDE4" 80
check "but out" tcp_echoes "$ROUTER" "$OUTSIDE4" 80

# With a ruleset it is not needed.
fw_apply <<-RULES
	version 1
	role extra0 external
	role in0 internal
	allow in tcp to $INSIDE4 port 80
RULES
check "it goes" fw failsafe off
check "twice as well" fw failsafe off
check "the ruleset counts" tcp_echoes "$OUTSIDE" "$INSIDE4" 80
check_match "while that stands it does not come" "$(fw failsafe on "$TMP/rules")" 'not needed'
check_equal "nftables has nothing of it" "$(in_ns "$ROUTER" nft list tables)" ""
check_equal "in JSON" "$(fw -j failsafe | jq -r .failsafe)" off

# Only `off` opens.
check_fails "another port is closed" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 22
fw failsafe on "$TMP/none" >/dev/null
fw apply "$TMP/ruleset" --confirm 3 >/dev/null
check "off" fw off
check "everything passes" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 22
sleep 4
check "also when a ruleset waited" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 22
