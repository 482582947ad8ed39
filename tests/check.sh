#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [-a | -d | -r | -p]: all tests, from a bare Debian 12 on; what `make check` runs,
# and with -a, in full, what `make check-full` does. With -d, instead, those on the
# kernels that look for faults (`make check-debug`), with -r for data races
# (`make check-kcsan`); with -p, on another processor, in the other byte order and by
# another compiler (`make check-ports`). Needs root: it installs packages
# and boots guests. Prints the TAP of each stage and, as its last line, the sum:
# "N passed, N failed", with ", N skipped" where something could not run, and how many
# cases passed only when they were run again. Exit status 1 if anything failed.

set -uo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$tests/.." && pwd -P)
vm=$tests/vm
parallel=-j$(nproc)
export WERROR=1

[ "$(id -u)" = 0 ] || { echo "check: must be run as root: sudo make check" >&2; exit 1; }

work=$(mktemp -d)
# What runs meanwhile is a process group of its own, to be ended as one.
leave() {
	local job
	for job in $(jobs -p); do kill -- "-$job" 2>/dev/null; done
	rm -rf "$work"
}
trap leave EXIT
trap 'exit 1' INT TERM
# meanwhile FILE COMMAND...: $! is it, and FILE what it prints.
meanwhile() {
	set -m
	"${@:2}" >"$1" 2>&1 </dev/null &
	set +m
}
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

modules() { # SERIES...
	local series
	for series; do
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
	"$tests/selftests/run.sh" -r 1 -k uml-kasan 28-queue 42-malformed 70-rmmod 71-netns || status=1
	"$tests/selftests/run.sh" -r 1 -k uml-kasan -d "$tests/debug" netlink packets faults || status=1
	return "$status"
}

# debug_full KERNEL: what there is. The selftests with as few repetitions as elsewhere,
# but for those in which things happen at the same time.
debug_full() {
	local status=0
	"$tests/selftests/run.sh" -k "$1" || status=1
	"$tests/selftests/run.sh" -a -k "$1" 28-queue 42-malformed 58-swaps 70-rmmod 71-netns || status=1
	"$tests/selftests/run.sh" -a -k "$1" -d "$tests/debug" || status=1
	return "$status"
}

# The unit tests where bytes are the other way round. ASan cannot run there.
big_endian() {
	local root
	root=$("$vm/foreign.sh" s390x) || return 1
	"$vm/foreign.sh" s390x make -s -C "$tests/unit" BUILD=../../build/s390x/unit \
		SANITIZE=undefined LEFT_OUT=holder RUN="qemu-s390x -L $root" check || return 1
	echo "ok 1 holder # SKIP the kernel that it asks for addresses is this machine's, in this byte order"
}

by_clang() {
	local fwctl=$source_dir/build/clang/fwctl
	mkdir -p "$source_dir/build/clang"
	point "build: fwctl by clang, without warnings" make -s -C "$source_dir/tool" \
		CC=clang-16 BUILD=../build/clang/tool OUT=../build/clang/ all
	point "build: the module for Linux 6.1 by clang, without warnings" "$vm/build.sh" 6.1 clang-16
	"$vm/guest.sh" -k 6.1 -- env FWCTL="$fwctl" FLOWWALL_KO="$source_dir/build/kernel-6.1-clang-16/flowwall.ko" \
		"$tests/selftests/run-here.sh" -l clang 10-outbound 24-rules 42-malformed 44-fastpath 50-transaction
}

ports() {
	stage "big-endian" big_endian
	stage "clang" by_clang
	stage "arm64 modules" modules 6.1-arm64 6.12-arm64
	stage "arm64 selftests" "$tests/selftests/run.sh" -k 6.1-arm64 -k 6.12-arm64
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
		/: only at the second try$/ { again++; list = list $0 "\n" }
		{ passed++ }
		END {
			printf "\n=== all of it: %d min %d s\n%s", seconds / 60, seconds % 60, list
			printf "%d passed, %d failed", passed, failed
			if (skipped) printf ", %d skipped", skipped
			if (again) printf ", %d cases only at the second try", again
			printf "\n"
			exit failed > 0
		}' "$work/points"
}

printf '=== packages\n'
case ${1:-} in
-p)	"$vm/packages.sh" ports || exit 1 ;;
*)	"$vm/packages.sh" check || exit 1 ;;
esac

kernels=()
case ${1:-} in
-p)	ports
	sum
	exit ;;
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
fetch() { "$vm/kernel.sh" 6.1; "$vm/kernel.sh" 6.12; "$vm/ynl.sh"; }
meanwhile "$work/fetch" fetch
fetching=$!

make -s -C "$source_dir/tool" clean
stage "fwctl" point "build: fwctl, without warnings" make "$parallel" -C "$source_dir/tool" all
stage "unit tests" make -s "$parallel" -C "$tests/unit" check
stage "snooper" "$tests/snoop/run.sh" "$@"
stage "fuzz" make -s "$parallel" -C "$tests/fuzz" FUZZ_SECONDS=5 check
[ $# = 0 ] || stage "fuzz coverage" make -s "$parallel" -C "$tests/fuzz" coverage
stage "uapi" "$tests/uapi-agree.py"
stage "manual" "$tests/manual-agree.sh"
stage "maintainer" "$tests/maintainer.sh"
wait "$fetching" || cat "$work/fetch"
# Most of this one is waiting.
meanwhile "$work/self-test" "$vm/self-test.sh"
testing=$!
stage "modules" modules 6.1 6.12
stage "unlocked" "$tests/unlocked.sh" "$source_dir"/build/kernel-6.{1,12}/flowwall.ko
stage "dkms" dkms
wait "$testing"
stage "test runner" ended "$work/self-test" $?
stage "selftests" "$tests/selftests/run.sh" -r 2 "$@"
# Eight minutes, if it has to be made.
stage "debug kernel" point "build: User-Mode Linux that watches its memory" "$vm/make-kernel.sh" uml-kasan
stage "debug" debug_short
sum
