#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends a datagram to port 5300, which QEMU hands to the guest, 50 times a second."""
import socket
import time

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        s.sendto(b"x", ("127.0.0.1", 5300))
    except OSError:
        pass  # nobody is there yet
    time.sleep(0.02)
