#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: 6.12
#
# The kernel's own YNL client drives the module from include/uapi/flowwall.yaml:
# status, a transaction, dumps, a refusal, events. Without fwctl.
. "$(dirname "$0")/lib.sh"

need jq "$PYTHON"
CLIENT=$(find "${FLOWWALL_CACHE:-/var/cache/flowwall}" -maxdepth 1 -name 'ynl-6.12*' | tail -n 1)
[ -n "$CLIENT" ] || skip "no YNL client here: run tests/vm/ynl.sh on the host"

# Whether the specification is one is asked once: that takes longer than all else.
ynl() {
	in_ns "$ROUTER" "$PYTHON" "$CLIENT/tools/net/ynl/cli.py" --output-json \
		--spec "$SOURCE/include/uapi/flowwall.yaml" \
		"${SCHEMA[@]}" "$@"
}
SCHEMA=(--schema "$CLIENT/Documentation/netlink/genetlink.yaml")

# check_json NAME FILTER COMMAND...: the JSON that COMMAND prints is as the jq
# filter says.
check_json() {
	local name=$1 filter=$2
	shift 2
	"$@" >"$TMP/json" 2>"$TMP/json.err" || { fail "$name" "$(cat "$TMP"/json*)"; return; }
	if jq -e "$filter" "$TMP/json" >/dev/null; then
		pass "$name"
	else
		fail "$name" "$filter
$(cat "$TMP"/json*)"
	fi
}

topology
check_json "status-get" '.status["max-flows"] > 0 and (.status.drop | length) > 5' ynl --do status-get
SCHEMA=(--no-schema)

check "a transaction in one socket" ynl \
	--multi begin '{"mode": "replace"}' \
	--multi add '{"statement": [
		{"role": {"iface": "out0", "role": "external"}},
		{"role": {"iface": "in0", "role": "internal"}},
		{"setting": {"max-flows": 1000}},
		{"ttl": {"class": "icmp", "step": 50, "max": 60}}]}' \
	--multi add '{"statement": {"rule": {"direction": "in", "action": "allow", "proto": 6,
		"name": "web", "comment": "by YNL",
		"dst": {"addr": [{"min": "0a000102", "max": "0a000102"}],
			"port": [{"min": 80, "max": 81}, {"min": 443, "max": 443}]}}}}' \
	--multi commit '{}'
check_json "its setting counts" '.status["max-flows"] == 1000 and .status.rules == 1' ynl --do status-get
check_json "ruleset-get has the rule" '
	map(.statement[0].rule // empty) | length == 1 and .[0].name == "web" and
	.[0].dst.addr[0].min == "10.0.1.2" and .[0].dst.port[0].max == 81 and
	.[0].action == "allow" and .[0].comment == "by YNL"' ynl --dump ruleset-get
check_json "ruleset-get by kinds has roles only" '
	length == 2 and all(.[]; .statement[0].role)' ynl --dump ruleset-get --json '{"kinds": ["role"]}'
check_json "iface-get has the roles" '
	map(.iface | {key: .name, value: .role}) | from_entries |
	.out0 == "external" and .in0 == "internal"' ynl --dump iface-get

pings "$INSIDE" "$OUTSIDE4" >/dev/null
pings "$INSIDE" "$OUTSIDE6" >/dev/null
listen_tcp "$INSIDE" 80
check "the rule lets in" tcp_connects "$OUTSIDE" "$INSIDE4" 80
inverted='.original.src == .reply.dst and .original.dst == .reply.src and
	.original.packets > 0 and .original["ttl-ms"] > 0'
check_json "flow-get has the flows, each with two inverted entries" "
	map(.flow) | length >= 3 and all(.[]; $inverted) and
	any(.[]; .family == 2 and .proto == 1 and .direction == \"out\" and
		.original.src == \"10.0.1.2\" and .original[\"icmp-id\"]) and
	any(.[]; .family == 10 and .original.dst == \"2001:db8:2::2\") and
	any(.[]; .proto == 6 and .direction == \"in\" and .original.dport == 80 and .rule)" \
	ynl --dump flow-get

# What fwctl writes as one word of a line must be one.
for name in 'two lines' $'two\nlines' 'eth+'; do
	refusal=$(ynl --multi begin '{"mode": "edit"}' --multi add "$(jq -nc --arg name "$name" \
		'{statement: {group: {name: "those", member: [{iface: $name}]}}}')" 2>&1)
	check_match "no member $(printf %q "$name")" "$refusal" 'bad-attr.*iface'
done

status=0
refusal=$(ynl --multi begin '{"mode": "edit"}' \
	--multi add '{"statement": {"setting": {"max-flows": 0}}}' 2>&1) || status=$?
check_equal "a refusal is an error" "$status" 1
check_match "it names the attribute" "$refusal" 'bad-attr.*max-flows'
check_match "it says what is wrong" "$refusal" "'msg': '[^']+"

ynl --subscribe events --sleep 8 >"$TMP/events" 2>&1 &
waiting=$!
while kill -0 "$waiting" 2>/dev/null; do
	udp_result "$INSIDE" "$OUTSIDE4" 9 >/dev/null
done
check "events name new flows" jq -e \
	'any(.[]; .name == "flow-new-ntf" and .msg.flow.proto == 17)' "$TMP/events"
