#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A queue that wants to be asked about each packet of a flow is: no segment that passes
# apart from its connection counts as the verdict, and nothing that only has its ends.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
modprobe -q nfnetlink_queue || skip "no nfnetlink_queue here"
topology
black_hole
fw_rules <<-RULES
	allow out tcp to any port 80 queue 10
	allow out udp to any port 7 queue 10
RULES
ip netns exec "$ROUTER" $PYTHON "$TESTS/queue.py" 10 more >"$TMP/queue" 2>&1 &
busywait 30 grep -q ready "$TMP/queue" || die "no listener" "$(cat "$TMP/queue")"
router=$(link_address "$ROUTER" in0)
asked() { grep -c packet "$TMP/queue"; }

# asks NAME N: since the last time, N packets were asked about.
before=0
asks() {
	local name=$1 want=$((before + $2))
	reached() { [ "$(asked)" -ge "$want" ]; }
	busywait 5 reached
	check_equal "$name" "$(asked)" "$want"
	before=$(asked)
}

# Nobody is at this inside address, who would say something by himself.
for pair in "4 10.0.1.77 $NOWHERE4" "6 2001:db8:1::77 $NOWHERE6"; do
	read -r v in nowhere <<<"$pair"
	segment() { craft "$INSIDE" "tcp('$in', '$nowhere', $1, 80, '$2', seq=$3, ack=$4, data=b'$5')"; }

	# Data before the server has said anything: it may be a server's that is not there.
	segment 6000 S 100 0 ''
	segment 6000 A 101 1 x
	segment 6000 A 102 1 y
	asks "v$v: TCP: a SYN, and data before its answer" 3

	# A connection; then a RST one beyond, to which a server answers with a question.
	segment 6001 S 100 0 ''
	craft "$OUTSIDE" "tcp('$nowhere', '$in', 80, 6001, 'SA', seq=500, ack=101)"
	segment 6001 A 101 501 ''
	asks "v$v: TCP: a handshake" 3
	segment 6001 R 102 0 ''
	asks "v$v: TCP: a RST that is not exact" 1
	segment 6001 A 101 501 x
	asks "v$v: TCP: the data after it" 1

	# From inside to inside, as if it were the answer: no flow is asked for there.
	datagram() { in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/frame.py" eth0 "$router" \
		"eth(me, to, udp('$1', '$2', $3, $4))"; }
	datagram "$in" "$nowhere" 5000 7
	asks "v$v: UDP: a packet" 1
	watch "back$v" "$ROUTER" in0 "udp and src host $nowhere"
	datagram "$nowhere" "$in" 7 5000
	check_seen "v$v: UDP: what looks like its answer comes to the router" "back$v" 1
	datagram "$in" "$nowhere" 5000 7
	asks "v$v: UDP: the next one" 1
done
