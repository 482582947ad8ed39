#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# Beside nftables' address translation on the same router: inside hosts get out
# masqueraded, errors about that find back, the inside stays closed, and a
# translated destination needs its exception.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
topology
# The outside does not know the inside's addresses.
ip -n "$OUTSIDE" route del default
ip -n "$OUTSIDE" -6 route del default
fw_rules </dev/null
in_ns "$ROUTER" nft -f - <<-NFT || die "nft does not take its rules"
	table inet nat {
		chain post {
			type nat hook postrouting priority srcnat
			oifname "out0" masquerade
		}
		chain pre {
			type nat hook prerouting priority dstnat
			iifname "out0" tcp dport 8080 dnat ip to $INSIDE4:80
			iifname "out0" tcp dport 8080 dnat ip6 to [$INSIDE6]:80
		}
	}
NFT
listen_tcp "$OUTSIDE" 80
udp_echo_server "$OUTSIDE" 53
listen_tcp "$INSIDE" 80
listen_tcp "$ROUTER" 22
watch_outside

for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v router=ROUTER_OUT$v
	in=${!in} out=${!out} router=${!router}
	check "v$v: ping" pings "$INSIDE" "$out"
	check "v$v: TCP" tcp_echoes "$INSIDE" "$out" 80
	check "v$v: UDP" udp_echoes "$INSIDE" "$out" 53
	check "v$v: the router's own TCP" tcp_echoes "$ROUTER" "$out" 80
	check_match "v$v: a closed port's refusal finds back" "$(udp_result "$INSIDE" "$out" 54)" refused
	settle
	check "v$v: the outside saw the router's address" \
		grep -Eq "$router > $out: ICMP6?,? echo request" "$TMP/watch-outside"
	check_equal "v$v: and not the inside's" "$(grep -F "$in" "$TMP/watch-outside")" ""
	check_flow "v$v: the flow is the inside's" ".family == \"ipv$v\" and .original.dport == 53" \
		"$INVERTED and .original.src == \"$in\" and .state == \"replied\""

	before=$(seen outside)
	check_equal "v$v: the router stays closed" "$(tcp_result "$OUTSIDE" "$router" 22)" timeout
	check_equal "v$v: so does the translated port" "$(tcp_result "$OUTSIDE" "$router" 8080)" timeout
	check_seen "v$v: silently" outside "$before"
	fw rule add allow in tcp to "$in" port 80
	check "v$v: with an exception it is open" tcp_echoes "$OUTSIDE" "$router" 8080
	check_equal "v$v: that port of the router's own is not" "$(tcp_result "$OUTSIDE" "$router" 22)" timeout
done

# An error about a translated packet: a path that gets narrow behind the router.
setup_ns FAR
ip -n "$OUTSIDE" -batch - <<-LINKS
	link add far0 type veth peer name eth0 netns $FAR
	addr add 203.0.113.1/24 dev far0
	addr add 2001:db8:3::1/64 dev far0 nodad
	link set far0 up
	route add 203.0.113.2 dev far0 mtu lock 1280
	route add 2001:db8:3::2 dev far0 mtu lock 1280
LINKS
host_addresses "$FAR" 203.0.113.2 2001:db8:3::2 203.0.113.1 2001:db8:3::1
ip -n "$ROUTER" route add 203.0.113.0/24 via "$OUTSIDE4"
ip -n "$ROUTER" route add 2001:db8:3::/64 via "$OUTSIDE6"
in_ns "$OUTSIDE" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
no_icmp_limits "$OUTSIDE"
listen_tcp "$FAR" 80
for far in 203.0.113.2 2001:db8:3::2; do
	session "far$far" "$INSIDE" tcp "$far" 80 >/dev/null
	check "path MTU discovery to $far" tell "far$far" echo 100000
	check_match "was needed" "$(ip -n "$INSIDE" route get "$far")" 'mtu 1280'
done
