#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.1
#
# The first rule that matches decides; each field can be a wildcard, a range, a
# list or negated; each direction has its own rules. Every packet here must hit
# exactly the rule that it is meant for, as the rules' counters tell.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
# Hosts that are not there: without these, the router would tell the sender so
# three seconds later, when another ruleset may be at work.
for host in 10.0.1.3 10.0.1.99 2001:db8:1::3; do
	ip -n "$ROUTER" neigh add "$host" lladdr 02:00:00:00:00:03 dev in0
done
fw_rules <<-RULES
	deny in tcp from 198.51.100.66 id bad
	allow in tcp to any port 8000-8010 id then-allow
	deny in tcp to any port 8000 id too-late
	deny in tcp to any port 9000 id first-deny
	allow in tcp to any port 9000-9010 id then-allow2
	allow in udp from any port 53 id source-port
	allow in from 192.0.2.16/28 id prefix4
	allow in from 2001:db8:7::/48 id prefix6
	allow in udp from not 198.51.100.0/24 to $INSIDE4 port not 1-1023 id nots4
	allow in udp from not 2001:db8:2::/64 to $INSIDE6 port not 1-1023 id nots6
	allow in tcp from 198.51.100.10-198.51.100.12 to any port 22,25,100-102 id range4
	allow in tcp from 2001:db8:2::10-2001:db8:2::12 to any port 22,25,100-102 id range6
	allow in sctp id sctp
	allow in proto 99 id number
	allow in icmp to $INSIDE4 id ping4
	allow in icmp to $INSIDE6 id ping6
	allow in udp to 10.0.1.0/24 port 123 id to-prefix
	allow in udp to port 5000 id any-address
RULES

# hits: which rules have been hit how often since the last call.
hits() {
	local now
	now=$(fw -j rule list)
	jq -r --argjson old "$rules" '[., $old] | transpose | map(select(.[0].packets != .[1].packets) |
		"\(.[0].id) \(.[0].packets - .[1].packets)") | join(" ")' <<<"$now"
	rules=$now
}
rules=$(fw -j rule list)

# check_hits NAME HITS EXPRESSION...: from outside.
check_hits() {
	local is
	craft "$OUTSIDE" "${@:3}"
	is=$(hits)
	rules=$(fw -j rule list)
	check_equal "$1" "$is" "$2"
}

each() { # VERSION INSIDE OUTSIDE-PREFIX
	local v=$1 in=$2 net=$3 far=$4 others=$5
	check_hits "$v: the first that matches decides" "then-allow 2 first-deny 1 then-allow2 1" \
		"tcp('${net}2', '$in', 1, 8000)" "tcp('${net}2', '$in', 1, 8001)" \
		"tcp('${net}2', '$in', 1, 9000)" "tcp('${net}2', '$in', 1, 9010)" \
		"tcp('${net}2', '$in', 1, 9011)" "tcp('${net}2', '$in', 1, 7999)"
	check_hits "$v: the source port alone" "source-port 1" \
		"udp('${net}2', '$in', 53, 9)" "udp('${net}2', '$in', 54, 53)"
	check_hits "$v: a prefix of sources" "prefix$v 3" \
		"tcp('${far}', '$in', 1, 2)" "udp('${far}', '$in', 1, 2)" "ip('${far}', '$in', 77, b'x' * 8)" \
		"tcp('${others}', '$in', 1, 2)"
	check_hits "$v: not an address, not a port" "nots$v 2" \
		"udp('${others}', '$in', 1, 1024)" "udp('${others}', '$in', 1, 65535)" \
		"udp('${others}', '$in', 1, 1023)" "udp('${net}2', '$in', 1, 1024)" \
		"udp('${others}', '${in%2}3', 1, 1024)"
	check_hits "$v: a range of sources, a list of ports" "range$v 5" \
		"tcp('${net}10', '$in', 1, 22)" "tcp('${net}11', '$in', 1, 25)" \
		"tcp('${net}12', '$in', 1, 100)" "tcp('${net}12', '$in', 1, 101)" \
		"tcp('${net}10', '$in', 1, 102)" "tcp('${net}12', '$in', 1, 103)" \
		"tcp('${net}9', '$in', 1, 22)" "tcp('${net}13', '$in', 1, 22)" \
		"tcp('${net}11', '$in', 1, 24)" "udp('${net}11', '$in', 1, 22)"
	check_hits "$v: a port of any address" "any-address 2" \
		"udp('${net}2', '$in', 1, 5000)" "udp('${net}2', '${in%2}3', 1, 5000)"
	check_hits "$v: protocols by name and by number" "sctp 1 number 1 ping$v 1" \
		"ip('${net}2', '$in', 132, b'\0\1\0\2' + b'x' * 12)" "ip('${net}2', '$in', 99, b'x' * 12)" \
		"ip('${net}2', '$in', 98, b'x' * 12)" "echo('${net}2', '$in', 1)" \
		"echo('${net}2', '${in%2}3', 1)"
}
each 4 "$INSIDE4" 198.51.100. 192.0.2.17 192.0.2.33
each 6 "$INSIDE6" 2001:db8:2:: 2001:db8:7::1 2001:db8:8::1
check_hits "a rule with an IPv4 address is not for IPv6" "bad 1 to-prefix 1" \
	"tcp('198.51.100.66', '$INSIDE4', 1, 8000)" "tcp('2001:db8:2::66', '$INSIDE6', 1, 7000)" \
	"udp('198.51.100.2', '10.0.1.99', 1, 123)" "udp('2001:db8:2::2', '$INSIDE6', 1, 123)"

for words in "add" "add in tcp" "insert $(fw -j rule list | jq -r '.[0].id') role out0 external"; do
	# shellcheck disable=SC2086  # words
	check_match "not a rule: $words" "$(fw rule $words 2>&1)" 'a rule begins with allow, deny or reject'
done

fw_rules <<-RULES
	deny out tcp to any port 25 id smtp
	allow out tcp id all-tcp
	deny local udp to any port 123 id ntp
	deny inside tcp to any port 22 id ssh
	allow inside udp to any port 53 id dns
RULES
listen_tcp "$OUTSIDE" 25 26
listen_tcp "$ROUTER" 22 23
udp_echo_server "$OUTSIDE" 123
udp_echo_server "$ROUTER" 53
status=$(fw -j status)
for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v router=ROUTER_IN$v
	out=${!out} router=${!router}
	check_fails "v$v: out is denied" tcp_connects "$INSIDE" "$out" 25
	check "v$v: another port is not" tcp_connects "$INSIDE" "$out" 26
	check "v$v: nor is the router itself" tcp_connects "$ROUTER" "$out" 25
	check_match "v$v: the router is denied by a local rule" "$(udp_result "$ROUTER" "$out" 123)" \
		'silence|forbidden'
	check "v$v: the inside is not" udp_echoes "$INSIDE" "$out" 123
	check_fails "v$v: inside to router is denied" tcp_connects "$INSIDE" "$router" 22
	check "v$v: another port is not" tcp_connects "$INSIDE" "$router" 23
	check "v$v: a rule for the inside lets in" udp_echoes "$INSIDE" "$router" 53
done
check_match "what was denied counts as such" "$(drops_since "$status")" '^rule [0-9]+$'
check_equal "where rules are about the inside, all of it has flows" \
	"$(flow '.direction == "inside"' | jq -r '"\(.proto) \(.rule)"' | sort | uniq -c | xargs)" "2 tcp null 2 udp dns"
