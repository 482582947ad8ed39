#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
#
# Limits of size and age hold: while it runs, at its start, and on a disk that is small.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"

link
mkdir "$TMP/disk"
mount -t tmpfs -o size=40M disk "$TMP/disk" || die "no tmpfs"
store=$TMP/disk/tap.db
used() { du -cb "$TMP/disk/"* | tail -n 1 | cut -f 1; }
# watch LIMIT: the most that was used while snoop runs, if it is more than LIMIT.
watch() {
	while kill -0 "$SNOOP" 2>/dev/null; do
		[ "$(used 2>/dev/null || echo 0)" -le "$1" ] || echo "$(used) is more than $1"
		sleep 0.02
	done
}

snoop limited --store "$store" --max-size 16M
watch $((16 << 20)) >"$TMP/watched" &
watching=$!
send 40000 1000 20000
finish
wait "$watching"
check_equal "all were received and stored" "$(jq -c '[.received, .stored, .dropped_queue, .lost]' "$TMP/limited.out")" \
	'[40000,40000,0,0]'
check_equal "it never took more" "$(cat "$TMP/watched")" ""
check "but most of it" test "$(used)" -gt $((10 << 20))
check "in several files" test "$(find "$TMP/disk" -name 'tap.*.db' | wc -l)" -ge 4
check_equal "each came to its end in order" "$("$FWCTL" -j report "$store" | jq -c '.capture.unended // .unended')" 0
check_equal "with the latest" "$(sqlite3 "$store" 'SELECT max(id) FROM packet')" 40000
check_equal "each is whole, and its conversation is its own" "$(for file in "$TMP"/disk/*.db; do
	sqlite3 "$file" 'PRAGMA integrity_check; SELECT (SELECT count(*) FROM packet) =
		(SELECT sum(packets) FROM flow) AND (SELECT count(*) FROM packet) = (SELECT sum(packets) FROM traffic)
		AND (SELECT count(*) FROM packet) = (SELECT stored FROM capture)'; done | sort -u | tr '\n' ' ')" "1 ok "
there=$(for file in "$TMP"/disk/*.db; do sqlite3 "$file" 'SELECT count(*) FROM packet'; done | awk '{ n += $1 } END { print n }')
check_equal "a report is of all files" "$("$FWCTL" -j report "$store" | jq .packets)" "$there"
check_equal "in order, without a gap" "$("$FWCTL" report "$store" --jsonl - | jq -s '[.[0].packet + length - 1, .[-1].packet]' -c)" "[40000,40000]"
one=$(find "$TMP/disk" -name 'tap.*.db' | sort | head -n 1)
check_equal "one file can be looked at" "$("$FWCTL" -j report "$one" | jq .packets)" "$(sqlite3 "$one" 'SELECT count(*) FROM packet')"

check_match "a name that leaves no room for its lock's is refused" \
	"$(cd "$TMP" && in_ns "$TAP" timeout 20 "$FWCTL" snoop near --store "$(printf './%.0s' {1..2043})tap.db" 2>&1)" 'the name of the file is too long'

# At its start: a smaller limit.
snoop smaller --store "$store" --max-size 6M
check "at its start, too" test "$(used)" -le $((6 << 20))
finish

# By age.
snoop aged --store "$store" --max-age 8
for _ in 1 2 3; do
	send 10 100
	sleep 1.5
done
check "a file is left by its age" test "$(find "$TMP/disk" -name 'tap.*.db' | wc -l)" -ge 2
check_match "who else wants to record into it is refused" \
	"$(in_ns "$TAP" "$FWCTL" snoop near --store "$store" 2>&1)" 'another fwctl records into it'
old=$(find "$TMP/disk" -name 'tap.*.db' | sort | head -n 1)
gone() { [ ! -e "$1" ]; }
check "and deleted by its age" busywait 30 gone "$old"
finish

# Killed between one file and the next, whose first packet has not come.
rm -f "$TMP"/disk/*
snoop turned --store "$store" --rotate-age 1
send 10 100
turned() { [ -e "$TMP/disk/tap.000001.db" ] && [ "$(sqlite3 "$store" 'SELECT count(*) FROM capture')" = 0 ]; }
check "a file is left while nothing comes" busywait 30 turned
finish_by KILL
snoop turned --store "$store"
send 5 100
finish
check_equal "the numbers go on behind it" "$(sqlite3 "$store" 'SELECT min(id), max(id), min(flow_id) > 1 FROM packet')" '11|15|1'

# A file has its age from its first run, however often the snooper begins again, and of a
# run that was killed no file says that it came to its end.
rm -f "$TMP"/disk/*
stored_now() { [ "$(sqlite3 "$store" "SELECT count(*) FROM packet")" -ge "$1" ]; }
for _ in 1 2 3 4; do
	snoop often --store "$store" --rotate-age 4
	send 5 100
	busywait 10 stored_now 5
	finish
	sleep 1
done
check "a file is left by its age, not by that of a run" test -e "$TMP/disk/tap.000001.db"
rm -f "$TMP"/disk/*
snoop killed --store "$store"
send 5 100
busywait 10 stored_now 5
finish_by KILL 2>/dev/null
sleep 1
snoop silent --store "$store" --rotate-age 1
check "it is left as well where nothing comes any more" busywait 30 test -e "$TMP/disk/tap.000001.db"
finish
check_equal "and says that its run was killed" "$(sqlite3 "$TMP/disk/tap.000001.db" 'SELECT id, stored, ended FROM capture')" '1|5|0'

# What comes again is counted at a packet in the same file.
rm -f "$TMP"/disk/*
snoop again --store "$store" --rotate-age 1 --dedupe 60000
send 10 100
busywait 30 turned
send 10 100
finish
check_equal "a duplicate of what is in another file is stored" "$(for file in "$TMP"/disk/tap.*db; do
	sqlite3 "$file" 'SELECT stored, capture.dups, sum(packet.dups) FROM capture, packet GROUP BY capture.id'; done | xargs)" "10|0|0 10|0|0"

# What somebody else has by such a name is left alone, also when the numbers begin again.
rm -f "$TMP"/disk/*
snoop named --store "$store"
send 5 100
busywait 10 stored_now 5
finish
cp "$store" "$TMP/disk/tap.20251101.db"
mv "$store" "$TMP/disk/tap.999999.db"
echo "a note" >"$TMP/disk/tap.000001.db"
snoop named --store "$store" --rotate-age 1
send 5 100
check "behind the last number is the first that is free" busywait 30 test -e "$TMP/disk/tap.000003.db"
finish
check_equal "and all files stay in their order" "$(for n in 2 3; do
	sqlite3 "$TMP/disk/tap.00000$n.db" 'SELECT min(id), max(id) FROM packet'; done | xargs) $(find "$TMP/disk" -name 'tap.9*')" "1|5 6|10 "
snoop named --store "$store" --max-age 8
check "the oldest go" busywait 40 gone "$TMP/disk/tap.000003.db"
finish
check_equal "a note and a copy by such a name do not" \
	"$(cat "$TMP/disk/tap.000001.db") $(sqlite3 "$TMP/disk/tap.20251101.db" 'SELECT count(*) FROM packet')" "a note 5"

# A disk that is full: without a limit it stops, and says so; with one, the oldest go.
rm -f "$TMP"/disk/*
snoop full --store "$store" --keep-free 4M
send 60000 1000 40000
wait "$SNOOP"
check_equal "without a limit it stops in time" "$?" 2
check_match "and says why" "$(cat "$TMP/full.err")" 'the disk has to keep 4 MiB free, and has [0-9]+ MiB'
check "the disk is not full" test "$(df --output=avail -B1 "$TMP/disk" | tail -n 1)" -ge $((4 << 20))
check_equal "what is stored is whole" "$(sqlite3 "$store" 'PRAGMA integrity_check')" ok
check_equal "each packet is stored or told of" "$(sqlite3 "$store" 'SELECT count(*) FROM packet')" "$(field full stored)"
check_equal "at its start it says so at once" "$(in_ns "$TAP" "$FWCTL" snoop far --store "$store" --keep-free 30M 2>&1 | grep -c 'the disk has to keep 30 MiB free')" 1

rm -f "$TMP"/disk/*
snoop ring --store "$store" --keep-free 4M --max-size 1G --rotate-size 4M
send 60000 1000 20000
finish
check_equal "with a limit beyond the disk, the oldest go" "$(jq -c '[.received, .stored, .lost]' "$TMP/ring.out")" '[60000,60000,0]'
check "and the disk keeps its room" test "$(df --output=avail -B1 "$TMP/disk" | tail -n 1)" -ge $((4 << 20))
umount "$TMP/disk"
