#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# What a tap copies twice is stored once, and counted; what is really sent twice is stored
# twice.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"
need nft

N=$(rounds 1000000 20000)
link
# twice FILE COUNT exact|routed: a capture of a tap at both ports: each packet twice, 10 us
# apart; routed: the second with another TTL, link layer and VLAN.
twice() {
	"$PYTHON" - "$1" "$2" "$3" <<-'PYTHON'
		import struct, sys
		count, how = int(sys.argv[2]), sys.argv[3]
		def checksum(header):
		    total = sum(struct.unpack(">10H", header))
		    total = (total & 0xffff) + (total >> 16)
		    return ~(total + (total >> 16)) & 0xffff
		def frame(number, ttl, mac, vlan):
		    ip = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, 86, 0, 0, ttl, 17, 0, bytes([10, 0, 9, 1]), bytes([10, 0, 9, 2])))
		    ip[10:12] = struct.pack(">H", checksum(bytes(ip)))
		    tag = struct.pack(">HH", 0x8100, vlan) if vlan else b""
		    return bytes([2, 0, 0, 0, 0, mac]) * 2 + tag + b"\x08\0" + bytes(ip) + struct.pack(">4HI", 7000, 9, 66, 0, number) + bytes(54)
		out = open(sys.argv[1], "wb")
		out.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
		for number in range(count):
		    at = 1700000000 * 10**9 + number * 20000
		    first = frame(number, 64, 1, 0)
		    second = first if how == "exact" else frame(number, 63, 2, 7)
		    for packet, when in ((first, at), (second, at + 10000)):
		        out.write(struct.pack("<IIII", when // 10**9, when % 10**9, len(packet), len(packet)) + packet)
	PYTHON
}
# read_in NAME CAPTURE OPTION...
read_in() {
	"$FWCTL" -j snoop --read "$TMP/$2.pcap" --store "$TMP/$1.db" "${@:3}" >"$TMP/$1.out" || die "it cannot be read"
}
said() { jq -c '[.received, .stored, .dups]' "$TMP/$1.out"; }

twice "$TMP/twice.pcap" "$N" exact
read_in exact twice
check_equal "of a tap at both ports, half are duplicates" "$(said exact)" "[$((2 * N)),$N,$N]"
check_equal "each is stored once" "$(numbers exact)" "$N|$N|00000000|$(printf %08X $((N - 1)))"
check_equal "each has been seen once more" "$(sql exact 'SELECT min(dups), max(dups), sum(dups) FROM packet')" "1|1|$N"
check_equal "the store says so" "$(sql exact 'SELECT dedupe, dups FROM capture')" "50 ms exact|$N"
check_equal "conversations count what is stored" "$(sql exact 'SELECT packets, bytes FROM flow')" "$N|$((N * 100))"
read_in all twice --dedupe off
check_equal "without it, all are kept" "$(said all)" "[$((2 * N)),$((2 * N)),0]"

twice "$TMP/routed.pcap" 2000 routed
read_in routed-exact routed
check_equal "behind a router they are not the same to the byte" "$(said routed-exact)" '[4000,4000,0]'
read_in routed-ip routed --key ip
check_equal "but without link layer, VLAN, TTL and checksum" "$(said routed-ip)" '[4000,2000,2000]'

# One packet, again and again, more of it than the queue holds.
"$PYTHON" - "$TMP/same.pcap" <<-'PYTHON'
	import struct, sys
	frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + bytes(1400)
	out = open(sys.argv[1], "wb")
	out.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
	out.write((struct.pack("<IIII", 1700000000, 0, len(frame), len(frame)) + frame) * 5000)
PYTHON
read_in same same --buffer 1M
check_equal "however often it comes" "$(said same)" '[5000,1,4999]'

# A window: a packet that is sent again later is another one.
snoop window --dedupe 300
send 100 200
sleep 0.1
send 100 200
busywait 10 counted window 100
sleep 1
send 100 200
busywait 10 counted window 200
finish
check_equal "within the window it is a duplicate, beyond it is not" "$(jq -c '[.received, .stored, .dups]' "$TMP/window.out")" '[300,200,100]'
check_equal "also one that is stored already" "$(sql window 'SELECT dups, count(*) FROM packet GROUP BY 1 ORDER BY 1')" "0|100
1|100"

# Live: a tap at both ports of a box that what is sent at near passes, from port1 to port2.
ip -n "$TAP" link del near
in_ns "$TAP" bash -c '
	ip link add near type veth peer name port1
	ip link add port2 type veth peer name end
	ip link add copies type veth peer name far
	for name in near port1 port2 end copies far; do
		ip link set dev "$name" arp off && ip link set dev "$name" up
	done' || die "no box"
in_ns "$TAP" nft -f - <<-'NFT' || die "no tap"
	table netdev box {
		chain one {
			type filter hook ingress device "port1" priority 0
			dup to "copies"
			fwd to "port2"
		}
		chain two {
			type filter hook ingress device "end" priority 0
			dup to "copies"
		}
	}
NFT
snoop tapped
send "$N" 100
busywait 60 counted tapped "$N"
sleep 0.5
finish
check_equal "of a live tap at both ports, half are duplicates, and nothing is lost" \
	"$(jq -c '[.received, .stored, .dups, .dropped_kernel, .dropped_queue, .lost]' "$TMP/tapped.out")" \
	"[$((2 * N)),$N,$N,0,0,0]"
check_equal "each is stored once, and has been seen once more" \
	"$(numbers tapped),$(sql tapped 'SELECT min(dups), max(dups) FROM packet')" \
	"$N|$N|00000000|$(printf %08X $((N - 1))),1|1"
