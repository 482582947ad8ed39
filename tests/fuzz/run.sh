#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh SECONDS NAME:LENGTH...: fuzzes each target with inputs of at most LENGTH bytes,
# from those of its corpus and those that once broke it on. Prints TAP. What it finds
# new is left in build/found_NAME, where the next run goes on. For an endless loop it
# takes libFuzzer's 20 minutes: less would blame a target for a machine that stood still.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

seconds=$1
shift
status=0 point=0
for target in "$@"; do
	name=${target%:*} log=build/$name.log
	mkdir -p "build/found_$name"
	inputs=("build/found_$name" "corpus/$name")
	[ ! -d "crashers/$name" ] || inputs+=("crashers/$name")
	point=$((point + 1))
	if "build/fuzz_$name" -max_total_time="$seconds" -max_len="${target#*:}" \
		-artifact_prefix="build/$name-" -print_final_stats=1 "${inputs[@]}" 2>"$log"; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "ok $point fuzz: $name, $runs runs, no findings"
	else
		status=1
		tail -n 60 "$log" | sed 's/^/# /'
		echo "not ok $point fuzz: $name"
	fi
done
exit "$status"
