#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packages.sh [build|demo|check]: installs what is missing of the Debian packages that
# building, the demo or (the default) all of the tests need. Needs root.
# The kernels of the guests are not among them: kernel.sh.

set -euo pipefail

build=(build-essential pkg-config libnl-3-dev libnl-genl-3-dev libjansson-dev)
# To compile a module for a kernel that is not installed.
module=(kmod pahole libelf-dev xz-utils bc flex bison gcc-12)
guest=(qemu-system-x86 busybox-static cpio kmod xz-utils util-linux)
network=(iproute2 iputils-ping curl nmap tcpdump nftables jq python3 procps)

demo=("${build[@]}" "${module[@]}" "${guest[@]}" "${network[@]}")
check=(
	"${demo[@]}"
	check libsubunit-dev dkms sparse
	clang libclang-rt-dev llvm
	ncat iperf3 hping3 python3-scapy conntrack iptables
	ethtool iputils-tracepath python3-yaml python3-jsonschema
	openvswitch-switch
)

case ${1:-check} in
build)	wanted=("${build[@]}" "${module[@]}") ;;
demo)	wanted=("${demo[@]}") ;;
check)	wanted=("${check[@]}") ;;
*)	echo "usage: packages.sh [build|demo|check]" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
	case " ${missing[*]-} " in *" $package "*) continue ;; esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
		missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(id -u)" = 0 ] || {
	echo "packages.sh: missing packages, and not root to install them: ${missing[*]}" >&2
	exit 1
}
command -v apt-get >/dev/null || {
	echo "packages.sh: no apt-get here; install the like of: ${missing[*]}" >&2
	exit 1
}
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# What the tests need is not started on this machine: they have their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
fi
install() { apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null; }
# Lists that are absent or old name packages that are not there.
[ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2>/dev/null)" ] || apt-get update -q
install || { apt-get update -q && install; }
