#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [-t NAME]... [-k SERIES]... [-d FOLDER] [-r N] [-a] [-v]
#
# Runs the selftests on Debian's kernels, or on those that look for faults, one guest
# for each, all at a time. Prints TAP, and at the end how many passed, failed and were skipped. Needs
# root, QEMU and what else tests/vm/packages.sh installs.
#
#   -t NAME    only this case: tests/selftests/NAME.sh; may be repeated
#   -k SERIES  only this kernel, 6.1 or 6.12; may be repeated. Those of
#              tests/vm/make-kernel.sh have to be named: uml-kasan, kasan, kasan-6.1,
#              kcsan. They run all cases once, and slowly: time limits are longer,
#              and tests/debug/left-out says which cases make no sense there.
#              6.1-arm64 and 6.12-arm64 have to be named as well; their guests run what
#              the file core-cases lists
#   -d FOLDER  cases of another folder
#   -a         in full: also cases of which one kernel is enough on both (see the
#              line "kernel:" at a case's top), and all the repetitions that lib.sh's
#              `rounds` leaves out otherwise
#   -r N       run so many cases of a guest a second time if they fail (see run-here.sh)
#   -v         show what a case prints when it passes, too
#
# A case with a line "boot:" at its top gets a guest of its own, whose kernel has what
# is there on its command line.
#
# run.sh -L FOLDER lists the cases of a folder and ends.
#
# Exit status 1 if anything failed, the guest included.

set -euo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
vm=$tests/../vm

# A case is an executable script; what is not executable is a part of others.
list_cases() {
	find "$1" -maxdepth 1 -type f \( -name '*.sh' -o -name '*.py' \) -perm -u+x |
		grep -Ev '/run(-here)?\.sh$' | LC_ALL=C sort
}

# said_by CASE KEY: what it says of itself in a line "KEY:" at its top.
said_by() {
	sed -n "1,10s/^# *$2: *//p" "$folder/$1".*
}

arm64() { [[ $1 == *-arm64 ]]; }
debug() { [[ $1 == uml* || $1 == kasan* || $1 == kcsan ]]; }

# cases_of SERIES: the names of the cases to run on it, unless some were named. A line
# "kernel:" that names no series keeps a case for full runs, or for kernels that look for faults.
cases_of() {
	local file name series
	if arm64 "$1" && [ "$folder" = "$tests" ]; then
		grep -v '^#' "$tests/core-cases"
		return
	fi
	list_cases "$folder" | while read -r file; do
		name=$(basename "${file%.*}")
		series=$(said_by "$name" kernel)
		if debug "$1" && left_out "$1" "$name" >&2; then
			continue
		elif [ -n "$full" ] || [ -z "$series" ] || [ "$series" = "$1" ] || debug "$1"; then
			echo "$name"
		fi
	done
}

# left_out SERIES NAME: whether tests/debug/left-out says so; prints why.
left_out() {
	awk -v kernel="$1" -v name="$2" '
		/^#/ { next }
		$1 == name && kernel ~ "^(" $2 ")$" {
			$1 = $2 = ""
			print "# " kernel " leaves out " name ":" $0
			found = 1
		}
		END { exit !found }' "$tests/../debug/left-out"
}

kernels=() names=() options=() folder=$tests full=''
while getopts t:k:d:r:avL: option; do
	case $option in
	a)	full=yes ;;
	t)	names+=("$OPTARG") ;;
	k)	kernels+=("$OPTARG") ;;
	d)	folder=$(cd "$OPTARG" && pwd -P) ;;
	r)	options+=(-r "$OPTARG") ;;
	v)	options+=(-v) ;;
	L)	list_cases "$OPTARG"; exit ;;
	*)	sed -n '4,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
names+=("$@")
[ ${#kernels[@]} -gt 0 ] || kernels=(6.1 6.12)
for name in "${names[@]}"; do
	[ -f "$folder/$name.sh" ] || [ -f "$folder/$name.py" ] || {
		echo "run.sh: no case $name in $folder; there are:" >&2
		list_cases "$folder" | sed 's,.*/,  ,; s,\.[a-z]*$,,' >&2
		exit 2
	}
done
[ "$(id -u)" = 0 ] || { echo "run.sh: must be run as root" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The guests see what is built here: the tool as it is in the tree, the module
# for each kernel in a folder of its own.
if [ -f "$tests/../../tool/Makefile" ]; then
	make -s -C "$tests/../../tool" all
	if [[ ${kernels[*]} == *-arm64* ]]; then
		mkdir -p "$tests/../../build/arm64"
		"$vm/foreign.sh" arm64 make -s -C "$tests/../../tool" \
			BUILD=../build/arm64/tool OUT=../build/arm64/ all
	fi
fi
[ ! -f "$folder/Makefile" ] || make -s -C "$folder" all

run_guest() { # SERIES
	local module name boot cases=("${names[@]}") together=()
	if [ ${#cases[@]} = 0 ]; then
		mapfile -t cases < <(cases_of "$1" 2>"$work/left-out-$1")
		cat "$work/left-out-$1"
	fi
	[ ${#cases[@]} -gt 0 ] || echo "not ok 1 $1 there are cases to run"
	module=$("$vm/build.sh" "$1") || {
		echo "not ok 1 $1 the module builds"
		return
	}
	for name in "${cases[@]}"; do
		[ -n "$(said_by "$name" boot)" ] || together+=("$name")
	done
	[ ${#together[@]} = 0 ] || run_cases "$1" "$module" "" "${together[@]}"
	# A kernel of another kind is another boot.
	for name in "${cases[@]}"; do
		boot=$(said_by "$name" boot)
		[ -z "$boot" ] || run_cases "$1" "$module" "$boot" "$name"
	done
}

run_cases() { # SERIES MODULE KERNEL-ARGUMENTS CASE...
	local status=0 limit=4500 slow=1 guest=("$vm/guest.sh") settings=() said=$work/said-$1 planned
	[ -z "$full" ] || limit=7200
	case $1 in
	uml*)	guest=("$vm/uml.sh" -m 4096) slow=4 limit=14400 ;;
	kasan* | kcsan) slow=10 limit=43200 ;;
	*-arm64) slow=4 limit=7200 settings=(FWCTL="$(realpath "$tests/../../build/arm64/fwctl")") ;;
	esac
	limit=$((limit + ${SOAK_SECONDS:-0}))
	[ -z "$3" ] || guest+=(-a "$3")
	"${guest[@]}" -k "$1" -t "$limit" -- \
		env FLOWWALL_KO="$2" FLOWWALL_FULL="$full" FLOWWALL_SLOW="$slow" FLOWWALL_SEED="$FLOWWALL_SEED" \
		SOAK_SECONDS="${SOAK_SECONDS:-}" "${settings[@]}" \
		"$tests/run-here.sh" "${options[@]}" -d "$folder" -l "$1" "${@:4}" 2>"$work/guest-$1" |
		tee "$said" || status=$?
	# 0 and 1 are the cases' own account of themselves, in their TAP, if that is whole.
	planned=$(sed -n 's/^1\.\.//p' "$said" | tail -n 1)
	if [ "$status" -gt 1 ] || [ "${planned:-0}" = 0 ] ||
		[ "$planned" != "$(grep -Ec '^(not )?ok ' "$said")" ]; then
		echo "not ok 1 $1 the guest ran all cases and ended in order (status $status)"
		sed 's/^/# /' "$work/guest-$1"
	fi
}

# Numbers the points of all guests anew and adds them up.
collect() {
	awk '
	/^(not )?ok / {
		n++
		good = !sub(/^not /, "")
		sub(/^ok [0-9]+ ?/, "")
		if (!good) failed++
		else if (/# SKIP/) skipped++
		else passed++
		printf "%sok %d %s\n", good ? "" : "not ", n, $0
		fflush()
		next
	}
	/^1\.\.[0-9]+$/ { plans++; planned += substr($0, 4); next }
	{ print; fflush() }
	END {
		printf "1..%d\n# %d passed, %d failed, %d skipped\n", n, passed, failed, skipped
		exit !(passed + skipped && !failed)
	}'
}

# Each guest is a process group of its own, to be ended as one.
run_guests() {
	local series
	set -m
	# shellcheck disable=SC2154  # job is set here
	trap 'for job in $(jobs -p); do kill -- "-$job"; done 2>/dev/null; exit 1' INT TERM
	for series in "${kernels[@]}"; do
		run_guest "$series" &
	done
	wait
}

# For what goes at random: another one each time, unless it is given.
export FLOWWALL_SEED=${FLOWWALL_SEED:-$RANDOM}
echo "TAP version 13"
run_guests | collect
