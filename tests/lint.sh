#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh: what programs that only read have to say of this tree; what `make lint` runs.
# Prints TAP. Needs root: sparse sees the module while it is built for Debian's 6.1.
#
# checkpatch is the kernel's own, of the source that make-kernel.sh has unpacked; it looks
# at what is kernel code. Left out of it is what it cannot know: that there are several
# versions of Linux to build for, that it is about equal jiffies (flow.c), and that
# struct_group() declares something.

set -uo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$tests/.." && pwd -P)
. "$tests/vm/debian.sh"
cd "$source_dir" || exit 1
suite=lint
. "$tests/points.sh"

# missing TOOL: whether it is not here, and says so: it would find nothing.
missing() { ! command -v "$1" >/dev/null && echo "there is no $1 here (tests/vm/packages.sh)"; }

mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
mapfile -t kernel < <(git ls-files 'kmod/*.[ch]' 'include/*.h')
mapfile -t tool < <(git ls-files 'tool/*.c')
mapfile -t pages < <(git ls-files 'tool/man/*.[1-9]')

point "shellcheck: ${#scripts[@]} scripts" "$(shellcheck -x -S warning "${scripts[@]}" 2>&1)"
point "mandoc: ${#pages[@]} pages" "$(mandoc -Tlint -W warning "${pages[@]}" 2>&1)"

checkpatch=$(compgen -G "$cache/uml-*/source/scripts/checkpatch.pl" | head -n 1)
if [ -n "$checkpatch" ]; then
	point "checkpatch: ${#kernel[@]} files" "$(perl "$checkpatch" --no-tree --quiet --terse --max-line-length=100 \
		--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON,JIFFIES_COMPARISON,LINE_SPACING \
		--file "${kernel[@]}" 2>&1 | grep -v '^total')"
else
	not_here checkpatch "no kernel source is unpacked: tests/vm/make-kernel.sh uml"
fi
ko=$("$tests/vm/build.sh" 6.1) && linux=$("$tests/vm/kernel.sh" 6.1) || exit 1
sparse_says() {
	local said status=0
	said=$(make -s -C "${ko%/*}" sparse KDIR="$linux/lib/modules/${linux##*/kernel-}/build" 2>&1) ||
		status=$?
	grep -E 'kmod/.*(warning|error):' <<<"$said" || [ "$status" = 0 ] ||
		printf '%s\n' "make: status $status" "$said"
}
point "sparse: the module for Linux 6.1" "$(missing sparse || sparse_says)"
# Left out is what is a matter of style here (strcmp() as a condition, arrays of pointers, a
# product of two small numbers), and paths through functions that it does not see into.
tidy() {
	local checks='-*,clang-diagnostic-*,clang-analyzer-deadcode.*,bugprone-*' left_out
	for left_out in easily-swappable-parameters narrowing-conversions reserved-identifier \
		suspicious-string-compare implicit-widening-of-multiplication-result sizeof-expression \
		branch-clone misplaced-widening-cast suspicious-memory-comparison; do
		checks+=,-bugprone-$left_out
	done
	# shellcheck disable=SC2046  # words
	printf '%s\0' "${tool[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet --checks="$checks" \
		--extra-arg-before=-std=gnu11 $(printf -- '--extra-arg=%s ' -D_GNU_SOURCE -Iinclude/uapi \
			-Itool -Itool/lang $(pkg-config --cflags libnl-genl-3.0 libpq)) 2>&1
}
tidy_says() {
	local said status=0
	said=$(tidy) || status=$?
	grep -E '(warning|error):' <<<"$said" || [ "$status" = 0 ] ||
		printf '%s\n' "clang-tidy: status $status" "$said"
}
point "clang-tidy: ${#tool[@]} files" "$(missing clang-tidy || tidy_says)"
points_end
