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

# Rules with `on`: a packet the other way does not tell where the flow came from, so the next
# one of the originator's decides.
fw_rules <<-RULES
	allow in tcp on out0 to any port 80 id web
RULES
for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v
	session "on$v" "$OUTSIDE" tcp "${!in}" 80 >/dev/null
	session "to$v" "$INSIDE" tcp "${!out}" 80 >/dev/null
	check "v$v: a connection by a rule with an interface" tell "on$v" echo 10
	check "v$v: one from inside by none" tell "to$v" echo 10
done
fw_rules <<-RULES
	allow in tcp on out0 to any port 80 id web comment "edited"
RULES
for v in 4 6; do
	check "v$v: when the rule's comment is another, it goes on" tell "on$v" echo 10
done
fw_rules <<-RULES
	allow in tcp on in0 to any port 80 id web
	deny out tcp to any port 80 on in0
RULES
for v in 4 6; do
	check_fails "v$v: with another interface it ends" tell "on$v" echo 10
	check "v$v: so does not what that interface has nothing to do with" tell "to$v" echo 10
done
fw rule add deny out tcp to any port 80 on out0
for v in 4 6; do
	check_fails "v$v: with a new refusal at its interface, it does" tell "to$v" echo 10
done

# The route of a flow from inside to inside leads outside now: other rules are about it.
ip -n "$ROUTER" link add tun0 type dummy
ip -n "$ROUTER" link set tun0 up
ip -n "$ROUTER" route add 203.0.113.0/24 dev tun0
ip -n "$ROUTER" neigh add 203.0.113.9 lladdr 02:00:00:00:00:09 dev tun0
fw_apply <<-RULES
	version 1
	role out0 external
	role in0 internal
	role tun0 internal
	allow inside udp to any
	deny out udp to any port 9
RULES
capture outside "$OUTSIDE" eth0 'udp dst port 9 or udp dst port 10'
through() { craft "$INSIDE" "udp('$INSIDE4', '203.0.113.9', 7000 + $1, $1)"; }
through 9
through 10
check_equal "two flows within" "$(flow '.direction == "inside"' | wc -l)" 2
ip -n "$ROUTER" link del tun0
ip -n "$ROUTER" route add 203.0.113.0/24 via "$OUTSIDE4"
before=$(fw -j status)
through 9
through 10
settle
check_equal "what a rule denies to the outside does not leave" "$(captured outside | grep -c '203.0.113.9.9:')" 0
check_equal "what none denies does" "$(captured outside | grep -c '203.0.113.9.10:')" 1
check_equal "the rule has dropped it" "$(drops_since "$before")" "rule 1"
check_equal "it is a flow to the outside now" "$(flow '.direction == "out" and .original.dst == "203.0.113.9"' | wc -l)" 1
check_drops "whose answers come in" "" "$OUTSIDE" "udp('203.0.113.9', '$INSIDE4', 10, 7010)"
