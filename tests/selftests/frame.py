# SPDX-License-Identifier: GPL-2.0-or-later
"""frame.py IFACE TO EXPRESSION...: sends whole frames, whoever they claim to be from.

An expression is Python and makes one frame or a list of them, out of the functions of
packet.py and those below. `me` is the link address of IFACE, `to` is TO.
"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from packet import echo, icmp, is_v6, packed, pieces, udp  # noqa: E402, F401  (for expressions)


def link(mac):
    return bytes.fromhex(mac.replace(":", ""))


def eth(src, dst, packet, vlan=None, kind=None):
    kind = kind or (0x86DD if packet[0] >> 4 == 6 else 0x0800)
    vlans = [] if vlan is None else vlan if isinstance(vlan, list) else [vlan]
    tag = b"".join(struct.pack("!HH", 0x8100, one) for one in vlans)
    return link(dst) + link(src) + tag + struct.pack("!H", kind) + packet


def arp(src, dst, operation, mac, address, about, hardware=1):
    body = struct.pack("!HHBBH", hardware, 0x0800, 6, 4, operation) + link(mac) + packed(address)
    return eth(src, dst, body + bytes(6) + packed(about), kind=0x0806)


def solicit(src, dst, address, to, about, mac):
    """A question who has an address."""
    body = packed(about) + b"\1\1" + link(mac)
    return eth(src, dst, icmp(address, to, 135, ident=0, seq=0, data=body, hops=255))


def advertise(src, dst, address, to, about, mac, times=1):
    """A neighbour advertisement; its flags: an answer that overrides. The link address is
    told that many times."""
    body = packed(about) + (b"\2\1" + link(mac)) * times
    return eth(src, dst, icmp(address, to, 136, ident=0x6000, seq=0, data=body, hops=255))


def router(src, dst, address):
    """A router advertisement."""
    return eth(src, dst, icmp(address, "ff02::1", 134, ident=0x4000, seq=60, data=bytes(8), hops=255))


def main():
    iface, to = sys.argv[1:3]
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((iface, 0))
    me = sock.getsockname()[4].hex(":")
    for expression in sys.argv[3:]:
        made = eval(expression, {**globals(), "me": me, "to": to})
        for frame in made if isinstance(made, list) else [made]:
            sock.send(frame)


main()
