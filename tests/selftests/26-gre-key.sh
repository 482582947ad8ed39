#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# GRE keys: real tunnels from outside, of which only the one with key 22 may come
# in; the key is found behind IP options, with and without checksum and number.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

topology
modprobe -q ip_gre
tunnel() { # NAME NUMBER [OPTIONS]
	ip -n "$INSIDE" link add "$1" type gre local "$INSIDE4" remote "$OUTSIDE4" "${@:3}" &&
		ip -n "$OUTSIDE" link add "$1" type gre local "$OUTSIDE4" remote "$INSIDE4" "${@:3}" ||
		skip "no GRE here"
	ip -n "$INSIDE" addr add "10.9.$2.1/24" dev "$1"
	ip -n "$OUTSIDE" addr add "10.9.$2.2/24" dev "$1"
	for namespace in "$INSIDE" "$OUTSIDE"; do
		# No router solicitations: only what the case sends goes through.
		ip -n "$namespace" link set "$1" addrgenmode none
		ip -n "$namespace" link set "$1" up
	done
}
tunnel key22 1 key 22
tunnel key23 2 key 23
tunnel bare 3
tunnel sum22 4 ikey 30 okey 30 csum seq
for n in 1 2 3 4; do
	check "without rules tunnel $n answers" pings "$OUTSIDE" "10.9.$n.1"
done

each_way() { # of saying it
	check "$1: key 22 comes in" pings "$OUTSIDE" 10.9.1.1
	check_fails "$1: key 23 does not" pings "$OUTSIDE" 10.9.2.1
	check_fails "$1: without a key neither" pings "$OUTSIDE" 10.9.3.1
}
fw_rules <<<"allow in gre from $OUTSIDE4 key 22"
each_way key
check_equal "the flow has the key" "$(flow '.proto == "gre" and .original.key == 22' | wc -l)" 1
fw_rules <<<"allow in gre key 24-40"
check "a range of keys, with checksum and sequence number" pings "$OUTSIDE" 10.9.4.1
check_fails "not beyond it" pings "$OUTSIDE" 10.9.1.1
# The protocol, the key present bit, and the key behind a header of any length.
fw_rules <<<'allow in gre u32 "6&0xFF=47 && 0>>22&0x3C@0&0x20000000=0x20000000 && 0>>22&0x3C@4=22"'
each_way u32
fw_rules <<<'allow in proto 47 u32 not "0>>22&0x3C@0&0x20000000=0x20000000"'
check "u32 not: the tunnel without a key" pings "$OUTSIDE" 10.9.3.1
check_fails "u32 not: no other one" pings "$OUTSIDE" 10.9.1.1
