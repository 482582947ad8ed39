#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The packages are installed, and nobody has said anything yet: everything is as before.
# Then somebody who came by ssh has a ruleset made.
. "$(dirname "$0")/lib.sh"

check "a datagram from outside comes, without a ruleset" more_comes
check_fails "the module waits until it is asked for" test -d /sys/module/flowwall
check "the service has nothing to do" test "$(systemctl is-active flowwall)" = inactive
check "and will begin with the machine" systemctl is-enabled flowwall
check_fails "the one for bridges will not" systemctl is-enabled flowwall-ovs
check_fails "the doctor says that everything passes" fwctl doctor

export SSH_CONNECTION="10.0.2.2 50000 10.0.2.15 22"
setsid fwctl init --confirm 100 >/run/init 2>&1 </dev/null &
init=$!
waits() { [ "$(counter ruleset_waits)" = 1 ]; }
check "init puts a ruleset in force, which waits" busywait 60 waits
check "the default route is outside" grep -q '^role eth0 external' /run/init
check "the other side is inside" grep -q '^role eth1 internal' /run/init
check "ssh may come in" grep -q '^allow in tcp to 10.0.2.15 port 22 id ssh' /run/init
check "the datagram does not come" nothing_comes
check "it was dropped" dropped 5
check_fails "the file is not written yet" test -e /etc/flowwall.rules
check "confirmed" fwctl confirm
check "init is content" wait "$init"
check "the file is written" test -s /etc/flowwall.rules
check "the service takes it up" systemctl start flowwall
check_fails "the doctor finds nothing wrong" sh -c 'fwctl doctor | grep "^wrong"'
fwctl doctor | sed 's/^/# doctor: /'
