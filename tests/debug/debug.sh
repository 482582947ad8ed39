# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases of this folder share, on top of ../selftests/lib.sh and more.sh. They
# run on the kernels that look for faults: `run.sh -d tests/debug -k KERNEL`. What those
# have to say fails a case; what it checks itself is that all works afterwards.

. "$(dirname "${BASH_SOURCE[0]}")/../selftests/lib.sh"
. "$TESTS/more.sh"

BUILD=$SOURCE/tests/debug/build
# A run prints it (run.sh), and can be repeated with it.
SEED=${FLOWWALL_SEED:-1}

# everything FASTPATH FRAGMENTS: a ruleset with something of it, in $TMP/everything.
everything() {
	cat >"$TMP/everything" <<-RULES
		version 1
		role out0 external
		role in0 internal
		role ppp+ external
		role default none
		set max-flows 4000
		set max-flows-per-host 3000
		set half-open 80
		set when-full evict
		set fastpath $1
		set fragments $2
		set tcp-pickup on
		ttl udp-stream step 30s max 3m
		ttl icmp step 2s max 4s
		group banned net 192.0.2.0/24 host 2001:db8:bad::1 range 203.0.113.20-203.0.113.40
		group friends host $OUTSIDE4 host $OUTSIDE6 timeout 1d
		group all group friends group banned
		deny in from group banned log label ban limit 10/minute
		allow in tcp to $INSIDE4 port 80 id web
		allow in tcp to $INSIDE6 port 80 id web6
		allow in tcp from group friends to any port 7000-7001 mark 0x20/0xf0
		reject in tcp to any port 443
		allow in udp to any port 53 queue 7-8 bypass id asked
		allow in udp to any port 5060-5080 ttl step 5s max 20s
		allow in udp to any port 7 u32 "0>>22&0x3C@4>>16=8:200" limit 100/second burst 20
		allow in gre to any key 2-5
		allow in icmp to $ROUTER_OUT4 type echo-request
		allow in icmpv6 to any
		deny out tcp to any port 25 id smtp comment "no mail"
		deny out udp from not 10.0.1.0/24,2001:db8::/32 to any port not 53,80
		allow out udp to any port 53 queue 7
		deny inside from 10.0.9.0/24 to 10.0.1.0-10.0.1.127
		deny local udp to 192.0.2.0/24 on out0 log
		allow in tcp to any port 8080 until 2030-01-01T00:00 id later
	RULES
}

# record FILE COMMAND...: what fwctl says to the kernel is added to FILE.
record() { FLOWWALL_RECORD=$1 LD_PRELOAD=$BUILD/at-netlink.so fw "${@:2}"; }

# A listener to NFQUEUE whose verdicts make little sense; see ../selftests/queue.py.
fuzz_queue() {
	in_ns "$ROUTER" "$PYTHON" "$TESTS/queue.py" "$1" fuzz "$SEED" >"$TMP/queue-$1" 2>&1 &
	busywait 10 grep -q ready "$TMP/queue-$1" || die "no listener" "$(cat "$TMP/queue-$1")"
}

# check_works: a ruleset can be loaded, and means what it says.
check_works() {
	# What a case has sent may have left a ruleset that waits: none replaces it.
	fw confirm >/dev/null 2>&1
	fw_rules <<-RULES
		allow in tcp to $INSIDE4 port 80
		set max-flows 10000
	RULES
	check_equal "a ruleset is loaded" "$(fw -j status | jq .rules)" 1
	check "the inside gets out" pings "$INSIDE" "$OUTSIDE4"
	check "so it does over IPv6" pings "$INSIDE" "$OUTSIDE6"
	check "an exception lets a connection in" tcp_echoes "$OUTSIDE" "$INSIDE4" 80
	check_fails "nothing else comes in" pings "$OUTSIDE" "$INSIDE4"
	check_fails "nor over IPv6" pings "$OUTSIDE" "$INSIDE6"
	check "the flows are shown" [ "$(flow_count)" -ge 2 ]
}
# The module's caches: how many objects are in use, together.
objects() {
	local cache total=0
	for cache in flowwall_flow fwl_member; do
		# What processors, or KASAN, keep for a while counts as in use.
		echo 1 >"/sys/kernel/slab/$cache/shrink"
		total=$((total + $(awk -v c="$cache" '$1 == c { print $2 }' /proc/slabinfo)))
	done
	echo "$total"
}
no_objects() { [ "$(objects)" = 0 ]; }

# quiet: ends all that was begun and runs, here and in the namespaces.
quiet() {
	local namespace
	# shellcheck disable=SC2046  # one word a process
	{
		kill -9 $(jobs -p)
		for namespace in "${FLOWWALL_NAMESPACES[@]}"; do
			kill -9 $(ip netns pids "$namespace")
		done
		wait
	} 2>/dev/null
}

# check_nothing_left: the namespace goes, and with it all that it had.
check_nothing_left() {
	# It stays as long as somebody lives in it.
	quiet
	ip netns del "$ROUTER"
	busywait 20 no_objects
	check_equal "no object of the namespace's is left" "$(objects)" 0
	check "the module can be unloaded" busywait 20 rmmod flowwall
}
