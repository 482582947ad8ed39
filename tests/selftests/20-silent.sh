#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 180
#
# Scans from outside, of the inside and of the router itself, get not one packet
# back, and nothing of them arrives inside.
. "$(dirname "$0")/lib.sh"

need nmap
topology
fw_rules </dev/null
listen_tcp "$INSIDE" 22 80
listen_tcp "$ROUTER" 22 80
udp_echo_server "$INSIDE" 53
udp_echo_server "$ROUTER" 53

# What the outside may see from us is neighbour discovery.
neighbours='not arp and not (icmp6 and ip6[40] >= 133 and ip6[40] <= 136)'
capture answers "$OUTSIDE" eth0 "inbound and $neighbours"
capture arrivals "$INSIDE" eth0 "inbound and $neighbours"

scan() { # OPTIONS... ADDRESS
	in_ns "$OUTSIDE" nmap -n -Pn --max-retries 0 --host-timeout 60s -T5 -p 22,53,80 "$@" \
		>"$TMP/nmap" 2>&1 || { note "$(cat "$TMP/nmap")"; return 1; }
	! grep -Eq '^[0-9]+/(tcp|udp) +(open|closed|unfiltered) ' "$TMP/nmap" ||
		{ note "$(cat "$TMP/nmap")"; return 1; }
}

for type in S A F N X; do
	check "-s$type of inside and router, IPv4" scan "-s$type" "$INSIDE4" "$ROUTER_OUT4" "$ROUTER_IN4"
	check "-s$type of inside and router, IPv6" scan -6 "-s$type" "$INSIDE6" "$ROUTER_OUT6"
done
check "-sU, IPv4" scan -sU "$INSIDE4" "$ROUTER_OUT4"
check "-sU, IPv6" scan -6 -sU "$INSIDE6" "$ROUTER_OUT6"
for address in "$INSIDE4" "$ROUTER_OUT4" "$ROUTER_IN4" "$INSIDE6" "$ROUTER_OUT6" "$ROUTER_IN6"; do
	check_fails "ping to $address" in_ns "$OUTSIDE" ping -n -c 1 -W 1 "$address"
	check_fails "ping with TTL 1 to $address" in_ns "$OUTSIDE" ping -n -c 1 -W 1 -t 1 "$address"
done

check_equal "not one packet came back" "$(captured answers)" ""
check_equal "not one packet arrived inside" "$(captured arrivals)" ""
check "all was counted" [ "$(fw -j status | jq '.drops | .policy + .malformed')" -gt 60 ]
check_equal "no flow was made" "$(flow_count)" 0
