#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# ICMP from outside: only the reply to a ping that is under way comes in.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
fw_rules </dev/null
watch inside "$INSIDE" eth0 'icmp or (icmp6 and ip6[40] <= 132)'

icmp() { # VERSION INSIDE OUTSIDE ROUTER COUNT
	local v=$1 in=$2 out=$3 router=$4 count=$5 others=13
	[ "$v" = v4 ] || others=139 # a timestamp request; a node information query

	check_drops "$v: echo replies that nobody asked for" "policy 3" "$OUTSIDE" \
		"echo('$out', '$in', 7, reply=True)" "echo('$out', '$router', 7, reply=True)" \
		"echo('$out', '${in}2', 8, reply=True)"
	craft "$INSIDE" "echo('$in', '$out', 77)"
	check_drops "$v: echo requests, also with the number of a ping under way" "policy 2" "$OUTSIDE" \
		"echo('$out', '$in', 77)" "echo('$out', '$in', 78)"
	check_drops "$v: replies with another number, from or to another address" "policy 3" "$OUTSIDE" \
		"echo('$out', '$in', 78, reply=True)" "echo('${out}2', '$in', 77, reply=True)" \
		"echo('$out', '${in}2', 77, reply=True)"
	craft "$OUTSIDE" "icmp('$out', '$in', $others)" "icmp('$out', '$in', 200)"
	check_seen "$v: nothing has come in" inside "$count"
	check_flow "$v: nor counted for the ping's flow" ".original.icmp_id == 77 and .family == \"ip$v\"" \
		'.state == "new" and .original.packets == 1 and .reply.packets == 0'
	check_arrives "$v: the reply itself does" inside 1 "$OUTSIDE" "echo('$out', '$in', 77, reply=True)"
	check_flow "$v: it counts" ".original.icmp_id == 77 and .family == \"ip$v\"" \
		"$INVERTED and .state == \"replied\" and .reply.packets == 1"
	craft "$INSIDE" "echo('$in', '$out', 79, reply=True)"
	check_equal "$v: there are no other flows" "$(flow ".family == \"ip$v\"" | grep -c .)" 1
}
icmp v4 "$INSIDE4" "$NOWHERE4" "$ROUTER_OUT4" 0
icmp v6 "$INSIDE6" "$NOWHERE6" "$ROUTER_OUT6" 1

# Not even an exception makes a reply the beginning of something.
fw rule add allow in icmp
check_drops "with an exception for ICMP, replies have no state to belong to" "state 4" "$OUTSIDE" \
	"echo('$NOWHERE4', '$INSIDE4', 7, reply=True)" "echo('$NOWHERE6', '$INSIDE6', 7, reply=True)" \
	"echo('$OUTSIDE4', '$ROUTER_OUT4', 7, reply=True)" "echo('$OUTSIDE6', '$ROUTER_OUT6', 7, reply=True)"
check_arrives "but requests come in" inside 2 "$OUTSIDE" \
	"echo('$NOWHERE4', '$INSIDE4', 8)" "echo('$NOWHERE6', '$INSIDE6', 8)"
