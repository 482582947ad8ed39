#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From the inside out everything works without a rule, and each flow shows as
# two inverted entries with their TTLs and exact counters.
. "$(dirname "$0")/lib.sh"

topology
fw_rules </dev/null
listen_tcp "$OUTSIDE" 80
udp_echo_server "$OUTSIDE" 53

# flow FILTER: does a flow exist of which the jq filter is true?
flow() { flows_json | jq -e "any(.[]; $1)" >/dev/null; }

# The flow list must be right for each flow that is in it.
inverted='.original.src == .reply.dst and .original.dst == .reply.src and
	.original.sport == .reply.dport and .original.dport == .reply.sport and
	.original.icmp_id == .reply.icmp_id and
	.original.ttl > 0 and .reply.ttl > 0'

for family in 4 6; do
	inside=INSIDE$family outside=OUTSIDE$family
	inside=${!inside} outside=${!outside}
	from=".family == \"ipv$family\" and .direction == \"out\" and .original.src == \"$inside\" and
		.original.dst == \"$outside\""

	in_ns "$INSIDE" ping -n -c 3 -i 0.2 -W 2 "$outside" >"$TMP/ping"
	check_match "IPv$family: ping is answered" "$(cat "$TMP/ping")" '3 received'
	bytes=$([ "$family" = 4 ] && echo 252 || echo 312)
	check "IPv$family: its flow has counted the packets and bytes of both entries" flow \
		"$from and .state == \"replied\" and .original.icmp_id > 0 and
		(.proto | startswith(\"icmp\")) and .original.ttl <= 60 and
		all(.original, .reply; .packets == 3 and .bytes == $bytes)"

	check "IPv$family: TCP carries data both ways" tcp_echoes "$INSIDE" "$outside" 80
	check "IPv$family: a TCP flow that ended is closed" busywait 5 flow \
		"$from and .proto == \"tcp\" and .original.dport == 80 and .state == \"closed\" and
		.original.ttl <= 240"
	in_ns "$INSIDE" bash -c "exec 3<>/dev/tcp/$outside/80; sleep 30" &
	check "IPv$family: an open one is established, for 2 h 4 min" busywait 5 flow \
		"$from and .proto == \"tcp\" and .state == \"established\" and
		.original.ttl > 7400 and .original.ttl <= 7440"

	check "IPv$family: UDP is answered" udp_echoes "$INSIDE" "$outside" 53 4000$family
	check "IPv$family: the UDP flow has the stream's TTL" flow \
		"$from and .proto == \"udp\" and .original.sport == 4000$family and
		.original.dport == 53 and .state == \"replied\" and
		.original.ttl > 170 and .original.ttl <= 180"
	check "IPv$family: one that nobody answers has the new one's" bash -c "
		[ \"\$(ip netns exec $INSIDE $PYTHON $TESTS/udp.py $outside 9)\" = refused ]"
	check "IPv$family: the refusal of the port passed, the flow stays new" flow \
		"$from and .proto == \"udp\" and .original.dport == 9 and .state == \"new\" and
		.original.ttl <= 30"
	check "IPv$family: the router itself reaches the outside" pings "$ROUTER" "$outside"
	check "IPv$family: with a flow of its own" flow \
		".family == \"ipv$family\" and .direction == \"local\" and .original.dst == \"$outside\""
	check "IPv$family: the inside reaches the router" pings "$INSIDE" \
		"$([ "$family" = 4 ] && echo "$ROUTER_IN4" || echo "$ROUTER_IN6")"
done

check "the router reaches the inside" pings "$ROUTER" "$INSIDE4"
check_equal "which makes no flow" "$(flows_json | jq '[.[] | select(.direction == "inside" or
	(.direction == "local" and (.original.dst | startswith("10."))))] | length')" 0
check "every flow has two inverted entries with TTLs" \
	jq -e "length > 8 and all(.[]; $inverted)" <(flows_json)
check_equal "ids are unique" "$(flows_json | jq 'map(.id) | unique | length')" "$(flow_count)"
check_match "the list for people shows both entries" "$(fw flows)" \
	'reply +198\.51\.100\.2:53 > 10\.0\.1\.2:40004 .*ttl'
check_equal "nothing was dropped" "$(fw -j status | jq '.drops | add')" 0
