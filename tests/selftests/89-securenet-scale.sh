#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1200
# kernel: none, unless in full
#
# The SecureNet lab with 20 hosts, 5 groups and 20 rules is up within 30 s, if nothing else
# runs on the machine; what a lab that was killed has left, --clean takes away.
. "$(dirname "$0")/lib.sh"
. "$TESTS/more.sh"
. "$TESTS/ovs.sh"

need mn jq
export FWCTL PYTHONDONTWRITEBYTECODE=1
start_ovs
load_module
ROUTER=securenet
securenet=$SOURCE/examples/securenet/securenet.py

# Four hosts in each group, two of either network; port 1000 + N from a group to the next N.
for ((i = 0; i < 10; i++)); do
	printf 'h%d bind sg%d\nh%d bind sg%d\n' $((10 + i)) $((i % 5)) $((30 + i)) $((i % 5))
done >"$TMP/policy"
for ((i = 0; i < 20; i++)); do
	echo "secrule add allow sg$((i % 5)) to sg$(((i + i / 5 + 1) % 5)) tcp $((1000 + i / 5))"
done >>"$TMP/policy"
mkfifo "$TMP/script"
exec 9<>"$TMP/script"
"$securenet" --hosts 10 --policy "$TMP/policy" --script "$TMP/script" >"$TMP/lab.out" 2>&1 &
lab=$!
busywait 240 grep -q 'up after' "$TMP/lab.out" || die "the lab does not begin" "$(cat "$TMP/lab.out")"
up=$(grep 'up after' "$TMP/lab.out")
note "$up"
check "within 30 s" awk '{ exit !($(NF - 1) > 0 && $(NF - 1) <= 30) }' <<<"$up"
check_match "20 hosts, and two outside; 5 groups; 20 rules" "$up" '22 hosts, 5 groups, 20 rules: up'
check_equal "all rules are on the perimeter" "$(fw -j rule list | jq length)" 20
check_equal "and on both switches" "$("$FWCTL" -n securenet ovs show | grep -c 'ovs segment .* tcp port')" 40
for host in h10 h31 h11; do
	ip netns attach "$host" "$(pgrep -f "mininet:$host\$")" || die "no $host"
	FLOWWALL_NAMESPACES+=("$host")
done
listen_tcp h31 1000 1001
listen_tcp h11 1000 1001
for address in 10.0.30.31 10.0.10.11; do
	check "sg0 gets to sg1, to $address" tcp_echoes h10 "$address" 1000
done
check "and to no other port" connects_none h10 10.0.30.31 1001 h10 10.0.10.11 1001

kill -9 "$lab"
wait "$lab" 2>/dev/null
no_watch() { ! pgrep -f 'ovs watch'; }
check "the watcher ends with a lab that is killed" busywait 60 no_watch
check_match "another lab does not begin" "$("$securenet" 2>&1)" 'securenet.py --clean'
check "clean" "$securenet" --clean
check_equal "takes the switches away" "$(ovs-vsctl list-br)" ''
check_fails "and what was in force" test -e /var/lib/flowwall/ovs.rules
check_fails "and the namespace" test -e /run/netns/securenet
