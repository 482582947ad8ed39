#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: none, unless in full
#
# A list of 20,000 flows is complete, and names each once, while packets pass and
# other flows come and go.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
black_hole
fw_rules <<-RULES
	set max-flows 60000
	ttl udp-new step 1s max 1s
	ttl icmp step 600s max 600s
	ttl udp-stream step 600s max 600s
	ttl tcp-syn step 600s max 600s
RULES
check_equal "twenty thousand are opened" "$(in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" \
	20000 syn "$INSIDE4" "$NOWHERE4" 80)" 20000
check_equal "and counted" "$(fw -j status | jq .flows)" 20000

# Others come and expire meanwhile, as fast as they can.
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/flood.py" 0 udp "$INSIDE4" "$NOWHERE4" >/dev/null 2>&1 &
for n in 1 2; do
	begin=${EPOCHREALTIME/./}
	fw -j flows >"$TMP/flows"
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	check "dump $n is JSON" jq -e 'length > 20000' "$TMP/flows"
	check_equal "dump $n: each of the connections, once" "$(jq -r '.[] | select(.proto == "tcp") |
		.original.sport' "$TMP/flows" | sort -n | uniq -c | awk '
		$1 != 1 { twice++ } { n++ } END { print n, twice + 0 }')" "20000 0"
	check_equal "dump $n: no flow has another's number" \
		"$(jq 'map(.id) | length - (unique | length)' "$TMP/flows")" 0
	check "dump $n took less than $((30 * SLOW)) s: $took ms" [ "$took" -lt $((30000 * SLOW)) ]
	check "dump $n: every flow's entries are inverted" jq -e \
		'all(.original.src == .reply.dst and .original.sport == .reply.dport and .original.ttl > 0)' \
		"$TMP/flows"
done
check "as text, too" [ "$(fw flows | grep -c '^ *reply ')" -ge 20000 ]
