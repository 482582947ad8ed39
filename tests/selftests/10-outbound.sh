#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From inside to outside everything works, over IPv4 and IPv6: ping, TCP, UDP,
# GRE. Each is one flow with two inverted entries, whose states, TTLs and
# counters are right.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq ping
topology
fw_rules <<-RULES
	ttl tcp-syn step 40s max 40s
	ttl tcp-established step 4000s max 4000s
	ttl tcp-closing step 90s max 90s
	ttl udp-new step 50s max 50s
	ttl udp-stream step 150s max 150s
	ttl icmp step 60s max 60s
	ttl gre step 170s max 170s
RULES
listen_tcp "$OUTSIDE" 80
udp_echo_server "$OUTSIDE" 53

# between FLOOR MAX: for check_flow, both entries' TTL.
between() { echo ".original.ttl > $1 and .original.ttl <= $2 and .reply.ttl == .original.ttl"; }

# tunnel NAME KIND ADDRESS-FAMILY [KEY]: GRE between INSIDE and OUTSIDE, with
# 192.168.N.1 and .2 in it.
tunnel() {
	local name=$1 kind=$2 number=$3 from=$4 to=$5
	shift 5
	ip -n "$INSIDE" link add "$name" type "$kind" local "$from" remote "$to" "$@" &&
		ip -n "$OUTSIDE" link add "$name" type "$kind" local "$to" remote "$from" "$@" &&
		ip -n "$INSIDE" addr add "192.168.$number.1/24" dev "$name" &&
		ip -n "$OUTSIDE" addr add "192.168.$number.2/24" dev "$name" &&
		ip -n "$INSIDE" link set "$name" up && ip -n "$OUTSIDE" link set "$name" up
}

outbound() { # LABEL INSIDE-ADDRESS OUTSIDE-ADDRESS ICMP IP-HEADER
	local v=$1 from=$2 to=$3 icmp=$4 ip=$5 ends
	ends=".original.src == \"$from\" and .original.dst == \"$to\""

	check "$v: ping" in_ns "$INSIDE" ping -n -q -c 3 -i 0.2 -W 2 "$to"
	check_flow "$v: the ping's flow" "$ends and .proto == \"$icmp\"" "$INVERTED and
		.original.icmp_id != null and .state == \"replied\" and $(between 50 60) and
		.original.packets == 3 and .reply.packets == 3 and
		.original.bytes == 3 * ($ip + 64) and .reply.bytes == 3 * ($ip + 64)"

	check "$v: TCP connects" session "tcp$v" "$INSIDE" tcp "$to" 80
	ends+=' and .original.dport == 80'
	check "$v: TCP carries data both ways" tell "tcp$v" echo 100000
	check_flow "$v: an established connection" "$ends" "$INVERTED and .proto == \"tcp\" and
		.state == \"established\" and $(between 3900 4000) and
		.original.bytes > 100000 and .reply.bytes > 100000"
	check "$v: one side of TCP closes" tell "tcp$v" finish
	check "$v: the connection is closed" busywait 3 test -n "$(flow "$ends and .state == \"closed\"")"
	check_flow "$v: its TTL is that of a closed one" "$ends" "$(between 80 90)"
	check "$v: TCP connects once more" session "rst$v" "$INSIDE" tcp "$to" 80
	check "$v: and is reset" tell "rst$v" reset
	check_equal "$v: that connection is closed, too" \
		"$(flow "$ends and .state == \"closed\"" | grep -c .)" 2

	check "$v: UDP opens" session "udp$v" "$INSIDE" udp "$to" 53 5353
	ends=${ends/80/53}
	check "$v: UDP is sent" tell "udp$v" echo 10
	check "$v: UDP is answered" tell "udp$v" echo 20
	check_flow "$v: the flow of UDP" "$ends" "$INVERTED and .proto == \"udp\" and
		.original.sport == 5353 and .state == \"replied\" and $(between 140 150) and
		.original.packets == 2 and .reply.packets == 2 and
		.original.bytes == 2 * ($ip + 8) + 30 and .reply.bytes == 2 * ($ip + 8) + 30"
	tell "udp$v" close >/dev/null
}

outbound 4 "$INSIDE4" "$OUTSIDE4" icmp 20
outbound 6 "$INSIDE6" "$OUTSIDE6" icmpv6 40

# What nobody answers.
black_hole
for to in "$NOWHERE4" "$NOWHERE6"; do
	from=$INSIDE4
	[ "$to" = "$NOWHERE4" ] || from=$INSIDE6
	craft "$INSIDE" "tcp('$from', '$to', 999, 80)" "udp('$from', '$to', 999, 80)"
	check_flow "a SYN without an answer" ".original.dst == \"$to\" and .proto == \"tcp\"" \
		"$INVERTED and .state == \"syn-sent\" and $(between 30 40) and .reply.packets == 0"
	check_flow "a datagram without one" ".original.dst == \"$to\" and .proto == \"udp\"" \
		"$INVERTED and .state == \"new\" and $(between 40 50) and .reply.packets == 0"
done

check "GRE tunnels are made" tunnel g4 gre 1 "$INSIDE4" "$OUTSIDE4"
tunnel g4k gre 2 "$INSIDE4" "$OUTSIDE4" key 22
tunnel g6 ip6gre 3 "$INSIDE6" "$OUTSIDE6" encaplimit none
tunnel g6k ip6gre 4 "$INSIDE6" "$OUTSIDE6" key 22 # with an extension header
for number in 1 2 3 4; do
	check "ping through GRE tunnel $number" pings "$INSIDE" "192.168.$number.2"
done
for family in ipv4 ipv6; do
	gre=".proto == \"gre\" and .family == \"$family\""
	check_flow "$family: GRE with a key" "$gre and .original.key == 22" \
		"$INVERTED and .state == \"replied\" and $(between 150 170) and .reply.packets > 0"
	check_flow "$family: GRE without one" "$gre and .original.key != 22" \
		"$INVERTED and .state == \"replied\" and $(between 150 170) and .reply.packets > 0"
done
check_equal "nothing was dropped" "$(drops)" ""
