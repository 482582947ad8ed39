#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# fwctl doctor tells what stands in the way: each thing is broken once, and mended.
. "$(dirname "$0")/lib.sh"

need jq nft ethtool unshare
topology
fw_rules <<-RULES
	allow in tcp to $INSIDE4 port 80
RULES
rules=$TMP/ruleset

# level CHECK: what the doctor says of it in the router; with -n, the machine's own files.
level() {
	fw -j doctor "$rules" | jq -r --arg check "$1" \
		'[.checks[] | select(.check == $check) | .level] | first // "nothing"'
}
# alone NAME FILE TEXT COMMAND...: runs COMMAND where FILE reads as TEXT.
alone() {
	local file=$1 text=$2
	shift 2
	printf '%b' "$text" >"$TMP/instead"
	# shellcheck disable=SC2016  # expanded inside
	unshare -m bash -c 'mount --bind "$0" "$1" && shift && "$@"' "$TMP/instead" "$file" "$@"
}

check_equal "the module is loaded" "$(level module)" good
check_equal "roles are good" "$(level roles)" good
check_equal "so is forwarding" "$(level forwarding)" good
check_equal "so is the ruleset" "$(level ruleset)" good
check_equal "so is the flow table" "$(level "flow table")" good
check_match "an option is no file" "$(fw doctor --bogus 2>&1)" 'the option .--bogus. is not known here'
check_match "nor is it for diff" "$(fw diff --bogus 2>&1)" 'the option .--bogus. is not known here'
check_equal "no other firewall" "$(level firewalls)" good

in_ns "$ROUTER" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
check_equal "one family is not forwarded" "$(level forwarding)" note
in_ns "$ROUTER" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; echo 0 >/proc/sys/net/ipv4/ip_forward'
check_equal "the other is not" "$(level forwarding)" note
in_ns "$ROUTER" nft 'add table ip mine; add chain ip mine c { type filter hook input priority 0; }'
check_match "another firewall is named" "$(fw doctor "$rules")" 'nftables has tables as well: ip mine'
in_ns "$ROUTER" nft delete table ip mine
check_equal "it is gone" "$(level firewalls)" good
if in_ns "$ROUTER" iptables-legacy -A FORWARD -j ACCEPT 2>/dev/null; then
	check_match "one of iptables-legacy, too" "$(fw doctor "$rules")" \
		'note +firewalls +iptables-legacy has tables as well: ip filter$'
	check_equal "and is the only one" "$(fw doctor "$rules" | grep -c firewalls)" 1
else
	note "no iptables-legacy here"
fi
if in_ns "$ROUTER" ip6tables-legacy -A FORWARD -j ACCEPT 2>/dev/null; then
	check_match "of IPv6 as well" "$(fw doctor "$rules")" 'ip6 filter$'
fi

check_equal "without queues nothing is said of them" "$(level queues)" nothing
cp "$rules" "$TMP/without"
cat >>"$rules" <<-RULES
	allow in udp to any port 53 queue 7 id asked
	allow in udp to any port 54 queue 8 bypass id bypassed
	allow in udp to any port 55 queue 20-21 id two
RULES
fw apply "$rules" >/dev/null
check_match "nobody listens to a queue" "$(fw doctor "$rules")" \
	'wrong +queues +nobody listens, so the kernel drops what is for rules asked \(queue 7\), two \(queue 20\)$'
listener() { # NAMESPACE QUEUE
	in_ns "$1" "$PYTHON" "$TESTS/queue.py" "$2" accept >"$TMP/queue-$2" 2>&1 &
	busywait 10 grep -q ready "$TMP/queue-$2" || die "no listener" "$(cat "$TMP/queue-$2")"
}
if modprobe -q nfnetlink_queue; then
	listener "$INSIDE" 7
	check_match "who listens in another namespace does not hear it" "$(fw doctor "$rules")" 'asked \(queue 7\)'
	listener "$ROUTER" 7
	listener "$ROUTER" 20
	check_match "one queue of a rule is not all" "$(fw doctor "$rules")" 'is for rule two \(queue 21\)$'
	listener "$ROUTER" 21
	check_equal "now somebody does" "$(level queues)" good
fi
mv "$TMP/without" "$rules"
fw apply "$rules" >/dev/null
fw rule add allow in tcp to any port 9 >/dev/null
check_equal "the ruleset differs" "$(level ruleset)" wrong
check_match "by a line" "$(fw doctor "$rules")" '1 line differs from'
check_fails "the exit status tells" fw doctor "$rules"
fw rule del "$(fw -j rule list | jq -r 'last | .id')"
check_equal "it is the same again" "$(level ruleset)" good
check "now nothing is wrong" fw doctor "$rules"
echo "alow in tcp" >>"$rules"
check_equal "the file has a mistake" "$(level ruleset)" wrong
sed -i '$d' "$rules"
fw set max-flows 1024 >/dev/null
check_equal "there is room" "$(level "flow table")" good
fw role del out0
check_equal "without an outside everything passes" "$(level roles)" wrong
fw role add later0 external
check_equal "it may come later" "$(level roles)" note
fw apply "$rules" >/dev/null
fw apply "$rules" --confirm 60 >/dev/null
check_equal "a ruleset waits" "$(level confirm)" note
fw confirm

# Without the module: why, and what to do.
rmmod flowwall
release=$(uname -r)
dep=/lib/modules/$release/modules.dep
mkdir "$TMP/empty"
doctor() { "$FWCTL" doctor "$rules"; }
export -f doctor
export FWCTL rules
without=$(grep -v flowwall "$dep")
check_match "there is none for this kernel" "$(alone "$dep" "$without" bash -c doctor)" \
	'wrong +module +there is none for the running kernel'
with="$without\nupdates/dkms/flowwall.ko:\n"
check_match "it is there, and not loaded" "$(alone "$dep" "$with" bash -c doctor)" \
	'wrong +module +not loaded'
check_match "Secure Boot does not take it" \
	"$(alone "$dep" "$with" bash -c 'mkdir -p /run/sys && mount -t tmpfs none /sys &&
		mkdir -p /sys/firmware/efi/efivars /sys/module/flowwall &&
		rmdir /sys/module/flowwall &&
		printf "\6\0\0\0\1" >/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c &&
		doctor')" 'mokutil --import'
