# SPDX-License-Identifier: GPL-2.0-or-later
"""raw.py orphan | narrow BYTES: what fwctl would not ask, in the namespace that it runs in.

orphan: one transaction makes a group, names it in a rule and deletes it; says how the
commit ends. narrow: asks for the rules as one who has room for messages of so many
bytes; says how many came, and the error that ended it, or 0.
"""

import os
import socket
import struct
import sys

sys.path.insert(0, __file__.rpartition("/")[0] or ".")
import genl  # pylint: disable=wrong-import-position

NLM_F_ACK, NLM_F_DUMP, NLA_F_NESTED = 4, 0x300, 0x8000


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


def main():
    family = Raw()
    print(orphan(family) if sys.argv[1] == "orphan" else narrow(family, int(sys.argv[2])))


main()
