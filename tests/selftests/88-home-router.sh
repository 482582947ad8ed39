#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# kernel: 6.1
#
# The files of examples/home-router, as they are, on a router with a provider, a home and
# guests: who gets where, addresses by DHCP on all sides, and the copy of it all.
. "$(dirname "$0")/lib.sh"
. "$TESTS/more.sh"
. "$TESTS/ovs.sh"

need jq nft dnsmasq busybox ethtool
example=$SOURCE/examples/home-router
export PATH=$TMP/bin:$PATH
mkdir "$TMP/bin"
ln -s "$FWCTL" "$TMP/bin/fwctl"

# This case's own namespace is the router. Behind eth1 is one wire: home is untagged,
# guests have VLAN 20. The provider does not know the inside's addresses.
start_ovs
setup_ns ISP HOUSE VISITOR
ip link add eth0 type veth peer name eth0 netns "$ISP"
ip link add eth1 type veth peer name eth0 netns "$HOUSE"
ip -n "$ISP" link set eth0 up
ip -n "$ISP" address add 203.0.113.1/24 dev eth0
ip -n "$ISP" address add 198.51.100.7/24 dev lo
ip -n "$ISP" address add 8.8.8.8/32 dev lo
ip -n "$HOUSE" link set eth0 up
ip -n "$HOUSE" link add link eth0 name guest type vlan id 20
ip -n "$HOUSE" link set guest netns "$VISITOR"
ip -n "$VISITOR" link set guest name eth0 up
ip link set eth0 up
listen_tcp "$ISP" 25 80

# What a client of DHCP does with its lease.
cat >"$TMP/lease" <<-'LEASE'
	#!/bin/sh
	[ "$1" = bound ] || exit 0
	ip address add "$ip/$mask" dev "$interface"
	ip route add default via "$router"
LEASE
chmod +x "$TMP/lease"
# leases COMMAND...: an address comes within ten seconds. COMMAND runs it in a namespace.
leases() { "$@" busybox udhcpc -f -n -q -t 10 -T 1 -i eth0 -s "$TMP/lease"; }
# address_in NAMESPACE: what it got.
address_in() { ip -n "$1" -j -4 address show dev eth0 | jq -r '.[0].addr_info[0].local'; }

cat >"$TMP/isp.conf" <<-ISP
	interface eth0
	start 203.0.113.50
	end 203.0.113.50
	lease_file $TMP/isp.leases
	option router 203.0.113.1
	option subnet 255.255.255.0
ISP
in_ns "$ISP" busybox udhcpd -f "$TMP/isp.conf" >"$TMP/isp.log" 2>&1 &

# Without FlowWall, the provider's network gets to what is inside, and ssh is open to all.
ip address add 192.168.10.1/24 dev eth1
ip link set eth1 up
ip -n "$HOUSE" address add 192.168.10.9/24 dev eth0
ip -n "$HOUSE" route add default via 192.168.10.1
ip address add 203.0.113.50/24 dev eth0
ip -n "$ISP" route add 192.168.0.0/16 via 203.0.113.50
echo 1 >/proc/sys/net/ipv4/ip_forward
listen_tcp "$HOUSE" 22 80
"$PYTHON" "$TESTS/echo.py" tcp 22 >"$TMP/ssh" 2>&1 &
busywait 20 grep -q ready "$TMP/ssh" || die "nobody listens"
check "a bare router lets a neighbour of the provider's in" tcp_connects "$ISP" 192.168.10.9 80
check "and to itself" tcp_connects "$ISP" 203.0.113.50 22
ip address flush dev eth0
ip address flush dev eth1
ip -n "$HOUSE" address flush dev eth0
echo 0 >/proc/sys/net/ipv4/ip_forward

# --- up ---------------------------------------------------------------------------

load_module
check "up" "$example/home-router" up
check "again" "$example/home-router" up
check "diff agrees" "$FWCTL" ovs diff
dnsmasq --conf-file="$example/dnsmasq.conf" --keep-in-foreground --no-resolv --no-hosts --user=root \
	--dhcp-leasefile="$TMP/leases" --pid-file= >"$TMP/dnsmasq.log" 2>&1 &

check "the provider's address" leases
check_match "is there" "$(ip -4 -brief address show dev eth0)" ' 203\.0\.113\.50/24'
check "at home, an address" leases in_ns "$HOUSE"
home=$(address_in "$HOUSE")
check_match "is one of home" "$home" '^192\.168\.10\.1[0-9][0-9]$'
check "a guest gets one" leases in_ns "$VISITOR"
guest=$(address_in "$VISITOR")
check_match "of the guests" "$guest" '^192\.168\.20\.1[0-9][0-9]$'

# --- who gets where -------------------------------------------------------------------

ip -n "$ISP" route del 192.168.0.0/16
listen_tcp "$VISITOR" 80
tcpdump -Z root -i snoop0 -U --immediate-mode -w "$TMP/copy.pcap" 2>"$TMP/copy.err" &
busywait 20 grep -q 'listening on' "$TMP/copy.err" || die "cannot capture at snoop0"
check "home gets out, masqueraded" tcp_echoes "$HOUSE" 8.8.8.8 80
check "guests, too" tcp_echoes "$VISITOR" 8.8.8.8 80
check "but send no mail" connects_none "$VISITOR" 8.8.8.8 25
check "which home does" tcp_connects "$HOUSE" 8.8.8.8 25
check "home looks at a guest" tcp_echoes "$HOUSE" "$guest" 80
check "a guest does not get home, nor to the router" connects_none "$VISITOR" "$home" 80 \
	"$VISITOR" 192.168.10.1 22 "$VISITOR" 192.168.20.1 22
check "home does" tcp_echoes "$HOUSE" 192.168.10.1 22
ip -n "$ISP" route add 192.168.0.0/16 via 203.0.113.50
check "outside, nobody gets in: not to home, not to the router" connects_none \
	"$ISP" "$home" 80 "$ISP" 203.0.113.50 22
# shellcheck disable=SC2016  # expanded inside
check "but by ssh from the prefix" in_ns "$ISP" "$PYTHON" -I -S -c '
import socket
socket.create_connection(("203.0.113.50", 22), 5, ("198.51.100.7", 0))'

# --- the copy ----------------------------------------------------------------------------

copies() { captured copy | grep -c "$1"; }
check "what passed at home is copied" [ "$(copies "$home.* > 8.8.8.8.80: Flags \[S\]")" -ge 1 ]
check_equal "a guest's with its tag" "$(captured copy | grep -c "$guest.* > 8.8.8.8.80: Flags \[S\]")" 1
check_match "which is 20" "$(tcpdump -e -n -r "$TMP/copy.pcap" 2>/dev/null | grep "$guest.* > 8.8.8.8.80: Flags \[S\]")" 'vlan 20,'
check "down" "$example/home-router" down
check_equal "leaves no bridge" "$(ovs-vsctl list-br)" ''
check_match "but the roles" "$("$FWCTL" role list)" 'eth0.*external'
