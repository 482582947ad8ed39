#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make-kernel.sh VARIANT: makes a kernel out of Debian's source package of Linux, and
# prints the folder that holds it. VARIANT is one of
#
#   uml        6.1 as a process, at this machine's own speed (User-Mode Linux,
#              ARCH=um): $FLOWWALL_CACHE/uml-KEY/linux; the folder is usable as KDIR
#   uml-kasan  the same, watching its memory: KASAN, UBSAN, debug objects, failslab
#   kasan      6.12 for QEMU, with two processors: KASAN, UBSAN, lockdep, RCU's checks,
#              kmemleak, debug objects, failslab; a folder as those of kernel.sh
#   kasan-6.1  the same of 6.1
#   kcsan      6.12 for QEMU that looks for data races
#
# The first time takes some ten minutes on two cores. KEY is of the package's version,
# the configuration and, for what is mended below, the processor.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$vm/debian.sh"
die() { echo "make-kernel.sh: $*" >&2; exit 1; }
say() { echo "make-kernel.sh: $*" >&2; }

variant=${1:-}
case $variant in
uml)	series=6.1 configs=(uml modules) ;;
uml-kasan) series=6.1 configs=(uml debug uml-kasan) ;;
kasan)	series=6.12 configs=(uml debug qemu kasan) ;;
kasan-6.1) series=6.1 configs=(uml debug qemu kasan) ;;
kcsan)	series=6.12 configs=(uml debug qemu kcsan) ;;
*)	die "usage: make-kernel.sh uml|uml-kasan|kasan|kasan-6.1|kcsan" ;;
esac
[ "$(dpkg --print-architecture)" = amd64 ] || die "only on amd64"

# How many bytes the processor's registers take when the host saves them all: User-Mode
# Linux of 6.1 believes in 2,696, and is refused any other number.
registers() {
	local work
	work=$(mktemp -d)
	cat >"$work/size.c" <<-'C'
		#include <elf.h>
		#include <signal.h>
		#include <stdio.h>
		#include <sys/ptrace.h>
		#include <sys/uio.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static char buffer[65536];

		int main(void)
		{
			struct iovec iov = { buffer, sizeof(buffer) };
			pid_t child = fork();

			if (!child) {
				ptrace(PTRACE_TRACEME, 0, 0, 0);
				raise(SIGSTOP);
				_exit(0);
			}
			waitpid(child, NULL, 0);
			if (ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &iov))
				return 1;
			ptrace(PTRACE_KILL, child, 0, 0);
			printf("%zu\n", iov.iov_len);
			return 0;
		}
	C
	cc -o "$work/size" "$work/size.c"
	"$work/size"
	rm -rf "$work"
}

version=$(apt_version "linux-source-$series") || {
	apt_lists || true
	version=$(apt_version "linux-source-$series") || version=''
}
work=$(mktemp -d) unpacked=''
trap 'rm -rf "$work" "$unpacked"' EXIT
# Of what several say, the last one is right.
for config in "${configs[@]}"; do
	cat "$vm/$config.config"
done | tac | awk -F'[= ]' '/^CONFIG_/ { if (seen[$1]++) next } { print }' | tac >"$work/fragment"
case $variant in
uml*)
	processor=$(registers)
	[ "${processor:-0}" -ge 512 ] || die "this processor does not say how large its registers are" ;;
*)
	processor=''
	sed -i '/CONFIG_HOSTFS\|CONFIG_KERNEL_STACK_ORDER\|VMAP_STACK/d' "$work/fragment" ;;
esac
key_of() { printf '%s\n' "$1" "$processor" '' | cat - "$work/fragment" | sha256sum | cut -c1-12; }
key=$(key_of "$version")
# The version of the one that was made last.
last=$cache/.made-$variant

# made: whether it is there already; sets $dir.
made() {
	local image
	for image in "$cache/uml-$key/installed" "$cache"/kernel-*"-$variant-$key"/boot/vmlinuz-*; do
		dir=${image%/installed}
		dir=${dir%/boot/*}
		[ ! -e "$image" ] || return 0
	done
	return 1
}

# source_into FOLDER: unpacks it; where it cannot be had, the kernel that was made of another
# version, by the same configuration, has to do.
source_into() {
	local kept
	[ -z "$version" ] || ! linux_source "$series" "$1" >/dev/null || return 0
	kept=$(cat "$last" 2>/dev/null) || true
	key=$(key_of "$kept")
	[ -n "$kept" ] && made || die "linux-source-$series cannot be had"
	say "linux-source-$series ${version:-} cannot be had: using $dir, of $kept"
	echo "$dir"
	exit 0
}

# merge MAKE BASE: makes the configuration out of BASE and the fragment.
merge() {
	"$1" "$2"
	(cd "$build" && "$source/scripts/kconfig/merge_config.sh" -m .config "$work/fragment") >/dev/null
	"$1" olddefconfig
	# What was asked for and is not there would be missed much later.
	missing=$(grep '^CONFIG_' "$work/fragment" | grep -vxFf "$build/.config") || true
	[ -z "$missing" ] || die "the kernel will not have ${missing//$'\n'/ }"
}

uml() {
	dir=$cache/uml-$key
	rm -rf "$dir"
	source=$dir/source build=$dir
	source_into "$source"
	offsets=$source/arch/x86/um/user-offsets.c
	grep -q 'HOST_FP_SIZE, 2696)' "$offsets" || die "do not understand $offsets"
	sed -i "s/HOST_FP_SIZE, 2696)/HOST_FP_SIZE, $processor)/" "$offsets"

	say "building $variant; this takes some minutes"
	um() { make -s -C "$source" ARCH=um O="$build" "$@" >&2; }
	merge um defconfig
	um -j"$(nproc)" linux modules
	[ -x "$dir/linux" ] || die "no kernel was built"
	um INSTALL_MOD_PATH="$dir/install" modules_install
	mv "$dir/install" "$dir/installed"
}

qemu() {
	source=$cache/linux-source-$version
	if [ ! -d "$source" ]; then
		swept ".linux-$variant.*"
		unpacked=$(mktemp -d "$cache/.linux-$variant.XXXXXX")
		chmod 755 "$unpacked"
		source_into "$unpacked"
		mv -T "$unpacked" "$source" || rm -rf "$unpacked"
	fi
	release=$(make -s -C "$source" kernelversion)-$variant-$key
	dir=$cache/kernel-$release
	image=$dir/boot/vmlinuz-$release
	rm -rf "$dir"
	build=$dir/build
	mkdir -p "$build" "$dir/boot"

	say "building $variant; this takes some minutes"
	x86() { make -s -C "$source" ARCH=x86_64 O="$build" LOCALVERSION="-$variant-$key" "$@" >&2; }
	merge x86 allnoconfig
	x86 -j"$(nproc)" bzImage modules
	x86 INSTALL_MOD_PATH="$dir" modules_install
	ln -sfn ../../../build "$dir/lib/modules/$release/build"
	# What is left is enough to build modules for it.
	find "$build" \( -path "$build/scripts" -o -path "$build/tools" \) -prune -o -type f \
		\( -name '*.o' -o -name '*.a' -o -name 'vmlinux*' -o -name '.*.cmd' \) -exec rm -f {} +
	mv "$build/arch/x86/boot/bzImage" "$image"
}

if ! made; then
	# One at a time; who waited may find it there.
	exec 9>"$cache/$variant.lock"
	flock 9
	if ! made; then
		case $variant in
		uml*)	uml ;;
		*)	qemu ;;
		esac
	fi
fi
# Not everybody may write there who may read.
{ echo "$version" >"$last"; } 2>/dev/null || true
echo "$dir"
