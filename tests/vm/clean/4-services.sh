#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The services that work beside the firewall, each within its sandbox: the snooper, the
# application filter, the log, the counters, the decoys. In namespaces, a client inside
# and a server outside:
#
#    CLIENT 10.8.0.2 --- lan0 [this machine] wan0 --- 10.9.0.2 SERVER
. "$(dirname "$0")/lib.sh"

link() { # INTERFACE ADDRESS NAMESPACE ADDRESS
	ip netns add "$3"
	ip link add "$1" type veth peer name eth0 netns "$3"
	ip addr add "$2/24" dev "$1"
	ip link set "$1" up
	ip -n "$3" addr add "$4/24" dev eth0
	ip -n "$3" link set eth0 up
	ip -n "$3" route add default via "$2"
}
# says ADDRESS PORT TEXT: what the client hears when it says so there, for at most 20 s. In one
# packet: bash's own printf sends each line for itself.
# shellcheck disable=SC2016  # expanded inside
says() {
	timeout 20 ip netns exec client bash -c \
		'exec 3<>"/dev/tcp/$1/$2" && env printf "$3" >&3 && cat <&3' _ "$@"
}
asks() { says 10.9.0.2 80 "GET / HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n\r\n"; }
hears() { grep -qF "$1" < <("${@:2}"); }
not_root() { [ "$(stat -c %u "/proc/$(systemctl show -P MainPID "$1")")" != 0 ]; }
# well UNIT: nothing was forbidden to it that it needs.
well() {
	check "$1 never failed" test "$(systemctl show -P NRestarts "$1")" = 0
	check_fails "nothing that it needs is forbidden to it" \
		sh -c "journalctl -b -u $1 | grep -Ei 'denied|not permitted|read-only|status='"
	journalctl -b -u "$1" --no-pager | tail -n 3 | sed 's/^/# /'
}

sysctl -qw net.ipv4.ip_forward=1
link lan0 10.8.0.1 client 10.8.0.2
link wan0 10.9.0.1 server 10.9.0.2
ip netns exec server python3 -I -S -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 80))
s.listen()
while True:
    c, _ = s.accept()
    try:  # what the filter refuses, it resets
        c.recv(4096)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nserved")
    except ConnectionError:
        pass
    c.close()' &
server=$!
cat >/run/services.rules <<-RULES
	version 1
	role eth0 external
	role eth1 internal
	role lan0 internal
	role wan0 external
	allow out tcp to 10.9.0.2 port 80 queue 7 id web
	deny in udp to any port 9 log id noise
RULES
check "the ruleset is taken" fwctl apply /run/services.rules --force

printf 'version 1\nallow http host good.example id good\n' >/etc/flowwall.app
check "the application filter starts" systemctl start flowwall-app@7
check "the snooper starts" systemctl start flowwall-snoop@wan0
check "and is not root" not_root flowwall-snoop@wan0
check "the log starts" systemctl start flowwall-log
# Each was started when it worked: what comes then is not lost.
check "what the filter allows is served" hears served asks good.example
check "what it does not is refused" hears ' 403 ' asks bad.example
check "the snooper records who was asked" \
	busywait 60 hears good.example fwctl -j report /var/lib/flowwall-snoop/wan0.db
printf 'version 1\ndefault allow\n' >/etc/flowwall.app
check "the filter reads its file again" systemctl reload flowwall-app@7
check "what it allows now is served" busywait 30 hears served asks bad.example
well flowwall-app@7
check "which has given up what only opening its sockets needs" \
	test "$((0x$(sed -n 's/^CapEff:\t//p' "/proc/$(systemctl show -P MainPID flowwall-app@7)/status") >> 13 & 1))" = 0
systemctl stop flowwall-app@7

ip netns exec server bash -c 'for n in 1 2 3; do echo x >/dev/udp/10.9.0.1/9; done'
check "the log has what a rule dropped" busywait 20 hears noise journalctl -b FLOWWALL_RULE=noise
well flowwall-log
systemctl stop flowwall-log

sleep 1
check "the snooper stops" systemctl stop flowwall-snoop@wan0
check "a report of what it recorded has the host" \
	hears good.example fwctl -j report /var/lib/flowwall-snoop/wan0.db
well flowwall-snoop@wan0
ip link add tap0 type dummy
busywait 30 systemctl is-active -q sys-subsystem-net-devices-tap0.device
check "it sets an interface up that is down" systemctl start flowwall-snoop@tap0
check "which is up then" hears '<.*UP' ip link show tap0
check "and silent" test "$(cat /proc/sys/net/ipv6/conf/tap0/disable_ipv6; ip -o addr show tap0)" = 1
systemctl stop flowwall-snoop@tap0
well flowwall-snoop@tap0
check "it is enabled for an interface" systemctl enable flowwall-snoop@tap0
ip link del tap0
gone() { ! systemctl is-active -q sys-subsystem-net-devices-tap0.device; }
busywait 20 gone
ip link add tap0 type dummy
check "which it records when that comes again" busywait 30 systemctl is-active -q flowwall-snoop@tap0
systemctl disable --now flowwall-snoop@tap0

mkdir -p /var/lib/prometheus/node-exporter
check "the counters are written" systemctl start flowwall-metrics.service
check "for Prometheus" grep -q '^flowwall_rule_packets_total{rule="noise"} 3$' \
	/var/lib/prometheus/node-exporter/flowwall.prom
check "and their timer starts" systemctl start flowwall-metrics.timer
systemctl stop flowwall-metrics.timer

systemctl start openvswitch-switch
ip link add decoy0 type veth peer name eth1 netns client
ip link set decoy0 up
ip -n client addr add 10.7.0.2/24 dev eth1
ip -n client link set eth1 up
ovs-vsctl add-br br1 -- add-port br1 decoy0
printf 'version 1\novs bridge br1 secure\novs decoy br1 net 10.7.0.0/24\n' >/run/decoy.rules
check "the bridge hands decoys over" fwctl ovs apply /run/decoy.rules
echo 'OPTIONS=--net 10.7.0.0/24 --port 22=SSH-2.0-old' >/etc/default/flowwall-decoy
check "the decoys start" systemctl start flowwall-decoy
check "and are not root" not_root flowwall-decoy
check "a decoy answers" busywait 60 hears SSH-2.0-old says 10.7.0.77 22 hello
well flowwall-decoy
systemctl stop flowwall-decoy
check "its log has the visitor" hears 10.7.0.2 fwctl decoy report /var/log/flowwall/decoy.log

fwctl ovs clear
kill "$server"
echo "# exposure (systemd-analyze security, 10 is the worst):"
for unit in flowwall flowwall-{app@7,decoy,failsafe,log,metrics,ovs,snoop@wan0}; do
	systemd-analyze security "$unit.service" --no-pager 2>/dev/null | tail -n 1 | sed "s/^/#   $unit: /"
done
