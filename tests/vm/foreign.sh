#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# foreign.sh ARCHITECTURE [COMMAND [ARG...]]: unpacks what is needed of a Debian 12 of another
# architecture, arm64 or s390x, and prints where it is:
#
#   $FLOWWALL_CACHE/foreign-ARCHITECTURE-KEY   where KEY is of this script and the packages
#
# Or runs COMMAND, a make, so that it compiles for that Debian: CC and pkg-config are
# told. Of both there are the libraries to link with; of arm64 also all that a guest and
# the selftests need. No package's script is run, so that no foreign program has to run
# either: what they would have set up and is needed is below.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$vm/debian.sh"
die() { echo "foreign.sh: $*" >&2; exit 1; }

arch=${1:-}
mapfile -t packages < <("$vm/packages.sh" -l libraries)
packages+=(libc6-dev)
case $arch in
arm64)
	compiler=aarch64-linux-gnu
	mapfile -t -O ${#packages[@]} packages < <("$vm/packages.sh" -l network traffic)
	packages+=('?priority(required)?architecture(arm64)' busybox-static kmod netbase) ;;
s390x)
	compiler=s390x-linux-gnu
	packages+=(check libubsan1) ;;
*)	die "usage: foreign.sh arm64|s390x [COMMAND [ARG...]]" ;;
esac
shift
root=$cache/foreign-$arch-$(cat "${BASH_SOURCE[0]}" - <<<"${packages[*]}" | sha256sum | cut -c 1-12)

# unpack: all of them and what they depend on.
unpack() {
	local work deb
	swept '.foreign.*'
	work=$(mktemp -d "$cache/.foreign.XXXXXX")
	# shellcheck disable=SC2064  # this one
	trap "rm -rf '$work'" EXIT
	apt_for "$arch"
	apt_lists
	echo "foreign.sh: fetching ${packages[*]}" >&2
	mkdir -p "$work/debs/partial" "$work/root"
	apt-get install -y -qq --download-only -o Dir::Cache::archives="$work/debs" "${packages[@]}" >&2 </dev/null
	echo "foreign.sh: unpacking them" >&2
	cd "$work/root"
	mkdir -p etc proc sys dev run tmp root mnt usr/{bin,sbin,lib}
	chmod 1777 tmp
	ln -s usr/{bin,sbin,lib} .
	for deb in "$work"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink
	done
	configure
	cd "$cache"
	mv -T "$work/root" "$root"
	rm -rf "$work"
}

# configure: what the packages' scripts would have done, as far as anybody here minds.
configure() {
	[ "$arch" = arm64 ] || return 0
	cp usr/share/base-passwd/passwd.master etc/passwd
	cp usr/share/base-passwd/group.master etc/group
	# Whom it becomes.
	echo 'tcpdump:x:101:101::/nonexistent:/usr/sbin/nologin' >>etc/passwd
	echo 'tcpdump:x:101:' >>etc/group
	echo "hosts: files" >etc/nsswitch.conf
	echo "127.0.0.1 localhost" >etc/hosts
	ln -s mawk usr/bin/awk
	ln -s blas/libblas.so.3 usr/lib/aarch64-linux-gnu/
	ln -s iptables-legacy usr/sbin/iptables
	ln -s ip6tables-legacy usr/sbin/ip6tables
}

if [ ! -d "$root" ]; then
	[ "$(id -u)" = 0 ] || die "must be run as root"
	exec 9>"$cache/foreign.lock"
	flock 9
	[ -d "$root" ] || (unpack)
fi
if [ $# = 0 ]; then
	echo "$root"
	exit 0
fi
export CC="$compiler-gcc --sysroot=$root" AR="$compiler-ar"
export PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_LIBDIR=$root/usr/lib/$compiler/pkgconfig:$root/usr/share/pkgconfig
exec "$@"
