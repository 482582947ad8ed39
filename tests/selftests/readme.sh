#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The README's ruleset and commands are such that the program takes them.
. "$(dirname "$0")/lib.sh"

topology
awk '/^    version 1$/ { on = 1 } on && /^[^ ]/ { exit } on { sub(/^    /, ""); print }' \
	"$SOURCE/README.md" >"$TMP/rules"
check "the README has a ruleset" [ "$(grep -c . "$TMP/rules")" -ge 10 ]
check "it is right" fw apply "$TMP/rules" --check
check_equal "to check it changes nothing" "$(fw -j rule list | jq length)" 0
check "it is taken" fw apply "$TMP/rules"
check_equal "all of its rules are there" "$(fw -j rule list | jq length)" \
	"$(grep -Ec '^(allow|deny)' "$TMP/rules")"

# The commands that only show or change something, as they are written there.
count=0
while read -r line; do
	read -r line <<<"${line%%#*}"
	line=${line//\/etc\/flowwall.rules/$TMP\/rules}
	count=$((count + 1))
	# shellcheck disable=SC2086  # its words
	check "fwctl $line" fw $line
done < <(sed -n 's/^    fwctl\( .*\|$\)/\1/p' "$SOURCE/README.md" | 
	grep -Ev '^ (app|monitor|ovs|init|top|doctor|decoy|snoop|report)( |$)')
check "the README has commands" [ "$count" -ge 5 ]
