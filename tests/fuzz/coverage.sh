#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage.sh PERCENT NAME:SOURCE[:SOURCE...]...: of the sources, relative to the root,
# the corpus of each target must reach so many of the lines. Prints TAP, and what each
# source has.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
root=$(cd ../.. && pwd -P)

percent=$1
shift
status=0 point=0
for target in "$@"; do
	name=${target%%:*}
	program=build/coverage_$name
	IFS=: read -ra sources <<<"${target#*:}"
	point=$((point + 1))
	LLVM_PROFILE_FILE=$program.raw "$program" -runs=0 "corpus/$name" 2>"$program.log" &&
		llvm-profdata merge -o "$program.profile" "$program.raw" &&
		llvm-cov export "$program" -instr-profile="$program.profile" -format=lcov \
			"${sources[@]/#/$root/}" >"$program.lcov" || rm -f "$program.lcov"
	# LF is how many lines a file has, LH how many of them were reached.
	awk -F: -v root="$root/" -v name="$name" -v point="$point" -v percent="$percent" '
		$1 == "SF" { source = substr($2, length(root) + 1) }
		$1 == "LF" { lines = $2; all += $2 }
		$1 == "LH" { reached += $2; printf "# %s: %.1f %%\n", source, 100 * $2 / lines }
		END {
			is = all ? 100 * reached / all : 0
			printf "%sok %d fuzz: %s, %.1f %% of the lines reached by the corpus\n",
				is < percent ? "not " : "", point, name, is
			exit is < percent
		}' "$program.lcov" || status=1
done
exit "$status"
