#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 120
#
# A file is left while others have it open: nothing that was committed is lost with
# SQLite's log, they go on with the file that they opened, and the next one is its own.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"

link

# open_by_others NAME: two have $TMP/NAME.db open until $TMP/NAME.go is there, one of them
# amid reading. What they see then comes to $TMP/NAME.seen.
open_by_others() {
	"$PYTHON" - "$TMP/$1" >"$TMP/$1.seen" 2>&1 <<-'PYTHON' &
		import os, sqlite3, sys, time
		name = sys.argv[1]
		def count(db):
		    return db.execute("SELECT count(*) FROM packet").fetchone()[0]
		reading, idle = (sqlite3.connect(name + ".db", isolation_level=None) for _ in range(2))
		reading.execute("BEGIN")
		before = count(reading)
		count(idle)
		open(name + ".open", "w").close()
		while not os.path.exists(name + ".go"):
		    time.sleep(0.05)
		print("unchanged" if count(reading) == before else "changed")
		reading.execute("COMMIT")
		print("the same" if count(reading) == count(idle) else "not the same", count(idle))
		for db in reading, idle:
		    print(*db.execute("PRAGMA integrity_check").fetchone())
		    db.close()
	PYTHON
	OTHERS=$!
	busywait 20 test -e "$TMP/$1.open" || die "it cannot be opened" "$(cat "$TMP/$1.seen")"
}
others_end() {
	touch "$TMP/$1.go"
	wait "$OTHERS"
}
# each NAME: of all files of a store, oldest first: packets, those that are counted, whether
# it is whole.
each() {
	local file
	for file in "$TMP/$1".0*.db "$TMP/$1.db"; do
		sqlite3 "$file" 'SELECT count(*), (SELECT stored FROM capture) FROM packet' 'PRAGMA integrity_check' 2>&1 |
			paste -sd ' '
	done
}
all() { each "$1" | awk '{ n += $1 } END { print n }'; }

snoop left --rotate-size 1M
send 200 1000
busywait 20 counted left 200
open_by_others left
send 6000 1000 3000
third() { [ -e "$TMP/left.000002.db" ]; }
check "files are left" busywait 20 third
finish
check_equal "all is stored" "$(jq -c '[.received, .stored, .lost]' "$TMP/left.out")" "[6200,6200,0]"
check_equal "and there" "$(all left)" 6200
check_equal "each file has what it says, and is whole" \
	"$(each left | awk -F '[| ]' '$1 != $2 || $3 != "ok" || NF != 3')" ""
first=$(sqlite3 "$TMP/left.000001.db" 'SELECT count(*) FROM packet')
others_end left
check_equal "who reads goes on with the file that they opened" "$(xargs <"$TMP/left.seen")" \
	"unchanged the same $first ok ok"
check_equal "a report has all of it" "$("$FWCTL" -j report "$TMP/left.db" | jq -c '[.packets, .error]')" "[6200,null]"
check_equal "also when they are done, all is there" "$(all left)" 6200

# The snooper was killed when the file had its new name, and its log both.
snoop killed
send 400 1000
busywait 20 counted killed 400
open_by_others killed
finish_by KILL 2>/dev/null
for ending in -wal -shm; do
	ln "$TMP/killed.db$ending" "$TMP/killed.000001.db$ending"
done
mv "$TMP/killed.db" "$TMP/killed.000001.db"
snoop killed
send 300 1000
busywait 20 counted killed 300
others_end killed
send 300 1000
busywait 20 counted killed 600
finish
check_equal "after that, each has its own" "$(each killed | xargs)" "400|400 ok 600|600 ok"
check_equal "who reads, too" "$(xargs <"$TMP/killed.seen")" "unchanged the same 400 ok ok"

# It was killed before that, when only the log had both names.
snoop early --rotate-size 1M
send 200 1000
busywait 20 counted early 200
ln "$TMP/early.db-wal" "$TMP/early.000001.db-wal"
finish_by KILL 2>/dev/null
snoop early --rotate-size 1M
send 4000 1000 3000
finish
check_equal "a name that was given too early is in nobody's way" "$(all early) $(each early | grep -cv ' ok$')" "4200 0"
