# SPDX-License-Identifier: GPL-2.0-or-later
"""steady.py send ADDRESS PORT PAUSE | count PORT: a steady load of new connections.

send: a datagram each PAUSE seconds, each from a new port, until standard input ends;
prints how many. count: prints, for each line on standard input, how many datagrams came
from each address so far, as "ADDRESS COUNT ADDRESS COUNT...".
"""

import select
import socket
import sys
import time


def send(address, port, pause):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    number, start = 0, time.monotonic()
    while not select.select([sys.stdin], [], [], max(0, start + number * pause - time.monotonic()))[0]:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"steady", (address, port))
        number += 1
    print(number, flush=True)


def count(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(("::", port))
    seen = {}
    print("ready", flush=True)
    while True:
        ready = select.select([sock, sys.stdin], [], [])[0]
        if sock in ready:
            _, sender = sock.recvfrom(100)
            host = sender[0].replace("::ffff:", "")
            seen[host] = seen.get(host, 0) + 1
        elif not sys.stdin.readline():
            return
        else:
            print(*("%s %d" % item for item in sorted(seen.items())), flush=True)


if sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
else:
    count(int(sys.argv[2]))
