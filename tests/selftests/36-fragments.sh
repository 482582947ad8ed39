#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.12
#
# Fragments: dropped where they have no transport header, or reassembled before they
# are judged, and sent on in pieces.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
udp_echo_server "$OUTSIDE" 53
fw_rules <<-RULES
	allow in icmp to $INSIDE4
	allow in icmp to $ROUTER_OUT4
	allow in icmpv6 to $ROUTER_OUT6
	allow in udp to any port 5000 id allowed
RULES
large() { in_ns "$1" ping -n -c 1 -W 3 -s 4000 "$2"; }
for out in "$OUTSIDE4" "$OUTSIDE6"; do
	before=$(fw -j status)
	check_fails "large packets to $out do not pass" large "$INSIDE" "$out"
	check_match "they are dropped as fragments" "$(drops_since "$before")" '^fragment [0-9]+'
done
before=$(fw -j status)
check "to the router, IPv4 has put them together before it is asked" large "$OUTSIDE" "$ROUTER_OUT4"
check_equal "nothing of that is dropped" "$(drops_since "$before")" ""
check_drops "and they are judged whole" "policy 1" "$OUTSIDE" \
	"pieces(udp('$OUTSIDE4', '$ROUTER_OUT4', 1, 5001, b'x' * 64), 80, (0, 32), (32, 72))"
check_fails "IPv6 has not" large "$OUTSIDE" "$ROUTER_OUT6"
check_match "they are dropped" "$(drops_since "$before")" '^fragment [0-9]+'
check "they are to be reassembled" fw set fragments reassemble
for out in "$OUTSIDE4" "$OUTSIDE6"; do
	before=$(fw -j status)
	check "large packets to $out pass" large "$INSIDE" "$out"
	check "in both directions, from the router too" large "$ROUTER" "$out"
	check_equal "nothing is dropped" "$(drops_since "$before")" ""
done
check "to the router, IPv6's, too" large "$OUTSIDE" "$ROUTER_OUT6"
check "large ones come in where they may" large "$OUTSIDE" "$INSIDE4"
check_fails "and nowhere else" large "$OUTSIDE" "$INSIDE6"

# A port that only the first fragment has is judged for all of them.
watch whole "$INSIDE" eth0 "udp or (ip[6:2] & 0x1fff != 0)"
check_arrives "pieces of what a rule allows arrive" whole 2 "$OUTSIDE" \
	"frag(udp('$OUTSIDE4', '$INSIDE4', 1, 5000, b'x' * 1608), 0, 1, 808, 77)" \
	"frag(udp('$OUTSIDE4', '$INSIDE4', 1, 5000, b'x' * 1608)[:20] + udp('$OUTSIDE4', '$INSIDE4', 1, 5000, b'x' * 1608)[828:], 808, 0, None, 77)"
check_arrives "pieces of what none allows do not" whole 0 "$OUTSIDE" \
	"frag(udp('$OUTSIDE4', '$INSIDE4', 1, 5001, b'x' * 1608), 0, 1, 808, 78)" \
	"frag(udp('$OUTSIDE4', '$INSIDE4', 1, 5001, b'x' * 1608)[:20] + udp('$OUTSIDE4', '$INSIDE4', 1, 5001, b'x' * 1608)[828:], 808, 0, None, 78)"
check_arrives "a piece alone does not" whole 0 "$OUTSIDE" \
	"frag(udp('$OUTSIDE4', '$INSIDE4', 1, 5000), 808, 0, None, 79)"
check "it is off again" fw set fragments drop
check_fails "and they do not pass" large "$INSIDE" "$OUTSIDE4"
check "on once more, and then the module goes" fw set fragments reassemble
check "it does" rmmod flowwall
