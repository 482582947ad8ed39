# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for bash: fwctl itself knows what may follow.

_fwctl() {
	local line=${COMP_LINE:0:COMP_POINT} current='' word
	local -a words

	# Not COMP_WORDS: that takes an IPv6 address apart at its colons.
	read -ra words <<<"$line"
	if [[ $line != *[[:space:]] ]]; then
		current=${words[-1]}
		unset 'words[-1]'
	fi
	COMPREPLY=()
	while IFS= read -r word; do
		if [[ $word == '<file>' ]]; then
			compopt -o filenames
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
		elif [[ $word == "$current"* ]]; then
			COMPREPLY+=("$word")
		fi
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _fwctl fwctl
