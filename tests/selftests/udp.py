# SPDX-License-Identifier: GPL-2.0-or-later
"""udp.py: sends datagrams and says what comes of them.

Reads lines "ADDRESS PORT [SOURCE-PORT]" and prints a line for each: "answered",
"refused", "unreachable", "forbidden", "silence" (two seconds without an answer) or
"other: ERROR".
"""

import errno
import socket
import sys

WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
}


def attempt(number, address, port, source_port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    text = b"marco %d" % number
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        try:
            if source_port:
                sock.bind(("", int(source_port)))
            sock.connect((address, int(port)))
            sock.send(text)
            return "answered" if sock.recv(65536) == text else "other: wrong answer"
        except socket.timeout:
            return "silence"
        except OSError as error:
            return WORDS.get(error.errno) or "other: %s" % error


for number, line in enumerate(sys.stdin):
    print(attempt(number, *line.split()), flush=True)
