#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# unlocked.sh MODULE...: no locked instruction is executed for a packet of a flow that
# is established. Reads the code: of the functions that such a packet goes through, as
# far as the compiler has left them functions, none has a lock prefix, exchanges
# anything with memory, or calls one of the kernel's functions that take a lock. (What is
# done once in a flow's life, or for a packet that something is to be decided about, is
# in other functions. What else of the kernel is called is not looked into.) Prints TAP.

set -euo pipefail

# Those that must be there, and those that may be part of others.
must='hook fwl_judge fwl_parse fwl_tcp_fits fwl_tcp_note gate'
may='parse_any parse_transport parse_ports parse_tcp parse_ipv4 parse_ipv6 read_plain_ipv6
	learn_path is_plain is_plain_ipv4 is_plain_ipv6 way_out fits_link age'

points=0 failed=0
for module; do
	report=$(objdump -dr --no-show-raw-insn "$module" | awk -v must="$must" -v may="$may" '
		BEGIN {
			n = split(must, list)
			for (i = 1; i <= n; i++) wanted[list[i]] = 2
			n = split(may, list)
			for (i = 1; i <= n; i++) wanted[list[i]] = 1
		}
		/^[0-9a-f]+ <.*>:$/ {
			name = substr($2, 2, length($2) - 3)
			sub(/\..*/, "", name)
			seen[name]++
			next
		}
		wanted[name] && (/[ \t]lock[ \t]/ || /[ \t]xchg[a-z]?[ \t].*\(/ ||
			/R_[A-Z0-9_]+[ \t]+(_raw_(spin|read|write)_|queued_|mutex_)/) { print name ": " $0 }
		END {
			for (name in wanted)
				if (wanted[name] == 2 && !seen[name]) print name ": no such function"
		}')
	points=$((points + 1))
	if [ -z "$report" ]; then
		echo "ok $points unlocked: $module"
	else
		echo "not ok $points unlocked: $module"
		echo "# ${report//$'\n'/$'\n'# }"
		failed=1
	fi
done
echo "1..$points"
exit "$failed"
