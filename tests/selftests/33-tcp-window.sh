#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.12
#
# TCP's sequence numbers: what is far from a live connection changes nothing and is
# dropped as such; the exact RST counts; half-close, simultaneous open and ports used
# again work; checks can be switched off, and connections picked up midway or not.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
listen_tcp "$OUTSIDE" 80
fw_rules </dev/null

for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v
	in=${!in} out=${!out}
	capture "live$v" "$OUTSIDE" eth0 "tcp port 80 and host $out"
	session "live$v" "$INSIDE" tcp "$out" 80 $((5000 + v)) >/dev/null
	check "v$v: a connection" tell "live$v" echo 1000
	settle
	# What comes from outside next, as its own last packet says.
	read -r next ack < <("$PYTHON" -I -S "$TESTS/numbers.py" "$TMP/live$v.pcap" 80)
	check "v$v: its numbers are known" [ -n "$ack" ]
	state() { flow ".original.sport == $((5000 + v))" | jq -c '[.state, .original.packets, .reply.packets]'; }
	before=$(state)
	ttl() { flow ".original.sport == $((5000 + v))" | jq '.original.ttl'; }
	lives=$(ttl)
	watch "stray$v" "$INSIDE" eth0 "tcp src port 80 and host $out"
	for distance in $((1 << 30)) $((-(1 << 30))); do
		for flags in R RA FA S A; do
			check_drops "v$v: $flags from outside, $distance away" "window 1" "$OUTSIDE" \
				"tcp('$out', '$in', 80, $((5000 + v)), '$flags', seq=($next + $distance) % 2**32, ack=$ack)"
		done
		check_drops "v$v: an ACK of what was never sent, $distance away" "window 1" "$OUTSIDE" \
			"tcp('$out', '$in', 80, $((5000 + v)), 'A', seq=$next, ack=($ack + $distance) % 2**32)"
	done
	check_drops "v$v: a SYN right where it goes on" "window 1" "$OUTSIDE" \
		"tcp('$out', '$in', 80, $((5000 + v)), 'S', seq=$next)"
	check_seen "v$v: none of this came in" "stray$v" 0
	check_equal "v$v: the flow is as it was" "$(state)" "$before"
	check "v$v: it lives no longer for that" [ "$(ttl)" -lt "$lives" ]
	check "v$v: the connection goes on" tell "live$v" echo 1000
done
check_equal "nothing else was dropped" "$(drops)" "window 26"

# A RST in the window, but not the next number: the host asks back, and lives.
read -r next ack < <("$PYTHON" -I -S "$TESTS/numbers.py" "$TMP/live4.pcap" 80)
craft "$OUTSIDE" "tcp('$OUTSIDE4', '$INSIDE4', 80, 5004, 'R', seq=($next + 1000) % 2**32)"
check "a RST that is not exact ends nothing" tell live4 echo 100
check_flow "the flow is established" '.original.sport == 5004' '.state == "established"'
settle
read -r next ack < <("$PYTHON" -I -S "$TESTS/numbers.py" "$TMP/live4.pcap" 80)
craft "$OUTSIDE" "tcp('$OUTSIDE4', '$INSIDE4', 80, 5004, 'R', seq=$next)"
check_fails "the exact one ends the connection" tell live4 echo 100
check_flow "and the flow" '.original.sport == 5004' '.state == "closed"'

# Half-close: the other direction goes on.
session half "$INSIDE" tcp "$OUTSIDE4" 80 5010 >/dev/null
tell half echo 100 >/dev/null
check "one side closes" tell half finish
check_flow "the flow is closing, and then closed by the server" '.original.sport == 5010' \
	'.state == "closing" or .state == "closed"'
tell half close >/dev/null
session again "$INSIDE" tcp "$OUTSIDE4" 80 5010 >/dev/null
check "its port can be used again" tell again echo 100
check_flow "by a flow of its own" '.original.sport == 5010' '.state == "established"'

# Simultaneous open, RFC 9293, figure 8.
craft "$INSIDE" "tcp('$INSIDE4', '$OUTSIDE4', 6000, 6001, 'S', seq=100)"
craft "$OUTSIDE" "tcp('$OUTSIDE4', '$INSIDE4', 6001, 6000, 'S', seq=300)"
craft "$INSIDE" "tcp('$INSIDE4', '$OUTSIDE4', 6000, 6001, 'SA', seq=100, ack=301)"
craft "$OUTSIDE" "tcp('$OUTSIDE4', '$INSIDE4', 6001, 6000, 'SA', seq=300, ack=101)"
craft "$INSIDE" "tcp('$INSIDE4', '$OUTSIDE4', 6000, 6001, 'A', seq=101, ack=301)"
check_flow "both open at once" '.original.sport == 6000' \
	'.state == "established" or .state == "closed"'
craft "$INSIDE" "tcp('$INSIDE4', '$NOWHERE4', 6002, 80, 'S', seq=100)"
check_drops "an answer to another SYN" "window 1" "$OUTSIDE" \
	"tcp('$NOWHERE4', '$INSIDE4', 80, 6002, 'SA', seq=1, ack=100)"

# far_from SESSION PORT: says something in it, and sets `far` to the number that is as
# far as can be from what comes from outside next. The first number is at random: a
# fixed one would be near it every now and then.
looks=0
far_from() {
	local next name
	# One of its own each time: the one before goes on.
	name=numbers-$1-$((++looks))
	capture "$name" "$OUTSIDE" eth0 "tcp port $2"
	check "$1 goes on" tell "$1" echo 100
	settle
	read -r next _ < <("$PYTHON" -I -S "$TESTS/numbers.py" "$TMP/$name.pcap" 80)
	far=$(((next + (1 << 31)) % (1 << 32)))
}

# Midway: a connection that no SYN was seen of.
check_arrives_midway() {
	session "$1" "$INSIDE" tcp "$OUTSIDE4" 80 "$2" >/dev/null
	tell "$1" echo 100 >/dev/null
	rmmod flowwall && load_module
	fw_rules <<<"$3"
}
check_arrives_midway midway 5020 "set tcp-pickup on"
check "a connection is picked up midway" tell midway echo 1000
check_flow "as established" '.original.sport == 5020' '.state == "established"'
far_from midway 5020
check_drops "what is far away is a stray of it, too" "window 1" "$OUTSIDE" \
	"tcp('$OUTSIDE4', '$INSIDE4', 80, 5020, 'R', seq=$far)"
check_arrives_midway refused 5021 "set tcp-pickup off"
status=$(fw -j status)
check_fails "it is not where that is off" tell refused echo 1000
check_match "for its state" "$(drops_since "$status")" '^state [0-9]+$'

# Off: the numbers do not count, as where a router sees one direction only.
fw_rules <<<"set tcp-window off"
session off "$INSIDE" tcp "$OUTSIDE4" 80 5030 >/dev/null
far_from off 5030
watch off "$INSIDE" eth0 "tcp dst port 5030"
check_arrives "switched off: what is far away comes in" off 1 "$OUTSIDE" \
	"tcp('$OUTSIDE4', '$INSIDE4', 80, 5030, 'A', seq=$far, ack=1)"
check "the connection goes on" tell off echo 100
check "switched on" fw set tcp-window on
far_from off 5030
check_drops "and is guarded again" "window 1" "$OUTSIDE" \
	"tcp('$OUTSIDE4', '$INSIDE4', 80, 5030, 'R', seq=$far)"
