# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases about `fwctl app` share, on top of lib.sh and more.sh.

need jq curl openssl
modprobe -q nfnetlink_queue || skip "no nfnetlink_queue here"

# web NAMESPACE: web.py there, until the case ends. What was asked for is in $TMP/web.
web() {
	[ -f "$TMP/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=app.example -keyout "$TMP/key" -out "$TMP/cert" 2>/dev/null ||
		die "no certificate can be made"
	[ -f "$TMP/cert.pem" ] || cat "$TMP/key" "$TMP/cert" >"$TMP/cert.pem"
	in_ns "$1" "$PYTHON" -I -S "$TESTS/web.py" "$TMP/cert.pem" >"$TMP/web" 2>&1 &
	busywait 90 grep -q ready "$TMP/web" || die "no server" "$(cat "$TMP/web")"
}

# app_rules: makes standard input the rules of the filter.
app_rules() { cat >"$TMP/filter.app"; }

# app QUEUES [OPTION...]: the filter, for these rules; what it says is in $TMP/app.
# Each decision is told. Its process is $APP.
app() {
	"$FWCTL" -n "$ROUTER" -j -v app --queue "$@" "$TMP/filter.app" >"$TMP/app" 2>"$TMP/app.err" &
	APP=$!
	busywait 60 grep -q '"ready"' "$TMP/app" || die "no filter" "$(cat "$TMP/app.err" "$TMP/app")"
}

# app_end: ends it; app_count FILTER: of the counters that it prints then, by jq.
app_end() {
	kill "$APP"
	wait "$APP"
}
app_count() {
	local before
	before=$(grep -c '"counters"' "$TMP/app")
	kill -USR1 "$APP" 2>/dev/null &&
		busywait 30 bash -c "[ \$(grep -c '\"counters\"' $TMP/app) -gt $before ]"
	grep '"counters"' "$TMP/app" | tail -n 1 | jq "$1"
}

# decisions FILTER: how many decisions so far are so, by jq.
decisions() {
	settle
	jq -s "map(select(.event == \"decision\" and ($1))) | length" "$TMP/app"
}

# fetch NAMESPACE ADDRESS URL [OPTION...]: what curl gets of the web server at the address
# in place of the URL's host: the last line of the answer, and its status.
fetch() {
	local namespace=$1 address=$2 url=$3 host
	host=${url#*://} host=${host%%/*}
	[[ $address != *:* ]] || address="[$address]"
	in_ns "$namespace" curl -sk --path-as-is --noproxy '*' -m 20 --connect-to "$host:80:$address:80" \
		--connect-to "$host:443:$address:443" -w '%{http_code}' "${@:4}" "$url" | tail -n 2 | paste -sd ' ' 
}
