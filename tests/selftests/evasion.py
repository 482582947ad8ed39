# SPDX-License-Identifier: GPL-2.0-or-later
"""evasion.py INSIDE ROUTER OUTSIDE: attacks from outside, and what becomes of each.

Reads commands, a line each: "bare SET VERSION" sends the attacks of that set where
nothing keeps them out, and remembers how many packets of each arrived; "guarded SET
VERSION" sends them again, and says for each whether it is kept out now: "ok", a tab
and its name, or "not ok", name and why; "fast" instead, where there is a fast path. The
last line of each answer is "done".

An attack is over when a datagram sent behind it has come to the inside, and its answer
to the outside: all packets go by one queue, on one processor.
"""

import ctypes
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import genl
from packet import (cut, echo, error, ext, frag, gre, header, icmp, ip, options, packed, pieces,
                    poke, routing, tcp, udp)

ETH_P_ALL, PACKET_OUTGOING = 3, 4
FAR = 1 << 30
EVIL = b"evil" * 2
# What the fence, the datagram behind an attack, goes by: the rules allow it.
FENCE_FROM, FENCE_TO = 40000, 9


def within(namespace, make):
    """What make() returns in another network namespace; sockets stay there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as home, open("/run/netns/" + namespace, "rb") as other:
        if libc.setns(other.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return make()
        finally:
            libc.setns(home.fileno(), 0)


def bound(kind, family, port):
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind(("", port))
    sock.settimeout(5)
    return sock


class Link:
    """A host's end of its link to the router: sends what it is given, sees what comes."""

    def __init__(self, namespace, router, device):
        self.namespace = namespace
        self.sock = within(namespace, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                                            socket.htons(ETH_P_ALL)))
        self.sock.bind(("eth0", ETH_P_ALL))
        self.sock.settimeout(5)
        other = within(router, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
        other.bind((device, ETH_P_ALL))
        self.addresses = other.getsockname()[4] + self.sock.getsockname()[4]

    def send(self, packet):
        kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
        self.sock.send(self.addresses + kind + packet)

    def until(self, mark):
        """The IP packets that have come, and that went, up to the one with that mark."""
        came, went = [], []
        while True:
            frame, where = self.sock.recvfrom(65536)
            packet = frame[14:]
            if where[2] == PACKET_OUTGOING:
                went.append(packet)
            elif mark in packet:
                return came, went
            elif frame[12:14] in (b"\x08\x00", b"\x86\xdd") and not is_chatter(packet):
                came.append(packet)


def is_chatter(packet):
    """What IPv6 says on each link: neighbour discovery and multicast listeners."""
    return packet[0] >> 4 == 6 and (packet[7] == 255 or packet[24:26] == b"\xff\x02")


class Delivery:
    """What is delivered to a host, of the protocols that attacks are of."""

    PROTOCOLS = {4: (1, 4, 6, 17, 51, 58), 6: (1, 6, 17, 41, 51, 58, 59)}

    def __init__(self):
        self.socks = {version: [socket.socket(family, socket.SOCK_RAW, proto)
                                for proto in self.PROTOCOLS[version]]
                      for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6))}
        for sock in self.socks[4] + self.socks[6]:
            sock.setblocking(False)

    def take(self, version):
        """What has come since: (protocol, what is behind the header of IP)."""
        packets = []
        for sock, proto in zip(self.socks[version], self.PROTOCOLS[version]):
            while True:
                try:
                    packet = sock.recv(65536)
                except BlockingIOError:
                    break
                if version == 4:
                    packet = packet[(packet[0] & 15) * 4:]
                # What IPv6 says on each link.
                if (version, proto) != (6, 58) or not 130 <= packet[0] <= 143:
                    packets.append((proto, packet))
        return packets


def is_sent(delivered, packets):
    """Whether it is one of these packets, or ends as one does; not the router's answer to itself."""
    proto, data = delivered
    return any(packet.endswith(data) or (proto in (6, 17) and packet[-8:] == data[-8:])
               for packet in packets)


class Connection:
    """A TCP connection of theirs that goes on, and where the outside's bytes are."""

    def __init__(self, world, client):
        self.world, inbound = world, client == "outside"
        listener = world.listeners["inside" if inbound else "outside", world.version]
        address = world.IN if inbound else world.OUT
        self.mine = within(world.namespaces[client], lambda: socket.create_connection(
            (address, listener.getsockname()[1]), 5))
        self.theirs = listener.accept()[0]
        self.theirs.settimeout(5)
        self.outside, self.inside = (self.mine, self.theirs) if inbound else (self.theirs, self.mine)
        self.sport = self.outside.getsockname()[1]
        self.dport = self.inside.getsockname()[1]
        self.exchange()
        # TCP is done with it when it has acknowledged the last bytes, 40 ms later.
        time.sleep(0.1)
        world.fence()

    def exchange(self):
        """A few bytes there and back; notes the numbers that come next from outside."""
        for _ in range(2):
            for one, other in (self.mine, self.theirs), (self.theirs, self.mine):
                one.sendall(b"x" * 100)
                if len(other.recv(200)) != 100:
                    raise OSError("not all of it has come")
        _, went = self.world.fence()[1]
        for packet in went:
            at = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
            segment = packet[at:]
            if int.from_bytes(segment[:2], "big") == self.sport and segment[13] & 0x10:
                length = len(segment) - (segment[12] >> 4) * 4 + bool(segment[13] & 3)
                self.seq = (int.from_bytes(segment[4:8], "big") + length) % 2**32
                self.ack = int.from_bytes(segment[8:12], "big")

    def forged(self, flags, away=0, acks_away=0, **other):
        return tcp(self.world.OUT, self.world.TO, self.sport, self.dport, flags,
                   seq=(self.seq + away) % 2**32, ack=(self.ack + acks_away) % 2**32, **other)

    def close(self):
        for sock in self.mine, self.theirs:
            # By a RST, and nothing is sent again.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()


class Attack:
    """Some packets and what is to become of them.

    drops: reason -> how many. passes: so many do arrive, by right, but nothing that has
    EVIL in it. back: without a firewall they come back to the outside. ip_drops: IP itself
    lets none pass, ever. wait: so long for what becomes of it. arrive: of so many, without
    a firewall; of each of them unless given.
    """

    def __init__(self, name, packets, drops=None, passes=0, back=False, ip_drops=False, wait=0,
                 arrive=None):
        self.name, self.drops, self.passes, self.wait = name, drops, passes, wait
        self.packets = packets if isinstance(packets, list) else [packets]
        self.back, self.ip_drops = back, ip_drops
        self.arrive = len(self.packets) if arrive is None else arrive


class World:
    """The three hosts, and their addresses in one version of IP."""

    def __init__(self, inside, router, outside):
        self.links = {"inside": Link(inside, router, "in0"), "outside": Link(outside, router, "out0")}
        self.namespaces = {"inside": inside, "router": router, "outside": outside}
        self.router, self.family, self.fences, self.version = router, None, 0, 0
        self.delivery = within(router, Delivery)
        self.listeners, self.fence_ends = {}, []
        for version, family in (4, socket.AF_INET), (6, socket.AF_INET6):
            for name, namespace, port in ("inside", inside, 80), ("outside", outside, 8080):
                sock = within(namespace, lambda: bound(socket.SOCK_STREAM, family, port))
                sock.listen()
                self.listeners[name, version] = sock
            # So that nobody says that nobody is there.
            for namespace, port in (inside, FENCE_TO), (outside, FENCE_FROM):
                self.fence_ends.append(within(namespace, lambda: bound(socket.SOCK_DGRAM, family, port)))

    def speak(self, version):
        self.version = version
        names = "IN OTHER OUT X Y ROUTER_IN ROUTER_OUT"
        addresses = {
            4: "10.0.1.2 10.0.1.77 198.51.100.2 203.0.113.9 203.0.113.10 10.0.1.1 198.51.100.1",
            6: "2001:db8:1::2 2001:db8:1::77 2001:db8:2::2 2001:db8:9::9 2001:db8:9::10"
               " 2001:db8:1::1 2001:db8:2::1",
        }
        for name, address in zip(names.split(), addresses[version].split()):
            setattr(self, name, address)
        self.TO = self.IN

    def fence(self):
        """Waits for what is under way: what (came, went) at the inside, and the outside."""
        self.fences += 1
        mark = b"fence %d." % self.fences
        self.links["outside"].send(udp(self.OUT, self.IN, FENCE_FROM, FENCE_TO, mark))
        inside = self.links["inside"].until(mark)
        mark = b"echo of " + mark
        self.links["inside"].send(udp(self.IN, self.OUT, FENCE_TO, FENCE_FROM, mark))
        return inside, self.links["outside"].until(mark)

    def send(self, *packets, link="outside", wait=0):
        """Sends them; what has come in, to the router, and back, by then."""
        self.delivery.take(self.version)
        for packet in packets:
            self.links[link].send(packet)
        time.sleep(wait)
        (inside, _), (outside, _) = self.fence()
        return inside, self.delivery.take(self.version), outside

    def counters(self):
        # Only when there is a module.
        self.family = self.family or within(self.router, genl.Family)
        return self.family.status()


# --- the attacks --------------------------------------------------------------


def fragments(w, source, drop_first):
    """drop_first: why a first fragment with all of its header is dropped, or None."""
    whole = udp(source, w.TO, 4000, 5000, b"x" * 64)
    other = udp(source, w.TO, 4000, 5001, b"y" * 64)

    def attack(name, packets, firsts, others):
        drops = {"fragment": others} if others else {}
        if drop_first and firsts:
            drops[drop_first] = firsts
        return Attack(name, packets, drops, 0 if drop_first else firsts)

    return [
        attack("tiny fragments, the header in two", pieces(
            tcp(source, w.TO, 4000, 80, data=b"x" * 8), 1, (0, 8), (8, 16), (16, 28)), 0, 3),
        attack("tiny fragments, the flags of TCP in the second", pieces(
            tcp(source, w.TO, 4000, 5000, data=b"x" * 8), 2, (0, 8), (8, 28)), 0, 2),
        attack("overlapping fragments", pieces(whole, 3, (0, 32), (24, 72)), 1, 1),
        attack("the second overlaps all of the first", pieces(whole, 4, (0, 32), (8, 72)), 1, 1),
        attack("a header is written twice", pieces(whole, 5, (0, 32)) + pieces(other, 5, (0, 32)),
               2, 0),
        attack("repeated fragments", pieces(whole, 6, (0, 32), (0, 32), (32, 72), (32, 72)), 2, 2),
        attack("the last one first", pieces(whole, 7, (32, 72), (0, 32)), 1, 1),
        attack("the first one never comes", pieces(whole, 8, (8, 32), (32, 72)), 0, 2),
        attack("beyond 64 KiB", frag(whole, 65528, 0, ident=9), 0, 1),
        attack("of no length", frag(whole, 0, 1, rest=0, ident=10), 0, 1),
    ]


def router_fragments(w):
    """At the router, whose IPv4 puts them together before it is asked; its IPv6 does not."""
    whole = tcp(w.X, w.TO, 4000, 5000, data=b"x" * 52)

    def attack(name, packets, firsts, others, arrive):
        drops = {"policy": firsts} if firsts else {}
        if others:
            drops["fragment"] = others
        if w.version == 4:
            drops = {"policy": 1} if arrive else {}
        return Attack(name, packets, drops, arrive=arrive)

    # IPv6 wants the whole header in the first one (RFC 8200, section 4.5).
    tiny = int(w.version == 4)
    return [
        attack("tiny fragments, the header in two",
               pieces(whole, 51, (0, 8), (8, 16), (16, 72)), 0, 3, tiny),
        attack("tiny fragments, the flags of TCP in the second",
               pieces(whole, 52, (0, 8), (8, 72)), 0, 2, tiny),
        attack("in order", pieces(whole, 53, (0, 32), (32, 72)), 1, 1, 1),
        attack("the last one first", pieces(whole, 54, (32, 72), (0, 32)), 1, 1, 1),
        attack("repeated", pieces(whole, 55, (0, 32), (0, 32), (32, 72)), 2, 1, 1),
        attack("overlapping", pieces(whole, 56, (0, 32), (24, 72)), 1, 1, 0),
        attack("the first one never comes", pieces(whole, 57, (8, 32), (32, 72)), 0, 2, 0),
    ]


def chains(w, plain, reason):
    """plain: a packet that is dropped for that reason, where nothing hides it.

    What a host passes on, or forgets by itself, is not for the router.
    """
    return ([] if w.TO == w.ROUTER_OUT else forwarded_chains(w, plain)) + \
        delivered_chains(w, plain, reason)


def forwarded_chains(w, plain):
    via = packed(w.OTHER)
    if w.version == 4:
        return [
            Attack("a loose source route through the destination",
                   options(plain, b"\x83\7\4" + via + b"\0"), {"malformed": 1}),
            Attack("a source route behind other options",
                   options(plain, b"\1\7\7\4" + bytes(4) + b"\x83\7\4" + via + b"\0"),
                   {"malformed": 1}),
        ]
    return [Attack("a routing header of type %d, %d to go" % (kind, left),
                   routing(plain, kind, left, w.OTHER), {"malformed": 1})
            for kind, left in ((0, 1), (3, 1), (4, 1), (99, 1), (4, 255))] + [
        Attack("one behind destination options", ext(routing(plain, 4, 1, w.OTHER), "dst"),
               {"malformed": 1}),
        Attack("of type 2, mobile IPv6", routing(plain, 2, 1, w.TO), {"policy": 1}),
        Attack("two fragment headers", frag(frag(plain, 0, 0), 0, 1), {"malformed": 1}),
        Attack("two atomic ones", frag(frag(plain, 0, 0), 0, 0), {"malformed": 1}),
        Attack("a first fragment without the end of its chain",
               frag(ext(plain, "dst", "dst"), 0, 1, rest=12), {"fragment": 1}),
        Attack("a chain cut short", cut(ext(plain, "dst", "dst"), 12), {"truncated": 1}),
        Attack("a chain without an end", cut(ext(plain, "dst", "dst"), 16), {"truncated": 1}),
        Attack("a header longer than the packet", poke(ext(plain, "dst"), 41, b"\x20"),
               {"truncated": 1}),
    ]



def delivered_chains(w, plain, reason):
    if w.version == 4:
        via = packed(w.OTHER)
        return [
            Attack("a source route, all of it done", options(plain, b"\1\x83\7\x08" + via),
                   {"malformed": 1}),
            Attack("record route", options(plain, b"\7\7\4" + bytes(5)), {reason: 1}),
            Attack("a time stamp", options(plain, b"\x44\x08\5\0" + bytes(4)), {reason: 1}),
            Attack("router alert", options(plain, b"\x94\4\0\0"), {reason: 1}),
            Attack("an option that nobody knows", options(plain, b"\x9e\4\0\0"), {reason: 1}),
            Attack("all options that fit", options(plain, b"\1" * 40), {reason: 1}),
            Attack("AH", ip(w.X, w.TO, 51, b"\6\4" + bytes(22) + plain[20:]), {"policy": 1}),
            Attack("IP in IP", ip(w.X, w.TO, 4, plain), {"policy": 1}),
            Attack("ICMP of the other version", ip(w.X, w.TO, 58, plain[20:]), {"policy": 1}),
        ]
    return [
        Attack("hop-by-hop options", ext(plain, "hop"), {reason: 1}),
        Attack("destination options", ext(plain, "dst"), {reason: 1}),
        Attack("both, and a routing header that is done",
               ext(routing(ext(plain, "dst"), 0, 0, w.OTHER), "hop", "dst"), {reason: 1}),
        Attack("AH", ip(w.X, w.TO, 51, b"\6\4" + bytes(22) + plain[40:]), {"policy": 1}),
        Attack("IPv6 in IPv6", ip(w.X, w.TO, 41, plain), {"policy": 1}),
        Attack("an atomic fragment", frag(plain, 0, 0), {reason: 1}),
        Attack("too many headers", ext(plain, *["dst"] * 9), {"extensions": 1}),
        Attack("no next header", ext(ip(w.X, w.TO, 59, plain[40:]), "dst"), {"policy": 1}),
        Attack("ICMP of the other version", ip(w.X, w.TO, 1, plain[40:]), {"policy": 1}),
    ]


def source_routes(w, port):
    """IPv4: addressed to the router, and then to the inside."""
    if w.version == 6:
        return []
    packet = tcp(w.X, w.ROUTER_OUT, 4000, port)
    return [Attack("a %s source route through the router" % name,
                   options(packet, bytes([kind, 7, 4]) + packed(w.IN) + b"\0"), {"malformed": 1})
            for name, kind in (("loose", 131), ("strict", 137))]


def spoofed(w, port):
    sources = {
        4: [("an inside host", w.OTHER), ("the destination itself", w.TO),
            ("all of the inside", "10.0.1.255"),
            ("the router, inside", w.ROUTER_IN), ("the router, outside", w.ROUTER_OUT),
            ("loopback", "127.0.0.1"), ("all of the outside", "198.51.100.255")],
        6: [("an inside host", w.OTHER), ("the destination itself", w.TO),
            ("the router, inside", w.ROUTER_IN), ("the router, outside", w.ROUTER_OUT),
            ("an IPv4 address", "::ffff:10.0.1.77")],
    }
    never = {
        4: ["224.0.0.1", "255.255.255.255", "0.0.0.0"],
        6: ["::", "::1", "ff02::1", "ff0e::1", "fe80::77"],
    }
    return [Attack("from %s" % name, [tcp(source, w.TO, port, port), udp(source, w.TO, port, port)],
                   {"spoofed": 2}) for name, source in sources[w.version]
            ] + [Attack("from %s, which IP forwards for nobody" % source,
                        tcp(source, w.TO, port, port), {"policy": 1},
                        # But the router may be told something by who has no other address.
                        ip_drops=w.TO != w.ROUTER_OUT or source not in ("::", "fe80::77"))
                 for source in never[w.version]]


def flows(w):
    """Around a UDP, an ICMP and a GRE flow from the inside."""
    known = udp(w.IN, w.X, 5000, 53)
    unknown = [udp(w.IN, w.X, 5001, 53), udp(w.IN, w.X, 5000, 54), udp(w.IN, w.Y, 5000, 53),
               tcp(w.IN, w.X, 5000, 53)]
    head = len(known) - 32
    attacks = [
        Attack("UDP from elsewhere", udp(w.Y, w.IN, 53, 5000), {"policy": 1}),
        Attack("UDP from or to another port",
               [udp(w.X, w.IN, 54, 5000), udp(w.X, w.IN, 53, 5001)], {"policy": 2}),
        Attack("TCP with the ports of UDP", tcp(w.X, w.IN, 53, 5000, "A"), {"policy": 1}),
        Attack("the outbound tuple from outside", udp(w.IN, w.X, 5000, 53), {"spoofed": 1}, back=True),
        Attack("an outbound echo from outside", echo(w.IN, w.X, 77), {"spoofed": 1}, back=True),
        Attack("GRE with another key, or none",
               [gre(w.X, w.IN, 23), gre(w.X, w.IN), gre(w.Y, w.IN, 22)], {"policy": 3}),
        Attack("echo replies with another number", echo(w.X, w.IN, 78, True), {"policy": 1}),
        Attack("an echo request with the same", echo(w.X, w.IN, 77), {"policy": 1}),
        Attack("errors about no flow", [error(w.X, w.IN, "port-unreachable", quoted)
                                        for quoted in unknown], {"unrelated": 4}),
        Attack("errors about the other direction",
               error(w.X, w.IN, "too-big", udp(w.X, w.IN, 53, 5000)), {"unrelated": 1}),
        Attack("quotes cut short", [error(w.X, w.IN, "too-big", known, quote=quote)
                                    for quote in (0, 1, head - 1, head, head + 2, head + 7)],
               {"unrelated": 6}),
        Attack("quotes within quotes", error(w.X, w.IN, "too-big", error(w.IN, w.X, "too-big", known)),
               {"unrelated": 1}),
        Attack("a quote that is a fragment", error(w.X, w.IN, "too-big", frag(known, 64, 1)),
               {"unrelated": 1}),
        Attack("an error from an inside address", error(w.OTHER, w.IN, "too-big", known),
               {"spoofed": 1}),
        Attack("a redirect", error(w.X, w.IN, "redirect", known), {"unrelated": 1}),
    ]
    if w.version == 4:
        return attacks + [
            Attack("a quote of the other version", error(w.X, w.IN, "too-big", udp(
                "2001:db8:1::2", "2001:db8:9::9", 5000, 53)), {"unrelated": 1}),
            Attack("time stamp, information and mask requests",
                   [icmp(w.X, w.IN, kind, ident=77) for kind in (13, 15, 17)], {"policy": 3}),
            Attack("and replies", [icmp(w.X, w.IN, kind, ident=77) for kind in (14, 16, 18)],
                   {"policy": 3}),
            Attack("router advertisement, and what has no name",
                   [icmp(w.X, w.IN, kind) for kind in (9, 10, 200)], {"policy": 3}),
        ]
    return attacks + [
        Attack("a quote of the other version", error(w.X, w.IN, "too-big", udp(
            "10.0.1.2", "203.0.113.9", 5000, 53)), {"unrelated": 1}),
        Attack("neighbour and router discovery through the router",
               [icmp(w.X, w.IN, kind, hops=255) for kind in (133, 134, 135, 136)], {"policy": 4}),
        Attack("node information, renumbering, what has no name",
               [icmp(w.X, w.IN, kind) for kind in (138, 139, 141, 200)], {"policy": 4}),
    ]


def injected(w, c):
    """Into a connection."""
    attacks = [Attack("%s far away" % name, [c.forged(flags, FAR, data=data),
                                             c.forged(flags, -FAR, data=data)], {"window": 2})
               for name, flags, data in (
                   ("SYN", "S", b""), ("SYN-ACK", "SA", b""), ("RST", "R", b""), ("RST-ACK", "RA", b""),
                   ("FIN", "FA", b""), ("ACK", "A", b""), ("data", "PA", b"more"))]
    attacks += [
        Attack("an ACK of what was never sent", [c.forged("A", acks_away=FAR),
                                                 c.forged("A", acks_away=-FAR)], {"window": 2}),
        Attack("a SYN right where it goes on", c.forged("S"), {"window": 1}),
        Attack("a RST far away with a wrong checksum",
               poke(c.forged("R", FAR), 56 if w.version == 6 else 36, b"??"), {"window": 1}),
        Attack("flags that nobody means, where it goes on",
               [c.forged(flags) for flags in ("", "FPU", "SF", "SR", "SFRPAU", "F")],
               {"malformed": 6}),
        Attack("data with a header cut short", cut(c.forged("PA", data=b"more"), 19),
               {"truncated": 1}),
        Attack("a RST with the right number from elsewhere",
               [tcp(w.X, w.TO, c.sport, c.dport, "R", seq=c.seq),
                tcp(w.OUT, w.TO, c.sport ^ 1, c.dport, "R", seq=c.seq)],
               # Port 80 is allowed, but begins with a SYN.
               {"state" if c.dport == 80 else "policy": 2}),
        Attack("and to another port", tcp(w.OUT, w.TO, c.sport, c.dport ^ 1, "R", seq=c.seq),
               {"policy": 1}),
        Attack("its other direction from outside",
               tcp(w.TO, w.OUT, c.dport, c.sport, "R", seq=c.ack), {"spoofed": 1}, back=True),
        Attack("an error that quotes another port", error(
            w.X, w.TO, "port-unreachable", tcp(w.TO, w.OUT, c.dport ^ 1, c.sport, "A")),
               {"unrelated": 1}),
    ]
    # At the router, IPv4 waits for the first one.
    if w.TO != w.ROUTER_OUT:
        attacks.append(Attack("a later fragment of it", frag(c.forged("PA", data=b"e" * 40), 24, 0),
                              {"fragment": 1}))
    if w.version == 6:
        attacks.append(Attack("far away behind extension headers",
                              ext(c.forged("R", FAR), "hop", "dst"), {"window": 1}))
    else:
        attacks.append(Attack("far away behind options", options(c.forged("R", FAR), b"\1" * 8),
                              {"window": 1}))
    return attacks


def beside_exception(w):
    """Where tcp to IN port 80, and to ROUTER_OUT port 80, is allowed."""
    good = tcp(w.X, w.IN, 4000, 80)
    bad = tcp(w.X, w.IN, 4000, 81)
    long = tcp(w.X, w.IN, 4001, 80, data=b"x" * 64)
    rewritten = tcp(w.X, w.IN, 4001, 22, data=EVIL * 8)
    attacks = [
        Attack("other ports and protocols", [bad, udp(w.X, w.IN, 4000, 80)], {"policy": 2}),
        Attack("no SYN", [tcp(w.X, w.IN, 4000, 80, flags) for flags in ("A", "R", "FA", "SA")],
               {"state": 4}),
        Attack("flags that nobody means",
               [tcp(w.X, w.IN, 4000, 80, flags) for flags in ("", "FPU", "SF", "SR")],
               {"malformed": 4}),
        Attack("tiny fragments of what is allowed", pieces(long, 21, (0, 8), (8, 84)), {"fragment": 2}),
        Attack("tiny fragments, options of TCP in the second",
               pieces(tcp(w.X, w.IN, 4000, 80, doff=8, data=b"\1" * 12), 22, (0, 24), (24, 32)),
               {"fragment": 2}),
        Attack("a later fragment alone", pieces(long, 23, (24, 84)), {"fragment": 1}),
        Attack("a first fragment, and one that overlaps it", pieces(long, 24, (0, 40))
               + pieces(rewritten, 24, (8, 84)), {"fragment": 1}, passes=1),
        Attack("a first fragment, and another first one", pieces(long, 25, (0, 40))
               + pieces(rewritten, 25, (0, 40), (40, 84)), {"policy": 1, "fragment": 1}, passes=1),
        Attack("quotes of what would be allowed", error(w.X, w.IN, "too-big", tcp(w.IN, w.X, 80, 4002)),
               {"unrelated": 1}),
    ]
    if w.version == 4:
        return attacks + [
            Attack("an allowed port where no header is",
                   options(bad, b"\1\1\x9e\6" + good[20:24]), {"policy": 1}),
            Attack("source routes of what is allowed",
                   [options(good, b"\x83\7\4" + packed(w.OTHER) + b"\0"),
                    options(good, b"\1\x83\7\x08" + packed(w.OTHER))], {"malformed": 2}),
            Attack("allowed ports in IP in IP", ip(w.X, w.IN, 4, good), {"policy": 1}),
        ]
    return attacks + [
        Attack("routing headers of what is allowed",
               [routing(good, kind, 1, w.OTHER) for kind in (0, 3, 4)], {"malformed": 3}),
        Attack("an allowed port in destination options",
               header(bad, "dst", b"\1\4" + bytes(4) + b"\x1e\x0e" + good[40:54]), {"policy": 1}),
        Attack("an allowed port behind no next header", ip(w.X, w.IN, 59, good[40:]), {"policy": 1}),
        Attack("behind AH", ip(w.X, w.IN, 51, b"\6\4" + bytes(22) + good[40:]), {"policy": 1}),
        Attack("within IPv6", ip(w.X, w.IN, 41, good), {"policy": 1}),
        Attack("within ICMPv6's error",
               error(w.X, w.IN, "port-unreachable", good), {"unrelated": 1}),
        Attack("behind a fragment header that is a later one",
               frag(ext(good, "dst"), 8, 0), {"fragment": 1}),
    ]


def put_together(w):
    """Where fragments are reassembled, and tcp to IN port 80 is allowed."""
    long = tcp(w.X, w.IN, 4005, 80, data=b"x" * 64)
    rewritten = tcp(w.X, w.IN, 4005, 22, data=EVIL * 8)
    other = tcp(w.X, w.IN, 4006, 22, data=b"x" * 64)
    # The kernel's own code drops what overlaps, for which FlowWall has no reason, or
    # takes it for the same again, if it is within what is there: what came first counts.
    attacks = [
        Attack("in order, for comparison", pieces(long, 30, (0, 40), (40, 84)), {}, passes=2),
        Attack("overlapping fragments", pieces(long, 31, (0, 40)) + pieces(rewritten, 31, (32, 84)),
               {}),
        Attack("what is there written anew", pieces(long, 32, (0, 40))
               + pieces(rewritten, 32, (0, 40), (24, 40)) + pieces(long, 32, (40, 84)), {}, passes=2),
        Attack("the last one first, and one across both", pieces(long, 33, (40, 84))
               + pieces(rewritten, 33, (8, 48)) + pieces(long, 33, (0, 40)), {}),
        Attack("the first one never comes", pieces(long, 34, (24, 40), (40, 84)), {}),
        Attack("the last one never comes", pieces(long, 35, (0, 40), (40, 64)), {}),
        Attack("two last ones that differ", pieces(long, 36, (40, 84))
               + pieces(cut(rewritten, 76), 36, (40, 76)) + pieces(long, 36, (0, 40)), {},
               # IPv6 forgets the second one only.
               passes=2 if w.version == 6 else 0),
        Attack("tiny fragments of what is not allowed",
               pieces(other, 37, (0, 8), (8, 16), (16, 24), (24, 84)),
               # IPv6 wants the whole header in the first one (RFC 8200, section 4.5).
               {"fragment" if w.version == 6 else "policy": 1}),
        Attack("beyond 64 KiB", pieces(long, 38, (0, 40)) + [frag(long, 65528, 0, ident=38)], {}),
        Attack("repeated fragments of what is not allowed",
               pieces(other, 39, (0, 40), (0, 40), (40, 84)), {"policy": 1}),
    ]
    if w.version == 4:
        attacks.append(Attack("the router gives up, and says so", pieces(udp(
            w.X, w.ROUTER_OUT, 4000, 5000, b"x" * 64), 40, (0, 32)), {"unrelated": 1},
                              back=True, wait=1.5))
    return attacks


# --- how they go --------------------------------------------------------------


# The sets whose target is the router itself.
AT_ROUTER = ("router", "own")


class Suite:
    """Sends sets of attacks, and compares."""

    def __init__(self, world):
        self.world, self.arrived, self.connection = world, {}, None

    def attacks(self, name):
        """The attacks of a set; opens the flows that they are about."""
        w = self.world
        w.TO = w.ROUTER_OUT if name in AT_ROUTER else w.IN
        plain = tcp(w.X, w.IN, 4000, 5000)
        if name == "closed":
            return (fragments(w, w.X, "policy") + chains(w, plain, "policy")
                    + source_routes(w, 5000) + spoofed(w, 5000))
        if name == "flows":
            for link, packet in (("inside", udp(w.IN, w.X, 5000, 53)), ("outside", udp(w.X, w.IN, 53, 5000)),
                                 ("inside", udp(w.IN, w.X, 5000, 53)), ("inside", echo(w.IN, w.X, 77)),
                                 ("inside", gre(w.IN, w.X, 22))):
                if not any(self.world.send(packet, link=link)):
                    raise OSError("no flow")
            return flows(w)
        if name in ("outbound", "inbound", "own"):
            self.connection = Connection(w, {"outbound": "inside", "inbound": "outside",
                                             "own": "router"}[name])
            return injected(w, self.connection)
        if name == "router":
            return router_fragments(w) + chains(w, tcp(w.X, w.TO, 4000, 5000), "policy") + \
                spoofed(w, 5000)
        if name == "exception":
            return (beside_exception(w) + chains(w, tcp(w.X, w.IN, 4000, 81), "policy")
                    + source_routes(w, 80) + spoofed(w, 80))
        return put_together(w)

    def bare(self, name):
        for number, attack in enumerate(self.attacks(name)):
            inside, router, outside = self.world.send(*attack.packets, wait=attack.wait)
            if name in AT_ROUTER:
                inside = [one for one in router if is_sent(one, attack.packets)]
            arrived = outside if attack.back else inside
            self.arrived[name, self.world.version, number] = len(arrived)
        self.finish()

    def finish(self):
        connection, self.connection = self.connection, None
        if connection:
            connection.close()
            self.world.fence()

    def guarded(self, name, fast=False):
        attacks = self.attacks(name)
        before = self.world.counters()
        for number, attack in enumerate(attacks):
            inside, router, outside = self.world.send(*attack.packets, wait=attack.wait)
            came = inside + [data for _, data in router]
            now = self.world.counters()
            drops = {reason: now[reason] - before.get(reason, 0) for reason in now
                     if reason != "fast" and now[reason] != before.get(reason, 0)}
            before = now
            wrong = []
            bare = self.arrived[name, self.world.version, number]
            if bare != (0 if attack.ip_drops else attack.arrive):
                wrong.append("without the firewall, %d of %d arrived" % (bare, attack.arrive))
            if len(came) != attack.passes or any(EVIL in packet for packet in came):
                wrong.append("came in: " + " ".join(packet.hex() for packet in came))
            if outside:
                wrong.append("came back: " + " ".join(packet.hex() for packet in outside))
            if attack.drops is not None and not attack.ip_drops and drops != attack.drops:
                wrong.append("dropped: %s, expected: %s" % (drops, attack.drops))
            self.point(name, attack.name, wrong)
        if name in ("flows", "outbound", "inbound", "own"):
            self.point(name, "what was attacked goes on, fast: %s" % fast, self.goes_on(fast))
        self.finish()

    def goes_on(self, fast):
        """What is wrong with the flow that was attacked, a list."""
        w, before = self.world, self.world.counters()["fast"]
        try:
            if self.connection:
                self.connection.exchange()
            elif not any(w.send(udp(w.X, w.IN, 53, 5000))):
                return ["nothing comes in any more"]
        except OSError as why:
            return [str(why)]
        took = w.counters()["fast"] - before
        # The fence's two take it, too.
        return [] if (took > 2) == fast else ["%d packets took the fast path" % took]

    def point(self, attacks, name, wrong):
        name = "IPv%d: %s: %s" % (self.world.version, attacks, name)
        print("not ok\t%s\t%s" % (name, "; ".join(wrong)) if wrong else "ok\t%s" % name, flush=True)


def main():
    os.sched_setaffinity(0, {0})
    suite = Suite(World(*sys.argv[1:4]))
    for line in sys.stdin:
        phase, name, version = line.split()
        suite.world.speak(int(version))
        try:
            if phase == "bare":
                suite.bare(name)
            else:
                suite.guarded(name, phase == "fast")
        except OSError as why:
            print("not ok\t%s\t%r" % (line.strip(), why), flush=True)
        print("done", flush=True)


main()
