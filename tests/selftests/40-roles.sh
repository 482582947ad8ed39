#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Roles by name and by pattern follow interfaces as they come, go and are renamed, and
# events tell of each change.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
setup_ns ROUTER
load_module

# Some kernels give each namespace tunnel devices that nobody asked for.
born=$(in_ns "$ROUTER" ls /sys/class/net | jq -Rn '[inputs]')
dummy() { ip -n "$ROUTER" link add "$1" type dummy; }
# roles: "iface role" of all that have one, in the order of their names.
roles() {
	fw -j status | jq -r --argjson born "$born" '.roles | map(select(.iface as $i | $born | index($i) | not)) | map("\(.iface) \(.role)") | sort | join(" ")'
}
waiting() { fw -j status | jq -r '.waiting | sort | join(" ")'; }

dummy eth0
dummy ve0
check_equal "without a ruleset nothing has a role" "$(roles)" ""
fw_apply <<-RULES
	version 1
	role eth0 external
	role eth1 external
	role ve* internal
	role ve1+ external
	role ve11 none
	role ppp+ external
RULES
check_equal "names and patterns" "$(roles)" "eth0 external ve0 internal"
check_equal "what is not there is waited for" "$(waiting)" "eth1 ppp+ ve1+ ve11"
check_match "a pattern is printed with a plus" "$(fw save)" '^role ve\+ internal$'

watch_events
dummy eth1
dummy ve1
dummy ve11
dummy ve12
dummy other
check_equal "interfaces that come later; the exact name, then the longer pattern first" \
	"$(roles)" "eth0 external eth1 external ve0 internal ve1 external ve12 external"
check_equal "now one is waited for" "$(waiting)" "ppp+"
check "an event tells of a new role" busywait 3 event_seen \
	'.event == "iface" and .iface == "eth1" and .role == "external"'

ip -n "$ROUTER" link del eth1
check_equal "an interface vanishes" "$(roles)" \
	"eth0 external ve0 internal ve1 external ve12 external"
check_equal "and is waited for again" "$(waiting)" "eth1 ppp+"
ip -n "$ROUTER" link set ve12 name ppp7
ip -n "$ROUTER" link set other name ve2
ip -n "$ROUTER" link set ve0 name away
check_equal "renamed, into patterns and out of them" "$(roles)" \
	"eth0 external ppp7 external ve1 external ve2 internal"
ip -n "$ROUTER" link set ve1 name eth1
ip -n "$ROUTER" link set ve11 name eth2
check_equal "renamed to an exact name, and away from one" "$(roles)" \
	"eth0 external eth1 external ppp7 external ve2 internal"

check "a default for all others" fw role add default internal
check_equal "it names all others, but not lo" "$(roles)" \
	"away internal eth0 external eth1 external eth2 internal ppp7 external ve2 internal"
check "a role can be taken back" fw role del ve+
check "one can be given by hand" fw role add eth2 none
check_equal "both count at once" "$(roles)" \
	"away internal eth0 external eth1 external ppp7 external ve2 internal"
fw role add + external
check_equal "a pattern for all goes before the default, and is not for lo either" "$(roles)" \
	"away external eth0 external eth1 external ppp7 external ve2 external"
check_equal "a role for lo is refused" "$(fw role add lo external 2>/dev/null; echo $?)" 1
check_equal "an unknown role is refused" "$(fw role add eth0 extrenal 2>/dev/null; echo $?)" 1
check_equal "a name that is too long is refused" \
	"$(fw role add abcdefghijklmnop external 2>/dev/null; echo $?)" 1
check_equal "the roles are what they were" "$(roles)" \
	"away external eth0 external eth1 external ppp7 external ve2 external"

fw_apply <<-RULES
	version 1
	role away internal
	role + external
RULES
# told IFACE: the roles that events have said it has, in their order.
told() { jq -rn --arg iface "$1" '[inputs | select(.event == "iface" and .iface == $iface) | .role] | join(" ")' "$TMP/events"; }
all_told() { [ "$(told away)" = "none internal external internal" ]; }
busywait 5 all_told
check_equal "events tell of roles that a change of the ruleset gives" \
	"$(told away)" "none internal external internal"
check_equal "and of no role that was the same all along" "$(told eth0)" ""
