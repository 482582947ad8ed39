#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ynl.sh: makes the kernel's own YNL client available, from Debian's source
# package of Linux 6.12, and prints the folder that holds it:
#
#   $FLOWWALL_CACHE/ynl-VERSION/tools/net/ynl/cli.py
#   $FLOWWALL_CACHE/ynl-VERSION/Documentation/netlink/genetlink.yaml

set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"
die() { echo "ynl.sh: $*" >&2; exit 1; }

exec 9>"$cache/ynl.lock"
flock 9

# The client is a part of the kernel's interface: which 6.12 it comes from does
# not matter, and the package is large.
kept=$(find "$cache" -maxdepth 1 -name 'ynl-6.12*' | sort -V | tail -n 1)
if [ -n "$kept" ]; then
	echo "$kept"
	exit 0
fi

swept '.ynl.*'
work=$(mktemp -d "$cache/.ynl.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
# Only these two folders.
version=$(linux_source 6.12 "$work/files" '*/tools/net/ynl' '*/Documentation/netlink') ||
	die "cannot unpack linux-source-6.12"
[ -f "$work/files/tools/net/ynl/cli.py" ] || die "no tools/net/ynl/cli.py in linux-source-6.12"
chmod 755 "$work/files"
mv -T "$work/files" "$cache/ynl-$version"
echo "$cache/ynl-$version"
