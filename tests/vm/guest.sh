#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh -k SERIES [-i] [-t SECONDS] [-o FOLDER] [-a ARGUMENT]... -- COMMAND [ARG...]
#
# Runs COMMAND, as root and in this source tree, on one of Debian's kernels, or on one
# that make-kernel.sh makes: a QEMU guest (no KVM needed) which sees this machine's files, read-only
# below a layer of memory. What COMMAND prints is printed as it comes; its exit
# status is guest.sh's own. A guest of another architecture sees this source tree in
# foreign.sh's Debian instead.
#
#   -k SERIES    6.1 or 6.12; 6.1-arm64 or 6.12-arm64; or kasan, kasan-6.1 or kcsan
#   -i           one processor, on which each instruction takes a nanosecond
#   -t SECONDS   ends a guest that takes longer; 900 unless given
#   -o FOLDER    where console, output and status are kept; a temporary folder
#                unless given. The guest can write there: $FLOWWALL_RESULTS
#   -a ARGUMENT  one more for the kernel's command line
#
# Exit status 125: the guest hung, crashed or did not start; the end of its
# console has been shown on standard error.
#
# The command's status comes back as a file in FOLDER, over a 9p share of its
# own. A guest that ends without it has failed, whatever its console says.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$vm/../.." && pwd -P)
. "$vm/initrd.sh"

die() { echo "guest.sh: $*" >&2; exit 125; }

series='' limit=900 results='' arguments=()
processor=(-accel "tcg,thread=multi" -smp 2)
while getopts k:it:o:a: option; do
	case $option in
	k)	series=$OPTARG ;;
	i)	processor=(-accel "tcg,thread=single" -smp 1 -icount "shift=0,sleep=off") ;;
	t)	limit=$OPTARG ;;
	o)	results=$OPTARG ;;
	a)	arguments+=("$OPTARG") ;;
	*)	die "usage: guest.sh -k SERIES [-i] [-t SECONDS] [-o FOLDER] [-a ARGUMENT]... -- COMMAND [ARG...]" ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$series" ] && [ $# -gt 0 ] ||
	die "usage: guest.sh -k SERIES [-i] [-t SECONDS] [-o FOLDER] [-a ARGUMENT]... -- COMMAND [ARG...]"
[ "$(id -u)" = 0 ] || die "must be run as root: the guest reads this machine's files"
qemu_for=x86_64 packages='' files=/
[[ $series != *-arm64 ]] || qemu_for=aarch64 packages=' ports'
for tool in "qemu-system-$qemu_for" busybox cpio modprobe; do
	command -v "$tool" >/dev/null || die "no $tool here: run tests/vm/packages.sh$packages"
done

kernel=$("$vm/kernel.sh" "$series") || die "no kernel of series $series"
version=${kernel##*/kernel-}
case $series in
kasan* | kcsan)
	# ACPI would have it wait for what is not there.
	machine=(-cpu "max,la57=off" -M "microvm,acpi=off,rtc=on,pit=on,pic=on,isa-serial=on" -m 4G)
	transport=device drivers=(9pnet_virtio 9p overlay) console=ttyS0
	# What may be told to fail: see tests/debug/faults.sh.
	arguments=(tsc=reliable no_timer_check reboot=t "slub_debug=A,flowwall_flow" "${arguments[@]}") ;;
*-arm64)
	files=$("$vm/foreign.sh" arm64) || die "no files for an arm64 guest"
	# What signs pointers as the architecture says is slow to emulate.
	machine=(-cpu "max,pauth-impdef=on" -M virt -m 2G)
	transport=pci drivers=(virtio_pci 9pnet_virtio 9p overlay) console=ttyAMA0
	arguments=(nf_conntrack.hashsize=262144 "${arguments[@]}") ;;
*)
	machine=(-cpu "max,la57=off" -m 2G)
	transport=pci drivers=(virtio_pci 9pnet_virtio 9p overlay) console=ttyS0
	# On a busy machine the timer may seem broken. Only with so many buckets can a case
	# with a million flows compare.
	arguments=(no_timer_check nf_conntrack.hashsize=262144 "${arguments[@]}") ;;
esac

scratch=$(mktemp -d)
qemu=''
cleanup() {
	[ -z "$qemu" ] || kill -9 "$qemu" 2>/dev/null || true
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 125' INT TERM
[ -n "$results" ] || results=$scratch/results
mkdir -p "$results"
results=$(cd "$results" && pwd -P)
rm -f "$results/status"
: >"$results/output"

# --- the first file system: enough to reach the real one ---------------------

initrd=$scratch/initrd
initrd_drivers "$initrd" "$kernel" "$version" "${drivers[@]}" || die "no drivers for the guest"
[ "$files" = / ] || cp "$files/bin/busybox" "$initrd/bin/busybox"
mkdir -p "$initrd"/{lower,upper}
{
	printf 'FLOWWALL_SOURCE=%q\n' "$source_dir"
	printf 'FLOWWALL_KERNEL=%q\n' "$version"
	[ "$files" = / ] || echo source_share=yes
} >"$initrd/settings"

cat >"$initrd/init" <<-'INIT'
	#!/bin/busybox sh
	b=/bin/busybox
	. /settings
	$b mount -t proc proc /proc
	$b mount -t devtmpfs dev /dev
	for m in /modules/*.ko; do
		# A module that two others need is there twice.
		[ ! -e "$m" ] || $b insmod "$m" 2>/dev/null
	done
	share=trans=virtio,version=9p2000.L,msize=512000,cache=loose
	$b mount -t 9p -o "ro,$share" root /lower &&
	$b mount -t tmpfs -o size=75% upper /upper &&
	$b mkdir /upper/files /upper/work &&
	$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work \
		overlay /root &&
	if [ -n "$source_share" ]; then
		$b mkdir -p "/root$FLOWWALL_SOURCE" &&
		$b mount -t 9p -o "ro,$share" source "/root$FLOWWALL_SOURCE"
	fi || {
		echo "guest: cannot mount the root file system"
		$b reboot -f
	}
	$b umount /proc
	export FLOWWALL_SOURCE FLOWWALL_KERNEL
	exec $b switch_root /root /bin/bash "$FLOWWALL_SOURCE/tests/vm/init.sh"
INIT
chmod +x "$initrd/init"
initrd_pack "$initrd" "$scratch/initrd.cpio"

# --- the command --------------------------------------------------------------

{
	printf 'cd %q || exit 125\n' "$source_dir"
	printf 'exec'
	printf ' %q' "$@"
	printf '\n'
} >"$results/command"

# --- the machine --------------------------------------------------------------

# An emulated processor is slow: the kernel's watchdogs get more patience than
# usual, so that what they report is a fault and not this machine's load.
append=(
	"console=$console" quiet loglevel=5 panic=-1
	rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=60 nmi_watchdog=0
	log_buf_len=8M printk.devkmsg=on
	mitigations=off audit=0 apparmor=0 selinux=0 random.trust_cpu=1
	"${arguments[@]}"
)
share() { # NAME FOLDER READONLY
	echo -fsdev
	echo "local,id=$1,path=${2//,/,,},security_model=none,multidevs=remap$3"
	echo -device
	echo "virtio-9p-$transport,fsdev=$1,mount_tag=$1"
}
mapfile -t shares < <(
	share root "$files" ,readonly=on
	[ "$files" = / ] || share source "$source_dir" ,readonly=on
	share kernel "$kernel" ,readonly=on
	share results "$results" ''
)

# boot: from the first instruction to the last. Sets hung.
boot() {
	local tail deadline
	"qemu-system-$qemu_for" "${processor[@]}" "${machine[@]}" \
		-nodefaults -no-user-config -display none -no-reboot \
		-chardev "file,id=console,path=${results//,/,,}/console" -serial chardev:console \
		"${shares[@]}" \
		-kernel "$kernel/boot/vmlinuz-$version" -initrd "$scratch/initrd.cpio" \
		-append "${append[*]}" </dev/null 2>"$results/qemu" &
	qemu=$!

	tail -q -n +1 -s 0.2 -f --pid="$qemu" "$results/output" &
	tail=$!

	deadline=$((SECONDS + limit))
	hung=no
	while kill -0 "$qemu" 2>/dev/null; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			hung=yes
			kill -9 "$qemu" 2>/dev/null || true
			break
		fi
		sleep 0.2
	done
	wait "$qemu" 2>/dev/null || true
	qemu=''
	wait "$tail" || true
}

boot
# Now and then a kernel that is emulated dies of patching its own code (see init.sh) before
# anything of ours has run.
if [ "$hung" = no ] && [ ! -e "$results/begun" ]; then
	echo "guest.sh: the $series guest did not come up; once more" >&2
	tail -n 40 "$results/console" 2>/dev/null | sed 's/^/  /' >&2
	boot
fi

if [ "$hung" = no ] && [ -s "$results/status" ]; then
	exit "$(cat "$results/status")"
fi
{
	if [ "$hung" = yes ]; then
		echo "guest.sh: the $series guest did not finish within $limit s"
	else
		echo "guest.sh: the $series guest ended without a result"
	fi
	sed 's/^/  qemu: /' "$results/qemu"
	echo "guest.sh: the end of its console:"
	tail -n 120 "$results/console" 2>/dev/null | sed 's/^/  /'
} >&2
exit 125
