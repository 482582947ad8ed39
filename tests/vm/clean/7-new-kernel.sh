#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Another kernel, for which DKMS has built the module when it was installed; then the
# packages go.
. "$(dirname "$0")/lib.sh"

heard=$(heard)
check "this is Linux 6.12" sh -c 'uname -r | grep "^6\.12\."'
check "not one datagram came while the machine began ($heard)" test "$heard" = 0
check "FlowWall stands" systemctl is-active flowwall
check "it dropped what came" busywait 20 dropped 5
check "nothing is wrong" fwctl doctor

export DEBIAN_FRONTEND=noninteractive
check "the module's package is removed" apt-get remove -y flowwall-dkms
check_fails "it takes the module with it" test -e /sys/module/flowwall
check "the failsafe takes its place" nft list table inet flowwall_failsafe
check "nothing comes" nothing_comes
check "the packages are purged" apt-get purge -y fwctl fwctl-capture flowwall-dkms
check "everything passes" more_comes
check_fails "no service is active" systemctl is-active flowwall
check_fails "the module is gone" test -e /sys/module/flowwall
check_fails "from the disk, too" sh -c 'find /lib/modules /var/lib/dkms /usr/src -iname "*flowwall*" | grep .'
# But for what debian-root.sh has left there.
check_fails "nothing of it is left" \
	sh -c 'find / -xdev \( -path /test -o -path /proc -o -path /var/cache/apt -o -path /run \
		-o -path /etc/apt/apt.conf.d/80flowwall \) -prune -o \
		\( -iname "*flowwall*" -o -name "fwctl*" \) -print | grep .'
check_fails "nor in nftables" sh -c 'nft list ruleset | grep -i flowwall'
check_fails "nor in systemd" sh -c 'systemctl list-unit-files | grep -i flowwall'
