#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
# limit: 600
#
# app: of a download hardly a packet comes to the filter, and it is as fast as without;
# many connections take bounded memory; and when the filter is killed under load, what has
# bypass goes on, and all else is blocked.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"
. "$(dirname "$0")/app.sh"

CAPTURE=no
topology
web "$INSIDE"
app_rules <<<"allow http host app1.example"
SIZE=$(rounds 1000000000 20000000)

# download: bytes a second of SIZE.
download() {
	in_ns "$OUTSIDE" curl -s -m 300 -o /dev/null -w '%{size_download} %{speed_download}\n' \
		--connect-to "::$INSIDE4:80" "http://app1.example/bytes/$SIZE"
}
# best RULE: of three downloads; with a queue, through the filter.
best() {
	fw_rules <<<"allow in tcp to any port 80 $1"
	for _ in 1 2 3; do download; done | awk -v size="$SIZE" '$1 == size && $2 > best { best = $2 } END { printf "%d\n", best }'
}
without=$(best "")
app 10-11
before=$(app_count '[.queues[].packets] | add')
with=$(best "queue 10")
packets=$((($(app_count '[.queues[].packets] | add') - before) / 3))
check "downloads arrive, without the filter and with it" [ "$without" -gt 0 -a "$with" -gt 0 ]
check "at most 20 packets of a download reach user space: $packets" [ "$packets" -ge 1 -a "$packets" -le 20 ]
percent=$((with * 100 / (without + 1)))
name="with the filter a download is as fast: $percent % of $((without / 1000000)) MB/s"
if [ -n "${FLOWWALL_FULL:-}" ]; then
	check "$name" [ "$percent" -ge 95 ]
else
	note "$name"
fi

# Many new connections.
COUNT=$(rounds 10000 300)
in_ns "$OUTSIDE" "$PYTHON" -I -S - "$INSIDE4" "$COUNT" >"$TMP/many" <<-'PYTHON'
	import socket, sys, threading
	done = 0
	left = int(sys.argv[2])
	lock = threading.Lock()
	def work():
	    global left, done
	    while True:
	        with lock:
	            if not left:
	                return
	            left -= 1
	        try:
	            sock = socket.create_connection((sys.argv[1], 80), timeout=30)
	            sock.sendall(b"GET /x HTTP/1.1\r\nHost: app1.example\r\nConnection: close\r\n\r\n")
	            answer = b""
	            while part := sock.recv(4096):
	                answer += part
	            sock.close()
	        except OSError as error:
	            print(error)
	            continue
	        with lock:
	            done += b"web app1.example /x" in answer
	threads = [threading.Thread(target=work) for _ in range(16)]
	for thread in threads: thread.start()
	for thread in threads: thread.join()
	print(done)
PYTHON
check_equal "$COUNT new connections" "$(tail -n 1 "$TMP/many")" "$COUNT"
memory=$(awk '/^VmHWM/ { print $2 }' "/proc/$APP/status")
check "the filter never took more than 80 MB: $memory kB" [ "$memory" -le 80000 ]
check_equal "it lost nothing" "$(app_count '[.queues[] | .dropped + .overflows + .unsent] | add')" 0

# Killed under load: IPv4 has bypass, IPv6 has not.
fw_rules <<-RULES
	allow in tcp to $INSIDE4 port 80 queue 10 bypass
	allow in tcp to $INSIDE6 port 80 queue 11
RULES
kill -HUP "$APP"
busywait 30 grep -q reload "$TMP/app"
check_equal "each queue is as its rule says" "$(app_count '[.queues[].bypass] | tostring')" '"[true,false]"'
check_equal "IPv6 passes" "$(fetch "$OUTSIDE" "$INSIDE6" http://app1.example/x)" "web app1.example /x 200"
in_ns "$OUTSIDE" curl -s -m 60 --limit-rate 2M -o /dev/null -w '%{size_download}' --connect-to "::[$INSIDE6]:80" \
	http://app1.example/bytes/8000000 >"$TMP/going" &
going=$!
busywait 30 grep -q '"/bytes/8000000"' "$TMP/app"
for ((n = 0; n < 4; n++)); do
	while :; do fetch "$OUTSIDE" "$INSIDE4" http://app1.example/x; sleep 0.1; done >/dev/null &
done
settle
kill -9 "$APP"
begin=$SECONDS
check_equal "killed: with bypass it goes on" "$(fetch "$OUTSIDE" "$INSIDE4" http://other.example/x)" \
	"web other.example /x 200"
check_equal "killed: without, it is blocked" "$(fetch "$OUTSIDE" "$INSIDE6" http://app1.example/x)" "000"
wait "$going"
check_equal "killed: a download that was allowed goes on" "$(cat "$TMP/going")" 8000000
check "and nothing stalls ($((SECONDS - begin)) s)" [ $((SECONDS - begin)) -le $(($(patience 40) * SLOW)) ]
app 10-11
check_equal "it comes back" "$(fetch "$OUTSIDE" "$INSIDE6" http://app1.example/x)" "web app1.example /x 200"
