# SPDX-License-Identifier: GPL-2.0-or-later
"""queue.py NUMBER accept|drop|hold: listens to an NFQUEUE, and says "packet" for each.

Speaks nfnetlink by itself: linux/netfilter/nfnetlink_queue.h.
"""

import socket
import struct
import sys

NETLINK_NETFILTER = 12
QUEUE = 3  # NFNL_SUBSYS_QUEUE
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = 0, 1, 2


def attribute(kind, data):
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + b"\0" * (-length % 4)


def message(kind, queue, attributes):
    body = struct.pack("=BBH", 0, 0, socket.htons(queue)) + attributes
    return struct.pack("=IHHII", 16 + len(body), QUEUE << 8 | kind, 1, 0, 0) + body


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def main():
    number, verdict = int(sys.argv[1]), sys.argv[2]
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    netlink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    netlink.bind((0, 0))
    # NFQA_CFG_CMD: bind; NFQA_CFG_PARAMS: copy 128 bytes of each packet
    netlink.send(message(MSG_CONFIG, number, attribute(1, struct.pack(">BBH", 1, 0, 0))))
    netlink.send(message(MSG_CONFIG, number, attribute(2, struct.pack(">IB", 128, 2))))
    print("ready", flush=True)
    while True:
        data = netlink.recv(65536)
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            if kind == QUEUE << 8 | MSG_PACKET:
                for what, value in attributes(data[20:length]):
                    if what == 1:  # NFQA_PACKET_HDR
                        print("packet", flush=True)
                        if verdict != "hold":
                            header = struct.pack(">I", verdict == "accept") + value[:4]
                            netlink.send(message(MSG_VERDICT, number, attribute(2, header)))
            data = data[(length + 3) & ~3:]


main()
