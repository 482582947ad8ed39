# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases about the snooper share. Source it after lib.sh.

need sqlite3 jq

# link: a namespace $TAP with a cable: what is sent at `near` arrives at `far`, which has
# no address.
link() {
	setup_ns TAP
	in_ns "$TAP" bash -c '
		echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
		ip link add near type veth peer name far
		ip link set near up arp off && ip link set far up arp off' || die "cannot make a link"
}

# snoop NAME ARG...: records at far into $TMP/NAME.db, once it listens. $SNOOP is its
# process; what it says comes to $TMP/NAME.out.
snoop() {
	local name=$1
	shift
	case " $* " in *" --store "*) ;; *) set -- "$@" --store "$TMP/$name.db" ;; esac
	ip netns exec "$TAP" "$FWCTL" -j snoop far "$@" >"$TMP/$name.out" 2>"$TMP/$name.err" &
	SNOOP=$!
	busywait 20 listens "$SNOOP" || die "it does not listen" "$(cat "$TMP/$name.err")"
}

# listens PID: it has a ring, which begins when it has dropped its privileges and has a
# second thread.
listens() {
	[ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" = 2 ]
}

# finish: ends what snoop() began, and waits; its exit status. finish_by SIGNAL likewise.
finish() { finish_by TERM; }
finish_by() {
	kill "-$1" "$SNOOP"
	wait "$SNOOP"
}

# sql NAME STATEMENT
sql() { sqlite3 -batch -noheader "$TMP/$1.db" "$2"; }

# field NAME KEY: of what snoop said at its end.
field() { jq -r ".$2" "$TMP/$1.out"; }

send() { in_ns "$TAP" "$FLOWWALL_SEND" near "$@" >"$TMP/pace"; }

# packets NAME: how many are stored.
packets() { sql "$1" 'SELECT count(*) FROM packet'; }

# counted NAME N: so many are stored by now.
counted() { [ "$(packets "$1")" = "$2" ]; }

# more NAME N: more than so many are.
more() { [ "$(packets "$1" 2>/dev/null || echo 0)" -gt "$2" ]; }

# numbers NAME: which of the numbers that send gave the packets are stored, and how often.
numbers() {
	sql "$1" "SELECT count(*), count(DISTINCT n), min(n), max(n) FROM (SELECT
		hex(substr(raw, iif(vlan IS NULL, 43, 47), 4)) AS n FROM packet)"
}

# same_report ONE OTHER [FIELD]: two reports say the same, but for what they are of, and FIELD.
same_report() {
	local filter="del(.source, .capture${3:+, $3})" one other
	one=$(jq "$filter" "$1") && other=$(jq "$filter" "$2") &&
		[ -n "$one" ] && diff <(echo "$one") <(echo "$other")
}
