#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
#
# Packets that no host would send (fuzz-packets.c), on all paths, from both sides and from
# the router itself, with the fast path on and off and fragments put together or not, and
# through VLANs: 375,000 in a full run.
. "$(dirname "$0")/debug.sh"

need jq
CAPTURE=no topology
listen_tcp "$INSIDE" 80
listen_tcp "$OUTSIDE" 80
udp_echo_server "$INSIDE" 53
black_hole
# Neighbours that stay: mutated ARP and neighbour discovery would hide the rest.
for host in "$INSIDE" "$OUTSIDE"; do
	ip -n "$host" link set eth0 promisc on
done
fuzz_queue 7
fuzz_queue 8

count=$(rounds 25000 2000)
# What comes behind the name of each link: of a VLAN, .7.
vlan=''
phase() { # FASTPATH FRAGMENTS SEED
	local inside outside
	everything "$1" "$2"
	[ -z "$vlan" ] || printf 'role out0%s external\nrole in0%s internal\n' "$vlan" "$vlan" >>"$TMP/everything"
	fw apply "$TMP/everything" >"$TMP/apply" 2>&1 || die "the ruleset is refused" "$(cat "$TMP/apply")"
	fw flows kill all >/dev/null
	in_ns "$INSIDE" "$BUILD/fuzz-packets" "$count" "$3" "eth0$vlan" "$(link_address "$ROUTER" in0)" inside &
	inside=$!
	in_ns "$OUTSIDE" "$BUILD/fuzz-packets" "$count" "$3" "eth0$vlan" "$(link_address "$ROUTER" out0)" outside &
	outside=$!
	# The router's own come behind them: it would begin their flows, which then have no way.
	wait "$inside" && wait "$outside" && in_ns "$ROUTER" "$BUILD/fuzz-packets" "$count" "$3"
}
n=0
for fastpath in off on; do
	for fragments in drop reassemble; do
		n=$((n + 1))
		check "fastpath $fastpath, fragments $fragments: they are sent (FLOWWALL_SEED=$SEED)" \
			phase "$fastpath" "$fragments" $((SEED + n))
	done
done
status=$(fw -j status)
note "$status"
# It is of no use if all of them are dropped for one reason, or none is.
check "they were dropped for many reasons" [ "$(jq '[.drops[] | select(. > 0)] | length' <<<"$status")" -ge 8 ]
check "some passed and made flows" [ "$(jq .new_flows <<<"$status")" -gt $((count / 50)) ]
check "some went the fast path" [ "$(jq .fast <<<"$status")" -gt 0 ]
for queue in 7 8; do
	check "some were asked about by queue $queue" grep -q packet "$TMP/queue-$queue"
done

# carry FROM TO: all addresses go from the links with FROM behind their names to those
# with TO.
carry() {
	local namespace link addresses address
	while read -r namespace link addresses; do
		for address in $addresses; do
			ip -n "$namespace" addr del "$address" dev "$link$1"
			ip -n "$namespace" addr add "$address" dev "$link$2"
		done
	done <<-LINKS
		$ROUTER in0 $ROUTER_IN4/24 $ROUTER_IN6/64
		$ROUTER out0 $ROUTER_OUT4/24 $ROUTER_OUT6/64
		$INSIDE eth0 $INSIDE4/24 $INSIDE6/64
		$OUTSIDE eth0 $OUTSIDE4/24 $OUTSIDE6/64
	LINKS
	ip -n "$INSIDE" route replace default via "$ROUTER_IN4"
	ip -n "$INSIDE" route replace default via "$ROUTER_IN6"
	ip -n "$OUTSIDE" route replace default via "$ROUTER_OUT4"
	ip -n "$OUTSIDE" route replace default via "$ROUTER_OUT6"
	ip -n "$ROUTER" route replace 203.0.113.0/24 via "$OUTSIDE4"
	ip -n "$ROUTER" route replace 2001:db8:9::/48 via "$OUTSIDE6"
}
for host in "$ROUTER in0" "$ROUTER out0" "$INSIDE eth0" "$OUTSIDE eth0"; do
	ip -n "${host% *}" link add link "${host#* }" name "${host#* }.7" type vlan id 7 &&
		ip -n "${host% *}" link set "${host#* }.7" up || die "no VLAN"
done
carry "" .7
vlan=.7
check "through VLANs: they are sent" phase on reassemble $((SEED + 5))
since=$(fw -j status)
check "some made flows" [ "$(($(jq .new_flows <<<"$since") - $(jq .new_flows <<<"$status")))" -gt $((count / 100)) ]
check "some went the fast path" [ "$(jq .fast <<<"$since")" -gt "$(jq .fast <<<"$status")" ]
check "the inside gets out through them" pings "$INSIDE" "$OUTSIDE4"
carry .7 ""
# What passed may have told the hosts nonsense of their neighbours.
ip -n "$INSIDE" neigh flush dev eth0
ip -n "$OUTSIDE" neigh flush dev eth0
ip -n "$ROUTER" neigh flush dev in0
ip -n "$ROUTER" neigh flush dev out0
check_works
check_nothing_left
