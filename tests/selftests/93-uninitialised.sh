#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# boot: init_on_alloc=0 slub_debug=P page_poison=1 nokaslr
# kernel: 6.1
# limit: 300
#
# Nothing leaves the kernel that nobody has written, nor any pointer: each answer, list
# and event of the netlink family, what queues are told, and the packets that refuse
# others, searched for the poison in memory that was never used.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
for argument in init_on_alloc=0 slub_debug=P page_poison=1 nokaslr; do
	grep -qw "$argument" /proc/cmdline || skip "the kernel was not booted with $argument (run.sh does)"
done
modprobe -qa nlmon nfnetlink_queue || skip "no nlmon or nfnetlink_queue here"
CAPTURE=no topology
black_hole
no_icmp_limits "$ROUTER"
ip -n "$ROUTER" link add mon0 type nlmon
ip -n "$ROUTER" link set mon0 up
# Room for some hundreds at once: what is not recorded is not searched.
capture netlink "$ROUTER" mon0 -s 65535 -B 32768
capture outside "$OUTSIDE" eth0
capture inside "$INSIDE" eth0
leaks() { # FAMILY CAPTURE...
	local family=$1
	shift
	$PYTHON -I -S "$TESTS/leaks.py" "$family" "${@/#/$TMP/}"
}

check_equal "what is allocated is poisoned" "$(cat /sys/kernel/slab/{kmalloc-1k,flowwall_flow}/poison | xargs)" "1 1"
# The search finds what it is for.
{
	printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0'
	printf '\0\0\0\0\0\0\0\0\x20\0\0\0\x20\0\0\0'
	printf 'abcd\x6b\x6b\x6b\x6bfirst of all, poison......'
} >"$TMP/poison.pcap"
sed 's/kkkk/\x5a\x5a\x5a\x5a/' "$TMP/poison.pcap" >"$TMP/used.pcap"
sed 's/abcdkkkk/\x10\x20\x30\x40\x80\x88\xff\xff/' "$TMP/poison.pcap" >"$TMP/memory.pcap"
sed 's/abcdkkkk/\x10\x20\x30\xc0\xff\xff\xff\xff/' "$TMP/poison.pcap" >"$TMP/code.pcap"
sed 's/kkkk/efgh/' "$TMP/poison.pcap" >"$TMP/clean.pcap"
check_equal "the search finds poison and pointers, and nothing else" "$(
	leaks - {clean,poison,used,memory,code}.pcap | sed -n 's,.*/\(.*\) of .*,\1,p' | paste -s -d ';')" \
	"poison.pcap: poison at [4];used.pcap: poison at [4];memory.pcap: a pointer at [0];code.pcap: a pointer at [0]"

# --- each statement, each command
fw_rules <<-RULES
	role default internal
	role ppp+ external
	set max-flows 5000
	ttl udp-stream step 100s max 100s
	group some host 203.0.113.1 host 2001:db8:9::1 timeout 1d
	group more net 203.0.113.64/26 net 2001:db8:9:1::/64 group some mac 02:00:00:00:00:99 iface ppp0
	deny in udp to any port 1006 log label told limit 10/minute burst 2 id told
	reject in tcp to any port 22 id no-ssh comment "by nobody"
	reject in udp to any port 69
	allow in udp to $INSIDE4 port 53 queue 7 id queued
	allow in udp to $INSIDE6 port 53 queue 7
	allow in tcp from not group more to any port 80,443,8000-8010 mark 0x20/0xf0 ttl step 7s max 20s log id web
	allow in icmp type echo-request to $INSIDE4,$INSIDE6,10.0.1.64-10.0.1.80
	allow in gre to any key 5-9 until 2100-01-01
	allow in proto 47 u32 "6&0xFF=47 && 0>>22&0x3C@0&0x2000=0x2000" id looked
	deny out tcp on out+ to any port 25
RULES
"$FWCTL" -n "$ROUTER" monitor >"$TMP/monitor" 2>&1 &
in_ns "$ROUTER" "$PYTHON" "$TESTS/queue.py" 7 accept >"$TMP/queue" 2>&1 &
busywait 10 grep -q ready "$TMP/queue"
listen_tcp "$INSIDE" 80
udp_echo_server "$INSIDE" 53
udp_echo_server "$OUTSIDE" 53
heard() { fw set dhcp on; grep -q . "$TMP/monitor"; }
busywait 10 heard

traffic() {
	pings "$INSIDE" "$out" && pings "$OUTSIDE" "$in" && udp_echoes "$INSIDE" "$out" 53 &&
		udp_echoes "$OUTSIDE" "$in" 53 && tcp_echoes "$OUTSIDE" "$in" 80
}
for v in 4 6; do
	in=INSIDE$v out=OUTSIDE$v far=NOWHERE$v
	in=${!in} out=${!out} far=${!far}
	check "v$v: traffic" traffic
	check_equal "v$v: a RST" "$(tcp_result "$OUTSIDE" "$in" 22)" refused
	craft "$INSIDE" "gre('$in', '$far')" "gre('$in', '$far', 7)" "ip('$in', '$far', 99, b'x' * 20)"
	craft "$OUTSIDE" "udp('$out', '$in', 9, 69)" "udp('$out', '$in', 9, 1006)" \
		"gre('$far', '$in', 6)" "tcp('$far', '$in', 9, 9)" "udp('$in', '$in', 9, 9)" \
		"cut(tcp('$far', '$in', 9, 9), 7)" "frag(udp('$far', '$in', 9, 9), 64, 0)" \
		"error('$out', '$in', 'too-big', udp('$in', '$out', 5, 5))" "tcp('$far', '$in', 9, 80, 'A')"
	fw why "$far" >/dev/null
	fw flows host "$far" >/dev/null
	for packet in "tcp from $out port 9 to $in port 80" "udp from $out port 9 to $in port 69" \
		"udp from $in port 9 to $out port 9" "icmp from $out to $in"; do
		# shellcheck disable=SC2086  # words
		fw explain $packet >/dev/null 2>"$TMP/explain" || [ $? = 3 ] || note "$(cat "$TMP/explain")"
	done
done
for command in status "rule list" "group list" "group show more" flows save role set ttl; do
	# shellcheck disable=SC2086  # words
	fw -j $command >/dev/null 2>&1 || note "fwctl refuses: $command"
done
fw group add some host 203.0.113.2 timeout 1h
fw group del some host 203.0.113.1
fw rule del looked
fw rule add nonsense 2>/dev/null
fw rule add allow in from group nobody 2>/dev/null
fw apply "$TMP/ruleset" --check >/dev/null
fw apply "$TMP/ruleset" --confirm 60 >/dev/null
fw confirm >/dev/null
ip -n "$ROUTER" link add ppp7 type dummy
fw flows kill host "$NOWHERE4" >/dev/null
fw set refuse tcp-rst
fw set max-flows 1
for v in 4 6; do
	far=NOWHERE$v in=INSIDE$v
	craft "$INSIDE" "tcp('${!in}', '${!far}', 1, 2)" "udp('${!in}', '${!far}', 1, 2)"
done
fw set refuse icmp
craft "$INSIDE" "tcp('$INSIDE4', '$NOWHERE4', 3, 2)" "tcp('$INSIDE6', '$NOWHERE6', 3, 2)"
# What fwctl has no use for, or asks only after a mistake.
in_ns "$ROUTER" "$PYTHON" -I -S - "$TESTS" >"$TMP/family" <<-'PYTHON'
	import sys
	sys.path.insert(0, sys.argv[1])
	import genl
	family = genl.Family()
	for command in "BEGIN", "ABORT", "ABORT", "ZERO", "FLOW_KILL", "EXPLAIN", "IFACE_GET":
	    try:
	        family.ask(family.number, family.names["FLOWWALL_CMD_" + command], flags=4)
	    except OSError:
	        pass
	print(family.number)
PYTHON
sleep 2 # for events that come once a second

# --- and what has come of it
leaks "$(cat "$TMP/family")" netlink.pcap >"$TMP/netlink"
check_equal "nothing but what was written has come by netlink" "$(grep -v '^[<>] ' "$TMP/netlink" | sed 's/[0-9]* bytes searched//')" ""
check "nor in packets" leaks - inside.pcap outside.pcap
note "$(tail -n 1 "$TMP/netlink")"
# The commands that were not seen: asked, answered, told.
mapfile -t missing < <($PYTHON -I -S - "$TESTS" "$TMP/netlink" <<-'PYTHON'
	import re, sys
	sys.path.insert(0, sys.argv[1])
	import genl
	seen = open(sys.argv[2]).read().split("\n")
	for way, pattern in (">", "(?!.*_NTF|MAX).*"), ("<", ".*_GET|BEGIN|COMMIT|EXPLAIN|FLOW_KILL"), ("<", ".*_NTF"):
	    print("missing:", *[name for name, number in genl.enums().items()
	                        if re.fullmatch("FLOWWALL_CMD_(%s)" % pattern, name)
	                        and "%s %d" % (way, number) not in seen])
	PYTHON
)
check_equal "all commands were asked" "${missing[0]}" "missing:"
check_equal "those that answer have" "${missing[1]}" "missing:"
check_equal "and all events have come" "${missing[2]}" "missing:"
refusals=$(tcpdump -n -r "$TMP/inside.pcap" 'tcp[13] & 4 != 0 or icmp[0] = 3 or icmp6[0] = 1 or
	(ip6[6] = 6 and ip6[53] & 4 != 0)' 2>/dev/null | grep -c .)
check "packets were refused: $refusals" [ "$refusals" -ge 4 ]
