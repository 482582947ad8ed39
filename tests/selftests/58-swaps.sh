#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1200
# kernel: 6.12
#
# Rulesets that change under traffic: no packet of a flow that all of them allow is
# lost, and no packet meets a mixture of two.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
listen_tcp "$INSIDE" 80
udp_echo_server "$INSIDE" 53
common="version 1
role out0 external
role in0 internal
allow in tcp to any port 80
allow in udp to any port 53"
# In each of the two, one of two groups and one of two rules lets port 7000 in; a
# mixture of them would let 203.0.113.1 in to port 7001, or .2 to 7000.
cat >"$TMP/a" <<<"$common
group one host 203.0.113.1
allow in udp from group one to any port 7000
deny in udp to any port 7001"
cat >"$TMP/b" <<<"$common
group one host 203.0.113.2
deny in udp to any port 7000
allow in udp from group one to any port 7001"
fw apply "$TMP/a" || die "the ruleset is refused"
watch mixed "$INSIDE" eth0 '(src 203.0.113.1 and udp dst port 7001) or (src 203.0.113.2 and udp dst port 7000)'
watch right "$INSIDE" eth0 '(src 203.0.113.1 and udp dst port 7000) or (src 203.0.113.2 and udp dst port 7001)'

session stream "$OUTSIDE" udp "$INSIDE4" 53
session tcp "$OUTSIDE" tcp "$INSIDE4" 80
stop() { rm -f "$TMP/go"; }
touch "$TMP/go"
(
	# New flows all the time: ports that each come once.
	for ((n = 0; n < 300; n++)); do
		[ -e "$TMP/go" ] || exit
		craft "$OUTSIDE" "[udp('203.0.113.%d' % (1 + k % 2), '$INSIDE4', $((n * 200)) + 1024 + k, 7000 + k // 2 % 2) for k in range(200)]"
	done
) &
sender=$!
begin=${EPOCHREALTIME/./}
# The one that is paced sends during each change, too; the others between two.
in_ns "$OUTSIDE" "$PYTHON" -I -S "$TESTS/pace.py" "$INSIDE4" 53 "$(rounds 6000 600)" 10 >"$TMP/pace" 2>&1 &
pace=$!
swaps=$(rounds 1000 60)
lost=0 failed=0
for ((n = 0; ; n++)); do
	[ "$n" -lt $((swaps / 2)) ] || kill -0 "$pace" 2>/dev/null || break
	fw apply "$TMP/b" >/dev/null || failed=$((failed + 1))
	if [ $((n % 10)) = 0 ]; then
		tell stream echo 9 >/dev/null || lost=$((lost + 1))
		tell tcp echo 9 >/dev/null || lost=$((lost + 1))
	fi
	fw apply "$TMP/a" >/dev/null || failed=$((failed + 1))
done
note "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
stop
wait "$sender"
check "the paced sender came to its end" wait "$pace"
check_equal "$((2 * n)) rulesets" "$failed" 0
check_equal "of the flows that all of them allow, no packet was lost between two changes" "$lost" 0
check_match "nor during one, of $(rounds 6000 600)" "$(<"$TMP/pace")" '^0 [0-9]+ [0-9]+$'
check_seen "none of a mixture of two came in" mixed 0
check "those that one of them allows did" [ "$(seen right)" -gt 50 ]
