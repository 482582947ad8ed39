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

# Nobody has to ask the originator where nothing depends on its interface.
fw_rules <<-RULES
	allow in udp to any port 53 id dns
	deny in on out0 log
RULES
craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 7053, 53)"
check_equal "a flow by a rule" "$(flow '.original.dport == 53' | wc -l)" 1
fw_rules <<-RULES
	deny in on out0 log
RULES
check_equal "without it, the refusal behind it ends the flow at once" \
	"$(flow '.original.dport == 53 and .state != "revoked"' | wc -l)" 0

# A host behind another inside interface; when that is gone, its address is outside.
setup_ns FAR
FAR4=203.0.113.9
ip -n "$ROUTER" link add tun0 type veth peer name eth0 netns "$FAR"
ip -n "$ROUTER" addr add 203.0.113.1/24 dev tun0
ip -n "$ROUTER" link set tun0 up
ip -n "$FAR" addr add "$FAR4/24" dev eth0
ip -n "$FAR" link set eth0 up
ip -n "$FAR" route add default via 203.0.113.1
watch far "$FAR" eth0 'udp and dst port 53'
there() { craft "$INSIDE" "udp('$INSIDE4', '$FAR4', $1, $2)"; }
back() { craft "$FAR" "udp('$FAR4', '$INSIDE4', $1, $2)"; }
fw_rules <<-RULES
	role tun0 internal
	allow inside udp on in0 to any port 53
	deny inside udp to any port 53
RULES
check_arrives "a flow within, by a rule with an interface" far 1 "$INSIDE" "udp('$INSIDE4', '$FAR4', 7053, 53)"
cp "$TMP/ruleset" "$TMP/allowing"
fw_rules <<-RULES
	role tun0 internal
	deny inside udp to any port 53
RULES
check_arrives "ends without that rule" far 0 "$INSIDE" "udp('$INSIDE4', '$FAR4', 7053, 53)"
fw apply "$TMP/allowing"
back 53 7053
check_arrives "and is back with it, whoever sends first" far 1 "$INSIDE" "udp('$INSIDE4', '$FAR4', 7053, 53)"

fw_rules <<-RULES
	role tun0 internal
	allow inside udp to any
	deny out udp to any port 9
RULES
capture outside "$OUTSIDE" eth0 "udp and dst host $FAR4"
there 7009 9
there 7010 10
# And two that the other end has opened.
back 9 7109
back 10 7110
check_equal "four flows within" "$(flow '.direction == "inside" and (.original.sport | . != 7053)' | wc -l)" 4
ip -n "$ROUTER" link del tun0
ip -n "$ROUTER" route add 203.0.113.0/24 via "$OUTSIDE4"
before=$(fw -j status)
there 7009 9
there 7010 10
there 7109 9
there 7110 10
settle
for port in 9 109; do
	check_equal "what a rule denies to the outside does not leave ($port)" \
		"$(captured outside | grep -c "\.$((7000 + port)) > $FAR4.9:")" 0
done
for port in 10 110; do
	check_equal "what none denies does ($port)" \
		"$(captured outside | grep -c "\.$((7000 + port)) > $FAR4.10:")" 1
	check_equal "it is a flow to the outside now ($port)" \
		"$(flow ".direction == \"out\" and .original.sport == $((7000 + port))" | wc -l)" 1
done
# Those that ended before may still send.
check_equal "the rule has dropped them" "$(drops_since "$before" | grep -o 'rule.*')" "rule 2"
check_drops "whose answers come in" "" "$OUTSIDE" "udp('$FAR4', '$INSIDE4', 10, 7010)"

# Of one packet to many, each copy is asked for by itself.
if in_ns "$ROUTER" test -e /proc/net/ip_mr_vif; then
	ip -n "$ROUTER" link add tun0 type veth peer name eth1 netns "$FAR"
	ip -n "$ROUTER" link set tun0 up
	ip -n "$FAR" link set eth1 up
	fw_rules <<-RULES
		role tun0 internal
		allow inside udp to any
		deny out udp to 239.0.0.0/8
	RULES
	watch many-inside "$FAR" eth1 'dst host 239.1.1.1'
	watch many-outside "$OUTSIDE" eth0 'dst host 239.1.1.1'
	in_ns "$ROUTER" "$PYTHON" "$TESTS/multicast.py" in0 "$INSIDE4" 239.1.1.1 out0 tun0 >"$TMP/multicast" &
	busywait 10 test -s "$TMP/multicast" || die "there is no multicast route"
	craft "$INSIDE" "[udp('$INSIDE4', '239.1.1.1', 7000, 7000)] * 3"
	check_seen "inside, all of them arrive" many-inside 3
	check_seen "outside, where a rule denies them, none" many-outside 0
else
	echo "# this kernel has no multicast routing"
fi
