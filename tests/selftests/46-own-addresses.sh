#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 240
# kernel: 6.12
#
# Which sources from outside are this router's own, and whose: as addresses come and go,
# on links of two hosts, on interfaces that are down, of another host, and in VRFs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
# IP itself drops none of these.
in_ns "$ROUTER" sysctl -qw net.ipv4.conf.all.accept_local=1 net.ipv4.conf.out0.accept_local=1
watch inside "$INSIDE" eth0 udp dst port 9
fw_rules <<<"allow in udp to any port 9"

# Another flow each time: one that is known is not judged again.
port=1000
probe() { # SOURCE
	local to=$INSIDE4
	[[ $1 != *:* ]] || to=$INSIDE6
	port=$((port + 1))
	echo "udp('$1', '$to', $port, 9)"
}
passes() { # WHEN SOURCE...
	local source link
	link=$(link_address "$ROUTER" out0)
	for source in "${@:2}"; do
		probe "$source" >"$TMP/probe"
		check_arrives "$1: $source passes" inside 1 "$OUTSIDE" -i eth0 "$link" "$(<"$TMP/probe")"
	done
}
spoofed() { # WHEN SOURCE...
	local source link
	link=$(link_address "$ROUTER" out0)
	for source in "${@:2}"; do
		probe "$source" >"$TMP/probe"
		check_drops "$1: $source is spoofed" "spoofed 1" "$OUTSIDE" -i eth0 "$link" "$(<"$TMP/probe")"
	done
}
router() { # LINES for ip
	ip -n "$ROUTER" -batch - || die "ip does not do it"
	settle
}

others=(198.51.100.77 2001:db8:2::77 10.0.5.9 2001:db8:5::9)
passes "before there are addresses" "${others[@]}"
router <<-ADDRESSES
	addr add 198.51.100.77/24 dev out0
	addr add 2001:db8:2::77/64 dev out0 nodad
	addr add 10.0.5.1/24 dev in0
	addr add 2001:db8:5::1/64 dev in0 nodad
ADDRESSES
spoofed "with addresses" "${others[@]}"
router <<-ADDRESSES
	addr del 198.51.100.77/24 dev out0
	addr del 2001:db8:2::77/64 dev out0
	addr del 10.0.5.1/24 dev in0
	addr del 2001:db8:5::1/64 dev in0
ADDRESSES
passes "after them" "${others[@]}"

small=(192.0.2.0 192.0.2.10 192.0.2.20 192.0.2.140 192.0.2.191)
passes "before small networks" "${small[@]}"
router <<-ADDRESSES
	addr add 192.0.2.0/31 dev out0
	addr add 192.0.2.10 peer 192.0.2.11 dev out0
	addr add 192.0.2.20/32 dev out0
	addr add 192.0.2.129/26 brd 192.0.2.140 dev out0
ADDRESSES
spoofed "in small networks" "${small[@]}"
passes "the other end of /31, of a peer, and no broadcast" 192.0.2.1 192.0.2.11 192.0.2.139
# More addresses than there was room for.
for ((i = 1; i < 100; i++)); do echo "addr add 192.0.2.$((20 + i))/32 dev out0"; done | router
spoofed "of many" 192.0.2.21 192.0.2.119
passes "none of many" 192.0.2.120

cold=(198.51.100.88 2001:db8:2::88)
in_ns "$ROUTER" sysctl -qw net.ipv6.conf.default.keep_addr_on_down=1
router <<-STANDBY
	link add standby type dummy
	link set standby up
	addr add ${cold[0]}/24 dev standby
	addr add ${cold[1]}/64 dev standby nodad
STANDBY
spoofed "of an interface that is up" "${cold[@]}"
router <<<"link set standby down"
check_match "it keeps its addresses" "$(ip -n "$ROUTER" addr show standby)" "${cold[1]}"
passes "of one that is down" "${cold[@]}"
router <<<"link set standby up"
spoofed "of one that is up again" "${cold[@]}"

in_ns "$ROUTER" sysctl -qw net.ipv6.conf.out0.accept_dad=1 net.ipv6.conf.out0.dad_transmits=1
router <<<"addr add $OUTSIDE6/64 dev out0"
dad_failed() { ip -n "$ROUTER" addr show out0 | grep -q "$OUTSIDE6.*dadfailed"; }
check "the outside defends its address" busywait 10 dad_failed
settle
passes "of another host, who has it" "$OUTSIDE6"
router <<<"addr del $OUTSIDE6/64 dev out0"

# What it sends to all, itself included.
to_itself() {
	in_ns "$ROUTER" "$PYTHON" -I -S - "$ROUTER_OUT4" "$ROUTER_OUT6" <<-'PYTHON'
		import socket, struct, sys
		index = socket.if_nametoindex("out0")
		for source, group in ((sys.argv[1], "224.0.0.251"), (sys.argv[1], "198.51.100.255"),
		                      (sys.argv[2], "ff05::fb")):
		    v6 = ":" in group
		    family = socket.AF_INET6 if v6 else socket.AF_INET
		    hears, says = (socket.socket(family, socket.SOCK_DGRAM) for i in range(2))
		    hears.bind(("", 5353))
		    hears.settimeout(2)
		    member = struct.pack("=4s4si", socket.inet_aton(group if not v6 else "0.0.0.0"), bytes(4), index)
		    if v6:
		        hears.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
		                         socket.inet_pton(family, group) + struct.pack("=I", index))
		        says.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
		    elif group.startswith("224"):
		        hears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
		        says.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
		    says.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
		    says.bind((source, 0))
		    says.sendto(b"all", (group, 5353))
		    hears.recv(10)
		    hears.close()
	PYTHON
}
before=$(fw -j status)
check "it hears its own multicast and broadcast" to_itself
check_equal "and drops none" "$(drops_since "$before")" ""

# 198.51.100.0/24 is two networks in two VRFs, and so is 10.0.5.0/24.
twins=("$OUTSIDE4" "$OUTSIDE6" 10.0.5.9 2001:db8:5::9)
router <<-TWIN
	link add twin0 type dummy
	link set twin0 up
TWIN
twin() {
	router <<-TWIN
		addr replace $OUTSIDE4/24 dev twin0
		addr replace $OUTSIDE6/64 dev twin0 nodad
		addr replace 10.0.5.1/24 dev twin0
		addr replace 2001:db8:5::1/64 dev twin0 nodad
	TWIN
}
twin
spoofed "of one namespace" "${twins[@]}"
ip -n "$ROUTER" -batch - <<-VRF || skip "no VRF here"
	link add red type vrf table 10
	link add blue type vrf table 20
	link set red up
	link set blue up
	link set out0 master red
	link set in0 master red
	link set twin0 master blue
	addr replace $ROUTER_IN6/64 dev in0 nodad
	addr replace $ROUTER_OUT6/64 dev out0 nodad
VRF
twin
passes "of another VRF" "${twins[@]}"
spoofed "of its own VRF" "$ROUTER_OUT4" "$ROUTER_OUT6" "${INSIDE4}2" "${INSIDE6}2"
# A route from one VRF to the other.
router <<-LEAK
	link set in0 master blue
	addr replace $ROUTER_IN6/64 dev in0 nodad
	route add vrf red 10.0.1.0/24 dev in0
	route add vrf red 2001:db8:1::/64 dev in0
LEAK
passes "into another VRF" 198.51.100.99 2001:db8:2::99
spoofed "of the VRF that it goes to" "${INSIDE4}2" "${INSIDE6}2" "$ROUTER_IN4" "$ROUTER_IN6"
