#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# fwctl flows: filters by what a flow is known by, sorted, followed; flows killed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
listen_tcp "$INSIDE" 80 81
listen_tcp "$OUTSIDE" 80
udp_echo_server "$OUTSIDE" 53
# No flow is to end by itself meanwhile, however slow the machine.
fw_rules <<-RULES
	ttl udp-new step 10m max 10m
	ttl udp-stream step 10m max 10m
	ttl icmp step 10m max 10m
	ttl gre step 10m max 10m
	group far net 203.0.113.0/24
	allow in tcp to any port 80 id web
	allow in tcp to any port 81 id other
RULES
session in80 "$OUTSIDE" tcp "$INSIDE4" 80 >/dev/null
session in81 "$OUTSIDE" tcp "$INSIDE6" 81 >/dev/null
session out80 "$INSIDE" tcp "$OUTSIDE4" 80 >/dev/null
session out53 "$INSIDE" udp "$OUTSIDE4" 53 >/dev/null
tell out80 echo 50000 >/dev/null
tell out53 echo 10 >/dev/null
craft "$INSIDE" "[udp('$INSIDE4', '$NOWHERE4', 100 + k, 9) for k in range(3)]" \
	"gre('$INSIDE4', '$NOWHERE4', 22)"
pings "$INSIDE" "$OUTSIDE4" >/dev/null

# check_filter NAME COUNT FILTER...
check_filter() {
	check_equal "$1" "$(fw -j flows "${@:3}" | jq length)" "$2"
}
check_filter "all" 9
check_filter "by direction" 2 in
check_filter "by protocol" 3 tcp
check_filter "by both" 1 out tcp
check_filter "by destination and port" 1 to "$INSIDE4" port 80
check_filter "by source prefix" 7 from 10.0.0.0/8
check_filter "not to a prefix" 3 udp out to not 198.51.100.0/24
check_filter "by group" 4 to group far
check_filter "by either end" 2 host "$OUTSIDE4" tcp
check_filter "of IPv6" 1 host "$OUTSIDE6"
check_filter "by state" 3 state established
check_filter "by state and protocol" 3 state new udp
check_filter "by rule" 1 rule web
check_filter "by no rule" 7 rule none
check_filter "by key" 1 gre key 22
check_filter "by another key" 0 gre key 23
check_filter "by proto number" 1 proto 47
check_filter "the words of two filters: both" 0 in state new
check_filter "a name that is a word elsewhere" 0 from group far
check_equal "sorted by bytes" "$(fw -j flows --sort bytes | jq -c '.[0].original.dport == 80 and
	([.[] | .original.bytes + .reply.bytes] | . == (sort | reverse))')" true
check_equal "by packets" "$(fw -j flows --sort packets | jq -c '[.[] | .original.packets + .reply.packets] |
	. == (sort | reverse)')" true
check_equal "by TTL" "$(fw -j flows tcp --sort ttl | jq -c '[.[] | .original.ttl] | . == (sort | reverse)')" true
"$FWCTL" -n "$ROUTER" -j flows --follow udp >"$TMP/followed" &
following=$!
check "followed: with no rights but to ask" busywait 10 only_asks "$following"
sleep 4
kill "$following"
wait "$following"
check "followed: the list comes again" [ "$(jq -s length "$TMP/followed")" -ge 2 ]

# fails MESSAGE ARG...
fails() {
	local text
	check_fails "refused: $2 ${3:-} ${4:-}" fw flows "${@:2}"
	text=$(fw flows "${@:2}" 2>&1)
	check_match "because: $1" "$text" "$1"
}
fails "no rule" rule nosuch
fails "a state goes behind" state open
fails "an address goes behind" host web
fails "bytes, packets or ttl" --sort size
fails "which flows" kill
fails "all flows, or some" kill all tcp
fails "known here: from, to, key, host, state or rule" tcp log
fails "known here: from, to, key, host, state or rule" tcp on eth0
fails "did you mean .port" tcp to any prt 80
fails "no such group" from group nowhere
fails "not an address|an address" from 1.2.3

watch_events
check_equal "some are killed" "$(fw flows kill udp to "$NOWHERE4")" "3 flows ended"
check "listeners hear of it" busywait 5 event_seen '.event == "flow-end" and .reason == "killed"'
check_filter "they are gone" 6
check_equal "a connection is killed" "$(fw -j flows kill rule web | jq -c .)" '{"ended":1}'
check_fails "it is dead" tell in80 echo 10
check_equal "so is one that inside goes on with" "$(fw flows kill out tcp)" "1 flow ended"
check_fails "nothing of it passes" tell out80 echo 10
check "a new one does" tcp_connects "$INSIDE" "$OUTSIDE4" 80
check_equal "UDP may begin anew" "$(fw flows kill host "$OUTSIDE4" udp)" "1 flow ended"
check "at once" tell out53 echo 10
check_equal "none" "$(fw flows kill to 192.0.2.1)" "0 flows ended"
check_match "all" "$(fw flows kill all)" '^[0-9]+ flows ended$'
check_filter "nothing is left" 0
