#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1800
#
# What changes while packets pass, new flows come, dumps are open and listeners read:
# groups, the table's limit and its size, interfaces and neighbours, the module itself. The
# fast path is on. For rulesets see 58-swaps.sh, for namespaces 71-netns.sh.
. "$(dirname "$0")/debug.sh"

need jq
CAPTURE=no topology
black_hole
listen_tcp "$INSIDE" 80
udp_echo_server "$OUTSIDE" 53
ruleset() {
	fw_rules <<-RULES
		set max-flows 3000
		set max-flows-per-host 2500
		set when-full evict
		set fastpath on
		set fragments reassemble
		group some host $OUTSIDE4 net 203.0.113.0/24
		allow in tcp from group some to any port 80
		allow in udp from group some to any port 7000-7100 queue 7
		allow in udp to any port 5000-5100 queue 7 bypass
	RULES
}
ruleset
printf 'version 1\nrole default none\n' >"$TMP/no-roles"
sed 's/max-flows 3000/max-flows 64/; /per-host/d' "$TMP/ruleset" >"$TMP/small"

# Until the end: both directions, allowed, denied, queued, fast.
flood() { in_ns "$1" "$PYTHON" -I -S "$TESTS/flood.py" 0 "${@:2}" 4; }
traffic() {
	flood "$INSIDE" syn 10 "$NOWHERE4" 0 &
	flood "$INSIDE" udp "$INSIDE4" "$NOWHERE4" 53 &
	flood "$OUTSIDE" syn "$OUTSIDE4" "$INSIDE4" 80 &
	flood "$OUTSIDE" udp "$OUTSIDE4" "$INSIDE4" 7007 &
	flood "$OUTSIDE" syn "$OUTSIDE4" "$INSIDE4" 0 &
	in_ns "$INSIDE" ping -q -i 0.01 "$OUTSIDE6" &
	in_ns "$ROUTER" ping -q -i 0.01 "$OUTSIDE4" &
	in_ns "$OUTSIDE" ping -q -i 0.02 -s 3000 "$INSIDE4" &
	chatter "$INSIDE" "$OUTSIDE4" 53
}
# Those that read meanwhile, and are cut off now and then.
readers() {
	while :; do
		timeout 1 "$FWCTL" -n "$ROUTER" monitor
		timeout 0.1 "$FWCTL" -n "$ROUTER" flows
		fw save
		fw why "$OUTSIDE4"
	done
}
# Holds packets for some time, and goes.
holder() {
	while :; do
		in_ns "$ROUTER" timeout 1 "$PYTHON" "$TESTS/queue.py" 7 hold
		in_ns "$ROUTER" timeout 1 "$PYTHON" "$TESTS/queue.py" 7 accept
	done
}
traffic >/dev/null 2>&1
readers >/dev/null 2>&1 &
holder >/dev/null 2>&1 &
check "there is traffic" loaded

rounds=$(rounds 200 6)
failed=0
for ((n = 0; n < rounds; n++)); do
	fw group add some host "192.0.2.$((n % 250 + 1))" timeout 2 &&
		fw group del some host "$OUTSIDE4" && fw group flush some &&
		fw group add some net 203.0.113.0/24 host "$OUTSIDE4" host "$OUTSIDE6" || failed=$((failed + 1))
done >/dev/null 2>"$TMP/errors"
check_equal "$rounds times a group changes" "$failed$(<"$TMP/errors")" 0

failed=0
for ((n = 0; n < rounds; n++)); do
	fw set max-flows $((n % 2 ? 20 : 200000)) || failed=$((failed + 1))
	fw set fastpath "$( ((n % 4 > 1)) && echo on || echo off)" || failed=$((failed + 1))
done >/dev/null 2>"$TMP/errors"
check_equal "$rounds times the table's limit changes" "$failed$(<"$TMP/errors")" 0
ruleset

# of NAME: what `fwctl status` has under that name, a number; without jq, as this is asked often.
of() {
	local status
	status=$(fw -j status) && [[ $status =~ \"$1\":\ *([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

failed=0
before=$(of fast)
for ((n = 0; n < rounds; n++)); do
	mac=$(link_address "$OUTSIDE" eth0)
	ip -n "$ROUTER" -batch - <<-CHANGES || failed=$((failed + 1))
		link set out0 mtu $((1280 + n % 8 * 20))
		neigh replace $OUTSIDE4 lladdr 02:00:00:00:00:99 dev out0 nud permanent
		neigh replace $OUTSIDE4 lladdr $mac dev out0 nud reachable
		neigh del $OUTSIDE4 dev out0
		link set out0 mtu 1500
		neigh flush dev out0
	CHANGES
	ip -n "$ROUTER" link set out0 down
	ip -n "$ROUTER" link set out0 name wan0 && ip -n "$ROUTER" link set wan0 up || failed=$((failed + 1))
	[ $((n % 3)) != 0 ] || fw role add wan0 external || failed=$((failed + 1))
	ip -n "$ROUTER" link set wan0 down
	ip -n "$ROUTER" link set wan0 name out0 && ip -n "$ROUTER" link set out0 up || failed=$((failed + 1))
	ip -n "$ROUTER" link del out0
	ip -n "$ROUTER" -batch - <<-LINKS || failed=$((failed + 1))
		link add out0 type veth peer name eth0 netns $OUTSIDE
		addr add $ROUTER_OUT4/24 dev out0
		addr add $ROUTER_OUT6/64 dev out0 nodad
		link set out0 up
	LINKS
	host_addresses "$OUTSIDE" "$OUTSIDE4" "$OUTSIDE6" "$ROUTER_OUT4" "$ROUTER_OUT6"
	ip -n "$OUTSIDE" route replace blackhole 203.0.113.0/24
	ip -n "$ROUTER" route replace 203.0.113.0/24 via "$OUTSIDE4"
done >/dev/null 2>"$TMP/errors"
# An IPv6 address goes when its link is down.
ip -n "$ROUTER" addr replace "$ROUTER_OUT6/64" dev out0 nodad
check_equal "$rounds times neighbours and the MTU change, an interface gets another name, and goes and comes" \
	"$failed$(<"$TMP/errors")" 0
fast=$(($(of fast) - before))
check "packets went the fast path meanwhile: $fast" [ "$fast" -gt "$rounds" ]

# A table as small as can be has to grow as soon as it may have more flows, in steps here.
# It shrinks when it was too large for ten seconds.
has_flows() { [ "$(of flows)" -ge "$1" ]; }
buckets_are() { [ "$(of buckets)" = "$1" ]; }
twice() {
	fw -j flows | jq '[.[] | [.proto, .original.src, .original.dst, .original.sport, .original.dport,
		.original.icmp_id]] | length - (unique | length)'
}
failed=0 double=0
for ((n = 0; n < rounds; n++)); do
	fw apply --force "$TMP/no-roles" && fw apply "$TMP/small" || failed=$((failed + 1))
	for step in 64:64 256:256 1000:1024 200000:4096; do
		fw set max-flows "${step%:*}" && busywait 10 buckets_are "${step#*:}" || failed=$((failed + 1))
		[ "${step%:*}" != 64 ] || busywait 10 has_flows 20 || failed=$((failed + 1))
	done
	double=$((double + $(twice)))
	[ $((n % 10)) = 0 ] || continue
	fw flows kill all && fw set max-flows 64 && busywait 20 buckets_are 64 || failed=$((failed + 1))
	double=$((double + $(twice)))
done >/dev/null 2>"$TMP/errors"
check_equal "$rounds times the table grows from 64 to 4,096 buckets, and each tenth time back" \
	"$failed$(<"$TMP/errors")" 0
check_equal "no flow is there twice" "$double" 0
ruleset

has_roles() { [ "$(fw -j status | jq '.roles | length')" -gt 0 ]; }
# Without roles there is no table: flows go while packets look for them.
failed=0
for ((n = 0; n < rounds; n++)); do
	fw apply --force "$TMP/no-roles" && fw apply "$TMP/ruleset" || failed=$((failed + 1))
	# Nobody confirms: it comes back, or the module goes before.
	[ $((n % 20)) != 0 ] || { fw apply --force "$TMP/no-roles" --confirm 1 && busywait 20 has_roles; } || failed=$((failed + 1))
done >/dev/null 2>"$TMP/errors"
check_equal "$rounds times all roles go and come" "$failed$(<"$TMP/errors")" 0
ruleset

failed=0
for ((n = 0; n < rounds; n++)); do
	[ $((n % 10)) != 0 ] || { fw apply --force "$TMP/no-roles" --confirm 1 && sleep "1.0$((n % 7))"; } || failed=$((failed + 1))
	# Who reads has the module in use, for as long as it reads.
	timeout $((20 * SLOW)) rmmod flowwall || failed=$((failed + 1))
	insmod "$FLOWWALL_KO" && fw apply "$TMP/ruleset" || failed=$((failed + 1))
done >/dev/null 2>"$TMP/errors"
check_equal "$rounds times the module goes and comes" "$failed$(<"$TMP/errors")" 0
quiet
listen_tcp "$INSIDE" 80
check_works
check_nothing_left
