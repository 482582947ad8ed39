# SPDX-License-Identifier: GPL-2.0-or-later
"""pace.py ADDRESS PORT COUNT [PATIENCE]: sends a datagram each 10 ms to an echo server.

Prints how many got no answer within a second, or PATIENCE seconds, and after how many microseconds half
and 99 % of the answers were there.
"""

import socket
import sys
import time


def main():
    address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", 40053))
    sock.connect((address, port))
    sock.settimeout(float(sys.argv[4]) if len(sys.argv) > 4 else 1)
    took, lost = [], 0
    for number in range(count):
        start = time.monotonic()
        text = b"%d" % number
        sock.send(text)
        try:
            while sock.recv(100) != text:
                pass
            took.append(time.monotonic() - start)
        except socket.timeout:
            lost += 1
        time.sleep(max(0, start + 0.01 - time.monotonic()))
    took.sort()
    print(lost, *(round(took[int(len(took) * part)] * 1e6) for part in (0.5, 0.99)))


main()
