#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# maintainer.sh: what the packages' scripts call when they are installed, upgraded and
# removed, seen by programs in the place of those that would change this machine. Prints TAP.
# Needs root: they are shown a /sys and a /run of their own.

set -uo pipefail

debian=$(cd "$(dirname "${BASH_SOURCE[0]}")/../packaging/debian" && pwd -P)
. "$(dirname "${BASH_SOURCE[0]}")/points.sh"
# shellcheck disable=SC2034  # for points.sh
suite=maintainer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each notes how it was called. fwctl has $saved to tell; rmmod and systemctl end as they are told.
mkdir "$work/bin"
cat >"$work/bin/note" <<-'NOTE'
	#!/bin/sh
	echo "${0##*/} $*" >>"$calls"
	case ${0##*/}-$1 in
	fwctl-save)	printf '%b' "$saved"; [ -n "$saved" ] ;;
	fwctl-failsafe)	[ -z "$3" ] || sed 's/^/file: /' "$3" >>"$calls" ;;
	rmmod-*)	exit "${rmmod:-0}" ;;
	systemctl--q)	exit "${enabled:-0}" ;;
	esac
NOTE
chmod +x "$work/bin/note"
for name in fwctl rmmod systemctl; do ln -s note "$work/bin/$name"; done

# calls SCRIPT ARGUMENT...: what it calls, on a machine with systemd that has the module loaded.
calls() {
	local script=$debian/$1
	shift
	: >"$work/calls"
	calls=$work/calls PATH=$work/bin:$PATH unshare -m sh -c '
		mount -t tmpfs sys /sys && mkdir -p /sys/module/flowwall &&
		mount -t tmpfs run /run && mkdir -p /run/systemd/system || exit
		exec sh "$@"' - "$script" "$@" >"$work/said" 2>&1 || cat "$work/said"
	cat "$work/calls"
}

# does NAME WANTED CALLS: whether there is such a line; lacks: that there is none.
does() { point "$1" "$(grep -Eqx -- "$2" <<<"$3" || printf 'no call: %s\n%s\n' "$2" "$3")"; }
lacks() { point "$1" "$(grep -E -- "$2" <<<"$3")"; }

export saved rmmod enabled
saved='version 1\nrole eth0 external\nrole default internal\ngroup g name host.example\nallow in tcp\n'
said=$(calls flowwall-dkms.prerm remove)
does "without its package the module goes" "rmmod flowwall" "$said"
does "where it stood, the failsafe takes its place" "fwctl failsafe on .*" "$said"
does "by the roles that were in force" "file: role eth0 external" "$said"
lacks "and nothing else of them" "file: (group|allow)" "$said"
lacks "an upgrade leaves it loaded" . "$(calls flowwall-dkms.prerm upgrade 0.1.1)"
lacks "where the service was not wanted, nothing is closed" failsafe "$(enabled=1 calls flowwall-dkms.prerm remove)"
lacks "nor while the module stays" failsafe "$(rmmod=1 calls flowwall-dkms.prerm remove)"
saved='version 1\n'
lacks "nor where every packet passed" failsafe "$(calls flowwall-dkms.prerm remove)"
saved=''
said=$(calls flowwall-dkms.prerm remove)
does "nor where there is no fwctl" "rmmod flowwall" "$said"
lacks "to say what stood" failsafe "$said"

said=$(calls fwctl.prerm remove)
does "without fwctl, the failsafe goes" "fwctl failsafe off" "$said"
does "and no service stays active" "systemctl stop .* flowwall.service" "$said"
lacks "an upgrade stops nothing" . "$(calls fwctl.prerm upgrade 0.1.1)"
does "without fwctl-capture nothing records" "systemctl stop flowwall-snoop@\*.service" \
	"$(calls fwctl-capture.prerm remove)"
lacks "an upgrade of it stops nothing" . "$(calls fwctl-capture.prerm upgrade 0.1.1)"

said=$(calls fwctl.postinst configure 0.1.0-1)
does "after an upgrade the units are read again" "systemctl .*daemon-reload" "$said"
point "before what runs is begun again" \
	"$([[ $said == *daemon-reload*try-restart* ]] || echo "$said")"
said=$(calls fwctl.postinst configure)
does "after an installation as well" "systemctl .*daemon-reload" "$said"
lacks "which begins nothing" restart "$said"
points_end
