#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [-a] [-v] [NAME...]: tests of the snooper and its reports, which need no module
# and no guest: each case runs on this machine, in namespaces of its own (network,
# mounts, processes). -a: in full, with the figures; -v shows what a case prints. Needs
# root. Prints TAP; exit status 1 if anything failed. A case is written as
# ../selftests/lib.sh says.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
verbose=no
while getopts av option; do
	case $option in
	a)	export FLOWWALL_FULL=1 ;;
	v)	verbose=yes ;;
	*)	exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ "$(id -u)" = 0 ] || { echo "run.sh: must be run as root" >&2; exit 2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/flowwall-snoop.XXXXXX")
trap 'rm -rf "$work"' EXIT
export FLOWWALL_SEND=$work/send
cc -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -o "$FLOWWALL_SEND" "$here/send.c" || exit 1

cases=("$@")
[ ${#cases[@]} -gt 0 ] || mapfile -t cases < <(cd "$here" && ls [0-9]*.sh)
points=0 failed=0
for name in "${cases[@]}"; do
	name=${name%.sh}
	begin=$SECONDS
	mkdir "$work/case"
	# A folder for all: a case may become another user.
	chmod 755 "$work" "$work/case"
	limit=$(sed -n '1,10s/^# *limit: *\([0-9][0-9]*\).*/\1/p' "$here/$name.sh" | head -n 1)
	# shellcheck disable=SC2016  # expanded inside
	TMPDIR=$work/case unshare --net --mount --pid --fork --kill-child --mount-proc bash -c '
		mkdir -p /run/netns && mount -t tmpfs netns /run/netns && ip link set lo up &&
		exec timeout -k 20 "$0" "$1"' "${limit:-120}" "$here/$name.sh" \
		</dev/null >"$work/output" 2>&1
	status=$?
	seen=$(grep -Ec '^(not )?ok\b' "$work/output")
	bad=$(grep -Ec '^not ok\b' "$work/output")
	awk -v n="$points" -v name="$name" '/^(not )?ok / {
		verdict = $1 == "not" ? "not ok" : "ok"
		sub(/^(not )?ok [0-9]+ /, "")
		print verdict, ++n, name ": " $0
	}' "$work/output"
	points=$((points + seen))
	if [ "$status" != 0 ] && [ "$status" != 4 ] && [ "$bad" = 0 ]; then
		points=$((points + 1)) bad=1
		echo "not ok $points $name: exit status $status"
	elif [ "$status" = 0 ] && ! grep -qx "1\.\.$seen" "$work/output"; then
		points=$((points + 1)) bad=1
		echo "not ok $points $name: came to its end"
	fi
	[ "$bad" = 0 ] && [ "$verbose" = no ] || sed 's/^/# | /' "$work/output"
	[ "$bad" = 0 ] || failed=1
	echo "# $name: $((SECONDS - begin)) s"
	rm -rf "$work/case"
done
echo "1..$points"
exit "$failed"
