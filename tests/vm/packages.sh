#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packages.sh [build|demo|check|ports|lint]: installs what is missing of the Debian packages
# that building, the demo, (the default) all of the tests, check-ports or lint need. Needs root.
# The kernels of the guests are not among them: kernel.sh.
#
# packages.sh -l LIST...: prints the names in libraries, network or traffic instead, for
# foreign.sh.

set -euo pipefail

libraries=(libnl-3-dev libnl-genl-3-dev libjansson-dev
	libpcap-dev libsqlite3-dev libpq-dev libmnl-dev libnetfilter-queue-dev libidn2-dev
	libxxhash-dev libncurses-dev)
build=(build-essential pkg-config "${libraries[@]}")
# To compile a module for a kernel that is not installed.
module=(kmod pahole libelf-dev xz-utils bc flex bison gcc-12)
guest=(qemu-system-x86 busybox-static cpio kmod xz-utils util-linux)
network=(iproute2 iputils-ping curl nmap tcpdump nftables jq gojq python3 procps)
# What the selftests send and look at packets with, besides.
traffic=(ncat iperf3 hping3 python3-scapy conntrack iptables ethtool iputils-tracepath)

demo=("${build[@]}" "${module[@]}" "${guest[@]}" "${network[@]}")
check=(
	"${demo[@]}"
	check libsubunit-dev dkms sparse
	clang libclang-rt-dev llvm
	"${traffic[@]}"
	python3-yaml python3-jsonschema
	openvswitch-switch mininet dnsmasq-base
	debootstrap debhelper dh-dkms lintian mandoc zsh
	sqlite3 tshark postgresql chromium fonts-dejavu-core
)
ports=(
	"${build[@]}" "${module[@]}" "${guest[@]}" "${network[@]}" "${traffic[@]}"
	gcc-aarch64-linux-gnu gcc-12-aarch64-linux-gnu qemu-system-arm
	gcc-s390x-linux-gnu qemu-user
	clang-16
)

lint=("${build[@]}" "${module[@]}" git shellcheck mandoc perl sparse clang-tidy)

case ${1:-check} in
build)	wanted=("${build[@]}" "${module[@]}") ;;
demo)	wanted=("${demo[@]}") ;;
check)	wanted=("${check[@]}") ;;
ports)	wanted=("${ports[@]}") ;;
lint)	wanted=("${lint[@]}") ;;
-l)
	for list in "${@:2}"; do
		declare -n names=$list
		printf '%s\n' "${names[@]}"
	done
	exit ;;
*)	echo "usage: packages.sh [build|demo|check|ports|lint] | -l LIST..." >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
	case " ${missing[*]-} " in *" $package "*) continue ;; esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
		missing+=("$package")
done
# What says that nothing is to be started. One that is marked so, and that somebody who was
# killed has left, is no administrator's.
policy=/usr/sbin/policy-rc.d mark='# by packages.sh of FlowWall, for as long as it runs'
[ ${#missing[@]} -gt 0 ] || {
	[ ! -w "$policy" ] || ! grep -qxF "$mark" "$policy" || rm -f "$policy"
	exit 0
}

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
if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
fi
# A machine that has just begun may be busy with its own updates.
install() {
	apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" </dev/null
}
# Lists that are absent or old name packages that are not there.
[ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2>/dev/null)" ] || apt-get update -q
install || { apt-get update -q && install; }
