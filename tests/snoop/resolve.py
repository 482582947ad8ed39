# SPDX-License-Identifier: GPL-2.0-or-later
"""resolve.py SERVER NAME...: asks for each name, and waits for the answer."""
import socket
import struct
import sys

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(2)
sock.connect((sys.argv[1], 53))
for number, name in enumerate(sys.argv[2:]):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    sock.send(struct.pack(">6H", number, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1")
    sock.recv(2048)
