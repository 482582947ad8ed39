#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# What leaves the firewall for others to read: entries of the journal, as few as make
# sense and with the rule's id; Prometheus' text; and what fail2ban puts in.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
CAPTURE=no topology
fw_rules <<-RULES
	group banned
	deny in from group banned id banned
	allow in tcp to $INSIDE4 port 80 id web log label hello
	deny in udp to any port 9 log id noise
RULES
listen_tcp "$INSIDE" 80

# --- the journal

mkdir -p /run/systemd/journal
"$PYTHON" -I -S -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.bind("/run/systemd/journal/socket")
while True:
    sys.stdout.write(s.recv(65536).decode() + "--\n")
    sys.stdout.flush()' >"$TMP/journal" &
busywait 10 test -S /run/systemd/journal/socket
log_begin=$(dmesg | wc -l)
fw monitor --journal &
monitor=$!
busywait 10 fw flows	# its turn
check "it has no rights but to ask" busywait 10 only_asks "$(pgrep -x fwctl)"
entries() { grep -c "$1" "$TMP/journal"; }
told_of() { tcp_connects "$OUTSIDE" "$INSIDE4" 80 && grep -q '^FLOWWALL_RULE=web$' "$TMP/journal"; }
check "a packet that is logged becomes an entry" busywait 20 told_of
check_match "with words" "$(cat "$TMP/journal")" \
	"^MESSAGE=hello: tcp $OUTSIDE4:[0-9]+ > $INSIDE4:80 by out0: passes, rule web$"
check_match "with an identifier" "$(cat "$TMP/journal")" '^SYSLOG_IDENTIFIER=flowwall$'
check_match "with fields" "$(cat "$TMP/journal")" "^FLOWWALL_DST=$INSIDE4$"
check_equal "flows are not told of" "$(entries FLOWWALL_EVENT=flow)" 0
in_ns "$OUTSIDE" "$PYTHON" -I -S -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(2000):
    s.sendto(b'x', ('$INSIDE4', 9))"
check "2000 were dropped" busywait 10 [ "$(rule_packets noise)" = 2000 ]
settle
noise=$(entries '^FLOWWALL_RULE=noise$')
check "few of them are entries ($noise)" [ "$noise" -ge 20 -a "$noise" -le 150 ]
sleep 1
in_ns "$OUTSIDE" bash -c "echo x >/dev/udp/$INSIDE4/9"
check "the next one tells how many are not" busywait 10 grep -q '^FLOWWALL_HELD_BACK=[1-9]' "$TMP/journal"
check "another rule is not held back" told_of
check_equal "the kernel log has nothing of it" "$(dmesg | tail -n +$((log_begin + 1)) | grep -ci flowwall)" 0
kill "$monitor"
rm /run/systemd/journal/socket
check_match "without a journal it says so" "$(fw monitor --journal 2>&1)" 'cannot reach the journal'

fw monitor group >"$TMP/events" &
# Only what is new is told, and who has not begun to listen does not hear it.
told_group() {
	fw group add other host 10.9.9.9 >/dev/null
	fw group del other host 10.9.9.9 >/dev/null
	grep -q other "$TMP/events"
}
check "some events may be asked for" busywait 10 told_group
tcp_connects "$OUTSIDE" "$INSIDE4" 80
settle
check_equal "the others do not come" "$(grep -vc ' group ' "$TMP/events")" 0
check_fails "an event that does not exist is refused" fw monitor flows-new

# --- Prometheus

fw status --prometheus >"$TMP/metrics"
check_match "drops by reason" "$(cat "$TMP/metrics")" '^flowwall_drops_total\{reason="rule"\} 2001$'
check_match "rules by id" "$(cat "$TMP/metrics")" '^flowwall_rule_packets_total\{rule="noise"\} 2001$'
check_equal "each line is one of the format" \
	"$(grep -Evc '^(# (HELP|TYPE) flowwall_[a-z_]+ .+|flowwall_[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9]+)$' "$TMP/metrics")" 0
check_equal "no metric is there twice" "$(grep -v '^#' "$TMP/metrics" | cut -d' ' -f1 | sort | uniq -d)" ""

# --- fail2ban

# action NAME IP SECONDS: what fail2ban would run.
action() {
	local line
	line=$(sed -n "s/^$1 = //p" "$SOURCE/packaging/fail2ban/flowwall.conf")
	line=${line//<fwctl>/$FWCTL -n $ROUTER}
	line=${line//<group>/banned}
	line=${line//<ip>/${2:-}}
	bash -c "${line//<bantime>/${3:-}}"
}
check "it starts" action actionstart
for family in 4 6; do
	outside=OUTSIDE$family inside=INSIDE$family
	[ "$family" = 4 ] || fw rule add allow in tcp to "${!inside}" port 80
	check "before, ${!outside} gets in" tcp_connects "$OUTSIDE" "${!inside}" 80
	check "a ban" action actionban "${!outside}" 600
	check_fails "it does not" tcp_connects "$OUTSIDE" "${!inside}" 80
	check_equal "it will end" "$(fw -j group show banned | jq --arg a "${!outside}" '[.members[] | select(.addr | startswith($a)) | .timeout] | first')" 600
	check "no ban any more" action actionunban "${!outside}" 600
	check "it does" tcp_connects "$OUTSIDE" "${!inside}" 80
done
check "one for ever" action actionban "$OUTSIDE4" -1
check_equal "does not end" "$(fw -j group show banned | jq '.members[0].timeout')" null
