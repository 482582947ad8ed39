#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without CAP_NET_ADMIN of the first user namespace every command is refused,
# those that only read included, and nothing is heard of events.
. "$(dirname "$0")/lib.sh"

topology
fw_rules <<<'allow in tcp to any port 80 id web'
fw save >"$TMP/before"
cp "$TMP/before" "$TMP/rules"
chmod 755 "$TMP"

nobody() {
	in_ns "$ROUTER" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"
}
# Root of a user namespace of its own, and of a network namespace in it.
owner() { unshare --user --map-root-user --net "$@"; }

# refused NAME AS ARGUMENT...: fwctl is refused as not permitted, with status 1.
refused() {
	local name=$1 as=$2 text status
	shift 2
	text=$("$as" timeout 10 "$FWCTL" "$@" 2>&1)
	status=$?
	if [ "$status" = 1 ] && grep -q 'not permitted' <<<"$text"; then
		pass "$name: fwctl $*"
	else
		fail "$name: fwctl $*" "status $status: $text"
	fi
}

for as in nobody owner; do
	refused "$as" "$as" status
	refused "$as" "$as" role list
	refused "$as" "$as" set list
	refused "$as" "$as" ttl list
	refused "$as" "$as" rule list
	refused "$as" "$as" flows
	refused "$as" "$as" save
	refused "$as" "$as" role add out0 none
	refused "$as" "$as" role del out0
	refused "$as" "$as" set max-flows 1
	refused "$as" "$as" ttl icmp step 1 max 1
	refused "$as" "$as" rule add allow in
	refused "$as" "$as" rule del web
	refused "$as" "$as" apply "$TMP/rules"
	refused "$as" "$as" apply "$TMP/rules" --check
done
refused nobody nobody monitor
check_equal "nothing was changed" "$(fw save)" "$(cat "$TMP/before")"
check "root is not refused" fw status
