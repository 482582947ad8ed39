#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
#
# Members of groups that are no addresses: link addresses, interfaces, and names,
# whose last addresses stay when the resolver fails.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
udp_echo_server "$INSIDE" 53 54 55
udp_echo_server "$OUTSIDE" 56 57
udp_echo_server "$ROUTER" 58
mac=$(link_address "$OUTSIDE" eth0)
fw_rules <<-RULES
	group cards mac $mac host 192.0.2.77
	group lines iface out0
	group others mac 02:00:00:00:00:99 iface in0
	group all group cards
	allow in udp from group cards to any port 53 id by-mac
	allow in udp from group lines to $INSIDE4 port 54 id by-line
	allow in udp from group all to any port 58 id nested
	allow in udp from not group others to $INSIDE6 port 54 id not-others
	allow in udp from group others to any port 55 id others
	deny out udp to group lines port 57 id to-line
	deny out udp to group cards port 56 id to-card
RULES
for v in 4 6; do
	inside=INSIDE$v outside=OUTSIDE$v
	check "v$v: who sends with this link address comes in" udp_echoes "$OUTSIDE" "${!inside}" 53
	check "v$v: also by not being in another group, or by its interface" udp_echoes "$OUTSIDE" "${!inside}" 54
	check_fails "v$v: not by another link address, or an interface it does not come by" \
		udp_echoes "$OUTSIDE" "${!inside}" 55
	check_fails "v$v: nothing goes to an interface that is denied" udp_echoes "$INSIDE" "${!outside}" 57
	check "v$v: of who it is for, the link address is not known" udp_echoes "$INSIDE" "${!outside}" 56
done
check "a member of a member, to the router" udp_echoes "$OUTSIDE" "$ROUTER_OUT4" 58
check_equal "each by its rule" "$(fw -j rule list | jq -r 'map(select(.packets > 0) | .id) | join(" ")')" \
	"by-mac by-line nested not-others to-line"

session stay "$OUTSIDE" udp "$INSIDE4" 53
tell stay echo 9 >/dev/null
check "rules change" fw rule add deny in tcp to any port 99
check "a flow goes on that a link address let in" tell stay echo 9
check "the member leaves" fw group del cards mac "$mac"
check_fails "nothing new comes in" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check "it comes back" fw group cards add mac "$mac"
check "so does what it sends" udp_echoes "$OUTSIDE" "$INSIDE4" 53
check_fails "a flow does not remember its link: such a group does not say which" fw flows kill from group cards
check "nor does one that has it as a member" grep -q 'does not remember' <(fw flows from group all 2>&1)
check "no flow ended" tell stay echo 9
# Who was let in by an address does not stay for a link address that is gone.
check "an address more" fw group cards add host "$OUTSIDE4"
session address "$OUTSIDE" udp "$INSIDE4" 53
tell address echo 9 >/dev/null
check "the link address leaves" fw group del cards mac "$mac"
check "the flow goes on" tell address echo 9
check "a flow of such a group can be asked for" [ "$(fw -j flows from group cards | jq length)" -ge 1 ]
check "the address leaves" fw group del cards host "$OUTSIDE4"
check_fails "and its flow ends" tell address echo 9
check "the link address is back" fw group cards add mac "$mac"
fw save >"$TMP/saved"
check_match "it is saved" "$(cat "$TMP/saved")" "^group cards host 192.0.2.77 mac $mac\$"
check "and can be applied" fw apply "$TMP/saved"
check_equal "to the same effect" "$(fw save)" "$(cat "$TMP/saved")"
check_equal "JSON says what it is" "$(fw -j group show others | jq -c '[.members[] | [.mac, .iface]] | sort')" \
	'[[null,"in0"],["02:00:00:00:00:99",null]]'

# The case has a mount namespace of its own: only it sees these.
mkdir -p /var/lib/flowwall
mount -t tmpfs none /var/lib/flowwall
printf '%s here.example\n2001:db8:77::1 here.example\n' "$OUTSIDE4" >"$TMP/hosts"
mount --bind "$TMP/hosts" /etc/hosts
check "a name" fw group add named name here.example
check_equal "is its addresses" "$(fw -j group show named | jq -c '[.members[].addr] | sort')" \
	"[\"198.51.100.2\",\"2001:db8:77::1\"]"
: >"$TMP/hosts"
{ cat "$TMP/ruleset"; echo "group named name here.example"; } >"$TMP/with-name"
check "it is applied again when it has no address" fw apply "$TMP/with-name"
check_match "and one is told whose addresses it takes" "$(fw apply "$TMP/with-name" 2>&1)" \
	"here.example has no address now .*taking those of 20"
check_equal "the last ones" "$(fw -j group show named | jq '.members | length')" 2
check_fails "a name that never had one is refused" fw group add named name gone.example
check_fails "a name is no path" fw group add named name ../names/here.example
