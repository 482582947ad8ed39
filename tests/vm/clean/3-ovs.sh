#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The service for bridges within its sandbox: it follows a group.
. "$(dirname "$0")/lib.sh"

flows() { ovs-ofctl -O OpenFlow14 dump-flows br0; }
there() { flows | grep -qF "$1"; }

systemctl start openvswitch-switch
check "Open vSwitch starts" systemctl is-active openvswitch-switch
systemctl -q is-active openvswitch-switch ||
	journalctl -b -u 'ovs*' -u openvswitch-switch --no-pager | tail -n 30 | sed 's/^/# /'
ip link add v1 type veth peer name w1
ip link add v2 type veth peer name w2
for link in v1 w1 v2 w2; do ip link set "$link" up; done
ovs-vsctl add-br br0 -- add-port br0 v1 -- add-port br0 v2
cat /run/good.rules >/run/bridge.rules 2>/dev/null || cat /etc/flowwall.rules >/run/bridge.rules
cat >>/run/bridge.rules <<-RULES
	group guests host 10.9.0.1
	ovs bridge br0
	ovs segment br0 deny group guests to 10.9.0.7
RULES
check "the ruleset has a group" fwctl apply /run/bridge.rules --force
check "the bridge is made" fwctl ovs apply /run/bridge.rules
check "the member is in its flows" there 10.9.0.1
check "the service starts" systemctl start flowwall-ovs
fwctl group add guests host 10.9.0.99
check "a new member comes into the flows" busywait 30 there 10.9.0.99
ovs-ofctl -O OpenFlow14 del-flows br0
check "flows that somebody took away come back" busywait 30 there 10.9.0.99
check "the service never failed" test "$(systemctl show -P NRestarts flowwall-ovs)" = 0
check_fails "nothing was forbidden to it that it needs" \
	sh -c 'journalctl -b -u flowwall-ovs | grep -Ei "denied|not permitted|read-only"'
journalctl -b -u flowwall-ovs --no-pager | tail -n 5 | sed 's/^/# /'
systemctl stop flowwall-ovs
fwctl ovs clear
