#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.1
#
# Who gets room in the table: the share of half-open flows, which of them make room,
# the share of a host, how a refused sender is told, and whom nobody tells.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
no_icmp_limits "$ROUTER"
udp_echo_server "$OUTSIDE" 53
listen_tcp "$OUTSIDE" 80
listen_tcp "$INSIDE" 80

# new N PORT: so many flows from inside that nobody answers, from ports PORT on.
new() { craft "$INSIDE" "[udp('$INSIDE4', '$NOWHERE4', $2 + k, 9) for k in range($1)]"; }
flows() { fw -j status | jq .flows; }

# --- the share of flows that are half open
fw_rules <<-RULES
	set max-flows 20
	set half-open 50
	ttl udp-new step 100s max 100s
RULES
new 10 1000
check_equal "ten flows are half open, a share of a half" "$(flows)" 10
check_drops "one more is refused" "table-full 1" "$INSIDE" "udp('$INSIDE4', '$NOWHERE4', 2000, 9)"
check "no flow ends: half of the table is free" [ "$(flows)" = 10 ]
fw set half-open 100 >/dev/null
check "a share of all, and there is room" udp_echoes "$INSIDE" "$OUTSIDE4" 53
check "flows that are answered" udp_echoes "$INSIDE" "$OUTSIDE6" 53
fw set half-open 55 >/dev/null
check "one that was answered is not half open: there is room for one more" \
	udp_echoes "$INSIDE" "$OUTSIDE4" 53
check "and for the next" tcp_connects "$INSIDE" "$OUTSIDE6" 80

# --- an old one makes room
fw_rules <<-RULES
	set max-flows 20
	set half-open 50
	set when-full evict
	ttl udp-new step 100s max 100s
RULES
session kept "$INSIDE" tcp "$OUTSIDE4" 80 >/dev/null
tell kept echo 10 >/dev/null
watch_events
half_open() { flow '.state == "new" or .state == "syn-sent"' | wc -l; }
before=$(fw -j status)
new 50 3000
check_equal "fifty new ones: all pass" "$(drops_since "$before")" ""
check_equal "ten of them are there" "$(half_open)" 10
check "each of the others made room" busywait 5 event_seen '.event == "flow-end" and .reason == "evicted"'
check_equal "the newest are there" "$(flow '.original.sport >= 3049 and .original.dport == 9' | jq -r .original.sport)" 3049
check "what was answered is not touched" tell kept echo 10
before=$(fw -j status)
new 200 4000
check "nor by more" tell kept echo 10
check_equal "none was refused" "$(drops_since "$before")" ""
check "a connection gets through" tcp_connects "$INSIDE" "$OUTSIDE4" 80

# --- what is reset before it stands fills nothing
fw_rules <<-RULES
	set max-flows 20
	set when-full evict
	allow in tcp to any port 80 id web
RULES
before=$(drop_count table-full)
ip -n "$INSIDE" addr add 10.0.1.9/24 dev eth0
port="'$OUTSIDE4', '10.0.1.9', 1000 + k, 80"
craft "$OUTSIDE" "[p for k in range(30) for p in (tcp($port, 'S'), tcp($port, 'R', seq=1001))]"
check_equal "thirty are made and reset, in a table of twenty" "$(drop_count table-full)" "$before"
check_equal "each of them was let in" "$(rule_packets web)" 30
check "there is room for a connection" tcp_connects "$INSIDE" "$OUTSIDE4" 80
check_equal "they do not stay long" \
	"$(flow '.original.dst == "10.0.1.9" and .original.ttl > 10' | wc -l)" 0

# --- the share of a host
fw_rules <<-RULES
	ttl udp-new step 100s max 100s
	allow in udp to any port 5000-6000
RULES
new 8 7000
check "a share of five for each host" fw set max-flows-per-host 5
check_drops "who has more already gets none" "host-full 1" "$INSIDE" "udp('$INSIDE4', '$NOWHERE4', 8000, 9)"
check_drops "not from outside, either" "host-full 1" "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 1, 5000)"
before=$(fw -j status)
ip -n "$INSIDE" addr add 10.0.1.7/24 dev eth0
craft "$INSIDE" "[udp('10.0.1.7', '$NOWHERE4', 100 + k, 9) for k in range(5)]"
check_equal "another host has its own" "$(drops_since "$before")" ""
check_drops "of five" "host-full 1" "$INSIDE" "udp('10.0.1.7', '$NOWHERE4', 200, 9)"
check "nor is its IPv6 address the same host" udp_echoes "$INSIDE" "$OUTSIDE6" 53
check_equal "its sender is told" "$(udp_result "$INSIDE" "$OUTSIDE4" 53)" refused
check "it ends flows" fw flows kill host "$INSIDE4"
check "and has room" udp_echoes "$INSIDE" "$OUTSIDE4" 53
check "without a share" fw set max-flows-per-host 0
new 10 9000
check "as many as it likes" [ "$(flow ".original.src == \"$INSIDE4\"" | wc -l)" -ge 10 ]

# --- how one is told
fw flows kill all >/dev/null
fw_rules <<-RULES
	set max-flows 1
	set refuse tcp-rst
RULES
new 1 1000
# not what finds the neighbours, which comes when it likes
watch told "$INSIDE" eth0 'icmp or (icmp6 and ip6[40] < 128) or (tcp[13] & 4 != 0)'
watch reset "$INSIDE" eth0 'tcp[13] & 4 != 0'
craft "$INSIDE" "tcp('$INSIDE4', '$NOWHERE4', 1, 80, 'S')"
check_seen "TCP gets a RST" reset 1
check_equal "a connection is refused" "$(tcp_result "$INSIDE" "$OUTSIDE4" 80)" refused
check_equal "over IPv6 as well" "$(tcp_result "$INSIDE" "$OUTSIDE6" 80)" refused
check_equal "all else gets an ICMP error" "$(udp_result "$INSIDE" "$OUTSIDE4" 53)" refused
settle
check_arrives "one error for one packet" told 1 "$INSIDE" "udp('$INSIDE4', '$NOWHERE4', 1, 80)"
before=$(seen told)
check_drops "a fragment is refused" "table-full 1" "$INSIDE" \
	"frag(udp('$INSIDE4', '$NOWHERE4', 1, 80), 0, 1)"
check_drops "an ICMP error about no flow is dropped" "unrelated 1" "$INSIDE" \
	"error('$INSIDE4', '$NOWHERE4', 'port-unreachable', udp('$NOWHERE4', '$INSIDE4', 9, 9))"
check_seen "nobody is told of these" told "$before"
