#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 400
# kernel: none, unless in full
#
# 100,000 rules: how long they take to load, beside nft with the same rules, how
# long one more takes, and that the right one decides.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
CAPTURE=no topology
count=100000
$PYTHON - "$count" "$TMP/fw" "$TMP/nft" <<-'RULES'
	import sys
	count = int(sys.argv[1])
	ours, theirs = open(sys.argv[2], "w"), open(sys.argv[3], "w")
	ours.write("version 1\nrole out0 external\nrole in0 internal\n")
	theirs.write("table inet scale {\n chain forward {\n")
	for n in range(count):
	    a = "10.%d.%d.%d" % (100 + n // 65536, n // 256 % 256, n % 256)
	    port = 1000 + n % 50000
	    ours.write("allow in tcp to %s port %d\n" % (a, port))
	    theirs.write("  ip daddr %s tcp dport %d accept\n" % (a, port))
	ours.write("allow in udp to 10.0.1.2 port 53 id last\n")
	theirs.write(" }\n}\n")
RULES
ms() { # COMMAND...: how long it takes
	local begin=${EPOCHREALTIME/./}
	"$@" >"$TMP/ms" 2>&1 || note "$(cat "$TMP/ms")"
	echo $(((${EPOCHREALTIME/./} - begin) / 1000))
}
ours=$(ms fw apply "$TMP/fw")
check_equal "all are there" "$(fw -j status | jq .rules)" $((count + 1))
theirs=$(ms in_ns "$ROUTER" nft -f "$TMP/nft")
in_ns "$ROUTER" nft delete table inet scale
check "loaded in $ours ms, at most a quarter of nft's $theirs ms" [ $((4 * ours)) -le "$theirs" ]
watch inside "$INSIDE" eth0 udp port 53
check_arrives "the last one decides" inside 1 "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 1, 53)"
check_drops "and none of them about others" "policy 1" "$OUTSIDE" "udp('$OUTSIDE4', '$INSIDE4', 1, 54)"
empty=$(ms fw set dhcp on)
one=$(ms fw rule add allow in tcp to 10.200.0.1 port 1)
note "one rule more: $one ms; a setting: $empty ms"
first=$(ms fw apply "$TMP/fw") second=$(ms fw apply "$TMP/fw")
again=$((first < second ? first : second))
check "the same again takes no longer: $first and $second ms" [ "$again" -le $((ours + ours / 2)) ]
check_equal "one more was gone with it" "$(fw -j status | jq .rules)" $((count + 1))
