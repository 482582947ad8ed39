# SPDX-License-Identifier: GPL-2.0-or-later
"""connect.py tcp|udp ADDRESS PORT...: tries each port, from a new socket.

Prints a line for each: what came of it (connected, refused, silence or an error
name; UDP: answered in place of connected) and after how many milliseconds. A
port may be written as 53x10: ten times.
"""

import errno
import socket
import sys
import time


def attempt(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as sock:
        sock.settimeout(2)
        try:
            sock.connect((address, port))
            if kind == socket.SOCK_DGRAM:
                sock.send(b"marco")
                sock.recv(100)
                return "answered"
            return "connected"
        except socket.timeout:
            return "silence"
        except ConnectionRefusedError:
            return "refused"
        except OSError as error:
            return errno.errorcode.get(error.errno, str(error))


def main():
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
    for word in sys.argv[3:]:
        port, _, times = word.partition("x")
        for _ in range(int(times or 1)):
            start = time.monotonic()
            result = attempt(kind, sys.argv[2], int(port))
            print(result, round((time.monotonic() - start) * 1000), flush=True)


main()
