#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: none, unless in full; in short on uml-kasan (tests/check.sh)
#
# Fragments without their transport header, headers cut short, headers that
# contradict themselves and chains of extension headers beyond reason: dropped,
# from both sides, each under its own reason. Also where all is allowed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
fw_rules <<-RULES
	allow in id all
RULES
watch inside "$INSIDE" eth0 src "$NOWHERE4" or src "$NOWHERE6"

malformed() { # LABEL SENDER SOURCE DESTINATION
	local l=$1 ns=$2 from=$3 to=$4 small="data=b'x' * 64"

	check_drops "$l: later fragments" "fragment 3" "$ns" \
		"frag(udp('$from', '$to', 1, 2, $small), 32, 0)" \
		"frag(udp('$from', '$to', 1, 2, $small), 8, 1)" "frag(tcp('$from', '$to', 1, 2), 1480, 0)"
	check_drops "$l: first fragments without all of their header" "fragment 3" "$ns" \
		"frag(tcp('$from', '$to', 1, 2), 0, 1, rest=8)" \
		"frag(tcp('$from', '$to', 1, 2, doff=8, data=b'x' * 40), 0, 1, rest=24)" \
		"frag(echo('$from', '$to', 7), 0, 1, rest=0)"
	check_drops "$l: headers cut short" "truncated 7" "$ns" \
		"cut(tcp('$from', '$to', 1, 2), 0)" "cut(tcp('$from', '$to', 1, 2), 4)" \
		"cut(tcp('$from', '$to', 1, 2), 19)" "cut(udp('$from', '$to', 1, 2), 7)" \
		"cut(echo('$from', '$to', 7), 7)" "cut(gre('$from', '$to'), 3)" \
		"cut(gre('$from', '$to', key=5), 7)"
	check_drops "$l: a TCP header longer than the packet, or too short" "malformed 1 truncated 1" "$ns" \
		"tcp('$from', '$to', 1, 2, doff=15)" "tcp('$from', '$to', 1, 2, doff=4)"
	check_drops "$l: flags of TCP that nobody means" "malformed 6" "$ns" \
		"tcp('$from', '$to', 1, 2, '')" "tcp('$from', '$to', 1, 2, 'FPU')" \
		"tcp('$from', '$to', 1, 2, 'SF')" "tcp('$from', '$to', 1, 2, 'SR')" \
		"tcp('$from', '$to', 1, 2, 'F')" "tcp('$from', '$to', 1, 2, 'SFPUAR')"
	check_drops "$l: a length of UDP beyond the packet, or too short" "malformed 2" "$ns" \
		"udp('$from', '$to', 1, 2, length=100)" "udp('$from', '$to', 1, 2, length=7)"
}
malformed "v4, from outside" "$OUTSIDE" "$NOWHERE4" "$INSIDE4"
malformed "v6, from outside" "$OUTSIDE" "$NOWHERE6" "$INSIDE6"
malformed "v4, from inside" "$INSIDE" "$INSIDE4" "$NOWHERE4"

extensions() { # LABEL SENDER SOURCE DESTINATION
	local l=$1 ns=$2 udp="udp('$3', '$4', 1, 2)"

	check_drops "$l: two fragment headers" "malformed 1" "$ns" "frag(frag($udp, 0, 0), 0, 1)"
	check_drops "$l: a chain of extension headers that is too long" "extensions 2" "$ns" \
		"ext($udp, *['dst'] * 20)" "ext($udp, *['dst', 'routing'] * 40)"
	check_drops "$l: a chain cut short" "truncated 2" "$ns" \
		"cut(ext($udp, 'dst', 'dst'), 12)" "poke(cut(ext($udp, 'dst'), 16), 41, b'\\x20')"
}
extensions "from outside" "$OUTSIDE" "$NOWHERE6" "$INSIDE6"
extensions "from inside" "$INSIDE" "$INSIDE6" "$NOWHERE6"
check_seen "nothing of all this has come in" inside 0
check_equal "nor made a flow" "$(flow_count)" 0

# What is unusual but right is judged by what it carries.
craft "$OUTSIDE" "frag(udp('$NOWHERE4', '$INSIDE4', 1, 2, data=b'x' * 64), 0, 1, rest=24)" \
	"frag(udp('$NOWHERE6', '$INSIDE6', 1, 2, data=b'x' * 64), 0, 1, rest=24)" \
	"frag(udp('$NOWHERE6', '$INSIDE6', 3, 4), 0, 0)" \
	"ext(udp('$NOWHERE6', '$INSIDE6', 5, 6), 'hop', 'dst')" \
	"options(udp('$NOWHERE4', '$INSIDE4', 5, 6), b'\\1' * 8)"
check_seen "first fragments with their header, options and extension headers are" inside 5
check_equal "five flows, with the ports behind all that" \
	"$(flow true | jq -c '[.original.sport, .original.dport]' | sort | xargs)" \
	"[1,2] [1,2] [3,4] [5,6] [5,6]"
