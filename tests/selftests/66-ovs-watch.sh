#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1500
# kernel: none, unless in full
#
# `fwctl ovs watch`: the members of the kernel module's groups are followed, under load,
# without a packet that neither state allows and without losing one that both do; and
# after a crash of ovs-vswitchd everything comes back, with nothing passing in between.
. "$(dirname "$0")/lib.sh"
. "$TESTS/more.sh"
. "$TESTS/ovs.sh"

need jq

start_ovs
[ "$DATAPATH" = netdev ] || load_module
make_bridge
setup_ns GOOD BAD TURN DB
host_at "$GOOD" 1
host_at "$BAD" 2
host_at "$TURN" 3
host_at "$DB" 4
bare_bridge "$GOOD" 10.0.9.4
for host in "$GOOD" "$BAD" "$TURN"; do
	pings "$host" 10.0.9.4 >/dev/null || die "the bare bridge does not forward"
done
listen_tcp "$DB" 80

# GOOD is always allowed, BAD never, TURN now and then.
rules() {
	cat <<-RULES
		group db host 10.0.9.4
		group web host 10.0.9.1 $1
		ovs bridge br0 secure
		ovs host good port p1 addr 10.0.9.1
		ovs host bad port p2 addr 10.0.9.2
		ovs host turn port p3 addr 10.0.9.3
		ovs host db port p4 addr 10.0.9.4
		ovs segment br0 allow group web to group db
	RULES
}
ovs_apply < <(rules '')
# The module's groups go before those of the file; in user space's datapath's case, which is
# for machines whose kernel takes no module, the file changes.
if [ "$DATAPATH" = netdev ]; then
	join() { ovs_apply < <(rules 'host 10.0.9.3'); }
	leave() { ovs_apply < <(rules ''); }
else
	"$FWCTL" apply "$TMP/bridges" >"$TMP/applied" || die "the ruleset is refused"
	check_match "apply says who installs what is about bridges" "$(cat "$TMP/applied")" \
		'^6 statements are about bridges: fwctl ovs apply '
	check_match "save has the statements" "$("$FWCTL" save)" \
		'^ovs segment br0 allow group web to group db$'
	join() { "$FWCTL" group add web host 10.0.9.3; }
	leave() { "$FWCTL" group del web host 10.0.9.3; }
fi
"$FWCTL" ovs watch >"$TMP/watch" 2>&1 &
watcher=$!
check "a host that joins" join
check "is let in" busywait 10 tcp_connects "$TURN" 10.0.9.4 80
session held "$TURN" tcp 10.0.9.4 80
check "its connection works" tell held echo 10
first_change() { sed -n 1p "$TMP/watch" | grep -q '^br0: 0 flows removed, 2 added'; }
[ "$DATAPATH" = netdev ] || check "it is two flows more, nothing else" busywait 10 first_change
leave
ended() { ! tell held echo 10; }
check "when it leaves, that ends" busywait 20 ended
check_fails "and it begins none" tcp_connects "$TURN" 10.0.9.4 80
[ "$DATAPATH" = netdev ] ||
	check_match "the watcher ended it" "$(cat "$TMP/watch")" ' [1-9][0-9]* connections? ended'

# What waits to change flows is no more than a help.
waiting() { pgrep -P "$watcher" -f 'add-flows br0 -$'; }
check "a program waits for the next change" busywait 10 waiting
kill -KILL "$(waiting)"
check "without it" join
check "a host that joins is let in all the same" busywait 10 tcp_connects "$TURN" 10.0.9.4 80
leave
check "and the next one waits" busywait 10 waiting

# --- under load -----------------------------------------------------------------

# load NAME NAMESPACE ARGUMENT...: runs steady.py; LOAD[NAME] is its standard input.
declare -A LOAD
load() {
	local fd
	mkfifo "$TMP/load-$1"
	in_ns "$2" $PYTHON -I -S "$TESTS/steady.py" "${@:3}" <"$TMP/load-$1" >"$TMP/load-$1.out" 2>&1 &
	exec {fd}>"$TMP/load-$1"
	LOAD[$1]=$fd
}
end_load() { # NAME: prints how many it has sent
	local fd=${LOAD[$1]}
	echo >&"$fd"
	busywait 10 grep -q . "$TMP/load-$1.out"
	cat "$TMP/load-$1.out"
	exec {fd}>&-
	rm "$TMP/load-$1"
}
# received HOST: how many came of it.
counted() {
	local before lines
	before=$(wc -l <"$TMP/load-count.out")
	echo >&"${LOAD[count]}"
	lines() { [ "$(wc -l <"$TMP/load-count.out")" -gt "$before" ]; }
	busywait 10 lines
	tail -n 1 "$TMP/load-count.out"
}
received() { counted | grep -o "10\.0\.9\.$1 [0-9]*" | cut -d ' ' -f 2 | grep . || echo 0; }

load count "$DB" count 7
busywait 20 grep -q ready "$TMP/load-count.out" || die "no counter"
load good "$GOOD" send 10.0.9.4 7 0.05
load bad "$BAD" send 10.0.9.4 7 0.05
changes=$(rounds 1000 50)
session always "$GOOD" tcp 10.0.9.4 80
check "a connection that is allowed all the time" tell always echo 10
# The watcher may take several changes for one; each fifth one is awaited.
member() { "${OFCTL[@]}" dump-flows br0 table=21 | grep -q nw_src=10.0.9.3; }
no_member() { ! member; }
wrong=0
for ((i = 0; i < changes / 2; i++)); do
	join || wrong=$((wrong + 1))
	[ $((i % 5)) -gt 0 ] || busywait 20 member || wrong=$((wrong + 1))
	leave || wrong=$((wrong + 1))
	[ $((i % 5)) -gt 0 ] || busywait 20 no_member || wrong=$((wrong + 1))
done
check "that connection lives" tell always echo 10
sent=$(end_load good)
tried=$(end_load bad)
settled() { [ "$(received 1)" -ge "$sent" ]; }
busywait 5 settled
check_equal "$changes changes: all are made and followed" "$wrong" 0
check_equal "none of $sent packets that both states allow is lost" "$(received 1)" "$sent"
check_equal "none of $tried that neither allows has passed" "$(received 2)" 0
check "both were sent" [ "$sent" -gt 50 -a "$tried" -gt 50 ]

# --- a crash --------------------------------------------------------------------

load good "$GOOD" send 10.0.9.4 7 0.05
load bad "$BAD" send 10.0.9.4 7 0.05
more() { [ "$(received 1)" -gt "$1" ]; }
check "packets pass" busywait 10 more "$(received 1)"
kill_vswitchd
# What the kernel knew, the watcher takes out of it.
quiet() { then=$(received 1) && sleep 0.5 && [ "$(received 1)" = "$then" ]; }
check "without ovs-vswitchd soon nothing passes" busywait 10 quiet
sleep 1
check_equal "and nothing does" "$(received 1)" "$then"
start_vswitchd
back=$EPOCHREALTIME
check "when it is back, packets pass again" busywait 10 more "$then"
took=$(awk -v back="$back" -v now="$EPOCHREALTIME" 'BEGIN { printf "%d", (now - back) * 1000 }')
# 2 s is what is asked for; a guest's processor, which is emulated, gets three times that.
limit=2000
[ "$DATAPATH" = netdev ] || limit=6000
check "within $limit ms: $took ms" [ "$took" -le "$limit" ]
check_equal "none that is not allowed has passed" "$(received 2)" 0

# --- what else somebody does to the bridge ---------------------------------------

ovs-vsctl --timeout=20 del-port br0 p1
check "a port that goes is no trouble" kill -0 "$watcher"
ovs-vsctl --timeout=20 add-port br0 p1
check "when it is back, its host is" busywait 20 more "$(received 1)"
"${OFCTL[@]}" del-flows br0
check "flows that are taken away come back" busywait 30 more "$(received 1)"
check_equal "none that is not allowed has passed" "$(received 2)" 0
end_load good >/dev/null
end_load bad >/dev/null

ours() { "${OFCTL[@]}" dump-aggregate br0 cookie=0x4657000000000000/0xfffffffffffffff0 |
	grep -o 'flow_count=[0-9]*'; }
back() { [ "$(ours)" != flow_count=0 ]; }

# A file that is damaged is told of once, and the bridges stay as they are.
cp /var/lib/flowwall/ovs.rules "$TMP/state"
echo nonsense >/var/lib/flowwall/new
before=$(ours)
mv /var/lib/flowwall/new /var/lib/flowwall/ovs.rules
damaged() { grep -q 'is damaged' "$TMP/watch"; }
check "a damaged file is told of" busywait 20 damaged
sleep 3
check_equal "once" "$(grep -c 'ovs.rules:1:' "$TMP/watch")" 1
check_equal "the bridge stays as it is" "$(ours)" "$before"
cp "$TMP/state" /var/lib/flowwall/new
mv /var/lib/flowwall/new /var/lib/flowwall/ovs.rules

# A bridge that fails does not keep the others from coming back.
ovs-vsctl --timeout=20 add-br aa -- set bridge aa datapath_type="$DATAPATH" || die "no bridge"
ovs_apply < <(echo 'ovs bridge aa secure'; rules '')
ovs-vsctl --timeout=20 set bridge aa protocols=OpenFlow10
"${OFCTL[@]}" del-flows br0
check "beside a bridge that fails, flows come back" busywait 30 back
heard() { grep -q 'does not speak OpenFlow' "$TMP/watch"; }
check "what fails is told" busywait 20 heard
ovs-vsctl --timeout=20 clear bridge aa protocols

# A mirror is one of those of its ports that are there.
internal_port() { ovs-vsctl --timeout=20 add-port aa "$1" -- set interface "$1" type=internal; }
for port in m1 m2 m3; do
	internal_port "$port"
done
ovs_apply < <(printf '%s\n' 'ovs bridge aa secure' 'ovs mirror aa between m1 and m2 to m3'; rules '')
mirrors() { # NUMBER OF PORTS
	[ "$(ovs-vsctl --timeout=20 get mirror flowwall-m3 select_src_port select_dst_port |
		grep -Eo '[0-9a-f-]{36}' | wc -l)" = $((2 * $1)) ]
}
check "there is a mirror" mirrors 2
ovs-vsctl --timeout=20 del-port aa m2
sleep 3
check "without one of its ports, it is one of the other" mirrors 1
internal_port m2
check "when that is back, of both" busywait 20 mirrors 2

# --- while somebody else changes bridges --------------------------------------------

# The watcher sees that flows are missing, and waits; meanwhile nothing is to be in force
# any more, as by clear.
exec {lock}>/var/lib/flowwall/ovs.lock
flock "$lock"
"${OFCTL[@]}" del-flows br0
sleep 7
check_equal "while somebody else has the lock, the watcher changes nothing" "$(ours)" flow_count=0
cp /var/lib/flowwall/ovs.rules /var/lib/flowwall/kept
rm /var/lib/flowwall/ovs.rules
flock -u "$lock"
sleep 3
check_equal "what is not in force any more does not come back" "$(ours)" flow_count=0
mv /var/lib/flowwall/kept /var/lib/flowwall/ovs.rules
check "what is, does" busywait 20 back
flock "$lock"
"${OFCTL[@]}" del-flows br0
sleep 7
check_match "the watcher told of it" "$(cat "$TMP/watch")" 'ovs-vswitchd has ended'
only_one() { [ "$(waiting | wc -l)" = 1 ]; }
check "after all that, one program waits for the next change" busywait 10 only_one
kill -STOP "$(waiting)"
kill "$watcher"
dead() { ! kill -0 "$1"; }
check "the watcher ends when told to" busywait 5 dead "$watcher"
check_fails "and what waits for it does" pgrep -f 'add-flows br0 -$'
