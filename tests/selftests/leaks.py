# SPDX-License-Identifier: GPL-2.0-or-later
"""leaks.py FAMILY FILE...: looks in captures for memory that nobody has written.

A kernel with slub_debug=P and page_poison=1 fills what is free, and leaves it so in
what it allocates; with nokaslr it is known what its pointers look like. Searches what
the kernel sent by netlink, and packets; says what there is, and fails if that is
anything. With "-" for FAMILY, only that; else prints the commands of that generic
netlink family that were seen: as requests "> NUMBER", as answers and events "< NUMBER".
"""

import re
import struct
import sys

import_folder = __file__.rpartition("/")[0] or "."
sys.path.insert(0, import_folder)
import genl  # pylint: disable=wrong-import-position

DLT_NETLINK = 253
NETLINK_NETFILTER = 12
# slab objects: free, just allocated, their last byte; pages
POISON = re.compile(rb"(?=\x6b{4}|\x5a{4}|\xa5{4}|\xaa{4})")
# x86-64, little endian: up to 2 GB of memory, vmalloc and stacks, pages, code and modules
POINTER = re.compile(rb"(?=....\x80\x88\xff\xff|....[\0-\x0f]\xc9\xff\xff|....\0\xea\xff\xff"
                     rb"|...[\x80-\xcf]\xff\xff\xff\xff)", re.S)


def records(path):
    """(link type, bytes) of each record of a capture."""
    data = open(path, "rb").read()
    link = struct.unpack_from("=I", data, 20)[0]
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("=I", data, at + 8)[0]
        yield link, data[at + 16:at + 16 + length]
        at += 16 + length


def main():
    family, found, searched, commands = sys.argv[1], 0, 0, set()
    for path in sys.argv[2:]:
        for link, data in records(path):
            if link == DLT_NETLINK:
                protocol = struct.unpack_from("!H", data, 14)[0]
                data = data[16:]
                if protocol not in (genl.NETLINK_GENERIC, NETLINK_NETFILTER) or len(data) < 16:
                    continue
                request = struct.unpack_from("=H", data, 6)[0] & genl.NLM_F_REQUEST
                for kind, payload in genl.messages(data):
                    if protocol == genl.NETLINK_GENERIC and str(kind) == family:
                        commands.add((">" if request else "<", payload[0]))
                # What user space wrote is none of the kernel's memory.
                if request:
                    continue
            searched += len(data)
            for what, pattern, aligned in ("poison", POISON, 1), ("a pointer", POINTER, 2):
                places = [match.start() for match in pattern.finditer(data)
                          if match.start() % aligned == 0]
                if places:
                    found += 1
                    print("%s: %s at %s of %s" % (path, what, places[:8], data.hex()))
    for direction, command in sorted(commands):
        print(direction, command)
    print("%d bytes searched" % searched)
    sys.exit(found > 0)


main()
