#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A ruleset is replaced as one or not at all, by one at a time, and reads the
# same however often it is saved and applied.
. "$(dirname "$0")/lib.sh"

topology
fw_rules <<-RULES
	set max-flows 1000
	ttl udp-new step 7s max 1m30s
	allow in tcp from not 192.0.2.0/24 port 1024-65535 to $INSIDE4 port not 22,80-90 id one comment "a 'b' c"
	deny out udp to 2001:db8::/32 port domain
	allow inside
RULES
fw save >"$TMP/before"
check_match "a rule is saved as it was written" "$(cat "$TMP/before")" \
	"^allow in tcp from not 192.0.2.0/24 port 1024-65535 to $INSIDE4 port not 22,80-90 id one comment \"a 'b' c\"\$"
check "what was saved can be applied" fw apply "$TMP/before"
check_equal "and saved again is the same" "$(fw save)" "$(cat "$TMP/before")"

# A mistake in line 500 of 1,000.
{
	echo "version 1"
	for i in $(seq 2 1000); do
		[ "$i" = 500 ] && echo "allow in tcp to 10.0.0.$((i % 250)) prt 80" ||
			echo "allow in tcp to 10.0.$((i / 250)).$((i % 250)) port $i"
	done
} >"$TMP/bad"
generation=$(fw -j status | jq .generation)
text=$(fw apply "$TMP/bad" 2>&1)
check_equal "a file with a mistake is refused with status 1" "$?" 1
check_match "the place is named" "$text" '/bad:500:27: `prt` is not'
check_match "the line is shown" "$text" '^ +allow in tcp to 10\.0\.0\.0 prt 80$'
check_match "with a caret under the place" "$text" '^                              \^~~$'
check_match "and a hint" "$text" 'did you mean `port`'
check_equal "nothing was changed" "$(fw save)" "$(cat "$TMP/before")"
check_equal "not even the generation" "$(fw -j status | jq .generation)" "$generation"
json=$(fw -j apply "$TMP/bad" 2>&1)
check "JSON has the place, too" jq -e '.line == 500 and .column == 27 and .file and .hint' <<<"$json"

# What only the kernel can refuse: here, more roles than it takes.
{
	echo "version 1"
	for i in $(seq 4200); do echo "role x$i internal"; done
} >"$TMP/many"
text=$(fw apply "$TMP/many" 2>&1)
check_equal "what the kernel refuses ends with status 1" "$?" 1
check_match "the kernel's mistake has its line" "$text" '/many:4098:1: too many role statements'
check_equal "and changes nothing" "$(fw save)" "$(cat "$TMP/before")"

sed 's/max-flows 1000/max-flows 2000/' "$TMP/before" >"$TMP/after"
check "--check accepts a good file" fw apply --check "$TMP/after"
check_equal "and changes nothing" "$(fw save)" "$(cat "$TMP/before")"
check_fails "--check refuses a bad one" fw apply --check "$TMP/many"
check "an empty file is a ruleset" fw apply /dev/null
check_equal "without roles" "$(fw -j status | jq '.roles | length')" 0

# Two writers at once: each of them gets all of its rules in.
writer() {
	local i
	for i in $(seq 25); do
		fw rule add allow in tcp to any port "$i" id "$1$i" || return 1
	done
}
fw apply "$TMP/before"
writer a >"$TMP/a" 2>&1 &
first=$!
writer b >"$TMP/b" 2>&1
second=$?
wait "$first"
check_equal "both writers were served" "$?$second" 00
check_equal "all rules are there" "$(fw -j rule list | jq '[.[] | select(.id | test("^[ab][0-9]+$"))] | length')" 50

# A reader sees one ruleset or the other. Here each has 400 rules of one kind.
for kind in allow deny; do
	{
		echo "version 1"
		for i in $(seq 400); do echo "$kind in tcp to any port $i"; done
	} >"$TMP/$kind"
done
fw apply "$TMP/allow"
while :; do
	fw apply "$TMP/deny" && fw apply "$TMP/allow"
done &
mixed=0 reads=0
while [ "$reads" -lt 40 ]; do
	kinds=$(fw save | grep -E '^(allow|deny)' | awk '{ print $1 }' | sort | uniq -c | tr -s ' ')
	[[ $kinds =~ ^\ 400\ (allow|deny)$ ]] || { mixed=$((mixed + 1)); note "$kinds"; }
	reads=$((reads + 1))
done
check_equal "none of $reads readers saw a mixture" "$mixed" 0
