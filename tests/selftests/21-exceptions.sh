#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# An exception for port 80 opens exactly that, and the reply.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
listen_tcp "$INSIDE" 80 81
udp_echo_server "$INSIDE" 80
listen_tcp "$ROUTER" 80
fw_rules <<-RULES
	allow in tcp to $INSIDE4 port 80 id web4
	allow in tcp to $INSIDE6 port 80 id web6
RULES
watch inside "$INSIDE" eth0 'src net 198.51.100.0/24 or src net 2001:db8:2::/64'
watch_outside

exception() { # VERSION INSIDE OUTSIDE ROUTER
	local v=$1 in=$2 out=$3 router=$4 judged

	check_arrives "$v: other ports, addresses and protocols do not come in" inside 0 "$OUTSIDE" \
		"tcp('$out', '$in', 80, 81)" "tcp('$out', '$in', 80, 79)" \
		"tcp('$out', '${in%2}3', 999, 80)" "udp('$out', '$in', 999, 80)" \
		"tcp('$out', '$router', 999, 80)" "echo('$out', '$in', 80)" \
		"ip('$out', '$in', 136, udp('$out', '$in', 999, 80)[-32:])" \
		"ip('$out', '$in', 132, tcp('$out', '$in', 999, 80)[-20:])"
	check_equal "$v: all of these are dropped by policy" "$(drops_since "$status")" "policy 8"
	status=$(fw -j status)
	check_arrives "$v: what is no plain SYN does not either" inside 0 "$OUTSIDE" \
		"tcp('$out', '$in', 999, 80, 'A')" "tcp('$out', '$in', 999, 80, 'F')" \
		"tcp('$out', '$in', 999, 80, 'FA')" "tcp('$out', '$in', 999, 80, 'SA')" \
		"tcp('$out', '$in', 999, 80, 'R')" "tcp('$out', '$in', 999, 80, 'RA')" \
		"tcp('$out', '$in', 999, 80, 'PA', data=b'GET /')" \
		"tcp('$out', '$in', 999, 80, '')" "tcp('$out', '$in', 999, 80, 'FPU')" \
		"tcp('$out', '$in', 999, 80, 'SF')" "tcp('$out', '$in', 999, 80, 'SR')"
	check_equal "$v: they are dropped for their state, or as malformed" "$(fw -j status |
		jq --argjson old "$status" '(.drops.state - $old.drops.state) +
			(.drops.malformed - $old.drops.malformed)')" 11
	check_seen "$v: to all of this, silence" outside "$answers"
	check_equal "$v: no flow was made" "$(flow_count)" "$flows"

	judged=$(rule_packets "web${v#v}")
	check "$v: port 80 is open, and data goes both ways" tcp_echoes "$OUTSIDE" "$in" 80
	check_flow "$v: one flow, from outside, of that rule" ".direction == \"in\" and .family == \"ip$v\"" \
		"$INVERTED and .rule == \"web${v#v}\" and .original.dst == \"$in\" and
		.original.dport == 80 and (.state == \"closed\" or .state == \"closing\")"
	check_equal "$v: the rule has judged its first packet only" "$(rule_packets "web${v#v}")" $((judged + 1))
	check_equal "$v: all went through it" "$(tcp_result "$OUTSIDE" "$in" 81)" timeout
	answers=$(seen outside) flows=$(flow_count) status=$(fw -j status)
}

status=$(fw -j status) answers=0 flows=0
exception v4 "$INSIDE4" "$OUTSIDE4" "$ROUTER_OUT4"
exception v6 "$INSIDE6" "$OUTSIDE6" "$ROUTER_OUT6"

age=$(($(date +%s) - $(fw -j rule list | jq '.[] | select(.id == "web6") | .last_hit')))
check "the rule's last hit was just now" [ "$age" -ge 0 -a "$age" -lt 30 ]
check_equal "it counts the bytes of small packets" \
	"$(fw -j rule list | jq -c 'map(select(.bytes < 40 * .packets or .bytes > 80 * .packets))')" '[]'
check "a rule can be taken away" fw rule del web4
check_equal "then the port is closed" "$(tcp_result "$OUTSIDE" "$INSIDE4" 80)" timeout
check "the other one still counts" tcp_connects "$OUTSIDE" "$INSIDE6" 80
