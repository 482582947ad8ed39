#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: none, unless in full
#
# A full table and a flood of 100,000 SYNs from random sources: a flow that is there
# loses no packet, and waits no longer than before. Its hosts have one processor, the
# flood the other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq taskset
CAPTURE=no topology
black_hole
ip -n "$ROUTER" route add 10.0.0.0/8 via "$INSIDE4"
ip -n "$INSIDE" route add blackhole 10.0.0.0/8
fw_rules <<-RULES
	set max-flows 2000
	ttl tcp-syn step 100s max 100s
RULES
in_ns "$OUTSIDE" taskset -c 0 "$PYTHON" -I -S "$TESTS/echo.py" udp 53 >"$TMP/ready" &
busywait 20 grep -q ready "$TMP/ready"

# pace COUNT: so many datagrams, one each 10 ms: "LOST P50 P99", in microseconds.
pace() { in_ns "$INSIDE" taskset -c 0 "$PYTHON" -I -S "$TESTS/pace.py" "$OUTSIDE4" 53 "$1"; }
flood() { in_ns "$INSIDE" taskset -c 1 "$PYTHON" -I -S "$TESTS/flood.py" "$1" syn 10 "$NOWHERE4" >"$TMP/sent"; }

pace 100 >/dev/null
flood 3000
check "the table is full" [ "$(fw -j status | jq .flows)" -ge 1800 ]
for mode in refuse evict; do
	fw set when-full "$mode" >/dev/null
	read -r lost quiet50 quiet99 < <(pace 400)
	check_equal "$mode: before the flood, nothing is lost" "$lost" 0
	flood 100000 &
	flood=$!
	most=0
	read -r lost busy50 busy99 < <(pace 400)
	most=$(fw -j status | jq .flows)
	check "$mode: the flood is still going on" kill -0 "$flood"
	check_equal "$mode: in the flood, nothing is lost" "$lost" 0
	check "$mode: the limit holds: $most flows" [ "$most" -le 2000 ]
	wait "$flood"
	check_equal "$mode: all of it was sent" "$(cat "$TMP/sent")" 100000
	note "$mode: quiet $quiet50 / $quiet99 us, in the flood $busy50 / $busy99 us"
	if [ -n "${FLOWWALL_FULL:-}" ]; then
		check "$mode: 99 % within $quiet99 us before, within $busy99 us in the flood: at most 1.2 times" \
			[ $((busy99 * 10)) -le $((quiet99 * 12)) ]
	fi
done
