#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: none, unless in full; in short on uml-kasan (tests/check.sh)
# limit: 300
#
# queue: the first packets of a flow wait for a verdict of user space, the others
# follow it. Without a listener: bypass accepts, else they are dropped. A module
# ends with packets waiting, and a namespace with who has let them wait.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
modprobe -q nfnetlink_queue || skip "no nfnetlink_queue here"
topology
udp_echo_server "$INSIDE" 53 54
listen_tcp "$INSIDE" 80 81
fw_rules <<-RULES
	allow in udp to any port 53 queue 7
	allow in udp to any port 54 queue 8 bypass
	allow in tcp to any port 80 queue 7
	allow in tcp to any port 81 queue 20-23
	allow in udp to any port 56 queue 20-23
RULES

cp "$TMP/ruleset" "$TMP/queued"

check_fails "nobody listens: no answer" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "nobody listens, bypass: it passes" udp_echoes "$OUTSIDE" "$INSIDE4" 54

# queue NUMBER accept|drop|hold: a listener, and what it has seen in $TMP/queue-N.
listener() {
	ip netns exec "$ROUTER" $PYTHON "$TESTS/queue.py" "$1" "$2" >"$TMP/queue-$1" 2>&1 &
	LISTENER=$!
	busywait 10 grep -q ready "$TMP/queue-$1" || die "no listener" "$(cat "$TMP/queue-$1")"
}
queued() { grep -c packet "$TMP/queue-$1"; }

listener 7 accept
session one "$OUTSIDE" udp "$INSIDE4" 53
check "v4: accepted" tell one echo 9
check_equal "v4: one packet was asked about" "$(queued 7)" 1
check "v4: then it goes on" tell one echo 9
check_equal "v4: and nobody is asked" "$(queued 7)" 1
check "v6: accepted" udp_echoes "$OUTSIDE" "$INSIDE6" 53
check_equal "v6: one more packet" "$(queued 7)" 2
check "TCP: data comes back" tcp_echoes "$OUTSIDE" "$INSIDE4" 80
asked=$(queued 7)
check "TCP: the handshake and the first data were asked about ($((asked - 2)))" \
	[ "$asked" -ge 6 -a "$asked" -le 8 ]
kill "$LISTENER"; wait "$LISTENER" 2>/dev/null
check "without the listener a flow that was accepted goes on" tell one echo 9
check_fails "a new one does not" udp_echoes "$OUTSIDE" "$INSIDE4" 53 999

listener 7 drop
check_fails "dropped" udp_echoes "$OUTSIDE" "$INSIDE4" 53 998
check "after it was asked about" [ "$(queued 7)" -ge 1 ]
kill "$LISTENER"; wait "$LISTENER" 2>/dev/null

listeners=()
for n in 20 21 22 23; do listener "$n" accept; listeners+=("$LISTENER"); done
for ((n = 0; n < 8; n++)); do tcp_echoes "$OUTSIDE" "$INSIDE4" 81 >/dev/null || fail "connection $n"; done
check "several queues share the flows" [ "$(cat "$TMP"/queue-2[0-3] | grep -c packet)" -ge 24 ]
check "not one of them has all" [ "$(for n in 20 21 22 23; do queued $n; done | grep -cv '^0')" -ge 2 ]
kill "${listeners[@]}"; wait "${listeners[@]}" 2>/dev/null

# shares: which of these queues 12 flows come to, always the same ones.
shares() {
	local n had i
	listeners=()
	for n in 20 21 22 23; do listener "$n" accept; listeners+=("$LISTENER"); done
	for ((i = 0; i < 12; i++)); do
		had=("$(queued 20)" "$(queued 21)" "$(queued 22)" "$(queued 23)")
		craft "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', $((5000 + i)), 56)"
		settle
		for n in 0 1 2 3; do [ "$(queued 2$n)" = "${had[n]}" ] || echo -n "$n"; done
	done
	kill "${listeners[@]}"; wait "${listeners[@]}" 2>/dev/null
}
shares >"$TMP/shares"
check_match "each flow comes to one of them" "$(cat "$TMP/shares")" '^[0-3]{12}$'

# What a program says of a flow, beside its verdict.
for mode in more requests; do
	listener 7 "$mode"
	session "$mode" "$OUTSIDE" udp "$INSIDE4" 53
	for ((n = 0; n < 3; n++)); do check "$mode: it passes" tell "$mode" echo 9; done
	check_equal "$mode: asked about so many packets" "$(queued 7)" "$([ $mode = more ] && echo 6 || echo 3)"
	kill "$LISTENER"; wait "$LISTENER" 2>/dev/null
	check_fails "$mode: and it is not decided yet" tell "$mode" echo 9
done
listener 7 requests
before=$(queued 7)
check "requests: TCP: data comes back" tcp_echoes "$OUTSIDE" "$INSIDE4" 80
check "requests: TCP: nothing but the handshake and what the originator says ($(queued 7))" \
	[ "$(($(queued 7) - before))" -ge 4 -a "$(($(queued 7) - before))" -le 6 ]
kill "$LISTENER"; wait "$LISTENER" 2>/dev/null
listener 7 refuse
before=$(drop_count rule)
check_fails "refuse: it does not pass" udp_echoes "$OUTSIDE" "$INSIDE4" 53 997
check "refuse: it is counted" [ "$(drop_count rule)" -gt "$before" ]
check_equal "refuse: and there is no flow any more" \
	"$(flows_json | jq 'map(select(.original.sport == 997)) | length')" 0
kill "$LISTENER"; wait "$LISTENER" 2>/dev/null
fw rule add allow in udp to any port 54 queue 9 mark 0/0xf id marked || die "no rule"
fw rule move marked first
listener 9 marked
session marked "$OUTSIDE" udp "$INSIDE4" 54
check "marked: it passes" tell marked echo 9
check_equal "marked: the flow remembers the mark" \
	"$(flows_json | jq 'map(select(.rule == "marked") | .mark) | max')" 5
check_fails "with a queue, a mark has no bits of its verdict" \
	fw rule add allow in udp to any port 55 queue 9 mark 0x80000000
kill "$LISTENER"; wait "$LISTENER" 2>/dev/null

# A hundred packets wait, and all ends.
listener 7 hold
craft "$OUTSIDE" "[udp('$OUTSIDE4', '$INSIDE4', 2000 + n, 53) for n in range(100)]"
check "100 packets wait" busywait 20 bash -c "[ \$(grep -c packet $TMP/queue-7) -ge 100 ]"
check "the module is unloaded" timeout 20 rmmod flowwall
load_module
fw apply "$TMP/queued" || die "the ruleset is refused"
shares >"$TMP/shares.again"
check_match "each flow comes to one of several queues again" "$(cat "$TMP/shares.again")" '^[0-3]{12}$'
check_fails "to another one than before: no sender can tell which" cmp -s "$TMP/shares" "$TMP/shares.again"
craft "$OUTSIDE" "[udp('$OUTSIDE4', '$INSIDE4', 3000 + n, 53) for n in range(100)]"
check "100 more wait" busywait 20 bash -c "[ \$(grep -c packet $TMP/queue-7) -ge 200 ]"
check "the rules go, and with them their hooks" fw_rules </dev/null
fw apply "$TMP/queued" || die "the ruleset is refused"
craft "$OUTSIDE" "[udp('$OUTSIDE4', '$INSIDE4', 4000 + n, 53) for n in range(100)]"
check "100 more" busywait 20 bash -c "[ \$(grep -c packet $TMP/queue-7) -ge 300 ]"
# It stays as long as somebody lives in it; once it goes, so do its links.
# shellcheck disable=SC2046  # one word a process
kill -9 $(ip netns pids "$ROUTER")
ip netns del "$ROUTER"
gone() { ! ip -n "$INSIDE" link show eth0; }
check "the namespace goes with its listener" busywait 20 gone
check "and the module" busywait 20 rmmod flowwall
check_equal "the kernel said nothing of it" "$(unexpected_log)" ""
