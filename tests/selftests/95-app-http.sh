#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
# limit: 300
#
# app: of two web applications on one server, one is allowed and one is denied, whatever
# the requests look like on the wire; each request of a connection is judged.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"
. "$(dirname "$0")/app.sh"

topology
web "$INSIDE"
app_rules <<-RULES
	allow http host app1.example path "/app1/*" id app1
	deny http host app1.example path "/app2/*" id app2
RULES
FORBIDDEN='<p>The firewall does not allow this address.</p> 403'

fw_rules <<<"allow in tcp to any port 80"
check_equal "without the filter APP2 is there" "$(fetch "$OUTSIDE" "$INSIDE4" http://app1.example/app2/x)" \
	"web app1.example /app2/x 200"
fw_rules <<<"allow in tcp to any port 80 queue 10-11 id web"
check_equal "nobody listens: nothing passes" "$(fetch "$OUTSIDE" "$INSIDE4" http://app1.example/app1/x)" "000"
app 10-11

# both WHAT ADDRESS [OPTION...]: of both applications.
both() {
	local what=$1 to=$2
	check_equal "$what: APP1 is there" "$(fetch "$OUTSIDE" "$to" http://app1.example/app1/x "${@:3}")" \
		"web app1.example /app1/x 200"
	check_equal "$what: APP2 is forbidden" "$(fetch "$OUTSIDE" "$to" http://app1.example/app2/x "${@:3}")" \
		"$FORBIDDEN"
}
both v4 "$INSIDE4"
both v6 "$INSIDE6"

# keep_alive: APP1 twice and APP2 on one connection.
keep_alive() {
	in_ns "$OUTSIDE" curl -s -m 10 -w '%{http_code} %{num_connects}\n' -o /dev/null -o /dev/null -o /dev/null \
		--connect-to "::$INSIDE4:80" http://app1.example/app1/x http://app1.example/app1/y http://app1.example/app2/x
}
check_equal "on one connection each request is judged" "$(keep_alive | paste -sd ' ')" "200 1 200 0 403 0"

# split ADDRESS PATH: the status that a request gets byte by byte.
split() {
	in_ns "$OUTSIDE" "$PYTHON" -I -S - "$1" "$2" <<-'PYTHON'
		import socket, sys, time
		sock = socket.create_connection((sys.argv[1], 80), timeout=10)
		sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		try:
		    for byte in ("GET %s HTTP/1.1\r\nHost: app1.example\r\n\r\n" % sys.argv[2]).encode():
		        sock.send(bytes([byte]))
		except OSError:
		    pass
		print(sock.recv(1000).split()[1].decode())
	PYTHON
}
for to in "$INSIDE4" "$INSIDE6"; do
	check_equal "$to: byte by byte: APP1" "$(split "$to" /app1/x)" 200
	check_equal "$to: byte by byte: APP2" "$(split "$to" /app2/x)" 403
done
modprobe -q sch_netem || skip "no sch_netem here"
in_ns "$OUTSIDE" tc qdisc add dev eth0 root netem delay 5ms 4ms reorder 40% duplicate 40% || die "no netem"
for n in 1 2 3; do
	check_equal "twice and out of order, byte by byte, $n: APP1" "$(split "$INSIDE4" /app1/x)" 200
	check_equal "twice and out of order, byte by byte, $n: APP2" "$(split "$INSIDE4" /app2/x)" 403
done
in_ns "$OUTSIDE" tc qdisc del dev eth0 root
settle
check_equal "the server was never asked for APP2 since" "$(grep -c 'asked.*app2' "$TMP/web")" 1

# Other rules, without losing a packet.
for ((n = 0; n < 20; n++)); do fetch "$OUTSIDE" "$INSIDE4" http://app1.example/app1/x; done >"$TMP/meanwhile" &
loop=$!
for n in 1 2 3; do kill -HUP "$APP"; settle; done
app_rules <<<"allow http host app1.example path \"/app2/*\""
wait "$loop"
check_equal "rules are read again, and nothing is lost" "$(sort "$TMP/meanwhile" | uniq -c | xargs)" \
	"20 web app1.example /app1/x 200"
kill -HUP "$APP"
busywait 30 bash -c "[ \$(grep -c reload $TMP/app) = 4 ]"
check_equal "the new rules are in force" "$(fetch "$OUTSIDE" "$INSIDE4" http://app1.example/app2/x)" \
	"web app1.example /app2/x 200"
app_rules <<<"allow nonsense"
kill -HUP "$APP"
busywait 30 grep -q 'old rules stay' "$TMP/app.err"
check_equal "a file with a mistake changes nothing" "$(fetch "$OUTSIDE" "$INSIDE4" http://app1.example/app2/x)" \
	"web app1.example /app2/x 200"
check "decisions are told" [ "$(decisions '.rule == "app2" and .verdict == "deny" and .path == "/app2/x"')" -ge 8 ]
check "and counted" [ "$(app_count '[.rules[].requests] | add')" -ge 2 ]
app_end
check_equal "it ends with its counters" "$(tail -n 1 "$TMP/app" | jq -r .event)" counters
