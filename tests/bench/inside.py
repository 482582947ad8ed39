#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the cells of the benchmark on the kernel that it finds itself on.

inside.py FWCTL [OPTION]... loads $FLOWWALL_KO and prints one JSON object a line: first
what this machine is, then a sample each: cell, setup, boot, round, and what was
measured: ns (a packet), and how many packets were lost; or something else by its name.

Each setup is a router in a namespace of its own with the same interfaces and the same
policy (router.py): from r0, the inside, everything goes out, and from r1 come the
replies. pktgen hands packets to r0 as if they had just arrived; r1 and r0 are dummies,
which count what they are to send and drop it. A round measures each setup once, in an
order that turns with each round. pktgen knows UDP only: for cells of TCP, actions of
traffic control at the ingress write another header, which costs all setups the same.
"""
import argparse
import json
import os
import signal
import socket
import struct
import sys
import time

from router import BACK, ACK, SYN, SYN_ACK, BUCKETS, FLOWS, TABLE, Router, run

KINDS = {"plain": "plain", "conntrack": "conntrack", "conntrack-again": "conntrack",
         "flowtable": "flowtable", "iptables": "iptables", "flowwall": "flowwall",
         "fastpath": "fastpath"}

# Packets of known flows come in bursts of so many, or of one of each flow if these are more.
BURST = 25000

# User-Mode Linux does not load them by itself.
OTHERS = ["pktgen", "nf_conntrack_netlink", "nft_ct", "nft_flow_offload", "nf_flow_table_inet",
          "iptable_filter", "xt_conntrack"]


def tell(**what):
    print(json.dumps(what), flush=True)


def rounds(cell, routers, options, packets, prepare, send):
    """
    Has each router measured in turn. One at a time has flows: the table of conntrack is
    one for all of them.
    """
    for number in range(-1, options.rounds):  # the first one only warms up
        for k in range(len(routers)):
            router = routers[(k + number) % len(routers)]
            prepare(router)
            before = router.sent("r1")
            ns = send(router)
            lost = packets - (router.sent("r1") - before)
            if number >= 0:
                tell(cell=cell, setup=router.name, boot=options.boot, round=number, ns=ns,
                     lost=lost)
            router.flush()


def conntrack_room(count):
    run("sysctl", "-qw", "net.netfilter.nf_conntrack_max=%d" % (2 * TABLE))
    with open("/sys/module/nf_conntrack/parameters/hashsize", "w") as size:
        size.write("%d" % max(BUCKETS, count))


def have(router, count, tcp=False, ipv6=False):
    """Gives it so many flows, of which it hears both sides."""
    if tcp:
        router.make_tcp("r0", *SYN)
        router.forward(count, count)
        router.make_tcp("r1", *SYN_ACK)
        router.reply(count, count)
        router.make_tcp("r0", *ACK)
        router.make_tcp("r1", *BACK)
    for _ in range(2):
        router.forward(count, count, ipv6)
        router.reply(count, count, ipv6)
    flows = router.flows()
    if flows is not None and flows != count:
        sys.exit("%s has %s flows, not %d" % (router.name, flows, count))


def established(cell, routers, options, count, tcp=False, ipv6=False):
    burst = max(count, min(BURST, options.packets))
    bursts = max(options.bursts, options.packets // burst)
    conntrack_room(count)
    rounds(cell, routers, options, bursts * burst, lambda router: have(router, count, tcp, ipv6),
           lambda router: router.forward(burst, count, ipv6, bursts))


def new(cell, routers, options, packets, syn=False):
    conntrack_room(packets)
    rounds(cell, routers, options, packets,
           lambda router: router.make_tcp("r0", *SYN) if syn else None,
           lambda router: router.anew(packets))


def only(routers, *names):
    return [router for router in routers if router.name in names]


# --- the cells, by name --------------------------------------------------------

def cell_established(routers, options):
    for count in options.flows:
        established("established %d" % count, routers, options, count)


def cell_tcp(routers, options):
    for count in options.flows:
        established("tcp %d" % count, routers, options, count, tcp=True)


def cell_ipv6(routers, options):
    routers = [router for router in routers if router.kind != "iptables"]
    for router in routers:
        router.have_ipv6()
    time.sleep(4)  # they greet the multicast groups of their links
    for count in options.flows:
        established("ipv6 %d" % count, routers, options, count, ipv6=True)


def cell_new(routers, options):
    routers = [router for router in routers if router.kind not in ("flowtable", "fastpath")]
    new("new", routers, options, min(options.packets, 200000))


def cell_syn(routers, options):
    routers = [router for router in routers if router.kind not in ("flowtable", "fastpath")]
    new("syn", routers, options, min(options.packets, 200000), syn=True)


def cell_rules(routers, options):
    """Rules that no packet meets: what they cost, and what it takes to load them."""
    routers = only(routers, "plain", "conntrack", "conntrack-again", "flowwall")
    for count in (10, 1000, 100000):
        for router in routers:
            text = router.ruleset(count)
            begin = time.monotonic()
            router.load(text)
            if router.kind != "plain":
                tell(cell="load %d rules" % count, setup=router.name, boot=options.boot, round=0,
                     ms=(time.monotonic() - begin) * 1e3)
        established("established 1000, %d rules" % count, routers, options, 1000)
        # With nftables, a new flow passes one after the other.
        new("new, %d rules" % count, routers, options,
            max(500, min(options.packets, 100000, 20000000 // count)))
    for router in routers:
        router.load(router.ruleset())


def memory():
    """Bytes that the kernel has of what flows are made of."""
    with open("/proc/meminfo") as lines:
        kib = dict(line.split(":") for line in lines)
    return sum(int(kib[name].split()[0]) for name in ("Slab", "VmallocUsed", "Percpu")) * 1024


def cell_memory(routers, options):
    """What a flow takes; of conntrack without its buckets, which are there before."""
    for count in (100000, 1000000):
        if count > max(options.flows):
            continue
        conntrack_room(count)
        for router in only(routers, "conntrack", "flowtable", "flowwall"):
            time.sleep(2)
            before = memory()
            have(router, count)
            tell(cell="memory %d" % count, setup=router.name, boot=options.boot, round=0,
                 bytes=(memory() - before) / count)
            router.flush()


def cell_full(routers, options):
    """A table that is full of 1,000 flows, a flood of new ones, and then those again."""
    packets = min(options.packets, 100000)
    for router in only(routers, "conntrack", "flowwall"):
        conntrack_room(1000)
        have(router, 1000)
        time.sleep(2.1)  # before that, conntrack does not call them assured
        router.forward(1000, 1000)
        router.limit(1000)
        ns = router.anew(packets)
        before = router.sent("r1")
        router.forward(10000, 1000)
        tell(cell="full table", setup=router.name, boot=options.boot, round=0, flood_ns=ns,
             delivered_percent=(router.sent("r1") - before) / 100)
        router.flush()
        router.load(router.ruleset())
    conntrack_room(1000)


class Background:
    """A process that does something again and again until it is left."""

    def __init__(self, action):
        self.action = action

    def __enter__(self):
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            while True:
                self.action()

    def __exit__(self, *_):
        os.killpg(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


def probe(router, number):
    """Nanoseconds from one end of the router to the other, of so many packets."""
    def frame(mac, source, target, sport, dport):
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 36, 0, 0x4000, 64, 17, 0,
                         socket.inet_aton(source), socket.inet_aton(target))
        total = sum(struct.unpack("!10H", ip))
        total = (total & 0xffff) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", ~total & 0xffff) + ip[12:]
        return (bytes.fromhex(mac.replace(":", "")) + b"\2\0\0\0\0\2\x08\0" + ip +
                struct.pack("!HHHH", sport, dport, 16, 0) + b"flowwall")

    ends = []
    for dev in ("p0", "p1"):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        end.bind((router.far(dev), 0x0800))
        end.settimeout(1)
        ends.append(end)
    there = frame(router.mac["p0"], "10.6.0.2", "10.7.0.2", 1111, 2222)
    back = frame(router.mac["p1"], "10.7.0.2", "10.6.0.2", 2222, 1111)
    taken = []
    for n in range(-10, number):
        begin = time.monotonic_ns()
        ends[0].send(there)
        while b"flowwall" not in ends[1].recv(200):
            pass
        if n >= 0:
            taken.append(time.monotonic_ns() - begin)
        else:
            ends[1].send(back)
            ends[0].recv(200)
        time.sleep(0.0005)
    for end in ends:
        end.close()
    return sorted(taken)


def cell_latency(routers, options):
    """How long a packet takes, one at a time, while something else goes on, or nothing."""
    conntrack_room(100000)
    for router in only(routers, "plain", "conntrack", "flowwall", "fastpath"):
        def refill(router=router):
            router.anew(20000)
            router.flush()

        def reload(text=router.ruleset(1000), router=router):
            router.load(text)

        conditions = {"idle": None, "load": lambda: router.anew(20000)}
        if router.kind != "plain":
            conditions.update({"flows come and go": refill, "reload": reload})
        for name, action in conditions.items():
            if action:
                with Background(action):
                    times = probe(router, options.probes)
                time.sleep(0.5)
            else:
                times = probe(router, options.probes)
            router.flush()
            tell(cell="latency, " + name, setup=router.name, boot=options.boot, round=0,
                 **{"p%s_us" % str(p).replace(".", "_"): times[int(len(times) * p / 100)] / 1e3
                    for p in (50, 99, 99.9)})
        router.load(router.ruleset())


CELLS = {name[5:]: function for name, function in list(globals().items())
         if name.startswith("cell_")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fwctl")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--packets", type=int, default=500000)
    parser.add_argument("--bursts", type=int, default=4)
    parser.add_argument("--probes", type=int, default=2000)
    parser.add_argument("--setup", action="append", choices=KINDS)
    parser.add_argument("--flows", type=int, action="append", choices=FLOWS)
    parser.add_argument("--cell", action="append", choices=CELLS)
    parser.add_argument("--boot", type=int, default=0)
    options = parser.parse_args()
    options.flows = sorted(options.flows or FLOWS)
    module = os.environ["FLOWWALL_KO"]
    for other in run("modinfo", "-F", "depends", module).strip().split(",") + OTHERS:
        run("modprobe", "-q", other, check=False)  # or it is part of the kernel
    run("insmod", module)
    tell(kernel=os.uname().release, machine=os.uname().nodename)
    routers = [Router(name, KINDS[name], options.fwctl) for name in options.setup or KINDS]
    for name in options.cell or CELLS:
        CELLS[name](routers, options)


main()
