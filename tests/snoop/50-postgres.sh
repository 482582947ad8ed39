#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# A store in PostgreSQL has the same tables and gives the same report; when the server
# goes, what is lost is told, and when it comes back, the snooper goes on.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"

bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || skip "no PostgreSQL here (tests/vm/packages.sh)"
chmod 711 "$TMP"
install -d -o postgres "$TMP/pg"
url="postgresql:///postgres?host=$TMP/pg&user=postgres"
as_postgres() { (cd / && runuser -u postgres -- "$@"); }
as_postgres "$bin/initdb" -D "$TMP/pg/data" -A trust --no-sync >"$TMP/initdb" 2>&1 ||
	die "no cluster" "$(cat "$TMP/initdb")"
start() {
	as_postgres "$bin/pg_ctl" -D "$TMP/pg/data" -w -l "$TMP/pg/log" \
		-o "-c listen_addresses='' -c unix_socket_directories='$TMP/pg' -c max_wal_size=256MB" start >/dev/null ||
		die "no server" "$(cat "$TMP/pg/log")"
}
stop() { as_postgres "$bin/pg_ctl" -D "$TMP/pg/data" -w -m "$1" stop >/dev/null; }
query() { as_postgres psql -X -q -A -t -h "$TMP/pg" -c "$1" postgres; }
pg_counted() { [ "$(query 'SELECT count(*) FROM packet')" = "$1" ]; }

start
link
N=$(rounds 200000 20000)
snoop pg --store "$url"
send "$N" 100
busywait 60 pg_counted "$N"
finish
check_equal "each is stored once" "$(query "SELECT count(*), count(DISTINCT n), min(n), max(n) FROM (SELECT
	encode(substr(raw, CASE WHEN vlan IS NULL THEN 43 ELSE 47 END, 4), 'hex') AS n FROM packet) AS numbers")" \
	"$N|$N|00000000|$(printf %08x $((N - 1)))"
check_equal "all were received, none dropped or lost" \
	"$(jq -c '[.received, .stored, .dups, .dropped_kernel, .dropped_queue, .lost]' "$TMP/pg.out")" \
	"[$N,$N,0,0,0,0]"
check_equal "the store says so as well" \
	"$(query 'SELECT received, stored, dups, dropped_kernel + dropped_queue + lost, ended FROM capture')" "$N|$N|0|0|1"
check_equal "one conversation" "$(query 'SELECT id, src, sport, dst, dport, packets, bytes FROM flow')" \
	"1|10.0.9.1|7000|10.0.9.2|9|$N|$((N * 100))"

# The same packets in a file and in PostgreSQL.
"$FWCTL" report "$url" --pcapng "$TMP/pg.pcapng" || fail "no export"
"$FWCTL" snoop --read "$TMP/pg.pcapng" --store "$TMP/file.db" --dedupe off >/dev/null
check "its report is that of a file" same_report <("$FWCTL" -j report "$url") <("$FWCTL" -j report "$TMP/file.db")
check "a selection's as well" same_report <("$FWCTL" -j report "$url" --proto vlan) \
	<("$FWCTL" -j report "$TMP/file.db" --proto vlan)
columns() { tr -d ' ' | tr '|' '\n' | tr '[:upper:]' '[:lower:]'; }
for table in capture flow packet name traffic; do
	check_equal "the same columns: $table" \
		"$(query "SELECT column_name FROM information_schema.columns WHERE table_name = '$table' ORDER BY ordinal_position" | columns)" \
		"$(sql file "SELECT name FROM pragma_table_info('$table') ORDER BY cid" | columns)"
done

# Duplicates: within a batch, and of what is stored already.
snoop dup --store "$url" --dedupe 20000
send 100 200
busywait 20 pg_counted $((N + 100))
send 100 200
send 100 200
finish
check_equal "duplicates are counted where they belong" "$(query "SELECT count(*), min(dups), max(dups) FROM packet WHERE id > $N")" "100|2|2"

# The server goes while packets come, and comes back. Every packet is either there or told of.
before=$(query 'SELECT count(*) FROM packet')
snoop away --store "$url"
send 5000 300
busywait 20 pg_counted $((before + 5000))
stop immediate
send 5000 301
start
busywait 60 pg_counted $((before + 10000))
send 5000 302
busywait 60 pg_counted $((before + 15000))
finish
check_equal "what came while it was away is stored" "$(jq -c '[.received, .stored, .dropped_queue, .lost]' "$TMP/away.out")" \
	"[15000,15000,0,0]"
check_equal "and there, once each" "$(query "SELECT count(*), count(DISTINCT (len, raw)) FROM packet WHERE len >= 300")" "15000|15000"
check_equal "the summaries are of the same packets" \
	"$(query "SELECT (SELECT sum(packets) FROM flow), (SELECT sum(packets) FROM traffic)")" \
	"$((before + 15000))|$((before + 15000))"

# It does not come back.
snoop gone --store "$url"
send 100 400
busywait 20 pg_counted $((before + 15100))
stop immediate
send 100 401
finish
check_equal "its status says that something is wrong" "$?" 2
check_equal "what could not be stored is told" "$(jq -c '[.received, .stored, .lost]' "$TMP/gone.out")" "[200,100,100]"
check_match "and why" "$(cat "$TMP/gone.err")" 'PostgreSQL: '
check_equal "but not how to make room" "$(grep -c max-size "$TMP/gone.err")" 0
start
check_equal "what was committed is there" "$(query 'SELECT count(*) FROM packet')" $((before + 15100))

# Only its connection goes, and somebody else has the lock for a while.
snoop locked --store "$url"
send 100 500
busywait 20 pg_counted $((before + 15200))
query "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory';
	SELECT pg_advisory_lock(18010); SELECT pg_sleep(4)" >/dev/null &
holder=$!
has_lock() { [ "$(query "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(4)' AND wait_event = 'PgSleep'")" = 1 ]; }
busywait 10 has_lock
send 100 501
wait "$holder"
check "it waits for the lock" busywait 20 pg_counted $((before + 15300))
finish
check_equal "and nothing is lost" "$(jq -c '[.received, .stored, .lost]' "$TMP/locked.out")" "[200,200,0]"

# The server hangs: it has gone nowhere, but says nothing any more.
snoop hung --store "$url"
send 100 600
busywait 20 pg_counted $((before + 15400))
backend=$(query "SELECT pid FROM pg_locks WHERE locktype = 'advisory'")
kill -STOP "$backend"
send 100 601
sleep 1
begin=$SECONDS
finish
check_equal "a signal ends it even if the server hangs" "$?" 2
check "soon" test $((SECONDS - begin)) -le 15
kill -CONT "$backend"
check_equal "what it did not take is told" "$(jq -c '[.received, .stored, .lost]' "$TMP/hung.out")" "[200,100,100]"
check_match "and why it was lost" "$(cat "$TMP/hung.err")" 'PostgreSQL: the server does not answer'
unlocked() { [ "$(query "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 0 ]; }
busywait 20 unlocked

snoop first --store "$url"
check_match "a second writer is refused" "$(in_ns "$TAP" "$FWCTL" snoop far --store "$url" 2>&1)" 'another snoop writes'
finish

# A capture file may say any length.
printf '%b' '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0' \
	'\0\0\0\0\0\0\0\0\x3c\0\0\0\xff\xff\xff\xff' >"$TMP/long.pcap"
head -c 60 /dev/zero >>"$TMP/long.pcap"
check "a length beyond what a column takes" "$FWCTL" snoop --read "$TMP/long.pcap" --store "$url"
check_equal "is the greatest that it does" "$(query 'SELECT max(len) FROM packet')" $((0x7fffffff))

# Within a limit of size, the oldest go.
query 'DROP TABLE packet, packet_part, flow, name, traffic, capture, store'
snoop limited --store "$url" --max-size 16M
send "$(rounds 100000 20000)" 1400 10000
latest() { [ "$(query 'SELECT max(id) FROM packet')" = "$(rounds 100000 20000)" ]; }
busywait 60 latest
size() { query "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'packet'::regclass"; }
within() { [ "$(size)" -lt 16777216 ]; }
check "a limit of size is kept" busywait 30 within
finish
check "the latest are there" test "$(query 'SELECT max(id) - min(id) FROM packet')" -gt 3000
check "the oldest are not" test "$(query 'SELECT min(id) FROM packet')" -gt 1

# By age, which may reach back beyond 1970.
kept=$(query 'SELECT min(first) FROM packet_part')
check "there are several partitions" test "$(query 'SELECT count(*) FROM packet_part')" -gt 1
snoop forever --store "$url" --max-age 30000d
finish
check_equal "a great age deletes nothing" "$(query 'SELECT min(first) FROM packet_part')" "$kept"
snoop aged --store "$url" --max-age 8
oldest_gone() { [ "$(query 'SELECT min(first) FROM packet_part')" != "$kept" ]; }
check "a small one does" busywait 30 oldest_gone
finish
# A few packets have their age as well, before their partition is full.
query 'DROP TABLE packet, packet_part, flow, name, traffic, capture, store'
snoop few --store "$url" --max-age 8
send 10 100
busywait 20 pg_counted 10
check "a few packets go by their age, too" busywait 30 pg_counted 0
check_equal "and their conversation" "$(query 'SELECT count(*) FROM flow')" 0
finish
snoop few --store "$url" --max-age 8
send 5 100
busywait 20 pg_counted 5
finish
check_equal "the numbers go on" "$(query 'SELECT min(id), max(id) FROM packet')" "11|15"
check_match "what PostgreSQL has no use for is refused" \
	"$(in_ns "$TAP" "$FWCTL" snoop far --store "$url" --rotate-age 1h 2>&1)" 'PostgreSQL has no use for --rotate-age'
check_match "no server" "$("$FWCTL" report "postgresql:///x?host=/none" 2>&1)" 'x: connection to server .* failed'
stop immediate
