# SPDX-License-Identifier: GPL-2.0-or-later
"""queue.py NUMBER accept|drop|hold|more|requests|refuse|marked|fuzz [SEED]

Listens to an NFQUEUE, and says "packet" for each. more, requests and refuse accept with
what FLOWWALL_QUEUE_* of the same name tells the module; marked with a mark of 5.
Speaks nfnetlink by itself: linux/netfilter/nfnetlink_queue.h. With fuzz, verdicts and
the packets that they bring back are at random.
"""

import random
import socket
import struct
import sys

from genl import attributes

NETLINK_NETFILTER = 12
MARKS = {"more": 0x40000000, "requests": 0x80000000, "refuse": 0xC0000000, "marked": 5}
QUEUE = 3  # NFNL_SUBSYS_QUEUE
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = 0, 1, 2


def attribute(kind, data):
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + b"\0" * (-length % 4)


def message(kind, queue, attributes):
    body = struct.pack("=BBH", 0, 0, socket.htons(queue)) + attributes
    return struct.pack("=IHHII", 16 + len(body), QUEUE << 8 | kind, 1, 0, 0) + body


def nonsense(packet_id, payload):
    """A verdict, mostly with a payload, and marks; mostly for this packet."""
    if random.random() < 0.05:
        packet_id = random.randbytes(4)
    # drop, accept, stolen, queue (elsewhere), repeat, stop
    verdict = random.choice([0, 1, 1, 1, 1, 4, 5, 3 | random.choice([7, 8, 9]) << 16,
                             random.getrandbits(32)])
    if verdict & 0xFFFF == 2:
        verdict = 1
    answer = attribute(2, struct.pack(">I", verdict) + packet_id)
    if payload and random.random() < 0.8:
        payload = bytearray(payload)
        for _ in range(random.randrange(4)):
            payload[random.randrange(len(payload))] = random.getrandbits(8)
        if random.random() < 0.3:
            payload = payload[:random.randrange(len(payload) + 1)]
        elif random.random() < 0.1:
            payload += random.randbytes(random.randrange(1400))
        answer += attribute(10, bytes(payload))
    if random.random() < 0.2:
        answer += attribute(3, random.randbytes(4))
    return answer


def main():
    number, verdict = int(sys.argv[1]), sys.argv[2]
    random.seed(sys.argv[3] if len(sys.argv) > 3 else 0)
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    netlink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    netlink.setsockopt(270, 5, 1)  # SOL_NETLINK, NETLINK_NO_ENOBUFS
    netlink.bind((0, 0))
    # NFQA_CFG_CMD: bind; NFQA_CFG_PARAMS: copy 128 bytes of each packet
    netlink.send(message(MSG_CONFIG, number, attribute(1, struct.pack(">BBH", 1, 0, 0))))
    netlink.send(message(MSG_CONFIG, number, attribute(2, struct.pack(">IB", 2048 if verdict == "fuzz" else 128, 2))))
    print("ready", flush=True)
    while True:
        data = netlink.recv(65536)
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            if kind == QUEUE << 8 | MSG_PACKET:
                found = dict(attributes(data[20:length]))
                packet_id = found[1][:4]  # NFQA_PACKET_HDR
                print("packet", flush=True)
                if verdict == "fuzz":
                    # NFQA_PAYLOAD
                    netlink.send(message(MSG_VERDICT, number, nonsense(packet_id, found.get(10))))
                elif verdict != "hold":
                    answer = attribute(2, struct.pack(">I", verdict != "drop") + packet_id)
                    if verdict in MARKS:
                        answer += attribute(3, struct.pack(">I", MARKS[verdict]))
                    netlink.send(message(MSG_VERDICT, number, answer))
            data = data[(length + 3) & ~3:]


main()
