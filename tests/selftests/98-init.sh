#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# fwctl init proposes roles from routes and addresses and a ruleset that does not lock out
# the session that it is run in; the file comes only when somebody confirms.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
file=$TMP/new.rules
export SSH_CONNECTION="$OUTSIDE4 50000 $ROUTER_OUT4 2222"
listen_tcp "$ROUTER" 2222 80

check_fails "without a default route it does not guess" fw init "$file" --dry-run
ip -n "$ROUTER" route add default via "$OUTSIDE4"
text=$(fw init "$file" --dry-run)
check_match "the default route leads outside" "$text" '^role out0 external'
check_match "the other side is inside" "$text" '^role in0 internal'
check_match "what comes later, too" "$text" '^role default internal'
check_match "the session may go on" "$text" "^allow in tcp to $ROUTER_OUT4 port 2222 id ssh$"
check_match "what listens besides is a line to be had" "$text" "^# allow in tcp to $ROUTER_OUT4 port 80 id services$"
check "it is a dozen lines" [ "$(grep -c . <<<"$text")" -le 14 ]
check_equal "to show it writes nothing" "$(ls "$TMP"/new.rules* 2>/dev/null)" ""
check_equal "and changes nothing" "$(fw -j status | jq '.roles | length')" 0
check_equal "in JSON, it is the same" "$(fw -j init "$file" --dry-run | jq -r .text)" "$text"

check "port 80 is open before" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 80
check_match "without an answer it is taken back" "$(fw init "$file" --confirm 3 2>&1)" \
	'nobody confirmed: the ruleset of before comes back'
check_equal "and not written" "$(ls "$TMP"/new.rules* 2>/dev/null)" ""
check "all is as before" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 80

"$FWCTL" -n "$ROUTER" init "$file" --confirm 30 >"$TMP/init" 2>&1 &
init=$!
in_force() { [ "$(fw -j status | jq .confirm)" != null ]; }
check "it comes into force" busywait 10 in_force || cat "$TMP/init"
check "a new session like this one gets in" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 2222
check_fails "nothing else does" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 80
check "the inside gets out" pings "$INSIDE" "$OUTSIDE4"
check_equal "it is not written yet" "$(ls "$file" 2>/dev/null)" ""
kill -HUP "$init"
check "from there it is confirmed" fw confirm
check "so it is kept, though its own session is gone" wait "$init"
check_equal "as it was shown" "$(cat "$file")" "$text"
check "and is what is in force" fw diff "$file"
check_equal "nothing else is left" "$(ls "$TMP"/new.rules*)" "$file"
check_fails "a file that is there stays" fw init "$file"
check "unless by force" fw init "$file" --force --dry-run

# A host that is no router has one side.
check_match "a host lets ssh in at any address" \
	"$(SSH_CONNECTION="$ROUTER_IN4 50000 $INSIDE4 22" "$FWCTL" -n "$INSIDE" init "$file.host" --dry-run)" \
	'^allow in tcp to any port 22 id ssh$'
