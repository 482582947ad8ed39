#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# What else a rule can ask and do: types of ICMP, interfaces, lists of addresses,
# reject, mark, TTL, limit, log, until.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
topology
no_icmp_limits "$ROUTER"
udp_echo_server "$INSIDE" 53
listen_tcp "$INSIDE" 80
ip -n "$ROUTER" link add dum0 type dummy
fw_rules <<-RULES
	role dum0 internal
	deny in udp to any u32 "0&0xFF000000=0x46000000" id never
	allow in icmp type echo-request to $INSIDE4,$INSIDE6 id ping
	allow in udp from 203.0.113.1,203.0.113.8-203.0.113.11,2001:db8:9::/48 to any port 53 id list
	reject in tcp to any port 22 id no-ssh
	reject in udp to any port 69
	reject in udp on out0 to any port 70
	allow in udp on out0 to any port 1001 id by-out0
	allow in udp on dum+ to any port 1002 id by-dum
	allow in udp to any port 1003 until 2001-01-01 id over
	allow in udp to any port 1004 until 2100-01-01T00:00:00Z id not-over
	allow in tcp to any port 80 mark 0x20/0xf0 ttl step 7s max 20s id marked
	allow in udp to any port 1005 limit 2/hour burst 3 id few
	deny in udp to any port 1006 log label "no tftp" limit 1/hour burst 2 id told
	allow in udp to any port 1007 log
	allow in udp to any port 1008 limit 1/day burst 213504 id seldom
RULES
in_ns "$ROUTER" nft -f - <<-NFT
	table ip seen {
		chain out {
			type filter hook postrouting priority 0
			meta mark & 0xf0 == 0x20 counter
		}
	}
NFT
watch inside "$INSIDE" eth0 'udp and (src net 198.51.100.0/24 or src net 203.0.113.0/24 or src net 2001:db8:2::/64 or src net 2001:db8:9::/48)'

for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v
	check "v$v: an echo request is let in" pings "$OUTSIDE" "${!in}"
	check_arrives "v$v: by the interface" inside 1 "$OUTSIDE" "udp('${!out}', '${!in}', 1, 1001)"
	check_arrives "v$v: not by another one, not out of time" inside 1 "$OUTSIDE" \
		"udp('${!out}', '${!in}', 1, 1002)" "udp('${!out}', '${!in}', 1, 1003)" \
		"udp('${!out}', '${!in}', 1, 1004)"
	check_equal "v$v: rejected TCP is reset" "$(tcp_result "$OUTSIDE" "${!in}" 22)" refused
	# What Linux makes of ICMP's and of ICMPv6's "administratively prohibited".
	check_equal "v$v: rejected UDP is told so" "$(udp_result "$OUTSIDE" "${!in}" 69)" \
		"$([ "$v" = 4 ] && echo unreachable || echo forbidden)"
	check_equal "v$v: by a rule for this interface as well" "$(udp_result "$OUTSIDE" "${!in}" 70)" \
		"$([ "$v" = 4 ] && echo unreachable || echo forbidden)"
done
watch outside "$OUTSIDE" eth0 'icmp[0:2] = 0x030d or icmp6[0:2] = 0x0101'
craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 9, 69)" "udp('$OUTSIDE6', '$INSIDE6', 9, 69)"
check_seen "as administratively prohibited" outside 2
watch resets "$OUTSIDE" eth0 'ip6 proto 6 and ip6[53] & 4 != 0'
check_arrives "behind extension headers TCP is reset as well" resets 2 "$OUTSIDE" \
	"ext(tcp('$OUTSIDE6', '$INSIDE6', 4001, 22), 'dst')" \
	"ext(tcp('$OUTSIDE6', '$INSIDE6', 4002, 22), 'hop', 'dst')"
check_seen "and told nothing else" outside 2
fw rule add reject in gre id no-gre
check_arrives "what is whole is told" outside 2 "$OUTSIDE" \
	"gre('$OUTSIDE4', '$INSIDE4', key=1)" "gre('$OUTSIDE6', '$INSIDE6', key=1)"
check_arrives "a fragment is not" outside 0 "$OUTSIDE" \
	"frag(gre('$OUTSIDE4', '$INSIDE4', key=2), 0, 1)" \
	"frag(gre('$OUTSIDE6', '$INSIDE6', key=2), 0, 1)"
check_equal "though it was rejected" "$(rule_packets no-gre)" 4
fw rule del no-gre
check_arrives "a list of addresses" inside 4 "$OUTSIDE" \
	"udp('203.0.113.1', '$INSIDE4', 1, 53)" "udp('203.0.113.2', '$INSIDE4', 1, 53)" \
	"udp('203.0.113.8', '$INSIDE4', 1, 53)" "udp('203.0.113.11', '$INSIDE4', 1, 53)" \
	"udp('203.0.113.12', '$INSIDE4', 1, 53)" "udp('2001:db8:9::1', '$INSIDE6', 1, 53)"

check "marked" tcp_echoes "$OUTSIDE" "$INSIDE4" 80
check "each packet has the mark, there and back" \
	[ "$(in_ns "$ROUTER" nft list chain ip seen out | grep -o 'packets [0-9]*' | grep -o '[0-9]*')" -ge 8 ]
check_flow "the flow shows it, and its TTL" '.rule == "marked"' \
	'.mark == 32 and .original.ttl > 0 and .original.ttl <= 20'

check_arrives "one in a day, but many at once" inside 3 "$OUTSIDE" \
	"[udp('$OUTSIDE4', '$INSIDE4', 100 + n, 1008) for n in range(3)]"
watch_events
check_arrives "three in an hour" inside 3 "$OUTSIDE" \
	"[udp('$OUTSIDE4', '$INSIDE4', 100 + n, 1005) for n in range(5)]"
check "the others are over the limit" [ "$(drop_count limit)" = 2 ]
craft "$OUTSIDE" "[udp('$OUTSIDE4', '$INSIDE4', 200 + n, 1006) for n in range(5)]"
check_equal "all five are denied" "$(rule_packets told)" 5
check "two are told" busywait 5 event_seen '.event == "log" and .label == "no tftp"'
check_equal "and no more" "$(event_count '.event == "log"')" 2
check "by whom, and why" event_seen '.event == "log" and .rule == "told" and .reason == "rule" and .dport == 1006'
craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 300, 1007)"
check "what is let in can be told, too" busywait 5 event_seen '.event == "log" and .dport == 1007 and .reason == null'
