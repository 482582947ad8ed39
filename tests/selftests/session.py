# SPDX-License-Identifier: GPL-2.0-or-later
"""session.py tcp|udp ADDRESS PORT [SOURCE-PORT]: a connection under control.

Connects and does what standard input says, a line a command, each answered by
"done" or by what went wrong:

    echo N    sends N bytes (UDP: in one datagram), and waits for as many back
    send N    sends them, and does not wait
    finish    sends FIN
    reset     closes by RST
    close     closes
"""

import socket
import struct
import sys


def run(sock, kind, command, count):
    if command in ("echo", "send"):
        sock.sendall(b"x" * count)
    if command == "echo":
        while count > 0:
            data = sock.recv(65536)
            if not data:
                raise OSError("the other side has closed")
            count -= len(data)
    elif command == "finish":
        sock.shutdown(socket.SHUT_WR)
    elif command == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    elif command == "close":
        sock.close()


def main():
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
    address, port = sys.argv[2], int(sys.argv[3])
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    sock.settimeout(4)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if len(sys.argv) > 4:
            sock.bind(("", int(sys.argv[4])))
        sock.connect((address, port))
        print("done", flush=True)
    except OSError as error:
        print("connect: %s" % error, flush=True)
        return
    for line in sys.stdin:
        command, count = (line.split() + ["0"])[:2]
        try:
            run(sock, kind, command, int(count))
            print("done", flush=True)
        except OSError as error:
            print("%s: %s" % (command, error), flush=True)


main()
