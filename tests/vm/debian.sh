# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# How the scripts here get something out of Debian's packages without installing
# them, and where they keep it.

cache=${FLOWWALL_CACHE:-/var/cache/flowwall}
mkdir -p "$cache"

# swept PATTERN: removes what somebody who was killed has left there; for who holds the lock
# without which nobody makes any.
swept() {
	local left
	# shellcheck disable=SC2231  # a pattern
	for left in "$cache"/$1; do
		[ -e "$left" ] || continue
		umount -q "$left/root/proc" 2>/dev/null || true
		rm -rf --one-file-system "$left"
	done
}

# apt_for ARCHITECTURE: from here on apt is asked for packages of that one, from where this
# machine has its own, and with lists apart: this machine's architectures stay as they are.
apt_for() {
	local own=$cache/apt-$1
	mkdir -p "$own"/{lists,archives}/partial
	: >"$own/status"
	cat >"$own/.conf.$$" <<-CONF
		APT::Architecture "$1";
		APT::Architectures { "$1"; "$(dpkg --print-architecture)"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Dir::State "$own";
		Dir::State::status "$own/status";
		Dir::Cache "$own";
	CONF
	mv "$own/.conf.$$" "$own/apt.conf"
	export APT_CONFIG=$own/apt.conf
}

# apt_lists: has apt look what there is now.
apt_lists() {
	echo "apt-get update" >&2
	apt-get update -q >&2
}

# apt_fetch FOLDER PACKAGE...: downloads them into it.
apt_fetch() {
	local folder=$1
	shift
	(cd "$folder" && apt-get download -q -o APT::Sandbox::User=root "$@") >&2
}

# apt_version PACKAGE: the version that would be downloaded; nothing if there is none.
apt_version() { apt-cache policy "$1" | sed -n 's/^  Candidate: //p' | grep -vx '(none)'; }

# linux_source SERIES FOLDER [PATTERN...]: unpacks Linux as Debian has it into
# FOLDER, or only what PATTERN matches, since it is large; prints its version. What it
# downloads is beside FOLDER meanwhile: who is killed leaves it to whoever clears that up.
linux_source() {
	local package=linux-source-$1 folder=$2 work deb status=0
	shift 2
	mkdir -p "$folder"
	work=$(mktemp -d "$folder.XXXXXX")
	echo "fetching $package" >&2
	# Old lists name packages that are no longer there.
	apt_fetch "$work" "$package" || { apt_lists && apt_fetch "$work" "$package"; } || {
		echo "cannot download $package" >&2
		rm -rf "$work"
		return 1
	}
	deb=$(echo "$work/$package"_*.deb)
	echo "unpacking it" >&2
	dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dc -T0 | tar -x -C "$folder" --strip-components=1 ${1+--wildcards "$@"} || status=1
	dpkg-deb -f "$deb" Version
	rm -rf "$work"
	return "$status"
}
