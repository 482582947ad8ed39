#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: 6.12
#
# The fast path: a flow that was seen in both directions is forwarded where it comes
# in, as the stack would have done it; whatever is unusual goes the ordinary way; and
# what has changed since counts from the next packet on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
topology
no_icmp_limits "$ROUTER"
fw_rules <<-RULES
	set fastpath on
	ttl udp-new step 20s max 20s
	ttl udp-stream step 20s max 200s
RULES
inside_mac=$(link_address "$ROUTER" in0)
# Without jq, which would take most of the time of this case.
fast() {
	local status
	status=$(fw -j status)
	[[ $status =~ \"fast\":\ *([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# check_fast NAME COUNT NAMESPACE [OPTION...] EXPRESSION...: so many of these packets
# take the fast path.
check_fast() {
	local name=$1 count=$2 before
	shift 2
	before=$(fast)
	craft "$@"
	check_equal "$name" $(($(fast) - before)) "$count"
}

# begin V PORT: a UDP flow from the inside's PORT to the outside's 2, seen in both
# directions as often as it takes; sets $out and $back, its packets.
begin() {
	local in=INSIDE$1 to=OUTSIDE$1
	out="udp('${!in}', '${!to}', $2, 2)" back="udp('${!to}', '${!in}', 2, $2)"
	craft "$INSIDE" "$out"
	craft "$OUTSIDE" "$back"
	craft "$INSIDE" "$out"
}

# Neither end says anything about ports that nobody listens on.
for host in "$INSIDE" "$OUTSIDE"; do
	in_ns "$host" nft -f - <<-NFT || die "nft does not take its rules"
		table inet silent {
			chain in {
				type filter hook input priority -400
				udp dport { 2, 1000-1999 } drop
			}
		}
	NFT
done
udp_echo_server "$OUTSIDE" 53
watch outside "$OUTSIDE" eth0 'udp port 2'
watch inside "$INSIDE" eth0 'udp port 2'

# --- as the stack would do it
# seen_as NAME: what the last packet there was like, without what differs by right.
seen_as() { captured "$1" | tail -n 1 | sed 's/^[^ ]* //; s/ id [0-9]*,//'; }
capture looks "$OUTSIDE" eth0 'udp port 2'
for v in 4 6; do
	in=INSIDE$v to=OUTSIDE$v in=${!in} to=${!to}
	check_fast "v$v: the first packet does not take it" 0 "$INSIDE" "udp('$in', '$to', 1000, 2)"
	check_fast "v$v: nor does the reply" 0 "$OUTSIDE" "udp('$to', '$in', 2, 1000)"
	check_fast "v$v: nor the one that shows its way" 0 "$INSIDE" "udp('$in', '$to', 1000, 2)"
	ordinary=$(seen_as looks)
	check_fast "v$v: all that follow do" 3 "$INSIDE" -c 3 "udp('$in', '$to', 1000, 2)"
	check_equal "v$v: and look the same" "$(seen_as looks)" "$ordinary"
	check_match "v$v: one hop further" "$ordinary" '(ttl|hlim) 63'
	check_fast "v$v: in the other direction, too" 2 "$OUTSIDE" -c 2 "udp('$to', '$in', 2, 1000)"
	check_flow "v$v: the flow counts them" ".family == \"ipv$v\" and .original.sport == 1000" \
		'.original.packets == 5 and .reply.packets == 3 and .original.ttl > 80 and .reply.ttl > 80'
done
check_seen "all arrive outside" outside 10
check_seen "and inside" inside 6

# --- what is unusual
for v in 4 6; do
	begin "$v" 1001
	in=INSIDE$v to=OUTSIDE$v in=${!in} to=${!to}
	check_fast "v$v: a plain packet takes it" 1 "$INSIDE" "$out"
	check_arrives "v$v: with padding behind it" outside 1 "$INSIDE" -i eth0 "$inside_mac" "$out + bytes(6)"
	check_fast "v$v: that is cut off" 1 "$INSIDE" -i eth0 "$inside_mac" "$out + bytes(6)"
	check_fast "v$v: the last hop does not" 0 "$INSIDE" "udp('$in', '$to', 1001, 2, hops=1)"
	check_fast "v$v: nor does a fragment" 0 "$INSIDE" "frag($out, 0, 1)"
	check_fast "v$v: nor one that is cut short" 0 "$INSIDE" -i eth0 "$inside_mac" "${out}[:30]"
	check_fast "v$v: nor one from the wrong side" 0 "$OUTSIDE" "$out"
	check_fast "v$v: nor an echo" 0 "$INSIDE" -c 3 "echo('$in', '$to', 7)"
	check_fast "v$v: nor what is for the router" 0 "$INSIDE" -c 3 "udp('$in', '${to%2}1', 1001, 2)"
done
begin 4 1001
check_fast "with options" 0 "$INSIDE" "options($out, bytes([1, 1, 1, 0]))"
check_fast "with a wrong checksum of the header" 0 "$INSIDE" -i eth0 "$inside_mac" "poke($out, 10, b'xx')"
check_fast "to another link address" 0 "$INSIDE" -i eth0 02:00:00:00:00:77 "$out"
begin 6 1001
check_fast "with an extension header" 0 "$INSIDE" "ext($out, 'dst')"

# --- the link is narrow
for v in 4 6; do
	begin "$v" 1002
	in=INSIDE$v to=OUTSIDE$v in=${!in} to=${!to}
	large="udp('$in', '$to', 1002, 2, data=bytes(1372))"
	check_fast "v$v: what fits the link" 1 "$INSIDE" "$large"
	ip -n "$ROUTER" link set out0 mtu 1300
	check_fast "v$v: and no more" 0 "$INSIDE" "$large"
	check_match "v$v: the sender is told" "$(in_ns "$INSIDE" ping -n -c 1 -W 2 -M "do" -s 1400 "$to" 2>&1)" \
		'mtu = 1300|mtu=1300|mtu: 1300'
	craft "$INSIDE" "$out"
	check_fast "v$v: small ones still do" 1 "$INSIDE" "$out"
	check_fast "v$v: by which large ones do not go" 0 "$INSIDE" -i eth0 "$inside_mac" "$large"
	ip -n "$ROUTER" link set out0 mtu 1500
	in_ns "$INSIDE" ip route flush cache
done

# Nothing tells the fast path of these.
begin 6 1005
large="udp('$INSIDE6', '$OUTSIDE6', 1005, 2, data=bytes(1372))"
check_fast "a router announces no smaller link" 1 "$INSIDE" -i eth0 "$inside_mac" "$large"
in_ns "$ROUTER" sysctl -qw net.ipv6.conf.out0.mtu=1300
check_fast "it does" 0 "$INSIDE" -i eth0 "$inside_mac" "$large"
in_ns "$ROUTER" sysctl -qw net.ipv6.conf.out0.mtu=1500
check_fast "no more" 1 "$INSIDE" -i eth0 "$inside_mac" "$large"
in_ns "$ROUTER" sysctl -qw net.ipv6.conf.in0.disable_ipv6=1
check_arrives "no IPv6 where it comes in: nothing arrives" outside 0 "$INSIDE" -i eth0 "$inside_mac" "$out"
in_ns "$ROUTER" sysctl -qw net.ipv6.conf.in0.disable_ipv6=0
ip -n "$ROUTER" addr add "$ROUTER_IN6/64" dev in0 nodad
busywait 10 pings "$INSIDE" "$ROUTER_IN6"
check_arrives "there is again" outside 1 "$INSIDE" "$out"

# --- what has changed
for v in 4 6; do
	begin "$v" 1003
	in=INSIDE$v to=OUTSIDE$v in=${!in} to=${!to}
	check_fast "v$v: before" 1 "$INSIDE" "$out"

	ip -n "$ROUTER" "-$v" route add blackhole "$to"
	check_arrives "v$v: another route: nothing arrives" outside 0 "$INSIDE" -c 2 "$out"
	ip -n "$ROUTER" "-$v" route del blackhole "$to"
	check_arrives "v$v: the old one: it does" outside 1 "$INSIDE" "$out"
	check_fast "v$v: and is learnt" 1 "$INSIDE" "$out"

	capture "mac$v" "$ROUTER" out0 'ether dst 02:00:00:00:00:88 and udp'
	ip -n "$ROUTER" neigh replace "$to" lladdr 02:00:00:00:00:88 dev out0 nud permanent
	check_fast "v$v: the next hop has another address" 1 "$INSIDE" "$out"
	check_equal "v$v: which packets go to" "$(capture_count "mac$v")" 1
	ip -n "$ROUTER" neigh del "$to" dev out0
	check_arrives "v$v: it is looked for again" outside 2 "$INSIDE" -c 2 "$out"
	craft "$OUTSIDE" "$back"
	check_fast "v$v: and learnt" 1 "$INSIDE" "$out"

	forwarding=net.ipv4.ip_forward
	[ "$v" = 4 ] || forwarding=net.ipv6.conf.all.forwarding
	in_ns "$ROUTER" sysctl -qw "$forwarding=0"
	check_arrives "v$v: no router any more" outside 0 "$INSIDE" "$out"
	in_ns "$ROUTER" sysctl -qw "$forwarding=1"
	check_arrives "v$v: again" outside 1 "$INSIDE" "$out"

	craft "$INSIDE" "$out"
	check "v$v: a new rule" fw rule add deny out udp to any port 2 id no
	check_arrives "v$v: counts from the next packet on" outside 0 "$INSIDE" "$out"
	fw rule del no
	begin "$v" 1003
	check_fast "v$v: without it" 1 "$INSIDE" "$out"
	check_fast "v$v: in both directions" 1 "$OUTSIDE" "$back"
	fw flows kill all >/dev/null
	check_arrives "v$v: a flow that was killed lets nothing in" inside 0 "$OUTSIDE" "$back"

	fw rule add allow out udp to any port 2 mark 5 id marked
	begin "$v" 1003
	check_fast "v$v: what a rule marks does not take it" 0 "$INSIDE" "$out"
	fw rule del marked
	fw set fastpath off
	begin "$v" 1003
	check_fast "v$v: nor anything, when it is off" 0 "$INSIDE" "$out"
	fw set fastpath on
done

# --- the interface goes down, and comes again
begin 4 1004
check_fast "before the interface goes" 1 "$INSIDE" "$out"
ip -n "$ROUTER" link set out0 down
check_arrives "it is down" outside 0 "$INSIDE" "$out"
ip -n "$ROUTER" link set out0 up
ip -n "$ROUTER" addr add "$ROUTER_OUT6/64" dev out0 nodad
busywait 10 pings "$ROUTER" "$OUTSIDE4"
check_arrives "up" outside 1 "$INSIDE" "$out"
check_fast "and learnt" 1 "$INSIDE" "$out"

# --- TCP
listen_tcp "$OUTSIDE" 80
before=$(fast)
for host in "$OUTSIDE4" "$OUTSIDE6"; do
	check "a connection to $host" session "c$host" "$INSIDE" tcp "$host" 80
	check "a megabyte there and back" tell "c$host" echo 1000000
	check_flow "is established" ".proto == \"tcp\" and .original.dst == \"$host\"" '.state == "established"'
	check "is closed" tell "c$host" close
	check_flow "and seen to be" ".proto == \"tcp\" and .original.dst == \"$host\"" \
		'.state == "closing" or .state == "closed"'
done
check "most of it took the fast path" [ "$(($(fast) - before))" -ge 40 ]
check_equal "nothing of it was dropped for its window" "$(drop_count window)" 0

# --- beside connection tracking
in_ns "$ROUTER" nft -f - <<-NFT || die "nft does not take its rules"
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat
			oifname "out0" masquerade
		}
	}
NFT
ip -n "$OUTSIDE" route del default
before=$(fast)
for ((k = 0; k < 3; k++)); do
	check "what is translated finds back" udp_echoes "$INSIDE" "$OUTSIDE4" 53 5353
done
check_equal "and goes the ordinary way" "$(fast)" "$before"
in_ns "$ROUTER" nft delete table ip nat

# --- nothing is held on to
begin 6 1006
check_fast "before the interface is gone" 1 "$INSIDE" "$out"
check "it can be deleted at once" timeout 5 ip -n "$ROUTER" link del out0
