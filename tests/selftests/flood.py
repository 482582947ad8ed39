# SPDX-License-Identifier: GPL-2.0-or-later
"""flood.py COUNT KIND SOURCE DESTINATION [PORT [PAUSE]]: sends packets, quickly.

KIND: syn or udp. SOURCE: "10" for random sources in 10.0.0.0/8, or an
address; then each packet has a source port (and destination port) of its own:
no tuple comes twice within 4,000,000 packets. IPv4 only. Prints how many the
kernel took. COUNT 0: until it is killed. PORT: 0 for one of each packet's own.
PAUSE: milliseconds after each packet, so that others get the processor, too.
"""

import random
import socket
import struct
import sys
import time

HEADERS = {"syn": (6, struct.pack("!HHIIBBHHH", 0, 0, 1, 0, 0x50, 2, 8192, 0, 0), 16),
           "udp": (17, struct.pack("!HHHH", 0, 0, 12, 0) + b"flow", 6)}


def fold(total):
    total = (total & 0xFFFF) + (total >> 16)
    return (total & 0xFFFF) + (total >> 16)


def main():
    count, kind, source, destination = sys.argv[1:5]
    count = int(count)
    port = int(sys.argv[5]) if len(sys.argv) > 5 else 0
    proto, head, at = HEADERS[kind]
    pause = float(sys.argv[6]) / 1000 if len(sys.argv) > 6 else 0
    target = socket.inet_aton(destination)
    rest = head[4:at] + b"\0\0" + head[at + 2:]
    fixed = sum(struct.unpack("!%dH" % (len(head) // 2), head))
    fixed += sum(struct.unpack("!2H", target)) + proto + len(head)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(head), 0, 0, 64, proto, 0)
    randomly = "." not in source
    address = None if randomly else socket.inet_aton(source)
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sent = number = 0
    while number != count or not count:
        if randomly:
            address = struct.pack("!BBH", int(source), random.randrange(2, 255),
                                  random.randrange(1, 65536))
        sport = 1024 + number % 64000
        dport = port or 1000 + number // 64000 % 64000
        high, low = struct.unpack("!HH", address)
        check = ~fold(fixed + high + low + sport + dport) & 0xFFFF
        packet = (ip + address + target + struct.pack("!HH", sport, dport)
                  + rest[:at - 4] + struct.pack("!H", check) + rest[at - 2:])
        try:
            sock.sendto(packet, (destination, 0))
            sent += 1
        except OSError:
            pass
        number += 1
        if pause:
            time.sleep(pause)
    print(sent)


main()
