#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debian-root.sh: makes a clean Debian 12 as a folder, with systemd, Debian's kernel of
# it, headers and DKMS, and prints where it is. The packages that a test installs in it,
# Linux 6.12 among them, are in its apt cache, so that this needs no network later.
#
#   $FLOWWALL_CACHE/debian-root-KEY   where KEY is a sum over this script
#
# What is there is for reading: tests put a layer of their own over it.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$vm/debian.sh"
die() { echo "debian-root.sh: $*" >&2; exit 1; }

installed=(linux-image-amd64 linux-headers-amd64 dkms python3-minimal)
fetched=(linux-image-6.12-amd64 linux-headers-6.12-amd64
	nftables libnl-genl-3-200 libjansson4 libncursesw6 libpcap0.8 libsqlite3-0 libpq5
	libmnl0 libnetfilter-queue1 libidn2-0 libxxhash0 openvswitch-switch)
folder=$cache/debian-root-$(sha256sum "${BASH_SOURCE[0]}" | cut -c 1-12)

exec 9>"$cache/debian-root.lock"
flock 9
if [ -d "$folder" ]; then
	echo "$folder"
	exit 0
fi
[ "$(id -u)" = 0 ] || die "must be run as root"
command -v debootstrap >/dev/null || die "no debootstrap here: run tests/vm/packages.sh"

swept '.debian-root.*'
work=$(mktemp -d "$cache/.debian-root.XXXXXX")
trap 'umount -q "$work/root/proc" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
root=$work/root
in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@" >&2 </dev/null; }

echo "debian-root.sh: making a Debian 12 in $folder" >&2
# From where this machine has its packages.
# shellcheck disable=SC2016  # words of apt-get
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Origin: Debian' | head -n 1)
[ -n "$mirror" ] || die "apt-get here has no source of Debian 12"
debootstrap --variant=minbase --include=systemd,systemd-sysv,udev,kmod,iproute2,dbus \
	bookworm "$root" "$mirror" >&2 </dev/null
cp -a /etc/apt/sources.list* "$root/etc/apt/"
# As packages find it on a machine of its own; nothing is started in here.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# The guest's kernel is started from outside: it has no use for a first file system.
mkdir -p "$root/etc/initramfs-tools"
echo "update_initramfs=no" >"$root/etc/initramfs-tools/update-initramfs.conf"
printf 'APT::Keep-Downloaded-Packages "true";\nDpkg::Options { "--force-confold"; };\n' >"$root/etc/apt/apt.conf.d/80flowwall"
mount -t proc proc "$root/proc"
in_root apt-get update -q
in_root apt-get install -y -q --no-install-recommends "${installed[@]}"
in_root apt-get clean
in_root apt-get install -y -q --no-install-recommends --download-only "${fetched[@]}"
umount "$root/proc"
echo guest >"$root/etc/hostname"
mv -T "$root" "$folder"
echo "$folder"
