#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# kernel: full run only
#
# Flows end when their time is over, also when the wall clock is set, and when the
# kernel's count of ticks wraps around in 32 bits: it begins such that this is 300 s
# after the start. So this case comes before all that takes long, and waits for that.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
uptime_ms() { sed 's/^\([0-9]*\)\.\([0-9]*\) .*/\1\20/' /proc/uptime; }
[ "$(uptime_ms)" -lt 270000 ] || skip "the ticks have wrapped already"
topology
black_hole
fw_rules <<-RULES
	ttl udp-new step 5s max 5s
	ttl udp-stream step 4s max 30s
	ttl icmp step 1h max 2h
RULES

# until_uptime MS
until_uptime() {
	local left=$(($1 - $(uptime_ms)))
	[ "$left" -le 0 ] || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))"
}
# send PORT: one packet of each family from there, to nobody.
send() { craft "$INSIDE" "udp('$INSIDE4', '$NOWHERE4', $1, 2)" "udp('$INSIDE6', '$NOWHERE6', $1, 2)"; }
living() { flow ".proto == \"udp\" and .original.sport == $1" | wc -l; }

# check_ends NAME PORT SENT: both flows from that port, whose packet was sent then, are
# there nearly 5 s later, and gone after 5 s, the second of a sweep and another one.
check_ends() {
	local gone
	until_uptime $(($3 + 4300))
	check_equal "$1: two flows live" "$(living "$2")" 2
	until [ "$(living "$2")" = 0 ] || [ "$(uptime_ms)" -gt $(($3 + 20000)) ]; do sleep 0.1; done
	gone=$(($(uptime_ms) - $3))
	check "$1: they end in time, after $gone ms" [ "$gone" -ge 4900 -a "$gone" -le 7500 ]
}

craft "$INSIDE" "echo('$INSIDE4', '$NOWHERE4', 7)"
port=1000
for change in '+1 day' '-2 days' '+1 day'; do
	sent=$(uptime_ms)
	send $((++port))
	date -s "$(date -d "$change" '+%F %T')" >/dev/null
	check_ends "the clock set by $change" "$port" "$sent"
done

# Flows that end before the wrap, at it, and after it; and streams, refreshed on both sides.
until_uptime 293000
sent=$(uptime_ms)
send 2000
craft "$OUTSIDE" "udp('$NOWHERE4', '$INSIDE4', 2, 2000)" "udp('$NOWHERE6', '$INSIDE6', 2, 2000)"
check_flow "a stream before the wrap" '.family == "ipv4" and .original.sport == 2000' \
	'.original.ttl >= 6 and .original.ttl <= 9'
until_uptime 297500
sent=$(uptime_ms)
send 2001
send 2000
check_ends "across the wrap" 2001 "$sent"
check_flow "a stream goes on" '.family == "ipv4" and .original.sport == 2000' '.original.ttl <= 5'
sent=$(uptime_ms)
send 2002
send 2000
check_flow "and takes what is added" '.family == "ipv6" and .original.sport == 2000' \
	'.original.ttl >= 4 and .original.ttl <= 9'
check_ends "after the wrap" 2002 "$sent"
check_flow "a flow that has an hour still has it" '.original.icmp_id == 7' \
	'.original.ttl > 3200 and .original.ttl < 3400'
until [ "$(living 2000)" = 0 ] || [ "$(uptime_ms)" -gt 330000 ]; do sleep 0.2; done
check_equal "the stream ends as well" "$(living 2000)" 0
check "past the wrap" [ "$(uptime_ms)" -gt 301000 ]
