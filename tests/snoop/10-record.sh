#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# Each packet is stored once, with its bytes, its time and its VLAN tag, and none is lost
# unreported, however the snooper ends.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"

N=$(rounds 1000000 20000)
last=$(printf %08X $((N - 1)))
link

before=$(date +%s%N)
snoop all
check_equal "it has no capability left" \
	"$(grep -E '^Cap(Eff|Prm)' "/proc/$SNOOP/status" | sort -u | tr -s '\t\n' ' ')" \
	"CapEff: 0000000000000000 CapPrm: 0000000000000000 "
check_equal "it listens to all that passes" "$(in_ns "$TAP" cat /sys/class/net/far/flags)" 0x1183
check_equal "with a ring of TPACKET_V3" "$(in_ns "$TAP" ss -0 -e -p -n | grep -c "ver:2")" 1
check "a program sends numbered datagrams" send "$N" 100
busywait 30 counted all "$N"
check "it can be read while it is written" counted all "$N"
check "a signal ends it" finish
check_equal "each is stored once" "$(numbers all)" "$N|$N|00000000|$last"
check_equal "all were received, none dropped or lost" \
	"$(jq -c '[.received, .stored, .dups, .dropped_kernel, .dropped_queue, .lost]' "$TMP/all.out")" \
	"[$N,$N,0,0,0,0]"
check_equal "the store says so as well" \
	"$(sql all 'SELECT received, stored, dups, dropped_kernel + dropped_queue + lost, ended FROM capture')" \
	"$N|$N|0|0|1"
check_equal "one conversation" "$(sql all 'SELECT id, net, proto, src, sport, dst, dport, packets, bytes FROM flow')" \
	"1|ip|17|10.0.9.1|7000|10.0.9.2|9|$N|$((N * 100))"
# shellcheck disable=SC2017  # a fifth of them, rounded down
check_equal "each fifth has its VLAN, and its tag is among its bytes" \
	"$(sql all "SELECT count(*) FROM packet WHERE vlan = 5 AND hex(substr(raw, 13, 4)) = '81000005'")" $((N / 5))
check_equal "the times are of now, in order" "$(sql all "SELECT min(ts_ns) > $before,
	max(ts_ns) < $(date +%s%N), (SELECT count(*) FROM packet a JOIN packet b ON b.id = a.id + 1
	WHERE b.ts_ns < a.ts_ns) FROM packet")" "1|1|0"
check_equal "not all end in microseconds" \
	"$(sql all 'SELECT count(*) > 0 FROM packet WHERE ts_ns % 1000')" 1
# shellcheck disable=SC2017
check_equal "the traffic is counted" "$(sql all 'SELECT layers, sum(packets), sum(bytes) FROM traffic GROUP BY 1 ORDER BY 1')" \
	"eth:ip:udp|$((N - N / 5))|$(((N - N / 5) * 100))
eth:vlan:ip:udp|$((N / 5))|$((N / 5 * 100))"

# As a service it says when it listens.
python3 -I -S -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(s.recv(100).decode())' "$TMP/notify" >"$TMP/told" &
busywait 20 test -S "$TMP/notify"
NOTIFY_SOCKET=$TMP/notify snoop told
check "who runs it as a service is told that it listens" busywait 20 grep -qx READY=1 "$TMP/told"
finish
NOTIFY_SOCKET=$TMP/nowhere snoop untold
check "if that can be" busywait 20 \
	grep -q 'the service manager cannot be told: .*/nowhere: No such file' "$TMP/untold.err"
finish

# What the kernel still holds is stored as well.
snoop last
kill -STOP "$SNOOP"
send 100 100
kill -TERM "$SNOOP"
finish_by CONT
check_equal "what came before the signal is stored" "$(packets last)" 100

snoop again --store "$TMP/all.db" --filter 'udp port 9 and less 90' --snaplen 64
send 20 100
send 10 80
busywait 10 counted all $((N + 10))
finish
check_equal "a filter, a snap length, and numbers that go on" \
	"$(sql all "SELECT count(*), min(id), min(caplen), max(caplen), max(len), max(length(raw))
		FROM packet WHERE id > $N")" "10|$((N + 1))|64|64|80|64"
check_equal "a row for each run" "$(sql all 'SELECT id, filter, snaplen, stored FROM capture WHERE id = 2')" \
	"2|udp port 9 and less 90|64|10"
check_equal "where its packets and conversations begin" "$(sql all 'SELECT first_packet, first_flow FROM capture' | xargs)" \
	"1|1 $((N + 1))|2"
check_equal "it tells of its own conversations" "$(field again flows)" 1

# Whatever ends it, the file is whole, and what was committed is there.
snoop killed
send 20000 100 20000 &
sender=$!
busywait 20 more killed 2000 || die "nothing is committed"
finish_by KILL 2>/dev/null
wait "$sender"
check_equal "after kill -9 the file is whole" "$(sql killed 'PRAGMA integrity_check')" ok
got=$(packets killed)
check "and has what was committed" test "$got" -gt 2000 -a "$got" -lt 20000
check_equal "the summaries are of the same packets" \
	"$(sql killed 'SELECT (SELECT sum(packets) FROM flow), (SELECT sum(packets) FROM traffic), stored, ended FROM capture')" \
	"$got|$got|$got|0"
snoop killed
send 10 100
busywait 10 counted killed $((got + 10))
finish
check_equal "and is gone on with" "$(packets killed) $(sql killed 'SELECT count(*), max(id) FROM flow')" "$((got + 10)) 2|2"

# A file that breaks off is stored as far as it goes; one that has no end is left by a signal.
"$FWCTL" report "$TMP/killed.db" --pcapng "$TMP/whole.pcapng" || fail "no export"
head -c 100000 "$TMP/whole.pcapng" >"$TMP/cut.pcapng"
"$FWCTL" snoop --read "$TMP/cut.pcapng" --store "$TMP/cut.db" --dedupe off >/dev/null 2>"$TMP/cut.err"
check_equal "a file that breaks off is an error" "$?" 2
check_equal "its store has the rest, and no end in order" "$(sql cut 'SELECT stored > 0, ended FROM capture')" "1|0"
mkfifo "$TMP/pipe"
"$FWCTL" snoop --read "$TMP/pipe" --store "$TMP/piped.db" --dedupe off >/dev/null 2>"$TMP/piped.err" &
SNOOP=$!
exec 9>"$TMP/pipe"
cat "$TMP/whole.pcapng" >&9
busywait 20 counted piped $((got + 10))
finish
check_equal "a signal ends it in order where a pipe says nothing" "$? $(cat "$TMP/piped.err")" "0 "
exec 9>&-
check_equal "and its store says so" "$(sql piped 'SELECT stored, ended FROM capture')" "$((got + 10))|1"

# Ring and queue of the least size, and a burst: what is lost is told.
snoop burst --buffer 1M
kill -STOP "$SNOOP"
send "$(rounds 200000 40000)" 1000
kill -CONT "$SNOOP"
busywait 10 more burst 0
finish
check "a burst beyond the ring is reported" test "$(field burst dropped_kernel)" -gt 0
check_equal "each packet was stored or told of" \
	"$(jq '.stored + .dropped_kernel + .dropped_queue + .lost' "$TMP/burst.out")" "$(rounds 200000 40000)"

# An interface that is down is set up, bare.
in_ns "$TAP" ip link set far down
in_ns "$TAP" bash -c 'echo 0 >/proc/sys/net/ipv6/conf/far/disable_ipv6'
snoop bare
check_match "it is set up" "$(in_ns "$TAP" ip addr show far)" '<.*NOARP.*UP'
check_equal "without an address" "$(in_ns "$TAP" ip -o addr show far | wc -l)" 0
in_ns "$TAP" ip link del near
wait "$SNOOP"
check_equal "an interface that goes ends it" "$?" 2
check_match "and it says so" "$(cat "$TMP/bare.err")" 'far: .*; what came until then is stored'

# It becomes who owns the folder.
install -d -o nobody "$TMP/folder"
link
chmod 711 "$TMP"
snoop owned --store "$TMP/folder/owned.db"
check_equal "it becomes whoever owns the folder of the store" "$(stat -c %U "/proc/$SNOOP")" nobody
send 10 100
check_equal "nobody else reads what it stores" "$(stat -c %a "$TMP"/folder/owned.db* | xargs)" "600 600 600 600"
finish
check_equal "who owns the file, too" "$(stat -c %U "$TMP/folder/owned.db")" nobody

wrong() { in_ns "$TAP" "$FWCTL" snoop "$@" 2>&1; echo "status $?"; }
check_match "no such interface" "$(wrong none --store "$TMP/x.db")" 'none: .*(No such device|doesn.t exist)'
check_equal "which is said once" "$(wrong none --store "$TMP/x.db" | grep -oE 'No such device|doesn.t exist' | wc -l)" 1
check_match "and where to look" "$(wrong none --store "$TMP/x.db")" 'hint: see: ip link'
# shellcheck disable=SC2016  # as it is
check_match "no such filter" "$(wrong far --store "$TMP/x.db" --filter 'udp prot 1')" 'the filter `udp prot 1`: .*syntax error'
check_match "a store that cannot be made" "$(wrong far --store /none/x.db)" '/none/x.db: cannot be made'
printf 'CREATE TABLE a (b);' | sqlite3 "$TMP/other.db"
check_match "a database of something else" "$(wrong far --store "$TMP/other.db")" 'a database of something else'
head -c 100000 /dev/urandom >"$TMP/noise.db"
check_match "no database at all" "$(wrong far --store "$TMP/noise.db")" 'noise.db: .*not a database'
# shellcheck disable=SC2016
check_match "a size that is none" "$(wrong far --store "$TMP/x.db" --max-size 4Q)" '`4Q` is no value for --max-size'
# shellcheck disable=SC2016
check_match "nor is a blank a unit" "$(wrong far --store "$TMP/x.db" --max-size '4 ')" '`4 ` is no value for --max-size'
check_match "no store" "$(wrong far)" 'status 1'
check_equal "nothing was made of these" "$(find "$TMP" -name 'x.db*')" ""

# fwctl has this command in another program, and libraries for it nowhere.
cp "$FWCTL" "$TMP/fwctl"
check_match "without that one, it says what is missing" "$("$TMP/fwctl" -j snoop far 2>&1)" \
	'needs the program fwctl-capture.*apt install fwctl-capture'
mkdir "$TMP/libexec" "$TMP/sbin" && mv "$TMP/fwctl" "$TMP/sbin" && cp "$FWCTL-capture" "$TMP/libexec/fwctl-capture"
check_match "it is found where it is installed" "$("$TMP/sbin/fwctl" snoop 2>&1)" \
	'an interface is missing'
check_equal "fwctl itself begins without them" "$(readelf -d "$FWCTL" | grep -cE 'libpq|libpcap|sqlite')" 0
