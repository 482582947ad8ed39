# SPDX-License-Identifier: GPL-2.0-or-later
"""raw.py orphan | narrow BYTES | requests | listen: what fwctl would not ask, in the
namespace that it runs in.

orphan: one transaction makes a group, names it in a rule and deletes it; says how the
commit ends. narrow: asks for the rules as one who has room for messages of so many
bytes; says how many came, and the error that ended it, or 0. requests: makes each request
that there is, with nothing in it; says how many were not permitted, and what became of the
others. listen: joins the group of events, which it says; after a line of input says how
many have come.
"""

import errno
import os
import re
import socket
import struct
import sys

sys.path.insert(0, __file__.rpartition("/")[0] or ".")
import genl  # pylint: disable=wrong-import-position

NLM_F_ACK, NLM_F_DUMP, NLA_F_NESTED = 4, 0x300, 0x8000
CTRL_ATTR_MCAST_GROUPS, CTRL_ATTR_MCAST_GRP_ID = 7, 2
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1


class Raw(genl.Family):
    def attribute(self, name, payload):
        """One of FLOWWALL_NAME, out of bytes, or of a list of attributes."""
        kind = self.names["FLOWWALL_" + name]
        if isinstance(payload, list):
            kind, payload = kind | NLA_F_NESTED, b"".join(payload)
        return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)

    def send(self, command, payload=b"", flags=0):
        self.sock.send(struct.pack("=IHHIIBBH", 20 + len(payload), self.number,
                                   genl.NLM_F_REQUEST | flags, 1, 0,
                                   self.names["FLOWWALL_CMD_" + command], 1, 0) + payload)

    def received(self, room, last):
        """How many messages come before one of the type LAST, and the error in that."""
        count = 0
        while True:
            for kind, answer in genl.messages(self.sock.recv(room)):
                if kind == last:
                    return count, -struct.unpack_from("=i", answer)[0]
                count += 1


def orphan(family):
    put = family.attribute
    group = put("A_STATEMENT", [put("STATEMENT_A_GROUP", [put("GROUP_A_NAME", b"orphan\0")])])
    rule = put("A_STATEMENT", [put("STATEMENT_A_RULE", [
        put("RULE_A_DIRECTION", bytes([family.names["FLOWWALL_DIRECTION_IN"]])),
        put("RULE_A_ACTION", bytes([family.names["FLOWWALL_ACTION_ALLOW"]])),
        put("RULE_A_SRC", [put("ENDPOINT_A_GROUP", b"orphan\0")])])])
    for command, payload in (("BEGIN", put("A_MODE", bytes([family.names["FLOWWALL_MODE_EDIT"]]))),
                             ("ADD", group), ("ADD", rule), ("DEL", group), ("COMMIT", b"")):
        family.send(command, payload, NLM_F_ACK)
        error = family.received(65536, genl.NLMSG_ERROR)[1]
        if error:
            return "%s: %s" % (command, os.strerror(error))
    return "committed"


def narrow(family, room):
    # The kernel goes by the largest buffer that something was received with before.
    family.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, genl.NETLINK_GENERIC)
    family.sock.settimeout(5)
    family.send("STATUS_GET", b"", NLM_F_ACK)
    family.received(room, genl.NLMSG_ERROR)
    kinds = struct.pack("=I", family.names["FLOWWALL_KIND_RULE"])
    family.send("RULESET_GET", family.attribute("A_KINDS", kinds), NLM_F_DUMP)
    return "%d rules, error %d" % family.received(room, genl.NLMSG_DONE)


def answer_of(family, command):
    """The name of the error that answers a request with nothing in it, or "done"."""
    dump = command.endswith("_GET") and command != "STATUS_GET"
    family.send(command, b"", NLM_F_DUMP if dump else NLM_F_ACK)
    while True:
        for kind, answer in genl.messages(family.sock.recv(65536)):
            if kind in (genl.NLMSG_ERROR, genl.NLMSG_DONE):
                error = -struct.unpack_from("=i", answer)[0]
                return errno.errorcode[error] if error else "done"


def requests(family):
    commands = [name[len("FLOWWALL_CMD_"):] for name in family.names
                if re.match("FLOWWALL_CMD_(?!MAX|.*_NTF)", name)]
    answers = {command: answer_of(family, command) for command in commands}
    others = ["%s %s" % (command, answer) for command, answer in answers.items()
              if answer != "EPERM"]
    return " ".join(["%d of %d" % (len(answers) - len(others), len(answers))] + others)


def listen(family):
    name = struct.pack("=HH", 13, genl.CTRL_ATTR_FAMILY_NAME) + b"flowwall\0" + bytes(3)
    about = dict(genl.attributes(family.ask(genl.GENL_ID_CTRL, genl.CTRL_CMD_GETFAMILY, name)))
    group = dict(genl.attributes(next(genl.attributes(about[CTRL_ATTR_MCAST_GROUPS]))[1]))
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, genl.NETLINK_GENERIC)
    # What the kernel sends is from number 0, as who has none is; nobody hears themselves.
    sock.bind((0, 0))
    try:
        sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                        struct.unpack("=I", group[CTRL_ATTR_MCAST_GRP_ID])[0])
    except PermissionError:
        return "not permitted"
    print("listening", flush=True)
    sys.stdin.readline()
    sock.setblocking(False)
    events = 0
    try:
        while sock.recv(65536):
            events += 1
    except BlockingIOError:
        return "%d events" % events


def main():
    family, what = Raw(), sys.argv[1]
    print(narrow(family, int(sys.argv[2])) if what == "narrow" else
          {"orphan": orphan, "requests": requests, "listen": listen}[what](family))


main()
