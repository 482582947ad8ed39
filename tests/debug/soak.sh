#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 86400
#
# SOAK_SECONDS (60 unless given) of mixed traffic while rulesets, groups, limits,
# listeners, dumps and namespaces come and go; then memory is as it was.
. "$(dirname "$0")/debug.sh"

need jq
CAPTURE=no topology
black_hole
listen_tcp "$INSIDE" 80
listen_tcp "$OUTSIDE" 80
udp_echo_server "$OUTSIDE" 53
fuzz_queue 7

# memory: what is in use, in KiB: of slabs, vmalloc, processors' own.
memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	objects >/dev/null
	awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { printf "%s %d ", $1, $2 }' /proc/meminfo
}

one_round() {
	local n=$1 namespace=soak-$1 sender
	everything "$( ((n % 2)) && echo on || echo off)" "$( ((n % 3)) && echo drop || echo reassemble)"
	fw apply "$TMP/everything" >/dev/null || die "the ruleset is refused in round $n"
	in_ns "$OUTSIDE" "$BUILD/fuzz-packets" 3000 $((SEED + n)) eth0 "$(link_address "$ROUTER" out0)" outside >/dev/null &
	sender=$!
	in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 3000 syn 10 "$NOWHERE4" >/dev/null
	in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 1000 udp "$INSIDE4" "$NOWHERE4" >/dev/null
	tcp_echoes "$INSIDE" "$OUTSIDE4" 80 >/dev/null || failed=$((failed + 1))
	tcp_echoes "$INSIDE" "$OUTSIDE6" 80 >/dev/null || failed=$((failed + 1))
	pings "$INSIDE" "$OUTSIDE6" >/dev/null || failed=$((failed + 1))
	timeout 1 "$FWCTL" -n "$ROUTER" monitor >/dev/null
	fw flows >/dev/null && fw why "$OUTSIDE4" >/dev/null && fw save >/dev/null || failed=$((failed + 1))
	fw group add banned host "192.0.2.$((n % 250 + 1))" timeout 5 >/dev/null || failed=$((failed + 1))
	fw set max-flows $((100 + n % 7 * 1000)) >/dev/null || failed=$((failed + 1))
	fw flows kill all >/dev/null || failed=$((failed + 1))
	ip netns add "$namespace"
	"$FWCTL" -n "$namespace" apply "$TMP/everything" >/dev/null || failed=$((failed + 1))
	ip netns del "$namespace"
	wait "$sender"
	# What the packets said of neighbours may be wrong.
	ip -n "$INSIDE" neigh flush dev eth0
	ip -n "$OUTSIDE" neigh flush dev eth0
	ip -n "$ROUTER" neigh flush dev in0
	ip -n "$ROUTER" neigh flush dev out0
}
idle() {
	fw apply "$TMP/idle" >/dev/null
	fw flows kill all >/dev/null
	busywait 20 no_flows
}
# The hosts say something by themselves now and then: a few flows are new.
no_flows() {
	fw flows kill all >/dev/null
	[ "$(objects)" -le $((objects + 4)) ]
}
printf 'version 1\nrole out0 external\nrole in0 internal\n' >"$TMP/idle"

# The first rounds make what is only made once.
failed=0
fw apply "$TMP/idle" >/dev/null
objects=$(objects)
for n in 1 2 3; do one_round "$n"; done
idle
before=$(memory)
end=$((SECONDS + ${SOAK_SECONDS:-60}))
while [ "$SECONDS" -lt "$end" ]; do
	n=$((n + 1))
	one_round "$n"
done
check_equal "$n rounds: what is legitimate works in each" "$failed" 0
check "flows and members are all gone ($objects)" idle
after=$(memory)
echo "# before: $before, after: $after"
read -r -a was <<<"$before"
read -r -a is <<<"$after"
for at in 1 3 5; do
	# A megabyte: what the kernel keeps of its own for the next time.
	check "${was[at - 1]} ${was[at]} KiB before, ${is[at]} KiB after" [ $((is[at] - was[at])) -lt 1024 ]
done
check_works
check_nothing_left
