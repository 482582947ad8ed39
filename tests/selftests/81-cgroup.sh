#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.12
#
# Flows are charged to the memory cgroup of who gave the first role, whoever sends
# the packets; its limit holds, and what is there goes on. So it is when the roles have
# come back because nobody confirmed that they go.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
black_hole
listen_tcp "$OUTSIDE" 80
groups=$TMP/groups
mkdir "$groups"
mount -t cgroup2 none "$groups" && echo +memory >"$groups/cgroup.subtree_control" ||
	skip "no memory cgroups here"
mkdir "$groups/router"
printf 'version 1\nrole out0 external\nrole in0 internal\nset max-flows 200000\n' >"$TMP/rules"
# shellcheck disable=SC2016  # expanded inside
check "a process of the group gives the roles" bash -c \
	'echo 0 >"$0/cgroup.procs" && exec "$@"' "$groups/router" "$FWCTL" -n "$ROUTER" apply "$TMP/rules"
session old "$INSIDE" tcp "$OUTSIDE4" 80 >/dev/null
tell old echo 10 >/dev/null
kernel() { awk '$1 == "slab" { print $2 }' "$groups/router/memory.stat"; }
before=$(kernel)
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 20000 syn "$INSIDE4" "$NOWHERE4" 80 >/dev/null
flows=$(fw -j status | jq .flows)
charged=$(($(kernel) - before))
check "$flows flows: $charged bytes are charged" [ "$charged" -ge $((flows * 128)) ]
# 128 bytes, but on kernels that watch their memory; see 80-memory.sh.
each=$(($(awk '$1 == "flowwall_flow" { print $4 }' /proc/slabinfo) + 16))
few() { [ $(($(kernel) - before)) -le $((flows * each + 160 * 1024)) ]; }
check "of them, no more than $each bytes each" busywait 10 few
# Room for more flows than there are buckets, 65,536, but not for a megabyte of more buckets.
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 40000 syn "$INSIDE4" "$NOWHERE4" 82 >/dev/null
echo $(($(cat "$groups/router/memory.current") + 800 * 1024)) >"$groups/router/memory.max"
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 60000 syn "$INSIDE4" "$NOWHERE4" 81 >/dev/null
check "at the limit there is no memory for more" [ "$(drop_count no-memory)" -ge 40000 ]
check "what is there goes on" tell old echo 10
# What processors keep of the group's memory may be room for them after all.
note "flows and buckets: $(fw -j status | jq -c '[.flows, .buckets]')"
check_equal "nobody is to be killed for more buckets" "$(awk '$1 ~ /^oom/ { n += $2 } END { print n + 0 }' \
	"$groups/router/memory.events")" 0
echo max >"$groups/router/memory.max"
check "without a limit there is" tcp_connects "$INSIDE" "$OUTSIDE4" 80

echo 'version 1' >"$TMP/none"
runs_again() { [ "$(fw -j status | jq .buckets)" -gt 0 ]; }
check "roles go for a while" fw apply "$TMP/none" --force --confirm 5
check_equal "there are no flows then" "$(fw -j status | jq -c '[.flows, .buckets]')" "[0,0]"
check "and come back" busywait 20 runs_again
roles=$(kernel)
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 20000 syn "$INSIDE4" "$NOWHERE4" 80 >/dev/null
flows=$(fw -j status | jq .flows)
charged=$(($(kernel) - roles))
check "$flows flows: $charged bytes are charged as before" [ "$charged" -ge $((flows * 128)) ]

fw role del in0 >/dev/null; fw role del out0 >/dev/null
given_back() { [ "$(kernel)" -lt "$before" ]; }
check "without roles all is given back" busywait 10 given_back
