#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A report as a page: one file that loads nothing, takes no name for HTML, and that a
# browser shows in light and in dark.
. "$(dirname "$0")/../selftests/lib.sh"
. "$(dirname "$0")/snoop.sh"
. "$(dirname "$0")/traffic.sh"
need chromium

network
record "$TMP/real.pcap"
page=$TMP/report.html
check "a page is made" "$FWCTL" report "$TMP/real.pcap" --html "$page"
check_equal "it loads nothing" "$(grep -Eoi '(src|href)=|url\(|@import|<(script|link|iframe|img|object)' "$page")" ""
check "it is well formed" $PYTHON - "$page" <<-'PYTHON'
	import html.parser, sys
	open_tags, problems = [], []
	void = {"meta", "br", "i"}
	class Reader(html.parser.HTMLParser):
	    def handle_starttag(self, tag, attributes):
	        if tag not in {"meta", "br", "tr", "td", "th", "p"}:
	            open_tags.append(tag)
	    def handle_endtag(self, tag):
	        if tag in {"tr", "td", "th", "p"}:
	            return
	        if not open_tags or open_tags.pop() != tag:
	            problems.append((tag, self.getpos()))
	Reader().feed(open(sys.argv[1]).read())
	sys.exit(str((open_tags, problems)) if open_tags or problems else 0)
PYTHON

# shot NAME FLAG...: a picture of the page.
shot() {
	local name=$1
	shift
	HOME=$TMP timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--hide-scrollbars --window-size=1180,1700 --user-data-dir="$TMP/chromium" "$@" \
		--screenshot="$TMP/$name.png" "file://$page" >"$TMP/$name.log" 2>&1
	[ -s "$TMP/$name.png" ]
}

# colours FILE: how light the corner is, and how many colours there are in all.
colours() {
	$PYTHON - "$1" <<-'PYTHON'
		import struct, sys, zlib
		data = open(sys.argv[1], "rb").read()
		at, packed = 8, b""
		while at < len(data):
		    length, kind = struct.unpack(">I4s", data[at:at + 8])
		    if kind == b"IHDR":
		        width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
		    if kind == b"IDAT":
		        packed += data[at + 8:at + 8 + length]
		    at += length + 12
		size = {2: 3, 6: 4}[colour]
		raw, line, seen, first = zlib.decompress(packed), bytes(width * size), {}, None
		for row in range(height):
		    begin = row * (width * size + 1)
		    how, new = raw[begin], bytearray(raw[begin + 1:begin + 1 + width * size])
		    for i in range(len(new)):
		        left = new[i - size] if i >= size else 0
		        up, corner = line[i], line[i - size] if i >= size else 0
		        if how == 1: new[i] = new[i] + left & 255
		        elif how == 2: new[i] = new[i] + up & 255
		        elif how == 3: new[i] = new[i] + (left + up) // 2 & 255
		        elif how == 4:
		            p = left + up - corner
		            near = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))
		            new[i] = new[i] + near[2] & 255
		    line = bytes(new)
		    for i in range(0, len(line), size):
		        pixel = line[i:i + 3]
		        seen[pixel] = seen.get(pixel, 0) + 1
		    first = first or line[:3]
		# Of the plot: the two most frequent series.
		print("light" if sum(first) > 600 else "dark" if sum(first) < 150 else "grey", len(seen) > 20,
		      *(seen.get(bytes.fromhex(c), 0) > 500 for c in sys.argv[2:] or
		        (["2f6fde"] if sum(first) > 600 else ["6a9df5"])))
	PYTHON
}

check "chromium shows it" shot light --blink-settings=preferredColorScheme=1
check_equal "light, with its plot" "$(colours "$TMP/light.png")" "light True True"
check "and in dark" shot dark --blink-settings=preferredColorScheme=0
check_equal "dark, with its plot" "$(colours "$TMP/dark.png")" "dark True True"
[ -z "${FLOWWALL_KEEP:-}" ] || cp "$page" "$TMP"/*.png "$FLOWWALL_KEEP"

# Its own policy lets nothing in, whatever stands there.
check_match "it forbids itself to load anything" "$(cat "$page")" "default-src 'none'"

# What others wrote: a path of a file may hold anything.
cp "$TMP/real.pcap" "$TMP/<img src=x onerror=alert(1)>&.pcap"
"$FWCTL" report "$TMP/<img src=x onerror=alert(1)>&.pcap" --html "$TMP/hostile.html"
check_equal "no name is taken for HTML" "$(grep -c '<img' "$TMP/hostile.html")" 0
check_match "but shown" "$(cat "$TMP/hostile.html")" '&lt;img src=x onerror=alert\(1\)&gt;&amp;.pcap'
