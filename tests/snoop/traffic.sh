# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Traffic of many kinds, and what is known of it, for the cases about reports. Source it
# after snoop.sh; needs what it names.

need tcpdump tshark curl openssl iptables

# network: a client in $TAP at `near`, and a server in $SERVER at `far`.
network() {
	setup_ns TAP SERVER
	ip -n "$TAP" link add near type veth peer name far netns "$SERVER" || die "cannot make a link"
	host "$TAP" near 1
	host "$SERVER" far 2
	mkdir "$TMP/www"
	head -c 300000 /dev/urandom >"$TMP/www/large"
	echo small >"$TMP/www/small"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout "$TMP/key.pem" \
		-out "$TMP/cert.pem" 2>/dev/null
	in_ns "$SERVER" "$PYTHON" "$SOURCE/tests/snoop/serve.py" 10.0.9.2 "$TMP/www" >"$TMP/serve" 2>&1 &
	in_ns "$SERVER" openssl s_server -quiet -accept 443 -cert "$TMP/cert.pem" -key "$TMP/key.pem" \
		-www >/dev/null 2>&1 &
	busywait 20 grep -q ready "$TMP/serve" || die "no server" "$(cat "$TMP/serve")"
	busywait 20 tcp_connects "$TAP" 10.0.9.2 443 || die "no server of TLS"
	# What the server does not get is sent again.
	in_ns "$SERVER" iptables -A INPUT -p tcp --dport 80 -m length --length 53:65535 \
		-m statistic --mode nth --every 3 --packet 0 -j DROP
	in_ns "$TAP" iptables -A INPUT -p tcp --sport 80 -m length --length 1000:65535 \
		-m statistic --mode nth --every 20 --packet 0 -j DROP
}

host() {
	in_ns "$1" ethtool -K "$2" gso off tso off gro off tx off >/dev/null 2>&1
	ip -n "$1" addr add "10.0.9.$3/24" dev "$2"
	ip -n "$1" addr add "2001:db8:9::$3/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
}

# traffic: of each kind some.
traffic() {
	local name
	ip -n "$TAP" neigh flush all
	for name in www.example.org mail.example.org; do
		in_ns "$TAP" curl -s -m 20 --resolve "$name:80:10.0.9.2" -o /dev/null "http://$name/large" ||
			die "no answer by HTTP"
	done
	in_ns "$TAP" curl -s -m 20 -H 'Host: www.example.org' -o /dev/null http://10.0.9.2/small
	in_ns "$TAP" curl -s -k -m 20 --resolve secure.example.net:443:10.0.9.2 -o /dev/null \
		https://secure.example.net/ || die "no answer by TLS"
	in_ns "$TAP" "$PYTHON" "$SOURCE/tests/snoop/resolve.py" 10.0.9.2 a.example a.example b.example ||
		die "no answer by DNS"
	pings "$TAP" 10.0.9.2 >/dev/null || die "no answer to a ping"
	pings "$TAP" 2001:db8:9::2 >/dev/null || die "no answer to a ping of IPv6"
	tcp_result "$TAP" 10.0.9.2 81 >/dev/null	# refused
	in_ns "$TAP" "$FLOWWALL_SEND" near 50 200 >/dev/null
}

# record FILE: what tcpdump sees of it at far.
record() {
	in_ns "$SERVER" tcpdump -i far -s 0 -B 8192 --immediate-mode --time-stamp-precision=nano -w "$1" -U \
		>/dev/null 2>"$TMP/tcpdump.err" &
	RECORDER=$!
	busywait 20 grep -q listening "$TMP/tcpdump.err" || die "no tcpdump" "$(cat "$TMP/tcpdump.err")"
	traffic
	sleep 0.5	# what is still on its way
	pkill -INT -P "$RECORDER" || kill -INT "$RECORDER"
	wait "$RECORDER"
}
