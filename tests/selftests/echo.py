#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""echo.py tcp|udp PORT...: sends back what comes, over IPv4 and IPv6.

Prints "ready" once all of the ports are open, and goes on until it is killed.
"""

import selectors
import socket
import sys


def main():
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
    events = selectors.DefaultSelector()
    for port in sys.argv[2:]:
        server = socket.socket(socket.AF_INET6, kind)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Answers must leave from the address that was asked; for UDP the
        # hosts of the tests have one of each family only.
        server.bind(("::", int(port)))
        if kind == socket.SOCK_STREAM:
            server.listen(512)
        events.register(server, selectors.EVENT_READ, True)
    print("ready", flush=True)

    while True:
        for key, _ in events.select():
            sock, is_server = key.fileobj, key.data
            try:
                if kind == socket.SOCK_DGRAM:
                    data, peer = sock.recvfrom(65536)
                    sock.sendto(data, peer)
                elif is_server:
                    events.register(sock.accept()[0], selectors.EVENT_READ, False)
                else:
                    data = sock.recv(65536)
                    if data:
                        sock.sendall(data)
                    else:
                        events.unregister(sock)
                        sock.close()
            except OSError:
                if not is_server:
                    events.unregister(sock)
                    sock.close()


main()
