# SPDX-License-Identifier: GPL-2.0-or-later
"""multicast.py IN SOURCE GROUP OUT...: has this host forward a group's packets.

From SOURCE, which comes by the interface IN, to all of OUT, until it is ended. Prints a
line when it does. The structures are those of linux/mroute.h.
"""
import signal
import socket
import struct
import sys

MRT_INIT, MRT_ADD_VIF, MRT_ADD_MFC = 200, 202, 204
VIFF_USE_IFINDEX = 8

source, group = (socket.inet_aton(address) for address in sys.argv[2:4])
mrt = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
mrt.setsockopt(socket.IPPROTO_IP, MRT_INIT, 1)
ifaces = [sys.argv[1]] + sys.argv[4:]
for vif, iface in enumerate(ifaces):
    mrt.setsockopt(socket.IPPROTO_IP, MRT_ADD_VIF, struct.pack(
        "=HBBIi4s", vif, VIFF_USE_IFINDEX, 1, 0, socket.if_nametoindex(iface), bytes(4)))
ttls = bytes([0] + [1] * (len(ifaces) - 1)).ljust(32, b"\xff")
mrt.setsockopt(socket.IPPROTO_IP, MRT_ADD_MFC,
               source + group + struct.pack("=H", 0) + ttls + bytes(2) + bytes(16))
print("ready", flush=True)
signal.pause()
