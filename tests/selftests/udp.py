#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""udp.py ADDRESS PORT [SOURCE-PORT]: sends a datagram and says what comes of it.

Prints "answered", "refused", "unreachable", "forbidden", "silence" (two
seconds without an answer) or "other: ERROR".
"""

import errno
import os
import socket
import sys

WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
}


def attempt(address, port, source_port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    text = b"marco %d" % os.getpid()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        try:
            if source_port:
                sock.bind(("", source_port))
            sock.connect((address, port))
            sock.send(text)
            return "answered" if sock.recv(65536) == text else "other: wrong answer"
        except socket.timeout:
            return "silence"
        except OSError as error:
            return WORDS.get(error.errno) or "other: %s" % error


print(attempt(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
