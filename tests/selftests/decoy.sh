# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases about decoys and the other modes of the controller share. Source it after
# ovs.sh.

# start_controller ARGUMENT...: fwctl decoy, until stop_controller or the case's end.
start_controller() {
	"$FWCTL" decoy "$@" >"$TMP/controller" 2>&1 &
	CONTROLLER=$!
	busywait 20 grep -q listening "$TMP/controller" ||
		die "no controller" "$(cat "$TMP/controller")"
}

stop_controller() {
	kill "$CONTROLLER"
	wait "$CONTROLLER" 2>/dev/null
}

# switch_connects: a switch has introduced itself.
switch_connects() { busywait 20 grep -q 'connected' "$TMP/controller"; }

# memory: of the controller, in KiB.
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$CONTROLLER/status"; }
