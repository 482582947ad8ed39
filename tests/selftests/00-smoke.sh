#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest and the library themselves: without the module, the topology must
# carry each kind of traffic that the cases use.
. "$(dirname "$0")/lib.sh"

load_module() { :; }
topology

check "the topology has three namespaces" [ "${#FLOWWALL_NAMESPACES[@]}" = 3 ]
listen_tcp "$OUTSIDE" 80 8080
udp_echo_server "$OUTSIDE" 53
capture echoes "$ROUTER" out0 icmp or icmp6
for address in "$OUTSIDE4" "$OUTSIDE6"; do
	check "ping to $address" pings "$INSIDE" "$address"
	check "TCP to $address connects" tcp_connects "$INSIDE" "$address" 80
	check "TCP to $address carries data" tcp_echoes "$INSIDE" "$address" 8080
	check "UDP to $address is answered" udp_echoes "$INSIDE" "$address" 53
	check_equal "a closed TCP port of $address refuses" \
		"$(tcp_result "$INSIDE" "$address" 81)" refused
	check_equal "a closed UDP port of $address refuses" \
		"$(udp_result "$INSIDE" "$address" 54)" refused
done
check_fails "an address that does not exist does not answer" pings "$INSIDE" 198.51.100.77
# Two echoes with their answers, two refusals of UDP, and neighbour discovery.
check "the capture saw the echoes" [ "$(capture_count echoes)" -ge 6 ]
check_match "the capture can be read" "$(captured echoes)" 'echo request'
