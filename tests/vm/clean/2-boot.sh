#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine has begun with a ruleset: it stood before the network. What the service does
# and does not do.
. "$(dirname "$0")/lib.sh"

heard=$(heard)
check "not one datagram came while the machine began ($heard)" test "$heard" = 0
check "they did arrive" busywait 20 dropped 5
check "the service is active" systemctl is-active flowwall
check "it was so before the network was up" test "$(entered_at flowwall)" -lt "$(started_at systemd-networkd)"
check_fails "the failsafe is gone" nft list table inet flowwall_failsafe
check "the ruleset is that of the file" fwctl diff /etc/flowwall.rules
echo "# flowwall: $(entered_at flowwall) us, networkd: $(started_at systemd-networkd) us after the kernel's begin"

cp /etc/flowwall.rules /run/good.rules
saved=$(fwctl save)
echo "alow in udp" >>/etc/flowwall.rules
check_fails "a bad file is not reloaded" systemctl reload flowwall
check "the journal says where" sh -c "journalctl -b -u flowwall | grep -q '/etc/flowwall.rules:[0-9]*:1: '"
check "the running ruleset stays" test "$(fwctl save)" = "$saved"
check "the service is active" systemctl is-active flowwall
check_fails "nor does it start with it" systemctl restart flowwall
check "the running ruleset stays all the same" test "$(fwctl save)" = "$saved"
check "and is enough" nothing_comes
cp /run/good.rules /etc/flowwall.rules
echo "allow in udp to any port 5300 id datagrams" >>/etc/flowwall.rules
check "a good one is taken" systemctl restart flowwall
check "it counts" more_comes
cp /run/good.rules /etc/flowwall.rules
check "reload takes the first one" systemctl reload flowwall
check "it counts at once" nothing_comes

check "the service stops" systemctl stop flowwall
check "that opens nothing" nothing_comes
check "off does" fwctl off
check "everything comes" more_comes
check "on again" systemctl start flowwall
check "nothing comes" nothing_comes
