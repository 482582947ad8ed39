#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# kernel: none, unless in full
#
# 1,000 hosts in 50 groups and 200 segments, on OVS's datapath of user space: so many flows
# as hosts and segments together, not one for each pair; and a host that changes its group
# changes its own alone. How long that takes counts on a machine that is none of a guest:
# OVS_DATAPATH=netdev says so.
. "$(dirname "$0")/lib.sh"
native=${OVS_DATAPATH:-}
OVS_DATAPATH=netdev
. "$TESTS/ovs.sh"

need jq ethtool

start_ovs
make_bridge
setup_ns A B
host_at "$A" 1
host_at "$B" 2
bare_bridge "$A" 10.0.9.2

thousand_hosts 7 >"$TMP/first"
thousand_hosts 8 >"$TMP/second"

result=$("$FWCTL" -j ovs apply "$TMP/first" 2>&1) || die "they are refused" "$result"
ms=$(jq '.bridges[0].ms | ceil' <<<"$result")
note "1,000 hosts, 50 groups, 200 segments: in force after $ms ms"
flows=$("${OFCTL[@]}" dump-aggregate br0 cookie=0x4657000000000003/-1 | grep -o 'flow_count=[0-9]*')
# Two for each host; two for each segment, of IPv4 and IPv6; and those of all segments.
check "the segments are ${flows#*=} flows" [ "${flows#*=}" -le $((2 * 1000 + 2 * 200 + 50)) ]
result=$("$FWCTL" -j ovs apply "$TMP/second")
check_equal "a host that moves changes two flows" \
	"$(jq -c '.bridges[0] | [.removed, .added]' <<<"$result")" '[2,2]'
moved=$(jq '.bridges[0].ms | ceil' <<<"$result")
note "one host moves: by apply, in force after $moved ms"
[ -z "$native" ] || check "all within 5 s" [ "$ms" -le 5000 ]

# In a guest, the groups of the module are what is followed: from the command that moves a host
# to the flows. The monitor of OVS says when these were there.
if [ -z "$native" ]; then
	load_module
	"$FWCTL" apply "$TMP/first" >/dev/null || die "the module refuses the groups"
	"$FWCTL" ovs apply "$TMP/first" >/dev/null
	"$FWCTL" ovs watch >"$TMP/follow" 2>&1 &
	watcher=$!
	sleep 2
	ovs-ofctl --timestamp monitor br0 'watch:!initial' >"$TMP/changes" 2>&1 &
	monitor=$!
	busywait 20 grep -q 'reply (xid=0x[1-9]' "$TMP/changes" || die "no monitor" "$(cat "$TMP/changes")"
	# last_change: its time in milliseconds.
	last_change() { date +%s%3N -d "$(sed -n 's/^\(.*\): NXST.*(xid=0x0):$/\1 UTC/p' "$TMP/changes" | tail -n 1)"; }
	for ((i = 0; i < 30; i++)); do
		before=$(grep -c '(xid=0x0)' "$TMP/changes")
		begin=$(date +%s%3N)
		"$FWCTL" group add g$((i % 40 + 9)) host 10.1.0.1 >/dev/null
		sleep 1		# to look for it takes the time of what is awaited
		arrived() { [ "$(grep -c '(xid=0x0)' "$TMP/changes")" -gt "$before" ]; }
		busywait 10 arrived || die "the watcher does not follow" "$(cat "$TMP/follow")"
		echo $(($(last_change) - begin))
	done | sort -n >"$TMP/from-command"
	kill "$monitor" "$watcher"
	sed -n 's/.*, in force after \([0-9]*\) ms.*/\1/p' "$TMP/follow" | sort -n >"$TMP/from-watcher"
	# spread FILE: the least, the median and the most of 30 sorted numbers.
	spread() { sed -n '1p;15p;$p' "$1" | paste -sd ' '; }
	note "a host joins a group; until OVS has the flows, in ms (least, median, most):" \
		"from the start of the command $(spread "$TMP/from-command")," \
		"from when the watcher sets to work $(spread "$TMP/from-watcher")"
	check_equal "each was told of, and changed two flows" \
		"$(grep -c ': 2 flows removed, 2 added' "$TMP/follow")" 30
	check "30 hosts joined a group" [ "$(wc -l <"$TMP/from-command")" = 30 ]
fi

# The watcher knows what there is: it only makes flows, compares, and tells the difference.
# All of it that somebody takes away comes back.
"$FWCTL" -j ovs watch >"$TMP/watch" 2>&1 &
watcher=$!
"$FWCTL" ovs apply "$TMP/first" >/dev/null
"${OFCTL[@]}" del-flows br0 cookie=0x4657000000000003/-1
counted() { "${OFCTL[@]}" dump-aggregate br0 cookie=0x4657000000000003/-1 | grep -q "$flows"; }
check_fails "the flows of the segments are gone" counted
check "the watcher puts them back" busywait 20 counted
kill "$watcher"
check_equal "clear" "$("$FWCTL" -j ovs clear | jq -c .cleared)" '["br0"]'
check_equal "leaves nothing" "$("${OFCTL[@]}" --no-stats dump-flows br0 | grep -c cookie=0x4657)" 0
