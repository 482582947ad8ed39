#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# What the documentation tells people to write is right: each ruleset in docs/ is taken
# by the kernel, each fwctl command in it is one, and the manual's examples work.
. "$(dirname "$0")/lib.sh"

need jq
topology
mkdir "$TMP/rules"
# Indented blocks that begin with "version 1", up to the next line that is not indented.
awk -v folder="$TMP/rules" '
	/^    version 1$/ { n++; on = 1 }
	on && (/^[^ ]/ || /^    fwctl/) { on = 0 }
	on { sub(/^    /, ""); print > sprintf("%s/%02d", folder, n) }' "$SOURCE"/docs/*.md
check "there are rulesets" [ "$(find "$TMP/rules" -type f | wc -l)" -ge 8 ]
for rules in "$TMP/rules"/*; do
	check "${rules##*/}: $(grep -m 1 -E '^(allow|reject|ovs)' "$rules")" fw apply "$rules" --check
done

# The command must know its object, and the object's help must name its options.
known=0
while read -r line; do
	line=${line%%#*}
	read -r -a words <<<"$line"
	object=${words[1]:-status}
	help=$("$FWCTL" "$object" --help 2>&1)
	good=$?
	for word in "${words[@]:2}"; do
		[[ $word != --* || $help == *"$word"* ]] || good=1
	done
	check_equal "fwctl ${words[*]:1}" "$good" 0
	known=$((known + 1))
done < <(sed -n 's/^    \(sudo \)\?\(fwctl\( .*\|$\)\)/\2/p' "$SOURCE"/docs/*.md | sort -u)
check "the documentation has commands ($known)" [ "$known" -ge 10 ]

# The manual's, page by page. What runs until a signal is left out, and so is what needs a
# bridge or files of its own; 3 is what explain says of a drop, 1 what diff and doctor find.
fw_rules <<-RULES
	role default internal
	group banned host 203.0.113.1
	allow in tcp to 192.0.2.10 port 80 id web
RULES
ip -n "$ROUTER" route add default via "$OUTSIDE4"
cp "$TMP/ruleset" "$TMP/file"
run=0
while read -r line; do
	case $line in
	*fwctl\ top* | *fwctl\ monitor* | *fwctl\ ovs* | *fwctl\ off*) continue ;;
	*fwctl\ app\ * | *fwctl\ decoy* | *fwctl\ snoop* | *fwctl\ report*) continue ;;
	*"rule add"*) fw rule del web >/dev/null ;;
	esac
	line=${line//\\-/-}
	read -r -a words <<<"${line//\/etc\/flowwall.rules/$TMP\/file}"
	fw "${words[@]:1}" >"$TMP/said" 2>&1
	status=$?
	case ${words[1]:-} in
	explain) [ "$status" = 3 ] && status=0 ;;
	diff | doctor) [ "$status" = 1 ] && status=0 ;;
	esac
	check_equal "$line" "$status $(grep '^fwctl:' "$TMP/said")" "0 "
	run=$((run + 1))
done < <(sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/s/^\(fwctl.*\)/\1/p' "$SOURCE"/tool/man/fwctl-*.8)
check "the manual has examples ($run)" [ "$run" -ge 25 ]
