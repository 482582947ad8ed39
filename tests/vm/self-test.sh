#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# self-test.sh [-k SERIES]: tests the test runner. It runs cases that fail, hang,
# crash, complain or say nothing (fixtures/), and checks that each is reported
# as what it is. Prints TAP; exit status 1 if anything failed.

set -uo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
series=6.12
[ "${1:-}" != -k ] || series=$2

report=$(mktemp)
trap 'rm -f "$report"' EXIT
points=0 failed=0

# expect NAME REGEX: the report has such a line.
expect() {
	points=$((points + 1))
	if grep -Eq -- "$2" "$report"; then
		echo "ok $points $1"
	else
		echo "not ok $points $1"
		echo "#   expected: $2"
		sed 's/^/#   /' "$report"
		failed=1
	fi
}

"$vm/guest.sh" -k "$series" -t 300 -- \
	"$vm/../selftests/run-here.sh" -d "$vm/fixtures" >"$report" 2>&1
echo "status $?" >>"$report"
expect "a run with failures fails" '^status 1$'
expect "a good case passes" '^ok [0-9]+ 01-leaves-things: true is true$'
expect "a case leaves no process behind" '^ok [0-9]+ 02-nothing-left: no process'
expect "a case leaves no namespace behind" '^ok [0-9]+ 02-nothing-left: no namespace'
expect "a failed check is reported" '^not ok [0-9]+ fails: this one fails$'
expect "its state is shown" '^# \| --- the kernel log'
expect "a program that is missing is no expected failure" '^not ok [0-9]+ fails-check-fails:'
expect "an early end is reported" '^not ok [0-9]+ ends-early: the case came to its end$'
expect "a case without checks is reported" '^not ok [0-9]+ silent: reported nothing$'
expect "a broken plan is reported" '^not ok [0-9]+ short: planned 2, reported 1$'
expect "a skipped case is not a pass" '^ok [0-9]+ skips: .*# SKIP'
expect "a case that hangs is ended" '^not ok [0-9]+ hangs: did not end within its limit of 6 s$'
expect "a complaint of the kernel is reported" '^not ok [0-9]+ warns: the kernel complained$'
expect "nothing else failed" '^1\.\.16$'

"$vm/guest.sh" -k "$series" -t 300 -- \
	"$vm/../selftests/run-here.sh" -r 2 -d "$vm/fixtures/again" >"$report" 2>&1
echo "status $?" >>"$report"
expect "a complaint of the kernel is not tried again" '^not ok 2 a-warns: the kernel complained$'
expect "what fails once passes" '^ok 3 once: it ran before$'
expect "but this is told" '^ok 4 once: only at the second try$'
expect "with what failed" '^# first try: not ok 3 once: it ran before$'
expect "what fails twice fails" '^not ok 5 twice: this one fails$'
expect "only so many are tried again" '^not ok 6 z-third: it ran before, too$'
expect "the run fails" '^status 1$'

"$vm/guest.sh" -k "$series" -t 120 -- \
	"$vm/../selftests/run-here.sh" -d "$vm/fixtures/crash" >"$report" 2>&1
echo "status $?" >>"$report"
expect "a guest that crashes is a failure" '^status 125$'
expect "the end of its console is shown" 'Kernel panic'

"$vm/guest.sh" -k "$series" -t 15 -- sleep 1000 >"$report" 2>&1
echo "status $?" >>"$report"
expect "a guest that hangs is a failure" '^status 125$'
expect "it is said to have hung" 'did not finish within 15 s'

echo "1..$points"
exit "$failed"
