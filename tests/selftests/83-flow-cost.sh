#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: none, unless in full
#
# What a packet costs that makes a flow, and one that has a flow, with 10 rules and
# with 100,000 of 31 shapes of mask, of which only the last one matches.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
modprobe -q pktgen || skip "no pktgen here"
CAPTURE=no topology
ip -n "$INSIDE" link set eth0 down # what is let in goes no further than the router
count=60000

# rules N: so many, about 172.16.0.0/12, where no packet of the case is from or to.
rules() {
	$PYTHON - "$1" <<-'RULES'
		import sys
		print("version 1\nrole out0 external\nrole in0 internal\nset max-flows 1000000")
		for n in range(int(sys.argv[1]) - 1):
		    mask = n % 31 + 1
		    a = "172.%d.%d.%d" % (16 + n // 65536, n // 256 % 256, n % 256)
		    source = a if mask & 2 else "any"
		    target = a if mask & 4 else "any"
		    print("allow in %s from %s%s to %s%s" % (
		        "tcp" if mask & 1 else "", source if mask & 30 else a,
		        " port %d" % (n % 1000 + 1) if mask & 8 else "", target,
		        " port %d" % (n % 60000 + 1000) if mask & 16 else ""))
		print("allow in udp to any port 9 id last")
	RULES
}

# send FLAG...: microseconds for $count packets from outside, by pktgen.
send() {
	local line
	in_ns "$OUTSIDE" bash -s "$count" "$(link_address "$ROUTER" out0)" "$INSIDE4" "$@" <<-'PKTGEN'
		to() { echo "$2" >"/proc/net/pktgen/$1" 2>/dev/null || exit; }
		to kpktgend_0 rem_device_all
		to kpktgend_0 "add_device eth0"
		for setting in "count $1" "clone_skb 0" "pkt_size 60" "delay 0" "dst_mac $2" "dst $3" \
			"src_min 203.0.112.1" "src_max 203.0.115.254" "udp_dst_min 9" "udp_dst_max 9" \
			"udp_src_min 1024" "udp_src_max 65000" "${@:4}"; do
			to eth0 "$setting"
		done
		echo start >/proc/net/pktgen/pgctrl
	PKTGEN
	line=$(in_ns "$OUTSIDE" grep -o 'OK: [0-9]*' /proc/net/pktgen/eth0)
	echo "${line#OK: }"
}

# all_made: nearly all of them; on a busy machine the last come when pktgen has long ended.
all_made() {
	made=$(($(fw -j status | jq .new_flows) - before))
	[ "$made" -gt $((count * 9 / 10)) ]
}

declare -A new old
for n in 10 100000; do
	rules "$n" >"$TMP/rules"
	fw apply "$TMP/rules" >/dev/null || die "the rules are refused"
	check_equal "$n rules" "$(fw -j status | jq .rules)" "$n"
	new[$n]='' old[$n]=''
	# Others want the processor, too: the quickest of some counts.
	for ((k = 0; k < 4; k++)); do
		before=$(fw -j status | jq .new_flows)
		took=$(send "flag IPSRC_RND" "flag UDPSRC_RND")
		busywait 10 all_made || fail "$made of $count made a flow"
		[ -n "${new[$n]}" ] && [ "${new[$n]}" -le "$took" ] || new[$n]=$took
	done
	for ((k = 0; k < 8; k++)); do
		took=$(send "src_min 203.0.113.5" "src_max 203.0.113.5" "udp_src_max 1024")
		[ -n "${old[$n]}" ] && [ "${old[$n]}" -le "$took" ] || old[$n]=$took
	done
done
note "a new flow, ns: ${new[10]}000/$count and ${new[100000]}000/$count"
percent=$((100 * new[100000] / new[10]))
check "a new flow costs $percent % of what it costs with 10 rules, at most 150 %" [ "$percent" -le 150 ]
percent=$((100 * old[100000] / old[10]))
check "a packet of a flow $percent %, at most 110 %: it looks at no rule" [ "$percent" -le 110 ]
