#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# kernel: 6.12
#
# What attackers try to get past a firewall, over IPv4 and IPv6, to a host behind it and to
# the router itself: each attack of evasion.py arrives as long as there is none, and then
# neither arrives nor is answered, and is counted for its reason: where nothing is allowed,
# where one port is, where fragments are reassembled, and on the fast path.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq nft
CAPTURE=no topology
black_hole
no_icmp_limits "$INSIDE" "$ROUTER"
# IP itself is as open as it can be.
for conf in all out0; do
	for key in accept_source_route accept_local route_localnet; do
		in_ns "$ROUTER" sysctl -qw "net.ipv4.conf.$conf.$key=1"
	done
	# It would tell itself of a better way before anybody is asked.
	in_ns "$ROUTER" sysctl -qw "net.ipv4.conf.$conf.send_redirects=0"
done
in_ns "$ROUTER" sysctl -qw net.ipv4.ipfrag_time=1
# The hosts take part in their own conversations only, and say nothing of the rest.
for host in "$INSIDE" "$OUTSIDE"; do
	in_ns "$host" nft -f - <<-NFT || die "nft does not take its rules"
		table inet silent {
			chain in {
				type filter hook prerouting priority -500; policy drop
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
				udp dport { 9, 40000 } accept
				ip saddr { $INSIDE4, $OUTSIDE4 } accept
				ip6 saddr { $INSIDE6, $OUTSIDE6 } accept
				ip saddr $ROUTER_OUT4 ip daddr $OUTSIDE4 accept
				ip6 saddr $ROUTER_OUT6 ip6 daddr $OUTSIDE6 accept
			}
		}
	NFT
done

control evade "$ROUTER" "$TESTS/evasion.py" "$INSIDE" "$ROUTER" "$OUTSIDE"
# attack PHASE SET: sends the attacks of a set; the points are evasion.py's.
attack() {
	local version verdict name why
	for version in 4 6; do
		echo "$1 $2 $version" >&"${CONTROL_INPUT[evade]}"
		while IFS=$'\t' read -r -t 60 -u "${CONTROL_OUTPUT[evade]}" verdict name why; do
			case $verdict in
			ok)	pass "$name" ;;
			"not ok") fail "$name" "$why" ;;
			done)	continue 2 ;;
			*)	note "$verdict" ;;
			esac
		done
		die "evasion.py does not answer" "$1 $2 $version"
	done
}

# fence: what evasion.py sends behind each attack, and its answer.
fence=$(printf 'allow in udp from %s port 40000 to %s port 9\n' \
	"$OUTSIDE4" "$INSIDE4" "$OUTSIDE6" "$INSIDE6")
rules() { fw_rules <<<"$fence
$1"; }
exceptions="allow in tcp to $INSIDE4 port 80
allow in tcp to $INSIDE6 port 80
allow in tcp to $ROUTER_OUT4 port 80
allow in tcp to $ROUTER_OUT6 port 80"

for set in closed router flows outbound own inbound exception reassemble; do
	attack bare "$set"
done

rules ""
for set in closed router flows outbound own; do
	attack guarded "$set"
done
rules "set fastpath on"
for set in flows outbound; do
	attack fast "$set"
done
rules "$exceptions"
for set in exception inbound; do
	attack guarded "$set"
done
rules "$exceptions
set fastpath on"
attack fast inbound
rules "$exceptions
set fragments reassemble"
attack guarded reassemble
