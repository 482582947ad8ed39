#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A change of the ruleset reaches flows that exist: what is no longer allowed
# ends with its next packet, all else goes on; unless flows are to be kept.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

topology
fw_rules <<-RULES
	allow in tcp to any port 80 id web
	allow in tcp to any port 81 id other
RULES
listen_tcp "$INSIDE" 80 81
listen_tcp "$OUTSIDE" 22
watch_events

for family in 4 6; do
	inside=INSIDE$family outside=OUTSIDE$family
	check "IPv$family: a connection to port 80" session "web$family" "$OUTSIDE" tcp "${!inside}" 80
	check "IPv$family: one to port 81" session "other$family" "$OUTSIDE" tcp "${!inside}" 81
	check "IPv$family: one from the inside" session "ssh$family" "$INSIDE" tcp "${!outside}" 22
done
check_equal "their rules are named" "$(flows_json | jq -c '[.[] | .rule] | sort')" \
	'[null,null,"other","other","web","web"]'

check "the rule for port 80 goes" fw rule del web
before=$(drop_count policy)
for family in 4 6; do
	check_fails "IPv$family: its connection is dead" tell "web$family" echo 10
	check "IPv$family: the other one lives" tell "other$family" echo 10
	check "IPv$family: and that from the inside" tell "ssh$family" echo 10
done
check "its packets were dropped by policy" [ "$(drop_count policy)" -gt "$before" ]
check_equal "its flows are gone" "$(flows_json | jq '[.[] | select(.original.dport == 80)] | length')" 0
check "listeners were told" busywait 5 [ "$(event_count \
	'.event == "flow-end" and .reason == "revoked" and .original.dport == 80')" = 2 ]

check "with keep" fw set on-change keep
check "the rule for port 81 goes, too" fw rule del other
for family in 4 6; do
	check "IPv$family: its connection lives" tell "other$family" echo 10
done
check_fails "but there is no new one" tcp_connects "$OUTSIDE" "$INSIDE4" 81
check "with revalidate again, and a rule against port 22" fw set on-change revalidate
check "the rule is taken" fw rule add deny out tcp to any port 22 id no-ssh
for family in 4 6; do
	check_fails "IPv$family: the connection from the inside is dead" tell "ssh$family" echo 10
done
check "by the rule" [ "$(drop_count rule)" -ge 2 ]
