#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ynl.sh: makes the kernel's own YNL client available, from Debian's source
# package of Linux 6.12, and prints the folder that holds it:
#
#   $FLOWWALL_CACHE/ynl-VERSION/tools/net/ynl/cli.py
#   $FLOWWALL_CACHE/ynl-VERSION/Documentation/netlink/genetlink.yaml

set -euo pipefail

die() { echo "ynl.sh: $*" >&2; exit 1; }

cache=${FLOWWALL_CACHE:-/var/cache/flowwall}
mkdir -p "$cache"
exec 9>"$cache/ynl.lock"
flock 9

# The client is a part of the kernel's interface: which 6.12 it comes from does
# not matter, and the package is large.
kept=$(find "$cache" -maxdepth 1 -name 'ynl-6.12*' | sort -V | tail -n 1)
if [ -n "$kept" ]; then
	echo "$kept"
	exit 0
fi

work=$(mktemp -d "$cache/.ynl.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
download() { (cd "$work" && apt-get download -q -o APT::Sandbox::User=root linux-source-6.12) >&2; }
download || { apt-get update -q >&2 && download; } || die "cannot download linux-source-6.12"

echo "ynl.sh: unpacking" >&2
deb=$(echo "$work"/linux-source-6.12_*.deb)
version=$(dpkg-deb -f "$deb" Version)
mkdir "$work/files"
# Only these two folders of a very large archive.
dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
	xz -dc -T0 | tar -x -C "$work/files" --strip-components=1 --wildcards \
		'*/tools/net/ynl' '*/Documentation/netlink'
[ -f "$work/files/tools/net/ynl/cli.py" ] || die "no tools/net/ynl/cli.py in linux-source-6.12"
chmod 755 "$work/files"
mv -T "$work/files" "$cache/ynl-$version"
echo "$cache/ynl-$version"
