#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
#
# Netlink messages that fwctl would never send (fuzz-netlink.c), 100,000 in a full run.
. "$(dirname "$0")/debug.sh"

need jq
CAPTURE=no topology
listen_tcp "$INSIDE" 80
everything on reassemble
corpus=$TMP/corpus
record "$corpus" apply "$TMP/everything" >"$TMP/apply" 2>&1 || die "the ruleset is refused" "$(cat "$TMP/apply")"
pings "$INSIDE" "$OUTSIDE4" >/dev/null
tcp_echoes "$OUTSIDE" "$INSIDE4" 80 >/dev/null
failed=0
while read -r -a command; do
	record "$corpus" "${command[@]}" >"$TMP/recorded" 2>&1 || {
		failed=$((failed + 1))
		note "fwctl ${command[*]}: $(cat "$TMP/recorded")"
	}
done <<-COMMANDS
	-j status
	save
	rule list
	flows
	flows tcp host $INSIDE4 to any port 80
	why $OUTSIDE4
	apply $TMP/everything --check
	rule add allow in udp to any port 9 id nine
	rule move nine first
	rule zero nine
	rule zero
	rule replace nine deny in udp to any port 9-10
	rule del nine
	group add banned host 203.0.113.5 timeout 10
	group add fresh host 203.0.113.6 net 2001:db8:5::/48
	group show banned
	group del banned host 203.0.113.5
	group flush fresh
	group del fresh
	role add ppp7 internal
	role del ppp7
	set max-flows 5000
	ttl icmp step 3 max 9
	flows kill host $OUTSIDE6
	apply $TMP/everything --confirm 30
	confirm
	explain icmp from $INSIDE4 to $OUTSIDE4
COMMANDS
check_equal "what is recorded was accepted" "$failed" 0
# The events are wanted, too, and nobody takes them.
"$FWCTL" -n "$ROUTER" monitor >/dev/null 2>&1 &

count=$(rounds 100000 8000)
check "the messages are sent (FLOWWALL_SEED=$SEED)" \
	in_ns "$ROUTER" timeout $((500 * SLOW)) "$BUILD/fuzz-netlink" "$corpus" "$count" "$SEED"
report=$(tail -n 1 "$TMP/check")
echo "# $report"
accepted=${report#*accepted } refused=0
for number in ${report#*refused}; do
	[[ $number != [0-9]* ]] || refused=$((refused + number))
done
check "more than a tenth of them meant something" [ "${accepted%%,*}" -gt $((count / 10)) ]
check "more than a tenth did not" [ "$refused" -gt $((count / 10)) ]
check_works
check_nothing_left
