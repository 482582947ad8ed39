# SPDX-License-Identifier: GPL-2.0-or-later
"""packet.py [-c TIMES] [-i IFACE MAC] EXPRESSION...: sends packets that no honest host would.

Without arguments it takes them from lines of standard input, set apart by tabs,
and answers each line by "done".

An expression is Python and makes one IP packet, or a list of them, out of the
functions below; IPv4 or IPv6 follows from the addresses. Examples:

    tcp("198.51.100.2", "10.0.1.2", 4000, 80, flags="SF")
    cut(udp("2001:db8:2::2", "2001:db8:1::2", 53, 53), 3)
    frag(icmp(...), offset=8, more=0)
    error("198.51.100.2", "10.0.1.2", "too-big", udp("10.0.1.2", ...))

The packets go out by the route to their destination, whatever their source; with
-i by that interface, to the neighbour of that link-layer address, unseen by this
host's own IP.
IPv4's own checksum and total length are the sending kernel's. A pause of 10 ms
follows each, so that none is lost on the way.
"""

import random
import socket
import struct
import sys
import time

TCP_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}
SOCKETS = {}
NEXT_HEADERS = {"hop": 0, "routing": 43, "fragment": 44, "ah": 51, "none": 59, "dst": 60}
# kind of ICMP error: (type, code) for IPv4, for IPv6
ERRORS = {
    "port-unreachable": ((3, 3), (1, 4)),
    "host-unreachable": ((3, 1), (1, 3)),
    "too-big": ((3, 4), (2, 0)),
    "time-exceeded": ((11, 0), (3, 0)),
    "parameter-problem": ((12, 0), (4, 0)),
    "redirect": ((5, 1), (137, 0)),
}


def is_v6(address):
    return ":" in address


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if is_v6(address) else socket.AF_INET, address)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(src, dst, proto, payload, hops=64):
    if is_v6(src):
        return (
            struct.pack("!IHBB", 6 << 28, len(payload), proto, hops)
            + packed(src) + packed(dst) + payload
        )
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), random.randrange(1, 65536),
                       0, hops, proto, 0) + packed(src) + packed(dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def with_sum(src, dst, proto, data, at):
    """Puts the checksum, over the pseudo header too, into data at that place."""
    pseudo = packed(src) + packed(dst) + struct.pack("!IBBBB", len(data), 0, 0, 0, proto)
    return data[:at] + struct.pack("!H", checksum(pseudo + data)) + data[at + 2:]


def tcp(src, dst, sport, dport, flags="S", doff=5, seq=1000, ack=0, data=b"", hops=64):
    bits = sum(TCP_FLAGS[flag] for flag in flags)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, doff << 4, bits, 8192, 0, 0)
    return ip(src, dst, 6, with_sum(src, dst, 6, head + data, 16), hops)


def udp(src, dst, sport, dport, data=b"x" * 24, length=None, hops=64):
    head = struct.pack("!HHHH", sport, dport, 8 + len(data) if length is None else length, 0)
    return ip(src, dst, 17, with_sum(src, dst, 17, head + data, 6), hops)


def icmp(src, dst, kind, code=0, ident=1, seq=1, data=b"y" * 16, hops=64):
    """ident and seq: the second four bytes of the header, whatever they mean."""
    body = struct.pack("!BBHHH", kind, code, 0, ident, seq) + data
    if is_v6(src):
        return ip(src, dst, 58, with_sum(src, dst, 58, body, 2), hops)
    return ip(src, dst, 1, body[:2] + struct.pack("!H", checksum(body)) + body[4:], hops)


def echo(src, dst, ident, reply=False):
    kind = (129 if reply else 128) if is_v6(src) else (0 if reply else 8)
    return icmp(src, dst, kind, ident=ident)


def gre(src, dst, key=None, data=b"z" * 20):
    head = struct.pack("!HH", 0x2000 if key is not None else 0, 0x0800)
    if key is not None:
        head += struct.pack("!I", key)
    return ip(src, dst, 47, head + data)


def error(src, dst, kind, quoted, mtu=1280, quote=None):
    """An ICMP error about the packet quoted; quote: so many bytes of it only."""
    number, code = ERRORS[kind][is_v6(src)]
    return icmp(src, dst, number, code, 0, mtu if kind == "too-big" else 0,
                quoted[:quote if quote is not None else (1232 if is_v6(src) else 548)])


def resize(packet):
    if packet[0] >> 4 == 6:
        return packet[:4] + struct.pack("!H", len(packet) - 40) + packet[6:]
    packet = packet[:2] + struct.pack("!H", len(packet)) + packet[4:10] + b"\0\0" + packet[12:]
    return packet[:10] + struct.pack("!H", checksum(packet[:(packet[0] & 15) * 4])) + packet[12:]


def cut(packet, rest):
    """Keeps that many bytes behind the IP header; the lengths agree."""
    return resize(packet[:(40 if packet[0] >> 4 == 6 else 20) + rest])


def frag(packet, offset, more, rest=None, ident=None):
    """The packet's payload as if it were the fragment at that offset of bytes."""
    ident = random.randrange(1, 65536) if ident is None else ident
    if packet[0] >> 4 == 6:
        head = struct.pack("!BBHI", packet[6], 0, offset | more, ident)
        packet = packet[:6] + bytes([44]) + packet[7:40] + head + packet[40:]
        return resize(packet[:None if rest is None else 48 + rest])
    packet = packet[:4] + struct.pack("!HH", ident, more << 13 | offset // 8) + packet[8:]
    return resize(packet[:None if rest is None else 20 + rest])


def header(packet, name, data):
    """IPv6: this extension header behind the IP header. data: 6 bytes, or as many times 8 more."""
    return resize(packet[:6] + bytes([NEXT_HEADERS[name]]) + packet[7:40]
                  + bytes([packet[6], (len(data) - 6) // 8]) + data + packet[40:])


def ext(packet, *names):
    """IPv6: these extension headers of 8 bytes, with padding in them; a routing header is done."""
    for name in reversed(names):
        packet = header(packet, name, bytes(6) if name == "routing" else b"\1\4\0\0\0\0")
    return packet


def routing(packet, kind, left, *addresses):
    """IPv6: a routing header of that type, with so many segments left of these."""
    return header(packet, "routing", bytes([kind, left]) + bytes(4)
                  + b"".join(packed(address) for address in addresses))


def pieces(packet, ident, *bounds):
    """The packet's payload in fragments: from byte A up to byte B, for each (A, B)."""
    head = 40 if packet[0] >> 4 == 6 else 20
    return [frag(packet[:head] + packet[head + begin:head + end], begin,
                 head + end < len(packet), ident=ident) for begin, end in bounds]


def options(packet, data):
    """IPv4: with these options, a multiple of 4 bytes."""
    return resize(bytes([0x45 + len(data) // 4]) + packet[1:20] + data + packet[20:])


def poke(packet, at, value):
    """Other bytes at that place."""
    return packet[:at] + value + packet[at + len(value):]


def send(packets, times, link):
    """link: interface and neighbour's address to send by, or None."""
    for packet in packets * times:
        v6 = packet[0] >> 4 == 6
        # Headers come with the packet, on each of these.
        if link:
            mac = bytes.fromhex(link[1].replace(":", ""))
            to = (link[0], 0x86DD if v6 else 0x0800, 0, 0, mac)
            kind = (socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        elif v6:
            to = (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0)
            kind = (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        else:
            to = (socket.inet_ntop(socket.AF_INET, packet[16:20]), 0)
            kind = (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        if kind not in SOCKETS:
            SOCKETS[kind] = socket.socket(*kind)
        SOCKETS[kind].sendto(packet, to)
        time.sleep(0.01)


def run(arguments):
    times, link, packets = 1, None, []
    while arguments[0] in ("-c", "-i"):
        if arguments[0] == "-c":
            times, arguments = int(arguments[1]), arguments[2:]
        else:
            link, arguments = arguments[1:3], arguments[3:]
    for expression in arguments:
        made = eval(expression)
        packets += made if isinstance(made, list) else [made]
    send(packets, times, link)


def main():
    if sys.argv[1:]:
        return run(sys.argv[1:])
    # A line a command, its arguments set apart by tabs.
    for line in sys.stdin:
        try:
            run(line.rstrip("\n").split("\t"))
            print("done", flush=True)
        except Exception as error:
            print("%s: %r" % (line, error), flush=True)


if __name__ == "__main__":
    main()
