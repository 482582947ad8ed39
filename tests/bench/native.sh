# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What benchmarks share that need Open vSwitch, but neither the module nor a guest. Source it
# once the options are read: the script begins again, with what it needs installed and built,
# in namespaces of its own, where OVS's datapath is that of user space. From here on,
# standard output is 3: that of what is run does not matter.

here=$(cd "$(dirname "$0")" && pwd -P)
if [ -z "${BENCH_INSIDE:-}" ]; then
	name=$(basename "$0")
	[ "$(id -u)" = 0 ] || { echo "$name: must be run as root: sudo $0" >&2; exit 1; }
	"$here/../vm/packages.sh" check || exit 1
	make -s -C "$here/../../tool" all || exit 1
	# shellcheck disable=SC2016  # expanded inside
	BENCH_INSIDE=yes OVS_DATAPATH=netdev exec unshare --net --mount --pid --fork \
		--kill-child --mount-proc bash -c '
		mkdir -p /run/netns && mount -t tmpfs netns /run/netns && ip link set lo up &&
		exec "$0" "$@"' "$here/$name" "$@"
fi

exec 3>&1 >&2
. "$here/../selftests/lib.sh"
# shellcheck source=../selftests/ovs.sh
. "$TESTS/ovs.sh"
