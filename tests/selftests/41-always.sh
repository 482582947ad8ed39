#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.12
#
# Neighbour discovery and the answers of DHCP pass on an external interface, for
# this router; each is counted, and each can be switched off.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"

need jq
topology
fw_rules </dev/null

passed() { fw -j status | jq ".$1"; }
forget() {
	ip -n "$ROUTER" neigh flush all
	ip -n "$OUTSIDE" neigh flush all
}

check_match "both are on at first" "$(fw save)" '^set neighbour on$'
before=$(passed neighbour)
forget
check "neighbours find each other again" pings "$INSIDE" "$OUTSIDE6"
check "that is counted" [ "$(passed neighbour)" -gt "$before" ]
link=$(ip -n "$OUTSIDE" -json -6 addr show dev eth0 scope link | jq -r '[.[].addr_info[]?.local // empty][0]')
mine=$(ip -n "$ROUTER" -json -6 addr show dev out0 scope link | jq -r '[.[].addr_info[]?.local // empty][0]')
mac=$(link_address "$ROUTER" out0)
solicit="icmp('$link', '$mine', 135, ident=0, seq=0, data=packed('$mine')"
check_drops "with another hop limit than 255 it is no neighbour" "policy 1" "$OUTSIDE" \
	-i eth0 "$mac" "$solicit, hops=254)"
before=$(passed neighbour)
check_drops "with 255 it is" "" "$OUTSIDE" -i eth0 "$mac" "$solicit, hops=255)" \
	"icmp('$link', 'ff02::1', 134, ident=0x4000, seq=0, data=b'\\0' * 8, hops=255)"
check "both are counted" [ "$(passed neighbour)" -ge $((before + 2)) ]
query="icmp('$link', 'ff02::1', 130, ident=0, seq=0, data=bytes(16), hops=1)"
before=$(passed neighbour)
check_drops "who listens to multicasts is asked by a neighbour" "" "$OUTSIDE" -i eth0 "$mac" "$query" \
	"header($query, 'hop', bytes([5, 2, 0, 0, 1, 0]))"
check "that is counted" [ "$(passed neighbour)" -ge $((before + 2)) ]
check_drops "not by somebody else" "policy 1" "$OUTSIDE" \
	-i eth0 "$mac" "icmp('$OUTSIDE6', 'ff02::1', 130, ident=0, seq=0, data=bytes(16), hops=1)"
watch_inside() { watch inside "$INSIDE" eth0 'icmp6 and ip6[40] >= 133 and src net 2001:db8:2::/64'; }
watch_inside
check_drops "it is for this router only" "policy 1" "$OUTSIDE" -i eth0 "$mac" \
	"icmp('$OUTSIDE6', '$INSIDE6', 135, ident=0, seq=0, data=packed('$INSIDE6'), hops=255)"
check_seen "and does not come in" inside 0

fw set neighbour off
check_drops "switched off, nobody asks who listens" "policy 1" "$OUTSIDE" -i eth0 "$mac" "$query"
forget
check_fails "switched off, neighbours do not find each other" pings "$INSIDE" "$OUTSIDE6"
forget
check "IPv4 has its own way" pings "$INSIDE" "$OUTSIDE4"
fw set neighbour on
forget
check "switched on, they do" pings "$INSIDE" "$OUTSIDE6"

# dhcp COUNT: so many of four answers (and four that are none) get to a client.
listener() {
	in_ns "$ROUTER" "$PYTHON" -I -S -c '
import selectors, socket
events = selectors.DefaultSelector()
for family, port in (socket.AF_INET, 68), (socket.AF_INET6, 546), (socket.AF_INET, 69):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("", port))
    events.register(sock, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in events.select():
        print(key.fileobj.getsockname()[1], key.fileobj.recv(99), flush=True)' >"$TMP/dhcp" 2>&1 &
	busywait 10 grep -q ready "$TMP/dhcp"
}
answers() {
	craft "$OUTSIDE" -i eth0 "$mac" "udp('$OUTSIDE4', '$ROUTER_OUT4', 67, 68)" \
		"udp('192.0.2.1', '$ROUTER_OUT4', 67, 68)" "udp('$link', '$mine', 547, 546)" \
		"udp('$OUTSIDE4', '$ROUTER_OUT4', 67, 69)" "udp('$OUTSIDE4', '$ROUTER_OUT4', 66, 68)" \
		"udp('$link', '$mine', 548, 546)" "udp('$OUTSIDE4', '$INSIDE4', 67, 68)"
	sleep 0.3
	grep -c '^[0-9]' "$TMP/dhcp"
}
listener
status=$(fw -j status)
check_equal "answers of DHCP get to the router's client, and only they" "$(answers)" 3
check_equal "the others are dropped" "$(drops_since "$status")" "policy 4"
check_equal "they are counted" "$(passed dhcp)" 3
check_equal "they make no flow" "$(flow '.proto == "udp"')" ""
fw set dhcp off
check_equal "switched off, they do not" "$(answers)" 3
check_equal "nor are they counted" "$(passed dhcp)" 3
