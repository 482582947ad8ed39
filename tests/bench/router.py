# SPDX-License-Identifier: GPL-2.0-or-later
"""The routers that inside.py measures: one for each firewall, with the same policy."""
import contextlib
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
# Of IPv6, pktgen counts ports alone.
INSIDE6, TARGET6 = "fd00:1::1", "2001:db8::9"
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
        %s
        iifname "r0" oifname "r1" accept
        iifname "p0" oifname "p1" accept
    }
}
"""
FLOWTABLE = 'flowtable fast { hook ingress priority 0; devices = { r0, r1, p0, p1 }; }'
FLOWWALL = """version 1
role r0 internal
role r1 external
role p0 internal
role p1 external
set max-flows %d
set half-open 100
ttl udp-new step 10h max 10h
ttl udp-stream step 10h max 10h
ttl tcp-closing step 1s max 1s
""" % TABLE

# The first address of those that rules are about: no packet is for them.
ELSEWHERE = 0xc6120000  # 198.18.0.0/15

IPTABLES = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
%s-A FORWARD -i r0 -o r1 -j ACCEPT
COMMIT
"""


def run(*command, text=None, check=True):
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    if check and result.returncode:
        sys.exit("%s: %s%s" % (" ".join(command), result.stdout, result.stderr))
    return result.stdout


def address(number):
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def quiet(taken):
    """
    What a burst takes when nothing disturbs it: whatever else goes on can only make it
    longer. Not the very least, which may be of a lucky moment.
    """
    return sorted(taken)[len(taken) // 8]


def enter(netns):
    """Makes the process one of a network namespace, an open file."""
    if LIBC.setns(netns, 0):
        sys.exit("setns: " + os.strerror(ctypes.get_errno()))


def spread(count):
    """First and last address, first and last port, whose pairs are the flows."""
    addresses, ports = FLOWS[count]
    return address(FIRST), address(FIRST + addresses - 1), 1024, 1024 + ports


class Router:
    """A router with a firewall, or none."""

    def __init__(self, name, kind, fwctl):
        self.name, self.kind, self.fwctl = name, kind, fwctl
        self.netns = "bench-" + name
        run("ip", "netns", "add", self.netns)
        self.namespace = os.open("/run/netns/" + self.netns, os.O_RDONLY)
        self.munged = set()  # the interfaces that have what make_tcp() makes
        run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        # Nothing but what is measured is to be sent.
        self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                 "net.ipv6.conf.default.disable_ipv6=1")
        for dev, subnet in (("r0", "10.8.0"), ("r1", "10.9.0")):
            self.ip("link", "add", dev, "type", "dummy")
            self.ip("link", "set", dev, "arp", "on", "up")
            self.ip("addr", "add", subnet + ".1/24", "dev", dev)
            self.ip("neigh", "add", subnet + ".2", "lladdr", "02:00:00:00:00:02", "dev", dev,
                    "nud", "permanent")
        # For probes, which come and go by the other ends of these.
        for dev, subnet in (("p0", "10.6.0"), ("p1", "10.7.0")):
            run("ip", "link", "add", self.far(dev), "up", "type", "veth", "peer", dev,
                "netns", self.netns)
            self.ip("link", "set", dev, "up")
            self.ip("addr", "add", subnet + ".1/24", "dev", dev)
            self.ip("neigh", "add", subnet + ".2", "lladdr", "02:00:00:00:00:02", "dev", dev,
                    "nud", "permanent")
        self.ip("route", "add", "10.1.0.0/16", "via", "10.8.0.2")
        self.ip("route", "add", "default", "via", "10.9.0.2")
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
                 *("net.ipv4.conf.%s.rp_filter=0" % dev for dev in ("r0", "r1", "p0", "p1")))
        self.mac = {dev: json.loads(self.ip("-json", "link", "show", dev))[0]["address"]
                    for dev in ("r0", "r1", "p0", "p1")}
        self.load(self.ruleset())
        for setting in TUNE:
            self.run("sysctl", "-qw", setting, check=False)

    def far(self, dev):
        """The other end of an interface for probes, outside."""
        return "%s-%s" % (dev, self.name[:12])

    def run(self, *command, **more):
        return run("ip", "netns", "exec", self.netns, *command, **more)

    @contextlib.contextmanager
    def inside(self):
        """What this process does meanwhile, it does in there: no process has to be begun."""
        enter(self.namespace)
        try:
            yield
        finally:
            enter(OUTSIDE)

    def ip(self, *arguments):
        return run("ip", "-n", self.netns, *arguments)

    def ruleset(self, rules=0):
        """What the firewall is to load, with so many rules that no packet meets."""
        def each(form):
            return "".join(form % (address(ELSEWHERE + n), n % 60000 + 1) for n in range(rules))

        if self.kind in ("conntrack", "flowtable"):
            fast = self.kind == "flowtable"
            return "flush ruleset\n" + CONNTRACK % (
                FLOWTABLE if fast else "",
                "meta l4proto { tcp, udp } flow add @fast" if fast else "",
                each("ip daddr %s udp dport %d drop\n"))
        if self.kind == "iptables":
            return IPTABLES % each("-A FORWARD -d %s -p udp --dport %d -j DROP\n")
        if self.kind in ("flowwall", "fastpath"):
            return FLOWWALL + ("set fastpath on\n" if self.kind == "fastpath" else "") + \
                each("deny out udp to %s port %d\n")
        return ""

    def load(self, ruleset):
        if self.kind in ("conntrack", "flowtable"):
            self.run("nft", "-f", "-", text=ruleset)
        elif self.kind == "iptables":
            self.run("iptables-legacy-restore", text=ruleset)
        elif self.kind in ("flowwall", "fastpath"):
            run(self.fwctl, "-n", self.netns, "apply", "-", text=ruleset)

    def limit(self, flows):
        """Has room for no more than that many."""
        if self.kind in ("conntrack", "flowtable", "iptables"):
            run("sysctl", "-qw", "net.netfilter.nf_conntrack_max=%d" % flows)
        elif self.kind in ("flowwall", "fastpath"):
            self.load(self.ruleset().replace("max-flows %d" % TABLE, "max-flows %d" % flows))

    def flush(self):
        """Has no flows any more; what comes in is UDP again."""
        self.make_udp("r0")
        self.make_udp("r1")
        if self.kind in ("conntrack", "flowtable", "iptables"):
            self.run("conntrack", "-F", check=False)
        elif self.kind in ("flowwall", "fastpath"):
            run(self.fwctl, "-n", self.netns, "flows", "kill", "all")
        # Some last a little, and memory comes back after a grace period.
        deadline = time.monotonic() + 60
        while self.flows() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.1)

    def flows(self):
        if self.kind in ("conntrack", "flowtable", "iptables"):
            with self.inside(), open("/proc/sys/net/netfilter/nf_conntrack_count") as count:
                return int(count.read())
        if self.kind in ("flowwall", "fastpath"):
            return json.loads(run(self.fwctl, "-n", self.netns, "-j", "status"))["flows"]
        return None

    def make_tcp(self, dev, seq, ack, flags):
        """Has what comes in by dev be such segments; see make_udp()."""
        self.make_udp(dev)
        self.munged.add(dev)
        run("tc", "-n", self.netns, "qdisc", "add", "dev", dev, "ingress")
        munge = ["9 u8 set 6", "24 u32 set %d" % seq, "28 u32 set %d" % ack,
                 "32 u32 set 0x50%02xffff" % flags, "36 u32 set 0"]
        run("tc", "-n", self.netns, "filter", "add", "dev", dev, "ingress", "matchall",
            "action", "pedit", *" ".join("munge offset " + part for part in munge).split(),
            "pipe", "action", "csum", "ip4h")

    def make_udp(self, dev):
        if dev in self.munged:
            run("tc", "-n", self.netns, "qdisc", "del", "dev", dev, "ingress")
            self.munged.remove(dev)

    def sent(self, dev):
        with self.inside(), open("/proc/net/dev") as counters:
            return int(re.search(r"\b%s:(?: +\d+){9} +(\d+)" % dev, counters.read())[1])

    def send(self, dev, packets, *settings, bursts=1):
        """
        Has so many bursts of that many packets arrive, which are the same; returns ns for
        each packet. All must leave.
        """
        def to(name, line):
            with open("/proc/net/pktgen/" + name, "w") as control:
                control.write(line + "\n")

        taken = []
        with self.inside():
            to("kpktgend_0", "rem_device_all")
            while os.path.exists("/proc/net/pktgen/" + dev):
                time.sleep(0.01)  # its thread does it when it comes to it
            to("kpktgend_0", "add_device " + dev)
            for line in ("count %d" % packets, "clone_skb 0", "pkt_size 60", "delay 0",
                         "xmit_mode netif_receive", "dst_mac " + self.mac[dev]) + settings:
                to(dev, line)
            for _ in range(bursts):
                to("pgctrl", "start")
                with open("/proc/net/pktgen/" + dev) as result:
                    answer = result.read()
                found = re.search(r"Result: OK: (\d+)\(", answer)
                if not found:
                    sys.exit("no result of pktgen: " + answer)
                taken.append(int(found[1]) * 1000 / packets)
        return quiet(taken)

    def have_ipv6(self):
        """Gives it addresses and routes; its first words on the links take a while."""
        self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0",
                 "net.ipv6.conf.all.forwarding=1")
        for dev, n, net in (("r0", 8, "fd00:1::/32"), ("r1", 9, "2001:db8::/32")):
            self.run("sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=0" % dev)
            self.ip("addr", "add", "fd00:%d::1/64" % n, "dev", dev, "nodad")
            self.ip("neigh", "add", "fd00:%d::2" % n, "lladdr", "02:00:00:00:00:02",
                    "dev", dev, "nud", "permanent")
            self.ip("route", "add", net, "via", "fd00:%d::2" % n)

    def known(self, dev, packets, count, ipv6, bursts):
        """Packets of COUNT flows: from their client into r0, or from their server into r1."""
        client, server = ("src", "dst") if dev == "r0" else ("dst", "src")
        if ipv6:
            low, high = FLOWS[count]
            return self.send(dev, packets, client + "6 " + INSIDE6, server + "6 " + TARGET6,
                             "udp_%s_min 1024" % client, "udp_%s_max %d" % (client, 1024 + high),
                             "udp_%s_min 1" % server, "udp_%s_max %d" % (server, 1 + low),
                             bursts=bursts)
        first, last, low, high = spread(count)
        return self.send(dev, packets, client + "_min " + first, client + "_max " + last,
                         server + "_min " + TARGET, server + "_max " + TARGET,
                         "udp_%s_min %d" % (client, low), "udp_%s_max %d" % (client, high),
                         "udp_%s_min %d" % (server, TARGET_PORT),
                         "udp_%s_max %d" % (server, TARGET_PORT), bursts=bursts)

    def forward(self, packets, count, ipv6=False, bursts=1):
        return self.known("r0", packets, count, ipv6, bursts)

    def reply(self, packets, count, ipv6=False):
        return self.known("r1", packets, count, ipv6, 1)

    def anew(self, packets):
        return self.send("r0", packets, "src_min " + address(FIRST),
                         "src_max " + address(FIRST + 60000), "udp_src_min 1024",
                         "udp_src_max 65000", "flag IPSRC_RND", "flag UDPSRC_RND",
                         "dst " + TARGET, "udp_dst_min 9", "udp_dst_max 9")

LIBC = ctypes.CDLL(None, use_errno=True)
OUTSIDE = os.open("/proc/self/ns/net", os.O_RDONLY)
