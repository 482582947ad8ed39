#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-here.sh [-v] [-r N] [-d FOLDER] [-l LABEL] [NAME...]
#
# Runs selftests on this machine's own kernel, each in namespaces of its own
# (network, mounts, processes), and prints TAP. run.sh has it run in a guest;
# by hand it is for a machine that one can afford to lose. Needs root.
#
#   NAME...    all of the folder's cases unless given
#   -d FOLDER  where the cases are: this folder unless given
#   -l LABEL   put before each name
#   -v         show what a case prints when it passes, too
#   -r N       so many of the cases that fail are run a second time, which counts, as a
#              machine that is busy may be too slow for one; a point says so, and the
#              first try is shown as a remark. Not after a complaint of the kernel, a
#              leak, or a module that stays
#
# Exit status 1 if anything failed. A case fails by a "not ok" line, by its
# exit status, by taking too long, by reporting nothing or less than its plan,
# by leaving a module that cannot be unloaded, and by any complaint of the
# kernel while it ran.

set -u
export LC_ALL=C

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
export FLOWWALL_KO=${FLOWWALL_KO:-$tests/../../flowwall.ko}

verbose=no label='' folder=$tests retries=0
while getopts vr:d:l: option; do
	case $option in
	v)	verbose=yes ;;
	r)	retries=$OPTARG ;;
	d)	folder=$OPTARG ;;
	l)	label="$OPTARG " ;;
	*)	exit 2 ;;
	esac
done
shift $((OPTIND - 1))

# What the kernel says when something is wrong with it. Anchored to how these
# messages begin: a case may well have "warning" in a name of its own.
complaints='WARNING: (CPU|possible|suspicious|bad|inconsistent|held|chain|kernel|stack|can)'
complaints+='|BUG: |Oops|[Gg]eneral protection fault|Call Trace:|Kernel panic'
complaints+='|INFO: (task|rcu|possible|trying|suspicious|lockdep)|rcu: INFO|detected .*stall'
complaints+='|soft lockup|hard LOCKUP|refcount_t: |UBSAN: |KASAN: |KFENCE: |KCSAN: '
complaints+='|unregister_netdevice: waiting|list_(add|del) corruption|divide error'
complaints+='|Unable to handle|unreferenced object|page allocation failure|scheduling while atomic'
complaints+='|sleeping function called|[Oo]bjects remaining|Slab cache still has objects'
# After one of these nothing that the kernel does means anything.
crashes='BUG: [^K]|BUG: KASAN|Oops|[Gg]eneral protection fault|Kernel panic'

# Of the case that runs: `grave` if what failed is not for a second try.
points=0 failures=0 grave=''

point() { # ok|"not ok" TEXT
	points=$((points + 1))
	[ "$1" = ok ] || failures=$((failures + 1))
	echo "$1 $points $label$2"
}

# Of the races that a kernel with KCSAN finds, those of the module's functions.
kernel_log() {
	dmesg | awk '/flowwall-selftest: begin/ { text = ""; other = 0; next }
		/BUG: KCSAN/ && !/\[flowwall\]/ { other = 1 }
		/======/ { other = 0 }
		!other { text = text $0 "\n" }
		END { printf "%s", text }'
}

# leaked: whether kmemleak, where there is one, holds something of the module's to be
# lost. Without the module, its functions have no names any more. What is younger than
# five seconds is found after the next case, or by the last look.
kmemleak=/sys/kernel/debug/kmemleak
leaked() {
	[ -e "$kmemleak" ] || return 1
	echo scan >"$kmemleak"
	grep -E -B 20 '\[flowwall\]|\b0xffffffff[0-9a-f]{8}$' "$kmemleak" >"$1" || return 1
	echo clear >"$kmemleak"
}

# Nothing is left behind for the next case; also a test of unloading.
unload() {
	local tries
	# While it is there, Linux 6.1 tracks the connections of all namespaces, and the fast
	# path leaves alone what is tracked. It goes once its datapath's namespace has gone.
	for ((tries = 0; tries < 50; tries++)); do
		[ -d /sys/module/openvswitch ] || break
		rmmod openvswitch 2>/dev/null || sleep 0.2
	done
	[ -d /sys/module/flowwall ] || return 0
	timeout -k 1 30 rmmod flowwall
}

# translate NAME FILE: renumbers and labels the case's TAP. Sets seen, bad,
# skipped, planned.
translate() {
	local line rest number='^(not )?ok( [0-9]+)?( -)? ?(.*)$'

	seen=0 bad=0 skipped=0 planned=''
	while IFS= read -r line; do
		if [[ $line =~ $number ]]; then
			seen=$((seen + 1))
			rest="$1: ${BASH_REMATCH[4]}"
			if [ -n "${BASH_REMATCH[1]}" ]; then
				bad=$((bad + 1))
				point "not ok" "$rest"
			else
				[[ $line == *"# SKIP"* ]] && skipped=$((skipped + 1))
				point ok "$rest"
			fi
		elif [[ $line =~ ^1\.\.([0-9]+) ]]; then
			planned=${BASH_REMATCH[1]}
		fi
	done <"$2"
}

run_case() { # NAME FILE
	local name=$1 file=$2 limit status work log problem='' begin=$SECONDS

	limit=$(sed -n '1,10s/^# *limit: *\([0-9][0-9]*\).*/\1/p' "$file" | head -n 1)
	# Twice what it takes at worst, for machines that are busy.
	limit=$((2 * ${limit:-120} * ${FLOWWALL_SLOW:-1}))
	grave=''
	work=$(mktemp -d /tmp/flowwall-case.XXXXXX)
	echo "flowwall-selftest: begin $name" >/dev/kmsg

	# All processes and namespaces of the case go with its own first process.
	# shellcheck disable=SC2016  # expanded inside
	TMPDIR=$work unshare --net --mount --pid --fork --kill-child --mount-proc bash -c '
		mkdir -p /run/netns && mount -t tmpfs netns /run/netns && ip link set lo up &&
		exec timeout -k 20 "$0" "$1"' \
		"$limit" "$file" </dev/null >"$work/output" 2>&1
	status=$?

	translate "$name" "$work/output"
	if [ "$status" = 124 ] || [ "$status" = 137 ]; then
		problem="did not end within its limit of $limit s"
	elif [ "$status" = 4 ]; then
		[ "$skipped" -gt 0 ] || point ok "$name # SKIP"
	elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		problem="exit status $status"
	elif [ "$status" = 0 ] && [ "$seen" = 0 ]; then
		problem="reported nothing"
	elif [ "$status" = 0 ] && [ "${planned:-none}" != "$seen" ]; then
		problem="planned ${planned:-nothing}, reported $seen"
	fi
	[ -z "$problem" ] || point "not ok" "$name: $problem"
	problem=${problem:+yes}

	if ! unload >>"$work/output" 2>&1; then
		point "not ok" "$name: the module cannot be unloaded"
		problem=yes grave=yes
	fi
	if leaked "$work/leaks"; then
		point "not ok" "$name: something was not freed"
		head -n 60 "$work/leaks" >>"$work/output"
		bad=$((bad + 1)) grave=yes
	fi
	log=$(kernel_log)
	if grep -Eq "$complaints" <<<"$log"; then
		point "not ok" "$name: the kernel complained"
		problem=yes grave=yes
	fi
	if [ -n "$problem" ] || [ "$bad" -gt 0 ] || [ "$verbose" = yes ]; then
		{
			echo "--- $name, exit status $status"
			head -n 400 "$work/output"
			if [ "$problem" = yes ]; then
				echo "--- the kernel log"
				grep -E -m 1 -A 60 "$complaints" <<<"$log" || tail -n 60 <<<"$log"
			fi
			echo "---"
		} | sed "s/^\(# \)*/# $label| /"
	fi
	rm -rf "$work"
	echo "# $label| $name: $((SECONDS - begin)) s"
	! grep -Eq "$crashes" <<<"$log"
}

# try_case NAME FILE: run_case, and once more if it failed, and may.
try_case() {
	local points_before=$points failures_before=$failures first status=0

	if [ "$retries" = 0 ]; then
		run_case "$@"
		return
	fi
	first=$(mktemp)
	run_case "$@" >"$first" || status=$?
	if [ "$failures" = "$failures_before" ] || [ -n "$grave" ]; then
		cat "$first"
		rm -f "$first"
		return "$status"
	fi
	sed 's/^\(# \)*/# first try: /' "$first"
	rm -f "$first"
	retries=$((retries - 1)) points=$points_before failures=$failures_before
	status=0
	run_case "$@" || status=$?
	[ "$failures" != "$failures_before" ] || point ok "$1: only at the second try"
	return "$status"
}

[ "$(id -u)" = 0 ] || { echo "run-here.sh: must be run as root" >&2; exit 2; }

cases=()
if [ $# -gt 0 ]; then
	for name; do
		file=$(find "$folder" -maxdepth 1 -name "$name.sh" -o -maxdepth 1 -name "$name.py")
		[ -n "$file" ] || { echo "run-here.sh: no case $name in $folder" >&2; exit 2; }
		cases+=("$file")
	done
else
	mapfile -t cases < <("$tests/run.sh" -L "$folder")
fi

crashed=''
for file in "${cases[@]}"; do
	name=$(basename "${file%.*}")
	if [ -n "$crashed" ]; then
		point "not ok" "$name: not run, the kernel crashed in $crashed"
	elif ! try_case "$name" "$file"; then
		crashed=$name
	fi
done
if [ -e "$kmemleak" ]; then
	sleep 6
	leaks=$(mktemp)
	if leaked "$leaks"; then
		point "not ok" "the module leaves nothing behind"
		head -n 60 "$leaks" | sed 's/^/# /'
	else
		point ok "the module leaves nothing behind"
	fi
	rm -f "$leaks"
fi
echo "1..$points"
[ "$failures" = 0 ] && [ "$points" -gt 0 ]
