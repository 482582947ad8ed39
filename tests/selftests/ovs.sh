# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases about Open vSwitch share: an OVS of the case's own, in the case's own
# network namespace, and hosts at ports of the bridge br0. Source it after lib.sh.

need ovs-vsctl ovs-vswitchd

# The kernel's datapath; OVS_DATAPATH=netdev is that of user space.
DATAPATH=${OVS_DATAPATH:-system}
export OVS_RUNDIR=$TMP/ovs OVS_DBDIR=$TMP/ovs OVS_LOGDIR=$TMP/ovs
OFCTL=(ovs-ofctl -O "OpenFlow13,OpenFlow14")

# start_ovs: a database and ovs-vswitchd, and what fwctl keeps is empty.
start_ovs() {
	mkdir -p "$OVS_RUNDIR" /var/lib/flowwall
	mount -t tmpfs state /var/lib/flowwall || die "cannot mount over /var/lib/flowwall"
	[ "$DATAPATH" != netdev ] || [ -e /dev/net/tun ] || modprobe tun || die "no tun.ko"
	ovsdb-tool create "$OVS_DBDIR/conf.db" /usr/share/openvswitch/vswitch.ovsschema ||
		die "cannot make a database"
	ovsdb-server "$OVS_DBDIR/conf.db" --remote="punix:$OVS_RUNDIR/db.sock" --pidfile \
		--log-file="$TMP/ovsdb.log" >"$TMP/ovsdb.err" 2>&1 &
	busywait 20 test -S "$OVS_RUNDIR/db.sock" || die "no ovsdb-server" "$(cat "$TMP/ovsdb.err")"
	ovs-vsctl --no-wait init
	start_vswitchd
	# It has the kernel load the module: by hand, that would be in this case's own
	# namespace, where nf_conntrack does not take what it is told of its size.
	[ "$DATAPATH" != system ] || busywait 20 test -d /sys/module/openvswitch ||
		die "no openvswitch.ko"
}

up_long_enough() { awk '{ exit $1 < 11 }' /proc/uptime; }

# start_vswitchd, kill_vswitchd: as a crash does it, and a restart. In the first ten seconds
# after boot, ovs-vswitchd 3.1 counts no processors (what it keeps of their number looks
# fresh until then), starts no thread that takes packets, and may forward nothing for good.
start_vswitchd() {
	busywait 20 up_long_enough || die "the machine's clock stands"
	ovs-vswitchd "unix:$OVS_RUNDIR/db.sock" --pidfile --log-file="$TMP/vswitchd.log" \
		>"$TMP/vswitchd.err" 2>&1 &
	busywait 30 ovs-appctl --timeout=2 version || die "no ovs-vswitchd" "$(cat "$TMP/vswitchd.err")"
}

kill_vswitchd() {
	local pid
	pid=$(cat "$OVS_RUNDIR/ovs-vswitchd.pid")
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
}

# make_bridge: br0, without ports and as it comes.
make_bridge() {
	ovs-vsctl --timeout=20 add-br br0 -- set bridge br0 datapath_type="$DATAPATH" ||
		die "cannot make a bridge"
}

# host_at NAMESPACE NUMBER: a port pNUMBER of br0, and behind it, in the namespace, a host
# 10.0.9.NUMBER, 2001:db8:9::NUMBER with the link address 02:00:00:00:00:NUMBER.
host_at() {
	plug "$1" "$2"
	ip -n "$1" addr add "10.0.9.$2/24" dev eth0
	ip -n "$1" addr add "2001:db8:9::$2/64" dev eth0 nodad
}

# plug NAMESPACE NUMBER: the same without addresses of IP.
plug() {
	ip link add "p$2" type veth peer name eth0 netns "$1" || die "cannot make a link"
	ip -n "$1" link set eth0 address "$(mac "$2")" up
	ip link set "p$2" up
	if [ "$DATAPATH" = netdev ]; then
		# The datapath of user space does not know of checksums that are not made yet.
		ethtool -K "p$2" tx off >/dev/null
		in_ns "$1" ethtool -K eth0 tx off >/dev/null
	fi
	ovs-vsctl --timeout=20 --may-exist add-port br0 "p$2" || die "cannot add a port"
}

# bare_bridge NAMESPACE ADDRESS: br0 forwards as it is; without that, nothing means anything.
bare_bridge() {
	busywait 60 pings "$1" "$2" || die "the bare bridge does not forward" \
		"$(ovs-vsctl show; ovs-ofctl dump-flows br0; tail -n 40 "$TMP/vswitchd.log")"
}

mac() { printf '02:00:00:00:00:%02x' "$1"; }

# ovs_apply: makes standard input what the bridges do. Not in a pipeline or a subshell.
ovs_apply() {
	{ echo 'version 1'; cat; } >"$TMP/bridges"
	"$FWCTL" ovs apply "$TMP/bridges" >"$TMP/apply" 2>&1 ||
		die "the statements are refused" "$(cat "$TMP/apply")"
}

# flow_dump: the flows of br0 without counters and what was learned, in a fixed order.
# A busy ovs-vswitchd may hang up before it has answered.
flow_dump() {
	local flows
	for _ in 1 2 3 4 5; do
		flows=$("${OFCTL[@]}" --no-stats dump-flows br0) && break
		sleep 1
	done
	grep -v cookie=0x4657000000000030 <<<"$flows" | sort
}

# send FROM TO-NUMBER EXPRESSION...: sends frames from a host to host TO-NUMBER; see frame.py.
send() { in_ns "$1" "$PYTHON" -I -S "$TESTS/frame.py" eth0 "$(mac "$2")" "${@:3}"; }

# connects_none NAMESPACE ADDRESS PORT [NAMESPACE ADDRESS PORT...]: none of these connections
# is made; all are tried at once, since each takes its time to fail.
connects_none() {
	local job jobs=() made=0
	while [ $# -gt 0 ]; do
		tcp_connects "$1" "$2" "$3" &
		jobs+=("$!")
		shift 3
	done
	for job in "${jobs[@]}"; do
		if wait "$job"; then made=$((made + 1)); fi
	done
	[ "$made" = 0 ]
}

# thousand_hosts MOVED: the file of a bridge of 1,000 hosts at two ports, in 50 groups, with
# 200 segments; host number 7 is in group MOVED instead of its own.
thousand_hosts() {
	echo 'ovs bridge br0 secure'
	awk -v moved="$1" 'BEGIN {
		for (i = 0; i < 1000; i++) {
			address = "10.1." int(i / 200) "." i % 200 + 1
			printf "ovs host h%d port p%d addr %s\n", i, i % 2 + 1, address
			printf "group g%d host %s\n", i == 7 ? moved : i % 50, address
		}
		for (i = 0; i < 200; i++)
			printf "ovs segment br0 %s group g%d to group g%d tcp port %d\n",
				i % 4 ? "allow" : "deny", i % 50, (i * 7 + 1) % 50, 1000 + i
	}'
}
