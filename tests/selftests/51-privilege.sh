#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Without CAP_NET_ADMIN in the first user namespace, every command is refused,
# reading included: to an ordinary user, and to the root of a user namespace.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq setpriv unshare
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
fw save >"$TMP/before"
cp "$TMP/before" "$TMP/ruleset"
chmod 644 "$TMP/ruleset"

nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all)
as_user() { in_ns "$ROUTER" "${nobody[@]}" timeout 10 "$TMP/fwctl" "$@"; }
as_own_root() { in_ns "$ROUTER" "${nobody[@]}" unshare -Ur timeout 10 "$TMP/fwctl" "$@"; }
as_own_net() { "${nobody[@]}" unshare -Urn timeout 10 "$TMP/fwctl" "$@"; }
as_fewer() { in_ns "$ROUTER" setpriv --bounding-set=-net_admin --inh-caps=-all timeout 10 "$TMP/fwctl" "$@"; }

for who in as_user as_own_root as_own_net as_fewer; do
	if [ "$who" = as_own_root ] && ! in_ns "$ROUTER" "${nobody[@]}" unshare -Ur true; then
		fail "an ordinary user cannot have a user namespace here"
		continue
	fi
	refused=0 answered=''
	commands=0
	while read -r -a command; do
		commands=$((commands + 1))
		output=$("$who" "${command[@]}" 2>&1 >"$TMP/stdout")
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
