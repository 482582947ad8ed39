#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# fwctl top on a terminal of 80 columns and 24 lines: flows, hosts, rules and drops, each
# the busiest first, and what its keys do.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
fw_rules <<-RULES
	allow in tcp to $INSIDE4 port 80 id web
RULES
listen_tcp "$INSIDE" 80
udp_echo_server "$OUTSIDE" 53

# screen WORD TEXT: see screen.py.
screen() {
	echo "$*" >&"${CONTROL_INPUT[top]}"
	local answer='no answer'
	read -r -t 40 -u "${CONTROL_OUTPUT[top]}" answer
	echo "$answer"
	[ "$answer" = "done" ]
}

# One that goes on, and one that is only there.
in_ns "$OUTSIDE" bash -c "exec 3<>/dev/tcp/$INSIDE4/80; while echo \"\$(printf %01000d 7)\" >&3; do
	read -r -t 1 -u 3 line; sleep 0.05; done" >/dev/null 2>&1 &
udp_result "$INSIDE" "$OUTSIDE4" 53 1234 >/dev/null
check_fails "something is dropped" tcp_connects "$OUTSIDE" "$INSIDE4" 81

control top "$ROUTER" "$TESTS/screen.py" "$FWCTL" top
check "it shows what is in use" screen wait "flows 2 of 262144"
check "the flow is there" screen wait "$INSIDE4:80"
check "with its rate" screen wait "k "
check "the other one, too" screen wait "$OUTSIDE4:53"
check "with no rights but to ask" only_asks "$(pgrep -x fwctl)"
first() { [[ $(screen wait NOTHING-LIKE-IT) =~ "$INSIDE4:80".*"$OUTSIDE4:53" ]]; }
check "the busier is first" first
screen type e >/dev/null
check "it explains a flow" screen wait "let in by rule web: allow in tcp to $INSIDE4 port 80 id web"
screen type x >/dev/null
check "and goes back" screen wait "[1 flows]"
screen type 2 >/dev/null
check "hosts" screen wait "HOST  "
check "with their flows" screen wait "$OUTSIDE4  "
screen type e >/dev/null
check "what was dropped of a host" screen wait "$INSIDE4:81"
screen type x3 >/dev/null
check "rules" screen wait "allow in tcp to $INSIDE4 port 80 id web"
screen type k >/dev/null
check "a rule is not killed" screen wait "flows and hosts can be killed, not rules"
screen type '\t' >/dev/null
check "drops" screen wait "policy"
check "with their reasons" screen wait "came from outside, of no flow"
screen type 1/udp'\n' >/dev/null
check "a filter is kept in sight" screen wait "filter: udp"
check "and leaves out the rest" screen gone "$INSIDE4:80"
screen type '/x\n' >/dev/null
check "one with a mistake is told of" screen wait 'is not known here: a direction'
screen type '/\x15\n' >/dev/null
check "without it all are back" screen wait "$INSIDE4:80"
screen type p >/dev/null
check "it pauses" screen wait PAUSED
screen type pk >/dev/null
check "it asks before it kills" screen wait "kill in proto 6 from $OUTSIDE4 port"
screen type 'y\n' >/dev/null
check "a flow is killed" screen wait "1 flow ended"
check "and gone" busywait 10 [ "$(fw -j flows tcp | jq '[.[] | select(.state != "closed")] | length')" = 0 ]
screen type q >/dev/null
check "it ends" screen end

check_equal "in JSON, the busiest" "$(fw -j top udp | jq -r '.flows[0].original.dst')" "$OUTSIDE4"
check_match "without a terminal it says so" "$(fw top 2>&1 </dev/null)" 'needs a terminal'
