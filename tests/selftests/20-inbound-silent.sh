#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scans and pings from outside, at inside hosts and at the router itself, get
# not one packet back, and nothing of them comes in. Nor does anything that
# makes the router's own IP complain.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nmap
topology
no_icmp_limits "$INSIDE" "$ROUTER"
in_ns "$ROUTER" sysctl -qw net.ipv4.ipfrag_time=1 net.ipv6.ip6frag_time=1
listen_tcp "$INSIDE" 80
listen_tcp "$ROUTER" 22
check "without a role everything answers" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 22
check "that goes for IPv6, too" tcp_connects "$OUTSIDE" "$INSIDE6" 80

# odd_packets: the router's IP looks at these before FlowWall does, and answers.
odd_packets() {
	local v in out router nowhere mac
	mac=$(link_address "$ROUTER" out0)
	for v in 4 6; do
		in=INSIDE$v out=OUTSIDE$v router=ROUTER_OUT$v
		in=${!in} out=${!out} router=${!router}
		nowhere=10.99.0.1
		[ "$v" = 4 ] || nowhere=2001:db8:99::1
		craft "$OUTSIDE" "udp('$out', '$in', 1, 33434, hops=1)" "udp('$out', '$in', 1, 33435, hops=2)" \
			"echo('$out', '$nowhere', 7)" "echo('$out', '${in%2}77', 8)" \
			"ip('$out', '$router', 253, b'?' * 20)" "ip('$out', '$in', 253, b'?' * 20)" \
			"udp('$out', '$router', 1, 33434)" \
			"frag(udp('$out', '$router', 1, 2, data=b'x' * 64), 0, 1, 32)"
		# Past its own IP, which knows after the first time that this is too big.
		craft "$OUTSIDE" -i eth0 "$mac" "udp('$out', '$in', 1, 2, data=b'x' * 1400)"
	done
	# A bad option among the hop-by-hop options, one in the destination options, an
	# unknown routing header, and one of IPv4's source routes.
	craft "$OUTSIDE" "poke(ext(udp('$OUTSIDE6', '$ROUTER_OUT6', 1, 2), 'hop'), 42, b'\x9e\4')" \
		"poke(ext(udp('$OUTSIDE6', '$INSIDE6', 1, 2), 'hop'), 42, b'\x9e\4')" \
		"poke(ext(udp('$OUTSIDE6', '$ROUTER_OUT6', 1, 2), 'dst'), 42, b'\x9e\4')" \
		"poke(ext(udp('$OUTSIDE6', '$ROUTER_OUT6', 1, 2), 'routing'), 42, b'\x63\1')" \
		"options(udp('$OUTSIDE4', '$INSIDE4', 1, 2), b'\x83\7\4' + packed('$ROUTER_OUT4') + b'\0')" \
		"options(udp('$OUTSIDE4', '$INSIDE4', 1, 2), b'\x44\3\1\0')"
}

ip -n "$ROUTER" link set in0 mtu 1280
watch complaints "$OUTSIDE" eth0 "(icmp and src host $ROUTER_OUT4) or
	(icmp6 and ip6[40] < 128 and src host $ROUTER_OUT6)"
odd_packets
# An error about a neighbour that does not answer is the last one to come.
for neighbour in "${INSIDE4%2}77" "${INSIDE6%2}77"; do
	check "without a role the router complains that there is no $neighbour" \
		busywait 20 grep -q "unreachable.*$neighbour\|$neighbour unreachable" "$TMP/watch-complaints"
done
for v in 4 6; do
	router=ROUTER_OUT$v
	count=$(grep -Fc " ${!router} > " "$TMP/watch-complaints")
	check "v$v: and of more ($count)" [ "$count" -ge 5 ]
done
fw_rules </dev/null

watch_outside
watch inside "$INSIDE" eth0 net 198.51.100.0/24 or net 2001:db8:2::/64
watch sent4 "$ROUTER" out0 ip and src host "$OUTSIDE4"
# not what finds the neighbours
watch sent6 "$ROUTER" out0 src host "$OUTSIDE6" and not '(icmp6 and ip6[40] >= 133 and ip6[40] <= 136)'

# check_sent NAME BEFORE4 BEFORE6 COUNT: so many packets have come since then, of each family.
check_sent() {
	local sent4 sent6
	sent4=$(($(seen sent4) - $2)) sent6=$(($(seen sent6) - $3))
	check "$1: sent: $sent4 by IPv4, $sent6 by IPv6" [ "$sent4" -ge "$4" -a "$sent6" -ge "$4" ]
}

scan() { # NAME TYPE...
	local name=$1 before4 before6 family targets pid pids=()
	shift
	before4=$(seen sent4) before6=$(seen sent6)
	for family in 4 6; do
		targets=("$INSIDE4" "$ROUTER_OUT4" "$ROUTER_IN4")
		[ "$family" = 4 ] || targets=(-6 "$INSIDE6" "$ROUTER_OUT6" "$ROUTER_IN6")
		in_ns "$OUTSIDE" nmap "$@" -n -Pn --disable-arp-ping --max-retries 0 -T5 \
			--min-parallelism 40 --max-rtt-timeout 200ms --initial-rtt-timeout 200ms \
			-p 22,53,80,443 "${targets[@]}" >"$TMP/nmap$family" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		check "nmap ran: $name" wait "$pid"
	done
	# Four ports of three targets, for each type.
	check_sent "$name" "$before4" "$before6" $((12 * $#))
	check_seen "$name: silence" outside 0
	check_seen "$name: nothing came in" inside 0
}

scan "SYN and UDP" -sS -sU
scan "ACK" -sA
scan "FIN" -sF
scan "NULL" -sN
scan "Xmas" -sX

before4=$(seen sent4) before6=$(seen sent6)
pings=()
for to in "$INSIDE4" "$INSIDE6" "$ROUTER_OUT4" "$ROUTER_OUT6" "$ROUTER_IN4" "$ROUTER_IN6"; do
	in_ns "$OUTSIDE" ping -n -q -c 3 -i 0.2 -W 1 "$to" >/dev/null &
	pings[$!]=$to
done
wait "${!pings[@]}"
check_sent "pings" "$before4" "$before6" 9
check_seen "pings: silence" outside 0

odd_packets
sleep 1.5 # for the reassembly to be given up
check_seen "what the router's IP would complain about: silence" outside 0
check_seen "nothing came in" inside 0
check_equal "no flow was made" "$(flow_count)" 0

# The same check must be able to fail.
fw rule add allow in icmp to "$ROUTER_OUT4"
pings "$OUTSIDE" "$ROUTER_OUT4" >/dev/null
check_seen "an answer would have been seen" outside 1
