#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# explain says what then happens, for each row of the table of verdicts and each
# kind of rule, also when there is no room, and changes nothing; why remembers what was
# dropped.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
black_hole
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
explain "the roles of its interfaces" 0 '[.iif, .iif_role, .oif, .oif_role] == ["out0", "external", "in0", "internal"]' \
	tcp from "$OUTSIDE4" to "$INSIDE4" port 80
explain "which this router has none of" 3 '.iif_role == "external" and .oif == null and .oif_role == null' \
	tcp from "$OUTSIDE4" to "$ROUTER_OUT4" port 22
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

# --- is there room?
# agrees NAME REASON PACKET CRAFTED: what is said of a packet, and what it then meets.
agrees() {
	local before expected=
	[ "$2" = passes ] || expected="$2 1"
	before=$(fw -j status)
	# shellcheck disable=SC2086  # words
	check_equal "$1: it says" "$(fw -j explain $3 | jq -r '.reason // "passes"')" "$2"
	craft "${5:-$INSIDE}" "$4"
	check_equal "$1: so it is" "$(drops_since "$before")" "$expected"
}
# outbound NAME REASON PORT [ADDRESS]
outbound() {
	agrees "$1" "$2" "udp from ${4:-$INSIDE4} port $3 to $NOWHERE4 port 9" "udp('${4:-$INSIDE4}', '$NOWHERE4', $3, 9)"
}
# new N PORT: so many flows from inside that nobody answers, from ports PORT on.
new() { craft "$INSIDE" "[udp('$INSIDE4', '$NOWHERE4', $2 + k, 9) for k in range($1)]"; }
# room: an empty table, and these rules.
room() {
	fw role del out0 && fw role del in0
	fw_rules
}
room <<-RULES
	set max-flows 20
	set half-open 50
	ttl udp-new step 100s max 100s
RULES
new 10 1000
outbound "the share of half-open flows" table-full 2000
fw set half-open 100 >/dev/null
outbound "a larger one" passes 2000
new 9 2100
outbound "a full table" table-full 2200
fw set when-full evict >/dev/null
flows=$(flows_json | jq -r ".[].id" | sort)
check_match "which evicts, in words" "$(fw explain udp from "$INSIDE4" port 2300 to "$NOWHERE4" port 9)" 'which it would make$'
check_equal "no flow has made room for that" "$(flows_json | jq -r ".[].id" | sort)" "$flows"
outbound "which evicts" passes 2300
fw set when-full refuse >/dev/null
fw rule add deny local tcp to any port 7777 >/dev/null
agrees "inside, without a rule" passes "udp from $INSIDE4 port 1 to $ROUTER_IN4 port 9" "udp('$INSIDE4', '$ROUTER_IN4', 1, 9)"
fw rule add allow inside udp to any port 10 >/dev/null
agrees "inside, by a rule" table-full "udp from $INSIDE4 port 1 to $ROUTER_IN4 port 10" "udp('$INSIDE4', '$ROUTER_IN4', 1, 10)"

room <<-RULES
	set max-flows 10
	set half-open 100
	ttl udp-new step 1s max 1s
	allow in tcp to any port 82
RULES
new 10 1000
sleep 1
outbound "flows that have expired" passes 2000

room <<-RULES
	set max-flows 1
	set half-open 100
	allow in tcp to any port 82
RULES
again="tcp('$OUTSIDE4', '$INSIDE4', 1000, 82, 'S')"
craft "$OUTSIDE" "$again"
settle
agrees "a connection takes its own place" passes "tcp from $OUTSIDE4 port 1000 to $INSIDE4 port 82" "$again" "$OUTSIDE"
agrees "another one does not" table-full "tcp from $OUTSIDE4 port 1001 to $INSIDE4 port 82" \
	"tcp('$OUTSIDE4', '$INSIDE4', 1001, 82, 'S')" "$OUTSIDE"

room <<-RULES
	set max-flows 6
	set max-flows-per-host 5
	set half-open 100
	set when-full evict
	ttl udp-new step 100s max 100s
	allow in udp to any port 5000
RULES
new 4 1000
outbound "one more of a host" passes 1004
outbound "its limit" host-full 1005
agrees "also from outside" host-full "udp from $OUTSIDE4 port 1 to $INSIDE4 port 5000" "udp('$OUTSIDE4', '$INSIDE4', 1, 5000)" "$OUTSIDE"
ip -n "$INSIDE" addr add 10.0.1.7/24 dev eth0
outbound "another host" passes 1000 10.0.1.7
# What is answered does not make room: of the flows, only those of the first host can.
craft "$OUTSIDE" "udp('$NOWHERE4', '10.0.1.7', 9, 1000)"
outbound "a host whose flow makes room" passes 1010

# --- of a link address
mac=$(link_address "$OUTSIDE" eth0)
udp_echo_server "$INSIDE" 53 54
fw_rules <<-RULES
	group cards mac $mac
	group banned mac 02:00:00:00:00:66
	group fans host $OUTSIDE4 group cards
	allow in udp from group cards to any port 53 id by-mac
	deny in udp from group banned to any port 54 id banned
	allow in udp to any port 54 id others
	allow in tcp from group fans to any port 22 id ssh
	deny in tcp from not group cards to any port 23 id strangers
RULES
udp="udp from $OUTSIDE4 to $INSIDE4 port"
# shellcheck disable=SC2086  # words
{
	explain "it depends on the link address" 3 '.needs_mac and .reason == "policy"' $udp 53
	explain "which is told" 0 '.needs_mac == false and .rule == "by-mac"' $udp 53 mac "$mac"
	explain "another one" 3 '.needs_mac == false and .reason == "policy"' $udp 53 mac 02:00:00:00:00:98
	explain "it might be refused" 0 '.needs_mac and .rule == "others"' $udp 54
	explain "and is" 3 '.needs_mac == false and .rule == "banned"' $udp 54 mac 02:00:00:00:00:66
	explain "also if it is not in a group" 3 '.needs_mac and .rule == "strangers"' tcp from "$OUTSIDE4" to "$INSIDE4" port 23
	explain "an address is enough" 0 '.needs_mac == false and .rule == "ssh"' tcp from "$OUTSIDE4" to "$INSIDE4" port 22
	explain "no rule is about it" 3 '.needs_mac == false' $udp 55
	explain "going out, there is none" 0 '.needs_mac == false' udp from "$ROUTER_OUT4" to "$OUTSIDE4" port 53
	check_match "in words" "$(fw explain $udp 53)" 'note  with its link address'
}
check "so it is" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "and so" udp_echoes "$OUTSIDE" "$INSIDE4" 54
check_match "what is made here was not sent" \
	"$(fw explain udp from "$ROUTER_OUT4" to "$OUTSIDE4" mac "$mac" 2>&1)" 'comes by an Ethernet'
check_match "no link address" "$(fw explain udp from "$OUTSIDE4" to "$INSIDE4" mac 02:00 2>&1)" 'is no value of .mac'

# The guard over ssh asks the same.
guarded() { { printf 'version 1\nrole out0 external\nrole in0 internal\n'; cat; } >"$TMP/guarded"; }
export SSH_CONNECTION="$OUTSIDE4 50000 $ROUTER_OUT4 22"
guarded <<-RULES
	group cards mac $mac
	allow in tcp from group cards to any port 22 id ssh
RULES
check "ssh by a link address is no lock-out" fw apply "$TMP/guarded"
check "nor is it one" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 22
guarded <<-RULES
	group cards mac $mac
	allow in udp from group cards to any port 22
RULES
check_match "where no link address helps, it is" "$(fw apply "$TMP/guarded" 2>&1)" 'would lock out'
# The limit comes first: with the buckets of a large table, a look may miss eight flows.
room <<-RULES
	set max-flows 8
	ttl udp-new step 100s max 100s
	allow in tcp to any port 22
RULES
guarded <<-RULES
	set max-flows 8
	set when-full evict
	set half-open 100
	ttl udp-new step 100s max 100s
	allow in tcp to any port 22 id ssh
RULES
new 8 3000
check "a full table that evicts is no lock-out" fw apply "$TMP/guarded"
check "nor is it one" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 22
