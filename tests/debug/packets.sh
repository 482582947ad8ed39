#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
#
# Packets that no host would send (fuzz-packets.c), on all paths, with the fast path
# on and off and fragments put together or not: 200,000 in a full run.
. "$(dirname "$0")/debug.sh"

need jq
CAPTURE=no topology
listen_tcp "$INSIDE" 80
listen_tcp "$OUTSIDE" 80
udp_echo_server "$INSIDE" 53
black_hole
# Neighbours that stay: mutated ARP and neighbour discovery would hide the rest.
for host in "$INSIDE" "$OUTSIDE"; do
	ip -n "$host" link set eth0 promisc on
done
fuzz_queue 7
fuzz_queue 8

count=$(rounds 25000 2000)
phase() { # FASTPATH FRAGMENTS SEED
	local inside outside
	everything "$1" "$2"
	fw apply "$TMP/everything" >"$TMP/apply" 2>&1 || die "the ruleset is refused" "$(cat "$TMP/apply")"
	in_ns "$INSIDE" "$BUILD/fuzz-packets" "$count" "$3" eth0 "$(link_address "$ROUTER" in0)" inside &
	inside=$!
	in_ns "$OUTSIDE" "$BUILD/fuzz-packets" "$count" "$3" eth0 "$(link_address "$ROUTER" out0)" outside &
	outside=$!
	wait "$inside" && wait "$outside"
}
n=0
for fastpath in off on; do
	for fragments in drop reassemble; do
		n=$((n + 1))
		check "fastpath $fastpath, fragments $fragments: they are sent (FLOWWALL_SEED=$SEED)" \
			phase "$fastpath" "$fragments" $((SEED + n))
	done
done
status=$(fw -j status)
note "$status"
# It is of no use if all of them are dropped for one reason, or none is.
check "they were dropped for many reasons" [ "$(jq '[.drops[] | select(. > 0)] | length' <<<"$status")" -ge 8 ]
check "some passed and made flows" [ "$(jq .new_flows <<<"$status")" -gt $((count / 50)) ]
check "some went the fast path" [ "$(jq .fast <<<"$status")" -gt 0 ]
for queue in 7 8; do
	check "some were asked about by queue $queue" grep -q packet "$TMP/queue-$queue"
done
# What passed may have told the hosts nonsense of their neighbours.
ip -n "$INSIDE" neigh flush dev eth0
ip -n "$OUTSIDE" neigh flush dev eth0
ip -n "$ROUTER" neigh flush dev in0
ip -n "$ROUTER" neigh flush dev out0
check_works
check_nothing_left
