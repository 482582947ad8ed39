#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Beside nftables: masquerade and port forwarding on the same router. FlowWall
# sees the inside addresses in both directions, so nothing of it changes.
. "$(dirname "$0")/lib.sh"

need nft
topology
in_ns "$ROUTER" nft -f - <<-NAT || die "no NAT on this kernel"
	table inet nat {
		chain out {
			type nat hook postrouting priority srcnat;
			oifname out0 masquerade
		}
		chain in {
			type nat hook prerouting priority dstnat;
			iifname out0 meta nfproto ipv4 tcp dport 8080 dnat ip to $INSIDE4:80
			iifname out0 meta nfproto ipv4 tcp dport 8081 dnat ip to $INSIDE4:81
		}
	}
NAT
fw_rules <<<"allow in tcp to $INSIDE4 port 80 id web"
listen_tcp "$OUTSIDE" 80
listen_tcp "$INSIDE" 80 81
udp_echo_server "$OUTSIDE" 53
capture outside "$OUTSIDE" eth0 ip or ip6

for outside in "$OUTSIDE4" "$OUTSIDE6"; do
	check "ping to $outside" pings "$INSIDE" "$outside"
	check "TCP to $outside" tcp_echoes "$INSIDE" "$outside" 80
	check "UDP to $outside" udp_echoes "$INSIDE" "$outside" 53
	check_equal "a refusal of $outside comes back" "$(udp_result "$INSIDE" "$outside" 54)" refused
done
captured outside >"$TMP/outside"
for v in 4 6; do
	router=ROUTER_OUT$v outside=OUTSIDE$v
	check "v$v: what was seen there came from the router" \
		grep -Eq "${!router}\.[0-9]+ > ${!outside}\.80: Flags" "$TMP/outside"
done
check_equal "no inside address was" "$(grep -F -e "$INSIDE4" -e "$INSIDE6" "$TMP/outside")" ""
check_equal "flows have the inside's address" "$(flows_json | jq -r \
	'[.[] | select(.direction == "out") | .original.src] | unique | join(" ")')" "$INSIDE4 $INSIDE6"
check "the router reaches the outside" tcp_echoes "$ROUTER" "$OUTSIDE4" 80

check "the forwarded port that a rule allows is open" tcp_echoes "$OUTSIDE" "$ROUTER_OUT4" 8080
check "its flow is to the inside" jq -e "any(.[]; .direction == \"in\" and
	.original.dst == \"$INSIDE4\" and .original.dport == 80 and .rule == \"web\")" <(flows_json)
check_equal "the one that no rule allows is not" "$(tcp_result "$OUTSIDE" "$ROUTER_OUT4" 8081)" timeout
check_equal "nor is a port of the router" "$(tcp_result "$OUTSIDE" "$ROUTER_OUT4" 80)" timeout
check_equal "nor the inside itself" "$(tcp_result "$OUTSIDE" "$INSIDE4" 81)" timeout
