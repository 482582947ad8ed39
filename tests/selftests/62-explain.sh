#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# explain says what then happens, for each row of the table of verdicts and each
# kind of rule, and changes nothing; why remembers what was dropped.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
no_icmp_limits "$ROUTER"
listen_tcp "$INSIDE" 80
listen_tcp "$ROUTER" 22
check_equal "without a ruleset nothing is judged" \
	"$(fw -j explain tcp from "$OUTSIDE4" to "$INSIDE4" port 80 | jq -r .basis)" not-judged
fw_rules <<-RULES
	group friends host $OUTSIDE4
	allow in tcp from group friends to $INSIDE4 port 80 id web
	reject in tcp to any port 81 id no
	deny out tcp to any port 25 id no-mail
	allow in udp to any port 53 queue 3 id asked
RULES
state=$(fw save; fw -j rule list; fw -j flows; fw -j status | jq 'del(.memory, .neighbour)')

explain() { # NAME STATUS FILTER WORD...
	local out status
	out=$(fw -j explain "${@:4}" 2>&1)
	status=$?
	if [ "$status" = "$2" ] && jq -e "$3" <<<"$out" >/dev/null; then
		pass "$1"
	else
		fail "$1" "status $status: $out"
	fi
}
explain "a rule with a group" 0 '.verdict == "accept" and .basis == "rule" and .rule == "web" and .group == "friends"' \
	in tcp from "$OUTSIDE4" port 4000 to "$INSIDE4" port 80
explain "no rule" 3 '.verdict == "drop" and .reason == "policy" and .rule == null' \
	in tcp from "$OUTSIDE4" port 4000 to "$INSIDE4" port 443
explain "no rule, IPv6" 3 '.verdict == "drop" and .basis == "policy"' \
	tcp from "$OUTSIDE6" to "$INSIDE6" port 80
explain "not with a SYN" 3 '.verdict == "drop" and .reason == "state"' \
	tcp from "$OUTSIDE4" to "$INSIDE4" port 80 flags ack
explain "rejected" 3 '.verdict == "reject" and .rule == "no"' tcp from "$OUTSIDE4" to "$INSIDE4" port 81
explain "queued" 0 '.verdict == "queue" and .rule == "asked"' udp from "$OUTSIDE4" to "$INSIDE4" port 53
explain "out" 0 '.verdict == "accept" and .basis == "policy" and .direction == "out"' \
	tcp from "$INSIDE4" to "$OUTSIDE4" port 80
explain "out, denied" 3 '.rule == "no-mail"' tcp from "$INSIDE4" to "$OUTSIDE4" port 25
explain "from this router" 0 '.direction == "local"' icmp from "$ROUTER_OUT4" to "$OUTSIDE4"
explain "to this router" 3 '.direction == "in" and .reason == "policy"' tcp from "$OUTSIDE4" to "$ROUTER_OUT4" port 22
explain "inside to this router" 0 '.basis == "not-judged"' tcp from "$INSIDE4" to "$ROUTER_IN4" port 22
explain "spoofed" 3 '.reason == "spoofed"' udp from 10.0.1.77 to "$INSIDE4" port 53 iif out0
check_equal "nothing has changed by it" \
	"$(fw save; fw -j rule list; fw -j flows; fw -j status | jq 'del(.memory, .neighbour)')" "$state"
check_match "in words" "$(fw explain tcp from "$OUTSIDE4" to "$INSIDE4" port 80)" 'web'
check_match "also a drop" "$(fw explain tcp from "$OUTSIDE4" to "$INSIDE4" port 443)" 'drop'
check_match "a packet that there is not" \
	"$(fw explain tcp from "$OUTSIDE4" to "$INSIDE6" port 80 2>&1)" 'there is no such packet'

# And so it is.
check "what it says passes, passes" tcp_echoes "$OUTSIDE" "$INSIDE4" 80
check_equal "what it says is rejected, is" "$(tcp_result "$OUTSIDE" "$INSIDE4" 81)" refused
craft "$INSIDE" "udp('$INSIDE4', '$OUTSIDE4', 6000, 7000)"
explain "a flow" 0 '.basis == "flow" and .flow != null' udp from "$INSIDE4" port 6000 to "$OUTSIDE4" port 7000

craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 1, 999)" "tcp('$OUTSIDE4', '$INSIDE4', 2, 81)" \
	"udp('10.0.1.77', '$INSIDE4', 3, 53)" "udp('$OUTSIDE6', '$INSIDE6', 4, 998)"
why=$(fw -j why "$OUTSIDE4")
check "the drops of a host" jq -e 'any(.reason == "policy" and .dport == 999) and
	any(.reason == "rule" and .rule == "no" and .dport == 81) and
	all(.src == "198.51.100.2" or .dst == "198.51.100.2")' <<<"$why"
check "of another one" jq -e 'any(.reason == "spoofed")' <(fw -j why 10.0.1.77)
check "of an IPv6 host" jq -e 'length == 1 and .[0].dport == 998' <(fw -j why "$OUTSIDE6")
check_match "in a sentence" "$(fw why "$OUTSIDE4")" 'rule'
check_equal "none of a host that lost none" "$(fw -j why 192.0.2.77)" "[]"
for ((n = 0; n < 3; n++)); do
	craft "$OUTSIDE" "[udp('203.0.113.5', '$INSIDE4', 1, k) for k in range(500, 700)]"
done
check "a host that sends much does not make others forgotten" jq -e 'length >= 1' <(fw -j why "$OUTSIDE6")
# The bucket of an address was its words, times 0x9e3779b1: 12 senders could aim at one of another.
aimed=$("$PYTHON" -I -S - <<-'PYTHON'
	import socket
	def bucket(address):
	    return int.from_bytes(socket.inet_aton(address), "little") * 0x9e3779b1 % 2**32 >> 26
	others = ("198.18.%d.%d" % (n >> 8, n & 255) for n in range(65536))
	print([a for a in others if bucket(a) == bucket("203.0.113.6")][:12])
	PYTHON
)
craft "$OUTSIDE" "udp('203.0.113.6', '$INSIDE4', 1, 600)" "[udp(a, '$INSIDE4', 1, 601) for a in $aimed]"
check_equal "the last of them is remembered" "$(fw -j why "$("$PYTHON" -c "print(${aimed}[-1])")" | jq length)" 1
check_equal "and who was there before is not pushed out" "$(fw -j why 203.0.113.6 | jq length)" 1
