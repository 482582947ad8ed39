#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# Under a flood of SYNs from random inside sources, 100,000 in a full run, the number of flows
# never exceeds the limit; connections that exist go on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
black_hole
listen_tcp "$OUTSIDE" 80
# Inside is a large network here, whose hosts nobody has to find.
ip -n "$ROUTER" route add 10.0.0.0/8 via "$INSIDE4"
ip -n "$INSIDE" route add blackhole 10.0.0.0/8
fw_rules <<-RULES
	set max-flows 500
	set half-open 100
	ttl tcp-syn step 600s max 600s
RULES
session old "$INSIDE" tcp "$OUTSIDE4" 80 >/dev/null
check "a connection is there" tell old echo 1000
watch_events

# None of them may go stale before the last has come, however slow the machine.
sent=$(rounds 100000 30000)
flood() {
	in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" "$sent" syn 10 "$NOWHERE4" >"$TMP/sent" 2>&1
}
flood &
flood=$!
most=0 polls=0
while kill -0 "$flood" 2>/dev/null; do
	flows=$(fw -j status | jq .flows)
	[ "${flows:-1000000}" -le "$most" ] || most=${flows:-1000000}
	polls=$((polls + 1))
done
wait "$flood"
note "$polls looks at the table; at most $most flows"
check_equal "the flood was sent" "$(cat "$TMP/sent")" "$sent"
check "the limit was reached" [ "$most" -ge 490 ]
check "and never exceeded, in $polls looks" [ "$most" -le 500 ]
check "the table was looked at often enough" [ "$polls" -ge 10 ]
check "the list agrees" [ "$(flow_count)" -le 500 ]
check "what was too much was dropped for that" [ "$(drop_count table-full)" -ge $((sent - 1000)) ]
check_equal "no other drops" "$(drops | sed 's/table-full [0-9]*//')" ""
check "the connection goes on" tell old echo 1000
events=$(event_count '.event == "table-full"')
check "events: at least one, at most one a second ($events)" [ "$events" -ge 1 -a "$events" -le "$SECONDS" ]
# What was refused since the last event is told of with the next one, a second later.
accounted() {
	[ "$(jq -s 'map(select(.event == "table-full") | .refused) | add' "$TMP/events")" = \
		"$(drop_count table-full)" ]
}
sleep 1.1
craft "$INSIDE" "tcp('10.1.2.3', '$NOWHERE4', 1, 80)"
check "they account for all that was refused" busywait 5 accounted
check "raising the limit helps at once" fw set max-flows 1000
session new "$INSIDE" tcp "$OUTSIDE4" 80 >/dev/null
check "a new connection passes" tell new echo 10
