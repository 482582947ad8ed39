#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# decoy.sh [-j] [-r ROUNDS] [-s SECONDS] [-c CONNECTIONS]
#
# Measures `fwctl decoy` beside the same service as an app of os-ken (decoy_osken.py), on
# this machine: no module and no guest is needed, but root is. See docs/benchmarks.md.
#
#   -j              the samples and their sum as JSON, one object a line, not as a table
#   -r ROUNDS       5 unless given; each measures both, in an order that turns
#   -s SECONDS      that each of them is measured for in a round: 5 unless given
#   -c CONNECTIONS  at once: 32 unless given
#
# A client has requests.c ask decoys behind a bridge of ovs-vswitchd:
#
#    CLIENT --- p1 [br0] - - - controller: fwctl decoy, or os-ken
#
# The bridge, its flows, the client and what it asks are the same for both. Exit status 1
# if a request to FlowWall failed, or it answers less than 5 times as many a second.

set -u
least=5
json=no rounds=5 seconds=5 connections=32
while getopts jr:s:c: option; do
	case $option in
	j)	json=yes ;;
	r)	rounds=$OPTARG ;;
	s)	seconds=$OPTARG ;;
	c)	connections=$OPTARG ;;
	*)	sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done

# Nothing else needs it.
command -v osken-manager >/dev/null ||
	{ echo "decoy: no os-ken here: apt-get install python3-os-ken" >&2; exit 1; }
. "$(dirname "$0")/native.sh"
# shellcheck source=../selftests/decoy.sh
. "$TESTS/decoy.sh"
need jq cc ss

NET=10.0.9.0/24
DECOYS=(10.0.9.{100..199})	# few enough for the client to know them all

# --- the two sides ---------------------------------------------------------------

start_flowwall() { start_controller --net "$NET" --http "$TMP/page.html" --rate 0; }
start_os-ken() {
	DECOY_NET=$NET DECOY_PAGE=$TMP/page.html osken-manager --ofp-listen-host 127.0.0.1 \
		--ofp-tcp-listen-port 6653 "$here/decoy_osken.py" >"$TMP/controller" 2>&1 &
	CONTROLLER=$!
}
switch_is_there() { ss -Htn state established '( sport = :6653 )' | grep -q .; }

# --- measuring -------------------------------------------------------------------

# requests SECONDS: of the client; what requests.c says of them.
requests() { in_ns "$CLIENT" "$TMP/requests" "$1" "$connections" "$TMP/page.html" "${DECOYS[@]}"; }

# cpu PID: the processor time that it has had, of user and system, in ticks.
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# waited PID: for how long it was to run and did not, in ns: there was no processor free.
waited() { cut -d ' ' -f 2 "/proc/$1/schedstat"; }

# sample ROUND SIDE: measures one side, into samples.
sample() {
	local warm controller ovs waited result pid
	pid=$(cat "$OVS_RUNDIR/ovs-vswitchd.pid")
	"start_$2"
	busywait 20 switch_is_there || die "the switch does not connect" "$(cat "$TMP/controller")"
	# The first requests ask for link addresses, which may take a while.
	ip -n "$CLIENT" neigh flush dev eth0
	warm=$(requests 2)
	controller=$(cpu "$CONTROLLER") ovs=$(cpu "$pid")
	waited=$(waited "$CONTROLLER")
	result=$(requests "$seconds")
	waited=$(($(waited "$CONTROLLER") - waited))
	controller=$(($(cpu "$CONTROLLER") - controller)) ovs=$(($(cpu "$pid") - ovs))
	[ "$(jq .in_time <<<"$result")" -gt 0 ] || die "$2 answers nothing" "$(tail -n 20 "$TMP/controller")"
	stop_controller
	jq -c --argjson round "$1" --arg side "$2" --argjson warm "$warm" --argjson hz "$(getconf CLK_TCK)" \
		--argjson controller "$controller" --argjson ovs "$ovs" \
		--argjson waited "$waited" '
		{ controller: ($controller / $hz), ovs: ($ovs / $hz), generator: .cpu } as $cpu |
		.requests as $requests | .seconds as $seconds |
		{ $round, $side, seconds, requests_per_second: (.in_time / $seconds), requests,
		  failed: (.failed + $warm.failed),
		  us_per_request: ($cpu | map_values(. * 1e6 / $requests)),
		  busy_percent: ($cpu | map_values(. * 100 / $seconds)),
		  waited_percent: ($waited / 1e7 / $seconds) }' <<<"$result" >>"$TMP/samples"
	[ "$json" = no ] || tail -n 1 "$TMP/samples" >&3
}

# sum: what the samples say. Ratios are of one round, and of them the median.
sum() {
	# shellcheck disable=SC2016  # expanded inside
	jq -cs '
		def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
		def side($name): map(select(.side == $name)) | {
			requests_per_second: (map(.requests_per_second) | median),
			waited_percent: (map(.waited_percent) | median),
			requests: (map(.requests) | add), failed: (map(.failed) | add),
			us_per_request: (map(.us_per_request | to_entries[]) | group_by(.key) |
				map({ key: .[0].key, value: (map(.value) | median) }) | from_entries),
			busy_percent: (map(.busy_percent | to_entries[]) | group_by(.key) |
				map({ key: .[0].key, value: (map(.value) | median) }) | from_entries) };
		def ratios(value): group_by(.round) | map(
			(map(select(.side == "flowwall"))[0] | value) /
			(map(select(.side == "os-ken"))[0] | value)) |
			{ median: median, least: min, most: max };
		{ flowwall: side("flowwall"), "os-ken": side("os-ken"),
		  requests_ratio: ratios(.requests_per_second),
		  controller_ratio: ratios(1 / .us_per_request.controller) }' "$TMP/samples"
}

table() {
	# shellcheck disable=SC2016  # expanded inside
	jq -r '
		def row($name; value; format): [$name, (.flowwall | value | format), (.["os-ken"] | value | format)] |
			"| " + join(" | ") + " |";
		def whole: round | tostring;
		def tenths: . * 10 | round / 10 | tostring;
		def ratio: "\(.median | tenths) (\(.least | tenths) to \(.most | tenths))";
		def busiest: .busy_percent | to_entries | max_by(.value) | "\(.key), \(.value | whole) % of a processor";
		"| | FlowWall | os-ken |", "|---|---|---|",
		row("requests a second"; .requests_per_second; whole),
		row("requests in all"; .requests; whole),
		row("of these failed"; .failed; whole),
		row("processor time a request, µs: controller"; .us_per_request.controller; tenths),
		row("ovs-vswitchd"; .us_per_request.ovs; tenths),
		row("generator"; .us_per_request.generator; tenths),
		row("busy, % of a processor: controller"; .busy_percent.controller; whole),
		row("ovs-vswitchd"; .busy_percent.ovs; whole),
		row("generator"; .busy_percent.generator; whole),
		row("the controller waits for a processor, %"; .waited_percent; whole),
		row("the busiest is"; .; busiest),
		"",
		"requests a second, FlowWall / os-ken: \(.requests_ratio | ratio)",
		"requests a second of the controller'"'"'s processor time: \(.controller_ratio | ratio)"'
}

# ---------------------------------------------------------------------------------

cc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o "$TMP/requests" "$here/requests.c" ||
	die "requests.c does not compile"
head -c 225 /dev/urandom | base64 -w 0 >"$TMP/page.html"
start_ovs
make_bridge
setup_ns CLIENT
host_at "$CLIENT" 1
ovs_apply <<-RULES
	ovs bridge br0 secure
	ovs decoy br0 net $NET
RULES

for ((round = 1; round <= rounds; round++)); do
	sides=(flowwall os-ken)
	((round % 2)) || sides=(os-ken flowwall)
	for side in "${sides[@]}"; do
		note "round $round of $rounds: $side"
		sample "$round" "$side"
	done
done
result=$(sum)
if [ "$json" = yes ]; then
	echo "$result" >&3
else
	table <<<"$result" >&3
fi
check_equal "no request to FlowWall fails" "$(jq .flowwall.failed <<<"$result")" 0
# shellcheck disable=SC2016  # of jq
check "it answers at least $least times as many a second as os-ken" \
	jq -e --argjson least "$least" '.requests_ratio.median >= $least' <<<"$result"
