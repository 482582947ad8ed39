#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1200
#
# Memory runs out: each allocation that the kernel makes to load the module, to make a
# namespace, to change the ruleset, to show it and to begin a flow fails once. The
# old ruleset stays in force, the message says that there is no memory, and nothing is
# lost. A full run takes each of them, but of the large ruleset's 400, another one a
# few of each.
. "$(dirname "$0")/debug.sh"

need jq
[ -e /proc/self/fail-nth ] || skip "this kernel does not fail on demand"
for kind in failslab fail_page_alloc; do
	echo N >"/sys/kernel/debug/$kind/ignore-gfp-wait"
	echo 0 >"/sys/kernel/debug/$kind/verbose"
done
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

# turns FIRST LAST: which allocations are to fail.
turns() {
	local step=$((($2 - $1) / $(rounds 400 5) + 1))
	seq "$1" "$step" "$2"
}
no_memory='no memory|out of memory'
topology

# --- the module ---------------------------------------------------------------

rmmod flowwall || die "the module is not unloaded"
wrong='' failed=0
total=$("$BUILD/fail-nth" 100000 load "$FLOWWALL_KO")
check_match "the module is loaded ($total)" "$total" '^[0-9]+ done'
for n in $(turns 1 "${total% *}"); do
	rmmod flowwall 2>/dev/null
	result=$("$BUILD/fail-nth" "$n" load "$FLOWWALL_KO")
	case $result in
	*done)	;;
	# The latter is what the loader says of its own in one place.
	*"Cannot allocate memory" | *"Exec format error")
		failed=$((failed + 1))
		[ ! -d /sys/module/flowwall ] && ! grep -q ^flowwall_flow /proc/slabinfo || wrong+="$n: it left something; " ;;
	*)	wrong+="$n: $result; " ;;
	esac
done
check_equal "without memory it is not, and leaves nothing" "$wrong" ""
check "it was refused ($failed times)" [ "$failed" -ge 1 ]
load_module

# --- a namespace --------------------------------------------------------------

# The module's part comes last: it was loaded last. The first one after a change takes
# more than the others, and no two take just as many.
namespace() { "$BUILD/fail-nth" 100000 namespace >"$TMP/first"; "$BUILD/fail-nth" 100000 namespace; }
rmmod flowwall
without=$(namespace)
load_module
total=$(namespace)
check_match "a namespace is made (${without% *} allocations without the module, ${total% *} with it)" \
	"$total" '^[0-9]+ done'
wrong='' failed=0
for n in $(seq $((${total% *} - 40)) $((${total% *} + 3))); do
	result=$("$BUILD/fail-nth" "$n" namespace)
	case $result in
	*done)	;;
	*"Cannot allocate memory" | *"No buffer space available") failed=$((failed + 1)) ;;
	*)	wrong+="$n: $result; " ;;
	esac
done
check_equal "without memory it is not" "$wrong" ""
check "it was refused ($failed times)" [ "$failed" -ge 1 ]

# --- rulesets -----------------------------------------------------------------

# failing N COMMAND...: fwctl, whose Nth allocation fails. Sets $status, $made.
failing() {
	status=0
	FLOWWALL_FAIL=$1 FLOWWALL_FAILED=$TMP/failed LD_PRELOAD=$BUILD/at-netlink.so \
		fw "${@:2}" >"$TMP/stdout" 2>"$TMP/stderr" || status=$?
	made=$(<"$TMP/failed")
}

# check_change NAME COMMAND...: it changes the ruleset in $TMP/old as a whole, or says
# that there is no memory, and changes nothing.
check_change() {
	local name=$1 n wrong='' refused=0 total
	shift
	fw apply "$TMP/old" >/dev/null || die "the old ruleset is refused"
	fw save >"$TMP/before"
	failing 1000000 "$@"
	total=$made
	[ "$status" = 0 ] || die "$name" "$(cat "$TMP/stderr")"
	fw save >"$TMP/after"
	fw apply "$TMP/old" >/dev/null
	for n in $(turns 1 "$total"); do
		failing "$n" "$@"
		fw save >"$TMP/now"
		if [ "$status" = 0 ]; then
			cmp -s "$TMP/now" "$TMP/after" || wrong+="$n: done, but not what was asked for; "
			fw apply "$TMP/old" >/dev/null || wrong+="$n: the old one cannot be loaded; "
		else
			refused=$((refused + 1))
			# It is done, maybe, but there was no memory for the answer.
			if grep -q 'cannot hear' "$TMP/stderr" && cmp -s "$TMP/now" "$TMP/after"; then
				fw apply "$TMP/old" >/dev/null || wrong+="$n: the old one cannot be loaded; "
			else
				cmp -s "$TMP/now" "$TMP/before" || wrong+="$n: refused, but changed; "
			fi
			grep -Eiq "$no_memory" "$TMP/stderr" || wrong+="$n: $(head -n 1 "$TMP/stderr"); "
		fi
	done
	check_equal "$name: all or nothing, and it is said why ($total allocations)" "$wrong" ""
	check "$name: it was refused ($refused times)" [ "$refused" -ge 1 ]
}

# check_shows NAME COMMAND...: it shows all, or says why not.
check_shows() {
	local name=$1 n wrong='' refused=0 total
	shift
	failing 1000000 "$@"
	total=$made
	[ "$status" = 0 ] && [ "$total" -ge 1 ] || die "$name" "$(cat "$TMP/stderr")"
	cp "$TMP/stdout" "$TMP/whole"
	for n in $(turns 1 "$total"); do
		failing "$n" "$@"
		if [ "$status" = 0 ]; then
			cmp -s "$TMP/stdout" "$TMP/whole" || wrong+="$n: not all of it; "
		else
			refused=$((refused + 1))
			grep -Eiq "$no_memory" "$TMP/stderr" || wrong+="$n: $(head -n 1 "$TMP/stderr"); "
		fi
	done
	check_equal "$name: all of it, or why not ($total allocations)" "$wrong" ""
	check "$name: it was refused ($refused times)" [ "$refused" -ge 1 ]
}

printf 'version 1\nrole out0 external\nrole in0 internal\ngroup few host 192.0.2.1\nallow in tcp to any port 80 id web\n' >"$TMP/old"
everything on reassemble
sed -i 's/ timeout 1d//' "$TMP/everything"
{
	printf 'version 1\nrole out0 external\nrole in0 internal\nset max-flows 50000\n'
	"$PYTHON" -I -S - <<-'PYTHON'
		print("group many", *("host 10.%d.%d.1" % (n // 250, n % 250) for n in range(600)))
		for n in range(1500):
		    print("allow in tcp to 10.9.%d.%d port %d" % (n // 250, n % 250, 1000 + n))
	PYTHON
} >"$TMP/large"
check_change "a ruleset" apply "$TMP/everything"
check_change "a large ruleset" apply "$TMP/large"
check_change "a rule" rule add allow in udp to any port 9 u32 "0>>22&0x3C@4>>16=8:200" id nine
check_change "a member" group add few host 192.0.2.9
check_change "a setting" set max-flows 70000
check_change "the fast path" set fastpath on
check_change "the defragmentation" set fragments reassemble
fw apply "$TMP/everything" >/dev/null
check_shows "the ruleset" save
check_shows "a group" group show banned
check_shows "the roles" role list

# --- flows --------------------------------------------------------------------

fw apply "$TMP/old" >/dev/null
before=$(fw -j status)
total=$(in_ns "$ROUTER" "$BUILD/fail-nth" 100000 datagram "$OUTSIDE4")
for n in $(seq 1 "${total% *}"); do
	in_ns "$ROUTER" "$BUILD/fail-nth" "$n" datagram "$OUTSIDE4"
done >"$TMP/datagrams"
check_match "a datagram of the router's, ${total% *} allocations: one of them was the flow's" \
	"$(drops_since "$before")" 'no-memory [1-9]'
# Those of packets that are forwarded are made in a context of nobody's. All of them
# fail, and nothing else: "slub_debug=A,flowwall_flow" among the kernel's arguments.
echo Y >/sys/kernel/debug/failslab/cache-filter
echo 1000000 >/sys/kernel/debug/failslab/times
before=$(fw -j status)
echo 100 >/sys/kernel/debug/failslab/probability
check_fails "no memory for flows: what is new does not pass" pings "$INSIDE" "$OUTSIDE4"
echo 0 >/sys/kernel/debug/failslab/probability
echo N >/sys/kernel/debug/failslab/cache-filter
check_match "it is counted so" "$(drops_since "$before")" 'no-memory [1-9]'
check "there is memory again: it does" pings "$INSIDE" "$OUTSIDE4"

# vmalloc and percpu say that they had no memory, with the way that led there: that is
# not what is looked for here.
check_equal "the kernel says nothing else" "$(kernel_log |
	grep -E -A 50 'KASAN|UBSAN|BUG:|WARNING: (suspicious|possible|CPU)|ODEBUG|refcount_t|remaining')" ""
echo "flowwall-selftest: begin the end of faults" >/dev/kmsg
listen_tcp "$INSIDE" 80
check_works
check_nothing_left
