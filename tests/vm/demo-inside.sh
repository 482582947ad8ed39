#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demonstration itself, on the running kernel: an inside host, a router and
# an outside host in three network namespaces, and real traffic between them.
# Each thing that it claims is checked; the first that is not so ends it with
# exit status 1.

# The topology and the helpers are the selftests'.
. "$(dirname "$0")/../selftests/lib.sh"

# Sentences instead of TAP.
title() { printf '\n== %s\n\n' "$*"; }
pass() { printf '   yes: %s\n' "$1"; }
fail() {
	printf '   NO: %s\n' "$1"
	[ -z "${2:-}" ] || note "$2"
	diagnose
	printf '\nThe demo failed.\n'
	exit 1
}
# The lib's own end reports a case; here only its clearing up is wanted.
leave() {
	local status=$?
	trap - EXIT
	release
	exit "$status"
}
trap leave EXIT

# shown COMMAND...: runs it and shows both.
shown() {
	printf '   # %s\n' "$*"
	if [ "$1" = fwctl ]; then
		shift
		set -- fw "$@"
	fi
	"$@" 2>&1 | sed 's/^/   /'
	return "${PIPESTATUS[0]}"
}
rule() { shown fwctl rule add "$@" || fail "the rule is taken"; }

downloads() { # NAMESPACE ADDRESS
	local host=$2
	[[ $host != *:* ]] || host="[$host]"
	in_ns "$1" curl -sS -g --max-time 5 -o /dev/null "http://$host/"
}

# scan ADDRESS: the first 100 TCP ports from outside; prints what is not silent.
scan() {
	local six=()
	[[ $1 != *:* ]] || six=(-6)
	in_ns "$OUTSIDE" nmap ${six[@]+"${six[@]}"} -n -Pn -sS -p 1-100 -T5 --max-retries 1 \
		--host-timeout 60s -oG - "$1" >"$TMP/scan" 2>&1 || fail "nmap runs" "$(cat "$TMP/scan")"
	grep -q 'Ports:.*Ignored State: filtered\|Ignored State: filtered\|/filtered/\|/open/\|/closed/' \
		"$TMP/scan" || fail "nmap scans" "$(cat "$TMP/scan")"
	grep -oE '[0-9]+/(open|closed)/tcp' "$TMP/scan" | sort -n | tr '\n' ' '
}

echo "flowwall-selftest: begin demo" >/dev/kmsg
cat <<-TEXT

	FlowWall on Linux $(uname -r). Three hosts, each a network namespace:

	     inside                    router                     outside
	   10.0.1.2  ------- 10.0.1.1   198.51.100.1 ------- 198.51.100.2
	   2001:db8:1::2     in0                out0         2001:db8:2::2
TEXT
topology
listen_tcp "$OUTSIDE" 22
listen_tcp "$INSIDE" 22
mkdir "$TMP/www"
echo "hello" >"$TMP/www/index.html"
for host in "$INSIDE" "$OUTSIDE"; do
	in_ns "$host" "$PYTHON" -m http.server --bind :: --directory "$TMP/www" 80 >"$TMP/www.log" 2>&1 &
	busywait 20 tcp_connects "$host" ::1 80 || fail "a web server starts" "$(cat "$TMP/www.log")"
done
# Neighbours know each other before silence is measured.
for address in "$INSIDE4" "$INSIDE6" "$ROUTER_OUT4" "$ROUTER_OUT6"; do
	pings "$OUTSIDE" "$address" >/dev/null
done

title "Without rules the router passes everything, as any router does."
check "the outside reaches the inside's web server" downloads "$OUTSIDE" "$INSIDE4"

title "Two lines make it a firewall: which side is which."
cat >"$TMP/firewall" <<-RULES
	version 1
	role in0 internal
	role out0 external
RULES
sed 's/^/   | /' "$TMP/firewall"
shown fwctl apply "$TMP/firewall" || fail "the ruleset is taken"

title "From the inside out everything works, over IPv4 and IPv6."
for address in "$OUTSIDE4" "$OUTSIDE6"; do
	check "ping $address is answered" pings "$INSIDE" "$address"
	check "curl fetches a page from $address" downloads "$INSIDE" "$address"
	check "a connection to port 22 of $address carries data both ways" \
		tcp_echoes "$INSIDE" "$address" 22
done

title "The router keeps a flow for each, with an entry for either direction."
shown fwctl flows
check "there are at least six flows" [ "$(flow_count)" -ge 6 ]
check "in each the reply is the original turned round" eval 'flows_json |
	jq -e "all(.[]; .original.src == .reply.dst and .original.dst == .reply.src)"'

title "From the outside nothing comes in: a scan does not get one packet back."
capture answers "$OUTSIDE" eth0 \
	"(ip and (src net 10.0.1.0/24 or src host $ROUTER_OUT4)) or
	 (ip6 and (src net 2001:db8:1::/64 or src host $ROUTER_OUT6) and
	  not (icmp6 and ip6[40] >= 133 and ip6[40] <= 137))"
dropped=$(drop_count policy)
for address in "$INSIDE4" "$INSIDE6" "$ROUTER_OUT4" "$ROUTER_OUT6"; do
	check_fails "a ping to $address stays unanswered" pings "$OUTSIDE" "$address"
	check_equal "nmap sees no port of $address" "$(scan "$address")" ""
done
check_equal "not one packet came back" "$(capture_count answers)" 0
dropped=$(($(drop_count policy) - dropped))
check "all of it was counted: $dropped packets dropped by policy" [ "$dropped" -ge 400 ]

title "An exception opens port 80 of the inside host, and nothing else."
rule allow in tcp to "$INSIDE4" port 80 id web4
rule allow in tcp to "$INSIDE6" port 80 id web6
for address in "$INSIDE4" "$INSIDE6"; do
	check "curl from outside fetches a page from $address" downloads "$OUTSIDE" "$address"
	check_equal "nmap sees port 80 of $address, and only that" "$(scan "$address")" "80/open/tcp "
done
check_equal "the router itself stays silent" "$(scan "$ROUTER_OUT4")" ""
shown fwctl rule list
check "the rules counted what they let in" [ "$(rule_packets web4)" -gt 0 ]
check "and the inside still gets out" downloads "$INSIDE" "$OUTSIDE4"

title "Why, and what would be: it explains by the code that judges packets."
shown fwctl explain tcp from "$OUTSIDE4" to "$INSIDE4" port 80 || fail "it would pass"
shown fwctl explain tcp from "$OUTSIDE4" to "$INSIDE4" port 22
check_equal "port 22 would not pass: exit status 3" $? 3
shown fwctl why "$OUTSIDE4" | head -n 6

title "What the firewall did, in figures."
shown fwctl status

printf '\nAll of it is as claimed. More: README.md, fwctl --help\n'
