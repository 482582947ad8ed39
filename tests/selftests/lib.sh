# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What FlowWall's selftests share. How to write a case:
#
# 1. A case is an executable tests/selftests/NAME.sh, at best 100 lines long:
#
#	#!/usr/bin/env bash
#	# SPDX-License-Identifier: GPL-2.0-or-later
#	# limit: 60            (seconds the case may take; 120 unless given)
#	#
#	# What must hold, in a sentence or two.
#	. "$(dirname "$0")/lib.sh"
#
#	topology
#	fw_rules <<-RULES
#		allow in tcp to $INSIDE4 port 80 id web
#	RULES
#	listen_tcp "$INSIDE" 80 81
#	check "port 80 is open" tcp_connects "$OUTSIDE" "$INSIDE4" 80
#	check_fails "port 81 is not" tcp_connects "$OUTSIDE" "$INSIDE4" 81
#	check_equal "it was dropped by policy" "$(drop_count policy)" 1
#
# 2. `check` and its kin print one TAP line each. No exit is needed: the case's
#    status follows from them (0 passed, 1 failed, 4 skipped). The plan is
#    printed at the end. `skip "why"` ends a case that cannot run here.
#
# 3. A case owns all it makes: namespaces with random names, $TMP for files,
#    processes. All of it goes when the case ends, however it ends.
#
# 4. Wait with `busywait SECONDS COMMAND...`, never with a bare sleep.
#
# 5. On a case's first failure the state is shown: fwctl status, addresses and
#    routes, the last packets seen by the router, the kernel log.
#
# 6. Run it: tests/selftests/run.sh -t NAME [-k 6.1|6.12] [-v]
#    On a machine of its own kind, without a guest: tests/selftests/run-here.sh
#
# A case in another language does the same by hand: TAP lines, a plan, a status.

set -u
export LC_ALL=C

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
SOURCE=$(cd "$TESTS/../.." && pwd -P)
# The program and the module under test.
FWCTL=${FWCTL:-$SOURCE/tool/fwctl}
FLOWWALL_KO=${FLOWWALL_KO:-$SOURCE/flowwall.ko}
# The same language, started in an eighth of the time where the processor is emulated, which
# is a fifth of what the cases take. It sorts the members of what it prints.
jq() { gojq "$@"; }
# Debian's own python, which has scapy; another one may come first in PATH.
PYTHON=/usr/bin/python3

TMP=$(mktemp -d "${TMPDIR:-/tmp}/flowwall.XXXXXX")
FLOWWALL_NAMESPACES=()
FLOWWALL_POINTS=0
FLOWWALL_FAILURES=0
FLOWWALL_SKIPPED=''
FLOWWALL_LISTENERS=0

# --- results ------------------------------------------------------------------

# note TEXT...: a remark, shown when the case fails.
note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# pass NAME, fail NAME [WHY]: one test point each.
pass() {
	FLOWWALL_POINTS=$((FLOWWALL_POINTS + 1))
	echo "ok $FLOWWALL_POINTS $1"
}

fail() {
	FLOWWALL_POINTS=$((FLOWWALL_POINTS + 1))
	FLOWWALL_FAILURES=$((FLOWWALL_FAILURES + 1))
	echo "not ok $FLOWWALL_POINTS $1"
	[ -z "${2:-}" ] || note "$2"
	[ "$FLOWWALL_FAILURES" -gt 1 ] || diagnose
}

# check NAME COMMAND...: passes if COMMAND succeeds.
check() {
	local name=$1 status=0
	shift
	"$@" >"$TMP/check" 2>&1 || status=$?
	if [ "$status" = 0 ]; then
		pass "$name"
	else
		fail "$name" "status $status: $*
$(tail -n 30 "$TMP/check")"
	fi
}

# check_fails NAME COMMAND...: passes if COMMAND does not succeed. A command
# that cannot be run at all, or that is killed, is a failure of the test, not a success.
check_fails() {
	local name=$1 status=0
	shift
	"$@" >"$TMP/check" 2>&1 || status=$?
	case $status in
	0)	fail "$name" "succeeded, but must not: $*
$(tail -n 30 "$TMP/check")" ;;
	126 | 127 | 12[89] | 1[3-9][0-9] | 2[0-9][0-9])
		fail "$name" "cannot be run, or was killed (status $status): $*
$(tail -n 30 "$TMP/check")" ;;
	*)	pass "$name" ;;
	esac
}

# check_equal NAME ACTUAL EXPECTED
check_equal() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "is:       $2
expected: $3"
	fi
}

# check_match NAME TEXT REGEX: TEXT has a line that extended REGEX matches.
check_match() {
	if grep -Eq -- "$3" <<<"$2"; then
		pass "$1"
	else
		fail "$1" "is:       $2
expected: $3"
	fi
}

# skip WHY: ends the case; it counts as skipped, never as passed.
skip() {
	FLOWWALL_SKIPPED=$1
	echo "ok $((FLOWWALL_POINTS + 1)) $1 # SKIP $1"
	FLOWWALL_POINTS=$((FLOWWALL_POINTS + 1))
	exit 4
}

# die WHY: the case cannot go on; that is a failure.
die() {
	fail "${1:-the case could not go on}" "${2:-}"
	exit 1
}

# need TOOL...: skips the case when a program is missing.
need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "no $tool here (tests/vm/packages.sh)"
	done
}

# How much slower this kernel is than one that does not look for faults.
SLOW=${FLOWWALL_SLOW:-1}

# busywait SECONDS COMMAND...: repeats COMMAND until it succeeds; fails if it
# has not within three times that time: a busy machine may need it, and no other waits.
busywait() {
	local deadline=$((SECONDS + 3 * $1 * SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# rounds FULL SHORT: how often to repeat what is claimed to hold FULL times: as often
# in a full run (run.sh -a), and as often as shows that nothing has come apart else.
rounds() {
	if [ -n "${FLOWWALL_FULL:-}" ]; then echo "$1"; else echo "$2"; fi
}

# patience SECONDS: how long something may take that is to take SECONDS. That counts in a
# full run, beside which nothing else goes on; elsewhere four times as long is not stuck yet.
patience() { rounds "$1" $((4 * $1)); }

# --- namespaces ---------------------------------------------------------------

# setup_ns VARIABLE...: makes a namespace with a random name for each, and sets
# the variable to its name. Loopback is up; duplicate address detection and
# reverse path filtering are off.
setup_ns() {
	local variable name
	for variable; do
		name=$(echo "$variable" | tr '[:upper:]' '[:lower:]')-$(mktemp -u XXXXXX)
		ip netns add "$name" || die "cannot make a network namespace"
		FLOWWALL_NAMESPACES+=("$name")
		printf -v "$variable" %s "$name"
		# shellcheck disable=SC2016  # expanded inside
		ip netns exec "$name" bash -c '
			ip link set lo up
			for conf in all default; do
				echo 0 >/proc/sys/net/ipv4/conf/$conf/rp_filter
				echo 0 >/proc/sys/net/ipv6/conf/$conf/accept_dad
				echo 0 >/proc/sys/net/ipv6/conf/$conf/dad_transmits
			done' || die "cannot set up a network namespace"
	done
}

# in_ns NAMESPACE COMMAND...; 127 if there is no such namespace or program.
in_ns() {
	local namespace=$1
	shift
	[ -e "/run/netns/$namespace" ] && command -v -- "$1" >/dev/null || {
		echo "no namespace $namespace, or no program $1" >&2
		return 127
	}
	ip netns exec "$namespace" "$@"
}

# topology: three namespaces, $INSIDE, $ROUTER and $OUTSIDE, and their
# addresses. The router forwards; the module is loaded, without any ruleset.
#
#    $INSIDE                     $ROUTER                      $OUTSIDE
#   +-----------------+    +---------------------+    +--------------------+
#   |            eth0 +----+ in0            out0 +----+ eth0               |
#   +-----------------+    +---------------------+    +--------------------+
#   10.0.1.2/24            10.0.1.1  198.51.100.1          198.51.100.2/24
#   2001:db8:1::2/64       2001:db8:1::1                   2001:db8:2::2/64
#                                    2001:db8:2::1
#
# Both hosts have the router as their default route. CAPTURE=no leaves out the
# capture on the router, for a flood.
# shellcheck disable=SC2034,SC2153  # the cases use these
topology() {
	INSIDE4=10.0.1.2	INSIDE6=2001:db8:1::2
	ROUTER_IN4=10.0.1.1	ROUTER_IN6=2001:db8:1::1
	ROUTER_OUT4=198.51.100.1 ROUTER_OUT6=2001:db8:2::1
	OUTSIDE4=198.51.100.2	OUTSIDE6=2001:db8:2::2

	setup_ns INSIDE ROUTER OUTSIDE
	ip -n "$ROUTER" -batch - <<-LINKS || die "cannot make the links"
		link add in0 type veth peer name eth0 netns $INSIDE
		link add out0 type veth peer name eth0 netns $OUTSIDE
		addr add $ROUTER_IN4/24 dev in0
		addr add $ROUTER_IN6/64 dev in0 nodad
		addr add $ROUTER_OUT4/24 dev out0
		addr add $ROUTER_OUT6/64 dev out0 nodad
		link set in0 up
		link set out0 up
	LINKS
	host_addresses "$INSIDE" "$INSIDE4" "$INSIDE6" "$ROUTER_IN4" "$ROUTER_IN6"
	host_addresses "$OUTSIDE" "$OUTSIDE4" "$OUTSIDE6" "$ROUTER_OUT4" "$ROUTER_OUT6"
	in_ns "$ROUTER" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'

	local host
	for host in "$OUTSIDE4" "$OUTSIDE6"; do
		busywait 10 ip netns exec "$INSIDE" ping -c 1 -W 1 "$host" ||
			die "the bare topology does not forward to $host"
	done
	[ "${CAPTURE:-yes}" = no ] || watch_router
	load_module
}

# host_addresses NAMESPACE ADDRESS4 ADDRESS6 GATEWAY4 GATEWAY6
host_addresses() {
	ip -n "$1" -batch - <<-HOST || die "cannot give $1 its addresses"
		addr add $2/24 dev eth0
		addr add $3/64 dev eth0 nodad
		link set eth0 up
		route add default via $4
		route add default via $5
	HOST
}

# --- FlowWall -----------------------------------------------------------------

load_module() {
	[ ! -d /sys/module/flowwall ] || return 0
	[ -f "$FLOWWALL_KO" ] || die "no module" "$FLOWWALL_KO does not exist: make"
	local needs
	needs=$(modinfo -F depends "$FLOWWALL_KO") || die "$FLOWWALL_KO is no module"
	# shellcheck disable=SC2086  # one word a module
	[ -z "$needs" ] || modprobe -a ${needs//,/ } || die "no modules $needs"
	insmod "$FLOWWALL_KO" || die "the module does not load"
}

# fw ARG...: fwctl in the router.
fw() { "$FWCTL" -n "$ROUTER" "$@"; }

# fw_apply: makes standard input the router's ruleset. Not in a pipeline or a
# subshell: it ends the case when the ruleset is refused.
fw_apply() {
	cat >"$TMP/ruleset"
	"$FWCTL" -n "$ROUTER" apply "$TMP/ruleset" >"$TMP/apply" 2>&1 ||
		die "the ruleset is refused" "$(cat "$TMP/apply")"
}

# fw_rules: the same after the lines that each ruleset of the topology has:
# version, out0 external, in0 internal.
fw_rules() {
	fw_apply < <(printf 'version 1\nrole out0 external\nrole in0 internal\n'; cat)
}

# flows_json: the router's flows, a JSON array. Count them: flow_count.
flows_json() { fw -j flows; }
flow_count() { flows_json | jq length; }

# drop_count REASON: how many packets the router has dropped for it.
drop_count() { fw -j status | jq --arg reason "$1" '.drops[$reason] // 0'; }

# rule_packets ID: how many packets the rule has judged.
rule_packets() {
	fw -j rule list | jq --arg id "$1" 'map(select(.id == $id) | .packets) | add // 0'
}

# --- traffic ------------------------------------------------------------------

# pings NAMESPACE ADDRESS: an echo is answered within two seconds.
pings() { in_ns "$1" ping -n -c 1 -W 2 "$2"; }

# listen_tcp NAMESPACE PORT...: echo servers, for IPv4 and IPv6, until the case
# ends. udp_echo_server likewise.
listen_tcp() { listen tcp "$@"; }
udp_echo_server() { listen udp "$@"; }

listen() {
	local proto=$1 namespace=$2 ready
	shift 2
	FLOWWALL_LISTENERS=$((FLOWWALL_LISTENERS + 1))
	ready=$TMP/listener-$FLOWWALL_LISTENERS
	in_ns "$namespace" $PYTHON "$TESTS/echo.py" "$proto" "$@" >"$ready" 2>&1 &
	busywait 20 grep -q ready "$ready" ||
		die "cannot listen on $proto $*" "$(cat "$ready")"
}

# tcp_result NAMESPACE ADDRESS PORT: says what a connection attempt comes to:
# connected, refused, unreachable, forbidden, timeout (after 3 s) or other.
tcp_result() {
	local text
	# shellcheck disable=SC2016  # expanded inside
	if text=$(in_ns "$1" timeout 3 bash -c ': <>"/dev/tcp/$0/$1"' "$2" "$3" 2>&1); then
		echo connected
		return
	fi
	case $text in
	*"onnection refused"*)	echo refused ;;
	*"nreachable"* | *"No route to host"*) echo unreachable ;;
	*"ermission denied"* | *"not permitted"*) echo forbidden ;;
	'')	echo timeout ;;
	*)	echo "other: $text" ;;
	esac
}

# result_is RESULT WANTED: whether something came to that; 126 if nothing was tried.
result_is() {
	[ "$1" != "$2" ] || return 0
	echo "$1"
	[[ -n $1 && $1 != other* ]] || return 126
	return 1
}

# tcp_connects NAMESPACE ADDRESS PORT: a connection is made within 3 s.
tcp_connects() { result_is "$(tcp_result "$@")" connected; }

# tcp_echoes NAMESPACE ADDRESS PORT: a line comes back from listen_tcp's server.
# shellcheck disable=SC2016  # expanded inside
tcp_echoes() {
	in_ns "$1" timeout 5 bash -c '
		exec 3<>"/dev/tcp/$0/$1" && echo "marco $$" >&3 && read -r -t 3 answer <&3 &&
		[ "$answer" = "marco $$" ]' "$2" "$3"
}

# udp_result NAMESPACE ADDRESS PORT [SOURCE-PORT]: sends one datagram and says
# what comes of it: answered, refused, unreachable, silence (2 s) or other.
# One process for each namespace does that, because to start it takes longer; one
# request at a time.
udp_result() {
	local at=$TMP/udp-$1 answer=nothing
	if [ ! -p "$at.in" ]; then
		mkfifo "$at.out" "$at.in"
		in_ns "$1" $PYTHON -I -S "$TESTS/udp.py" <>"$at.in" >>"$at.out" 2>&1 &
	fi
	exec {FLOWWALL_ANSWER}<>"$at.out"
	echo "${*:2}" >>"$at.in"
	read -r -t 20 -u "$FLOWWALL_ANSWER" answer
	exec {FLOWWALL_ANSWER}<&-
	echo "$answer"
}

# udp_echoes NAMESPACE ADDRESS PORT [SOURCE-PORT]
udp_echoes() { result_is "$(udp_result "$@")" answered; }

# capture NAME NAMESPACE INTERFACE FILTER...: starts to record what FILTER (as
# in tcpdump) matches. captured NAME prints the packets so far, one a line;
# capture_count NAME how many they are.
capture() {
	local name=$1 namespace=$2 interface=$3
	shift 3
	in_ns "$namespace" tcpdump -Z root -i "$interface" -U --immediate-mode \
		-w "$TMP/$name.pcap" "$@" 2>"$TMP/$name.err" &
	busywait 20 grep -q 'listening on' "$TMP/$name.err" ||
		die "cannot capture on $interface" "$(cat "$TMP/$name.err")"
}

captured() {
	# A packet is in the file once tcpdump has had the processor.
	sleep 0.5
	tcpdump -n -v -r "$TMP/$1.pcap" 2>/dev/null | sed ':a;N;$!ba;s/\n  */ /g'
}

capture_count() { captured "$1" | grep -c .; }

# The last packets of both of the router's links, for `diagnose`.
watch_router() {
	in_ns "$ROUTER" tcpdump -Z root -i any -s 128 -U -C 4 -W 2 \
		-w "$TMP/router.pcap" 2>"$TMP/router.err" &
	busywait 20 grep -q 'listening on' "$TMP/router.err" ||
		die "cannot capture on the router" "$(cat "$TMP/router.err")"
}

# --- the end ------------------------------------------------------------------

# diagnose: all that tells why something failed.
diagnose() {
	local namespace file
	{
		if [ -n "${ROUTER:-}" ] && [ -d /sys/module/flowwall ]; then
			echo "--- fwctl status, rule list, flows"
			timeout 10 "$FWCTL" -n "$ROUTER" status
			timeout 10 "$FWCTL" -n "$ROUTER" rule list | head -n 40
			timeout 10 "$FWCTL" -n "$ROUTER" flows | head -n 40
		fi
		for namespace in ${FLOWWALL_NAMESPACES[@]+"${FLOWWALL_NAMESPACES[@]}"}; do
			echo "--- $namespace"
			ip -n "$namespace" -brief addr
			ip -n "$namespace" route
			ip -n "$namespace" -6 route
		done
		for file in "$TMP"/router.pcap*; do
			[ -f "$file" ] || continue
			echo "--- the last packets in ${file##*/}"
			sleep 0.3
			# In the router, which knows the interfaces' names.
			in_ns "$ROUTER" tcpdump -n -r "$file" 2>/dev/null | tail -n 30
		done
		echo "--- the kernel log"
		kernel_log | tail -n 60
	} 2>&1 | sed 's/^/# /'
}

# kernel_log: what the kernel has said since this case began.
kernel_log() {
	dmesg 2>/dev/null |
		awk '/flowwall-selftest: begin/ { text = ""; next } { text = text $0 "\n" }
			END { printf "%s", text }'
}

# release: ends all processes of the case and removes what it made.
release() {
	local namespace

	# From here on the shell would only report whom it killed.
	exec 2>/dev/null
	# Not what `jobs -p` says: it has been seen to leave some out, for which `wait` waits.
	pkill -9 -P $$
	wait
	for namespace in ${FLOWWALL_NAMESPACES[@]+"${FLOWWALL_NAMESPACES[@]}"}; do
		ip netns del "$namespace"
	done
	rm -rf "$TMP"
}

cleanup() {
	local status=$?

	trap - EXIT
	if [ "$status" != 0 ] && [ "$FLOWWALL_FAILURES" = 0 ] && [ -z "$FLOWWALL_SKIPPED" ]; then
		fail "the case came to its end" "it ended early, with status $status"
	fi
	release
	echo "1..$FLOWWALL_POINTS"
	if [ "$FLOWWALL_FAILURES" != 0 ]; then
		exit 1
	elif [ -n "$FLOWWALL_SKIPPED" ]; then
		exit 4
	elif [ "$FLOWWALL_POINTS" = 0 ]; then
		note "this case checked nothing"
		exit 1
	fi
	exit 0
}
trap cleanup EXIT
# A time limit comes as TERM; the state is worth seeing then, too.
trap 'exit 124' TERM INT
