#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# kernel: none, unless in full
#
# The controller's other modes. As a switch that learns it sees the first packets between two
# hosts only, and follows a host that moves with its first packet. As a VXLAN gateway it joins
# two bridges in two namespaces by real tunnels, and lets nothing else out of them.
#
#    A --- p1 [br0] p2 --- B        HOST1 --- [SITE1] === tunnel === [SITE2] --- HOST2
#               p3 --- MOVED        10.1.0.1  192.0.2.1            192.0.2.2  10.2.0.1
. "$(dirname "$0")/lib.sh"
. "$TESTS/ovs.sh"
. "$TESTS/decoy.sh"

need jq iperf3 tcpdump

start_ovs
make_bridge
setup_ns A B MOVED
host_at "$A" 1
host_at "$B" 2
plug "$MOVED" 3
bare_bridge "$A" 10.0.9.2

# --- a switch that learns -----------------------------------------------------------
ovs-vsctl --timeout=20 set-fail-mode br0 secure -- set-controller br0 tcp:127.0.0.1:6653
check_fails "without a controller nothing is forwarded" pings "$A" 10.0.9.2
start_controller --mode switch
check "the switch connects" switch_connects
check "hosts reach each other" busywait 10 pings "$A" 10.0.9.2
check "by IPv6" busywait 10 pings "$A" 2001:db8:9::2
pings "$A" 10.0.9.2 >/dev/null

# asked: how many packets came to the controller; carried: how many bytes did not have to.
asked() { "${OFCTL[@]}" dump-flows br0 | grep 'CONTROLLER' | grep -o 'n_packets=[0-9]*' | cut -d = -f 2; }
carried() { "${OFCTL[@]}" dump-flows br0 | grep 'priority=100' | grep -o 'n_bytes=[0-9]*' |
	awk -F= '{ n += $2 } END { print n }'; }
in_ns "$B" iperf3 -s -1 -D >/dev/null
busywait 10 in_ns "$B" bash -c 'ss -Htln "sport = :5201" | grep -q .'
before=$(asked)
bytes=$(in_ns "$A" iperf3 -J -c 10.0.9.2 -n 10M | jq '.end.sum_received.bytes // 0')
check "iperf3 sends: $bytes bytes" [ "$bytes" -ge 5000000 ]
sleep 1
check "of whose packets the controller saw a few at most: $(($(asked) - before))" \
	[ $(($(asked) - before)) -le 20 ]
check "and the datapath the others" [ "$(carried)" -ge 5000000 ]

capture old "$B" eth0 -Q in icmp
capture new "$MOVED" eth0 -Q in icmp
pings "$A" 10.0.9.2 >/dev/null
check_equal "a host gets its packets" "$(capture_count old),$(capture_count new)" 1,0
# B goes, and MOVED has its addresses; the link of B's port stays up.
ip -n "$B" addr flush dev eth0
ip -n "$B" link set eth0 address "$(mac 9)"
ip -n "$MOVED" link set eth0 address "$(mac 2)"
ip -n "$MOVED" addr add 10.0.9.2/24 dev eth0
in_ns "$MOVED" $PYTHON -I -S "$TESTS/frame.py" eth0 ff:ff:ff:ff:ff:ff \
	"arp(me, to, 1, me, '10.0.9.2', '10.0.9.2')"
gone() { "${OFCTL[@]}" dump-flows br0 | grep -q "dl_dst=$(mac 2) actions=output:3" ||
	! "${OFCTL[@]}" dump-flows br0 | grep -q "dl_dst=$(mac 2)"; }
busywait 5 gone
check "after it has moved, and sent one packet" pings "$A" 10.0.9.2
check_equal "its packets come to where it is" "$(capture_count old),$(capture_count new)" 1,1
stop_controller

# --- beside other features ----------------------------------------------------------
"${OFCTL[@]}" del-flows br0
ovs_apply <<<'ovs bridge br0 secure'
start_controller --mode switch
check "a bridge of fwctl ovs is refused" busywait 20 grep -q 'gone: its flows are those of .fwctl ovs' \
	"$TMP/controller"
stop_controller
check_match "decoys and another mode are refused" \
	"$("$FWCTL" decoy --mode switch --net 10.0.9.0/24 2>&1)" 'run one for each mode'
check_match "a gateway without a map is refused" "$("$FWCTL" decoy --mode vxlan 2>&1)" 'which network is where'

# --- a VXLAN gateway ----------------------------------------------------------------

# site NUMBER OTHER HOST: an OVS of its own in the namespace SITE, with a host at its bridge.
site() {
	local namespace=SITE$1 run=$TMP/site$1 type=system device=u0
	namespace=${!namespace}
	[ "$DATAPATH" = system ] || type=netdev
	mkdir "$run"
	in_site() { OVS_RUNDIR=$run OVS_DBDIR=$run OVS_LOGDIR=$run in_ns "$namespace" "$@"; }
	ovsdb-tool create "$run/conf.db" /usr/share/openvswitch/vswitch.ovsschema
	in_site ovsdb-server "$run/conf.db" --remote="punix:$run/db.sock" --pidfile --log-file 2>/dev/null &
	busywait 20 test -S "$run/db.sock" || die "no ovsdb-server"
	in_site ovs-vsctl --no-wait init
	in_site ovs-vswitchd "unix:$run/db.sock" --pidfile --log-file 2>/dev/null &
	ip link add h0 netns "$namespace" type veth peer name eth0 netns "$3"
	ip -n "$namespace" link set h0 up
	ip -n "$namespace" link set u0 up
	in_site ovs-vsctl --timeout=30 add-br br0 -- set bridge br0 datapath_type=$type fail_mode=secure \
		-- add-port br0 h0 -- add-port br0 vxlan0 -- set interface vxlan0 type=vxlan \
		options:remote_ip=flow options:key=flow -- set-controller br0 tcp:127.0.0.1:6653 ||
		die "cannot make a site"
	if [ $type = netdev ]; then	# the tunnel's own packets go through a bridge as well
		in_site ovs-vsctl --timeout=30 add-br under -- set bridge under datapath_type=netdev \
			-- add-port under u0
		device=under
		in_ns "$namespace" ethtool -K u0 tx off >/dev/null
		in_ns "$namespace" ethtool -K h0 tx off >/dev/null
		in_ns "$3" ethtool -K eth0 tx off >/dev/null
	fi
	ip -n "$namespace" link set $device up
	ip -n "$namespace" addr add "192.0.2.$1/24" dev $device
	ip -n "$3" link set eth0 mtu 1400 up
	ip -n "$3" addr add "10.$1.0.1/8" dev eth0
	ip -n "$3" addr add "2001:db8:$1::1/32" dev eth0 nodad
	in_site "$FWCTL" decoy --mode vxlan --map "10.$2.0.0/16=192.0.2.$2,5001" \
		--map "2001:db8:$2::/48=192.0.2.$2,5002" >"$run/controller" 2>&1 &
	busywait 20 grep -q connected "$run/controller" || die "no gateway" "$(cat "$run/controller")"
}

setup_ns SITE1 SITE2 HOST1 HOST2
ip link add u0 netns "$SITE1" type veth peer name u0 netns "$SITE2"
site 1 2 "$HOST1"
check_fails "with one gateway nobody answers" pings "$HOST1" 10.2.0.1
site 2 1 "$HOST2"
check "the sites reach each other" busywait 20 pings "$SITE1" 192.0.2.2
check "through the tunnel a host is reached" busywait 20 pings "$HOST1" 10.2.0.1
check "from the other side" pings "$HOST2" 10.1.0.1
check "by IPv6" busywait 10 pings "$HOST1" 2001:db8:2::1
capture tunnel "$SITE2" u0 udp port 4789
check "TCP" bash -c "ip netns exec $HOST2 iperf3 -s -1 -D && sleep 1 &&
	ip netns exec $HOST1 iperf3 -c 10.2.0.1 -n 1M"
check_match "in packets of VXLAN, with its number" "$(captured tunnel)" 'VXLAN, .*vni 5001'

# What comes with another number, or from another end, goes nowhere.
capture host "$HOST2" eth0 -Q in 'udp port 99'
inject() { # VNI SOURCE
	in_ns "$SITE1" $PYTHON -I "$TESTS/vxlan.py" 192.0.2.2 "$1" "$2" \
		"$(ip netns exec "$HOST2" cat /sys/class/net/eth0/address)"
}
ip -n "$SITE1" addr add 192.0.2.9/24 dev "$([ "$DATAPATH" = system ] && echo u0 || echo under)"
came() { [ "$(capture_count host)" = 1 ]; }
inject 5001 192.0.2.1
check "a packet of the network comes out" busywait 10 came
inject 5003 192.0.2.1
inject 5001 192.0.2.9
check_equal "one of another network, or from another end, does not" "$(capture_count host)" 1
