#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# uml.sh [-k KERNEL] [-m MIB] [-t SECONDS] [-a ARGUMENT]... -- COMMAND [ARG...]
#
# Runs COMMAND, as root and in this source tree, on a kernel that is a process of this
# machine (make-kernel.sh), on this machine's files below a layer of memory. What
# COMMAND prints is printed; its exit status is uml.sh's own. $FLOWWALL_KO is the
# module for this kernel.
#
#   -k KERNEL    uml unless given; uml-kasan is the one that watches its memory
#   -m MIB       its memory; 2048 unless given
#   -t SECONDS   ends it when it takes longer; 900 unless given
#   -a ARGUMENT  one more for the kernel's command line
#
# Exit status 125: the kernel hung, crashed or did not start.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$vm/../.." && pwd -P)
die() { echo "uml.sh: $*" >&2; exit 125; }

kernel=uml memory=2048 limit=900 arguments=()
while getopts k:m:t:a: option; do
	case $option in
	k)	kernel=$OPTARG ;;
	m)	memory=$OPTARG ;;
	t)	limit=$OPTARG ;;
	a)	arguments+=("$OPTARG") ;;
	*)	die "usage: uml.sh [-k KERNEL] [-m MIB] [-t SECONDS] [-a ARGUMENT]... -- COMMAND [ARG...]" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || die "which command?"

# What may be told to fail: see tests/debug/faults.sh.
[ "$kernel" = uml ] || arguments+=("slub_debug=A,flowwall_flow" log_buf_len=4M)
module=$("$vm/build.sh" "$kernel")
kernel=$("$vm/make-kernel.sh" "$kernel")

work=$(mktemp -d)
uml=''
cleanup() {
	# It kills what does not end.
	[ -z "$uml" ] || kill "$uml" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 125' INT TERM
{
	printf 'export FLOWWALL_KO=%q FLOWWALL_FULL=%q\n' "$module" "${FLOWWALL_FULL:-}"
	printf 'cd %q || exit 125\n' "$source_dir"
	printf 'exec'
	printf ' %q' "$@"
	printf '\n'
} >"$work/command"

# The first process, on this machine's own files: puts a layer above them.
cat >"$work/init" <<INIT
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
finish() { poweroff -f; while :; do sleep 1; done; }
trap finish EXIT
mount -t tmpfs -o size=75% layer /mnt || exit
mkdir /mnt/files /mnt/work /mnt/root /mnt/results
mount -t hostfs -o "$work" results /mnt/results || exit
mount -t overlay -o lowerdir=/,upperdir=/mnt/files,workdir=/mnt/work overlay /mnt/root || exit
cd /mnt/root
mount -t proc proc proc
mount -t sysfs sys sys
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm run
mount -t devpts devpts dev/pts
mount -t tmpfs shm dev/shm
mount -t tmpfs run run
mount -t debugfs debugfs sys/kernel/debug
ln -sfn /proc/self/fd dev/fd
mkdir -p run/netns run/lock
mkdir -p lib/modules
ln -sfn "$kernel/installed/lib/modules/\$(uname -r)" "lib/modules/\$(uname -r)"
ip link set lo up
# Who is in a chroot may have no user namespace.
mount --move . /
chroot . setsid bash /proc/self/fd/3 3</mnt/results/command </dev/null >/mnt/results/output 2>&1
status=\$?
dmesg >/mnt/results/dmesg
echo "\$status" >/mnt/results/status
INIT
chmod +x "$work/init"
: >"$work/output"

timeout -k 10 "$limit" "$kernel/linux" "mem=${memory}M" rootfstype=hostfs rw "init=$work/init" quiet \
	con=null con0=fd:0,fd:1 "${arguments[@]}" </dev/null >"$work/console" 2>&1 &
uml=$!
tail -q -n +1 -s 0.2 -f --pid="$uml" "$work/output" &
tail=$!
wait "$uml" || true
uml=''
wait "$tail" || true
if [ ! -s "$work/status" ]; then
	{
		echo "uml.sh: the kernel ended without a status; its console:"
		tail -n 40 "$work/console"
	} >&2
	exit 125
fi
exit "$(cat "$work/status")"
