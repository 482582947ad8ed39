#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh KERNEL [COMPILER]: builds the module for one of Debian's kernels (kernel.sh) or of
# make-kernel.sh's, in a copy of the sources below build/, so that kernels do not
# disturb each other. Prints the module's path. WERROR=1 makes warnings errors.
#
# COMPILER is clang-16, in place of the gcc by which Debian builds its kernels, for 6.1.
# (6.12's headers are set up for what gcc has only: address spaces with names. Before
# clang-16 there was not all that 6.1 asks for against speculation.)

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$vm/../.." && pwd -P)
case $1 in
uml*)
	kernel=$("$vm/make-kernel.sh" "$1")
	version=${kernel##*/}
	name=$1
	for_kernel=(KDIR="$kernel" ARCH=um)
	;;
*)
	kernel=$("$vm/kernel.sh" "$1")
	version=${kernel##*/kernel-}
	name=kernel-$1
	for_kernel=(KDIR="$kernel/lib/modules/$version/build")
	[[ $1 != *-arm64 ]] || for_kernel+=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
	# What the kernel's configuration says of its compiler, and of what that one can do.
	if [ $# -gt 1 ]; then
		name+=-$2
		for_kernel+=(CC="$2" CONFIG_CC_IS_CLANG=y CONFIG_CLANG_VERSION=160000
			CONFIG_CC_IS_GCC='' CONFIG_GCC_VERSION=0 CONFIG_FTRACE_MCOUNT_USE_CC=''
			CONFIG_CC_IMPLICIT_FALLTHROUGH=-Wimplicit-fallthrough)
	fi
	;;
esac
build=$source_dir/build/$name
mkdir -p "$build"
exec 9>"$build/.lock"
flock 9

# Times are kept, so that only what changed is built again; another version of
# the kernel is another build.
if [ "$(cat "$build/.version" 2>/dev/null)" != "$version" ]; then
	rm -rf "$build/kmod"
fi
echo "$version" >"$build/.version"
# Sources only: objects of a build in the tree itself are another kernel's.
(cd "$source_dir" && find Makefile Kbuild kmod include -name '*.[chS]' -o -name Makefile -o -name Kbuild |
	cpio --quiet -pdmu "$build")
make -s -C "$build" "${for_kernel[@]}" module >&2
echo "$build/flowwall.ko"
