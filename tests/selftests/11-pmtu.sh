#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Path MTU discovery works through the router, over IPv4 and IPv6: errors about
# a known flow pass. Errors about anything else do not.
#
#    INSIDE --- ROUTER --- OUTSIDE --- (1280 bytes) --- FAR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
FAR4=203.0.113.2 FAR6=2001:db8:3::2
setup_ns FAR
ip -n "$OUTSIDE" -batch - <<-LINKS
	link add far0 type veth peer name eth0 netns $FAR
	addr add 203.0.113.1/24 dev far0
	addr add 2001:db8:3::1/64 dev far0 nodad
	link set far0 up
	route add $FAR4 dev far0 mtu lock 1280
	route add $FAR6 dev far0 mtu lock 1280
LINKS
host_addresses "$FAR" "$FAR4" "$FAR6" 203.0.113.1 2001:db8:3::1
ip -n "$ROUTER" route add 203.0.113.0/24 via "$OUTSIDE4"
ip -n "$ROUTER" route add 2001:db8:3::/64 via "$OUTSIDE6"
in_ns "$OUTSIDE" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
no_icmp_limits "$OUTSIDE"
busywait 5 in_ns "$INSIDE" ping -n -c 1 -W 1 "$FAR6"
fw_rules </dev/null
listen_tcp "$FAR" 80

path_mtu() { ip -n "$INSIDE" route get "$1" | grep -o 'mtu [0-9]*'; }

for far in "$FAR4" "$FAR6"; do
	check "TCP in large segments to $far" session "tcp$far" "$INSIDE" tcp "$far" 80
	check "its data gets through and back" tell "tcp$far" echo 100000
	check_equal "the path MTU to $far was learnt" "$(path_mtu "$far")" "mtu 1280"
	ip -n "$INSIDE" route flush cache
	check_match "a ping too big hears of it" \
		"$(in_ns "$INSIDE" ping -n -c 1 -W 2 -M "do" -s 1400 "$far" 2>&1)" 'mtu = 1280|mtu=1280|mtu: 1280'
	check_match "a router further out says that hops are used up" \
		"$(in_ns "$INSIDE" ping -n -c 1 -W 2 -t 2 "$far" 2>&1)" 'From .* Time (to live )?exceeded|Hop limit'
	check_match "this router says so" \
		"$(in_ns "$INSIDE" ping -n -c 1 -W 2 -t 1 "$far" 2>&1)" 'From .* Time (to live )?exceeded|Hop limit'
done
check_equal "nothing was dropped" "$(drops)" ""

udp_echo_server "$OUTSIDE" 53
watch errors "$INSIDE" eth0 'icmp[0] != 0 or (icmp6 and ip6[40] < 128)'
watch outwards "$OUTSIDE" eth0 'icmp[0] = 3 or (icmp6 and ip6[40] < 128)'

errors() { # LABEL INSIDE OUTSIDE ROUTER FAR
	local v=$1 in=$2 out=$3 router=$4 far=$5 known before
	known="udp('$in', '$out', 5353, 53)"

	session "udp$v" "$INSIDE" udp "$out" 53 5353 >/dev/null
	check "$v: a flow is there" tell "udp$v" echo 8
	check_arrives "$v: errors about it pass, each kind, from whatever router" errors 5 \
		"$OUTSIDE" "error('$out', '$in', 'port-unreachable', $known)" \
		"error('$out', '$in', 'host-unreachable', $known)" \
		"error('$out', '$in', 'too-big', $known)" \
		"error('$far', '$in', 'time-exceeded', $known)" \
		"error('$far', '$in', 'parameter-problem', $known, quote=48)"

	before=$(seen errors)
	check_drops "$v: about another port, address, protocol" "unrelated 3" "$OUTSIDE" \
		"error('$out', '$in', 'too-big', udp('$in', '$out', 5354, 53))" \
		"error('$out', '$in', 'too-big', udp('$in', '$far', 5353, 53))" \
		"error('$out', '$in', 'too-big', tcp('$in', '$out', 5353, 53))"
	check_drops "$v: about a packet that came from outside" "unrelated 1" "$OUTSIDE" \
		"error('$out', '$in', 'too-big', udp('$out', '$in', 53, 5353))"
	check_drops "$v: to somebody who did not send the quoted packet" "unrelated 2" "$OUTSIDE" \
		"error('$out', '${in%2}3', 'too-big', $known)" \
		"error('$out', '$router', 'too-big', $known)"
	check_drops "$v: with too short a quotation" "unrelated 4" "$OUTSIDE" \
		"error('$out', '$in', 'too-big', $known, quote=0)" \
		"error('$out', '$in', 'too-big', $known, quote=12)" \
		"error('$out', '$in', 'too-big', $known, quote=20 + 20 * ${v/4/0} // 6)" \
		"error('$out', '$in', 'too-big', $known, quote=22 + 20 * ${v/4/0} // 6)"
	check_drops "$v: about a fragment without ports" "unrelated 1" "$OUTSIDE" \
		"error('$out', '$in', 'too-big', frag($known, 64, 1))"
	check_drops "$v: about an error" "unrelated 1" "$OUTSIDE" \
		"error('$out', '$in', 'too-big', error('$in', '$out', 'too-big', $known))"
	check_seen "$v: none of these came in" errors "$before"

	check_arrives "$v: an error of the inside host's own about that flow leaves" outwards 1 \
		"$INSIDE" "error('$in', '$out', 'port-unreachable', udp('$out', '$in', 53, 5353))"
	check_drops "$v: one about nothing known does not" "unrelated 1" "$INSIDE" \
		"error('$in', '$out', 'port-unreachable', udp('$out', '$in', 53, 5354))"
}

errors 4 "$INSIDE4" "$OUTSIDE4" "$ROUTER_OUT4" "$FAR4"
errors 6 "$INSIDE6" "$OUTSIDE6" "$ROUTER_OUT6" "$FAR6"
