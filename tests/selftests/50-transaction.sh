#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# A ruleset is replaced as a whole or not at all, and shown as a whole.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq cmp
setup_ns ROUTER
load_module

# ruleset COMMENT LINES [LINE TEXT]: a file of so many lines, one of them given.
ruleset() {
	awk -v comment="$1" -v lines="$2" -v special="${3:-0}" -v text="${4:-}" 'BEGIN {
		print "version 1"
		print "role out0 external"
		for (n = 3; n <= lines; n++)
			if (n == special)
				print text
			else
				printf "allow in tcp from 192.0.%d.0/24 to any port %d comment %s\n",
					n % 250, n, comment
	}'
}
saved() { fw save >"$TMP/saved" && cmp "$TMP/saved" "$1"; }
raw() { in_ns "$ROUTER" "$PYTHON" -I -S "$TESTS/raw.py" "$@"; }

# Who has room for short messages only is told, when one is longer, that not all came.
{
	ranges=$(printf ',2001:db8::%s:0-2001:db8::%s:ff' {100..163}{,})
	printf 'version 1\nrole out0 external\nallow in tcp to any port 1\n'
	echo "allow in tcp from ${ranges:1} to ${ranges:1}"
	printf 'allow in tcp to any port 2\n'
} >"$TMP/long"
check "a long rule" fw apply "$TMP/long"
check_equal "is shown to who has room" "$(raw narrow 65536)" "3 rules, error 0"
check_equal "and not left out where there is none" "$(raw narrow 4096)" "1 rules, error 90"

ruleset good 1000 >"$TMP/good"
check "a file of 1,000 lines is applied" fw apply "$TMP/good"
check_equal "all of its rules are there" "$(fw -j status | jq .rules)" 998
fw save >"$TMP/before"
generation=$(fw -j status | jq .generation)

check_equal "a group that is made, named and deleted at once is in use" "$(raw orphan)" \
	"COMMIT: Device or resource busy"
check "nothing has changed" saved "$TMP/before"

check "what is saved can be applied" fw apply "$TMP/before"
check "and is saved again, byte for byte" saved "$TMP/before"
generation=$((generation + 1))

ruleset good 1000 500 "allow in tcp to any prot 80" >"$TMP/bad"
output=$(fw apply "$TMP/bad" 2>&1)
check_equal "a mistake in line 500 is refused" "$?" 1
check_match "it says where, and what is wrong" "$output" "^$TMP/bad:500:21: .*prot"
check_match "it shows the line" "$output" '^ *allow in tcp to any prot 80$'
check_match "with a caret under the place" "$output" '^ {24}\^'
check_match "and a hint" "$output" 'hint: .*port'
check "nothing has changed" saved "$TMP/before"
output=$(fw -j apply "$TMP/bad" 2>&1 >/dev/null)
check_equal "the same in JSON" "$(jq -c '[.file, .line, .column]' <<<"$output" | head -n 1)" \
	"[\"$TMP/bad\",500,21]"
for line in 200 800; do
	sed -i "${line}s/.*/deny out tcp to 10.0.0.1\/8/" "$TMP/bad"
done
check_equal "all mistakes are told at once" "$(fw apply "$TMP/bad" 2>&1 | grep -Eo '/bad:[0-9]+:' | xargs)" \
	"/bad:200: /bad:500: /bad:800:"

# The name of a rule twice: no mistake of a line by itself.
ruleset good 1000 500 "allow in tcp to any port 80 id twice" | sed '400s/$/ id twice/' >"$TMP/bad"
output=$(fw apply "$TMP/bad" 2>&1)
check_equal "what only the kernel finds wrong is refused" "$?" 1
check_match "it says where, too" "$output" "^$TMP/bad:500:"
check_match "and shows the line" "$output" '^ *allow in tcp to any port 80 id twice$'
check "nothing has changed" saved "$TMP/before"

ruleset other 900 >"$TMP/other"
check "a ruleset can be checked" fw apply --check "$TMP/other"
check_fails "a bad one fails that" fw apply --check "$TMP/bad"
check "neither has changed anything" saved "$TMP/before"
check_equal "nor has there been a new ruleset" "$(fw -j status | jq .generation)" "$generation"
check_equal "standard input is a file, too" "$(fw apply - <"$TMP/other" && fw -j status | jq .rules)" 898

check_match "an empty one is refused: it would open the router" "$(fw apply /dev/null 2>&1)" 'no statement'
check_match "so is one without roles" "$(printf 'allow in tcp\n' | fw apply - 2>&1)" 'no interface with a role'
check_match "and one that takes them away" "$(printf 'group web\n' | fw apply - 2>&1)" 'takes the roles'
check_equal "nothing has changed by these" "$(fw -j status | jq .rules)" 898
printf 'version 1\n' | fw apply - --force >/dev/null
add() { # WHO
	local n
	for ((n = 0; n < 25; n++)); do
		fw rule add allow in tcp to any port $((n + 1)) id "$1$n" || echo "lost $1$n"
	done
}
add a >"$TMP/added-a" 2>&1 &
add b >"$TMP/added-b" 2>&1 &
wait $!
wait
check_equal "two add rules at the same time: none is lost" \
	"$(cat "$TMP"/added-*; fw -j rule list | jq 'map(.id) | unique | length')" 50

# Each of these takes several messages to apply and to dump.
ruleset one 700 >"$TMP/one"
ruleset two 800 >"$TMP/two"
fw apply "$TMP/one" >/dev/null
fw save >"$TMP/saved-one"
fw apply "$TMP/two" >/dev/null
fw save >"$TMP/saved-two"
alternate() { while :; do fw apply "$TMP/one"; fw apply "$TMP/two"; done; }
alternate >/dev/null 2>&1 &
ones=0 twos=0 mixed=0
for ((n = 0; n < 40; n++)); do
	fw save >"$TMP/dump"
	if cmp -s "$TMP/dump" "$TMP/saved-one"; then
		ones=$((ones + 1))
	elif cmp -s "$TMP/dump" "$TMP/saved-two"; then
		twos=$((twos + 1))
	else
		mixed=$((mixed + 1))
		cp "$TMP/dump" "$TMP/mixed"
	fi
done
check_equal "dumps during commits are never mixed" "$mixed" 0
check "both rulesets were seen ($ones, $twos)" [ "$ones" -gt 0 -a "$twos" -gt 0 ]
