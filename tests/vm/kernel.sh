#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh SERIES: makes one of Debian's kernels available without installing
# it, and prints the folder that holds it. SERIES is 6.1 or 6.12, for amd64, 6.1-arm64 or
# 6.12-arm64, or a kernel that make-kernel.sh makes: kasan, kasan-6.1 or kcsan.
#
# Installing a kernel would change what this machine boots; the image, headers
# and kbuild packages are therefore only unpacked, into a cache outside of the
# source tree:
#
#   $FLOWWALL_CACHE/kernel-VERSION/boot/vmlinuz-VERSION
#   $FLOWWALL_CACHE/kernel-VERSION/lib/modules/VERSION/build   (usable as KDIR)
#
# FLOWWALL_CACHE is /var/cache/flowwall unless set.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$vm/debian.sh"
die() { echo "kernel.sh: $*" >&2; exit 1; }
say() { echo "kernel.sh: $*" >&2; }

kernel=${1:-} arch=amd64
series=${kernel%-arm64}
[ "$series" = "$kernel" ] || arch=arm64
case $kernel in
6.1 | 6.12 | 6.1-arm64 | 6.12-arm64) ;;
kasan* | kcsan)		exec "$vm/make-kernel.sh" "$kernel" ;;
*)	die "usage: kernel.sh 6.1|6.12|6.1-arm64|6.12-arm64|kasan|kasan-6.1|kcsan" ;;
esac
[ "$(dpkg --print-architecture)" = amd64 ] ||
	die "only on amd64, this machine is $(dpkg --print-architecture)"

# Only one at a time: apt has one set of lists, and two callers may want the
# same kernel.
exec 9>"$cache/kernel.lock"
flock 9
[ "$arch" = amd64 ] || apt_for "$arch"

# The packages PACKAGE depends on, without versions.
depends() { apt-cache depends --important "$1" 2>/dev/null | sed -n 's/^ *Depends: //p'; }

# Sets $version (as uname -r says it) and $packages.
resolve() {
	local meta image headers

	# A release's own has no series in its name: 6.1 in Debian 12, 6.12 in 13.
	for meta in "$series-$arch" "$arch"; do
		image=$(depends "linux-image-$meta" | grep "^linux-image-$series\.[0-9]" | head -n 1) || true
		headers=$(depends "linux-headers-$meta" | grep "^linux-headers-$series\.[0-9]" | head -n 1) || true
		[ -z "$image" ] || break
	done
	[ -n "$image" ] && [ -n "$headers" ] || return 1
	version=${image#linux-image-}
	[ "$headers" = "linux-headers-$version" ] || return 1
	packages=("$image" "$headers")
	local dep
	for dep in $(depends "$headers" | grep -E '^linux-(headers|kbuild)-'); do
		# What is in this one runs here.
		[[ $dep != linux-kbuild-* ]] || dep=$dep:amd64
		packages+=("$dep")
	done
	[ ${#packages[@]} -ge 4 ]
}

newest_cached() {
	find "$cache" -maxdepth 1 -name "kernel-$series.[0-9]*-$arch" | sort -V | tail -n 1
}

if ! resolve; then
	apt_lists || true
	if ! resolve; then
		kept=$(newest_cached)
		[ -n "$kept" ] || die "no package of Linux $series for $arch with its headers;" \
			"the lists of bookworm and bookworm-security are needed"
		say "no package of Linux $series for $arch now: using $kept"
		echo "$kept"
		exit 0
	fi
fi

dir=$cache/kernel-$version
if [ -d "$dir" ]; then
	echo "$dir"
	exit 0
fi

swept '.kernel-*'
work=$(mktemp -d "$cache/.kernel-$version.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/debs" "$work/root"

download() { apt_fetch "$work/debs" "${packages[@]}"; }

say "fetching ${packages[*]}"
if ! download; then
	# Old lists name packages that are no longer there.
	apt_lists || true
	resolve || die "image and headers of Linux $series for $arch are not of one version"
	dir=$cache/kernel-$version
	rm -f "$work"/debs/*
	if ! download; then
		kept=$(newest_cached)
		[ -n "$kept" ] || die "cannot download ${packages[*]}"
		say "cannot download ${packages[*]}: using $kept"
		echo "$kept"
		exit 0
	fi
fi

say "unpacking $version"
for deb in "$work"/debs/*.deb; do
	# Kernel packages hold /lib; unpacked one over the other they must not
	# meet a /lib that is a link.
	dpkg-deb -x "$deb" "$work/root"
done

# The headers were made for /usr/src; here they must find each other by
# relative paths.
root=$work/root
headers=$root/usr/src/linux-headers-$version
[ -f "$root/boot/vmlinuz-$version" ] || die "no boot/vmlinuz-$version in ${packages[0]}"
[ -f "$headers/Makefile" ] || die "no $headers/Makefile in ${packages[1]}"
common=$(sed -n 's,^include .*/\(linux-headers-[^/]*\)/Makefile$,\1,p' "$headers/Makefile")
[ -n "$common" ] || die "do not understand $headers/Makefile"
# shellcheck disable=SC2016  # expanded by make
printf 'include $(dir $(lastword $(MAKEFILE_LIST)))../%s/Makefile\n' "$common" \
	>"$headers/Makefile"
ln -sfn "../../../usr/src/linux-headers-$version" "$root/lib/modules/$version/build"
ln -sfn "../../../usr/src/$common" "$root/lib/modules/$version/source"
depmod -b "$root" "$version"

chmod 755 "$root"
mv -T "$root" "$dir"
echo "$dir"
