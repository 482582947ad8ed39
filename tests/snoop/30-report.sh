#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The figures of a report are those of tshark, whether they come from the store's own
# counts, from its packets or from the capture; and what is exported is what was captured.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"
. "$(dirname "$0")/traffic.sh"

network
record "$TMP/real.pcap"
tshark() { command tshark -r "$@" 2>/dev/null; }
report() { "$FWCTL" -j report "$@"; }
dump() { tcpdump -r "$1" -nn -e -xx --time-stamp-precision=nano "${@:2}" 2>/dev/null; }
total=$(tshark "$TMP/real.pcap" | wc -l)
check "there is something to report" test "$total" -gt 300

"$FWCTL" snoop --read "$TMP/real.pcap" --store "$TMP/real.db" --dedupe off >/dev/null ||
	die "it cannot be read into a store"
check_equal "a capture becomes a store" "$(packets real)" "$total"
report "$TMP/real.pcap" --top 1000 >"$TMP/of-capture"
report "$TMP/real.db" --top 1000 >"$TMP/of-store"
report "$TMP/real.db" --top 1000 --from 1 >"$TMP/of-packets"
# All but what only one of them can know.
check "what a store has counted is what its packets are" same_report "$TMP/of-store" "$TMP/of-packets" .traffic
check "and what the capture is" same_report "$TMP/of-capture" "$TMP/of-packets" .traffic
check_equal "the time adds up, however it is cut" "$(for of in store packets capture; do
	jq -c '[.packets, .bytes] - [([.traffic.slots[] | del(.time)[].packets] | add),
		([.traffic.slots[] | del(.time)[].bytes] | add)]' "$TMP/of-$of"; done | sort -u)" '[]'

# tshark's tree of protocols, as far as both go, as "eth:ip:tcp PACKETS BYTES".
known='eth|vlan|ip|ipv6|arp|tcp|udp|icmp|icmpv6|dns'
tshark "$TMP/real.pcap" -q -z io,phs | awk '/frames:/ {
	match($0, /^ */); depth = RLENGTH / 2; path[depth] = $1; text = path[0]
	for (i = 1; i <= depth; i++) text = text ":" path[i]
	split($2, f, ":"); split($3, b, ":"); print text, f[2], b[2]
}' | grep -E "^(($known)(:|\b))+ [0-9]+ [0-9]+$" | sort >"$TMP/phs"
jq -r '.protocols[] | "\(.layers) \(.packets) \(.bytes)"' "$TMP/of-store" |
	grep -E "^(($known)(:|\b))+ [0-9]+ [0-9]+$" | sort >"$TMP/protocols"
check_equal "protocols are those of tshark -z io,phs" "$(cat "$TMP/protocols")" "$(cat "$TMP/phs")"
check "and they are many" test "$(wc -l <"$TMP/phs")" -ge 11

# Conversations: packets by -z conv, bytes by each packet's stream.
tshark "$TMP/real.pcap" -q -z conv,tcp | awk '/<->/ { print $1, $3, $7, $4 + 0 }' |
	awk '{ print $1, $2 }' | sort >"$TMP/conv"
jq -r '.conversations[] | select(.proto == "tcp") | "\(.src):\(.sport) \(.dst):\(.dport)"' \
	"$TMP/of-store" | sort >"$TMP/tcp"
check_equal "TCP's conversations are those of tshark -z conv,tcp" "$(cat "$TMP/tcp")" "$(cat "$TMP/conv")"
tshark "$TMP/real.pcap" -Y tcp -T fields -e tcp.stream -e ip.src -e frame.len | awk '
	!($1 in first) { first[$1] = $2 }
	{ back = $2 != first[$1]; n[$1, back]++; bytes[$1, back] += $3 }
	END { for (s in first) print n[s, 0] + 0, bytes[s, 0] + 0, n[s, 1] + 0, bytes[s, 1] + 0 }' |
	sort >"$TMP/streams"
check_equal "with as many packets and bytes, either way" "$(jq -r '.conversations[] |
	select(.proto == "tcp") | "\(.packets) \(.bytes) \(.packets_back) \(.bytes_back)"' "$TMP/of-store" |
	sort)" "$(cat "$TMP/streams")"
check_equal "UDP's conversations, too" "$(jq -r '[.conversations[] | select(.proto == "udp")] |
	length, ([.[] | .packets + .packets_back] | add)' "$TMP/of-store" | tr '\n' ' ')" \
	"$(tshark "$TMP/real.pcap" -q -z conv,udp | grep -c '<->') $(tshark "$TMP/real.pcap" -Y udp | wc -l) "

# TCP's health.
# tshark takes what comes at once for out of order, though it has seen it before.
again=$(tshark "$TMP/real.pcap" -Y 'tcp.analysis.retransmission || tcp.analysis.out_of_order' | wc -l)
check "packets were sent again" test "$again" -gt 10
check_equal "as many as tshark says" "$(jq '.tcp.retransmissions + .tcp.out_of_order' "$TMP/of-store")" "$again"
check_equal "resets" "$(jq .tcp.resets "$TMP/of-store")" "$(tshark "$TMP/real.pcap" -Y tcp.flags.reset==1 | wc -l)"
check_equal "a handshake for each that was not refused" "$(jq .tcp.handshakes "$TMP/of-store")" \
	"$(tshark "$TMP/real.pcap" -Y 'tcp.flags.syn==1 && tcp.flags.ack==1' -T fields -e tcp.stream | sort -u | wc -l)"
check_equal "the first one took as long" \
	"$(jq '[.conversations[] | select(.handshake_ms)] | min_by(.flow).handshake_ms * 1000 | round' "$TMP/of-store")" \
	"$(tshark "$TMP/real.pcap" -Y 'tcp.stream==0' -T fields -e frame.time_epoch -e tcp.flags |
		awk '/0x0002$/ && !syn { syn = $1 } /0x0010$/ && !done { split(syn, a, "."); split($1, b, ".")
			printf "%.0f\n", (b[1] - a[1]) * 1e6 + (b[2] - a[2]) / 1000; done = 1 }')"
check_equal "names: DNS" "$(jq -c '[.names.dns[] | [.name, .packets]]' "$TMP/of-store")" \
	'[["a.example",2],["b.example",1]]'
check_equal "HTTP" "$(jq -r '.names.http[].name' "$TMP/of-store" | sort)" \
	"$(tshark "$TMP/real.pcap" -T fields -e http.host -Y http.host | sort -u)"
check_equal "TLS" "$(jq -c '[.names.tls[] | .name]' "$TMP/of-store")" '["secure.example.net"]'
check_equal "talkers" "$(jq -r '.talkers[] | select(.address == "10.0.9.2") | "\(.packets_sent) \(.bytes_sent)"' "$TMP/of-store")" \
	"$(tshark "$TMP/real.pcap" -Y 'ip.src==10.0.9.2' -T fields -e frame.len | awk '{ n++; s += $1 } END { print n, s }')"
check_equal "ports" "$(jq -r '.ports[] | select(.port == 80) | "\(.proto) \(.packets)"' "$TMP/of-store")" \
	"tcp $(tshark "$TMP/real.pcap" -Y 'tcp.port==80' | wc -l)"

# Selections, of a store and of a capture alike.
middle=$(sql real "SELECT printf('%d.%09d', ts_ns / 1000000000, ts_ns % 1000000000) FROM packet WHERE id = $total - 40")
flow=$(jq '[.conversations[] | select(.dport == 443)][0].flow' "$TMP/of-store")
first=$(tshark "$TMP/real.pcap" -Y 'tcp.port==443' -T fields -e tcp.port | head -n 1)
while IFS='|' read -r filter options; do
	want=$(dump "$TMP/real.pcap" "$filter" | grep -c '^[0-9]')
	# shellcheck disable=SC2086  # words
	check_equal "selected: $options" "$(report "$TMP/real.db" $options | jq .packets) $(report "$TMP/real.pcap" $options | jq .packets)" \
		"$want $want"
	[ "$want" -gt 0 ] || fail "nothing is selected by $options"
done <<-SELECTIONS
	(ip and host 10.0.9.1) or (vlan and ip and host 10.0.9.1)|--host 10.0.9.1
	ip6 and host 2001:db8:9::1|--host 2001:db8:9::1
	port 53|--port 53
	arp|--proto arp
	vlan 5|--proto vlan
	icmp|--proto 1
	tcp port 443|--proto tcp --port 443
	tcp port 443 and port ${first%,*} and port ${first#*,}|--flow $flow
SELECTIONS
for options in "--from $middle" "--to $middle"; do
	# shellcheck disable=SC2086  # words
	check_equal "selected: $options" "$(report "$TMP/real.db" $options | jq .packets) $(report "$TMP/real.pcap" $options | jq .packets)" \
		"$(sql real "SELECT iif('$options' LIKE '--to%', $total - 41, 41) || ' ' || iif('$options' LIKE '--to%', $total - 41, 41)")"
done

# The time that a person reads is one that --from takes.
begin=$(TZ=WEST9 "$FWCTL" report "$TMP/real.db" | sed -En 's/^([-0-9]+) ([0-9:]+) WEST to .*/\1T\2/p')
check_equal "all is after the beginning, in local time" \
	"$(TZ=WEST9 "$FWCTL" -j report "$TMP/real.db" --from "$begin" | jq .packets)" "$total"
check "the page has it as well" env TZ=WEST9 "$FWCTL" report "$TMP/real.db" --html "$TMP/west.html"
check "in the same words" grep -q ">${begin/T/ } WEST to " "$TMP/west.html"

# A time that a clock could not have meant, and one that 32 bits with a sign cannot hold.
"$PYTHON" -I -S - "$TMP/times.pcap" <<-'PY'
	import struct, sys
	with open(sys.argv[1], "wb") as out:
	    out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
	    for n, seconds in enumerate([2**32 - 2, 100, 101, 102, 103, 2**31 + 5, 102, 0]):
	        frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5" + struct.pack(">I", n)
	        out.write(struct.pack("<IIII", seconds, 7, len(frame), len(frame)) + frame)
PY
"$FWCTL" snoop --read "$TMP/times.pcap" --store "$TMP/times.db" >/dev/null
while read -r want options; do
	# shellcheck disable=SC2086  # words
	check_equal "of odd times, selected: ${options:-all}" \
		"$(report "$TMP/times.db" $options | jq .packets) $(report "$TMP/times.pcap" $options | jq .packets)" "$want $want"
done <<-SELECTIONS
	8
	7 --from 1
	3 --from 102 --to 103.000008
	2 --from 101.000008 --to 103
	2 --from 2000000000
	1 --from 2147483648 --to 2147483654
	1 --to 50
SELECTIONS
check_match "what is read for them are the rows of these seconds" \
	"$(sqlite3 "$TMP/times.db" "EXPLAIN QUERY PLAN SELECT min(first_packet) FROM traffic WHERE at_s BETWEEN 102 AND 103")" \
	'SEARCH traffic USING PRIMARY KEY'

# Exports.
for from in db pcap; do
	"$FWCTL" report "$TMP/real.$from" --pcapng "$TMP/$from.pcapng" --jsonl "$TMP/$from.jsonl" ||
		fail "no export of the $from"
	check_equal "pcapng of the $from: byte for byte, to the nanosecond, by tcpdump" \
		"$(dump "$TMP/$from.pcapng" | sha256sum)" "$(dump "$TMP/real.pcap" | sha256sum)"
	check_equal "by tshark" "$(tshark "$TMP/$from.pcapng" -T fields -e frame.time_epoch -e frame.len -e vlan.id | sha256sum)" \
		"$(tshark "$TMP/real.pcap" -T fields -e frame.time_epoch -e frame.len -e vlan.id | sha256sum)"
done
check_match "capinfos takes it" "$(capinfos "$TMP/db.pcapng" 2>&1)" "Number of packets: *$total|time precision: *nanoseconds"
"$FWCTL" report "$TMP/real.db" --port 53 --pcapng - >"$TMP/53.pcapng"
check_equal "an export is the selection" "$(dump "$TMP/53.pcapng" | sha256sum)" "$(dump "$TMP/real.pcap" 'port 53' | sha256sum)"
check_equal "and a source again" "$(report "$TMP/53.pcapng" | jq .packets)" "$(dump "$TMP/53.pcapng" | grep -c '^[0-9]')"
check_equal "JSON lines: an object a packet, its bytes among them" \
	"$(jq -r .raw "$TMP/db.jsonl" | while read -r raw; do base64 -d <<<"$raw" | xxd -p | tr -d '\n'; echo; done | head -n 20 | sha256sum)" \
	"$(sql real 'SELECT lower(hex(raw)) FROM packet ORDER BY id LIMIT 20' | sha256sum)"
check_equal "with time, conversation and VLAN" \
	"$(jq -r '[.packet, .flow, .time, .len, .vlan // "", .dups] | join("|")' "$TMP/db.jsonl")" \
	"$(sql real "SELECT id, flow_id, strftime('%Y-%m-%dT%H:%M:%S', ts_ns / 1000000000, 'unixepoch') ||
		printf('.%09dZ', ts_ns % 1000000000), len, vlan, dups FROM packet ORDER BY id")"
check_equal "and with ends" "$(jq -r 'select(.sport) | [.src, .sport, .dst, .dport] | map(tostring) | join(" ")' "$TMP/db.jsonl")" \
	"$(tshark "$TMP/real.pcap" -Y 'tcp||udp' -T fields -E separator=' ' -e ip.src -e tcp.srcport -e udp.srcport -e ip.dst -e tcp.dstport -e udp.dstport | tr -s ' ' | sed 's/ $//')"

check_match "text has it all" "$("$FWCTL" report "$TMP/real.db" | tr '\n' ' ')" \
	'Traffic over time.*Protocols.*Talkers.*Conversations.*Ports.*DNS.*a.example.*HTTP.*TLS.*TCP.*sent again'
wrong() { "$FWCTL" report "$@" 2>&1; echo "status $?"; }
check_match "no such file" "$(wrong "$TMP/none.db")" 'none.db: No such file'
check_match "no such protocol" "$(wrong "$TMP/real.db" --proto tpc)" 'the protocol .tpc. is not known'
check_match "no such address" "$(wrong "$TMP/real.db" --host 10.0.9)" '.10.0.9. is not an address'
check_match "no such time" "$(wrong "$TMP/real.db" --from yesterday)" 'is no value for --from'
check_match "a time that ends before it begins" "$(wrong "$TMP/real.db" --from 9 --to 8)" 'not after --from'
# As much in each second: 150 slots of time, in 60 columns.
sqlite3 "$TMP/real.db" ".clone $TMP/steady.db" >/dev/null
sqlite3 "$TMP/steady.db" "PRAGMA application_id = $(sql real 'PRAGMA application_id'); PRAGMA user_version = 2;
	DELETE FROM traffic; WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 599)
	INSERT INTO traffic (at_s, layers, packets, bytes) SELECT 1700000000 + x, 'eth:ip', 10, 20000 FROM n" >/dev/null
plot() { "$FWCTL" report "$TMP/steady.db" | sed -n '/Traffic over time/,/each column/p'; }
check_equal "steady traffic is a plain" "$(plot | sed -n 3p)" "  $(printf '█%.0s' {1..60})"
check_match "of what it is" "$(plot)" '19\.[0-9] KiB/s'
for umask in 000 022 027; do
	(umask $umask && "$FWCTL" report "$TMP/real.db" --flow 1 --pcapng "$TMP/$umask.pcapng" \
		--jsonl "$TMP/$umask.jsonl" --html "$TMP/$umask.html")
done
check_equal "what is written is for its owner, or for whom the umask chooses" \
	"$(stat -c %a "$TMP"/0??.* | xargs)" "600 600 600 600 600 600 640 640 640"
check_match "no place to write to" "$(wrong "$TMP/real.db" --pcapng /none/x)" '/none/x cannot be written'
check_match "a full disk" "$(wrong "$TMP/real.db" --pcapng /dev/full)" '/dev/full cannot be written'

# A database of somebody else's may hold anything.
cp "$TMP/real.db" "$TMP/foreign.db"
sqlite3 "$TMP/foreign.db" "UPDATE capture SET source = char(27) || '[2J'; UPDATE flow SET src = char(27) || 'c' || src;
	UPDATE name SET name = char(27) || ']0;x' || char(7)"
check_equal "none of it reaches a terminal" "$("$FWCTL" report "$TMP/foreign.db" | tr -dc '\033\007' | wc -c)" 0
cp "$TMP/real.db" "$TMP/hostile.db"
sqlite3 "$TMP/hostile.db" "UPDATE flow SET bytes = 1143750000; UPDATE traffic SET bytes = 1"
check "sums that contradict each other do no harm" "$FWCTL" report "$TMP/hostile.db"
sqlite3 "$TMP/hostile.db" "DROP TABLE name; CREATE VIEW name AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL
	SELECT x + 1 FROM n) SELECT 1 AS flow_id, 'dns' AS kind, x AS name, 1 AS packets FROM n"
timeout 20 "$FWCTL" report "$TMP/hostile.db" >/dev/null 2>&1
check_equal "nor does a table that never ends" "$?" 2
for output in pcapng jsonl html; do
	check_match "a store is not what is made of it: $output" \
		"$(wrong "$TMP/real.db" --$output "$TMP/real.db")" 'is what the report is on'
done
check "it is still there" "$FWCTL" -j report "$TMP/real.db"
check_match "but is shown" "$("$FWCTL" report "$TMP/foreign.db")" 'captured on \?\[2J'

# What is damaged: as far as it can be read, and what is wrong.
size=$(stat -c %s "$TMP/real.pcap")
head -c $((size / 2)) "$TMP/real.pcap" >"$TMP/cut.pcap"
check_match "a capture that is cut" "$(wrong -j "$TMP/cut.pcap")" 'truncated.*packets before that could be read'
check "what is before that is reported" test "$(report "$TMP/cut.pcap" 2>/dev/null | jq .packets)" -gt 50
cp "$TMP/real.db" "$TMP/broken.db"
page=$(sql real "SELECT pageno FROM dbstat WHERE name = 'packet' AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1 OFFSET 2" 2>/dev/null ||
	echo $((2 * $(stat -c %s "$TMP/real.db") / 16384 / 3)))
dd if=/dev/urandom of="$TMP/broken.db" bs=16384 seek=$((page - 1)) count=1 conv=notrunc 2>/dev/null
check_match "a database that is damaged" "$(wrong -j "$TMP/broken.db" --from 1)" 'malformed; the [0-9]+ packets before that could be read'
check_match "its status says so" "$(wrong -j "$TMP/broken.db" --from 1)" 'status 2'
check "what is before that is reported" test "$(report "$TMP/broken.db" --from 1 2>/dev/null | jq .packets)" -gt 10
head -c 40000 "$TMP/real.db" >"$TMP/short.db"
check_equal "one that is cut short" "$(wrong "$TMP/short.db")" \
	"fwctl: $TMP/short.db: database disk image is malformed
status 1"
cp "$TMP/real.db" "$TMP/older.db"
sqlite3 "$TMP/older.db" 'PRAGMA user_version = 1'
check_match "one of another version" "$(wrong "$TMP/older.db")" 'has version 1 of the schema, this fwctl reads 2; report on it with'
check_match "nothing is recorded into it" \
	"$("$FWCTL" snoop --read "$TMP/real.pcap" --store "$TMP/older.db" 2>&1)" \
	'has version 1 of the schema, this fwctl writes 2; name another file'
head -c 50000 /dev/urandom >"$TMP/noise"
check_match "what is neither" "$(wrong "$TMP/noise")" 'noise: unknown file format'
: >"$TMP/empty"
check_equal "an empty file" "$(wrong "$TMP/empty")" \
	"fwctl: $TMP/empty: truncated dump file; tried to read 4 file header bytes, only got 0
status 1"
