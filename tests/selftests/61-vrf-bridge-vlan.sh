#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.1
#
# A VLAN interface as the external one, a bridge as the internal one, and both
# in a VRF: a packet seen twice is judged once, by the role of the real device.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
listen_tcp "$OUTSIDE" 80
listen_tcp "$INSIDE" 80 81

# works LABEL: inside gets out, outside does not get in but by the exception;
# each packet is counted once.
works() {
	local l=$1 v in out router
	for v in 4 6; do
		in=INSIDE$v out=OUTSIDE$v router=ROUTER_OUT$v
		in=${!in} out=${!out} router=${!router}
		check "$l, v$v: the inside gets out" in_ns "$INSIDE" ping -n -q -c 2 -i 0.2 -W 2 "$out"
		check_flow "$l, v$v: each packet counts once" ".family == \"ipv$v\" and .original.icmp_id != null" \
			"$INVERTED and .direction == \"out\" and .original.packets == 2 and .reply.packets == 2"
		check "$l, v$v: with TCP, too" tcp_echoes "$INSIDE" "$out" 80
		check_drops "$l, v$v: the outside does not get in" "policy 3" "$OUTSIDE" \
			"echo('$out', '$in', 9)" "tcp('$out', '$in', 999, 81)" "echo('$out', '$router', 9)"
		check_drops "$l, v$v: not under an inside address either" "spoofed 1" "$OUTSIDE" \
			"udp('${in}2', '$in', 1, 2)"
		check "$l, v$v: but by the exception" tcp_echoes "$OUTSIDE" "$in" 80
		check "$l, v$v: the router gets out" in_ns "$ROUTER" ping "${by[@]}" -n -c 1 -W 2 "$out"
	done
	check_equal "$l: nothing else was dropped" "$(drops)" "policy 6 spoofed 2"
}

ip -n "$ROUTER" -batch - <<-LINKS || skip "no VLAN or bridge here"
	addr flush dev out0
	addr flush dev in0
	link add br0 type bridge
	link set in0 master br0
	link set br0 up
	addr add $ROUTER_IN4/24 dev br0
	addr add $ROUTER_IN6/64 dev br0 nodad
	link add link out0 name wan type vlan id 7
	link set wan up
	addr add $ROUTER_OUT4/24 dev wan
	addr add $ROUTER_OUT6/64 dev wan nodad
LINKS
ip -n "$OUTSIDE" -batch - <<-LINKS
	addr flush dev eth0
	route del default via $ROUTER_OUT6
	link add link eth0 name wan type vlan id 7
	link set wan up
	addr add $OUTSIDE4/24 dev wan
	addr add $OUTSIDE6/64 dev wan nodad
	route add default via $ROUTER_OUT4
	route add default via $ROUTER_OUT6
LINKS
fw_apply <<-RULES
	version 1
	role wan external
	role br0 internal
	allow in tcp to any port 80
RULES
by=()
busywait 10 pings "$INSIDE" "$OUTSIDE4"
busywait 10 pings "$INSIDE" "$OUTSIDE6"
reload() { rmmod flowwall && load_module && fw apply "$TMP/ruleset"; }
check "afresh" reload
works "VLAN and bridge"

ip -n "$ROUTER" -batch - <<-LINKS || skip "no VRF here"
	link add blue type vrf table 10
	link set blue up
	link set wan master blue
	link set br0 master blue
	addr add $ROUTER_IN6/64 dev br0 nodad
	addr add $ROUTER_OUT6/64 dev wan nodad
LINKS
by=(-I blue)
busywait 10 pings "$INSIDE" "$OUTSIDE4"
busywait 10 pings "$INSIDE" "$OUTSIDE6"
check "afresh" reload
works "in a VRF"
for address in "$ROUTER_OUT4" "$ROUTER_OUT6"; do
	check "the router reaches itself there: $address" in_ns "$ROUTER" ping -c 1 -W 5 -I blue "$address"
done

# Rules name the interface, not the VRF.
fw_rules <<-RULES
	version 1
	role wan external
	role br0 internal
	deny in tcp to any port 81 on wan id by-iface
	allow in tcp to any port 80,81
	deny local udp to any port 99 on wan id local
	group lines iface wan
	deny in udp from group lines to any port 98 id by-group
	allow in udp to any port 98
RULES
for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v in=${!in} out=${!out}
	check_drops "on an interface of a VRF, v$v" "rule 2" "$OUTSIDE" \
		"tcp('$out', '$in', 997, 81)" "udp('$out', '$in', 997, 98)"
	check "not another port, v$v" tcp_echoes "$OUTSIDE" "$in" 80
	before=$(fw -j status)
	in_ns "$ROUTER" "$PYTHON" -I -S -c "
import socket
s = socket.socket(socket.AF_INET6 if ':' in '$out' else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'blue')
for _ in range(3):
    try:
        s.sendto(b'x', ('$out', 99))
    except PermissionError:
        pass"
	check_equal "nor out by it, v$v; each packet counts once" "$(drops_since "$before")" "rule 3"
done
