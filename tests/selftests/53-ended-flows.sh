#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# A flow that a ruleset has ended stays ended, whoever goes on sending; a change
# of the ruleset is no way for others to end flows; a rule about one direction
# leaves the answers of the other alone; what routers say of links stays there.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

topology
fw_rules <<-RULES
	allow in tcp to any port 80 id web
	allow in udp to any port 53 id dns
RULES

# 203.0.113.0/24 is behind a neighbour outside, for the outside by way of here.
ip -n "$ROUTER" route add 203.0.113.0/24 via 198.51.100.77
ip -n "$ROUTER" neigh add 198.51.100.77 lladdr 02:00:00:00:00:77 dev out0
ip -n "$OUTSIDE" route add 203.0.113.0/24 via "$ROUTER_OUT4"

# A spoofed packet after a change ends nothing.
craft "$INSIDE" "udp('$INSIDE4', '203.0.113.9', 6000, 7000)"
check "any change" fw set dhcp off
check_drops "the original direction from outside is spoofed" "spoofed 1" \
	"$OUTSIDE" "udp('$INSIDE4', '203.0.113.9', 6000, 7000)"
check_flow "and the flow is still there" '.original.sport == 6000' '.original.packets == 1'
check_drops "an ICMP error about it, from an address of the inside, is spoofed" "spoofed 1" "$OUTSIDE" \
	"error('10.0.1.99', '$INSIDE4', 'host-unreachable', udp('$INSIDE4', '203.0.113.9', 6000, 7000))"

# A server that sends without being asked.
for address in "$INSIDE4" "$INSIDE6"; do
	in_ns "$INSIDE" ncat -n -l -k "$address" 80 -c 'while echo tick; do sleep 0.1; done' &
	busywait 10 in_ns "$INSIDE" bash -c ": </dev/tcp/$address/80"
	in_ns "$OUTSIDE" ncat -n --recv-only "$address" 80 >"$TMP/ticks-$address" 2>&1 &
	check "$address sends by itself" busywait 10 grep -q tick "$TMP/ticks-$address"
done
craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 5000, 53)"
check "the rules go" fw rule del web
check "both of them" fw rule del dns
craft "$INSIDE" "udp('$INSIDE4', '$OUTSIDE4', 53, 5000)"
sleep 1
for address in "$INSIDE4" "$INSIDE6"; do
	ticks=$(wc -l <"$TMP/ticks-$address")
	sleep 1
	check_equal "nothing more comes from $address" "$(wc -l <"$TMP/ticks-$address")" "$ticks"
done
check_equal "no flow shows" "$(flows_json | jq '[.[] | select(.original.dport == 80 or .original.dport == 53)] | length')" 0
watch inside "$INSIDE" eth0 udp port 53
check_arrives "and an ended UDP flow is not reopened by its server" inside 0 \
	"$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 5000, 53)"
check "a rule that allows it again" fw rule add allow in udp to any port 53
check_arrives "lets it in again" inside 1 "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 5000, 53)"

watch redirects "$OUTSIDE" eth0 icmp
# The clients of the ended flows go on, and are dropped by policy as well.
before=$(drop_count unrelated)
craft "$OUTSIDE" "udp('$OUTSIDE4', '203.0.113.9', 1, 2)"
check_equal "the router would send a redirect: it is dropped" $(($(drop_count unrelated) - before)) 1
check_seen "no redirect goes to the outside" redirects 0

# The router's own side: one direction refused, the other one answered.
listen_tcp "$ROUTER" 22
listen_tcp "$INSIDE" 23
check "the router may not connect to the inside" fw rule add deny local tcp to 10.0.1.0/24
check "the inside still reaches the router" tcp_echoes "$INSIDE" "$ROUTER_IN4" 22
check_fails "the router does not reach the inside" tcp_connects "$ROUTER" "$INSIDE4" 23
