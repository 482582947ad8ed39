#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# After a change of the rules a flow that they no longer allow ends with its next
# packet, unless `set on-change keep`.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
listen_tcp "$INSIDE" 80 81
listen_tcp "$OUTSIDE" 80
fw_rules <<-RULES
	allow in tcp to any port 80 id web
	allow in tcp to any port 81 id other
RULES
watch_events

revoked() { event_seen ".event == \"flow-end\" and .reason == \"revoked\" and .original.dport == $1"; }

for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v
	in=${!in} out=${!out}
	session "in$v" "$OUTSIDE" tcp "$in" 80 >/dev/null
	session "other$v" "$OUTSIDE" tcp "$in" 81 >/dev/null
	session "out$v" "$INSIDE" tcp "$out" 80 >/dev/null
	check "v$v: a connection from outside, by a rule" tell "in$v" echo 10
	check "v$v: one by another rule" tell "other$v" echo 10
	check "v$v: one from inside" tell "out$v" echo 10
done
fw rule del web
check_equal "the rule is gone; no packet has come since" "$(flow_count)" 6
for v in 4 6; do
	check_fails "v$v: its connection ends with the next packet" tell "in$v" echo 10
	check "v$v: that of the other rule goes on" tell "other$v" echo 10
	check "v$v: so does the one from inside" tell "out$v" echo 10
done
check "the event says why" busywait 3 revoked 80
check_equal "these two, and no others" \
	"$(event_count '.event == "flow-end" and .reason == "revoked"')" 2
check_equal "their packets were dropped by policy" "$(drops | sed 's/ [0-9]*//')" policy
check_equal "four flows are left" "$(flow_count)" 4

fw rule add deny out tcp to any port 80 id stop
check_fails "a new refusal ends what it matches" tell out4 echo 10
check "and nothing else" tell other6 echo 10
fw rule del stop

fw set on-change keep
fw rule del other
for v in 4 6; do
	check "v$v: kept, a connection outlives its rule" tell "other$v" echo 10
done
check_equal "a new one does not come in" "$(tcp_result "$OUTSIDE" "$INSIDE4" 81)" timeout
fw role add out0 none
fw role add out0 external
check "nor does it end by that" tell other4 echo 10
fw set on-change revalidate
check_fails "until flows are to be judged again" tell other4 echo 10
