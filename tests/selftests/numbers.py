# SPDX-License-Identifier: GPL-2.0-or-later
"""numbers.py FILE PORT: where a TCP connection is, out of a capture.

Prints the next sequence number of the side with PORT, and what it has acknowledged
last. FILE: as tcpdump writes it, of Ethernet.
"""

import struct
import sys


def main():
    data = open(sys.argv[1], "rb").read()
    port = int(sys.argv[2])
    at, best = 24, None
    while at + 16 <= len(data):
        length = struct.unpack_from("=I", data, at + 8)[0]
        packet = data[at + 16:at + 16 + length]
        at += 16 + length
        if packet[12:14] == b"\x08\x00":
            head = 14 + (packet[14] & 15) * 4
            end = 14 + struct.unpack_from("!H", packet, 16)[0]
        else:
            head, end = 54, 54 + struct.unpack_from("!H", packet, 18)[0]
        sport, _, seq, ack, bits = struct.unpack_from("!HHIIH", packet, head)
        if sport != port or not bits & 0x10:
            continue
        size = end - head - (bits >> 12) * 4 + bool(bits & 2) + bool(bits & 1)
        best = ((seq + size) % 2**32, ack)
    if best:
        print(*best)


main()
