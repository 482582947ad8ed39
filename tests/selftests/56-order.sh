#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# The order of rules: insert, replace, move; counters and ids survive what does
# not change; what a new ruleset ends is counted; diff.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
udp_echo_server "$INSIDE" 53 54
fw_rules <<-RULES
	allow in udp to any port 53 id dns
	deny in udp to any port 53 id no-dns
	allow in udp to any port 54 id other
RULES
order() { fw -j rule list | jq -r 'map(.id) | join(" ")'; }

check "let in" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1001
check "inserted" fw rule insert dns deny in udp from "$OUTSIDE4" to any port 53 id first
check_equal "before it" "$(order)" "first dns no-dns other"
check_fails "the first one decides" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1002
check "moved behind" fw rule move first before other
check_equal "there it is" "$(order)" "dns no-dns first other"
check "the one before decides again" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1003
check "to the beginning" fw rule move no-dns first
check "to the end" fw rule move dns last
check_equal "there they are" "$(order)" "no-dns first other dns"
check_fails "denied" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1004
check "replaced" fw rule replace no-dns allow in udp to any port 53 comment "now it is"
check_equal "under its name" "$(order)" "no-dns first other dns"
check "let in" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1005
check_fails "no such rule to move" fw rule move nothing first
check_fails "no such place" fw rule move dns before nothing
check_match "a name like another's" "$(fw rule del othre 2>&1)" 'did you mean .other.'
check_fails "no name" fw rule del ""
check_fails "no number" fw rule del 4294967297
check_equal "they are all there" "$(order)" "no-dns first other dns"
fw rule add allow in udp to any port 55
number=$(fw rule list | awk '/port 55/ { print $1 }')
check "one without a name goes by its number" fw rule del "$number"
check_equal "and no other" "$(order)" "no-dns first other dns"
check_fails "two of one name" fw rule insert dns allow in tcp id other

before=$(rule_packets no-dns)
fw save >"$TMP/saved"
sed -i 's/^allow in udp to any port 54.*/&\nallow in tcp to any port 99 id new/' "$TMP/saved"
check_equal "diff shows what an apply would change" "$(fw diff "$TMP/saved")" "+ allow in tcp to any port 99 id new"
check "applied" fw apply "$TMP/saved"
check_equal "then there is no difference" "$(fw diff "$TMP/saved"; echo $?)" 0
check_equal "the new one is in its place" "$(order)" "no-dns first other new dns"
check_equal "counters of what did not change go on" "$(rule_packets no-dns)" "$before"
check "counted on" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1006
check_equal "from there" "$(rule_packets no-dns)" $((before + 1))
check "set to zero" fw rule zero no-dns
check_equal "one" "$(rule_packets no-dns)" 0
check "another one" udp_echoes "$OUTSIDE" "$INSIDE4" 54 1007
check "set to zero" fw rule zero
check_equal "all" "$(fw -j rule list | jq 'map(.packets) | add')" 0

session kept "$OUTSIDE" udp "$INSIDE4" 54 1100
session ended "$OUTSIDE" udp "$INSIDE4" 53 1101
grep -v 'port 53' "$TMP/saved" >"$TMP/less"
flows=$(flows_json | jq '[.[] | select(.original.dport == 53)] | length')
check "some flows" [ "$flows" -ge 1 ]
check_equal "that many an apply ended" "$(fw -j apply "$TMP/less" | jq .ended)" "$flows"
check_equal "and they are gone" "$(flows_json | jq '[.[] | select(.original.dport == 53)] | length')" 0
check "the other one is not" tell kept echo 9
check_fails "an ended one is" tell ended echo 9
