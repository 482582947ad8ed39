# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# TAP of programs that look for what is wrong and print it: one point for each question.
# Sourced, with $suite set to what is put before each name.

points=0 failed=0

# shellcheck disable=SC2154  # who sources this sets suite
point() { # NAME WHAT-IS-WRONG
	points=$((points + 1))
	if [ -z "$2" ]; then
		echo "ok $points $suite: $1"
	else
		failed=1
		echo "not ok $points $suite: $1"
		printf '%s\n' "#   ${2//$'\n'/$'\n'#   }"
	fi
}

not_here() { # NAME WHY
	points=$((points + 1))
	echo "ok $points $suite: $1 # SKIP $2"
}

# points_end: the plan, and the exit status.
points_end() {
	echo "1..$points"
	exit "$failed"
}
