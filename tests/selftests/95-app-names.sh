#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel: 6.1
# limit: 300
#
# app: TLS by the name of the server, DNS by the names in its questions: what is denied is
# reset, or REFUSED; what is allowed costs no more than its first packets.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/more.sh"
. "$(dirname "$0")/app.sh"

topology
web "$OUTSIDE"
app_rules <<-RULES
	deny tls name *.ads.example id ads
	allow tls name *.example id tls
	deny dns name *.ads.example
	allow dns
RULES

# ask udp|tcp ADDRESS NAME...: a question for each name, from one port; the answers' codes.
ask() {
	in_ns "$INSIDE" "$PYTHON" -I -S - "$@" <<-'PYTHON'
		import socket, struct, sys
		kind = socket.SOCK_DGRAM if sys.argv[1] == "udp" else socket.SOCK_STREAM
		family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
		sock = socket.socket(family, kind)
		sock.settimeout(3)
		sock.connect((sys.argv[2], 53))
		for name in sys.argv[3:]:
		    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + b"".join(
		        bytes([len(l)]) + l for l in name.encode().split(b".")) + b"\0\0\1\0\1"
		    if kind == socket.SOCK_STREAM:
		        query = struct.pack(">H", len(query)) + query
		    try:
		        sock.send(query)
		        answer = sock.recv(2000)[2 if kind == socket.SOCK_STREAM else 0:]
		        print(answer[3] & 15 if answer else "closed", end=" ")
		    except OSError as error:
		        print(type(error).__name__, end=" ")
	PYTHON
}

# greeting: what a server says that speaks first.
greeting() {
	# shellcheck disable=SC2016  # expanded inside
	in_ns "$INSIDE" timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/25"; read -r line <&3; echo "${line%?}"' \
		"$OUTSIDE4" 2>/dev/null
}

fw_rules <<<"allow out proto 17 to any port 53"
check_equal "without the filter, a server may speak first" "$(greeting)" "220 hello"
check_equal "without the filter there are answers" "$(ask udp "$OUTSIDE4" www.example x.ads.example)" "0 0 "
check_equal "and TLS" "$(fetch "$INSIDE" "$OUTSIDE4" https://x.ads.example/)" "web x.ads.example / 200"
fw_rules <<-RULES
	allow out tcp to any port 443,53,25 queue 5
	allow out udp to any port 53 queue 5
RULES
app 5
for to in "$OUTSIDE4" "$OUTSIDE6"; do
	check_equal "$to: TLS that is allowed" "$(fetch "$INSIDE" "$to" https://www.example/x)" "web www.example /x 200"
	check_equal "$to: TLS that is denied is reset" \
		"$(fetch "$INSIDE" "$to" https://x.ads.example/ -w '%{errormsg}' | grep -o 'reset by peer')" "reset by peer"
	check_equal "$to: DNS over UDP" "$(ask udp "$to" www.example x.ads.example x.ADS.example www.example)" "0 5 5 0 "
	check_equal "$to: DNS over TCP" "$(ask tcp "$to" www.example www.example x.ads.example)" "0 0 5 "
done
check_equal "who speaks first is none of these: denied" "$(greeting)" ""
check_equal "names are told" "$(decisions '.name == "x.ads.example" and .verdict == "deny" and .proto == "tls"')" 2

# A download within TLS: after its first packets the filter does not see it.
before=$(app_count '.queues[0].packets')
check_equal "a download of 20 MB" \
	"$(in_ns "$INSIDE" curl -sk -m 60 -o /dev/null -w '%{size_download}' --connect-to "::$OUTSIDE4:443" https://www.example/bytes/20000000)" 20000000
asked=$(($(app_count '.queues[0].packets') - before))
check "it was asked about no more than 20 packets: $asked" [ "$asked" -le 20 ]
