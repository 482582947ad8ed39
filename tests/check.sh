#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [-a | -d | -r]: all tests, from a bare Debian 12 on; what `make check` runs,
# and with -a, in full, what `make check-full` does. With -d, instead, those on the
# kernels that look for faults (`make check-debug`), with -r for data races
# (`make check-kcsan`). Needs root: it installs packages
# and boots guests. Prints the TAP of each stage and, as its last line, the sum:
# "N passed, N failed", with ", N skipped" where something could not run. Exit
# status 1 if anything failed.

set -uo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$tests/.." && pwd -P)
vm=$tests/vm
export WERROR=1

[ "$(id -u)" = 0 ] || { echo "check: must be run as root: sudo make check" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
: >"$work/points"

# stage NAME COMMAND...: shows what COMMAND prints and keeps its TAP points. A
# command that fails without a failed point, or that reports none at all, is a
# failure of its own.
stage() {
	local name=$1 status begin=$SECONDS
	shift
	printf '\n=== %s\n' "$name"
	"$@" 2>&1 | tee "$work/stage"
	status=${PIPESTATUS[0]}
	grep -E '^(not )?ok\b' "$work/stage" >>"$work/points"
	if [ "$status" != 0 ] && ! grep -q '^not ok\b' "$work/stage"; then
		echo "not ok $name: exit status $status" | tee -a "$work/points"
	elif ! grep -Eq '^(not )?ok\b' "$work/stage"; then
		echo "not ok $name: reported nothing" | tee -a "$work/points"
	fi
	echo "=== $name: $((SECONDS - begin)) s"
}

# point NAME COMMAND...: a stage that is one test.
point() {
	local name=$1
	shift
	if "$@"; then
		echo "ok 1 $name"
	else
		echo "not ok 1 $name"
	fi
}

modules() {
	local series
	for series in 6.1 6.12; do
		point "build: the module for Linux $series, without warnings" "$vm/build.sh" "$series"
	done
}

dkms() {
	local series status=0
	for series in 6.1 6.12; do
		"$vm/dkms.sh" "$series" || status=1
	done
	return "$status"
}

# The cases at which most is at stake, and the fuzzers, on a kernel that watches its
# memory: as much as fits into three minutes.
debug_short() {
	local status=0
	"$tests/selftests/run.sh" -k uml-kasan 28-queue 42-malformed 70-rmmod 71-netns || status=1
	"$tests/selftests/run.sh" -k uml-kasan -d "$tests/debug" netlink packets faults || status=1
	return "$status"
}

# debug_full KERNEL: what there is. The selftests with as few repetitions as elsewhere,
# but for those in which things happen at the same time.
debug_full() {
	local status=0
	"$tests/selftests/run.sh" -k "$1" || status=1
	"$tests/selftests/run.sh" -a -k "$1" 58-swaps 70-rmmod 71-netns || status=1
	"$tests/selftests/run.sh" -a -k "$1" -d "$tests/debug" || status=1
	return "$status"
}

# What ran meanwhile: prints it, and returns what it ended with.
ended() {
	cat "$1"
	return "$2"
}

sum() {
	awk -v seconds="$SECONDS" '
		/^not ok/ { failed++; list = list $0 "\n"; next }
		/# SKIP/ { skipped++; next }
		{ passed++ }
		END {
			printf "\n=== all of it: %d min %d s\n%s", seconds / 60, seconds % 60, list
			printf "%d passed, %d failed", passed, failed
			if (skipped) printf ", %d skipped", skipped
			printf "\n"
			exit failed > 0
		}' "$work/points"
}

printf '=== packages\n'
"$vm/packages.sh" check || exit 1

kernels=()
case ${1:-} in
-d)	kernels=(uml-kasan kasan) ;;
-r)	kernels=(kcsan) ;;
esac
for kernel in "${kernels[@]}"; do
	stage "the kernel $kernel" point "build: $kernel" "$vm/make-kernel.sh" "$kernel"
	stage "$kernel" debug_full "$kernel"
done
if [ ${#kernels[@]} -gt 0 ]; then
	sum
	exit
fi

# What is large comes while the rest is built.
{ "$vm/kernel.sh" 6.1; "$vm/kernel.sh" 6.12; "$vm/ynl.sh"; } >"$work/fetch" 2>&1 &
fetching=$!

stage "fwctl" point "build: fwctl, without warnings" make -C "$source_dir/tool" clean all
stage "unit tests" make -s -C "$tests/unit" check
stage "fuzz" make -s -C "$tests/fuzz" FUZZ_SECONDS=5 check
stage "uapi" "$tests/uapi-agree.py"
wait "$fetching" || cat "$work/fetch"
# Most of this one is waiting.
"$vm/self-test.sh" >"$work/self-test" 2>&1 &
testing=$!
stage "modules" modules
stage "unlocked" "$tests/unlocked.sh" "$source_dir"/build/kernel-6.{1,12}/flowwall.ko
stage "dkms" dkms
wait "$testing"
stage "test runner" ended "$work/self-test" $?
stage "selftests" "$tests/selftests/run.sh" "$@"
# Eight minutes, if it has to be made.
stage "debug kernel" point "build: User-Mode Linux that watches its memory" "$vm/make-kernel.sh" uml-kasan
stage "debug" debug_short
sum
