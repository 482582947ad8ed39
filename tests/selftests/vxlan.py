# SPDX-License-Identifier: GPL-2.0-or-later
"""vxlan.py END VNI SOURCE MAC: sends a datagram to UDP port 99 of MAC, within a packet
of VXLAN from SOURCE to END.
"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from packet import udp  # noqa: E402

end, vni, source, mac = sys.argv[1:5]
inner = bytes.fromhex(mac.replace(":", "")) + b"\2\0\0\0\0\x55" + b"\x08\x00"
inner += udp("10.1.0.1", "10.2.0.1", 99, 99)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind((source, 0))
    sock.sendto(struct.pack("!II", 0x08000000, int(vni) << 8) + inner, (end, 4789))
