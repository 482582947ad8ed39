# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's commands, beside those of Mininet."""
import re

from mininet.cli import CLI

from network import Perimeter, SecureHost
from policy import ADDRESSES, HOSTS, Refused

HELP = """
  h30 bind GROUP               a host joins a security group, which is made if need be
  h30 unbind GROUP             it leaves
  sghosts [GROUP]              who is in a security group, or in each
  secrule add allow|deny FROM to TO [PROTO [PORT]]
                               FROM and TO are security groups, IP groups or any
  secrule list                 the rules, in the order in which they are tried
  secrule del RULE
  ipg add GROUP ADDRESS...     addresses, prefixes and ranges from anywhere; also secrule ipg
  ipg list | ipg show GROUP | ipg del GROUP
  pingall [SECONDS]            who reaches whom; X: no answer within 3 s, or so many
  show firewall                what is in force, on the perimeter and on the switches
  h30 COMMAND...               any command on a host, as h30 ping -c 1 h10
"""


def usage(text):
    """A command that was said in another way than it is known."""
    return Refused(f"usage: {text}")


class Commands(CLI):
    """The lab's command line; a script's lines are the same."""
    prompt = "securenet> "

    def __init__(self, net, policy, **params):
        self.policy = policy
        self.scripted = False
        self.started = False
        super().__init__(net, **params)

    def start(self):
        """Reads commands until the end."""
        self.started = True
        self.run()

    def run(self):
        # Mininet's command line begins to read as soon as it is made; this one when told to.
        if self.started:
            super().run()

    # --- one line -------------------------------------------------------------

    def onecmd(self, line):
        try:
            return super().onecmd(line)
        except Refused as problem:
            if self.scripted:
                raise
            print(problem)
            return False

    def default(self, line):
        if line.strip() == "EOF":
            return self.do_EOF(line)
        first, *words = line.split()
        if first not in self.mn:
            raise Refused(f"`{first}` is not known here; see: help")
        if words and words[0] in ("bind", "unbind"):
            self.bind(self.mn[first], *words)
        else:
            super().default(line)
        return False

    def waitForNode(self, node):
        # Mininet's hands on what is typed to the host, which from a script is the next line.
        if self.scripted or not self.isatty():
            print(node.waitOutput(), end="")
        else:
            super().waitForNode(node)

    def do_help(self, line):
        super().do_help(line)
        if not line:
            print("FlowWall's:" + HELP)

    # --- groups and rules -----------------------------------------------------

    def bind(self, host, verb, *names):
        """HOST bind|unbind GROUP"""
        if len(names) != 1:
            raise usage(f"{host} {verb} GROUP")
        if not isinstance(host, SecureHost):
            raise Refused(f"{host} is behind no switch of ours: put its address into an IP group, "
                          f"ipg add GROUP {host.IP()}")
        getattr(host, verb)(*plain(names))

    def do_sghosts(self, line):
        """sghosts [GROUP]: who is in a security group, or in each."""
        names = plain(line.split())
        if len(names) > 1:
            raise usage("sghosts [GROUP]")
        hosts = {host.IP(): host.name for host in self.mn.hosts}
        for name in names or self.groups(HOSTS):
            there = [hosts.get(a, a) for a in self.policy.members(name, HOSTS)]
            print(f"{name}: {' '.join(there) or 'nobody'}")

    def do_secrule(self, line):
        """secrule add allow|deny FROM to TO [PROTO [PORT]] | list | del RULE | ipg ..."""
        verb, *words = plain(line.split()) or [""]
        if verb == "add":
            self.add_rule(words)
        elif verb == "list" and not words:
            for rule, perimeter, switches in self.policy.counts():
                print(f"{rule.id:>4}  {str(rule):<40}  perimeter {perimeter}, switches {switches}")
            print("      all else is denied")
        elif verb == "del" and len(words) == 1:
            self.policy.del_rule(words[0])
        elif verb == "ipg":
            self.do_ipg(" ".join(words))
        else:
            raise usage(self.do_secrule.__doc__)

    def add_rule(self, words):
        """allow|deny FROM to TO [PROTO [PORT]]"""
        if len(words) not in (4, 5, 6) or words[0] not in ("allow", "deny") or words[2] != "to":
            raise usage("secrule add allow|deny FROM to TO [PROTO [PORT]]")
        rule, new = self.policy.add_rule(words[0], words[1], words[3], *words[4:])
        print(f"{rule.id}: {rule}")
        for name in new:
            print(f"`{name}` is new, and nobody is in it yet: HOST bind {name}")

    def do_ipg(self, line):
        """ipg add GROUP ADDRESS... | list | show GROUP | del GROUP"""
        verb, *words = plain(line.split()) or [""]
        if verb == "add" and len(words) > 1:
            self.policy.add_addresses(words[0], words[1:])
        elif verb == "list" and not words:
            for name in self.groups(ADDRESSES):
                print(f"{name}: {len(self.policy.members(name, ADDRESSES))}")
        elif verb == "show" and len(words) == 1:
            print("\n".join(self.policy.members(words[0], ADDRESSES)))
        elif verb == "del" and len(words) == 1:
            self.policy.members(words[0], ADDRESSES)
            self.policy.del_group(words[0])
        else:
            raise usage(self.do_ipg.__doc__)

    def groups(self, kind):
        """The names of all groups of a kind."""
        return [name for name, is_kind in self.policy.groups.items() if is_kind == kind]

    # --- looking --------------------------------------------------------------

    def do_pingall(self, line):
        """pingall [SECONDS]: who reaches whom; X where no answer comes within 3 s, or so many."""
        seconds = line.strip() or "3"
        if not re.fullmatch(r"[0-9]{1,3}", seconds) or seconds == "0":
            raise usage("pingall [SECONDS]")
        hosts = [host for host in self.mn.hosts if not isinstance(host, Perimeter)]
        addresses = {host.IP(): host for host in hosts}
        for host in hosts:
            others = " ".join(a for a in addresses if a != host.IP())
            # Until the first answer; in a shell of its own, which does not tell of its jobs.
            host.sendCmd(f"(for a in {others}; do ping -n -i 0.5 -c 1 -w {seconds} $a >/dev/null 2>&1 && "
                         "echo $a & done; wait)")
        for host in hosts:
            answered = host.waitOutput().split()
            print(f"{host} ->", *(other.name if address in answered else "X"
                                  for address, other in addresses.items() if other is not host))

    def do_show(self, line):
        """show firewall: what is in force, on the perimeter and on the switches."""
        if line.strip() != "firewall":
            raise usage("show firewall")
        show = self.policy.fwctl
        print("perimeter:", show("status"), show("rule", "list"), sep="\n")
        print("switches:", show("ovs", "show"), sep="\n", end="")

    # --- scripts --------------------------------------------------------------

    def run_script(self, path, show=True):
        """Runs the lines of a file, to its end, to `exit`, or to the first that is refused."""
        before, self.scripted = self.scripted, True
        try:
            with open(path, encoding="utf-8") as script:
                for number, line in enumerate(script, 1):
                    line = self.precmd(line).strip()
                    if line and self.run_line(path, number, line, show):
                        break
        finally:
            self.scripted = before

    def run_line(self, path, number, line, show):
        """One of them; true if it is the last."""
        if show:
            print(f"{self.prompt}{line}")
        self.policy.command = f"{path}:{number}"
        try:
            return self.onecmd(line)
        except Refused as problem:
            raise Refused(f"{path}:{number}: {line}\n{problem}") from None

    def do_source(self, line):
        """source FILE: runs the lines of a file."""
        if len(line.split()) != 1:
            raise usage("source FILE")
        try:
            self.run_script(line.strip())
        except OSError as problem:
            raise Refused(f"{line}: {problem.strerror}") from None


def plain(words):
    """What fwctl would take for one of its options is nothing that a person names here."""
    for word in words:
        if word.startswith("-"):
            raise Refused(f"`{word}` is not known here")
    return words
