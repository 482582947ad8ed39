#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: 6.1
#
# A tap copies each packet between two ports once, either way, all or what matches; what
# comes in where the copies go gets nowhere. Also: other programs' flows stay, a bad
# statement changes nothing, and `clear` leaves the bridge as it was.
. "$(dirname "$0")/lib.sh"
. "$TESTS/ovs.sh"

need jq tcpdump

start_ovs
make_bridge
setup_ns A B SNOOP
host_at "$A" 1
host_at "$B" 2
plug "$SNOOP" 3
bare_bridge "$A" 10.0.9.2

# A flow of somebody else's, and all that is there.
"${OFCTL[@]}" add-flow br0 'cookie=0x5,priority=7,udp,tp_dst=9,actions=drop'
before=$(flow_dump)

check "a dry run says what would be done" grep -q 'set-fail-mode br0 secure' <(
	printf 'ovs bridge br0 secure\novs tap br0 between p1 and p2 to p3\n' |
		"$FWCTL" ovs apply - --dry-run)
check_equal "and does nothing" "$(flow_dump)" "$before"

# Only where it does not run, that is what is said.
declared() { echo 'ovs bridge br0 secure' | "$FWCTL" ovs apply - 2>&1; }
check_match "where Open vSwitch is not, that is said" "$(OVS_RUNDIR=$TMP/none declared)" \
	'Open vSwitch is not running; start it with: '
mkdir "$TMP/other"
printf '#!/bin/sh\necho "ovs-vsctl: db.sock: database connection failed (%s)" >&2\nexit 1\n' \
	'Connection reset by peer' >"$TMP/other/ovs-vsctl"
chmod +x "$TMP/other/ovs-vsctl"
check_match "another trouble is told as it is" "$(PATH=$TMP/other:$PATH declared)" \
	'^fwctl: ovs-vsctl: .*Connection reset by peer'

ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs tap br0 between p1 and p2 to p3
RULES
check "the link still forwards" pings "$A" 10.0.9.2
check "IPv6 too" pings "$A" 2001:db8:9::2

# both_ways KIND: five packets each way, each of its own: datagrams or echoes.
both_ways() {
	local pair namespace from to
	for pair in "$A 1 2" "$B 2 1"; do
		read -r namespace from to <<<"$pair"
		case $1 in
		udp)	send "$namespace" "$to" \
				"[eth(me, to, udp('10.0.9.$from', '10.0.9.$to', 7000 + i, 7)) for i in range(5)]" ;;
		echo)	send "$namespace" "$to" \
				"[eth(me, to, echo('10.0.9.$from', '10.0.9.$to', i, reply=True)) for i in range(5)]" ;;
		esac
	done
}

capture all "$SNOOP" eth0 'udp dst port 7 or icmp[0] = 0'
both_ways udp
both_ways echo
check_equal "each packet is copied once, either way" "$(capture_count all)" 20
check_equal "in to out: each of its own" "$(captured all | grep -c '10.0.9.1.700[0-4] > 10.0.9.2.7')" 5

capture broadcast "$SNOOP" eth0 'udp dst port 9000'
send "$A" 2 "eth(me, 'ff:ff:ff:ff:ff:ff', udp('10.0.9.1', '10.0.9.255', 9000, 9000))"
check_equal "a broadcast as well" "$(capture_count broadcast)" 1

ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs tap br0 between p1 and p2 to p3 match udp
RULES
capture udp "$SNOOP" eth0 'udp dst port 7 or icmp[0] = 0'
both_ways udp
both_ways echo
check_equal "with a match, what matches is copied once" "$(captured udp | grep -c UDP)" 10
check_equal "and nothing else" "$(captured udp | grep -c ICMP)" 0

# From the snooper, to a host that is known, to all, and to nobody. The same from a port
# without a tap gets there.
injected="[eth('02:00:00:00:00:99', d, udp('10.0.9.99', '10.0.9.1', 99, 99))
	for d in (to, 'ff:ff:ff:ff:ff:ff', '02:00:00:00:00:77')]"
capture at-a "$A" eth0 -Q in 'udp port 99'
capture at-b "$B" eth0 -Q in 'udp port 99'
send "$B" 1 "$injected"
check_equal "from another port it would arrive" "$(capture_count at-a)" 3
send "$SNOOP" 1 "$injected"
check_equal "what the snooper sends arrives nowhere" "$(capture_count at-a),$(capture_count at-b)" 3,0

# Before policy, what is denied is copied; after it, it is not.
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs tap br0 between p1 and p2 to p3 match udp
	ovs segment br0 deny any to any udp port 7
RULES
capture before "$SNOOP" eth0 'udp dst port 7'
capture denied "$B" eth0 -Q in 'udp dst port 7'
both_ways udp
check_equal "what a segment denies is copied before policy" "$(capture_count before)" 10
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs tap br0 between p1 and p2 to p3 after match udp
	ovs segment br0 deny any to any udp port 7
RULES
capture after "$SNOOP" eth0 'udp dst port 7 or udp dst port 8'
both_ways udp
send "$A" 2 "eth(me, to, udp('10.0.9.1', '10.0.9.2', 8, 8))"
check_equal "and not after it" "$(captured after | grep -c '\.7: UDP')" 0
check_equal "where what passes is copied" "$(captured after | grep -c '\.8: UDP')" 1
check_equal "the denied ones had not arrived" "$(captured denied | grep -c '10.0.9.1.700')" 0

# The mirror of OVS's own database.
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs mirror br0 between p1 and p2 to p3
RULES
capture mirror "$SNOOP" eth0 'udp dst port 7'
both_ways udp
check_equal "a mirror copies each once as well" "$(capture_count mirror)" 10
check_equal "again, it is not made again" "$("$FWCTL" -j ovs apply "$TMP/bridges" |
	jq -c '.bridges[0] | [.removed, .added]') $(ovs-vsctl --columns=name list mirror | grep -c flowwall-p3)" "[0,0] 1"

# What is wrong changes nothing, and says what to do.
now=$(flow_dump)
wrong() { printf '%s\n' "$@" >"$TMP/wrong"; "$FWCTL" ovs apply "$TMP/wrong" 2>&1; echo "status $?"; }
check_match "a port that is not there" \
	"$(wrong 'ovs bridge br0 secure' 'ovs tap br0 between p1 and p7 to p3')" \
	'wrong:2:28: .p7. is not a port of the bridge .br0.'
check_match "and which there are" "$(wrong 'ovs bridge br0' 'ovs tap br0 between p1 and p7 to p3')" \
	'hint: its ports are: br0, p1, p2, p3'
check_match "a bridge that is not there" "$(wrong 'ovs bridge br7 secure')" 'hint: ovs-vsctl add-br br7'
check_match "a group that is not there" \
	"$(wrong 'ovs bridge br0 secure' 'ovs segment br0 deny group x to any')" 'there is no group .x.'
check_match "two features at one port" \
	"$(wrong 'ovs bridge br0' 'ovs tap br0 between p1 and p2 to p3' 'ovs mirror br0 between p1 and p2 to p3')" \
	'status 1'
ovs-vsctl --timeout=20 --no-wait add-bond br0 bond0 p8 p9
check_match "a bond" "$(wrong 'ovs bridge br0 secure')" 'p8. is a member of a bond of OVS'
ovs-vsctl --timeout=20 del-port br0 bond0
check_equal "none of them changed a flow" "$(flow_dump)" "$now"
check_match "the flow of another program is there" "$(flow_dump)" 'cookie=0x5'
check_match "which comes before some of FlowWall's, and that is said" "$("$FWCTL" ovs 2>&1 >/dev/null)" \
	'on .br0., 1 flow of other programs comes before .*: table=0,priority=7,udp,tp_dst=9$'
check_equal "in JSON" "$("$FWCTL" -j ovs 2>/dev/null | jq -c '.bridges[0] | [.others, .others_first]')" '[1,1]'

# A bridge that takes no more flows, after one that took its own.
ovs-vsctl --timeout=20 add-br bb -- set bridge bb datapath_type="$DATAPATH" -- \
	--id=@small create flow_table flow_limit=1 overflow_policy=refuse -- \
	set bridge bb flow_tables:0=@small >/dev/null || die "cannot make a bridge"
check_match "a bridge without room" \
	"$(wrong 'ovs bridge br0 secure' 'ovs tap br0 between p2 and p1 to p3 match udp' \
		'ovs bridge bb secure')" 'no more flows.*: nothing was changed'
check_equal "and the other one is as it was" "$(flow_dump)" "$now"
ovs-vsctl --timeout=20 del-br bb

check "clear" "$FWCTL" ovs clear
check_equal "leaves all flows as they were" "$(flow_dump)" "$before"
check_equal "and no mirror, no mark, no fail mode" \
	"$(ovs-vsctl --columns=fail_mode,mirrors,external_ids list bridge br0 | tr -d ' \n')" \
	'fail_mode:[]mirrors:[]external_ids:{}'
check "the bridge forwards" pings "$A" 10.0.9.2
