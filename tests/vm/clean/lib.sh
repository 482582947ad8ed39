# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the steps of clean-debian.sh share; they run as a service of the guest. Outside, at
# 10.0.2.2, somebody sends a datagram to port 5300 again and again, from before the guest
# begins; heard.service counts those that come, from before the network is up.

export LC_ALL=C

heard() { cat /run/heard; }

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >/run/check 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		printf '%s\n' "$*" "$(tail -n 30 /run/check)" | sed 's/^/#   /'
	fi
}

check_fails() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >/run/check 2>&1; then
		echo "not ok $name"
		printf '%s\n' "$*" "$(tail -n 30 /run/check)" | sed 's/^/#   /'
	else
		echo "ok $name"
	fi
}

busywait() { # SECONDS COMMAND...
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.2
	done
}

# more_comes, nothing_comes: within a few seconds, which are many datagrams.
more_comes() { local n; n=$(heard); busywait 20 test_more "$n"; }
test_more() { [ "$(heard)" -gt "$1" ]; }
nothing_comes() {
	local n
	sleep 1
	n=$(heard)
	sleep 4
	[ "$(heard)" = "$n" ]
}

# counter NAME: of fwctl status --prometheus.
counter() { fwctl status --prometheus | sed -n "s/^flowwall_$1 //p"; }

# What FlowWall has dropped, which is what proves that something came.
dropped() { [ "$(counter 'drops_total{reason="policy"}')" -ge "$1" ]; }
failsafe_dropped() { nft list table inet flowwall_failsafe | grep -Eq 'counter packets [1-9]'; }

# entered_at UNIT: when it became active, in microseconds since the kernel began.
entered_at() { systemctl show -P ActiveEnterTimestampMonotonic "$1"; }
started_at() { systemctl show -P ExecMainStartTimestampMonotonic "$1"; }
