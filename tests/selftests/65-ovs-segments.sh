#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: 6.1
#
# Hosts are bound to their ports: nobody takes another one's address, of IPv4, IPv6, by ARP
# or neighbour discovery. Segments say which groups may begin connections with which; what
# a change does not allow any more ends there, and nothing else does.
. "$(dirname "$0")/lib.sh"
. "$TESTS/more.sh"
. "$TESTS/ovs.sh"

need jq tcpdump

# The groups of the file alone: the module is not loaded.
start_ovs
make_bridge
setup_ns WEB DB GUEST EVIL
host_at "$WEB" 1
host_at "$DB" 2
host_at "$GUEST" 3
host_at "$EVIL" 4
bare_bridge "$WEB" 10.0.9.2
listen_tcp "$DB" 80 5432
listen_tcp "$WEB" 80
listen_tcp "$GUEST" 80
udp_echo_server "$DB" 53

hosts='
ovs bridge br0 secure
ovs host web port p1 addr 10.0.9.1,2001:db8:9::1,fe80::ff:fe00:1 mac 02:00:00:00:00:01
ovs host db port p2 addr 10.0.9.2,2001:db8:9::2
ovs host guest port p3 addr 10.0.9.3,2001:db8:9::3
ovs host evil port p4 addr 10.0.9.4,2001:db8:9::4'

# --- who one is ---------------------------------------------------------------

# What the evil host sends in the name of another one, to the database: each line a frame.
spoofs=(
	"eth(me, to, udp('10.0.9.1', '10.0.9.2', 99, 91))"
	"eth(me, to, udp('2001:db8:9::1', '2001:db8:9::2', 99, 92))"
	"arp(me, to, 2, me, '10.0.9.1', '10.0.9.2')"
	"arp(me, to, 1, me, '10.0.9.3', '10.0.9.2')"
	"advertise(me, to, '2001:db8:9::4', '2001:db8:9::2', '2001:db8:9::1', me)"
	"router(me, to, 'fe80::ff:fe00:4')"
	"eth('$(mac 1)', to, udp('10.0.9.4', '10.0.9.2', 99, 97))"
	"arp(me, to, 2, me, '10.0.9.1', '10.0.9.3', hardware=6)"
	"solicit(me, to, 'fe80::ff:fe00:1', '2001:db8:9::2', '2001:db8:9::77', me)"
	"advertise(me, to, 'fe80::ff:fe00:4', '2001:db8:9::2', 'fe80::ff:fe00:1', me)"
	"advertise(me, to, '2001:db8:9::4', '2001:db8:9::2', '2001:db8:9::3', me, times=2)"
	"eth(me, to, udp('10.0.9.1', '10.0.9.2', 98, 98), vlan=[5, 6])"
)
what=('a source of IPv4' 'a source of IPv6' 'an answer of ARP' 'a question of ARP'
	'an advertisement of a neighbour' 'an advertisement of a router' 'a link address'
	'ARP of another hardware type' 'a question from a link-local address'
	'an advertisement of a link-local address' 'one that tells two link addresses' 'two VLAN tags')

# What of a capture is which of them.
marks=('10.0.9.1.99 >' '2001:db8:9::1.99 >' 'Ethernet (len 6), IPv4 (len 4), Reply'
	'tell 10.0.9.3' 'tgt is 2001:db8:9::1' 'router advertisement' '10.0.9.4.99 >'
	'TokenRing' 'who has 2001:db8:9::77' 'tgt is fe80::ff:fe00:1'
	'tgt is 2001:db8:9::3' '10.0.9.1.98 >')

# spoofs_arriving NAME: sets $arriving to whether each of them does.
spoofs_arriving() {
	local mark
	capture "$1" "$DB" eth0 -Q in "udp src port 99 or (ether src $(mac 4) and
		(arp or (ip6 and ip6[40] >= 134 and ip6[40] <= 136))) or vlan"
	send "$EVIL" 2 "${spoofs[@]}"
	captured "$1" >"$TMP/arrived"
	arriving=''
	for mark in "${marks[@]}"; do
		if grep -qF "$mark" "$TMP/arrived"; then arriving+=x; else arriving+=0; fi
	done
}
spoofs_arriving bare
check_equal "on the bare bridge, all that is spoofed arrives" "$arriving" xxxxxxxxxxxx
ip -n "$DB" neigh flush all
ip -n "$DB" -6 neigh flush all
"${OFCTL[@]}" add-flow br0 table=40,priority=0,arp,actions=NORMAL
ovs_apply <<<"$hosts"
check_match "a flow of others stays, as the fail mode changes" \
	"$("${OFCTL[@]}" --no-stats dump-flows br0 table=40)" 'priority=0,arp actions=NORMAL'
spoofs_arriving bound
check_equal "with hosts at their ports, nothing of it does" "$arriving" 000000000000
note "in this order: ${what[*]}"
ovs_apply <<<"${hosts%$'\n'*}"
spoofs_arriving unbound
check_equal "nor from a port of nobody, which may be a router's" "$arriving" 00000x000000
ovs_apply <<<"$hosts"
check "the hosts themselves are not hindered" pings "$EVIL" 10.0.9.2
check "nor by IPv6" pings "$EVIL" 2001:db8:9::2
check "one with a bound link address neither" pings "$WEB" 10.0.9.2
check "nor by IPv6" pings "$WEB" 2001:db8:9::2

# --- who may talk to whom -----------------------------------------------------

segments='
ovs segment br0 allow group web to group db tcp port 5432
ovs segment br0 allow group web to group db udp port 53-54'
groups='
group web host 10.0.9.1 host 2001:db8:9::1
group db host 10.0.9.2 host 2001:db8:9::2'
denied=("$GUEST" 10.0.9.2 5432 "$GUEST" 2001:db8:9::2 5432 "$WEB" 10.0.9.2 80
	"$WEB" 2001:db8:9::2 80 "$DB" 10.0.9.1 80)
for ((i = 0; i < ${#denied[@]}; i += 3)); do
	tcp_connects "${denied[@]:i:3}" || die "on the bare bridge, nothing is denied"
done
ovs_apply <<<"$groups$hosts$segments"
for address in 10.0.9.2 2001:db8:9::2; do
	check "what is allowed: $address" tcp_echoes "$WEB" "$address" 5432
	check "UDP and its answer: $address" udp_echoes "$WEB" "$address" 53
	check_equal "an ICMP error about it: $address" "$(udp_result "$WEB" "$address" 54)" refused
done
check "another group, another port, the other way: nothing" connects_none "${denied[@]}"
check_fails "no ping" pings "$WEB" 10.0.9.2
ip -n "$WEB" neigh flush all
ip -n "$WEB" -6 neigh flush all
check "neighbours are found" tcp_echoes "$WEB" 10.0.9.2 5432
check "by IPv6, too" tcp_echoes "$WEB" 2001:db8:9::2 5432

# What OVS does not look into is denied as well, by those that only deny.
ovs_apply <<-'RULES'
	ovs bridge br0 secure
	ovs segment br0 deny 10.0.9.4 to 10.0.9.2
RULES
capture denied "$DB" eth0 -Q in 'udp port 97 or (ip6 and ip6[48] = 143) or vlan'
send "$EVIL" 2 "eth(me, to, udp('10.0.9.4', '10.0.9.2', 97, 97))" \
	"eth(me, to, udp('10.0.9.4', '10.0.9.2', 97, 97), vlan=[5, 6])" \
	"eth(me, to, udp('10.0.9.3', '10.0.9.2', 97, 97))"
check_equal "denied with two VLAN tags, too" "$(captured denied | grep -o '10.0.9..\.97 >')" \
	'10.0.9.3.97 >'
# A report of a listener to multicast, which tells its own address by a hop-by-hop option.
report() { in_ns "$GUEST" "$PYTHON" -I -S -c '
import socket, struct, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
at = socket.if_nametoindex("eth0")
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
    socket.inet_pton(socket.AF_INET6, "ff02::7777") + struct.pack("@I", at))
time.sleep(1)'; }
check "a listener to multicast" report
check "is heard of" [ "$(captured denied | grep -c 'multicast listener report')" -gt 0 ]

# --- a change -------------------------------------------------------------------

# The web host has a connection with the database, and one that another segment allows.
ovs_apply <<-RULES
	$groups
	$hosts
	$segments
	ovs segment br0 allow 10.0.9.1 to any tcp port 80
	ovs segment br0 allow group db to group web tcp
RULES
check "a host connects" session ends "$WEB" tcp 10.0.9.2 5432
check "again, to what stays allowed" session stays "$WEB" tcp 10.0.9.2 80
check "twice" session too "$WEB" tcp 10.0.9.2 5432
check "a connection" tell ends echo 10
check "another" tell stays echo 10
before=$(flow_dump)
cat >"$TMP/moved" <<-RULES
	group web host 10.0.9.3 host 2001:db8:9::1
	group db host 10.0.9.2 host 2001:db8:9::2
	$hosts
	$segments
	ovs segment br0 allow 10.0.9.1 to any tcp port 80
	ovs segment br0 allow group db to group web tcp
RULES
# The flows change, but then the datapath does not tell its connections.
mkdir "$TMP/broken"
printf '#!/bin/sh\nexit 1\n' | tee "$TMP/broken/ovs-dpctl" >"$TMP/broken/ovs-appctl"
chmod +x "$TMP/broken/"*
check_fails "without its connections, that is not done" \
	env PATH="$TMP/broken:$PATH" "$FWCTL" ovs apply "$TMP/moved"
# Then it does, but does not end the first one of them.
for program in ovs-dpctl ovs-appctl; do
	cat >"$TMP/broken/$program" <<-SCRIPT
		#!/bin/sh
		case "\$*" in
		*flush-conntrack*) mkdir "$TMP/once" 2>/dev/null && exit 1 ;;
		esac
		exec $(command -v "$program") "\$@"
	SCRIPT
done
check_fails "nor is it if one lives on" \
	env PATH="$TMP/broken:$PATH" "$FWCTL" ovs apply "$TMP/moved"
ovs_apply <"$TMP/moved"
check_match "which ends, then, as the others did before" "$(cat "$TMP/apply")" ' 1 connection ended'
check_equal "and flows of the two hosts change, no others" \
	"$(diff <(echo "$before") <(flow_dump) | grep -c '^[<>]')" 6
check_fails "what is not allowed any more ends" tell ends echo 10
check_fails "both of them" tell too echo 10
check "the other connection lives" tell stays echo 10
check "the host that left begins none" connects_none "$WEB" 10.0.9.2 5432
check "the host that came does" tcp_echoes "$GUEST" 10.0.9.2 5432
check_match "in words, with counters" "$("$FWCTL" ovs show)" \
	'^  ovs segment br0 allow group web to group db tcp port 5432$'
check_equal "applied again, nothing changes" \
	"$("$FWCTL" -j ovs apply "$TMP/bridges" | jq -c '.bridges[0] | [.removed, .added, .ended]')" '[0,0,0]'
mkfifo "$TMP/typed"
"$FWCTL" ovs apply - <"$TMP/typed" 2>"$TMP/typed.out" &
typing=$!
exec {typed}>"$TMP/typed"
check "while somebody types what to apply, others may" timeout 20 "$FWCTL" ovs apply "$TMP/bridges"
kill "$typing"
exec {typed}>&-
check "diff agrees" "$FWCTL" ovs diff "$TMP/bridges"
"${OFCTL[@]}" del-flows br0 table=23,tcp
check_fails "and tells what is missing" "$FWCTL" ovs diff "$TMP/bridges"
check_match "show, too" "$("$FWCTL" ovs show)" 'MISSING'

# All at once, on one bridge.
setup_ns SNOOP
plug "$SNOOP" 5
plug_cop() { ip link add p6 type veth peer name cop && ip link set p6 up && ip link set cop up &&
	ovs-vsctl --timeout=20 add-port br0 p6; }
check "a port for a coprocessor" plug_cop
ovs_apply <<-RULES
	$groups
	$hosts
	$segments
	ovs tap br0 between p1 and p2 to p5 match tcp port 5432
	ovs coprocessor br0 port p6 for p3 tcp port 22 host 10.0.9.2 vlan 2
RULES
capture copies "$SNOOP" eth0 'tcp[tcpflags] & tcp-syn != 0'
tcpdump -Z root -i cop -U --immediate-mode -w "$TMP/asked.pcap" 'vlan 2 and tcp port 22' 2>"$TMP/asked.err" &
busywait 20 grep -q 'listening on' "$TMP/asked.err" || die "cannot capture"
check_fails "a service that the coprocessor has, and nobody there answers" \
	tcp_connects "$GUEST" 10.0.9.2 22
check_match "it was asked, in its VLAN" "$(captured asked)" '10\.0\.9\.3\.[0-9]+ > 10\.0\.9\.2\.22:'
check "with a tap and a coprocessor beside them: allowed" tcp_echoes "$WEB" 10.0.9.2 5432
check_fails "and denied" tcp_connects "$GUEST" 10.0.9.2 5432
check_equal "SYN and SYN-ACK are copied, once" "$(capture_count copies)" 2

# --- all or nothing ---------------------------------------------------------------

before=$(flow_dump)
ovs-vsctl --timeout=20 add-br br1 -- set bridge br1 datapath_type="$DATAPATH" || die "no bridge"
"${OFCTL[@]}" add-flow br1 table=31,priority=0,actions=drop
printf 'version 1\novs bridge br1 secure\n' >"$TMP/other"
check_fails "where somebody else has a flow, apply fails" "$FWCTL" ovs apply "$TMP/other"
check_equal "and leaves a bridge that would have gone" "$(flow_dump)" "$before"
cat >"$TMP/broken/ovs-ofctl" <<-SCRIPT
	#!/bin/sh
	echo '2026-01-01T00:00:00Z|00001|ofp_match|INFO|normalization changed ofp_match' >&2
	exec $(command -v ovs-ofctl) "\$@"
SCRIPT
chmod +x "$TMP/broken/ovs-ofctl"
rm "$TMP/broken/ovs-dpctl" "$TMP/broken/ovs-appctl"
check_fails "a flow that OVS changes is not what was asked for" \
	env PATH="$TMP/broken:$PATH" "$FWCTL" ovs apply "$TMP/bridges"
check "otherwise, it is applied" "$FWCTL" ovs apply "$TMP/bridges"
