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
mkdir -p "$work/tree"
make -s -C "$source_dir" install-module-source DKMS_SOURCE="$work/src/flowwall-$version"

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
	local module packages pages
	module=$(sed -n 's/^#define FLOWWALL_VERSION "\(.*\)"$/\1/p' "$source_dir/kmod/version.h")
	packages=$(sed -n '1s/^flowwall (\(.*\)-[0-9]*) .*/\1/p' "$source_dir/packaging/debian/changelog")
	pages=$(sed -n 's/^\.TH .* "FlowWall \(.*\)" ".*"$/\1/p' "$source_dir"/tool/man/*.[1-8] | sort -u)
	echo "dkms.conf: $version, kmod/version.h: $module, packages: $packages, manual: $pages"
	[ "$version" = "$module" ] && [ "$version" = "$packages" ] && [ "$version" = "$pages" ]
}

# What the kernel's own Makefile would say of itself.
refuses_old() {
	local said
	said=$(make -s -C "$work/src/flowwall-$version" -f Kbuild VERSION=5 PATCHLEVEL=10 2>&1) && return 1
	echo "$said"
	[[ $said == *"needs Linux 5.15 or later; these headers are those of 5.10"* ]]
}

point "the module builds" build
point "it is for that kernel" is_for_kernel
point "all that names a version names the same" same_version
point "a kernel that is too old is refused, in words" refuses_old
echo "1..$points"
exit "$failed"
