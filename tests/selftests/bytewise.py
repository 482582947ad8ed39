# SPDX-License-Identifier: GPL-2.0-or-later
"""bytewise.py ADDRESS: asks for a page byte by byte, each in a segment of its own, and
prints what comes as the body.
"""

import socket
import sys
import time

with socket.create_connection((sys.argv[1], 80), 20) as sock:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"GET / HTTP/1.1\r\nHost: decoy\r\nConnection: close\r\n\r\n":
        sock.send(bytes([byte]))
        time.sleep(0.005)
    got = b""
    while part := sock.recv(65536):
        got += part
sys.stdout.buffer.write(got.split(b"\r\n\r\n", 1)[1])
