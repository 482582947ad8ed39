# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases about behaviour share, on top of lib.sh.

# craft NAMESPACE EXPRESSION...: sends packets that no honest host would; see
# packet.py. crafts NAMESPACE TIMES EXPRESSION... sends them that often.
craft() { in_ns "$1" "$PYTHON" "$TESTS/packet.py" "${@:2}" || die "cannot send: ${*:2}"; }

# drops: all counters of drops, "reason count" a line, those at zero left out.
drops() { fw -j status | jq -r '.drops | to_entries[] | select(.value > 0) | "\(.key) \(.value)"'; }

# drops_since FILE: what has been added since `drops >FILE`, on one line:
# "policy 2 state 1", in the order of the list.
drops_since() {
	drops | awk 'NR == FNR { old[$1] = $2; next }
		$2 != old[$1] { printf "%s%s %d", gap, $1, $2 - old[$1]; gap = " " }' "$1" -
}

# check_drops NAME EXPECTED NAMESPACE EXPRESSION...: these packets are dropped,
# and counted just so: "spoofed 1".
check_drops() {
	local name=$1 expected=$2
	shift 2
	drops >"$TMP/drops"
	craft "$@"
	check_equal "$name" "$(drops_since "$TMP/drops")" "$expected"
}

# flow FILTER: the flows that the jq filter selects, one a line.
flow() { fw -j flows | jq -c ".[] | select($1)"; }

# check_flow NAME SELECT FILTER: there is exactly one flow that the jq filter
# SELECT selects, and for it FILTER is true.
check_flow() {
	local flows
	flows=$(flow "$2")
	if [ "$(grep -c . <<<"$flows")" = 1 ] && jq -e "$3" <<<"$flows" >/dev/null; then
		pass "$1"
	else
		fail "$1" "is:       ${flows:-no flow}
selected: $2
expected: $3"
	fi
}

# The two entries of a flow are each other's inverse. For check_flow.
# shellcheck disable=SC2034  # the cases use it
INVERTED='.original.src == .reply.dst and .original.dst == .reply.src and
	.original.sport == .reply.dport and .original.dport == .reply.sport and
	.original.icmp_id == .reply.icmp_id and .original.key == .reply.key and
	.original.ttl > 0 and .reply.ttl > 0'

# watch_events: records the router's events from now on, one JSON object a line,
# in $TMP/events. event_count FILTER: those of them that the jq filter selects.
watch_events() {
	"$FWCTL" -n "$ROUTER" -j monitor >"$TMP/events" 2>"$TMP/events.err" &
	EVENTS=$!
	# It listens once a change of the ruleset shows.
	busywait 20 heard_a_change || die "fwctl monitor hears nothing" "$(cat "$TMP/events.err")"
}
heard_a_change() {
	fw set dhcp on
	sleep 0.2
	grep -q ruleset "$TMP/events"
}
event_count() { jq -c "select($1)" "$TMP/events" | grep -c .; }
event_seen() { [ "$(event_count "$1")" -gt 0 ]; }

# from_router ADDRESS...: a tcpdump filter for what came through or from the
# router, but for what it needs to say to be a neighbour.
silence_filter() {
	echo "inbound and not arp and not (icmp6 and ip6[40] >= 133 and ip6[40] <= 136)" \
		"and not (ip6[6] = 0 and ip6[48] = 143) and not (icmp6 and ip6[40] = 143)"
}
