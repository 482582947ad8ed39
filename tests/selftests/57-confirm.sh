#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# apply --confirm: the old ruleset, groups included, comes back unless somebody
# confirms; the kernel sees to it, whatever became of who asked.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
udp_echo_server "$INSIDE" 53 54
common="version 1
role out0 external
role in0 internal"
cat >"$TMP/old" <<<"$common
group friends host $OUTSIDE4
allow in udp from group friends to any port 53 id old"
cat >"$TMP/new" <<<"$common
group friends host 203.0.113.7
group others host $OUTSIDE4
allow in udp from group others to any port 54 id new"
fw apply "$TMP/old" || die "the ruleset is refused"
old=$(fw save)

old_runs() { [ "$(fw save)" = "$old" ]; }
# Long enough to be looked at on a slow machine.
check "applied for a while" fw apply "$TMP/new" --confirm 15
check "the new one runs" udp_echoes "$OUTSIDE" "$INSIDE4" 54 1001
check_fails "the old one does not" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1002
check_equal "status tells how long" "$(fw -j status | jq '.confirm > 0 and .confirm <= 15')" true
check_fails "a second one that waits is refused" fw apply "$TMP/old" --confirm 15
check_match "so is any other one, which would go as well" "$(fw apply "$TMP/old" 2>&1)" 'waits to be confirmed'
check "but may be checked" fw apply "$TMP/old" --check
check "the old one comes back" busywait 40 old_runs
check_equal "nothing waits" "$(fw -j status | jq .confirm)" null
check "it runs, with its members" udp_echoes "$OUTSIDE" "$INSIDE4" 53 1003
check_fails "the new one does not" udp_echoes "$OUTSIDE" "$INSIDE4" 54 1004
check_fails "there is nothing to confirm" fw confirm

check "applied again" fw apply "$TMP/new" --confirm 5
check "confirmed" fw confirm
sleep 7
check "it stays" udp_echoes "$OUTSIDE" "$INSIDE4" 54 1005

# Everything that ran it is gone.
fw apply "$TMP/old" >/dev/null
setsid bash -c "$FWCTL -n $ROUTER apply $TMP/new --confirm 10; kill -9 \$\$" >/dev/null 2>&1
check "applied by what was killed" udp_echoes "$OUTSIDE" "$INSIDE4" 54 1006
check "the old one comes back all the same" busywait 40 old_runs

# A change by hand meanwhile goes with what it was made to.
fw apply "$TMP/new" --confirm 10 >/dev/null
check "a rule more" fw rule add allow in tcp to any port 9
check "the old one comes back" busywait 40 old_runs

# Members have the time that they had: who was there for good stays, who was to go is gone.
cat "$TMP/old" - >"$TMP/timed" <<-RULES
	group friends host 192.0.2.1 host 192.0.2.2 timeout 6s host 192.0.2.3 timeout 1000s
RULES
sed 's/192.0.2.1 host/192.0.2.1 timeout 500s host/; s/192.0.2.3 timeout 1000s/192.0.2.3/' "$TMP/timed" >"$TMP/other"
fw apply "$TMP/timed" >/dev/null
check "other timeouts for a while" fw apply "$TMP/other" --confirm 9
nothing_waits() { [ "$(fw -j status | jq .confirm)" = null ]; }
check "the old ones come back" busywait 40 nothing_waits
check_equal "but for who was to go" "$(fw -j group show friends | jq -c '[.members[] | [.addr, .timeout]] | sort')" \
	'[["192.0.2.1",null],["192.0.2.3",1000],["198.51.100.2",null]]'
check_equal "and who has time left has less" "$(fw -j group show friends |
	jq '.members[] | select(.timeout) | .left < 995')" true
fw group flush friends && fw apply "$TMP/old" >/dev/null

# Over ssh, one does not lock oneself out.
export SSH_CONNECTION="$OUTSIDE4 50000 $ROUTER_OUT4 22"
listen_tcp "$ROUTER" 22
cat >"$TMP/ssh" <<<"$common
allow in tcp from $OUTSIDE4 to $ROUTER_OUT4 port 22 id ssh"
check_match "a ruleset without ssh is refused" "$(fw apply "$TMP/new" 2>&1)" 'would lock out'
check_match "or if that cannot be told" "$(SSH_CONNECTION="240.0.0.1 50000 $ROUTER_OUT4 22" \
	in_ns "$ROUTER" "$FWCTL" apply "$TMP/new" 2>&1)" 'is not known; nothing was changed'
check_fails "behind sudo, too" env SSH_CONNECTION="$SSH_CONNECTION" bash -c \
	"env -u SSH_CONNECTION $FWCTL -n $ROUTER apply $TMP/new; exit \$?"
check "nothing has changed" old_runs
check "one with it is not" fw apply "$TMP/ssh"
check "it runs" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 22
check "by force it is" fw apply "$TMP/new" --force
unset SSH_CONNECTION
check_fails "and it is out" tcp_connects "$OUTSIDE" "$ROUTER_OUT4" 22
check_equal "the kernel said nothing of it" "$(unexpected_log)" ""
