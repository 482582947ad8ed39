#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh: builds FlowWall and shows it at work on real traffic, in network
# namespaces: here where this machine's kernel takes the module, else in a QEMU
# guest. Installs the packages that it needs. What is shown: demo-inside.sh.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$vm/../.." && pwd -P)
log=$(mktemp)
loaded_here=no
leave() {
	[ "$loaded_here" = no ] || rmmod flowwall || true
	rm -f "$log"
}
trap leave EXIT
trap 'exit 1' INT TERM

die() { echo "demo: $*" >&2; exit 1; }
say() { echo "demo: $*"; }

# quietly WHAT COMMAND...: its output is of interest only if it fails.
quietly() {
	local what=$1
	shift
	say "$what"
	"$@" >"$log" 2>&1 || { cat "$log" >&2; die "failed: $what"; }
}

[ "$(id -u)" = 0 ] || die "must be run as root: sudo make demo"
"$vm/packages.sh" demo
quietly "building fwctl" make -C "$source_dir/tool" all

in_container() {
	[ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /run/systemd/container ] ||
		grep -qz '^container=' /proc/1/environ 2>/dev/null
}

# Whether the module can run on this very machine; says why not.
build=/lib/modules/$(uname -r)/build
can_run_here() {
	if in_container; then
		say "this is a container"
	elif [ ! -e "$build/Makefile" ]; then
		say "the headers of this machine's kernel ($(uname -r)) are not installed"
	elif [ ! -e /proc/modules ] || [ "$(cat /proc/sys/kernel/modules_disabled 2>/dev/null)" = 1 ]; then
		say "this machine's kernel takes no modules"
	elif [ -d /sys/module/flowwall ]; then
		# Its flows and rules are the namespaces' own: nothing is disturbed.
		say "FlowWall is loaded already; the demo uses namespaces of its own beside it"
	else
		load_here && loaded_here=yes && return
		say "this machine's kernel does not accept the module: $(tail -n 1 "$log")"
		return 1
	fi
	[ -d /sys/module/flowwall ] && ! in_container
}

load_here() {
	local copy=$source_dir/build/kernel-here needs

	say "building flowwall.ko for this machine's kernel, $(uname -r)"
	mkdir -p "$copy"
	(cd "$source_dir" && find Makefile Kbuild kmod include -name '*.[ch]' -o -name Makefile -o -name Kbuild |
		cpio --quiet -pdmu "$copy") || return
	make -C "$copy" KDIR="$build" module >"$log" 2>&1 || return
	needs=$(modinfo -F depends "$copy/flowwall.ko")
	# shellcheck disable=SC2086  # one word a module
	[ -z "$needs" ] || modprobe -a ${needs//,/ } >"$log" 2>&1 || return
	insmod "$copy/flowwall.ko" >"$log" 2>&1
}

if can_run_here; then
	say "it runs on this machine's own kernel, and touches none of its interfaces"
	"$vm/demo-inside.sh"
	exit
fi

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] ||
	die "and the QEMU guest is for amd64 only; install the kernel's headers and try again"
say "so it runs in a QEMU guest"
series=6.12
say "fetching Debian's $series kernel (it is not installed, only unpacked)"
if ! "$vm/kernel.sh" $series >"$log" 2>&1; then
	series=6.1
	quietly "there is none; fetching $series instead" "$vm/kernel.sh" $series
fi
say "building flowwall.ko for it"
module=$("$vm/build.sh" $series 2>"$log") || { cat "$log" >&2; die "the module does not build"; }
say "starting the guest"
"$vm/guest.sh" -k $series -t 170 -- env FLOWWALL_KO="$module" "$vm/demo-inside.sh"
