# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may begin a connection with whom: groups, and rules between them.

Groups are those of FlowWall's kernel module on the perimeter. `fwctl ovs watch` follows
them there and changes the segments on the switches, so one `fwctl group add` is all that
it takes to move a host, on the perimeter and inside the switches alike.

A rule becomes two statements, one for each place that judges packets:

    allow sg1 to sg2 tcp 80
        allow in tcp from group sg1 to group sg2 port 80 id r1          the perimeter
        ovs segment s10 allow group sg1 to group sg2 tcp port 80        each switch
"""
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

FWCTL = os.environ.get("FWCTL", "fwctl")
# The perimeter's network namespace, as `ip netns` and `fwctl -n` know it.
NAMESPACE = "securenet"
# All its sides are external: nobody begins anything with anybody unless a rule says so.
CLOSED = "version 1\nrole default external\n"

HOSTS = "a security group"  # its members are hosts of the lab: bind
ADDRESSES = "an IP group"  # its members are addresses from anywhere: ipg add


class Refused(Exception):
    """What was asked for cannot be; the text says why."""


def fwctl(*words, text=None):
    """Runs fwctl on the perimeter, and returns what it prints."""
    done = subprocess.run([FWCTL, "-n", NAMESPACE, *words], input=text, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise Refused((done.stderr or done.stdout).strip())
    return done.stdout


def member(address):
    """An address, a prefix or a range, as fwctl wants it said."""
    if "/" in address:
        return ["net", address]
    return ["range" if "-" in address else "host", address]


@dataclass
class Rule:
    """allow|deny SOURCE to TARGET [PROTO [PORT]]; an end is a group or any."""
    id: str
    action: str
    source: str
    target: str
    proto: str = ""
    port: str = ""

    def __str__(self):
        return " ".join(filter(None, [self.action, self.source, "to", self.target, self.proto,
                                      self.port]))

    def on_perimeter(self):
        """In the words of fwctl rule: no side of the perimeter is trusted, so all is `in`."""
        words = [self.action, "in", self.proto, "from", *end(self.source), "to", *end(self.target)]
        return [*filter(None, words), *self.ports(), "id", self.id]

    def on_switch(self, switch):
        """As a statement about a bridge."""
        words = ["ovs segment", switch, self.action, *end(self.source), "to", *end(self.target),
                 self.proto, *self.ports()]
        return " ".join(filter(None, words))

    def ports(self):
        """The port, with its word."""
        return ["port", self.port] if self.port else []


def end(name):
    """One end of a rule, as fwctl wants it said."""
    return ["any"] if name == "any" else ["group", name]


class Policy:
    """All groups and rules, and what puts them in force."""

    def __init__(self):
        self.ruleset = []  # what the perimeter begins with; None once that is in force
        self.command = ""  # the one that is at work, if it comes from a file: FILE:LINE
        self.groups = {}  # name -> HOSTS or ADDRESSES, in the order in which they were made
        self.rules = []
        self.made = 0  # rules so far: an id is never used again
        self.switches = []
        self.watcher = None
        self.said = tempfile.TemporaryFile("w+", encoding="utf-8")  # by the watcher

    # --- in force -------------------------------------------------------------

    def start(self, switches):
        """Puts all so far in force, on the perimeter and the switches, and has the groups
        followed from now on."""
        self.begin()
        self.switches = switches
        self.tell_switches()
        # It ends with this program, however that ends.
        self.watcher = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", FWCTL, "-n", NAMESPACE, "ovs", "watch"],
            stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)

    def stop(self):
        """The switches are as they were."""
        if self.watcher:
            self.watcher.terminate()
            self.watcher.wait()
            self.watcher = None
        if self.switches:
            self.switches = []
            fwctl("ovs", "clear")

    def begin(self):
        """Puts in force what the perimeter begins with; what follows changes it."""
        if self.ruleset is None:
            return
        fwctl("apply", "-", text=CLOSED + "".join(f"{line}\n" for line in self.ruleset))
        self.ruleset = None

    def add(self, what, *words):
        """A group, its members or a rule, on the perimeter."""
        if self.ruleset is None:
            fwctl(what, "add", *words)
        else:
            line = words if what == "rule" else [what, *words]
            self.ruleset.append(" ".join([*line, "#", self.command]))

    def fwctl(self, *words):
        """What is asked of the perimeter is asked of all so far."""
        self.begin()
        return fwctl(*words)

    def tell_switches(self):
        """Makes the rules what the switches do, all at once or not at all."""
        if not self.switches:
            return
        lines = [line for switch in self.switches for line in switch.statements(self.rules)]
        fwctl("ovs", "apply", "-", text="\n".join(["version 1", *lines, ""]))

    def await_switches(self):
        """The watcher needs a moment to follow a group; after this it has."""
        if not self.watcher:
            return
        deadline = time.monotonic() + 30
        while True:
            try:
                fwctl("ovs", "diff")
                return
            except Refused as problem:
                if self.watcher.poll() is not None:
                    self.said.seek(0)
                    raise Refused(f"`fwctl ovs watch` has ended: {self.said.read()}") from None
                if time.monotonic() > deadline:
                    raise Refused(f"the switches do not follow:\n{problem}") from None
            time.sleep(0.05)

    # --- groups ---------------------------------------------------------------

    def make_group(self, name, kind):
        """Makes a group unless it is there; True if it was not."""
        if name == "any":
            raise Refused("`any` means all addresses, and cannot be the name of a group")
        if name in self.groups:
            if self.groups[name] != kind:
                raise Refused(f"`{name}` is {self.groups[name]}, not {kind}")
            return False
        self.add("group", name)
        self.groups[name] = kind
        return True

    def members(self, name, kind):
        """The addresses in a group."""
        if self.groups.get(name) != kind:
            raise Refused(f"`{name}` is not {kind}; there are: {self.names(kind)}")
        return sorted(m["addr"] for m in json.loads(self.fwctl("-j", "group", "show", name))["members"])

    def names(self, kind):
        """The groups of a kind, for a person."""
        return ", ".join(name for name, is_kind in self.groups.items() if is_kind == kind) or "none"

    def bind(self, address, name):
        """A host joins a security group."""
        self.make_group(name, HOSTS)
        self.add("group", name, *member(address))
        self.await_switches()

    def unbind(self, address, name):
        """A host leaves a security group."""
        if address not in self.members(name, HOSTS):
            raise Refused(f"it is not in `{name}`")
        self.fwctl("group", "del", name, *member(address))
        self.await_switches()

    def add_addresses(self, name, addresses):
        """Addresses, prefixes and ranges join an IP group."""
        new = self.make_group(name, ADDRESSES)
        try:
            self.add("group", name, *(word for a in addresses for word in member(a)))
        except Refused:
            if new:
                self.del_group(name)
            raise
        self.await_switches()

    def del_group(self, name):
        """A group goes, unless a rule names it."""
        if name not in self.groups:
            raise Refused(f"there is no group `{name}`")
        users = [rule.id for rule in self.rules if name in (rule.source, rule.target)]
        if users:
            raise Refused(f"`{name}` is in use by {', '.join(users)}; see: secrule del")
        self.fwctl("group", "del", name)
        del self.groups[name]

    # --- rules ----------------------------------------------------------------

    def add_rule(self, action, source, target, proto="", port=""):
        """A rule behind all others; the first one that matches decides.

        Returns it, and the groups that were made for it, as they were not there."""
        new = [name for name in dict.fromkeys([source, target])
               if name != "any" and name not in self.groups]
        for name in new:
            self.make_group(name, HOSTS)
        rule = Rule(f"r{self.made + 1}", action, source, target, proto, port)
        try:
            self.add("rule", *rule.on_perimeter())
            self.rules.append(rule)
            self.tell_switches()
        except Refused:
            # Both places or none.
            if rule in self.rules:
                self.rules.remove(rule)
                self.fwctl("rule", "del", rule.id)
            for name in new:
                self.del_group(name)
            raise
        self.made += 1
        return rule, new

    def del_rule(self, rule_id):
        """A rule goes; what it alone allowed ends."""
        for rule in self.rules:
            if rule.id == rule_id:
                self.rules.remove(rule)
                self.fwctl("rule", "del", rule_id)
                self.tell_switches()
                return
        raise Refused(f"there is no rule `{rule_id}`; see: secrule list")

    def counts(self):
        """For each rule: how many packets the perimeter and the switches judged by it."""
        perimeter = {rule["id"]: rule["packets"] for rule in json.loads(self.fwctl("-j", "rule", "list"))}
        switches = [0] * len(self.rules)
        for bridge in json.loads(self.fwctl("-j", "ovs", "show"))["bridges"]:
            # The rules are the first segments of each switch, in their order.
            segments = [s for s in bridge["statements"] if s["text"].startswith("ovs segment")]
            for i, segment in enumerate(segments[:len(self.rules)]):
                switches[i] += segment["packets"]
        return [(rule, perimeter[rule.id], switches[i]) for i, rule in enumerate(self.rules)]
