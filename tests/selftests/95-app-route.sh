#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
# limit: 200
#
# app: marks of the filter choose between two routes, and the flow keeps its mark.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"
. "$(dirname "$0")/app.sh"

topology
web "$OUTSIDE"
ip -n "$ROUTER" link add out1 type veth peer name eth1 netns "$OUTSIDE"
ip -n "$ROUTER" addr add 203.0.113.1/24 dev out1
ip -n "$ROUTER" addr add 2001:db8:3::1/64 dev out1 nodad
ip -n "$ROUTER" link set out1 up
ip -n "$OUTSIDE" addr add 203.0.113.2/24 dev eth1
ip -n "$OUTSIDE" addr add 2001:db8:3::2/64 dev eth1 nodad
ip -n "$OUTSIDE" link set eth1 up
ip -n "$ROUTER" route add default via 203.0.113.2 table 100
ip -n "$ROUTER" -6 route add default via 2001:db8:3::2 table 100
ip -n "$ROUTER" rule add fwmark 0x10/0xff table 100
ip -n "$ROUTER" -6 rule add fwmark 0x10/0xff table 100
head -c 300000 /dev/zero >"$TMP/data"

fw_rules <<-RULES
	role out1 external
	allow out tcp to any port 80 queue 3 mark 0/0xff
RULES
app_rules <<-RULES
	mark 0x10/0xff http host video.example id video
	allow http host mail.example
RULES
app 3

# over INTERFACE: bytes that the router has sent there.
over() { in_ns "$ROUTER" cat "/sys/class/net/$1/statistics/tx_bytes"; }

# post ADDRESS HOST: 300 kB; sets what went over out0 and out1, kB.
post() {
	local first second
	first=$(over out0) second=$(over out1)
	POSTED=$(fetch "$INSIDE" "$1" "http://$2/x" --data-binary "@$TMP/data" -H Expect:)
	FIRST=$((($(over out0) - first) / 1000)) SECOND=$((($(over out1) - second) / 1000))
}
for to in "$OUTSIDE4" "$OUTSIDE6"; do
	post "$to" mail.example
	check_equal "$to: without a mark it arrives" "$POSTED" "posted 300000 200"
	check "$to: over the first route ($FIRST kB, $SECOND kB)" [ "$FIRST" -ge 300 -a "$SECOND" -le 5 ]
	post "$to" video.example
	check_equal "$to: with a mark it arrives" "$POSTED" "posted 300000 200"
	check "$to: over the second route ($FIRST kB, $SECOND kB)" [ "$SECOND" -ge 200 -a "$FIRST" -le 100 ]
done
check_equal "the flow remembers the mark" "$(flows_json | jq -c 'map(.mark) | unique')" "[0,16]"
