# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The first file system of a guest: enough to reach the real one.

# initrd_drivers FOLDER KERNEL VERSION MODULE...: puts busybox, the modules and what they
# need into FOLDER, the modules in an order to load them in.
initrd_drivers() {
	local folder=$1 kernel=$2 version=$3 verb file target module count=0
	shift 3
	mkdir -p "$folder"/{bin,modules,proc,dev,root}
	cp "$(command -v busybox)" "$folder/bin/busybox"
	for module; do
		modprobe -d "$kernel" -S "$version" --show-depends "$module" || return 1
	done >"$folder/list"
	while read -r verb file _; do
		[ "$verb" = insmod ] || continue # "builtin NAME"
		count=$((count + 1))
		target=$folder/modules/$(printf %02d "$count").ko
		case $file in
		*.ko)		cp "$file" "$target" ;;
		*.ko.xz)	xz -dc "$file" >"$target" ;;
		*)		echo "do not know how to unpack $file" >&2; return 1 ;;
		esac
	done <"$folder/list"
	rm "$folder/list"
}

# initrd_pack FOLDER FILE
initrd_pack() { (cd "$1" && find . | cpio --quiet -o -H newc) >"$2"; }
