#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The SecureNet lab: two networks around a FlowWall perimeter, and groups of hosts.

Who may talk to whom is said by groups, wherever the hosts are: the perimeter judges what
goes from network to network, the switches what stays inside one. README.md has a
walk-through. Needs root, Open vSwitch, Mininet, and the kernel module flowwall."""
import argparse
import os
import resource
import signal
import subprocess
import sys
import time

from mininet.net import Mininet

from commands import Commands
from network import MOST_HOSTS, NETWORKS, SecureNet
from policy import FWCTL, NAMESPACE, Policy, Refused

MOST_FILES = 1024  # three for each node would do
IN_FORCE = "/var/lib/flowwall/ovs.rules"


def read_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--hosts", type=int, default=4, metavar="N",
                        help=f"so many in each network, up to {MOST_HOSTS} (4)")
    parser.add_argument("--policy", metavar="FILE",
                        help="commands to begin with: hosts bound, rules, groups; put in force as one")
    parser.add_argument("--script", metavar="FILE",
                        help="run the commands of a file, and end; exit status 1 if one is refused")
    parser.add_argument("--clean", action="store_true",
                        help="take away what a lab that was killed has left")
    arguments = parser.parse_args()
    if not 1 <= arguments.hosts <= MOST_HOSTS:
        parser.error(f"--hosts is a number from 1 to {MOST_HOSTS}")
    for path in filter(None, (arguments.policy, arguments.script)):
        if not os.access(path, os.R_OK):
            parser.error(f"{path} cannot be read")
    return arguments


def check_machine():
    """Says what is missing, or would be in the way."""
    if os.geteuid():
        raise Refused("the lab makes network namespaces: run it as root")
    if not os.path.isdir("/sys/module/flowwall"):
        raise Refused("the kernel module is not loaded: modprobe flowwall")
    if os.path.exists(IN_FORCE):
        raise Refused("something is in force on bridges of this machine already, and the lab would "
                      "replace it.\nSee: fwctl ovs. If a lab has left it: securenet.py --clean")
    if os.path.exists(f"/run/netns/{NAMESPACE}"):
        raise Refused(f"there is a network namespace `{NAMESPACE}` already. If a lab has left it: "
                      "securenet.py --clean")
    service = ["systemctl", "is-active", "--quiet", "flowwall-ovs"]
    if os.path.isdir("/run/systemd/system") and not subprocess.run(service, check=False).returncode:
        raise Refused("the service flowwall-ovs follows other groups than those of the lab: "
                      "systemctl stop flowwall-ovs")


def clean():
    """What a lab that was killed has left."""
    for words in ([FWCTL, "ovs", "clear"], ["ip", "netns", "del", NAMESPACE],
                  *(["ovs-vsctl", "--if-exists", "del-br", f"s{n}"] for n in (1, *NETWORKS))):
        subprocess.run(words, stderr=subprocess.DEVNULL, check=False)


def run(arguments):
    """Makes the lab, lets people work with it, and takes it away again."""
    begin = time.monotonic()
    # Each node begins by closing all files that it might have: a million, on some machines.
    Mininet.init()
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
    policy = Policy()
    net = Mininet(topo=SecureNet(policy=policy, hosts=arguments.hosts), controller=None, build=False)
    try:
        net.build()
        net.start()
        commands = Commands(net, policy)
        if arguments.policy:
            commands.run_script(arguments.policy, show=False)
        policy.start([switch for switch in net.switches if hasattr(switch, "statements")])
        print(f"*** {len(net.hosts) - 1} hosts, {len(policy.groups)} groups, {len(policy.rules)} rules: "
              f"up after {time.monotonic() - begin:.1f} s")
        if arguments.script:
            commands.run_script(arguments.script)
        else:
            commands.start()
    finally:
        try:
            policy.stop()
        finally:
            net.stop()


def main():
    """Exit status 0 done, 1 refused."""
    arguments = read_arguments()
    # Other programs print beside this one.
    sys.stdout.reconfigure(line_buffering=True)
    # To be ended is no reason to leave something behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        if arguments.clean:
            clean()
        else:
            check_machine()
            run(arguments)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem.filename}: {problem.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
