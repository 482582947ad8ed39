#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.12
#
# Which entries a packet refreshes: both, its own direction's, or both but only from
# inside; each entry shows its own TTL, and a step adds to what it has.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
listen_tcp "$INSIDE" 80
udp_echo_server "$OUTSIDE" 53

# ttls PORT: of the original and the reply entry, in seconds.
ttls() { flow ".original.sport == $1" | jq -r '"\(.original.ttl) \(.reply.ttl)"'; }

# check_ttls NAME PORT ORIGINAL REPLY: each in a range such as 18-20.
check_ttls() {
	local original reply
	read -r original reply < <(ttls "$2")
	if ((${original:--1} >= ${3%-*} && ${original:--1} <= ${3#*-} &&
		${reply:--1} >= ${4%-*} && ${reply:--1} <= ${4#*-})); then
		pass "$1"
	else
		fail "$1" "is:       ${original:-no flow} ${reply:-}
expected: $3 $4"
	fi
}

outwards() { craft "$INSIDE" "udp('$INSIDE4', '$OUTSIDE4', $1, 9)"; }
inwards() { craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 9, $1)"; }
rules() {
	fw_rules <<-RULES
		set refresh $1
		ttl udp-new step 20s max 60s
		ttl udp-stream step 20s max 60s
	RULES
	fw flows kill all >/dev/null
}
# Nobody answers port 9 with an error.
in_ns "$OUTSIDE" sysctl -qw net.ipv4.icmp_echo_ignore_all=1
in_ns "$OUTSIDE" iptables -A OUTPUT -p icmp -j DROP 2>/dev/null ||
	in_ns "$OUTSIDE" nft -f - <<<'table ip quiet { chain out { type filter hook output priority 0; icmp type destination-unreachable drop; } }'
in_ns "$INSIDE" iptables -A OUTPUT -p icmp -j DROP 2>/dev/null ||
	in_ns "$INSIDE" nft -f - <<<'table ip quiet { chain out { type filter hook output priority 0; icmp type destination-unreachable drop; } }'

rules both
outwards 1000
check_ttls "both: a flow begins with one step" 1000 17-20 17-20
inwards 1000
check_ttls "a packet from outside adds a step to both" 1000 34-40 34-40
outwards 1000
check_ttls "one from inside as well" 1000 51-60 51-60
outwards 1000
outwards 1000
check_ttls "up to the maximum" 1000 56-60 56-60

rules same
outwards 1001
inwards 1001
check_ttls "same: a packet from outside adds to its own entry" 1001 12-20 34-40
outwards 1001
check_ttls "one from inside to the other" 1001 30-40 30-40

rules outbound
outwards 1002
inwards 1002
inwards 1002
check_ttls "outbound: packets from outside add nothing" 1002 12-20 12-20
outwards 1002
check_ttls "one from inside adds to both" 1002 28-40 28-40

# Where both sides are outside, those that open the flow keep it.
fw_apply <<-RULES
	version 1
	role out0 external
	role in0 external
	set refresh outbound
	ttl udp-new step 20s max 60s
	ttl udp-stream step 20s max 60s
	allow in udp to any port 9
RULES
fw flows kill all >/dev/null
outwards 1004
inwards 1004
check_ttls "between two outsides, an answer adds nothing" 1004 12-20 12-20
outwards 1004
check_ttls "the originator adds to both" 1004 28-40 28-40

# Where only one entry lives, its packets pass, and bring the other one back.
fw_rules <<-RULES
	set refresh same
	ttl udp-new step 3s max 3s
	ttl udp-stream step 3s max 30s
RULES
fw flows kill all >/dev/null
outwards 1003
for _ in 1 2 3 4 5 6; do inwards 1003; done
only_reply() { read -r original reply < <(ttls 1003) && [ "$original" = 0 ] && [ "$reply" -gt 0 ]; }
check "the original entry expires, the reply entry does not" busywait 10 only_reply
before=$(fw -j status)
inwards 1003
check_equal "what it is for passes" "$(drops_since "$before")" ""
outwards 1003
check_ttls "a packet from inside brings the other one back" 1003 1-3 4-30
