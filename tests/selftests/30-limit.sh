#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.1
#
# With a limit of five flows the sixth is refused at once, and one event says
# so. When a flow has gone stale, or the limit is raised, the next one passes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq tc
topology
no_icmp_limits "$ROUTER"
# A link takes its time: TCP does not listen to an error that comes back before
# its connect() has even let go of the socket.
tc -n "$INSIDE" qdisc add dev eth0 root netem delay 20ms || skip "no netem here"
listen_tcp "$OUTSIDE" 80
udp_echo_server "$OUTSIDE" 53
fw_rules <<-RULES
	set max-flows 5
	ttl udp-new step 100s max 100s
	ttl udp-stream step 100s max 100s
RULES

# attempts NAMESPACE tcp|udp ADDRESS PORT...: see connect.py.
attempts() { in_ns "$1" "$PYTHON" -I -S "$TESTS/connect.py" "${@:2}"; }

# check_refused NAME ATTEMPT...: refused, and within 100 ms.
check_refused() {
	local name=$1 result
	result=$(attempts "${@:2}")
	if [[ $result =~ ^refused\ ([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" -le 100 ]; then
		pass "$name"
	else
		fail "$name" "is:       $result
expected: refused, within 100 ms"
	fi
}

check_equal "five flows pass" \
	"$(attempts "$INSIDE" udp "$OUTSIDE4" 53x3 | cut -d ' ' -f 1 | xargs) $(
	attempts "$INSIDE" udp "$OUTSIDE6" 53x2 | cut -d ' ' -f 1 | xargs)" \
	"answered answered answered answered answered"
check_equal "five are counted" "$(fw -j status | jq -c '[.flows, .max_flows]')" "[5,5]"
ids=$(flow true | jq -r .id | sort)

for out in "$OUTSIDE4" "$OUTSIDE6"; do
	check_refused "the sixth is refused: TCP to $out" "$INSIDE" tcp "$out" 80
	check_refused "the sixth is refused: UDP to $out" "$INSIDE" udp "$out" 53
	check_refused "a socket of the router's own is: TCP to $out" "$ROUTER" tcp "$out" 80
	check_refused "a socket of the router's own is: UDP to $out" "$ROUTER" udp "$out" 53
done
check_match "they are counted" "$(drops)" '^table-full ([89]|[1-9][0-9])$'
check_equal "the five are still there" "$(flow true | jq -r .id | sort)" "$ids"

watch_events
sleep 1.1
attempts "$INSIDE" udp "$OUTSIDE4" 53x9 >"$TMP/burst"
check "an event says that the table is full" busywait 3 event_seen '.event == "table-full"'
took=$(awk '{ sum += $2 } END { print sum }' "$TMP/burst")
if [ "$took" -lt 900 ]; then
	check_equal "one for all of a second" "$(event_count '.event == "table-full"')" 1
else
	note "the attempts took $took ms: there may be more than one event"
fi
check_equal "it names the limit and who was refused" "$(jq -c 'select(.event == "table-full") |
	[.max_flows, .proto, .original.src, .original.dst, .original.dport]' "$TMP/events" | head -n 1)" \
	"[5,\"udp\",\"$INSIDE4\",\"$OUTSIDE4\",53]"

check "the limit is raised" fw set max-flows 6
check_match "the next one passes at once" "$(attempts "$INSIDE" udp "$OUTSIDE4" 53x2 | xargs)" \
	'^answered [0-9]+ refused'
check_equal "no flow was lost" "$(flow true | jq -r .id | sort | comm -12 - <(echo "$ids"))" "$ids"
check "the limit is lowered below what is in use" fw set max-flows 3
check_refused "nothing new passes" "$INSIDE" udp "$OUTSIDE4" 53
check_equal "no flow was lost by that" "$(flow_count)" 6

# Flows that go stale make room.
fw_rules <<-RULES
	set max-flows 6
	ttl udp-new step 3s max 3s
	ttl udp-stream step 3s max 3s
RULES
check_refused "the table is full as before" "$INSIDE" udp "$OUTSIDE4" 53
# The next packet of each brings it down to the new TTL.
mapfile -t refresh < <(flow true | jq -r '.original |
	"udp(\u0027\(.src)\u0027, \u0027\(.dst)\u0027, \(.sport), 53)"')
craft "$INSIDE" "${refresh[@]}"
no_flows() { [ "$(flow_count)" = 0 ]; }
check "the flows go stale" busywait 8 no_flows
check_equal "the next one passes" "$(attempts "$INSIDE" udp "$OUTSIDE4" 53x6 | cut -d ' ' -f 1 | xargs)" \
	"answered answered answered answered answered answered"
check "the count is not above the limit" [ "$(fw -j status | jq .flows)" -le 6 ]
