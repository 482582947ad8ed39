#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1800
# kernel: full run only
#
# 1,048,576 flows: made, while the table grows, listed beside conntrack's own list of as
# many, none lost when the limit changes; and chains that are no longer than chance makes
# them, where addresses and ports follow each other as where they are random.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq conntrack nft
modprobe -q pktgen || skip "no pktgen here"
CAPTURE=no topology
ip -n "$INSIDE" link set eth0 down # what is let in goes no further than the router
fw_rules <<-RULES
	set max-flows 1048576
	set half-open 100
	ttl udp-new step 3000s max 3000s
	allow in udp to any port 9
RULES

# send COUNT SETTING...: so many packets from outside, by pktgen.
send() {
	in_ns "$OUTSIDE" bash -s "$1" "$(link_address "$ROUTER" out0)" "$INSIDE4" "${@:2}" <<-'PKTGEN'
		to() { echo "$2" >"/proc/net/pktgen/$1" 2>/dev/null || exit; }
		to kpktgend_0 rem_device_all
		to kpktgend_0 "add_device eth0"
		for setting in "count $1" "clone_skb 0" "pkt_size 60" "delay 0" "dst_mac $2" "dst $3" \
			"udp_dst_min 9" "udp_dst_max 9" "udp_src_min 1024" "udp_src_max 65000" "${@:4}"; do
			to eth0 "$setting"
		done
		echo start >/proc/net/pktgen/pgctrl
	PKTGEN
}
flows() { fw -j status | jq .flows; }

# longest_chain: in buckets as the module has them: an id ends in the hash.
longest_chain() {
	fw -j flows | "$PYTHON" -I -S -c '
import collections, re, sys
buckets = int(sys.argv[1])
ids = re.findall(r"\"id\": ?\"(\d+)\"", sys.stdin.read())
chains = collections.Counter(int(n) % 2**32 % buckets for n in ids)
print(max(chains.values()))' "$(fw -j status | jq .buckets)"
}

# Numbers that follow each other, in both, 1,021 addresses and 1,022 ports. (For
# pktgen, the last address is inside the range, the last port is not.)
send 100000 "src_min 203.0.112.0" "src_max 203.0.115.252" "udp_src_min 1024" "udp_src_max 2046"
structured=$(longest_chain)
count=$(flows)
check "100,000 flows of neighbours: $count" [ "$count" -ge 100000 ]
fw flows kill all >/dev/null
send 100000 "src_min 10.0.2.0" "src_max 10.200.0.0" "flag IPSRC_RND" "flag UDPSRC_RND"
random=$(longest_chain)
count=$(flows)
check "100,000 random ones: $count" [ "$count" -ge 99000 ]
# Of as many flows as buckets, put anywhere, the longest chain has 7 or 8; 14 is one table
# in a million.
check "longest chain of neighbours: $structured" [ "$structured" -le 14 ]
check "of random ones: $random" [ "$random" -le 14 ]
fw flows kill all >/dev/null
check "all are gone" busywait 20 [ "$(flows)" = 0 ]

# A million, in the kernel's own table as well.
in_ns "$ROUTER" nft -f - <<-'NFT'
	table inet watch {
		chain forward { type filter hook forward priority 10; ct state new counter accept; }
	}
NFT
in_ns "$ROUTER" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3000
for ((k = 0; k < 16; k++)); do
	send 65536 "src_min 203.0.$((96 + k)).0" "src_max 203.0.$((96 + k)).255" \
		"udp_src_min $((1024 + k))" "udp_src_max $((1024 + k + 257))"
done
count=$(flows)
known=$(in_ns "$ROUTER" conntrack -C)
check "a million flows: $count" [ "$count" -ge 1000000 ]
check "conntrack has as many: $known" [ "$known" -ge 1000000 ]

# timed COMMAND...: sets took, in ms, and most, the memory of it in KiB.
timed() {
	read -r took most < <("$PYTHON" -I -S - "$TMP/listed" "$@" <<-'PYTHON'
		import resource, subprocess, sys, time
		with open(sys.argv[1], "w") as out:
		    start = time.monotonic()
		    subprocess.call(sys.argv[2:], stdout=out, stderr=subprocess.DEVNULL)
		print(round((time.monotonic() - start) * 1000),
		      resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	PYTHON
	)
}
best=''
for ((k = 0; k < 3; k++)); do
	timed ip netns exec "$ROUTER" conntrack -L
	[ -n "$best" ] && [ "$best" -le "$took" ] || best=$took
done
check "conntrack -L lists them in $best ms" [ "$(wc -l <"$TMP/listed")" -ge 1000000 ]
ours=''
for ((k = 0; k < 3; k++)); do
	timed "$FWCTL" -n "$ROUTER" flows
	[ -n "$ours" ] && [ "$ours" -le "$took" ] || ours=$took
done
check_equal "fwctl flows lists each, once" \
	"$(awk '$1 == "udp" { if (seen[$4]++) twice++; n++ } END { print n, twice + 0 }' "$TMP/listed")" "$count 0"
check "in $ours ms, at most as long" [ "$ours" -le "$best" ]
check "with $most KiB of memory, below 32 MiB" [ "$most" -lt 32768 ]

# The limit changes, while packets pass.
received() { in_ns "$ROUTER" cat /sys/class/net/out0/statistics/rx_packets; }
sending() { [ "$(received)" -gt "$begin" ]; }
begin=$(received)
send 2000000 "src_min 203.0.96.0" "src_max 203.0.96.255" "udp_src_min 1024" "udp_src_max 1280" "delay 2000" &
sender=$!
busywait 20 sending || die "pktgen does not send"
begin=$(received)
status=$(fw -j status)
check "a larger limit" fw set max-flows 4000000
check "loses no flow" [ "$(flows)" -ge "$count" ]
check "a smaller one" fw set max-flows 1048576
check "neither" [ "$(flows)" -ge "$count" ]
check "a limit below what is there" fw set max-flows 500000
check "ends none, either" [ "$(flows)" -ge "$count" ]
passed=$(($(received) - begin))
check "packets came meanwhile: $passed" [ "$passed" -gt 1000 ]
kill "$sender"
wait "$sender" 2>/dev/null
check_match "and no packet of a flow is dropped" "$(drops_since "$status")" '^(|table-full [0-9]+)$'
