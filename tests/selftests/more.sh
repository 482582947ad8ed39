# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases about behaviour share, on top of lib.sh.

# --- python programs that do as they are told ---------------------------------

declare -A CONTROL_INPUT CONTROL_OUTPUT

# control ID NAMESPACE PROGRAM ARG...: starts it, to read what is written to
# ${CONTROL_INPUT[ID]} and to answer each line by one.
control() {
	local id=$1 input output
	mkfifo "$TMP/control-$id.in" "$TMP/control-$id.out"
	# Opened for both, so that nobody waits for the other end.
	exec {input}<>"$TMP/control-$id.in" {output}<>"$TMP/control-$id.out"
	in_ns "$2" "$PYTHON" -I -S "${@:3}" <&"$input" >&"$output" 2>&1 &
	CONTROL_INPUT[$id]=$input
	CONTROL_OUTPUT[$id]=$output
}

# told ID: waits for the next answer, and succeeds if it is "done"; 126 if none comes.
told() {
	local answer
	read -r -t 10 -u "${CONTROL_OUTPUT[$1]}" answer
	echo "${answer:-no answer}"
	[ -n "$answer" ] || return 126
	[ "$answer" = "done" ]
}

# --- what a program may do ----------------------------------------------------

# only_asks PID: it is nobody, and has no capability but CAP_NET_ADMIN. rights PID: all of it.
rights() { sed -nE 's/^(Uid|Groups|CapPrm|CapEff):\t ?//p' "/proc/$1/status" | tr '\t\n' '  '; }
only_asks() {
	local uid
	uid=$(id -u nobody)
	[ "$(rights "$1")" = "$uid $uid $uid $uid  0000000000001000 0000000000001000 " ]
}

# --- packets that no honest host would send -----------------------------------

# craft NAMESPACE [OPTION...] EXPRESSION...: see packet.py, which goes on running.
craft() {
	local id=craft-$1
	[ -n "${CONTROL_INPUT[$id]:-}" ] || control "$id" "$1" "$TESTS/packet.py"
	(IFS=$'\t' && echo "${*:2}") >&"${CONTROL_INPUT[$id]}"
	told "$id" >"$TMP/told" || die "cannot send packets" "${*:2}
$(<"$TMP/told")"
}

# link_address NAMESPACE INTERFACE: its MAC address.
link_address() { ip -n "$1" -json link show "$2" | jq -r '.[0].address'; }

# --- what arrives -------------------------------------------------------------

# watch NAME NAMESPACE INTERFACE FILTER...: from now on, notes each packet that
# comes in there and that FILTER (as in tcpdump) matches. seen NAME: how many.
watch() {
	local name=$1
	# Not tcpdump's "inbound": it matches nothing on these interfaces.
	in_ns "$2" tcpdump -Z root -i "$3" -n -l --immediate-mode -Q in "${@:4}" \
		>"$TMP/watch-$name" 2>"$TMP/watch-$name.err" &
	busywait 20 grep -q 'listening on' "$TMP/watch-$name.err" ||
		die "cannot watch $3" "$(cat "$TMP/watch-$name.err")"
}
seen() {
	local lines
	settle
	mapfile -t lines <"$TMP/watch-$1"
	echo "${#lines[@]}"
}

# settle: gives what is under way 0.3 s to arrive.
settle() { read -r -t 0.3 -u "$NEVER"; }
mkfifo "$TMP/never"
exec {NEVER}<>"$TMP/never"

# check_seen NAME WATCHED EXPECTED: so many packets have come, and no more.
check_seen() {
	local count
	count=$(seen "$2")
	if [ "$count" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "is:       $count packets
expected: $3
$(tail -n 20 "$TMP/watch-$2")"
	fi
}

# check_arrives NAME WATCHED COUNT NAMESPACE [OPTION...] EXPRESSION...: that
# many packets more have come in after these were sent.
check_arrives() {
	local before
	mapfile -t before <"$TMP/watch-$2"
	craft "${@:4}"
	check_seen "$1" "$2" $((${#before[@]} + $3))
}

# watch_outside: watches what reaches $OUTSIDE, as "outside", but for ARP,
# neighbour discovery and multicast listener reports.
watch_outside() {
	watch outside "$OUTSIDE" eth0 not arp and \
		not '(icmp6 and ip6[40] >= 133 and ip6[40] <= 136)' and \
		not '(ip6[6] = 0 and ip6[48] = 143)'
}

# --- what is dropped ----------------------------------------------------------

# drops_since STATUS: the counters of drops that have moved since `fw -j status`
# printed that, on one line, by name: "policy 2 state 1".
drops_since() {
	local status
	# Or a router that does not answer had dropped nothing.
	status=$(fw -j status) || { echo "no status"; return; }
	jq -r --argjson old "$1" '.drops | to_entries | sort_by(.key) |
		map(.value -= ($old.drops[.key] // 0) | select(.value != 0) | "\(.key) \(.value)") |
		join(" ")' <<<"$status"
}

# drops: the same, since the beginning.
drops() { drops_since '{}'; }

# check_drops NAME EXPECTED NAMESPACE [OPTION...] EXPRESSION...: these packets
# are dropped, and counted just so: "spoofed 1".
check_drops() {
	local name=$1 expected=$2 before
	shift 2
	before=$(fw -j status)
	craft "$@"
	check_equal "$name" "$(drops_since "$before")" "$expected"
}

# --- under load ---------------------------------------------------------------

# chatter NAMESPACE ADDRESS PORT: from now on sends a datagram there each millisecond,
# always from the same port.
chatter() {
	in_ns "$1" "$PYTHON" -I -S - "$2" "$3" <<-'PYTHON' &
		import socket, sys, time
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		while True:
		    try:
		        sock.sendto(b"x" * 64, (sys.argv[1], int(sys.argv[2])))
		    except OSError:
		        pass
		    time.sleep(0.001)
	PYTHON
}

# loaded: waits until the router has flows, some on the fast path, and drops what
# comes from outside. Without jq, which would take most of the time of a case that asks this often.
loaded() {
	local tries status
	for ((tries = 0; tries < 50; tries++)); do
		status=$(fw -j status) &&
			[[ $status =~ \"flows\":\ *([0-9]+) ]] && ((BASH_REMATCH[1] > 20)) &&
			[[ $status =~ \"fast\":\ *[1-9] ]] &&
			[[ $status =~ \"policy\":\ *[1-9] ]] && return
	done
	return 1
}

# --- flows --------------------------------------------------------------------

# flow FILTER: the flows that the jq filter selects, one a line.
flow() {
	local flows
	flows=$(flows_json) || { echo "no list of flows"; return; }
	jq -c ".[] | select($1)" <<<"$flows"
}

# check_flow NAME SELECT FILTER: there is exactly one flow that the jq filter
# SELECT selects, and for it FILTER is true.
check_flow() {
	local flows
	flows=$(flows_json)
	if jq -e "map(select($2)) | length == 1 and (.[0] | $3)" <<<"$flows" >/dev/null; then
		pass "$1"
	else
		fail "$1" "is:       $(jq -c ".[] | select($2)" <<<"$flows")
selected: $2
expected: $3"
	fi
}

# The two entries of a flow are each other's inverse. For check_flow.
# shellcheck disable=SC2034  # the cases use it
INVERTED='.original.src == .reply.dst and .original.dst == .reply.src and
	.original.sport == .reply.dport and .original.dport == .reply.sport and
	.original.icmp_id == .reply.icmp_id and .original.key == .reply.key and
	.original.ttl > 0 and .reply.ttl > 0'

# --- connections under control ------------------------------------------------

# session NAME NAMESPACE tcp|udp ADDRESS PORT [SOURCE-PORT]: opens it.
session() {
	control "$1" "$2" "$TESTS/session.py" "${@:3}"
	told "$1"
}

# tell NAME COMMAND...: see session.py; succeeds if it did.
tell() {
	echo "${*:2}" >&"${CONTROL_INPUT[$1]}"
	told "$1"
}

# --- events -------------------------------------------------------------------

# watch_events: records the router's events from now on, one JSON object a line,
# in $TMP/events. event_count FILTER: those of them that the jq filter selects.
watch_events() {
	"$FWCTL" -n "$ROUTER" -j monitor >"$TMP/events" 2>"$TMP/events.err" &
	# It listens once a change of the ruleset shows.
	busywait 10 heard_a_change || die "fwctl monitor hears nothing" "$(cat "$TMP/events.err")"
}
heard_a_change() {
	fw set dhcp on
	sleep 0.2
	grep -q ruleset "$TMP/events"
}
event_count() { jq -s "map(select($1)) | length" "$TMP/events"; }
event_seen() { [ "$(event_count "$1")" -gt 0 ]; }

# --- the kernel log -----------------------------------------------------------

# unexpected_log: what the kernel has said since the case began, without what it
# says of any module, link, server or slow machine.
unexpected_log() {
	kernel_log | grep -Ev 'module verification failed|out-of-tree module|link becomes ready' |
		grep -Ev 'hrtimer: interrupt took|Possible SYN flooding|br0: port|(promiscuous|allmulticast) mode|no longer available by default'
}

# --- the topology -------------------------------------------------------------

# no_icmp_limits NAMESPACE...: each ICMP error is sent, at once.
no_icmp_limits() {
	local namespace
	for namespace; do
		in_ns "$namespace" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
}

# black_hole: 203.0.113.0/24 and 2001:db8:9::/48 are outside and answer nothing.
# $NOWHERE4 and $NOWHERE6 are one address of each.
# shellcheck disable=SC2034  # the cases use these
black_hole() {
	NOWHERE4=203.0.113.9 NOWHERE6=2001:db8:9::9
	ip -n "$ROUTER" route add 203.0.113.0/24 via "$OUTSIDE4"
	ip -n "$ROUTER" route add 2001:db8:9::/48 via "$OUTSIDE6"
	ip -n "$OUTSIDE" route add blackhole 203.0.113.0/24
	ip -n "$OUTSIDE" route add blackhole 2001:db8:9::/48
}

# --- the machine ----------------------------------------------------------------

# hold_hooks: somebody else uses the hooks all the time. The kernel changes its own code when
# the first one comes and the last one goes; QEMU 7.2, emulating several processors, has one of
# them execute what another is changing, and the guest dies of an int3. It does so within
# seconds without FlowWall, when a hook of nftables at ingress comes and goes under a flood;
# others have met it in the same place: github.com/multipath-tcp/mptcp_net-next/issues/471.
hold_hooks() {
	local hook held
	setup_ns held
	{
		echo "table netdev held { chain ingress { type filter hook ingress device lo priority 0; }; }"
		for hook in prerouting input forward output postrouting; do
			echo "table inet held { chain $hook { type filter hook $hook priority 0; }; }"
		done
	} | in_ns "$held" nft -f - || die "the hooks are not held"
}
