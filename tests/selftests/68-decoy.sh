#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 3600
# kernel: none, unless in full
#
# Decoys: hosts that do not exist are pinged, browsed and scanned, also over a link that
# loses much; those that exist are never answered for, whenever they come; whoever came is
# told of, and kept out if that is asked for; a flood leaves nothing behind.
#
#    CLIENT --- p1 [br0] p2 --- REAL (10.0.9.2; later 10.0.9.88 as well)
. "$(dirname "$0")/lib.sh"
. "$TESTS/ovs.sh"
. "$TESTS/decoy.sh"

need jq tcpdump curl nmap setpriv nft

# fetch ADDRESS [CURL-ARGUMENT...]: the page, to standard output.
fetch() { in_ns "$CLIENT" curl -sS -m 60 "${@:2}" "http://$1/"; }
# fails_of COUNT ADDRESS: how many of so many requests are not answered with the page.
fails_of() {
	# shellcheck disable=SC2016  # expanded inside
	in_ns "$CLIENT" bash -c 'for ((i = 0; i < $1; i++)); do
		curl -sS -m 60 "http://$2/" | cmp -s - "$3" || echo failed; done' _ "$1" "$2" "$3" |
		grep -c failed
}
link_of() { ip -n "$CLIENT" neigh show "$1" | grep -o 'lladdr [0-9a-f:]*' | cut -d ' ' -f 2; }
rules() {
	ovs_apply <<-RULES
		ovs bridge br0 secure
		ovs decoy br0 net 10.0.9.0/24,2001:db8:9::/64
	RULES
}

start_ovs
make_bridge
setup_ns CLIENT REAL
host_at "$CLIENT" 1
host_at "$REAL" 2
bare_bridge "$CLIENT" 10.0.9.2
check_fails "without decoys nobody is there" pings "$CLIENT" 10.0.9.77

ovs-vsctl set-controller br0 tcp:127.0.0.1:6633
printf 'ovs bridge br0 secure\novs decoy br0 net 10.0.9.0/24\n' >"$TMP/taken"
check_match "a bridge with a controller of somebody else's is refused" \
	"$("$FWCTL" ovs apply "$TMP/taken" 2>&1)" 'taken:2:.*has a controller already: tcp:127.0.0.1:6633'
ovs-vsctl del-controller br0

"${OFCTL[@]}" add-flow br0 'cookie=0x5,priority=7,udp,tp_dst=9,actions=drop'
before=$(flow_dump)
rules
check "OVS has all flows, as they were said" "$FWCTL" ovs diff
check_match "the other program's flow is there still" "$(flow_dump)" 'cookie=0x5,'
check "real hosts reach each other without the controller" pings "$CLIENT" 10.0.9.2
check_fails "decoys are silent without it" pings "$CLIENT" 10.0.9.77

# What it cannot do is refused before it listens: arguments, and what is said of them.
while IFS='|' read -r arguments said; do
	eval "set -- $arguments"
	check_match "refused: $arguments" "$(timeout 10 "$FWCTL" decoy "$@" 2>&1)" "^fwctl: $said"
done <<'REFUSED'
|which addresses are decoys\? --net
--loud yes|the option `--loud` is not known here
10.0.9.0/24|`10.0.9.0/24` is not known here
--net|--net needs a value
--net 10.0.9.1/24|`10.0.9.1/24` is not a network
--net 10.0.9.0/33|`10.0.9.0/33` is not a network
--net ''|`` is not a network
--net 10.0.9.0/24 --rate 1000001|--rate needs a number of up to 1000000, not `1000001`
--net 10.0.9.0/24 --rate -1|--rate needs a number of up to 1000000, not `-1`
--net 10.0.9.0/24 --port 22|`22` is not a port and what it says
--net 10.0.9.0/24 --port 0=x|`0=x` is not a port and what it says
--net 10.0.9.0/24 --port 21=x --port 21=y|port 21 has a service already
--net 10.0.9.0/24 --http /nowhere|/nowhere cannot be read: No such file
--net 10.0.9.0/24 --ignore nobody|`nobody` is not who is to be ignored
--net 10.0.9.0/24 --listen here|`here` is not where to listen
--net 10.0.9.0/24 --group seen|--group says where --block SECONDS puts visitors
--net 10.0.9.0/24 --block 60 --group 1234567890123456789012345678901234567890|the name of a group is at most
--net 10.0.9.0/24 --map 10.2.0.0/16=192.0.2.7,5001|--map and --tunnel are of --mode vxlan
--mode loud|`loud` is not a mode: decoy, switch or vxlan
--mode switch --net 10.0.9.0/24|--net, --http, --port, --ignore and --block are of --mode decoy
--mode vxlan|which network is where\? --map
--mode vxlan --map 10.2.0.0/16|`10.2.0.0/16` is not a map
--mode vxlan --map 10.2.0.0/16=here,1|`here` is not the address of a tunnel
--mode vxlan --map 10.2.0.0/16=192.0.2.7,16777216|`16777216` is not the number of a network in a tunnel
--mode vxlan --map 10.2.0.0/16=192.0.2.7,1 --map 10.2.0.0/16=192.0.2.8,2|`10.2.0.0/16` has a map already
REFUSED

head -c 75000 /dev/urandom | base64 -w 0 >"$TMP/page"
start_controller --net 10.0.9.0/24,2001:db8:9::/64 --http "$TMP/page" --log "$TMP/log" \
	--port '22=SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n' --port '21=220 (vsFTPd 3.0.3)\r\n' --rate 0
check "the switch connects" switch_connects
check_equal "the controller is not root" "$(stat -c %U "/proc/$CONTROLLER")" nobody
check_match "a second one says who has the port" \
	"$("$FWCTL" decoy --net 10.0.9.0/24 2>&1)" "fwctl. \(process $CONTROLLER\) has that port"

# hello USER: what a user of this machine hears who connects as a switch does.
hello() {
	setpriv --reuid "$1" --clear-groups bash -c \
		'exec 3<>/dev/tcp/127.0.0.1/6653; timeout 5 head -c 8 <&3' | od -An -tx1
}
check_equal "root may say to be a switch" "$(hello 0)" " 04 00 00 10 00 00 00 00"
check_equal "other users may not" "$(hello 65534),$(hello 1234)" ,
check_match "which is told" "$(cat "$TMP/controller")" 'refused a connection of the user 1234:'

# --- ping, HTTP, banners ----------------------------------------------------------
by_decoy='ether[6:4] & 0xffffff00 = 0x02465700 and'
capture decoy "$CLIENT" eth0 -Q in "$by_decoy (src host 10.0.9.77 or src host 2001:db8:9::77)"
capture false "$CLIENT" eth0 -Q in "$by_decoy (src host 10.0.9.2 or src host 2001:db8:9::2)"
check "a decoy is pinged" pings "$CLIENT" 10.0.9.77
check "by IPv6" pings "$CLIENT" 2001:db8:9::77
for size in 1472 1473 20000; do
	check "with $size bytes" in_ns "$CLIENT" ping -n -c 1 -W 3 -s "$size" 10.0.9.77
	check "by IPv6" in_ns "$CLIENT" ping -n -c 1 -W 3 -s "$size" 2001:db8:9::77
done
check_equal "a page of $(stat -c %s "$TMP/page") bytes is the same at the other end" \
	"$(fetch 10.0.9.77 | md5sum)" "$(md5sum <"$TMP/page")"
check_equal "by IPv6" "$(fetch '[2001:db8:9::77]' | md5sum)" "$(md5sum <"$TMP/page")"
check_match "HEAD" "$(fetch 10.0.9.77 -I)" '^Content-Length: 100000'
check_match "what is no request" "$(in_ns "$CLIENT" bash -c \
	'exec 3<>/dev/tcp/10.0.9.77/80; printf "nonsense\r\n\r\n" >&3; timeout 5 cat <&3')" '^HTTP/1.1 400 '
check_equal "two requests take one connection" "$(in_ns "$CLIENT" curl -s -m 20 -w '%{num_connects}' \
	-o /dev/null -o /dev/null http://10.0.9.77/a http://10.0.9.77/b)" 10
check_equal "a request in single bytes" "$(in_ns "$CLIENT" $PYTHON -I -S "$TESTS/bytewise.py" 10.0.9.77 |
	md5sum)" "$(md5sum <"$TMP/page")"
scan=$(in_ns "$CLIENT" nmap -n -sV -p 21,22,80,81 10.0.9.77)
check_match "nmap names ssh" "$scan" '^22/tcp +open +ssh +OpenSSH 9.2p1 Debian 2'
check_match "ftp" "$scan" '^21/tcp +open +ftp +vsftpd 3.0.3'
check_match "http" "$scan" '^80/tcp +open +http +Apache'
check_match "and what is closed" "$scan" '^81/tcp +closed '
check_equal "UDP is refused" "$(udp_result "$CLIENT" 10.0.9.77 53)" refused
check_equal "by IPv6" "$(udp_result "$CLIENT" 2001:db8:9::77 53)" refused

# --- real hosts -------------------------------------------------------------------
ip -n "$CLIENT" neigh flush dev eth0
check "the real host is pinged" pings "$CLIENT" 10.0.9.2
check "by IPv6" pings "$CLIENT" 2001:db8:9::2
sleep 1
check_equal "it is itself" "$(link_of 10.0.9.2),$(link_of 2001:db8:9::2)" "$(mac 2),$(mac 2)"
check_match "decoys have said who they are" "$(captured decoy)" '10.0.9.77 is-at 02:46:57'
check_match "by IPv6" "$(captured decoy)" 'tgt is 2001:db8:9::77,'
check_equal "but not that they are the real host" "$(capture_count false)" 0
check "an address is a decoy's" pings "$CLIENT" 10.0.9.88
check_match "by its link address" "$(link_of 10.0.9.88)" '^02:46:57:'
ip -n "$REAL" addr add 10.0.9.88/24 dev eth0
in_ns "$REAL" arping -q -U -c 2 -I eth0 10.0.9.88 2>/dev/null ||
	send "$REAL" 255 "arp(me, 'ff:ff:ff:ff:ff:ff', 1, me, '10.0.9.88', '10.0.9.88')"
ip -n "$CLIENT" neigh flush dev eth0
check "until a host comes that has it" pings "$CLIENT" 10.0.9.88
sleep 1
check_equal "which answers alone" "$(link_of 10.0.9.88)" "$(mac 2)"

# Behind one port: what the real host tells the other one does not come by the bridge.
setup_ns LAN ASKER HIDDEN
plug "$LAN" 5
ip -n "$LAN" link add lan0 type bridge
for i in 6 7; do
	namespace=$([ $i = 6 ] && echo "$ASKER" || echo "$HIDDEN")
	ip -n "$LAN" link add "h$i" type veth peer name eth0 netns "$namespace"
	ip -n "$namespace" link set eth0 address "$(mac $i)" up
	ip -n "$namespace" addr add "10.0.9.$i/24" dev eth0
	ip -n "$namespace" addr add "2001:db8:9::$i/64" dev eth0 nodad
done
for port in eth0 h6 h7 lan0; do
	[ $port = lan0 ] || ip -n "$LAN" link set $port master lan0
	ip -n "$LAN" link set $port up
done
rules
check "who is behind a port reaches the real host" busywait 10 pings "$ASKER" 10.0.9.2
capture taken "$ASKER" eth0 -Q in "$by_decoy ((arp[6:2] = 2 and arp[14:4] = 0x0a000907) or
	(icmp6 and ip6[40] = 136 and ip6[63] = 7))"
check "and one behind the same port" pings "$ASKER" 10.0.9.7
check "by IPv6" pings "$ASKER" 2001:db8:9::7
check "decoys answer there as well" pings "$ASKER" 10.0.9.99
check "by IPv6" pings "$ASKER" 2001:db8:9::99
sleep 1
check_equal "but not for that one" "$(capture_count taken)" 0

# --- often, and with loss ---------------------------------------------------------
many=$(rounds 1000 40)
check_equal "$many requests, none fails" "$(fails_of "$many" 10.0.9.77 "$TMP/page")" 0
check_equal "by IPv6" "$(fails_of "$many" '[2001:db8:9::77]' "$TMP/page")" 0
# Loses 20 % of all frames, either way: netem, or where the kernel has none, nftables.
lossy() {
	in_ns "$CLIENT" tc qdisc add dev eth0 root netem loss 20% 2>"$TMP/netem" &&
		tc qdisc add dev p1 root netem loss 20% && return
	in_ns "$CLIENT" nft -f - <<-'NFT'
		table netdev lossy {
			chain in {
				type filter hook ingress device eth0 priority 0
				numgen random mod 100 < 20 counter drop
			}
			chain out {
				type filter hook egress device eth0 priority 0
				numgen random mod 100 < 20 counter drop
			}
		}
	NFT
}
lost() {
	{ in_ns "$CLIENT" tc -s qdisc show dev eth0; tc -s qdisc show dev p1; } |
		grep -A 1 netem | grep -o 'dropped [0-9]*'
	in_ns "$CLIENT" nft list table netdev lossy 2>/dev/null | grep -o 'packets [0-9]*'
}
lossless() {
	in_ns "$CLIENT" tc qdisc del dev eth0 root
	tc qdisc del dev p1 root
	in_ns "$CLIENT" nft delete table netdev lossy
} 2>/dev/null
stop_controller
head -c 300 /dev/urandom | base64 -w 0 >"$TMP/small"
start_controller --net 10.0.9.0/24,2001:db8:9::/64 --http "$TMP/small" --log "$TMP/log"
check "a switch comes back to a new controller" switch_connects
lossy || die "nothing here makes a link lose packets"
many=$(rounds 200 10)
check_equal "$many requests where 20 % is lost either way, none fails" \
	"$(fails_of "$many" 10.0.9.77 "$TMP/small")" 0
lost=$(lost | awk '{ n += $2 } END { print n + 0 }')
check "that many packets were lost: $lost" [ "$lost" -gt "$many" ]
lossless

# --- a flood ----------------------------------------------------------------------
fetch 10.0.9.77 >"$TMP/warm"
ip -n "$CLIENT" route add 10.0.0.0/8 via 10.0.9.77 2>/dev/null
flood() { in_ns "$CLIENT" $PYTHON -I -S "$TESTS/flood.py" "$1" syn 10 10.0.9.77 80 "$2" >/dev/null; }
flood 2000 0.2
first=$(memory)
many=$(rounds 100000 5000)
flood "$many" "$(rounds 0.1 0.2)"
sleep 2
last=$(memory)
check "memory is flat: $first KiB, $last KiB after $many SYNs of random sources" \
	[ "$last" -le $((first + 2048)) ]
check_equal "and decoys answer" "$(fetch 10.0.9.77 | md5sum)" "$(md5sum <"$TMP/warm")"
kill "$CONTROLLER"
wait "$CONTROLLER"
check_equal "the controller ends in order" $? 0

# --- who came ---------------------------------------------------------------------
check "the log is JSON, an event a line" jq -e . "$TMP/log"
visit=$(jq -s 'map(select(.from == "10.0.9.1"))[0]' "$TMP/log")
check_equal "who came, and that a connection was made" "$(jq -c '[.event, .mac, .connected]' <<<"$visit")" \
	"[\"visit\",\"$(mac 1)\",true]"
check "a line a minute at most" [ "$(jq -s 'map(select(.from == "10.0.9.1")) | length' "$TMP/log")" -le \
	$((SECONDS / 60 + 3)) ]
check_match "the report names the visitor" "$("$FWCTL" decoy report "$TMP/log")" '10\.0\.9\.1, connected'
check "so it does in JSON" jq -e '.visitors[] | select(.from == "10.0.9.1") | .connected' \
	<("$FWCTL" -j decoy report "$TMP/log")
# Lines that are no events, or claim too much, are counted and do no harm.
{ echo nonsense; echo '[1]'; echo '{"schema":1,"event":"visit"}'; cat "$TMP/log"
	echo '{"schema":1,"event":"visit","from":"\u001b[2Jx","targets":[{"proto":"'"$(printf %0300d 1)"'","count":1}]}'
} >"$TMP/foreign"
check_equal "lines that are no events are counted" "$("$FWCTL" -j decoy report "$TMP/foreign" | jq .bad)" 3
check_equal "and what could harm a terminal is not printed" \
	"$("$FWCTL" decoy report "$TMP/foreign" | grep -c $'\033')" 0
start_controller --net 10.0.9.0/24 --http "$TMP/page" --ignore 10.0.9.1:80 --log "$TMP/ignored"
switch_connects
check_equal "who is ignored is answered" "$(fetch 10.0.9.77 | md5sum)" "$(md5sum <"$TMP/page")"
pings "$CLIENT" 10.0.9.77 >/dev/null
stop_controller
check_equal "and not told of, but for what else it did" \
	"$(jq -c '[.from, (.targets | map(.proto))]' "$TMP/ignored")" '["10.0.9.1",["icmp"]]'
if [ "$DATAPATH" = system ]; then
	load_module
	start_controller --net 10.0.9.0/24 --http "$TMP/page" --block 100 --group visitors
	switch_connects
	pings "$CLIENT" 10.0.9.77 >/dev/null
	check_equal "who only pings is not blocked" "$("$FWCTL" group show visitors)" ""
	fetch 10.0.9.77 >/dev/null
	member() { "$FWCTL" group show visitors | grep -q '^host 10.0.9.1 timeout 1m40s'; }
	check "who connects is" busywait 5 member
	stop_controller
fi

"$FWCTL" ovs clear >/dev/null
check_equal "clear leaves the bridge as it was" "$(flow_dump),$(ovs-vsctl get-controller br0)" "$before,"
