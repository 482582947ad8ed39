#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
# limit: 300
#
# Without CAP_NET_ADMIN in the first user namespace, every command and request is refused,
# reading included, and no event comes: to an ordinary user, and to the root of a user
# namespace. With userns=1, that one rules the network namespaces that are its own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq setpriv unshare "$PYTHON"
setup_ns ROUTER
load_module
fw_apply <<-RULES
	version 1
	role out0 external
	allow in tcp to any port 80 id web
RULES
# Others must be able to come by, to the program and the file.
chmod 711 "$TMP"
case $TMP in */flowwall-case.*) chmod 711 "$(dirname "$TMP")" ;; esac
cp "$FWCTL" "$TMP/fwctl"
mkdir -p "$TMP/tests/selftests" "$TMP/include/uapi/linux"
cp "$TESTS/genl.py" "$TESTS/raw.py" "$TMP/tests/selftests"
cp "$SOURCE/include/uapi/linux/flowwall.h" "$TMP/include/uapi/linux"
fw save >"$TMP/before"
cp "$TMP/before" "$TMP/ruleset"
chmod 644 "$TMP/ruleset"

nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all)
as_user() { in_ns "$ROUTER" "${nobody[@]}" timeout 10 "$@"; }
as_own_root() { in_ns "$ROUTER" "${nobody[@]}" unshare -Ur timeout 10 "$@"; }
as_own_net() { "${nobody[@]}" unshare -Urn timeout 10 "$@"; }
as_fewer() { in_ns "$ROUTER" setpriv --bounding-set=-net_admin --inh-caps=-all timeout 10 "$@"; }
raw=("$PYTHON" -I -S "$TMP/tests/selftests/raw.py")

check "an ordinary user can have user and network namespaces here" as_own_net true
for who in as_user as_own_root as_own_net as_fewer; do
	check_equal "$who: each request is refused" "$("$who" "${raw[@]}" requests 2>&1)" "14 of 14"
	refused=0 answered=''
	commands=0
	while read -r -a command; do
		commands=$((commands + 1))
		output=$("$who" "$TMP/fwctl" "${command[@]}" 2>&1 >"$TMP/stdout")
		status=$?
		if [ "$status" = 1 ] && [[ $output == *"not permitted"* ]] && [ ! -s "$TMP/stdout" ]; then
			refused=$((refused + 1))
		else
			answered+="${command[*]}: status $status, $output; "
		fi
	done <<-COMMANDS
		status
		-j status
		role
		role add eth0 external
		role del out0
		set
		set max-flows 10
		ttl
		ttl icmp step 1 max 1
		rule
		rule list -j
		rule add allow in
		rule del web
		flows
		flows -j
		apply $TMP/ruleset
		apply $TMP/ruleset --check
		save
		monitor
		-j monitor
	COMMANDS
	check_equal "$who: each of $commands commands is refused, and shows nothing" \
		"$refused, $answered" "20, "
done
check_equal "nothing has changed" "$(fw save)" "$(cat "$TMP/before")"
check "root may" in_ns "$ROUTER" "$TMP/fwctl" status
check_equal "an ordinary user may not listen" "$(as_user "${raw[@]}" listen 2>&1)" "not permitted"

# container: a network namespace that the root of a user namespace has made, who listens
# there; called $CONTAINER. told_of: how many events have come.
mkfifo "$TMP/ask"
exec {ask}<>"$TMP/ask"
container() {
	: >"$TMP/heard"
	"${nobody[@]}" unshare -Urn "${raw[@]}" listen <&"$ask" >"$TMP/heard" 2>&1 &
	busywait 10 grep -q listening "$TMP/heard" ||
		die "the root of a container may not listen" "$(cat "$TMP/heard")"
	CONTAINER=container-$(mktemp -u XXXXXX)
	FLOWWALL_NAMESPACES+=("$CONTAINER")
	ip netns attach "$CONTAINER" $!
	"$FWCTL" -n "$CONTAINER" set dhcp off || die "root may not change a container's rules"
}
told_of() {
	echo >&"$ask"
	busywait 10 grep -q events "$TMP/heard"
	sed -n '$p' "$TMP/heard"
}
# monitors NAMESPACE: whether root's fwctl monitor hears of a change there.
monitors() {
	"$FWCTL" -n "$1" monitor >"$TMP/monitor" 2>&1 &
	busywait 10 ended_or_heard "$1" $!
	kill $! 2>/dev/null
	grep -q ruleset "$TMP/monitor"
}
ended_or_heard() {
	! kill -0 "$2" || { "$FWCTL" -n "$1" set dhcp on && sleep 0.2 && grep -q ruleset "$TMP/monitor"; }
}

container
check_equal "the root of a container hears nothing of its namespace" "$(told_of)" "0 events"
check_fails "root is not kept waiting for events there" monitors "$CONTAINER"
check_match "but told why there are none" "$(cat "$TMP/monitor")" 'without userns=1'
timeout 20 "$FWCTL" -n "$CONTAINER" ovs watch >"$TMP/watch" 2>&1
check_match "so does ovs watch" "$? $(cat "$TMP/watch")" '^1 .*without userns=1'
check "elsewhere, root hears events" monitors "$ROUTER"

rmmod flowwall && insmod "$FLOWWALL_KO" userns=1 || die "the module does not load with userns=1"
check_equal "userns=1: the root of a container may make any request there" \
	"$(as_own_net "${raw[@]}" requests 2>&1 | cut -d ' ' -f 1-3)" "0 of 14"
# shellcheck disable=SC2016  # expanded inside
check "and rules it" as_own_net bash -c '"$0" role add eth0 external && "$0" save | grep eth0' "$TMP/fwctl"
container
check_equal "and hears its events" "$(told_of)" "1 events"
check "as root does" monitors "$CONTAINER"
for who in as_user as_own_root as_fewer; do
	check_equal "$who: elsewhere each request is refused still" \
		"$("$who" "${raw[@]}" requests 2>&1)" "14 of 14"
done
rmmod flowwall
