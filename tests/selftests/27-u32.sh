#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.1
#
# u32 says the same as iptables' own match, on the same packets in the same guest:
# the examples of its manual page, and programs that go to the packet's end.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need iptables jq
topology
programs=(
	'0 & 0xFFFF = 0x100:0xFFFF'
	'6 & 0xFF = 1 && 4 & 0x3FFF = 0 && 0 >> 22 & 0x3C @ 0 >> 24 = 0'
	'6 & 0xFF = 6 && 4 & 0x1FFF = 0 && 0 >> 22 & 0x3C @ 12 >> 26 & 0x3C @ 0 = 0x01020304'
	'6&0xFF=17&&0>>22&0x3C@0&0xFFFF=53,80:90'
	'12=0xC6336402' '16&0xFFFFFF00=0x0A000100' '8>>24=64,255'
	'0>>22&0x3C@4>>16=8:20' '28=1' '32=0x61616161' '44=0x61616161' '48=0x61616161'
	'0xFFFFFFFF=0' '2147483647=0' '0@0@0=0' '0>>26@1=0' '20@0=0' '2&0xFFFF@0>>31=0:1'
	'3>>24@0>>0=0:0xFFFFFFFF' '0<<4>>28=5,6'
)
iptables-legacy -V >/dev/null 2>&1 && tables=iptables-legacy || tables=iptables
modprobe -q xt_u32
in_ns "$ROUTER" "$tables" -t mangle -A FORWARD -i out0 -m u32 --u32 "0=0" 2>/dev/null ||
	skip "no u32 match of iptables here"
in_ns "$ROUTER" "$tables" -t mangle -F

packets=(
	"udp('$OUTSIDE4', '$INSIDE4', 1, 53)" "udp('$OUTSIDE4', '$INSIDE4', 2, 85, data=b'a' * 60)"
	"udp('$OUTSIDE4', '$INSIDE4', 3, 91, data=b'a' * 300)"
	"tcp('$OUTSIDE4', '$INSIDE4', 4, 80)" "tcp('$OUTSIDE4', '$INSIDE4', 5, 80, data=bytes([1, 2, 3, 4]))"
	"tcp('$OUTSIDE4', '$INSIDE4', 6, 80, data=b'aaaa' * 5)"
	"echo('$OUTSIDE4', '$INSIDE4', 1)" "icmp('$OUTSIDE4', '$INSIDE4', 8, 0, 2, data=b'a' * 40)"
	"echo('$OUTSIDE4', '$INSIDE4', 1, reply=True)"
	"ip('$OUTSIDE4', '$INSIDE4', 99, b'')" "ip('$OUTSIDE4', '$INSIDE4', 99, b'abc')"
	"ip('$OUTSIDE4', '$INSIDE4', 99, b'abcd')" "ip('$OUTSIDE4', '$INSIDE4', 99, b'abcde')"
	"udp('$OUTSIDE4', '$INSIDE4', 7, 53, data=b'a' * 1400)"
)
# Five packets at a time, sent once, twice, four times...: the sum tells which of
# them a program matches. None makes a flow: each is judged.
batches=()
for ((n = 0; n < ${#packets[@]}; n += 5)); do
	batch="[]"
	for ((k = 0; k < 5 && n + k < ${#packets[@]}; k++)); do
		batch+=" + [${packets[n + k]}] * $((1 << k))"
	done
	batches+=("$batch")
done
differ=0 hits=0 tried=0
for ((n = 0; n < ${#programs[@]}; n += $(rounds 1 3))); do
	program=${programs[n]}
	tried=$((tried + 1))
	fw_rules <<<"deny in u32 \"$program\" id this"
	in_ns "$ROUTER" "$tables" -t mangle -F
	in_ns "$ROUTER" "$tables" -t mangle -A FORWARD -i out0 -m u32 --u32 "$program" ||
		die "iptables does not take it" "$program"
	ours='' theirs=''
	for batch in "${batches[@]}"; do
		craft "$OUTSIDE" "$batch"
		ours+="$(rule_packets this) "
		theirs+="$(in_ns "$ROUTER" "$tables" -t mangle -nvxL FORWARD | awk 'NR == 3 { print $1 }') "
	done
	if [ "$ours" != "$theirs" ]; then
		differ=$((differ + 1))
		note "$program: $ours, iptables: $theirs"
	fi
	[ "$ours" = "0 0 0 " ] || hits=$((hits + 1))
done
check_equal "$tried programs, ${#packets[@]} packets: no difference" "$differ" 0
check "most programs match something: $hits" [ "$hits" -ge $((tried / 2)) ]
check "some match nothing" [ "$hits" -lt "$tried" ]

refused() { check_fails "refused: $1" fw rule add deny in u32 "$1"; }
refused '0<<32=0'
refused '0>>40=0'
refused '0=1 && 0=1 && 0=1 && 0=1 && 0=1 && 0=1 && 0=1 && 0=1 && 0=1 && 0=1 && 0=1'
refused '-1=0'
refused '0=2:1'
refused '4294967296=0'
