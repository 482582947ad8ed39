#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Groups: hosts and networks of both families that rules name; members that come,
# go and leave by themselves count from the next packet on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
udp_echo_server "$INSIDE" 53 54
fw_rules <<-RULES
	group friends host $OUTSIDE4 net 2001:db8:2::/64
	group banned
	group both group friends group banned
	deny in from group banned id ban
	allow in udp from group friends to any port 53 id dns
	allow in icmp from not group friends to $INSIDE4 id strangers
	allow in udp from group both to any port 54 id nested
RULES
check_equal "the groups and their sizes" \
	"$(fw -j group list | jq -c '[.[] | [.name, .size]] | sort')" '[["banned",0],["both",2],["friends",2]]'

for v in 4 6; do
	inside=INSIDE$v
	check "v$v: a member comes in" udp_echoes "$OUTSIDE" "${!inside}" 53
	check "v$v: also as a member of a member" udp_echoes "$OUTSIDE" "${!inside}" 54
	check_fails "v$v: not to another port" udp_echoes "$OUTSIDE" "${!inside}" 55
done
check_equal "the group counts what its rules decide" \
	"$(fw -j group list | jq '.[] | select(.name == "friends") | .packets')" 2
check_drops "one that is not in it does not come in" "policy 1" \
	"$OUTSIDE" "udp('198.51.100.99', '$INSIDE4', 1, 53)"
check_drops "nor one of the other family" "policy 1" \
	"$OUTSIDE" "udp('2001:db8:3::2', '$INSIDE6', 1, 53)"
check_drops "not in the group: a member is dropped" "policy 1" \
	"$OUTSIDE" "echo('$OUTSIDE4', '$INSIDE4', 1)"
watch inside "$INSIDE" eth0 icmp
check_arrives "a stranger is not" inside 1 "$OUTSIDE" "echo('198.51.100.99', '$INSIDE4', 2)"

# Members come and go while packets flow.
session five "$OUTSIDE" udp "$INSIDE4" 53
check "a flow of a member" tell five echo 9
check "it is banned" fw group add banned host "$OUTSIDE4"
check_fails "its flow ends with the next packet" tell five echo 9
check_fails "it does not come in again" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "the ban ends" fw group del banned host "$OUTSIDE4"
check "it comes in" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "a network can be banned" fw group banned add net 198.51.100.0/24
check_fails "that bans its hosts" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "of one family" udp_echoes "$OUTSIDE" "$INSIDE6" 53
check "all bans end" fw group flush banned
check "it comes in again" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check_fails "there is nobody to take out" fw group del banned host "$OUTSIDE4"
check_equal "a range is what it says" "$(fw group add banned range 203.0.113.1-203.0.113.6 &&
	fw -j group show banned | jq -c '[.members[].addr] | sort')" \
	'["203.0.113.1","203.0.113.2/31","203.0.113.4/31","203.0.113.6"]'

# Some leave by themselves.
check "a ban of two seconds" fw group add banned host "$OUTSIDE4" timeout 2s
check_fails "holds" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "and ends by itself" busywait 10 udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "a ban of four seconds" fw group add banned host "$OUTSIDE4" timeout 4s
sleep 2
check "renewed after two" fw group add banned host "$OUTSIDE4" timeout 30s
sleep 3
check_fails "holds after five" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check_equal "and says how long it will" "$(fw -j group show banned |
	jq '.members[] | select(.timeout) | .timeout == 30 and .left > 15 and .left <= 27')" true
check "it ends" fw group del banned host "$OUTSIDE4"

# A file that is only looked at changes nobody's time.
timeouts() { fw -j group show banned | jq -c '[.members[] | [.addr, .timeout]] | sort'; }
fw group add banned host 192.0.2.50 && fw group add banned host 192.0.2.51 timeout 100
fw save | sed 's/^\(group banned .*\)host 192.0.2.50 .*/\1/; /^group banned .* timeout/d' >"$TMP/checked"
echo "group banned host 192.0.2.50 timeout 1 host 192.0.2.51" >>"$TMP/checked"
before=$(timeouts)
check "a file with other timeouts is checked" fw apply --check "$TMP/checked"
check_equal "all have theirs" "$(timeouts)" "$before"
sleep 4
check_equal "and are there" "$(timeouts)" "$before"
watch_events
fw group add banned host 192.0.2.51 timeout 100
check "who comes is told of" fw group add banned host 192.0.2.52
check "and seen" busywait 5 event_seen '.event == "group" and .name == "banned"'
check_equal "a renewal is not" "$(event_count '.event == "group"')" 1
check "a member for most of a year" fw group add banned host 192.0.2.53 timeout 200d
check_equal "has most of a year" "$(fw -j group show banned |
	jq '.members[] | select(.addr == "192.0.2.53") | .left > 199 * 86400 and .left <= 200 * 86400')" true
for host in 192.0.2.{50..53}; do fw group del banned host "$host"; done

# What is in use stays.
check_fails "a group that a rule names is not deleted" fw group del friends
fw group add spare host 192.0.2.1
check "it is told why" grep -q 'in use' <(fw group del friends 2>&1)
check "one that nobody names is" fw group del spare
check_fails "it is gone" fw group show spare
check_fails "a rule with a group that is not there is refused" fw rule add allow in from group nobody
fw group add x group both && fw group add y group x && fw group add z group y
check_fails "groups in groups in a circle are refused" fw group add friends group z
check_fails "or too deep" bash -c "$FWCTL -n $ROUTER group add t group z && $FWCTL -n $ROUTER group add s group t"
fw group add lowest host 192.0.2.1 && fw group add low group lowest && fw group add lower group low
check_fails "too deep by what is below" fw group add x group lower
check "not by one less" fw group add x group low
fw group del x group low
{
	fw save
	for k in {1..32}; do echo "group narrow$k"; done
	for i in {1..32}; do
		for k in {1..32}; do echo "group wide$i group narrow$k"; done
	done
	for i in {1..32}; do echo "group wide group wide$i"; done
} >"$TMP/wide"
check_match "or too many to look through" "$(fw apply "$TMP/wide" 2>&1)" "more than 1000 below one"
check "all is as it was" udp_echoes "$OUTSIDE" "$INSIDE4" 54

# Rules and members change together, or not at all.
before=$(fw save)
fw_fails_to_apply() { ! fw apply "$TMP/bad" >/dev/null 2>&1; }
printf '%s\ngroup friends host 203.0.113.99\nallow in from group nowhere\n' "$before" >"$TMP/bad"
check "a file with a mistake is refused" fw_fails_to_apply
: >"$TMP/empty"
printf '10.0.0.0\0/8\n' >"$TMP/zero"
check_match "a list that is no text is refused" "$(fw group add friends file "$TMP/zero" 2>&1)" 'a zero byte'
check "an empty list of members to go" fw group del friends file "$TMP/empty"
check_equal "no member has changed" "$(fw save)" "$before"
fw save >"$TMP/saved"
check "what is saved can be applied" fw apply "$TMP/saved"
fw group add early host 192.0.2.76 && fw group add later host 192.0.2.77
check "a group becomes a member of one that was there before it" fw group add early group later
before=$(fw save)
check "which can be applied as well" fw apply - <<<"$before"
check_equal "and is the same" "$(fw save)" "$before"
check_equal "counters go on" "$(fw -j rule list | jq '.[] | select(.id == "dns") | .packets >= 2')" true

# A file takes the place of what files and people said, not of who was banned for a while.
fw group flush banned
before=$(fw save)
fw group add banned host "$OUTSIDE4" timeout 1h && fw group add banned host 192.0.2.60 &&
	fw group add early group later timeout 1h || die "no members"
members() { fw -j group show "$1" | jq -c '[.members[] | .addr // .group] | sort'; }
check_match "who has no timeout goes" "$(fw diff - <<<"$before")" '^- group banned host 192.0.2.60$'
check_equal "and nobody else, by what diff says" "$(fw diff - <<<"$before" | grep -c banned)" 1
sleep 2
check "a file that knows nothing of them" fw apply - <<<"$before"
check_equal "keeps who has one" "$(members banned)" "[\"$OUTSIDE4\"]"
check_equal "for the rest of that" "$(fw -j group show banned | jq '.members[0].left | . > 3500 and . < 3600')" true
check_fails "the ban holds" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check_equal "a group in a group is as the file says" "$(fw save | grep -c 'group early .*timeout')" 0
check "diff is content" fw diff - <<<"$before"
check_match "but not where the file says more of them" \
	"$(fw diff - <<<"$before"$'\n'"group banned host $OUTSIDE4")" "^- group banned host $OUTSIDE4 timeout 1h"
check "a file without the group" fw apply - < <(grep -E '^(version|role) ' <<<"$before")
check "comes and goes" fw apply - <<<"$before"
check "and the ban with it" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check_equal "the group is empty" "$(members banned)" "[]"
# What is only looked at leaves no trace, not even on a group without members.
check "a file without it is checked" fw apply --check - < <(grep -E '^(version|role) ' <<<"$before")
check "and one with a member applied" fw apply - <<<"$before"$'\ngroup banned host 192.0.2.61'
check_equal "who is there" "$(members banned)" '["192.0.2.61"]'
fw group flush banned

# Many, from a file.
seq -f '10.64.%g.0/30' 0 255 >"$TMP/many"
for ((i = 0; i < 400; i++)); do printf "100.$((i / 256)).$((i % 256)).%s\n" {0..249}; done >>"$TMP/many"
begin=${EPOCHREALTIME/./}
check "100,256 members of a file" fw group add banned file "$TMP/many"
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
note "$took ms"
check_equal "all are there" "$(fw -j status | jq '.members >= 100256')" true
check_drops "one of them is denied" "rule 1" "$OUTSIDE" "udp('100.1.143.249', '$INSIDE4', 1, 53)"
check_drops "its neighbour is not" "policy 1" "$OUTSIDE" "udp('100.1.144.0', '$INSIDE4', 1, 53)"
check "they all go" fw group flush banned
busywait 20 bash -c '! grep -q "^fwl_member .* [1-9][0-9][0-9][0-9][0-9]* " /proc/slabinfo'
check_drops "none is denied" "policy 1" "$OUTSIDE" "udp('100.1.143.249', '$INSIDE4', 1, 53)"
