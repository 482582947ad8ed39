#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ovs-change.sh: how long it takes until one host of a thousand is in another group, on
# this machine; no module and no guest is needed, but root is. See ovs_change.c for what
# is measured, docs/benchmarks.md for results. Exit status 1 if the median is beyond 50 ms.

set -u
most=50
. "$(dirname "$0")/native.sh"
need cc pkg-config ethtool

tool=$here/../../tool
libraries="libnl-3.0 libnl-genl-3.0 jansson"
# shellcheck disable=SC2046,SC2086  # words
cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread -I"$tool" -I"$tool/lang" \
	-I"$tool/../include/uapi" $(pkg-config --cflags $libraries) -o "$TMP/ovs_change" \
	"$here/ovs_change.c" "$tool/build/common.a" $(pkg-config --libs $libraries) ||
	die "ovs_change.c cannot be compiled"

start_ovs
make_bridge
setup_ns A B
host_at "$A" 1
host_at "$B" 2
thousand_hosts 7 >"$TMP/file"
grep '^group' "$TMP/file" >"$TMP/first"
thousand_hosts 8 | grep '^group' >"$TMP/second"
"$TMP/ovs_change" "$TMP/file" "$TMP/first" "$TMP/second" >"$TMP/changes" || die "it did not come to its end"

# column NUMBER: the least, the median and the most.
column() { cut -d ' ' -f "$1" "$TMP/changes" | sort -n | sed -n '1p;15p;$p' | paste -sd ' '; }
median() { column 1 | cut -d ' ' -f 2; }
{
	echo "one host of 1,000 moves to another of 50 groups, 30 times; ms: least, median, most"
	echo "until OVS has the flows: $(column 1)"
	echo "of it, to make them:     $(column 2)"
} >&3
check "the median is at most $most ms" awk -v ms="$(median)" -v most="$most" 'BEGIN { exit ms > most }'
