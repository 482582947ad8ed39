#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# manual-agree.sh: what fwctl's --help says, its manual and its completion agree, for each
# command. Prints TAP. Needs mandoc; without zsh, its completion is skipped.

set -u
export LC_ALL=C

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
fwctl=${FWCTL:-$source_dir/tool/fwctl}
man=$source_dir/tool/man
suite=manual
. "$source_dir/tests/points.sh"

# The difference between two lists of lines, as words; nothing if they are the same.
differ() { diff <(sort -u <<<"$1") <(sort -u <<<"$2") | sed -n "s/^</$3: /p; s/^>/$4: /p"; }

plain() { mandoc -Tascii -O width=200 "$1" | sed 's/.\x08//g'; }
options_in() { grep -oE -- '--[a-z][a-z-]+' | grep -vxE -- '--(help|json|netns|verbose|version)'; }

objects=$("$fwctl" --help | sed -n 's/^  \([a-z]\+\)  *[^ ].*/\1/p')
point "there are commands" "$([ "$(wc -w <<<"$objects")" -ge 15 ] || echo "$objects")"
point "completion knows the same" \
	"$(differ "$objects" "$("$fwctl" __complete | grep -v '^-')" "only in help" "only in completion")"
point "each has a page, and each page a command" \
	"$(differ "$objects" "$(cd "$man" && printf '%s\n' fwctl-*.8 | sed 's/^fwctl-//; s/\.8$//')" "no page" "no command")"
point "fwctl(8) names each" \
	"$(differ "$objects" "$(plain "$man/fwctl.8" | grep -oE '^ +fwctl-[a-z]+\(8\)$' | sed 's/.*fwctl-//; s/(8)//')" "not there" "no command")"

for object in $objects; do
	help=$("$fwctl" "$object" --help)
	page=$(plain "$man/fwctl-$object.8")
	usage=$(awk '/^$/ { n++; next } n == 1' <<<"$help")
	verbs=$("$fwctl" __complete "$object" | grep -xE '[a-z-]+' | grep -v '^-')
	completed=$({
		"$fwctl" __complete "$object"
		for verb in $verbs; do "$fwctl" __complete "$object" "$verb"; done
	} | options_in)

	point "$object: the page has the help's synopsis" \
		"$(while read -r line; do
			grep -qF -- "$line" <<<"$page" || echo "not in the page: $line"
		done <<<"$usage")"
	point "$object: the page has the same options" \
		"$(differ "$(options_in <<<"$help")" "$(options_in <<<"$page")" "only in help" "only in the page")"
	point "$object: completion has the same options" \
		"$(differ "$(options_in <<<"$help")" "$completed" "only in help" "only in completion")"
	# A packet has a protocol before it has options.
	words=("$object")
	[ "$object" != explain ] || words+=(tcp)
	point "$object: an option that it does not have is refused" \
		"$(said=$("$fwctl" "${words[@]}" --no-such-option 2>&1 </dev/null)
			status=$?
			[ "$status" = 1 ] && grep -qF -e '`--no-such-option` is not' <<<"$said" ||
				echo "status $status: $said")"
	point "$object: the summary is the page's" \
		"$(grep -qF -- "$(sed -n "1s/^$object: //p" <<<"$help")" <<<"$page" || echo "$help")"
done

# Verbs are in the help: what stands in a table that is not told of is no help.
for object in role set ttl group rule flows ovs failsafe; do
	help=$("$fwctl" "$object" --help)
	point "$object: its verbs are told of" \
		"$(for verb in $("$fwctl" __complete "$object" | grep -xE '(list|show|add|del|flush|insert|replace|move|zero|kill|apply|diff|clear|watch|setup-host|on|off)'); do
			grep -qw -- "$verb" <<<"$help" || echo "$verb"
		done)"
done

for page in "$man"/*.[1-8]; do
	point "${page##*/}: mandoc has nothing to say" "$(mandoc -Tlint -W warning "$page" 2>&1)"
done

# bash and zsh, each with what it would call.
point "bash completes from it" "$(bash -c '
	compopt() { :; }
	. "$1"
	cd "${2%/*}" && PATH=$PWD:$PATH
	COMP_LINE="fwctl fl" COMP_POINT=8
	_fwctl
	[ "${COMPREPLY[*]}" = flows ] || echo "${COMPREPLY[*]}"' - "$source_dir/tool/completion/fwctl.bash" "$fwctl" 2>&1)"
if command -v zsh >/dev/null; then
	point "zsh completes from it" "$(zsh -f -c '
		_call_program() { shift; eval "$@" }
		_files() { print FILES }
		compadd() { print -l -- $found }
		_test() { words=("$1" apply x) CURRENT=3; . "$2" }
		said=$(_test "$2" "$1")
		[[ $said == FILES*--check* || $said == *--check*FILES* ]] || print -r -- "$said"' \
		- "$source_dir/tool/completion/_fwctl" "$fwctl" 2>&1)"
else
	not_here "zsh completes from it" "no zsh here"
fi
points_end
