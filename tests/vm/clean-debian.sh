#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clean-debian.sh [STEP...]: the packages in a clean Debian 12 with systemd. They are built
# and looked at by lintian, installed, a ruleset is made and the machine begun again, with
# its module and without it, with a mistake in its file, and with another kernel; then they
# are purged. The steps are tests/vm/clean/N-NAME.sh; one step is one begin of the guest.
# Prints TAP. Needs root, and a network the first time (debian-root.sh).
#
# What is installed is installed from outside, with chroot, so that DKMS compiles on this
# machine's processor instead of an emulated one.

set -uo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$vm/debian.sh"
. "$vm/initrd.sh"
LIMIT=1500

die() { echo "not ok clean: $*"; exit 1; }
[ "$(id -u)" = 0 ] || die "must be run as root"
base=$("$vm/debian-root.sh") || die "no clean Debian"
points=0 failed=0

work=$(mktemp -d "$cache/.clean.XXXXXX")
root=$work/root
qemu='' sender=''
cleanup() {
	[ -z "$sender" ] || kill "$sender" 2>/dev/null
	[ -z "$qemu" ] || kill -9 "$qemu" 2>/dev/null
	umount -q "$root/proc" "$root"
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# report: numbers the points that come in, "ok NAME" or "not ok NAME", and shows all else
# behind a "#".
report() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			points=$((points + 1))
			[[ $line == ok* ]] || failed=1
			echo "${line%%ok *}ok $points clean: ${line#*ok }" ;;
		*)	echo "# ${line#\# }" ;;
		esac
	done <"$1"
}

point() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok $name" >"$work/point"
	else
		{ echo "not ok $name"; tail -n 40 "$work/log"; } >"$work/point"
	fi
	report "$work/point"
}

# --- the machine from outside -------------------------------------------------------

in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@" </dev/null; }

# Its cache has what is needed.
install() { in_root apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; }

# has_module SERIES: built for it, and in its place.
has_module() { compgen -G "$root/lib/modules/$1.*/updates/dkms/flowwall.ko*"; }

# It must have no complaint at all, however small.
lint() {
	local said
	said=$(lintian --allow-root --suppress-tags initial-upload-closes-no-bugs -I "$1"/*.changes 2>&1) ||
		{ echo "$said"; return 1; }
	echo "$said"
	! grep -Eq '^[EWI]:' <<<"$said"
}

# newer FOLDER: the same packages as the next version.
newer() {
	local deb
	for deb in "$1"/{fwctl,fwctl-capture,flowwall-dkms}_*.deb; do
		rm -rf "$work/unpacked"
		dpkg-deb -R "$deb" "$work/unpacked" &&
			sed -i 's/^\(Version: .*\)-1$/\1-2/; s/(= \(.*\)-1)/(= \1-2)/' "$work/unpacked/DEBIAN/control" &&
			dpkg-deb -b "$work/unpacked" "$root/test/next_${deb##*/}" || return 1
	done
}

# shellcheck disable=SC2016  # dpkg-query's own
of_version() { [ "$(in_root dpkg-query -W -f '${Version} ${db:Status-Status}' "$1")" = "$2 installed" ]; }

# --- the machine itself ---------------------------------------------------------------

network() { # FILE NAME LINE...
	local file=$root/etc/systemd/network/$1
	printf '[Match]\nName=%s\n[Network]\nLinkLocalAddressing=no\n' "$2" >"$file"
	printf '%s\n' "${@:3}" >>"$file"
}

prepare() {
	mkdir -p "$work"/{upper,layer,root}
	mount -t overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/layer" clean "$root" ||
		cp -a "$base/." "$root" || die "no room for a Debian"
	mount -t proc proc "$root/proc" || die "no /proc"
	mkdir -p "$root/test"
	cp "$vm"/clean/* "$root/test"
	chmod 755 "$root/test/heard.py"
	network 10-outside.network eth0 Address=10.0.2.15/24 Gateway=10.0.2.2
	network 20-inside.network eth1 Address=10.0.1.1/24
	in_root systemctl -q enable systemd-networkd
	# Where ovsdb-server cuts a file that has no name, which 9p cannot.
	echo "tmpfs /tmp tmpfs mode=1777 0 0" >>"$root/etc/fstab"
	cat >"$root/etc/systemd/system/heard.service" <<-UNIT
		[Unit]
		DefaultDependencies=no
		Before=network-pre.target
		Wants=network-pre.target
		[Service]
		ExecStart=/test/heard.py
		[Install]
		WantedBy=sysinit.target
	UNIT
	cat >"$root/etc/systemd/system/step.service" <<-'UNIT'
		[Unit]
		After=multi-user.target systemd-networkd-wait-online.service
		Wants=systemd-networkd-wait-online.service
		[Service]
		Type=oneshot
		ExecStart=/bin/bash -c 'bash /test/$(cat /test/step) >/test/output 2>&1; echo $? >/test/status'
		ExecStopPost=/bin/systemctl reboot --force --force
		[Install]
		WantedBy=multi-user.target
	UNIT
	in_root systemctl -q enable heard step
}

# boot SERIES STEP: begins the machine with that kernel and has it do a step.
boot() {
	local kernel version initrd=$work/initrd begin=$SECONDS
	kernel=$(compgen -G "$root/boot/vmlinuz-$1.*" | sort -V | tail -n 1)
	version=${kernel##*/vmlinuz-}
	rm -rf "$initrd" "$root/test/output" "$root/test/status"
	echo "$2.sh" >"$root/test/step"
	initrd_drivers "$initrd" "$root" "$version" virtio_pci 9pnet_virtio 9p || die "no drivers"
	cat >"$initrd/init" <<-'INIT'
		#!/bin/busybox sh
		b=/bin/busybox
		$b mount -t devtmpfs dev /dev
		for m in /modules/*.ko; do $b insmod "$m" 2>/dev/null; done
		$b mount -t 9p -o rw,trans=virtio,version=9p2000.L,msize=512000,cache=mmap root /root ||
			$b reboot -f
		exec $b switch_root /root /sbin/init
	INIT
	chmod +x "$initrd/init"
	initrd_pack "$initrd" "$work/initrd.cpio"

	qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -cpu max,la57=off -m 1536M \
		-nodefaults -no-user-config -display none -no-reboot \
		-chardev "file,id=console,path=$work/console" -serial chardev:console \
		-fsdev "local,id=root,path=$root,security_model=passthrough,multidevs=remap" \
		-device virtio-9p-pci,fsdev=root,mount_tag=root \
		-netdev "user,id=outside,restrict=on,hostfwd=udp:127.0.0.1:5300-10.0.2.15:5300" \
		-device virtio-net-pci,netdev=outside \
		-netdev "user,id=inside,restrict=on,net=10.0.1.0/24" -device virtio-net-pci,netdev=inside \
		-kernel "$kernel" -initrd "$work/initrd.cpio" \
		-append "console=ttyS0 quiet panic=-1 reboot=t no_timer_check net.ifnames=0 mitigations=off random.trust_cpu=1 \
			systemd.show_status=0 rcupdate.rcu_cpu_stall_timeout=60" </dev/null 2>"$work/qemu" &
	qemu=$!
	while kill -0 "$qemu" 2>/dev/null && [ $((SECONDS - begin)) -lt "$LIMIT" ]; do sleep 0.5; done
	kill -9 "$qemu" 2>/dev/null
	wait "$qemu" 2>/dev/null
	qemu=''
	[ -s "$root/test/output" ] && report "$root/test/output"
	if [ "$(cat "$root/test/status" 2>/dev/null)" = 0 ]; then
		echo "ok $2: all of it ran ($((SECONDS - begin)) s)" >"$work/point"
	else
		{ echo "not ok $2: all of it ran"; tail -n 5 "$work/qemu"; tail -n 40 "$work/console"; } >"$work/point"
	fi
	report "$work/point"
}

# --- the steps --------------------------------------------------------------------------

echo "TAP version 13"
point "the packages are built" "$vm/../../packaging/deb.sh" "$work/deb"
point "lintian has nothing to say" lint "$work/deb"
prepare
cp "$work"/deb/*.deb "$root/test"
mapfile -t debs < <(find "$root/test" -name '*.deb' ! -name '*dbgsym*' -printf '/test/%f\n')
point "the packages are installed" install "${debs[@]}"
point "the module is built for its kernel" has_module 6.1
# From here on, what is installed may be started.
rm "$root/usr/sbin/policy-rc.d"
steps=("$@")
wanted() { [ ${#steps[@]} = 0 ] || [[ " ${steps[*]} " == *" $1 "* ]]; }

python3 -I -S "$vm/clean/send.py" &
sender=$!
if wanted 1; then boot 6.1 1-init; fi
[ -s "$root/etc/flowwall.rules" ] ||
	printf 'version 1\nrole eth0 external\nrole eth1 internal\n' >"$root/etc/flowwall.rules"
# From here on it is an administrator's own, and of nobody else's business.
chown 1000:1000 "$root/etc/flowwall.rules"
chmod 600 "$root/etc/flowwall.rules"
if wanted 2; then boot 6.1 2-boot; fi
if wanted 3 || wanted 4; then install openvswitch-switch >"$work/log" 2>&1; fi
if wanted 3; then boot 6.1 3-ovs; fi
if wanted 4; then boot 6.1 4-services; fi
if wanted 5; then
	mkdir "$work/away"
	mv "$root"/lib/modules/6.1.*/updates/dkms/flowwall.ko* "$work/away"
	in_root depmod "$(basename "$root"/lib/modules/6.1.*)"
	boot 6.1 5-no-module
	mv "$work"/away/* "$root"/lib/modules/6.1.*/updates/dkms/
	in_root depmod "$(basename "$root"/lib/modules/6.1.*)"
fi
if wanted 6; then
	echo "alow in tcp" >>"$root/etc/flowwall.rules"
	boot 6.1 6-bad-file
fi
if wanted 7; then
	point "the next version is made" newer "$work/deb"
	mapfile -t debs < <(find "$root/test" -name 'next_*.deb' -printf '/test/%f\n')
	rules=$(cat "$root/etc/flowwall.rules")
	point "the packages are upgraded" install "${debs[@]}"
	point "to that version" of_version flowwall-dkms 0.1.0-2
	point "the ruleset is as it was" [ "$(cat "$root/etc/flowwall.rules")" = "$rules" ]
	point "Linux 6.12 is installed" install linux-image-6.12-amd64 linux-headers-6.12-amd64
	point "DKMS has built the module for it" has_module 6.12
	boot 6.12 7-new-kernel
fi
echo "1..$points"
exit "$failed"
