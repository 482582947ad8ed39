#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.12
#
# A flow takes at most 128 bytes, and its place in the table 16: as the kernel's
# own account says, and as the table's figures do.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
black_hole
fw_rules <<-RULES
	set max-flows 65536
	ttl udp-new step 600s max 600s
RULES
many=$(rounds 20000 10000)
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" "$many" udp "$INSIDE4" "$NOWHERE4" >/dev/null
for ((n = 1; n <= 50; n++)); do
	echo "udp('$INSIDE6', '$NOWHERE6', $n, 53)"
done >"$TMP/packets"
mapfile -t packets <"$TMP/packets"
craft "$INSIDE" "${packets[@]}"

flows=$(fw -j status | jq .flows)
check "so many flows are there" [ "$flows" -ge $((many + 50)) ]
read -r active objects size < <(awk '$1 == "flowwall_flow" { print $2, $3, $4 }' /proc/slabinfo)
check "slabinfo: an object has ${size:-no} bytes, 128 at most" [ "${size:-1000}" -le 128 ]
# Empty places of half-filled slabs are no flows; each CPU may keep some slabs.
check "one object a flow: $active of $objects, for $flows" [ "$active" -ge "$flows" -a \
	"$active" -le $((flows + 4096)) ]

fw -j status >"$TMP/status"
check_equal "the module says the same of a flow" "$(jq '.flow_bytes' "$TMP/status")" "$size"
# Its 32 KiB are there without any flow.
fits() { # FLOWS: the table is of their number
	fw -j status | jq -e --argjson flows "$1" \
		'.flows == $flows and .buckets >= .flows and .memory - .flows * .flow_bytes <= ([16 * .flows, 32768] | max) + 4096'
}
check "its table takes 16 bytes a flow at most: $(jq -c '[.memory, .flows, .buckets]' "$TMP/status")" \
	busywait 10 fits "$flows"
check "its figures are not made up" jq -e '.memory >= .flows * .flow_bytes + 4 * .buckets' "$TMP/status"

fw set max-flows 1048576
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" $((3 * many)) udp "$INSIDE4" "$NOWHERE4" >/dev/null
more=$(fw -j status | jq .flows)
check "three times as many flows are there" [ "$more" -ge $((3 * many)) ]
check "the table grows with them" busywait 10 fits "$more"
check "none is there twice, none is missing" [ "$(fw -j flows | jq 'map(.id) | unique | length')" = "$more" ]
fw set max-flows 10000
check "a small limit gives no flow up" fits "$more"
fw flows kill all >/dev/null
check "without flows, the table is small again: $(fw -j status | jq -c '[.memory, .flows, .buckets]')" \
	busywait 30 fits 0
ip netns del "$ROUTER"
# What processors keep for themselves counts as in use, until it is asked back.
left() {
	echo 1 >/sys/kernel/slab/flowwall_flow/shrink
	[ "$(awk '$1 == "flowwall_flow" { n = $2 } END { print n + 0 }' /proc/slabinfo)" = 0 ]
}
check "all of it goes with the namespace" busywait 10 left
