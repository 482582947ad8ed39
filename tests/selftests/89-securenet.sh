#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1200
# kernel: none, unless in full
#
# The SecureNet lab, examples/securenet: its walk-through comes out as its README says, and
# a group that changes is followed by the perimeter and inside the switches, connections
# that live included. What is wrong is refused and changes nothing, and nothing is left.
. "$(dirname "$0")/lib.sh"
. "$TESTS/more.sh"
. "$TESTS/ovs.sh"

need mn jq
export FWCTL PYTHONDONTWRITEBYTECODE=1
start_ovs
load_module
securenet=$SOURCE/examples/securenet
ROUTER=securenet

ip netns add securenet
check_match "where there is such a namespace, the lab does not begin" \
	"$("$securenet/securenet.py" 2>&1)" 'namespace .securenet. already.*--clean'
check "clean" "$securenet/securenet.py" --clean
check_fails "takes it away" test -e /run/netns/securenet

mkfifo "$TMP/lab.in"
exec {LAB}<>"$TMP/lab.in"
"$securenet/securenet.py" --hosts 2 <"$TMP/lab.in" >"$TMP/lab.out" 2>&1 &
running=$!
# ask COMMAND: the lab is to do that. answer N: what it prints of the Nth. lab: both.
ask() {
	echo >>"$TMP/asked"
	printf '%s\npy print("answer %d")\n' "$*" "$(asked)" >&"$LAB"
}
asked() { grep -c '' "$TMP/asked"; }
answer() {
	busywait 240 grep -q "answer $1\$" "$TMP/lab.out" || return
	sed 's/^\(securenet> \)*//' "$TMP/lab.out" |
		awk -v from="answer $(($1 - 1))" -v to="answer $1" '
			$0 == to { exit } on; $0 == from { on = 1 }'
}
lab() { ask "$@" && answer "$(asked)"; }
busywait 120 grep -q 'up after' "$TMP/lab.out" || die "the lab does not begin" "$(cat "$TMP/lab.out")"
note "$(grep 'up after' "$TMP/lab.out")"
lab "" >/dev/null

# --- the walk-through -----------------------------------------------------------

# Its lines of the README stand behind four blanks; how many packets there were does not
# count.
sed -n '/^    securenet>/,/^$/p' "$securenet/README.md" | sed 's/^    //; /^$/d' >"$TMP/expected"
lab "source $securenet/story.script" >"$TMP/story"
check "a rule is used on the perimeter and inside" \
	grep -Eq '^ +r1 .* perimeter [1-9][0-9]*, switches [1-9]' "$TMP/story"
for file in expected story; do
	sed -i -E 's/^securenet> //; s/(perimeter|switches) [0-9]+/\1 N/g' "$TMP/$file"
done
check "the README has a walk-through" [ "$(grep -c '' "$TMP/expected")" -ge 40 ]
check "it comes out as it is said there" diff "$TMP/expected" "$TMP/story"

# --- moving, with connections -----------------------------------------------------

# Their namespaces get names, for the tests to be there as well.
for host in h10 h11 h30 h31; do
	ip netns attach "$host" "$(pgrep -f "mininet:$host\$")" || die "no $host"
	FLOWWALL_NAMESPACES+=("$host")
done
listen_tcp h10 80 81
listen_tcp h31 80 81
lab 'secrule add allow any to any' >/dev/null
check "with a rule for all: another port, inside" tcp_connects h30 10.0.30.31 81
check "and across the perimeter" tcp_connects h30 10.0.10.10 81
lab 'secrule del r3' >/dev/null
check_equal "a rule for a port" "$(lab 'secrule add allow sg1 to sg2 tcp 80')" \
	'r4: allow sg1 to sg2 tcp 80'
for address in 10.0.10.10 10.0.30.31; do
	check "who is in the group gets to $address" session "to-$address" h11 tcp "$address" 80
	check "and back" tell "to-$address" echo 10
done
check "another port, another host: nothing" connects_none h11 10.0.10.10 81 h11 10.0.30.31 81 \
	h30 10.0.30.31 80 h30 10.0.10.10 80
check_equal "a host leaves" "$(lab 'h11 unbind sg1')" ''
check_equal "another one comes" "$(lab 'h30 bind sg1')" ''
for address in 10.0.10.10 10.0.30.31; do
	check "at once it gets to $address" tcp_echoes h30 "$address" 80
	ended() { ! tell "to-$address" echo 10; }
	check "who has left does not, with the connection that there was" busywait 20 ended
done
check "nor with another one" connects_none h11 10.0.10.10 80 h11 10.0.30.31 80

# counts: what both places have judged by the rule, "perimeter 1, switches 3".
counts() { lab 'secrule list' | grep -o 'tcp 80 .*' | grep -o 'perimeter.*'; }
perimeter() { counts | grep -o 'perimeter [0-9]*'; }
before=$(perimeter)
switches=$(counts)
check "once more, inside" tcp_echoes h30 10.0.30.31 80
check_equal "that is not the perimeter's" "$(perimeter)" "$before"
check_fails "but the switch's" [ "$(counts)" = "$switches" ]
check "once more, across" tcp_echoes h30 10.0.10.10 80
check_fails "that is the perimeter's, too" [ "$(perimeter)" = "$before" ]

# --- what is wrong -----------------------------------------------------------------

state() { fw save; ovs-ofctl -O OpenFlow13 --no-stats dump-flows s10 | grep -v cookie=0x4657000000000030 | sort; }
before=$(state)
first=$(($(asked) + 1))
cat >"$TMP/wrong" <<-'WRONG'
	secrule add permit sg1 to sg2|usage: secrule add allow.deny
	secrule add allow sg1 sg2|usage: secrule add allow.deny
	secrule add allow sg1 to sg2 tcp 99999|99999
	secrule add allow sg1 to new icmp 80|port
	secrule add allow sg1 to -n|.-n. is not known here
	secrule del r99|no rule .r99.*secrule list
	secrule nonsense|usage: secrule add
	secrule ipg add bad 300.1.2.3|300.1.2.3
	ipg show bad|.bad. is not an IP group; there are: partners
	ipg add sg1 10.0.0.1|is a security group
	ipg add any 10.0.0.1|.any. means all
	ipg del partners|in use by r2
	h30 bind partners|is an IP group
	h30 bind|usage: h30 bind GROUP
	h30 bind -n|.-n. is not known here
	h30 unbind sg2|not in .sg2.
	o1 bind sg1|IP group, ipg add GROUP 203.0.113.10
	sghosts nobody|.nobody. is not a security group; there are: sg1, sg2
	h99 bind sg1|.h99. is not known here
	show nothing|usage: show firewall
	pingall soon|usage: pingall
	source /nowhere|No such file
WRONG
while IFS='|' read -r command said; do
	ask "$command"
done <"$TMP/wrong"
while IFS='|' read -r command said; do
	check_match "refused: $command" "$(answer "$first")" "$said"
	first=$((first + 1))
done <"$TMP/wrong"
check_equal "nothing of it changed anything" "$(state)" "$before"
lab 'show firewall' >"$TMP/show"
check "show tells of the perimeter" grep -q 'allow in tcp from group sg1 to group sg2 port 80' "$TMP/show"
check "and of the switches" grep -q 'ovs segment s30 allow group sg1 to group sg2 tcp port 80' "$TMP/show"

# --- the end -------------------------------------------------------------------------

echo exit >&"$LAB"
check "exit" wait "$running"
check_equal "leaves no switch" "$(ovs-vsctl list-br)" ''
check_fails "no namespace" test -e /run/netns/securenet
check_fails "nothing in force" test -e /var/lib/flowwall/ovs.rules
check_fails "no program" pgrep -f 'mininet:|ovs watch'

# A policy is put in force as one: what FlowWall refuses of it, ends the lab.
printf 'h10 bind sg1\nsecrule add allow sg1 to sg2 tcp 70000\n' >"$TMP/policy"
"$securenet/securenet.py" --hosts 1 --policy "$TMP/policy" --script /dev/null >"$TMP/refused" 2>&1
check_equal "a policy that cannot be in force is refused" "$?" 1
check_match "with the line that it is about" "$(cat "$TMP/refused")" "port 70000 id r1 # $TMP/policy:2"
check_fails "the lab does not begin" grep -q 'up after' "$TMP/refused"
check_fails "which leaves no namespace" test -e /run/netns/securenet
check_equal "and no switch" "$(ovs-vsctl list-br)" ''
