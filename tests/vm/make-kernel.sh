#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# uml-kernel.sh [kasan]: makes a kernel that runs as a process, at this machine's own
# speed (User-Mode Linux, ARCH=um), out of Debian's source package of Linux 6.1, and
# prints the folder that holds it:
#
#   $FLOWWALL_CACHE/uml-KEY/linux     (the folder is usable as KDIR with ARCH=um)
#
# With kasan, one that watches its memory (KASAN, UBSAN). The first time takes ten
# minutes on two cores. KEY is of the package's version, the configuration, and the
# processor, because of what is mended below.

set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
die() { echo "uml-kernel.sh: $*" >&2; exit 1; }
say() { echo "uml-kernel.sh: $*" >&2; }

case ${1:-} in
'')	debug='' ;;
kasan)	debug=$'CONFIG_KASAN=y\nCONFIG_UBSAN=y\nCONFIG_DEBUG_INFO_NONE=y\n' ;;
*)	die "usage: uml-kernel.sh [kasan]" ;;
esac
[ "$(dpkg --print-architecture)" = amd64 ] || die "only on amd64"

cache=${FLOWWALL_CACHE:-/var/cache/flowwall}
mkdir -p "$cache"
exec 9>"$cache/uml.lock"
flock 9

# How many bytes the processor's registers take when the host saves them all: the
# kernel of 6.1 believes in 2,696, and is refused any other number.
registers() {
	local work
	work=$(mktemp -d)
	cat >"$work/size.c" <<-'C'
		#include <elf.h>
		#include <signal.h>
		#include <stdio.h>
		#include <sys/ptrace.h>
		#include <sys/uio.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static char buffer[65536];

		int main(void)
		{
			struct iovec iov = { buffer, sizeof(buffer) };
			pid_t child = fork();

			if (!child) {
				ptrace(PTRACE_TRACEME, 0, 0, 0);
				raise(SIGSTOP);
				_exit(0);
			}
			waitpid(child, NULL, 0);
			if (ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &iov))
				return 1;
			ptrace(PTRACE_KILL, child, 0, 0);
			printf("%zu\n", iov.iov_len);
			return 0;
		}
	C
	cc -o "$work/size" "$work/size.c"
	"$work/size"
	rm -rf "$work"
}
registers=$(registers)
[ "${registers:-0}" -ge 512 ] || die "this processor does not say how large its registers are"

version=$(apt-cache policy linux-source-6.1 | sed -n 's/^  Candidate: //p')
if [ -z "$version" ] || [ "$version" = "(none)" ]; then
	apt-get update -q >&2
	version=$(apt-cache policy linux-source-6.1 | sed -n 's/^  Candidate: //p')
fi
key=$(printf '%s\n' "$version" "$registers" "$debug" | cat - "$vm/uml.config" | sha256sum | cut -c1-12)
dir=$cache/uml-$key
if [ -x "$dir/linux" ]; then
	echo "$dir"
	exit 0
fi

work=$(mktemp -d "$cache/.uml.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
say "fetching linux-source-6.1 $version"
(cd "$work" && apt-get download -q -o APT::Sandbox::User=root linux-source-6.1) >&2 ||
	die "cannot download linux-source-6.1"
say "unpacking"
rm -rf "$dir"
mkdir -p "$dir/source"
dpkg-deb --fsys-tarfile "$work"/linux-source-6.1_*.deb |
	tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
	xz -dc -T0 | tar -x -C "$dir/source" --strip-components=1
offsets=$dir/source/arch/x86/um/user-offsets.c
grep -q 'HOST_FP_SIZE, 2696)' "$offsets" || die "do not understand $offsets"
sed -i "s/HOST_FP_SIZE, 2696)/HOST_FP_SIZE, $registers)/" "$offsets"

say "building; this takes some minutes"
um() { make -s -C "$dir/source" ARCH=um O="$dir" "$@" >&2; }
um defconfig
{ cat "$vm/uml.config"; printf %s "$debug"; } >"$work/fragment"
(cd "$dir" && source/scripts/kconfig/merge_config.sh -m .config "$work/fragment") >/dev/null
um olddefconfig
# What was asked for and is not there would be missed much later.
missing=$(grep '^CONFIG_' "$work/fragment" | grep -vxFf "$dir/.config") || true
[ -z "$missing" ] || die "the kernel will not have ${missing//$'\n'/ }"
um -j"$(nproc)" linux modules
[ -x "$dir/linux" ] || die "no kernel was built"
echo "$dir"
