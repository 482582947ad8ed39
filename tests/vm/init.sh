#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's first process, started by guest.sh on this machine's own files:
# makes a system of it, runs the command, leaves its status on the results
# share and ends the guest.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LC_ALL=C.UTF-8
export FLOWWALL_RESULTS=/run/results

finish() {
	sync
	# At once, without asking anybody; guest.sh has qemu exit on a reboot.
	echo b >/proc/sysrq-trigger
	while :; do sleep 1; done
}
trap finish EXIT

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run
mount -t debugfs debugfs /sys/kernel/debug
ln -sfn /proc/self/fd /dev/fd
mkdir -p /run/lock /run/netns /run/kernel "$FLOWWALL_RESULTS" "/lib/modules/$FLOWWALL_KERNEL"

share=trans=virtio,version=9p2000.L,msize=512000
mount -t 9p -o "ro,$share,cache=loose" kernel /run/kernel
mount --bind "/run/kernel/lib/modules/$FLOWWALL_KERNEL" "/lib/modules/$FLOWWALL_KERNEL"
mount -t 9p -o "$share,cache=none" results "$FLOWWALL_RESULTS" || exit

hostname flowwall-guest
ip link set lo up
echo 1 >/proc/sys/kernel/sysrq

# The kernel patches its own code when the first netfilter hook comes and when the
# last one goes. With two emulated processors that ends in "Oops: int3" now and
# then, whoever has hooks: one of them still runs the code from in between. So
# there is always a hook, in a namespace where nothing happens.
ip netns add hooked
ip netns exec hooked nft -f - <<-HOOKS || exit
	table inet hooked {
		chain input { type filter hook input priority 0; }
		chain forward { type filter hook forward priority 0; }
		chain output { type filter hook output priority 0; }
		chain prerouting { type filter hook prerouting priority 0; }
		chain postrouting { type filter hook postrouting priority 0; }
	}
HOOKS

# The same goes for the time stamps of packets: they are on as long as there is a
# socket that wants them, and tcpdump's come and go. And for secrets that are made when
# the first packet asks for them, of TCP and UDP, IPv4 and IPv6: the branch to where they
# are made goes then. The first packets pass here, while nothing else does.
mkfifo /run/quiet
python3 -I -S -c 'import signal, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 29, 1)  # SO_TIMESTAMP
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        server, client = socket.socket(family, kind), socket.socket(family, kind)
        server.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        client.connect(server.getsockname())
        peer = server.accept()[0] if kind == socket.SOCK_STREAM else server
        client.send(b"x")
        peer.recv(1)
        time.sleep(0.1)
with open("/run/quiet", "w") as out:
    out.write("passed\n")
signal.pause()' </dev/null >/dev/null 2>&1 &
# Whether it could or not.
read -rt 20 <>/run/quiet
rm /run/quiet

: >"$FLOWWALL_RESULTS/begun"
setsid bash "$FLOWWALL_RESULTS/command" </dev/null >"$FLOWWALL_RESULTS/output" 2>&1
status=$?
# A kernel log of its own: the console has only what is urgent.
dmesg >"$FLOWWALL_RESULTS/dmesg"
echo "$status" >"$FLOWWALL_RESULTS/status.new"
mv "$FLOWWALL_RESULTS/status.new" "$FLOWWALL_RESULTS/status"
