#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: 6.12
#
# A coprocessor answers one service of a real host for one client, with the real host's
# addresses: the host keeps its other services, its other clients and its place in the
# address table.
#
#    CLIENT --- p1           p3 --- REAL (10.0.9.3, ssh and web)
#     OTHER --- p2   [br0]
#                    p4 ------------ fake0 [bridge fake] fake-c --- namespace fake
. "$(dirname "$0")/lib.sh"
. "$TESTS/ovs.sh"

need jq tcpdump ncat

# banner NAMESPACE ADDRESS PORT: the first line that a service says.
banner() {
	# shellcheck disable=SC2016  # expanded inside
	in_ns "$1" timeout 5 bash -c '
		exec 3<>"/dev/tcp/$0/$1" && read -r -t 4 line <&3 && echo "$line"' "$2" "$3" 2>/dev/null
}

# says NAMESPACE PORT TEXT: a service that says TEXT to each client.
says() {
	in_ns "$1" ncat -k -l "$2" --sh-exec "echo $3" &
	busywait 20 in_ns "$1" bash -c "ss -Htln 'sport = :$2' | grep -q ." || die "cannot listen on $2"
}

real_port() { "${OFCTL[@]}" dump-flows br0 cookie=0x4657000000000030/-1 |
	grep "dl_dst=$(mac 3)" | grep -o 'load:0x[0-9a-f]*->' | sort | uniq -c | tr -d ' \n'; }

start_ovs
make_bridge
setup_ns CLIENT OTHER REAL
host_at "$CLIENT" 1
host_at "$OTHER" 2
host_at "$REAL" 3
ip link add p4 type veth peer name fake0
ip link set p4 up
ip link set fake0 up
[ "$DATAPATH" != netdev ] || { ethtool -K p4 tx off; ethtool -K fake0 tx off; } >/dev/null
ovs-vsctl --timeout=20 add-port br0 p4
says "$REAL" 22 REAL
says "$REAL" 80 WEB

# Its own side; the second time changes nothing.
FLOWWALL_NAMESPACES+=(fake)
setup=("$FWCTL" ovs setup-host fake iface fake0 addr 10.0.9.3/24 mac "$(mac 3)" vlan 2)
[ "$DATAPATH" != netdev ] || ovs-vsctl --timeout=20 add-br fake -- set bridge fake datapath_type=netdev
check "setup-host" "${setup[@]}"
state() { ip -n fake -brief addr | sort; ip -brief link | sort; ovs-vsctl list-ports fake
	ovs-ofctl --no-stats dump-flows fake | sort; }
first=$(state)
check "again" "${setup[@]}"
check_equal "changes nothing" "$(state)" "$first"
[ "$DATAPATH" != netdev ] || { in_ns fake ethtool -K eth0 tx off; ethtool -K fake-c tx off; } >/dev/null
says fake 22 FAKE
for words in "addr 10.0.9.3" "addr 10.0.9.300/24" "addr 10.0.9.3/33" "mac 02:00" \
		"mac 02:00:00:00:00:zz" "mac 03:00:00:00:00:01" "vlan 0" "vlan 5000"; do
	# shellcheck disable=SC2086  # words
	check_match "refused: $words" "$("${setup[@]}" $words --dry-run 2>&1)" \
		".${words#* }. is not (an address and|the link address|the number of a VLAN)"
done
ip link add other0 type veth peer name other1
ovs-vsctl --timeout=20 add-br other -- set bridge other datapath_type="$DATAPATH" \
	-- add-port other other0 || die "cannot make a bridge"
check_fails "a bridge that is somebody else's is not taken" \
	"$FWCTL" ovs setup-host other iface fake0 addr 10.0.9.3/24 mac "$(mac 3)"
check_equal "and stays as it was" "$(ovs-vsctl get-fail-mode other; ovs-vsctl list-ports other)" other0
check_fails "nor is its namespace made" test -e /run/netns/other

bare_bridge "$CLIENT" 10.0.9.3
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs coprocessor br0 port p4 for p1 tcp port 22 host 10.0.9.3 vlan 2
RULES
check "the client's ping reaches a host" pings "$CLIENT" 10.0.9.3
capture real "$REAL" eth0 -Q in 'icmp[0] = 8 or tcp port 22'
capture tagged fake eth0 -Q in 'icmp or tcp'
capture wire "$CLIENT" eth0 'vlan'
check_equal "the client's ssh is the coprocessor's" "$(banner "$CLIENT" 10.0.9.3 22)" FAKE
check_equal "the other client's is the real one's" "$(banner "$OTHER" 10.0.9.3 22)" REAL
check_equal "the client's web is the real one's" "$(banner "$CLIENT" 10.0.9.3 80)" WEB
check "the client's ping" pings "$CLIENT" 10.0.9.3
check_equal "is the real host's: it saw it" "$(captured real | grep -c 'echo request')" 1
check_equal "and did not see the client's ssh" "$(captured real | grep -c '10.0.9.1.*10.0.9.3.22:')" 0
check_equal "the coprocessor saw no ping" "$(captured tagged | grep -c 'echo request')" 0
check_equal "the client never sees a tag" "$(capture_count wire)" 0

# The coprocessor knows its client by ARP, which went both ways; and it does not move the
# real host's address, whatever it sends.
check_equal "it learned who the client is" \
	"$(ip -n fake neigh show 10.0.9.1 | grep -o "lladdr $(mac 1)")" "lladdr $(mac 1)"
for ((i = 0; i < $(rounds 20 2); i++)); do
	banner "$CLIENT" 10.0.9.3 22 >/dev/null
	in_ns fake arping -c 1 -w 1 -I eth0 10.0.9.1 >/dev/null 2>&1 || in_ns fake ping -c 1 -W 1 10.0.9.1 >/dev/null
	ip -n fake neigh flush dev eth0
	pings "$CLIENT" 10.0.9.3 >/dev/null || fail "a ping got lost in between"
	real_port
	echo
done >"$TMP/places"
check_equal "the real host keeps its place in the address table" \
	"$(sort -u "$TMP/places" | grep .)" "1load:0x3->"

# Without a tag on the way, and for UDP.
udp_echo_server "$REAL" 53
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs coprocessor br0 port p4 for p1 tcp port 22
RULES
"$FWCTL" ovs setup-host fake iface fake0 addr 10.0.9.3/24 mac "$(mac 3)" >/dev/null
ip -n fake neigh flush dev eth0
check_equal "without a VLAN as well" "$(banner "$CLIENT" 10.0.9.3 22)" FAKE
check_equal "by IPv6 the other client's is the real one's" "$(banner "$OTHER" 2001:db8:9::3 22)" REAL
check_equal "but the client's is not: for any host, the real one is not asked" \
	"$(banner "$CLIENT" 2001:db8:9::3 22)" ""

# A frame of the coprocessor with the VLAN of a port goes there alone; one with another VLAN
# nowhere.
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs coprocessor br0 port p4 for p1 tcp port 22 host 10.0.9.3 vlan 2
RULES
capture p1 "$CLIENT" eth0 -Q in 'udp port 99'
capture p2 "$OTHER" eth0 -Q in 'udp port 99'
inject() {
	$PYTHON -I -S "$TESTS/frame.py" fake0 ff:ff:ff:ff:ff:ff \
		"eth('02:00:00:00:00:55', to, udp('10.0.9.9', '10.0.9.255', 99, 99), vlan=$1)"
}
inject 1001
inject 7
check_equal "the VLAN of a port leads there alone" "$(capture_count p1),$(capture_count p2)" 1,0
inject 2
check_equal "that of the coprocessor to whom it is for" "$(capture_count p1),$(capture_count p2)" 2,1

# A client does not get past it by a tag of no VLAN, two tags, or fragments, of which OVS
# sees no ports.
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs coprocessor br0 port p4 for p1 udp port 53 host 10.0.9.3 vlan 2
RULES
capture past "$REAL" eth0 -Q in 'udp or vlan or ip[6:2] & 0x3fff != 0'
tcpdump -Z root -i fake0 -U --immediate-mode -w "$TMP/service.pcap" 'vlan 2 and udp' 2>"$TMP/service.err" &
busywait 20 grep -q 'listening on' "$TMP/service.err" || die "cannot capture"
asks="udp('10.0.9.1', '10.0.9.3', 7000, 53)"
send "$CLIENT" 3 "eth(me, to, $asks, vlan=[0])" "eth(me, to, $asks, vlan=[0, 0])" \
	"[eth(me, to, one) for one in pieces($asks, 7, (0, 8), (8, 32))]"
send "$CLIENT" 3 "eth(me, to, udp('10.0.9.1', '10.0.9.3', 7000, 54))"
check_equal "the real host gets what is for another port" "$(captured past | grep -c '\.54:')" 1
check_equal "and nothing else" "$(capture_count past)" 1
check_equal "the coprocessor the one with a tag, and the fragments" "$(capture_count service)" 3
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs coprocessor br0 port p4 for p1 tcp port 22 host 10.0.9.3 vlan 2
RULES

# The coprocessor goes away: nobody else answers in its place.
ovs-vsctl --timeout=20 del-port br0 p4
cat >"$TMP/gone" <<-RULES
	ovs bridge br0 secure
	ovs coprocessor br0 port p4 for p1 tcp port 22 host 10.0.9.3 vlan 2
RULES
check_match "a coprocessor's port that is gone is a mistake" \
	"$("$FWCTL" ovs apply "$TMP/gone" 2>&1)" 'gone:2:26: .p4. is not a port'
check_equal "the client's ssh reaches nobody" "$(banner "$CLIENT" 10.0.9.3 22)" ""
check_equal "the other's the real one" "$(banner "$OTHER" 10.0.9.3 22)" REAL
