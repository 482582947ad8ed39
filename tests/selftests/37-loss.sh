#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: none, unless in full
# limit: 900
#
# TCP over a link that loses and reorders, with scaled windows, both ways at a time:
# the checks of sequence numbers take nothing for a stray. Ten minutes in a full run.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq iperf3 tc
CAPTURE=no topology
seconds=$(rounds 600 8)
for host in "$INSIDE" "$OUTSIDE"; do
	tc -n "$host" qdisc add dev eth0 root netem limit 10000 delay 8ms 2ms \
		loss 0.5% reorder 20% 50% duplicate 0.2% || skip "no netem here"
done
fw_rules </dev/null
for v in 4 6; do
	out=OUTSIDE$v
	in_ns "$OUTSIDE" iperf3 -s -1 -p "5$v" >"$TMP/server$v" 2>&1 &
	busywait 10 grep -q listening "$TMP/server$v"
	check "v$v: iperf3 both ways for $((seconds / 2)) s" \
		in_ns "$INSIDE" iperf3 -c "${!out}" -p "5$v" --bidir -t $((seconds / 2)) -J --logfile "$TMP/iperf$v"
	bytes=$(jq '[.end.sum_received.bytes, .end.sum_received_bidir_reverse.bytes] | min' "$TMP/iperf$v")
	check "v$v: there was traffic in both directions: at least $bytes bytes each" [ "${bytes:-0}" -gt 200000 ]
	resent=$(jq '.end.sum_sent.retransmits' "$TMP/iperf$v")
	check "v$v: segments were lost: $resent sent again" [ "${resent:-0}" -gt 0 ]
done
check_equal "nothing was dropped" "$(drops)" ""
[ -z "$(drops)" ] || note "$(fw why "$OUTSIDE4"; fw why "$OUTSIDE6")"
