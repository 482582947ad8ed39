#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
# limit: 300
#
# app: nobody gets past the filter by how a request is written: of each evasion in
# app_evasion.py, all bytes arrive without the filter, and never with it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"
. "$(dirname "$0")/app.sh"

topology
in_ns "$INSIDE" "$PYTHON" -I -S "$TESTS/app_evasion.py" sink 80 53 >>"$TMP/sink" 2>&1 &
busywait 20 grep -q ready "$TMP/sink" || die "no sink" "$(cat "$TMP/sink")"
app_rules <<-RULES
	allow http host app1.example path "/app1/*"
	allow tls name ok.example
	allow dns name ok.example
RULES

# evade ADDRESS: tries all; what has arrived whole is in $TMP/through.
evade() {
	local tried before=none now=0
	: >"$TMP/sink"
	in_ns "$OUTSIDE" "$PYTHON" -I -S "$TESTS/app_evasion.py" send "$1" >"$TMP/sent" 2>&1
	tried=$(sed -n 's/^tried //p' "$TMP/sent")
	[ -n "$tried" ] || die "the evasions were not tried" "$(tail -n 5 "$TMP/sent")"
	# A connection is over when the sink says so. One that was never made, it does not.
	until [ "$now" -ge "$tried" ] || [ "$now" = "$before" ]; do
		before=$now
		sleep $((5 * SLOW))
		now=$(wc -l <"$TMP/sink")
	done
	awk 'NR == FNR { got[$1] = $2; next } $1 != "tried" && got[$2] >= $3 { print $1 }' \
		"$TMP/sink" "$TMP/sent" >"$TMP/through"
	TRIED=$tried
}

fw_rules <<<"allow in tcp to any port 80,53"
evade "$INSIDE4"
check "there are at least 60 evasions: $TRIED" [ "$TRIED" -ge 60 ]
check_equal "without the filter all of them arrive" "$(wc -l <"$TMP/through")" "$TRIED"
grep -vwFf "$TMP/through" "$TMP/sent" | grep -v ^tried | while read -r line; do note "missing: $line"; done

fw_rules <<<"allow in tcp to any port 80,53 queue 10"
app 10
for to in "$INSIDE4" "$INSIDE6"; do
	evade "$to"
	check_equal "to $to: none gets through" "$(paste -sd ' ' "$TMP/through")" ""
done
check "each was denied" [ "$(app_count '.unreadable + ([.rules[] | select(.id == "default") | .requests] | add)')" -ge $((TRIED * 2 - 2)) ]
app_rules <<<"default allow"
kill -HUP "$APP"
busywait 30 grep -q '"reload"' "$TMP/app"
in_ns "$OUTSIDE" "$PYTHON" -I -S - "$INSIDE4" <<-'PYTHON'
	import socket, sys
	sock = socket.create_connection((sys.argv[1], 80))
	sock.sendall(b"GET /app1/x HTTP/1.1\r\nHost: app1.example\r\n\r\n")
	sock.close()
PYTHON
busywait 30 grep -q ' 45$' "$TMP/sink"
check "and what is no evasion passes" grep -q ' 45$' "$TMP/sink"
