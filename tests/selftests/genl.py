# SPDX-License-Identifier: GPL-2.0-or-later
"""The family "flowwall" for tests that look at the bytes: numbers come from its header."""

import os
import re
import socket
import struct

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../include/uapi/linux/flowwall.h")
NETLINK_GENERIC = 16
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
NLM_F_REQUEST, NLMSG_ERROR, NLMSG_DONE = 1, 2, 3


def enums():
    """All constants of the header's enums: name -> number."""
    numbers = {}
    text = re.sub(r"/\*.*?\*/", "", open(HEADER, encoding="utf-8").read(), flags=re.S)
    for body in re.findall(r"\benum \w+ \{(.*?)\}", text, re.S):
        value = -1
        for name, given in re.findall(r"(\w+)(?:\s*=\s*([^,}]+))?", body):
            value = eval(given, {}, numbers) if given else value + 1
            numbers[name] = value
    return numbers


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def messages(data):
    """(type, payload) of each message in what was received at once."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if length < 16:
            return
        yield kind, data[16:length]
        data = data[(length + 3) & ~3:]


class Family:
    """Answers of the module in the namespace in which this is made."""

    def __init__(self):
        self.names = enums()
        self.reasons = {value: name[len("FLOWWALL_DROP_"):].lower().replace("_", "-")
                        for name, value in self.names.items()
                        if re.match("FLOWWALL_DROP_(?!A_)", name)}
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(5)
        name = struct.pack("=HH", 13, CTRL_ATTR_FAMILY_NAME) + b"flowwall\0" + bytes(3)
        answer = dict(attributes(self.ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, name)))
        self.number = struct.unpack("=H", answer[CTRL_ATTR_FAMILY_ID])[0]

    def ask(self, family, command, payload=b"", flags=0):
        self.sock.send(struct.pack("=IHHIIBBH", 20 + len(payload), family, NLM_F_REQUEST | flags,
                                   1, 0, command, 1, 0) + payload)
        kind, answer = next(messages(self.sock.recv(65536)))
        if kind == NLMSG_ERROR:
            raise OSError(-struct.unpack_from("=i", answer)[0], "flowwall refuses")
        return answer[4:]

    def status(self):
        """The counters of drops, by reason, and of packets on the fast path."""
        number, counters = self.names, {}
        answer = dict(attributes(self.ask(self.number, number["FLOWWALL_CMD_STATUS_GET"])))
        for kind, value in attributes(answer[number["FLOWWALL_A_STATUS"]]):
            if kind == number["FLOWWALL_STATUS_A_FAST"]:
                counters["fast"] = struct.unpack("=Q", value)[0]
            if kind == number["FLOWWALL_STATUS_A_DROP"]:
                drop = dict(attributes(value))
                reason = self.reasons[drop[number["FLOWWALL_DROP_A_REASON"]][0]]
                counters[reason] = struct.unpack("=Q", drop[number["FLOWWALL_DROP_A_PACKETS"]])[0]
        return counters
