#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a flow costs: at most 128 bytes of slab for both entries, and at most 16
# bytes of table, by the kernel's own account.
CAPTURE=no
. "$(dirname "$0")/lib.sh"

topology
# Without a ruleset there is no table.
check_equal "a namespace without roles has no memory" "$(fw -j status | jq .memory)" 0
fw_rules <<<'set max-flows 65536'

in_ns "$INSIDE" hping3 -q --udp -p ++1 -i u200 -c 4000 "$OUTSIDE4" >/dev/null 2>&1
fw -j status >"$TMP/status"
flows=$(jq .flows "$TMP/status")
check "there are some thousand flows ($flows)" [ "$flows" -gt 3000 ]
check_equal "a flow has 128 bytes by its own account" "$(jq .flow_bytes "$TMP/status")" 128

# slabinfo: name, objects in use, objects, size of one, ...
read -r _ used objects size _ < <(grep '^flowwall_flow ' /proc/slabinfo)
check_equal "and by that of slabinfo" "$size" 128
check "slabinfo has as many objects as there are flows ($used of $objects)" [ "$used" -ge "$flows" ]
table=$(jq '.memory - .flows * .flow_bytes' "$TMP/status")
check "the table has at most 16 bytes for each possible flow ($table in all)" \
	[ "$table" -le $((65536 * 16)) ]
check "and it is there" [ "$table" -ge $((65536 * 8)) ]
fw apply - <<<'version 1'
check_equal "without roles all memory is given back" "$(fw -j status | jq .memory)" 0
check_equal "and the flows are gone" "$(fw -j status | jq .flows)" 0
