#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The table's hash has a secret of its own in each namespace, and another one each time
# that the module is loaded: who knows where a flow is in one table knows nothing of others.
. "$(dirname "$0")/lib.sh"

need jq
load_module
setup_ns ROUTER OTHER
cat >"$TMP/ruleset" <<-RULES
	version 1
	role out0 external
RULES
for router in "$ROUTER" "$OTHER"; do
	ip -n "$router" -batch - <<-LINKS || die "cannot make the links"
		link add out0 type dummy
		addr add 198.51.100.1/24 dev out0
		addr add 2001:db8:2::1/64 dev out0 nodad
		link set out0 up
	LINKS
done

# hashes NAMESPACE: of two flows, IPv4 and IPv6, that begin there, the hash, which is
# the lower half of what a flow is called. The upper one tells flows of one place apart.
hashes() {
	local ids
	"$FWCTL" -n "$1" apply "$TMP/ruleset" >/dev/null || return
	"$FWCTL" -n "$1" flows kill all >/dev/null || return
	in_ns "$1" "$PYTHON" -I -S "$TESTS/packet.py" "udp('198.51.100.1', '198.51.100.2', 5000, 53)" \
		"udp('2001:db8:2::1', '2001:db8:2::2', 5000, 53)" >/dev/null || return
	ids=$("$FWCTL" -n "$1" -j flows udp to port 53 | jq -r 'sort_by(.family) | .[].id')
	for id in $ids; do
		echo $((id & 0xffffffff))
	done
}
# differ NAME HASHES HASHES: both have the two, and none of them twice.
differ() {
	check_equal "$1" "$(sort -u <<<"$2
$3" | grep -c .)" 4
}

here=$(hashes "$ROUTER")
check_equal "the same flows again have the same hashes" "$(hashes "$ROUTER")" "$here"
differ "in another namespace they have others" "$here" "$(hashes "$OTHER")"
rmmod flowwall || die "the module is not unloaded"
load_module
again=$(hashes "$ROUTER")
differ "and after the module has come anew" "$here" "$again"
differ "in both" "$again" "$(hashes "$OTHER")"
