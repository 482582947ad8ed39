#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# Towards an external interface, one without a role counts as internal: closed.
# Where no external interface is involved, nothing is touched.
#
# THIRD hangs on the router by eth2, without a role; another such network is
# FOURTH.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
setup_ns THIRD FOURTH
third() { # NAMESPACE INTERFACE NUMBER
	ip -n "$ROUTER" -batch - <<-LINK
		link add $2 type veth peer name eth0 netns $1
		addr add 10.0.$3.1/24 dev $2
		addr add 2001:db8:a$3::1/64 dev $2 nodad
		link set $2 up
	LINK
	host_addresses "$1" "10.0.$3.2" "2001:db8:a$3::2" "10.0.$3.1" "2001:db8:a$3::1"
}
fw_rules </dev/null
third "$THIRD" eth2 2
third "$FOURTH" eth3 3
busywait 5 pings "$THIRD" 2001:db8:a3::2
listen_tcp "$THIRD" 80
watch third "$THIRD" eth0 'net 198.51.100.0/24 or net 2001:db8:2::/64'

for v in 4 6; do
	out=OUTSIDE$v in=INSIDE$v third=10.0.2.2 fourth=10.0.3.2
	out=${!out} in=${!in}
	[ "$v" = 4 ] || third=2001:db8:a2::2 fourth=2001:db8:a3::2
	craft "$OUTSIDE" "tcp('$out', '$third', 1, 80)" "echo('$out', '$third', 5)" "udp('$out', '$third', 1, 80)"
	check_seen "v$v: from outside nothing comes in" third $((v == 4 ? 0 : 1))
	check "v$v: from it to outside is a flow" pings "$THIRD" "$out"
	check_flow "v$v: that is listed" ".original.src == \"$third\"" "$INVERTED and .direction == \"out\""
	check_drops "v$v: its addresses cannot come from outside" "spoofed 1" "$OUTSIDE" \
		"udp('${third}2', '$third', 1, 2)"
	craft "$OUTSIDE" "echo('$out', '$third', 6, reply=True)"

	flows=$(flow_count) status=$(fw -j status)
	check "v$v: it reaches the inside" pings "$THIRD" "$in"
	check "v$v: the inside reaches it" tcp_echoes "$INSIDE" "$third" 80
	check "v$v: others without a role reach it" tcp_echoes "$FOURTH" "$third" 80
	craft "$FOURTH" "tcp('$fourth', '$third', 1, 80, '')" "tcp('$fourth', '$third', 1, 80, 'SFR')" \
		"frag(udp('$fourth', '$third', 1, 2, data=b'x' * 64), 16, 1)" \
		"cut(tcp('$fourth', '$third', 1, 2), 7)"
	check_equal "v$v: nothing of that is dropped" "$(drops_since "$status")" ""
	check_equal "v$v: none of it makes a flow" "$(flow_count)" "$flows"
done
check_seen "only the two answers to its own pings came from outside" third 2

fw role add eth2 external
check_fails "given a role, it is outside at once" pings "$THIRD" "$INSIDE4"
fw role add eth2 internal
check "and inside again" pings "$THIRD" "$INSIDE4"
