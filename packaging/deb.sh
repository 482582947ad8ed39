#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deb.sh FOLDER: builds the Debian packages, source and binary, from this tree and leaves
# them in FOLDER. Needs devscripts' friends: debhelper, dh-dkms, dpkg-dev (tests/vm/packages.sh).

set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
folder=$1
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$source_dir/dkms.conf")

mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# This tree as it is, changes and all, without what builds leave in it.
sources() {
	cd "$source_dir"
	# That is a file in a second work tree. What is deleted here is known to git as well.
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
			[ ! -e "$file" ] || printf '%s\0' "$file"
		done
	else
		find . -name build -prune -o -type f ! -name '*.o' ! -name '*.ko' ! -name '.*.cmd' -print0
	fi
}
sources | tar -c -J -C "$source_dir" --null -T - --transform "flags=r;s,^\(\./\)\?,flowwall-$version/," \
	-f "$work/flowwall_$version.orig.tar.xz"
tar -xf "$work/flowwall_$version.orig.tar.xz" -C "$work"
cp -r "$work/flowwall-$version/packaging/debian" "$work/flowwall-$version/debian"
cd "$work/flowwall-$version"
dpkg-buildpackage -us -uc
# Of an older version there is nothing among them, for who installs *.deb.
rm -f "$folder"/{fwctl,fwctl-capture,flowwall,flowwall-dkms}{,-dbgsym}_*
cp "$work"/*.deb "$work"/*.dsc "$work"/*.tar.xz "$work"/*.buildinfo "$work"/*.changes "$folder"
