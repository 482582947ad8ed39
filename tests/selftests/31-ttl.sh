#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Each packet adds the class's step to what both entries of its flow still have,
# never beyond the maximum. A flow without packets ends after its TTL.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
fw_rules <<-RULES
	ttl udp-new step 2s max 2s
	ttl icmp step 30s max 100s
RULES
watch_events

# check_ttl NAME LABEL-OF-FLOW LOW HIGH: both entries' TTL is in that range.
check_ttl() { check_flow "$1" "$2" ".original.ttl > $3 and .original.ttl <= $4 and .reply.ttl == .original.ttl"; }

craft "$INSIDE" "udp('$INSIDE4', '$NOWHERE4', 1, 2)" "udp('$INSIDE6', '$NOWHERE6', 1, 2)"
for v in ipv4 ipv6; do
	end=".event == \"flow-end\" and .family == \"$v\" and .proto == \"udp\""
	check "$v: a flow without packets ends" busywait 10 event_seen "$end"
	check_equal "$v: because it has expired" "$(event_count "$end and .reason == \"expired\"")" 1
	took=$(jq -s "map(select(.family == \"$v\" and .proto == \"udp\")) |
		(map(select(.event == \"flow-end\"))[0].time - map(select(.event == \"flow-new\"))[0].time)
		* 1000 | round" "$TMP/events")
	most=$(patience 2)
	check "$v: within its TTL and $most seconds: $took ms" [ "$took" -ge 1900 -a "$took" -le $((2100 + most * 1000)) ]
	check_equal "$v: the event says what went through" \
		"$(jq -c "select($end) | [.original.packets, .reply.packets]" "$TMP/events")" "[1,0]"
done
check_equal "no flow is left" "$(fw -j status | jq .flows)" 0

# works: how often the module was woken up within two seconds.
works() {
	local trace=/sys/kernel/tracing
	mountpoint -q "$trace" || mount -t tracefs none "$trace" || die "no tracefs here"
	echo 1 >"$trace/events/workqueue/workqueue_execute_start/enable"
	echo >"$trace/trace"
	sleep 2
	echo 0 >"$trace/events/workqueue/workqueue_execute_start/enable"
	grep -c 'flowwall' "$trace/trace"
}
check_equal "without flows, nothing wakes it up" "$(works)" 0
craft "$INSIDE" "echo('$INSIDE4', '$NOWHERE4', 1)"
check "with one, a sweep does" [ "$(works)" -ge 8 ]
fw flows kill all >/dev/null
sleep 1.5
check_equal "and no more when it is gone" "$(works)" 0

fw ttl udp-new step 20s max 50s
fw ttl udp-stream step 30s max 100s
for v in 4 6; do
	in=INSIDE$v in=${!in} out=NOWHERE$v out=${!out}
	udp=".proto == \"udp\" and .family == \"ipv$v\""
	packet="udp('$in', '$out', 1, 2)" reply="udp('$out', '$in', 2, 1)"
	craft "$INSIDE" "$packet"
	check_ttl "v$v: the first packet gives one step" "$udp" 15 20
	craft "$INSIDE" "$packet"
	check_ttl "v$v: the second adds another" "$udp" 33 40
	craft "$INSIDE" "$packet"
	check_ttl "v$v: the third only up to the maximum" "$udp" 46 50
	craft "$INSIDE" -c 5 "$packet"
	check_ttl "v$v: more do not help" "$udp" 46 50
	craft "$OUTSIDE" -c 4 "$reply"
	check_ttl "v$v: a reply makes a stream of it, and refreshes both entries" "$udp" 94 100
	craft "$INSIDE" "echo('$in', '$out', 7)"
	check_ttl "v$v: another class has its own" ".family == \"ipv$v\" and .original.icmp_id == 7" 25 30

	fw ttl udp-stream step 500s max 1000s
	check_ttl "v$v: a change says nothing about what is" "$udp" 85 100
	craft "$INSIDE" "$packet"
	check_ttl "v$v: but counts from the next packet on" "$udp" 580 600
	fw ttl udp-stream step 10s max 60s
	craft "$OUTSIDE" "$reply"
	check_ttl "v$v: a lower maximum, too" "$udp" 50 60
	fw ttl udp-stream step 30s max 100s
done

check_equal "a step above the maximum is refused" "$(fw ttl icmp step 10s max 5s >/dev/null 2>&1; echo $?)" 1
check_equal "a TTL of nothing is refused" "$(fw ttl icmp step 0 max 5s >/dev/null 2>&1; echo $?)" 1
check_match "a bare number is seconds, other units are known" \
	"$(fw ttl tcp-established step 3600 max 1d; fw save)" '^ttl tcp-established step 1h max 1d$'
