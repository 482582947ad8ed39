#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# An outbound flow lets exactly its own reply in: no other port, address or
# protocol, and nothing that claims to be its original direction. Whatever has
# an inside source and comes from outside is spoofed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
# A network behind an inside host: no interface of the router's own.
ip -n "$INSIDE" addr add 172.20.0.1/32 dev lo
ip -n "$INSIDE" addr add 2001:db8:a::1/128 dev lo
ip -n "$ROUTER" route add 172.20.0.0/24 via "$INSIDE4"
ip -n "$ROUTER" route add 2001:db8:a::/64 via "$INSIDE6"
fw_rules <<-RULES
	ttl udp-new step 100s max 100s
	ttl udp-stream step 100s max 100s
	ttl icmp step 100s max 100s
RULES
watch inside "$INSIDE" eth0 not arp and not '(icmp6 and ip6[40] > 129)'
mac=$(link_address "$ROUTER" out0)

# ttls: of all flows' entries, one a line.
ttls() { flows_json | jq -c 'sort_by(.id)[] | [.id, .original.ttl, .reply.ttl]'; }
# older THAN: no entry has a longer TTL than it had in THAN, and none is gone.
older() { jq -ne --argjson old "$(jq -s . <<<"$1")" --argjson new "$(ttls | jq -s .)" \
	'[$old, $new] | transpose | all(.[0][0] == .[1][0] and .[1][1] <= .[0][1] and .[1][2] <= .[0][2])'; }

tuple() { # VERSION INSIDE OUTSIDE INNER ROUTER
	local v=$1 in=$2 out=$3 inner=$4 router=$5 before status

	craft "$INSIDE" "udp('$in', '$out', 5000, 53)" "udp('$inner', '$out', 6000, 53)" \
		"echo('$in', '$out', 77)"
	check_arrives "$v: the reply comes in" inside 2 "$OUTSIDE" \
		"udp('$out', '$in', 53, 5000)" "udp('$out', '$inner', 53, 6000)"
	status=$(fw -j status)
	before=$(ttls)
	sleep 2
	check_arrives "$v: another port, address or protocol does not" inside 0 "$OUTSIDE" \
		"udp('$out', '$in', 54, 5000)" "udp('$out', '$in', 53, 5001)" \
		"udp('${out}2', '$in', 53, 5000)" "udp('$out', '${in}2', 53, 5000)" \
		"tcp('$out', '$in', 53, 5000)" "ip('$out', '$in', 136, udp('$out', '$in', 53, 5000)[-32:])" \
		"udp('$out', '$in', 5000, 53)" "udp('$out', '$router', 53, 5000)"
	check_equal "$v: all of these are dropped by policy" "$(drops_since "$status")" "policy 8"

	check_drops "$v: the original direction, coming from outside, is spoofed" "spoofed 3" "$OUTSIDE" \
		-i eth0 "$mac" "udp('$in', '$out', 5000, 53)" "udp('$inner', '$out', 6000, 53)" \
		"echo('$in', '$out', 77)"
	check_drops "$v: so is an inside source towards inside or the router" "spoofed 3" "$OUTSIDE" \
		"udp('${in}3', '$in', 1, 2)" "tcp('${in}3', '$in', 1, 2)" "udp('${in}3', '$router', 1, 2)"
	check_seen "$v: none of this came in" inside "$((count + 2))"
	check "$v: and none of it has refreshed a TTL" older "$before"
	check_equal "$v: no flow was made by it" "$(flow_count)" "$((flows + 3))"
	before=$(ttls)
	check_arrives "$v: the reply still comes in" inside 1 "$OUTSIDE" "udp('$out', '$in', 53, 5000)"
	check_fails "$v: that refreshes its flow" older "$before"
	count=$((count + 3)) flows=$((flows + 3))
}

count=0 flows=0
tuple v4 "$INSIDE4" "$NOWHERE4" 172.20.0.1 "$ROUTER_OUT4"
tuple v6 "$INSIDE6" "$NOWHERE6" 2001:db8:a::1 "$ROUTER_OUT6"
