#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh KERNEL: builds the module for one of Debian's kernels (6.1 or 6.12) or of
# make-kernel.sh's, in a copy of the sources below build/, so that kernels do not
# disturb each other. Prints the module's path. WERROR=1 makes warnings errors.

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
