# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's network: its machines, and how they are connected.

     h10 h11 ...          h30 h31 ...          o1   o2
      |   |                |   |                |    |
    --+---+--- s10       --+---+--- s30       --+----+-- s1
           |                    |                   |
      10.0.10.1            10.0.30.1           203.0.113.1
           +-------------------fw0------------------+
"""
import subprocess

from mininet.node import Host, Node, OVSSwitch
from mininet.topo import Topo

from policy import CLOSED, NAMESPACE, fwctl

NETWORKS = (10, 30)
MOST_HOSTS = 20  # in each: after h29 comes h30, which is in the next one
OUTSIDE = {"o1": "203.0.113.10", "o2": "203.0.113.20"}


class SecureHost(Host):
    """A host that can join and leave security groups: net["h30"].bind("sg1")."""

    def __init__(self, name, policy=None, **params):
        super().__init__(name, **params)
        self.policy = policy

    def config(self, ip=None, defaultRoute=None, **params):
        """Its interface, address and route by one program: of many hosts, to start programs is
        most of what a lab takes to begin."""
        intf = self.defaultIntf()
        intf.ip, intf.prefixLen = ip.split("/")
        return self.cmd(f"printf 'link set lo up\\nlink set {intf} up\\naddr add {ip} dev {intf}\\n"
                        f"route add default {defaultRoute}\\n' | ip -batch -")

    def bind(self, group):
        """Joins a group."""
        self.policy.bind(self.IP(), group)

    def unbind(self, group):
        """Leaves a group."""
        self.policy.unbind(self.IP(), group)


class SecureSwitch(OVSSwitch):
    """A switch that knows who is at its ports, and judges what stays inside it.

    It is Mininet's own, in fail mode secure and without a controller: FlowWall's flows
    are all that it has."""

    def statements(self, rules):
        """What it does, in FlowWall's language."""
        network = self.params["network"]
        yield f"ovs bridge {self} secure"
        for intf in self.intfList():
            peer = intf.link and (intf.link.intf1 if intf.link.intf2 is intf else intf.link.intf2)
            if peer and isinstance(peer.node, SecureHost):
                yield f"ovs host {peer.node} port {intf} addr {peer.IP()} mac {peer.MAC()}"
        for rule in rules:
            yield rule.on_switch(self.name)
        # What no rule allows does not stay inside; what leaves the network, or comes from
        # outside it, is the perimeter's to judge.
        yield f"ovs segment {self} deny {network} to {network},224.0.0.0/4,255.255.255.255"
        yield f"ovs segment {self} allow any to any"


class Perimeter(Node):
    """The router between the networks. FlowWall's module is per network namespace, and a
    node of Mininet is one: here it gets a name, by which fwctl finds it."""

    def config(self, **params):
        super().config(**params)
        subprocess.run(["ip", "netns", "attach", NAMESPACE, str(self.pid)], check=True)
        fwctl("apply", "-", text=CLOSED)
        # No side may use the addresses of another one, either.
        self.cmd("sysctl -w net.ipv4.conf.all.rp_filter=1 net.ipv4.ip_forward=1")

    def terminate(self):
        subprocess.run(["ip", "netns", "del", NAMESPACE], stderr=subprocess.DEVNULL, check=False)
        super().terminate()


class SecureNet(Topo):
    """Two networks and the outside, around a perimeter."""

    def build(self, policy=None, hosts=4):
        """hosts: in each of the networks."""
        self.addHost("fw0", cls=Perimeter, ip=None)
        for number in NETWORKS:
            prefix = f"10.0.{number}"
            switch = self.addSwitch(f"s{number}", cls=SecureSwitch, network=f"{prefix}.0/24")
            self.connect_perimeter(switch, f"net{number}", f"{prefix}.1/24")
            for i in range(number, number + hosts):
                host = self.addHost(f"h{i}", cls=SecureHost, policy=policy, ip=f"{prefix}.{i}/24",
                                    defaultRoute=f"via {prefix}.1")
                self.addLink(host, switch, params1={"up": None})  # by the host itself
        # Nobody guards this one.
        switch = self.addSwitch("s1", cls=OVSSwitch, failMode="standalone")
        self.connect_perimeter(switch, "outside", "203.0.113.1/24")
        for name, address in OUTSIDE.items():
            self.addLink(self.addHost(name, ip=f"{address}/24", defaultRoute="via 203.0.113.1"), switch)

    def connect_perimeter(self, switch, name, address):
        """One more side of the perimeter, by an interface of this name."""
        self.addLink("fw0", switch, intfName1=name, params1={"ip": address})
