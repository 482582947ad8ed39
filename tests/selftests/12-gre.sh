#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# GRE tunnels from the inside out, with a key and without, over IPv4 and IPv6:
# each is a flow of its own, and only its own key passes back.
. "$(dirname "$0")/lib.sh"

topology
fw_rules </dev/null
modprobe -q ip_gre; modprobe -q ip6_gre

# tunnel NAME NUMBER TYPE INSIDE OUTSIDE [OPTIONS]: one tunnel, 10.9.NUMBER.0/24 in it.
tunnel() {
	ip -n "$INSIDE" link add "$1" type "$3" local "$4" remote "$5" "${@:6}" &&
		ip -n "$OUTSIDE" link add "$1" type "$3" local "$5" remote "$4" "${@:6}" || return 1
	ip -n "$INSIDE" addr add "10.9.$2.1/24" dev "$1"
	ip -n "$OUTSIDE" addr add "10.9.$2.2/24" dev "$1"
	# No router solicitations: only what the case sends goes through.
	ip -n "$INSIDE" link set "$1" addrgenmode none
	ip -n "$OUTSIDE" link set "$1" addrgenmode none
	ip -n "$INSIDE" link set "$1" up
	ip -n "$OUTSIDE" link set "$1" up
}

check "a tunnel with key 22" tunnel key22 1 gre "$INSIDE4" "$OUTSIDE4" key 22
check "a tunnel with key 23" tunnel key23 2 gre "$INSIDE4" "$OUTSIDE4" key 23 csum seq
check "a tunnel without a key" tunnel bare 3 gre "$INSIDE4" "$OUTSIDE4"
check "a tunnel over IPv6 with key 22" tunnel six22 4 ip6gre "$INSIDE6" "$OUTSIDE6" key 22

# From the outside in nothing begins.
check_fails "the outside cannot begin with key 22" pings "$OUTSIDE" 10.9.1.1
check "it was dropped by policy" [ "$(drop_count policy)" -ge 1 ]

for number in 1 2 3 4; do
	check "ping through tunnel $number" pings "$INSIDE" "10.9.$number.2"
done
check "then the outside may use the same tunnel" pings "$OUTSIDE" 10.9.1.1

keys=$(flows_json | jq -c '[.[] | select(.proto == "gre") | [.family, .original.key, .reply.key]] | sort')
check_equal "four flows, by their keys" "$keys" \
	'[["ipv4",null,null],["ipv4",22,22],["ipv4",23,23],["ipv6",22,22]]'
check "with the TTL of GRE" jq -e 'all(.[] | select(.proto == "gre");
	.original.ttl > 0 and .original.ttl <= 180 and .state == "replied")' <(flows_json)

# Another key between the same hosts has no flow.
check "a tunnel with key 24, not used from inside" tunnel key24 5 gre "$INSIDE4" "$OUTSIDE4" key 24
before=$(drop_count policy)
check_fails "the outside cannot begin with key 24" pings "$OUTSIDE" 10.9.5.1
check "it was dropped by policy, too" [ "$(drop_count policy)" -gt "$before" ]
