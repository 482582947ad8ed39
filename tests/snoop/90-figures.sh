#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1800
#
# In full only: how fast the snooper is beside tcpdump, in one run, and a report on ten
# million packets. The figures are in the notes (-v).
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"
[ -n "${FLOWWALL_FULL:-}" ] || skip "only in full (run.sh -a)"
need tcpdump

N=1000000
link
ms() { echo $((($(date +%s%N) - $1) / 1000000)); }
in_memory=$TMP/memory
mkdir "$in_memory"
mount -t tmpfs memory "$in_memory" || die "no tmpfs"

# with_tcpdump, with_snoop: milliseconds that it takes to send N packets and have them stored.
with_tcpdump() {
	local begin
	ip netns exec "$TAP" tcpdump -i far -s 0 -B 65536 -Z root -w "$in_memory/t.pcap" >/dev/null 2>"$TMP/tcpdump" &
	busywait 20 grep -q listening "$TMP/tcpdump"
	begin=$(date +%s%N)
	send "$N" 100
	kill -INT "$!"
	wait "$!"
	ms "$begin"
}
with_snoop() {
	local begin
	rm -f "$in_memory"/s.db*
	snoop s --store "$in_memory/s.db"
	begin=$(date +%s%N)
	send "$N" 100
	finish
	ms "$begin"
	[ "$(jq -c '[.stored, .dropped_kernel, .dropped_queue, .lost]' "$TMP/s.out")" = "[$N,0,0,0]" ] ||
		note "not all were stored: $(cat "$TMP/s.out")"
}
least() { sort -n | head -n 1; }
rm -f "$TMP/ratios"
for _ in 1 2 3; do
	with_tcpdump >>"$TMP/tcpdump.ms"
	with_snoop >>"$TMP/snoop.ms"
done
plain=$(least <"$TMP/tcpdump.ms") own=$(least <"$TMP/snoop.ms")
note "of three: tcpdump -w takes $plain ms for $N packets, $(grep dropped "$TMP/tcpdump" | tr '\n' ' '), snoop $own ms"
check "to memory, within 1.5 times of tcpdump -w" test $((own * 10)) -le $((plain * 15))
check_equal "and all are there" "$(sqlite3 "$in_memory/s.db" 'SELECT count(*) FROM packet')" "$N"
begin=$(date +%s%N)
"$FWCTL" snoop --read "$in_memory/t.pcap" --store "$in_memory/i.db" --dedupe off >/dev/null
import=$(ms "$begin")
note "the import of tcpdump's file takes $import ms: tcpdump and import $((N * 1000 / (plain + import))) packets/s, snoop $((N * 1000 / own))"
check "as many a second as tcpdump -w and an import" test "$own" -le $((plain + import))
umount "$in_memory"

cc -O2 -Wall -o "$TMP/make" "$SOURCE/tests/snoop/make.c" || die "no capture can be made"
"$TMP/make" 10000000 >"$TMP/ten.pcap"
"$FWCTL" snoop --read "$TMP/ten.pcap" --store "$TMP/ten.db" --dedupe off >/dev/null
begin=$(date +%s%N)
"$FWCTL" -j report "$TMP/ten.db" >"$TMP/ten.json"
took=$(ms "$begin")
note "a report on 10,000,000 packets and $(jq .flows "$TMP/ten.json") conversations takes $took ms"
check "a report on ten million packets within 10 s" test "$took" -le 10000
check_equal "of all of them" "$(jq .packets "$TMP/ten.json")" 10000000
begin=$(date +%s%N)
"$FWCTL" -j report "$TMP/ten.db" --from 1 >"$TMP/scan.json"
note "out of the packets themselves, it takes $(ms "$begin") ms"
check "and they say the same" same_report "$TMP/scan.json" "$TMP/ten.json" .traffic
