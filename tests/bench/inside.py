#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the cells of the benchmark on the kernel that it finds itself on.

inside.py FWCTL [OPTION]... loads $FLOWWALL_KO and prints one JSON object a line: first
what this machine is, then a sample each: cell, setup, boot, round, ns (a packet), and
how many packets were lost.

Each setup is a router in a namespace of its own with the same two interfaces and the
same policy: from r0, the inside, everything goes out, and from r1 come the replies.
pktgen hands packets to r0 as if they had just arrived; r1 and r0 are dummies, which
count what they are to send and drop it. A round measures each setup once, in an order
that turns with each round. pktgen knows UDP only: for cells of TCP, actions of traffic
control at the ingress write another header, which costs all setups the same.
"""
import argparse
import ctypes
import json
import os
import re
import subprocess
import sys
import time

# Addresses and ports: without a common divisor, so that pktgen, which counts both up
# with each packet, comes by every pair.
FLOWS = {1: (1, 1), 1000: (8, 125), 60000: (96, 625), 100000: (32, 3125), 1000000: (64, 15625)}
FIRST = 0x0a010001  # 10.1.0.1
TARGET, TARGET_PORT = "203.0.113.9", 9
TABLE = 2 ** 20  # room for flows, of each kind of table
# Buckets of conntrack: what it takes by itself with 8 GiB, and no fewer than flows.
BUCKETS = 2 ** 18

# What becomes of UDP of 60 bytes: TCP with 6 bytes of data, by offsets from the IP header.
SYN, SYN_ACK, ACK = (1000, 0, 0x02), (5000, 1001, 0x12), (1001, 5001, 0x10)
BACK = (5001, 1001, 0x10)

TUNE = ("net.netfilter.nf_conntrack_max=%d" % (2 * TABLE),
        "net.netfilter.nf_conntrack_checksum=0",
        "net.netfilter.nf_conntrack_udp_timeout=36000",
        "net.netfilter.nf_conntrack_udp_timeout_stream=36000",
        "net.netfilter.nf_flowtable_udp_timeout=36000")

CONNTRACK = """
table inet bench {
    %s
    chain input { type filter hook input priority 0; policy drop; ct state established,related accept; }
    chain forward {
        type filter hook forward priority 0; policy drop;
        %s
        ct state established,related accept
        iifname "r0" oifname "r1" accept
    }
}
"""
FLOWTABLE = 'flowtable fast { hook ingress priority 0; devices = { r0, r1 }; }'
FLOWWALL = """version 1
role r0 internal
role r1 external
set max-flows %d
set half-open 100
ttl udp-new step 10h max 10h
ttl udp-stream step 10h max 10h
""" % TABLE

IPTABLES = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i r0 -o r1 -j ACCEPT
COMMIT
"""


def run(*command, text=None, check=True):
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    if check and result.returncode:
        sys.exit("%s: %s%s" % (" ".join(command), result.stdout, result.stderr))
    return result.stdout


def address(number):
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def spread(count):
    """First and last address, first and last port, whose pairs are the flows."""
    addresses, ports = FLOWS[count]
    return address(FIRST), address(FIRST + addresses - 1), 1024, 1024 + ports


class Setup:
    """A router with a firewall, or none."""

    def __init__(self, name, kind, fwctl):
        self.name, self.kind, self.fwctl = name, kind, fwctl
        self.netns = "bench-" + name
        run("ip", "netns", "add", self.netns)
        # Nothing but what is measured is to be sent.
        self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                 "net.ipv6.conf.default.disable_ipv6=1")
        for dev, subnet in (("r0", "10.8.0"), ("r1", "10.9.0")):
            self.ip("link", "add", dev, "type", "dummy")
            self.ip("link", "set", dev, "arp", "on", "up")
            self.ip("addr", "add", subnet + ".1/24", "dev", dev)
            self.ip("neigh", "add", subnet + ".2", "lladdr", "02:00:00:00:00:02", "dev", dev,
                    "nud", "permanent")
        self.ip("route", "add", "10.1.0.0/16", "via", "10.8.0.2")
        self.ip("route", "add", "default", "via", "10.9.0.2")
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
                 "net.ipv4.conf.r0.rp_filter=0", "net.ipv4.conf.r1.rp_filter=0")
        self.mac = {dev: json.loads(self.ip("-json", "link", "show", dev))[0]["address"]
                    for dev in ("r0", "r1")}
        self.load()

    def run(self, *command, **more):
        return run("ip", "netns", "exec", self.netns, *command, **more)

    def ip(self, *arguments):
        return run("ip", "-n", self.netns, *arguments)

    def load(self):
        if self.kind == "conntrack":
            self.run("nft", "-f", "-", text=CONNTRACK % ("", ""))
        elif self.kind == "flowtable":
            self.run("nft", "-f", "-", text=CONNTRACK % (
                FLOWTABLE, "meta l4proto { tcp, udp } flow add @fast"))
        elif self.kind == "iptables":
            self.run("iptables-legacy-restore", text=IPTABLES)
        elif self.kind in ("flowwall", "fastpath"):
            more = "set fastpath on\n" if self.kind == "fastpath" else ""
            self.apply(FLOWWALL + more)
        for setting in TUNE:
            self.run("sysctl", "-qw", setting, check=False)

    def apply(self, rules):
        run(self.fwctl, "-n", self.netns, "apply", "-", text=rules)

    def flush(self):
        if self.kind in ("conntrack", "flowtable", "iptables"):
            self.run("conntrack", "-F", check=False)
        elif self.kind in ("flowwall", "fastpath"):
            run(self.fwctl, "-n", self.netns, "flows", "kill", "all")

    def flows(self):
        if self.kind in ("conntrack", "flowtable", "iptables"):
            return int(self.run("conntrack", "-C"))
        if self.kind in ("flowwall", "fastpath"):
            return json.loads(run(self.fwctl, "-n", self.netns, "-j", "status"))["flows"]
        return None

    def make_tcp(self, dev, seq, ack, flags):
        """Has what comes in by dev be such segments; see make_udp()."""
        self.make_udp(dev)
        run("tc", "-n", self.netns, "qdisc", "add", "dev", dev, "ingress")
        munge = ["9 u8 set 6", "24 u32 set %d" % seq, "28 u32 set %d" % ack,
                 "32 u32 set 0x50%02xffff" % flags, "36 u32 set 0"]
        run("tc", "-n", self.netns, "filter", "add", "dev", dev, "ingress", "matchall",
            "action", "pedit", *" ".join("munge offset " + part for part in munge).split(),
            "pipe", "action", "csum", "ip4h")

    def make_udp(self, dev):
        run("tc", "-n", self.netns, "qdisc", "del", "dev", dev, "ingress", check=False)

    def sent(self, dev):
        return int(self.run("cat", "/sys/class/net/%s/statistics/tx_packets" % dev))

    def send(self, dev, packets, *settings):
        """Has that many packets arrive; returns ns for each. All must leave."""
        def to(name, line):
            with open("/proc/net/pktgen/" + name, "w") as control:
                control.write(line + "\n")

        child = os.fork()
        if not child:
            try:
                fd = os.open("/run/netns/" + self.netns, os.O_RDONLY)
                LIBC.setns(fd, 0)
                to("kpktgend_0", "rem_device_all")
                to("kpktgend_0", "add_device " + dev)
                for line in ("count %d" % packets, "clone_skb 0", "pkt_size 60", "delay 0",
                             "xmit_mode netif_receive", "dst_mac " + self.mac[dev]) + settings:
                    to(dev, line)
                to("pgctrl", "start")
            except BaseException as error:
                print("pktgen: %s" % error, file=sys.stderr)
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit("pktgen does not do that")
        answer = self.run("cat", "/proc/net/pktgen/" + dev)
        found = re.search(r"Result: OK: (\d+)\(", answer)
        if not found:
            sys.exit("no result of pktgen: " + answer)
        return int(found[1]) * 1000 / packets

    def forward(self, packets, count):
        first, last, low, high = spread(count)
        return self.send("r0", packets, "src_min " + first, "src_max " + last,
                         "udp_src_min %d" % low, "udp_src_max %d" % high, "dst " + TARGET,
                         "udp_dst_min %d" % TARGET_PORT, "udp_dst_max %d" % TARGET_PORT)

    def reply(self, packets, count):
        first, last, low, high = spread(count)
        return self.send("r1", packets, "src_min " + TARGET, "src_max " + TARGET,
                         "udp_src_min %d" % TARGET_PORT, "udp_src_max %d" % TARGET_PORT,
                         "dst_min " + first, "dst_max " + last,
                         "udp_dst_min %d" % low, "udp_dst_max %d" % high)

    def anew(self, packets):
        return self.send("r0", packets, "src_min " + address(FIRST),
                         "src_max " + address(FIRST + 60000), "udp_src_min 1024",
                         "udp_src_max 65000", "flag IPSRC_RND", "flag UDPSRC_RND",
                         "dst " + TARGET, "udp_dst_min 9", "udp_dst_max 9")


def tell(**what):
    print(json.dumps(what), flush=True)


def rounds(cell, setups, options, measure, prepare):
    for setup in setups:
        prepare(setup)
    for number in range(-1, options.rounds):  # the first one only warms up
        for k in range(len(setups)):
            setup = setups[(k + number) % len(setups)]
            before = setup.sent("r1")
            packets, ns = measure(setup)
            lost = packets - (setup.sent("r1") - before)
            if number >= 0:
                tell(cell=cell, setup=setup.name, boot=options.boot, round=number, ns=ns,
                     lost=lost)
    for setup in setups:
        setup.flush()
        setup.make_udp("r0")
        setup.make_udp("r1")


def conntrack_buckets(count):
    with open("/sys/module/nf_conntrack/parameters/hashsize", "w") as size:
        size.write("%d" % max(BUCKETS, count))


def established(setups, options, count, tcp=False):
    packets = max(count, options.packets)

    def prepare(setup):
        if tcp:
            setup.make_tcp("r0", *SYN)
            setup.forward(count, count)
            setup.make_tcp("r1", *SYN_ACK)
            setup.reply(count, count)
            setup.make_tcp("r0", *ACK)
            setup.make_tcp("r1", *BACK)
        for _ in range(2):
            setup.forward(count, count)
            setup.reply(count, count)
        flows = setup.flows()
        if flows is not None and flows != count:
            sys.exit("%s has %s flows, not %d" % (setup.name, flows, count))

    conntrack_buckets(count)
    rounds("%s %d" % ("tcp" if tcp else "established", count), setups, options,
           lambda setup: (packets, setup.forward(packets, count)), prepare)


def new(setups, options, syn=False):
    packets = min(options.packets, 200000)

    def prepare(setup):
        if syn:
            setup.make_tcp("r0", *SYN)

    def measure(setup):
        setup.flush()
        time.sleep(0.2)
        return packets, setup.anew(packets)

    setups = [setup for setup in setups if setup.kind not in ("flowtable", "fastpath")]
    conntrack_buckets(packets)
    rounds("syn" if syn else "new", setups, options, measure, prepare)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fwctl")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--packets", type=int, default=500000)
    parser.add_argument("--setup", action="append")
    parser.add_argument("--flows", type=int, action="append", choices=FLOWS)
    parser.add_argument("--boot", type=int, default=0)
    options = parser.parse_args()
    module = os.environ["FLOWWALL_KO"]
    for other in run("modinfo", "-F", "depends", module).strip().split(",") + ["pktgen"]:
        run("modprobe", "-q", other, check=False)  # or it is part of the kernel
    run("insmod", module)
    kinds = {"plain": "plain", "conntrack": "conntrack", "conntrack-again": "conntrack",
             "flowtable": "flowtable", "iptables": "iptables", "flowwall": "flowwall",
             "fastpath": "fastpath"}
    tell(kernel=os.uname().release, machine=os.uname().nodename)
    setups = [Setup(name, kinds[name], options.fwctl)
              for name in options.setup or kinds]
    counts = sorted(options.flows or FLOWS)
    for count in counts:
        established(setups, options, count)
    for count in {1000, 100000}.intersection(counts):
        established(setups, options, count, tcp=True)
    new(setups, options)
    new(setups, options, syn=True)


LIBC = ctypes.CDLL(None)
main()
