#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dkms.sh SERIES: has DKMS build the module for one of Debian's kernels, from a
# copy of the sources and into a tree that are both thrown away. Prints TAP.

set -uo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$vm/../.." && pwd -P)
series=$1

kernel=$("$vm/kernel.sh" "$series") || exit 1
kernel_version=${kernel##*/kernel-}
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$source_dir/dkms.conf")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src/flowwall-$version" "$work/tree"
# What `make install` takes, without the objects of builds in the tree.
(cd "$source_dir" && tar -c --exclude='*.o' --exclude='.*.cmd' Makefile Kbuild dkms.conf COPYING kmod include) |
	tar -x -C "$work/src/flowwall-$version"

points=0 failed=0
point() { # NAME COMMAND...
	local name=$1
	shift
	points=$((points + 1))
	if "$@" >"$work/log" 2>&1; then
		echo "ok $points dkms: $series: $name"
	else
		echo "not ok $points dkms: $series: $name"
		sed 's/^/#   /' "$work/log"
		failed=1
	fi
}

build() {
	local trees=(--sourcetree "$work/src" --dkmstree "$work/tree")
	dkms add "${trees[@]}" -m flowwall -v "$version" &&
		dkms build "${trees[@]}" -m flowwall -v "$version" -k "$kernel_version" \
			--kernelsourcedir "$kernel/lib/modules/$kernel_version/build" || {
		cat "$work"/tree/flowwall/*/build/make.log 2>/dev/null
		return 1
	}
}

is_for_kernel() {
	local module magic
	module=$(find "$work/tree/flowwall/$version/$kernel_version" -name 'flowwall.ko*' | head -n 1)
	magic=$(modinfo -F vermagic "$module") || return 1
	echo "built for: $magic, wanted: $kernel_version"
	[ "${magic%% *}" = "$kernel_version" ]
}

same_version() {
	local module
	module=$(sed -n 's/^#define FLOWWALL_VERSION "\(.*\)"$/\1/p' "$source_dir/kmod/version.h")
	echo "dkms.conf: $version, kmod/version.h: $module"
	[ "$version" = "$module" ]
}

point "the module builds" build
point "it is for that kernel" is_for_kernel
point "dkms.conf has the module's version" same_version
echo "1..$points"
exit "$failed"
