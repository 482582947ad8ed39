#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh [-q] [-o FOLDER]: measures FlowWall beside plain forwarding, nftables with
# connection tracking, its flowtable, and iptables; what `make bench` runs. See
# inside.py for how, report.py for what is compared, docs/benchmarks.md for results.
#
#   -q         quick: few rounds, small cells; to see that it works
#   -o FOLDER  where samples, report and plot go; build/bench unless given
#
# On two engines: User-Mode Linux runs at this machine's own speed, so what it says is
# time, caches included. QEMU with -icount counts instructions: nearly the same in every
# run, but every instruction costs the same there.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
vm=$here/../vm
source_dir=$(cd "$here/../.." && pwd -P)

output=$source_dir/build/bench
# Where code and data come to lie differs from boot to boot, and so does what they cost.
boots=3
uml=(--rounds 9 --packets 500000)
icount=(--rounds 5 --packets 50000 --bursts 1 --flows 1 --flows 1000 --flows 100000)
# What else there is would take hours there, or is about time.
cells=(--cell established --cell tcp --cell ipv6 --cell new --cell syn)
while getopts qo: option; do
	case $option in
	q)
		boots=2
		uml=(--rounds 2 --packets 100000 --probes 200 --flows 1000)
		icount=(--rounds 2 --packets 5000 --bursts 1 --flows 1000)
		;;
	o)	output=$OPTARG ;;
	*)	sed -n '4,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
	esac
done
[ "$(id -u)" = 0 ] || { echo "bench: must be run as root: sudo make bench" >&2; exit 1; }

"$vm/packages.sh" check
make -s -C "$source_dir/tool" all
mkdir -p "$output"

echo "bench: User-Mode Linux"
for ((boot = 0; boot < boots; boot++)); do
	"$vm/uml.sh" -m 8192 -t 3600 -- \
		"$here/inside.py" "$source_dir/tool/fwctl" --boot "$boot" "${uml[@]}"
done | tee "$output/uml.jsonl"
echo "bench: QEMU, counting instructions"
FLOWWALL_KO=$("$vm/build.sh" 6.1)
"$vm/guest.sh" -i -k 6.1 -t 7200 -- env FLOWWALL_KO="$FLOWWALL_KO" \
	"$here/inside.py" "$source_dir/tool/fwctl" "${icount[@]}" "${cells[@]}" | tee "$output/icount.jsonl"
"$here/report.py" "$output/uml.jsonl" "$output/icount.jsonl" -o "$output"
